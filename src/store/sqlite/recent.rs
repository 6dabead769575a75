//! Rows that changed lately.
//!
//! A steady load changes ten thousand small rows a second, here and there: each written with the page that it stands on, that is a hundred times
//! their size. So a commit writes its rows one after the other into pieces of their own, and they are carried into `state` later: some with each
//! commit, in rounds by the order of their keys, each once however often it has changed meanwhile. What is in `state` counts only where nothing
//! is here. A piece goes when a round that began after it has ended, the oldest first.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::mpsc::sync_channel;
use std::thread;

use rusqlite::{Connection, Transaction};
use serde::{Deserialize, Serialize};

use crate::model::{Row, Table};

use super::digest::{Digests, checksum};
use super::fault::Fault;
use super::packing::{encoded, packed, unpacked};
use super::state::Rows;

/// Number of the table.
const TABLE: u8 = 205;
/// Bytes that are kept in memory: as many rows are carried over as come when it has come to this…
const ROOM: usize = 192 << 20;
/// …or to this in the file, before it was compressed: a start reads it.
const STORED: usize = 256 << 20;
/// A commit of so many bytes that is larger than all before it together is carried over at once, and they with it: while a log is caught up
/// with, rows would only be written twice.
const LARGE: usize = 48 << 20;
/// Bytes of rows in a piece, before they are compressed.
const PIECE: usize = 1 << 20;
/// So many pieces are read before their rows are in their places.
const PIECES_AHEAD: usize = 4;
/// A piece is never larger than this: one row may be larger than a piece should be.
const UNPACKED_MAX: usize = 1 << 30;
/// What a row costs beside its key and its content.
const ROW: usize = 64;

/// Makes the table; `place` is `TEMP` for this connection only.
pub(super) fn create(connection: &Connection, place: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE {place} TABLE IF NOT EXISTS recent (number INTEGER PRIMARY KEY, content BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT"
    ))
}

/// A table's row.
pub(super) type Key = (Table, Vec<u8>);

/// Bytes, encoded as such and not one by one.
#[derive(Debug, PartialEq, Eq)]
struct Bytes<'b>(&'b [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'b, 'b> Deserialize<'de> for Bytes<'b> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de [u8]>::deserialize(deserializer).map(Self)
    }
}

/// A piece in the file.
#[derive(Debug)]
struct Piece {
    number: i64,
    size: usize,
    checksum: i64,
}

/// What has not been carried over.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// `None` where a row was removed.
    rows: BTreeMap<Key, Option<Vec<u8>>>,
    /// What they cost in memory.
    bytes: usize,
    pieces: VecDeque<Piece>,
    /// Bytes of the rows in the pieces.
    stored: usize,
    /// The row that was carried over last in this round.
    carried: Option<Key>,
    /// The last piece that was there when the round began.
    round: i64,
}

impl Recent {
    /// As it was written. A thread beside puts the rows of one piece in their places while the next is read.
    pub(super) fn read(connection: &Connection) -> Result<Self, Fault> {
        let mut query = connection.prepare("SELECT number, content, checksum FROM recent ORDER BY number")?;
        let mut stored = query.query(())?;
        thread::scope(|scope| {
            let (give, pieces) = sync_channel::<(Piece, Vec<Row>)>(PIECES_AHEAD);
            let taking = scope.spawn(move || {
                let mut recent = Self::default();
                for (piece, rows) in pieces {
                    recent.take(rows);
                    recent.add(piece);
                }
                recent.round = recent.last();
                recent
            });
            while let Some(piece) = stored.next()? {
                let (number, checksum): (i64, i64) = (piece.get(0)?, piece.get(2)?);
                let content = piece.get_ref(1)?.as_blob().map_err(|_| damaged())?;
                if checksum_of(number, content) != checksum {
                    return Err(damaged());
                }
                let bytes = unpacked(content, UNPACKED_MAX).ok_or_else(damaged)?;
                give.send((Piece { number, size: bytes.len(), checksum }, rows(&bytes)?)).map_err(|_| Fault::Failed)?;
            }
            drop(give);
            taking.join().map_err(|_| Fault::Failed)
        })
    }

    /// The pieces that were found.
    pub(super) fn count(&self, found: &mut Digests) {
        self.pieces.iter().for_each(|piece| found.add(TABLE, piece.checksum));
    }

