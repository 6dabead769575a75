//! Whatever the records hold: nothing panics, every record ends in exactly one named outcome, and the counters add up to what came in.

#![expect(clippy::expect_used, reason = "a test stops where its own setting is not as it must be")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use deskpulse::config::Config;
use deskpulse::decode::Reason;
use deskpulse::engine::Reach;
use deskpulse::ingest::{RECORD_LIMIT, Record};
use deskpulse::kpi::PeriodKind;
use deskpulse::model::{PartitionId, Position, Time};
use deskpulse::pipeline::{Core, CoreSettings, Display, Taken};
use deskpulse::view;
use proptest::prelude::*;
use serde_json::Value;

/// Every event of the public cases, as a line.
static EVENTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = |folder: &Path| {
        let mut paths: Vec<_> = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    };
    let files = entries(&root).into_iter().filter(|path| path.is_dir()).flat_map(|folder| entries(&folder));
    let mut events = Vec::new();
    for file in files {
        let case: Value = serde_json::from_slice(&fs::read(file).expect("a readable case")).expect("valid JSON");
        let lines = case["events"].as_array().expect("events").iter();
        events.extend(lines.map(|event| event.as_str().map_or_else(|| event.to_string(), str::to_owned).into_bytes()));
    }
    events
});

/// One record that comes in.
#[derive(Debug, Clone)]
struct Incoming {
    topic: u16,
    partition: u32,
    arrived: Option<i64>,
    value: Vec<u8>,
    /// Whether the clock is moved after it, and how far behind the newest event.
    moved: Option<i64>,
}

/// What is done to the bytes of a good event.
#[derive(Debug, Clone)]
enum Damage {
    None,
    Cut(prop::sample::Index),
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    /// Another field's value, or another event's.
    Splice(prop::sample::Index, prop::sample::Index),
    /// A value of another kind or size in the place of a field.
    Field(prop::sample::Index, Value),
    /// More bytes than a record may have.
    Swell,
}

fn damages() -> impl Strategy<Value = Damage> {
    let index = any::<prop::sample::Index>;
    let values = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::from(1e300)),
        Just(Value::from("")),
        Just(Value::from("x".repeat(300))),
        "\\PC{0,8}".prop_map(Value::from),
        Just(serde_json::json!({"a": []})),
        (946_684_800_000_i64..4_102_444_800_001).prop_map(Value::from),
        Just(Value::from("2026-03-29T02:30:00+01:00")),
    ];
    prop_oneof![
        8 => Just(Damage::None),
        1 => index().prop_map(Damage::Cut),
        2 => (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (index(), index()).prop_map(|(at, other)| Damage::Splice(at, other)),
        6 => (index(), values).prop_map(|(field, value)| Damage::Field(field, value)),
    ]
}

fn damaged(event: &[u8], damage: Damage) -> Vec<u8> {
    let mut bytes = event.to_vec();
    let at = |index: prop::sample::Index| index.index(event.len().max(1)).min(event.len());
    match damage {
        Damage::None => {}
        Damage::Cut(index) => bytes.truncate(at(index)),
        Damage::Set(index, byte) => {
            if let Some(found) = bytes.get_mut(at(index)) {
                *found = byte;
            }
        }
        Damage::Insert(index, more) => drop(bytes.splice(at(index)..at(index), more)),
        Damage::Splice(index, other) => {
            bytes.truncate(at(index));
            let other = &EVENTS[other.index(EVENTS.len())];
            bytes.extend(&other[other.len() / 2..]);
        }
        Damage::Field(index, value) => {
            if let Ok(Value::Object(mut object)) = serde_json::from_slice(event)
                && !object.is_empty()
            {
                let field = object.keys().nth(index.index(object.len())).cloned().unwrap_or_default();
                object.insert(field, value);
                bytes = Value::Object(object).to_string().into_bytes();
            }
        }
        Damage::Swell => bytes.resize(RECORD_LIMIT + 1, b' '),
    }
    bytes
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    let damaged_events = (any::<prop::sample::Index>(), damages()).prop_map(|(index, damage)| {
        let event = &EVENTS[index.index(EVENTS.len())];
        damaged(event, damage)
    });
    prop_oneof![
        20 => damaged_events,
        2 => prop::collection::vec(any::<u8>(), 0..64),
        1 => Just(Vec::new()),
        1 => "[{}\\[\\]\",:a-z0-9 ]{0,40}".prop_map(String::into_bytes),
    ]
}

