//! The service in small, on one thread: a log of three partitions, a core, a store in memory, and everything that can happen between
//! them, by seed. Reading stalls here and runs ahead there, commits are lost or kept without anybody knowing, the process ends at any
//! moment and begins again from what the store kept. In every other seed ended conversations leave memory after every commit, those
//! that nothing has touched for a minute, and closed months with it. In the end everything is counted once, as without any of it. What can happen is listed in
//! support/fault.rs; tests/durable does the same to the program over a real broker.
//!
//! `SEEDS=1000000 cargo test --release --test simulator` runs a million; `SEED=4711` runs that one alone.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use deskpulse::clock::Clock;
use deskpulse::engine::{ClockMode, Frontier, Settings};
use deskpulse::ingest::Record;
use deskpulse::kpi::PeriodKind;
use deskpulse::model::{NextOffset, Output, Position, Reached, Row, Span, Table};
use deskpulse::pipeline::{Core, CoreSettings, restore, warm};
use deskpulse::store::{Commit, Memory, Store};
use deskpulse::view;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

#[path = "support/fault.rs"]
#[expect(dead_code, reason = "names of points are for a process")]
mod fault;

#[path = "support/random_log.rs"]
mod random_log;

use fault::{Fault, File};
use random_log::{Log, PARTITIONS, partition, seeds};

const SEEDS: u64 = 10_000;
const EVENTS: usize = 80;
/// The month closes twenty minutes after its end.
const CONFIG: &str = "[engine]\nsettle = \"20m\"\nfcr_window = \"20m\"\nconversion_window = \"20m\"\nforget_after = \"20m\"\n[agents]\nwaiting_limit = 1\npresence_timeout = \"20m\"\n";

