//! The log of a simulated contact center, spoiled a little, sent piece by piece.

use deskpulse::model::{Span, Time};
use deskpulse::simulate::{FaultSettings, Faults, Simulation, SimulationSettings};

use crate::log::Sender;

pub const TOPICS: [(&str, i32); 3] = [("chat.events", 2), ("ticket.events", 2), ("agent.events", 1)];

/// Two hours before the end of a month that closes two hours after it.
const START: Time = Time(1_769_868_000_000); // 2026-01-31T22:00:00+08:00
/// The configuration that belongs to it.
pub const CONFIG: &str = "time_zone = \"Asia/Shanghai\"\n[engine]\nclock = \"events\"\nidle_after = \"3s\"\nsettle = \"2h\"\n\
                          [metrics]\nagents = \"all\"";

/// A stream of records in order of time.
pub struct Day {
    simulation: Simulation,
    faults: Faults,
    until: Time,
    pub records: u64,
}

impl Day {
    pub fn new(seed: u64) -> Self {
        let settings = SimulationSettings::new(seed, 60, START).with_time_of_day(Span(9 * Span::HOUR.0));
        // Nothing late and nothing from the future: what is served is then exactly what is replayed.
        let faults = FaultSettings { seed, duplicates: 0.02, disorder: Span(0), late: 0.0, malformed: 0.01, unknown: 0.01, future: 0.0 };
        Self { simulation: Simulation::new(&settings), faults: Faults::new(faults), until: START, records: 0 }
    }

    /// Sends the records of the next minutes.
    pub fn send(&mut self, sender: &Sender, minutes: i64) {
        self.until = self.until + Span(minutes * Span::MINUTE.0);
        let simulation = &mut self.simulation;
        while let Some(record) = self.faults.next_before(self.until, |until| simulation.next_before(until)) {
            sender.simulated(&record);
            self.records += 1;
        }
        sender.flush();
    }
}
