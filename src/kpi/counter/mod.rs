//! Counters for Prometheus: cumulative, over the life of the store. None of them ever goes down, so what is withdrawn later has
//! a counter of its own, and a histogram keeps a sample that the totals take back.

mod edges;
mod histogram;
mod rows;
mod time;

use std::collections::{BTreeMap, HashSet};
use std::hint::black_box;

use serde::{Deserialize, Serialize};

use super::hashed::{Lookup, looked_up_by_borrowed_names};
use super::keyed::{Column, Keyed};
use crate::model::{Fact, FactKind, Medium, Name, Output, Posted, Sla, Span, SpentTime, Tally, WithdrawnSample};

pub use edges::{CONFIGURED, Edges};
pub use histogram::Histogram;
pub use time::Seconds;
use time::Spent;

/// All counters.
#[derive(Debug)]
pub struct Counters {
    edges: Edges,
    histograms: Keyed<HistogramKey, Histogram>,
    answers: Keyed<AnswerKey, u64>,
    breaches: Keyed<BreachKey, u64>,
    withdrawn: Keyed<BreachKey, u64>,
    time: BTreeMap<TimeKey, Spent>,
    /// Counters whose rows changed; `None` when nobody will ask.
    touched: Option<HashSet<CounterKey>>,
}

/// Names one counter in the store. The order of the variants is part of what is stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CounterKey {
    /// A histogram.
    Histogram(HistogramKey),
    /// Answers of an agent.
    Answers(AnswerKey),
    /// Breaches.
    Breaches(BreachKey),
    /// Breaches taken back.
    Withdrawn(BreachKey),
    /// An agent's time.
    Time(TimeKey),
}

/// Names a histogram. Ordered as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimeKey {
    /// Who.
    pub agent: Name,
    /// His team.
    pub team: Option<Name>,
}

looked_up_by_borrowed_names!(HistogramKey, AnswerKey, BreachKey);

impl<N> HistogramKey<N> {
    fn with<'a, M>(&'a self, name: impl Fn(&'a N) -> M) -> HistogramKey<M> {
        let Self { family, team, channel, medium, first } = self;
        HistogramKey {
            family: *family,
            team: team.as_ref().map(&name),
            channel: channel.as_ref().map(name),
            medium: *medium,
            first: *first,
        }
    }
}

impl<N> AnswerKey<N> {
    fn with<'a, M>(&'a self, name: impl Fn(&'a N) -> M) -> AnswerKey<M> {
        let Self { agent, team, medium, within } = self;
        AnswerKey { agent: name(agent), team: team.as_ref().map(name), medium: *medium, within: *within }
    }
}

impl<N> BreachKey<N> {
    fn with<'a, M>(&'a self, name: impl Fn(&'a N) -> M) -> BreachKey<M> {
        let Self { sla, team, agent, medium } = self;
        BreachKey { sla: *sla, team: team.as_ref().map(&name), agent: agent.as_ref().map(name), medium: *medium }
    }
}

/// All counters at one moment.
#[derive(Debug, Clone, Default)]
pub struct CounterReadings {
    /// Histograms.
    pub histograms: Column<HistogramKey, Histogram>,
    /// Answers.
    pub answers: Column<AnswerKey, u64>,
    /// Breaches.
    pub breaches: Column<BreachKey, u64>,
    /// Breaches taken back.
    pub withdrawn: Column<BreachKey, u64>,
    /// Agents' time.
    pub time: Column<TimeKey, Seconds>,
}

impl Counters {
    /// Counters at zero. `track_changes`: whether `changes()` will be asked for.
    #[must_use]
    pub fn new(edges: Edges, track_changes: bool) -> Self {
        Self {
            edges,
            histograms: Keyed::default(),
            answers: Keyed::default(),
            breaches: Keyed::default(),
            withdrawn: Keyed::default(),
            time: BTreeMap::new(),
            touched: track_changes.then(HashSet::new),
        }
    }

    /// Brings the counters of agents near that these outputs change. Changes nothing.
    pub fn look_ahead(&self, posted: &[Posted]) {
        let facts = posted.iter().filter_map(|one| if let Output::Fact(fact) = &one.output { Some(fact) } else { None });
        let counts = self.answers.look_ahead(facts.filter_map(|fact| {
            let FactKind::Response { wait, .. } = &fact.kind else { return None };
            let (agent, medium) = (fact.agent.as_ref()?, fact.conversation.as_ref()?.medium);
            Some(AnswerKey { agent, team: fact.team.as_ref(), medium, within: wait.within })
        }));
        black_box(counts.into_iter().fold(0, |all, count| all ^ count));
    }

