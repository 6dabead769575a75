//! Rolling windows of the live gauges. A window of length `w` at clock `c` holds the samples that count in `(c − w, c]`, so it
//! slides with the clock even when nothing happens.
//!
//! Agents have one capped ring of samples each, sorted when it is read; teams and channels, which have thousands
//! of samples, have a running histogram per window (hdrhistogram, three digits). A read works out only what changed or
//! expired since the last one.

mod agent;
mod group;
mod ring;
mod rows;

use std::collections::HashSet;
use std::hint::black_box;
use std::sync::Arc;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::hashed::{Lookup, looked_up_by_borrowed_names};
use super::keyed::{Column, Keyed};
use crate::model::{Fact, FactKind, Medium, Name, Output, Posted, Span, SpentTime, Time, Wait, WithdrawnSample};

use agent::AgentRing;
use group::GroupRing;
pub use ring::LONGEST;
use ring::{Mark, Point};
use rows::Slice;

/// What the windows are told.
#[derive(Debug, Clone)]
pub struct WindowSettings {
    /// Their lengths, each from 1 ms to [`LONGEST`].
    pub windows: Vec<Span>,
    /// Abandoned up to this long after the people's clock started: not offered (ruling 81).
    pub short_abandon: Span,
    /// Whether `changes()` will be asked for.
    pub track_changes: bool,
}

/// The rolling windows.
#[derive(Debug)]
pub struct Windows {
    lengths: Lengths,
    short_abandon: Span,
    agents: Keyed<AgentSeries, AgentRing>,
    groups: Keyed<GroupSeries, GroupRing>,
    scratch: Histogram<u32>,
    /// Slices whose rows changed; `None` when nobody will ask.
    touched: Option<HashSet<Slice>>,
    left_out: u64,
}

/// The lengths of the windows.
#[derive(Debug, Clone)]
struct Lengths {
    all: Arc<[Span]>,
    longest: Span,
}

/// Which samples of an agent: a series of its own. Ordered as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgentSeries<N = Name> {
    /// What was measured.
    pub measure: Measure,
    /// Whose.
    pub agent: N,
    /// The team of the conversation.
    pub team: Option<N>,
    /// Chat or ticket, of answers only.
    pub medium: Option<Medium>,
}

/// What is measured of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Measure {
    /// Judged time of responses, and whether they were within their target.
    Answers,
    /// Judged time of first resolutions.
    Resolution,
    /// Handling time of complaints.
    Complaint,
}

/// Which samples of many agents: a series of its own. Ordered as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GroupSeries<N = Name> {
    /// Responses of a team, and its service level.
    Team {
        /// The team of the conversation.
        team: Option<N>,
        /// Chat or ticket.
        medium: Medium,
    },
    /// Responses in a channel.
    Channel {
        /// The channel of the conversation.
        channel: Option<N>,
        /// Chat or ticket.
        medium: Medium,
    },
}

looked_up_by_borrowed_names!(AgentSeries, GroupSeries);

impl<N> AgentSeries<N> {
    fn with<'a, M>(&'a self, name: impl Fn(&'a N) -> M) -> AgentSeries<M> {
        let Self { measure, agent, team, medium } = self;
        AgentSeries { measure: *measure, agent: name(agent), team: team.as_ref().map(name), medium: *medium }
    }
}

impl<N> GroupSeries<N> {
    fn with<'a, M>(&'a self, name: impl Fn(&'a N) -> M) -> GroupSeries<M> {
        match self {
            Self::Team { team, medium } => GroupSeries::Team { team: team.as_ref().map(name), medium: *medium },
            Self::Channel { channel, medium } => GroupSeries::Channel { channel: channel.as_ref().map(name), medium: *medium },
        }
    }
}

/// What one window holds of one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// The durations that half, nine of ten and 99 of 100 samples do not exceed (nearest rank, up to 0.1 % too short).
    pub quantiles: Option<[Span; 3]>,
    /// Judged samples that met their target.
    pub met: u64,
    /// Judged samples.
    pub judged: u64,
}

/// All windows at one clock. Each series has one reading per window, in the order of the windows.
#[derive(Debug, Clone, Default)]
pub struct WindowReadings {
    /// The lengths of the windows.
    pub windows: Arc<[Span]>,
    /// Of agents.
    pub agents: Column<AgentSeries, Arc<[Reading]>>,
    /// Of teams and channels.
    pub groups: Column<GroupSeries, Arc<[Reading]>>,
}

