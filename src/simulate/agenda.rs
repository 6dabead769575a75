//! The agenda: what is to happen when, in order.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::model::Time;

/// Things planned for instants. Of one instant, what was planned first comes first.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    entries: BinaryHeap<Reverse<Entry<T>>>,
    planned: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Time,
    number: u64,
    thing: T,
}

impl<T> Agenda<T> {
    /// Nothing planned yet.
    pub(super) fn new() -> Self {
        Self { entries: BinaryHeap::new(), planned: 0 }
    }

    /// Plans one thing.
    pub(super) fn plan(&mut self, at: Time, thing: T) {
        self.planned += 1;
        self.entries.push(Reverse(Entry { at, number: self.planned, thing }));
    }

    /// The instant of the next thing.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes the next thing when its instant is before `until`.
    pub(super) fn next_before(&mut self, until: Time) -> Option<(Time, T)> {
        if self.next_at()? >= until {
            return None;
        }
        self.entries.pop().map(|Reverse(entry)| (entry.at, entry.thing))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
