//! What a changed configuration would change about time that has passed: numbers already told, or already in the books.
//!
//! Only what is looked up from now on may change without a word: a policy from tomorrow on, a banned phrase, how long ids are remembered. What is
//! measured over open intervals, or decides days and months, would mix two rules in one number.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::engine::AgentSettings;
use crate::model::{Category, Day};

/// Keys whose change reaches back, and why.
const REACHING_BACK: &[(&str, &str)] = &[
    ("time_zone", "days and months would begin at other instants"),
    ("engine.short_abandon", "customers who left early in this month would be counted by two rules"),
    ("engine.fcr_window", "resolutions that stand would be withdrawn for longer, or no longer"),
    ("engine.conversion_window", "what was written to customers would count for orders longer, or no longer"),
    ("engine.settle", "months would close at other instants"),
    ("engine.bad_review_reasons", "bad reviews of this month would be counted by two rules"),
    ("engine.return_reasons", "returns of this month would be counted by two rules"),
    ("agents.waiting_limit", "customers who wait now would be judged by another limit since they began to"),
    ("agents.limit_counts", "conversations that are open now would be counted otherwise"),
    ("agents.handling", "chats that are open now would have been handled at other times"),
    ("agents.focus", "chats that are open now would have been handled at other times"),
    ("agents.presence_timeout", "statuses that last would have ended at other times"),
];

/// One thing that a configuration would change about time that has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastChange {
    /// The key: `time_zone`, `agents.statuses.busy`, `policy`.
    pub key: String,
    /// What it was.
    pub before: String,
    /// What it would be.
    pub after: String,
    /// What that would change.
    pub effect: String,
}

impl std::fmt::Display for PastChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} was {}, is now {}: {}", self.key, self.before, self.after, self.effect)
    }
}

/// What `after` would change about time up to and with `today`, the day of the engine's clock, that `before` has decided. Both are resolved
/// configurations. A key that `before` does not have was not known when it was written, and changes nothing.
#[must_use]
pub fn past_changes(before: &Table, after: &Table, today: Day) -> Vec<PastChange> {
    // What statuses are now compared by is their category; what policies are compared by is what they decide on days that have passed.
    let handling_is_owned =
        [before, after].iter().all(|table| find(table, "agents.handling").is_some_and(|rule| rule.as_str() == Some("owned")));
    let keys = REACHING_BACK.iter().filter(|(key, _)| !(*key == "agents.focus" && handling_is_owned));
    let mut changes: Vec<PastChange> = keys
        .filter_map(|(key, effect)| {
            let (was, is) = (find(before, key)?, find(after, key)?);
            (was != is).then(|| change(key, &was.to_string(), &is.to_string(), effect))
        })
        .collect();
    changes.extend(statuses(before, after));
    changes.extend(calendars(before, after));
    changes.extend(policies(before, after, today));
    changes
}

/// The keys in which two resolved configurations differ, in order; a list, like that of the policies, is one key.
#[must_use]
pub fn changed_keys(before: &Table, after: &Table) -> Vec<String> {
    let mut keys = Vec::new();
    differences("", before, after, &mut keys);
    keys
}

fn differences(path: &str, before: &Table, after: &Table, keys: &mut Vec<String>) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let nothing = Table::new();
    for name in names {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (before.get(name), after.get(name)) {
            (was, is) if was == is => {}
            (Some(Value::Table(was)), Some(Value::Table(is))) => differences(&key, was, is, keys),
            (None, Some(Value::Table(is))) => differences(&key, &nothing, is, keys),
            (Some(Value::Table(was)), None) => differences(&key, was, &nothing, keys),
            _ => keys.push(key),
        }
    }
}

fn change(key: &str, before: &str, after: &str, effect: &str) -> PastChange {
    PastChange { key: key.to_owned(), before: before.to_owned(), after: after.to_owned(), effect: effect.to_owned() }
}

fn find<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((section, rest)) => find(table.get(section)?.as_table()?, rest),
    }
}

