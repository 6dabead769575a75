//! Values between the folds: what the conversation fold tells the agent fold. The agent fold never looks into a conversation.

use crate::model::{ConversationId, Fact, Medium, Name, Output, Posted, Tally, Time};

/// The moment at which an event is applied or a deadline fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The event's own time, which its facts, day and month go by; of a deadline the deadline.
    pub time: Time,
    /// The clock: its place in the order. Later than `time` only for a late event.
    pub clock: Time,
    /// Whether it came too late for its place in the order.
    pub late: bool,
}

/// What the conversation fold tells the agent fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// An agent was given a conversation, wrote a human message in it or worked on it: he takes its team when he has none of his own.
    Contact {
        /// Who.
        agent: Name,
        /// The conversation's team.
        team: Option<Name>,
        /// When.
        at: Time,
    },
    /// What a conversation is to its owner changed.
    Standing {
        /// Which conversation.
        conversation: ConversationId,
        /// What it was.
        before: Standing,
        /// What it is now.
        after: Standing,
        /// When.
        at: Time,
    },
    /// An agent began to handle a conversation.
    HandlingBegan {
        /// Who.
        agent: Name,
        /// What.
        conversation: ConversationId,
        /// When.
        at: Time,
    },
    /// An agent ceased to handle a conversation.
    HandlingEnded {
        /// Who.
        agent: Name,
        /// What.
        conversation: ConversationId,
        /// Begin, as it was told by `HandlingBegan`.
        from: Time,
        /// End; never before `from`, but a late event may set it before the clock.
        to: Time,
    },
}

/// What a conversation is to its owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The owner; nobody's conversations count nowhere.
    pub owner: Option<Name>,
    /// Whether a cycle runs.
    pub open: bool,
    /// Since when its customer waits on the people's clock, if he does: the customer's opening.
    pub waiting_since: Option<Time>,
}

/// The first of the deadlines of a fold. At one instant they fire by medium ("agent" < "chat" < "ticket"), id, response before resolution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadlineKey {
    /// When.
    pub at: Time,
    /// The medium.
    pub class: DeadlineClass,
    /// Id of the agent or conversation.
    pub id: Name,
    /// Among those of one id: 0 response, 1 resolution, others after.
    pub which: u8,
}

/// What a deadline is about, in the order in which deadlines of one instant fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeadlineClass {
    /// An agent's status times out, or a month closes on his open status.
    Agent,
    /// A chat's.
    Chat,
    /// A ticket's.
    Ticket,
}

impl DeadlineClass {
    /// The medium of a conversation's deadline.
    #[must_use]
    pub const fn medium(self) -> Medium {
        match self {
            Self::Ticket => Medium::Ticket,
            Self::Agent | Self::Chat => Medium::Chat,
        }
    }
}

/// Where the folds put what they decide, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Facts and tallies.
    pub posted: Vec<Posted>,
    /// What the agent fold is to be told.
    pub signals: Vec<Signal>,
}

impl Outbox {
    /// Posts a fact at this clock.
    pub fn fact(&mut self, clock: Time, fact: Fact) {
        self.posted.push(Posted { clock, output: Output::Fact(Box::new(fact)) });
    }

    /// Posts a tally at this clock.
    pub fn tally(&mut self, clock: Time, tally: Tally) {
        self.posted.push(Posted { clock, output: Output::Tally(Box::new(tally)) });
    }

    /// Tells the agent fold.
    pub fn signal(&mut self, signal: Signal) {
        self.signals.push(signal);
    }
}
