//! The engine whole: pushed events wait in the order buffer; as the clock moves, deadlines fire and events are applied.

use std::mem;
use std::sync::Arc;

use crate::model::{
    Action, Body, ConversationId, Event, Fact, Medium, Name, PartitionId, Position, Posted, Row, RowError, SpentEvents, SpentTime, Table,
    Tally, Time,
};

use super::agent::Agents;
use super::conversation::Conversations;
use super::dedup::{Dedup, EventKey};
use super::frontier::Reach;
use super::live::{LiveView, WaitingNow};
use super::order::{Order, Rank, Waiting};
use super::policy::Policies;
use super::receipt;
use super::settings::Settings;
use super::signal::{DeadlineKey, Moment, Outbox};
use super::watch::{Step, Watch};

/// Events that are looked at ahead of their turn: what they touch has room near the processor.
const AHEAD: usize = 48;

/// Applied events that are kept for their memory: as many as one move of the clock usually applies.
const MOST_SPENT: usize = 1_024;

/// The engine: events in, facts out. Same events in the same order of arrival and the same advances: the same output.
#[derive(Debug)]
pub struct Engine {
    settings: Arc<Settings>,
    order: Order,
    dedup: Dedup,
    conversations: Conversations,
    agents: Agents,
    outbox: Outbox,
    counts: Vec<Counts>,
    watch: Option<Watch>,
    /// Applied events, for their memory.
    spent: SpentEvents,
}

