//! Checksums: of each row, and of each table as a whole.
//!
//! The checksum of a row catches a damaged row; the count and the sum of all checksums of a table catch one that is missing or too many.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, Transaction};
use siphasher::sip::SipHasher13;

use super::fault::Fault;

/// The checksum of a row. `table` is the number that its digest has.
pub(super) fn checksum(table: u8, key: &[u8], value: &[u8]) -> i64 {
    let mut hasher = SipHasher13::new();
    hasher.write_u8(table);
    hasher.write_usize(key.len());
    hasher.write(key);
    hasher.write(value);
    hasher.finish().cast_signed()
}

/// Rows of one table, and the sum of their checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Digest {
    rows: i64,
    sum: i64,
}

/// The digest of each table, by its number. State has the numbers of [`crate::model::Table`]; tables of the store itself begin at 200.
#[derive(Debug, Default)]
pub(super) struct Digests {
    tables: BTreeMap<u8, Digest>,
    touched: BTreeSet<u8>,
    replaced: Arc<Mutex<Option<i64>>>,
}

impl Digests {
    /// A row with this checksum is there from now on.
    pub(super) fn add(&mut self, table: u8, checksum: i64) {
        let digest = self.tables.entry(table).or_default();
        digest.rows += 1;
        digest.sum = digest.sum.wrapping_add(checksum);
        self.touched.insert(table);
    }

    /// A row with this checksum is gone.
    pub(super) fn remove(&mut self, table: u8, checksum: i64) {
        let digest = self.tables.entry(table).or_default();
        digest.rows -= 1;
        digest.sum = digest.sum.wrapping_sub(checksum);
        self.touched.insert(table);
    }

    /// Gives this connection the function `replaced(old, new)`, which returns the new checksum and notes the old one for [`Digests::replaced`]: so
    /// a row is replaced in one step, not looked up first.
    pub(super) fn watch(&self, connection: &Connection) -> rusqlite::Result<()> {
        let noted = Arc::clone(&self.replaced);
        connection.create_scalar_function("replaced", 2, FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY, move |context| {
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.get::<i64>(0)?);
            context.get::<i64>(1)
        })
    }

    /// The checksum that was replaced by the last statement, if one was.
    pub(super) fn replaced(&self) -> Option<i64> {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Writes the digests that have changed.
    pub(super) fn write(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut put = transaction.prepare_cached(
            "INSERT INTO digests (tbl, rows, sum) VALUES (?1, ?2, ?3) ON CONFLICT (tbl) DO UPDATE SET rows = excluded.rows, sum = excluded.sum",
        )?;
        for table in std::mem::take(&mut self.touched) {
            let digest = self.tables.get(&table).copied().unwrap_or_default();
            put.execute((table, digest.rows, digest.sum))?;
        }
        Ok(())
    }

    /// As they were written.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut query = connection.prepare("SELECT tbl, rows, sum FROM digests")?;
        let tables = query.query_map((), |row| Ok((row.get(0)?, Digest { rows: row.get(1)?, sum: row.get(2)? })))?;
        Ok(Self { tables: tables.collect::<rusqlite::Result<_>>()?, ..Self::default() })
    }

    /// Takes what was written of a table for found: it is not read now.
    pub(super) fn trust(&mut self, table: u8, written: &Self) {
        self.tables.insert(table, written.tables.get(&table).copied().unwrap_or_default());
    }

    /// How many rows a table should have.
    pub(super) fn rows(&self, table: u8) -> i64 {
        self.tables.get(&table).map_or(0, |digest| digest.rows)
    }

    /// Holds what was found against what was written.
    pub(super) fn compare(&self, found: &Self) -> Result<(), Fault> {
        for table in self.tables.keys().chain(found.tables.keys()) {
            let [was, is] = [self, found].map(|digests| digests.tables.get(table).copied().unwrap_or_default());
            if was != is {
                return Err(Fault::Damaged(format!(
                    "table {table} should have {} rows and has {}, or some are not those",
                    was.rows, is.rows
                )));
            }
        }
        Ok(())
    }
}

pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS digests (tbl INTEGER PRIMARY KEY, rows INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT")
}
