//! How many conversations an agent handled at each instant: the begins and ends of handling, in order of time.
//!
//! A late event may put an edge between older ones, so edges are kept and not only their sums. They are kept in blocks,
//! two to four bytes an edge: a full block is a row that is written once, and only the last one changes with each edge.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::model::Time;

/// Edges in a full block; a late one may make it longer.
const BLOCK_EDGES: u32 = 128;
/// Blocks of one agent: with more, the oldest is forgotten, and a late event reaches no further back than what is left.
const MAX_BLOCKS: usize = 512;

/// The edges of one agent. There is always at least one block.
#[derive(Debug)]
pub(super) struct Edges {
    blocks: VecDeque<Block>,
    /// Numbers of the forgotten blocks whose rows are not removed yet.
    forgotten: Vec<u32>,
}

#[derive(Debug)]
struct Block {
    number: u32,
    stored: StoredBlock,
    /// Time of the last edge, or of the block's begin.
    last: Time,
    /// Conversations handled after the last edge.
    load: u32,
    edges: u32,
    /// Whether nothing was handled at some instant of the block: whatever began before it has ended.
    idle: bool,
    changed: bool,
}

/// A block as its row holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredBlock {
    /// Not after its first edge.
    begin: Time,
    /// Conversations handled before its first edge.
    load: u32,
    /// For each edge a variable-length integer: twice the milliseconds since the edge before, plus 1 for a begin.
    edges: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    at: Time,
    begins: bool,
}

impl Edge {
    fn apply(self, load: u32) -> u32 {
        if self.begins { load + 1 } else { load.saturating_sub(1) }
    }
}

impl Default for Edges {
    fn default() -> Self {
        let stored = StoredBlock { begin: Time::MIN, load: 0, edges: Vec::new() };
        Self { blocks: VecDeque::from([Block::of(0, stored)]), forgotten: Vec::new() }
    }
}

impl Edges {
    /// Conversations handled now.
    pub fn load(&self) -> u32 {
        self.blocks.back().map_or(0, |block| block.load)
    }

    /// Reads a little of what an edge at the end will touch.
    pub fn glance(&self) -> u8 {
        self.blocks.back().and_then(|block| block.stored.edges.last().copied()).unwrap_or(0)
    }

    /// The earliest instant at which an edge can still be put.
    pub fn begin(&self) -> Time {
        self.blocks.front().map_or(Time::MIN, |block| block.stored.begin)
    }

    /// An instant before which nothing began that is still handled; `None` when nothing is handled.
    pub fn busy_since(&self) -> Option<Time> {
        let idle = self.blocks.iter().rev().find(|block| block.idle).or(self.blocks.front());
        idle.filter(|_| self.load() > 0).map(|block| block.stored.begin)
    }

    /// Adds an edge that is not before the last one. Whether it began a new block.
    pub fn push(&mut self, at: Time, begins: bool) -> bool {
        let full = self.blocks.back().filter(|block| block.edges >= BLOCK_EDGES);
        let next = full.map(|full| (full.number + 1, StoredBlock { begin: full.last, load: full.load, edges: Vec::new() }));
        let began = next.is_some();
        self.blocks.extend(next.map(|(number, stored)| Block::of(number, stored)));
        if let Some(block) = self.blocks.back_mut() {
            block.push(Edge { at, begins });
        }
        began
    }

    /// Puts an edge at an instant before the last one, but not before [`Edges::begin`].
    pub fn insert(&mut self, at: Time, begins: bool) {
        let index = self.index(at);
        for (offset, block) in self.blocks.range_mut(index..).enumerate() {
            let mut edges: Vec<_> = block.stored.iter().collect();
            if offset == 0 {
                let place = edges.partition_point(|edge| edge.at <= at);
                edges.insert(place, Edge { at, begins });
            } else {
                block.stored.load = Edge { at, begins }.apply(block.stored.load);
            }
            block.rewrite(&edges);
        }
    }

    /// Calls `visit` with every stretch of `[from, to)` in which the number of conversations handled stays the same, and that number.
    pub fn sweep(&self, from: Time, to: Time, mut visit: impl FnMut(Time, Time, u32)) {
        let index = self.index(from);
        let mut load = self.blocks.get(index).map_or(0, |block| block.stored.load);
        let mut at = from;
        let edges = self.blocks.range(index..).flat_map(|block| block.stored.iter());
        for edge in edges.take_while(|edge| edge.at < to) {
            if edge.at > at {
                visit(at, edge.at, load);
                at = edge.at;
            }
            load = edge.apply(load);
        }
        if at < to {
            visit(at, to, load);
        }
    }

    /// Forgets blocks that end before `before` and hold no begin of what is still handled, and the oldest ones of too many.
    pub fn forget(&mut self, before: Time) {
        let keep = self.busy_since().map_or(before, |since| since.min(before));
        while self.blocks.len() > MAX_BLOCKS || self.blocks.get(1).is_some_and(|second| second.stored.begin <= keep) {
            self.forgotten.extend(self.blocks.pop_front().map(|block| block.number));
        }
    }

    /// Each block that was changed or forgotten since the last call, once: `None` for a forgotten one.
    pub fn changes(&mut self, mut each: impl FnMut(u32, Option<&StoredBlock>)) {
        for number in self.forgotten.drain(..) {
            each(number, None);
        }
        for block in self.blocks.iter_mut().filter(|block| block.changed) {
            block.changed = false;
            each(block.number, Some(&block.stored));
        }
    }

    /// Takes a block back, in any order.
    pub fn restore(&mut self, number: u32, stored: StoredBlock) {
        // A first block that never changed has no row, and stands before the one of the same number or later ones.
        self.blocks.retain(|block| block.number != number && block.edges > 0);
        let place = self.blocks.partition_point(|block| block.number < number);
        self.blocks.insert(place, Block::of(number, stored));
    }

    fn index(&self, at: Time) -> usize {
        self.blocks.partition_point(|block| block.stored.begin <= at).saturating_sub(1)
    }
}

impl Block {
    fn of(number: u32, stored: StoredBlock) -> Self {
        let mut block = Self { number, last: stored.begin, load: stored.load, edges: 0, idle: stored.load == 0, changed: false, stored };
        let edges: Vec<_> = block.stored.iter().collect();
        edges.into_iter().for_each(|edge| block.count(edge));
        block
    }

    fn push(&mut self, edge: Edge) {
        let since = u64::try_from((edge.at - self.last).0).unwrap_or(0);
        write(&mut self.stored.edges, since << 1 | u64::from(edge.begins));
        self.changed = true;
        self.count(edge);
    }

    fn count(&mut self, edge: Edge) {
        self.last = edge.at;
        self.load = edge.apply(self.load);
        self.edges += 1;
        self.idle |= self.load == 0;
    }

    fn rewrite(&mut self, edges: &[Edge]) {
        let stored = StoredBlock { begin: self.stored.begin, load: self.stored.load, edges: Vec::new() };
        *self = Self::of(self.number, stored);
        edges.iter().for_each(|edge| self.push(*edge));
    }
}

impl StoredBlock {
    fn iter(&self) -> impl Iterator<Item = Edge> {
        let (mut at, mut rest) = (self.begin, self.edges.as_slice());
        std::iter::from_fn(move || {
            let value = read(&mut rest)?;
            at.0 += i64::try_from(value >> 1).unwrap_or(0);
            Some(Edge { at, begins: value & 1 == 1 })
        })
    }
}

/// Appends an integer in groups of seven bits, the lowest first; the eighth bit says that more follow.
fn write(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(value)
}
