//! Rows of state, by table and key: all that a start reads. Those of ended conversations stand in `ended`, those that changed lately first in
//! `recent`.
//!
//! Small rows stand within the tree of their keys. Slices are lists of hundreds of kilobytes: there, every look-up that passes one would read it
//! whole, so they stand in a relation of their own, whose keys are apart from its contents.

use std::mem;
use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread;

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction};

use crate::model::{Row, Table};

use super::super::TakeRows;
use super::digest::{Digests, checksum};
use super::fault::Fault;
use super::recent::{Recent, Written};

/// Bytes of rows that are given out at once: slices are long, and who takes them works beside who reads.
const PIECE: usize = 1 << 20;
/// So many times as many are read before they are taken.
const PIECES_AHEAD: usize = 4;

/// Takes pieces of rows as they are read.
type GiveRows<'a> = &'a mut dyn FnMut(Vec<Row>) -> Result<(), Fault>;

/// Rows on their way to who takes them.
struct Giving<'a> {
    give: GiveRows<'a>,
    piece: Vec<Row>,
    size: usize,
}

impl Giving<'_> {
    fn row(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.piece.push(Row { table, key: key.to_vec(), value: Some(value.to_vec()) });
        self.size += key.len() + value.len() + size_of::<Row>();
        if self.size < PIECE {
            return Ok(());
        }
        self.size = 0;
        let next = Vec::with_capacity(self.piece.len());
        (self.give)(mem::replace(&mut self.piece, next))
    }

    /// The row, if it was not removed.
    fn written(&mut self, row: Written<'_>) -> Result<(), Fault> {
        row.value.map_or(Ok(()), |value| self.row(row.table, row.key, value))
    }
}

/// Makes the relations; a store in which slices stood among the rows has them moved.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS state (tbl INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, checksum INTEGER NOT NULL, \
         PRIMARY KEY (tbl, key)) STRICT, WITHOUT ROWID",
    )?;
    create_slices(connection, "")?;
    for table in Table::ALL.into_iter().filter(|table| relation(*table) == Relation::Slices) {
        connection.execute("INSERT INTO slices SELECT tbl, key, value, checksum FROM state WHERE tbl = ?1", (table as u8,))?;
        connection.execute("DELETE FROM state WHERE tbl = ?1", (table as u8,))?;
    }
    Ok(())
}

/// Makes the relation of slices; `place` is `TEMP` for this connection only.
pub(super) fn create_slices(connection: &Connection, place: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE {place} TABLE IF NOT EXISTS slices (tbl INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, checksum INTEGER NOT NULL, \
         PRIMARY KEY (tbl, key)) STRICT"
    ))
}

/// Where the rows of a table stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    State,
    Slices,
    /// See `ended`.
    Ended,
}

fn relation(table: Table) -> Relation {
    match table {
        Table::Pending | Table::Remembered | Table::Sample => Relation::Slices,
        Table::Ended => Relation::Ended,
        _ => Relation::State,
    }
}

/// What is done with the rows of one relation.
pub(super) struct Rows<'t> {
    put: CachedStatement<'t>,
    remove: CachedStatement<'t>,
}

impl<'t> Rows<'t> {
    pub(super) fn of(relation: &str, transaction: &'t Transaction<'_>) -> rusqlite::Result<Self> {
        let put = format!(
            "INSERT INTO {relation} (tbl, key, value, checksum) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (tbl, key) DO UPDATE SET value = excluded.value, checksum = replaced(checksum, excluded.checksum)"
        );
        let remove = format!("DELETE FROM {relation} WHERE tbl = ?1 AND key = ?2 RETURNING checksum");
        Ok(Self { put: transaction.prepare_cached(&put)?, remove: transaction.prepare_cached(&remove)? })
    }

    /// Puts or removes one.
    pub(super) fn write(&mut self, digests: &mut Digests, table: Table, key: &[u8], value: Option<&[u8]>) -> rusqlite::Result<()> {
        let table = table as u8;
        let before = match value {
            Some(value) => {
                let checksum = checksum(table, key, value);
                self.put.execute((table, key, value, checksum))?;
                digests.add(table, checksum);
                digests.replaced()
            }
            None => self.remove.query_row((table, key), |removed| removed.get(0)).optional()?,
        };
        if let Some(before) = before {
            digests.remove(table, before);
        }
        Ok(())
    }
}

/// Puts and removes rows of every table but [`Table::Ended`]: slices at once, the others by way of `recent`.
pub(super) fn write(transaction: &Transaction<'_>, digests: &mut Digests, recent: &mut Recent, rows: &[Row]) -> Result<(), Fault> {
    let mut slices = Rows::of("slices", transaction)?;
    let mut others = Vec::with_capacity(rows.len());
    for row in rows {
        match relation(row.table) {
            Relation::State => others.push(row),
            Relation::Slices => slices.write(digests, row.table, &row.key, row.value.as_deref())?,
            Relation::Ended => {}
        }
    }
    recent.write(transaction, digests, others)
}

/// Gives out every row, checked, in the order of tables and keys: [`read`] by a thread of its own, which is ahead of who takes them.
pub(super) fn read_ahead(connection: &mut Connection, recent: &Recent, take: TakeRows<'_>) -> Result<Digests, Fault> {
    thread::scope(|scope| {
        let (give, pieces) = sync_channel::<Vec<Row>>(PIECES_AHEAD);
        let reading = scope.spawn(move || {
            let mut found = Digests::default();
            // Nobody waits for them when taking some has failed: that is what is told then.
            read(connection, &mut found, recent, &mut |rows| give.send(rows).map_err(|_| Fault::Failed)).map(|()| found)
        });
        pieces.into_iter().try_for_each(|rows| take(&rows))?;
        reading.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// Gives out every row, checked, in the order of tables and keys.
pub(super) fn read(connection: &Connection, found: &mut Digests, recent: &Recent, give: GiveRows<'_>) -> Result<(), Fault> {
    recent.count(found);
    let mut recent = recent.rows().peekable();
    let mut query = connection
        .prepare("SELECT tbl, key, value, checksum FROM state UNION ALL SELECT tbl, key, value, checksum FROM slices ORDER BY 1, 2")?;
    let mut rows = query.query(())?;
    let mut giving = Giving { give, piece: Vec::new(), size: 0 };
    while let Some(row) = rows.next()? {
        let (ValueRef::Integer(number), ValueRef::Blob(key), ValueRef::Blob(value), ValueRef::Integer(written)) =
            (row.get_ref(0)?, row.get_ref(1)?, row.get_ref(2)?, row.get_ref(3)?)
        else {
            return Err(Fault::Damaged("a row of state has another form than was written".to_owned()));
        };
        let table = u8::try_from(number).ok().and_then(Table::numbered);
        let Some(table) = table.filter(|table| checksum(*table as u8, key, value) == written) else {
            return Err(Fault::Damaged(format!("a row of table {number} is not what was written")));
        };
        found.add(table as u8, written);
        while let Some(before) = recent.next_if(|other| other.name() < (table, key)) {
            giving.written(before)?;
        }
        match recent.next_if(|other| other.name() == (table, key)) {
            Some(instead) => giving.written(instead)?,
            None => giving.row(table, key, value)?,
        }
    }
    recent.try_for_each(|row| giving.written(row))?;
    (giving.give)(giving.piece)
}
