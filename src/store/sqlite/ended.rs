//! Rows of ended conversations: found by key when an event is about one, never read at a start, and given up when nothing has touched
//! them for so long that they are not needed any more.
//!
//! That a row is *not* there decides numbers too: a conversation without one begins anew. So each row links to the next one, in the
//! order of the keys, the last to the first, an empty one that is always there: a look-up that finds nothing finds a link over the gap,
//! or damage.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::model::{Row, Table, Time};

use super::super::TakeRows;
use super::checksum;
use super::digest::{self, Digests};
use super::fault::Fault;

/// Number of the table.
const TABLE: u8 = Table::Ended as u8;
/// Rows that are given up with each commit, beside twice as many as come.
const GIVEN_UP: usize = 1_000;

const AT_OR_BEFORE: &str = "SELECT key, value, checksum, link FROM ended WHERE key <= ?1 ORDER BY key DESC LIMIT 1";
const BEFORE: &str = "SELECT key, value, checksum, link FROM ended WHERE key < ?1 ORDER BY key DESC LIMIT 1";
const AFTER: &str = "SELECT key FROM ended WHERE key > ?1 ORDER BY key LIMIT 1";

/// Makes the table, with its empty row; `place` is `TEMP` for this connection only.
pub(super) fn create(connection: &Connection, place: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE {place} TABLE IF NOT EXISTS ended (key BLOB PRIMARY KEY, touched INTEGER NOT NULL, value BLOB NOT NULL, checksum INTEGER NOT NULL, \
         link INTEGER NOT NULL) STRICT, WITHOUT ROWID; \
         CREATE INDEX IF NOT EXISTS ended_by_touch ON ended (touched)"
    ))?;
    let first = (Time::MAX.0, link(&[], &[]));
    connection.execute("INSERT INTO ended SELECT x'', ?1, x'', 0, ?2 WHERE NOT EXISTS (SELECT 1 FROM ended)", first).map(drop)
}

/// A row as it stands in the file.
struct Stored {
    key: Vec<u8>,
    value: Vec<u8>,
    checksum: i64,
    link: i64,
}

impl Stored {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { key: row.get(0)?, value: row.get(1)?, checksum: row.get(2)?, link: row.get(3)? })
    }

    /// The row, if it is what was written.
    fn checked(self) -> Result<Row, Fault> {
        let row = Row { table: Table::Ended, key: self.key, value: Some(self.value) };
        let value = row.value.as_deref().unwrap_or_default();
        if digest::checksum(TABLE, &row.key, value) == self.checksum { Ok(row) } else { Err(damaged()) }
    }
}

fn damaged() -> Fault {
    Fault::Damaged("a row of an ended conversation is gone, or is not what was written".to_owned())
}

fn link(key: &[u8], next: &[u8]) -> i64 {
    checksum::of(&[key, next])
}

/// The row that a key has, or the one before the gap in which it would be.
fn at_or_before(connection: &Connection, key: &[u8]) -> Result<Stored, Fault> {
    connection.prepare_cached(AT_OR_BEFORE)?.query_row((key,), Stored::read).optional()?.ok_or_else(damaged)
}

/// The key of the next row; that of the first one, after the last.
fn after(connection: &Connection, key: &[u8]) -> Result<Vec<u8>, Fault> {
    Ok(connection.prepare_cached(AFTER)?.query_row((key,), |row| row.get(0)).optional()?.unwrap_or_default())
}

/// The key after the row before a gap, once it is sure that there is nothing in between.
fn over_gap(connection: &Connection, before: &Stored) -> Result<Vec<u8>, Fault> {
    let next = after(connection, &before.key)?;
    if link(&before.key, &next) == before.link { Ok(next) } else { Err(damaged()) }
}

/// Puts and removes the rows of this table, and gives up some of those that nothing has touched since then.
pub(super) fn write(
    transaction: &Transaction<'_>,
    digests: &mut Digests,
    rows: &[Row],
    remembers_since: Option<Time>,
) -> Result<(), Fault> {
    let mut come = 0;
    for row in rows.iter().filter(|row| row.table == Table::Ended) {
        match (&row.value, row.touched()) {
            (Some(value), Some(touched)) => {
                come += 1;
                put(transaction, digests, &row.key, touched, value)?;
            }
            _ => remove(transaction, digests, &row.key)?,
        }
    }
    remembers_since.map_or(Ok(()), |since| give_up(transaction, digests, since, GIVEN_UP + 2 * come))
}

fn put(transaction: &Transaction<'_>, digests: &mut Digests, key: &[u8], touched: Time, value: &[u8]) -> Result<(), Fault> {
    let checksum = digest::checksum(TABLE, key, value);
    let found = at_or_before(transaction, key)?;
    if found.key == key {
        digests.remove(TABLE, found.checksum);
        transaction
            .prepare_cached("UPDATE ended SET touched = ?2, value = ?3, checksum = ?4 WHERE key = ?1")?
            .execute((key, touched.0, value, checksum))?;
    } else {
        let next = over_gap(transaction, &found)?;
        relink(transaction, &found.key, key)?;
        transaction.prepare_cached("INSERT INTO ended (key, touched, value, checksum, link) VALUES (?1, ?2, ?3, ?4, ?5)")?.execute((
            key,
            touched.0,
            value,
            checksum,
            link(key, &next),
        ))?;
    }
    digests.add(TABLE, checksum);
    Ok(())
}

