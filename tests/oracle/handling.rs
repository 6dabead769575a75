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
    /// With active handling: up to where it is certain, by the focus on his last message or a wait that was joined to it.
    complete_until: Ms,
    /// Whether nothing can be joined to it any more.
    done: bool,
    /// Whether it was complete before the present cycle, or before its chat was forgotten.
    before: Before,
}

/// What lies between a piece and the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Before {
    /// Nothing.
    Nothing,
    /// A reopening.
    Cycle,
    /// Its conversation was forgotten since.
    Forgotten,
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
        let since = at.max(it.owner_since).max(if owned { it.cycle_from } else { Ms::MIN });
        let running = self.pieces.iter().position(|piece| piece.key == *key && piece.to.is_none());
        if running.map(|index| &self.pieces[index].agent) == wanted.as_ref() {
            return;
        }
        if let Some(index) = running {
            let piece = &mut self.pieces[index];
            piece.to = Some(at.max(piece.from).max(piece.complete_until));
            if owned {
                self.piece_ends(index);
            }
        }
        if let Some(agent) = wanted {
            self.begin_wait(key, agent, since);
        }
    }

    /// Who handles a cycle gives a sample at its end, if only of 0 ms.
    fn handles(&mut self, key: &Key, agent: &str, from: Ms) {
        let it = self.of(key);
        if it.is_open() && it.cycle_from <= from {
            it.handlers.insert(agent.to_owned());
        }
    }

    /// Who is at it when a cycle ends has handled it, if only for 0 ms.
    pub fn handles_at_the_end(&mut self, key: &Key) {
        let running = self.pieces.iter().filter(|piece| piece.key == *key && piece.to.is_none());
        let agents: Vec<String> = running.map(|piece| piece.agent.clone()).collect();
        self.of(key).handlers.extend(agents);
    }

    fn begin_wait(&mut self, key: &Key, agent: String, at: Ms) {
        match self.unfinished(key, &agent) {
            Some(piece) => {
                piece.complete_until = piece.to.take().map_or(piece.complete_until, |to| to.max(piece.complete_until));
                self.handles(key, &agent, at);
            }
            None => {
                let from = at.max(self.finished_until(key));
                self.handles(key, &agent, from);
                self.pieces.push(Piece {
                    agent,
                    key: key.clone(),
                    work: false,
                    from,
                    to: None,
                    complete_until: Ms::MIN,
                    done: false,
                    before: Before::Nothing,
                });
            }
        }
    }

    /// The end of the last piece in it that is complete: late events add nothing before it, as far as the state goes.
    fn finished_until(&self, key: &Key) -> Ms {
        let complete = self.pieces.iter().filter(|piece| piece.key == *key && piece.done && piece.before < Before::Forgotten);
        complete.filter_map(|piece| piece.to).max().unwrap_or(Ms::MIN)
    }

    /// A new cycle begins: what is complete belongs to an earlier one.
    pub fn begin_pieces_of_cycle(&mut self, key: &Key) {
        let complete = self.pieces.iter_mut().filter(|piece| piece.key == *key && piece.done && piece.to.is_some());
        complete.for_each(|piece| piece.before = piece.before.max(Before::Cycle));
    }

    /// A conversation is forgotten: nothing is joined to its pieces any more.
    pub fn forget_pieces(&mut self, key: &Key) {
        self.pieces.iter_mut().filter(|piece| piece.key == *key).for_each(|piece| piece.before = Before::Forgotten);
    }

    fn unfinished(&mut self, key: &Key, agent: &str) -> Option<&mut Piece> {
        self.pieces.iter_mut().find(|piece| piece.key == *key && piece.agent == agent && !piece.done && piece.before < Before::Forgotten)
    }

    /// With active handling, an agent's message has his focus for a while.
    pub fn focus(&mut self, key: &Key, agent: &str, at: Ms) {
        if key.medium != "chat" || self.settings.handling == Handling::Owned {
            return;
        }
        let until = at + self.settings.focus;
        let finished = self.finished_until(key);
        if self.unfinished(key, agent).is_none() && finished >= until {
            return;
        }
        self.handles(key, agent, at);
        match self.unfinished(key, agent) {
            // A late message adds nothing before the piece that goes on.
            Some(piece) => {
                piece.complete_until = piece.complete_until.max(until);
                piece.to = piece.to.map(|to| to.max(until));
            }
            None => {
                let from = at.max(finished);
                let (agent, to) = (agent.to_owned(), Some(until));
                self.pieces.push(Piece {
                    agent,
                    key: key.clone(),
                    work: false,
                    from,
                    to,
                    complete_until: until,
                    done: false,
                    before: Before::Nothing,
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
                let from = at.max(self.finished_until(key));
                self.pieces.push(Piece {
                    agent: agent.clone(),
                    key: key.clone(),
                    work: true,
                    from,
                    to: None,
                    complete_until: Ms::MIN,
                    done: true,
                    before: Before::Nothing,
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

    /// One sample of the handling time for everybody who handled the cycle that ends.
    pub fn count_handled(&mut self, key: &Key, at: Ms, end: Ms) {
        let from = self.conversations[key].cycle_from;
        let his = |agent: &str| -> Ms {
            let pieces = self.pieces.iter().filter(|piece| piece.key == *key && piece.agent == agent && piece.before == Before::Nothing);
            // The focus on a last message goes on after the end; what had ended before a late end is as long as it was.
            let cut = |piece: &Piece| if !piece.work && !piece.done { piece.interval(end) } else { (piece.from, piece.to.unwrap_or(end)) };
            spans::measure(&spans::clip(&pieces.map(cut).collect::<Vec<_>>(), from, Ms::MAX))
        };
        let handlers = self.conversations[key].handlers.clone();
        let others = self.agents.keys().filter(|agent| !handlers.contains(*agent)).map(|agent| (agent.clone(), his(agent)));
        // A message just before the reopening, at its instant, keeps its sender at it: of a cycle of no time for 0 ms.
        let begun = |it: &Piece| it.key == *key && it.before == Before::Nothing && it.from >= from;
        let others = others.filter(|(agent, time)| *time > 0 || self.pieces.iter().any(|it| it.agent == *agent && begun(it)));
        let samples: Vec<(String, Ms)> = handlers.iter().map(|agent| (agent.clone(), his(agent))).chain(others).collect();
        for (agent, time) in samples {
            let (credit, clock) = (self.credit(key, Some(&agent)), self.clock);
            self.ledger.sample(Kpi::AverageHandlingTime, &credit, clock, at, time);
        }
    }
}