fn incoming() -> impl Strategy<Value = Incoming> {
    let arrived = prop::option::weighted(0.3, 1_300_000_000_000_i64..1_900_000_000_000);
    let moved = prop::option::weighted(0.3, prop_oneof![Just(0), 0..10_000_i64, 0..100_000_000_i64]);
    (0..3_u16, 0..2_u32, arrived, values(), moved).prop_map(|(topic, partition, arrived, value, moved)| Incoming {
        topic,
        partition,
        arrived,
        value,
        moved,
    })
}

fn core() -> Core {
    let mut settings: CoreSettings = Config::default().core_settings().expect("the defaults are allowed");
    Arc::make_mut(&mut settings.engine).track_changes = true;
    settings.phrases = vec!["hi".to_owned()];
    Core::new(&settings).expect("a core")
}

fn name(taken: &Taken) -> &'static str {
    match taken {
        Taken::Applied => "applied",
        Taken::Duplicate => "duplicate",
        Taken::UnknownType => "unknown_type",
        Taken::Tombstone => "tombstone",
        Taken::Rejected(reject) => reject.reason.word(),
    }
}

/// Everything that is shown can be shown.
fn show_all(core: &mut Core) {
    let clock = core.engine().clock();
    for period in [PeriodKind::Month, PeriodKind::Day] {
        for row in core.totals(period) {
            let line: Value = serde_json::from_str(&view::totals::line(&row)).expect("a row is JSON");
            assert!(line["kpi"].is_string());
        }
    }
    let snapshot = core.snapshot(true, &Display::default());
    assert!(view::metrics::render(&snapshot, clock).contains("deskpulse_"));
    let moment = view::live::Moment { now: clock, caught_up: true, names: &snapshot.names };
    let live: Value = serde_json::from_str(&view::live::json(&snapshot.live, moment)).expect("the live view is JSON");
    assert!(live["waiting"].is_array());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_ends_in_one_outcome_and_the_counters_add_up(records in prop::collection::vec(incoming(), 1..100)) {
        let mut core = core();
        let mut found: BTreeMap<&str, u64> = BTreeMap::new();
        let mut late_limit = 0;
        for (offset, record) in (0..).zip(&records) {
            let partition = PartitionId { topic: record.topic, partition: record.partition };
            let position = Position { partition, offset };
            let taken = core.take(Record { position, arrived: record.arrived.map(Time), value: &record.value });
            *found.entry(name(&taken)).or_default() += 1;
            late_limit += u64::from(taken == Taken::Applied);
            if let (Some(behind), Some(newest)) = (record.moved, core.engine().newest_of_all()) {
                core.advance(Reach::Before(Time(newest.0 - behind)));
            }
        }
        if let Some(newest) = core.engine().newest_of_all() {
            core.advance(Reach::Through(newest));
        }

        prop_assert_eq!(core.engine().pending(), 0);
        let summary = core.summary();
        let of = |name: &str| found.get(name).copied().unwrap_or_default();
        prop_assert_eq!(summary.applied, of("applied"));
        prop_assert_eq!(summary.duplicate, of("duplicate"));
        prop_assert_eq!(summary.unknown_type, of("unknown_type"));
        prop_assert_eq!(summary.tombstone, of("tombstone"));
        for reason in Reason::ALL {
            prop_assert_eq!(summary.rejected.get(reason.word()).copied().unwrap_or_default(), of(reason.word()));
        }
        let rejected: u64 = summary.rejected.values().sum();
        let all = summary.applied + summary.duplicate + summary.unknown_type + summary.tombstone + rejected;
        prop_assert_eq!(all, records.len() as u64);
        prop_assert!(summary.late <= late_limit && summary.skewed <= late_limit && summary.implicit <= late_limit);
        show_all(&mut core);
        core.changes();
    }
}

#[test]
fn a_record_over_the_limit_is_too_large_and_one_at_the_limit_is_not() {
    let mut core = core();
    let position = |offset| Position { partition: PartitionId { topic: 0, partition: 0 }, offset };
    let swollen = damaged(&EVENTS[0], Damage::Swell);
    let over = core.take(Record { position: position(0), arrived: None, value: &swollen });
    assert_eq!(name(&over), "too_large");
    let at = core.take(Record { position: position(1), arrived: None, value: &swollen[..RECORD_LIMIT] });
    assert_eq!(name(&at), "applied");
}
