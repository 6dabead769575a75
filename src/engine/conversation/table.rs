//! All conversations by id. Ended ones are kept encoded, as their row is, until an event names them again; untouched for
//! `forget_after` they are forgotten (ruling 106), and only the latest of those stay known as such.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use serde::{Deserialize, Serialize};

use crate::model::{ConversationId, ConversationRef, Medium, Name, Row, RowError, Span, Table as RowTable, Time};

use super::state::{Conversation, in_eight_bytes};

/// Version of the rows' encoding.
const VERSION: u8 = 1;

/// Forgotten conversations that are still known to have been: what comes about them is counted.
const FORGOTTEN_KNOWN: usize = 1_000_000;

/// All conversations.
#[derive(Debug)]
pub(super) struct Table {
    kept: HashTable<Kept>,
    /// Clock of a touch, and hash, of ended ones in the order in which they are to be forgotten, if nothing has touched them since.
    ended: BinaryHeap<Reverse<(Time, u64)>>,
    /// The same of forgotten ones.
    forgotten: BinaryHeap<Reverse<(Time, u64)>>,
    forget_after: Span,
    /// Which rows changed; `None` when nobody will ask.
    touched: Option<Vec<ConversationId>>,
}

/// How a conversation is kept.
#[derive(Debug)]
enum Kept {
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

/// What is kept of a forgotten conversation.
#[derive(Debug, Serialize, Deserialize)]
struct Forgotten {
    id: ConversationId,
    #[serde(with = "in_eight_bytes")]
    touched: Time,
}

/// How the encoding of a conversation begins.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    id: ConversationId,
    #[serde(with = "in_eight_bytes")]
    _touched: Time,
    team: Option<Name>,
    channel: Option<Name>,
    cycle: u32,
}

/// How an event found its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Known.
    Known,
    /// Never seen: started now.
    New,
    /// Forgotten: started now.
    Forgotten,
}

impl Table {
    /// An empty one. `track` says whether changes will be asked for.
    pub fn new(forget_after: Span, track: bool) -> Self {
        let (ended, forgotten) = (BinaryHeap::new(), BinaryHeap::new());
        Self { kept: HashTable::new(), ended, forgotten, forget_after, touched: track.then(Vec::new) }
    }

    /// The conversation that an event names or reaches, started when it is unknown. To be named touches it (ruling 106).
    pub fn reach(
        &mut self,
        id: &ConversationId,
        clock: Time,
        named: bool,
        start: impl FnOnce(ConversationId) -> Conversation,
    ) -> (&mut Conversation, Found) {
        self.forget(clock);
        self.note(id);
        let (found, kept) = match self.kept.entry(hash(id.medium, &id.id), |kept| kept.is(id.medium, &id.id), Kept::hash) {
            Entry::Vacant(entry) => (Found::New, entry.insert(Kept::Whole(Box::new(start(id.clone())))).into_mut()),
            Entry::Occupied(entry) => {
                let kept = entry.into_mut();
                let found = if let Kept::Forgotten(_) = kept { Found::Forgotten } else { Found::Known };
                if found == Found::Forgotten {
                    *kept = Kept::Whole(Box::new(start(id.clone())));
                }
                (found, kept)
            }
        };
        let conversation = kept.unpack();
        if named || found != Found::Known {
            conversation.touched = clock;
        }
        (conversation, found)
    }

    /// A conversation at hand: an open one, or an ended one whose last handling is not over.
    pub fn at_hand(&self, medium: Medium, id: &str) -> Option<&Conversation> {
        match self.kept.find(hash(medium, id), |kept| kept.is(medium, id))? {
            Kept::Whole(conversation) => Some(conversation),
            Kept::Ended(_) | Kept::Forgotten(_) => None,
        }
    }

