//! What tickets have and chats have not: kind, severity and priority, a status that pauses, and merging (rulings 65, 66).

use serde::{Deserialize, Serialize};

use crate::model::{Name, Outcome, TicketStatus};

use super::state::Conversation;
use super::turn::Turn;
use super::waiting::Period;

/// A ticket's own state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub kind: Option<Name>,
    pub severity: Option<Name>,
    pub priority: Option<Name>,
    /// Whether its status stops the active clock.
    paused: bool,
    /// The ticket that it goes on in.
    merged_into: Option<Name>,
}

impl Conversation {
    /// Whether the active clock is paused.
    pub fn is_paused(&self) -> bool {
        self.ticket.as_ref().is_some_and(|ticket| ticket.paused)
    }

    /// Sets or lifts the pause. The clock is settled by whoever changes it.
    pub fn set_paused(&mut self, paused: bool) {
        if let Some(ticket) = &mut self.ticket {
            ticket.paused = paused;
        }
    }

    /// The ticket that it was merged into.
    pub fn merged_into(&self) -> Option<&Name> {
        self.ticket.as_ref().and_then(|ticket| ticket.merged_into.as_ref())
    }

    /// `ticket.status`.
    pub fn status_set(&mut self, status: TicketStatus, agent: Option<&Name>, turn: &mut Turn<'_>) {
        let paused = match status {
            _ if self.merged_into().is_some() => return,
            TicketStatus::Resolved => return self.end(Outcome::Resolved, status.word(), agent, turn),
            TicketStatus::Closed => return self.end(Outcome::Closed, status.word(), agent, turn),
            TicketStatus::Open => false,
            TicketStatus::Pending | TicketStatus::OnHold => true,
        };
        if !self.cycle.is_open() {
            self.set_paused(paused);
            self.reopen(turn);
        } else if self.is_paused() != paused {
            self.set_paused(paused);
            let at = self.change_at(turn.moment);
            self.settle_active(at, turn);
        }
    }

    /// `ticket.merged`: ends the cycle without a resolution, and gives back the open period for the other ticket. One that
    /// has ended before only redirects; a second merge is ignored.
    pub fn merge(&mut self, into: &Name, turn: &mut Turn<'_>) -> Option<Period> {
        if self.merged_into().is_some() {
            return None;
        }
        if let Some(ticket) = &mut self.ticket {
            ticket.merged_into = Some(into.clone());
        }
        let mut period = self.period.take();
        let breach = period.as_mut().and_then(|period| period.breach.as_mut());
        if let Some(breach) = breach.filter(|breach| breach.conversation.id == self.id.id) {
            // It stays this ticket's, which the other one knows nothing of.
            breach.conversation.channel.clone_from(&self.channel);
        }
        self.end(Outcome::Merged, Outcome::Merged.word(), None, turn);
        period
    }

    /// Takes the open period of a ticket that was merged into this one. Of two open ones the earlier opened stays, its own
    /// when equal.
    pub fn receive(&mut self, mut period: Period, turn: &mut Turn<'_>) {
        self.reopen(turn);
        if self.period.as_ref().is_some_and(|own| own.opened_at <= period.opened_at) {
            return;
        }
        let at = self.changed_at.max(turn.moment.time);
        period.shares.pass(self.holder(), at);
        self.period = Some(period);
        if !self.hold.is_held() {
            self.start_judging(at, turn);
        }
    }
}
