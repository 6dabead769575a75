//! Events: what happened, decoded from one record. An event has no text: phrases were looked for while decoding.
//!
//! The fields, their defaults and effects are those of the event contract (`docs/events.md`).

use serde::{Deserialize, Serialize};

use super::{ConversationId, Name, Time};

/// One decoded event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique per `source`; a second event with the same pair is a duplicate.
    pub id: Name,
    /// The producing system; absent is one space of its own.
    pub source: Option<Name>,
    /// When it happened, by its producer.
    pub time: Time,
    /// What happened.
    pub body: Body,
}

/// Events that were applied, for their memory: whoever makes new ones writes them in their place.
pub type SpentEvents = Vec<Box<Event>>;

/// What happened, by the entity it concerns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// Something happened in a chat or ticket.
    Conversation {
        /// The chat or ticket.
        conversation: ConversationId,
        /// What happened in it.
        action: Action,
    },
    /// `agent.status`: the agent has this status from now on; a repeated one is a heartbeat.
    AgentStatus {
        /// Who.
        agent: Name,
        /// A status word; its category comes from the configuration.
        status: Name,
        /// The team he works for from now on.
        team: Option<Name>,
    },
    /// `customer.rated`.
    Rated(Box<Rating>),
    /// `quality.violation`: a rule broken, as reported by a reviewer.
    Violation {
        /// Who broke it.
        agent: Name,
        /// The rule's name.
        rule: Name,
        /// Where.
        conversation: Option<ConversationId>,
    },
    /// `quality.reviewed`: a reviewer gave points.
    Reviewed {
        /// Whose work.
        agent: Name,
        /// Points given.
        points: f64,
        /// Points possible.
        out_of: f64,
        /// Of which conversation.
        conversation: Option<ConversationId>,
    },
    /// `order.paid`.
    OrderPaid(Box<Order>),
    /// `order.returned`.
    OrderReturned {
        /// Which order.
        order: Name,
        /// Given back, in hundredths of the currency.
        amount_cents: Option<i64>,
        /// Why: a word.
        reason: Option<Name>,
    },
    /// `offer.made`: the agent offered something.
    OfferMade {
        /// Who.
        agent: Name,
        /// Whether the customer took it.
        accepted: bool,
        /// In which chat.
        conversation: Option<ConversationId>,
    },
    /// `workload.planned`: contacts expected in an interval.
    WorkloadPlanned {
        /// Whose plan.
        team: Name,
        /// First instant of the interval.
        from: Time,
        /// First instant after it.
        to: Time,
        /// Contacts expected.
        contacts: i64,
    },
    /// `indicator.scored`: a value that no event stream can compute.
    IndicatorScored {
        /// Of whom.
        agent: Name,
        /// The indicator's name.
        indicator: Name,
        /// The month, `YYYY-MM`.
        month: Name,
        /// The value.
        value: f64,
    },
}

/// What happened in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// `chat.started`, `ticket.created`.
    Started(Box<Start>),
    /// `*.assigned`: the owner changes; `None` is back to the queue.
    Assigned {
        /// The new owner.
        agent: Option<Name>,
        /// The conversation's team from now on.
        team: Option<Name>,
    },
    /// `chat.handoff`: the bot hands over to people.
    Handoff {
        /// The conversation's team from now on.
        team: Option<Name>,
    },
    /// `*.message`.
    Message(Message),
    /// `chat.ended`.
    Ended {
        /// Why.
        reason: EndReason,
        /// Who ended it.
        agent: Option<Name>,
    },
    /// `chat.reopened`.
    Reopened,
    /// `*.followed_up`: a call or message after the resolution.
    FollowedUp {
        /// Who followed up.
        agent: Name,
    },
    /// `ticket.status`.
    Status {
        /// The new status.
        status: TicketStatus,
        /// Who set it.
        agent: Option<Name>,
    },
    /// `ticket.merged`: this ticket goes on in another.
    Merged {
        /// The ticket it goes on in.
        into: Name,
    },
    /// `ticket.work`.
    Work {
        /// Who works on it.
        agent: Name,
        /// Whether he starts or stops.
        started: bool,
    },
}

/// The attributes and effects of a start event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Start {
    /// Who asks.
    pub customer: Option<Name>,
    /// Who is to answer.
    pub team: Option<Name>,
    /// Web, phone, e-mail…
    pub channel: Option<Name>,
    /// What it is about.
    pub topic: Option<Name>,
    /// Whether it counts for first-contact resolution; true by default.
    pub in_scope: bool,
    /// Chats: a bot holds it from the start.
    pub bot: bool,
    /// The customer already waits. For tickets: created by the customer.
    pub waiting: bool,
    /// Tickets: question, complaint, incident, technical, conflict, request or any other word. Chats have none.
    pub kind: Option<Name>,
    /// Tickets: how bad.
    pub severity: Option<Name>,
    /// Tickets: how urgent.
    pub priority: Option<Name>,
    /// Tickets: the owner it starts with.
    pub agent: Option<Name>,
}

/// A message, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub from: Sender,
    /// Not to be seen by the customer.
    pub private: bool,
    /// Written by a machine, in whatever name; also an agent's message whose text is one of the automatic texts.
    pub automated: bool,
    /// A change of an earlier message.
    pub edited: bool,
    /// The banned phrases found in its text, each once, in the order of the configuration.
    pub phrases: Vec<Name>,
}

impl Message {
    /// Whether a person of ours wrote this to the customer: the one definition that ends waits and makes owners.
    #[must_use]
    pub fn human(&self) -> Option<&Name> {
        match &self.from {
            Sender::Agent(agent) if !self.private && !self.automated && !self.edited => Some(agent),
            _ => None,
        }
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sender {
    /// The customer.
    Customer,
    /// An agent, by id.
    Agent(Name),
    /// A bot.
    Bot,
    /// The system: joins, transfers, hints.
    System,
}

/// Why a chat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// Solved, somebody says.
    Resolved,
    /// Ended by people, without a claim of a solution.
    Closed,
    /// The customer left.
    Abandoned,
    /// Ended by the clock.
    Timeout,
}

impl EndReason {
    /// The word in events and facts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Abandoned => "abandoned",
            Self::Timeout => "timeout",
        }
    }
}

/// The status of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketStatus {
    /// Being worked on.
    Open,
    /// Waiting for the customer: the active clock pauses.
    Pending,
    /// Waiting for a third party: the active clock pauses.
    OnHold,
    /// Solved.
    Resolved,
    /// Closed for good.
    Closed,
}

impl TicketStatus {
    /// The word in events and facts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::OnHold => "on_hold",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }
}

/// A customer's rating.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// What was rated.
    pub conversation: ConversationId,
    /// The score, from 0 to `scale`.
    pub score: f64,
    /// The best score; 5 by default.
    pub scale: f64,
    /// Who is rated; by default who wrote most.
    pub agent: Option<Name>,
    /// Why: a word.
    pub reason: Option<Name>,
}

/// A paid order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The order's id.
    pub order: Name,
    /// Who paid.
    pub customer: Name,
    /// Hundredths of the currency.
    pub amount_cents: i64,
    /// Informational.
    pub currency: Option<Name>,
    /// Whose sale, when the event says so.
    pub agent: Option<Name>,
    /// The chat it came from.
    pub conversation: Option<ConversationId>,
}
