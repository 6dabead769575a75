//! The frontier: how far the clock may go, from what is known of each partition (kpis.md 1).

use std::collections::BTreeMap;

use crate::model::{PartitionId, Span, Time};

/// After a partition could not be asked, producers may still hold what happened meanwhile: its confirmations do not count for as long as
/// that lasted, and at most for this long. Clients try again after ten seconds at the latest, give or take a fifth.
const SETTLE_MAX: Span = Span(15_000);

/// What moves the clock besides events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// The broker's confirmations that a partition is read to its end.
    Wall,
    /// Events only: a partition that stands at its end holds nobody back.
    Events,
}

/// What is known of the partitions that are read.
#[derive(Debug)]
pub struct Frontier {
    mode: ClockMode,
    allowed_lateness: Span,
    partitions: BTreeMap<PartitionId, Known>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    newest: Option<Time>,
    confirmed: Option<Time>,
    idle: bool,
    /// Since when it cannot be asked.
    trouble: Option<Time>,
    /// From when on its confirmations count again.
    settled: Option<Time>,
}

/// How far the clock may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To this instant: everything before it has come.
    Before(Time),
    /// Every partition is done: to the newest event, which itself has come.
    Through(Time),
}

impl Frontier {
    /// Of these partitions, nothing is known yet.
    #[must_use]
    pub fn new(mode: ClockMode, allowed_lateness: Span, partitions: impl IntoIterator<Item = PartitionId>) -> Self {
        let partitions = partitions.into_iter().map(|partition| (partition, Known::default())).collect();
        Self { mode, allowed_lateness, partitions }
    }

    /// A partition more is read from now on.
    pub fn add(&mut self, partition: PartitionId) {
        self.partitions.entry(partition).or_default();
    }

    /// The newest event of a partition; a new event ends its standing at the end.
    pub fn newest(&mut self, partition: PartitionId, newest: Time) {
        let known = self.partitions.entry(partition).or_default();
        known.newest = known.newest.max(Some(newest));
        known.idle = false;
    }

    /// Something came from a partition that is no new event.
    pub fn busy(&mut self, partition: PartitionId) {
        self.partitions.entry(partition).or_default().idle = false;
    }

    /// From `now` on this partition, or every one, cannot be asked for its end.
    pub fn trouble(&mut self, partition: Option<PartitionId>, now: Time) {
        for (_, known) in self.partitions.iter_mut().filter(|(one, _)| partition.is_none_or(|partition| partition == **one)) {
            known.trouble = known.trouble.or(known.confirmed).or(Some(now));
        }
    }

    /// The broker confirmed at `at` that the partition is read to its end.
    pub fn confirmed(&mut self, partition: PartitionId, at: Time) {
        let known = self.partitions.entry(partition).or_default();
        if let Some(since) = known.trouble.take() {
            known.settled = Some(at + (at - since).min(SETTLE_MAX));
        }
        if known.settled.is_some_and(|settled| at < settled) {
            return;
        }
        known.settled = None;
        known.confirmed = known.confirmed.max(Some(at));
    }

    /// The partition has ended, or stood at its end for long enough: with [`ClockMode::Events`] it holds nobody back.
    pub fn idle(&mut self, partition: PartitionId) {
        let known = self.partitions.entry(partition).or_default();
        known.idle = known.trouble.is_none() && known.settled.is_none();
    }

    /// The partition whose frontier is the lowest: the one to read next, and the one that everybody waits for.
    #[must_use]
    pub fn slowest(&self) -> Option<(PartitionId, Time)> {
        let holding = self.partitions.iter().filter(|(_, known)| !self.holds_nobody(known));
        holding.map(|(partition, known)| (*partition, self.of(known))).min_by_key(|(partition, at)| (*at, *partition))
    }

    /// How far a single partition is.
    #[must_use]
    pub fn partition(&self, partition: PartitionId) -> Time {
        self.partitions.get(&partition).map_or(Time::MIN, |known| self.of(known))
    }

