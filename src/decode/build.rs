//! From checked fields to the body of an event: one function per type, and the rules over several fields.

use super::reject::{Reason, Reject, shown};
use super::slots::Slots;
use super::table::Key;
use crate::model::{Action, Body, ConversationId, EndReason, Medium, Message, Order, Rating, Sender, Start, TicketStatus};

/// Makes the body of one type of event. It reads the fields of that type only: no others have been checked.
pub(super) type Build = fn(&Slots<'_>) -> Result<Body, Reject>;

type Built = Result<Body, Reject>;

fn conversation(slots: &Slots<'_>, medium: Medium, action: Action) -> Built {
    let key = match medium {
        Medium::Chat => Key::Chat,
        Medium::Ticket => Key::Ticket,
    };
    Ok(Body::Conversation { conversation: ConversationId { medium, id: slots.required(key)? }, action })
}

/// The conversation that an event may name; the chat counts when it names two (ruling 21).
fn chat_or_ticket(slots: &Slots<'_>) -> Option<ConversationId> {
    chat(slots).or_else(|| slots.name(Key::Ticket).map(|id| ConversationId { medium: Medium::Ticket, id }))
}

fn chat(slots: &Slots<'_>) -> Option<ConversationId> {
    slots.name(Key::Chat).map(|id| ConversationId { medium: Medium::Chat, id })
}

/// What the first rule of several fields says when `holds` is false (ruling 15).
fn bound(holds: bool, key: Key, found: &str, wanted: &str) -> Result<(), Reject> {
    if holds { Ok(()) } else { Err(Reject::found(Reason::BadValue, key.name(), found, format_args!("{wanted} wanted"))) }
}

pub(super) fn chat_started(slots: &Slots<'_>) -> Built {
    let start = Start {
        customer: slots.name(Key::Customer),
        team: slots.name(Key::Team),
        channel: slots.name(Key::Channel),
        topic: slots.name(Key::Topic),
        bot: slots.flag(Key::Bot),
        waiting: slots.flag(Key::Waiting),
        in_scope: slots.flag(Key::InScope),
        ..Start::default()
    };
    conversation(slots, Medium::Chat, Action::Started(Box::new(start)))
}

pub(super) fn ticket_created(slots: &Slots<'_>) -> Built {
    let start = Start {
        customer: slots.name(Key::Customer),
        team: slots.name(Key::Team),
        channel: slots.name(Key::Channel),
        topic: slots.name(Key::Topic),
        in_scope: slots.flag(Key::InScope),
        bot: false,
        waiting: slots.text(Key::By) == Some("customer"),
        kind: slots.name(Key::Kind),
        severity: slots.name(Key::Severity),
        priority: slots.name(Key::Priority),
        agent: slots.name(Key::Agent),
    };
    conversation(slots, Medium::Ticket, Action::Started(Box::new(start)))
}

pub(super) fn assigned(slots: &Slots<'_>, medium: Medium) -> Built {
    conversation(slots, medium, Action::Assigned { agent: slots.name(Key::Agent), team: slots.name(Key::Team) })
}

pub(super) fn handoff(slots: &Slots<'_>) -> Built {
    conversation(slots, Medium::Chat, Action::Handoff { team: slots.name(Key::Team) })
}

pub(super) fn message(slots: &Slots<'_>, medium: Medium) -> Built {
    let from = match slots.text(Key::From) {
        Some("agent") => Sender::Agent(slots.required(Key::Agent)?),
        Some("bot") => Sender::Bot,
        Some("system") => Sender::System,
        _ => Sender::Customer,
    };
    let message = Message {
        from,
        private: slots.flag(Key::Private),
        automated: slots.flag(Key::Automated),
        edited: slots.flag(Key::Edited),
        phrases: Vec::new(),
    };
    conversation(slots, medium, Action::Message(message))
}

pub(super) fn ended(slots: &Slots<'_>) -> Built {
    let reason = match slots.text(Key::Reason) {
        Some("resolved") => EndReason::Resolved,
        Some("abandoned") => EndReason::Abandoned,
        Some("timeout") => EndReason::Timeout,
        _ => EndReason::Closed,
    };
    conversation(slots, Medium::Chat, Action::Ended { reason, agent: slots.name(Key::Agent) })
}

pub(super) fn reopened(slots: &Slots<'_>) -> Built {
    conversation(slots, Medium::Chat, Action::Reopened)
}

pub(super) fn followed_up(slots: &Slots<'_>, medium: Medium) -> Built {
    conversation(slots, medium, Action::FollowedUp { agent: slots.required(Key::Agent)? })
}

pub(super) fn ticket_status(slots: &Slots<'_>) -> Built {
    let status = match slots.text(Key::Status) {
        Some("pending") => TicketStatus::Pending,
        Some("on_hold") => TicketStatus::OnHold,
        Some("resolved") => TicketStatus::Resolved,
        Some("closed") => TicketStatus::Closed,
        _ => TicketStatus::Open,
    };
    conversation(slots, Medium::Ticket, Action::Status { status, agent: slots.name(Key::Agent) })
}

pub(super) fn merged(slots: &Slots<'_>) -> Built {
    let into = slots.required(Key::Into)?;
    bound(slots.text(Key::Ticket) != Some(into.as_str()), Key::Into, &into, "another ticket")?;
    conversation(slots, Medium::Ticket, Action::Merged { into })
}

pub(super) fn work(slots: &Slots<'_>) -> Built {
    let started = slots.text(Key::Action) == Some("started");
    conversation(slots, Medium::Ticket, Action::Work { agent: slots.required(Key::Agent)?, started })
}

pub(super) fn agent_status(slots: &Slots<'_>) -> Built {
    Ok(Body::AgentStatus { agent: slots.required(Key::Agent)?, status: slots.required(Key::Status)?, team: slots.name(Key::Team) })
}

pub(super) fn rated(slots: &Slots<'_>) -> Built {
    let conversation = chat_or_ticket(slots).ok_or_else(|| Reject::missing_one_of(&[Key::Chat, Key::Ticket]))?;
    let (score, scale) = (slots.number(Key::Score)?, slots.number(Key::Scale)?);
    bound(score <= scale, Key::Score, &score.to_string(), &format!("at most {}, the scale,", shown(&scale.to_string())))?;
    Ok(Body::Rated(Box::new(Rating { conversation, score, scale, agent: slots.name(Key::Agent), reason: slots.name(Key::Reason) })))
}

pub(super) fn violation(slots: &Slots<'_>) -> Built {
    Ok(Body::Violation { agent: slots.required(Key::Agent)?, rule: slots.required(Key::Rule)?, conversation: chat_or_ticket(slots) })
}

pub(super) fn reviewed(slots: &Slots<'_>) -> Built {
    let (points, out_of) = (slots.number(Key::Points)?, slots.number(Key::OutOf)?);
    bound(points <= out_of, Key::Points, &points.to_string(), &format!("at most {}, the points possible,", shown(&out_of.to_string())))?;
    Ok(Body::Reviewed { agent: slots.required(Key::Agent)?, points, out_of, conversation: chat_or_ticket(slots) })
}

pub(super) fn order_paid(slots: &Slots<'_>) -> Built {
    Ok(Body::OrderPaid(Box::new(Order {
        order: slots.required(Key::Order)?,
        customer: slots.required(Key::Customer)?,
        amount_cents: slots.cents(Key::Amount).ok_or_else(|| Reject::missing(Key::Amount))?,
        currency: slots.name(Key::Currency),
        agent: slots.name(Key::Agent),
        conversation: chat(slots),
    })))
}

pub(super) fn order_returned(slots: &Slots<'_>) -> Built {
    Ok(Body::OrderReturned { order: slots.required(Key::Order)?, amount_cents: slots.cents(Key::Amount), reason: slots.name(Key::Reason) })
}

pub(super) fn offer_made(slots: &Slots<'_>) -> Built {
    Ok(Body::OfferMade { agent: slots.required(Key::Agent)?, accepted: slots.flag(Key::Accepted), conversation: chat(slots) })
}

pub(super) fn workload_planned(slots: &Slots<'_>) -> Built {
    let (from, to) = (slots.time(Key::From)?, slots.time(Key::To)?);
    bound(from < to, Key::To, &to.0.to_string(), "an instant after `from`")?;
    Ok(Body::WorkloadPlanned { team: slots.required(Key::Team)?, from, to, contacts: slots.integer(Key::Contacts)? })
}

pub(super) fn indicator_scored(slots: &Slots<'_>) -> Built {
    Ok(Body::IndicatorScored {
        agent: slots.required(Key::Agent)?,
        indicator: slots.required(Key::Indicator)?,
        month: slots.required(Key::Month)?,
        value: slots.number(Key::Value)?,
    })
}
