//! The agent fold: presence, work time, handling and the waiting limit of every agent.
//!
//! It reads `agent.status` events and the [`Signal`]s of the conversation fold, and never looks into a conversation.
//! Bounds: an agent's handling and statuses are kept for a day, and longer only as far back as what is still open; see
//! `edges` and `timesheet` for the most that is kept.

mod edges;
mod limit;
mod one_agent;
mod presence;
mod rows;
mod timesheet;

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::model::{Name, Span, SpentTime, Tally, Time};

use super::live::AgentNow;
use super::settings::Settings;
use super::signal::{DeadlineClass, DeadlineKey, Moment, Outbox, Signal, Standing};
use one_agent::{Agent, Posting};

/// [`DeadlineKey::which`] of a presence time-out.
const TIME_OUT: u8 = 0;
/// [`DeadlineKey::which`] of the close of a month on open time.
const MONTH_CLOSE: u8 = 1;

/// All agents that an event has named.
#[derive(Debug)]
pub struct Agents {
    settings: Arc<Settings>,
    agents: HashMap<Name, Entry, FixedState>,
    deadlines: BTreeSet<DeadlineKey>,
    /// Agents whose customers changed since the limit was judged.
    unjudged: Vec<Name>,
    /// Agents whose rows changed, when changes are asked for.
    changed: Vec<Name>,
}

#[derive(Debug)]
struct Entry {
    agent: Agent,
    /// His deadlines as they stand in the queue, by [`DeadlineKey::which`].
    scheduled: [Option<Time>; 2],
    /// Whether he stands in `changed`.
    noted: bool,
}

impl Entry {
    fn new(name: Name) -> Self {
        Self { agent: Agent::new(name), scheduled: [None; 2], noted: false }
    }
}

