//! One cumulative histogram.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::Span;

/// Counts of samples by bucket. They only rise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    edges: Arc<[Span]>,
    /// One per edge, and one for what is above the last.
    counts: Vec<u64>,
    sum: Span,
}

/// A histogram as it is stored: with its edges, since the configuration of tomorrow may have others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stored {
    edges: Vec<Span>,
    counts: Vec<u64>,
    sum: Span,
}

impl Histogram {
    /// Without samples.
    #[must_use]
    pub fn new(edges: &Arc<[Span]>) -> Self {
        Self { edges: Arc::clone(edges), counts: vec![0; edges.len() + 1], sum: Span::ZERO }
    }

    /// Counts a sample: in the bucket of the first edge that it does not exceed.
    pub fn add(&mut self, sample: Span) {
        self.count(self.edges.partition_point(|edge| *edge < sample), 1);
        self.sum += sample;
    }

    /// Each edge with the number of samples up to it.
    pub fn up_to(&self) -> impl Iterator<Item = (Span, u64)> + '_ {
        let mut seen = 0;
        self.edges.iter().zip(&self.counts).map(move |(edge, count)| {
            seen += count;
            (*edge, seen)
        })
    }

    /// How many samples.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> Span {
        self.sum
    }

    /// As a row keeps it.
    #[must_use]
    pub fn stored(&self) -> Stored {
        Stored { edges: self.edges.to_vec(), counts: self.counts.clone(), sum: self.sum }
    }

    /// Adds what was stored. A bucket whose edge is gone goes into the next one above, so that no count of an edge that stays
    /// changes.
    pub fn restore(&mut self, stored: &Stored) {
        for (index, count) in stored.counts.iter().enumerate() {
            let place = stored.edges.get(index).map_or(self.edges.len(), |edge| self.edges.partition_point(|own| own < edge));
            self.count(place, *count);
        }
        self.sum += stored.sum;
    }

    fn count(&mut self, place: usize, count: u64) {
        if let Some(bucket) = self.counts.get_mut(place) {
            *bucket += count;
        }
    }
}