    /// How far the clock may go.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match self.slowest() {
            Some((_, at)) => Reach::Before(at),
            None => Reach::Through(self.partitions.values().filter_map(|known| known.newest).max().unwrap_or(Time::MIN)),
        }
    }

    fn holds_nobody(&self, known: &Known) -> bool {
        self.mode == ClockMode::Events && known.idle
    }

    fn of(&self, known: &Known) -> Time {
        let confirmed = known.confirmed.filter(|_| self.mode == ClockMode::Wall);
        known.newest.max(confirmed).map_or(Time::MIN, |at| at - self.allowed_lateness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const L: Span = Span(2_000);

    fn part(partition: u32) -> PartitionId {
        PartitionId { topic: 0, partition }
    }

    #[test]
    fn the_slowest_partition_decides() {
        let mut frontier = Frontier::new(ClockMode::Wall, L, [part(0), part(1)]);
        frontier.newest(part(0), Time(10_000));
        assert_eq!(frontier.reach(), Reach::Before(Time::MIN), "nothing is known of the other one");
        frontier.newest(part(1), Time(7_000));
        assert_eq!(frontier.reach(), Reach::Before(Time(5_000)));
        assert_eq!(frontier.slowest(), Some((part(1), Time(5_000))));
    }

    #[test]
    fn a_confirmation_moves_a_quiet_partition_by_the_wall_clock_only() {
        for (mode, reach) in [(ClockMode::Wall, Reach::Before(Time(18_000))), (ClockMode::Events, Reach::Before(Time(5_000)))] {
            let mut frontier = Frontier::new(mode, L, [part(0)]);
            frontier.newest(part(0), Time(7_000));
            frontier.confirmed(part(0), Time(20_000));
            assert_eq!(frontier.reach(), reach);
        }
    }

    #[test]
    fn by_events_idle_partitions_hold_nobody_back_until_they_go_on() {
        let mut frontier = Frontier::new(ClockMode::Events, L, [part(0), part(1)]);
        frontier.newest(part(0), Time(10_000));
        frontier.idle(part(1));
        assert_eq!(frontier.reach(), Reach::Before(Time(8_000)));
        frontier.idle(part(0));
        assert_eq!(frontier.reach(), Reach::Through(Time(10_000)));
        frontier.newest(part(1), Time(9_000));
        assert_eq!(frontier.reach(), Reach::Before(Time(7_000)));
    }

    #[test]
    fn after_an_outage_confirmations_count_once_producers_had_as_long_to_send_what_they_held() {
        for (length, settles) in [(4_000, 4_000), (60_000, SETTLE_MAX.0)] {
            let mut frontier = Frontier::new(ClockMode::Wall, L, [part(0), part(1)]);
            let confirmed = |frontier: &mut Frontier, at| (0..2).for_each(|partition| frontier.confirmed(part(partition), Time(at)));
            confirmed(&mut frontier, 10_000);
            // It is noticed later than it began.
            frontier.trouble(None, Time(12_000));
            frontier.trouble(Some(part(0)), Time(13_000));
            let back = 10_000 + length;
            confirmed(&mut frontier, back);
            confirmed(&mut frontier, back + settles - 1);
            assert_eq!(frontier.reach(), Reach::Before(Time(8_000)), "what happened meanwhile may still come");
            frontier.newest(part(0), Time(back));
            assert_eq!(frontier.reach(), Reach::Before(Time(8_000)), "from the other one, too");
            confirmed(&mut frontier, back + settles);
            assert_eq!(frontier.reach(), Reach::Before(Time(back + settles - L.0)));
        }
    }

    #[test]
    fn after_an_outage_no_partition_is_idle_before_it_has_settled() {
        let mut frontier = Frontier::new(ClockMode::Events, L, [part(0), part(1)]);
        let stands_at_its_end = |frontier: &mut Frontier, at| {
            frontier.confirmed(part(1), Time(at));
            frontier.idle(part(1));
        };
        frontier.newest(part(0), Time(50_000));
        stands_at_its_end(&mut frontier, 1_000);
        assert_eq!(frontier.reach(), Reach::Before(Time(48_000)));
        frontier.newest(part(1), Time(40_000));
        frontier.trouble(Some(part(1)), Time(2_000));
        stands_at_its_end(&mut frontier, 4_000);
        assert_eq!(frontier.reach(), Reach::Before(Time(38_000)));
        stands_at_its_end(&mut frontier, 7_000);
        assert_eq!(frontier.reach(), Reach::Before(Time(48_000)));
    }
}
