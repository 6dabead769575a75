//! The durable store: one SQLite file, one writer, one transaction for each commit.
//!
//! * **Alone.** A lock beside the file keeps a second process out; a count of commits notices one that came in all the same.
//! * **Whole.** WAL with `synchronous=FULL`: a commit that has returned outlives a loss of power, one that has not is gone altogether.
//! * **True.** Each row carries a checksum over table, key and value, and each table the number of its rows and the sum of their checksums:
//!   SQLite's own pages have none. A row that is damaged, missing, or stands where it was not written is an error, never a number: found
//!   at the start, or when an event asks for it if it is of an ended conversation (`ended`); in a copy always ([`Reader::verify`]).
//! * **Once.** After a failed commit the handle is not touched again: what was written is known only after it was opened anew. So it is after a
//!   failure to carry the log of changes over into the file, and what a process has left of that log is written again at the next start (`log`).
//!
//! Each table has its file here, with `create` and `write`, and what reads it.

pub mod backup;
mod checksum;
mod configurations;
mod digest;
mod ended;
mod fault;
mod file;
mod log;
mod packing;
mod positions;
mod published;
mod quarantine;
mod reader;
mod receipts;
mod recent;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

use crate::model::{PartitionId, Reached, Span, Table, Time, Topics};

use super::failpoint;
use super::{Commit, Lookup, Store, StoreError, TakeRows};
pub use configurations::{Configuration, Entered};
use digest::Digests;
use fault::Fault;
pub use file::StoreId;
use file::{Lock, Opened};
use log::CarryingOver;
pub use published::{Publication, publish};
pub use quarantine::{PendingRejects, is_same, kept};
pub use reader::Reader;
pub use receipts::PendingReceipts;
use recent::Recent;

/// How long receipts are kept unless something else is wanted.
const KEEP_RECEIPTS: Span = Span(100 * Span::DAY.0);

/// An open store.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    /// `None` after it was closed.
    log: Option<CarryingOver>,
    /// `None` after a failed commit.
    connection: Option<Connection>,
    digests: Digests,
    recent: Recent,
    /// Commits so far, over the life of the store.
    commits: i64,
    id: StoreId,
    topics: Topics,
    unread: BTreeSet<String>,
    is_new: bool,
    keep_receipts: Span,
    _lock: Lock,
}

impl Sqlite {
    /// Opens the store in this file, or makes it, for these topics. The store keeps the order in which it first saw them: what is new
    /// gets the next number, and a change of the order changes nothing.
    ///
    /// # Errors
    /// When the file is in use, is no store, of a newer version, damaged, or holds a topic that is not named.
    pub fn open(path: &Path, topics: &[String]) -> Result<Self, StoreError> {
        Self::open_for(path, topics, false)
    }

    /// The same; a topic that is not named any more is not read from now on, and keeps its number and positions in case it comes back.
    ///
    /// # Errors
    /// As [`Sqlite::open`], but for such a topic.
    pub fn open_leaving(path: &Path, topics: &[String]) -> Result<Self, StoreError> {
        Self::open_for(path, topics, true)
    }

    fn open_for(path: &Path, topics: &[String], leaves: bool) -> Result<Self, StoreError> {
        let Opened { mut connection, log, lock, id, commits, is_new } = file::open(path)?;
        let topics = positions::number(&mut connection, topics, leaves).map_err(|fault| fault.at(path))?;
        let unread = topics.iter().filter(|topic| !topic.is_read).map(|topic| topic.name.clone()).collect();
        let read = || {
            let (digests, recent) = (Digests::read(&connection)?, Recent::read(&connection)?);
            digests.watch(&connection)?;
            Ok((digests, recent))
        };
        let (digests, recent) = read().map_err(|fault: Fault| fault.at(path))?;
        Ok(Self {
            path: path.to_owned(),
            log: Some(log),
            connection: Some(connection),
            digests,
            recent,
            commits,
            id,
            topics: topics.into_iter().map(|topic| topic.name).collect(),
            unread,
            is_new,
            keep_receipts: KEEP_RECEIPTS,
            _lock: lock,
        })
    }

