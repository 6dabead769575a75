//! Figures: the sums of one day (or month), scope, id and medium, out of which the catalogue reads its numbers.
//!
//! Parts that most rows lack are boxed, since there is a row for every agent, day and medium.

use serde::{Deserialize, Serialize, Serializer};

use super::responses::Responses;
use super::row::Numbers;
use crate::kpi::Sparse;
use crate::model::{Span, SpentTime};

/// The sums of one row. In the row of a correction they are differences.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Answers to customers.
    pub responses: Option<Box<Responses>>,
    /// Ends of cycles by people.
    #[serde(serialize_with = "apart")]
    pub resolutions: Option<Box<Resolutions>>,
    /// Complaints, in rows without a medium.
    #[serde(serialize_with = "apart")]
    pub complaints: Option<Box<Complaints>>,
    /// Handling times of agents in cycles that ended.
    #[serde(serialize_with = "apart")]
    pub handled: Option<Box<Samples>>,
    /// Agents' time, in rows without a medium.
    pub time: Option<Box<AgentTime>>,
    /// What is only counted.
    pub counts: Option<Box<Counts>>,
    /// Whether the figures of cycles that ended were given out as they are, to be stored.
    #[serde(skip)]
    are_cycles_stored: bool,
}

/// Figures of cycles that ended: resolutions, complaints and handling times. Stored apart: they are long, and cycles end seldom.
pub(super) type Cycles<Resolutions, Complaints, Samples> = (Option<Resolutions>, Option<Complaints>, Option<Samples>);

/// What is stored apart leaves nothing in its place.
pub(super) fn apart<T, S: Serializer>(_: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

/// Resolutions and the cycles that they ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Resolutions {
    /// Judged active time of first resolutions.
    pub first: Samples,
    /// First resolutions within their target, of those that have one.
    pub within: Share,
    /// Wall time of every cycle that counts.
    pub cycles: Samples,
}

/// Resolved complaints.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Complaints {
    /// Handling times that stand.
    pub handling: Samples,
    /// Those within their target, of those that have one.
    pub within: Share,
}

/// What agents' time was spent on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AgentTime {
    /// By use.
    pub spent: SpentTime,
    /// How often an agent's waiting customers exceeded his limit.
    pub limit_breaches: i64,
    /// How long.
    pub over_limit: Span,
}

/// What is only counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Breaches of response targets that stand.
    pub response_breaches: i64,
    /// Breaches of resolution targets that stand.
    pub resolution_breaches: i64,
    /// Waiting periods that ended with their cycle.
    pub unanswered: i64,
    /// Conversations started.
    pub started: i64,
    /// Conversations named a complaint.
    pub complaints: i64,
    /// Reopenings that count against a resolver.
    pub reopened: i64,
    /// Cycles ended by the clock.
    pub auto_closed: i64,
    /// First people's periods of conversations with a target that were answered within it, of all but those abandoned short.
    pub service: Share,
    /// First people's periods of conversations that were abandoned, of all, both without those abandoned short.
    pub abandoned: Share,
}

/// Samples of a duration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Samples {
    /// How many.
    pub count: i64,
    /// Their sum.
    pub sum: Span,
    /// Their distribution.
    pub sparse: Sparse,
}

/// Some of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// How many have the property.
    pub numerator: i64,
    /// Of how many.
    pub denominator: i64,
}

/// What a sum of figures is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything.
    Whole,
    /// Sums and counts only: quick, without percentiles.
    Sums,
}

impl Figures {
    /// Adds those of another day.
    pub fn add(&mut self, other: &Self, depth: Depth) {
        join(&mut self.responses, &other.responses, |mine, other| mine.merge(other, depth));
        join(&mut self.resolutions, &other.resolutions, |mine, other| mine.add(other, depth));
        join(&mut self.complaints, &other.complaints, |mine, other| mine.add(other, depth));
        join(&mut self.handled, &other.handled, |mine, other| mine.merge(other, depth));
        join(&mut self.time, &other.time, AgentTime::add);
        join(&mut self.counts, &other.counts, Counts::add);
    }

    /// The part for responses.
    pub fn responses(&mut self) -> &mut Responses {
        self.responses.get_or_insert_default()
    }

    /// The part for resolutions.
    pub fn resolutions(&mut self) -> &mut Resolutions {
        self.are_cycles_stored = false;
        self.resolutions.get_or_insert_default()
    }