/// Status words whose category is another one.
fn statuses(before: &Table, after: &Table) -> Vec<PastChange> {
    let built_in = AgentSettings::default();
    let written = |table| -> BTreeMap<String, String> {
        let section = find(table, "agents.statuses").and_then(Value::as_table);
        section.into_iter().flatten().filter_map(|(word, category)| Some((word.clone(), category.as_str()?.to_owned()))).collect()
    };
    let (was, is) = (written(before), written(after));
    let category =
        |of: &BTreeMap<String, String>, word: &str| of.get(word).cloned().unwrap_or_else(|| built_in.category(word).word().to_owned());
    let words: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let changed = words.into_iter().map(|word| (word, category(&was, word), category(&is, word))).filter(|(_, was, is)| was != is);
    changed
        .map(|(word, was, is)| {
            let work =
                |word: &str| Category::ALL.iter().find(|category| category.word() == word).is_some_and(|category| category.is_work());
            let effect = match (work(&was), work(&is)) {
                (true, false) => "time in it since it began would be no work time any more",
                (false, true) => "time in it since it began would be work time",
                _ => "time in it since it began would be work of another kind",
            };
            change(&format!("agents.statuses.{word}"), &was, &is, effect)
        })
        .collect()
}

/// A calendar that is used says what was open at all times: a new one harms nothing, another one does.
fn calendars(before: &Table, after: &Table) -> Vec<PastChange> {
    let all = |table: &Table| table.get("calendar").and_then(Value::as_table).cloned().unwrap_or_default();
    let (was, is) = (all(before), all(after));
    let changed = was.iter().filter(|(name, calendar)| is.get(*name) != Some(calendar));
    changed
        .map(|(name, calendar)| {
            let now = is.get(name).map_or_else(|| "gone".to_owned(), ToString::to_string);
            change(&format!("calendar.{name}"), &calendar.to_string(), &now, "waits that run would be measured otherwise since they began")
        })
        .collect()
}

/// The stretches of days up to today in which other policies would have been valid.
fn policies(before: &Table, after: &Table, today: Day) -> Vec<PastChange> {
    let (was, is) = (Policies::of(before), Policies::of(after));
    // Validity changes at these days only, so that one look into each stretch between them is enough.
    let mut starts: BTreeSet<Day> = was.edges().chain(is.edges()).filter(|day| *day <= today).collect();
    starts.insert(Day(i32::MIN));
    let Some(start) = starts.iter().copied().rfind(|day| was.valid_on(*day) != is.valid_on(*day)) else { return Vec::new() };
    let shown = |policies: &Policies| match policies.valid_on(start).as_slice() {
        [] => "the built-in ones".to_owned(),
        valid => valid.iter().map(|policy| format!("{{ {} }}", inline(policy))).collect::<Vec<_>>().join(", then "),
    };
    let since = if start == Day(i32::MIN) { String::new() } else { format!(" from {start} on") };
    let until = starts.iter().copied().find(|day| *day > start).map_or_else(|| format!(" to {today}"), |end| format!(" before {end}"));
    let tomorrow = today.next();
    let effect = format!(
        "other targets would have been valid{since}{until}; to change them from tomorrow on, let the old policy end with until = \"{tomorrow}\" and the new one begin with from = \"{tomorrow}\""
    );
    vec![change("policy", &shown(&was), &shown(&is), &effect)]
}

fn inline(policy: &Table) -> String {
    policy.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
}

/// The policies of a configuration, each with its days.
struct Policies(Vec<(Option<Day>, Option<Day>, Table)>);

impl Policies {
    fn of(table: &Table) -> Self {
        let sections = table.get("policy").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
        let day = |policy: &Table, key: &str| policy.get(key).and_then(Value::as_str).and_then(|day| day.parse().ok());
        let of = |policy: &Table| {
            let mut decides = policy.clone();
            decides.remove("from");
            decides.remove("until");
            (day(policy, "from"), day(policy, "until"), decides)
        };
        Self(sections.map(of).collect())
    }

    fn edges(&self) -> impl Iterator<Item = Day> + '_ {
        self.0.iter().flat_map(|(from, until, _)| [*from, *until]).flatten()
    }

    /// What is valid on a day, in the order in which it is looked up.
    fn valid_on(&self, day: Day) -> Vec<&Table> {
        let is_valid = |from: Option<Day>, until: Option<Day>| from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until);
        self.0.iter().filter(|(from, until, _)| is_valid(*from, *until)).map(|(_, _, policy)| policy).collect()
    }
}

#[cfg(test)]
mod tests;