    /// Takes in what was decided.
    pub fn post(&mut self, posted: &Posted) {
        match &posted.output {
            Output::Fact(fact) => self.fact(fact),
            Output::Tally(tally) => self.tally(tally),
        }
    }

    /// All counters. `open` are the [`Tally::Spent`] of intervals still open, up to the clock. To be read once right after
    /// `restore`, so that what late events take back from then on is noticed.
    pub fn read(&mut self, open: &[Tally]) -> CounterReadings {
        self.settle_time(open);
        CounterReadings {
            histograms: self.histograms.column(Histogram::clone),
            answers: self.answers.column(|count| *count),
            breaches: self.breaches.column(|count| *count),
            withdrawn: self.withdrawn.column(|count| *count),
            time: self.time.iter().map(|(key, spent)| (key.clone(), spent.shown())).collect(),
        }
    }

    fn fact(&mut self, fact: &Fact) {
        let Some(conversation) = &fact.conversation else { return };
        let (medium, team) = (conversation.medium, fact.team.as_ref());
        let histogram = |family, first| HistogramKey { family, team, channel: conversation.channel.as_ref(), medium, first };
        let breach = |sla| BreachKey { sla, team, agent: fact.agent.as_ref(), medium };
        match &fact.kind {
            // A rate needs a zero to start from: a team's queue shows one before its first breach.
            FactKind::Started { .. } => {
                for sla in [Sla::FirstResponse, Sla::NextResponse] {
                    self.breach(BreachKey { agent: None, ..breach(sla) }, 0);
                }
            }
            FactKind::Response { first, wait, .. } => {
                self.sample(histogram(Family::Response, *first), wait.judged());
                if let Some(agent) = &fact.agent {
                    self.answer(AnswerKey { agent, team, medium, within: wait.within });
                }
            }
            FactKind::Resolved { first, judged_active, complaint, .. } => {
                if *first {
                    self.sample(histogram(Family::Resolution, false), *judged_active);
                }
                if let Some(handling) = complaint {
                    self.sample(histogram(Family::Complaint, false), *handling);
                }
            }
            FactKind::Breach { sla, .. } => self.breach(breach(*sla), 1),
            FactKind::Withdrawn { of: WithdrawnSample::ResponseBreach { sla }, .. } => self.withdraw(breach(*sla)),
            FactKind::Withdrawn { of: WithdrawnSample::ResolutionBreach, .. } => self.withdraw(breach(Sla::Resolution)),
            _ => {}
        }
    }

    fn tally(&mut self, tally: &Tally) {
        if let Tally::Spent { agent, team, time, .. } = tally {
            let key = TimeKey { agent: agent.clone(), team: team.clone() };
            self.time.entry(key.clone()).or_insert_with(Spent::from_now).closed.add(time);
            self.touch(|| CounterKey::Time(key));
        }
    }

    fn sample(&mut self, key: HistogramKey<&Name>, sample: Span) {
        let edges = self.edges.of(key.family);
        self.histograms.get_or_insert_with(&key, || Histogram::new(edges)).add(sample);
        self.touch(|| CounterKey::Histogram(key.to_key()));
    }

    fn answer(&mut self, key: AnswerKey<&Name>) {
        *self.answers.get_or_insert_with(&key, || 0) += 1;
        self.touch(|| CounterKey::Answers(key.to_key()));
    }

    fn breach(&mut self, key: BreachKey<&Name>, count: u64) {
        *self.breaches.get_or_insert_with(&key, || 0) += count;
        self.touch(|| CounterKey::Breaches(key.to_key()));
    }

    fn withdraw(&mut self, key: BreachKey<&Name>) {
        *self.withdrawn.get_or_insert_with(&key, || 0) += 1;
        self.touch(|| CounterKey::Withdrawn(key.to_key()));
    }

    fn settle_time(&mut self, open: &[Tally]) {
        self.time.values_mut().for_each(|entry| entry.open = SpentTime::default());
        for tally in open {
            if let Tally::Spent { agent, team, time, .. } = tally {
                let key = TimeKey { agent: agent.clone(), team: team.clone() };
                self.time.entry(key).or_insert_with(Spent::from_now).open.add(time);
            }
        }
        let mut entries: Vec<(&TimeKey, &mut Spent)> = self.time.iter_mut().collect();
        for entries in entries.chunk_by_mut(|one, other| one.0.agent == other.0.agent) {
            let changed = time::settle(entries);
            if let Some(touched) = self.touched.as_mut().filter(|_| changed) {
                touched.extend(entries.iter().map(|(key, _)| CounterKey::Time((*key).clone())));
            }
        }
    }

    fn touch(&mut self, key: impl FnOnce() -> CounterKey) {
        if let Some(touched) = &mut self.touched {
            touched.insert(key());
        }
    }
}

#[cfg(test)]
mod tests;
