//! Counters for Prometheus: cumulative, over the life of the store. None of them ever goes down, so what is withdrawn later has
//! a counter of its own, and a histogram keeps a sample that the totals take back.

mod edges;
mod histogram;
mod rows;
mod time;

use std::collections::{BTreeMap, HashSet};

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use super::counted::{Counted, What};
use super::hashed::NumberedKey;
use super::keyed::{Column, Keyed};
use super::kpis::KpiSettings;
use super::names::{Names, Number, packed};
use crate::model::{Medium, Name, Sla, Span, SpentTime, Tally};

pub use edges::{CONFIGURED, Edges};
pub use histogram::Histogram;
pub use time::Seconds;
use time::Spent;

/// All counters.
#[derive(Debug)]
pub struct Counters {
    edges: Edges,
    histograms: Keyed<HistogramKey<Number>, Histogram>,
    answers: Keyed<AnswerKey<Number>, u64>,
    breaches: Keyed<BreachKey<Number>, u64>,
    withdrawn: Keyed<BreachKey<Number>, u64>,
    /// By name: it changes seldom, and a read goes from agent to agent.
    time: BTreeMap<TimeKey, Spent>,
    /// Counters whose rows changed; `None` when nobody will ask.
    touched: Option<HashSet<CounterKey<Number>, FixedState>>,
    /// Whether what is single agents' is read, too.
    of_agents: bool,
}

/// Names one counter in the store. The order of the variants is part of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CounterKey<N = Name> {
    /// A histogram.
    Histogram(HistogramKey<N>),
    /// Answers of an agent.
    Answers(AnswerKey<N>),
    /// Breaches.
    Breaches(BreachKey<N>),
    /// Breaches taken back.
    Withdrawn(BreachKey<N>),
    /// An agent's time.
    Time(TimeKey<N>),
}

/// Names a histogram. Ordered as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HistogramKey<N = Name> {
    /// Of what.
    pub family: Family,
    /// The conversation's team.
    pub team: Option<N>,
    /// The conversation's channel.
    pub channel: Option<N>,
    /// Chat or ticket.
    pub medium: Medium,
    /// Of responses, whether they were the first of their cycle; of others false.
    pub first: bool,
}

/// What a histogram counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Family {
    /// Judged time of responses.
    Response,
    /// Judged active time of first resolutions.
    Resolution,
    /// Handling time of complaints.
    Complaint,
}

/// Names the answers of an agent that met, missed or had no target. Ordered as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AnswerKey<N = Name> {
    /// Who.
    pub agent: N,
    /// The conversation's team.
    pub team: Option<N>,
    /// Chat or ticket.
    pub medium: Medium,
    /// Whether they met their target; `None` is without one.
    pub within: Option<bool>,
}

/// Names breaches. Ordered as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BreachKey<N = Name> {
    /// Of which target.
    pub sla: Sla,
    /// The conversation's team.
    pub team: Option<N>,
    /// The owner at the deadline; `None` is the queue.
    pub agent: Option<N>,
    /// Chat or ticket.
    pub medium: Medium,
}

/// Names an agent's time. Ordered as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimeKey<N = Name> {
    /// Who.
    pub agent: N,
    /// His team.
    pub team: Option<N>,
}

impl<N> HistogramKey<N> {
    /// The same with something else in the place of names.
    fn with<M>(&self, mut name: impl FnMut(&N) -> M) -> HistogramKey<M> {
        let Self { family, team, channel, medium, first } = self;
        let (team, channel) = (team.as_ref().map(&mut name), channel.as_ref().map(name));
        HistogramKey { family: *family, team, channel, medium: *medium, first: *first }
    }
}

impl<N> AnswerKey<N> {
    /// The same with something else in the place of names.
    fn with<M>(&self, mut name: impl FnMut(&N) -> M) -> AnswerKey<M> {
        let Self { agent, team, medium, within } = self;
        AnswerKey { agent: name(agent), team: team.as_ref().map(name), medium: *medium, within: *within }
    }
}

