//! Any log can be cut anywhere: a new core that is given what a store kept of the rows that changed goes on as if nothing had happened.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where its setting is not as it must be")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use deskpulse::clock::Clock;
use deskpulse::engine::{ClockMode, Frontier, Reach, Settings};
use deskpulse::ingest::Record;
use deskpulse::kpi::PeriodKind;
use deskpulse::model::{NextOffset, Output, PartitionId, Position, Posted, Reached, Span, Time};
use deskpulse::pipeline::{Core, CoreSettings, Display, Outcomes, restore, warm};
use deskpulse::simulate::{FaultSettings, Faults, Simulation, SimulationSettings};
use deskpulse::store::{Commit, Lookup, Sqlite, Store};
use deskpulse::view;

/// A simulated evening over the end of a month that closes two hours later.
const START: Time = Time(1_769_868_000_000); // 2026-01-31T22:00:00+08:00
const LENGTH: Span = Span(5 * 3_600_000);
const RECORDS_PER_ADVANCE: usize = 64;

struct Log {
    records: Vec<(Position, Vec<u8>)>,
}

fn log(seed: u64) -> Log {
    let simulation = SimulationSettings::new(seed, 12, START).with_time_of_day(Span(9 * 3_600_000));
    let faults = FaultSettings { seed, duplicates: 0.03, disorder: Span(1_500), late: 0.02, malformed: 0.01, unknown: 0.01, future: 0.0 };
    let (mut simulation, mut faults) = (Simulation::new(&simulation), Faults::new(faults));
    let mut offsets: BTreeMap<PartitionId, i64> = BTreeMap::new();
    let mut records = Vec::new();
    while let Some(record) = faults.next_before(START + LENGTH, |until| simulation.next_before(until)) {
        // Two busy partitions: a quiet one would hold the clock back, and everything would wait for the end.
        let sum: u32 = record.key.bytes().map(u32::from).sum();
        let partition = PartitionId { topic: 0, partition: sum % 2 };
        let offset = offsets.entry(partition).or_default();
        records.push((Position { partition, offset: *offset }, record.value));
        *offset += 1;
    }
    Log { records }
}

fn settings(config: &str, track_changes: bool) -> CoreSettings {
    let config = deskpulse::config::parse(config, "test", Path::new(""), []).unwrap();
    let settings = config.core_settings().unwrap();
    CoreSettings { engine: Arc::new(Settings { track_changes, ..(*settings.engine).clone() }), ..settings }
}

/// A core and what feeds it.
struct Run {
    core: Core,
    frontier: Frontier,
    facts: Vec<String>,
    /// Whether records are taken many at a time, as the service does, or one by one.
    at_once: bool,
    /// Where ended conversations are found that are not in memory.
    lookup: Option<Box<dyn Lookup>>,
}

impl Run {
    fn new(settings: &CoreSettings, log: &Log, at_once: bool) -> Self {
        let partitions = log.records.iter().map(|(position, _)| position.partition);
        Self {
            core: Core::new(settings).unwrap(),
            frontier: Frontier::new(ClockMode::Events, settings.engine.allowed_lateness, partitions),
            facts: Vec::new(),
            at_once,
            lookup: None,
        }
    }

    fn take(&mut self, records: &[(Position, Vec<u8>)]) {
        for chunk in records.chunks(RECORDS_PER_ADVANCE) {
            let records = chunk.iter().map(|(position, value)| Record { position: *position, arrived: None, value });
            if self.at_once {
                self.core.take_all(records, |_, _| {});
            } else {
                records.for_each(|record| _ = self.core.take(record));
            }
            for (position, _) in chunk {
                if let Some(newest) = self.core.engine().newest(position.partition) {
                    self.frontier.newest(position.partition, newest);
                }
            }
            self.advance(self.frontier.reach());
        }
    }

    fn advance(&mut self, reach: Reach) {
        if let Some(lookup) = &mut self.lookup {
            warm(&mut self.core, &mut **lookup, reach).unwrap();
        }
        let posted = self.core.advance(reach);
        self.keep(&posted);
    }

    fn end(&mut self) {
        let newest = self.core.engine().newest_of_all().unwrap();
        self.advance(Reach::Through(newest + Span(40_000)));
    }

    fn keep(&mut self, posted: &[Posted]) {
        self.facts.extend(posted.iter().filter_map(|one| match &one.output {
            Output::Fact(fact) => view::fact::line(fact),
            Output::Tally(tally) => Some(format!("{tally:?} at {:?}", one.clock)),
        }));
    }

    /// Everything that is shown at the end, byte for byte, after these totals.
    fn shown(&mut self, mut shown: Vec<String>) -> String {
        let clock = self.core.engine().clock();
        shown.push(format!("{:?}", self.core.outcomes()));
        let snapshot = self.core.snapshot(true, &Display::default());
        shown.push(view::metrics::render(&snapshot, clock));
        shown.push(view::live::json(&snapshot.live, view::live::Moment { now: clock, caught_up: true, names: &snapshot.names }));
        shown.join("\n")
    }
}

fn totals(core: &mut Core) -> Vec<String> {
    let kinds = [PeriodKind::Day, PeriodKind::Month];
    kinds.into_iter().flat_map(|kind| core.totals(kind).map(|row| view::totals::line(&row)).collect::<Vec<_>>()).collect()
}

