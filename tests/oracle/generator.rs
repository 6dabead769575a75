//! Random logs: few names, times on a coarse grid, so that ties, deadlines and month ends are hit often.
//!
//! Everything is drawn as small numbers first, so that a failing log shrinks to a short one.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Log, Ms};

/// One event as drawn.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Index into [`GAPS`].
    gap: usize,
    /// Index into [`DELAYS`]: by how much it arrives after its time.
    delay: usize,
    /// Which file it goes to.
    file: usize,
    /// Whether it arrives twice, and in which file the second time.
    twice: Option<usize>,
    /// What happens.
    what: What,
}

/// What happens, in small numbers.
#[derive(Debug, Clone)]
struct What {
    action: usize,
    conversation: usize,
    agent: usize,
    team: usize,
    choice: usize,
    flags: u8,
}

/// A configuration as drawn: indexes into lists of values.
#[derive(Debug, Clone)]
pub struct Settings {
    start: usize,
    lateness: usize,
    settle: usize,
    active: bool,
    limit_open: bool,
    limit: usize,
    timeout: usize,
    policies: usize,
    forgets: bool,
}

/// Time between two events: mostly nothing or a step of the grid, rarely hours and days.
const GAPS: [Ms; 28] = [
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    1,
    4_999,
    5_000,
    5_000,
    5_000,
    5_000,
    5_000,
    5_000,
    5_001,
    10_000,
    10_000,
    10_000,
    15_000,
    20_000,
    25_000,
    60_000,
    300_000,
    3_600_000,
    86_400_000,
    700_000_000,
];
/// Delay of arrival, against lateness of 0 to 20 s; rarely hours, but less than the day for which agents' time is kept.
const DELAYS: [Ms; 26] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1_000, 1_000, 2_000, 5_000, 5_000, 12_000, 20_000, 20_000, 40_000, 90_000, 400_000,
    30_000_000,
];
/// Begins of logs with their zones: just before the end of a month, of a day with a change of clocks, and an ordinary morning.
const STARTS: [(&str, &str); 5] = [
    ("2026-03-10T09:00:00Z", "UTC"),
    ("2026-01-31T23:59:30Z", "UTC"),
    ("2026-02-28T15:59:00Z", "Asia/Shanghai"),
    ("2026-03-28T22:59:30Z", "Europe/Berlin"),
    ("2026-10-31T22:59:50Z", "Europe/Berlin"),
];
const LATENESS: [&str; 4] = ["2s", "0s", "5s", "20s"];
const SETTLE: [&str; 3] = ["7d", "30s", "10m"];
const TIMEOUTS: [&str; 3] = ["off", "10s", "30s"];
const TEAMS: [&str; 2] = ["presale", "aftersale"];
const AGENTS: [&str; 3] = ["amy", "bob", "carol"];
const STATUSES: [&str; 6] = ["available", "after_contact", "meeting", "break", "offline", "piano"];
const KINDS: [&str; 4] = ["question", "complaint", "incident", "complaint"];
const POLICIES: [&str; 4] = [
    "",
    "[[policy]]\nmedium = \"chat\"\nfirst_response = \"10s\"\nnext_response = \"5s\"\nresolution = \"20s\"\n\
     [[policy]]\nmedium = \"ticket\"\nfirst_response = \"15s\"\nresolution = \"25s\"\n",
    "[[policy]]\nkind = \"complaint\"\nresolution = \"20s\"\nnext_response = \"10s\"\n\
     [[policy]]\nteam = \"presale\"\nfirst_response = \"5s\"\n\
     [[policy]]\nmedium = \"chat\"\nchannel = \"web\"\nnext_response = \"off\"\n\
     [[policy]]\nmedium = \"ticket\"\npriority = \"high\"\nfirst_response = \"10s\"\nresolution = \"10s\"\n",
    "[[policy]]\nfirst_response = \"10s\"\nnext_response = \"10s\"\nresolution = \"15s\"\nfrom = \"2026-02-01\"\nuntil = \"2026-03-29\"\n",
];
/// With forgetting, the windows that may not be longer.
const FORGETS: &str = "forget_after = \"30s\"\nfcr_window = \"10s\"\nconversion_window = \"10s\"\nsettle = \"30s\"\n";

