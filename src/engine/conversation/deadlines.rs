//! The deadline queue: derived from the conversations, and rebuilt from them. An entry whose deadline has moved is stale; it is
//! dropped when its second comes, or when stale ones may outnumber the others.
//!
//! Entries lie unsorted by second. Most are stale when their second comes, so only what is left then is sorted.

use std::collections::BTreeMap;

use crate::engine::signal::DeadlineKey;
use crate::model::{Span, Time};

/// Entries below which no clean-up pays: most stale ones come to the front within seconds.
const SMALL: usize = 65_536;

/// A clean-up is due when the queue has grown to this many times what the last one left: it costs a fraction of a look-up
/// for each push, whatever the log.
const GROWTH: usize = 2;

/// Deadlines that are to fire, with stale ones among them.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// What is left of the seconds that have come, the last to fire first.
    front: Vec<DeadlineKey>,
    /// The second up to which deadlines belong into `front`, while that is not empty.
    second: i64,
    /// The seconds that have not come.
    later: BTreeMap<i64, Vec<DeadlineKey>>,
    len: usize,
    /// Length at which the next clean-up is due.
    limit: usize,
}

impl Deadlines {
    /// Adds a deadline. The one that it takes the place of becomes stale.
    pub fn push(&mut self, key: DeadlineKey) {
        self.len += 1;
        let second = second(key.at);
        if self.front.is_empty() || second > self.second {
            self.later.entry(second).or_default().push(key);
        } else {
            let place = self.front.partition_point(|other| *other > key);
            self.front.insert(place, key);
        }
    }

    /// An instant before which no entry fires.
    pub fn earliest(&self) -> Option<Time> {
        match self.front.last() {
            Some(first) => Some(first.at),
            None => self.later.keys().next().map(|second| Time(second * Span::SECOND.0)),
        }
    }

    /// The first entry, stale or not. When another second has to come for that, `retain` takes its stale entries out.
    pub fn first(&mut self, retain: impl Fn(&mut Vec<DeadlineKey>)) -> Option<&DeadlineKey> {
        while self.front.is_empty() {
            let (second, mut keys) = self.later.pop_first()?;
            let before = keys.len();
            retain(&mut keys);
            self.len -= before - keys.len();
            keys.sort_unstable_by(|one, other| other.cmp(one));
            (self.second, self.front) = (second, keys);
        }
        self.front.last()
    }

    /// Drops the entry that [`Deadlines::first`] gave, and gives it back.
    pub fn pop(&mut self) -> Option<DeadlineKey> {
        let key = self.front.pop()?;
        self.len -= 1;
        Some(key)
    }

    /// Drops the stale entries, by `retain`, once they may outnumber the others.
    pub fn clean_up(&mut self, retain: impl Fn(&mut Vec<DeadlineKey>)) {
        if self.len < self.limit.max(SMALL) {
            return;
        }
        retain(&mut self.front);
        for keys in self.later.values_mut() {
            retain(keys);
            keys.shrink_to_fit();
        }
        self.later.retain(|_, keys| !keys.is_empty());
        self.len = self.front.len() + self.later.values().map(Vec::len).sum::<usize>();
        self.limit = self.len * GROWTH;
    }
}

fn second(at: Time) -> i64 {
    at.0.div_euclid(Span::SECOND.0)
}
