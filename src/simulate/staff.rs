//! Agents' days: shifts, breaks, meetings, after-contact time, heartbeats; whoever leaves hands his chats over first.

use super::draft::Draft;
use super::floor::{Floor, Step};
use super::roster::{Intent, Status};
use crate::model::{Span, Time};

/// What an agent does in one status; void when the status has changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum AgentStep {
    /// He is available again.
    Return,
    /// The telephone system reports the same status again.
    Heartbeat,
}

/// What a shift brings.
#[derive(Debug, Clone, Copy)]
pub(super) enum ShiftStep {
    /// It begins.
    Arrive,
    /// It ends.
    Leave,
    /// A pause or meeting is due.
    Pause(Status, Span),
    /// Who still has chats and wants to go hands them over.
    HandOver,
    /// A look at the tickets.
    LookAtDesk,
    /// He stops working on this ticket.
    StopWork(u64),
}

/// How often a status is repeated.
const HEARTBEAT: Span = Span(5 * Span::MINUTE.0);

/// How long somebody who wants to go finishes his chats before he hands them over.
const FINISHING: Span = Span(4 * Span::MINUTE.0);

const fn minutes(count: i64) -> Span {
    Span(count * Span::MINUTE.0)
}

impl Floor {
    /// Plans the shifts that begin on this day; of those under way, what is left.
    pub(super) fn plan_shifts(&mut self, day: Time) {
        for agent in 0..self.agents.len() {
            // Two days off in seven, moved from agent to agent.
            if (self.rhythm.day_number(day) + 3 * agent as i64).rem_euclid(7) < 2 {
                continue;
            }
            let shift = self.agents[agent].shift;
            let begin = day + shift.begin + self.chance.between(minutes(-6), minutes(3));
            let end = day + shift.begin + shift.length + self.chance.between(minutes(0), minutes(6));
            if end <= self.now + minutes(10) {
                continue;
            }
            let under_way = self.now + self.chance.between(Span(200), Span(4_000));
            let arrive = begin.max(under_way);
            self.plan(arrive - self.now, Step::Shift(agent, ShiftStep::Arrive));
            self.plan(end - self.now, Step::Shift(agent, ShiftStep::Leave));
            self.plan_pauses(agent, begin);
        }
    }

    fn plan_pauses(&mut self, agent: usize, begin: Time) {
        let mut pauses = vec![
            (minutes(115), Status::Break, minutes(12)),
            (minutes(235), Status::Break, minutes(40)),
            (minutes(410), Status::Break, minutes(12)),
        ];
        if self.chance.share(0.4) {
            pauses.push((minutes(320), Status::Meeting, minutes(30)));
        }
        if self.chance.share(0.12) {
            pauses.push((minutes(50), Status::Training, minutes(50)));
        }
        for (after, status, length) in pauses {
            let at = begin + after + self.chance.between(minutes(-30), minutes(30));
            let length = self.chance.around(length, 0.15);
            if at > self.now {
                self.plan(at - self.now, Step::Shift(agent, ShiftStep::Pause(status, length)));
            }
        }
    }

    pub(super) fn agent_step(&mut self, agent: usize, turn: u32, step: AgentStep) {
        if self.agents[agent].turn != turn {
            return;
        }
        match step {
            AgentStep::Return => {
                self.set_status(agent, Status::Available);
                self.freed(agent);
            }
            AgentStep::Heartbeat => {
                self.send_status(agent);
                self.plan(HEARTBEAT, Step::Agent(agent, turn, AgentStep::Heartbeat));
            }
        }
    }

    pub(super) fn shift_step(&mut self, agent: usize, step: ShiftStep) {
        let offline = self.agents[agent].status == Status::Offline;
        match step {
            ShiftStep::Arrive if offline => {
                self.set_status(agent, Status::Available);
                self.plan(minutes(1), Step::Shift(agent, ShiftStep::LookAtDesk));
                self.freed(agent);
            }
            ShiftStep::StopWork(ticket) => self.stop_work(agent, ticket),
            ShiftStep::Arrive => {}
            _ if offline => {}
            ShiftStep::Leave => self.intend(agent, Intent::Leave),
            ShiftStep::Pause(status, length) => {
                let at_work = matches!(self.agents[agent].status, Status::Available | Status::AfterContact);
                if at_work && self.agents[agent].intent.is_none() {
                    self.intend(agent, Intent::Pause(status, length));
                }
            }
            ShiftStep::HandOver => self.hand_over(agent),
            ShiftStep::LookAtDesk => {
                self.look_at_desk(agent);
                let again = self.chance.between(Span(50_000), Span(110_000));
                self.plan(again, Step::Shift(agent, ShiftStep::LookAtDesk));
            }
        }
    }

    /// The agent gets nothing new, finishes what he has, and then does what he intends.
    fn intend(&mut self, agent: usize, intent: Intent) {
        self.agents[agent].intent = Some(intent);
        if self.agents[agent].is_engaged() {
            if self.agents[agent].status == Status::Available {
                self.set_status(agent, Status::Busy);
            }
            self.plan(FINISHING, Step::Shift(agent, ShiftStep::HandOver));
        }
        self.freed(agent);
    }

    fn hand_over(&mut self, agent: usize) {
        if self.agents[agent].intent.is_none() {
            return;
        }
        if let Some(ticket) = self.agents[agent].work {
            self.stop_work(agent, ticket);
        }
        for chat in self.agents[agent].chats.clone() {
            self.pass_on(chat, agent, None);
        }
    }

    /// Something has left the agent's desk: he does what he intends, takes a breath, or gets the next customer.
    pub(super) fn freed(&mut self, agent: usize) {
        let state = &self.agents[agent];
        match (state.is_engaged(), state.intent) {
            (true, Some(_)) => {}
            (false, Some(intent)) => self.carry_out(agent, intent),
            (_, None) => self.route_to(agent),
        }
    }

    /// After the last open chat some agents take a moment to write it up.
    pub(super) fn write_up(&mut self, agent: usize) {
        let state = &self.agents[agent];
        if state.status == Status::Available && state.intent.is_none() && state.chats.len() <= 1 && self.chance.share(0.35) {
            self.set_status(agent, Status::AfterContact);
            let length = self.chance.between(Span(15_000), Span(60_000));
            self.plan(length, Step::Agent(agent, self.agents[agent].turn, AgentStep::Return));
        }
    }

    fn carry_out(&mut self, agent: usize, intent: Intent) {
        self.agents[agent].intent = None;
        match intent {
            Intent::Pause(status, length) => {
                self.set_status(agent, status);
                self.plan(length, Step::Agent(agent, self.agents[agent].turn, AgentStep::Return));
            }
            Intent::Leave => {
                self.set_status(agent, Status::Offline);
                self.clear_desk(agent);
            }
        }
    }

    fn set_status(&mut self, agent: usize, status: Status) {
        let state = &mut self.agents[agent];
        state.status = status;
        state.turn += 1;
        let turn = state.turn;
        self.send_status(agent);
        if status != Status::Offline {
            self.plan(HEARTBEAT, Step::Agent(agent, turn, AgentStep::Heartbeat));
        }
    }

    fn send_status(&mut self, agent: usize) {
        let state = &self.agents[agent];
        let draft = Draft::agent("agent.status", &state.id).word("status", state.status.word()).word("team", &self.teams[state.team].name);
        self.send(draft);
    }
}
