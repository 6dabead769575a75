//! The conversation fold: what happens in chats and tickets becomes facts. Every event reads and writes one conversation; a
//! merge sends one value to another. It knows nothing of agents and customers: what they need is told by signals.

use std::sync::Arc;

use crate::model::{Action, ConversationId, ConversationRef, Name, Row, RowError, Time};

use super::live::{OpenComplaints, WaitingNow};
use super::settings::Settings;
use super::signal::{DeadlineKey, Moment, Outbox};

/// All conversations.
#[derive(Debug)]
pub struct Conversations {
    settings: Arc<Settings>,
}

/// What an event was to the conversations beyond its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effect {
    /// It started a conversation though it is no start event (ruling 49).
    pub implicit: bool,
    /// It is about a conversation that had been forgotten (ruling 106).
    pub forgotten: bool,
}

impl Conversations {
    /// No conversation yet.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings }
    }

    /// Applies what happened in a conversation. Every deadline before the moment's clock must have fired.
    pub fn apply(&mut self, id: &ConversationId, action: &Action, moment: Moment, out: &mut Outbox) -> Effect {
        let _ = (&self.settings, id, action, moment, out);
        Effect::default()
    }

    /// The first deadline that is still to fire.
    pub fn next_deadline(&mut self) -> Option<DeadlineKey> {
        None
    }

    /// Fires the first deadline: at its own time, and posted there.
    pub fn fire(&mut self, out: &mut Outbox) {
        let _ = out;
    }

    /// The conversation that a rating, review, violation, order or offer names, as it is now, with its team. The event
    /// touches it (ruling 106), but never starts it (ruling 49); a forgotten one is unknown.
    pub fn reference(&mut self, id: &ConversationId, clock: Time) -> Option<(ConversationRef, Option<Name>)> {
        let _ = (id, clock);
        None
    }

    /// Every open waiting period, in no particular order; costs O(waiting).
    pub fn waiting(&self) -> impl Iterator<Item = WaitingNow> {
        std::iter::empty()
    }

    /// The open complaints of each team that has any, in order of the team; costs O(open complaints).
    #[must_use]
    pub fn complaints(&self) -> Vec<OpenComplaints> {
        Vec::new()
    }

    /// Each row touched or removed since the last call, once. Nothing is noted unless `track_changes` is set.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        let _ = rows;
    }

    /// Takes one row of [`crate::model::Table::Conversation`] back in.
    ///
    /// # Errors
    /// When it was written by a newer version, or is damaged.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        let _ = row;
        Ok(())
    }
}