    /// The rows, in the order of their keys; `None` where one was removed.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Key, Option<&[u8]>)> {
        self.rows.iter().map(|(key, value)| (key, value.as_deref()))
    }

    /// Writes rows of a commit, each of which is in it once, and carries some over.
    pub(super) fn write(&mut self, transaction: &Transaction<'_>, digests: &mut Digests, mut rows: Vec<Row>) -> Result<(), Fault> {
        // Neighbours are found, and compressed, together.
        rows.sort_unstable_by(|one, other| (one.table, &one.key).cmp(&(other.table, &other.key)));
        let (count, size): (usize, usize) = (rows.len(), rows.iter().map(|row| cost(&row.key, row.value.as_deref())).sum());
        if size > self.bytes.max(LARGE) {
            self.take(rows);
            return self.carry_all(transaction, digests);
        }
        self.put(transaction, digests, &rows)?;
        self.take(rows);
        let share = (count * self.bytes).div_ceil(ROOM).max((count * self.stored).div_ceil(STORED));
        self.carry_over(transaction, digests, share)
    }

    /// Carries every row over.
    pub(super) fn carry_all(&mut self, transaction: &Transaction<'_>, digests: &mut Digests) -> Result<(), Fault> {
        (self.carried, self.round) = (None, self.last());
        self.carry_over(transaction, digests, usize::MAX)
    }

    fn take(&mut self, rows: Vec<Row>) {
        for row in rows {
            self.bytes += cost(&row.key, row.value.as_deref());
            let key = (row.table, row.key);
            let size = key.1.len();
            if let Some(before) = self.rows.insert(key, row.value) {
                self.bytes -= ROW + size + before.map_or(0, |value| value.len());
            }
        }
    }

    /// Writes rows as pieces.
    fn put(&mut self, transaction: &Transaction<'_>, digests: &mut Digests, rows: &[Row]) -> Result<(), Fault> {
        let mut piece = Vec::with_capacity(PIECE + PIECE / 4);
        for (index, row) in rows.iter().enumerate() {
            piece = encoded(piece, &(row.table as u8, Bytes(&row.key), row.value.as_deref().map(Bytes)));
            if piece.len() >= PIECE || index + 1 == rows.len() {
                self.put_piece(transaction, digests, &piece)?;
                piece.clear();
            }
        }
        Ok(())
    }

    fn put_piece(&mut self, transaction: &Transaction<'_>, digests: &mut Digests, rows: &[u8]) -> Result<(), Fault> {
        let content = packed(rows);
        let number = self.last() + 1;
        let checksum = checksum_of(number, &content);
        transaction.prepare_cached("INSERT INTO recent VALUES (?1, ?2, ?3)")?.execute((number, &content, checksum))?;
        digests.add(TABLE, checksum);
        self.add(Piece { number, size: rows.len(), checksum });
        Ok(())
    }

    fn add(&mut self, piece: Piece) {
        self.stored += piece.size;
        self.pieces.push_back(piece);
    }

    fn last(&self) -> i64 {
        self.pieces.back().map_or(0, |piece| piece.number)
    }

    /// Carries so many rows over, as far as there are any in this round.
    fn carry_over(&mut self, transaction: &Transaction<'_>, digests: &mut Digests, count: usize) -> Result<(), Fault> {
        if count == 0 {
            return Ok(());
        }
        let mut state = Rows::of("state", transaction)?;
        let from = self.carried.take().map_or(Bound::Unbounded, Bound::Excluded);
        let keys: Vec<Key> = self.rows.range((from, Bound::Unbounded)).take(count).map(|(key, _)| key.clone()).collect();
        let is_whole = keys.len() < count;
        for key in &keys {
            let value = self.rows.remove(key).flatten();
            self.bytes -= cost(&key.1, value.as_deref());
            state.write(digests, key.0, &key.1, value.as_deref())?;
        }
        if is_whole {
            self.end_round(transaction, digests)?;
        } else {
            self.carried = keys.into_iter().next_back();
        }
        Ok(())
    }

    /// Gives up the pieces of which every row has been carried over, and begins again with the first row.
    fn end_round(&mut self, transaction: &Transaction<'_>, digests: &mut Digests) -> Result<(), Fault> {
        while let Some(piece) = self.pieces.pop_front_if(|piece| piece.number <= self.round) {
            transaction.prepare_cached("DELETE FROM recent WHERE number = ?1")?.execute((piece.number,))?;
            digests.remove(TABLE, piece.checksum);
            self.stored -= piece.size;
        }
        self.round = self.last();
        Ok(())
    }
}

/// The rows of a piece.
fn rows(mut rest: &[u8]) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let ((table, key, value), left): ((u8, Bytes<'_>, Option<Bytes<'_>>), _) =
            postcard::take_from_bytes(rest).map_err(|_| damaged())?;
        let table = Table::numbered(table).ok_or_else(damaged)?;
        rows.push(Row { table, key: key.0.to_vec(), value: value.map(|value| value.0.to_vec()) });
        rest = left;
    }
    Ok(rows)
}

fn cost(key: &[u8], value: Option<&[u8]>) -> usize {
    ROW + key.len() + value.map_or(0, <[u8]>::len)
}

fn checksum_of(number: i64, content: &[u8]) -> i64 {
    checksum(TABLE, &number.to_le_bytes(), content)
}

fn damaged() -> Fault {
    Fault::Damaged("a piece of rows that changed lately is not what was written".to_owned())
}

#[cfg(test)]
mod tests;
