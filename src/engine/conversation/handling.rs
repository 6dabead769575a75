//! Handling: while an agent owns an open chat, or is active in it, and while he works on a ticket (rulings 69 to 74).

use serde::{Deserialize, Serialize};

use crate::engine::settings::HandlingRule;
use crate::engine::signal::Signal;
use crate::model::{Fact, FactKind, Name, Span, Tally, Time};

use super::state::Conversation;
use super::turn::Turn;

/// Who handles a conversation now, and what each handled of the present cycle.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Handling {
    pieces: Vec<Piece>,
    over: Option<Box<Over>>,
}

/// What is known of handling that is over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Over {
    /// End of the latest piece: what a late event begins does not overlap it.
    at: Time,
    /// Handling in this cycle, in the order in which it ended.
    samples: Vec<(Name, Span)>,
}

/// One handling interval that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    agent: Name,
    from: Time,
    /// Whether he is at it; otherwise it ends at `until`, unless something prolongs it.
    open: bool,
    until: Time,
}

impl Piece {
    /// Its part of the cycle that started at `cycle`, up to `at`; `None` when it lies wholly outside. Whoever is still at it is inside,
    /// if only for 0 ms (ruling 74).
    fn in_cycle(&self, cycle: Time, at: Time) -> Option<Span> {
        let to = if self.open { at } else { self.until.min(at) };
        (self.open || self.from >= cycle || to > cycle).then(|| to.since(self.from.max(cycle)))
    }
}

impl Handling {
    /// When the first piece ends that ends by itself.
    pub fn due(&self) -> Option<Time> {
        self.pieces.iter().filter(|piece| !piece.open).map(|piece| piece.until).min()
    }

    fn of(&mut self, agent: &Name) -> Option<&mut Piece> {
        self.pieces.iter_mut().find(|piece| piece.agent == *agent)
    }

    fn over_at(&self) -> Option<Time> {
        self.over.as_ref().map(|over| over.at)
    }
}

fn add(samples: &mut Vec<(Name, Span)>, agent: &Name, time: Span) {
    match samples.iter_mut().find(|(known, _)| known == agent) {
        Some((_, sum)) => *sum += time,
        None => samples.push((agent.clone(), time)),
    }
}

impl Conversation {
    /// Begins or ends the owner's handling of a chat at `at`, as the state now has it. Of tickets owning is no handling.
    pub fn settle_handling(&mut self, at: Time, turn: &mut Turn<'_>) {
        if !self.is_chat() {
            return;
        }
        let rule = turn.settings.agents.handling;
        let is_handled = self.cycle.is_open() && (rule == HandlingRule::Owned || self.period.is_some());
        let owner = self.owner.agent.clone().filter(|_| is_handled);
        if let Some(index) = self.handling.pieces.iter().position(|piece| piece.open && Some(&piece.agent) != owner.as_ref()) {
            match rule {
                HandlingRule::Owned => self.end_handling(index, at, turn),
                HandlingRule::Active => {
                    let piece = &mut self.handling.pieces[index];
                    (piece.open, piece.until) = (false, piece.until.max(at));
                }
            }
        }
        if let Some(owner) = owner {
            self.begin_handling(&owner, at, turn);
        }
    }

    /// With the `active` rule a human message keeps its sender at the chat for `focus`, owner or not, also past the end.
    pub fn focus(&mut self, agent: &Name, turn: &mut Turn<'_>) {
        if !self.is_chat() || turn.settings.agents.handling != HandlingRule::Active {
            return;
        }
        let until = turn.moment.time + turn.settings.agents.focus;
        if self.handling.of(agent).is_some() {
            self.take_part(agent, turn.moment.time);
        } else {
            if self.handling.over_at().is_some_and(|over_at| over_at >= until) {
                return;
            }
            self.begin_handling(agent, turn.moment.time, turn);
            if let Some(piece) = self.handling.of(agent) {
                piece.open = false;
            }
        }
        if let Some(piece) = self.handling.of(agent) {
            piece.until = piece.until.max(until);
        }
    }