/// Commits what the run has left, and reads all totals out of the store: those of closed months have left the run's memory.
fn totals_in(store: &mut Sqlite, run: &mut Run, settings: &CoreSettings) -> Vec<String> {
    store.commit(Commit { rows: run.core.changes(), ..Commit::default() }).unwrap();
    assert!(totals(&mut run.core).iter().all(|row| !row.contains(r#""state":"closed""#)), "closed months are held");
    let mut whole = Core::new(settings).unwrap();
    store.load(&mut |rows| whole.restore(rows)).unwrap();
    totals(&mut whole)
}

fn reached(position: &Position) -> Reached {
    Reached { next: NextOffset::after(position.offset), last: None }
}

/// The store is closed and opened again at each cut. Ended conversations leave memory at each, with `keep_hot` also after so long; closed months do
/// with every commit.
fn cut_anywhere(config: &str, seed: u64, cuts: &[f64], keep_hot: Option<Span>) -> Outcomes {
    let log = log(seed);
    let mut whole = Run::new(&settings(config, false), &log, false);
    whole.take(&log.records);
    whole.end();
    let tracked = settings(config, true);
    let folder = tempfile::tempdir().unwrap();
    let open = || Sqlite::open(&folder.path().join("store.db"), &["events".to_owned()]).unwrap();
    let mut store = open();
    let mut run = Run { lookup: store.lookup().unwrap(), ..Run::new(&tracked, &log, true) };
    run.core.evict_closed();
    let mut done = 0;
    for cut in cuts {
        let chunks = (log.records.len() as f64 * cut) as usize / RECORDS_PER_ADVANCE;
        let until = chunks * RECORDS_PER_ADVANCE;
        for chunk in log.records[done..until].chunks(RECORDS_PER_ADVANCE * 8) {
            run.take(chunk);
            let positions = chunk.iter().map(|(position, _)| (position.partition, reached(position))).collect();
            let remembers_since = Some(run.core.engine().remembers_since());
            store.commit(Commit { rows: run.core.changes(), positions, remembers_since, ..Commit::default() }).unwrap();
            if let Some(keep_hot) = keep_hot {
                run.core.cool(run.core.engine().clock() - keep_hot);
            }
        }
        done = until;
        let mut next = Run::new(&tracked, &log, true);
        next.core.evict_closed();
        drop((run.lookup, store));
        store = open();
        let positions = restore(&mut next.core, &mut store, Clock::start()).expect("rows can be read back");
        next.lookup = store.lookup().unwrap();
        next.facts = run.facts;
        for partition in positions.keys() {
            if let Some(newest) = next.core.engine().newest(*partition) {
                next.frontier.newest(*partition, newest);
            }
        }
        run = next;
    }
    run.take(&log.records[done..]);
    run.end();
    for (index, (whole, cut)) in whole.facts.iter().zip(&run.facts).enumerate() {
        assert_eq!(whole, cut, "output {index} of seed {seed} cut at {cuts:?}");
    }
    assert_eq!(whole.facts.len(), run.facts.len());
    let (of_whole, of_cut) = (totals(&mut whole.core), totals_in(&mut store, &mut run, &tracked));
    assert!(of_whole.iter().any(|row| row.contains(r#""state":"closed""#)), "no month has closed");
    let (whole, cut) = (whole.shown(of_whole), run.shown(of_cut));
    for (whole, cut) in whole.lines().zip(cut.lines()) {
        assert_eq!(whole, cut, "seed {seed} cut at {cuts:?}");
    }
    run.core.outcomes()
}

const OWNED: &str = "[engine]\nsettle = \"2h\"\n";
const ACTIVE: &str = "[engine]\nsettle = \"2h\"\n[agents]\nhandling = \"active\"\nwaiting_limit = 1\npresence_timeout = \"20m\"\n";
/// Conversations of this evening are forgotten in it.
const FORGETS: &str = "[engine]\nsettle = \"5m\"\nfcr_window = \"5m\"\nconversion_window = \"5m\"\nforget_after = \"5m\"\n";

#[test]
fn a_log_that_is_cut_anywhere_gives_the_same_bytes() {
    for (seed, cuts, keep_hot) in [(1, &[0.5][..], None), (2, &[0.1, 0.11, 0.95], Some(Span::ZERO)), (3, &[0.35, 0.7], Some(Span(600_000)))]
    {
        cut_anywhere(OWNED, seed, cuts, keep_hot);
    }
}

#[test]
fn with_active_handling_and_time_outs_too() {
    for (seed, cuts, keep_hot) in [(4, &[0.42][..], Some(Span(60_000))), (5, &[0.2, 0.6, 0.61], None)] {
        cut_anywhere(ACTIVE, seed, cuts, keep_hot);
    }
}

#[test]
fn what_is_forgotten_is_forgotten_in_memory_and_in_the_store() {
    for (seed, cuts, keep_hot) in [(6, &[0.5, 0.9][..], None), (7, &[0.3, 0.8], Some(Span::ZERO))] {
        let outcomes = cut_anywhere(FORGETS, seed, cuts, keep_hot);
        assert!(outcomes.topics[0].counts.forgotten > 0, "{outcomes:?}");
    }
}
