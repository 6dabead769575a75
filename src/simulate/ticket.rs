//! Tickets: e-mails, forms and complaints that agents work on between chats, over hours and days.

use super::draft::Draft;
use super::floor::{Floor, Step};
use super::roster::{Duty, Status};
use super::staff::ShiftStep;
use super::texts;
use crate::model::Span;

/// One ticket that is not closed for good.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) id: String,
    pub(super) team: usize,
    pub(super) kind: &'static str,
    owner: Option<usize>,
    /// Counts what happened to it, so that what was planned before is void.
    turn: u32,
    /// Times that it has to go back to the customer or to somebody else before it is solved.
    rounds: u32,
    resolved: bool,
}

/// What happens to a ticket.
#[derive(Debug, Clone, Copy)]
pub(super) enum TicketStep {
    /// It gets an owner.
    Triage,
    /// The customer answers, and it is open again.
    CustomerAnswers,
    /// The third party answers, and it is open again.
    ThirdPartyAnswers,
    /// It is closed for good.
    Close,
    /// The customer is not content with the solution.
    Reopen,
    /// It turns out to be the same as an earlier one.
    Merge(u64),
}

/// Tickets that wait on one desk at most, unless they come back to their owner.
const DESK: usize = 2;

const fn minutes(count: i64) -> Span {
    Span(count * Span::MINUTE.0)
}

impl Floor {
    /// A customer writes an e-mail or fills a form; some send the same twice.
    pub(super) fn open_ticket(&mut self, team: usize) {
        let (customer, topic) = self.customer(team);
        let kind = match self.teams[team].duty {
            Duty::Complaints => self.chance.pick(&["complaint", "complaint", "complaint", "conflict"]),
            Duty::Technical => self.chance.pick(&["technical", "technical", "incident", "question"]),
            Duty::Presale | Duty::Aftersale | Duty::Vip => self.chance.pick(&["question", "request", "request", "complaint"]),
        };
        let number = self.create_ticket(team, &customer, topic, kind, None);
        if self.chance.share(0.05) {
            let again = self.create_ticket(team, &customer, topic, kind, None);
            let turn = self.tickets.get(&again).map_or(0, |ticket| ticket.turn);
            let after = self.chance.between(minutes(3), minutes(15));
            self.plan(after, Step::Ticket(again, turn, TicketStep::Merge(number)));
        } else {
            self.plan_triage(number);
        }
    }

    /// Creates a ticket, by the customer or by an agent who owns it; gives its number.
    pub(super) fn create_ticket(&mut self, team: usize, customer: &str, topic: &str, kind: &'static str, by: Option<usize>) -> u64 {
        let (number, id) = self.new_id("t");
        let severity = self.chance.pick(&["minor", "minor", "major", "critical"]);
        let priority = self.chance.pick(&["low", "normal", "normal", "high"]);
        let channel = self.chance.pick(&["email", "email", "form", "app"]);
        let mut created = Draft::ticket("ticket.created", &id)
            .word("kind", kind)
            .word("severity", severity)
            .word("priority", priority)
            .word("customer", customer)
            .word("team", &self.teams[team].name)
            .word("channel", channel)
            .word("topic", topic);
        if let Some(agent) = by {
            created = created.word("agent", &self.agents[agent].id).word("by", "agent");
            self.agents[agent].desk.push_back(number);
        }
        self.send(created);
        if by.is_none() {
            let receipt = Draft::ticket("ticket.message", &id).word("from", "system").word("text", texts::TICKET_RECEIVED);
            self.send_later(Span(1_200), receipt);
        }
        let rounds = self.chance.weighted(&[0.50, 0.35, 0.15]) as u32;
        let ticket = Ticket { id, team, kind, owner: by, turn: 0, rounds, resolved: false };
        self.tickets.insert(number, ticket);
        number
    }