impl Agents {
    /// Nobody yet.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings, agents: HashMap::default(), deadlines: BTreeSet::new(), unjudged: Vec::new(), changed: Vec::new() }
    }

    /// Applies one `agent.status` event.
    pub fn status(&mut self, agent: &Name, status: &Name, team: Option<&Name>, moment: Moment, out: &mut Outbox) {
        self.update(agent, moment.clock, out, |agent, posting| agent.set_status(status, team, moment.time, posting));
        self.schedule(agent);
    }

    /// Takes one signal of the conversation fold, in the order in which they were put out.
    pub fn take(&mut self, signal: &Signal, moment: Moment, out: &mut Outbox) {
        match signal {
            Signal::Contact { agent, team, at } => {
                self.update(agent, moment.clock, out, |agent, posting| agent.meet(team.as_ref(), *at, posting));
            }
            Signal::HandlingBegan { agent, at, .. } => {
                self.update(agent, moment.clock, out, |agent, posting| agent.handle(*at, true, posting));
            }
            Signal::HandlingEnded { agent, to, .. } => {
                self.update(agent, moment.clock, out, |agent, posting| agent.handle(*to, false, posting));
            }
            Signal::Standing { before, after, at, .. } if before.owner == after.owner => {
                self.change_customers(after.owner.as_ref(), Some(before), Some(after), *at);
            }
            Signal::Standing { before, after, at, .. } => {
                self.change_customers(before.owner.as_ref(), Some(before), None, *at);
                self.change_customers(after.owner.as_ref(), None, Some(after), *at);
            }
        }
    }

    /// Judges the waiting limit, once an event with all its signals is wholly applied (ruling 75).
    pub fn settle(&mut self, moment: Moment, out: &mut Outbox) {
        let mut names = std::mem::take(&mut self.unjudged);
        for name in names.drain(..) {
            if self.update(&name, moment.clock, out, |agent, posting| agent.judge_limit(moment, posting)) {
                self.schedule(&name);
            }
        }
        self.unjudged = names;
    }

    /// The first deadline: a presence time-out, or the close of a month on an open interval.
    #[must_use]
    pub fn next_deadline(&self) -> Option<DeadlineKey> {
        self.deadlines.first().cloned()
    }

    /// When the first deadline is: quicker than asking for all of it.
    #[must_use]
    pub fn first_entry(&self) -> Option<Time> {
        self.deadlines.first().map(|key| key.at)
    }

    /// Fires exactly the first deadline. What it decides is posted at the deadline.
    pub fn fire(&mut self, out: &mut Outbox) {
        let Some(DeadlineKey { at, id, which, .. }) = self.deadlines.pop_first() else { return };
        let end = at - self.settings.settle + Span(1);
        self.update(&id, at, out, |agent, posting| match which {
            TIME_OUT => agent.time_out(at, posting),
            _ => agent.close_month(end, posting),
        });
        self.schedule(&id);
    }

    /// The agent's team (ruling 70).
    #[must_use]
    pub fn team(&self, agent: &Name) -> Option<Name> {
        self.agents.get(agent).and_then(|entry| entry.agent.team.name().cloned())
    }

    /// What open intervals give up to the clock, as it would be posted now: `Spent` and `OverLimit`, by agent, then day.
    #[must_use]
    pub fn open_time(&self, clock: Time) -> Vec<Tally> {
        self.by_name().into_iter().flat_map(|agent| agent.open_time(clock, &self.settings)).collect()
    }

    /// The agents in the live view at `now`, by name: each from his first event to 15 min after `offline` or 24 h after his last event.
    #[must_use]
    pub fn live(&self, now: Time) -> Vec<AgentNow> {
        self.by_name().into_iter().filter_map(|agent| agent.live(now)).collect()
    }

    /// What the agent's time in `[from, to)` was spent on, for rolling windows of up to 24 h.
    #[must_use]
    pub fn spent_between(&self, agent: &Name, from: Time, to: Time) -> SpentTime {
        self.agents.get(agent).map_or_else(SpentTime::default, |entry| entry.agent.sheet.between(from, to))
    }

    fn by_name(&self) -> Vec<&Agent> {
        let mut agents: Vec<_> = self.agents.values().map(|entry| &entry.agent).collect();
        agents.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        agents
    }

    fn change_customers(&mut self, owner: Option<&Name>, lost: Option<&Standing>, gained: Option<&Standing>, at: Time) {
        let Some(owner) = owner else { return };
        let counts = self.settings.agents.limit_counts;
        self.touch(owner).customers.change(lost, gained, at, counts);
        if !self.unjudged.contains(owner) {
            self.unjudged.push(owner.clone());
        }
    }

    fn update<T>(&mut self, name: &Name, clock: Time, out: &mut Outbox, change: impl FnOnce(&mut Agent, &mut Posting<'_>) -> T) -> T {
        let settings = Arc::clone(&self.settings);
        change(self.touch(name), &mut Posting { settings: &settings, clock, out })
    }

    /// The agent, whose row changes.
    fn touch(&mut self, name: &Name) -> &mut Agent {
        let entry = self.agents.entry(name.clone()).or_insert_with(|| Entry::new(name.clone()));
        if self.settings.track_changes && !std::mem::replace(&mut entry.noted, true) {
            self.changed.push(name.clone());
        }
        &mut entry.agent
    }

    /// Puts the agent's deadlines into the queue as they are now.
    fn schedule(&mut self, name: &Name) {
        let Some(entry) = self.agents.get_mut(name) else { return };
        let time_out = entry.agent.presence.times_out_at(self.settings.agents.presence_timeout);
        let month_close = entry.agent.month_closes_at(&self.settings);
        for (which, now) in [(TIME_OUT, time_out), (MONTH_CLOSE, month_close)] {
            let key = |at| DeadlineKey { at, class: DeadlineClass::Agent, id: name.clone(), which };
            let before = std::mem::replace(&mut entry.scheduled[usize::from(which)], now);
            if before != now {
                before.into_iter().for_each(|at| _ = self.deadlines.remove(&key(at)));
            }
            self.deadlines.extend(now.map(key));
        }
    }
}

#[cfg(test)]
mod tests;
