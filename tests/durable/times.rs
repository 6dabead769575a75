//! Events with times that cannot be, or can hardly be: rejected, late or dated by their arrival, and nothing stops for them.

use std::fmt::Write as _;

use deskpulse::clock::Clock;
use deskpulse::decode::parse_time;
use deskpulse::model::{Span, Time};
use deskpulse::simulate::{Simulation, SimulationSettings};
use serde_json::{Value, json};

use crate::kept;
use crate::library::Replayed;
use crate::log::Sender;
use crate::program::{Service, Setting};
use crate::support::broker::Broker;

const TOPIC: &str = "contact.events";
const CONFIG: &str = "time_zone = \"UTC\"\n[engine]\nclock = \"events\"\n[metrics]\nagents = \"all\"";
/// The default of `engine.max_ahead`.
const AHEAD: Span = Span(2_000);
/// Good records.
const GOOD: usize = 3_000;
/// One with a strange time follows each of so many good ones.
const EVERY: usize = 20;

fn strange(index: usize) -> Value {
    let far = ["2099-12-31T23:59:59Z", "2000-01-01T00:00:00Z"];
    let never =
        [json!("0001-01-01T00:00:00Z"), json!("9999-12-31T23:59:59Z"), json!("1970-01-01T00:00:00Z"), json!(0), json!(-1), json!(i64::MAX)];
    match index {
        // What is dated by its arrival makes everything late that follows and is older.
        0..100 if index.is_multiple_of(2) => far[1].into(),
        _ if index.is_multiple_of(2) => far[index / 2 % 2].into(),
        _ => never[index / 2 % never.len()].clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_ancient_and_future_times_count_as_in_a_replay_and_stop_nothing() {
    let broker = Broker::start();
    broker.create_topic(TOPIC, 1, &[("message.timestamp.type", "LogAppendTime")]).await;
    tokio::task::block_in_place(|| counted(&broker));
}

fn counted(broker: &Broker) {
    send(broker);
    // Receipts of the year 2000 are older than is usually kept.
    let setting = Setting::new(&broker.address(), &[TOPIC], CONFIG).and("keep_receipts = \"10000d\"");
    let service = Service::start(&setting);
    service.shows("some are read", |page| page.count("deskpulse_events_total", &[]) > 0.0);
    // Killed, not asked.
    drop(service);
    let service = Service::start(&setting);
    service.ready();
    let (dated, skewed) = dated(broker);
    let file = setting.folder.path().join("dated.ndjson");
    std::fs::write(&file, dated).unwrap();
    let replayed = Replayed::of(&setting.read(), &[file]);
    let page = service.reaches(replayed.clock);
    service.stop();
    let count = |name, labels: &[(&str, &str)]| page.count(name, labels) as u64;
    assert_eq!(count("deskpulse_rejected_total", &[("reason", "bad_time")]), replayed.summary.rejected["bad_time"]);
    assert_eq!(count("deskpulse_late_events_total", &[]), replayed.summary.late);
    assert_eq!(count("deskpulse_skewed_events_total", &[]), skewed);
    assert!(skewed > 10 && replayed.summary.late > 100 && replayed.summary.rejected["bad_time"] > 50, "{:?}, {skewed}", replayed.summary);
    kept::same(&kept::totals(&setting.read()), &replayed.totals, "what is kept is what is replayed");
    kept::same(&kept::facts(&setting), &replayed.facts, "each fact has its receipt, once");
}

fn send(broker: &Broker) {
    let sender = Sender::new(broker, &[TOPIC]);
    let start = Clock::start().now() - Span(10 * Span::HOUR.0);
    let mut simulation = Simulation::new(&SimulationSettings::new(13, 60, start).with_time_of_day(Span(9 * Span::HOUR.0)));
    for index in 0..GOOD {
        let record = simulation.next_before(Time::MAX).unwrap();
        sender.send(TOPIC, "one", Some(&record.value));
        if index % EVERY == 0 {
            let mut event: Value = serde_json::from_slice(&record.value).unwrap();
            event["id"] = format!("strange-{index}").into();
            event["time"] = strange(index / EVERY);
            sender.send(TOPIC, "one", Some(event.to_string().as_bytes()));
        }
    }
    sender.flush();
}

/// The log with events from the future dated by their arrival, and how many there are: a replay takes times as given.
fn dated(broker: &Broker) -> (String, u64) {
    let (mut lines, mut skewed) = (String::new(), 0);
    for (arrived, value) in broker.read(TOPIC, 0) {
        let mut event: Value = serde_json::from_slice(&value).unwrap();
        if event["time"].as_str().and_then(|time| parse_time(time).ok()).is_some_and(|time| time.0 > arrived + AHEAD.0) {
            event["time"] = arrived.into();
            skewed += 1;
        }
        writeln!(lines, "{event}").unwrap();
    }
    (lines, skewed)
}