    /// The conversations at hand that probably have these ids, brought near ahead of the events that name them. One in a hundred is
    /// another one. Goes step by step over all, so that what is far away is fetched for many at once.
    pub fn look_ahead<'i>(&self, ids: impl Iterator<Item = (Medium, &'i str)>) -> Vec<&Conversation> {
        let hashes: Vec<u64> = ids.map(|(medium, id)| hash(medium, id)).collect();
        let kept: Vec<&Kept> = hashes.iter().filter_map(|hash| self.kept.find(*hash, |_| true)).collect();
        let (mut whole, mut packed) = (Vec::with_capacity(kept.len()), 0);
        for kept in kept {
            match kept {
                Kept::Whole(conversation) => whole.push(&**conversation),
                Kept::Ended(bytes) | Kept::Forgotten(bytes) => packed ^= bytes.first().copied().unwrap_or(0),
            }
        }
        black_box(packed);
        black_box(whole.iter().fold(0, |all, conversation| all ^ conversation.glance()));
        black_box(whole.iter().fold(0, |all, conversation| all ^ conversation.glance_further()));
        whole
    }

    /// A conversation at hand, to be changed in what is no part of its row.
    pub fn at_hand_mut(&mut self, id: &ConversationId) -> Option<&mut Conversation> {
        match self.kept.find_mut(hash(id.medium, &id.id), |kept| kept.is(id.medium, &id.id))? {
            Kept::Whole(conversation) => Some(conversation),
            Kept::Ended(_) | Kept::Forgotten(_) => None,
        }
    }

    /// The ticket that a ticket was merged into. Touches nothing.
    pub fn peek_merged_into(&self, id: &ConversationId) -> Option<Name> {
        self.peek(id, |conversation| conversation.merged_into().cloned()).flatten()
    }

    /// What a known conversation shows to `look`, ended or not. Touches nothing.
    pub fn peek<T>(&self, id: &ConversationId, look: impl FnOnce(&Conversation) -> T) -> Option<T> {
        match self.kept.find(hash(id.medium, &id.id), |kept| kept.is(id.medium, &id.id))? {
            Kept::Whole(conversation) => Some(look(conversation)),
            Kept::Ended(bytes) => Some(look(&decode(bytes))),
            Kept::Forgotten(_) => None,
        }
    }

    /// A known conversation as facts print it, and its team. The event that names it touches it (ruling 106), and needs no more of it.
    pub fn touch(&mut self, id: &ConversationId, clock: Time) -> Option<(ConversationRef, Option<Name>)> {
        self.forget(clock);
        let hash = hash(id.medium, &id.id);
        let found = match self.kept.find_mut(hash, |kept| kept.is(id.medium, &id.id))? {
            Kept::Forgotten(_) => return None,
            Kept::Whole(conversation) => {
                conversation.touched = clock;
                (conversation.reference(), conversation.team.clone())
            }
            Kept::Ended(bytes) => {
                set_touched(bytes, clock);
                let (Head { id, team, channel, cycle, .. }, _) = postcard::take_from_bytes(bytes).ok()?;
                (ConversationRef { medium: id.medium, id: id.id, cycle, channel }, team)
            }
        };
        self.note(id);
        Some(found)
    }

    /// A known conversation, which is not started if there is none.
    pub fn known(&mut self, id: &ConversationId, clock: Time) -> Option<&mut Conversation> {
        self.forget(clock);
        let kept = self
            .kept
            .find_mut(hash(id.medium, &id.id), |kept| kept.is(id.medium, &id.id))
            .filter(|kept| !matches!(kept, Kept::Forgotten(_)))?;
        if let Some(touched) = &mut self.touched {
            touched.push(id.clone());
        }
        Some(kept.unpack())
    }

    /// Makes an ended conversation small again, once nothing of it goes on.
    pub fn put_back(&mut self, id: &ConversationId) {
        let hash = hash(id.medium, &id.id);
        if let Some(kept) = self.kept.find_mut(hash, |kept| kept.is(id.medium, &id.id))
            && let Kept::Whole(conversation) = kept
            && conversation.is_settled()
        {
            self.ended.push(Reverse((conversation.touched, hash)));
            *kept = Kept::Ended(encode(&**conversation));
        }
    }

    /// The rows that changed since the last call, once each.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        let mut touched = self.touched.as_mut().map(std::mem::take).unwrap_or_default();
        touched.sort_unstable();
        touched.dedup();
        rows.extend(touched.iter().map(|id| match self.kept.find(hash(id.medium, &id.id), |kept| kept.is(id.medium, &id.id)) {
            Some(kept) => Row { value: Some(kept.row()), ..Row::remove(RowTable::Conversation, id) },
            None => Row::remove(RowTable::Conversation, id),
        }));
    }

    /// Takes a row back in. Gives the conversation, when it is one.
    pub fn restore(&mut self, row: &Row) -> Result<Option<&mut Conversation>, RowError> {
        let (id, content) = row.read::<ConversationId, Content>(VERSION)?;
        let hash = hash(id.medium, &id.id);
        let kept = match content {
            Content::Forgotten(forgotten) => {
                self.forgotten.push(Reverse((forgotten.touched, hash)));
                Kept::Forgotten(encode(&forgotten))
            }
            Content::Conversation(conversation) if conversation.is_settled() => {
                self.ended.push(Reverse((conversation.touched, hash)));
                Kept::Ended(encode(&*conversation))
            }
            Content::Conversation(conversation) => Kept::Whole(conversation),
        };
        let kept = self.kept.insert_unique(hash, kept, Kept::hash).into_mut();
        Ok(if let Kept::Whole(conversation) = kept { Some(conversation) } else { None })
    }

    /// Forgets what no event has touched for longer than `forget_after`. Exactly so long, it is still known.
    fn forget(&mut self, clock: Time) {
        while let Some(Reverse((_, hash))) = self.ended.peek().copied().filter(|oldest| oldest.0.0 + self.forget_after < clock) {
            self.ended.pop();
            let is_ended = |kept: &Kept| matches!(kept, Kept::Ended(_)) && kept.hash() == hash;
            let Some(kept) = self.kept.find_mut(hash, is_ended) else { continue };
            let touched = kept.touched();
            if touched + self.forget_after >= clock {
                self.ended.push(Reverse((touched, hash)));
            } else {
                let id = kept.id();
                *kept = Kept::Forgotten(encode(&Forgotten { id: id.clone(), touched }));
                self.forgotten.push(Reverse((touched, hash)));
                self.note(&id);
            }
        }
        while self.forgotten.len() > FORGOTTEN_KNOWN {
            let Some(Reverse((touched, hash))) = self.forgotten.pop() else { break };
            if let Ok(entry) = self.kept.find_entry(hash, |kept| matches!(kept, Kept::Forgotten(_)) && kept.touched() == touched) {
                let (kept, _) = entry.remove();
                self.note(&kept.id());
            }
        }
    }

    /// Notes that the row changes.
    pub fn note(&mut self, id: &ConversationId) {
        if let Some(touched) = &mut self.touched {
            touched.push(id.clone());
        }
    }
}

