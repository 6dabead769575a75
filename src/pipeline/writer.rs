//! The thread that writes commits, so that the loop never waits for a disk. At most one commit is on its way; the next one gathers
//! meanwhile, and so grows with the load. Facts become receipts here. What was read is in the archive, if there is one, before its commit is made.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use crate::archive::Archive;
use crate::clock::Clock;
use crate::model::Span;
use crate::store::{Commit, Lookup, Store, StoreError, failpoint};

use super::archiving::PendingArchive;
use super::evidence::Collected;
use super::service::ServiceError;

/// What the loop hands over: a commit, what is put into it on this side, and what is archived before it.
#[derive(Debug)]
pub(super) struct Handover {
    pub(super) commit: Commit,
    pub(super) evidence: Collected,
    pub(super) archive: PendingArchive,
}

/// The loop's end of the thread.
#[derive(Debug)]
pub struct Writer {
    commits: SyncSender<Handover>,
    written: mpsc::Receiver<Result<Span, ServiceError>>,
    thread: JoinHandle<Result<(), StoreError>>,
    is_durable: bool,
    lookup: Option<Box<dyn Lookup>>,
    is_archived: bool,
}

impl Writer {
    /// Gives the store to a thread of its own.
    ///
    /// # Errors
    /// When no thread can be started, or the store not be read.
    pub fn start<T: Store + Send + 'static>(store: T, clock: Clock) -> Result<Self, ServiceError> {
        Self::start_with(store, None, clock)
    }

    /// The same, with an archive.
    ///
    /// # Errors
    /// As [`Writer::start`].
    pub fn start_with<T: Store + Send + 'static>(mut store: T, mut archive: Option<Archive>, clock: Clock) -> Result<Self, ServiceError> {
        let (is_durable, is_archived, lookup) = (store.is_durable(), archive.is_some(), store.lookup()?);
        let (commits, waiting) = sync_channel(1);
        let (done, written) = mpsc::channel(1);
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || {
            while let Ok(handover) = waiting.recv() {
                let begun = clock.now();
                let result = keep(&mut store, archive.as_mut(), handover, clock).map(|()| clock.now() - begun);
                let failed = result.is_err();
                if done.blocking_send(result).is_err() || failed {
                    return Ok(());
                }
            }
            store.close()
        })?;
        Ok(Self { commits, written, thread, is_durable, lookup, is_archived })
    }

    /// Whether what is written outlives the process. Rows are only asked for when it does.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.is_durable
    }

    /// The way to what was written of ended conversations; `None` when it does not outlive the process.
    pub fn lookup(&mut self) -> Option<&mut dyn Lookup> {
        match &mut self.lookup {
            Some(lookup) => Some(&mut **lookup),
            None => None,
        }
    }

    /// Whether there is an archive: what was read is only asked for when there is.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        self.is_archived
    }

    /// Hands over a commit; the one before must have been written. If the thread has ended, [`Writer::written`] tells.
    pub(super) fn write(&self, handover: Handover) {
        let _heard = self.commits.try_send(handover).is_ok();
        failpoint::reach("gathered");
    }

    /// Waits until the commit is kept, and says how long that took; `None` when the thread has ended. May be dropped while it waits.
    ///
    /// # Errors
    /// When it could not be kept: then nothing will be any more.
    pub async fn written(&mut self) -> Option<Result<Span, ServiceError>> {
        self.written.recv().await
    }

    /// Waits until the store is closed: one file is then all there is of it.
    ///
    /// # Errors
    /// When it cannot be; what was committed is kept all the same.
    pub fn close(self) -> Result<(), ServiceError> {
        // The last connection to close removes the log of changes: it must be the one that may write.
        drop(self.lookup);
        drop((self.commits, self.written));
        Ok(self.thread.join().map_err(|_| ServiceError::Writer)??)
    }
}

/// Writes what was read into the archive, then the commit.
fn keep<T: Store>(store: &mut T, archive: Option<&mut Archive>, handover: Handover, clock: Clock) -> Result<(), ServiceError> {
    let Handover { mut commit, evidence, archive: pending } = handover;
    if let Some(archive) = archive {
        pending.write(archive, clock.now(), &commit.positions)?;
        failpoint::reach("archived");
    }
    evidence.put_into(&mut commit);
    Ok(store.commit(commit)?)
}
