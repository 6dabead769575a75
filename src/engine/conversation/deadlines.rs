//! The deadline queue: derived from the conversations, and rebuilt from them. An entry whose deadline has moved is stale; it is
//! dropped when its second comes, or when stale ones may outnumber the others.
//!
//! Entries lie unsorted by second. Most are stale when their second comes, so only what is left then is named and sorted.

use std::collections::BTreeMap;

use crate::engine::signal::DeadlineKey;
use crate::model::{Span, Time};

use super::places::Deadline;

/// Entries below which no clean-up pays: most stale ones come to the front within seconds.
const SMALL: usize = 65_536;

/// A clean-up is due when the queue has grown to this many times what the last one left: it costs a fraction of a look-up
/// for each push, whatever the log.
const GROWTH: usize = 2;

/// An entry, with what orders it among those of its second.
pub(super) type Named = (DeadlineKey, Deadline);

/// Deadlines that are to fire, with stale ones among them.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// What is left of the seconds that have come, the last to fire first.
    front: Vec<Named>,
    /// The second up to which deadlines belong into `front`, while that is not empty.
    second: i64,
    /// The seconds that have not come.
    later: BTreeMap<i64, Vec<Deadline>>,
    len: usize,
    /// Length at which the next clean-up is due.
    limit: usize,
}

impl Deadlines {
    /// Adds a deadline. The one that it takes the place of becomes stale. `key` is asked for when the deadline's second has come.
    pub fn push(&mut self, deadline: Deadline, key: impl FnOnce() -> DeadlineKey) {
        self.len += 1;
        let second = second(deadline.at);
        if self.front.is_empty() || second > self.second {
            self.later.entry(second).or_default().push(deadline);
        } else {
            let key = key();
            let place = self.front.partition_point(|(other, _)| *other > key);
            self.front.insert(place, (key, deadline));
        }
    }

    /// An instant before which no entry fires.
    pub fn earliest(&self) -> Option<Time> {
        match self.front.last() {
            Some((first, _)) => Some(first.at),
            None => self.later.keys().next().map(|second| Time(second * Span::SECOND.0)),
        }
    }

    /// The first entry, stale or not. When another second has to come for that, `due` names those of its entries that are not stale.
    pub fn first(&mut self, due: impl Fn(&[Deadline]) -> Vec<Named>) -> Option<&Named> {
        while self.front.is_empty() {
            let (second, entries) = self.later.pop_first()?;
            let mut named = due(&entries);
            self.len -= entries.len() - named.len();
            named.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
            (self.second, self.front) = (second, named);
        }
        self.front.last()
    }

    /// Drops the entry that [`Deadlines::first`] gave, and gives it back.
    pub fn pop(&mut self) -> Option<Named> {
        let first = self.front.pop()?;
        self.len -= 1;
        Some(first)
    }

    /// Drops the entries that are not `due`, once stale ones may outnumber the others.
    pub fn clean_up(&mut self, due: impl Fn(Deadline) -> bool) {
        if self.len < self.limit.max(SMALL) {
            return;
        }
        self.front.retain(|(_, entry)| due(*entry));
        for entries in self.later.values_mut() {
            entries.retain(|entry| due(*entry));
            entries.shrink_to_fit();
        }
        self.later.retain(|_, entries| !entries.is_empty());
        self.len = self.front.len() + self.later.values().map(Vec::len).sum::<usize>();
        self.limit = self.len * GROWTH;
    }
}

fn second(at: Time) -> i64 {
    at.0.div_euclid(Span::SECOND.0)
}
