//! Why an event changed nothing and decided nothing.

use crate::engine::{ConversationNow, Step};
use crate::model::{Action, Body, Message, Sender};

/// A word and the rule behind an event without effect, or without one so far.
pub(super) fn why(body: &Body, step: &Step) -> (&'static str, &'static str) {
    match body {
        Body::Conversation { action: Action::Work { started: true, .. }, .. } => {
            ("so far", "counts when it stops; of an agent who is at work on it already it is ignored (ruling 73)")
        }
        body => ("no effect", reason(body, step)),
    }
}

fn reason(body: &Body, step: &Step) -> &'static str {
    match (body, &step.before) {
        (Body::Conversation { action, .. }, Some(before)) => of_action(action, before),
        (Body::Conversation { .. }, None) => "nothing is known of it (ruling 106)",
        (_, None) => "the conversation is unknown: such an event never starts it (ruling 49)",
        (_, Some(_)) => "it changes nothing in the conversation itself",
    }
}

fn of_action(action: &Action, before: &ConversationNow) -> &'static str {
    if before.merged_into.is_some() {
        return "merged: messages go on in the other ticket, status and assignment do nothing (ruling 66)";
    }
    match action {
        Action::Started(_) => "known already: a second start event names attributes and does nothing else (ruling 48)",
        Action::Assigned { .. } => "the owner stays: that is no change (ruling 44)",
        Action::Handoff { .. } if before.is_open => "people have it already, and the wait goes on (ruling 47)",
        Action::Handoff { .. } => "it has ended: a handoff could only name the team (ruling 47)",
        Action::Message(message) => of_message(message, before),
        Action::Ended { .. } => "ended already (ruling 52)",
        Action::Reopened => "open already (ruling 52)",
        Action::Status { .. } if before.is_open => "the status changes neither cycle nor pause",
        Action::Status { .. } => "ended already (ruling 52)",
        Action::Merged { .. } => "a second merge and a circle are ignored, and without an open wait nothing goes over (ruling 66)",
        Action::Work { .. } => "a stop without a start is ignored (ruling 73)",
        Action::FollowedUp { .. } => "counts nowhere",
    }
}

fn of_message(message: &Message, before: &ConversationNow) -> &'static str {
    match &message.from {
        _ if message.edited => "an edited message has no effect (ruling 34)",
        Sender::System => "a message of the system has no effect",
        Sender::Agent(_) if message.private => "a private note answers nobody (ruling 33)",
        Sender::Agent(_) if message.automated => "an automated message is no person's answer (ruling 33)",
        Sender::Agent(_) => "a follow-up: nobody waited, so there is no sample",
        Sender::Customer if message.automated => "an automated message of a customer has no effect (ruling 34)",
        Sender::Customer if message.private => "a private message opens nothing",
        Sender::Customer if before.wait.is_some() => "the customer waits already: the period goes on",
        Sender::Customer => "older than a person's message in it: answered already (ruling 23)",
        Sender::Bot if message.private => "a private message of a bot neither takes the conversation nor answers (ruling 31)",
        Sender::Bot if before.bot_holds => "nobody waits",
        Sender::Bot => "a bot that does not hold the conversation answers nobody (ruling 30)",
    }
}