/// Any log of up to `longest` events.
pub fn logs(longest: usize) -> impl Strategy<Value = Log> {
    (settings(), vec(drawn(), 1..longest), option::weighted(0.3, 0..GAPS.len()))
        .prop_map(|(settings, events, after)| log(&settings, &events, after))
}

fn settings() -> impl Strategy<Value = Settings> {
    let numbers = (0..STARTS.len(), 0..LATENESS.len(), 0..SETTLE.len(), 1..3_usize, 0..TIMEOUTS.len(), 0..POLICIES.len());
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.15));
    (numbers, flags).prop_map(|((start, lateness, settle, limit, timeout, policies), (active, limit_open, forgets))| Settings {
        start,
        lateness,
        settle,
        active,
        limit_open,
        limit,
        timeout,
        policies,
        forgets,
    })
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let gap = prop_oneof![40 => 0..GAPS.len() - 3, 1 => GAPS.len() - 3..GAPS.len()];
    let place = (gap, 0..DELAYS.len(), 0..3_usize, option::weighted(0.05, 0..3_usize));
    let what = (0..ACTIONS.len(), 0..6_usize, 0..AGENTS.len(), 0..4_usize, 0..12_usize, any::<u8>());
    (place, what).prop_map(|((gap, delay, file, twice), (action, conversation, agent, team, choice, flags))| Drawn {
        gap,
        delay,
        file,
        twice,
        what: What { action, conversation, agent, team, choice, flags },
    })
}

fn log(settings: &Settings, events: &[Drawn], after: Option<usize>) -> Log {
    let (start, _) = STARTS[settings.start];
    let mut time = start.parse::<jiff::Timestamp>().expect("a time").as_millisecond();
    let mut arrivals: Vec<(usize, Ms, usize, Value)> = Vec::new();
    for (index, drawn) in events.iter().enumerate() {
        time += GAPS[drawn.gap];
        let mut event = drawn.what.event();
        if settings.forgets && event["type"] == "ticket.work" {
            // Work that goes on while its ticket is forgotten is nobody's case.
            continue;
        }
        event["id"] = json!(format!("e{index}"));
        event["time"] = json!(time);
        let arrival = time + DELAYS[drawn.delay];
        // What arrives twice arrives soon again: later than 72 h is another event.
        arrivals.extend(drawn.twice.map(|file| (file, arrival + 5_000, index, event.clone())));
        arrivals.push((drawn.file, arrival, index, event));
    }
    arrivals.sort_by_key(|it| (it.0, it.1, it.2));
    let count = arrivals.iter().map(|it| it.0 + 1).max().unwrap_or(1);
    let files = (0..count).map(|file| arrivals.iter().filter(|it| it.0 == file).map(|it| it.3.clone()).collect()).collect();
    Log { config: settings.toml(), files, until: after.map(|gap| time + GAPS[gap]) }
}

impl Settings {
    fn toml(&self) -> String {
        let engine = if self.forgets { FORGETS.to_owned() } else { format!("settle = \"{}\"\n", SETTLE[self.settle]) };
        format!(
            "time_zone = \"{}\"\n[engine]\nallowed_lateness = \"{}\"\n{engine}[agents]\nhandling = \"{}\"\nlimit_counts = \"{}\"\nwaiting_limit = {}\n\
             focus = \"{}\"\npresence_timeout = \"{}\"\n{}",
            STARTS[self.start].1,
            LATENESS[self.lateness],
            if self.active { "active" } else { "owned" },
            if self.limit_open { "open" } else { "waiting" },
            self.limit,
            if self.limit == 1 || self.forgets { "10s" } else { "60s" },
            TIMEOUTS[self.timeout],
            POLICIES[self.policies],
        )
    }
}

