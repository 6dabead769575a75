//! Handling of conversations (kpis.md 4, rulings 71–74).

use serde_json::json;

use super::Ms;
use super::event::{Event, Key};
use super::ledger::Kpi;
use super::settings::Handling;
use super::spans::{self, Interval};
use super::world::{World, instant};

/// One stretch in which an agent handles a conversation.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Who.
    pub agent: String,
    /// What.
    pub key: Key,
    /// Whether it is work on a ticket; otherwise it is the handling of a chat.
    pub work: bool,
    /// Its begin.
    pub from: Ms,
    /// Its end as far as known; `None` while it runs.
    pub to: Option<Ms>,
    /// With active handling: the end of the focus on his last message.
    focus_until: Ms,
    /// Whether nothing can be joined to it any more.
    done: bool,
}

impl Piece {
    /// With active handling: the end of a piece that another may still be joined to.
    pub fn unfinished_end(&self) -> Option<Ms> {
        self.to.filter(|_| !self.done)
    }

    /// As an interval, up to the clock.
    pub fn interval(&self, clock: Ms) -> Interval {
        (self.from, self.to.unwrap_or(clock).min(clock))
    }
}

impl World {
    /// Begins and ends chat handling after something about owner, wait or cycle has changed.
    pub fn sync_handling(&mut self, key: &Key, at: Ms) {
        if key.medium != "chat" {
            return;
        }
        let it = &self.conversations[key];
        let owned = self.settings.handling == Handling::Owned;
        let wanted = it.owner.clone().filter(|_| it.is_open() && (owned || it.period.is_some()));
        let since = at.max(it.owner_since);
        let running = self.pieces.iter().position(|piece| piece.key == *key && piece.to.is_none());
        if running.map(|index| &self.pieces[index].agent) == wanted.as_ref() {
            return;
        }
        if let Some(index) = running {
            let piece = &mut self.pieces[index];
            piece.to = Some(at.max(piece.from).max(piece.focus_until));
            if owned {
                self.piece_ends(index);
            }
        }
        if let Some(agent) = wanted {
            self.begin_wait(key, agent, since);
        }
    }

    fn begin_wait(&mut self, key: &Key, agent: String, at: Ms) {
        self.of(key).handlers.insert(agent.clone());
        match self.unfinished(key, &agent) {
            Some(piece) => {
                piece.from = piece.from.min(at);
                piece.to = None;
            }
            None => self.pieces.push(Piece { agent, key: key.clone(), work: false, from: at, to: None, focus_until: Ms::MIN, done: false }),
        }
    }

    fn unfinished(&mut self, key: &Key, agent: &str) -> Option<&mut Piece> {
        self.pieces.iter_mut().find(|piece| piece.key == *key && piece.agent == agent && !piece.done)
    }

    /// With active handling, an agent's message has his focus for a while.
    pub fn focus(&mut self, key: &Key, agent: &str, at: Ms) {
        if key.medium != "chat" || self.settings.handling == Handling::Owned {
            return;
        }
        let until = at + self.settings.focus;
        if self.conversations[key].is_open() {
            self.of(key).handlers.insert(agent.to_owned());
        }
        match self.unfinished(key, agent) {
            Some(piece) => {
                piece.from = piece.from.min(at);
                piece.focus_until = piece.focus_until.max(until);
                piece.to = piece.to.map(|to| to.max(until));
            }
            None => {
                let agent = agent.to_owned();
                self.pieces.push(Piece {
                    agent,
                    key: key.clone(),
                    work: false,
                    from: at,
                    to: Some(until),
                    focus_until: until,
                    done: false,
                });
            }
        }
    }

    /// A piece is complete.
    pub fn piece_ends(&mut self, index: usize) {
        self.pieces[index].done = true;
        let piece = self.pieces[index].clone();
        let to = piece.to.expect("it has ended");
        if to <= piece.from {
            return;
        }
        let fields = json!({"from": instant(piece.from), "to": instant(to)});
        if self.settings.handling == Handling::Owned || piece.work {
            self.fact(to, "handling", &piece.key, Some(&piece.agent), fields);
        } else {
            self.deadline_fact(to, "handling", &piece.key, Some(&piece.agent), 2, fields);
        }
    }

    /// `ticket.work`.
    pub fn work(&mut self, key: &Key, event: &Event) {
        let (agent, at) = (event.text("agent").expect("required"), event.time);
        let is_his = |piece: &&Piece| piece.work && piece.key == *key && piece.agent == agent;
        let running = self.pieces.iter().position(|piece| is_his(&piece) && piece.to.is_none());
        let starts = event.text("action").expect("required") == "started";
        match running {
            None if starts => {
                let last = self.pieces.iter().filter(is_his).filter_map(|piece| piece.to).max();
                let from = at.max(last.unwrap_or(at));
                self.pieces.push(Piece {
                    agent: agent.clone(),
                    key: key.clone(),
                    work: true,
                    from,
                    to: None,
                    focus_until: Ms::MIN,
                    done: true,
                });
                if self.conversations[key].is_open() {
                    self.of(key).handlers.insert(agent.clone());
                }
            }
            Some(index) if !starts => {
                self.pieces[index].to = Some(at.max(self.pieces[index].from));
                self.piece_ends(index);
            }
            _ => return,
        }
        self.given_work(&agent, key, at);
    }

    /// Work that goes on when a cycle begins is work in that cycle.
    pub fn begin_work_of_cycle(&mut self, key: &Key) {
        let running = self.pieces.iter().filter(|piece| piece.work && piece.key == *key && piece.to.is_none());
        let agents: Vec<String> = running.map(|piece| piece.agent.clone()).collect();
        self.of(key).handlers.extend(agents);
    }

    /// One sample of the handling time for everybody who handled the cycle that ends.
    pub fn count_handled(&mut self, key: &Key, at: Ms) {
        let from = self.conversations[key].cycle_from;
        let his = |agent: &str| -> Ms {
            let pieces = self.pieces.iter().filter(|piece| piece.key == *key && piece.agent == agent);
            let intervals: Vec<Interval> = pieces.map(|piece| piece.interval(Ms::MAX)).collect();
            spans::measure(&spans::clip(&intervals, from, at))
        };
        let handlers = self.conversations[key].handlers.clone();
        let others = self.agents.keys().filter(|agent| !handlers.contains(*agent)).map(|agent| (agent.clone(), his(agent)));
        let others = others.filter(|(_, time)| *time > 0);
        let samples: Vec<(String, Ms)> = handlers.iter().map(|agent| (agent.clone(), his(agent))).chain(others).collect();
        for (agent, time) in samples {
            let (credit, clock) = (self.credit(key, Some(&agent)), self.clock);
            self.ledger.sample(Kpi::AverageHandlingTime, &credit, clock, at, time);
        }
    }
}
