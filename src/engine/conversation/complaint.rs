//! Complaints: their time runs unpaused from the conversation's start, whenever they are named one (ruling 48). A reopening
//! withdraws the sample of the handling time.

use serde::{Deserialize, Serialize};

use crate::engine::policy::Target;
use crate::model::{Because, ConversationRef, Fact, FactKind, Name, Sla, Span, Time, WithdrawnSample};

use super::state::Conversation;
use super::turn::Turn;

/// The kind that makes a ticket a complaint.
const COMPLAINT: &str = "complaint";

/// What is known of a complaint beyond what every conversation has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Complaint {
    /// The target, looked up when it was named one (ruling 29).
    pub target: Target,
    /// The last instant that is in time.
    pub deadline: Option<Time>,
    /// The sample of the handling time that stands.
    sample: Option<Sample>,
}

/// A sample of the handling time, with all that taking it back needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sample {
    at: Time,
    seconds: Span,
    within: Option<bool>,
    agent: Option<Name>,
    team: Option<Name>,
    cycle: u32,
}

impl Conversation {
    /// Whether it is a complaint; once one, always one.
    pub fn is_complaint(&self) -> bool {
        self.resolution.complaint.is_some()
    }

    /// Raises the complaint when a start event names it one for the first time.
    pub fn notice_complaint(&mut self, kind: Option<&Name>, turn: &mut Turn<'_>) {
        if self.is_complaint() || self.ticket.is_none() || kind.is_none_or(|kind| kind != COMPLAINT) {
            return;
        }
        let at = turn.moment.time;
        let target = self.target(Sla::Resolution, at, turn.settings);
        let deadline = target.limit.and_then(|limit| target.measure.deadline(self.started_at, limit));
        self.resolution.complaint = Some(Box::new(Complaint { target, deadline, sample: None }));
        self.settle_resolution();
        turn.post(self.fact(at, self.owner.agent.clone(), FactKind::Complained));
    }

    /// Keeps the sample that a resolved complaint gives, as its `resolved` fact tells it.
    pub fn keep_sample(&mut self, resolved: &Fact) {
        let (Some(complaint), FactKind::Resolved { complaint: Some(seconds), within, .. }, Some(conversation)) =
            (&mut self.resolution.complaint, &resolved.kind, &resolved.conversation)
        else {
            return;
        };
        complaint.sample = Some(Sample {
            at: resolved.at,
            seconds: *seconds,
            within: *within,
            agent: resolved.agent.clone(),
            team: resolved.team.clone(),
            cycle: conversation.cycle,
        });
    }

    /// A reopening takes back the sample that stands.
    pub fn withdraw_sample(&mut self, turn: &mut Turn<'_>) {
        let Some(sample) = self.resolution.complaint.as_mut().and_then(|complaint| complaint.sample.take()) else { return };
        let of = WithdrawnSample::ComplaintHandlingTime { seconds: sample.seconds, within: sample.within };
        let kind = FactKind::Withdrawn { of, because: Because::Reopened, counted_at: sample.at };
        let (team, agent) = (sample.team, sample.agent);
        let conversation = Some(ConversationRef { cycle: sample.cycle, ..self.reference() });
        turn.post(Fact { at: turn.moment.time, by_deadline: false, team, agent, conversation, kind });
    }
}
