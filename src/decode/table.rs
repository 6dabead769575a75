//! The table of event types: every type, its fields in the order in which they are checked, and what each may hold.
//!
//! Decoding, the JSON Schema and the suggestions for unknown fields all read this table; it is the event contract (`docs/events.md`) as data.

use super::build::{self, Build};
use crate::model::{EndReason, Medium, TicketStatus};

/// Most bytes of UTF-8 in an id, name or word (ruling 4).
pub(super) const NAME_LIMIT: usize = 256;
/// Most bytes of UTF-8 in the `id` of an event (ruling 4).
const ID_LIMIT: usize = 128;
/// No number that is not a time may be further from zero (ruling 15).
pub(super) const NUMBER_LIMIT: i64 = 1_000_000_000_000;

macro_rules! keys {
    ($($key:ident $name:literal $about:literal)+) => {
        /// The names that fields have in JSON.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Key { $(#[doc = $about] $key),+ }

        impl Key {
            /// How many there are.
            pub(super) const COUNT: usize = [$($name),+].len();

            /// The field with this name.
            #[inline]
            pub(super) fn of(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$key),)+ _ => None }
            }

            /// The name.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$key => $name),+ }
            }

            /// What the field means.
            pub(super) const fn about(self) -> &'static str {
                match self { $(Self::$key => $about),+ }
            }
        }
    };
}

keys! {
    Id "id" "Unique per event: a second event with the same source and id is a duplicate."
    Type "type" "What happened. Types that are not listed are counted and skipped."
    Time "time" "When it happened."
    Source "source" "The producing system; scopes the id."
    Chat "chat" "The chat's id."
    Ticket "ticket" "The ticket's id."
    From "from" "Who wrote the message; of a plan, the first instant of its interval."
    Agent "agent" "The agent's id."
    Private "private" "A note that the customer does not see."
    Automated "automated" "Written by a machine."
    Edited "edited" "A change of an earlier message: without effect."
    Text "text" "The message. Read for banned phrases and automatic texts only; never stored, logged or exported."
    Customer "customer" "The customer's id."
    Team "team" "The team's id."
    Channel "channel" "Web, phone, e-mail or any other word."
    Topic "topic" "What it is about."
    Bot "bot" "A bot holds the chat from the start."
    Waiting "waiting" "The customer already waits."
    InScope "in_scope" "Whether it counts for first-contact resolution."
    Reason "reason" "Why."
    Kind "kind" "Question, complaint, incident, technical, conflict, request or any other word."
    Severity "severity" "How bad it is: any word."
    Priority "priority" "How urgent it is: any word."
    By "by" "Who created the ticket; a customer's counts as a message of his."
    Status "status" "The new status."
    Into "into" "The ticket in which this one goes on."
    Action "action" "Whether the work starts or stops."
    Score "score" "From 0 to the scale."
    Scale "scale" "The best score."
    Rule "rule" "The rule that was broken."
    Points "points" "Points given, from 0 to `out_of`."
    OutOf "out_of" "Points possible."
    Order "order" "The order's id."
    Amount "amount" "A decimal number or a string of digits with at most 2 decimals."
    Currency "currency" "Informational: one per installation."
    Accepted "accepted" "Whether the customer took the offer."
    To "to" "The first instant after the interval."
    Contacts "contacts" "Contacts expected."
    Indicator "indicator" "The indicator's name."
    Month "month" "The month, YYYY-MM."
    Value "value" "The indicator's value."
}

/// What a field may hold. Limits on numbers are bounds and come after every field's type (ruling 15).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// An id, name or free word: a string of 1 to `limit` bytes; an empty one in an optional field is none (ruling 12).
    Name {
        /// Most bytes.
        limit: usize,
    },
    /// Any string at all: `type` (ruling 10) and `text`.
    Text,
    /// A word of a closed list.
    Word(&'static [&'static str]),
    /// True or false.
    Flag,
    /// RFC 3339 with offset, or integer milliseconds (ruling 13).
    Time,
    /// A number.
    Number(Least),
    /// An integer of at least 0.
    Count,
    /// A decimal number or a string of digits, of at least 0 and with at most 2 decimals (ruling 16).
    Amount,
    /// `YYYY-MM`.
    Month,
}

/// The lower bound of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Least {
    /// None but the limit of all numbers.
    Any,
    /// 0 is the least.
    Zero,
    /// More than 0.
    Positive,
}

/// Whether a field must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Absent and null are the same.
    Optional,
    /// Absent and null are `missing_field`.
    Required,
    /// Null says something of its own: back to the queue.
    RequiredOrNull,
    /// Required, and then checked last, when the message is from an agent; else optional.
    FromAgent,
}

