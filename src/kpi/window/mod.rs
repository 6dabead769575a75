//! Rolling windows of the live gauges. A window of length `w` at clock `c` holds the samples that count in `(c − w, c]`, so it
//! slides with the clock even when nothing happens.
//!
//! Agents have one capped ring of samples each, sorted when it is read; teams and channels, which have thousands
//! of samples, have a running histogram per window (hdrhistogram, three digits). A read works out only what changed or
//! expired since the last one.
//!
//! > `sample` what counts · `ring` samples in order · `agent`, `group` windows of one series · `journal` rows · `slices` rows of older programs

mod agent;
mod group;
mod journal;
mod ring;
mod sample;
mod slices;

use std::sync::Arc;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::counted::Counted;
use super::hashed::NumberedKey;
use super::keyed::{Column, Keyed};
use super::kpis::KpiSettings;
use super::names::{Names, Number, packed};
use crate::model::{Medium, Name, Row, RowError, Span, SpentTime, Table, Time};

use agent::AgentRing;
use group::GroupRing;
use journal::Journal;
pub use ring::LONGEST;
use ring::{Mark, Point};
use sample::{Kind, Sample};
use slices::{Slices, Whose};

/// Samples that were read of rows and wait to be put in their places together.
const RESTORED_MAX: usize = 1 << 18;

