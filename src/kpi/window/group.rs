//! The samples of a team or channel: a running histogram per window, and a ring that says what leaves it when.

use std::sync::Arc;

use hdrhistogram::Histogram;

use super::ring::{Mark, Point, Ring};
use super::{Lengths, Reading, histogram, quantiles, record};
use crate::model::Time;

/// At most this many samples of one group are shown (8 MiB): the newest.
pub const CAPACITY: usize = 1 << 20;
/// So many more may wait for the next reading: each time that some go costs as much.
const MORE: usize = CAPACITY / 16;

/// One series of a team or channel.
#[derive(Debug)]
pub struct GroupRing {
    ring: Ring,
    windows: Vec<Running>,
    readings: Arc<[Reading]>,
    /// The clock at which the readings are no longer right; `None` when they are not right already.
    due: Option<Time>,
}

/// What one window holds: the samples from an index of the ring on. Those behind `recorded` are in the histogram only when somebody
/// reads it: while a long log is read, most leave the window before.
#[derive(Debug)]
struct Running {
    from: usize,
    recorded: usize,
    histogram: Histogram<u32>,
    met: u64,
    judged: u64,
}

impl GroupRing {
    /// A ring for so many windows.
    pub fn new(windows: usize) -> Self {
        let windows = (0..windows).map(|_| Running { from: 0, recorded: 0, histogram: histogram(), met: 0, judged: 0 }).collect();
        Self { ring: Ring::default(), windows, readings: Arc::default(), due: None }
    }

    /// Takes in a sample. Gives how many older ones went because the ring was full.
    pub fn insert(&mut self, point: Point, lengths: &Lengths, scratch: &mut Histogram<u32>) -> u64 {
        self.due = None;
        // Where nobody reads, samples go in large steps: taking one out of a histogram costs as much as taking out thousands.
        if self.ring.oldest().is_some_and(|oldest| oldest.at <= point.at - lengths.longest - lengths.longest) {
            self.expire(point.at, lengths, scratch);
        }
        let left_out = if self.ring.len() < CAPACITY + MORE { 0 } else { self.trim(scratch) };
        if let Some(place) = self.ring.insert(point, lengths.longest) {
            // It leaves as it was kept, so it enters like that.
            self.windows.iter_mut().for_each(|window| window.enter(point.kept(), place));
        }
        left_out
    }

    /// Lets what is too much go, the oldest first. Gives how many went.
    pub fn trim(&mut self, scratch: &mut Histogram<u32>) -> u64 {
        let left_out = self.ring.len().saturating_sub(CAPACITY);
        if left_out > 0 {
            self.windows.iter_mut().for_each(|window| window.leave(&self.ring, left_out, scratch));
            self.drop_oldest(left_out);
        }
        left_out as u64
    }

    /// Whether no window holds anything.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// What the windows held at the last refresh.
    pub fn readings(&self) -> Arc<[Reading]> {
        Arc::clone(&self.readings)
    }

    /// Works the readings out again if they are not right at this clock. Gives how many samples went because the ring was full.
    pub fn refresh(&mut self, clock: Time, lengths: &Lengths, scratch: &mut Histogram<u32>) -> u64 {
        if self.due.is_some_and(|due| clock < due) {
            return 0;
        }
        self.expire(clock, lengths, scratch);
        let left_out = self.trim(scratch);
        let ends = self.windows.iter().zip(lengths.all.iter()).filter_map(|(window, length)| {
            let oldest = self.ring.get(window.from)?;
            Some(oldest.at + *length)
        });
        self.due = Some(ends.min().unwrap_or(Time::MAX));
        self.windows.iter_mut().for_each(|window| window.record_all(&self.ring));
        self.readings = self.windows.iter().map(Running::reading).collect();
        left_out
    }

    fn expire(&mut self, clock: Time, lengths: &Lengths, scratch: &mut Histogram<u32>) {
        for (window, length) in self.windows.iter_mut().zip(lengths.all.iter()) {
            window.leave(&self.ring, self.ring.after(clock - *length), scratch);
        }
        let held = self.windows.iter().map(|window| window.from).min().unwrap_or(self.ring.len());
        self.drop_oldest(held);
    }

    fn drop_oldest(&mut self, count: usize) {
        (0..count).for_each(|_| _ = self.ring.pop());
        for window in &mut self.windows {
            window.from -= count;
            window.recorded -= count;
        }
    }
}

impl Running {
    /// Takes in a sample at this index, or counts on where it is too old for this window.
    fn enter(&mut self, point: Point, place: usize) {
        if place >= self.recorded {
            return;
        }
        self.recorded += 1;
        if place < self.from {
            self.from += 1;
        } else {
            self.record(point);
        }
    }

    /// Takes the samples in that were left for later.
    fn record_all(&mut self, ring: &Ring) {
        ring.from(self.recorded).for_each(|point| self.record(point));
        self.recorded = ring.len();
    }

    fn record(&mut self, point: Point) {
        self.met += u64::from(point.mark == Mark::Met);
        self.judged += u64::from(point.mark != Mark::Plain);
        if let Some(duration) = point.duration() {
            record(&mut self.histogram, duration);
        }
    }

    /// Lets the samples before index `until` go.
    fn leave(&mut self, ring: &Ring, until: usize, scratch: &mut Histogram<u32>) {
        if until <= self.from {
            return;
        }
        scratch.reset();
        for point in ring.from(self.from).take(until.min(self.recorded) - self.from) {
            self.met -= u64::from(point.mark == Mark::Met);
            self.judged -= u64::from(point.mark != Mark::Plain);
            if let Some(duration) = point.duration() {
                record(scratch, duration);
            }
        }
        #[expect(clippy::expect_used, reason = "everything between the two indices was recorded")]
        self.histogram.subtract(&*scratch).expect("what leaves has entered");
        self.from = until;
        self.recorded = self.recorded.max(until);
    }

    fn reading(&self) -> Reading {
        Reading { quantiles: quantiles(&self.histogram), met: self.met, judged: self.judged }
    }
}