/// What an optional field holds when it is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preset {
    /// Nothing.
    None,
    /// This flag.
    Flag(bool),
    /// This number.
    Number(u32),
    /// This word.
    Word(&'static str),
}

/// One field of a type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// Its name.
    pub key: Key,
    /// What it may hold.
    pub shape: Shape,
    /// Whether it must be there.
    pub need: Need,
    /// What it holds when it is absent.
    pub preset: Preset,
}

/// One type of event.
#[derive(Debug)]
pub(super) struct EventType {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// Its fields, in the order in which they are checked.
    pub fields: &'static [Field],
    /// Fields of which at least one must be there (ruling 21).
    pub one_of: &'static [Key],
    /// Makes the event's body of checked fields.
    pub build: Build,
}

impl EventType {
    /// The type with this name.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|known| known.name == name)
    }

    const fn new(name: &'static str, about: &'static str, fields: &'static [Field], build: Build) -> Self {
        Self { name, about, fields, one_of: &[], build }
    }

    const fn one_of(self, one_of: &'static [Key]) -> Self {
        Self { one_of, ..self }
    }
}

const fn required(key: Key, shape: Shape) -> Field {
    Field { key, shape, need: Need::Required, preset: Preset::None }
}

const fn optional(key: Key, shape: Shape) -> Field {
    Field { key, shape, need: Need::Optional, preset: Preset::None }
}

const fn preset(key: Key, shape: Shape, preset: Preset) -> Field {
    Field { key, shape, need: Need::Optional, preset }
}

const NAME: Shape = Shape::Name { limit: NAME_LIMIT };
const NO: Preset = Preset::Flag(false);

/// The fields of every event. `type` is checked between `id` and `time`, against the list of types after `source`.
pub(super) static ENVELOPE: [Field; 4] = [
    required(Key::Id, Shape::Name { limit: ID_LIMIT }),
    required(Key::Type, Shape::Text),
    required(Key::Time, Shape::Time),
    optional(Key::Source, NAME),
];

const CHAT: Field = required(Key::Chat, NAME);
const TICKET: Field = required(Key::Ticket, NAME);
const AGENT: Field = required(Key::Agent, NAME);
const OWNER: Field = Field { need: Need::RequiredOrNull, ..AGENT };
const SENDER: Field = Field { need: Need::FromAgent, ..AGENT };
const TEAM: Field = optional(Key::Team, NAME);
const FROM: Field = required(Key::From, Shape::Word(&["customer", "agent", "bot", "system"]));
const PRIVATE: Field = preset(Key::Private, Shape::Flag, NO);
const AUTOMATED: Field = preset(Key::Automated, Shape::Flag, NO);
const EDITED: Field = preset(Key::Edited, Shape::Flag, NO);
const TEXT: Field = optional(Key::Text, Shape::Text);
const IN_SCOPE: Field = preset(Key::InScope, Shape::Flag, Preset::Flag(true));
const END_REASONS: Shape =
    Shape::Word(&[EndReason::Resolved.word(), EndReason::Closed.word(), EndReason::Abandoned.word(), EndReason::Timeout.word()]);
const TICKET_STATUSES: Shape = Shape::Word(&[
    TicketStatus::Open.word(),
    TicketStatus::Pending.word(),
    TicketStatus::OnHold.word(),
    TicketStatus::Resolved.word(),
    TicketStatus::Closed.word(),
]);

