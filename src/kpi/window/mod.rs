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
use std::sync::Arc;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::counted::{Counted, What};
use super::hashed::NumberedKey;
use super::keyed::{Column, Keyed};
use super::kpis::KpiSettings;
use super::names::{Names, Number, packed};
use crate::model::{Medium, Name, Span, SpentTime, Time};

use agent::AgentRing;
use group::GroupRing;
pub use ring::LONGEST;
use ring::{Mark, Point};
use rows::Slice;

/// The rolling windows.
#[derive(Debug)]
pub struct Windows {
    lengths: Lengths,
    agents: Keyed<AgentSeries<Number>, AgentRing>,
    groups: Keyed<GroupSeries<Number>, GroupRing>,
    scratch: Histogram<u32>,
    /// Slices whose rows changed; `None` when nobody will ask.
    touched: Option<HashSet<Slice<Number>>>,
    /// What was restored and is not in its place yet.
    restored: Vec<(Slice<Number>, Vec<Point>)>,
    left_out: u64,
}

/// The lengths of the windows.
#[derive(Debug, Clone)]
struct Lengths {
    all: Arc<[Span]>,
    longest: Span,
}

/// Which samples of an agent: a series of its own. Ordered as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

impl<N> AgentSeries<N> {
    /// The same with something else in the place of names.
    fn with<M>(&self, mut name: impl FnMut(&N) -> M) -> AgentSeries<M> {
        let Self { measure, agent, team, medium } = self;
        AgentSeries { measure: *measure, agent: name(agent), team: team.as_ref().map(name), medium: *medium }
    }
}

impl<N> GroupSeries<N> {
    /// The same with something else in the place of names.
    fn with<M>(&self, name: impl FnMut(&N) -> M) -> GroupSeries<M> {
        match self {
            Self::Team { team, medium } => GroupSeries::Team { team: team.as_ref().map(name), medium: *medium },
            Self::Channel { channel, medium } => GroupSeries::Channel { channel: channel.as_ref().map(name), medium: *medium },
        }
    }
}

impl NumberedKey for AgentSeries<Number> {
    type Named = AgentSeries;

    #[inline(always)]
    fn packed(self) -> u128 {
        packed([Some(self.agent), self.team], (self.measure as u64) << 2 | self.medium.map_or(2, |medium| medium as u64))
    }

    fn named(self, names: &Names) -> AgentSeries {
        self.with(|number| names.name(*number).clone())
    }
}

impl NumberedKey for GroupSeries<Number> {
    type Named = GroupSeries;

    #[inline(always)]
    fn packed(self) -> u128 {
        match self {
            Self::Team { team, medium } => packed([team, None], medium as u64),
            Self::Channel { channel, medium } => packed([channel, None], 2 | medium as u64),
        }
    }