    /// `ticket.work`: a second start and a stop without a start are ignored (ruling 73).
    pub fn worked(&mut self, agent: &Name, started: bool, turn: &mut Turn<'_>) {
        let index = self.handling.pieces.iter().position(|piece| piece.agent == *agent);
        match index {
            None if started => self.begin_handling(agent, turn.moment.time, turn),
            Some(index) if !started => self.end_handling(index, turn.moment.time, turn),
            _ => return,
        }
        self.tell_contact(agent, turn);
    }

    /// Ends the pieces that end by themselves at `last` or before.
    pub fn expire_handling(&mut self, last: Time, turn: &mut Turn<'_>) {
        while let Some(index) = self.handling.pieces.iter().position(|piece| !piece.open && piece.until <= last) {
            let until = self.handling.pieces[index].until;
            self.end_handling(index, until, turn);
        }
    }

    /// Gives one sample to every agent who handled the cycle that ends at `at` (ruling 74). Handling that goes on after the
    /// end is part of the next cycle, or of none.
    pub fn sample_handling(&mut self, at: Time, turn: &mut Turn<'_>) {
        let mut samples = self.handling.over.as_mut().map(|over| std::mem::take(&mut over.samples)).unwrap_or_default();
        for piece in &self.handling.pieces {
            if let Some(part) = piece.in_cycle(self.cycle.started_at, at) {
                add(&mut samples, &piece.agent, part);
            }
        }
        for (agent, time) in samples {
            let (team, medium) = (self.team.clone(), self.id.medium);
            turn.tally(Tally::Handled { agent, team, medium, at: turn.moment.time, time });
        }
    }

    fn begin_handling(&mut self, agent: &Name, at: Time, turn: &mut Turn<'_>) {
        if let Some(piece) = self.handling.of(agent) {
            if !std::mem::replace(&mut piece.open, true) {
                self.take_part(agent, at);
            }
            return;
        }
        let from = self.handling.over_at().map_or(at, |over_at| over_at.max(at));
        self.handling.pieces.reserve_exact(1);
        self.handling.pieces.push(Piece { agent: agent.clone(), from, open: true, until: from });
        turn.signal(Signal::HandlingBegan { agent: agent.clone(), conversation: self.id.clone(), at: from });
    }

    /// What is joined to a piece of before the cycle is handling of the cycle too, if only of 0 ms (rulings 72, 74).
    fn take_part(&mut self, agent: &Name, at: Time) {
        let cycle = self.cycle.started_at;
        if self.cycle.is_open() && cycle <= at && self.handling.of(agent).is_some_and(|piece| piece.from < cycle) {
            add(&mut self.handling.over.get_or_insert_default().samples, agent, Span::ZERO);
        }
    }

    /// Ends a piece at `to`, by the event at hand or by itself.
    fn end_handling(&mut self, index: usize, to: Time, turn: &mut Turn<'_>) {
        let mut piece = self.handling.pieces.remove(index);
        turn.count_clamped(to < piece.from);
        let by_deadline = !piece.open;
        let to = to.max(piece.from);
        (piece.open, piece.until) = (false, to);
        let over = self.handling.over.get_or_insert_default();
        over.at = over.at.max(to);
        if let Some(part) = piece.in_cycle(self.cycle.started_at, to).filter(|_| self.cycle.is_open()) {
            add(&mut over.samples, &piece.agent, part);
        }
        if to > piece.from {
            let kind = FactKind::Handling { from: piece.from, to };
            let fact = self.fact(to, Some(piece.agent.clone()), kind);
            turn.post(Fact { by_deadline, ..fact });
        }
        turn.signal(Signal::HandlingEnded { agent: piece.agent, conversation: self.id.clone(), from: piece.from, to });
    }
}
