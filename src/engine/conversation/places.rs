//! What is derived from the conversations at hand, in a place for each. Places lie side by side: whether a deadline still stands, who waits
//! and which complaints are open is asked of many conversations, which lie far apart.

use crate::model::Time;

/// What is derived from a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    /// The deadlines that are still to fire, by number; the end of time is none.
    pub due: [Time; 3],
    /// Whether its customer waits.
    pub waiting: bool,
    /// Whether it is an open complaint.
    pub complaint: bool,
}

impl Default for Marks {
    fn default() -> Self {
        Self { due: [Time::MAX; 3], waiting: false, complaint: false }
    }
}

impl Marks {
    /// The deadlines that were not there `before`.
    pub fn moved(&self, before: &Self, place: u32) -> impl Iterator<Item = Deadline> {
        let moved = self.due.iter().zip(before.due).zip(0..).filter(|((at, before), _)| **at != *before && **at != Time::MAX);
        moved.map(move |((at, _), which)| Deadline { at: *at, place, which })
    }
}

/// A deadline in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deadline {
    /// When.
    pub at: Time,
    /// The place of the conversation.
    pub place: u32,
    /// Its number among those of one conversation.
    pub which: u8,
}

/// The places of all conversations at hand, and some that are free. The first is nobody's: 0 is no place.
#[derive(Debug)]
pub(super) struct Places {
    /// Where the table finds the conversation.
    hashes: Vec<u64>,
    marks: Vec<Marks>,
    free: Vec<u32>,
    /// How many have a customer who waits.
    waiting: usize,
}

impl Default for Places {
    fn default() -> Self {
        Self { hashes: vec![0], marks: vec![Marks::default()], free: Vec::new(), waiting: 0 }
    }
}

impl Places {
    /// A place for a conversation that the table finds by this hash; nothing is derived from it yet.
    pub fn take(&mut self, hash: u64) -> u32 {
        if let Some(place) = self.free.pop() {
            self.hashes[place as usize] = hash;
            return place;
        }
        self.hashes.push(hash);
        self.marks.push(Marks::default());
        (self.hashes.len() - 1) as u32
    }

    /// A conversation is not at hand any more.
    pub fn leave(&mut self, place: u32) {
        self.set(place, Marks::default());
        self.free.push(place);
    }

    /// Sets what is derived from a conversation.
    pub fn set(&mut self, place: u32, marks: Marks) {
        let before = std::mem::replace(&mut self.marks[place as usize], marks);
        self.waiting = self.waiting - usize::from(before.waiting) + usize::from(marks.waiting);
    }

    /// Reads a little of what is derived from a conversation.
    pub fn glance(&self, place: u32) -> i64 {
        i64::from(self.marks[place as usize].waiting)
    }

    /// Whether a deadline still stands.
    pub fn is_due(&self, deadline: Deadline) -> bool {
        self.marks[deadline.place as usize].due[usize::from(deadline.which)] == deadline.at
    }

    /// Where the table finds the conversation of a place.
    pub fn hash(&self, place: u32) -> u64 {
        self.hashes[place as usize]
    }

    /// The places of those whose customer waits.
    pub fn waiting(&self) -> impl Iterator<Item = u32> {
        self.marked(|marks| marks.waiting)
    }

    /// How many these are.
    pub fn waiting_count(&self) -> usize {
        self.waiting
    }

    /// The places of open complaints.
    pub fn complaints(&self) -> impl Iterator<Item = u32> {
        self.marked(|marks| marks.complaint)
    }

    fn marked(&self, is: impl Fn(&Marks) -> bool) -> impl Iterator<Item = u32> {
        (0..).zip(&self.marks).filter(move |(_, marks)| is(marks)).map(|(place, _)| place)
    }
}
