//! The floor: everything that is there, and the loop that lets the next thing happen.

use std::collections::{BTreeMap, VecDeque};

use super::agenda::Agenda;
use super::bot::BotStep;
use super::business::BusinessStep;
use super::chance::Chance;
use super::chat::{Chat, ChatStep};
use super::draft::Draft;
use super::rhythm::Rhythm;
use super::roster::{self, Agent, Duty, Team};
use super::staff::{AgentStep, ShiftStep};
use super::ticket::{Ticket, TicketStep};
use super::{Person, SimulatedRecord, SimulationSettings};
use crate::model::{Span, Time};

/// Something that is to happen. Steps with a `turn` are void when that turn of their chat, agent or ticket is over.
#[derive(Debug)]
pub(super) enum Step {
    /// A customer comes, by the day's rhythm.
    Customer,
    /// A customer of this team comes, in a surge.
    Extra(usize),
    /// Some team gets a surge of customers.
    Surge,
    /// A day begins.
    Day,
    Bot(u64, u32, BotStep),
    Chat(u64, u32, ChatStep),
    Ticket(u64, u32, TicketStep),
    /// What an agent does in one status.
    Agent(usize, u32, AgentStep),
    /// What an agent's shift brings.
    Shift(usize, ShiftStep),
    Business(Box<BusinessStep>),
    /// A prepared event is sent.
    Send(Box<Draft>),
}

/// The whole contact center.
#[derive(Debug)]
pub(super) struct Floor {
    pub(super) now: Time,
    pub(super) chance: Chance,
    pub(super) rhythm: Rhythm,
    pub(super) teams: Vec<Team>,
    pub(super) agents: Vec<Agent>,
    pub(super) chats: BTreeMap<u64, Chat>,
    pub(super) tickets: BTreeMap<u64, Ticket>,
    /// Customers who came lately, with their topics: some come again.
    pub(super) recent: VecDeque<(String, &'static str)>,
    team_weights: Vec<f64>,
    agenda: Agenda<Step>,
    outbox: VecDeque<SimulatedRecord>,
    /// Makes ids of different seeds and starts different.
    tag: String,
    numbered: u64,
    sent: u64,
}

impl Floor {
    pub(super) fn new(settings: &SimulationSettings) -> Self {
        let mut chance = Chance::new(settings.seed);
        let mut teams = roster::teams(usize::from(settings.teams));
        let agents = roster::agents(settings.agents.max(1) as usize, &mut teams, &mut chance);
        let mut floor = Self {
            now: settings.start,
            chance,
            rhythm: Rhythm::new(settings.midnight, settings.conversations_per_hour.max(0.01)),
            team_weights: teams.iter().map(|team| team.weight).collect(),
            teams,
            agents,
            chats: BTreeMap::new(),
            tickets: BTreeMap::new(),
            recent: VecDeque::new(),
            agenda: Agenda::new(),
            outbox: VecDeque::new(),
            tag: tag(settings),
            numbered: 0,
            sent: 0,
        };
        floor.open();
        floor
    }

    fn open(&mut self) {
        let today = self.rhythm.day_start(self.now);
        self.plan_shifts(today - Span::DAY);
        self.agenda.plan(self.now, Step::Day);
        self.plan_next_customer();
        self.plan_surge();
    }

    pub(super) fn next_before(&mut self, until: Time) -> Option<SimulatedRecord> {
        loop {
            if self.outbox.front().is_some_and(|record| record.time < until) {
                return self.outbox.pop_front();
            }
            let (at, step) = self.agenda.next_before(until)?;
            self.now = at;
            self.perform(step);
        }
    }

    pub(super) fn people(&self) -> impl Iterator<Item = Person<'_>> {
        self.agents.iter().map(|agent| Person { agent: &agent.id, name: &agent.name, team: &self.teams[agent.team].name })
    }

    fn perform(&mut self, step: Step) {
        match step {
            Step::Customer => {
                self.plan_next_customer();
                let team = self.chance.weighted(&self.team_weights);
                // The rhythm's peak rate is thinned out to the rate of the hour.
                let peak = self.rhythm.peak();
                if self.chance.share(self.rhythm.rate(self.now) / peak) {
                    self.customer_comes(team);
                }
            }
            Step::Extra(team) => self.customer_comes(team),
            Step::Surge => self.surge(),
            Step::Day => self.day_begins(),
            Step::Bot(chat, turn, step) => self.bot_step(chat, turn, step),
            Step::Chat(chat, turn, step) => self.chat_step(chat, turn, step),
            Step::Ticket(ticket, turn, step) => self.ticket_step(ticket, turn, step),
            Step::Agent(agent, turn, step) => self.agent_step(agent, turn, step),
            Step::Shift(agent, step) => self.shift_step(agent, step),
            Step::Business(step) => self.business_step(*step),
            Step::Send(draft) => self.send(*draft),
        }
    }