impl Kept {
    fn is(&self, medium: Medium, id: &str) -> bool {
        match self {
            Self::Whole(conversation) => conversation.id.medium == medium && conversation.id.id == id,
            Self::Ended(bytes) | Self::Forgotten(bytes) => head(bytes).is_some_and(|(known, name, _)| known == medium && name == id),
        }
    }

    fn id(&self) -> ConversationId {
        match self {
            Self::Whole(conversation) => conversation.id.clone(),
            Self::Ended(bytes) | Self::Forgotten(bytes) => {
                let (medium, id, _) = head(bytes).unwrap_or((Medium::Chat, "", Time::MIN));
                ConversationId { medium, id: id.into() }
            }
        }
    }

    fn touched(&self) -> Time {
        match self {
            Self::Whole(conversation) => conversation.touched,
            Self::Ended(bytes) | Self::Forgotten(bytes) => head(bytes).map_or(Time::MIN, |(_, _, touched)| touched),
        }
    }

    fn hash(&self) -> u64 {
        match self {
            Self::Whole(conversation) => hash(conversation.id.medium, &conversation.id.id),
            Self::Ended(bytes) | Self::Forgotten(bytes) => head(bytes).map_or(0, |(medium, id, _)| hash(medium, id)),
        }
    }

    fn row(&self) -> Vec<u8> {
        let (tag, bytes): (u8, &[u8]) = match self {
            Self::Whole(conversation) => (0, &encode(&**conversation)),
            Self::Ended(bytes) => (0, bytes),
            Self::Forgotten(bytes) => (1, bytes),
        };
        [&[VERSION, tag], bytes].concat()
    }

    /// The conversation at hand. It must not be a forgotten one.
    fn unpack(&mut self) -> &mut Conversation {
        if let Self::Ended(bytes) | Self::Forgotten(bytes) = self {
            *self = Self::Whole(Box::new(decode(bytes)));
        }
        match self {
            Self::Whole(conversation) => conversation,
            Self::Ended(_) | Self::Forgotten(_) => unreachable!("unpacked above"),
        }
    }
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

fn hash(medium: Medium, id: &str) -> u64 {
    FixedState::default().hash_one((medium, id))
}

#[expect(clippy::expect_used, reason = "the bytes are our own encoding, made in this process")]
fn decode(bytes: &[u8]) -> Conversation {
    postcard::from_bytes(bytes).expect("an ended conversation is decodable")
}

fn encode(value: &impl Serialize) -> Box<[u8]> {
    #[expect(clippy::expect_used, reason = "writing to a vector cannot fail, and our types have no unsized sequences")]
    postcard::to_extend(value, Vec::new()).expect("conversations are encodable").into_boxed_slice()
}
