//! Breaches: dated at the deadline, on the owner of that moment, exactly one for each target that is passed.

use serde::{Deserialize, Serialize};

use crate::model::{Because, ConversationRef, Fact, FactKind, Name, Sla, Time, WithdrawnSample};

use super::state::Conversation;
use super::turn::Turn;

/// A breach that stands: whom an unanswered wait is judged against, and what a late event may take back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Breach {
    /// When it counted.
    pub at: Time,
    /// The owner of that moment.
    pub agent: Option<Name>,
    /// The team of that moment.
    pub team: Option<Name>,
    /// The conversation and cycle of that moment: a merge moves a period, but not its breach.
    pub conversation: ConversationRef,
}

impl Conversation {
    /// The response deadline passed with the period still open.
    pub fn breach_response(&mut self, at: Time, turn: &mut Turn<'_>) {
        let breach = self.breach(at);
        let Some(period) = &mut self.period else { return };
        let Some((judged, target)) = period.judged.and_then(|judged| Some((judged, judged.target.limit?))) else { return };
        period.breach = Some(Box::new(breach));
        let inherited = judged.target.measure.elapsed(judged.from, period.shares.since().min(at));
        let kind = FactKind::Breach { sla: period.sla(), opened_at: period.opened_at, target, inherited };
        turn.post(self.fact_by_deadline(at, self.owner.agent.clone(), kind));
    }

    /// The resolution deadline passed with the cycle still open.
    pub fn breach_resolution(&mut self, at: Time, turn: &mut Turn<'_>) {
        let Some(target) = self.resolution_target().and_then(|target| target.limit) else { return };
        let inherited = match &self.resolution.complaint {
            Some(complaint) => complaint.target.measure.elapsed(self.started_at, self.owner.since.min(at)),
            None => self.owner.inherited,
        };
        self.resolution.breach = Some(Box::new(self.breach(at)));
        self.settle_resolution();
        let kind = FactKind::Breach { sla: Sla::Resolution, opened_at: self.started_at, target, inherited };
        turn.post(self.fact_by_deadline(at, self.owner.agent.clone(), kind));
    }

    /// The fact that takes a breach back (ruling 23). Posted after the fact of the event.
    pub fn withdrawn(&self, breach: Breach, of: WithdrawnSample, at: Time) -> Fact {
        let kind = FactKind::Withdrawn { of, because: Because::LateEvent, counted_at: breach.at };
        let mut conversation = breach.conversation;
        if conversation.id == self.id.id {
            conversation.channel.clone_from(&self.channel);
        }
        Fact { at, by_deadline: false, team: breach.team, agent: breach.agent, conversation: Some(conversation), kind }
    }

    fn breach(&self, at: Time) -> Breach {
        Breach { at, agent: self.owner.agent.clone(), team: self.team.clone(), conversation: self.reference() }
    }
}
