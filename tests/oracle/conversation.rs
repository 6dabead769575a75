//! A conversation with its whole history.

use std::collections::{BTreeMap, BTreeSet};

use super::Ms;
use super::event::Key;
use super::spans::{self, Interval};

/// Attributes that start events name.
pub type Attributes = BTreeMap<&'static str, String>;

/// A conversation.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Which one.
    pub key: Key,
    /// Team, channel, kind, severity, priority and medium, as far as known.
    pub attributes: Attributes,
    /// Whether another event than a start event started it (ruling 49).
    pub implicit: bool,
    /// When it started.
    pub started: Ms,
    /// The present cycle, from 1.
    pub cycle: u32,
    /// When the present cycle began.
    pub cycle_from: Ms,
    /// How the present cycle ended, if it has.
    pub end: Option<End>,
    /// When its owner, status or pause changed last, or it started.
    pub changed: Ms,
    /// Where it was merged into.
    pub merged_into: Option<Key>,
    /// Who owns it.
    pub owner: Option<String>,
    /// Since when this owner has it; the queue is an owner too.
    pub owner_since: Ms,
    /// Who owned it before this owner.
    pub owner_before: Option<String>,
    /// Whether a bot holds it.
    pub bot: bool,
    /// When a bot's hold of this cycle ended.
    pub hold_ended: Option<Ms>,
    /// Whether no bot may take it any more in this cycle (ruling 30).
    pub bot_barred: bool,
    /// Whether a person wrote a human message in this cycle.
    pub wrote: bool,
    /// Whether this cycle has a response.
    pub answered: bool,
    /// Time of its newest human message, in any cycle.
    pub newest_human: Option<Ms>,
    /// Who wrote that one.
    pub last_writer: Option<String>,
    /// The open waiting period.
    pub period: Option<Period>,
    /// When its active clock stood: paused, held by a bot, ended.
    pub stops: Vec<Stop>,
    /// The resolution target as it was looked up: `Some(None)` is none.
    pub resolution_target: Option<Option<Ms>>,
    /// The resolution breach that stands.
    pub resolution_breach: Option<Counted>,
    /// The complaint handling time that stands.
    pub complaint_sample: Option<ComplaintSample>,
    /// Who handled it in this cycle.
    pub handlers: BTreeSet<String>,
    /// The clock when an event named it last.
    pub touched: Ms,
}

/// How a cycle ended.
#[derive(Debug, Clone)]
pub struct End {
    /// When.
    pub at: Ms,
    /// `resolved`, `closed`, `auto`, `abandoned`, `bot`, `merged`.
    pub outcome: &'static str,
    /// Who resolved it, when resolved or closed.
    pub resolver: Option<String>,
}

/// A waiting period.
#[derive(Debug, Clone)]
pub struct Period {
    /// When the customer began to wait.
    pub opened: Ms,
    /// Whether the cycle had no response then.
    pub first: bool,
    /// Since when people are waited for; `None` while a bot holds the conversation.
    pub judged: Option<Ms>,
    /// The target, looked up when the people's clock started.
    pub target: Option<Ms>,
    /// The breach that fired.
    pub breach: Option<Counted>,
    /// Whose it was from when on: `queue`, `bot` or `agent:<id>`.
    pub hands: Vec<(Ms, String)>,
}

/// Something that was counted and may be taken back.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Of which conversation.
    pub key: Key,
    /// Its date.
    pub at: Ms,
    /// Whom it was counted for.
    pub agent: Option<String>,
    /// The team then.
    pub team: Option<String>,
    /// The cycle.
    pub cycle: u32,
    /// The channel of its conversation when a merge moved it to another one.
    pub moved: Option<Option<String>>,
}

/// A complaint handling time.
#[derive(Debug, Clone)]
pub struct ComplaintSample {
    /// For whom.
    pub counted: Counted,
    /// How long it took.
    pub took: Ms,
    /// Whether in time, when it has a target.
    pub within: Option<bool>,
}

/// Why an active clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Pending or on hold.
    Paused,
    /// Held by a bot.
    Held,
    /// Ended.
    Ended,
}

/// A span in which the active clock stood.
#[derive(Debug, Clone)]
pub struct Stop {
    /// Why.
    pub why: Why,
    /// Its begin.
    pub from: Ms,
    /// Its end; `None` while it lasts.
    pub to: Option<Ms>,
}

fn as_holder(owner: Option<&String>) -> String {
    owner.map_or_else(|| "queue".to_owned(), |agent| format!("agent:{agent}"))
}

impl Period {
    /// When it is late: the last instant in time.
    pub fn deadline(&self) -> Option<Ms> {
        Some(self.judged? + self.target?)
    }

    /// Since when the present owner has it: the latest change to him. What a bot holds is nobody's: the queue's.
    pub fn since(&self) -> Ms {
        let owner = |hand: &(Ms, String)| if hand.1 == "bot" { "queue".to_owned() } else { hand.1.clone() };
        let present = self.hands.last().map(owner);
        let his = self.hands.iter().rev().take_while(|hand| Some(owner(hand)) == present);
        his.last().map_or(self.opened, |hand| hand.0)
    }

    /// The customer's wait up to an instant by whose it was, in the order in which they first had it.
    pub fn held(&self, to: Ms) -> Vec<(String, Ms)> {
        let ends = self.hands.iter().skip(1).map(|it| it.0).chain([Ms::MAX]);
        let mut shares: Vec<(String, Ms)> = Vec::new();
        for ((begin, holder), end) in self.hands.iter().zip(ends) {
            let share = end.min(to) - begin.max(&self.opened);
            match shares.iter_mut().find(|it| it.0 == *holder) {
                Some(known) => known.1 += share.max(0),
                None if share > 0 => shares.push((holder.clone(), share)),
                None => {}
            }
        }
        shares
    }
}

