//! The waiting period: the customer's clock from the opening, the people's clock from the end of the bot's hold. A
//! conversation has at most one open.

use serde::{Deserialize, Serialize};

use crate::engine::policy::Target;
use crate::model::{Fact, FactKind, Holder, Name, Sla, Span, Time, Wait, WithdrawnSample};

use super::breach::Breach;
use super::shares::Shares;
use super::state::Conversation;
use super::turn::Turn;

/// An open waiting period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Period {
    /// When the customer began to wait.
    pub opened_at: Time,
    /// Whether its answer is the first of the cycle: fixed here, with the kind of target (ruling 36).
    pub first: bool,
    /// The people's clock, once it runs.
    pub judged: Option<Judged>,
    /// The breach of its deadline.
    pub breach: Option<Box<Breach>>,
    /// Who had it.
    pub shares: Shares,
}

/// The people's clock of a period. The target is looked up once, when it starts (ruling 29).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Judged {
    /// Since when it runs.
    pub from: Time,
    /// The target.
    pub target: Target,
    /// The last instant that is in time.
    pub deadline: Option<Time>,
}

impl Period {
    /// Which target is its own.
    pub fn sla(&self) -> Sla {
        if self.first { Sla::FirstResponse } else { Sla::NextResponse }
    }

    /// The deadline that is still to fire.
    pub fn due(&self) -> Option<Time> {
        self.judged.and_then(|judged| judged.deadline).filter(|_| self.breach.is_none())
    }

    /// Measures the wait that ends at `at`, on both clocks. While the bot holds it, people have spent nothing of `target`.
    fn measure(&self, at: Time, target: Target) -> Wait {
        let from = self.judged.map_or(at, |judged| judged.from);
        let deadline = self.judged.and_then(|judged| judged.deadline);
        Wait {
            opened_at: self.opened_at,
            wait: at.since(self.opened_at),
            seconds: at.since(from),
            business: target.measure.business(target.measure.elapsed(from, at)),
            target: target.limit,
            within: target.limit.map(|_| deadline.is_none_or(|deadline| at <= deadline)),
            held: self.shares.held(at),
            people: self.judged.is_some(),
            offered: false,
        }
    }
}

impl Conversation {
    /// The customer waits from the event's own time. Unless a bot holds the conversation, people's clock runs.
    pub fn open_period(&mut self, turn: &mut Turn<'_>) {
        let opened_at = turn.moment.time;
        let shares = self.shares_from(opened_at);
        self.period = Some(Period { opened_at, first: !self.cycle.responded, judged: None, breach: None, shares });
        if !self.hold.is_held() {
            self.start_judging(self.hold.ended_at().unwrap_or(opened_at), turn);
        }
    }

    /// The people's clock of the open period starts at `at`, but never before the opening.
    pub fn start_judging(&mut self, at: Time, turn: &mut Turn<'_>) {
        let Some(period) = self.period.as_ref().filter(|period| period.judged.is_none()) else { return };
        let from = at.max(period.opened_at);
        let target = self.target(period.sla(), from, turn.settings);
        let deadline = target.limit.and_then(|limit| target.measure.deadline(from, limit));
        if let Some(period) = &mut self.period {
            period.judged = Some(Judged { from, target, deadline });
        }
    }

    /// A human message answers the open period, if there is one. Gives back what it takes back.
    pub fn answer(&mut self, agent: &Name, turn: &mut Turn<'_>) -> Option<Fact> {
        let period = self.period.take()?;
        let at = turn.moment.time;
        let target = period.judged.map(|judged| judged.target).unwrap_or_default();
        let wait = self.close(&period, target, turn);
        let own =
            wait.held.iter().find(|(holder, _)| matches!(holder, Holder::Agent(name) if name == agent)).map_or(Span::ZERO, |(_, own)| *own);
        self.cycle.responded = true;
        let within = wait.within;
        turn.post(self.fact(at, Some(agent.clone()), FactKind::Response { first: period.first, wait, own }));
        self.withdrawn_response(period, within, at)
    }

    /// A bot's message ends the open period, if there is one; a breach that fired stays (ruling 38).
    pub fn bot_answer(&mut self, turn: &mut Turn<'_>) {
        let Some(period) = self.period.take() else { return };
        let at = turn.moment.time;
        turn.count_clamped(at < period.opened_at);
        let answered = FactKind::BotAnswered { opened_at: period.opened_at, wait: at.since(period.opened_at) };
        turn.post(self.fact(at, None, answered));
    }

    /// The cycle ends with the period open. While the bot holds it, the target is that of this moment (ruling 39). Gives back
    /// what it takes back.
    pub fn leave_unanswered(&mut self, reason: &'static str, turn: &mut Turn<'_>) -> Option<Fact> {
        let period = self.period.take()?;
        let at = turn.moment.time;
        let target = period.judged.map_or_else(|| self.target(period.sla(), at, turn.settings), |judged| judged.target);
        let wait = self.close(&period, target, turn);
        let within = wait.within;
        let late = period.breach.as_ref().filter(|_| within == Some(false));
        let kind = FactKind::Unanswered {
            first: period.first,
            reason: Name::new_static(reason),
            wait,
            judged_agent: late.and_then(|breach| breach.agent.clone()),
            judged_team: late.and_then(|breach| breach.team.clone()),
        };
        turn.post(self.fact(at, self.owner.agent.clone(), kind));
        self.withdrawn_response(period, within, at)
    }

    fn close(&mut self, period: &Period, target: Target, turn: &mut Turn<'_>) -> Wait {
        let at = turn.moment.time;
        turn.count_clamped(at < period.judged.map_or(period.opened_at, |judged| judged.from));
        let mut wait = period.measure(at, target);
        wait.offered = wait.people && !self.offered;
        self.offered |= wait.people;
        wait
    }

    /// The withdrawal of a period's breach, when the event that closes it shows that it was in time (ruling 23).
    fn withdrawn_response(&self, period: Period, within: Option<bool>, at: Time) -> Option<Fact> {
        let of = WithdrawnSample::ResponseBreach { sla: period.sla() };
        let breach = period.breach.filter(|_| within == Some(true))?;
        Some(self.withdrawn(*breach, of, at))
    }
}
