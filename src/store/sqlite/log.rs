//! The log of changes beside the file, SQLite's WAL: every commit is there first, and carried over into the file now and then.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use rusqlite::Connection;

use super::backup::beside;
use super::fault::Fault;

/// Pages after which it is carried over.
pub(super) const PAGES: i64 = 8_000;
/// Bytes that are written again at once.
const PIECE: usize = 1 << 20;

/// Carries it over into the file when it has so many pages. Left to itself SQLite does that after commits and at the end, and keeps to itself
/// that the disk has failed.
pub(super) fn carry_over(connection: &Connection, pages: i64) -> Result<(), Fault> {
    let found: i64 = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?.query_row((), |row| row.get(1))?;
    if found >= pages {
        connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row((), |_| Ok(()))?;
    }
    Ok(())
}

/// Returns when what can be read of a log that was left behind is on the disk. After an fsync that has failed it may be in the system's memory
/// only, for as long as that lasts, and no other fsync tells or helps: what was to be written counts as written. So it is written again.
pub(super) fn settle(path: &Path) -> io::Result<()> {
    let log = beside(&path.canonicalize().unwrap_or_else(|_| path.to_owned()), "-wal");
    let mut file = match File::options().read(true).write(true).open(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut piece = Vec::with_capacity(PIECE);
    let mut at = 0;
    loop {
        piece.clear();
        if (&mut file).take(PIECE as u64).read_to_end(&mut piece)? == 0 {
            return file.sync_all();
        }
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&piece)?;
        at += piece.len() as u64;
    }
}
