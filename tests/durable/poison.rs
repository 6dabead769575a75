//! What no producer should send, in quantity and size: counted to the last record, kept as far as was promised, and of no consequence for
//! the rest, with the service killed in the midst of it.

use std::collections::BTreeMap;
use std::time::Duration;

use deskpulse::decode::Reason;
use deskpulse::model::{Span, Time};
use deskpulse::simulate::{Simulation, SimulationSettings};
use serde_json::Value;

use crate::kept;
use crate::library::Replayed;
use crate::log::Sender;
use crate::page::Page;
use crate::program::{Service, Setting, refusal};
use crate::spoiled::spoiled;
use crate::support::broker::Broker;
use crate::until::until;
use crate::wanted::number;

/// One partition, so that the place of every record in its log is known.
const TOPIC: &str = "contact.events";
const CONFIG: &str = "time_zone = \"UTC\"\n[engine]\nclock = \"events\"\n[metrics]\nagents = \"all\"";
const START: Time = Time(1_769_868_000_000);
/// A good record stands before so many malformed ones.
const BETWEEN: u64 = 400;
/// Rejected records that are kept, and how many more there may be because they are dropped in blocks.
const KEPT: (u64, u64) = (100_000, 1_100);
/// By this much memory may grow while a million records are rejected that are not kept: what allocators keep for themselves.
const GROWTH_MAX: u64 = 64 << 10;
/// Reading a million records may take this long on a busy machine.
const LIMIT: Duration = Duration::from_secs(600);
/// Records that are sent again and again.
const AGAIN: usize = 10_000;
/// Bytes of a record that is far too large.
const HUGE: usize = 10 << 20;

/// Good records of a simulated contact center.
fn good() -> impl Iterator<Item = Vec<u8>> {
    let mut simulation = Simulation::new(&SimulationSettings::new(9, 60, START).with_time_of_day(Span(10 * Span::HOUR.0)));
    std::iter::from_fn(move || simulation.next_before(Time::MAX)).map(|record| record.value)
}

fn rejected(page: &Page) -> u64 {
    page.count("deskpulse_rejected_total", &[]) as u64
}

/// Waits for a page; longer than for anything else.
fn shows(service: &Service, what: &str, wanted: impl Fn(&Page) -> bool) -> Page {
    until(LIMIT, what, || {
        let page = service.metrics();
        if wanted(&page) { Ok(page) } else { Err(format!("{} rejected; {}", rejected(&page), service.log())) }
    })
}

/// The quarantine's counts by reason.
fn counted(setting: &Setting) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in setting.command(&["quarantine", "list"], &["--json"]).lines() {
        let count: Value = serde_json::from_str(line).unwrap();
        *counts.entry(count["reason"].as_str().unwrap().to_owned()).or_default() += count["records"].as_u64().unwrap();
    }
    counts
}

