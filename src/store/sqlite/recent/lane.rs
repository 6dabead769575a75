//! Rows that change at much the same pace, and the pieces that they stand in.
//!
//! A round goes through all rows of a lane in the order of their keys. What has not changed since it began is carried over into `state`; what has
//! is in a piece that outlives the round, and may change again before it costs anything. So a row that every commit changes is never carried over.

use std::collections::VecDeque;

use rusqlite::Transaction;

use crate::model::Row;
use crate::store::sqlite::digest::Digests;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::state::Rows;

use super::piece::{Key, Piece, all, keys_among, latest};
use super::{TABLE, checksum_of};

/// Rows that a step of a round looks at, about.
const STEP: usize = 128;
/// For each row that comes at most so many are looked at…
const LOOKED_AT: usize = 4;
/// …and so many steps: no commit takes much longer than others.
const STEPS_MIN: usize = 8;
/// A round that has begun with little ends soon: what has come since is looked at, too.
const SOON: usize = 8 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Lane {
    /// In the order of their numbers.
    pub pieces: VecDeque<Piece>,
    /// What they count, in bytes.
    pub stored: usize,
    /// How many there may be.
    pub stored_max: usize,
    /// Up to where this round has come.
    passed: Option<Key>,
    /// Where the further steps of it end, but for the last.
    steps: VecDeque<Key>,
    /// What has come since the last step, in bytes, times the steps that were left.
    due: usize,
    /// The last piece that was there when the round began.
    round: i64,
    /// Bytes that were there then.
    begun: usize,
}

impl Lane {
    /// Without any rows.
    pub fn new(stored_max: usize) -> Self {
        Self { pieces: VecDeque::new(), stored: 0, stored_max, passed: None, steps: VecDeque::new(), due: 0, round: 0, begun: 0 }
    }

    /// Takes in a piece.
    pub fn add(&mut self, piece: Piece) {
        self.stored += piece.size();
        self.pieces.push_back(piece);
    }

    /// The last of its pieces.
    pub fn last(&self) -> i64 {
        self.pieces.back().map_or(0, |piece| piece.number)
    }

    /// Writes rows of a commit, each of which is in it once, in the order of their keys, as pieces after this one; and goes on with the round.
    /// Gives the number of the last piece.
    pub fn write(&mut self, transaction: &Transaction<'_>, digests: &mut Digests, rows: &[&Row], mut last: i64) -> Result<i64, Fault> {
        if self.stored > 2 * self.stored_max {
            // No round would do: of many lives of the process, each was shorter than one.
            let mut state = Rows::of("state", transaction)?;
            all(self.pieces.iter().collect()).try_for_each(|row| state.write(digests, row.table, row.key, row.value))?;
            self.clear(transaction, digests)?;
        }
        let (before, mut left) = (self.stored, rows);
        while !left.is_empty() {
            last += 1;
            let (piece, content);
            (piece, content, left) = Piece::of(last, left, |content| checksum_of(last, content));
            transaction.prepare_cached("INSERT INTO recent VALUES (?1, ?2, ?3)")?.execute((last, content, piece.checksum))?;
            digests.add(TABLE, piece.checksum);
            self.add(piece);
        }
        // The round ends when there are as many bytes as there may be, and when what has come since it began is more than what was there.
        let room = self.stored_max.min(2 * self.begun + SOON).saturating_sub(self.stored).max(1);
        self.due += (self.steps.len() + 1) * (self.stored - before);
        let steps = (self.due / room).min(STEPS_MIN + LOOKED_AT * rows.len() / STEP);
        self.due %= room;
        self.go_on(transaction, digests, steps)?;
        Ok(last)
    }

    /// Goes so many steps of the round, as far as there are any, and carries over what has not changed since it began.
    fn go_on(&mut self, transaction: &Transaction<'_>, digests: &mut Digests, steps: usize) -> Result<(), Fault> {
        let Some(further) = steps.checked_sub(1) else { return Ok(()) };
        let upto = self.steps.get(further).cloned();
        self.steps.drain(..steps.min(self.steps.len()));
        let mut state = Rows::of("state", transaction)?;
        for row in latest(self.pieces.iter(), self.passed.as_ref(), upto.as_ref()) {
            if row.piece <= self.round {
                state.write(digests, row.table, row.key, row.value)?;
            }
        }
        self.passed = upto;
        if self.passed.is_none() { self.end_round(transaction, digests) } else { Ok(()) }
    }

    /// Gives up the pieces whose rows have been carried over or have changed since.
    fn end_round(&mut self, transaction: &Transaction<'_>, digests: &mut Digests) -> Result<(), Fault> {
        while let Some(piece) = self.pieces.pop_front_if(|piece| piece.number <= self.round) {
            transaction.prepare_cached("DELETE FROM recent WHERE number = ?1")?.execute((piece.number,))?;
            digests.remove(TABLE, piece.checksum);
            self.stored -= piece.size();
        }
        self.begin();
        Ok(())
    }

    /// Gives up all pieces: their rows are elsewhere.
    pub fn clear(&mut self, transaction: &Transaction<'_>, digests: &mut Digests) -> Result<(), Fault> {
        self.round = self.last();
        self.end_round(transaction, digests)
    }

    /// Begins a round, with the first row.
    pub fn begin(&mut self) {
        let steps = keys_among(self.pieces.iter(), STEP);
        (self.passed, self.steps, self.due, self.round, self.begun) = (None, steps.into(), 0, self.last(), self.stored);
    }
}