impl<N> BreachKey<N> {
    /// The same with something else in the place of names.
    fn with<M>(&self, mut name: impl FnMut(&N) -> M) -> BreachKey<M> {
        let Self { sla, team, agent, medium } = self;
        BreachKey { sla: *sla, team: team.as_ref().map(&mut name), agent: agent.as_ref().map(name), medium: *medium }
    }
}

impl<N> TimeKey<N> {
    /// The same with something else in the place of names.
    fn with<M>(&self, mut name: impl FnMut(&N) -> M) -> TimeKey<M> {
        TimeKey { agent: name(&self.agent), team: self.team.as_ref().map(name) }
    }
}

impl NumberedKey for HistogramKey<Number> {
    type Named = HistogramKey;

    #[inline(always)]
    fn packed(self) -> u128 {
        packed([self.team, self.channel], (self.family as u64) << 2 | (self.medium as u64) << 1 | u64::from(self.first))
    }

    fn named(self, names: &Names) -> HistogramKey {
        self.with(|number| names.name(*number).clone())
    }
}

impl NumberedKey for AnswerKey<Number> {
    type Named = AnswerKey;

    #[inline(always)]
    fn packed(self) -> u128 {
        packed([Some(self.agent), self.team], self.within.map_or(4, |within| u64::from(within) << 1) | self.medium as u64)
    }

    fn named(self, names: &Names) -> AnswerKey {
        self.with(|number| names.name(*number).clone())
    }
}

impl NumberedKey for BreachKey<Number> {
    type Named = BreachKey;

    #[inline(always)]
    fn packed(self) -> u128 {
        packed([self.agent, self.team], (self.sla as u64) << 1 | self.medium as u64)
    }

    fn named(self, names: &Names) -> BreachKey {
        self.with(|number| names.name(*number).clone())
    }
}

/// All counters at one moment.
#[derive(Debug, Clone, Default)]
pub struct CounterReadings {
    /// Histograms.
    pub histograms: Column<HistogramKey, Histogram>,
    /// Answers of agents; none where nothing of theirs is shown.
    pub answers: Column<AnswerKey, u64>,
    /// Breaches.
    pub breaches: Column<BreachKey, u64>,
    /// Breaches taken back.
    pub withdrawn: Column<BreachKey, u64>,
    /// Agents' time; none where nothing of theirs is shown.
    pub time: Column<TimeKey, Seconds>,
}

impl Counters {
    /// Counters at zero.
    #[must_use]
    pub fn new(settings: &KpiSettings) -> Self {
        Self {
            edges: settings.edges.clone(),
            histograms: Keyed::default(),
            answers: Keyed::default(),
            breaches: Keyed::default(),
            withdrawn: Keyed::default(),
            time: BTreeMap::new(),
            touched: settings.track_changes.then(HashSet::default),
            of_agents: settings.shows_agents,
        }
    }

    /// Takes in what is an agent's, or a breach that is nobody's.
    pub fn count_for_agent(&mut self, counted: &Counted) {
        let (&Counted { agent, team, .. }, Some(medium)) = (counted, counted.medium) else { return };
        let breach = |sla| BreachKey { sla, team, agent, medium };
        match (&counted.what, agent) {
            (What::Response(response), Some(agent)) => self.answer(AnswerKey { agent, team, medium, within: response.within }),
            (What::Breach(sla), _) => self.breach(breach(*sla), 1),
            (What::BreachWithdrawn(sla), _) => self.withdraw(breach(*sla)),
            _ => {}
        }
    }

    /// Takes in what is a team's and channel's.
    pub fn count_for_group(&mut self, counted: &Counted) {
        let (&Counted { team, channel, .. }, Some(medium)) = (counted, counted.medium) else { return };
        let histogram = |family, first| HistogramKey { family, team, channel, medium, first };
        match &counted.what {
            // A rate needs a zero to start from: a team's queue shows one before its first breach.
            What::Started => {
                let zero = |sla| BreachKey { sla, team, agent: None, medium };
                [Sla::FirstResponse, Sla::NextResponse].iter().for_each(|sla| self.breach(zero(*sla), 0));
            }
            What::Response(response) => self.sample(histogram(Family::Response, response.first), response.judged),
            What::Resolved(resolved) => {
                if resolved.first {
                    self.sample(histogram(Family::Resolution, false), resolved.active);
                }
                if resolved.complaint {
                    self.sample(histogram(Family::Complaint, false), resolved.handling);
                }
            }
            _ => {}
        }
    }

