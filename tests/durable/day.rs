//! What is counted while it goes wrong: a simulated contact center, its records spoiled a little, sent piece by piece.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::{Span, Time};
use deskpulse::simulate::{FaultSettings, Faults, Simulation, SimulationSettings};

use crate::log::Sender;

pub const TOPICS: [(&str, i32); 3] = [("chat.events", 2), ("ticket.events", 2), ("agent.events", 1)];

/// Two hours before the end of a month that closes two hours after it.
const START: Time = Time(1_769_868_000_000); // 2026-01-31T22:00:00+08:00
/// What has happened before a day of the present is first sent.
const PAST_SENT: Span = Span(10 * Span::MINUTE.0);
/// Of a day of the past: minutes that are sent at once…
const MINUTES: i64 = 60;
/// …and then again and again, each time that this has passed.
const MORE: (i64, Duration) = (5, Duration::from_secs(1));
/// How often a day of the present is asked for what has happened.
const STEP: Duration = Duration::from_millis(20);

/// A contact center and how it is counted: what new KPIs join all faults with.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// Chooses what happens in it.
    pub seed: u64,
    /// How large it is.
    pub agents: u32,
    /// Share of records that are sent a second time.
    pub duplicates: f64,
    /// Whether there is an archive.
    pub archive: bool,
    /// When its day is.
    pub pace: Pace,
    /// The configuration that belongs to it.
    pub config: &'static str,
}

/// When a day is, and what moves the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// In the past: events move the clock, and come as fast as they can.
    Past,
    /// Now: events come when they happen, and the wall clock decides.
    Present,
}

/// Two hours before the end of a month, which closes while it is counted.
pub const PAST: Subject = Subject {
    seed: 3,
    agents: 60,
    duplicates: 0.02,
    archive: false,
    pace: Pace::Past,
    config: "time_zone = \"Asia/Shanghai\"\n[engine]\nclock = \"events\"\nidle_after = \"3s\"\nsettle = \"2h\"\n[metrics]\nagents = \"all\"",
};

/// Some ten events a second. A busy machine may take longer for a record than the default allows.
pub const PRESENT: Subject = Subject {
    seed: 5,
    agents: 2_000,
    duplicates: 0.0,
    archive: false,
    pace: Pace::Present,
    config: "time_zone = \"UTC\"\n[engine]\nallowed_lateness = \"5s\"\n[metrics]\nagents = \"all\"",
};

/// A stream of records in order of time.
pub struct Day {
    simulation: Simulation,
    faults: Faults,
    pace: Pace,
    clock: Clock,
    until: Time,
    pub records: u64,
    /// The instant before which the newest record was sent.
    pub newest: Time,
}

impl Day {
    pub fn new(subject: &Subject) -> Self {
        let clock = Clock::start();
        let Subject { seed, agents, duplicates, pace, .. } = *subject;
        let (start, hour, broken) = match pace {
            Pace::Past => (START, 9, 0.01),
            Pace::Present => (clock.now() - PAST_SENT, 10, 0.0),
        };
        let settings = SimulationSettings::new(seed, agents, start).with_time_of_day(Span(hour * Span::HOUR.0));
        // Nothing late and nothing from the future: what is served is then exactly what is replayed.
        let faults = FaultSettings { seed, duplicates, disorder: Span(0), late: 0.0, malformed: broken, unknown: broken, future: 0.0 };
        Self { simulation: Simulation::new(&settings), faults: Faults::new(faults), pace, clock, until: start, records: 0, newest: start }
    }

    /// Sends what has happened before any service is started.
    pub fn begin(&mut self, sender: &Sender) {
        if self.pace == Pace::Present {
            self.before(sender, self.clock.now());
        }
    }

    /// Sends what there is for one life of the service, until that is over.
    pub fn send(&mut self, sender: &Sender, is_over: &AtomicBool) {
        match self.pace {
            Pace::Past => {
                self.minutes(sender, MINUTES);
                let mut sent = self.clock.uptime();
                while !is_over.load(Ordering::Acquire) {
                    std::thread::sleep(STEP);
                    if self.clock.uptime() - sent >= MORE.1 {
                        self.minutes(sender, MORE.0);
                        sent = self.clock.uptime();
                    }
                }
            }
            Pace::Present => {
                while !is_over.load(Ordering::Acquire) {
                    self.before(sender, self.clock.now());
                    std::thread::sleep(STEP);
                }
            }
        }
    }

    /// Sends the records of the next minutes.
    pub fn minutes(&mut self, sender: &Sender, minutes: i64) {
        self.before(sender, self.until + Span(minutes * Span::MINUTE.0));
    }

    fn before(&mut self, sender: &Sender, until: Time) {
        self.until = until;
        let simulation = &mut self.simulation;
        while let Some(record) = self.faults.next_before(until, |until| simulation.next_before(until)) {
            sender.simulated(&record);
            self.records += 1;
            self.newest = until;
        }
        sender.flush();
    }
}
