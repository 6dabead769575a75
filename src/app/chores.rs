//! What is done by the hour beside the service: snapshots of the store, and the published copy of the ledger. Both read the store as a stranger
//! would, so that nothing waits for them; one that fails is told and done again at its next time.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tracing::{error, info};

use crate::clock::Clock;
use crate::config::Config;
use crate::model::{Span, Time};
use crate::store::backup;

use super::AppError;
use super::publish::publish_ledger;

/// How often the thread looks whether something is due.
const LOOK: Duration = Duration::from_secs(1);

/// The thread's other end: it ends when this is dropped.
pub(super) struct Chores {
    _end: Sender<()>,
}

/// Starts the thread, if anything is to be done.
pub(super) fn start(config: &Config, clock: Clock) -> std::io::Result<Option<Chores>> {
    let store = &config.store;
    let mut due = Vec::new();
    if store.snapshots > 0 {
        due.push(Chore { what: What::Snapshot, every: store.snapshot_every, next: clock.now() + store.snapshot_every });
    }
    if !store.ledger.is_empty() {
        // The first copy is there soon: whoever restarts the service has read the one before.
        due.push(Chore { what: What::Ledger, every: store.ledger_every, next: clock.now() + Span::MINUTE.min(store.ledger_every) });
    }
    if due.is_empty() {
        return Ok(None);
    }
    let (end, ended) = channel();
    let config = config.clone();
    thread::Builder::new().name("chores".to_owned()).spawn(move || {
        while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            for chore in &mut due {
                chore.look(&config, clock);
            }
        }
    })?;
    Ok(Some(Chores { _end: end }))
}

#[derive(Debug, Clone, Copy)]
enum What {
    Snapshot,
    Ledger,
}

struct Chore {
    what: What,
    every: Span,
    next: Time,
}

impl Chore {
    fn look(&mut self, config: &Config, clock: Clock) {
        let begun = clock.now();
        if begun < self.next {
            return;
        }
        match self.what.run(config, begun) {
            Ok(file) => info!("{} written in {} ms", file.display(), (clock.now() - begun).0),
            Err(failed) => error!("{}: {failed}", self.what.name()),
        }
        self.next = clock.now() + self.every;
    }
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "no snapshot was made",
            Self::Ledger => "the ledger was not published",
        }
    }

    fn run(self, config: &Config, now: Time) -> Result<PathBuf, AppError> {
        let store = Path::new(&config.store.path);
        match self {
            Self::Snapshot => Ok(backup::snapshot(store, &config.store.snapshot_folder(), now, config.store.snapshots)?),
            Self::Ledger => {
                let file = PathBuf::from(&config.store.ledger);
                publish_ledger(config, &file, now)?;
                Ok(file)
            }
        }
    }
}