    /// The part for complaints.
    pub fn complaints(&mut self) -> &mut Complaints {
        self.are_cycles_stored = false;
        self.complaints.get_or_insert_default()
    }

    /// The part for handling times.
    pub fn handled(&mut self) -> &mut Samples {
        self.are_cycles_stored = false;
        self.handled.get_or_insert_default()
    }

    /// The part for agents' time.
    pub fn time(&mut self) -> &mut AgentTime {
        self.time.get_or_insert_default()
    }

    /// The part for what is only counted.
    pub fn counts(&mut self) -> &mut Counts {
        self.counts.get_or_insert_default()
    }

    /// The figures of cycles that ended, when they have changed since the last call: they are not part of what is stored of the rest.
    pub(super) fn changed_cycles(&mut self) -> Option<Cycles<&Resolutions, &Complaints, &Samples>> {
        let are_stored = std::mem::replace(&mut self.are_cycles_stored, true);
        let cycles = (self.resolutions.as_deref(), self.complaints.as_deref(), self.handled.as_deref());
        (!are_stored && !matches!(cycles, (None, None, None))).then_some(cycles)
    }

    /// Takes back what was stored of them.
    pub(super) fn restore_cycles(&mut self, (resolutions, complaints, handled): Cycles<Box<Resolutions>, Box<Complaints>, Box<Samples>>) {
        (self.resolutions, self.complaints, self.handled, self.are_cycles_stored) = (resolutions, complaints, handled, true);
    }

    /// Counts a conversation's first people's period, which was not abandoned short (ruling 81).
    pub fn offered(&mut self, targeted: bool, answered_within: bool, abandoned: bool) {
        let counts = self.counts();
        counts.abandoned.add(abandoned);
        if targeted {
            counts.service.add(answered_within);
        }
    }
}

fn join<T: Default>(mine: &mut Option<Box<T>>, other: &Option<Box<T>>, add: impl FnOnce(&mut T, &T)) {
    if let Some(other) = other {
        add(mine.get_or_insert_default(), other);
    }
}

impl Resolutions {
    fn add(&mut self, other: &Self, depth: Depth) {
        self.first.merge(&other.first, depth);
        self.within.merge(other.within);
        self.cycles.merge(&other.cycles, depth);
    }
}

impl Complaints {
    fn add(&mut self, other: &Self, depth: Depth) {
        self.handling.merge(&other.handling, depth);
        self.within.merge(other.within);
    }
}

impl AgentTime {
    fn add(&mut self, other: &Self) {
        self.spent.add(&other.spent);
        self.limit_breaches += other.limit_breaches;
        self.over_limit += other.over_limit;
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.response_breaches += other.response_breaches;
        self.resolution_breaches += other.resolution_breaches;
        self.unanswered += other.unanswered;
        self.started += other.started;
        self.complaints += other.complaints;
        self.reopened += other.reopened;
        self.auto_closed += other.auto_closed;
        self.service.merge(other.service);
        self.abandoned.merge(other.abandoned);
    }
}

impl Samples {
    /// Counts one more.
    pub fn add(&mut self, sample: Span) {
        self.count += 1;
        self.sum += sample;
        self.sparse.add(sample);
    }

    /// Takes one back.
    pub fn take_back(&mut self, sample: Span) {
        self.count -= 1;
        self.sum -= sample;
        self.sparse.take_back(sample);
    }

    /// As a row prints them.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let [p50, p90, p99] = self.sparse.percentiles([50, 90, 99]);
        Numbers::Duration { count: self.count, sum: self.sum, p50, p90, p99 }
    }

    pub(super) fn merge(&mut self, other: &Self, depth: Depth) {
        self.count += other.count;
        self.sum += other.sum;
        if depth == Depth::Whole {
            self.sparse.merge(&other.sparse);
        }
    }
}

impl Share {
    /// Counts one more, which has the property or not.
    pub fn add(&mut self, has: bool) {
        self.numerator += i64::from(has);
        self.denominator += 1;
    }

    /// Takes one back, which has the property or not.
    pub fn take_back(&mut self, has: bool) {
        self.numerator -= i64::from(has);
        self.denominator -= 1;
    }

    /// Both sides added up.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        self.merge(other);
        self
    }

    /// As a row prints it.
    #[must_use]
    pub fn numbers(self) -> Numbers {
        Numbers::Ratio { numerator: self.numerator, denominator: self.denominator }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.numerator += other.numerator;
        self.denominator += other.denominator;
    }
}
