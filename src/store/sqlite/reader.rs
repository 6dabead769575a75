//! Reading a store while the service writes it: a connection of its own that cannot write.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::model::{ReceiptPage, ReceiptQuery, RejectCount, Rejected, Row, RowError, Table};
use crate::store::{Lookup, StoreError, TakeRows};

use super::configurations::{self, Configuration};
use super::digest::Digests;
use super::fault::Fault;
use super::recent::Recent;
use super::{ended, file, positions, quarantine, receipts, state};

/// A store that is read. The service may write it meanwhile; each question is answered from one state of it.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Connection,
    /// Whether no service has brought it up to the present form yet.
    is_older: bool,
}

impl Reader {
    /// Opens a store for reading.
    ///
    /// # Errors
    /// When there is none, or it is of another kind or version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let open = || -> Result<(Connection, i64), Fault> {
            let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            // A checkpoint of the service may hold the file for a moment.
            connection.busy_timeout(std::time::Duration::from_secs(5))?;
            connection.pragma_update(None, "cell_size_check", true)?;
            connection.pragma_update(None, "trusted_schema", false)?;
            let form = file::check_form(&connection)?.ok_or(Fault::NotAStore)?;
            Ok((connection, form))
        };
        let (connection, form) = open().map_err(|fault| fault.at(path))?;
        Ok(Self { path: path.to_owned(), connection, is_older: form < file::FORM })
    }

    /// Receipts, in the order of `replay --print facts`.
    ///
    /// # Errors
    /// When the store cannot be read, or is damaged.
    pub fn receipts(&self, query: &ReceiptQuery) -> Result<ReceiptPage, StoreError> {
        self.ask(|connection| receipts::read(connection, query))
    }

    /// How many records were rejected, by topic, source and reason.
    ///
    /// # Errors
    /// As [`Reader::receipts`].
    pub fn reject_counts(&self) -> Result<Vec<RejectCount>, StoreError> {
        self.ask(quarantine::counts)
    }

    /// Gives out the rejected records that are kept, the newest first, until `take` says no.
    ///
    /// # Errors
    /// As [`Reader::receipts`].
    pub fn rejected(&self, take: &mut dyn FnMut(Rejected) -> bool) -> Result<(), StoreError> {
        self.ask(|connection| quarantine::newest(connection, take))
    }

    /// The rejected record at this position, if it is kept.
    ///
    /// # Errors
    /// As [`Reader::receipts`].
    pub fn rejected_at(&self, topic: &str, partition: u32, offset: i64) -> Result<Option<Rejected>, StoreError> {
        self.ask(|connection| quarantine::one(connection, topic, partition, offset))
    }

    /// Every configuration that it ran with, the first one first.
    ///
    /// # Errors
    /// As [`Reader::receipts`].
    pub fn configurations(&self) -> Result<Vec<Configuration>, StoreError> {
        self.ask(configurations::all)
    }

    /// Gives out every row that a start reads, by table and key, as one commit left them.
    ///
    /// # Errors
    /// As [`Reader::receipts`], and what `take` fails with.
    pub fn rows(&self, take: &mut dyn FnMut(&[Row]) -> Result<(), RowError>) -> Result<(), StoreError> {
        self.ask(|connection| {
            let written = Digests::read(connection)?;
            let mut found = Digests::default();
            found.trust(Table::Ended as u8, &written);
            at_start(connection, &mut found, take)?;
            written.compare(&found)
        })
    }

    /// Reads everything, and holds it against its checksums.
    ///
    /// # Errors
    /// When anything is not what was written.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.ask(|connection| {
            // With the indexes: what an index has lost is not found, and so never read.
            let pages: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
            if pages != "ok" {
                return Err(Fault::Damaged(pages));
            }
            let mut found = Digests::default();
            at_start(connection, &mut found, &mut |_| Ok(()))?;
            ended::read(connection, &mut found)?;
            Digests::read(connection)?.compare(&found)?;
            configurations::all(connection)?;
            receipts::verify(connection)?;
            quarantine::verify(connection)
        })
    }

    /// Writes a whole copy of one state of the store into a new file.
    ///
    /// # Errors
    /// When it cannot be read or the file not be written.
    pub(super) fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        let name = file.to_str().ok_or_else(|| Fault::Damaged("its name is no UTF-8".to_owned()).at(file))?;
        let copied = self.connection.execute("VACUUM INTO ?1", [name]);
        copied.map(drop).map_err(|error| Fault::from(error).of_writing(file))
    }

    fn ask<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        let ask = || {
            let transaction = self.connection.unchecked_transaction().map_err(Fault::from)?;
            if self.is_older {
                file::stand_in(&transaction)?;
            }
            question(&transaction)
        };
        ask().map_err(|fault| fault.at(&self.path))
    }
}

impl Lookup for Reader {
    fn find(&mut self, keys: &[Vec<u8>], take: TakeRows<'_>) -> Result<(), StoreError> {
        self.ask(|connection| ended::find(connection, keys, take))
    }
}

/// What a start reads: every row of state and every position.
fn at_start(connection: &Connection, found: &mut Digests, take: TakeRows<'_>) -> Result<(), Fault> {
    state::read(connection, found, &Recent::read(connection)?, &mut |rows| Ok(take(&rows)?))?;
    let topics: u32 = connection.query_row("SELECT count(*) FROM topics", [], |row| row.get(0))?;
    positions::read(connection, found, topics as usize).map(drop)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::Row;
    use crate::store::sqlite::tests::rows_of;
    use crate::store::{Commit, Sqlite, Store};

    fn rows(path: &Path) -> Result<Vec<Row>, String> {
        Reader::open(path).and_then(|reader| rows_of(&reader)).map_err(|error| error.to_string())
    }

    fn commit(store: &mut Sqlite, value: u32) -> Vec<Row> {
        let rows = vec![Row::put(Table::Agent, 1, &"amy", &value)];
        store.commit(Commit { rows: rows.clone(), ..Commit::default() }).unwrap();
        rows
    }

    #[test]
    fn a_store_is_read_while_it_is_written_and_after_it_was_killed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let mut store = Sqlite::open(&path, &["chats".to_owned()]).unwrap();
        let wanted = commit(&mut store, 7);
        assert_eq!(rows(&path).unwrap(), wanted, "while it is written");
        // What a killed process leaves: the file and its log of changes, without the index over them.
        let left = folder.path().join("left.db");
        fs::copy(&path, &left).unwrap();
        fs::copy(folder.path().join("store.db-wal"), folder.path().join("left.db-wal")).unwrap();
        assert_eq!(rows(&left).unwrap(), wanted, "after it was killed");
        drop(store);
        assert_eq!(rows(&path).unwrap(), wanted, "after it has ended");
    }

    #[test]
    fn a_reader_makes_nothing_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.db");
        assert!(rows(&path).unwrap_err().contains("there is no store"));
        assert!(!path.exists());
        fs::write(&path, "not a store").unwrap();
        assert!(rows(&path).unwrap_err().contains("is no store of deskpulse"));
        fs::write(&path, "").unwrap();
        assert!(rows(&path).unwrap_err().contains("is no store of deskpulse"));
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