impl Conversation {
    /// A new one without an effect yet.
    pub fn new(key: Key, started: Ms, implicit: bool) -> Self {
        Self {
            attributes: Attributes::from([("medium", key.medium.to_owned())]),
            key,
            implicit,
            started,
            cycle: 1,
            cycle_from: started,
            end: None,
            changed: started,
            merged_into: None,
            owner: None,
            owner_since: started,
            owner_before: None,
            bot: false,
            hold_ended: None,
            bot_barred: false,
            wrote: false,
            answered: false,
            newest_human: None,
            last_writer: None,
            period: None,
            stops: Vec::new(),
            resolution_target: None,
            resolution_breach: None,
            complaint_sample: None,
            handlers: BTreeSet::new(),
            touched: started,
        }
    }

    /// Its team.
    pub fn team(&self) -> Option<String> {
        self.attributes.get("team").cloned()
    }

    /// What is counted now for an agent.
    pub fn counted(&self, at: Ms, agent: Option<&str>) -> Counted {
        Counted { key: self.key.clone(), at, agent: agent.map(str::to_owned), team: self.team(), cycle: self.cycle, moved: None }
    }

    /// Whether it is a complaint.
    pub fn is_complaint(&self) -> bool {
        self.key.medium == "ticket" && self.attributes.get("kind").is_some_and(|kind| kind == "complaint")
    }

    /// Whether its present cycle is one that gives no samples of resolution: the first of an implicit start.
    pub fn is_unjudged_cycle(&self) -> bool {
        self.implicit && self.cycle == 1
    }

    /// Whether a cycle is running.
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Who holds it: `queue`, `bot` or `agent:<id>`.
    pub fn holder(&self) -> String {
        if self.bot { "bot".to_owned() } else { as_holder(self.owner.as_ref()) }
    }

    /// Passes the open period into the hands that hold the conversation now.
    pub fn pass(&mut self, at: Ms) {
        let holder = self.holder();
        let Some(period) = self.period.as_mut() else { return };
        let (last, present) = period.hands.last().expect("it opened in some hands").clone();
        if present != holder {
            period.hands.push((at.max(last), holder));
        }
    }

    /// Whose a period is that opens at an instant. What a late event opens may have been in other hands before the last
    /// changes: the hold that ended in this cycle, and the owner before this one, are remembered.
    pub fn hands_from(&self, at: Ms) -> Vec<(Ms, String)> {
        let by_then = |instant: Ms| match self.hold_ended {
            Some(ended) if instant < ended => "bot".to_owned(),
            _ if instant < self.owner_since => as_holder(self.owner_before.as_ref()),
            _ => self.holder(),
        };
        let mut hands = vec![(at, by_then(at))];
        let mut changes = [self.hold_ended.unwrap_or(at), self.owner_since];
        changes.sort_unstable();
        hands.extend(changes.iter().filter(|change| **change > at).map(|change| (*change, by_then(*change))));
        hands.dedup_by(|later, earlier| later.1 == earlier.1);
        hands
    }

    /// When a change of owner, status or pause takes effect: no earlier than the one before it (ruling 23).
    pub fn change(&mut self, at: Ms) -> Ms {
        self.changed = self.changed.max(at);
        self.changed
    }

    /// Begins a stop of the active clock.
    pub fn stop(&mut self, why: Why, at: Ms) {
        let last = self.stops.iter().filter(|it| it.why == why).filter_map(|it| it.to).max();
        self.stops.push(Stop { why, from: last.map_or(at, |end| at.max(end)), to: None });
    }

    /// Ends a stop of the active clock.
    pub fn resume(&mut self, why: Why, at: Ms) {
        for stop in self.stops.iter_mut().filter(|it| it.why == why && it.to.is_none()) {
            stop.to = Some(at.max(stop.from));
        }
    }

    /// Whether the active clock stands for this reason.
    pub fn stands(&self, why: Why) -> bool {
        self.stops.iter().any(|it| it.why == why && it.to.is_none())
    }

    /// Time on the active clock from the start to an instant.
    pub fn active_time(&self, at: Ms) -> Ms {
        let stops: Vec<Interval> = self.stops.iter().map(|it| (it.from, it.to.unwrap_or(Ms::MAX))).collect();
        (at - self.started).max(0) - spans::measure(&spans::clip(&stops, self.started, at))
    }

    /// The same up to an event: what was active before the last change stays so, even if the event is older than that,
    /// but never more than the whole.
    pub fn active_until(&self, event: Ms) -> Ms {
        let changes = self.stops.iter().flat_map(|it| [Some(it.from), it.to]).flatten();
        self.active_time(changes.max().unwrap_or(event).max(event)).min((event - self.started).max(0))
    }

    /// The instant at which the resolution target is used up, while its clock runs.
    pub fn resolution_deadline(&self) -> Option<Ms> {
        let target = self.resolution_target??;
        if !self.is_open() || self.resolution_breach.is_some() || self.is_unjudged_cycle() {
            return None;
        }
        if self.is_complaint() {
            return Some(self.started + target);
        }
        if self.cycle > 1 || self.stops.iter().any(|it| it.to.is_none()) {
            return None;
        }
        let running_since = self.stops.iter().filter_map(|it| it.to).max().unwrap_or(self.started).max(self.started);
        Some(running_since + target - self.active_time(running_since))
    }

    /// Time on the clock of the resolution target before the present owner had it, of a breach at this instant.
    pub fn resolution_inherited(&self, at: Ms) -> Ms {
        let given = self.owner_since.min(at);
        if self.is_complaint() { (given - self.started).max(0) } else { self.active_time(given) }
    }
}