/// Actions by weight; the medium decides what they are.
const ACTIONS: [&str; 40] = [
    "started",
    "started",
    "started",
    "assigned",
    "assigned",
    "assigned",
    "assigned",
    "handoff",
    "customer",
    "customer",
    "customer",
    "customer",
    "customer",
    "customer",
    "agent",
    "agent",
    "agent",
    "agent",
    "agent",
    "agent",
    "bot",
    "bot",
    "system",
    "ended",
    "ended",
    "ended",
    "ended",
    "reopened",
    "reopened",
    "merged",
    "merged",
    "work",
    "work",
    "work",
    "agent_status",
    "agent_status",
    "agent_status",
    "agent_status",
    "followed_up",
    "rated",
];

impl What {
    fn event(&self) -> Value {
        let is_chat = self.conversation < 3;
        let medium = if is_chat { "chat" } else { "ticket" };
        let mut event = match ACTIONS[self.action] {
            "agent_status" => return self.agent_status(),
            "rated" => json!({"type": "customer.rated", "score": 4}),
            "started" => self.start(is_chat),
            "assigned" => json!({"type": format!("{medium}.assigned"), "agent": self.owner(), "team": self.team()}),
            "handoff" if is_chat => json!({"type": "chat.handoff", "team": self.team()}),
            "ended" if is_chat => {
                json!({"type": "chat.ended", "reason": self.pick(&["resolved", "closed", "abandoned", "timeout"]), "agent": self.by()})
            }
            "ended" => {
                json!({"type": "ticket.status", "status": self.pick(&["resolved", "closed", "pending", "on_hold"]), "agent": self.by()})
            }
            "reopened" if is_chat => json!({"type": "chat.reopened"}),
            "reopened" => {
                json!({"type": "ticket.status", "status": self.pick(&["open", "pending", "open", "on_hold"]), "agent": self.by()})
            }
            "merged" if !is_chat => return self.merge(),
            "work" if !is_chat => json!({"type": "ticket.work", "agent": self.agent(), "action": self.pick(&["started", "stopped"])}),
            "followed_up" => json!({"type": format!("{medium}.followed_up"), "agent": self.agent()}),
            from => self.message(medium, if matches!(from, "bot" | "system" | "agent") { from } else { "customer" }),
        };
        event[medium] = json!(format!("c{}", self.conversation % 3));
        event
    }

    fn start(&self, is_chat: bool) -> Value {
        let team = self.team();
        let channel = self.flag(0).then_some("web");
        if is_chat {
            let (bot, waiting) = (self.flag(1) && self.flag(2), self.flag(3));
            return json!({"type": "chat.started", "customer": "u1", "team": team, "channel": channel, "bot": bot, "waiting": waiting});
        }
        let agent = self.flag(1).then(|| self.agent());
        let by = if self.flag(2) { "agent" } else { "customer" };
        let priority = self.flag(3).then_some("high");
        json!({"type": "ticket.created", "team": team, "channel": channel, "kind": self.pick(&KINDS), "agent": agent, "by": by, "priority": priority})
    }

    fn message(&self, medium: &str, from: &str) -> Value {
        let agent = (from == "agent").then(|| self.agent());
        let rarely = |bit: u8| self.flag(bit) && self.flag(bit + 1) && self.flag(bit + 2);
        json!({
            "type": format!("{medium}.message"), "from": from, "agent": agent, "private": rarely(0), "automated": rarely(1), "edited": rarely(2),
        })
    }

    fn merge(&self) -> Value {
        let (from, into) = (self.conversation % 3, self.choice % 4);
        let into = if from == into { 3 } else { into };
        json!({"type": "ticket.merged", "ticket": format!("c{from}"), "into": format!("c{into}")})
    }

    fn agent_status(&self) -> Value {
        json!({"type": "agent.status", "agent": self.agent(), "status": self.pick(&STATUSES), "team": self.team()})
    }

    fn flag(&self, bit: u8) -> bool {
        self.flags & (1 << bit) != 0
    }

    fn agent(&self) -> &'static str {
        AGENTS[self.agent]
    }

    fn by(&self) -> Option<&'static str> {
        self.flag(0).then(|| self.agent())
    }

    fn owner(&self) -> Option<&'static str> {
        (self.choice > 2).then(|| self.agent())
    }

    fn team(&self) -> Option<&'static str> {
        TEAMS.get(self.team).copied()
    }

    fn pick<'a>(&self, words: &[&'a str]) -> &'a str {
        words[self.choice % words.len()]
    }
}
