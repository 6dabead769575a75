//! How one partition stands: read up to where, confirmed when, paused, failed. Pure; time is an argument.

use crate::model::{NextOffset, Span, Time};

/// A partition counts as read at its end while its last confirmation is at most this old: a few rounds of asking.
const AT_END: Span = Span(5_000);
/// Records that wait at the broker and do not come for this long are worth a word: as long as ingestion takes to count as stale.
pub(super) const STALLED: Span = Span(30_000);
/// A log that is shorter than what we have read of it for this long has lost records. New leaders may name old ends for a moment.
const SHORTER: Span = Span(10_000);

/// What is known about one partition that is read.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// The next offset to come: everything before it has been given out.
    next: NextOffset,
    /// Whether we asked the client not to fetch.
    pub(super) paused: bool,
    /// The oldest end that we have not reached, with the moment of its question.
    target: Option<(Time, NextOffset)>,
    /// The newest end, while an older one is not reached.
    after: Option<(Time, NextOffset)>,
    confirmed: Option<Time>,
    /// When `next` last moved, or was last seen at the end.
    moved: Time,
    /// `next` when the last question was sent.
    at_question: NextOffset,
    /// Since when answers have been below it.
    shorter_since: Option<Time>,
    lag: Option<u64>,
}

/// What an answer of the broker means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// All is well.
    Fine,
    /// Records wait at the broker and none has come for a while.
    Stalled,
    /// The log ends before what we have read of it, and stays so.
    Shorter,
}

impl Standing {
    pub(super) fn new(next: NextOffset, now: Time) -> Self {
        Self {
            next,
            paused: false,
            target: None,
            after: None,
            confirmed: None,
            moved: now,
            at_question: next,
            shorter_since: None,
            lag: None,
        }
    }

    /// The next offset to come.
    pub(super) fn next(&self) -> NextOffset {
        self.next
    }

    /// We have been given everything before `next`.
    pub(super) fn advance(&mut self, next: NextOffset, now: Time) {
        if next > self.next {
            self.next = next;
            self.moved = now;
        }
    }

    /// The broker is about to be asked for the end of the log.
    pub(super) fn question_sent(&mut self) {
        self.at_question = self.next;
    }

    /// The broker named the end of the log, asked at `asked`.
    pub(super) fn end_named(&mut self, asked: Time, end: NextOffset, now: Time) -> Finding {
        let latest = if self.target.is_some() { &mut self.after } else { &mut self.target };
        *latest = Some((asked, end));
        if end >= self.at_question {
            self.shorter_since = None;
        } else if now - *self.shorter_since.get_or_insert(now) >= SHORTER {
            return Finding::Shorter;
        }
        if end <= self.next || self.paused {
            self.moved = now;
        } else if now - self.moved >= STALLED {
            return Finding::Stalled;
        }
        Finding::Fine
    }

    /// It was not the partition's fault that nothing came until now.
    pub(super) fn excuse(&mut self, now: Time) {
        self.moved = now;
    }

    /// Whether an end that the broker named has not been reached.
    pub(super) fn is_behind(&self) -> bool {
        self.target.is_some_and(|(_, end)| self.next < end)
    }

    /// The newest confirmation that we have earned since the last call: moment of the question, and the end.
    pub(super) fn take_confirmation(&mut self) -> Option<(Time, NextOffset)> {
        let mut reached = None;
        while let Some((asked, end)) = self.target
            && self.next >= end
        {
            reached = Some((asked, end));
            self.target = self.after.take();
        }
        if let Some((asked, _)) = reached {
            self.confirmed = Some(asked);
        }
        reached
    }

    /// Whether we were at its end a moment ago.
    pub(super) fn at_end(&self, now: Time) -> bool {
        self.confirmed.is_some_and(|at| now - at <= AT_END)
    }

