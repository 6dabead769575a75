//! Section `[store]`: where state is kept, what is kept beside it, and the copies of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::Span;

use super::ConfigError;
use super::sections::Config;

/// How long ended conversations are held in memory, unless they are forgotten earlier.
const KEEP_HOT: Span = Span::DAY;

/// Section `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The file in which state, totals and positions are kept.
    pub path: String,
    /// How long ended conversations that nothing touches are held in memory too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_hot: Option<Span>,
    /// How long receipts are kept, in days before that of the newest.
    pub keep_receipts: Span,
    /// How many snapshots are kept; 0 makes none.
    pub snapshots: usize,
    /// How often one is made.
    pub snapshot_every: Span,
    /// Where; empty is a folder beside the store.
    pub snapshot_folder: String,
    /// The published copy for people; empty is none.
    pub ledger: String,
    /// How often it is made anew.
    pub ledger_every: Span,
}

impl Store {
    /// The folder of the snapshots.
    #[must_use]
    pub fn snapshot_folder(&self) -> PathBuf {
        if self.snapshot_folder.is_empty() { format!("{}.snapshots", self.path).into() } else { self.snapshot_folder.clone().into() }
    }

    /// Makes sure that every value is allowed.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.keep_receipts < Span::DAY {
            return Err(ConfigError::invalid("store.keep_receipts", format!("{}: wanted at least 1d", self.keep_receipts)));
        }
        for (key, every) in [("store.snapshot_every", self.snapshot_every), ("store.ledger_every", self.ledger_every)] {
            if every < Span::MINUTE {
                return Err(ConfigError::invalid(key, format!("{every}: wanted at least 1m")));
            }
        }
        Ok(())
    }
}

impl Config {
    /// How long ended conversations that nothing touches are held in memory too.
    ///
    /// # Errors
    /// When that is longer than they are remembered.
    pub fn keep_hot(&self) -> Result<Span, ConfigError> {
        let forget_after = self.core_settings()?.engine.forget_after;
        match self.store.keep_hot {
            Some(written) if written > forget_after => {
                Err(ConfigError::invalid("store.keep_hot", format!("{written}: wanted at most engine.forget_after, {forget_after}")))
            }
            written => Ok(written.unwrap_or(KEEP_HOT.min(forget_after))),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            path: "deskpulse.db".to_owned(),
            keep_hot: None,
            keep_receipts: Span(100 * Span::DAY.0),
            snapshots: 0,
            snapshot_every: Span::HOUR,
            snapshot_folder: String::new(),
            ledger: String::new(),
            ledger_every: Span::HOUR,
        }
    }
}
