//! Why a store fails, each in one sentence that says what to do.

use std::path::PathBuf;

use crate::model::RowError;

/// Why a store fails.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("store {}: {source}; name a file in store.path that this user may write, on a disk of this host", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It is to be read, and is not there.
    #[error("there is no store {}: name the service's file in store.path, or start the service once", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// Another process uses it.
    #[error("store {} is in use by {holder}: end that one first, or give this one a store of its own with store.path", path.display())]
    InUse {
        /// Which file.
        path: PathBuf,
        /// By whom.
        holder: String,
    },
    /// It is a file of another kind.
    #[error("{} is no store of deskpulse, or its first page is damaged: name another file in store.path, or restore a backup", path.display())]
    NotAStore {
        /// Which file.
        path: PathBuf,
    },
    /// A newer version wrote it.
    #[error("store {} was written in version {found} of its form, this deskpulse knows up to {known}: use the newer deskpulse again", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// The version of its form.
        found: i64,
        /// What this program knows.
        known: i64,
    },
    /// It is not what was written.
    #[error("store {} is damaged ({what}): restore a backup", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// A row that the program cannot read.
    #[error("store {}: {source}", path.display())]
    Row {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: RowError,
    },
    /// A topic that was read is not configured any more.
    #[error(
        "store {} holds what was read from topic {topic}, which kafka.topics does not name: add it again (the order does not matter), \
         or leave it unread from here on with --accept-config", path.display()
    )]
    TopicGone {
        /// Which file.
        path: PathBuf,
        /// The topic.
        topic: String,
    },
    /// A commit failed.
    #[error(
        "store {} cannot be written: {source}; nothing since the last commit is kept, make the disk sound and start again, it will be \
         read again from Kafka", path.display()
    )]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Somebody else has written to it.
    #[error("store {} was written by another process meanwhile: end all that use it, and start one", path.display())]
    Shared {
        /// Which file.
        path: PathBuf,
    },
    /// A file stands where another one is to be written.
    #[error("{} is there already: {advice}", path.display())]
    InTheWay {
        /// Which file.
        path: PathBuf,
        /// What to do.
        advice: &'static str,
    },
}
