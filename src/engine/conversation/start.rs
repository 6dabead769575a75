//! How conversations start: by a start event, or by any other event about an unknown one (ruling 49). A second start event
//! names attributes and does nothing else (ruling 48).

use crate::model::{ConversationId, FactKind, Medium, Name, Start, Time};

use super::active::ActiveClock;
use super::cycle::Cycle;
use super::handling::Handling;
use super::hold::Hold;
use super::resolution::Resolution;
use super::state::{Conversation, Owner};
use super::ticket::Ticket;
use super::turn::Turn;

impl Conversation {
    /// Starts a conversation by a start event, with its effects.
    pub fn started(id: ConversationId, start: &Start, turn: &mut Turn<'_>) -> Self {
        let mut new = Self::blank(id, turn.moment.time);
        new.take_names(start);
        new.owner.agent.clone_from(&start.agent);
        new.hold = if start.bot { Hold::Held } else { Hold::Free };
        new.post_started(start.in_scope, turn);
        new.notice_complaint(start.kind.as_ref(), turn);
        new.settle_active(new.started_at, turn);
        if start.waiting {
            new.open_period(turn);
        }
        if let Some(agent) = &start.agent {
            new.tell_contact(agent, turn);
        }
        new.settle_handling(new.started_at, turn);
        new
    }

    /// Starts a conversation by an event that is no start event. The event's own effect comes after.
    pub fn started_implicitly(id: ConversationId, team: Option<&Name>, turn: &mut Turn<'_>) -> Self {
        let mut new = Self { implicit: true, team: team.cloned(), ..Self::blank(id, turn.moment.time) };
        new.post_started(true, turn);
        new.settle_active(new.started_at, turn);
        new
    }

    /// A start event on a conversation that is known already.
    pub fn started_again(&mut self, start: &Start, turn: &mut Turn<'_>) {
        self.take_names(start);
        self.notice_complaint(start.kind.as_ref(), turn);
    }

    fn blank(id: ConversationId, at: Time) -> Self {
        Self {
            touched: at,
            team: None,
            channel: None,
            ticket: (id.medium == Medium::Ticket).then(Box::<Ticket>::default),
            started_at: at,
            implicit: false,
            changed_at: at,
            owner: Owner { since: at, ..Owner::default() },
            last_human: None,
            offered: false,
            cycle: Cycle::first(at),
            hold: Hold::Free,
            period: None,
            active: ActiveClock::default(),
            resolution: Resolution::default(),
            handling: Handling::default(),
            place: 0,
            is_queued: false,
            id,
        }
    }

    fn take_names(&mut self, start: &Start) {
        let name = |known: &mut Option<Name>, named: &Option<Name>| {
            if named.is_some() {
                known.clone_from(named);
            }
        };
        name(&mut self.team, &start.team);
        name(&mut self.channel, &start.channel);
        let is_complaint = self.is_complaint();
        if let Some(ticket) = &mut self.ticket {
            name(&mut ticket.severity, &start.severity);
            name(&mut ticket.priority, &start.priority);
            if !is_complaint {
                name(&mut ticket.kind, &start.kind);
            }
        }
    }

    fn post_started(&self, in_scope: bool, turn: &mut Turn<'_>) {
        let kind = self.ticket.as_ref().and_then(|ticket| ticket.kind.clone());
        let started = FactKind::Started { kind, in_scope, implicit: self.implicit };
        turn.post(self.fact(self.started_at, self.owner.agent.clone(), started));
    }
}
