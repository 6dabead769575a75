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
use std::hash::BuildHasher;
use std::hint::black_box;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

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
    entries: Vec<Entry>,
    /// Where each agent stands in `entries`, by name.
    index: HashTable<u32>,
    /// The places of all in the order of their names.
    by_name: Vec<u32>,
    /// Who was looked up last: most signals of an event are about one agent.
    latest: usize,
    deadlines: BTreeSet<DeadlineKey>,
    /// Agents whose customers changed since the limit was judged.
    unjudged: Vec<usize>,
    /// Agents with late begins and ends of handling that are not settled, in the order in which they got them.
    unsettled: Vec<usize>,
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
        let (entries, index, by_name, deadlines, unjudged, unsettled, changed) = Default::default();
        Self { settings, entries, index, by_name, latest: 0, deadlines, unjudged, unsettled, changed }
    }

    /// Applies one `agent.status` event.
    pub fn status(&mut self, agent: &Name, status: &Name, team: Option<&Name>, moment: Moment, out: &mut Outbox) {
        let at = self.reach(agent);
        self.update(at, moment.clock, out, |agent, posting| agent.set_status(status, team, moment.time, posting));
        self.schedule(at);
    }

    /// Takes one signal of the conversation fold, in the order in which they were put out.
    pub fn take(&mut self, signal: &Signal, moment: Moment, out: &mut Outbox) {
        match signal {
            Signal::Contact { agent, team, at } => {
                let agent = self.reach(agent);
                self.update(agent, moment.clock, out, |agent, posting| agent.meet(team.as_ref(), *at, posting));
            }
            Signal::HandlingBegan { agent, at, .. } => self.handle(agent, *at, true, moment.clock, out),
            Signal::HandlingEnded { agent, to, .. } => self.handle(agent, *to, false, moment.clock, out),
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
        let mut unjudged = std::mem::take(&mut self.unjudged);
        for at in unjudged.drain(..) {
            if self.update(at, moment.clock, out, |agent, posting| agent.judge_limit(moment, posting)) {
                self.schedule(at);
            }
        }
        self.unjudged = unjudged;
    }

    /// Brings what is known of these agents near, ahead of the signals about them. Changes nothing. Goes step by step over all, so
    /// that what is far away is fetched for many at once.
    pub fn look_ahead<'n>(&self, names: impl Iterator<Item = &'n Name>) {
        let hashes: Vec<u64> = names.map(hash).collect();
        let places: Vec<&u32> = hashes.iter().filter_map(|hash| self.index.find(*hash, |_| true)).collect();
        let agents: Vec<&Agent> = places.into_iter().map(|at| &self.entries[*at as usize].agent).collect();
        black_box(agents.iter().fold(0, |all, agent| all ^ agent.glance()));
        black_box(agents.iter().fold(0, |all, agent| all ^ agent.glance_further()));
        black_box(agents.iter().fold(0, |all, agent| all ^ agent.sheet.edges.glance()));
    }

    /// Posts what late begins and ends of handling change, at the clock at which they came: before it moves, and before anything is read.
    /// Not after each of them, since a begin of long ago counts up to the present until its end comes, mostly soon after.
    pub fn settle_late(&mut self, clock: Time, out: &mut Outbox) {
        let mut unsettled = std::mem::take(&mut self.unsettled);
        for at in unsettled.drain(..) {
            self.update(at, clock, out, Agent::settle_late);
        }
        self.unsettled = unsettled;
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
        let agent = self.reach(&id);
        self.entries[agent].scheduled[usize::from(which)] = None;
        self.update(agent, at, out, |agent, posting| match which {
            TIME_OUT => agent.time_out(at, posting),
            _ => agent.close_month(end, posting),
        });
        self.schedule(agent);
    }

    /// The agent's team (ruling 70).
    #[must_use]
    pub fn team(&self, agent: &Name) -> Option<Name> {
        self.find(agent).and_then(|at| self.entries[at].agent.team.name().cloned())
    }

    /// What open intervals give up to the clock, as it would be posted now: `Spent` and `OverLimit`, by agent, then day.
    #[must_use]
    pub fn open_time(&self, clock: Time) -> Vec<Tally> {
        self.open_time_within(clock, Vec::new())
    }

    /// The same, in this room.
    #[must_use]
    pub fn open_time_within(&self, clock: Time, mut room: Vec<Tally>) -> Vec<Tally> {
        room.clear();
        room.extend(self.in_order().flat_map(|agent| agent.open_time(clock, &self.settings)));
        room
    }

    /// The agents in the live view at `now`, by name: each from his first event to 15 min after `offline` or 24 h after his last event.
    #[must_use]
    pub fn live(&self, now: Time) -> Vec<AgentNow> {
        self.in_order().filter_map(|agent| agent.live(now)).collect()
    }

    /// What the agent's time in `[from, to)` was spent on, for rolling windows of up to 24 h.
    #[must_use]
    pub fn spent_between(&self, agent: &Name, from: Time, to: Time) -> SpentTime {
        self.find(agent).map_or_else(SpentTime::default, |at| self.entries[at].agent.sheet.between(from, to))
    }

    /// All of them, by name.
    fn in_order(&self) -> impl Iterator<Item = &Agent> {
        self.by_name.iter().map(|at| &self.entries[*at as usize].agent)
    }

    fn handle(&mut self, agent: &Name, at: Time, begins: bool, clock: Time, out: &mut Outbox) {
        let agent = self.reach(agent);
        let is_unsettled = self.update(agent, clock, out, |agent, posting| {
            agent.handle(at, begins, posting);
            agent.sheet.has_late()
        });
        if is_unsettled && !self.unsettled.contains(&agent) {
            self.unsettled.push(agent);
        }
    }

    fn change_customers(&mut self, owner: Option<&Name>, lost: Option<&Standing>, gained: Option<&Standing>, at: Time) {
        let Some(owner) = owner else { return };
        let counts = self.settings.agents.limit_counts;
        let agent = self.reach(owner);
        self.touch(agent).customers.change(lost, gained, at, counts);
        if !self.unjudged.contains(&agent) {
            self.unjudged.push(agent);
        }
    }

    fn update<T>(&mut self, at: usize, clock: Time, out: &mut Outbox, change: impl FnOnce(&mut Agent, &mut Posting<'_>) -> T) -> T {
        self.note(at);
        change(&mut self.entries[at].agent, &mut Posting { settings: &self.settings, clock, out })
    }

    /// The agent, whose row changes.
    fn touch(&mut self, at: usize) -> &mut Agent {
        self.note(at);
        &mut self.entries[at].agent
    }

    fn note(&mut self, at: usize) {
        let entry = &mut self.entries[at];
        if self.settings.track_changes && !std::mem::replace(&mut entry.noted, true) {
            self.changed.push(entry.agent.name.clone());
        }
    }

    /// Where the agent stands, if an event has named him.
    fn find(&self, name: &Name) -> Option<usize> {
        if self.entries.get(self.latest).is_some_and(|entry| entry.agent.name == *name) {
            return Some(self.latest);
        }
        self.index.find(hash(name), |at| self.entries[*at as usize].agent.name == *name).map(|at| *at as usize)
    }

    /// Where the agent stands, from now on if not before.
    fn reach(&mut self, name: &Name) -> usize {
        self.latest = self.find(name).unwrap_or_else(|| {
            let at = self.entries.len();
            let place = self.by_name.partition_point(|other| self.entries[*other as usize].agent.name < *name);
            self.by_name.insert(place, at as u32);
            self.entries.push(Entry::new(name.clone()));
            self.index.insert_unique(hash(name), at as u32, |at| hash(&self.entries[*at as usize].agent.name));
            at
        });
        self.latest
    }

    /// Puts the agent's deadlines into the queue as they are now.
    fn schedule(&mut self, at: usize) {
        let entry = &mut self.entries[at];
        let time_out = entry.agent.presence.times_out_at(self.settings.agents.presence_timeout);
        let month_close = entry.agent.month_closes_at(&self.settings);
        for (which, now) in [(TIME_OUT, time_out), (MONTH_CLOSE, month_close)] {
            let key = |at| DeadlineKey { at, class: DeadlineClass::Agent, id: entry.agent.name.clone(), which };
            let before = std::mem::replace(&mut entry.scheduled[usize::from(which)], now);
            if before != now {
                before.into_iter().for_each(|at| _ = self.deadlines.remove(&key(at)));
                self.deadlines.extend(now.map(key));
            }
        }
    }
}

fn hash(name: &Name) -> u64 {
    FixedState::default().hash_one(name)
}

#[cfg(test)]
mod tests;
