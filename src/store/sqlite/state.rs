//! Rows of state, by table and key: all that a start reads. Those of ended conversations stand in `ended`.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::model::{Row, Table};

use super::super::TakeRows;
use super::digest::{Digests, checksum};
use super::fault::Fault;

/// Rows that are given out at once.
const PIECE: usize = 4_096;

pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS state (tbl INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, checksum INTEGER NOT NULL, \
         PRIMARY KEY (tbl, key)) STRICT, WITHOUT ROWID",
    )
}

/// Puts and removes rows of every table but [`Table::Ended`].
pub(super) fn write(transaction: &Transaction<'_>, digests: &mut Digests, rows: &[Row]) -> rusqlite::Result<()> {
    let mut find = transaction.prepare_cached("SELECT checksum FROM state WHERE tbl = ?1 AND key = ?2")?;
    let mut put = transaction.prepare_cached(
        "INSERT INTO state (tbl, key, value, checksum) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (tbl, key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum",
    )?;
    let mut remove = transaction.prepare_cached("DELETE FROM state WHERE tbl = ?1 AND key = ?2")?;
    for row in rows.iter().filter(|row| row.table != Table::Ended) {
        let table = row.table as u8;
        let before: Option<i64> = find.query_row((table, &row.key), |found| found.get(0)).optional()?;
        if let Some(before) = before {
            digests.remove(table, before);
        }
        match &row.value {
            Some(value) => {
                let checksum = checksum(table, &row.key, value);
                put.execute((table, &row.key, value, checksum))?;
                digests.add(table, checksum);
            }
            None if before.is_some() => drop(remove.execute((table, &row.key))?),
            None => {}
        }
    }
    Ok(())
}

/// Gives out every row, checked.
pub(super) fn read(connection: &Connection, found: &mut Digests, take: TakeRows<'_>) -> Result<(), Fault> {
    let mut query = connection.prepare("SELECT tbl, key, value, checksum FROM state ORDER BY tbl, key")?;
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
