//! Killed while the wall clock decides: events come as they happen, deadlines pass without one, and nothing is lost or decided twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::{Span, Time};
use deskpulse::simulate::{Simulation, SimulationSettings};

use crate::counters::Counters;
use crate::day::TOPICS;
use crate::kept;
use crate::library::Replayed;
use crate::log::Sender;
use crate::program::{Service, Setting};
use crate::support::broker::Broker;
use crate::until::{LIMIT, until};

/// What has happened before the service is started for the first time.
const PAST: Span = Span(10 * Span::MINUTE.0);
/// Each life of the service, in milliseconds.
const LIVES: [u64; 5] = [2_500, 4_000, 700, 3_000, 5_000];
/// A busy machine may take longer for a record than the default allows.
const CONFIG: &str = "time_zone = \"UTC\"\n[engine]\nallowed_lateness = \"5s\"\n[metrics]\nagents = \"all\"";
/// Agents enough for some ten events a second.
const AGENTS: u32 = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn kills_while_the_wall_clock_decides_change_no_number() {
    let broker = Broker::start();
    for (topic, partitions) in TOPICS {
        broker.create_topic(topic, partitions, &[]).await;
    }
    tokio::task::block_in_place(|| {
        let clock = Clock::start();
        let sender = Sender::new(&broker, &TOPICS.map(|(topic, _)| topic));
        let settings = SimulationSettings::new(5, AGENTS, clock.now() - PAST).with_time_of_day(Span(10 * Span::HOUR.0));
        let mut events = Events { simulation: Simulation::new(&settings), records: 0, newest: Time::MIN };
        events.send(&sender, clock.now());
        let setting = Setting::new(&broker.address(), &TOPICS.map(|(topic, _)| topic), CONFIG);
        let mut counters = Counters::default();
        let done = AtomicBool::new(false);
        let events = std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    events.send(&sender, clock.now());
                    std::thread::sleep(Duration::from_millis(20));
                }
                events
            });
            let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| LIVES.map(|life| live(&setting, life, &mut counters))));
            done.store(true, Ordering::Release);
            lived.unwrap();
            writing.join().unwrap()
        });
        ends_as_a_replay_does(&setting, &events, &mut counters);
    });
}

/// One life of the service, scraped all the while, ended by SIGKILL.
fn live(setting: &Setting, life: u64, counters: &mut Counters) {
    let clock = Clock::start();
    let mut service = Service::launch(setting);
    until(LIMIT, "the process has lived long enough", || {
        service.scrape().iter().for_each(|page| counters.take(page));
        if clock.uptime() >= Duration::from_millis(life) { Ok(()) } else { Err(service.log()) }
    });
}

fn ends_as_a_replay_does(setting: &Setting, events: &Events, counters: &mut Counters) {
    let service = Service::start(setting);
    service.ready();
    let page = service.reaches(events.newest.0 + 1);
    counters.take(&page);
    service.stop();
    assert_eq!(page.count("deskpulse_events_total", &[]), events.records as f64, "each record has one outcome, once");
    let late = page.count("deskpulse_late_events_total", &[]) + page.count("deskpulse_skewed_events_total", &[]);
    assert_eq!(late, 0.0, "a record took longer than is allowed: this shows nothing");
    let (totals, clock) = kept::totals_and_clock(&setting.read());
    let replayed = Replayed::until(&setting.read(), &setting.dump(), Some(clock));
    assert_eq!(totals, replayed.totals, "what is kept is what is replayed up to that instant");
}

struct Events {
    simulation: Simulation,
    records: u64,
    newest: Time,
}

impl Events {
    /// Sends what has happened before an instant.
    fn send(&mut self, sender: &Sender, until: Time) {
        while let Some(record) = self.simulation.next_before(until) {
            sender.simulated(&record);
            self.records += 1;
            self.newest = until;
        }
        sender.flush();
    }
}
