//! The configuration as far as the oracle knows it: no calendars, no first contact, no orders.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Ms;
use deskpulse::model::{Time, Zone};

/// When an agent handles a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// While he owns it.
    Owned,
    /// While a customer waits on him, and for a while after each of his messages.
    Active,
}

/// The configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The reporting zone.
    pub zone: Zone,
    /// How far behind an event may come.
    pub allowed_lateness: Ms,
    /// How long a month takes corrections after its end.
    pub settle: Ms,
    /// After how long an ended conversation is unknown again.
    pub forget_after: Ms,
    /// How many customers may wait on an agent.
    pub waiting_limit: usize,
    /// Whether all open conversations count against the limit.
    pub limit_counts_open: bool,
    /// When an agent handles a chat.
    pub handling: Handling,
    /// How long a message is handling, with [`Handling::Active`].
    pub focus: Ms,
    /// After how long without a status event a status ends.
    pub presence_timeout: Option<Ms>,
    /// Category of each status word.
    pub statuses: BTreeMap<String, String>,
    /// The user's policies, in order.
    pub policies: Vec<Policy>,
}

/// The attributes that a policy may match.
pub const ATTRIBUTES: [&str; 6] = ["medium", "team", "channel", "kind", "severity", "priority"];

/// One policy.
#[derive(Debug, Clone)]
pub struct Policy {
    matches: BTreeMap<String, String>,
    targets: BTreeMap<String, Option<Ms>>,
    from: Ms,
    until: Ms,
}

impl Settings {
    /// Reads a valid configuration.
    pub fn read(text: &str) -> Self {
        let all: Table = text.parse().expect("valid TOML");
        let none = Table::new();
        let section = |name: &str| all.get(name).and_then(Value::as_table).unwrap_or(&none).clone();
        let (engine, agents) = (section("engine"), section("agents"));
        let zone = Zone::new(word(&all, "time_zone", "Asia/Shanghai")).expect("a zone");
        let policies = all.get("policy").and_then(Value::as_array).cloned().unwrap_or_default();
        let policies = policies.iter().map(|policy| Policy::read(policy.as_table().expect("a table"), &zone)).collect();
        let timeout = word(&agents, "presence_timeout", "off");
        Self {
            zone,
            allowed_lateness: span(word(&engine, "allowed_lateness", "2s")),
            settle: span(word(&engine, "settle", "7d")),
            forget_after: span(word(&engine, "forget_after", "90d")),
            waiting_limit: agents.get("waiting_limit").and_then(Value::as_integer).unwrap_or(5).try_into().expect("a limit"),
            limit_counts_open: word(&agents, "limit_counts", "waiting") == "open",
            handling: if word(&agents, "handling", "owned") == "active" { Handling::Active } else { Handling::Owned },
            focus: span(word(&agents, "focus", "60s")),
            presence_timeout: (timeout != "off").then(|| span(timeout)),
            statuses: statuses(agents.get("statuses").and_then(Value::as_table).unwrap_or(&none)),
            policies,
        }
    }

    /// The category of a status word.
    pub fn category(&self, status: &str) -> String {
        self.statuses.get(status).cloned().unwrap_or_else(|| "working".to_owned())
    }

    /// A target (`first_response`, `next_response`, `resolution`) for a conversation with these attributes.
    pub fn target(&self, which: &str, attributes: &BTreeMap<&str, String>, at: Ms) -> Option<Ms> {
        let found = self.policies.iter().filter(|policy| policy.fits(attributes, at)).find_map(|policy| policy.targets.get(which));
        if let Some(target) = found {
            return *target;
        }
        let is = |name: &str, value: &str| attributes.get(name).is_some_and(|it| it == value);
        match which {
            "resolution" => (is("medium", "ticket") && is("kind", "complaint")).then_some(24 * 3_600_000),
            _ => is("medium", "chat").then_some(30_000),
        }
    }
}

impl Policy {
    fn read(table: &Table, zone: &Zone) -> Self {
        let text = |name: &str| table.get(name).and_then(Value::as_str).map(str::to_owned);
        let matches = ATTRIBUTES.iter().filter_map(|name| Some(((*name).to_owned(), text(name)?))).collect();
        let target = |name: &str| Some((name.to_owned(), text(name).map(|it| (it != "off").then(|| span(&it)))?));
        let targets = ["first_response", "next_response", "resolution"].iter().filter_map(|name| target(name)).collect();
        let day = |name: &str| text(name).map(|date| start_of(&date, zone));
        Self { matches, targets, from: day("from").unwrap_or(Ms::MIN), until: day("until").unwrap_or(Ms::MAX) }
    }

    fn fits(&self, attributes: &BTreeMap<&str, String>, at: Ms) -> bool {
        let matched = self.matches.iter().all(|(name, value)| attributes.get(name.as_str()) == Some(value));
        matched && self.from <= at && at < self.until
    }
}

fn start_of(date: &str, zone: &Zone) -> Ms {
    let date: jiff::civil::Date = date.parse().expect("a date");
    let noon = date.at(12, 0, 0, 0).to_zoned(zone.tz().clone()).expect("noon exists");
    zone.start(zone.day(Time(noon.timestamp().as_millisecond()))).0
}

fn word<'a>(table: &'a Table, name: &str, default: &'a str) -> &'a str {
    table.get(name).and_then(Value::as_str).unwrap_or(default)
}

fn statuses(own: &Table) -> BTreeMap<String, String> {
    let known = [("after_contact", "handling"), ("busy", "working"), ("meeting", "working"), ("training", "working"), ("break", "away")];
    let categories = ["available", "handling", "working", "away", "offline"];
    let mut all: BTreeMap<String, String> = known.iter().map(|(word, category)| ((*word).to_owned(), (*category).to_owned())).collect();
    all.extend(categories.iter().map(|category| ((*category).to_owned(), (*category).to_owned())));
    all.extend(own.iter().map(|(word, category)| (word.clone(), category.as_str().expect("a category").to_owned())));
    all
}

/// A duration such as `1h30m`.
pub fn span(text: &str) -> Ms {
    let mut rest = text;
    let mut sum = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).expect("a unit");
        let count: Ms = rest[..digits].parse().expect("digits");
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            other => panic!("no unit: {other}"),
        };
        sum += count * unit;
        rest = &rest[end..];
    }
    sum
}
