//! Agents' time: every status against all handling, day by day (kpis.md 4, rulings 62, 69, 70, 77).

use deskpulse::model::{Day, Month, Time};

use super::Ms;
use super::agent::{Agent, Status};
use super::ledger::{Amount, Credit, Kpi, Snapshot};
use super::spans::{self, Interval};
use super::world::World;

impl World {
    /// Agents' time up to the clock, as far as it belongs to days that are wanted.
    fn time_sheet(&self, wanted: impl Fn(Day) -> bool) -> Snapshot {
        let mut sheet = Snapshot::new();
        for (id, agent) in &self.agents {
            for status in &agent.statuses {
                for (day, part) in self.by_day((status.from, status.to.unwrap_or(self.clock))) {
                    if wanted(day) {
                        let credit = Credit { agent: Some(id.clone()), team: team_of(agent, status, day.month()), medium: None };
                        self.add_time(&mut sheet, &credit, day, part, &status.category);
                    }
                }
            }
        }
        for episode in &self.episodes {
            let credit = Credit { agent: Some(episode.agent.clone()), team: episode.team.clone(), medium: None };
            for (day, part) in self.by_day((episode.from, episode.to.unwrap_or(self.clock))) {
                if wanted(day) {
                    add(&mut sheet, &credit, day, Kpi::WaitingOverLimitTime, (part.1 - part.0, 0));
                }
            }
        }
        sheet
    }

    fn add_time(&self, sheet: &mut Snapshot, credit: &Credit, day: Day, (from, to): Interval, category: &str) {
        if matches!(category, "away" | "offline") {
            return;
        }
        let his = self.pieces.iter().filter(|piece| Some(&piece.agent) == credit.agent.as_ref());
        let pieces: Vec<Interval> = his.map(|piece| piece.interval(self.clock)).collect();
        let inside = spans::clip(&pieces, from, to);
        let (work, handling, handled) = (to - from, spans::sum(&inside), spans::measure(&inside));
        let busy = if category == "handling" { work } else { handled };
        let idle = if category == "available" { work - busy } else { 0 };
        add(sheet, credit, day, Kpi::WorkTime, (work, 0));
        add(sheet, credit, day, Kpi::HandlingTime, (busy, 0));
        add(sheet, credit, day, Kpi::Utilization, (busy, work));
        add(sheet, credit, day, Kpi::Occupancy, (busy, busy + idle));
        add(sheet, credit, day, Kpi::Concurrency, (handling, handled));
    }

    /// An interval split at the begins of days.
    fn by_day(&self, (from, to): Interval) -> Vec<(Day, Interval)> {
        let zone = &self.settings.zone;
        let mut parts = Vec::new();
        let mut at = from;
        while at < to {
            let day = zone.day(Time(at));
            let end = zone.start(day.next()).0.min(to);
            parts.push((day, (at, end)));
            at = end;
        }
        parts
    }

    /// Fixes a month for good.
    pub fn close_month(&mut self, month: Month) {
        for agent in self.agents.values_mut() {
            agent.teams_at_close.insert(month, agent.teams.clone());
            let team = agent.team();
            for open in agent.statuses.iter_mut().filter(|it| it.to.is_none()) {
                open.team_at_close.insert(month, team.clone());
            }
        }
        let sheet = self.time_sheet(|day| day.month() == month);
        self.post(&sheet);
        self.closed.insert(month, sheet);
    }

    /// Posts what an event has changed about closed months.
    pub fn correct_closed_months(&mut self) {
        for (month, posted) in self.closed.clone() {
            let sheet = self.time_sheet(|day| day.month() == month);
            let keys = posted.keys().chain(sheet.keys());
            for key in keys.collect::<std::collections::BTreeSet<_>>() {
                let (was, is) = (posted.get(key).copied().unwrap_or_default(), sheet.get(key).copied().unwrap_or_default());
                if was != is {
                    let (credit, _, kpi) = key;
                    let amount = Amount::of_time(*kpi, (is.0 - was.0, is.1 - was.1));
                    self.ledger.correct(*kpi, credit, self.clock, month, amount);
                }
            }
            self.closed.insert(month, sheet);
        }
    }

    /// Posts the months that are not closed at the end.
    pub fn post_agents_time(&mut self) {
        let sheet = self.time_sheet(|day| !self.closed.contains_key(&day.month()));
        self.post(&sheet);
    }

    fn post(&mut self, sheet: &Snapshot) {
        for ((credit, day, kpi), time) in sheet {
            self.ledger.put(*kpi, credit, *day, Amount::of_time(*kpi, *time));
        }
    }
}

fn team_of(agent: &Agent, status: &Status, month: Month) -> Option<String> {
    match status.team_at_close.get(&month) {
        Some(team) => team.clone(),
        None if status.to.is_some() => status.team.clone(),
        None => agent.team(),
    }
}

fn add(sheet: &mut Snapshot, credit: &Credit, day: Day, kpi: Kpi, (a, b): (Ms, Ms)) {
    let sum = sheet.entry((credit.clone(), day, kpi)).or_default();
    sum.0 += a;
    sum.1 += b;
}
