//! When to commit, and what has been committed: group commit that follows the load.

use std::collections::{BTreeMap, BTreeSet};

use crate::kpi::CounterReadings;
use crate::model::{Mark, NextOffset, PartitionId, Reached, Span, Time};

use super::outcomes::Outcomes;

/// From the beginning of one commit to that of the next there is this long at least…
const PAUSE_MIN: Span = Span(100);
/// …and at most, if not one thing has come…
const PAUSE_MAX: Span = Span(2_000);
/// …in between so many times as long as the one before took, so that writing them stays a part of the work…
const COST: i64 = 3;
/// …but no longer than this, unless the loop has stood still for half of it: whoever looks at counters waits for the next one, which is the smaller
/// the sooner it comes…
const PAUSE_LIVE: Span = Span(250);
/// …until the log is caught up with, longer: nobody waits for them, and a row that changes ten times is written once.
const COST_BEHIND: i64 = 50;
/// Records of one commit at most, but for those of the batch that brings it there: whatever is behind, the last commits are written in the time
/// that a process is left to end in.
const RECORDS_MAX: usize = 200_000;

/// What counters show: they must have been committed, so that none goes down after a restart.
#[derive(Debug)]
pub(super) struct Kept {
    /// Up to where they count.
    pub(super) clock: Time,
    pub(super) counters: CounterReadings,
    pub(super) outcomes: Outcomes,
}

/// A commit that was handed over and is not known to be kept.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) kept: Kept,
    /// Positions to be shown to lag tools when it is.
    pub(super) labels: BTreeMap<PartitionId, NextOffset>,
    /// How long the loop has stood still for it.
    pub(super) gathered_in: Span,
}

/// How far partitions were read, and which commit of it comes next.
#[derive(Debug)]
pub(super) struct Commits {
    positions: BTreeMap<PartitionId, Reached>,
    moved: BTreeSet<PartitionId>,
    /// Records since the last one was gathered.
    records: usize,
    /// Whether records or facts came since the last one was gathered. The clock alone may wait.
    has_news: bool,
    has_labelled: bool,
    last_at: Time,
    /// How long the last one took, in the loop and beside it.
    cost: Span,
    /// How long the loop has stood still for it.
    gathered_in: Span,
    pub(super) handed: Option<Handed>,
}

impl Commits {
    /// Goes on from these positions.
    pub(super) fn new(positions: BTreeMap<PartitionId, Reached>, now: Time) -> Self {
        Self {
            positions,
            moved: BTreeSet::new(),
            records: 0,
            has_news: false,
            has_labelled: false,
            last_at: now,
            cost: Span::ZERO,
            gathered_in: Span::ZERO,
            handed: None,
        }
    }

    /// Partitions that have a position.
    pub(super) fn partitions(&self) -> impl Iterator<Item = PartitionId> {
        self.positions.keys().copied()
    }

    /// Records were taken.
    pub(super) fn read(&mut self, records: usize) {
        self.records += records;
    }

    /// Whether there are so many that no more should be taken before they are gathered.
    pub(super) fn is_full(&self) -> bool {
        self.records >= RECORDS_MAX
    }

    /// The last record of a partition that was taken.
    pub(super) fn taken(&mut self, partition: PartitionId, last: Mark) {
        self.positions.insert(partition, Reached { next: NextOffset::after(last.offset), last: Some(last) });
        self.moved.insert(partition);
        self.has_news = true;
    }

    /// Everything before `next` has been read; what stood last there was no record.
    pub(super) fn confirmed(&mut self, partition: PartitionId, next: NextOffset) {
        let is_new = !self.positions.contains_key(&partition);
        let reached = self.positions.entry(partition).or_default();
        if is_new || next > reached.next {
            reached.next = next;
            self.moved.insert(partition);
        }
    }

    /// Something was decided.
    pub(super) fn decided(&mut self) {
        self.has_news = true;
    }

    /// Whether the next commit is to be gathered now.
    pub(super) fn is_due(&self, now: Time, is_caught_up: bool) -> bool {
        let pause = match (self.has_news, is_caught_up) {
            (false, _) => PAUSE_MAX,
            (true, true) => Span(self.cost.0 * COST).clamp(PAUSE_MIN, PAUSE_LIVE.max(Span(self.gathered_in.0 * 2))),
            (true, false) => Span(self.cost.0 * COST_BEHIND).clamp(PAUSE_MIN, PAUSE_MAX),
        };
        self.handed.is_none() && (self.is_full() || now - self.last_at >= pause)
    }

    /// The positions of the commit that is gathered now, and those for lag tools: the same, and the first time all, so that every
    /// partition bears our store's name.
    pub(super) fn gather(&mut self, now: Time) -> (BTreeMap<PartitionId, Reached>, BTreeMap<PartitionId, NextOffset>) {
        self.has_news = false;
        self.records = 0;
        self.last_at = now;
        let moved = std::mem::take(&mut self.moved);
        let all = !std::mem::replace(&mut self.has_labelled, true);
        let labelled = self.positions.iter().filter(|(partition, _)| all || moved.contains(*partition));
        let labels = labelled.map(|(partition, reached)| (*partition, reached.next)).collect();
        let moved = self.positions.iter().filter(|(partition, _)| moved.contains(*partition));
        (moved.map(|(partition, reached)| (*partition, *reached)).collect(), labels)
    }