/// Ends the service when it has read everything: what it serves and keeps is what is replayed.
fn is_replayed(service: Service, setting: &Setting) -> (Page, Replayed) {
    service.ready();
    let replayed = Replayed::of(&setting.read(), &setting.dump());
    let page = service.reaches(replayed.clock);
    service.stop();
    kept::same(&page.kpi_lines(), &replayed.page.kpi_lines(), "what is served is what is replayed");
    kept::same(&kept::totals(&setting.read()), &replayed.totals, "what is kept is what is replayed");
    kept::same(&kept::facts(setting), &replayed.facts, "each fact has its receipt, once");
    (page, replayed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_malformed_records_are_all_counted_the_newest_kept_and_memory_stays_flat() {
    let broker = Broker::start();
    broker.create_topic(TOPIC, 1, &[]).await;
    tokio::task::block_in_place(|| million(&broker, number("MALFORMED", 1_000_000)));
}

/// Reasons that take no quarter of a megabyte each.
const REASONS: [Reason; 7] =
    [Reason::NotJson, Reason::NotAnObject, Reason::MissingField, Reason::WrongType, Reason::BadValue, Reason::BadTime, Reason::TooLong];

/// Sends them, and gives the offset of the first malformed record that must be kept, and the number of good ones.
fn send(broker: &Broker, malformed: u64) -> (i64, u64) {
    let sender = Sender::new(broker, &[TOPIC]);
    let mut good = good();
    let (mut sent, mut first, mut goods) = (0, 0, 0);
    let example = String::from_utf8(good.next().unwrap()).unwrap();
    let variants: Vec<Vec<u8>> = (0..REASONS.len() * 6).map(|index| spoiled(&example, REASONS[index % REASONS.len()], index / 7)).collect();
    for number in 0..malformed {
        if number % BETWEEN == 0 {
            sender.send(TOPIC, "one", Some(&good.next().unwrap()));
            (sent, goods) = (sent + 1, goods + 1);
        }
        if number + KEPT.0 == malformed {
            first = sent;
        }
        sender.send(TOPIC, "one", Some(&variants[number as usize % variants.len()]));
        sent += 1;
    }
    sender.flush();
    (first, goods)
}

fn million(broker: &Broker, malformed: u64) {
    let (first, goods) = send(broker, malformed);
    let setting = Setting::new(&broker.address(), &[TOPIC], CONFIG);
    let service = Service::start(&setting);
    shows(&service, "a fifth is read", |page| rejected(page) >= malformed / 5);
    let before = service.memory();
    shows(&service, "most is read", |page| rejected(page) >= malformed / 10 * 7);
    let after = service.memory();
    assert!(after < before + GROWTH_MAX, "memory has grown from {before} to {after} KiB");
    // Killed, not asked.
    drop(service);

    let service = Service::start(&setting);
    let page = shows(&service, "everything is read", |page| page.count("deskpulse_events_total", &[]) as u64 >= malformed + goods);
    assert_eq!((rejected(&page), page.count("deskpulse_events_total", &[]) as u64), (malformed, malformed + goods));
    let (_, replayed) = is_replayed(service, &setting);

    let counts = counted(&setting);
    assert_eq!(counts.values().sum::<u64>(), malformed);
    assert_eq!(
        counts,
        replayed.summary.rejected.iter().filter(|(_, count)| **count > 0).map(|(word, count)| ((*word).to_owned(), *count)).collect()
    );
    let exported = setting.command(&["quarantine", "export"], &[]);
    let mut offsets: Vec<i64> =
        exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["offset"].as_i64().unwrap()).collect();
    offsets.sort_unstable();
    let kept = offsets.len() as u64;
    assert!((KEPT.0..KEPT.0 + KEPT.1).contains(&kept), "{kept} are kept");
    assert_eq!(offsets.iter().filter(|offset| **offset >= first).count() as u64, KEPT.0, "the newest of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_records_again_and_again_change_nothing_and_memory_stays_flat() {
    let broker = Broker::start();
    broker.create_topic(TOPIC, 1, &[]).await;
    tokio::task::block_in_place(|| again(&broker, number("PASSES", 60)));
}

fn again(broker: &Broker, passes: u64) {
    let (sender, records) = (Sender::new(broker, &[TOPIC]), good().take(AGAIN).collect::<Vec<_>>());
    for _ in 0..=passes {
        records.iter().for_each(|record| sender.send(TOPIC, "one", Some(record)));
    }
    sender.flush();
    let setting = Setting::new(&broker.address(), &[TOPIC], CONFIG);
    let service = Service::start(&setting);
    let counted = |page: &Page, outcome| page.count("deskpulse_events_total", &[("outcome", outcome)]) as u64;
    let passed = |page: &Page| counted(page, "duplicate") / AGAIN as u64;
    shows(&service, "a fifth is read", |page| passed(page) >= passes / 5);
    let before = service.memory();
    shows(&service, "most is read", |page| passed(page) >= passes / 10 * 7);
    let after = service.memory();
    assert!(after < before + GROWTH_MAX, "memory has grown from {before} to {after} KiB");
    // Killed, not asked.
    drop(service);

    let service = Service::start(&setting);
    shows(&service, "everything is read", |page| passed(page) >= passes);
    let (page, _) = is_replayed(service, &setting);
    assert_eq!((counted(&page, "applied"), counted(&page, "duplicate")), (AGAIN as u64, passes * AGAIN as u64));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_ten_megabytes_are_rejected_and_a_smaller_fetch_than_that_is_refused_with_what_to_change() {
    let broker = Broker::start();
    broker.create_topic(TOPIC, 1, &[("max.message.bytes", "20971520")]).await;
    tokio::task::block_in_place(|| huge(&broker));
}

fn huge(broker: &Broker) {
    let sender = Sender::new(broker, &[TOPIC]);
    let mut good = good();
    for number in 0..6 {
        good.by_ref().take(200).for_each(|record| sender.send(TOPIC, "one", Some(&record)));
        let mut record = good.next().unwrap();
        match number % 3 {
            // An event as it should be, but for a text without end.
            0 => {
                record.truncate(record.len() - 1);
                record.extend_from_slice(b",\"text\":\"");
                record.resize(HUGE - 2, b'a');
                record.extend_from_slice(b"\"}");
            }
            1 => record.resize(HUGE, b' '),
            _ => record = vec![0xFF; HUGE],
        }
        sender.send(TOPIC, "one", Some(&record));
    }
    sender.flush();
    let setting = Setting::new(&broker.address(), &[TOPIC], CONFIG);
    let service = Service::start(&setting);
    let (page, _) = is_replayed(service, &setting);
    assert_eq!(page.count("deskpulse_rejected_total", &[("reason", "too_large")]), 6.0);
    assert_eq!(page.count("deskpulse_events_total", &[("outcome", "applied")]), 1_200.0);
    assert_eq!(counted(&setting), BTreeMap::from([("too_large".to_owned(), 6)]));

    let small = "[kafka.options]\n\"fetch.max.bytes\" = 1000000\n\"receive.message.max.bytes\" = 2000000\n\"message.max.bytes\" = 1000000";
    let setting = Setting::new(&broker.address(), &[TOPIC], CONFIG).and(small);
    setting.change("[kafka]", "[kafka]\ngroup = \"small\"");
    let said = refusal(&setting, LIMIT);
    assert!(said.contains("raise receive.message.max.bytes in kafka.options"), "{said}");
}
