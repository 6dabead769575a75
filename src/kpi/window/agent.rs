//! The samples of one agent: a capped ring. They are few enough to be sorted when they are read.

use std::sync::Arc;

use super::ring::{Mark, Point, Ring};
use super::{Lengths, Reading};
use crate::kpi::percentile::Bucket;
use crate::model::{Span, Time};

/// At most this many samples of one agent and measure: more than two in three seconds over an hour. The oldest go first.
const CAPACITY: usize = 2_048;

/// One series of an agent.
#[derive(Debug, Default)]
pub struct AgentRing {
    ring: Ring,
    readings: Arc<[Reading]>,
    /// The clock at which the readings are no longer right; `None` when they are not right already.
    due: Option<Time>,
}

impl AgentRing {
    /// Takes in a sample. Gives how many older ones went because the ring was full.
    pub fn insert(&mut self, point: Point, longest: Span) -> u64 {
        self.due = None;
        self.expire(point.at - longest);
        self.ring.insert(point, longest);
        let left_out = self.ring.len().saturating_sub(CAPACITY);
        (0..left_out).for_each(|_| _ = self.ring.pop());
        left_out as u64
    }

    /// Takes back a sample, if it is still there.
    pub fn remove(&mut self, point: Point) {
        self.due = None;
        self.ring.remove(point);
    }

    /// Whether no window holds anything.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// What the windows held at the last refresh.
    pub fn readings(&self) -> Arc<[Reading]> {
        Arc::clone(&self.readings)
    }

    /// Works the readings out again if they are not right at this clock.
    pub fn refresh(&mut self, clock: Time, lengths: &Lengths) {
        if self.due.is_some_and(|due| clock < due) {
            return;
        }
        self.expire(clock - lengths.longest);
        let mut due = Time::MAX;
        let window = |length: &Span| {
            let first = self.ring.after(clock - *length);
            due = due.min(self.ring.get(first).map_or(Time::MAX, |point| point.at + *length));
            read(self.ring.from(first))
        };
        self.readings = lengths.all.iter().map(window).collect();
        self.due = Some(due);
    }

    fn expire(&mut self, until: Time) {
        while self.ring.oldest().is_some_and(|oldest| oldest.at <= until) {
            self.ring.pop();
        }
    }
}

fn read(points: impl Iterator<Item = Point>) -> Reading {
    let mut reading = Reading::default();
    let mut durations: Vec<Bucket> = Vec::new();
    for point in points {
        reading.met += u64::from(point.mark == Mark::Met);
        reading.judged += u64::from(point.mark != Mark::Plain);
        durations.extend(point.duration().map(Bucket::from));
    }
    durations.sort_unstable();
    let rank = |percent: usize| durations[(durations.len() * percent).div_ceil(100) - 1].lower_edge();
    reading.quantiles = (!durations.is_empty()).then(|| [50, 90, 99].map(rank));
    reading
}
