//! Which agents have series: those on duty, up to `max_agents`.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};

use super::{AgentOption, Snapshot};
use crate::kpi::Scope;
use crate::model::Name;

/// Decides for each series of an agent whether it is shown, and counts those left out because there are too many.
#[derive(Debug)]
pub struct Roster<'a> {
    option: AgentOption,
    /// Agents of which series may be asked for, and how they stand.
    agents: HashMap<&'a str, Place, foldhash::fast::RandomState>,
    left_out: Cell<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    on_duty: bool,
    within_limit: bool,
}

impl<'a> Roster<'a> {
    /// The roster of a snapshot: agents on duty first, then all others that have counters or a month, each in the order of their ids.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let on_duty: BTreeSet<&Name> = snapshot.live.agents.iter().map(|agent| &agent.agent).collect();
        let answering = snapshot.counters.answers.iter().map(|(key, _)| &key.agent);
        let breaching = snapshot.counters.breaches.iter().filter_map(|(key, _)| key.agent.as_ref());
        let working = snapshot.counters.time.iter().map(|(key, _)| &key.agent);
        let months = snapshot.months.iter().filter(|row| row.scope == Scope::Agent).map(|row| &row.id);
        let known = answering.chain(breaching).chain(working).chain(months);
        let others: BTreeSet<&Name> = known.filter(|agent| !on_duty.contains(agent)).collect();
        let count = on_duty.len();
        let place = |(index, agent): (usize, &'a Name)| {
            (agent.as_str(), Place { on_duty: index < count, within_limit: index < snapshot.options.max_agents })
        };
        let agents = on_duty.iter().copied().chain(others).enumerate().map(place).collect();
        Self { option: snapshot.options.agents, agents, left_out: Cell::new(0) }
    }

    /// Whether a series of an agent's present is shown: of those on duty.
    pub fn shows_now(&self, agent: &str) -> bool {
        self.option != AgentOption::Off && self.shows(agent, true)
    }

    /// Whether a series of what an agent has done is shown: of those on duty, with [`AgentOption::All`] of all.
    pub fn shows_done(&self, agent: &str) -> bool {
        self.option != AgentOption::Off && self.shows(agent, self.option == AgentOption::Live)
    }

    /// Whether an agent's breaches are shown: of all, since those who have left may still have customers waiting.
    pub fn shows_breaches(&self, agent: &str) -> bool {
        self.option != AgentOption::Off && self.shows(agent, false)
    }

    /// Whether an agent's months are shown.
    pub fn shows_months(&self, agent: &str) -> bool {
        self.option == AgentOption::All && self.shows(agent, false)
    }

    /// How many series were left out because there are too many agents.
    pub fn left_out(&self) -> u64 {
        self.left_out.get()
    }

    fn shows(&self, agent: &str, only_on_duty: bool) -> bool {
        let Some(place) = self.agents.get(agent) else { return false };
        if only_on_duty && !place.on_duty {
            return false;
        }
        if !place.within_limit {
            self.left_out.set(self.left_out.get() + 1);
        }
        place.within_limit
    }
}