    /// Sends an event now.
    pub(super) fn send(&mut self, draft: Draft) {
        self.sent += 1;
        let id = format!("{}-{}", self.tag, self.sent);
        self.outbox.push_back(draft.record(&id, self.now));
    }

    /// Plans a step.
    pub(super) fn plan(&mut self, after: Span, step: Step) {
        self.agenda.plan(self.now + after, step);
    }

    /// Plans to send an event as it is.
    pub(super) fn send_later(&mut self, after: Span, draft: Draft) {
        self.plan(after, Step::Send(Box::new(draft)));
    }

    /// A new id, like `c4k1-17`.
    pub(super) fn new_id(&mut self, prefix: &str) -> (u64, String) {
        self.numbered += 1;
        (self.numbered, format!("{prefix}{}-{}", self.tag, self.numbered))
    }

    fn plan_next_customer(&mut self) {
        let peak = self.rhythm.peak();
        let after = self.chance.until_next(peak);
        self.plan(after, Step::Customer);
    }

    fn plan_surge(&mut self) {
        let after = self.chance.between(Span(15 * Span::MINUTE.0), Span(70 * Span::MINUTE.0));
        self.plan(after, Step::Surge);
    }

    /// A campaign or an outage: some minutes in which one team has three times its usual customers.
    fn surge(&mut self) {
        self.plan_surge();
        let team = self.chance.weighted(&self.team_weights);
        let length = self.chance.between(Span(4 * Span::MINUTE.0), Span(10 * Span::MINUTE.0));
        let share = self.teams[team].weight / self.team_weights.iter().sum::<f64>();
        let usual = self.rhythm.rate(self.now) * share * length.0 as f64 / Span::HOUR.0 as f64;
        for _ in 0..(usual * 2.0).ceil() as usize {
            let after = self.chance.between(Span::ZERO, length);
            self.plan(after, Step::Extra(team));
        }
    }

    fn day_begins(&mut self) {
        let today = self.rhythm.day_start(self.now);
        self.plan_shifts(today);
        self.plan_workload(today + Span::DAY);
        self.score_indicators();
        self.agenda.plan(today + Span::DAY, Step::Day);
    }

    /// A customer comes with something: most write or call, some open a ticket.
    fn customer_comes(&mut self, team: usize) {
        let duty = self.teams[team].duty;
        let (tickets, calls) = match duty {
            Duty::Complaints => (0.36, 0.20),
            Duty::Technical => (0.22, 0.0),
            Duty::Aftersale => (0.10, 0.12),
            Duty::Vip => (0.06, 0.20),
            Duty::Presale => (0.04, 0.0),
        };
        match self.chance.unit() {
            draw if draw < tickets => self.open_ticket(team),
            draw if draw < tickets + calls => self.call_comes(team),
            _ => self.chat_comes(team),
        }
    }

    /// Who it is and what it is about: mostly somebody new, sometimes somebody who was here lately, often for the same thing.
    pub(super) fn customer(&mut self, team: usize) -> (String, &'static str) {
        let topics = match self.teams[team].duty {
            Duty::Presale => ["size", "price", "stock", "promotion"],
            Duty::Aftersale => ["refund", "exchange", "logistics", "repair"],
            Duty::Vip => ["membership", "gift", "booking", "points"],
            Duty::Technical => ["login", "payment", "app", "website"],
            Duty::Complaints => ["service", "quality", "delay", "price"],
        };
        let mut topic = self.chance.pick(&topics);
        let customer = if self.chance.share(0.10) && !self.recent.is_empty() {
            let (customer, earlier) = self.recent[self.chance.below(self.recent.len())].clone();
            if self.chance.share(0.4) {
                topic = earlier;
            }
            customer
        } else {
            self.new_id("u").1
        };
        self.recent.push_back((customer.clone(), topic));
        if self.recent.len() > RECENT_CUSTOMERS {
            self.recent.pop_front();
        }
        (customer, topic)
    }
}

/// How many customers are remembered for coming again.
const RECENT_CUSTOMERS: usize = 500;

/// Four characters that differ between seeds and starts.
fn tag(settings: &SimulationSettings) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mixed = settings.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (settings.start.0 as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (0..5).map(|place| char::from(DIGITS[(mixed >> (20 + place * 5)) as usize & 31])).collect()
}
