//! What the service keeps beside its numbers: receipts, rejected records, configurations; and copies of all of it.

use std::collections::BTreeMap;
use std::time::Duration;

use deskpulse::decode::Reason;
use deskpulse::store::Reader;
use serde_json::Value;

use crate::log::{Sender, key, time};
use crate::program::{Service, Setting};
use crate::sets;
use crate::spoiled::spoiled;
use crate::support::broker::Broker;
use crate::until::{LIMIT, holds, until};

/// One partition, so that a log that is fed in two parts has nothing late.
const TOPIC: &str = "contact.events";
/// Good records: the first ones of a bank's week.
const GOOD: usize = 3_000;
/// The shortest time between two copies is a minute.
const MINUTELY: Duration = Duration::from_secs(120);
/// Words of a customer, in every malformed record that has texts.
const WORDS: &str = "Mary lost her purse";

#[tokio::test(flavor = "multi_thread")]
async fn receipts_and_rejected_records_are_kept_and_outlive_the_service() {
    let broker = Broker::start();
    broker.create_topic(TOPIC, 1, &[]).await;
    tokio::task::block_in_place(|| kept(&broker));
}

fn setting(broker: &Broker) -> Setting {
    Setting::new(&broker.address(), &[TOPIC], "time_zone = \"Asia/Jerusalem\"\n[engine]\nclock = \"events\"")
}

/// The good records in two parts, the second of which begins after a pause: nothing in it is late.
fn good() -> (Vec<String>, Vec<String>) {
    let text = std::fs::read_to_string(sets::unpacked("anonymous_bank_feb_w1", "events.ndjson.gz")).unwrap();
    let mut first: Vec<String> = text.lines().take(GOOD).map(str::to_owned).collect();
    let times: Vec<i64> = first.iter().map(|line| time(&serde_json::from_str(line).unwrap())).collect();
    let is_pause = |at: &usize| times[*at..].iter().min() > times[..*at].iter().max().map(|newest| newest + 2_000).as_ref();
    let pause = (GOOD / 2..GOOD).find(is_pause).unwrap();
    let second = first.split_off(pause);
    (first, second)
}

fn send(sender: &Sender, lines: &[String]) -> i64 {
    let mut newest = i64::MIN;
    for line in lines {
        let event: Value = serde_json::from_str(line).unwrap();
        newest = newest.max(time(&event));
        sender.send(TOPIC, &key(&event), Some(line.as_bytes()));
    }
    sender.flush();
    newest
}

fn kept(broker: &Broker) {
    let (first, second) = good();
    let sender = Sender::new(broker, &[TOPIC]);
    let newest = send(&sender, &first);
    let sent = send_malformed(&sender, &first);

    let setting = setting(broker);
    let service = Service::start(&setting);
    service.ready();
    service.reaches(newest);
    // A commit follows what is shown.
    until(LIMIT, "every rejected record is kept", || {
        let counts = setting.command(&["quarantine", "list"], &["--json"]);
        holds(counted(&counts).values().sum::<u64>() == sent.len() as u64, counts)
    });
    rejected(&setting, &sent);
    let saved = setting.folder.path().join("saved.db");
    let saved = saved.to_str().unwrap();
    setting.command(&["backup"], &[saved]);
    let (code, said) = setting.refused(&["restore"], &["--force", saved]);
    assert!(code == 1 && said.contains("in use"), "{code}: {said}");

    let newest = send(&sender, &second);
    service.reaches(newest);
    over_http(&service);
    service.stop();
    let facts = setting.command(&["facts"], &[]);
    let files = setting.dump();
    assert!(facts.lines().count() > 1_000);
    same(&facts, &setting.replay("facts", &files), "receipts are what a replay prints");

    setting.command(&["restore"], &["--force", saved]);
    assert!(setting.command(&["facts"], &[]) != facts, "the backup is older");
    let service = Service::start(&setting);
    service.ready();
    service.reaches(newest);
    service.stop();
    same(&setting.command(&["facts"], &[]), &facts, "what came after the backup was read again from Kafka");
    let counts = setting.command(&["quarantine", "list"], &["--json"]);
    assert_eq!(counted(&counts).values().sum::<u64>(), sent.len() as u64);

    configured(&setting);
}

/// Two outputs are the same; the first line in which they differ is told.
fn same(one: &str, other: &str, what: &str) {
    let differing = one.lines().zip(other.lines()).enumerate().find(|(_, (one, other))| one != other);
    assert_eq!(differing, None, "{what}");
    assert_eq!(one.lines().count(), other.lines().count(), "{what}");
}

/// Sends some malformed records of each reason, and gives each by its bytes' position in the log.
fn send_malformed(sender: &Sender, good: &[String]) -> Vec<Vec<u8>> {
    let with_words = |line: &String| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        event["text"] = WORDS.into();
        event["source"] = "crm".into();
        event.to_string()
    };
    let messages = good.iter().filter(|line| line.contains("chat.message")).map(with_words);
    let records: Vec<Vec<u8>> =
        messages.take(80).enumerate().map(|(index, line)| spoiled(&line, Reason::ALL[index % Reason::ALL.len()], index / 8)).collect();
    for record in &records {
        sender.send(TOPIC, "malformed", Some(record));
    }
    sender.flush();
    records
}

/// Records by reason.
fn counted(lines: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in lines.lines() {
        let count: Value = serde_json::from_str(line).unwrap();
        *counts.entry(count["reason"].as_str().unwrap().to_owned()).or_default() += count["records"].as_u64().unwrap();
    }
    counts
}

