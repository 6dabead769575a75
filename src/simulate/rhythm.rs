//! The day's rhythm: how many customers come at which hour.

use crate::model::{Span, Time};

/// Customers by hour, in any unit: a peak before noon, a higher one in the afternoon, a quiet night.
const SHAPE: [f64; 24] = [
    0.20, 0.12, 0.08, 0.06, 0.06, 0.10, 0.20, 0.55, 1.10, 1.60, 2.10, 1.90, 1.40, 1.60, 2.20, 2.50, 2.20, 1.40, 0.85, 0.80, 0.80, 0.65,
    0.40, 0.28,
];

/// The rhythm of arrivals.
#[derive(Debug, Clone)]
pub(super) struct Rhythm {
    midnight: Time,
    per_hour: f64,
}

impl Rhythm {
    /// Days begin at `midnight` and every 24 hours before and after; `per_hour` is the mean over a day.
    pub(super) fn new(midnight: Time, per_hour: f64) -> Self {
        Self { midnight, per_hour }
    }

    /// The begin of the day that holds this instant.
    pub(super) fn day_start(&self, at: Time) -> Time {
        Time(self.midnight.0 + (at.0 - self.midnight.0).div_euclid(Span::DAY.0) * Span::DAY.0)
    }

    /// The number of that day; days before the first `midnight` are negative.
    pub(super) fn day_number(&self, at: Time) -> i64 {
        (at.0 - self.midnight.0).div_euclid(Span::DAY.0)
    }

    /// Arrivals per hour at this instant.
    pub(super) fn rate(&self, at: Time) -> f64 {
        let hours = (at - self.day_start(at)).0 as f64 / Span::HOUR.0 as f64;
        let hour = hours as usize % SHAPE.len();
        let part = hours - hour as f64;
        let level = SHAPE[hour] * (1.0 - part) + SHAPE[(hour + 1) % SHAPE.len()] * part;
        level * self.unit()
    }

    /// The highest rate of the day.
    pub(super) fn peak(&self) -> f64 {
        SHAPE.iter().copied().fold(0.0, f64::max) * self.unit()
    }

    /// Arrivals expected from `from` up to a length later, by the rates of its quarters of an hour.
    pub(super) fn expected(&self, from: Time, length: Span) -> f64 {
        let quarter = Span(Span::HOUR.0 / 4);
        (0..length.0 / quarter.0).map(|step| self.rate(Time(from.0 + step * quarter.0)) / 4.0).sum()
    }

    fn unit(&self) -> f64 {
        self.per_hour * SHAPE.len() as f64 / SHAPE.iter().sum::<f64>()
    }
}
