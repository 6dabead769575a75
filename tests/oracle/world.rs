//! The walk: deadlines and month closes in their turn, then the event.

use std::collections::BTreeMap;

use deskpulse::model::{Month, Time};
use serde_json::{Map, Value, json};

use super::agent::Agent;
use super::conversation::Conversation;
use super::event::{Event, Key};
use super::handling::Piece;
use super::ledger::{Ledger, Snapshot};
use super::limit::Episode;
use super::order::Step;
use super::settings::Settings;
use super::{Ms, Printed};

/// Everything known at one moment of the walk.
pub struct World {
    /// The configuration.
    pub settings: Settings,
    /// The clock.
    pub clock: Ms,
    /// Whether the event being applied is late.
    pub late: bool,
    /// All conversations.
    pub conversations: BTreeMap<Key, Conversation>,
    /// All agents.
    pub agents: BTreeMap<String, Agent>,
    /// All handling, in the order of its begins.
    pub pieces: Vec<Piece>,
    /// All episodes over the limit.
    pub episodes: Vec<Episode>,
    /// All contributions to the totals.
    pub ledger: Ledger,
    /// Agents' time of closed months, as last posted.
    pub closed: BTreeMap<Month, Snapshot>,
    /// The first month that is not closed.
    pub next_close: Option<Month>,
    facts: Vec<Placed>,
}

/// Medium, id and rank of the deadline that made a fact.
pub type DeadlineOf = (String, String, u8);

/// A fact and what decides its place: ruling 5.
struct Placed {
    at: Ms,
    deadline_of: Option<DeadlineOf>,
    fact: Value,
}

/// A deadline: when, and of whom. Ordered as they fire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// Fires when the clock passes it.
    pub at: Ms,
    /// `agent`, `chat`, `ticket`.
    pub medium: &'static str,
    /// Whose.
    pub id: String,
    /// Response 0, resolution 1, the end of a handling 2.
    pub rank: u8,
    /// The piece that ends, of rank 2.
    pub piece: usize,
}

impl World {
    /// Nothing has happened.
    pub fn new(settings: Settings) -> Self {
        Self {
            ledger: Ledger::new(settings.zone.clone(), settings.settle),
            settings,
            clock: Ms::MIN,
            late: false,
            conversations: BTreeMap::new(),
            agents: BTreeMap::new(),
            pieces: Vec::new(),
            episodes: Vec::new(),
            closed: BTreeMap::new(),
            next_close: None,
            facts: Vec::new(),
        }
    }

    /// Applies the next event.
    pub fn step(&mut self, step: &Step) {
        // Late events may be about months long before the first one.
        self.next_close.get_or_insert_with(|| Month(self.settings.zone.month(Time(step.clock)).0 - 12));
        self.run_to(step.clock);
        self.late = step.late;
        self.apply(&step.event);
        self.fire_before(self.clock);
        self.count_waiting(step.event.time);
        self.correct_closed_months();
    }

    /// Moves the clock to the end and says what is printed.
    pub fn finish(mut self, end: Option<Ms>) -> Printed {
        if let Some(end) = end.filter(|_| self.next_close.is_some()) {
            self.run_to(end);
        }
        self.post_agents_time();
        let months = super::rows::rows(&self, false);
        let days = super::rows::rows(&self, true);
        self.facts.sort_by(|a, b| (a.at, &a.deadline_of).cmp(&(b.at, &b.deadline_of)));
        Printed { facts: self.facts.into_iter().map(|it| it.fact).collect(), months, days }
    }

    /// Fires every deadline before an instant and closes every month that is over by then.
    fn run_to(&mut self, instant: Ms) {
        while let Some(month) = self.next_close {
            let close = self.ledger.close_of(month);
            if close > instant {
                break;
            }
            self.fire_before(close);
            self.clock = self.clock.max(close);
            self.close_month(month);
            self.next_close = Some(month.next());
        }
        self.fire_before(instant);
        self.clock = self.clock.max(instant);
    }

    fn fire_before(&mut self, instant: Ms) {
        while let Some(deadline) = self.next_deadline().filter(|it| it.at < instant) {
            self.clock = self.clock.max(deadline.at);
            match (deadline.medium, deadline.rank) {
                ("agent", _) => self.presence_times_out(&deadline.id, deadline.at),
                (medium, 0) => self.response_breaches(&Key { medium, id: deadline.id.clone() }, deadline.at),
                (medium, 1) => self.resolution_breaches(&Key { medium, id: deadline.id.clone() }, deadline.at),
                _ => self.piece_ends(deadline.piece),
            }
        }
    }

