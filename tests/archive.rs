//! The archive in small, by seed: partitions are read in any order, the process ends between archive and store or in the middle of a file, an older
//! backup takes the place of the store. Whatever happened, the archive holds each event once, and a store that is made of it goes on as if
//! nothing had been.
//!
//! `SEEDS=10000 cargo test --release --test archive` runs more; `SEED=4711` runs that one alone.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskpulse::app;
use deskpulse::archive::{self, Archive, Lines};
use deskpulse::config::Config;
use deskpulse::decode::Decoded;
use deskpulse::engine::{ClockMode, Frontier};
use deskpulse::ingest::Record;
use deskpulse::kpi::PeriodKind;
use deskpulse::model::{Mark, NextOffset, Output, PartitionId, Position, Reached, ReceiptQuery, Time, Topics};
use deskpulse::pipeline::{Core, warm};
use deskpulse::replay::Replay;
use deskpulse::store::{Commit, Lookup, Memory, Reader, Sqlite, Store};
use deskpulse::view;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

#[path = "support/random_log.rs"]
mod random_log;

use random_log::{Log, PARTITIONS, START, partition, seeds};

const SEEDS: u64 = 40;
const EVENTS: usize = 150;
/// The month closes an hour after its end.
const CONFIG: &str = "[kafka]\ntopics = [\"contacts\"]\n[engine]\nsettle = \"1h\"\nphrases = [\"not my problem\"]\nauto_texts = [\"one moment\"]\n\
                      [agents]\nwaiting_limit = 1\npresence_timeout = \"20m\"\n";

