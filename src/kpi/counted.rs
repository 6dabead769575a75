//! What is counted of all that the engine puts out: the numbers that somebody adds up, and whose they are, as numbers of names.

use super::names::{Names, Number};
use crate::model::{
    Day, EndReason, Fact, FactKind, Medium, Name, Outcome, Output, Posted, Sla, Span, SpentTime, Tally, Time, Wait, WithdrawnSample,
};

/// One thing that counts. Small, since many wait.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The clock at which it counts, which decides whether its month still takes it.
    pub clock: Time,
    /// When it counts.
    pub at: Time,
    /// Chat or ticket, of what has a conversation.
    pub medium: Option<Medium>,
    /// Who is credited.
    pub agent: Option<Number>,
    /// Which team.
    pub team: Option<Number>,
    /// The conversation's channel, of what is told by channel.
    pub channel: Option<Number>,
    /// What it is.
    pub what: What,
}

/// What counts. Each is said to be of an agent only where he is credited with it.
#[derive(Debug, Clone)]
pub enum What {
    /// A conversation started.
    Started,
    /// A conversation was named a complaint.
    Complained,
    /// A waiting period was answered.
    Response(Response),
    /// A waiting period ended with its cycle.
    Unanswered {
        /// The first people's period of its conversation, not abandoned short (ruling 81).
        offered: bool,
        /// Whether it had a target.
        targeted: bool,
        /// Whether the customer left.
        abandoned: bool,
    },
    /// One that ended late, held against owner and team of the deadline (ruling 27).
    Late {
        /// Whether the cycle had no response yet.
        first: bool,
    },
    /// A deadline passed.
    Breach(Sla),
    /// A breach is taken back; it counts when the breach did.
    BreachWithdrawn(Sla),
    /// People ended a cycle.
    Resolved(Resolved),
    /// The handling time of a complaint is taken back; it counts when that did.
    ComplaintWithdrawn {
        /// The handling time.
        handling: Span,
        /// Whether it was within its target.
        within: Option<bool>,
    },
    /// The clock ended a cycle.
    AutoClosed,
    /// A cycle was reopened, which counts against the resolver.
    Reopened,
    /// An agent's part in a cycle that ended.
    Handled(Span),
    /// An agent's time of a day.
    Spent(Day, Box<SpentTime>),
    /// An agent's customers began to exceed his limit.
    LimitExceeded,
    /// For how long they did, on a day.
    OverLimit(Day, Span),
}

/// A response, as it is counted.
#[derive(Debug, Clone, Copy)]
pub struct Response {
    /// Whether it was the first of its cycle.
    pub first: bool,
    /// The judged time.
    pub judged: Span,
    /// The customer's wait.
    pub wait: Span,
    /// The answering agent's own share of that.
    pub own: Span,
    /// Whether it had a target.
    pub targeted: bool,
    /// Whether that was met.
    pub within: Option<bool>,
    /// Whether the own share would have been within it.
    pub own_within: Option<bool>,
    /// The first people's period of its conversation.
    pub offered: bool,
}

/// The end of a cycle by people, as it is counted.
#[derive(Debug, Clone, Copy)]
pub struct Resolved {
    /// Wall time of the cycle.
    pub cycle: Span,
    /// Whether the cycle counts.
    pub counts: bool,
    /// Judged active time.
    pub active: Span,
    /// Whether it is the conversation's first resolution.
    pub first: bool,
    /// Handling time, of complaints.
    pub handling: Span,
    /// Whether it is a complaint.
    pub complaint: bool,
    /// Whether the target was met.
    pub within: Option<bool>,
}

/// Makes of what was posted what counts, and to whom.
#[derive(Debug)]
pub struct Accounts {
    /// The numbers of names. Only what counts gets some: names in other facts can be anybody's.
    pub names: Names,
    /// Abandoned up to this long after the people's clock started: not offered (ruling 81).
    pub short_abandon: Span,
}

impl Accounts {
    /// Adds each thing that counts of one output.
    pub fn add(&mut self, posted: &Posted, into: &mut Vec<Counted>) {
        match &posted.output {
            Output::Fact(fact) => self.fact(posted.clock, fact, into),
            Output::Tally(tally) => self.tally(posted.clock, tally, into),
        }
    }