    fn plan_triage(&mut self, number: u64) {
        let turn = self.tickets.get(&number).map_or(0, |ticket| ticket.turn);
        let after = self.chance.between(Span(20_000), minutes(6));
        self.plan(after, Step::Ticket(number, turn, TicketStep::Triage));
    }

    pub(super) fn ticket_step(&mut self, number: u64, turn: u32, step: TicketStep) {
        let Some(ticket) = self.tickets.get_mut(&number).filter(|ticket| ticket.turn == turn) else { return };
        ticket.turn += 1;
        let id = ticket.id.clone();
        match step {
            TicketStep::Triage => self.triage(number),
            TicketStep::CustomerAnswers => {
                self.customer_writes(&id);
                self.send(Draft::ticket("ticket.status", &id).word("status", "open"));
                self.due(number);
            }
            TicketStep::ThirdPartyAnswers => {
                self.send(Draft::ticket("ticket.status", &id).word("status", "open"));
                self.due(number);
            }
            TicketStep::Close => {
                self.send(Draft::ticket("ticket.status", &id).word("status", "closed"));
                self.tickets.remove(&number);
            }
            TicketStep::Reopen => {
                ticket.resolved = false;
                self.customer_writes(&id);
                self.due(number);
            }
            TicketStep::Merge(into) => self.merge(number, into),
        }
    }

    fn customer_writes(&mut self, id: &str) {
        let text = self.chance.pick(&texts::CUSTOMER_MORE);
        self.send(Draft::ticket("ticket.message", id).word("from", "customer").word("text", text));
    }

    fn merge(&mut self, number: u64, into: u64) {
        let Some(target) = self.tickets.get(&into).map(|ticket| ticket.id.clone()) else {
            self.plan_triage(number);
            return;
        };
        if let Some(merged) = self.tickets.remove(&number) {
            self.send(Draft::ticket("ticket.merged", &merged.id).word("into", &target));
        }
    }

    /// Gives a ticket to the agent of its team on duty with the shortest desk; while all desks are full it waits.
    fn triage(&mut self, number: u64) {
        let Some(ticket) = self.tickets.get_mut(&number) else { return };
        let members = self.teams[ticket.team].members.iter().copied();
        let free = members.filter(|&agent| {
            let agent = &self.agents[agent];
            agent.status != Status::Offline && agent.intent.is_none() && agent.desk.len() < DESK
        });
        match free.min_by_key(|&agent| self.agents[agent].desk.len()) {
            Some(agent) => {
                ticket.owner = Some(agent);
                let assigned = Draft::ticket("ticket.assigned", &ticket.id).word("agent", &self.agents[agent].id);
                self.agents[agent].desk.push_back(number);
                self.send(assigned);
            }
            None => {
                let turn = ticket.turn;
                self.plan(minutes(10), Step::Ticket(number, turn, TicketStep::Triage));
            }
        }
    }

    /// A ticket needs somebody again: its owner if he is on duty, else whom triage finds.
    fn due(&mut self, number: u64) {
        let Some(owner) = self.tickets.get(&number).map(|ticket| ticket.owner) else { return };
        match owner {
            Some(agent) if self.agents[agent].status != Status::Offline => self.agents[agent].desk.push_back(number),
            Some(_) => self.give_back(number),
            None => self.triage(number),
        }
    }

    /// Whoever goes home gives back what waits on his desk.
    pub(super) fn clear_desk(&mut self, agent: usize) {
        for number in std::mem::take(&mut self.agents[agent].desk) {
            self.give_back(number);
        }
    }

    fn give_back(&mut self, number: u64) {
        let Some(ticket) = self.tickets.get_mut(&number) else { return };
        ticket.owner = None;
        let back = Draft::ticket("ticket.assigned", &ticket.id).json("agent", "null");
        self.send(back);
        self.plan_triage(number);
    }

