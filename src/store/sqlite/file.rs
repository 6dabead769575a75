//! The file itself: its lock, its form, its id.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use crate::model::STORE_ID_PREFIX;

use super::super::StoreError;
use super::fault::Fault;
use super::log::CarryingOver;
use super::{configurations, digest, ended, log, positions, quarantine, receipts, recent, state};

/// Marks a SQLite file as a store of ours: "desk".
const APPLICATION: i64 = 0x6465_736B;
/// The version of its form: higher with each relation that an older program would miss. 2: ended conversations and slices stand in relations
/// of their own. 3: rows that changed lately stand in one, too. 4: samples are a table.
pub(super) const FORM: i64 = 4;
/// Bytes of a page, of a new store: most of what is written are small rows here and there, each with the page that it stands on.
const PAGE: i64 = 4_096;
/// Kibibytes of the file that are kept in memory. What a commit changes beyond that is written twice.
const CACHE: i64 = 196_608;

/// Names one store among all. Chosen at random when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreId(String);

impl StoreId {
    /// How every id begins.
    pub const PREFIX: &str = STORE_ID_PREFIX;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Held for as long as the store is open. It goes with the process, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

/// Closing the file is not enough: a process that was started a moment ago has it, too, until it runs its own program.
impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.file.unlock());
    }
}

/// A file that was opened.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) log: CarryingOver,
    pub(super) lock: Lock,
    pub(super) id: StoreId,
    pub(super) commits: i64,
    pub(super) is_new: bool,
}

/// Opens the file, or makes it.
pub(super) fn open(path: &Path) -> Result<Opened, StoreError> {
    let failed = |source: std::io::Error| StoreError::Open { path: path.to_owned(), source: Box::new(source) };
    let lock = lock(path)?;
    log::settle(path).map_err(failed)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Result<_, Fault> {
        let mut connection = Connection::open_with_flags(path, flags)?;
        let form = check_form(&connection)?;
        set_up(&connection)?;
        let (id, commits) = create(&mut connection, form)?;
        Ok((beside(path, flags)?, connection, id, commits, form.is_none()))
    };
    let (beside, connection, id, commits, is_new) = open().map_err(|fault| fault.at(path))?;
    let log = CarryingOver::start(beside).map_err(failed)?;
    Ok(Opened { connection, log, lock, id, commits, is_new })
}

/// Takes the lock beside the file.
pub(super) fn lock(path: &Path) -> Result<Lock, StoreError> {
    // One file has one lock, however it is named.
    let name = PathBuf::from(format!("{}.lock", path.canonicalize().unwrap_or_else(|_| path.to_owned()).display()));
    let failed = |source: std::io::Error| StoreError::Open { path: path.to_owned(), source: Box::new(source) };
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            let holder = match file.read_to_string(&mut process) {
                Ok(_) if !process.trim().is_empty() => format!("process {}", process.trim()),
                _ => "another process".to_owned(),
            };
            return Err(StoreError::InUse { path: path.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    // The number is for the message of the one that comes second.
    let note = |file: &mut File| -> std::io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    note(&mut file).map_err(failed)?;
    Ok(Lock { file })
}

/// The version of the file's form, `None` of a new one; an error when it is not ours to write.
pub(super) fn check_form(connection: &Connection) -> Result<Option<i64>, Fault> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let form: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    match (application, form, tables) {
        (0, 0, 0) => Ok(None),
        (APPLICATION, 1..=FORM, _) => Ok(Some(form)),
        (APPLICATION, found, _) if found > FORM => Err(Fault::Newer { found, known: FORM }),
        _ => Err(Fault::NotAStore),
    }
}

/// The connection that carries the log over.
fn beside(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", log::PAGES_MAX * PAGE)?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Makes the tables that are missing, brings an older form up to the present one, and gives the store's id and the number of its commits.
fn create(connection: &mut Connection, form: Option<i64>) -> Result<(StoreId, i64), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if form.is_none() {
        transaction.execute_batch(
            "CREATE TABLE store (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, commits INTEGER NOT NULL) STRICT",
        )?;
        transaction.execute("INSERT INTO store VALUES (1, ?1 || lower(hex(randomblob(16))), 0)", (StoreId::PREFIX,))?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
    }
    if form != Some(FORM) {
        transaction.pragma_update(None, "user_version", FORM)?;
    }
    digest::create(&transaction)?;
    state::create(&transaction)?;
    recent::create(&transaction, "")?;
    ended::create(&transaction, "")?;
    positions::create(&transaction)?;
    configurations::create(&transaction)?;
    receipts::create(&transaction)?;
    quarantine::create(&transaction)?;
    let found = transaction.query_row("SELECT id, commits FROM store", (), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, commits)) = found.filter(|(id, _): &(String, i64)| id.starts_with(StoreId::PREFIX)) else {
        return Err(Fault::Damaged("its id is gone".to_owned()));
    };
    transaction.commit()?;
    Ok((StoreId(id), commits))
}

/// Gives a store of an older form, which may be read and not be changed, empty tables in the place of those that it lacks: `TEMP` ones, for this
/// transaction.
pub(super) fn stand_in(transaction: &Transaction<'_>) -> Result<(), Fault> {
    let mut has = transaction.prepare("SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE name = ?1)")?;
    let mut lacks = |name: &str| has.query_row((name,), |row| row.get(0)).map(|is_there: bool| !is_there);
    if lacks("slices")? {
        state::create_slices(transaction, "TEMP")?;
    }
    if lacks("ended")? {
        ended::create(transaction, "TEMP")?;
    }
    if lacks("recent")? {
        recent::create(transaction, "TEMP")?;
    }
    Ok(())
}

/// Counts a commit, unless somebody else has.
pub(super) fn count_commit(transaction: &Transaction<'_>, commits: i64) -> Result<(), Fault> {
    let counted = transaction.prepare_cached("UPDATE store SET commits = ?1 + 1 WHERE commits = ?1")?.execute((commits,))?;
    if counted == 1 { Ok(()) } else { Err(Fault::Shared) }
}
