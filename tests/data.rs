//! Real data with known answers: `replay` gives the figures of every `tests/data/*/expected.json`, which were computed from the raw
//! data by others. `tests/data/README.md` says what its fields mean.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use deskpulse::config::{self, Config};
use deskpulse::kpi::{CATALOGUE, PeriodKind};
use deskpulse::model::{Output, Posted, Time, Zone};
use deskpulse::replay::Replay;
use deskpulse::view;
use serde_json::{Map, Value};

#[path = "support/sets.rs"]
mod sets;

/// Seconds, sums and means may differ by this.
const TOLERANCE: f64 = 0.0005;
/// Percentiles may differ by this share.
const PERCENTILE_TOLERANCE: f64 = 0.001;
/// What tells rows of totals apart.
const ROW_KEY: [&str; 5] = ["period", "scope", "id", "kpi", "medium"];
/// Runs that wait for business hours: their configuration has a calendar.
const RUNS_THAT_WAIT: [(&str, &str); 1] = [("helpdesk_italian", "office hours")];
/// Facts that wait for their KPI families.
const FACTS_THAT_WAIT: [&str; 1] = ["rated"];

#[test]
fn a_week_of_a_banks_phone_queue() {
    assert_eq!(checked("anonymous_bank_feb_w1"), ["month", "day"]);
}

#[test]
fn four_years_of_a_help_desks_tickets() {
    assert_eq!(checked("helpdesk_italian"), ["wall"]);
}

#[test]
fn a_live_support_channel_with_a_clock_of_seconds() {
    assert_eq!(checked("irc_stripe_0"), ["month"]);
}

#[test]
fn complaints_of_a_city() {
    assert_eq!(checked("nyc311"), ["month"]);
}

#[test]
fn phone_calls_of_agents_with_several_at_once() {
    assert_eq!(checked("pwc_callcentre"), ["month"]);
}

#[test]
fn runs_wait_only_for_calendars() {
    for (set, run) in RUNS_THAT_WAIT {
        let expected = expected(set);
        let waiting = expected["runs"].as_array().unwrap().iter().find(|one| one["name"] == run).unwrap();
        let refused = configuration(&sets::folder(set).join(waiting["config"].as_str().unwrap())).unwrap_err();
        assert!(refused.contains("calendar"), "{set}, {run}: {refused}; take it off the list");
    }
}

/// Compares everything that is expected of a data set and gives back the names of its runs.
fn checked(set: &str) -> Vec<String> {
    let expected = expected(set);
    let mut printed = BTreeMap::new();
    let mut failures = Vec::new();
    for run in expected["runs"].as_array().unwrap() {
        let name = run["name"].as_str().unwrap();
        if RUNS_THAT_WAIT.contains(&(set, name)) {
            continue;
        }
        let output = Printed::of(set, run, expected["time_zone"].as_str().unwrap());
        failures.extend(output.failures(run).into_iter().map(|failure| format!("{name}: {failure}")));
        printed.insert(name, output);
    }
    for published in expected["published"].as_array().unwrap() {
        if let Some(output) = printed.get(published["run"].as_str().unwrap())
            && terms(published).all(|term| term["totals"]["kpi"].as_str().is_none_or(is_there))
        {
            failures.extend(output.differs_from(published));
        }
    }
    assert!(
        failures.is_empty(),
        "{set}: {} differences\n{}",
        failures.len(),
        failures.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
    let runs = expected["runs"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap());
    runs.filter(|name| printed.contains_key(name)).map(str::to_owned).collect()
}

fn expected(set: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(sets::folder(set).join("expected.json")).unwrap()).unwrap()
}

fn configuration(file: &Path) -> Result<Config, String> {
    config::load(Some(file), []).map_err(|error| error.to_string())
}

/// Whether the catalogue has the KPI already.
fn is_there(kpi: &str) -> bool {
    CATALOGUE.iter().any(|known| known.id == kpi)
}

/// What a replay of a data set prints.
struct Printed {
    totals: Vec<Value>,
    facts: Vec<Value>,
    summary: Value,
}

impl Printed {
    fn of(set: &str, run: &Value, time_zone: &str) -> Self {
        let config = configuration(&sets::folder(set).join(run["config"].as_str().unwrap())).unwrap();
        let events = sets::unpacked(set, run["events"].as_str().unwrap());
        let files: [PathBuf; 1] = [events.to_path_buf()];
        let until: Option<Time> = run["until"].as_str().map(|until| deskpulse::decode::parse_time(until).unwrap());
        let replay = Replay { config: &config, files: &files, until, strict: true };
        let zone = Zone::new(time_zone).unwrap();
        let mut facts = Vec::new();
        let each = &mut |posted: &Posted| {
            if let Output::Fact(fact) = &posted.output
                && let Some(line) = view::fact::line(fact)
            {
                let mut line: Value = serde_json::from_str(&line)?;
                // Published figures ask for facts by their day.
                line["day"] = zone.day(fact.at).to_string().into();
                facts.push(line);
            }
            Ok(())
        };
        let mut core = replay.run(&mut |complaint| panic!("{set}: {complaint}"), each).unwrap();
        let period = if run["period"] == "day" { PeriodKind::Day } else { PeriodKind::Month };
        let rows = core.totals(period);
        let totals = rows.map(|row| serde_json::from_str(&view::totals::line(&row)).unwrap()).collect();
        Self { totals, facts, summary: serde_json::from_str(&core.summary().json()).unwrap() }
    }

