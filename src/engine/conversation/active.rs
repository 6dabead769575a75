//! The active clock: from the start without pauses, bot's hold and ended spans.

use serde::{Deserialize, Serialize};

use crate::engine::policy::Target;
use crate::model::{Sla, Span, Time};

use super::state::Conversation;
use super::turn::Turn;

/// The active clock of a conversation, over all its cycles.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct ActiveClock {
    /// Wall time of the spans that are over.
    spent: Span,
    /// The same on the clock of the policy.
    judged: Span,
    running_since: Option<Time>,
    /// The resolution target, with the clock that measures: looked up when the clock first runs (ruling 29).
    pub target: Option<Target>,
}

impl ActiveClock {
    /// Wall time up to `at`.
    pub fn spent(&self, at: Time) -> Span {
        self.spent + self.running_since.map_or(Span::ZERO, |since| at.since(since))
    }

    /// Time up to `at` on the clock of the policy.
    pub fn judged(&self, at: Time) -> Span {
        let measure = self.target.unwrap_or_default().measure;
        self.judged + self.running_since.map_or(Span::ZERO, |since| measure.elapsed(since, at))
    }

    /// Whether `at` lies before the span that runs.
    pub fn is_before(&self, at: Time) -> bool {
        self.running_since.is_some_and(|since| at < since)
    }

    /// When its target will have passed, while it runs.
    pub fn deadline(&self) -> Option<Time> {
        let target = self.target?;
        let left = target.limit? - self.judged;
        target.measure.deadline(self.running_since?, Span(left.0.max(0)))
    }

    fn stop(&mut self, at: Time) {
        (self.spent, self.judged) = (self.spent(at), self.judged(at));
        self.running_since = None;
    }
}

impl Conversation {
    /// Starts or stops the active clock at `at`, as the state now has it, and moves the resolution deadline accordingly.
    pub fn settle_active(&mut self, at: Time, turn: &mut Turn<'_>) {
        let runs = self.cycle.is_open() && !self.hold.is_held() && !self.is_paused();
        if runs && self.active.running_since.is_none() {
            if self.active.target.is_none() {
                self.active.target = Some(self.target(Sla::Resolution, at, turn.settings));
            }
            self.active.running_since = Some(at);
        } else if !runs && self.active.running_since.is_some() {
            self.active.stop(at);
        }
        self.settle_resolution();
    }
}
