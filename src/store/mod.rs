//! The store: state, totals and positions, committed together. Its positions are the authority: the source starts at them, always.

mod error;
pub mod failpoint;
mod memory;
mod sqlite;

use std::collections::BTreeMap;

use crate::model::{PartitionId, Reached, Row, RowError, Time};

pub use error::StoreError;
pub use memory::Memory;
pub use sqlite::backup;
pub use sqlite::{Configuration, Entered, PendingReceipts, PendingRejects, Publication, Reader, Sqlite, StoreId, is_same, kept, publish};

/// Everything that changed between two commits. All of it is kept, or none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// Rows touched or removed, each once.
    pub rows: Vec<Row>,
    /// How far every partition was read that was read any further.
    pub positions: BTreeMap<PartitionId, Reached>,
    /// The configuration that everything in it was decided under, when that is another one than before.
    pub configuration: Option<Entered>,
    /// Facts decided.
    pub receipts: PendingReceipts,
    /// Records that are no events.
    pub rejects: PendingRejects,
    /// Rows of [`crate::model::Table::Ended`] that nothing has touched since then are not needed any more: the store gives them up, some
    /// with each commit.
    pub remembers_since: Option<Time>,
}

/// Takes rows that come in pieces.
pub type TakeRows<'a> = &'a mut dyn FnMut(&[Row]) -> Result<(), RowError>;

/// Where commits go.
pub trait Store {
    /// Gives out what was committed last: every row but those of [`crate::model::Table::Ended`], in pieces, by table and in the order of
    /// their keys. Returns how far each partition had been read.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was written.
    fn load(&mut self, take: TakeRows<'_>) -> Result<BTreeMap<PartitionId, Reached>, StoreError>;

    /// Keeps a commit, whole. After a failure the store must not be used any more: what the disk holds is known only after it was
    /// opened again.
    ///
    /// # Errors
    /// When it cannot be kept; then nothing of it is.
    fn commit(&mut self, commit: Commit) -> Result<(), StoreError>;

    /// A way to rows of [`crate::model::Table::Ended`] that does not wait for commits; `None` when rows are not kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn lookup(&self) -> Result<Option<Box<dyn Lookup>>, StoreError>;

    /// Whether a commit outlives the process. Rows are only asked for when it does.
    fn is_durable(&self) -> bool;

    /// Makes one file of it, unless others read it. Nothing can be done with it afterwards.
    ///
    /// # Errors
    /// When that fails; what was committed is kept all the same.
    fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Finds rows of [`crate::model::Table::Ended`] by their keys, as the last commit left them.
pub trait Lookup: std::fmt::Debug + Send {
    /// Gives out those of these rows that there are.
    ///
    /// # Errors
    /// When they cannot be read, or are not what was written: then it is not known whether there is a row.
    fn find(&mut self, keys: &[Vec<u8>], take: TakeRows<'_>) -> Result<(), StoreError>;
}
