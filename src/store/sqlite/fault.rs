//! What can go wrong below, before it is known in which file.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::model::RowError;

use super::super::StoreError;

/// A failure inside the file.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite says so.
    Sql(rusqlite::Error),
    /// Something is not what was written.
    Damaged(String),
    /// A row cannot be read.
    Row(RowError),
    /// It is a file of another kind.
    NotAStore,
    /// A newer version wrote it.
    Newer {
        /// The version of its form.
        found: i64,
        /// What this program knows.
        known: i64,
    },
    /// A topic is not named any more.
    TopicGone(String),
    /// Somebody else writes too.
    Shared,
    /// A commit had failed before.
    Failed,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<RowError> for Fault {
    fn from(error: RowError) -> Self {
        Self::Row(error)
    }
}

impl Fault {
    /// The error, of a file that was opened or read.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => StoreError::NotAStore { path },
                Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, what: error.to_string() },
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    StoreError::InUse { path, holder: "a program that holds SQLite's lock".to_owned() }
                }
                _ => StoreError::Open { path, source: Box::new(error) },
            },
            Self::Damaged(what) => StoreError::Damaged { path, what },
            Self::Row(source) => StoreError::Row { path, source },
            Self::NotAStore => StoreError::NotAStore { path },
            Self::Newer { found, known } => StoreError::Newer { path, found, known },
            Self::TopicGone(topic) => StoreError::TopicGone { path, topic },
            Self::Shared => StoreError::Shared { path },
            Self::Failed => StoreError::Write { path, source: "an earlier commit has failed".into() },
        }
    }

    /// The error, of a commit.
    pub(super) fn of_writing(self, path: &Path) -> StoreError {
        match self {
            Self::Sql(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseCorrupt) => {
                StoreError::Write { path: path.to_owned(), source: Box::new(error) }
            }
            other => other.at(path),
        }
    }
}
