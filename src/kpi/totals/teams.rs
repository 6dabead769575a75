//! Which team an agent's rows print: his latest one in the period, or the last one before it (ruling 70).

use std::collections::BTreeMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::ledger::Calendar;
use crate::model::{Day, Name, Row, RowError, Table, Time};

/// Version of the encoding of rows of [`Table::AgentTeam`].
const VERSION: u8 = 1;

/// The last team of each agent on each day on which he came to one.
#[derive(Debug)]
pub(super) struct Teams {
    agents: HashMap<Name, BTreeMap<Day, Stay>, RandomState>,
    changed: Option<Vec<(Name, Day)>>,
}

/// A team, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stay {
    since: Time,
    team: Name,
}

impl Teams {
    /// Nobody's teams.
    pub fn new(track_changes: bool) -> Self {
        Self { agents: HashMap::default(), changed: track_changes.then(Vec::new) }
    }

    /// Notes an agent's team since an instant, as it became known at `clock`.
    ///
    /// What rows of a closed month print is fixed (ruling 62): a change that belongs there is noted on the first day that is not
    /// closed, unless he had come to another team since.
    pub fn note(&mut self, agent: &Name, team: &Name, since: Time, clock: Time, calendar: &Calendar) {
        let day = calendar.zone.day(since);
        let noted_on = if clock < calendar.closes(day.month()) { day } else { calendar.first_open_day(clock) };
        let stays = self.agents.entry(agent.clone()).or_default();
        if stays.range(..=noted_on).next_back().is_some_and(|(_, last)| last.since > since) {
            return;
        }
        stays.insert(noted_on, Stay { since, team: team.clone() });
        if let Some(changed) = &mut self.changed {
            changed.push((agent.clone(), noted_on));
        }
    }

    /// The agent's last team before the day `end`.
    pub fn before(&self, agent: &Name, end: Day) -> Option<&Name> {
        self.agents.get(agent)?.range(..end).next_back().map(|(_, stay)| &stay.team)
    }

    /// The rows changed since the last call.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        let mut changed = self.changed.as_mut().map(std::mem::take).unwrap_or_default();
        changed.sort_unstable();
        changed.dedup();
        for key in changed {
            if let Some(stay) = self.agents.get(&key.0).and_then(|stays| stays.get(&key.1)) {
                rows.push(Row::put(Table::AgentTeam, VERSION, &key, stay));
            }
        }
    }

    /// Whether changes are noted, and all of them given out.
    pub fn is_given_out(&self) -> bool {
        self.changed.as_ref().is_some_and(Vec::is_empty)
    }

    /// Lets what is noted on days before this one go, but for each agent's last team: rows print it until he comes to another.
    pub fn evict_before(&mut self, first: Day) {
        self.agents.values_mut().for_each(|stays| keep_from(first, stays));
    }

    /// Takes over one stored row of these days; of those before only an agent's last.
    pub fn restore(&mut self, row: &Row, held: &Range<Day>) -> Result<(), RowError> {
        let ((agent, day), stay): ((Name, Day), Stay) = row.read(VERSION)?;
        if day < held.end {
            let stays = self.agents.entry(agent).or_default();
            stays.insert(day, stay);
            keep_from(held.start, stays);
        }
        Ok(())
    }
}

/// Leaves the stays noted from this day on, and the last before.
fn keep_from(first: Day, stays: &mut BTreeMap<Day, Stay>) {
    if let Some(last) = stays.range(..first).next_back().map(|(day, _)| *day) {
        *stays = stays.split_off(&last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_on_days_that_are_not_held_leaves_but_for_the_last() {
        let row = |day: i32| Row::put(Table::AgentTeam, VERSION, &("amy", Day(day)), &Stay { since: Time(day.into()), team: "vip".into() });
        let days = |teams: &Teams| teams.agents["amy"].keys().map(|day| day.0).collect::<Vec<_>>();
        for (first, wanted) in [(3, vec![3, 5, 100]), (5, vec![3, 5, 100]), (6, vec![5, 100]), (200, vec![100])] {
            let (mut restored, mut evicted) = (Teams::new(true), Teams::new(true));
            // Rows come in the order of their keys' bytes.
            for day in [200, 3, 100, 5] {
                restored.restore(&row(day), &(Day(first)..Day(200))).unwrap();
                evicted.restore(&row(day), &(Day(i32::MIN)..Day(200))).unwrap();
            }
            evicted.evict_before(Day(first));
            assert_eq!([days(&restored), days(&evicted)], [wanted.clone(), wanted], "{first}");
        }
    }
}
