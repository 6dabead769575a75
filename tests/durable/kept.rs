//! What a store holds after its service has ended.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use deskpulse::config::Config;
use deskpulse::kpi::PeriodKind;
use deskpulse::model::{Rejected, Time};
use deskpulse::pipeline::Core;
use deskpulse::store::{Reader, Sqlite, Store};
use deskpulse::view;

use crate::program::Setting;

/// Rows of months, as `replay` prints them.
pub fn totals(config: &Config) -> Vec<String> {
    totals_and_clock(config).0
}

/// The same, and the clock up to which they count.
pub fn totals_and_clock(config: &Config) -> (Vec<String>, Time) {
    let mut store = Sqlite::open(Path::new(&config.store.path), &config.kafka.topics).unwrap();
    let mut core = Core::new(&config.core_settings().unwrap()).unwrap();
    store.load(&mut |rows| core.restore(rows)).unwrap();
    let clock = core.engine().clock();
    (core.totals(PeriodKind::Month).map(|row| view::totals::line(&row)).collect(), clock)
}

/// The receipts that the store keeps, sorted as text.
pub fn facts(setting: &Setting) -> Vec<String> {
    let mut facts: Vec<String> = setting.command(&["facts"], &[]).lines().map(str::to_owned).collect();
    facts.sort_unstable();
    facts
}

/// How many records were rejected by reason: as they are counted, and those that are kept, which are all.
pub fn rejected(config: &Config) -> [BTreeMap<String, u64>; 2] {
    let store = Reader::open(Path::new(&config.store.path)).unwrap();
    let (mut counted, mut kept) = (BTreeMap::new(), BTreeMap::new());
    for count in store.reject_counts().unwrap() {
        *counted.entry(count.reason).or_default() += count.records;
    }
    let mut take = |record: Rejected| {
        *kept.entry(record.reason).or_default() += 1;
        true
    };
    store.rejected(&mut take).unwrap();
    [counted, kept]
}

/// The largest file of the store.
pub fn kibibytes(setting: &Setting) -> u64 {
    let path = setting.read().store.path;
    let sizes = ["", "-wal"].map(|end| std::fs::metadata(format!("{path}{end}")).map_or(0, |file| file.len()));
    sizes[0].max(sizes[1]) / 1_024
}

/// Both lists are the same, or the first lines of each that the other lacks are told.
pub fn same<T: AsRef<str>, U: AsRef<str>>(found: &[T], wanted: &[U], what: &str) {
    let (found, wanted): (Vec<&str>, Vec<&str>) = (found.iter().map(T::as_ref).collect(), wanted.iter().map(U::as_ref).collect());
    if found == wanted {
        return;
    }
    let only = |some: &[&str], others: &[&str]| {
        let others: HashSet<&str> = others.iter().copied().collect();
        let lacking = some.iter().filter(|line| !others.contains(**line)).take(3);
        lacking.map(|line| format!("\n{line}")).collect::<String>()
    };
    let (more, less) = (only(&found, &wanted), only(&wanted, &found));
    panic!("{what}: {} found, {} wanted; found only:{more}\nwanted only:{less}", found.len(), wanted.len());
}
