//! The archive: every event that was read, kept for longer than Kafka keeps it. One folder, one file for each partition and day, appended to in
//! the order of offsets.
//!
//! > `format` bytes of a piece · `write` the service's end · `read` the other end
//!
//! * **Plain to everybody.** A file is a row of zstd frames that hold lines of NDJSON, as `dump` writes them: `zstdcat` shows them. What only we
//!   need (offsets, positions, the clock) is in skippable frames between, which zstd passes over.
//! * **Once.** A piece holds what one commit read of one partition, and says from where to where. It is on the disk before the commit is
//!   made. What is read again after a crash is in it already and is not written again; half a piece at the end is cut off.
//! * **The clock that a piece carries is that of the commit before:** everything up to it had been read when it was kept, whatever the end of the
//!   process cut off.
//! * It never looks into a line.

mod format;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};

use crate::model::Day;

pub use format::{Line, Lines, Title};
pub use read::{NextFile, Piece, PieceReader, begin, is_unbegun, last_sequence};
pub use write::{Archive, is_in_use};

/// How every name of a file ends.
const ENDING: &str = ".ndjson.zst";

/// Why an archive fails.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be written.
    #[error("archive {}: {source}; name a folder in archive.path that this user may write, with room on its disk; nothing since the last commit \
             is kept, it will be read again from Kafka", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be read.
    #[error("archive {}: {source}; name a folder or files that this user may read", path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process writes it.
    #[error("archive {} is in use by another process: end that one first, or name another folder in archive.path", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// It is not what was written.
    #[error("archive file {} is damaged at byte {at}: restore it from a copy, or move it out of the folder and go on without it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
    },
    /// It holds what the store has not read.
    #[error("archive {} holds {topic}/{partition} up to offset {archived}, written for another store, and this one has read it up to {read}: move \
             this store away and make one of the archive with deskpulse rebuild, or name an empty folder in archive.path", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The next offset of the archive.
        archived: i64,
        /// The next offset of the store.
        read: i64,
    },
}

/// The file of a partition and day.
fn file_name(topic: &str, partition: u32, day: Day) -> String {
    format!("{topic}-{partition:03}-{day}{ENDING}")
}

/// Topic, partition and day in the name of a file of ours.
fn parse_name(path: &Path) -> Option<(&str, u32, Day)> {
    let name = path.file_name()?.to_str()?.strip_suffix(ENDING)?;
    let (rest, day) = name.split_at_checked(name.len().checked_sub(10)?)?;
    let (topic, partition) = rest.strip_suffix('-')?.rsplit_once('-')?;
    let day = day.parse().ok().filter(|_| !topic.is_empty())?;
    Some((topic, partition.parse().ok()?, day))
}

/// The name of a file without its day: that of its partition.
#[must_use]
pub fn without_day(path: &Path) -> PathBuf {
    match parse_name(path) {
        Some((topic, partition, _)) => path.with_file_name(format!("{topic}-{partition:03}")),
        None => path.to_owned(),
    }
}

/// The files of a folder, by partition and day.
///
/// # Errors
/// When the folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let unreadable = |source| ArchiveError::Read { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>).map_err(unreadable)?;
    let mut files: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).filter(|path| parse_name(path).is_some()).collect();
    files.sort();
    Ok(files)
}
