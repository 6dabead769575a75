//! The conversation fold: what happens in chats and tickets becomes facts. Every event reads and writes one conversation; a
//! merge sends one value to another. It knows nothing of agents and customers: what they need is told by signals.
//!
//! | file | rule |
//! |---|---|
//! | `start`, `message`, `ticket` | what events do, by kind |
//! | `waiting`, `shares`, `hold` | the waiting period, its clocks and holders; the bot's hold |
//! | `cycle`, `active`, `resolution`, `complaint` | ends and reopenings; the clocks and targets of the resolution |
//! | `breach`, `deadlines`, `late` | deadlines in event time, and what late events do |
//! | `handling` | who handles what |
//! | `live` | what is shown of them now |
//! | `state`, `table`, `turn` | one conversation, all of them, and one event being applied |
//! | `places` | what is derived from those at hand |
//! | `kept`, `cold` | how one is kept and stored; those that are in a store only |

mod active;
mod breach;
mod cold;
mod complaint;
mod cycle;
mod deadlines;
mod handling;
mod hold;
mod kept;
mod late;
mod live;
mod message;
mod places;
mod resolution;
mod shares;
mod start;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod ticket;
mod turn;
mod waiting;

use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::model::{Action, ConversationId, ConversationRef, EndReason, Medium, Name, Outcome, Row, RowError, Time};

use super::policy::Policies;
use super::settings::Settings;
use super::signal::{DeadlineClass, DeadlineKey, Moment, Outbox, Signal};

use deadlines::{Deadlines, Named};
use places::{Deadline, Marks};
use state::Conversation;
use table::{Found, Table};
use turn::Turn;
use waiting::Period;

/// Deadlines that are looked up at a time.
const LOOKED_UP: usize = 64;

/// A set of conversations that is derived from them.
type Index = hashbrown::HashSet<ConversationId, FixedState>;

/// All conversations.
#[derive(Debug)]
pub struct Conversations {
    settings: Arc<Settings>,
    table: Table,
    deadlines: Deadlines,
}

/// What an event was to the conversations beyond its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effect {
    /// It started a conversation though it is no start event (ruling 49).
    pub implicit: bool,
    /// It is about a conversation that had been forgotten (ruling 106).
    pub forgotten: bool,
}

/// What is to be done to a conversation.
enum Task<'a> {
    /// What happened in it, or in a ticket that was merged into it.
    Do(&'a Action),
    /// It takes over the open period of a ticket that was merged into it.
    Receive(Period),
}

/// What is left to be done to another.
struct Onward<'a> {
    to: ConversationId,
    task: Task<'a>,
}

