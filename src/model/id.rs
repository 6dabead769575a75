//! Names and ids as producers write them, and what they identify.

use serde::{Deserialize, Serialize};

/// An id, name or word from outside: at most 256 bytes of UTF-8, never empty, cheap to clone.
pub type Name = smol_str::SmolStr;

/// What kind of conversation: chats and tickets have name spaces of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// A live conversation: chat, messenger, phone call.
    Chat,
    /// A case that is worked on over time: e-mail, form, complaint.
    Ticket,
}

impl Medium {
    /// The word in facts, totals, labels and policies.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Ticket => "ticket",
        }
    }
}

/// Identifies a conversation. Ordered by medium, then id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConversationId {
    /// The name space of `id`.
    pub medium: Medium,
    /// The producer's id of the chat or ticket.
    pub id: Name,
}

/// Who holds a conversation: whom a part of the customer's wait is charged to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Holder {
    /// A bot, from its taking the conversation over to the handoff.
    Bot,
    /// Nobody: the team's queue.
    Queue,
    /// The agent who owns the conversation.
    Agent(Name),
}
