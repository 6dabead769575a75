//! How many customers wait on an agent at once (kpis.md 4, ruling 75).

use std::collections::BTreeSet;

use serde_json::json;

use super::Ms;
use super::event::Key;
use super::ledger::{Credit, Kpi};
use super::world::{World, instant};

/// A stretch in which too many customers waited on an agent.
#[derive(Debug, Clone)]
pub struct Episode {
    /// Who.
    pub agent: String,
    /// His team at its begin.
    pub team: Option<String>,
    /// Its begin.
    pub from: Ms,
    /// Its end; `None` while it lasts.
    pub to: Option<Ms>,
}

impl World {
    /// Counts after an event has been applied: episodes begin and end, no earlier than the last change for that agent, nor
    /// than the last change of the conversation that came or went.
    pub fn count_waiting(&mut self, at: Ms) {
        for id in self.agents.keys().cloned().collect::<Vec<_>>() {
            let waiting = self.waiting_on(&id);
            let (before, changed) = &self.agents[&id].waiting;
            if *before == waiting {
                continue;
            }
            let effects = before.symmetric_difference(&waiting).filter_map(|key| self.conversations.get(key)).map(|it| it.changed);
            let since = effects.max().unwrap_or(at).max(at).max(*changed);
            let over = waiting.len() > self.settings.waiting_limit;
            self.agents.get_mut(&id).expect("just seen").waiting = (waiting, since);
            let open = self.episodes.iter().position(|it| it.agent == id && it.to.is_none());
            match open {
                None if over => self.begin_episode(&id, since),
                Some(index) if !over => self.end_episode(index, at, since),
                _ => {}
            }
        }
    }

    fn waiting_on(&self, id: &str) -> BTreeSet<Key> {
        let owned = self.conversations.values().filter(|it| it.is_open() && it.owner.as_deref() == Some(id));
        let open = self.settings.limit_counts_open;
        let counted = owned.filter(|it| open || it.period.as_ref().is_some_and(|period| period.judged.is_some()));
        counted.map(|it| it.key.clone()).collect()
    }

    fn begin_episode(&mut self, id: &str, from: Ms) {
        let team = self.agents[id].team();
        let credit = Credit { agent: Some(id.to_owned()), team: team.clone(), medium: None };
        let clock = self.clock;
        self.ledger.count(Kpi::WaitingLimitBreaches, &credit, clock, from, 1);
        self.episodes.push(Episode { agent: id.to_owned(), team, from, to: None });
    }

    fn end_episode(&mut self, index: usize, at: Ms, to: Ms) {
        let episode = &mut self.episodes[index];
        episode.to = Some(to);
        let episode = episode.clone();
        let fields = json!({"from": instant(episode.from), "to": instant(to)});
        self.place(at, "waiting_limit", episode.team.as_deref(), Some(&episode.agent), fields, None);
    }
}
