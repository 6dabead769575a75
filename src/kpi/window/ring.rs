//! A ring of samples: eight bytes each, in order of time, to the millisecond.

use std::collections::VecDeque;

use crate::model::{Span, Time};

/// The longest window: samples up to twice as old as this can still be told apart.
pub const LONGEST: Span = Span(24 * Span::DAY.0);

/// What a sample says about its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Not judged.
    Plain,
    /// It was met.
    Met,
    /// It was missed.
    Missed,
    /// It was missed, and there is no duration: nobody answered.
    Unanswered,
}

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When it counts.
    pub at: Time,
    /// What it says about its target.
    pub mark: Mark,
    /// The duration; without meaning when nobody answered.
    pub value: Span,
}

impl Point {
    /// As a ring keeps it: see [`pack`].
    pub fn kept(self) -> Self {
        let (mark, value) = unpack(pack(self));
        Self { mark, value, ..self }
    }

    /// The duration, if it has one.
    pub fn duration(self) -> Option<Span> {
        (self.mark != Mark::Unanswered).then_some(self.value)
    }
}

/// A sample as it is kept: the lower half of its instant, and mark and value packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    at: u32,
    packed: u32,
}

/// Samples in order of time. All lie within twice [`LONGEST`] of the newest, so that half an instant identifies them.
#[derive(Debug, Clone, Default)]
pub struct Ring {
    newest: Time,
    samples: VecDeque<Sample>,
}

/// Of the 32 bits of a packed value two are the mark, one the unit, the rest the number.
const UNIT_BIT: u32 = 1 << 29;
const NUMBER: u32 = UNIT_BIT - 1;

impl Ring {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The sample at an index, counted from the oldest.
    pub fn get(&self, index: usize) -> Option<Point> {
        self.samples.get(index).map(|sample| self.point(*sample))
    }

    /// The oldest sample.
    pub fn oldest(&self) -> Option<Point> {
        self.get(0)
    }

    /// Takes the oldest sample out.
    pub fn pop(&mut self) -> Option<Point> {
        let oldest = self.samples.pop_front().map(|sample| self.point(sample));
        // A burst leaves no memory behind.
        if self.samples.capacity() > 64 && self.samples.len() < self.samples.capacity() / 8 {
            self.samples.shrink_to(self.samples.len() * 2);
        }
        oldest
    }

    /// Puts a sample in its place, after those of the same instant, and gives that place; none when it is `longest` or more
    /// behind the newest.
    pub fn insert(&mut self, point: Point, longest: Span) -> Option<usize> {
        let sample = Sample { at: low(point.at), packed: pack(point) };
        if self.samples.is_empty() || point.at >= self.newest {
            self.newest = point.at;
            self.samples.push_back(sample);
            return Some(self.samples.len() - 1);
        }
        (point.at > self.newest - longest).then(|| {
            let place = self.after(point.at);
            self.samples.insert(place, sample);
            place
        })
    }

    /// Takes one such sample out, if there is one.
    pub fn remove(&mut self, point: Point) {
        let wanted = pack(point);
        let place = (0..self.after(point.at)).rev().map_while(|index| Some((index, *self.samples.get(index)?)));
        let found = place.take_while(|(_, sample)| sample.at == low(point.at)).find(|(_, sample)| sample.packed == wanted);
        found.and_then(|(index, _)| self.samples.remove(index));
    }

    /// The index of the first sample later than `at`.
    pub fn after(&self, at: Time) -> usize {
        self.samples.partition_point(|sample| self.time(*sample) <= at)
    }

    /// The samples from an index on.
    pub fn from(&self, index: usize) -> impl Iterator<Item = Point> + '_ {
        self.samples.range(index.min(self.samples.len())..).map(|sample| self.point(*sample))
    }

    fn time(&self, sample: Sample) -> Time {
        Time(self.newest.0 - i64::from(low(self.newest).wrapping_sub(sample.at)))
    }

    fn point(&self, sample: Sample) -> Point {
        let (mark, value) = unpack(sample.packed);
        Point { at: self.time(sample), mark, value }
    }
}

fn low(at: Time) -> u32 {
    at.0 as u32
}

/// Milliseconds up to six days, above whole seconds, and at most 17 years.
fn pack(point: Point) -> u32 {
    let ms = point.value.0.max(0);
    let number = match u32::try_from(ms) {
        Ok(ms) if ms <= NUMBER => ms,
        _ => UNIT_BIT | u32::try_from(ms / 1_000).unwrap_or(NUMBER).min(NUMBER),
    };
    (point.mark as u32) << 30 | number
}

fn unpack(packed: u32) -> (Mark, Span) {
    let mark = [Mark::Plain, Mark::Met, Mark::Missed, Mark::Unanswered][(packed >> 30) as usize];
    let unit = if packed & UNIT_BIT == 0 { 1 } else { 1_000 };
    (mark, Span(i64::from(packed & NUMBER) * unit))
}