fn log(chance: &mut SmallRng) -> Log {
    random_log::log(chance, EVENTS, (50, &["{"]), |chance, conversation, agent| match chance.random_range(0..15) {
        0 => format!(r#""type":"chat.started","chat":"c{conversation}","team":"t{agent}","waiting":true"#),
        1 | 2 => format!(r#""type":"chat.assigned","chat":"c{conversation}","agent":"a{agent}""#),
        3..=5 => format!(r#""type":"chat.message","chat":"c{conversation}","from":"customer""#),
        6 | 7 => format!(r#""type":"chat.message","chat":"c{conversation}","from":"agent","agent":"a{agent}""#),
        8 => format!(r#""type":"chat.ended","chat":"c{conversation}","reason":"resolved","agent":"a{agent}""#),
        9 => format!(r#""type":"agent.status","agent":"a{agent}","status":"{}""#, ["available", "busy", "offline"][conversation % 3]),
        10 => format!(r#""type":"ticket.created","ticket":"k{conversation}","kind":"complaint","agent":"a{agent}""#),
        11 => format!(r#""type":"ticket.message","ticket":"k{conversation}","from":"customer""#),
        12 => format!(r#""type":"ticket.merged","ticket":"k{conversation}","into":"k{}""#, (conversation + 1 + agent) % 4),
        13 => format!(r#""type":"customer.rated","chat":"c{conversation}","score":4"#),
        _ => format!(r#""type":"ticket.status","ticket":"k{conversation}","status":"resolved","agent":"a{agent}""#),
    })
}

/// What a process holds, and loses when it ends.
struct Process {
    core: Core,
    frontier: Frontier,
    next: [usize; PARTITIONS],
    /// Facts of the next commit.
    facts: Vec<String>,
}

/// What outlives it: rows and positions, with the facts of the same commits.
#[derive(Default)]
struct Kept {
    store: Memory,
    facts: Vec<String>,
    /// How long ended conversations stay in memory, if they and closed months ever leave it.
    keep_hot: Option<Span>,
}

impl Process {
    fn start(settings: &CoreSettings, kept: &mut Kept) -> Self {
        let mut core = Core::new(settings).unwrap();
        if kept.keep_hot.is_some() {
            core.evict_closed();
        }
        let positions = restore(&mut core, &mut kept.store, Clock::start()).unwrap();
        core.counters();
        let mut frontier = Frontier::new(ClockMode::Events, settings.engine.allowed_lateness, (0..PARTITIONS).map(partition));
        let mut next = [0; PARTITIONS];
        for (index, next) in next.iter_mut().enumerate() {
            *next = positions.get(&partition(index)).map_or(0, |reached| reached.next.0 as usize);
            core.engine().newest(partition(index)).into_iter().for_each(|newest| frontier.newest(partition(index), newest));
        }
        Self { core, frontier, next, facts: Vec::new() }
    }

    fn read(&mut self, log: &Log, index: usize, count: usize) {
        let from = self.next[index];
        let to = (from + count).min(log[index].len());
        let records = (from..to).map(|offset| {
            let position = Position { partition: partition(index), offset: offset as i64 };
            Record { position, arrived: None, value: &log[index][offset] }
        });
        self.core.take_all(records, |_, _| {});
        self.next[index] = to;
        if let Some(newest) = self.core.engine().newest(partition(index)) {
            self.frontier.newest(partition(index), newest);
        }
        if to == log[index].len() {
            self.frontier.idle(partition(index));
        }
    }

    fn advance(&mut self, kept: &mut Kept) {
        let reach = self.frontier.reach();
        warm(&mut self.core, &mut kept.store, reach).unwrap();
        for one in self.core.advance(reach) {
            self.facts.extend(match &one.output {
                Output::Fact(fact) => view::fact::line(fact),
                Output::Tally(_) => None,
            });
        }
    }

    fn gather(&mut self) -> (Commit, Vec<String>) {
        let reached = |next: usize| Reached { next: NextOffset(next as i64), last: None };
        let positions: BTreeMap<_, _> = self.next.iter().enumerate().map(|(index, next)| (partition(index), reached(*next))).collect();
        let remembers_since = Some(self.core.engine().remembers_since());
        (Commit { rows: self.core.changes(), positions, remembers_since, ..Commit::default() }, std::mem::take(&mut self.facts))
    }

    /// The last commit is known to be kept.
    fn written(&mut self, kept: &Kept) {
        if let Some(keep_hot) = kept.keep_hot {
            self.core.cool(self.core.engine().clock() - keep_hot);
        }
    }
}

impl Kept {
    fn write(&mut self, (commit, facts): (Commit, Vec<String>)) {
        self.store.commit(commit).unwrap();
        self.facts.extend(facts);
    }
}

/// What is known in the end.
struct End {
    facts: Vec<String>,
    totals: Vec<String>,
    /// What became of the records.
    summary: String,
    /// Events about conversations that had been forgotten.
    forgotten: u64,
}

fn end(settings: &CoreSettings, mut process: Process, mut kept: Kept, log: &Log) -> End {
    for index in 0..PARTITIONS {
        process.read(log, index, usize::MAX / 2);
    }
    process.advance(&mut kept);
    kept.write(process.gather());
    let mut whole = Core::new(settings).unwrap();
    kept.store.load(&mut |rows| whole.restore(rows)).unwrap();
    let kinds = [PeriodKind::Day, PeriodKind::Month];
    let totals = kinds.into_iter().flat_map(|kind| whole.totals(kind).collect::<Vec<_>>());
    // Facts of one instant may come in the order of another commit's advance.
    kept.facts.sort();
    let totals = totals.map(|row| view::totals::line(&row)).collect();
    let mut summary = process.core.summary();
    summary.rejected.retain(|_, count| *count > 0);
    let forgotten = process.core.outcomes().topics.iter().map(|topic| topic.counts.forgotten).sum();
    End { facts: kept.facts, totals, summary: format!("{summary:?}"), forgotten }
}

fn undisturbed(settings: &CoreSettings, log: &Log) -> End {
    let mut kept = Kept::default();
    let process = Process::start(settings, &mut kept);
    end(settings, process, kept, log)
}

/// A process, what outlives it, and what is on its way from one to the other.
struct Disturbed<'a> {
    settings: &'a CoreSettings,
    log: &'a Log,
    process: Process,
    kept: Kept,
    handed: Option<(Commit, Vec<String>)>,
    /// A partition that stalls, if there is one of that number.
    stalled: usize,
    /// For how many steps no broker answers.
    away: u32,
}

impl Disturbed<'_> {
    fn step(&mut self, chance: &mut SmallRng) {
        self.away = self.away.saturating_sub(1);
        match chance.random_range(0..10) {
            0..=3 => self.read(chance.random_range(0..PARTITIONS), chance.random_range(1..12)),
            4 | 5 => self.process.advance(&mut self.kept),
            6 if self.handed.is_none() => self.handed = Some(self.process.gather()),
            6 | 7 => self.write(),
            8 => self.stalled = chance.random_range(0..PARTITIONS + 2),
            _ => self.suffer(Fault::ALL[chance.random_range(0..Fault::ALL.len())], chance),
        }
    }

    fn suffer(&mut self, fault: Fault, chance: &mut SmallRng) {
        match fault {
            // The last commit may have been kept though nobody heard of it.
            Fault::Killed | Fault::Unpowered | Fault::Lost(File::Log) | Fault::Stale(File::Log) => self.ends(chance.random_bool(0.5)),
            // It was, and then carried over.
            Fault::FullFor(File::Store) | Fault::Lost(File::Store) | Fault::Stale(File::Store) => self.ends(true),
            Fault::At(point) => {
                self.handed = Some(self.handed.take().unwrap_or_else(|| self.process.gather()));
                self.ends(point.is_kept());
            }
            Fault::Full | Fault::FullFor(_) | Fault::Lost(File::Archive) | Fault::Stale(File::Archive) => self.ends(false),
            Fault::Asked => {
                self.write();
                self.handed = Some(self.process.gather());
                self.ends(true);
            }
            // Meanwhile the log has grown.
            Fault::Stopped => (0..PARTITIONS).for_each(|index| self.read(index, chance.random_range(0..60))),
            Fault::Away => self.away = chance.random_range(1..15),
            Fault::Leaderless => self.stalled = chance.random_range(0..PARTITIONS),
            // Nothing here knows of a host.
            Fault::Set => {}
        }
    }

    fn read(&mut self, index: usize, count: usize) {
        if index != self.stalled && self.away == 0 {
            self.process.read(self.log, index, count);
        }
    }

    fn write(&mut self) {
        if let Some(commit) = self.handed.take() {
            self.kept.write(commit);
            self.process.written(&self.kept);
        }
    }

    fn ends(&mut self, is_kept: bool) {
        self.handed.take().filter(|_| is_kept).into_iter().for_each(|commit| self.kept.write(commit));
        self.process = Process::start(self.settings, &mut self.kept);
    }
}

fn disturbed(settings: &CoreSettings, log: &Log, chance: &mut SmallRng, keep_hot: Option<Span>) -> End {
    let mut kept = Kept { keep_hot, ..Kept::default() };
    let process = Process::start(settings, &mut kept);
    let mut disturbed = Disturbed { settings, log, process, kept, handed: None, stalled: PARTITIONS, away: 0 };
    for _ in 0..chance.random_range(20..80) {
        disturbed.step(chance);
    }
    disturbed.write();
    end(settings, disturbed.process, disturbed.kept, log)
}

#[test]
fn whatever_happens_between_log_and_store_everything_is_counted_once() {
    let config = deskpulse::config::parse(CONFIG, "test", Path::new(""), []).unwrap().core_settings().unwrap();
    let settings = CoreSettings { engine: Arc::new(Settings { track_changes: true, ..(*config.engine).clone() }), ..config };
    let seeds = seeds(SEEDS);
    let (many, mut forgotten) = (seeds.clone().count() >= 100, 0);
    for seed in seeds {
        let mut chance = SmallRng::seed_from_u64(seed);
        let log = log(&mut chance);
        let expected = undisturbed(&settings, &log);
        let keep_hot = (seed % 2 == 1).then_some(Span::MINUTE);
        let found = disturbed(&settings, &log, &mut chance, keep_hot);
        for (expected, found) in expected.facts.iter().zip(&found.facts).chain(expected.totals.iter().zip(&found.totals)) {
            assert_eq!(expected, found, "seed {seed}: run it alone with SEED={seed}");
        }
        let sizes = |end: &End| (end.facts.len(), end.totals.len(), end.summary.clone(), end.forgotten);
        assert_eq!(sizes(&expected), sizes(&found), "seed {seed}: run it alone with SEED={seed}");
        forgotten += found.forgotten;
    }
    assert!(forgotten > 100 || !many, "conversations are forgotten, too: {forgotten}");
}

/// What is kept of state, but for the counts of records: each row by its table and key.
fn rows(kept: &mut Kept) -> Vec<Row> {
    let mut rows = Vec::new();
    let take = &mut |some: &[Row]| {
        rows.extend(some.iter().filter(|row| row.table != Table::Outcome).cloned());
        Ok(())
    };
    kept.store.load(take).unwrap();
    rows
}

#[test]
fn records_that_come_again_and_again_are_remembered_once() {
    let config = deskpulse::config::parse(CONFIG, "test", Path::new(""), []).unwrap().core_settings().unwrap().keeping_changes();
    for seed in 0..50 {
        let once = log(&mut SmallRng::seed_from_u64(seed));
        let (lengths, log): (_, Log) =
            (once.each_ref().map(Vec::len), once.map(|records| std::iter::repeat_n(records, 5).flatten().collect()));
        let mut kept = Kept::default();
        let mut process = Process::start(&config, &mut kept);
        let mut read = |kept: &mut Kept| {
            (0..PARTITIONS).for_each(|index| process.read(&log, index, lengths[index]));
            process.advance(kept);
            kept.write(process.gather());
            (rows(kept), process.core.engine().pending(), kept.facts.len(), process.core.summary().duplicate)
        };
        let (first, pending, facts, _) = read(&mut kept);
        assert!(first.iter().any(|row| row.table == Table::Remembered) && pending > 0, "seed {seed}");
        for _ in 0..3 {
            let (again, still_pending, all_facts, duplicates) = read(&mut kept);
            assert!(again == first, "seed {seed}: state has grown or changed");
            assert_eq!((still_pending, all_facts), (pending, facts), "seed {seed}");
            assert!(duplicates > 0, "seed {seed}");
        }
    }
}