    fn next_deadline(&self) -> Option<Deadline> {
        let of = |at, key: &Key, rank| Deadline { at, medium: key.medium, id: key.id.clone(), rank, piece: 0 };
        let waits = self.conversations.values().filter_map(|it| {
            let period = it.period.as_ref().filter(|period| period.breach.is_none())?;
            Some(of(period.deadline()?, &it.key, 0))
        });
        let resolutions = self.conversations.values().filter_map(|it| Some(of(it.resolution_deadline()?, &it.key, 1)));
        let presences = self.agents.iter().filter_map(|(id, agent)| {
            Some(Deadline { at: agent.timeout(&self.settings)?, medium: "agent", id: id.clone(), rank: 0, piece: 0 })
        });
        let pieces = self.pieces.iter().enumerate().filter_map(|(index, piece)| {
            let at = piece.unfinished_end()?;
            Some(Deadline { at, medium: piece.key.medium, id: piece.key.id.clone(), rank: 2, piece: index })
        });
        waits.chain(resolutions).chain(presences).chain(pieces).min()
    }

    fn apply(&mut self, event: &Event) {
        self.forget();
        for named in event.names().into_iter().chain(event.text("into").map(|id| Key::ticket(&id))) {
            self.touch(&named);
        }
        if let Some(key) = event.happens_in() {
            self.apply_to_conversation(&key, event);
        } else if event.kind() == "agent.status" {
            self.agent_status(event);
        }
    }

    /// Forgets what has ended and no event has named for too long (ruling 106).
    fn forget(&mut self) {
        let is_old = |it: &Conversation| !it.is_open() && self.clock - it.touched > self.settings.forget_after;
        let old: Vec<Key> = self.conversations.values().filter(|it| is_old(it)).map(|it| it.key.clone()).collect();
        for key in old {
            self.conversations.remove(&key);
            self.forget_pieces(&key);
        }
    }

    /// Notes that an event names a conversation.
    fn touch(&mut self, key: &Key) {
        if let Some(known) = self.conversations.get_mut(key) {
            known.touched = self.clock;
        }
    }

    /// A known conversation.
    pub fn of(&mut self, key: &Key) -> &mut Conversation {
        self.conversations.get_mut(key).expect("a known conversation")
    }

    /// Prints a fact about a conversation in its present state.
    pub fn fact(&mut self, at: Ms, kind: &str, key: &Key, agent: Option<&str>, fields: Value) {
        self.conversation_fact(at, kind, key, agent, None, fields);
    }

    /// Prints a fact about a conversation that a deadline made.
    pub fn deadline_fact(&mut self, at: Ms, kind: &str, key: &Key, agent: Option<&str>, rank: u8, fields: Value) {
        self.conversation_fact(at, kind, key, agent, Some((key.medium.to_owned(), key.id.clone(), rank)), fields);
    }

    fn conversation_fact(&mut self, at: Ms, kind: &str, key: &Key, agent: Option<&str>, deadline_of: Option<DeadlineOf>, fields: Value) {
        let it = &self.conversations[key];
        let team = it.team();
        let channel = it.attributes.get("channel");
        let mut fact = json!({"medium": key.medium, "conversation": key.id, "cycle": it.cycle, "channel": channel});
        append(&mut fact, fields);
        self.place(at, kind, team.as_deref(), agent, fact, deadline_of);
    }

    /// Prints a fact.
    pub fn place(&mut self, at: Ms, kind: &str, team: Option<&str>, agent: Option<&str>, fields: Value, deadline_of: Option<DeadlineOf>) {
        let mut fact = json!({"fact": kind, "at": instant(at), "team": team, "agent": agent});
        append(&mut fact, fields);
        self.facts.push(Placed { at, deadline_of, fact });
    }
}

fn append(fact: &mut Value, fields: Value) {
    let more: Map<String, Value> = serde_json::from_value(fields).expect("an object");
    fact.as_object_mut().expect("an object").extend(more);
}

/// An instant as facts print it.
pub fn instant(at: Ms) -> String {
    jiff::Timestamp::from_millisecond(at).expect("an instant").strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// A length of time as facts print it.
pub fn seconds(span: Ms) -> f64 {
    span as f64 / 1_000.0
}
