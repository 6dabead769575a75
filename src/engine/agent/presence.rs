//! An agent's status and team: heartbeats, changes, the time-out.

use serde::{Deserialize, Serialize};

use crate::model::{Category, Name, Span, Time};

/// An agent's status.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Presence {
    /// `None` before the first one, and after a time-out.
    pub status: Option<Status>,
    /// Since when: the last change applied, which no late one precedes (ruling 23).
    pub since: Time,
    /// The latest status event, heartbeats included.
    pub seen: Time,
}

/// A status word with what it meant when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Status {
    /// The word.
    pub word: Name,
    /// Its category.
    pub category: Category,
}

impl Default for Presence {
    fn default() -> Self {
        Self { status: None, since: Time::MIN, seen: Time::MIN }
    }
}

impl Presence {
    /// When the status times out, unless another status event comes (ruling 76).
    pub fn times_out_at(&self, timeout: Option<Span>) -> Option<Time> {
        self.status.as_ref().and(timeout).map(|timeout| self.seen + timeout)
    }
}

/// An agent's team (ruling 70).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Team {
    /// The last one that his status events named.
    own: Option<Name>,
    /// That of the last conversation with one, while no status event has named any.
    met: Option<Name>,
    /// Since when he has it; no later change precedes it.
    since: Time,
}

impl Default for Team {
    fn default() -> Self {
        Self { own: None, met: None, since: Time::MIN }
    }
}

impl Team {
    /// The present one.
    pub fn name(&self) -> Option<&Name> {
        self.own.as_ref().or(self.met.as_ref())
    }

    /// Whether a status event that names `team` names another one than his.
    pub fn is_left_for(&self, team: Option<&Name>) -> bool {
        team.is_some_and(|named| self.name().is_some_and(|present| present != named))
    }

    /// A status event named it. The instant of the change, when it is one.
    pub fn name_own(&mut self, team: &Name, at: Time) -> Option<Time> {
        let changes = self.name() != Some(team);
        self.own = Some(team.clone());
        changes.then(|| self.change(at))
    }

    /// He had to do with a conversation of that team. The instant of the change, when it is one.
    pub fn meet(&mut self, team: &Name, at: Time) -> Option<Time> {
        let changes = self.own.is_none() && self.met.as_ref() != Some(team);
        if changes {
            self.met = Some(team.clone());
        }
        changes.then(|| self.change(at))
    }

    fn change(&mut self, at: Time) -> Time {
        self.since = self.since.max(at);
        self.since
    }
}
