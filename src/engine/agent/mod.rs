//! The agent fold: presence, work time, handling and the waiting limit of every agent.
//!
//! It reads `agent.status` events and the [`Signal`]s of the conversation fold, and never looks into a conversation.

use std::sync::Arc;

use crate::model::{Name, Row, RowError, SpentTime, Tally, Time};

use super::live::AgentNow;
use super::settings::Settings;
use super::signal::{DeadlineKey, Moment, Outbox, Signal};

/// All agents that an event has named.
#[derive(Debug)]
pub struct Agents {
    settings: Arc<Settings>,
}

impl Agents {
    /// Nobody yet.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings }
    }

    /// Applies one `agent.status` event.
    pub fn status(&mut self, agent: &Name, status: &Name, team: Option<&Name>, moment: Moment, out: &mut Outbox) {
        let _ = (agent, status, team, moment, out, &self.settings);
    }

    /// Takes one signal of the conversation fold, in the order in which they were put out.
    pub fn take(&mut self, signal: &Signal, moment: Moment, out: &mut Outbox) {
        let _ = (signal, moment, out);
    }

    /// Judges the waiting limit, once an event with all its signals is wholly applied (ruling 75).
    pub fn settle(&mut self, moment: Moment, out: &mut Outbox) {
        let _ = (moment, out);
    }

    /// The first deadline: a presence time-out, or the close of a month on an open interval.
    #[must_use]
    pub fn next_deadline(&self) -> Option<DeadlineKey> {
        None
    }

    /// Fires exactly the first deadline. What it decides is posted at the deadline.
    pub fn fire(&mut self, out: &mut Outbox) {
        let _ = out;
    }

    /// The agent's team (ruling 70).
    #[must_use]
    pub fn team(&self, agent: &Name) -> Option<Name> {
        let _ = agent;
        None
    }

    /// What open intervals give up to the clock, as it would be posted now: `Spent` and `OverLimit`, by agent, then day.
    #[must_use]
    pub fn open_time(&self, clock: Time) -> Vec<Tally> {
        let _ = clock;
        Vec::new()
    }

    /// The agents in the live view at `now`, by name: each from his first event to 15 min after `offline` or 24 h after his last event.
    #[must_use]
    pub fn live(&self, now: Time) -> Vec<AgentNow> {
        let _ = now;
        Vec::new()
    }

    /// What the agent's time in `[from, to)` was spent on, for rolling windows of up to 24 h.
    #[must_use]
    pub fn spent_between(&self, agent: &Name, from: Time, to: Time) -> SpentTime {
        let _ = (agent, from, to);
        SpentTime::default()
    }

    /// Each row touched or removed since the last call, once.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        let _ = rows;
    }

    /// Takes one row of [`Table::Agent`](crate::model::Table::Agent) back.
    ///
    /// # Errors
    /// When the row is damaged, or of a newer version.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        let _ = row;
        Ok(())
    }
}
