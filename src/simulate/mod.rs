//! A simulated contact center: a seed, a size and a start give a stream of event records in order of time.
//!
//! Customers come in a day's rhythm (`rhythm`), bots, chats and calls (`bot`, `chat`, `call`) are routed to agents who work in shifts
//! (`roster`, `staff`, `routing`), tickets are worked on between chats (`ticket`), and ratings, orders and reviews follow (`business`).
//! What happens next stands in one agenda (`agenda`); every choice is drawn from one seeded source (`chance`), so the same settings
//! give the same bytes. [`Faults`] spoils a clean stream as real producers and networks do; [`load`] is a cheap generator for benchmarks.
//!
//! Pure: time is an argument, nothing is read or written.

mod agenda;
mod bot;
mod business;
mod call;
mod chance;
mod chat;
mod draft;
mod faults;
mod floor;
pub mod load;
mod rhythm;
mod roster;
mod routing;
mod staff;
mod texts;
mod ticket;

#[cfg(test)]
mod tests;

pub use faults::{FaultSettings, Faults};

use crate::model::{Span, Time};
use floor::Floor;

/// Conversations that a full-time agent's presence in the roster carries per hour of the whole day, nights and days off included:
/// with it agents are busy for about two thirds of their work time.
const CONVERSATIONS_PER_AGENT: f64 = 3.2;

/// Events that an average conversation brings with it, agents' own events included.
const EVENTS_PER_CONVERSATION: f64 = 13.0;

/// The offset of the simulated shop's wall clock from UTC: its days begin at midnight in China.
const LOCAL_OFFSET: Span = Span(8 * Span::HOUR.0);

/// How large the simulated contact center is and when it opens.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationSettings {
    /// Chooses everything that is left to chance.
    pub seed: u64,
    /// Agents on the roster; about half of them are on duty at the peaks.
    pub agents: u32,
    /// Teams: aftersale, presale, complaints, vip, technical, then second ones of them.
    pub teams: u16,
    /// Conversations per hour, as the mean over a day; the peaks have more than twice as many.
    pub conversations_per_hour: f64,
    /// The first instant that has events.
    pub start: Time,
    /// An instant that is midnight in the contact center: shifts and rhythm follow from it.
    pub midnight: Time,
}

impl SimulationSettings {
    /// A contact center with as many customers as its agents can serve well, on Chinese local time.
    #[must_use]
    pub fn new(seed: u64, agents: u32, start: Time) -> Self {
        let conversations_per_hour = f64::from(agents) * CONVERSATIONS_PER_AGENT;
        Self { seed, agents, teams: 5, conversations_per_hour, start, midnight: Time(-LOCAL_OFFSET.0) }
    }

    /// Sets the contact center's own wall clock: at the start it shows this time of day.
    #[must_use]
    pub fn with_time_of_day(mut self, time_of_day: Span) -> Self {
        self.midnight = self.start - time_of_day;
        self
    }

    /// Sets how many events per second come, as the mean over a day; the number of agents stays.
    #[must_use]
    pub fn with_rate(mut self, events_per_second: f64) -> Self {
        self.conversations_per_hour = events_per_second * 3_600.0 / EVENTS_PER_CONVERSATION;
        self
    }

    /// The number of agents that serve this many events per second well.
    #[must_use]
    pub fn agents_for_rate(events_per_second: f64) -> u32 {
        (events_per_second * 3_600.0 / EVENTS_PER_CONVERSATION / CONVERSATIONS_PER_AGENT).ceil().max(1.0) as u32
    }
}

/// The topic that a record is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Chats and their ratings.
    Chat,
    /// Tickets and their ratings.
    Ticket,
    /// Agents, and what concerns no conversation: orders, offers, reviews, plans, indicators.
    Agent,
}

impl Topic {
    /// All topics, in the order of the default configuration.
    pub const ALL: [Self; 3] = [Self::Chat, Self::Ticket, Self::Agent];

    /// The topic's name in the default configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat.events",
            Self::Ticket => "ticket.events",
            Self::Agent => "agent.events",
        }
    }
}

/// One record, to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedRecord {
    /// When it is sent. In a clean stream this is the time of its event.
    pub time: Time,
    /// Where it belongs.
    pub topic: Topic,
    /// The key of its partition: the id of the conversation, agent, order or team.
    pub key: String,
    /// The event as JSON.
    pub value: Vec<u8>,
}

/// An agent of the roster, as a people file lists him.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person<'a> {
    /// His id in events.
    pub agent: &'a str,
    /// His name.
    pub name: &'a str,
    /// His team.
    pub team: &'a str,
}

/// A running contact center.
#[derive(Debug)]
pub struct Simulation {
    floor: Floor,
}

impl Simulation {
    /// Hires everybody and opens the doors at the start.
    #[must_use]
    pub fn new(settings: &SimulationSettings) -> Self {
        Self { floor: Floor::new(settings) }
    }

    /// The next record when it is sent before `until`. Records come in order of time; a simulation never ends.
    pub fn next_before(&mut self, until: Time) -> Option<SimulatedRecord> {
        self.floor.next_before(until)
    }

    /// Everybody on the roster.
    pub fn people(&self) -> impl Iterator<Item = Person<'_>> {
        self.floor.people()
    }
}