fn rejected(setting: &Setting, sent: &[Vec<u8>]) {
    let counts = counted(&setting.command(&["quarantine", "list"], &["--json"]));
    assert_eq!(counts, Reason::ALL.map(|reason| (reason.word().to_owned(), 10)).into_iter().collect());
    let exported = setting.command(&["quarantine", "export"], &[]);
    assert!(!exported.contains("Mary") && !exported.contains("purse"), "customers' words are never kept");
    let mut records: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    records.reverse();
    assert_eq!(records.len(), sent.len());
    for (record, sent) in records.iter().zip(sent) {
        let position = format!("{}/{}/{}", record["topic"].as_str().unwrap(), record["partition"], record["offset"]);
        let is_json = serde_json::from_slice::<Value>(sent).is_ok() && record["reason"] != "too_large";
        assert_eq!(record["outline"].is_null(), !is_json, "{record}");
        if is_json && record["reason"] != "not_an_object" {
            assert_eq!((&record["outline"]["text"], &record["source"]), (&"19 bytes".into(), &"crm".into()), "{record}");
        }
        if record["offset"].as_i64().unwrap() % 20 == 0 {
            let shown = setting.command(&["quarantine", "show"], &[&position]);
            assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), *record);
            if let Ok(sent) = std::str::from_utf8(sent) {
                assert!(setting.command(&["quarantine", "show", "--raw"], &[&position]) == sent, "{position}");
            }
        }
    }
    let (code, said) = setting.refused(&["quarantine", "show"], &["contact.events/0/999999"]);
    assert!(code == 1 && said.contains("quarantine export"), "{said}");
}

/// Facts over HTTP, page by page, are those of the command.
fn over_http(service: &Service) {
    let mut facts = Vec::new();
    let mut path = "/api/v1/facts?fact=response,breach&limit=100".to_owned();
    loop {
        let answer = service.get(&path).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let page: Value = serde_json::from_str(&answer.body).unwrap();
        facts.extend(page["facts"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/facts?fact=response,breach&limit=100&after={next}");
    }
    assert!(facts.len() > 100 && facts.iter().all(|fact| fact["fact"] == "response" || fact["fact"] == "breach"));
    assert!(facts.iter().all(|fact| fact["configuration"].as_str().is_some_and(|hash| hash.len() == 32)));
    let agent = facts.iter().find_map(|fact| fact["agent"].as_str()).unwrap();
    let answer = service.get(&format!("/api/v1/facts?fact=response,breach&limit=10000&agent={}", crate::http::escaped(agent))).unwrap();
    let page: Value = serde_json::from_str(&answer.body).unwrap();
    let of_agent: Vec<&Value> = facts.iter().filter(|fact| fact["agent"] == *agent).collect();
    assert_eq!(page["facts"].as_array().unwrap().iter().collect::<Vec<_>>(), of_agent);
}

/// A configuration that would change the past is refused, and taken when that is accepted; the ledger shows both.
fn configured(setting: &Setting) {
    setting.change("Asia/Jerusalem", "Europe/Berlin");
    let (code, said) = setting.refused(&["serve"], &[]);
    assert!(code == 2 && said.contains("Asia/Jerusalem") && said.contains("--accept-config"), "{code}: {said}");
    let mut service = Service::launch_with(setting, &["--accept-config"], &[]);
    service.listens();
    service.ready();
    service.stop();
    let service = Service::start(setting);
    service.ready();
    reloaded(setting, &service);
    service.stop();
    let ledger = setting.folder.path().join("ledger.db");
    setting.command(&["ledger"], &[ledger.to_str().unwrap()]);
    let changed = rusqlite::Connection::open(&ledger).unwrap().query_row(
        "SELECT group_concat(changed, ' ') FROM (SELECT changed FROM config_changes ORDER BY since)",
        [],
        |row| row.get::<_, String>(0),
    );
    assert_eq!(changed.unwrap(), " time_zone engine.phrases");
    copied(setting);
}

/// What is done by the hour is done while the service runs: a snapshot, and a published copy of the ledger.
fn copied(setting: &Setting) {
    let (copy, snapshots) = (setting.folder.path().join("published.db"), setting.folder.path().join("snapshots"));
    let variables = [
        ("DESKPULSE_STORE__LEDGER", copy.to_str().unwrap()),
        ("DESKPULSE_STORE__LEDGER_EVERY", "1m"),
        ("DESKPULSE_STORE__SNAPSHOTS", "1"),
        ("DESKPULSE_STORE__SNAPSHOT_EVERY", "1m"),
        ("DESKPULSE_STORE__SNAPSHOT_FOLDER", snapshots.to_str().unwrap()),
    ];
    let mut service = Service::launch_with(setting, &[], &variables);
    service.listens();
    until(MINUTELY, "both are made", || holds(service.log().matches(" written in ").count() >= 2, service.log()));
    let totals = |file: &std::path::Path| -> i64 {
        rusqlite::Connection::open(file).unwrap().query_row("SELECT count(*) FROM totals", [], |row| row.get(0)).unwrap()
    };
    assert!(totals(&copy) > 0);
    let made: Vec<_> = std::fs::read_dir(&snapshots).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    Reader::open(&made[0]).unwrap().verify().unwrap();
    service.stop();
}

/// A running service takes phrases at SIGHUP, and nothing of a file that changes more.
fn reloaded(setting: &Setting, service: &Service) {
    setting.change("clock = \"events\"", "clock = \"events\"\nphrases = [\"shut up\"]\nmax_ahead = \"9s\"");
    service.hang_up();
    until(LIMIT, "the file is refused", || holds(service.log().contains("stays as it was: engine.max_ahead"), service.log()));
    setting.change("max_ahead = \"9s\"", "max_ahead = \"2s\"");
    service.hang_up();
    until(LIMIT, "the file is taken", || holds(service.log().contains("engine.phrases changed"), service.log()));
}