/// The rolling windows.
#[derive(Debug)]
pub struct Windows {
    lengths: Lengths,
    /// Whether agents have windows, too.
    of_agents: bool,
    agents: Keyed<AgentSeries<Number>, AgentRing>,
    groups: Keyed<GroupSeries<Number>, GroupRing>,
    scratch: Histogram<u32>,
    /// All samples; `None` when nobody will ask for rows.
    journal: Option<Journal>,
    slices: Slices,
    /// What was read of rows and is not in its place yet.
    restored: Vec<Sample>,
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
            of_agents: settings.shows_agents,
            agents: Keyed::default(),
            groups: Keyed::default(),
            scratch: histogram(),
            journal: settings.track_changes.then(Journal::new),
            slices: Slices::default(),
            restored: Vec::new(),
            left_out: 0,
        }
    }

    /// Takes in what is an agent's.
    pub fn count_for_agent(&mut self, counted: &Counted) {
        Sample::each_of(counted, |sample| self.take_for_agent(&sample));
    }

    /// Takes in what is a team's or channel's, and keeps all of it for the rows: before it is counted for its agent.
    pub fn count_for_group(&mut self, counted: &Counted) {
        Sample::each_of(counted, |sample| {
            self.journal.iter_mut().for_each(|journal| journal.add(sample));
            self.take_for_group(&sample);
        });
    }

    /// All windows at this clock, which never goes back.
    pub fn read(&mut self, clock: Time, names: &Names) -> WindowReadings {
        self.settle();
        self.journal.iter_mut().for_each(|journal| journal.read_at(clock));
        for key in self.agents.keys(names).iter().copied() {
            let Some(ring) = self.agents.get_mut(key) else { continue };
            ring.refresh(clock, &self.lengths);
            if ring.is_empty() {
                self.agents.remove(key);
            }
        }
        for key in self.groups.keys(names).iter().copied() {
            let Some(ring) = self.groups.get_mut(key) else { continue };
            self.left_out += ring.refresh(clock, &self.lengths, &mut self.scratch);
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

    /// Each row that changed or went since the last call, once.
    pub fn changes(&mut self, names: &Names, rows: &mut Vec<Row>) {
        self.settle();
        if let Some(journal) = &mut self.journal {
            self.slices.remove_expired(journal.expired(self.lengths.longest), rows);
            journal.changes(self.lengths.longest, names, rows);
        }
    }

    /// Takes in a row of [`Table::Sample`] or [`Table::Window`], by the numbers of their tables and in the order of their keys.
    ///
    /// # Errors
    /// When the row is damaged or of a newer version.
    pub fn restore(&mut self, row: &Row, names: &mut Names) -> Result<(), RowError> {
        if row.table == Table::Window {
            return self.slices.restore(row, names);
        }
        let (number, samples) = journal::read(row, names)?;
        self.journal.iter_mut().for_each(|journal| journal.restored(number, &samples));
        self.restored.extend(samples);
        if self.restored.len() >= RESTORED_MAX {
            self.settle();
        }
        Ok(())
    }

    /// Puts what was read of rows in its place. To be called before anything is read or taken in.
    pub fn settle(&mut self) {
        if self.restored.is_empty() && self.slices.is_empty() {
            return;
        }
        // What is left out now was counted when it came.
        let left_out = self.left_out;
        // In order of time: the keys of these rows are in another, in which most samples would be put before millions of others.
        for slice in self.slices.take() {
            for point in slice.points {
                match slice.whose {
                    Whose::Agent(series) if self.of_agents => self.put_agent(series, point),
                    Whose::Agent(_) => {}
                    Whose::Group(series) => self.put_group(series, point),
                }
            }
        }
        let mut restored = std::mem::take(&mut self.restored);
        restored.iter().for_each(|sample| self.take_for_group(sample));
        // Agent by agent: each has his own in another place of memory.
        if self.of_agents {
            restored.sort_by_key(|sample| sample.agent.map_or(0, Number::index));
            restored.iter().for_each(|sample| self.take_for_agent(sample));
        }
        self.groups.values_mut().for_each(|ring| _ = ring.trim(&mut self.scratch));
        self.left_out = left_out;
    }

    /// How many samples were left out because a ring was full. Only of live gauges: totals and counters have them.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    #[inline(always)]
    fn take_for_agent(&mut self, sample: &Sample) {
        let Some(agent) = sample.agent.filter(|_| self.of_agents) else { return };
        let (measure, mark) = match sample.kind {
            Kind::Response { within, .. } => (Measure::Answers, mark(within)),
            Kind::Late => (Measure::Answers, Mark::Unanswered),
            Kind::Unserved => return,
            Kind::Resolution => (Measure::Resolution, Mark::Plain),
            Kind::Complaint | Kind::Withdrawn => (Measure::Complaint, Mark::Plain),
        };
        let medium = sample.medium.filter(|_| measure == Measure::Answers);
        let series = AgentSeries { measure, agent, team: sample.team, medium };
        let point = Point { at: sample.at, mark, value: sample.value };
        if sample.kind != Kind::Withdrawn {
            self.put_agent(series, point);
        } else if let Some(ring) = self.agents.get_mut(series) {
            ring.remove(point);
        }
    }

    #[inline(always)]
    fn take_for_group(&mut self, sample: &Sample) {
        let Some(medium) = sample.medium else { return };
        let (team, channel) = (GroupSeries::Team { team: sample.team, medium }, GroupSeries::Channel { channel: sample.channel, medium });
        let answer = Point { at: sample.at, mark: Mark::Plain, value: sample.value };
        match sample.kind {
            Kind::Response { within, served } => {
                self.put_group(team, Point { mark: if served { mark(within) } else { Mark::Plain }, ..answer });
                self.put_group(channel, answer);
            }
            Kind::Unserved => self.put_group(team, Point { mark: Mark::Unanswered, ..answer }),
            _ => {}
        }
    }

    #[inline]
    fn put_agent(&mut self, series: AgentSeries<Number>, point: Point) {
        self.left_out += self.agents.get_or_insert_with(series, AgentRing::default).insert(point, self.lengths.longest);
    }

    #[inline]
    fn put_group(&mut self, series: GroupSeries<Number>, point: Point) {
        let ring = self.groups.get_or_insert_with(series, || GroupRing::new(self.lengths.all.len()));
        self.left_out += ring.insert(point, &self.lengths, &mut self.scratch);
    }
}

fn mark(within: Option<bool>) -> Mark {
    match within {
        None => Mark::Plain,
        Some(true) => Mark::Met,
        Some(false) => Mark::Missed,
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