impl Conversations {
    /// No conversation yet.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        let table = Table::new(settings.forget_after, settings.track_changes);
        Self { settings, table, deadlines: Deadlines::default() }
    }

    /// Looks targets up in these policies from now on; those that were looked up stay (ruling 29).
    pub fn use_policies(&mut self, policies: &Policies) {
        self.settings = Arc::new(Settings { policies: policies.clone(), ..(*self.settings).clone() });
    }

    /// Applies what happened in a conversation. Every deadline before the moment's clock must have fired.
    pub fn apply(&mut self, id: &ConversationId, action: &Action, moment: Moment, out: &mut Outbox) -> Effect {
        let mut effect = Effect::default();
        let mut onward = self.visit(id, true, Task::Do(action), moment, out, &mut effect);
        while let Some(next) = onward {
            onward = self.visit(&next.to, false, next.task, moment, out, &mut effect);
        }
        effect
    }

    /// Brings what is known of conversations near, ahead of the events that name them, and gives their owners. Changes nothing.
    pub fn look_ahead<'i>(&self, ids: impl Iterator<Item = &'i ConversationId>) -> impl Iterator<Item = &Name> {
        self.table.look_ahead(ids.map(|id| (id.medium, &*id.id))).into_iter().filter_map(|conversation| conversation.owner.agent.as_ref())
    }

    /// The first deadline that is still to fire.
    pub fn next_deadline(&mut self) -> Option<DeadlineKey> {
        while let Some((key, deadline)) = self.deadlines.first(|entries| due(&self.table, entries)) {
            // Its place may be another one's by now, with a deadline at the same instant: that has an entry of its own.
            let is_its_own = |there: &Conversation| self::key(&there.id, *deadline) == *key;
            if self.table.places.is_due(*deadline) && self.table.at_place(deadline.place).is_some_and(is_its_own) {
                return Some(key.clone());
            }
            self.deadlines.pop();
        }
        None
    }

    /// An instant before which nothing fires: quicker than asking for the first deadline, since it may be that of a stale entry.
    pub fn first_entry(&self) -> Option<Time> {
        self.deadlines.earliest()
    }

    /// Fires the first deadline: at its own time, and posted there.
    pub fn fire(&mut self, out: &mut Outbox) {
        if self.next_deadline().is_none() {
            return;
        }
        let Some((DeadlineKey { at, class, id, which }, _)) = self.deadlines.pop() else { return };
        let id = ConversationId { medium: class.medium(), id };
        let Some(conversation) = self.table.known(&id, at) else { return };
        let moment = Moment { time: at, clock: at, late: false };
        let (before, mut turn) = (conversation.marks(), Turn { settings: &self.settings, moment, out });
        match which {
            0 => conversation.breach_response(at, &mut turn),
            1 => conversation.breach_resolution(at, &mut turn),
            _ => conversation.expire_handling(at, &mut turn),
        }
        let (place, marks, is_open) = (conversation.place, conversation.marks(), conversation.cycle.is_open());
        self.derive(&id, place, &before, &marks);
        if !is_open {
            self.table.put_back(&id);
        }
    }

    /// The conversation that a rating, review, violation, order or offer names, as it is now, with its team. The event
    /// touches it (ruling 106), but never starts it (ruling 49); a forgotten one is unknown.
    pub fn reference(&mut self, id: &ConversationId, clock: Time) -> Option<(ConversationRef, Option<Name>)> {
        self.table.touch(id, clock)
    }

    /// Each row touched or removed since the last call, once. Nothing is noted unless `track_changes` is set.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        self.table.changes(rows);
    }

    /// Takes one row of [`crate::model::Table::Conversation`] or [`crate::model::Table::Ended`] back in. It must not be in memory.
    ///
    /// # Errors
    /// When it was written by a newer version, or is damaged.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        if let Some(conversation) = self.table.restore(row)? {
            let (id, place, marks) = (conversation.id.clone(), conversation.place, conversation.marks());
            self.derive(&id, place, &Marks::default(), &marks);
        }
        Ok(())
    }

    /// Does a task to one conversation, with everything that is derived from it. Gives back what is left to be done to another.
    fn visit<'a>(
        &mut self,
        id: &ConversationId,
        named: bool,
        task: Task<'a>,
        moment: Moment,
        out: &mut Outbox,
        effect: &mut Effect,
    ) -> Option<Onward<'a>> {
        if let Task::Do(Action::Merged { into }) = &task {
            // First, since it forgets: what is forgotten leads nowhere (ruling 106).
            self.reference(&ConversationId { medium: Medium::Ticket, id: into.clone() }, moment.clock);
        }
        let is_circle = matches!(&task, Task::Do(Action::Merged { into }) if self.leads_to(into, id));
        let mut turn = Turn { settings: &self.settings, moment, out };
        let (conversation, found) = self.table.reach(id, moment.clock, named, |id| start(id, &task, &mut turn));
        let is_start = matches!(task, Task::Do(Action::Started(_)));
        let was_known = found == Found::Known;
        effect.implicit |= !was_known && !is_start;
        effect.forgotten |= found == Found::Forgotten;
        let (before, marks_before) = if was_known { (conversation.standing(), conversation.marks()) } else { Default::default() };
        let onward = if is_circle || (is_start && !was_known) { None } else { conversation.take(task, &mut turn) };
        conversation.fire_overdue(&mut turn);

        let after = conversation.standing();
        if before != after {
            let at = moment.time.max(conversation.changed_at);
            turn.signal(Signal::Standing { conversation: id.clone(), before, after, at });
        }
        let (place, marks, is_open) = (conversation.place, conversation.marks(), conversation.cycle.is_open());
        self.derive(id, place, &marks_before, &marks);
        if !is_open {
            self.table.put_back(id);
        }
        self.deadlines.clean_up(|deadline| self.table.places.is_due(deadline));
        onward
    }

    /// Keeps what is derived from a conversation as it is now, if that has changed.
    fn derive(&mut self, id: &ConversationId, place: u32, before: &Marks, now: &Marks) {
        if before != now {
            self.table.places.set(place, *now);
            now.moved(before, place).for_each(|deadline| self.deadlines.push(deadline, || key(id, deadline)));
        }
    }

    /// Whether a chain of merges leads from a ticket to `end`.
    fn leads_to(&mut self, from: &Name, end: &ConversationId) -> bool {
        let mut at = ConversationId { medium: Medium::Ticket, id: from.clone() };
        while at != *end {
            match self.table.peek_merged_into(&at) {
                Some(next) => at.id = next,
                None => return false,
            }
        }
        true
    }
}

