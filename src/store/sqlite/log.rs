//! The log of changes beside the file, SQLite's WAL: every commit is there first, and carried over into the file now and then, by a
//! thread of its own: commits do not wait for that.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use super::backup::beside;
use super::fault::Fault;

/// Pages after which it is carried over.
const PAGES: i64 = 4_000;
/// Pages after which a commit waits until all of it is carried over: it begins anew only when nothing is left, and with commits on each other's
/// heels something always is.
pub(super) const PAGES_MAX: i64 = 32_000;
/// Bytes that are written again at once.
const PIECE: usize = 1 << 20;

/// Carries it over into the file, beside the commits. Left to itself SQLite does that after commits and at the end, and keeps to itself that the
/// disk has failed.
#[derive(Debug)]
pub(super) struct CarryingOver {
    asked: Option<SyncSender<()>>,
    done: Receiver<rusqlite::Result<()>>,
    thread: Option<JoinHandle<()>>,
    is_busy: bool,
    /// See [`PAGES_MAX`].
    pages_max: i64,
}

impl CarryingOver {
    /// A thread with a connection of its own.
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (asked, asks) = sync_channel(1);
        let (tell, done) = sync_channel(1);
        let thread = thread::Builder::new().name("store log".to_owned()).spawn(move || {
            while asks.recv().is_ok() {
                let carried = carry_over(&connection);
                let has_failed = carried.is_err();
                if tell.send(carried).is_err() || has_failed {
                    // Closing it would write again.
                    std::mem::forget(connection);
                    return;
                }
            }
        })?;
        Ok(Self { asked: Some(asked), done, thread: Some(thread), is_busy: false, pages_max: PAGES_MAX })
    }

    /// Looks, after a commit, how long it has become. An error is of carrying it over, now or before.
    pub(super) fn look(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.hear(false)?;
        let mut pages = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        let (pages, carried): (i64, i64) = pages.query_row((), |row| Ok((row.get(1)?, row.get(2)?)))?;
        if pages >= self.pages_max {
            self.hear(true)?;
            carry_over(connection)?;
        } else if pages - carried >= PAGES && !self.is_busy {
            self.is_busy = self.asked.as_ref().is_some_and(|asked| asked.send(()).is_ok());
        }
        Ok(())
    }

    /// Takes note that it was carried over, or was not.
    fn hear(&mut self, waits: bool) -> Result<(), Fault> {
        if !self.is_busy {
            return Ok(());
        }
        let carried = if waits { self.done.recv().map_err(|_| TryRecvError::Disconnected) } else { self.done.try_recv() };
        match carried {
            Ok(carried) => {
                self.is_busy = false;
                Ok(carried?)
            }
            Err(TryRecvError::Empty) => Ok(()),
            Err(TryRecvError::Disconnected) => Err(Fault::Failed),
        }
    }

    /// Ends the thread, and carries the rest over.
    pub(super) fn end(mut self, connection: &Connection) -> Result<(), Fault> {
        self.hear(true)?;
        self.join();
        Ok(carry_over(connection)?)
    }

    fn join(&mut self) {
        drop(self.asked.take());
        // What it had to tell was heard, or nobody wants to hear it.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Its connection is closed before that of the commits, which then leaves one file.
impl Drop for CarryingOver {
    fn drop(&mut self) {
        self.join();
    }
}

fn carry_over(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row((), |_| Ok(()))
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

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::model::{Row, Table};
    use crate::store::sqlite::tests::{open, place};
    use crate::store::{Commit, Store as _};

    #[test]
    fn it_begins_anew_however_closely_commits_follow_each_other() {
        let place = place();
        let mut store = open(&place.path);
        store.log.as_mut().unwrap().pages_max = 40;
        let mut longest = 0;
        for number in 0..60_u32 {
            // Ten pages each, which do not compress.
            let noise: Vec<u64> = (0..4_000_u64).map(|place| (place + u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
            store.commit(Commit { rows: vec![Row::put(Table::Agent, 1, &number, &noise)], ..Commit::default() }).unwrap();
            longest = longest.max(fs::metadata(place.path.with_extension("db-wal")).unwrap().len() / 4_096);
        }
        assert!((40..80).contains(&longest), "{longest} pages");
    }
}
