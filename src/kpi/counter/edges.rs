//! Bucket edges of the histograms: a fixed list, and the configured targets.

use std::sync::Arc;

use super::Family;
use crate::model::{Sla, Span};

/// Of answers, in seconds: every limit that people agree on, from a chat's to a ticket's.
const RESPONSE: [i64; 19] = [1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_800, 3_600, 10_800, 28_800, 86_400];
/// Of resolutions and complaints, in seconds: from a minute to two weeks.
const RESOLUTION: [i64; 14] = [60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 172_800, 259_200, 604_800, 1_209_600];

/// At most this many configured targets become edges of one histogram, since every edge is a series of each of its label sets.
pub const CONFIGURED: usize = 8;

/// The edges of each histogram, rising; the last bucket is open.
#[derive(Debug, Clone)]
pub struct Edges {
    response: Arc<[Span]>,
    resolution: Arc<[Span]>,
}

impl Edges {
    /// The fixed edges, and the first [`CONFIGURED`] targets of each histogram that are none of them.
    #[must_use]
    pub fn new(targets: &[(Sla, Span)]) -> Self {
        let (resolutions, responses): (Vec<_>, Vec<_>) = targets.iter().partition(|(sla, _)| *sla == Sla::Resolution);
        Self { response: with(&RESPONSE, &responses), resolution: with(&RESOLUTION, &resolutions) }
    }

    /// Those of one family.
    #[must_use]
    pub fn of(&self, family: Family) -> &Arc<[Span]> {
        match family {
            Family::Response => &self.response,
            Family::Resolution | Family::Complaint => &self.resolution,
        }
    }
}

impl Default for Edges {
    fn default() -> Self {
        Self::new(&[])
    }
}

fn with(fixed: &[i64], targets: &[(Sla, Span)]) -> Arc<[Span]> {
    let mut edges: Vec<Span> = fixed.iter().map(|seconds| Span(seconds * Span::SECOND.0)).collect();
    let most = edges.len() + CONFIGURED;
    for (_, target) in targets {
        if edges.len() < most && !edges.contains(target) {
            edges.push(*target);
        }
    }
    edges.sort_unstable();
    edges.into()
}
