//! Rows of totals from the ledger (kpis.md 5, rulings 61, 62, 70, 78, 79, 92).

use std::collections::BTreeMap;

use deskpulse::model::Day;
use serde_json::{Value, json};

use super::Ms;
use super::ledger::{Amount, Entry, Kind, Kpi};
use super::world::{World, seconds};

/// Period, scope, id, KPI, medium, corrected month: in the order of the rows.
type RowKey = (String, &'static str, String, String, Option<&'static str>, Option<String>);

/// A row being added up.
struct Row {
    kpi: Kpi,
    day: Day,
    samples: Vec<Ms>,
    count: i64,
    sum: Ms,
    numerator: i64,
    denominator: i64,
}

/// All rows, by months or by days.
pub fn rows(world: &World, by_day: bool) -> Vec<Value> {
    let mut rows: BTreeMap<RowKey, Row> = BTreeMap::new();
    for entry in &world.ledger.entries {
        for (scope, id) in scopes(entry) {
            let period = if by_day { entry.day.to_string() } else { entry.day.month().to_string() };
            let key = (period, scope, id, entry.kpi.id(), entry.credit.medium, entry.corrects.map(|month| month.to_string()));
            let row = rows.entry(key).or_insert_with(|| Row {
                kpi: entry.kpi,
                day: entry.day,
                samples: Vec::new(),
                count: 0,
                sum: 0,
                numerator: 0,
                denominator: 0,
            });
            row.add(entry.amount);
        }
    }
    rows.into_iter().filter_map(|(key, row)| row.print(world, &key, by_day)).collect()
}

fn scopes(entry: &Entry) -> Vec<(&'static str, String)> {
    let agent = entry.credit.agent.clone().filter(|_| entry.kpi.has_agents()).map(|agent| ("agent", agent));
    let team = entry.credit.team.clone().map(|team| ("team", team));
    agent.into_iter().chain([("all", String::new())]).chain(team).collect()
}

impl Row {
    fn add(&mut self, amount: Amount) {
        match amount {
            Amount::Sample(span, sign) => {
                self.count += sign;
                self.sum += sign * span;
                match self.samples.iter().position(|it| *it == span) {
                    Some(index) if sign < 0 => drop(self.samples.remove(index)),
                    _ => self.samples.push(span),
                }
            }
            Amount::Ratio(numerator, denominator) => {
                self.numerator += numerator;
                self.denominator += denominator;
            }
            Amount::Number(number) => self.sum += number,
        }
    }

    fn print(mut self, world: &World, key: &RowKey, by_day: bool) -> Option<Value> {
        let (period, scope, id, kpi, medium, corrects) = key;
        let numbers = self.numbers(corrects.is_some())?;
        let team = match *scope {
            "agent" => agents_team(world, id, self.day, by_day),
            "team" => Some(id.clone()),
            _ => None,
        };
        let mut row = json!({
            "period": period, "state": state(world, self.day), "scope": scope, "id": id, "team": team, "medium": medium, "kpi": kpi,
            "unit": self.unit(),
        });
        let fields = row.as_object_mut().expect("an object");
        fields.extend(numbers.as_object().expect("an object").clone());
        fields.extend(corrects.clone().map(|month| ("corrects".to_owned(), json!(month))));
        Some(row)
    }

    fn unit(&self) -> &'static str {
        match self.kpi.kind() {
            Kind::Duration | Kind::Sum => "seconds",
            Kind::Ratio | Kind::TimeRatio => "ratio",
            Kind::Count => "count",
        }
    }

    fn numbers(&mut self, is_correction: bool) -> Option<Value> {
        match self.kpi.kind() {
            Kind::Count => (self.sum != 0).then(|| json!({"value": self.sum})),
            Kind::Sum => (self.sum != 0).then(|| json!({"value": seconds(self.sum), "sum": seconds(self.sum)})),
            Kind::Duration if self.count == 0 && (self.sum == 0 || !is_correction) => None,
            Kind::Duration if is_correction => Some(json!({"value": null, "count": self.count, "sum": seconds(self.sum)})),
            Kind::Duration => {
                self.samples.sort_unstable();
                Some(json!({
                    "value": seconds(self.sum) / self.count as f64, "count": self.count, "sum": seconds(self.sum),
                    "p50": seconds(self.rank(50)), "p90": seconds(self.rank(90)), "p99": seconds(self.rank(99)),
                }))
            }
            Kind::Ratio | Kind::TimeRatio => self.ratio(is_correction),
        }
    }

    fn rank(&self, percent: usize) -> Ms {
        self.samples[(self.samples.len() * percent).div_ceil(100) - 1]
    }

    fn ratio(&self, is_correction: bool) -> Option<Value> {
        if self.numerator == 0 && self.denominator == 0 {
            return None;
        }
        let value = (self.denominator != 0 && !is_correction).then(|| self.numerator as f64 / self.denominator as f64);
        Some(if self.kpi.kind() == Kind::TimeRatio {
            json!({"value": value, "numerator": seconds(self.numerator), "denominator": seconds(self.denominator)})
        } else {
            json!({"value": value, "numerator": self.numerator, "denominator": self.denominator})
        })
    }
}

fn state(world: &World, day: Day) -> &'static str {
    let month = day.month();
    match world.clock {
        clock if clock >= world.ledger.close_of(month) => "closed",
        clock if clock >= world.ledger.end_of(month) => "settling",
        _ => "open",
    }
}

/// The agent's latest team in the period, or the last one before it (ruling 70), as it stood at the close.
fn agents_team(world: &World, id: &str, day: Day, by_day: bool) -> Option<String> {
    let agent = world.agents.get(id)?;
    let zone = &world.settings.zone;
    let end = if by_day { zone.start(day.next()).0 } else { zone.month_start(day.month().next()).0 };
    let closed = world.closed.contains_key(&day.month());
    let teams = if closed { agent.teams_at_close.get(&day.month())? } else { &agent.teams };
    teams.iter().rev().find(|(since, _)| *since < end).map(|(_, team)| team.clone())
}