/// An agent's time in each window, worked out by whoever knows his intervals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentReading {
    /// Who.
    pub agent: Name,
    /// His team.
    pub team: Option<Name>,
    /// One per window, in the order of the windows.
    pub windows: Vec<SpentTime>,
}

impl Windows {
    /// Windows that hold nothing yet.
    #[must_use]
    pub fn new(settings: &WindowSettings) -> Self {
        let longest = settings.windows.iter().copied().max().unwrap_or(Span::ZERO).min(LONGEST);
        Self {
            lengths: Lengths { all: settings.windows.as_slice().into(), longest },
            short_abandon: settings.short_abandon,
            agents: Keyed::default(),
            groups: Keyed::default(),
            scratch: histogram(),
            touched: settings.track_changes.then(HashSet::new),
            left_out: 0,
        }
    }

    /// Brings the rings of agents near that take these outputs in. Changes nothing. Goes step by step over all, so that what is far
    /// away is fetched for many at once.
    pub fn look_ahead(&self, posted: &[Posted]) {
        let answers = posted.iter().filter_map(|one| match &one.output {
            Output::Fact(fact) if matches!(fact.kind, FactKind::Response { .. }) => Some(fact),
            _ => None,
        });
        let rings = self.agents.look_ahead(answers.filter_map(|fact| {
            let (agent, team) = (fact.agent.as_ref()?, fact.team.as_ref());
            Some(AgentSeries { measure: Measure::Answers, agent, team, medium: medium(fact) })
        }));
        black_box(rings.iter().fold(0, |all, ring| all ^ ring.ring().glance()));
    }

    /// Takes in what was decided.
    pub fn post(&mut self, posted: &Posted) {
        let Output::Fact(fact) = &posted.output else { return };
        match &fact.kind {
            FactKind::Response { wait, .. } => self.response(fact, wait),
            FactKind::Unanswered { reason, wait, judged_agent, judged_team, .. } => {
                let late = Point { at: fact.at, mark: Mark::Unanswered, value: Span::ZERO };
                if wait.within == Some(false) {
                    self.agent(judged_agent.as_ref(), judged_team.as_ref(), Measure::Answers, medium(fact), late);
                }
                let short = reason == "abandoned" && wait.seconds <= self.short_abandon;
                if wait.offered && wait.target.is_some() && !short {
                    self.team(fact, late);
                }
            }
            FactKind::Resolved { first, judged_active, complaint, .. } => {
                let sample = |value| Point { at: fact.at, mark: Mark::Plain, value };
                if *first {
                    self.agent(fact.agent.as_ref(), fact.team.as_ref(), Measure::Resolution, None, sample(*judged_active));
                }
                if let Some(handling) = complaint {
                    self.agent(fact.agent.as_ref(), fact.team.as_ref(), Measure::Complaint, None, sample(*handling));
                }
            }
            FactKind::Withdrawn { of: WithdrawnSample::ComplaintHandlingTime { seconds, .. }, counted_at, .. } => {
                self.withdraw(fact, Point { at: *counted_at, mark: Mark::Plain, value: *seconds });
            }
            _ => {}
        }
    }

    /// All windows at this clock, which never goes back.
    pub fn read(&mut self, clock: Time) -> WindowReadings {
        for key in self.agents.keys().iter() {
            let Some(ring) = self.agents.get_mut(key) else { continue };
            ring.refresh(clock, &self.lengths, |at| note(&mut self.touched, || Slice::of_agent(key, at)));
            if ring.is_empty() {
                self.agents.remove(key);
            }
        }
        for key in self.groups.keys().iter() {
            let Some(ring) = self.groups.get_mut(key) else { continue };
            ring.refresh(clock, &self.lengths, &mut self.scratch, |at| note(&mut self.touched, || Slice::of_group(key, at)));
            if ring.is_empty() {
                self.groups.remove(key);
            }
        }
        WindowReadings {
            windows: Arc::clone(&self.lengths.all),
            agents: self.agents.column(AgentRing::readings),
            groups: self.groups.column(GroupRing::readings),
        }
    }