impl Conversation {
    /// Does a task. What a merged ticket has to pass on is given back.
    fn take<'a>(&mut self, task: Task<'a>, turn: &mut Turn<'_>) -> Option<Onward<'a>> {
        let passes_on = matches!(task, Task::Receive(_) | Task::Do(Action::Message(_)));
        if let Some(into) = self.merged_into().filter(|_| passes_on) {
            return Some(Onward { to: ConversationId { medium: Medium::Ticket, id: into.clone() }, task });
        }
        match task {
            Task::Receive(period) => self.receive(period, turn),
            Task::Do(Action::Merged { into }) => {
                let period = self.merge(into, turn)?;
                let to = ConversationId { medium: Medium::Ticket, id: into.clone() };
                return Some(Onward { to, task: Task::Receive(period) });
            }
            Task::Do(action) => self.apply(action, turn),
        }
        None
    }

    fn apply(&mut self, action: &Action, turn: &mut Turn<'_>) {
        match action {
            Action::Started(start) => self.started_again(start, turn),
            Action::Assigned { agent, team } => self.assigned(agent.as_ref(), team.as_ref(), turn),
            Action::Handoff { team } => self.handed_off(team.as_ref(), turn),
            Action::Message(message) => self.message(message, turn),
            Action::Ended { reason, agent } => self.end(outcome(*reason), reason.word(), agent.as_ref(), turn),
            Action::Reopened => self.reopen(turn),
            Action::FollowedUp { agent } => self.followed_up(agent, turn),
            Action::Status { status, agent } => self.status_set(*status, agent.as_ref(), turn),
            Action::Work { agent, started } => self.worked(agent, *started, turn),
            Action::Merged { .. } => {}
        }
    }
}

/// Starts an unknown conversation by the event that names it.
fn start(id: ConversationId, task: &Task<'_>, turn: &mut Turn<'_>) -> Conversation {
    match task {
        Task::Do(Action::Started(start)) => Conversation::started(id, start, turn),
        Task::Do(Action::Assigned { team, .. } | Action::Handoff { team }) => Conversation::started_implicitly(id, team.as_ref(), turn),
        Task::Do(_) | Task::Receive(_) => Conversation::started_implicitly(id, None, turn),
    }
}

fn outcome(reason: EndReason) -> Outcome {
    match reason {
        EndReason::Resolved => Outcome::Resolved,
        EndReason::Closed => Outcome::Closed,
        EndReason::Abandoned => Outcome::Abandoned,
        EndReason::Timeout => Outcome::Auto,
    }
}

/// Those that still stand. Some are looked up at a time, so that they are fetched together.
fn due(table: &Table, entries: &[Deadline]) -> Vec<Named> {
    let due: Vec<Deadline> = entries.iter().copied().filter(|entry| table.places.is_due(*entry)).collect();
    let mut named = Vec::with_capacity(due.len());
    for some in due.chunks(LOOKED_UP) {
        table.look_ahead_by(some.iter().map(|entry| table.places.hash(entry.place)));
        named.extend(some.iter().filter_map(|entry| Some((key(&table.at_place(entry.place)?.id, *entry), *entry))));
    }
    named
}

fn key(id: &ConversationId, Deadline { at, which, .. }: Deadline) -> DeadlineKey {
    let class = match id.medium {
        Medium::Chat => DeadlineClass::Chat,
        Medium::Ticket => DeadlineClass::Ticket,
    };
    DeadlineKey { at, class, id: id.id.clone(), which }
}
