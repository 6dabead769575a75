//! The deadline queue: derived from the conversations, and rebuilt from them. An entry whose deadline has moved is stale; it is
//! dropped when it comes to the front, or when stale ones far outnumber the others.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::signal::DeadlineKey;

/// Entries below which no clean-up pays: most stale ones come to the front within seconds.
const SMALL: usize = 65_536;

/// A clean-up is due when the queue has grown to this many times what the last one left: it costs a fraction of a look-up
/// for each push, whatever the log.
const GROWTH: usize = 4;

/// Deadlines that are to fire, with stale ones among them.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<DeadlineKey>>,
    /// Length at which the next clean-up is due.
    limit: usize,
}

impl Deadlines {
    /// Adds a deadline. The one that it takes the place of becomes stale.
    pub fn push(&mut self, key: DeadlineKey) {
        self.heap.push(Reverse(key));
    }

    /// The first entry, stale or not.
    pub fn first(&self) -> Option<&DeadlineKey> {
        self.heap.peek().map(|Reverse(key)| key)
    }

    /// Drops the first entry, and gives it back.
    pub fn pop(&mut self) -> Option<DeadlineKey> {
        self.heap.pop().map(|Reverse(key)| key)
    }

    /// Drops the stale entries once they may far outnumber the others.
    pub fn clean_up(&mut self, is_due: impl Fn(&DeadlineKey) -> bool) {
        if self.heap.len() < self.limit.max(SMALL) {
            return;
        }
        self.heap.retain(|Reverse(key)| is_due(key));
        self.limit = self.heap.len() * GROWTH;
    }
}