fn remove(transaction: &Transaction<'_>, digests: &mut Digests, key: &[u8]) -> Result<(), Fault> {
    let found = at_or_before(transaction, key)?;
    if found.key != key {
        return over_gap(transaction, &found).map(drop);
    }
    let next = over_gap(transaction, &found)?;
    let before = transaction.prepare_cached(BEFORE)?.query_row((key,), Stored::read).optional()?.ok_or_else(damaged)?;
    over_gap(transaction, &before)?;
    relink(transaction, &before.key, &next)?;
    transaction.prepare_cached("DELETE FROM ended WHERE key = ?1")?.execute((key,))?;
    digests.remove(TABLE, found.checksum);
    Ok(())
}

fn relink(transaction: &Transaction<'_>, key: &[u8], next: &[u8]) -> rusqlite::Result<()> {
    transaction.prepare_cached("UPDATE ended SET link = ?2 WHERE key = ?1")?.execute((key, link(key, next))).map(drop)
}

fn give_up(transaction: &Transaction<'_>, digests: &mut Digests, since: Time, at_most: usize) -> Result<(), Fault> {
    let mut query = transaction.prepare_cached("SELECT key FROM ended INDEXED BY ended_by_touch WHERE touched < ?1 LIMIT ?2")?;
    let keys = query.query_map((since.0, at_most as i64), |row| row.get(0))?.collect::<rusqlite::Result<Vec<Vec<u8>>>>()?;
    for key in keys {
        let row = Some(at_or_before(transaction, &key)?).filter(|found| found.key == key).ok_or_else(damaged)?.checked()?;
        if row.touched().is_none_or(|touched| touched >= since) {
            return Err(damaged());
        }
        remove(transaction, digests, &key)?;
    }
    Ok(())
}

/// Gives out those of these rows that there are, checked. Most look-ups are for conversations that begin, and those whose keys follow each
/// other fall into one gap.
pub(super) fn find(connection: &Connection, keys: &[Vec<u8>], take: TakeRows<'_>) -> Result<(), Fault> {
    let (mut rows, mut gap) = (Vec::new(), None::<(Vec<u8>, Vec<u8>)>);
    // Held for all of them: to fetch a statement takes as long as to run it.
    let (mut at_or_before, mut after) = (connection.prepare_cached(AT_OR_BEFORE)?, connection.prepare_cached(AFTER)?);
    for key in keys {
        if gap.as_ref().is_some_and(|(from, to)| from < key && (key < to || to.is_empty())) {
            continue;
        }
        let found = at_or_before.query_row((key,), Stored::read).optional()?.ok_or_else(damaged)?;
        if found.key == *key {
            rows.push(found.checked()?);
            continue;
        }
        let next: Vec<u8> = after.query_row((&found.key,), |row| row.get(0)).optional()?.unwrap_or_default();
        if link(&found.key, &next) != found.link {
            return Err(damaged());
        }
        gap = Some((found.key, next));
    }
    Ok(take(&rows)?)
}

/// A glance at a start, which does not read them: whether there are rows where there should be some.
pub(super) fn glance(connection: &Connection, digests: &Digests) -> Result<(), Fault> {
    let next = over_gap(connection, &at_or_before(connection, &[])?)?;
    if next.is_empty() == (digests.rows(TABLE) == 0) { Ok(()) } else { Err(damaged()) }
}

/// Reads all of them, checked.
pub(super) fn read(connection: &Connection, found: &mut Digests) -> Result<(), Fault> {
    let mut query = connection.prepare("SELECT key, value, checksum, link, touched FROM ended ORDER BY key")?;
    let mut rows = query.query(())?;
    // What the row before links to has to be the row at hand.
    let mut before: Option<(Vec<u8>, i64)> = None;
    while let Some(row) = rows.next()? {
        let (stored, touched): (_, i64) = (Stored::read(row)?, row.get(4)?);
        let is_next = before.is_none_or(|(key, written)| link(&key, &stored.key) == written);
        before = Some((stored.key.clone(), stored.link));
        if !is_next {
            return Err(damaged());
        }
        if !stored.key.is_empty() {
            found.add(TABLE, stored.checksum);
            if stored.checked()?.touched() != Some(Time(touched)) {
                return Err(damaged());
            }
        }
    }
    let (last, written) = before.ok_or_else(damaged)?;
    let indexed: i64 =
        connection
            .query_row("SELECT count(*) FROM ended INDEXED BY ended_by_touch WHERE touched <= ?1", (Time::MAX.0,), |row| row.get(0))?;
    if link(&last, &[]) == written && indexed == found.rows(TABLE) + 1 { Ok(()) } else { Err(damaged()) }
}

#[cfg(test)]
mod tests;
