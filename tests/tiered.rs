//! Ended conversations leave memory and are found in the store again: the service over a log that this test writes, and the core over a
//! SQLite store for longer than anything stays in memory.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::config::Config;
use deskpulse::engine::{ClockMode, Reach};
use deskpulse::ingest::{Assignment, Batch, Record, Source, SourceEvent};
use deskpulse::model::{NextOffset, Output, PartitionId, Position, ReceiptQuery, Span};
use deskpulse::pipeline::{Core, Parts, Service, ServiceError, ServiceSettings, Writer, restore, warm};
use deskpulse::store::{Commit, Reader, Sqlite, Store};
use deskpulse::telemetry::ServiceMetrics;
use deskpulse::view;
use tokio::sync::{mpsc, oneshot, watch};

const PARTITION: PartitionId = PartitionId { topic: 0, partition: 0 };
const TOPIC: &str = "events";

fn config(text: &str) -> Config {
    deskpulse::config::parse(text, "test", Path::new(""), []).unwrap()
}

fn open(store: &Path) -> Sqlite {
    Sqlite::open(store, &[TOPIC.to_owned()]).unwrap()
}

/// A log of one partition that is written while it is read.
struct Log {
    events: mpsc::Receiver<SourceEvent>,
    committed: watch::Sender<i64>,
}

impl Source for Log {
    async fn next(&mut self) -> Option<SourceEvent> {
        self.events.recv().await
    }

    fn pause(&mut self, _: PartitionId) {}

    fn resume(&mut self, _: PartitionId) {}

    fn commit(&mut self, positions: &BTreeMap<PartitionId, NextOffset>) {
        if let Some(next) = positions.get(&PARTITION) {
            self.committed.send_replace(next.0);
        }
    }

    async fn close(self, _: Duration) -> bool {
        true
    }
}

fn batch(lines: &[String], first: i64) -> Batch {
    let mut batch = Batch::default();
    for (line, offset) in lines.iter().zip(first..) {
        batch.push(Position { partition: PARTITION, offset }, None, line.as_bytes());
    }
    batch
}