    /// What differs from a run.
    fn failures(&self, run: &Value) -> Vec<String> {
        let mut failures = Vec::new();
        for (counter, wanted) in run["summary"].as_object().unwrap() {
            if self.summary[counter] != *wanted {
                failures.push(format!("{counter}: wanted {wanted}, found {}", self.summary[counter]));
            }
        }
        for wanted in run["facts"].as_array().into_iter().flatten() {
            let matching = object(&wanted["match"]);
            let found = self.facts.iter().filter(|fact| has(fact, matching)).count();
            let waits = matching["fact"].as_str().is_some_and(|fact| FACTS_THAT_WAIT.contains(&fact));
            if !waits && wanted["count"] != found {
                failures.push(format!("facts {}: wanted {}, found {found}", wanted["match"], wanted["count"]));
            }
        }
        let rows: BTreeMap<_, _> = self.totals.iter().filter(|row| row["corrects"].is_null()).map(|row| (key(row), row)).collect();
        let mut known = BTreeSet::new();
        for wanted in run["totals"].as_array().unwrap().iter().filter(|row| is_there(row["kpi"].as_str().unwrap())) {
            known.insert(key(wanted));
            match rows.get(&key(wanted)) {
                Some(found) if equal(object(wanted), found) => {}
                found => failures.push(format!("wanted {wanted}, found {found:?}")),
            }
        }
        let others = self.totals.iter().filter(|row| !row["corrects"].is_null() || !known.contains(&key(row)));
        let unexpected = others.filter(|row| is_covered(row, run) && !is_zero(row));
        failures.extend(unexpected.map(|row| format!("not expected: {row}")));
        failures
    }

    /// Whether the arithmetic leads to a published figure.
    fn differs_from(&self, published: &Value) -> Option<String> {
        let sum = |terms: &Value| terms.as_array().map(|terms| terms.iter().map(|term| self.term(term)).sum::<f64>());
        let plus: f64 = published["plus"].as_object().into_iter().flat_map(Map::values).map(|value| value.as_f64().unwrap()).sum();
        let divisor = sum(&published["over"]).or(published["divide"].as_f64()).unwrap_or(1.0);
        let found = (sum(&published["terms"]).unwrap() + plus) / divisor;
        let distance = (found - published["published"].as_f64().unwrap()).abs();
        let tolerance = published["tolerance"].as_f64().unwrap() + 1e-9;
        (distance > tolerance).then(|| format!("{}: published {}, found {found}", published["what"], published["published"]))
    }

    /// A field summed over the matching rows or facts.
    fn term(&self, term: &Value) -> f64 {
        let (from, matching) = match term["totals"].as_object() {
            Some(matching) => (&self.totals, matching),
            None => (&self.facts, object(&term["facts"])),
        };
        let field = term["field"].as_str().unwrap();
        let matches = from.iter().filter(|one| has(one, matching));
        // Facts have no count of their own: each is one.
        matches.map(|one| if term["facts"].is_object() && field == "count" { 1.0 } else { one[field].as_f64().unwrap() }).sum()
    }
}

fn terms(published: &Value) -> impl Iterator<Item = &Value> {
    ["terms", "over"].into_iter().flat_map(|part| published[part].as_array()).flatten()
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn key(row: &Value) -> [String; 5] {
    ROW_KEY.map(|field| row[field].to_string())
}

/// Whether it has exactly these fields.
fn has(one: &Value, fields: &Map<String, Value>) -> bool {
    fields.iter().all(|(field, wanted)| one[field] == *wanted)
}

/// Whether every field listed is there and equal, numbers within their tolerance.
fn equal(wanted: &Map<String, Value>, found: &Value) -> bool {
    wanted.iter().all(|(field, wanted)| match (wanted.as_f64(), found[field].as_f64()) {
        (Some(wanted), Some(found)) => {
            let slack = if field.starts_with('p') { (wanted.abs() * PERCENTILE_TOLERANCE).max(TOLERANCE) } else { TOLERANCE };
            (wanted - found).abs() <= slack
        }
        _ => *wanted == found[field],
    })
}

/// Whether everything that may be printed of this KPI, medium and scope is expected.
fn is_covered(row: &Value, run: &Value) -> bool {
    let covered = run["covered"].as_array().unwrap();
    covered.iter().any(|one| one[0] == row["kpi"] && one[1] == row["medium"] && one[2].as_array().unwrap().contains(&row["scope"]))
}

fn is_zero(row: &Value) -> bool {
    ["value", "count", "sum", "numerator", "denominator"].iter().all(|field| row[field].as_f64().is_none_or(|value| value == 0.0))
}
