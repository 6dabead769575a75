//! One conversation: all that is known of it, and nothing of any other. The rules are in the files named after them.

use serde::{Deserialize, Serialize};

use crate::engine::policy::{Attributes, Target};
use crate::engine::settings::Settings;
use crate::engine::signal::{Signal, Standing};
use crate::model::{ConversationId, ConversationRef, Fact, FactKind, Holder, Medium, Name, Sla, Span, Time};

use super::active::ActiveClock;
use super::cycle::Cycle;
use super::handling::Handling;
use super::hold::Hold;
use super::places::Marks;
use super::resolution::Resolution;
use super::ticket::Ticket;
use super::turn::Turn;
use super::waiting::Period;

/// A chat or ticket. The encoding begins as [`super::table::Head`] does, which is all that is read of an ended one until something
/// happens in it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Conversation {
    pub id: ConversationId,
    /// Clock of the last event that named it (ruling 106).
    #[serde(with = "in_eight_bytes")]
    pub touched: Time,
    pub team: Option<Name>,
    pub channel: Option<Name>,
    pub cycle: Cycle,
    /// What tickets have and chats have not.
    pub ticket: Option<Box<Ticket>>,
    pub started_at: Time,
    /// Started by another event than a start event: its first cycle is no sample (ruling 49).
    pub implicit: bool,
    /// When the last change of owner, status, pause or hold took effect; none takes effect earlier (ruling 23).
    pub changed_at: Time,
    pub owner: Owner,
    pub last_human: Option<LastHuman>,
    /// Whether its first period on the people's clock has closed (ruling 81).
    pub offered: bool,
    pub hold: Hold,
    pub period: Option<Period>,
    pub active: ActiveClock,
    pub resolution: Resolution,
    pub handling: Handling,
    /// Its place among those at hand; 0 while it has none. No part of the row.
    #[serde(skip)]
    pub place: u32,
    /// Whether it stands among the ended ones already, though it is at hand again. Derived, and no part of the row.
    #[serde(skip)]
    pub is_queued: bool,
}

/// Who owns a conversation, and what had passed of the resolution's clock when it became his.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Owner {
    /// `None` is the team's queue, or a bot.
    pub agent: Option<Name>,
    /// Since when.
    pub since: Time,
    /// Who it was before.
    pub before: Option<Box<Name>>,
    /// Judged active time before that change.
    pub inherited: Span,
}

/// The newest human message, in any cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastHuman {
    pub agent: Name,
    /// The message's own time.
    pub at: Time,
}

/// An instant that takes eight bytes whatever it is, so that it can be changed where it stands.
pub(super) mod in_eight_bytes {
    use serde::{Deserializer, Serializer};

    use crate::model::Time;

    pub fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        postcard::fixint::le::serialize(&time.0, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        postcard::fixint::le::deserialize(deserializer).map(Time)
    }
}

impl Conversation {
    /// The conversation as facts print it, in its present cycle.
    pub fn reference(&self) -> ConversationRef {
        ConversationRef { medium: self.id.medium, id: self.id.id.clone(), cycle: self.cycle.number, channel: self.channel.clone() }
    }

    /// A fact of the event at hand, with the conversation's present team.
    pub fn fact(&self, at: Time, agent: Option<Name>, kind: FactKind) -> Fact {
        Fact { at, by_deadline: false, team: self.team.clone(), agent, conversation: Some(self.reference()), kind }
    }

    /// A fact of a deadline.
    pub fn fact_by_deadline(&self, at: Time, agent: Option<Name>, kind: FactKind) -> Fact {
        Fact { by_deadline: true, ..self.fact(at, agent, kind) }
    }

    /// Whom the present moment of a wait is charged to.
    pub fn holder(&self) -> Holder {
        match &self.owner.agent {
            _ if self.hold.is_held() => Holder::Bot,
            Some(agent) => Holder::Agent(agent.clone()),
            None => Holder::Queue,
        }
    }

    /// Looks a target up, with the attributes of this moment, by the policies valid at `at` (rulings 28, 29, 102).
    pub fn target(&self, sla: Sla, at: Time, settings: &Settings) -> Target {
        let ticket = self.ticket.as_deref();
        let attributes = Attributes {
            medium: self.id.medium,
            team: self.team.as_ref(),
            channel: self.channel.as_ref(),
            kind: ticket.and_then(|ticket| ticket.kind.as_ref()),
            severity: ticket.and_then(|ticket| ticket.severity.as_ref()),
            priority: ticket.and_then(|ticket| ticket.priority.as_ref()),
        };
        settings.policies.target(sla, &attributes, settings.zone.day(at))
    }

    /// Changes the owner; assigning to the present one is no change (ruling 44).
    pub fn set_owner(&mut self, agent: Option<&Name>, turn: &mut Turn<'_>) {
        if self.owner.agent.as_ref() == agent {
            return;
        }
        let since = self.change_at(turn.moment);
        let before = self.owner.agent.take().map(Box::new);
        self.owner = Owner { agent: agent.cloned(), since, before, inherited: self.active.judged(since) };
        let holder = self.holder();
        if let Some(period) = &mut self.period {
            period.shares.pass(holder, since);
        }
        self.settle_handling(since, turn);
    }

    /// Tells the agent fold that an agent was given the conversation, wrote in it or worked on it (ruling 70).
    pub fn tell_contact(&self, agent: &Name, turn: &mut Turn<'_>) {
        turn.signal(Signal::Contact { agent: agent.clone(), team: self.team.clone(), at: turn.moment.time });
    }

    /// Reads a little of every part that an event may read.
    pub fn glance(&self) -> i64 {
        let period = self.period.as_ref().map_or(0, |period| period.opened_at.0);
        let flags = self.offered ^ self.cycle.responded ^ self.owner.agent.is_some() ^ self.last_human.is_some() ^ self.team.is_some();
        period ^ self.changed_at.0 ^ self.touched.0 ^ i64::from(self.place) ^ i64::from(flags) ^ self.owner.since.0
    }

    /// The same of what lies elsewhere in memory.
    pub fn glance_further(&self) -> i64 {
        let ticket = self.ticket.as_ref().map_or(0, |ticket| i64::from(ticket.kind.is_some()));
        ticket ^ self.handling.due().map_or(0, |due| due.0)
    }

    /// What it is to its owner.
    pub fn standing(&self) -> Standing {
        let period = self.period.as_ref().filter(|period| period.judged.is_some());
        Standing { owner: self.owner.agent.clone(), open: self.cycle.is_open(), waiting_since: period.map(|period| period.opened_at) }
    }

    /// What is derived from it.
    pub fn marks(&self) -> Marks {
        Marks {
            due: self.deadlines().map(|due| due.unwrap_or(Time::MAX)),
            waiting: self.period.is_some(),
            complaint: self.is_open_complaint(),
        }
    }

    /// The deadlines that are still to fire: response, resolution, end of a handling interval.
    pub fn deadlines(&self) -> [Option<Time>; 3] {
        [self.period.as_ref().and_then(Period::due), self.resolution.due, self.handling.due()]
    }

    /// Whether it is a chat.
    pub fn is_chat(&self) -> bool {
        self.id.medium == Medium::Chat
    }

    /// Whether it has ended and nothing of it goes on by itself.
    pub fn is_settled(&self) -> bool {
        !self.cycle.is_open() && self.deadlines() == [None; 3]
    }

    /// `*.followed_up`: the fact is printed for every one (ruling 88).
    pub fn followed_up(&self, agent: &Name, turn: &mut Turn<'_>) {
        turn.post(self.fact(turn.moment.time, Some(agent.clone()), FactKind::FollowedUp));
    }
}
