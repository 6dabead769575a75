//! The thread that writes commits, so that the loop never waits for a disk. At most one commit is on its way; the next one gathers
//! meanwhile, and so grows with the load.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::model::Span;
use crate::store::{Commit, Lookup, Store, StoreError, failpoint};

use super::service::ServiceError;

/// The loop's end of the thread.
#[derive(Debug)]
pub struct Writer {
    commits: SyncSender<Commit>,
    written: mpsc::Receiver<Result<Span, StoreError>>,
    thread: JoinHandle<()>,
    is_durable: bool,
    lookup: Option<Box<dyn Lookup>>,
}

impl Writer {
    /// Gives the store to a thread of its own.
    ///
    /// # Errors
    /// When no thread can be started, or the store not be read.
    pub fn start<T: Store + Send + 'static>(mut store: T, clock: Clock) -> Result<Self, ServiceError> {
        let (is_durable, lookup) = (store.is_durable(), store.lookup()?);
        let (commits, waiting) = sync_channel::<Commit>(1);
        let (done, written) = mpsc::channel(1);
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || {
            while let Ok(commit) = waiting.recv() {
                let begun = clock.now();
                let result = store.commit(commit).map(|()| clock.now() - begun);
                let failed = result.is_err();
                if done.blocking_send(result).is_err() || failed {
                    return;
                }
            }
        })?;
        Ok(Self { commits, written, thread, is_durable, lookup })
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

    /// Hands over a commit; the one before must have been written. If the thread has ended, [`Writer::written`] tells.
    pub fn write(&self, commit: Commit) {
        let _heard = self.commits.try_send(commit).is_ok();
        failpoint::reach("gathered");
    }

    /// Waits until the commit is kept, and says how long that took; `None` when the thread has ended. May be dropped while it waits.
    ///
    /// # Errors
    /// When it could not be kept: then nothing will be any more.
    pub async fn written(&mut self) -> Option<Result<Span, StoreError>> {
        self.written.recv().await
    }

    /// Waits until the store is closed: one file is then all there is of it.
    pub fn close(self) {
        // The last connection to close carries the log of changes over into the file: it must be the one that may write.
        drop(self.lookup);
        drop((self.commits, self.written));
        let _ended_well = self.thread.join().is_ok();
    }
}
