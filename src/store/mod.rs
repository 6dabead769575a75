//! The store: state, totals and positions, committed together. Its positions are the authority: the source starts at them, always.

mod memory;

use std::collections::BTreeMap;

use crate::model::{NextOffset, PartitionId, Row};

pub use memory::Memory;

/// Everything that changed between two commits. All of it is kept, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// Rows touched or removed, each once.
    pub rows: Vec<Row>,
    /// The next offset to read of every partition that was read.
    pub positions: BTreeMap<PartitionId, NextOffset>,
}

/// What was committed last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Every row, by table and key.
    pub rows: Vec<Row>,
    /// The next offset to read of every partition.
    pub positions: BTreeMap<PartitionId, NextOffset>,
}

/// Why a store fails.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be read or written.
    #[error("store: {0}")]
    Io(#[from] std::io::Error),
}

/// Where commits go.
pub trait Store {
    /// What was committed last.
    ///
    /// # Errors
    /// When it cannot be read.
    fn load(&self) -> Result<Committed, StoreError>;

    /// Keeps a commit, whole.
    ///
    /// # Errors
    /// When it cannot be kept; then nothing of it is.
    fn commit(&mut self, commit: Commit) -> Result<(), StoreError>;

    /// Whether a commit outlives the process. Rows are only asked for when it does.
    fn is_durable(&self) -> bool;
}
