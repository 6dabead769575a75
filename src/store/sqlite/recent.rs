//! Rows that changed lately.
//!
//! A steady load changes ten thousand small rows a second, here and there: each written with the page that it stands on, that is a hundred times
//! their size. So a commit writes its rows one after the other into pieces of their own, and they are carried over into `state` later: some with each
//! commit, in rounds by the order of their keys. What is in `state` counts only where nothing is here. A piece goes when a round that began after
//! it has ended, the oldest first.
//!
//! > `piece` rows of one commit · `lane` rounds through the pieces

mod lane;
mod piece;

use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread;

use rusqlite::{Connection, Transaction};

use crate::model::{Row, Table};

use lane::Lane;
pub(super) use piece::Written;
use piece::{Piece, all};

use super::digest::{Digests, checksum};
use super::fault::Fault;
use super::state::Rows;

/// Number of the table.
const TABLE: u8 = 205;
/// Bytes that pieces of each lane may take in memory, where they are not compressed. A start reads them.
const STORED: [usize; 2] = [96 << 20, 192 << 20];
/// A commit of so many bytes that is larger than all before it together is carried over at once, and they with it: while a log is caught up
/// with, rows would only be written twice.
const LARGE: usize = 48 << 20;
/// So many pieces are read before their rows are in their places.
const PIECES_AHEAD: usize = 4;

/// Makes the table; `place` is `TEMP` for this connection only.
pub(super) fn create(connection: &Connection, place: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE {place} TABLE IF NOT EXISTS recent (number INTEGER PRIMARY KEY, content BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT"
    ))
}

/// What has not been carried over.
#[derive(Debug)]
pub(super) struct Recent {
    /// Rows that nearly every commit changes, and those of conversations, which change once in a while: were they in the same pieces, these would
    /// have to be carried over as soon as those fill them.
    lanes: [Lane; 2],
    /// Whether rows of both are in one piece, as programs before have left them.
    is_mixed: bool,
}

impl Recent {
    /// As it was written. A thread beside unpacks one piece while the next is read.
    pub(super) fn read(connection: &Connection) -> Result<Self, Fault> {
        let mut query = connection.prepare("SELECT number, content, checksum FROM recent ORDER BY number")?;
        let mut stored = query.query(())?;
        thread::scope(|scope| {
            let (give, pieces) = sync_channel::<(i64, Vec<u8>, i64)>(PIECES_AHEAD);
            let unpacking = scope.spawn(move || {
                let mut recent = Self { lanes: STORED.map(Lane::new), is_mixed: false };
                for (number, content, checksum) in pieces {
                    recent.add(Piece::read(number, &content, checksum)?);
                }
                recent.lanes.iter_mut().for_each(Lane::begin);
                Some(recent)
            });
            while let Some(piece) = stored.next()? {
                let columns = (piece.get::<_, i64>(0), piece.get::<_, Vec<u8>>(1), piece.get::<_, i64>(2));
                let (Ok(number), Ok(content), Ok(checksum)) = columns else { return Err(damaged()) };
                if checksum_of(number, &content) != checksum {
                    return Err(damaged());
                }
                if give.send((number, content, checksum)).is_err() {
                    break;
                }
            }
            drop(give);
            unpacking.join().unwrap_or_else(|panic| resume_unwind(panic)).ok_or_else(damaged)
        })
    }

    fn add(&mut self, piece: Piece) {
        let seldom = piece.rows().filter(|row| is_seldom(row.table)).count();
        self.is_mixed |= seldom > 0 && seldom < piece.rows().count();
        let [first, second] = &mut self.lanes;
        if seldom == 0 { first.add(piece) } else { second.add(piece) }
    }

    /// The pieces that were found.
    pub(super) fn count(&self, found: &mut Digests) {
        self.lanes.iter().flat_map(|lane| &lane.pieces).for_each(|piece| found.add(TABLE, piece.checksum));
    }

    /// The rows, in the order of their keys.
    pub(super) fn rows(&self) -> impl Iterator<Item = Written<'_>> {
        let mut pieces: Vec<&Piece> = self.lanes.iter().flat_map(|lane| &lane.pieces).collect();
        pieces.sort_unstable_by_key(|piece| piece.number);
        all(pieces)
    }

    /// Writes rows of a commit, each of which is in it once, and carries some over.
    pub(super) fn write(&mut self, transaction: &Transaction<'_>, digests: &mut Digests, mut rows: Vec<&Row>) -> Result<(), Fault> {
        // Neighbours are found, and compressed, together.
        rows.sort_unstable_by(|one, other| (one.table, &one.key).cmp(&(other.table, &other.key)));
        let size = rows.iter().map(|row| row.key.len() + row.value.as_deref().map_or(0, <[u8]>::len)).sum::<usize>();
        let waiting = self.lanes.iter().map(|lane| lane.stored).sum::<usize>();
        if self.is_mixed || size > waiting.max(LARGE) {
            return self.carry_all(transaction, digests, &rows);
        }
        let last = self.lanes.iter().map(Lane::last).fold(0, i64::max);
        let (seldom, often): (Vec<&Row>, Vec<&Row>) = rows.into_iter().partition(|row| is_seldom(row.table));
        let [first, second] = &mut self.lanes;
        let last = first.write(transaction, digests, &often, last)?;
        second.write(transaction, digests, &seldom, last).map(drop)
    }

    /// Carries every row over, and these.
    pub(super) fn carry_all(&mut self, transaction: &Transaction<'_>, digests: &mut Digests, rows: &[&Row]) -> Result<(), Fault> {
        let mut state = Rows::of("state", transaction)?;
        for row in self.rows() {
            state.write(digests, row.table, row.key, row.value)?;
        }
        for row in rows {
            state.write(digests, row.table, &row.key, row.value.as_deref())?;
        }
        self.is_mixed = false;
        self.lanes.iter_mut().try_for_each(|lane| lane.clear(transaction, digests))
    }
}

/// Whether the rows of a table are in the second lane.
fn is_seldom(table: Table) -> bool {
    table == Table::Conversation
}

fn checksum_of(number: i64, content: &[u8]) -> i64 {
    checksum(TABLE, &number.to_le_bytes(), content)
}

fn damaged() -> Fault {
    Fault::Damaged("a piece of rows that changed lately is not what was written".to_owned())
}

#[cfg(test)]
mod tests;
