//! SIGTERM under load: the service ends in good order and in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deskpulse::model::Time;
use deskpulse::simulate::load::{Load, LoadSettings};

use crate::log::Sender;
use crate::program::{Service, Setting};
use crate::support::broker::Broker;

const TOPICS: [&str; 3] = ["chat.events", "ticket.events", "agent.events"];
/// The time that service managers and compose files leave a process.
const END: Duration = Duration::from_secs(10);
/// The load of a day long past, by the clock of its events: it may come as fast as it likes.
const START: Time = Time(1_700_000_000_000);

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_ends_in_good_order_and_in_time() {
    let broker = Broker::start();
    for topic in TOPICS {
        broker.create_topic(topic, 2, &[]).await;
    }
    tokio::task::block_in_place(|| {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| produce(&broker, &done));
            let stopped = std::panic::catch_unwind(|| stopped(&broker));
            done.store(true, Ordering::Release);
            stopped.unwrap();
        });
    });
}

/// Sends events as fast as they are taken, until all is done.
fn produce(broker: &Broker, done: &AtomicBool) {
    let sender = Sender::new(broker, &TOPICS);
    let mut load = Load::new(&LoadSettings { seed: 7, agents: 500, conversations: 5_000, start: START });
    while !done.load(Ordering::Acquire) {
        for _ in 0..1_000 {
            let record = load.next_record();
            sender.send(record.topic.name(), std::str::from_utf8(record.key).unwrap(), Some(record.value));
        }
    }
}

fn stopped(broker: &Broker) {
    let setting = Setting::new(&broker.address(), &TOPICS, "time_zone = \"UTC\"\n[engine]\nclock = \"events\"");
    let mut service = Service::start(&setting);
    let read = |wanted: f64| service.shows("events are read", |page| page.count("deskpulse_events_total", &[]) >= wanted);
    let first = read(20_000.0).count("deskpulse_events_total", &[]);
    read(first + 5_000.0);
    let status = service.terminate(END);
    assert_eq!(status.code(), Some(0), "{}", service.log());
    let log = service.log();
    assert!(log.contains("draining") && !log.contains("did not close"), "{log}");
}
