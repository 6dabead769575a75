//! Responses: a quarter of all events, so that counting one touches little memory.

use serde::{Deserialize, Serialize};

use super::figures::{Depth, Samples, Share, apart};
use crate::kpi::Sparse;
use crate::kpi::percentile::Bucket;
use crate::model::Span;

/// At least so many responses wait before they go into the distributions…
const RECENT: usize = 64;
/// …and they take at least one in so many of their bytes: settling rewrites those.
const SHARE: usize = 4;
/// Where they are stored: at least so many.
const RECENT_STORED: usize = 32;

/// Responses and late unanswered periods.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Responses {
    first: Sum,
    next: Sum,
    wait: Span,
    own: Span,
    /// First ones within their target, of those judged.
    pub first_within: Share,
    /// All others within their target, of those judged.
    pub next_within: Share,
    /// Own shares within the target, of the responses that have one.
    pub own_within: Share,
    recent: Vec<Answer>,
    /// Stored apart: they are long and change seldom.
    #[serde(serialize_with = "apart")]
    distributions: Option<Box<Distributions>>,
    /// Whether they were given out as they are, to be stored.
    #[serde(skip)]
    are_stored: bool,
}

/// Count and sum of judged times.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Sum {
    count: i64,
    sum: Span,
}

/// A response that waits to go into the distributions.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Answer {
    first: bool,
    judged: Bucket,
    wait: Bucket,
    own: Bucket,
}

/// Distributions of the judged times, of the customer's wait and of the answering agent's own share of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Distributions {
    first: Sparse,
    next: Sparse,
    wait: Sparse,
    own: Sparse,
}

impl Responses {
    /// Counts one response: its judged time, the customer's wait, the answering agent's own share of that.
    pub fn add(&mut self, first: bool, judged: Span, wait: Span, own: Span) {
        let sum = if first { &mut self.first } else { &mut self.next };
        sum.count += 1;
        sum.sum += judged;
        self.wait += wait;
        self.own += own;
        self.recent.push(Answer { first, judged: judged.into(), wait: wait.into(), own: own.into() });
        self.settle_when_long();
    }

    /// Counts one that was within its target, or late.
    pub fn judge(&mut self, first: bool, within: bool) {
        let share = if first { &mut self.first_within } else { &mut self.next_within };
        share.add(within);
    }

    /// Adds those of another day.
    pub(super) fn merge(&mut self, other: &Self, depth: Depth) {
        self.first.merge(other.first);
        self.next.merge(other.next);
        self.wait += other.wait;
        self.own += other.own;
        self.first_within.merge(other.first_within);
        self.next_within.merge(other.next_within);
        self.own_within.merge(other.own_within);
        if depth == Depth::Whole {
            if let Some(theirs) = &other.distributions {
                self.are_stored = false;
                self.distributions.get_or_insert_default().merge(theirs);
            }
            self.recent.extend_from_slice(&other.recent);
            self.settle_when_long();
        }
    }

    /// Moves what waits into the distributions, so that percentiles can be read.
    pub(super) fn settle(&mut self) {
        if self.recent.is_empty() {
            return;
        }
        self.are_stored = false;
        let recent = std::mem::take(&mut self.recent);
        let into = self.distributions.get_or_insert_default();
        let judged = |first| recent.iter().filter(move |answer| answer.first == first).map(|answer| answer.judged);
        into.first.add_all(judged(true));
        into.next.add_all(judged(false));
        into.wait.add_all(recent.iter().map(|answer| answer.wait));
        into.own.add_all(recent.iter().map(|answer| answer.own));
    }

    fn settle_when_long(&mut self) {
        let waiting = self.recent.len();
        if waiting >= RECENT && waiting * size_of::<Answer>() * SHARE >= self.distributions.as_ref().map_or(0, |all| all.bytes()) {
            self.settle();
        }
    }

    /// Moves what waits into the distributions where that is cheaper to store: each change of the sums is stored with those that wait, each settling
    /// with the distributions. Both together are least when those that wait, times their number, have about four times as many bytes as these: half
    /// of them wait on average, and two come between commits.
    pub(super) fn settle_to_be_stored(&mut self) {
        let waiting = self.recent.len();
        let bytes = self.distributions.as_ref().map_or(0, |all| all.bytes());
        if waiting >= RECENT_STORED && waiting * waiting * size_of::<Answer>() >= 4 * bytes {
            self.settle();
        }
    }

    /// The distributions, when they have changed since the last call: they are not part of what is stored of the rest.
    pub(super) fn changed_distributions(&mut self) -> Option<&Distributions> {
        let are_stored = std::mem::replace(&mut self.are_stored, true);
        self.distributions.as_deref().filter(|_| !are_stored)
    }

    /// Takes back what was stored of the distributions.
    pub(super) fn restore(&mut self, distributions: Distributions) {
        (self.distributions, self.are_stored) = (Some(Box::new(distributions)), true);
    }

    /// Judged times of all responses.
    #[must_use]
    pub fn all_judged(&self) -> Samples {
        let mut all = self.first_judged();
        all.merge(&self.samples(self.next.count, self.next.sum, |of| &of.next), Depth::Whole);
        all
    }

    /// Judged times of first responses.
    #[must_use]
    pub fn first_judged(&self) -> Samples {
        self.samples(self.first.count, self.first.sum, |of| &of.first)
    }

    /// Customers' waits.
    #[must_use]
    pub fn waits(&self) -> Samples {
        self.samples(self.first.count + self.next.count, self.wait, |of| &of.wait)
    }

    /// Own shares.
    #[must_use]
    pub fn own_shares(&self) -> Samples {
        self.samples(self.first.count + self.next.count, self.own, |of| &of.own)
    }

    fn samples(&self, count: i64, sum: Span, distribution: fn(&Distributions) -> &Sparse) -> Samples {
        let sparse = self.distributions.as_deref().map(|all| distribution(all).clone()).unwrap_or_default();
        Samples { count, sum, sparse }
    }
}

impl Sum {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
    }
}

impl Distributions {
    fn merge(&mut self, other: &Self) {
        self.first.merge(&other.first);
        self.next.merge(&other.next);
        self.wait.merge(&other.wait);
        self.own.merge(&other.own);
    }

    fn bytes(&self) -> usize {
        [&self.first, &self.next, &self.wait, &self.own].map(Sparse::bytes).iter().sum()
    }
}
