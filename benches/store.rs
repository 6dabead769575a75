//! What durability costs: commits of a steady load, and the start from a store with many open conversations.
//!
//! `cargo bench --bench store -- CONVERSATIONS RECORDS RECORDS_OF_A_COMMIT AGENTS` (100,000, 1,000,000, 5,000 and 1,000 unless given: a quarter of
//! a second at 20,000 a second; a service that catches up commits every two seconds). The file is on the disk of the target folder.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and stops where its setting is not as it must be")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::config;
use deskpulse::engine::Reach;
use deskpulse::ingest::Record;
use deskpulse::model::{NextOffset, PartitionId, Position, Reached, Span, Table, Time};
use deskpulse::pipeline::{Core, Evidence, warm};
use deskpulse::simulate::load::{Load, LoadSettings};
use deskpulse::store::{Commit, Sqlite, Store};

/// As the program allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const START: Time = Time(1_764_061_200_000);
const PARTITION: PartitionId = PartitionId { topic: 0, partition: 0 };

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u32>().ok());
    let mut number = |otherwise: u32| numbers.next().unwrap_or(otherwise);
    let (conversations, records, per_commit, agents) = (number(100_000), number(1_000_000), number(5_000), number(1_000));
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("target")).unwrap();
    let path = folder.path().join("bench.db");
    commits(&path, &LoadSettings { seed: 1, agents, conversations, start: START }, records.into(), per_commit.into());
    let size = std::fs::metadata(&path).unwrap().len();
    println!("size of the file: {} MiB, {} bytes a record", size >> 20, size / u64::from(conversations + conversations / 2 + records));
    start(&path);
}

fn core() -> Core {
    let config = config::parse("", "bench.toml", Path::new("."), []).unwrap();
    Core::new(&config.core_settings().unwrap().keeping_changes()).unwrap()
}

fn open(path: &Path) -> Sqlite {
    Sqlite::open(path, &["events".to_owned()]).unwrap()
}

/// Fills the store, then commits piece by piece.
fn commits(path: &Path, settings: &LoadSettings, records: i64, per_commit: i64) {
    let (mut core, mut store, mut evidence, clock) = (core(), open(path), Evidence::new(true), Clock::start());
    let mut load = Load::new(settings);
    // As after a start: whatever is not in memory may be in the store.
    let mut lookup = store.lookup().unwrap().unwrap();
    core.expect_cold();
    // Two seconds wait: so many more, and what is applied is no more the begin of the log, where conversations start one after the other.
    let filling = i64::from(settings.conversations) / 2 * 3;
    let mut offset = 0;
    let mut held: BTreeMap<Table, [usize; 2]> = BTreeMap::new();
    let mut step = |count: i64| {
        let (begun, mut looking) = (clock.uptime(), Duration::ZERO);
        for _ in 0..count {
            let record = load.next_record();
            core.take(Record { position: Position { partition: PARTITION, offset }, arrived: None, value: record.value });
            offset += 1;
            if offset % 1_000 == 0 {
                let reach = Reach::Before(core.engine().newest(PARTITION).unwrap() - Span(2_000));
                let before = clock.uptime();
                warm(&mut core, &mut *lookup, reach).unwrap();
                looking += clock.uptime() - before;
                let posted = core.advance(reach);
                evidence.posted(posted);
            }
        }
        let applied = clock.uptime();
        let positions = BTreeMap::from([(PARTITION, Reached { next: NextOffset(offset), last: None })]);
        // As the loop does: what counters show is part of a commit.
        black_box((core.counters(), core.outcomes()));
        let mut commit = Commit { rows: core.changes(), positions, ..Commit::default() };
        let collected = evidence.take();
        let gathered = clock.uptime();
        for row in commit.rows.iter().filter(|_| offset > filling) {
            let of_table = held.entry(row.table).or_default();
            *of_table = [of_table[0] + 1, of_table[1] + row.key.len() + row.value.as_ref().map_or(0, Vec::len)];
        }
        collected.put_into(&mut commit);
        let made = clock.uptime();
        store.commit(commit).unwrap();
        [applied - begun - looking, looking, gathered - applied, made - gathered, clock.uptime() - made]
    };
    let [.., first] = step(filling);
    println!("first commit, of {filling} records: {} ms", first.as_millis());
    let steps: Vec<_> = (0..records / per_commit).map(|_| step(per_commit)).collect();
    println!("commits of {per_commit} records:");
    for (index, what) in ["applying", "looking up ended conversations", "gathering", "making receipts", "writing"].iter().enumerate() {
        let mut times: Vec<u128> = steps.iter().map(|step| step[index].as_micros()).collect();
        times.sort_unstable();
        let rank = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1] as f64 / 1_000.0;
        println!("{what}, ms: p50 {:.1}, p99 {:.1}", rank(50), rank(99));
    }
    let rate = |what: &str, of: std::ops::Range<usize>| {
        let time: Duration = steps.iter().flat_map(|step| &step[of.clone()]).sum();
        println!("records/s of {what}: {:.0}", records as f64 / time.as_secs_f64());
    };
    rate("the loop, which looks up, applies and gathers", 0..3);
    rate("the thread beside it, which makes receipts and writes", 3..5);
    rate("both one after the other", 0..5);
    for (table, [rows, bytes]) in held {
        println!("{table:?}: {} rows a commit, {} bytes", rows / steps.len(), bytes / steps.len());
    }
}

/// Opens the store, and has a core again.
fn start(path: &Path) {
    let (mut core, clock) = (core(), Clock::start());
    let mut store = open(path);
    let mut rows = 0;
    store
        .load(&mut |piece| {
            rows += piece.len();
            core.restore(piece)
        })
        .unwrap();
    println!("start: {rows} rows restored in {} ms", clock.uptime().as_millis());
    let begun = clock.uptime();
    drop(core.counters());
    println!(
        "counters read in {} ms, {} conversations wait or are open",
        (clock.uptime() - begun).as_millis(),
        core.engine().live().waiting.len()
    );
}