    /// How far we are behind `end`, when that has changed since the last call.
    pub(super) fn take_lag(&mut self, end: NextOffset) -> Option<u64> {
        let lag = u64::try_from(end.0 - self.next.0).unwrap_or(0);
        (self.lag.replace(lag) != Some(lag)).then_some(lag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(next: i64) -> Standing {
        Standing::new(NextOffset(next), Time(0))
    }

    #[test]
    fn a_quiet_partition_is_confirmed_by_every_answer_with_the_moment_of_the_question() {
        let mut standing = at(10);
        for second in 1..4 {
            assert_eq!(standing.end_named(Time(second * 1_000), NextOffset(10), Time(second * 1_000 + 5)), Finding::Fine);
            assert_eq!(standing.take_confirmation(), Some((Time(second * 1_000), NextOffset(10))));
            assert_eq!(standing.take_confirmation(), None);
        }
    }

    #[test]
    fn a_busy_partition_is_confirmed_when_the_named_end_is_reached() {
        let mut standing = at(0);
        standing.end_named(Time(1_000), NextOffset(5), Time(1_001));
        standing.end_named(Time(2_000), NextOffset(9), Time(2_001));
        standing.end_named(Time(3_000), NextOffset(12), Time(3_001));
        assert_eq!(standing.take_confirmation(), None);
        standing.advance(NextOffset(6), Time(3_002));
        assert_eq!(standing.take_confirmation(), Some((Time(1_000), NextOffset(5))));
        standing.advance(NextOffset(20), Time(3_003));
        assert_eq!(standing.take_confirmation(), Some((Time(3_000), NextOffset(12))), "the newest of those that stand");
    }

    #[test]
    fn a_partition_is_at_its_end_from_its_confirmation_on_and_not_while_it_catches_up() {
        let mut standing = at(0);
        assert!(!standing.at_end(Time(0)));
        standing.end_named(Time(1_000), NextOffset(0), Time(1_001));
        standing.take_confirmation();
        assert!(standing.at_end(Time(6_000)));
        assert!(!standing.at_end(Time(6_001)));
    }

    #[test]
    fn records_that_do_not_come_are_a_stall_unless_the_partition_is_paused() {
        let mut standing = at(0);
        assert_eq!(standing.end_named(Time(1_000), NextOffset(3), Time(1_000)), Finding::Fine);
        assert_eq!(standing.end_named(Time(30_000), NextOffset(3), Time(30_000)), Finding::Stalled);
        standing.excuse(Time(30_500));
        assert_eq!(standing.end_named(Time(31_000), NextOffset(3), Time(31_000)), Finding::Fine, "we were kept from reading");
        standing.paused = true;
        assert_eq!(standing.end_named(Time(90_000), NextOffset(3), Time(90_000)), Finding::Fine);
    }

    /// Asks and answers at once.
    fn ask(standing: &mut Standing, at: i64, end: i64) -> Finding {
        standing.question_sent();
        standing.end_named(Time(at), NextOffset(end), Time(at))
    }

    #[test]
    fn a_log_that_stays_shorter_than_what_was_read_is_found() {
        let mut standing = at(100);
        ask(&mut standing, 0, 100);
        assert_eq!(ask(&mut standing, 1_000, 40), Finding::Fine, "a new leader may name an old end");
        assert_eq!(ask(&mut standing, 11_000, 40), Finding::Shorter);
    }

    #[test]
    fn an_end_named_before_records_came_is_no_shorter_log() {
        let mut standing = at(100);
        for second in 1..30 {
            standing.question_sent();
            // The answer was under way while the records came.
            standing.advance(NextOffset(100 + second * 10), Time(second * 1_000));
            let end = NextOffset(100 + second * 10 - 5);
            assert_eq!(standing.end_named(Time(second * 1_000 - 1), end, Time(second * 1_000)), Finding::Fine);
        }
    }

    #[test]
    fn the_lag_is_told_when_it_changes() {
        let mut standing = at(5);
        assert_eq!(standing.take_lag(NextOffset(8)), Some(3));
        assert_eq!(standing.take_lag(NextOffset(8)), None);
        standing.advance(NextOffset(9), Time(1));
        assert_eq!(standing.take_lag(NextOffset(8)), Some(0), "an end named before the last record is no lag");
    }
}
