//! All conversations that are in memory, by id. Ended ones are small; untouched for `forget_after` they are forgotten (ruling 106),
//! and known as such for as long again. Those that a store keeps may leave memory before that: see `cold`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::model::{ConversationId, ConversationRef, Medium, Name, Row, RowError, Span, Table as RowTable, Time};

use super::kept::{Kept, hash};
use super::places::Places;
use super::state::Conversation;

/// Conversations that are brought near at a time when many are read.
pub(super) const AHEAD: usize = 48;

/// Clock of a touch, and hash, of conversations that nothing may have touched since, the longest ago first: each once, and some that
/// have begun again.
pub(super) type Untouched = BinaryHeap<Reverse<(Time, u64)>>;

/// The conversations that are in memory.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) kept: HashTable<Kept>,
    /// Those at hand.
    pub(super) places: Places,
    /// Ended ones.
    pub(super) ended: Untouched,
    /// Forgotten ones.
    pub(super) forgotten: Untouched,
    forget_after: Span,
    /// Which rows changed; `None` when nobody will ask.
    pub(super) changed: Option<Vec<Changed>>,
    /// Whether a store may have some that are not here.
    pub(super) has_cold: bool,
}

/// A conversation whose row changes.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Changed {
    pub(super) id: ConversationId,
    /// Whether it had ended before the change: its row may then be among those of ended ones.
    had_ended: bool,
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
        Self {
            kept: HashTable::new(),
            places: Places::default(),
            ended: Untouched::new(),
            forgotten: Untouched::new(),
            forget_after,
            changed: track.then(Vec::new),
            has_cold: false,
        }
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
        let hash = hash(id.medium, &id.id);
        let (found, kept) = match self.kept.entry(hash, |kept| kept.is(id.medium, &id.id), Kept::hash) {
            Entry::Vacant(entry) => {
                note(&mut self.changed, id, false);
                (Found::New, entry.insert(Kept::Whole(Box::new(start(id.clone())))).into_mut())
            }
            Entry::Occupied(entry) => {
                let kept = entry.into_mut();
                note(&mut self.changed, id, kept.whole().is_none());
                let found = if let Kept::Forgotten(_) = kept { Found::Forgotten } else { Found::Known };
                if found == Found::Forgotten {
                    *kept = Kept::Whole(Box::new(start(id.clone())));
                }
                (found, kept)
            }
        };
        let conversation = at_hand(kept, hash, &mut self.places);
        if named || found != Found::Known {
            conversation.touched = clock;
        }
        (conversation, found)
    }

    /// What is in memory of a conversation.
    pub fn find(&self, medium: Medium, id: &str) -> Option<&Kept> {
        self.kept.find(hash(medium, id), |kept| kept.is(medium, id))
    }

    /// The conversation of a place.
    pub fn at_place(&self, place: u32) -> Option<&Conversation> {
        let is_there = |kept: &Kept| kept.whole().is_some_and(|conversation| conversation.place == place);
        self.kept.find(self.places.hash(place), is_there)?.whole()
    }

    /// The conversations at hand that probably have these ids, brought near ahead of the events that name them. One in a hundred is
    /// another one. Goes step by step over all, so that what is far away is fetched for many at once.
    pub fn look_ahead<'i>(&self, ids: impl Iterator<Item = (Medium, &'i str)>) -> Vec<&Conversation> {
        self.look_ahead_by(ids.map(|(medium, id)| hash(medium, id)))
    }

    /// The same by the hashes of ids.
    pub fn look_ahead_by(&self, hashes: impl Iterator<Item = u64>) -> Vec<&Conversation> {
        let hashes: Vec<u64> = hashes.collect();
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
        black_box(whole.iter().fold(0, |all, conversation| all ^ conversation.glance_further() ^ self.places.glance(conversation.place)));
        whole
    }

    /// The ticket that a ticket was merged into. Touches nothing.
    pub fn peek_merged_into(&self, id: &ConversationId) -> Option<Name> {
        self.peek(id, |conversation| conversation.merged_into().cloned()).flatten()
    }

    /// What a known conversation shows to `look`, ended or not. Touches nothing.
    pub fn peek<T>(&self, id: &ConversationId, look: impl FnOnce(&Conversation) -> T) -> Option<T> {
        self.find(id.medium, &id.id)?.peek(look)
    }

    /// A known conversation as facts print it, and its team. The event that names it touches it (ruling 106), and needs no more of it.
    pub fn touch(&mut self, id: &ConversationId, clock: Time) -> Option<(ConversationRef, Option<Name>)> {
        self.forget(clock);
        let kept = self.kept.find_mut(hash(id.medium, &id.id), |kept| kept.is(id.medium, &id.id))?;
        let found = kept.touch(clock)?;
        note(&mut self.changed, id, kept.whole().is_none());
        Some(found)
    }

    /// A known conversation, which is not started if there is none.
    pub fn known(&mut self, id: &ConversationId, clock: Time) -> Option<&mut Conversation> {
        self.forget(clock);
        let hash = hash(id.medium, &id.id);
        let kept = self.kept.find_mut(hash, |kept| kept.is(id.medium, &id.id)).filter(|kept| !matches!(kept, Kept::Forgotten(_)))?;
        note(&mut self.changed, id, kept.whole().is_none());
        Some(at_hand(kept, hash, &mut self.places))
    }

    /// Makes an ended conversation small again, once nothing of it goes on.
    pub fn put_back(&mut self, id: &ConversationId) {
        let hash = hash(id.medium, &id.id);
        let Some(kept) = self.kept.find_mut(hash, |kept| kept.is(id.medium, &id.id)) else { return };
        let place = kept.whole().map(|conversation| conversation.place);
        if kept.pack() {
            self.ended.push(Reverse((kept.touched(), hash)));
        }
        if let (Some(place), None) = (place, kept.whole()) {
            self.places.leave(place);
        }
    }

    /// The rows that changed since the last call, once each. A conversation that ends or begins anew goes from one table to the other.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        let mut changed = self.changed.as_mut().map(std::mem::take).unwrap_or_default();
        changed.sort_unstable();
        let changed: Vec<&[Changed]> = changed.chunk_by(|one, other| one.id == other.id).collect();
        for some in changed.chunks(AHEAD) {
            self.look_ahead(some.iter().map(|same| (same[0].id.medium, &*same[0].id.id)));
            some.iter().for_each(|same| self.change(same, rows));
        }
    }

    /// The rows of one conversation, by what changed it.
    fn change(&self, same: &[Changed], rows: &mut Vec<Row>) {
        // Sorted: changes of one that had ended are last.
        let (first, last) = (&same[0], &same[same.len() - 1]);
        let kept = self.find(first.id.medium, &first.id.id);
        let table = kept.map(Kept::table);
        if table != Some(RowTable::Conversation) && !first.had_ended {
            rows.push(Row::remove(RowTable::Conversation, &first.id));
        }
        if table != Some(RowTable::Ended) && last.had_ended {
            rows.push(Row::remove(RowTable::Ended, &first.id));
        }
        if let Some(kept) = kept {
            rows.push(Row { value: Some(kept.content()), ..Row::remove(kept.table(), &first.id) });
        }
    }

    /// Takes a row back in. Gives the conversation, when it is at hand.
    pub fn restore(&mut self, row: &Row) -> Result<Option<&mut Conversation>, RowError> {
        let kept = Kept::read(row)?;
        let hash = kept.hash();
        if row.table != kept.table() {
            note(&mut self.changed, &kept.id(), false);
        }
        match &kept {
            Kept::Whole(_) => {}
            Kept::Ended(_) => self.ended.push(Reverse((kept.touched(), hash))),
            Kept::Forgotten(_) => self.forgotten.push(Reverse((kept.touched(), hash))),
        }
        let is_at_hand = kept.whole().is_some();
        let kept = self.kept.insert_unique(hash, kept, Kept::hash).into_mut();
        Ok(is_at_hand.then(|| at_hand(kept, hash, &mut self.places)))
    }

    /// Forgets what no event has touched for longer than `forget_after`. Exactly so long, it is still known. After twice as long it is
    /// not even known to have been.
    fn forget(&mut self, clock: Time) {
        while let Some((touched, hash)) = pop_before(&mut self.ended, clock - self.forget_after) {
            let Some(kept) = self.kept.find_mut(hash, |kept| kept.hash() == hash) else { continue };
            kept.leave_queue();
            if !matches!(kept, Kept::Ended(_)) {
                continue;
            }
            if kept.touched() > touched {
                self.ended.push(Reverse((kept.touched(), hash)));
            } else {
                kept.forget();
                self.forgotten.push(Reverse((touched, hash)));
            }
        }
        while let Some((touched, hash)) = pop_before(&mut self.forgotten, clock - self.forget_after - self.forget_after) {
            if let Ok(entry) = self.kept.find_entry(hash, |kept| matches!(kept, Kept::Forgotten(_)) && kept.touched() == touched) {
                note(&mut self.changed, &entry.remove().0.id(), true);
            }
        }
    }
}

/// A conversation that is not forgotten, at hand from now on if not before.
fn at_hand<'k>(kept: &'k mut Kept, hash: u64, places: &mut Places) -> &'k mut Conversation {
    let conversation = kept.unpack();
    if conversation.place == 0 {
        conversation.place = places.take(hash);
    }
    conversation
}

/// The next one that nothing may have touched since `before`.
pub(super) fn pop_before(untouched: &mut Untouched, before: Time) -> Option<(Time, u64)> {
    untouched.peek().filter(|Reverse((touched, _))| *touched < before)?;
    untouched.pop().map(|Reverse(next)| next)
}

/// Notes that the row of a conversation changes.
fn note(changed: &mut Option<Vec<Changed>>, id: &ConversationId, had_ended: bool) {
    if let Some(changed) = changed {
        changed.push(Changed { id: id.clone(), had_ended });
    }
}
