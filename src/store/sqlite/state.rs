//! Rows of state, by table and key: all that a start reads. Those of ended conversations stand in `ended`.
//!
//! Small rows stand within the tree of their keys. Slices are lists of hundreds of kilobytes: there, every look-up that passes one would read it
//! whole, so they stand in a relation of their own, whose keys are apart from its contents.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction};

use crate::model::{Row, Table};

use super::super::TakeRows;
use super::digest::{Digests, checksum};
use super::fault::Fault;

/// Rows that are given out at once.
const PIECE: usize = 4_096;

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
        Table::Pending | Table::Remembered => Relation::Slices,
        Table::Ended => Relation::Ended,
        _ => Relation::State,
    }
}

/// What is done with the rows of one relation.
struct Statements<'t> {
    find: CachedStatement<'t>,
    put: CachedStatement<'t>,
    remove: CachedStatement<'t>,
}

impl<'t> Statements<'t> {
    fn of(relation: &str, transaction: &'t Transaction<'_>) -> rusqlite::Result<Self> {
        let find = format!("SELECT checksum FROM {relation} WHERE tbl = ?1 AND key = ?2");
        let put = format!(
            "INSERT INTO {relation} (tbl, key, value, checksum) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (tbl, key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum"
        );
        let remove = format!("DELETE FROM {relation} WHERE tbl = ?1 AND key = ?2");
        Ok(Self {
            find: transaction.prepare_cached(&find)?,
            put: transaction.prepare_cached(&put)?,
            remove: transaction.prepare_cached(&remove)?,
        })
    }

    fn write(&mut self, digests: &mut Digests, row: &Row) -> rusqlite::Result<()> {
        let table = row.table as u8;
        let before: Option<i64> = self.find.query_row((table, &row.key), |found| found.get(0)).optional()?;
        if let Some(before) = before {
            digests.remove(table, before);
        }
        match &row.value {
            Some(value) => {
                let checksum = checksum(table, &row.key, value);
                self.put.execute((table, &row.key, value, checksum))?;
                digests.add(table, checksum);
            }
            None if before.is_some() => drop(self.remove.execute((table, &row.key))?),
            None => {}
        }
        Ok(())
    }
}

/// Puts and removes rows of every table but [`Table::Ended`], in the order of their keys: neighbours stand on one page.
pub(super) fn write(transaction: &Transaction<'_>, digests: &mut Digests, rows: &[Row]) -> rusqlite::Result<()> {
    let (mut state, mut slices) = (Statements::of("state", transaction)?, Statements::of("slices", transaction)?);
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by(|one, other| (one.table, &one.key).cmp(&(other.table, &other.key)));
    for row in rows {
        match relation(row.table) {
            Relation::State => state.write(digests, row)?,
            Relation::Slices => slices.write(digests, row)?,
            Relation::Ended => {}
        }
    }
    Ok(())
}

/// Gives out every row, checked.
pub(super) fn read(connection: &Connection, found: &mut Digests, take: TakeRows<'_>) -> Result<(), Fault> {
    let mut query = connection
        .prepare("SELECT tbl, key, value, checksum FROM state UNION ALL SELECT tbl, key, value, checksum FROM slices ORDER BY 1, 2")?;
    let mut rows = query.query(())?;
    let mut piece = Vec::with_capacity(PIECE);
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
        piece.push(Row { table, key: key.to_vec(), value: Some(value.to_vec()) });
        if piece.len() == PIECE {
            take(&piece)?;
            piece.clear();
        }
    }
    take(&piece)?;
    Ok(())
}