/// Runs the service over this much of a log, and ends it when the last piece is committed. What the store keeps of each piece is known
/// to be kept before the next one comes.
fn serve(config: &Config, store: &Path, pieces: &[&[String]], first: i64) -> Result<(), ServiceError> {
    let clock = Clock::start();
    let mut store = open(store);
    let mut core = Core::new(&config.core_settings().unwrap().keeping_changes()).unwrap();
    let positions = restore(&mut core, &mut store, clock).unwrap();
    let settings = ServiceSettings {
        clock_mode: ClockMode::Events,
        idle_after: Span::HOUR,
        allowed_lateness: config.engine.allowed_lateness,
        keep_hot: config.keep_hot().unwrap(),
        topics: Arc::from([TOPIC.to_owned()]),
        display: config.display().unwrap(),
    };
    let (events, log) = mpsc::channel(4);
    let (committed, mut kept) = watch::channel(-1);
    let source = Log { events: log, committed };
    let parts = Parts { core, source, positions, writer: Writer::start(store, clock).unwrap(), metrics: ServiceMetrics::default() };
    let (service, _published) = Service::new(settings, clock, parts);
    let (stop, stopped) = oneshot::channel::<()>();
    let feed = async {
        let assignment = Assignment { partition: PARTITION, from: NextOffset(first), end: NextOffset(first) };
        events.send(SourceEvent::Assigned(vec![assignment])).await.unwrap();
        let mut next = first;
        for piece in pieces {
            events.send(SourceEvent::Batch(batch(piece, next))).await.unwrap();
            next += piece.len() as i64;
            if kept.wait_for(|kept| *kept >= next).await.is_err() {
                // The service has ended by itself.
                break;
            }
        }
        drop(stop);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (ended, ()) = runtime.block_on(async {
        tokio::join!(
            service.run(async {
                let _dropped = stopped.await.is_err();
            }),
            feed
        )
    });
    ended
}

fn kept_facts(store: &Path) -> Vec<String> {
    let reader = Reader::open(store).unwrap();
    reader.verify().unwrap();
    let page = reader.receipts(&ReceiptQuery { limit: 1_000, ..ReceiptQuery::default() }).unwrap();
    page.receipts.into_iter().map(|receipt| receipt.line).collect()
}

/// The facts of a core that holds everything.
fn plain_facts(config: &Config, lines: &[String]) -> Vec<String> {
    let mut core = Core::new(&config.core_settings().unwrap()).unwrap();
    let mut facts = Vec::new();
    for (line, offset) in lines.iter().zip(0..) {
        let position = Position { partition: PARTITION, offset };
        core.take(Record { position, arrived: None, value: line.as_bytes() });
        let newest = core.engine().newest(PARTITION).unwrap();
        facts.extend(core.advance(Reach::Before(newest - config.engine.allowed_lateness)));
    }
    facts
        .iter()
        .filter_map(|posted| match &posted.output {
            Output::Fact(fact) => view::fact::line(fact),
            Output::Tally(_) => None,
        })
        .collect()
}

fn event(id: &str, day: u32, time: &str, fields: &str) -> String {
    format!(r#"{{"id":"{id}","time":"2026-03-{day:02}T{time}Z",{fields}}}"#)
}

#[test]
fn a_late_message_to_a_conversation_that_left_memory_two_days_ago_reopens_it() {
    let config = config("[engine]\nclock = \"events\"");
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    let first = [
        event("e1", 2, "09:00:00", r#""type":"chat.started","chat":"c1","team":"x","waiting":true"#),
        event("e2", 2, "09:00:10", r#""type":"chat.message","chat":"c1","from":"agent","agent":"amy""#),
        event("e3", 2, "09:05:00", r#""type":"chat.ended","chat":"c1","reason":"resolved","agent":"amy""#),
        event("e4", 4, "10:00:00", r#""type":"chat.started","chat":"c2","team":"x""#),
        event("e5", 4, "10:00:03", r#""type":"chat.message","chat":"c2","from":"system""#),
    ];
    let second = [
        event("e6", 3, "08:00:00", r#""type":"chat.message","chat":"c1","from":"customer""#),
        event("e7", 4, "10:00:10", r#""type":"quality.violation","agent":"bob","rule":"rude","chat":"c1""#),
        event("e8", 4, "10:00:20", r#""type":"chat.message","chat":"c1","from":"agent","agent":"bob""#),
        event("e9", 4, "10:00:30", r#""type":"chat.ended","chat":"c1","reason":"closed""#),
    ];
    let third = [event("f1", 6, "10:00:00", r#""type":"chat.ended","chat":"c2","reason":"timeout""#)];
    let fourth = [
        event("f2", 6, "11:00:00", r#""type":"chat.reopened","chat":"c1""#),
        event("f3", 6, "12:00:00", r#""type":"agent.status","agent":"amy","status":"busy""#),
    ];
    serve(&config, &store, &[&first, &second, &third], 0).unwrap();
    serve(&config, &store, &[&fourth], (first.len() + second.len() + third.len()) as i64).unwrap();
    let all: Vec<String> = first.into_iter().chain(second).chain(third).chain(fourth).collect();
    let facts = kept_facts(&store);
    assert!(facts.iter().filter(|fact| fact.contains(r#""fact":"reopened""#)).count() == 2, "{facts:#?}");
    assert!(!facts.iter().any(|fact| fact.contains(r#""implicit":true"#)), "{facts:#?}");
    let (mut found, mut wanted) = (facts, plain_facts(&config, &all));
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn a_conversation_that_is_gone_from_the_store_ends_the_service_and_is_not_begun_anew() {
    let config = config("[engine]\nclock = \"events\"");
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    let first = [
        event("e1", 2, "09:00:00", r#""type":"chat.started","chat":"c1","team":"x""#),
        event("e2", 2, "09:05:00", r#""type":"chat.ended","chat":"c1","reason":"resolved","agent":"amy""#),
        event("e3", 2, "09:06:00", r#""type":"chat.started","chat":"c2","team":"x""#),
        event("e4", 2, "09:07:00", r#""type":"chat.ended","chat":"c2","reason":"timeout""#),
        event("e5", 4, "10:00:00", r#""type":"chat.started","chat":"c3","team":"x""#),
    ];
    let second = [
        event("e6", 4, "10:00:10", r#""type":"chat.message","chat":"c2","from":"customer""#),
        event("e7", 4, "10:00:20", r#""type":"chat.started","chat":"c4","team":"x""#),
    ];
    serve(&config, &store, &[&first], 0).unwrap();
    let connection = rusqlite::Connection::open(&store).unwrap();
    let gone = connection.execute("DELETE FROM ended WHERE key = (SELECT max(key) FROM ended)", []);
    assert_eq!(gone, Ok(1));
    drop(connection);
    let said = serve(&config, &store, &[&second], first.len() as i64).unwrap_err().to_string();
    assert!(said.contains("a row of an ended conversation is gone") && said.ends_with("restore a backup"), "{said}");
    let page = Reader::open(&store).unwrap().receipts(&ReceiptQuery { limit: 1_000, ..ReceiptQuery::default() }).unwrap();
    assert!(page.receipts.iter().all(|receipt| !receipt.line.contains(r#""implicit":true"#)), "nothing is decided without knowing");
}

/// Chats that begin and end in one hour of a long time.
fn hour(number: i64, chats: i64) -> Vec<String> {
    let at = |second: i64| jiff::Timestamp::from_second(1_772_409_600 + number * 3_600 + second).unwrap();
    let one = |chat: i64| {
        let of = format!(r#""chat":"h{number}-{chat}""#);
        [
            format!(r#"{{"id":"{number}-{chat}s","time":"{}","type":"chat.started",{of},"team":"x","waiting":true}}"#, at(chat)),
            format!(r#"{{"id":"{number}-{chat}e","time":"{}","type":"chat.ended",{of},"reason":"timeout"}}"#, at(chat + 900)),
        ]
    };
    (0..chats).flat_map(one).collect()
}

#[test]
fn memory_holds_what_ended_lately_and_the_store_what_is_remembered() {
    const HOURS: i64 = 60;
    const CHATS: i64 = 50;
    let config = config("[engine]\nforget_after = \"24h\"\nfcr_window = \"24h\"\nsettle = \"24h\"\n[store]\nkeep_hot = \"2h\"");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = open(&path);
    let mut lookup = store.lookup().unwrap().unwrap();
    let mut core = Core::new(&config.core_settings().unwrap().keeping_changes()).unwrap();
    let mut most = 0;
    for number in 0..HOURS {
        take(&mut core, &hour(number, CHATS), number * 1_000);
        let reach = Reach::Through(core.engine().newest_of_all().unwrap());
        warm(&mut core, &mut *lookup, reach).unwrap();
        core.advance(reach);
        let remembers_since = Some(core.engine().remembers_since());
        store.commit(Commit { rows: core.changes(), remembers_since, ..Commit::default() }).unwrap();
        core.cool(core.engine().clock() - config.keep_hot().unwrap());
        most = most.max(core.engine().conversations_in_memory() as i64);
    }
    assert!(most <= 3 * CHATS, "{most} at most");
    // Known for 24 h, known as forgotten for 24 h more.
    let (kept, wanted) = (ended(&path), 48 * CHATS);
    assert!((wanted..wanted + 2 * CHATS).contains(&kept), "{kept}");
    drop((lookup, store));

    let mut store = open(&path);
    let mut core = Core::new(&config.core_settings().unwrap().keeping_changes()).unwrap();
    restore(&mut core, &mut store, Clock::start()).unwrap();
    assert_eq!(core.engine().conversations_in_memory(), 0, "no start reads what has ended");
    let mut lookup = store.lookup().unwrap().unwrap();
    let old = |hours_ago: i64| format!(r#""chat":"h{}-7""#, HOURS - hours_ago);
    let later = [(2, "reopened", 0), (20, "reopened", 0), (30, "implicit", 1), (45, "implicit", 1), (59, "implicit", 0)];
    for (hours_ago, wanted, forgotten) in later {
        let before = core.outcomes().topics[0].counts;
        let line =
            hour(HOURS, 1)[0].replace("chat.started", "chat.message").replace(r#","team":"x","waiting":true"#, r#","from":"customer""#);
        let line = line.replace(&format!(r#""chat":"h{HOURS}-0""#), &old(hours_ago)).replace("-0s", &format!("-{hours_ago}"));
        take(&mut core, &[line], HOURS * 1_000 + hours_ago);
        let reach = Reach::Through(core.engine().newest_of_all().unwrap());
        warm(&mut core, &mut *lookup, reach).unwrap();
        let facts = core.advance(reach);
        assert!(format!("{facts:?}").contains("Reopened") == (wanted == "reopened"), "{hours_ago}: {facts:?}");
        let counts = core.outcomes().topics[0].counts;
        assert_eq!(counts.forgotten - before.forgotten, forgotten, "{hours_ago}");
        assert_eq!(counts.implicit - before.implicit, u64::from(wanted == "implicit"), "{hours_ago}");
    }
}

fn take(core: &mut Core, lines: &[String], first: i64) {
    let mut lines: Vec<&String> = lines.iter().collect();
    // Starts and ends lie in the order of their times.
    lines.sort_by_key(|line| line.split(r#""time":""#).nth(1).map(|rest| rest[..20].to_owned()));
    for (line, offset) in lines.into_iter().zip(first..) {
        core.take(Record { position: Position { partition: PARTITION, offset }, arrived: None, value: line.as_bytes() });
    }
}

/// Rows of ended conversations that a store has.
fn ended(store: &Path) -> i64 {
    let connection = rusqlite::Connection::open(store).unwrap();
    connection.query_row("SELECT count(*) - 1 FROM ended", (), |row| row.get(0)).unwrap()
}
