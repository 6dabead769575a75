//! How one conversation is kept in memory, and what its row holds. One that has ended is kept encoded, as its row is.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::model::{ConversationId, ConversationRef, Medium, Name, Row, RowError, Table, Time};

use super::state::{Conversation, in_eight_bytes};

/// Version of the rows' encoding.
const VERSION: u8 = 1;
/// Room for an encoding: most fit into it without growing.
const ENCODING_BYTES: usize = 160;

/// How a conversation is kept.
#[derive(Debug)]
pub(super) enum Kept {
    /// At hand.
    Whole(Box<Conversation>),
    /// Ended: the encoding of the conversation.
    Ended(Box<[u8]>),
    /// Forgotten: the encoding of its id, and when it had been touched last.
    Forgotten(Box<[u8]>),
}

/// What a row holds. [`Kept::Ended`] and [`Kept::Forgotten`] hold the same bytes without the tag.
#[derive(Debug, Serialize, Deserialize)]
enum Content {
    Conversation(Box<Conversation>),
    Forgotten(Forgotten),
}

/// What a row of [`Table::Ended`] holds.
#[derive(Debug, Deserialize)]
struct Ended {
    /// Stands first, as [`Row::touched`] wants it.
    #[serde(with = "in_eight_bytes")]
    _touched: Time,
    content: Content,
}

/// What is kept of a forgotten conversation.
#[derive(Debug, Serialize, Deserialize)]
struct Forgotten {
    id: ConversationId,
    #[serde(with = "in_eight_bytes")]
    touched: Time,
}

/// How the encoding of a conversation begins.
#[derive(Debug, Deserialize)]
struct Head {
    id: ConversationId,
    #[serde(with = "in_eight_bytes")]
    _touched: Time,
    team: Option<Name>,
    channel: Option<Name>,
    cycle: u32,
}

impl Kept {
    /// The conversation at hand, unless it has ended.
    pub fn whole(&self) -> Option<&Conversation> {
        match self {
            Self::Whole(conversation) => Some(conversation),
            Self::Ended(_) | Self::Forgotten(_) => None,
        }
    }

    /// Whether this is the conversation with this id.
    pub fn is(&self, medium: Medium, id: &str) -> bool {
        match self {
            Self::Whole(conversation) => conversation.id.medium == medium && conversation.id.id == id,
            Self::Ended(bytes) | Self::Forgotten(bytes) => head(bytes).is_some_and(|(known, name, _)| known == medium && name == id),
        }
    }

    /// Its id.
    pub fn id(&self) -> ConversationId {
        match self {
            Self::Whole(conversation) => conversation.id.clone(),
            Self::Ended(bytes) | Self::Forgotten(bytes) => {
                let (medium, id, _) = head(bytes).unwrap_or((Medium::Chat, "", Time::MIN));
                ConversationId { medium, id: id.into() }
            }
        }
    }

    /// The clock of its last touch.
    pub fn touched(&self) -> Time {
        match self {
            Self::Whole(conversation) => conversation.touched,
            Self::Ended(bytes) | Self::Forgotten(bytes) => head(bytes).map_or(Time::MIN, |(_, _, touched)| touched),
        }
    }

    /// [`hash`] of its id.
    pub fn hash(&self) -> u64 {
        match self {
            Self::Whole(conversation) => hash(conversation.id.medium, &conversation.id.id),
            Self::Ended(bytes) | Self::Forgotten(bytes) => head(bytes).map_or(0, |(medium, id, _)| hash(medium, id)),
        }
    }

    /// What a conversation that is not forgotten shows to `look`.
    pub fn peek<T>(&self, look: impl FnOnce(&Conversation) -> T) -> Option<T> {
        match self {
            Self::Whole(conversation) => Some(look(conversation)),
            Self::Ended(bytes) => Some(look(&decode(bytes))),
            Self::Forgotten(_) => None,
        }
    }

    /// The conversation at hand. It must not be a forgotten one.
    pub fn unpack(&mut self) -> &mut Conversation {
        if let Self::Ended(bytes) | Self::Forgotten(bytes) = self {
            *self = Self::Whole(Box::new(Conversation { is_queued: true, ..decode(bytes) }));
        }
        match self {
            Self::Whole(conversation) => conversation,
            Self::Ended(_) | Self::Forgotten(_) => unreachable!("unpacked above"),
        }
    }

