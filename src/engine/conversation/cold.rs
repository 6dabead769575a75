//! Ended conversations that are in a store only, so that memory does not grow with what is remembered.
//!
//! Whoever keeps the rows says when ended ones that nothing has touched for long may leave memory, and before events are applied asks
//! which conversations they need that are not there: those that they name, and those that a chain of merges leads to. Nothing else of
//! an ended conversation is ever asked for: it has no deadline, nobody waits in it, and it is no open complaint.

use std::cmp::Reverse;

use foldhash::fast::FixedState;

use crate::model::{ConversationId, Medium, Time};

use super::kept::{Kept, hash};
use super::table::{Table, pop_before};
use super::{Conversations, Index};

/// Conversations that leave memory at a time: the loop stands still for it.
const AT_ONCE: usize = 100_000;
/// Conversations that are looked up at a time, so that they are fetched together.
const LOOKED_UP: usize = 48;

impl Conversations {
    /// Lets ended conversations go that nothing has touched since `before`. All rows up to the last call of
    /// [`Conversations::changes`] must be kept; what has changed since stays.
    pub fn cool(&mut self, before: Time) {
        self.table.cool(before);
    }

    /// From now on some may be in the store only.
    pub fn expect_cold(&mut self) {
        self.table.has_cold = true;
    }

    /// Whether some may be in the store only.
    #[must_use]
    pub fn has_cold(&self) -> bool {
        self.table.has_cold
    }

    /// Of these conversations, and of those that merges lead on to from them, the ones that are not in memory: each once.
    #[must_use]
    pub fn missing(&self, ids: &[&ConversationId]) -> Vec<ConversationId> {
        let mut missing = Index::default();
        for some in ids.chunks(LOOKED_UP) {
            self.table.look_ahead(some.iter().map(|id| (id.medium, &*id.id)));
            some.iter().for_each(|id| self.table.follow(id, &mut missing));
        }
        missing.into_iter().collect()
    }

    /// Whether there is anything in memory of it.
    #[must_use]
    pub fn is_in_memory(&self, id: &ConversationId) -> bool {
        self.table.find(id.medium, &id.id).is_some()
    }

    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.table.ended.len() + self.table.forgotten.len()
    }

    /// How many are in memory.
    #[must_use]
    pub fn in_memory(&self) -> usize {
        self.table.kept.len()
    }
}

impl Table {
    fn cool(&mut self, before: Time) {
        let Some(changed) = &self.changed else { return };
        let mut due = Vec::new();
        while due.len() < AT_ONCE
            && let Some((_, hash)) = pop_before(&mut self.ended, before).or_else(|| pop_before(&mut self.forgotten, before))
        {
            due.push(hash);
        }
        if due.is_empty() {
            return;
        }
        let unkept: hashbrown::HashSet<u64, FixedState> = changed.iter().map(|row| hash(row.id.medium, &row.id.id)).collect();
        for hash in due {
            let Ok(mut entry) = self.kept.find_entry(hash, |kept| kept.hash() == hash) else { continue };
            let touched = entry.get().touched();
            entry.get_mut().leave_queue();
            match entry.get() {
                Kept::Whole(_) => {}
                _ if touched < before && !unkept.contains(&hash) => {
                    drop(entry.remove());
                    self.has_cold = true;
                }
                Kept::Ended(_) => self.ended.push(Reverse((touched, hash))),
                Kept::Forgotten(_) => self.forgotten.push(Reverse((touched, hash))),
            }
        }
    }

    /// Adds the end of the way from a conversation over merges, if that is not in memory.
    fn follow(&self, from: &ConversationId, missing: &mut Index) {
        let Some(kept) = self.find(from.medium, &from.id) else {
            missing.insert(from.clone());
            return;
        };
        let into = |kept: &Kept| kept.peek(|conversation| conversation.merged_into().cloned()).flatten();
        let mut next = Some(kept).filter(|_| from.medium == Medium::Ticket).and_then(into);
        // What is forgotten only later may close a circle.
        let mut seen = vec![from.id.clone()];
        while let Some(id) = next.filter(|id| !seen.contains(id)) {
            match self.find(Medium::Ticket, &id) {
                Some(kept) => next = into(kept),
                None => {
                    missing.insert(ConversationId { medium: Medium::Ticket, id });
                    return;
                }
            }
            seen.push(id);
        }
    }
}