    /// Adds to an agent's time what is spent for good.
    pub fn spend(&mut self, agent: &Name, team: &Option<Name>, time: &SpentTime, names: &mut Names) {
        let key = TimeKey { agent: agent.clone(), team: team.clone() };
        self.touch(CounterKey::Time(key.with(|name| names.number(name))));
        self.time.entry(key).or_insert_with(Spent::from_now).closed.add(time);
    }

    /// All counters. `open` are the [`Tally::Spent`] of intervals still open, up to the clock. To be read once right after
    /// `restore`, so that what late events take back from then on is noticed.
    pub fn read(&mut self, open: &[Tally], names: &mut Names) -> CounterReadings {
        self.settle_time(open, names);
        let mut readings = CounterReadings {
            histograms: self.histograms.column(names, Histogram::clone),
            breaches: self.breaches.column(names, |count| *count),
            withdrawn: self.withdrawn.column(names, |count| *count),
            ..CounterReadings::default()
        };
        if self.of_agents {
            readings.answers = self.answers.column(names, |count| *count);
            readings.time = self.time.iter().map(|(key, spent)| (key.clone(), spent.shown())).collect();
        }
        readings
    }

    #[inline(always)]
    fn sample(&mut self, key: HistogramKey<Number>, sample: Span) {
        let edges = self.edges.of(key.family);
        self.histograms.get_or_insert_with(key, || Histogram::new(edges)).add(sample);
        self.touch(CounterKey::Histogram(key));
    }

    fn answer(&mut self, key: AnswerKey<Number>) {
        *self.answers.get_or_insert_with(key, || 0) += 1;
        self.touch(CounterKey::Answers(key));
    }

    fn breach(&mut self, key: BreachKey<Number>, count: u64) {
        *self.breaches.get_or_insert_with(key, || 0) += count;
        self.touch(CounterKey::Breaches(key));
    }

    fn withdraw(&mut self, key: BreachKey<Number>) {
        *self.withdrawn.get_or_insert_with(key, || 0) += 1;
        self.touch(CounterKey::Withdrawn(key));
    }

    fn settle_time(&mut self, open: &[Tally], names: &mut Names) {
        let mut open = open.iter().filter_map(spent).peekable();
        // Both come in the order of agents: nobody is looked up, but who is new here or in another place.
        let mut others = Vec::new();
        for (key, entry) in &mut self.time {
            entry.open = SpentTime::default();
            while let Some((agent, team, time)) = open.next_if(|(agent, team, _)| (*agent, *team) <= (&key.agent, &key.team)) {
                if (agent, team) == (&key.agent, &key.team) {
                    entry.open.add(time);
                } else {
                    others.push((agent, team, time));
                }
            }
        }
        for (agent, team, time) in others.into_iter().chain(open) {
            let key = TimeKey { agent: agent.clone(), team: team.clone() };
            self.time.entry(key).or_insert_with(Spent::from_now).open.add(time);
        }
        let mut entries: Vec<(&TimeKey, &mut Spent)> = self.time.iter_mut().collect();
        for entries in entries.chunk_by_mut(|one, other| one.0.agent == other.0.agent) {
            let changed = time::settle(entries);
            if let Some(touched) = self.touched.as_mut().filter(|_| changed) {
                touched.extend(entries.iter().map(|(key, _)| CounterKey::Time(key.with(|name| names.number(name)))));
            }
        }
    }

    fn touch(&mut self, key: CounterKey<Number>) {
        if let Some(touched) = &mut self.touched {
            touched.insert(key);
        }
    }
}

/// Whose time a tally is, and how much.
fn spent(tally: &Tally) -> Option<(&Name, &Option<Name>, &SpentTime)> {
    match tally {
        Tally::Spent { agent, team, time, .. } => Some((agent, team, time)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