    /// Makes it small, if it is at hand and nothing of it goes on; true when it has to be put among the ended ones.
    pub fn pack(&mut self) -> bool {
        let Self::Whole(conversation) = self else { return false };
        if !conversation.is_settled() {
            return false;
        }
        let is_queued = conversation.is_queued;
        *self = Self::Ended(encode(&**conversation));
        !is_queued
    }

    /// It does not stand among the ended ones any more.
    pub fn leave_queue(&mut self) {
        if let Self::Whole(conversation) = self {
            conversation.is_queued = false;
        }
    }

    /// Forgets it: only that it was there, and until when, is left.
    pub fn forget(&mut self) {
        *self = Self::Forgotten(encode(&Forgotten { id: self.id(), touched: self.touched() }));
    }

    /// Touches one that is not forgotten; gives it as facts print it, and its team.
    pub fn touch(&mut self, clock: Time) -> Option<(ConversationRef, Option<Name>)> {
        match self {
            Self::Forgotten(_) => None,
            Self::Whole(conversation) => {
                conversation.touched = clock;
                Some((conversation.reference(), conversation.team.clone()))
            }
            Self::Ended(bytes) => {
                set_touched(bytes, clock);
                let (Head { id, team, channel, cycle, .. }, _) = postcard::take_from_bytes(bytes).ok()?;
                Some((ConversationRef { medium: id.medium, id: id.id, cycle, channel }, team))
            }
        }
    }

    /// The table in which its row belongs.
    pub fn table(&self) -> Table {
        match self {
            Self::Whole(_) => Table::Conversation,
            Self::Ended(_) | Self::Forgotten(_) => Table::Ended,
        }
    }

    /// The content of its row.
    pub fn content(&self) -> Vec<u8> {
        let touched = self.touched().0.to_le_bytes();
        match self {
            Self::Whole(conversation) => {
                let mut content = Vec::with_capacity(ENCODING_BYTES);
                content.extend([VERSION, 0]);
                encode_after(content, &**conversation)
            }
            Self::Ended(bytes) => [&[VERSION], &touched[..], &[0], bytes].concat(),
            Self::Forgotten(bytes) => [&[VERSION], &touched[..], &[1], bytes].concat(),
        }
    }

    /// Reads a row.
    pub fn read(row: &Row) -> Result<Self, RowError> {
        let content = match row.table {
            Table::Ended => row.read::<ConversationId, Ended>(VERSION)?.1.content,
            _ => row.read::<ConversationId, Content>(VERSION)?.1,
        };
        Ok(match content {
            Content::Forgotten(forgotten) => Self::Forgotten(encode(&forgotten)),
            Content::Conversation(conversation) => {
                let mut kept = Self::Whole(conversation);
                kept.pack();
                kept
            }
        })
    }
}

/// Where an id is found.
pub(super) fn hash(medium: Medium, id: &str) -> u64 {
    FixedState::default().hash_one((medium, id))
}

/// Id and last touch, with which every encoding begins.
fn head(bytes: &[u8]) -> Option<(Medium, &str, Time)> {
    let ((medium, id), rest): ((Medium, &str), &[u8]) = postcard::take_from_bytes(bytes).ok()?;
    rest.first_chunk().map(|touched| (medium, id, Time(i64::from_le_bytes(*touched))))
}

/// Sets the last touch in an encoding.
fn set_touched(bytes: &mut [u8], to: Time) {
    let rest = postcard::take_from_bytes::<(Medium, &str)>(bytes).map_or(0, |(_, rest)| rest.len());
    let start = bytes.len() - rest;
    if let Some(touched) = bytes[start..].first_chunk_mut() {
        *touched = to.0.to_le_bytes();
    }
}

#[expect(clippy::expect_used, reason = "the bytes are our own encoding, made in this process")]
fn decode(bytes: &[u8]) -> Conversation {
    postcard::from_bytes(bytes).expect("an ended conversation is decodable")
}

fn encode(value: &impl Serialize) -> Box<[u8]> {
    encode_after(Vec::with_capacity(ENCODING_BYTES), value).into_boxed_slice()
}

fn encode_after(before: Vec<u8>, value: &impl Serialize) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "writing to a vector cannot fail, and our types have no unsized sequences")]
    postcard::to_extend(value, before).expect("conversations are encodable")
}
