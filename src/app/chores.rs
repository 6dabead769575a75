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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Reader, Sqlite};

    fn config(folder: &Path, more: &str) -> Config {
        let path = folder.join("store.db");
        let text = format!("[store]\npath = {:?}\n{more}", path.to_str().unwrap());
        crate::config::parse(&text, "test.toml", folder, []).unwrap()
    }

    #[test]
    fn a_chore_is_done_when_it_is_due_and_again_after_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "snapshots = 2");
        let store = Sqlite::open(Path::new(&config.store.path), &["chats".to_owned()]).unwrap();
        let clock = Clock::start();
        let made = || backup::snapshots(&config.store.snapshot_folder()).map_or(0, |snapshots| snapshots.len());
        let mut chore = Chore { what: What::Snapshot, every: Span::HOUR, next: clock.now() + Span::HOUR };
        chore.look(&config, clock);
        assert_eq!(made(), 0, "not yet");
        chore.next = clock.now();
        chore.look(&config, clock);
        assert_eq!(made(), 1, "while the store is in use");
        assert!(chore.next > clock.now() + Span(59 * Span::MINUTE.0));
        chore.look(&config, clock);
        assert_eq!(made(), 1);
        Reader::open(&backup::snapshots(&config.store.snapshot_folder()).unwrap()[0]).unwrap().verify().unwrap();
        drop(store);
    }

    #[test]
    fn a_chore_that_fails_is_done_again_at_its_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "");
        let clock = Clock::start();
        let mut chore = Chore { what: What::Ledger, every: Span::HOUR, next: clock.now() };
        chore.look(&config, clock);
        assert!(chore.next > clock.now());
    }

    #[test]
    fn nothing_is_started_when_nothing_is_to_be_done() {
        let folder = tempfile::tempdir().unwrap();
        assert!(start(&config(folder.path(), ""), Clock::start()).unwrap().is_none());
    }
}