    /// Chosen when the store was made: it stands beside the positions that are shown to the broker.
    #[must_use]
    pub fn id(&self) -> &StoreId {
        &self.id
    }

    /// The topics by their numbers, those of [`PartitionId::topic`].
    #[must_use]
    pub fn topics(&self) -> Topics {
        Arc::clone(&self.topics)
    }

    /// Those of the topics that were read once and are not any more.
    #[must_use]
    pub fn unread(&self) -> &BTreeSet<String> {
        &self.unread
    }

    /// Whether it was made just now.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Keeps receipts this long from now on, in days before that of the newest.
    pub fn keep_receipts(&mut self, keep: Span) {
        self.keep_receipts = keep;
    }

    /// The configuration that it ran with last.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was written.
    pub fn configuration(&self) -> Result<Option<Configuration>, StoreError> {
        let Some(connection) = &self.connection else { return Err(Fault::Failed.at(&self.path)) };
        configurations::latest(connection).map_err(|fault| fault.at(&self.path))
    }

    /// Enters the configuration that it runs with from `now` on, wall time, with the engine's clock at that moment. Nothing happens when it is
    /// the one that it ran with last.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn enter_configuration(&mut self, text: &str, now: Time, clock: Option<Time>) -> Result<(), StoreError> {
        let Some(connection) = &mut self.connection else { return Err(Fault::Failed.at(&self.path)) };
        let mut enter = || -> Result<(), Fault> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            configurations::enter(&transaction, text, now, clock)?;
            Ok(transaction.commit()?)
        };
        enter().map_err(|fault| fault.of_writing(&self.path))
    }

    fn write(&mut self, connection: &mut Connection, commit: Commit) -> Result<(), Fault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        file::count_commit(&transaction, self.commits)?;
        ended::write(&transaction, &mut self.digests, &commit.rows, commit.remembers_since)?;
        state::write(&transaction, &mut self.digests, &mut self.recent, &commit.rows)?;
        failpoint::reach("mid_write");
        positions::write(&transaction, &mut self.digests, &commit.positions)?;
        if let Some(entered) = &commit.configuration {
            configurations::enter(&transaction, &entered.text, entered.now, entered.clock)?;
        }
        receipts::write(&transaction, &commit.receipts, self.keep_receipts)?;
        quarantine::write(&transaction, &commit.rejects)?;
        self.digests.write(&transaction)?;
        failpoint::reach("before_commit");
        transaction.commit()?;
        failpoint::reach("after_commit");
        self.commits += 1;
        self.log.as_mut().map_or(Ok(()), |log| log.look(connection))
    }
}

impl Store for Sqlite {
    fn load(&mut self, take: TakeRows<'_>) -> Result<BTreeMap<PartitionId, Reached>, StoreError> {
        let Some(connection) = &mut self.connection else { return Err(Fault::Failed.at(&self.path)) };
        let mut read = || -> Result<_, Fault> {
            let mut found = state::read_ahead(connection, &self.recent, take)?;
            let positions = positions::read(connection, &mut found, self.topics.len())?;
            ended::glance(connection, &self.digests)?;
            found.trust(Table::Ended as u8, &self.digests);
            self.digests.compare(&found)?;
            Ok(positions)
        };
        read().map_err(|fault| fault.at(&self.path))
    }

    fn commit(&mut self, commit: Commit) -> Result<(), StoreError> {
        let Some(mut connection) = self.connection.take() else { return Err(Fault::Failed.at(&self.path)) };
        match self.write(&mut connection, commit) {
            Ok(()) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(fault) => {
                // Closing it would write again.
                std::mem::forget(connection);
                Err(fault.of_writing(&self.path))
            }
        }
    }

    fn lookup(&self) -> Result<Option<Box<dyn Lookup>>, StoreError> {
        Ok(Some(Box::new(Reader::open(&self.path)?)))
    }

    fn close(&mut self) -> Result<(), StoreError> {
        let Some(connection) = self.connection.take() else { return Ok(()) };
        let closed = self.log.take().map_or(Ok(()), |log| log.end(&connection));
        if closed.is_err() {
            std::mem::forget(connection);
        }
        closed.map_err(|fault| fault.of_writing(&self.path))
    }

    fn is_durable(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
