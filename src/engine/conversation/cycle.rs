//! Cycles: from the start, or a reopening, to the end (rulings 51 to 57, 63, 64, 67).

use serde::{Deserialize, Serialize};

use crate::model::{Fact, FactKind, Name, Outcome, Span, Time, WithdrawnSample};

use super::hold::Hold;
use super::state::Conversation;
use super::turn::Turn;

/// The present cycle, or the last one when the conversation has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cycle {
    /// From 1.
    pub number: u32,
    /// When it started.
    pub started_at: Time,
    /// Whether it had its first response.
    pub responded: bool,
    ended: Option<Box<End>>,
}

/// How a cycle ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    /// When the end took effect.
    at: Time,
    /// Whether people ended it: a reopening counts against the resolver (ruling 57).
    resolved: bool,
    /// Who did, if anybody.
    resolver: Option<Name>,
}

impl Cycle {
    /// The first cycle of a conversation.
    pub fn first(at: Time) -> Self {
        Self { number: 1, started_at: at, responded: false, ended: None }
    }

    /// Whether it still runs.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

impl Conversation {
    /// Ends the cycle. `reason` is the event's word (ruling 40). Ending an ended one changes nothing (ruling 52).
    pub fn end(&mut self, outcome: Outcome, reason: &'static str, agent: Option<&Name>, turn: &mut Turn<'_>) {
        if !self.cycle.is_open() {
            return;
        }
        let outcome = if self.hold.is_held() && outcome != Outcome::Merged { Outcome::Bot } else { outcome };
        let response = self.leave_unanswered(reason, turn);
        let at = turn.moment.time;
        let within = self.resolution_within(at);
        let fact = match outcome {
            Outcome::Resolved | Outcome::Closed => self.resolved(outcome, within, agent, turn),
            _ => {
                let agent = agent.or(self.owner.agent.as_ref()).cloned();
                self.fact(at, agent, FactKind::Ended { outcome, first: self.cycle.number == 1 })
            }
        };
        self.keep_sample(&fact);
        let resolved = matches!(outcome, Outcome::Resolved | Outcome::Closed);
        let resolver = fact.agent.clone().filter(|_| resolved);
        turn.post(fact);
        let resolution = self.resolution.breach.take_if(|_| within == Some(true));
        let resolution = resolution.map(|breach| self.withdrawn(*breach, WithdrawnSample::ResolutionBreach, at));
        response.into_iter().chain(resolution).for_each(|withdrawn| turn.post(withdrawn));
        let took_effect = self.change_at(turn.moment);
        self.sample_handling(took_effect, turn);
        // Nobody asks for the start of an ended cycle, and an ended conversation is to be small.
        self.cycle.started_at = Time::default();
        self.cycle.ended = Some(Box::new(End { at: took_effect, resolved, resolver }));
        self.hold = Hold::over(None);
        self.set_paused(false);
        self.settle_active(took_effect, turn);
        self.settle_handling(took_effect, turn);
    }

    fn resolved(&mut self, outcome: Outcome, within: Option<bool>, agent: Option<&Name>, turn: &mut Turn<'_>) -> Fact {
        let at = turn.moment.time;
        turn.count_clamped(at < self.cycle.started_at || self.active.is_before(at));
        let seconds = at.since(self.started_at);
        let (judged, clock) = self.resolution_judged(at);
        let counts = self.cycle_counts();
        let kind = FactKind::Resolved {
            outcome,
            seconds,
            active: Span(self.active.spent(at).0.min(seconds.0)),
            cycle_seconds: at.since(self.cycle.started_at),
            business: clock.measure.business(judged),
            target: self.resolution_target().and_then(|target| target.limit),
            within,
            judged_active: Span(self.active.judged(at).0.min(seconds.0)),
            first: counts && self.cycle.number == 1,
            counts,
            complaint: Some(judged).filter(|_| counts && self.is_complaint()),
        };
        let agent = agent.or(self.owner.agent.as_ref()).or(self.last_human.as_ref().map(|last| &last.agent));
        self.fact(at, agent.cloned(), kind)
    }

    /// Starts a new cycle. On an open conversation nothing happens (ruling 52).
    pub fn reopen(&mut self, turn: &mut Turn<'_>) {
        let Some(end) = self.cycle.ended.take() else { return };
        let at = turn.moment.time;
        let counts = end.resolved && self.cycle_counts();
        let started_at = self.change_at(turn.moment);
        self.cycle = Cycle { number: self.cycle.number + 1, ..Cycle::first(started_at) };
        self.hold = Hold::Free;
        turn.count_clamped(at < end.at);
        turn.post(self.fact(at, end.resolver, FactKind::Reopened { after: at.since(end.at), counts }));
        self.withdraw_sample(turn);
        self.settle_active(started_at, turn);
        self.settle_handling(started_at, turn);
    }
}
