//! A configuration that takes the place of the one that runs, without a stop.

use crate::model::Time;
use crate::store::{Commit, Entered};

use super::core::{Core, CoreError, CoreSettings};

/// What changes while the service runs: policies, phrases and automatic texts. Everything else of the settings stays as it was.
#[derive(Debug, Clone)]
pub struct Reload {
    /// Where they are taken from.
    pub core: CoreSettings,
    /// The resolved configuration, secrets masked: receipts name it from then on.
    pub text: String,
}

/// A reload that waits for its moment. Receipts that were decided before it have to be in a commit before it is entered.
#[derive(Debug, Default)]
pub(super) struct Reloads {
    waiting: Option<Reload>,
    entered: Option<Entered>,
}

impl Reloads {
    /// The newest one counts.
    pub(super) fn wait(&mut self, reload: Reload) {
        self.waiting = Some(reload);
    }

    /// Whether one waits to be applied.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Whether one was applied that no commit has entered.
    pub(super) fn is_new(&self) -> bool {
        self.entered.is_some()
    }

    /// Applies the one that waits; everything decided before has been handed to the store.
    pub(super) fn apply(&mut self, core: &mut Core, now: Time) -> Result<(), CoreError> {
        let Some(reload) = self.waiting.take() else { return Ok(()) };
        core.reload(&reload.core)?;
        let clock = Some(core.engine().clock()).filter(|clock| *clock > Time::MIN);
        self.entered = Some(Entered { text: reload.text, now, clock });
        Ok(())
    }

    /// Puts it into the first commit after it.
    pub(super) fn give(&mut self, commit: &mut Commit) {
        commit.configuration = self.entered.take();
    }
}