    /// An agent with at most one open chat takes up his next ticket.
    pub(super) fn look_at_desk(&mut self, agent: usize) {
        let state = &mut self.agents[agent];
        if state.status != Status::Available || state.intent.is_some() || state.work.is_some() || state.chats.len() > 1 {
            return;
        }
        let Some(number) = state.desk.pop_front() else { return };
        let Some(ticket) = self.tickets.get(&number) else { return };
        state.work = Some(number);
        let started = Draft::ticket("ticket.work", &ticket.id).word("agent", &state.id).word("action", "started");
        self.send(started);
        let length = self.chance.around(minutes(5), 0.5);
        self.plan(length, Step::Shift(agent, ShiftStep::StopWork(number)));
    }

    /// The agent writes what he found and stops; the ticket is solved, or waits for somebody.
    pub(super) fn stop_work(&mut self, agent: usize, number: u64) {
        if self.agents[agent].work != Some(number) {
            return;
        }
        self.agents[agent].work = None;
        let name = self.agents[agent].id.clone();
        if let Some(ticket) = self.tickets.get_mut(&number) {
            ticket.turn += 1;
            let id = ticket.id.clone();
            let waits = ticket.rounds > 0;
            ticket.rounds = ticket.rounds.saturating_sub(1);
            if waits {
                self.set_aside(number, agent, &id, &name);
            } else {
                self.resolve(number, &id, &name);
            }
            self.send(Draft::ticket("ticket.work", &id).word("agent", &name).word("action", "stopped"));
        }
        self.freed(agent);
    }

    fn answer(&mut self, id: &str, agent: &str) -> Draft {
        let text = self.chance.pick(&texts::TICKET_ANSWER);
        Draft::ticket("ticket.message", id).word("from", "agent").word("agent", agent).word("text", text)
    }

    /// The customer or a third party has to answer first, or the agent goes on later.
    fn set_aside(&mut self, number: u64, agent: usize, id: &str, name: &str) {
        let turn = self.tickets.get(&number).map_or(0, |ticket| ticket.turn);
        let status = Draft::ticket("ticket.status", id);
        match self.chance.weighted(&[0.55, 0.30, 0.15]) {
            0 => {
                let answer = self.answer(id, name);
                self.send(answer);
                self.send(status.word("status", "pending").word("agent", name));
                let after = self.chance.around(minutes(70), 1.0);
                self.plan(after, Step::Ticket(number, turn, TicketStep::CustomerAnswers));
            }
            1 => {
                let answer = self.answer(id, name);
                self.send(answer);
                self.send(status.word("status", "on_hold").word("agent", name));
                let after = self.chance.around(minutes(240), 1.1);
                self.plan(after, Step::Ticket(number, turn, TicketStep::ThirdPartyAnswers));
            }
            _ => {
                let text = self.chance.pick(&texts::NOTE);
                let note = Draft::ticket("ticket.message", id).word("from", "agent").word("agent", name);
                self.send(note.flag("private", true).word("text", text));
                self.agents[agent].desk.push_back(number);
            }
        }
    }

    fn resolve(&mut self, number: u64, id: &str, name: &str) {
        let answer = self.answer(id, name);
        self.send(answer);
        self.send(Draft::ticket("ticket.status", id).word("status", "resolved").word("agent", name));
        let Some(ticket) = self.tickets.get_mut(&number) else { return };
        let first = !ticket.resolved;
        ticket.resolved = true;
        let turn = ticket.turn;
        let reopened = if ticket.kind == "complaint" { 0.12 } else { 0.06 };
        if first && self.chance.share(reopened) {
            let after = self.chance.around(minutes(150), 1.0);
            self.plan(after, Step::Ticket(number, turn, TicketStep::Reopen));
        } else {
            let after = self.chance.between(Span(20 * Span::HOUR.0), Span(50 * Span::HOUR.0));
            self.plan(after, Step::Ticket(number, turn, TicketStep::Close));
        }
        self.after_ticket(number, name);
    }
}
