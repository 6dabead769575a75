//! What the program tells of itself while it runs.

use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::Table;
use rusqlite::{Connection, OpenFlags};

use crate::measure::Report;
use crate::program::{Service, Setting};

const EVERY: Duration = Duration::from_secs(1);
/// Samples between two lines that tell how it goes.
const TOLD_EVERY: usize = 60;
const MIB: f64 = 1_048_576.0;

/// What a page of metrics says at a moment.
pub struct Seen {
    /// Records that are not read yet.
    lag: f64,
    /// Records that were counted, whatever became of them.
    pub counted: f64,
    /// Commits that took at most so many seconds each.
    commits: Vec<(f64, f64)>,
}

/// Reads the page.
pub fn look(service: &Service) -> Seen {
    let page = service.metrics();
    let bucket = |line: &str| {
        let (edge, count) = line.strip_prefix("deskpulse_commit_seconds_bucket{le=\"")?.split_once("\"} ")?;
        Some((edge.parse().unwrap(), count.parse().unwrap()))
    };
    Seen {
        lag: page.count("deskpulse_consumer_lag_records", &[]),
        counted: page.count("deskpulse_events_total", &[]),
        commits: page.text.lines().filter_map(bucket).collect(),
    }
}

/// A look at the program from within and without.
pub struct Sample {
    seen: Seen,
    at: Duration,
    memory_mib: f64,
    store_mib: f64,
    /// Seconds in which its threads ran, and in which they were kept waiting by whatever else runs on the machine.
    cpu: (f64, f64),
}

/// Looks every second for so many seconds.
pub fn watch(service: &Service, setting: &Setting, seconds: usize) -> Vec<Sample> {
    let clock = Clock::start();
    let look = |number: usize| {
        std::thread::sleep((EVERY * number as u32).saturating_sub(clock.uptime()));
        let (at, seen) = (clock.uptime(), look(service));
        let (memory_mib, store_mib) = (service.memory() as f64 / 1_024.0, store_bytes(setting) as f64 / MIB);
        if number.is_multiple_of(TOLD_EVERY) {
            eprintln!("after {number} s: {:.0} records behind, memory {memory_mib:.0} MiB, store {store_mib:.0} MiB", seen.lag);
        }
        Sample { seen, at, memory_mib, store_mib, cpu: service.cpu() }
    };
    (0..=seconds).map(look).collect()
}

/// Conversations in the store that have not ended.
pub fn open_conversations(setting: &Setting) -> i64 {
    let store = Connection::open_with_flags(setting.folder.path().join("deskpulse.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    store.query_row("SELECT count(*) FROM state WHERE tbl = ?1", [Table::Conversation as u8], |row| row.get(0)).unwrap()
}

/// Bytes of the store, its log of changes with it.
pub fn store_bytes(setting: &Setting) -> u64 {
    let size = |name| std::fs::metadata(setting.folder.path().join(name)).map_or(0, |file| file.len());
    size("deskpulse.db") + size("deskpulse.db-wal")
}

/// The rows of what was seen.
pub fn report(samples: &[Sample], report: &mut Report) {
    let (first, last) = (&samples[0], &samples[samples.len() - 1]);
    let both = |value: &dyn Fn(&Sample) -> f64| format!("{:.0}, {:.0}", value(first), value(last));
    let took = (last.at - first.at).as_secs_f64();
    let rate = (last.seen.counted - first.seen.counted) / took;
    report.row("seconds, seen once in each", format!("{took:.0}"), "1,800", "");
    report.row("records/s", format!("{rate:.0}"), "20,000", "");
    report.row("commits, ms at most (p50, p99, longest)", commits(&first.seen, &last.seen), "500 (p99)", "");
    let mut lags: Vec<f64> = samples.iter().map(|sample| sample.seen.lag).collect();
    let quarter = lags.len().div_ceil(4);
    let mean = |lags: &[f64]| lags.iter().sum::<f64>() / lags.len() as f64;
    let trend = format!("{:.0}, {:.0}", mean(&lags[..quarter]), mean(&lags[lags.len() - quarter..]));
    lags.sort_by(f64::total_cmp);
    let rank = |percent: usize| lags[(lags.len() * percent).div_ceil(100) - 1];
    report.row("records behind (p50, p99, most)", format!("{:.0}, {:.0}, {:.0}", rank(50), rank(99), rank(100)), "", "");
    report.row("the same, mean of the first and of the last quarter", trend, "flat", "");
    report.row("memory, MiB, at first and last", both(&|sample| sample.memory_mib), "", "");
    let share = |value: &dyn Fn(&Sample) -> f64| (value(last) - value(first)) / took;
    let cpu = format!("{:.2}, {:.2}", share(&|sample| sample.cpu.0), share(&|sample| sample.cpu.1));
    report.row("its threads in a second: running, kept waiting for a core, s", cpu, "", "");
    report.row("store with its log of changes, MiB, at first and last", both(&|sample| sample.store_mib), "", "");
}

/// Edges of the buckets in which commits in between lie.
fn commits(first: &Seen, last: &Seen) -> String {
    let counts: Vec<(f64, f64)> = last
        .commits
        .iter()
        .map(|(edge, count)| {
            let before = first.commits.iter().find(|(other, _)| other == edge).map_or(0.0, |(_, count)| *count);
            (*edge, count - before)
        })
        .collect();
    let all = counts.iter().map(|(_, count)| *count).fold(0.0, f64::max);
    let edge = |share: f64| counts.iter().find(|(_, count)| *count >= all * share).map_or(f64::NAN, |(edge, _)| edge * 1_000.0);
    format!("{:.0}, {:.0}, {:.0} of {all}", edge(0.5), edge(0.99), edge(1.0))
}