fn log(chance: &mut SmallRng) -> Log {
    let junk = ["{", "", r#"{"id":"x","time":1769864400000,"type":"other"}"#];
    random_log::log(chance, EVENTS, (20, &junk), |chance, conversation, agent| {
        let text =
            ["", r#","text":"Mrs Smith, not my problem""#, r#","text":"One moment""#, r#","text":"4111 1111""#][chance.random_range(0..4)];
        match chance.random_range(0..10) {
            0 => format!(r#""type":"chat.started","chat":"c{conversation}","team":"t{agent}","waiting":true,"note":"Mrs Smith""#),
            1 | 2 => format!(r#""type":"chat.assigned","chat":"c{conversation}","agent":"a{agent}""#),
            3..=5 => format!(r#""type":"chat.message","chat":"c{conversation}","from":"customer"{text}"#),
            6 | 7 => format!(r#""type":"chat.message","chat":"c{conversation}","from":"agent","agent":"a{agent}"{text}"#),
            8 => format!(r#""type":"chat.ended","chat":"c{conversation}","reason":"resolved","agent":"a{agent}""#),
            _ => format!(r#""type":"agent.status","agent":"a{agent}","status":"{}""#, ["available", "busy", "offline"][conversation % 3]),
        }
    })
}

fn topics() -> Topics {
    Arc::from(["contacts".to_owned()])
}

/// A process with its archive, and what of it the next commit brings.
struct Process {
    core: Core,
    frontier: Frontier,
    next: [usize; PARTITIONS],
    archive: Option<Archive>,
    /// The clock of the commit before.
    clock: Time,
    facts: Vec<String>,
}

/// What outlives it, with the facts of the same commits.
#[derive(Default, Clone)]
struct Kept {
    store: Memory,
    facts: Vec<String>,
}

impl Process {
    fn start(config: &Config, kept: &mut Kept, folder: Option<&Path>) -> Self {
        let mut core = Core::new(&config.core_settings().unwrap().keeping_changes()).unwrap();
        let positions = kept.store.load(&mut |rows| core.restore(rows)).unwrap();
        Self::with(core, &positions, folder, config)
    }

    fn with(mut core: Core, positions: &BTreeMap<PartitionId, Reached>, folder: Option<&Path>, config: &Config) -> Self {
        core.counters();
        let mut frontier = Frontier::new(ClockMode::Events, config.engine.allowed_lateness, (0..PARTITIONS).map(partition));
        let mut next = [0; PARTITIONS];
        for (index, next) in next.iter_mut().enumerate() {
            *next = positions.get(&partition(index)).map_or(0, |reached| reached.next.0 as usize);
            core.engine().newest(partition(index)).into_iter().for_each(|newest| frontier.newest(partition(index), newest));
        }
        let archive = folder.map(|folder| Archive::open(folder, "deskpulse-1", topics(), positions, |_| ()).unwrap());
        let clock = core.engine().clock();
        Self { core, frontier, next, archive, clock, facts: Vec::new() }
    }

    fn read(&mut self, log: &Log, index: usize, count: usize) {
        let from = self.next[index];
        let to = (from + count).min(log[index].len());
        self.core.take_all((from..to).map(|offset| record(log, index, offset)), |_, _| {});
        self.next[index] = to;
        if let Some(newest) = self.core.engine().newest(partition(index)) {
            self.frontier.newest(partition(index), newest);
        }
    }

    fn advance(&mut self) {
        for one in self.core.advance(self.frontier.reach()) {
            self.facts.extend(match &one.output {
                Output::Fact(fact) => view::fact::line(fact),
                Output::Tally(_) => None,
            });
        }
    }

    /// Everything to its end. What is in a store only is looked up there.
    fn finish(mut self, log: &Log, lookup: Option<&mut dyn Lookup>) -> (Vec<String>, Vec<String>) {
        for index in 0..PARTITIONS {
            self.read(log, index, usize::MAX / 2);
            self.frontier.idle(partition(index));
        }
        if let Some(lookup) = lookup {
            warm(&mut self.core, lookup, self.frontier.reach()).unwrap();
        }
        self.advance();
        (self.facts, totals(&mut self.core))
    }

    /// Writes the archive of everything read, in the hour that it is by the wall, and gives the commit.
    fn archive(&mut self, log: &Log, hour: i64) -> (Commit, Vec<String>) {
        let archive = self.archive.as_mut().unwrap();
        let (mut lines, mut positions) = (BTreeMap::new(), BTreeMap::new());
        for (index, next) in self.next.iter().enumerate() {
            let of: &mut Lines = lines.entry(partition(index)).or_default();
            let known = archive.next(partition(index)).0 as usize;
            for (offset, record) in log[index].iter().enumerate().take(*next).skip(known) {
                if self.core.decoder().archive(record, &mut of.text).is_some() {
                    of.note(offset as i64, None);
                }
            }
            let last = next.checked_sub(1).map(|last| Mark::of(last as i64, &log[index][last]));
            positions.insert(partition(index), Reached { next: NextOffset(*next as i64), last });
        }
        archive.write((self.clock, Time(START + hour * 3_600_000)), &positions, lines).unwrap();
        self.clock = self.core.engine().clock();
        (Commit { rows: self.core.changes(), positions, ..Commit::default() }, std::mem::take(&mut self.facts))
    }
}

fn record(log: &Log, index: usize, offset: usize) -> Record<'_> {
    Record { position: Position { partition: partition(index), offset: offset as i64 }, arrived: None, value: &log[index][offset] }
}

fn totals(core: &mut Core) -> Vec<String> {
    let kinds = [PeriodKind::Day, PeriodKind::Month].into_iter();
    kinds.flat_map(|kind| core.totals(kind).map(|row| view::totals::line(&row)).collect::<Vec<_>>()).collect()
}

impl Kept {
    fn write(&mut self, (commit, facts): (Commit, Vec<String>)) {
        self.store.commit(commit).unwrap();
        self.facts.extend(facts);
    }
}

fn sizes(folder: &Path) -> BTreeMap<PathBuf, u64> {
    archive::files(folder).unwrap().into_iter().map(|path| (path.clone(), std::fs::metadata(path).unwrap().len())).collect()
}

/// Runs, ends and begins again, and gives what was committed last; the archive holds that, and may hold more.
fn disturbed(config: &Config, log: &Log, folder: &Path, chance: &mut SmallRng) -> Kept {
    let mut kept = Kept::default();
    let mut backup = kept.clone();
    let mut process = Process::start(config, &mut kept, Some(folder));
    for hour in 0..chance.random_range(30..120) {
        match chance.random_range(0..12) {
            0..=4 => process.read(log, chance.random_range(0..PARTITIONS), chance.random_range(1..15)),
            5 | 6 => process.advance(),
            7 | 8 => kept.write(process.archive(log, hour)),
            9 => {
                torn(process, log, hour, folder, chance);
                process = Process::start(config, &mut kept, Some(folder));
            }
            10 => {
                drop(process);
                if chance.random_bool(0.3) {
                    kept = backup.clone();
                }
                process = Process::start(config, &mut kept, Some(folder));
            }
            _ => backup = kept.clone(),
        }
    }
    if chance.random_bool(0.3) {
        torn(process, log, 120, folder, chance);
    } else {
        kept.write(process.archive(log, 120));
    }
    kept
}

/// The end comes after the archive, before the store; what the disk has of it is not all.
fn torn(mut process: Process, log: &Log, hour: i64, folder: &Path, chance: &mut SmallRng) {
    let before = sizes(folder);
    drop(process.archive(log, hour));
    for (path, after) in sizes(folder) {
        let length = chance.random_range(before.get(&path).copied().unwrap_or(0)..=after);
        let length = if chance.random_bool(0.5) { after } else { length };
        std::fs::File::options().write(true).open(path).unwrap().set_len(length).unwrap();
    }
}

/// The receipts of a store, in their order.
fn receipts(path: &Path) -> Vec<String> {
    let page = Reader::open(path).unwrap().receipts(&ReceiptQuery { limit: 1_000_000, ..ReceiptQuery::default() }).unwrap();
    page.receipts.into_iter().map(|receipt| receipt.line).collect()
}

/// A folder, and the configuration of a store and an archive in it.
fn place(keep_hot: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let [store, archive] = ["new.db", "archive"].map(|name| folder.path().join(name));
    let text = format!("{CONFIG}[store]\nkeep_hot = {keep_hot:?}\npath = {store:?}\n[archive]\npath = {archive:?}\n");
    (folder, text)
}

fn parsed(text: &str) -> Config {
    deskpulse::config::parse(text, "test", Path::new(""), []).unwrap()
}

/// Other rules for the same events.
fn changed(text: &str) -> String {
    let limit = text.replace("waiting_limit = 1", "waiting_limit = 2");
    format!("time_zone = \"America/New_York\"\n{limit}[[policy]]\nmedium = \"chat\"\nfirst_response = \"10m\"\n")
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_unstable();
    lines
}

fn one(seed: u64) {
    let mut chance = SmallRng::seed_from_u64(seed);
    let log = log(&mut chance);
    let (folder, text) = place(if seed % 2 == 1 { "1m" } else { "24h" });
    let archived = folder.path().join("archive");
    let kept = disturbed(&parsed(&text), &log, &archived, &mut chance);
    // Computed again under the same rules, or under others.
    let config = parsed(&if seed.is_multiple_of(3) { changed(&text) } else { text });
    let says = format!("seed {seed}: run it alone with SEED={seed}");

    let (facts, totals) = Process::start(&config, &mut Kept::default(), None).finish(&log, None);
    let rebuilt = app::rebuild(&config, &[], &mut |_| ()).unwrap();
    assert_eq!(rebuilt.rejected, 0, "{says}");
    let mut store = Sqlite::open(Path::new(&config.store.path), &config.kafka.topics).unwrap();
    let mut core = Core::new(&config.core_settings().unwrap()).unwrap();
    let positions = store.load(&mut |rows| core.restore(rows)).unwrap();
    core.expect_cold();
    let mut lookup = store.lookup().unwrap().unwrap();
    let decoder = Arc::clone(core.decoder());
    let process = Process::with(core, &positions, None, &config);
    let next = process.next;
    let (later, ours) = process.finish(&log, Some(&mut *lookup));
    assert_eq!(ours, totals, "{says}");
    assert_eq!(sorted([receipts(Path::new(&config.store.path)), later].concat()), sorted(facts), "{says}");

    let mut store = kept.store;
    let committed = store.load(&mut |_| Ok(())).unwrap();
    for (index, next) in next.into_iter().enumerate() {
        assert!(committed.get(&partition(index)).map_or(0, |reached| reached.next.0) <= next as i64, "{says}");
        let last = positions.get(&partition(index)).and_then(|reached| reached.last);
        assert_eq!(last, next.checked_sub(1).map(|last| Mark::of(last as i64, &log[index][last])), "{says}");
    }
    replayed(&config, &log, next, &archived, &says);
    // As the next start leaves it.
    drop(Archive::open(&archived, "deskpulse-1", topics(), &committed, |_| ()).unwrap());
    let plain = archive::files(&archived).unwrap().into_iter().map(|path| std::fs::File::open(path).unwrap());
    let plain: Vec<u8> = plain.flat_map(|file| zstd::stream::decode_all(file).unwrap()).collect();
    let plain = String::from_utf8(plain).unwrap();
    assert!(!plain.contains("Smith") && !plain.contains("4111 1111"), "{says}");
    let is_event = |record: &&Vec<u8>| matches!(decoder.decode(record), Decoded::Event(_));
    let events: usize = log.iter().zip(next).map(|(log, next)| log[..next].iter().filter(is_event).count()).sum();
    assert_eq!(plain.lines().count(), events, "each once; {says}");
}

/// A replay of the archive says what one of as much of the log says.
fn replayed(config: &Config, log: &Log, next: [usize; PARTITIONS], archived: &Path, says: &str) {
    let dump = tempfile::tempdir().unwrap();
    let dumped = |(index, records): (usize, &Vec<Vec<u8>>)| {
        let path = dump.path().join(format!("{index}.ndjson"));
        std::fs::write(&path, records[..next[index]].join(&b"\n"[..])).unwrap();
        path
    };
    let files: Vec<PathBuf> = log.iter().enumerate().map(dumped).collect();
    let run = |files: &[PathBuf]| {
        let mut facts = Vec::new();
        let replay = Replay { config, files, until: None, strict: false };
        let core = replay.run(&mut |_| (), &mut |posted| {
            facts.extend(match &posted.output {
                Output::Fact(fact) => view::fact::line(fact),
                Output::Tally(_) => None,
            });
            Ok(())
        });
        let mut core = core.unwrap();
        let summary = core.summary();
        (facts, totals(&mut core), summary.applied, summary.duplicate, summary.late)
    };
    assert_eq!(run(&archive::files(archived).unwrap()), run(&files), "{says}");
}

#[test]
fn whatever_happens_the_archive_holds_everything_once() {
    seeds(SEEDS).for_each(one);
}
