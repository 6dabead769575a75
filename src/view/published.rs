//! What the tasks that answer requests read: one immutable value at a time.

use std::sync::Arc;

use crate::model::Time;

use super::Snapshot;

/// The newest snapshot and whether the service may be relied upon.
#[derive(Debug, Clone)]
pub struct Published {
    /// When it was made, by the wall clock.
    pub at: Time,
    /// The numbers as of the last commit.
    pub snapshot: Arc<Snapshot>,
    /// Why the service is not ready, a sentence each; empty when it is.
    pub not_ready: Vec<String>,
}