    /// The commit that was handed over is kept, and writing it took so long.
    pub(super) fn written(&mut self, took: Span) -> Option<Handed> {
        let handed = self.handed.take()?;
        self.gathered_in = handed.gathered_in;
        self.cost = handed.gathered_in + took;
        Some(handed)
    }

    /// How long the last one took, in the loop and beside it.
    pub(super) fn cost(&self) -> Span {
        self.cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: PartitionId = PartitionId { topic: 0, partition: 1 };

    fn kept() -> Kept {
        Kept { clock: Time::MIN, counters: CounterReadings::default(), outcomes: Outcomes::default() }
    }

    fn handed(gathered_in: i64) -> Handed {
        Handed { kept: kept(), labels: BTreeMap::new(), gathered_in: Span(gathered_in) }
    }

    #[test]
    fn commits_follow_the_load_and_a_quiet_log_is_committed_seldom() {
        let mut commits = Commits::new(BTreeMap::new(), Time(0));
        assert!(!commits.is_due(Time(1_999), true) && commits.is_due(Time(2_000), true));
        commits.taken(PART, Mark::of(4, b""));
        assert!(!commits.is_due(Time(99), true) && commits.is_due(Time(100), true));
        for (took, live, behind) in [(1, 100_i64, 550_i64), (60, 210, 2_000), (80, 250, 2_000), (5_000, 250, 2_000)] {
            commits.gather(Time(100_000));
            commits.taken(PART, Mark::of(4, b""));
            commits.handed = Some(handed(10));
            assert!(!commits.is_due(Time(900_000), true), "one is on its way");
            commits.written(Span(took));
            for (is_caught_up, pause) in [(true, live), (false, behind)] {
                let is_due = |at| commits.is_due(Time(100_000 + at), is_caught_up);
                assert!(!is_due(pause - 1) && is_due(pause), "{took} ms, caught up: {is_caught_up}");
            }
        }
        commits.handed = Some(handed(400));
        commits.written(Span(1));
        let is_due = |at: i64| commits.is_due(Time(100_000 + at), true);
        assert!(!is_due(799) && is_due(800), "the loop has something else to do");
        commits.gather(Time(100_000));
        assert!(!commits.is_due(Time(101_999), true) && commits.is_due(Time(102_000), true), "nothing has come");
    }

    #[test]
    fn a_commit_of_very_many_records_does_not_wait_for_its_time() {
        let mut commits = Commits::new(BTreeMap::new(), Time(0));
        commits.read(RECORDS_MAX - 1);
        assert!(!commits.is_full() && !commits.is_due(Time(0), false));
        commits.read(1);
        assert!(commits.is_full() && commits.is_due(Time(0), false));
        commits.handed = Some(handed(10));
        assert!(!commits.is_due(Time(0), false), "one is on its way");
        commits.gather(Time(0));
        assert!(!commits.is_full());
    }

    #[test]
    fn a_commit_names_partitions_that_moved_and_the_last_record_of_each() {
        let mut commits = Commits::new(BTreeMap::new(), Time(0));
        commits.taken(PART, Mark::of(4, b"one"));
        commits.confirmed(PART, NextOffset(5));
        let reached = Reached { next: NextOffset(5), last: Some(Mark::of(4, b"one")) };
        assert_eq!(commits.gather(Time(0)).0, BTreeMap::from([(PART, reached)]));
        commits.confirmed(PART, NextOffset(5));
        assert_eq!(commits.gather(Time(0)).0, BTreeMap::new());
        commits.confirmed(PART, NextOffset(7));
        assert_eq!(commits.gather(Time(0)).0, BTreeMap::from([(PART, Reached { next: NextOffset(7), ..reached })]));
    }

    #[test]
    fn an_empty_partition_has_a_position_as_soon_as_it_is_confirmed() {
        let mut commits = Commits::new(BTreeMap::new(), Time(0));
        commits.confirmed(PART, NextOffset(0));
        assert_eq!(commits.gather(Time(0)).0, BTreeMap::from([(PART, Reached::default())]));
    }

    #[test]
    fn lag_tools_are_told_of_all_partitions_once_and_then_of_those_that_moved() {
        let other = PartitionId { partition: 2, ..PART };
        let reached = |next| Reached { next: NextOffset(next), last: None };
        let mut commits = Commits::new(BTreeMap::from([(PART, reached(3)), (other, reached(4))]), Time(0));
        commits.confirmed(PART, NextOffset(5));
        assert_eq!(commits.gather(Time(0)).1, BTreeMap::from([(PART, NextOffset(5)), (other, NextOffset(4))]));
        assert_eq!(commits.gather(Time(0)).1, BTreeMap::new());
        commits.confirmed(other, NextOffset(6));
        assert_eq!(commits.gather(Time(0)).1, BTreeMap::from([(other, NextOffset(6))]));
    }
}