    /// How many samples were left out because a ring was full. Only of live gauges: totals and counters have them.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    fn response(&mut self, fact: &Fact, wait: &Wait) {
        let mark = |judged: Option<bool>| match judged {
            None => Mark::Plain,
            Some(true) => Mark::Met,
            Some(false) => Mark::Missed,
        };
        let answer = Point { at: fact.at, mark: mark(wait.within), value: wait.judged() };
        self.agent(fact.agent.as_ref(), fact.team.as_ref(), Measure::Answers, medium(fact), answer);
        let served = wait.offered && wait.target.is_some();
        self.team(fact, Point { mark: if served { answer.mark } else { Mark::Plain }, ..answer });
        if let Some(conversation) = &fact.conversation {
            let series = GroupSeries::Channel { channel: conversation.channel.as_ref(), medium: conversation.medium };
            self.group(series, Point { mark: Mark::Plain, ..answer });
        }
    }

    fn agent(&mut self, agent: Option<&Name>, team: Option<&Name>, measure: Measure, medium: Option<Medium>, point: Point) {
        let Some(agent) = agent else { return };
        self.put_agent(AgentSeries { measure, agent, team, medium }, point);
    }

    fn put_agent(&mut self, series: AgentSeries<&Name>, point: Point) {
        let ring = self.agents.get_or_insert_with(&series, AgentRing::default);
        note(&mut self.touched, || Slice::of_agent(&series.to_key(), point.at));
        let touched = &mut self.touched;
        self.left_out += ring.insert(point, self.lengths.longest, |at| note(touched, || Slice::of_agent(&series.to_key(), at)));
    }

    fn withdraw(&mut self, fact: &Fact, point: Point) {
        let Some(agent) = &fact.agent else { return };
        let series = AgentSeries { measure: Measure::Complaint, agent, team: fact.team.as_ref(), medium: None };
        if self.agents.get_mut(&series).is_some_and(|ring| ring.remove(point)) {
            note(&mut self.touched, || Slice::of_agent(&series.to_key(), point.at));
        }
    }

    fn team(&mut self, fact: &Fact, point: Point) {
        if let Some(medium) = medium(fact) {
            self.group(GroupSeries::Team { team: fact.team.as_ref(), medium }, point);
        }
    }

    fn group(&mut self, series: GroupSeries<&Name>, point: Point) {
        let ring = self.groups.get_or_insert_with(&series, || GroupRing::new(self.lengths.all.len()));
        note(&mut self.touched, || Slice::of_group(&series.to_key(), point.at));
        let touched = &mut self.touched;
        let gone = |at| note(touched, || Slice::of_group(&series.to_key(), at));
        self.left_out += ring.insert(point, &self.lengths, &mut self.scratch, gone);
    }
}

fn medium(fact: &Fact) -> Option<Medium> {
    fact.conversation.as_ref().map(|conversation| conversation.medium)
}

fn note(touched: &mut Option<HashSet<Slice>>, slice: impl FnOnce() -> Slice) {
    if let Some(touched) = touched {
        touched.insert(slice());
    }
}

/// An empty histogram of milliseconds with three significant digits that grows as needed.
fn histogram() -> Histogram<u32> {
    #[expect(clippy::expect_used, reason = "three digits are in the allowed range of 0 to 5")]
    Histogram::new(3).expect("three significant digits are allowed")
}

fn record(histogram: &mut Histogram<u32>, value: Span) {
    let value = value.0.max(0) as u64;
    // It grows as needed; where it cannot, the largest bucket takes the sample.
    histogram.record(value).unwrap_or_else(|_| histogram.saturating_record(value));
}

/// The quantiles by nearest rank, each the lower edge of its bucket as in the totals.
fn quantiles(histogram: &Histogram<u32>) -> Option<[Span; 3]> {
    let count = histogram.len();
    (count > 0).then(|| {
        [50, 90, 99].map(|percent| {
            let rank = (count * percent).div_ceil(100);
            // Half a sample below the rank, so that no rounding moves it to the next.
            let value = histogram.value_at_quantile((rank as f64 - 0.5) / count as f64);
            Span(i64::try_from(histogram.lowest_equivalent(value)).unwrap_or(i64::MAX))
        })
    })
}

#[cfg(test)]
mod tests;
