//! How many customers wait on an agent at once (kpis.md 4, ruling 75).

use serde_json::json;

use super::Ms;
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
    /// Counts after an event has been applied: episodes begin and end.
    pub fn count_waiting(&mut self, at: Ms) {
        for id in self.agents.keys().cloned().collect::<Vec<_>>() {
            let over = self.waiting_on(&id) > self.settings.waiting_limit;
            let his = |it: &Episode| it.agent == id;
            let open = self.episodes.iter().position(|it| his(it) && it.to.is_none());
            match open {
                None if over => {
                    let last = self.episodes.iter().filter(|it| his(it)).filter_map(|it| it.to).max();
                    self.begin_episode(&id, at.max(last.unwrap_or(at)));
                }
                Some(index) if !over => self.end_episode(index, at),
                _ => {}
            }
        }
    }

    fn waiting_on(&self, id: &str) -> usize {
        let owned = self.conversations.values().filter(|it| it.is_open() && it.owner.as_deref() == Some(id));
        let open = self.settings.limit_counts_open;
        owned.filter(|it| open || it.period.as_ref().is_some_and(|period| period.judged.is_some())).count()
    }

    fn begin_episode(&mut self, id: &str, from: Ms) {
        let team = self.agents[id].team();
        let credit = Credit { agent: Some(id.to_owned()), team: team.clone(), medium: None };
        let clock = self.clock;
        self.ledger.count(Kpi::WaitingLimitBreaches, &credit, clock, from, 1);
        self.episodes.push(Episode { agent: id.to_owned(), team, from, to: None });
    }

    fn end_episode(&mut self, index: usize, at: Ms) {
        let episode = &mut self.episodes[index];
        let to = at.max(episode.from);
        episode.to = Some(to);
        let episode = episode.clone();
        let fields = json!({"from": instant(episode.from), "to": instant(to)});
        self.place(to, "waiting_limit", episode.team.as_deref(), Some(&episode.agent), fields, None);
    }
}
