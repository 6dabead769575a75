//! Receipts: where facts stand among each other, and which of those that are kept somebody asks for.

use serde::{Deserialize, Serialize};

use super::{ConversationId, Fact, FactKind, Medium, Name, Sla, Time};

/// Where a fact stands among the others (ruling 5): by time, those of events before those of deadlines; those of events in the order applied,
/// those of deadlines by medium ("agent" < "chat" < "ticket"), id, response before resolution before the end of handling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// When it counts.
    pub at: Time,
    /// Of a deadline's fact: medium, id and which of its deadlines.
    pub deadline: Option<(u8, String, u8)>,
    /// The how-manieth fact it is, in the order decided.
    pub sequence: u64,
}

impl Place {
    /// The place of the `sequence`-th fact.
    #[must_use]
    pub fn of(fact: &Fact, sequence: u64) -> Self {
        let deadline = fact.by_deadline.then(|| match &fact.conversation {
            None => (0, fact.agent.as_deref().unwrap_or_default().to_owned(), 0),
            Some(conversation) => {
                let medium = if conversation.medium == Medium::Chat { 1 } else { 2 };
                let which = match fact.kind {
                    FactKind::Breach { sla: Sla::Resolution, .. } => 1,
                    FactKind::Handling { .. } => 2,
                    _ => 0,
                };
                (medium, conversation.id.to_string(), which)
            }
        });
        Self { at: fact.at, deadline, sequence }
    }

    /// As one word, for whoever asks for the page after it.
    #[must_use]
    pub fn token(&self) -> String {
        // Writing to memory cannot fail; an empty word would be refused by `from_token`.
        let bytes = postcard::to_stdvec(self).unwrap_or_default();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a word of [`Place::token`]; `None` when it is none.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        let digits = token.as_bytes();
        if !digits.len().is_multiple_of(2) {
            return None;
        }
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        postcard::from_bytes(&bytes?).ok()
    }
}

/// Which receipts are wanted. What is not set wants any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReceiptQuery {
    /// Credited to this agent, or judged against him.
    pub agent: Option<Name>,
    /// Of this team, or judged against it.
    pub team: Option<Name>,
    /// Of these kinds, by the word in `fact`; empty wants any.
    pub kinds: Vec<String>,
    /// Of this conversation.
    pub conversation: Option<ConversationId>,
    /// Not before.
    pub from: Option<Time>,
    /// Before.
    pub to: Option<Time>,
    /// After this one, in their order.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: usize,
}

/// A receipt as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its place among the others.
    pub place: Place,
    /// The fact, as one line of JSON.
    pub line: String,
    /// Hash of the configuration that it was decided under; empty when none is known.
    pub configuration: String,
}

/// Some of the receipts that were asked for, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiptPage {
    /// At most as many as were asked for.
    pub receipts: Vec<Receipt>,
    /// Whether there are more: ask for those after the last one.
    pub has_more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(at: i64, deadline: Option<(u8, &str, u8)>, sequence: u64) -> Place {
        Place { at: Time(at), deadline: deadline.map(|(medium, id, which)| (medium, id.to_owned(), which)), sequence }
    }

    #[test]
    fn facts_of_events_come_before_those_of_deadlines_of_their_instant() {
        let (event, deadline) = (place(5, None, 9), place(5, Some((0, "", 0)), 1));
        assert!(event < deadline && deadline < place(6, None, 0));
    }

    #[test]
    fn a_token_is_read_back_as_the_same_place() {
        for wanted in [place(1_764_061_200_000, None, 7), place(-1, Some((1, "chat 1/ü", 2)), u64::MAX)] {
            assert_eq!(Place::from_token(&wanted.token()), Some(wanted));
        }
    }

    #[test]
    fn what_is_no_token_is_none() {
        for wrong in ["", "0", "zz", "00ff", "ffffffffffffffffffffffffffff", "ü1"] {
            assert_eq!(Place::from_token(wrong), None, "{wrong}");
        }
    }
}
