//! Agents: their statuses and their teams (kpis.md 4, rulings 68–70, 76).

use std::collections::{BTreeMap, BTreeSet};

use deskpulse::model::Month;
use serde_json::json;

use super::Ms;
use super::event::{Event, Key};
use super::settings::Settings;
use super::world::{World, instant};

/// An agent with all his statuses.
#[derive(Debug, Clone, Default)]
pub struct Agent {
    /// In order.
    pub statuses: Vec<Status>,
    /// His teams, each with the instant since when.
    pub teams: Vec<(Ms, String)>,
    /// Whether a status has named a team: conversations do not change it any more.
    named: bool,
    /// Which conversations count against his limit, and since when these.
    pub waiting: (BTreeSet<Key>, Ms),
    /// The teams as they stood when a month was closed.
    pub teams_at_close: BTreeMap<Month, Vec<(Ms, String)>>,
}

/// A stretch in one status.
#[derive(Debug, Clone)]
pub struct Status {
    /// The word.
    pub word: String,
    /// Its category.
    pub category: String,
    /// Its begin.
    pub from: Ms,
    /// Its end; `None` while it lasts.
    pub to: Option<Ms>,
    /// The team that it counts for, once it has ended.
    pub team: Option<String>,
    /// The team that its part in a closed month counts for, when it was open at the close.
    pub team_at_close: BTreeMap<Month, Option<String>>,
    last_event: Ms,
}

impl Agent {
    /// His present team.
    pub fn team(&self) -> Option<String> {
        self.teams.last().map(|it| it.1.clone())
    }

    /// When his open status times out.
    pub fn timeout(&self, settings: &Settings) -> Option<Ms> {
        let open = self.statuses.last().filter(|it| it.to.is_none())?;
        Some(open.last_event + settings.presence_timeout?)
    }

    /// Naming the team that he has changes nothing: a late change takes effect no earlier than the last one (ruling 23).
    fn set_team(&mut self, team: String, at: Ms) {
        if self.team().as_ref() == Some(&team) {
            return;
        }
        let last = self.teams.last().map_or(at, |it| it.0);
        self.teams.push((at.max(last), team));
    }
}

impl World {
    /// `agent.status`.
    pub fn agent_status(&mut self, event: &Event) {
        let (id, word, team) = (event.text("agent").expect("required"), event.text("status").expect("required"), event.text("team"));
        let agent = self.agents.entry(id.clone()).or_default();
        let same_team = team.is_none() || agent.team().is_none_or(|present| team == Some(present));
        let last_change = agent.statuses.last().map_or(event.time, |it| it.to.unwrap_or(it.from));
        let at = event.time.max(last_change);
        let last_event = agent.statuses.last().map_or(event.time, |it| it.last_event.max(event.time));
        let open = agent.statuses.last_mut().filter(|it| it.to.is_none());
        match open {
            Some(open) if open.word == word && same_team => open.last_event = open.last_event.max(event.time),
            open => {
                let ends = open.is_some();
                if ends {
                    self.end_status(&id, at, false);
                }
                let category = self.settings.category(&word);
                let status = Status { word, category, from: at, to: None, team: None, team_at_close: BTreeMap::new(), last_event };
                self.agents.get_mut(&id).expect("just seen").statuses.push(status);
            }
        }
        if let Some(team) = team {
            let agent = self.agents.get_mut(&id).expect("just seen");
            agent.named = true;
            agent.set_team(team, at);
        }
        // What a late status adds to a closed month counts for the team of now, and stays there.
        let months: Vec<Month> = self.closed.keys().copied().collect();
        let agent = self.agents.get_mut(&id).expect("just seen");
        let team = agent.team();
        if let Some(open) = agent.statuses.last_mut() {
            for month in months {
                open.team_at_close.entry(month).or_insert_with(|| team.clone());
            }
        }
    }

    /// No status event has come for too long.
    pub fn presence_times_out(&mut self, id: &str, at: Ms) {
        self.end_status(id, at, true);
    }

    fn end_status(&mut self, id: &str, at: Ms, by_deadline: bool) {
        let agent = self.agents.get_mut(id).expect("a known agent");
        let team = agent.team();
        let status = agent.statuses.last_mut().expect("an open status");
        let at = at.max(status.from);
        status.to = Some(at);
        status.team.clone_from(&team);
        let status = status.clone();
        if status.from == at {
            return;
        }
        let fields = json!({"status": status.word, "category": status.category, "from": instant(status.from), "to": instant(at)});
        let place = by_deadline.then(|| ("agent".to_owned(), id.to_owned(), 0));
        self.place(at, "presence", team.as_deref(), Some(id), fields, place);
    }

    /// An agent was given a conversation, wrote in it or worked on it: as long as no status names his team, it is that one's.
    pub fn given_work(&mut self, id: &str, key: &Key, at: Ms) {
        let team = self.conversations[key].team();
        let agent = self.agents.entry(id.to_owned()).or_default();
        if let Some(team) = team.filter(|_| !agent.named) {
            agent.set_team(team, at);
        }
    }
}
