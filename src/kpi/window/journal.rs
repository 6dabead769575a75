//! Windows as rows: the samples of the longest window, in the order in which they came. Of a busy service each commit writes a row, which goes when
//! all of it has expired: a sample costs its own bytes and no more. Taking them in again in their order gives the windows back.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::sample::{Kind, Sample};
use crate::kpi::names::{Names, Number};
use crate::model::{Medium, Name, Row, RowError, Span, Table, Time};

const VERSION: u8 = 1;
/// A row with so many samples is never written again; one with fewer takes in those of the next commit.
const FULL: usize = 256;
/// Samples of a row at most.
const SAMPLES_MAX: usize = 8_192;

/// What was written of the samples, and what is still to be written.
#[derive(Debug)]
pub struct Journal {
    /// The number of the row that comes next, or that is not full.
    number: u64,
    /// What it has, and behind that what is not written yet.
    samples: Vec<Sample>,
    written: usize,
    /// The rows before, and the newest instant of each.
    rows: VecDeque<(u64, Time)>,
    /// The newest instant of all, or at which windows were read.
    newest: Time,
}

/// The content of a row.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    /// The names of its samples.
    names: Vec<Name>,
    samples: Vec<Stored>,
}

/// A sample: its instant, as the distance from that of the one before; its kind and medium; the places of the names of agent, team and channel,
/// counted from 1, 0 for none; its duration.
#[derive(Debug, Serialize, Deserialize)]
struct Stored(Span, u8, [u32; 3], Span);

/// In the order of their numbers.
const KINDS: [Kind; 11] = [
    Kind::Response { within: None, served: false },
    Kind::Response { within: None, served: true },
    Kind::Response { within: Some(false), served: false },
    Kind::Response { within: Some(false), served: true },
    Kind::Response { within: Some(true), served: false },
    Kind::Response { within: Some(true), served: true },
    Kind::Late,
    Kind::Unserved,
    Kind::Resolution,
    Kind::Complaint,
    Kind::Withdrawn,
];
/// In the order of theirs.
const MEDIA: [Option<Medium>; 3] = [None, Some(Medium::Chat), Some(Medium::Ticket)];

impl Journal {
    /// Without any.
    pub fn new() -> Self {
        Self { number: 0, samples: Vec::new(), written: 0, rows: VecDeque::new(), newest: Time::MIN }
    }

    /// Takes a sample in, if any window may.
    pub fn add(&mut self, sample: Sample) {
        if sample.agent.is_none() && !sample.is_of_group() {
            return;
        }
        self.newest = self.newest.max(sample.at);
        self.samples.push(sample);
    }

    /// Windows were read at this clock.
    pub fn read_at(&mut self, clock: Time) {
        self.newest = self.newest.max(clock);
    }

    /// The latest instant at which a sample is in no window, which are so long at most.
    pub fn expired(&self, longest: Span) -> Time {
        Time(self.newest.0.saturating_sub(longest.0))
    }

    /// The rows that changed or went since the last call, once each.
    pub fn changes(&mut self, longest: Span, names: &Names, rows: &mut Vec<Row>) {
        let expired = self.expired(longest);
        while let Some((number, _)) = self.rows.pop_front_if(|(_, newest)| *newest <= expired) {
            rows.push(Row::remove(Table::Sample, &key(number)));
        }
        if self.written == self.samples.len() {
            if newest(&self.samples) <= expired && self.written > 0 {
                rows.push(Row::remove(Table::Sample, &key(self.number)));
                self.close_last();
            }
            return;
        }
        let samples = std::mem::take(&mut self.samples);
        for some in samples.chunks(SAMPLES_MAX) {
            rows.push(Row::put(Table::Sample, VERSION, &key(self.number), &Content::of(some, names)));
            (self.samples, self.written) = (some.to_vec(), some.len());
            if some.len() >= FULL {
                self.rows.push_back((self.number, newest(&self.samples)));
                self.close_last();
            }
        }
    }

    /// These samples are in the row of this number: it is not written again.
    pub fn restored(&mut self, number: u64, samples: &[Sample]) {
        let newest = newest(samples);
        self.newest = self.newest.max(newest);
        self.rows.push_back((number, newest));
        self.number = number.saturating_add(1);
    }

    fn close_last(&mut self) {
        self.number += 1;
        (self.samples, self.written) = (Vec::new(), 0);
    }
}

/// The number of a row of [`Table::Sample`] and what it has, in the order in which it came.
///
/// # Errors
/// When the row is damaged or of a newer version.
pub fn read(row: &Row, names: &mut Names) -> Result<(u64, Vec<Sample>), RowError> {
    let (number, content): ([u8; 8], Content) = row.read(VERSION)?;
    let samples = content.samples(names).ok_or(RowError::Damaged { table: row.table })?;
    Ok((u64::from_be_bytes(number), samples))
}

fn newest(samples: &[Sample]) -> Time {
    samples.iter().map(|sample| sample.at).max().unwrap_or(Time::MIN)
}

/// Rows are read in the order of their keys.
fn key(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

impl Content {
    fn of(samples: &[Sample], names: &Names) -> Self {
        let (mut places, mut named) = (HashMap::new(), Vec::new());
        let mut place = |number: Option<Number>| {
            number.map_or(0, |number| {
                *places.entry(number).or_insert_with(|| {
                    named.push(names.name(number).clone());
                    named.len() as u32
                })
            })
        };
        let mut before = Time(0);
        let stored = |sample: &Sample| {
            let since = Span(sample.at.0.wrapping_sub(before.0));
            before = sample.at;
            let kind = KINDS.iter().position(|kind| *kind == sample.kind).unwrap_or(0);
            let medium = MEDIA.iter().position(|medium| *medium == sample.medium).unwrap_or(0);
            Stored(since, (kind * MEDIA.len() + medium) as u8, [sample.agent, sample.team, sample.channel].map(&mut place), sample.value)
        };
        let samples = samples.iter().map(stored).collect();
        Self { names: named, samples }
    }

    /// The samples; `None` when they are none.
    fn samples(self, names: &mut Names) -> Option<Vec<Sample>> {
        let numbers: Vec<Number> = self.names.iter().map(|name| names.number(name)).collect();
        let number = |place: u32| match place.checked_sub(1) {
            Some(before) => numbers.get(before as usize).copied().map(Some),
            None => Some(None),
        };
        let mut at = Time(0);
        let sample = |Stored(since, code, [agent, team, channel], value)| {
            at = Time(at.0.wrapping_add(since.0));
            let kind = *KINDS.get(usize::from(code) / MEDIA.len())?;
            let medium = MEDIA[usize::from(code) % MEDIA.len()];
            Some(Sample { at, medium, agent: number(agent)?, team: number(team)?, channel: number(channel)?, kind, value })
        };
        self.samples.into_iter().map(sample).collect()
    }
}