    fn named(self, names: &Names) -> GroupSeries {
        self.with(|number| names.name(*number).clone())
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
    pub fn new(settings: &KpiSettings) -> Self {
        let longest = settings.windows.iter().copied().max().unwrap_or(Span::ZERO).min(LONGEST);
        Self {
            lengths: Lengths { all: settings.windows.as_slice().into(), longest },
            agents: Keyed::default(),
            groups: Keyed::default(),
            scratch: histogram(),
            touched: settings.track_changes.then(HashSet::new),
            restored: Vec::new(),
            left_out: 0,
        }
    }

    /// Takes in what is an agent's.
    pub fn count_for_agent(&mut self, counted: &Counted) {
        let point = |mark, value| Point { at: counted.at, mark, value };
        let plain = |value| point(Mark::Plain, value);
        match &counted.what {
            What::Response(response) => self.agent(counted, Measure::Answers, point(mark(response.within), response.judged)),
            What::Late { .. } => self.agent(counted, Measure::Answers, point(Mark::Unanswered, Span::ZERO)),
            What::Resolved(resolved) => {
                if resolved.first {
                    self.agent(counted, Measure::Resolution, plain(resolved.active));
                }
                if resolved.complaint {
                    self.agent(counted, Measure::Complaint, plain(resolved.handling));
                }
            }
            What::ComplaintWithdrawn { handling, .. } => self.withdraw(counted, plain(*handling)),
            _ => {}
        }
    }

    /// Takes in what is a team's or channel's.
    pub fn count_for_group(&mut self, counted: &Counted) {
        let Some(medium) = counted.medium else { return };
        let (team, channel) = (GroupSeries::Team { team: counted.team, medium }, GroupSeries::Channel { channel: counted.channel, medium });
        match &counted.what {
            What::Response(response) => {
                let answer = Point { at: counted.at, mark: Mark::Plain, value: response.judged };
                let served = response.offered && response.targeted;
                self.group(team, Point { mark: if served { mark(response.within) } else { Mark::Plain }, ..answer });
                self.group(channel, answer);
            }
            What::Unanswered { offered: true, targeted: true, .. } => {
                self.group(team, Point { at: counted.at, mark: Mark::Unanswered, value: Span::ZERO });
            }
            _ => {}
        }
    }

    /// All windows at this clock, which never goes back.
    pub fn read(&mut self, clock: Time, names: &Names) -> WindowReadings {
        self.settle();
        for key in self.agents.keys(names).iter().copied() {
            let Some(ring) = self.agents.get_mut(key) else { continue };
            ring.refresh(clock, &self.lengths, |at| note(&mut self.touched, || Slice::of_agent(key, at)));
            if ring.is_empty() {
                self.agents.remove(key);
            }
        }
        for key in self.groups.keys(names).iter().copied() {
            let Some(ring) = self.groups.get_mut(key) else { continue };
            ring.refresh(clock, &self.lengths, &mut self.scratch, |at| note(&mut self.touched, || Slice::of_group(key, at)));
            if ring.is_empty() {
                self.groups.remove(key);
            }
        }
        WindowReadings {
            windows: Arc::clone(&self.lengths.all),
            agents: self.agents.column(names, AgentRing::readings),
            groups: self.groups.column(names, GroupRing::readings),
        }
    }

    /// How many samples were left out because a ring was full. Only of live gauges: totals and counters have them.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    #[inline]
    fn agent(&mut self, counted: &Counted, measure: Measure, point: Point) {
        let medium = counted.medium.filter(|_| measure == Measure::Answers);
        let Some(agent) = counted.agent else { return };
        self.put_agent(AgentSeries { measure, agent, team: counted.team, medium }, point);
    }

    #[inline]
    fn put_agent(&mut self, series: AgentSeries<Number>, point: Point) {
        note(&mut self.touched, || Slice::of_agent(series, point.at));
        self.put_back_agent(series, point);
    }

    /// Puts in what its row has.
    fn put_back_agent(&mut self, series: AgentSeries<Number>, point: Point) {
        let ring = self.agents.get_or_insert_with(series, AgentRing::default);
        let touched = &mut self.touched;
        self.left_out += ring.insert(point, self.lengths.longest, |at| note(touched, || Slice::of_agent(series, at)));
    }

    fn withdraw(&mut self, counted: &Counted, point: Point) {
        let Some(agent) = counted.agent else { return };
        let series = AgentSeries { measure: Measure::Complaint, agent, team: counted.team, medium: None };
        if self.agents.get_mut(series).is_some_and(|ring| ring.remove(point)) {
            note(&mut self.touched, || Slice::of_agent(series, point.at));
        }
    }

    fn group(&mut self, series: GroupSeries<Number>, point: Point) {
        note(&mut self.touched, || Slice::of_group(series, point.at));
        self.put_back_group(series, point);
    }

    /// Puts in what its row has.
    fn put_back_group(&mut self, series: GroupSeries<Number>, point: Point) {
        let ring = self.groups.get_or_insert_with(series, || GroupRing::new(self.lengths.all.len()));
        let touched = &mut self.touched;
        let gone = |at| note(touched, || Slice::of_group(series, at));
        self.left_out += ring.insert(point, &self.lengths, &mut self.scratch, gone);
    }
}

fn mark(within: Option<bool>) -> Mark {
    match within {
        None => Mark::Plain,
        Some(true) => Mark::Met,
        Some(false) => Mark::Missed,
    }
}

fn note(touched: &mut Option<HashSet<Slice<Number>>>, slice: impl FnOnce() -> Slice<Number>) {
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