    /// What counts of a tally.
    pub fn tally(&mut self, clock: Time, tally: &Tally, into: &mut Vec<Counted>) {
        let mut add = |agent: &Name, team: &Option<Name>, at, medium, what| {
            let (agent, team) = (Some(self.names.number(agent)), self.names.numbered(team.as_ref()));
            into.push(Counted { clock, at, medium, agent, team, channel: None, what });
        };
        match tally {
            Tally::Handled { agent, team, medium, at, time } => add(agent, team, *at, Some(*medium), What::Handled(*time)),
            Tally::Spent { agent, team, day, time } => add(agent, team, clock, None, What::Spent(*day, Box::new(*time))),
            Tally::LimitExceeded { agent, team, at } => add(agent, team, *at, None, What::LimitExceeded),
            Tally::OverLimit { agent, team, day, time } => add(agent, team, clock, None, What::OverLimit(*day, *time)),
            Tally::Team { .. } | Tally::Clamped => {}
        }
    }

    /// Kinds that are not named are receipts only: their sums come as tallies, or no KPI has them.
    fn fact(&mut self, clock: Time, fact: &Fact, into: &mut Vec<Counted>) {
        let (team, medium) = (fact.team.as_ref(), fact.conversation.as_ref().map(|conversation| conversation.medium));
        let (agent, channel) = (fact.agent.as_ref(), fact.conversation.as_ref().and_then(|conversation| conversation.channel.as_ref()));
        let names = &mut self.names;
        let mut add = |at, agent, team, channel, what| {
            let (agent, team, channel) = (names.numbered(agent), names.numbered(team), names.numbered(channel));
            into.push(Counted { clock, at, medium, agent, team, channel, what });
        };
        match &fact.kind {
            FactKind::Started { .. } => add(fact.at, None, team, None, What::Started),
            FactKind::Complained => add(fact.at, None, team, None, What::Complained),
            FactKind::Response { first, wait, own } => {
                add(fact.at, agent, team, channel, What::Response(Response::of(*first, wait, *own)));
            }
            FactKind::Unanswered { first, reason, wait, judged_agent, judged_team } => {
                if wait.within == Some(false) {
                    add(fact.at, judged_agent.as_ref(), judged_team.as_ref(), None, What::Late { first: *first });
                }
                let abandoned = reason == EndReason::Abandoned.word();
                let offered = wait.offered && !(abandoned && wait.seconds <= self.short_abandon);
                add(fact.at, agent, team, None, What::Unanswered { offered, targeted: wait.target.is_some(), abandoned });
            }
            FactKind::Breach { sla, .. } => add(fact.at, agent, team, None, What::Breach(*sla)),
            FactKind::Resolved { cycle_seconds, within, judged_active, first, counts, complaint, .. } => {
                let (cycle, active, handling) = (*cycle_seconds, *judged_active, complaint.unwrap_or_default());
                let (counts, first, complaint) = (*counts, *first, complaint.is_some());
                let resolved = Resolved { cycle, counts, active, first, handling, complaint, within: *within };
                add(fact.at, agent, team, channel, What::Resolved(resolved));
            }
            FactKind::Ended { outcome: Outcome::Auto, .. } => add(fact.at, None, team, None, What::AutoClosed),
            FactKind::Reopened { counts: true, .. } => add(fact.at, agent, team, None, What::Reopened),
            FactKind::Withdrawn { of, counted_at, .. } => {
                let what = match of {
                    WithdrawnSample::ResponseBreach { sla } => What::BreachWithdrawn(*sla),
                    WithdrawnSample::ResolutionBreach => What::BreachWithdrawn(Sla::Resolution),
                    WithdrawnSample::ComplaintHandlingTime { seconds: handling, within } => {
                        What::ComplaintWithdrawn { handling: *handling, within: *within }
                    }
                    WithdrawnSample::FirstContactResolution => return,
                };
                add(*counted_at, agent, team, None, what);
            }
            _ => {}
        }
    }
}

impl Response {
    fn of(first: bool, wait: &Wait, own: Span) -> Self {
        Self {
            first,
            judged: wait.judged(),
            wait: wait.wait,
            own,
            targeted: wait.target.is_some(),
            within: wait.within,
            own_within: wait.target.filter(|_| wait.within.is_some()).map(|target| own <= target),
            offered: wait.offered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_small() {
        assert!(size_of::<Counted>() <= 72);
    }
}
