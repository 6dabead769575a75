//! What producers do wrong: each record is counted once, by what was wrong with it, and the good ones are as if it were not there.

use deskpulse::decode::Reason;
use serde_json::Value;

use crate::library::Replayed;
use crate::log::{Sender, key, time, topic};
use crate::program::{Service, Setting};
use crate::sets;
use crate::spoiled::spoiled;
use crate::support::broker::Broker;

const TOPICS: [&str; 2] = ["chat.events", "agent.events"];
/// Good records: the first ones of a bank's week.
const GOOD: usize = 3_000;
/// Records of each reason of rejection.
const OF_EACH_REASON: usize = 1_250;
const TOMBSTONES: usize = 250;
const UNKNOWN_TYPES: usize = 500;
const DUPLICATES: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_malformed_records_among_good_ones() {
    let broker = Broker::start();
    broker.create_topic("chat.events", 2, &[]).await;
    broker.create_topic("agent.events", 1, &[]).await;
    tokio::task::block_in_place(|| counted(&broker));
}

fn counted(broker: &Broker) {
    let packed = sets::unpacked("anonymous_bank_feb_w1", "events.ndjson.gz");
    let text = std::fs::read_to_string(&packed).unwrap();
    let good: Vec<&str> = text.lines().take(GOOD).collect();
    let newest = produce(broker, &good);

    let setting = Setting::new(&broker.address(), &TOPICS, "time_zone = \"Asia/Jerusalem\"\n[engine]\nclock = \"events\"");
    let service = Service::start(&setting);
    service.ready();
    let page = service.reaches(newest);
    service.stop();

    let records = |outcome| page.count("deskpulse_events_total", &[("outcome", outcome)]) as usize;
    let rejected = OF_EACH_REASON * Reason::ALL.len();
    let outcomes =
        [("applied", GOOD), ("duplicate", DUPLICATES), ("rejected", rejected), ("unknown_type", UNKNOWN_TYPES), ("tombstone", TOMBSTONES)];
    for (outcome, wanted) in outcomes {
        assert_eq!(records(outcome), wanted, "{outcome}");
    }
    let all: usize = outcomes.iter().map(|(_, wanted)| wanted).sum();
    assert_eq!(page.count("deskpulse_events_total", &[]) as usize, all, "each record has one outcome");
    for reason in Reason::ALL {
        let found = page.count("deskpulse_rejected_total", &[("reason", reason.word())]) as usize;
        assert_eq!(found, OF_EACH_REASON, "{}", reason.word());
    }
    let warned = service_lines(&setting);
    assert!(warned > 0 && warned < 2_000, "{warned} lines of log: some examples, not every record");

    let alone = setting.folder.path().join("good.ndjson");
    std::fs::write(&alone, good.join("\n")).unwrap();
    let config = setting.read();
    let files = setting.dump();
    let (alone, dumped) = (Replayed::of(&config, &[alone]), Replayed::of(&config, &files));
    assert_eq!(page.kpi_lines(), dumped.page.kpi_lines());
    assert_eq!((&dumped.totals, &dumped.facts), (&alone.totals, &alone.facts), "the good ones are unharmed");
    let summary: Value = serde_json::from_str(&setting.replay("summary", &files)).unwrap();
    for (outcome, wanted) in outcomes.into_iter().filter(|(outcome, _)| *outcome != "rejected") {
        assert_eq!(summary[outcome], wanted, "{outcome}");
    }
    let reasons = Reason::ALL.map(|reason| (reason.word().to_owned(), OF_EACH_REASON.into()));
    assert_eq!(summary["rejected"], Value::Object(reasons.into_iter().collect()), "a dump holds what was wrong as it was");
}

fn service_lines(setting: &Setting) -> usize {
    std::fs::read_to_string(setting.folder.path().join("serve.log")).unwrap().lines().filter(|line| line.contains("offset")).count()
}

/// Sends the good records with the others evenly between them, and gives the time of the newest.
fn produce(broker: &Broker, good: &[&str]) -> i64 {
    let sender = Sender::new(broker, &TOPICS);
    let rejected = OF_EACH_REASON * Reason::ALL.len();
    let mut sent = 0;
    let mut newest = i64::MIN;
    for (index, line) in good.iter().enumerate() {
        let event: Value = serde_json::from_str(line).unwrap();
        newest = newest.max(time(&event));
        let (topic, key) = (topic(&event), key(&event));
        sender.send(topic, &key, Some(line.as_bytes()));
        while sent * GOOD < rejected * (index + 1) {
            let reason = Reason::ALL[sent % Reason::ALL.len()];
            sender.send(topic, &key, Some(&spoiled(line, reason, sent / Reason::ALL.len())));
            sent += 1;
        }
        let every = |count: usize| index % (GOOD / count) == 0;
        if every(TOMBSTONES) {
            sender.send(topic, &key, None);
        }
        if every(UNKNOWN_TYPES) {
            sender.send(topic, &key, Some(line.replace("\"type\":\"", "\"type\":\"x.").as_bytes()));
        }
        if every(DUPLICATES) {
            sender.send(topic, &key, Some(line.as_bytes()));
        }
    }
    sender.flush();
    newest
}
