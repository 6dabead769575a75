//! What each fact and tally adds to which figures: the counting rules of the catalogue.

use super::ledger::{Credit, Ledger};
use super::row::Scope;
use crate::model::{EndReason, Fact, FactKind, Outcome, Sla, Span, Tally, Time, Wait, WithdrawnSample};

/// Counts what is posted at one clock into a ledger.
pub(super) struct Counting<'a> {
    /// The ledger.
    pub ledger: &'a mut Ledger,
    /// The clock, which decides whether a month still takes it.
    pub clock: Time,
    /// Abandoned up to this long after the people's clock started: not offered.
    pub short_abandon: Span,
}

impl Counting<'_> {
    /// Counts a fact. Kinds that are not named are receipts only: their sums come as tallies, or no KPI has them.
    pub fn fact(&mut self, fact: &Fact) {
        match &fact.kind {
            FactKind::Started { .. } => self.started(fact),
            FactKind::Complained => {
                self.ledger.credit(&self.of(fact).of_nobody().of_all_media(), |figures, _| figures.counts().complaints += 1);
            }
            FactKind::Response { first, wait, own } => self.response(fact, *first, wait, *own),
            FactKind::Unanswered { .. } => self.unanswered(fact),
            FactKind::Breach { sla, .. } => self.breach(&self.of(fact), *sla, 1),
            FactKind::Resolved { .. } => self.resolved(fact),
            FactKind::Ended { outcome: Outcome::Auto, .. } => {
                self.ledger.credit(&self.of(fact).of_nobody(), |figures, _| figures.counts().auto_closed += 1);
            }
            FactKind::Reopened { counts: true, .. } => {
                self.ledger.credit(&self.of(fact), |figures, _| figures.counts().reopened += 1);
            }
            FactKind::Withdrawn { of, counted_at, .. } => self.withdrawn(fact, of, *counted_at),
            _ => {}
        }
    }

    /// Counts a tally. Those that are not named are no KPI.
    pub fn tally(&mut self, tally: &Tally) {
        match tally {
            Tally::Handled { agent, team, medium, at, time } => {
                let to =
                    Credit { agent: Some(agent), team: team.as_ref(), medium: Some(*medium), place: self.ledger.place_of(self.clock, *at) };
                self.ledger.credit(&to, |figures, _| figures.handled.get_or_insert_default().add(*time));
            }
            Tally::Spent { agent, team, day, time } => {
                let to = Credit { agent: Some(agent), team: team.as_ref(), medium: None, place: self.ledger.place(self.clock, *day) };
                self.ledger.credit(&to, |figures, _| figures.time().spent.add(time));
            }
            Tally::LimitExceeded { agent, team, at } => {
                let to = Credit { agent: Some(agent), team: team.as_ref(), medium: None, place: self.ledger.place_of(self.clock, *at) };
                self.ledger.credit(&to, |figures, _| figures.time().limit_breaches += 1);
            }
            Tally::OverLimit { agent, team, day, time } => {
                let to = Credit { agent: Some(agent), team: team.as_ref(), medium: None, place: self.ledger.place(self.clock, *day) };
                self.ledger.credit(&to, |figures, _| figures.time().over_limit += *time);
            }
            Tally::Team { .. } | Tally::Clamped => {}
        }
    }

    /// A conversation counts in its medium, and once more over both media, where complaints are compared with it.
    fn started(&mut self, fact: &Fact) {
        let to = self.of(fact).of_nobody();
        for to in [to, to.of_all_media()] {
            self.ledger.credit(&to, |figures, _| figures.counts().started += 1);
        }
    }

    fn response(&mut self, fact: &Fact, first: bool, wait: &Wait, own: Span) {
        self.ledger.credit(&self.of(fact), |figures, scope| {
            let responses = figures.responses();
            responses.add(first, wait.judged(), wait.wait, own);
            if let (Some(target), Some(within)) = (wait.target, wait.within) {
                responses.judge(first, within);
                responses.own_within.add(own <= target);
            }
            if wait.offered && scope != Scope::Agent {
                figures.offered(wait, wait.within == Some(true), false);
            }
        });
    }

    /// The count goes to owner and team at the end; a late one is held against those of the deadline (ruling 27).
    fn unanswered(&mut self, fact: &Fact) {
        let FactKind::Unanswered { first, wait, reason, judged_agent, judged_team } = &fact.kind else { return };
        let abandoned = reason == EndReason::Abandoned.word();
        let short = abandoned && wait.seconds <= self.short_abandon;
        let to = self.of(fact);
        self.ledger.credit(&to, |figures, scope| {
            figures.counts().unanswered += 1;
            if wait.offered && !short && scope != Scope::Agent {
                figures.offered(wait, false, abandoned);
            }
        });
        if wait.within == Some(false) {
            let judged = Credit { agent: judged_agent.as_ref(), team: judged_team.as_ref(), ..to };
            self.ledger.credit(&judged, |figures, _| figures.responses().judge(*first, false));
        }
    }

    fn breach(&mut self, to: &Credit<'_>, sla: Sla, change: i64) {
        self.ledger.credit(to, |figures, _| match sla {
            Sla::FirstResponse | Sla::NextResponse => figures.counts().response_breaches += change,
            Sla::Resolution => figures.counts().resolution_breaches += change,
        });
    }

    fn resolved(&mut self, fact: &Fact) {
        let FactKind::Resolved { cycle_seconds, within, judged_active, first, counts, complaint, .. } = &fact.kind else { return };
        let to = self.of(fact);
        if *counts {
            self.ledger.credit(&to, |figures, _| {
                let resolutions = figures.resolutions();
                resolutions.cycles.add(*cycle_seconds);
                if *first {
                    resolutions.first.add(*judged_active);
                    within.iter().for_each(|within| resolutions.within.add(*within));
                }
            });
        }
        if let Some(handling) = complaint {
            self.ledger.credit(&to.of_all_media(), |figures, _| {
                let complaints = figures.complaints();
                complaints.handling.add(*handling);
                within.iter().for_each(|within| complaints.within.add(*within));
            });
        }
    }

    /// Takes a sample out of the period in which it counted.
    fn withdrawn(&mut self, fact: &Fact, of: &WithdrawnSample, counted_at: Time) {
        let to = Credit { place: self.ledger.place_of(self.clock, counted_at), ..self.of(fact) };
        match of {
            WithdrawnSample::ResponseBreach { sla } => self.breach(&to, *sla, -1),
            WithdrawnSample::ResolutionBreach => self.breach(&to, Sla::Resolution, -1),
            WithdrawnSample::ComplaintHandlingTime { seconds, within } => self.ledger.credit(&to.of_all_media(), |figures, _| {
                let complaints = figures.complaints();
                complaints.handling.take_back(*seconds);
                within.iter().for_each(|within| complaints.within.take_back(*within));
            }),
            WithdrawnSample::FirstContactResolution => {}
        }
    }

    /// The credit that a fact carries, at its own time.
    fn of<'f>(&self, fact: &'f Fact) -> Credit<'f> {
        let medium = fact.conversation.as_ref().map(|conversation| conversation.medium);
        Credit { place: self.ledger.place_of(self.clock, fact.at), agent: fact.agent.as_ref(), team: fact.team.as_ref(), medium }
    }
}
