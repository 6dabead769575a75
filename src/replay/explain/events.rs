//! What an event was, in the words of the event contract.

use crate::model::{Action, Body, ConversationId, Medium, Message, Name, Sender, Start};

/// The event's type.
pub(super) fn kind(body: &Body) -> &'static str {
    match body {
        Body::Conversation { conversation, action } => action_kind(conversation.medium, action),
        Body::AgentStatus { .. } => "agent.status",
        Body::Rated(_) => "customer.rated",
        Body::Violation { .. } => "quality.violation",
        Body::Reviewed { .. } => "quality.reviewed",
        Body::OrderPaid(_) => "order.paid",
        Body::OrderReturned { .. } => "order.returned",
        Body::OfferMade { .. } => "offer.made",
        Body::WorkloadPlanned { .. } => "workload.planned",
        Body::IndicatorScored { .. } => "indicator.scored",
    }
}

fn action_kind(medium: Medium, action: &Action) -> &'static str {
    match (medium, action) {
        (Medium::Chat, Action::Started(_)) => "chat.started",
        (Medium::Ticket, Action::Started(_)) => "ticket.created",
        (Medium::Chat, Action::Assigned { .. }) => "chat.assigned",
        (Medium::Ticket, Action::Assigned { .. }) => "ticket.assigned",
        (Medium::Chat, Action::Message(_)) => "chat.message",
        (Medium::Ticket, Action::Message(_)) => "ticket.message",
        (Medium::Chat, Action::FollowedUp { .. }) => "chat.followed_up",
        (Medium::Ticket, Action::FollowedUp { .. }) => "ticket.followed_up",
        (_, Action::Handoff { .. }) => "chat.handoff",
        (_, Action::Ended { .. }) => "chat.ended",
        (_, Action::Reopened) => "chat.reopened",
        (_, Action::Status { .. }) => "ticket.status",
        (_, Action::Merged { .. }) => "ticket.merged",
        (_, Action::Work { .. }) => "ticket.work",
    }
}

/// What it says; of another conversation than the one explained, which one.
pub(super) fn text(body: &Body, explained: &ConversationId) -> String {
    match body {
        Body::Conversation { conversation, action } => {
            let of = if conversation == explained { String::new() } else { format!("of {}: ", super::name(conversation)) };
            format!("{of}{}", action_text(action))
        }
        Body::Rated(rating) => format!("{} of {}{}", rating.score, rating.scale, by(rating.agent.as_ref())),
        Body::Violation { agent, rule, .. } => format!("{agent} broke the rule {rule}"),
        Body::Reviewed { agent, points, out_of, .. } => format!("{agent}: {points} of {out_of} points"),
        Body::OrderPaid(order) => format!("order {} of customer {}", order.order, order.customer),
        Body::OfferMade { agent, accepted, .. } => format!("by {agent}, {}", if *accepted { "accepted" } else { "not accepted" }),
        _ => String::new(),
    }
}

fn action_text(action: &Action) -> String {
    let team = |team: &Option<Name>| team.as_ref().map_or_else(String::new, |team| format!(", team {team}"));
    match action {
        Action::Started(start) => start_text(start),
        Action::Assigned { agent: Some(agent), team: to } => format!("to {agent}{}", team(to)),
        Action::Assigned { agent: None, team: to } => format!("back to the queue{}", team(to)),
        Action::Handoff { team: to } => format!("the bot hands over to people{}", team(to)),
        Action::Message(message) => message_text(message),
        Action::Ended { reason, agent } => format!("{}{}", reason.word(), by(agent.as_ref())),
        Action::Status { status, agent } => format!("{}{}", status.word(), by(agent.as_ref())),
        Action::Merged { into } => format!("goes on in ticket:{into}"),
        Action::Work { agent, started } => format!("{agent} {} work", if *started { "starts" } else { "stops" }),
        Action::FollowedUp { agent } => format!("by {agent}"),
        Action::Reopened => String::new(),
    }
}

fn by(agent: Option<&Name>) -> String {
    agent.map_or_else(String::new, |agent| format!(", by {agent}"))
}

fn start_text(start: &Start) -> String {
    let names = [
        ("team", &start.team),
        ("channel", &start.channel),
        ("kind", &start.kind),
        ("severity", &start.severity),
        ("priority", &start.priority),
        ("customer", &start.customer),
        ("topic", &start.topic),
        ("agent", &start.agent),
    ];
    let mut parts: Vec<String> = names.iter().filter_map(|(word, name)| Some(format!("{word} {}", name.as_ref()?))).collect();
    parts.extend(start.bot.then(|| "a bot holds it".to_owned()));
    parts.extend(start.waiting.then(|| "the customer waits".to_owned()));
    parts.extend((!start.in_scope).then(|| "out of scope".to_owned()));
    parts.join(", ")
}

fn message_text(message: &Message) -> String {
    let from = match &message.from {
        Sender::Customer => "the customer".to_owned(),
        Sender::Agent(agent) => format!("agent {agent}"),
        Sender::Bot => "a bot".to_owned(),
        Sender::System => "the system".to_owned(),
    };
    let marks = [(message.private, "private"), (message.automated, "automated"), (message.edited, "edited")];
    let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| format!(", {mark}")).collect();
    format!("from {from}{marks}")
}
