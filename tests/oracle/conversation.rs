//! A conversation with its whole history.

use std::collections::{BTreeMap, BTreeSet};

use super::Ms;
use super::event::Key;
use super::spans;

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
    /// Where it was merged into.
    pub merged_into: Option<Key>,
    /// Who owns it.
    pub owner: Option<String>,
    /// Since when this owner has it; the queue is an owner too.
    pub owner_since: Ms,
    /// Who held it from when on: `queue`, `bot` or `agent:<id>`.
    pub holders: Vec<(Ms, String)>,
    /// Whether a bot holds it.
    pub bot: bool,
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
    pub resolution_breach: Option<Breach>,
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
    pub breach: Option<Breach>,
    /// Shares of the wait before it came here by a merge, in order.
    pub carried: Vec<(String, Ms)>,
    /// Since when it is here.
    pub here_since: Ms,
    /// The owner where it was before, and since when he had it.
    pub carried_owner: Option<(Option<String>, Ms)>,
}

/// A breach that fired: when, and whom it is on.
#[derive(Debug, Clone)]
pub struct Breach {
    /// Its date.
    pub at: Ms,
    /// The owner.
    pub agent: Option<String>,
    /// The team.
    pub team: Option<String>,
    /// The cycle.
    pub cycle: u32,
}

/// A complaint handling time.
#[derive(Debug, Clone)]
pub struct ComplaintSample {
    /// When it was resolved.
    pub at: Ms,
    /// By whom.
    pub agent: Option<String>,
    /// The team then.
    pub team: Option<String>,
    /// The cycle.
    pub cycle: u32,
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

impl Period {
    /// When it is late: the last instant in time.
    pub fn deadline(&self) -> Option<Ms> {
        Some(self.judged? + self.target?)
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
            merged_into: None,
            owner: None,
            owner_since: started,
            holders: vec![(Ms::MIN, "queue".to_owned())],
            bot: false,
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

    /// Notes who holds it from an instant on: never before the change noted last.
    pub fn note_holder(&mut self, at: Ms) {
        let holder = match &self.owner {
            _ if self.bot => "bot".to_owned(),
            Some(agent) => format!("agent:{agent}"),
            None => "queue".to_owned(),
        };
        let last = self.holders.last().map_or(Ms::MIN, |it| it.0);
        self.holders.push((at.max(last), holder));
    }

    /// Who held it how long between two instants, in the order in which they first did.
    pub fn held(&self, from: Ms, to: Ms) -> Vec<(String, Ms)> {
        let ends = self.holders.iter().skip(1).map(|it| it.0).chain([Ms::MAX]);
        let spans = self.holders.iter().zip(ends).map(|((begin, holder), end)| (holder.clone(), (*begin.max(&from), end.min(to))));
        spans.map(|(holder, (begin, end))| (holder, end - begin)).filter(|(_, share)| *share > 0).collect()
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
        let stops: Vec<spans::Interval> = self.stops.iter().map(|it| (it.from, it.to.unwrap_or(Ms::MAX))).collect();
        (at - self.started).max(0) - spans::measure(&spans::clip(&stops, self.started, at))
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

    /// Time on the clock of the resolution target up to the latest change to the present owner.
    pub fn resolution_inherited(&self) -> Ms {
        if self.is_complaint() { (self.owner_since - self.started).max(0) } else { self.active_time(self.owner_since) }
    }
}
