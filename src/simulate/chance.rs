//! Seeded chance: every random choice of the simulation is drawn here, in the order of simulated time.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::model::Span;

/// A seeded source of choices: the same seed and the same questions give the same answers.
#[derive(Debug, Clone)]
pub(super) struct Chance(SmallRng);

impl Chance {
    /// Starts a sequence of choices.
    pub(super) fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    /// A number in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// True in this share of all cases (0 to 1).
    pub(super) fn share(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// A whole number from 0 to below `count`; 0 when `count` is 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.0.random_range(0..count) }
    }

    /// One of the items, all alike.
    pub(super) fn pick<T: Copy, const N: usize>(&mut self, items: &[T; N]) -> T {
        items[self.below(N)]
    }

    /// An index, with a chance in proportion to its weight.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// A whole number between both, both included.
    pub(super) fn number(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    /// A length between both, both included.
    pub(super) fn between(&mut self, low: Span, high: Span) -> Span {
        Span(self.number(low.0, high.0))
    }

    /// A length as people's times are spread: half are below `median`, few are far above (log-normal with this sigma).
    pub(super) fn around(&mut self, median: Span, sigma: f64) -> Span {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        Span((median.0 as f64 * (sigma * normal).exp()) as i64)
    }

    /// The time to the next of things that happen `per_hour` times an hour on average, independently.
    pub(super) fn until_next(&mut self, per_hour: f64) -> Span {
        Span((-(1.0 - self.unit()).ln() / per_hour * Span::HOUR.0 as f64) as i64 + 1)
    }
}