/// How many events of one topic came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Taken: each is applied once.
    pub applied: u64,
    /// Seen before.
    pub duplicate: u64,
    /// Of the applied: too late for the place of their own time.
    pub late: u64,
    /// Of the applied: dated after their arrival.
    pub skewed: u64,
    /// Of the applied: started a conversation that no start event had started.
    pub implicit: u64,
    /// Of the applied: about a conversation that had been forgotten.
    pub forgotten: u64,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        Self {
            order: Order::new(settings.allowed_lateness, settings.track_changes),
            dedup: Dedup::new(settings.duplicate_window, settings.duplicate_limit),
            conversations: Conversations::new(Arc::clone(&settings)),
            agents: Agents::new(Arc::clone(&settings)),
            outbox: Outbox::default(),
            counts: Vec::new(),
            watch: None,
            spent: Vec::new(),
            settings,
        }
    }

    /// Looks targets up in these policies from now on; those that were looked up stay (ruling 29).
    pub fn use_policies(&mut self, policies: &Policies) {
        self.conversations.use_policies(policies);
    }

    /// Brings the places near where these events are remembered, ahead of their [`Engine::admit`]. Changes nothing.
    pub fn recall(&self, keys: impl Iterator<Item = EventKey>) {
        self.dedup.recall(keys);
    }

    /// Takes an event in: remembers it, dates it by its arrival if it comes from the future, and says where it belongs; `None` when it
    /// was seen before. `arrived` is when it came, if that is known: no event counts as later, while a replay takes times as given.
    /// [`Engine::keep`] must follow before the clock moves.
    pub fn admit(&mut self, event: &mut Event, key: EventKey, position: Position, arrived: Option<Time>) -> Option<Rank> {
        let reach = arrived.unwrap_or(Time::MAX);
        let skewed = arrived.is_some_and(|arrived| event.time > arrived + self.settings.max_ahead);
        if skewed {
            event.time = reach;
        }
        let reference = self.order.newest(position.partition).unwrap_or(Time::MIN).max(event.time.min(reach));
        if self.dedup.seen(key, event.time, reference) {
            self.count_duplicate(position.partition);
            return None;
        }
        let rank = self.order.rank(event.time, position.partition, reach);
        let counts = self.counts_mut(position.partition);
        counts.applied += 1;
        counts.skewed += u64::from(skewed);
        counts.late += u64::from(rank.late);
        Some(rank)
    }

    /// Puts an event where it belongs, after [`Engine::admit`] has said where.
    pub fn keep(&mut self, event: Box<Event>, position: Position, rank: Rank) {
        self.order.insert(rank.at, Waiting { late: rank.late, position, event });
    }

    /// Counts a duplicate that was found before it came here.
    pub fn count_duplicate(&mut self, partition: PartitionId) {
        self.counts_mut(partition).duplicate += 1;
    }

    /// Moves the clock as far as `reach` allows: applies what waits before it and fires the deadlines that it passes.
    pub fn advance(&mut self, reach: Reach) {
        let (to, through) = match reach {
            Reach::Before(at) => (at, false),
            Reach::Through(at) => (at, true),
        };
        if to < self.order.clock() {
            return;
        }
        let (mut events, mut near) = (Vec::new(), 0);
        while let Some(place) = self.order.first().filter(|place| *place < to || (through && *place == to)) {
            self.fire_before(place);
            self.move_clock(place);
            if near == 0 {
                near = self.look_ahead();
            }
            self.order.take_first(&mut events);
            near = near.saturating_sub(events.len());
            for waiting in events.drain(..) {
                self.apply(&waiting);
                self.fire_before(place);
                if self.spent.len() < MOST_SPENT {
                    self.spent.push(waiting.event);
                }
            }
        }
        self.fire_before(to);
        self.move_clock(to);
        let clock = self.order.clock();
        self.agents.settle_late(clock, &mut self.outbox);
        self.dedup.forget(clock);
    }

    /// Applied events, for their memory: whoever makes events may take some.
    pub fn spent(&mut self) -> &mut SpentEvents {
        &mut self.spent
    }

    /// What was decided since the last call, in order.
    pub fn drain(&mut self) -> Vec<Posted> {
        let about = self.outbox.posted.len();
        mem::replace(&mut self.outbox.posted, Vec::with_capacity(about))
    }

    /// Keeps every step of one conversation from now on, for [`Engine::steps`]. It changes no number.
    pub fn watch(&mut self, conversation: ConversationId) {
        self.watch = Some(Watch::new(conversation));
    }

    /// What happened to the watched conversation since the last call, in order.
    pub fn steps(&mut self) -> Vec<Step> {
        self.watch.as_mut().map(Watch::take).unwrap_or_default()
    }

    /// The engine's one instant.
    #[must_use]
    pub fn clock(&self) -> Time {
        self.order.clock()
    }

    /// The newest event of a partition, if it had any.
    #[must_use]
    pub fn newest(&self, partition: PartitionId) -> Option<Time> {
        self.order.newest(partition)
    }

    /// The newest event of all partitions.
    #[must_use]
    pub fn newest_of_all(&self) -> Option<Time> {
        self.order.newest_of_all()
    }

    /// How many events wait for their turn.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.order.waiting()
    }

    /// How many events of a partition wait for their turn.
    #[must_use]
    pub fn pending_of(&self, partition: PartitionId) -> usize {
        self.order.waiting_of(partition)
    }

    /// The next instant after which something happens without an event.
    pub fn next_deadline(&mut self) -> Option<Time> {
        self.next_key().map(|key| key.at)
    }

    /// What is going on, as of the clock.
    #[must_use]
    pub fn live(&self) -> LiveView {
        self.live_within(Vec::new())
    }

    /// The same, with the room of a list that nobody needs any more: that of a hundred thousand customers is many megabytes.
    #[must_use]
    pub fn live_within(&self, room: Vec<WaitingNow>) -> LiveView {
        let clock = self.order.clock();
        LiveView {
            clock,
            waiting: self.conversations.waiting(room),
            agents: self.agents.live(clock),
            complaints: self.conversations.complaints(),
        }
    }

    /// Agents' time of intervals that are still open, up to the clock: what totals add for showing.
    #[must_use]
    pub fn open_time(&self) -> Vec<Tally> {
        self.agents.open_time(self.order.clock())
    }

    /// The same, in the room of what was asked for before: of ten thousand agents that is megabytes.
    #[must_use]
    pub fn open_time_within(&self, room: Vec<Tally>) -> Vec<Tally> {
        self.agents.open_time_within(self.order.clock(), room)
    }

    /// What an agent's time was spent on in `[from, to)`, at most the longest rolling window back.
    #[must_use]
    pub fn spent_between(&self, agent: &Name, from: Time, to: Time) -> SpentTime {
        self.agents.spent_between(agent, from, to)
    }

    /// What became of the events of each topic, by its index.
    #[must_use]
    pub fn counts(&self) -> &[Counts] {
        &self.counts
    }

    /// Goes on counting from what became of the events of each topic before a restart.
    pub fn continue_counts(&mut self, counts: Vec<Counts>) {
        self.counts = counts;
    }

    /// Each row of state that was touched or removed since the last call, once.
    pub fn changes(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        self.order.changes(&mut rows);
        self.dedup.changes(&mut rows);
        self.conversations.changes(&mut rows);
        self.agents.changes(&mut rows);
        rows
    }

    /// Takes rows of [`Engine::changes`] back, by the numbers of their tables and in the order of their keys; others are left alone.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn restore<'a>(&mut self, rows: impl IntoIterator<Item = &'a Row>) -> Result<(), RowError> {
        for row in rows {
            match row.table {
                Table::Clock | Table::Partition | Table::Pending => self.order.restore(row)?,
                Table::Remembered => self.dedup.restore(row)?,
                Table::Conversation | Table::Ended => self.conversations.restore(row)?,
                Table::Agent => self.agents.restore(row)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The remembered ids, which are nowhere else meanwhile: once all rows of them are restored, [`Dedup::make_index`] may take its time on
    /// another thread. They have to be [put back](Engine::put_ids) before anything is admitted.
    pub fn take_ids(&mut self) -> Dedup {
        let none = Dedup::new(self.settings.duplicate_window, self.settings.duplicate_limit);
        std::mem::replace(&mut self.dedup, none)
    }

    /// See [`Engine::take_ids`].
    pub fn put_ids(&mut self, ids: Dedup) {
        self.dedup = ids;
    }

    /// Lets ended conversations leave memory that nothing has touched since `before`; [`Engine::missing`] must be asked from then on. All
    /// rows up to the last call of [`Engine::changes`] must be kept where they are found by key; what has changed since stays.
    pub fn cool(&mut self, before: Time) {
        self.conversations.cool(before);
    }

    /// The rows that were restored are not all there are: [`Engine::missing`] must be asked from now on.
    pub fn expect_cold(&mut self) {
        self.conversations.expect_cold();
    }

    /// The conversations that are not in memory and are needed by the events that [`Engine::advance`] would apply: their rows, as far as
    /// there are any, have to be restored before. When some are, [`Engine::missing_behind`] must be asked too.
    #[must_use]
    pub fn missing(&self, reach: Reach) -> Vec<ConversationId> {
        if !self.conversations.has_cold() {
            return Vec::new();
        }
        let (mut named, mut into) = (Vec::new(), Vec::new());
        for waiting in self.order.coming_until(reach) {
            match &waiting.event.body {
                Body::Conversation { conversation, action } => {
                    named.push(conversation);
                    if let Action::Merged { into: ticket } = action {
                        into.push(ConversationId { medium: Medium::Ticket, id: ticket.clone() });
                    }
                }
                body => named.extend(receipt::conversation(body)),
            }
        }
        named.extend(&into);
        self.conversations.missing(&named)
    }

    /// The conversations that merges of these lead to and that are not in memory, after what was found of these was restored.
    #[must_use]
    pub fn missing_behind(&self, restored: &[ConversationId]) -> Vec<ConversationId> {
        self.conversations.missing(&restored.iter().filter(|id| self.conversations.is_in_memory(id)).collect::<Vec<_>>())
    }

    /// An instant before which nothing that was last touched is needed any more: to the engine it is as if never seen.
    #[must_use]
    pub fn remembers_since(&self) -> Time {
        self.order.clock() - self.settings.forget_after - self.settings.forget_after
    }

    /// How many conversations are in memory.
    #[must_use]
    pub fn conversations_in_memory(&self) -> usize {
        self.conversations.in_memory()
    }

    /// Reads a little of what the next events will change, and says how many they are. State is spread over more memory than lies near
    /// the processor: in a row of small reads it fetches many places at once, while in the midst of an event it waits for each.
    fn look_ahead(&self) -> usize {
        let coming = || self.order.coming().take(AHEAD);
        let owners = self.conversations.look_ahead(coming().filter_map(|waiting| match &waiting.event.body {
            Body::Conversation { conversation, .. } => Some(conversation),
            body => receipt::conversation(body),
        }));
        let others = coming().filter_map(|waiting| match &waiting.event.body {
            Body::AgentStatus { agent, .. } | Body::Conversation { action: Action::Assigned { agent: Some(agent), .. }, .. } => Some(agent),
            _ => None,
        });
        self.agents.look_ahead(owners.chain(others));
        AHEAD
    }

    fn apply(&mut self, waiting: &Waiting) {
        let Waiting { late, position, event } = waiting;
        let moment = Moment { time: event.time, clock: self.order.clock(), late: *late };
        let posted = self.outbox.posted.len();
        match &event.body {
            Body::Conversation { conversation, action } => {
                let effect = self.conversations.apply(conversation, action, moment, &mut self.outbox);
                let counts = self.counts_mut(position.partition);
                counts.implicit += u64::from(effect.implicit);
                counts.forgotten += u64::from(effect.forgotten);
            }
            Body::AgentStatus { agent, status, team } => {
                self.agents.status(agent, status, team.as_ref(), moment, &mut self.outbox);
            }
            body => {
                if let Some(fact) = self.receipt(body, moment) {
                    self.outbox.fact(moment.clock, fact);
                }
            }
        }
        self.settle(moment);
        if let Some(watch) = &mut self.watch {
            let after = self.conversations.now(watch.id());
            watch.applied(waiting, moment.clock, after, &self.outbox.posted[posted..]);
        }
    }

    fn receipt(&mut self, body: &Body, moment: Moment) -> Option<Fact> {
        let conversation = receipt::conversation(body).and_then(|id| self.conversations.reference(id, moment.clock));
        let agent_team = receipt::agent(body).and_then(|agent| self.agents.team(agent));
        receipt::fact(body, moment.time, conversation, agent_team)
    }

    fn settle(&mut self, moment: Moment) {
        let mut signals = mem::take(&mut self.outbox.signals);
        signals.drain(..).for_each(|signal| self.agents.take(&signal, moment, &mut self.outbox));
        self.outbox.signals = signals;
        self.agents.settle(moment, &mut self.outbox);
    }

    fn fire_before(&mut self, instant: Time) {
        let is_idle = |first: Option<Time>| first.is_none_or(|at| at >= instant);
        while !(is_idle(self.agents.first_entry()) && is_idle(self.conversations.first_entry()))
            && let Some(key) = self.next_key().filter(|key| key.at < instant)
        {
            self.move_clock(key.at);
            let clock = self.order.clock();
            let posted = self.outbox.posted.len();
            match self.agents.next_deadline() {
                Some(agents) if agents == key => self.agents.fire(&mut self.outbox),
                _ => self.conversations.fire(&mut self.outbox),
            }
            // A deadline that a late event set in the past counts at the clock (ruling 23).
            for late in &mut self.outbox.posted[posted..] {
                late.clock = late.clock.max(clock);
            }
            self.settle(Moment { time: key.at, clock, late: key.at < clock });
            if let Some(watch) = &mut self.watch {
                let after = self.conversations.now(watch.id());
                watch.fired(&key, clock, after, &self.outbox.posted[posted..]);
            }
        }
    }

    /// Moves the clock, if that is forward; what late events changed is posted at the clock at which they came.
    fn move_clock(&mut self, to: Time) {
        let clock = self.order.clock();
        if to > clock {
            self.agents.settle_late(clock, &mut self.outbox);
            self.order.set_clock(to);
        }
    }

    fn next_key(&mut self) -> Option<DeadlineKey> {
        match (self.agents.next_deadline(), self.conversations.next_deadline()) {
            (Some(agents), Some(conversations)) => Some(agents.min(conversations)),
            (agents, conversations) => agents.or(conversations),
        }
    }

    fn counts_mut(&mut self, partition: PartitionId) -> &mut Counts {
        let topic = usize::from(partition.topic);
        if self.counts.len() <= topic {
            self.counts.resize(topic + 1, Counts::default());
        }
        &mut self.counts[topic]
    }
}