/// Every type.
pub(super) static TYPES: [EventType; 23] = [
    EventType::new(
        "chat.started",
        "A chat starts.",
        &[
            CHAT,
            optional(Key::Customer, NAME),
            TEAM,
            optional(Key::Channel, NAME),
            optional(Key::Topic, NAME),
            preset(Key::Bot, Shape::Flag, NO),
            preset(Key::Waiting, Shape::Flag, NO),
            IN_SCOPE,
        ],
        build::chat_started,
    ),
    EventType::new("chat.assigned", "A chat's owner changes.", &[CHAT, OWNER, TEAM], |s| build::assigned(s, Medium::Chat)),
    EventType::new("chat.handoff", "The bot hands a chat over to people.", &[CHAT, TEAM], build::handoff),
    EventType::new("chat.message", "Somebody writes in a chat.", &[CHAT, FROM, SENDER, PRIVATE, AUTOMATED, EDITED, TEXT], |s| {
        build::message(s, Medium::Chat)
    }),
    EventType::new("chat.ended", "A chat ends.", &[CHAT, required(Key::Reason, END_REASONS), optional(Key::Agent, NAME)], build::ended),
    EventType::new("chat.reopened", "An ended chat goes on.", &[CHAT], build::reopened),
    EventType::new("chat.followed_up", "A call or message after the resolution.", &[CHAT, AGENT], |s| build::followed_up(s, Medium::Chat)),
    EventType::new(
        "ticket.created",
        "A ticket starts; a complaint is a ticket of that kind.",
        &[
            TICKET,
            preset(Key::Kind, NAME, Preset::Word("question")),
            optional(Key::Severity, NAME),
            optional(Key::Priority, NAME),
            optional(Key::Customer, NAME),
            TEAM,
            optional(Key::Channel, NAME),
            optional(Key::Topic, NAME),
            optional(Key::Agent, NAME),
            preset(Key::By, Shape::Word(&["customer", "agent"]), Preset::Word("customer")),
            IN_SCOPE,
        ],
        build::ticket_created,
    ),
    EventType::new("ticket.assigned", "A ticket's owner changes.", &[TICKET, OWNER, TEAM], |s| build::assigned(s, Medium::Ticket)),
    EventType::new("ticket.message", "Somebody writes on a ticket.", &[TICKET, FROM, SENDER, PRIVATE, AUTOMATED, EDITED, TEXT], |s| {
        build::message(s, Medium::Ticket)
    }),
    EventType::new(
        "ticket.status",
        "A ticket's status changes.",
        &[TICKET, required(Key::Status, TICKET_STATUSES), optional(Key::Agent, NAME)],
        build::ticket_status,
    ),
    EventType::new("ticket.merged", "A ticket goes on in another.", &[TICKET, required(Key::Into, NAME)], build::merged),
    EventType::new(
        "ticket.work",
        "An agent starts or stops working on a ticket.",
        &[TICKET, AGENT, required(Key::Action, Shape::Word(&["started", "stopped"]))],
        build::work,
    ),
    EventType::new("ticket.followed_up", "A call or message after the resolution.", &[TICKET, AGENT], |s| {
        build::followed_up(s, Medium::Ticket)
    }),
    EventType::new(
        "agent.status",
        "An agent's status; a repeated one is a heartbeat.",
        &[AGENT, required(Key::Status, NAME), TEAM],
        build::agent_status,
    ),
    EventType::new(
        "customer.rated",
        "A customer rates a conversation; where chat and ticket are named, the chat counts.",
        &[
            optional(Key::Chat, NAME),
            optional(Key::Ticket, NAME),
            required(Key::Score, Shape::Number(Least::Zero)),
            preset(Key::Scale, Shape::Number(Least::Positive), Preset::Number(5)),
            optional(Key::Agent, NAME),
            optional(Key::Reason, NAME),
        ],
        build::rated,
    )
    .one_of(&[Key::Chat, Key::Ticket]),
    EventType::new(
        "quality.violation",
        "An agent broke a rule.",
        &[AGENT, required(Key::Rule, NAME), optional(Key::Chat, NAME), optional(Key::Ticket, NAME)],
        build::violation,
    ),
    EventType::new(
        "quality.reviewed",
        "A reviewer gives points for an agent's work.",
        &[
            AGENT,
            required(Key::Points, Shape::Number(Least::Zero)),
            preset(Key::OutOf, Shape::Number(Least::Positive), Preset::Number(100)),
            optional(Key::Chat, NAME),
            optional(Key::Ticket, NAME),
        ],
        build::reviewed,
    ),
    EventType::new(
        "order.paid",
        "A customer pays an order.",
        &[
            required(Key::Order, NAME),
            required(Key::Customer, NAME),
            required(Key::Amount, Shape::Amount),
            optional(Key::Currency, NAME),
            optional(Key::Agent, NAME),
            optional(Key::Chat, NAME),
        ],
        build::order_paid,
    ),
    EventType::new(
        "order.returned",
        "An order is given back.",
        &[required(Key::Order, NAME), optional(Key::Amount, Shape::Amount), optional(Key::Reason, NAME)],
        build::order_returned,
    ),
    EventType::new(
        "offer.made",
        "An agent offers something.",
        &[AGENT, required(Key::Accepted, Shape::Flag), optional(Key::Chat, NAME)],
        build::offer_made,
    ),
    EventType::new(
        "workload.planned",
        "Contacts expected by a team in an interval; a later plan for the same team and interval replaces the earlier.",
        &[
            required(Key::Team, NAME),
            required(Key::From, Shape::Time),
            required(Key::To, Shape::Time),
            required(Key::Contacts, Shape::Count),
        ],
        build::workload_planned,
    ),
    EventType::new(
        "indicator.scored",
        "A value that no event stream can compute; the last one for agent, indicator and month stands.",
        &[AGENT, required(Key::Indicator, NAME), required(Key::Month, Shape::Month), required(Key::Value, Shape::Number(Least::Any))],
        build::indicator_scored,
    ),
];
