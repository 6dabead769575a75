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
    /// Takes in a sample; tells the instant of each older one that goes. Gives how many went because the ring was full.
    pub fn insert(&mut self, point: Point, longest: Span, mut gone: impl FnMut(Time)) -> u64 {
        self.due = None;
        self.ring.insert(point, longest);
        self.expire(point.at - longest, &mut gone);
        let mut left_out = 0;
        while self.ring.len() > CAPACITY {
            left_out += 1;
            if let Some(oldest) = self.ring.pop() {
                gone(oldest.at);
            }
        }
        left_out
    }

    /// Takes back a sample; says whether it was still there.
    pub fn remove(&mut self, point: Point) -> bool {
        self.due = None;
        self.ring.remove(point)
    }

    /// Whether no window holds anything.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Its samples.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// What the windows held at the last refresh.
    pub fn readings(&self) -> Arc<[Reading]> {
        Arc::clone(&self.readings)
    }

    /// Works the readings out again if they are not right at this clock.
    pub fn refresh(&mut self, clock: Time, lengths: &Lengths, mut gone: impl FnMut(Time)) {
        if self.due.is_some_and(|due| clock < due) {
            return;
        }
        self.expire(clock - lengths.longest, &mut gone);
        let mut due = Time::MAX;
        let window = |length: &Span| {
            let first = self.ring.after(clock - *length);
            due = due.min(self.ring.get(first).map_or(Time::MAX, |point| point.at + *length));
            read(self.ring.from(first))
        };
        self.readings = lengths.all.iter().map(window).collect();
        self.due = Some(due);
    }

    fn expire(&mut self, until: Time, gone: &mut impl FnMut(Time)) {
        while self.ring.oldest().is_some_and(|oldest| oldest.at <= until) {
            if let Some(oldest) = self.ring.pop() {
                gone(oldest.at);
            }
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
