//! The resolution target: active time for the first cycle, unpaused time for complaints; at most one breach a conversation
//! (rulings 53 to 56).

use serde::{Deserialize, Serialize};

use crate::engine::policy::Target;
use crate::model::{Span, Time};

use super::breach::Breach;
use super::complaint::Complaint;
use super::state::Conversation;

/// What is known of a conversation's resolution.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Resolution {
    /// The deadline that is still to fire.
    pub due: Option<Time>,
    /// The breach that stands.
    pub breach: Option<Box<Breach>>,
    /// What complaints have beyond.
    pub complaint: Option<Box<Complaint>>,
}

impl Conversation {
    /// Whether this cycle counts at all: the first one of an implicit start is no sample (ruling 49).
    pub fn cycle_counts(&self) -> bool {
        !(self.implicit && self.cycle.number == 1)
    }

    /// The target that this cycle is judged by, if it is: the first one, or any of a complaint (ruling 54).
    pub fn resolution_target(&self) -> Option<Target> {
        match &self.resolution.complaint {
            _ if !self.cycle_counts() => None,
            Some(complaint) => Some(complaint.target),
            None if self.cycle.number == 1 => self.active.target,
            None => None,
        }
    }

    /// Works out anew which resolution deadline is to fire.
    pub fn settle_resolution(&mut self) {
        let is_judged = self.cycle.is_open() && self.resolution.breach.is_none() && self.resolution_target().is_some();
        self.resolution.due = match &self.resolution.complaint {
            _ if !is_judged => None,
            Some(complaint) => complaint.deadline,
            None => self.active.deadline(),
        };
    }

    /// Whether an end at `at` meets the target of the cycle. A breach that stands and an end in time exclude each other
    /// (ruling 1): one before the breach takes it back.
    pub fn resolution_within(&self, at: Time) -> Option<bool> {
        self.resolution_target()?.limit?;
        let at = at.max(self.cycle.started_at);
        let deadline = self.resolution.complaint.as_ref().map_or(self.resolution.due, |complaint| complaint.deadline);
        let breached_at = self.resolution.breach.as_ref().map(|breach| breach.at);
        Some([deadline, breached_at].into_iter().flatten().all(|last| at <= last))
    }

    /// What the policy's clock shows at `at` of the time that is judged: unpaused for complaints, else active (ruling 53).
    pub fn resolution_judged(&self, at: Time) -> (Span, Target) {
        match &self.resolution.complaint {
            Some(complaint) => (complaint.target.measure.elapsed(self.started_at, at), complaint.target),
            None => (self.active.judged(at), self.active.target.unwrap_or_default()),
        }
    }
}
