//! Fields of the types: what is missing, of another type, empty or too long, and in which order that is found (rulings 9, 11, 12, 14, 18, 21).

use super::super::Reason;
use super::*;
use crate::model::{ConversationId, EndReason, Medium, Name, Sender, Start, TicketStatus};

/// Type, fields, reason and the beginning of the message.
const REJECTED: &[(&str, &str, Reason, &str)] = &[
    ("chat.started", "", Reason::MissingField, "chat is missing"),
    ("chat.started", r#""chat":null,"team":7"#, Reason::MissingField, "chat is missing"),
    ("chat.started", r#""chat":"","team":7"#, Reason::BadValue, "chat: an empty string found, 1 to 256 bytes wanted"),
    ("chat.started", r#""chat":7"#, Reason::WrongType, "chat: an integer found, a string of 1 to 256 bytes wanted"),
    ("chat.started", r#""chat":"c1","bot":"yes""#, Reason::WrongType, "bot: a string found, true or false wanted"),
    ("chat.started", r#""chat":"c1","in_scope":1"#, Reason::WrongType, "in_scope: an integer"),
    ("chat.started", r#""chat":"c1","topic":1.5"#, Reason::WrongType, "topic: a decimal number"),
    ("chat.assigned", r#""chat":"c1","team":7"#, Reason::MissingField, "agent is missing"),
    ("chat.assigned", r#""chat":"c1","agent":"""#, Reason::BadValue, "agent: an empty string"),
    ("chat.assigned", r#""chat":"c1","agent":false"#, Reason::WrongType, "agent: true or false found"),
    ("chat.message", r#""from":"nobody""#, Reason::MissingField, "chat is missing"),
    ("chat.message", r#""chat":"c1","from":"nobody""#, Reason::BadValue, "from nobody: one of customer, agent, bot, system wanted"),
    ("chat.message", r#""chat":"c1","from":"""#, Reason::BadValue, "from : one of"),
    ("chat.message", r#""chat":"c1","from":"agent""#, Reason::MissingField, "agent is missing"),
    ("chat.message", r#""chat":"c1","from":"agent","agent":"""#, Reason::BadValue, "agent: an empty string"),
    ("chat.message", r#""chat":"c1","from":"agent","private":"yes""#, Reason::WrongType, "private: a string"),
    ("chat.message", r#""chat":"c1","from":"agent","agent":7,"text":7"#, Reason::WrongType, "text: an integer"),
    ("chat.message", r#""chat":"c1","from":"bot","agent":7,"text":7"#, Reason::WrongType, "agent: an integer"),
    ("chat.ended", r#""chat":"c1","reason":"bored""#, Reason::BadValue, "reason bored: one of resolved, closed, abandoned, timeout"),
    ("chat.followed_up", r#""chat":"c1""#, Reason::MissingField, "agent is missing"),
    ("ticket.created", r#""ticket":"t1","by":"bot""#, Reason::BadValue, "by bot: one of customer, agent wanted"),
    ("ticket.created", r#""ticket":"t1","by":"""#, Reason::BadValue, "by : one of"),
    ("ticket.status", r#""ticket":"t1","status":"new""#, Reason::BadValue, "status new: one of open, pending, on_hold, resolved, closed"),
    ("ticket.merged", r#""ticket":"t1","into":"t1""#, Reason::BadValue, "into t1: another ticket wanted"),
    ("ticket.work", r#""ticket":"t1","agent":"amy","action":"paused""#, Reason::BadValue, "action paused: one of started, stopped"),
    ("agent.status", r#""agent":"amy","status":"""#, Reason::BadValue, "status: an empty string"),
    ("customer.rated", r#""score":9"#, Reason::MissingField, "chat and ticket are missing"),
    ("customer.rated", r#""chat":"","ticket":null,"score":1"#, Reason::MissingField, "chat and ticket are missing"),
    ("customer.rated", r#""score":"9""#, Reason::WrongType, "score: a string found, a number wanted"),
    ("quality.violation", r#""agent":"amy","rule":"r1","ticket":5"#, Reason::WrongType, "ticket: an integer"),
    ("offer.made", r#""agent":"amy""#, Reason::MissingField, "accepted is missing"),
    ("order.paid", r#""order":"o1","customer":"u1","amount":true"#, Reason::WrongType, "amount: true or false found"),
    ("workload.planned", r#""team":"a","from":1.5,"to":2,"contacts":1"#, Reason::WrongType, "from: a decimal number"),
    ("workload.planned", r#""team":"a","from":"2026-03-02","to":2"#, Reason::BadTime, "from 2026-03-02"),
];

#[test]
fn the_first_failing_check_is_the_reason() {
    for (kind, fields, reason, message) in REJECTED {
        let reject = rejected(record(kind, fields));
        assert_eq!((reject.reason, reject.message.starts_with(message)), (*reason, true), "{kind} {fields}: {reject}");
    }
}

#[test]
fn a_word_of_a_closed_list_that_is_longer_than_any_word_is_too_long() {
    assert_eq!(reason(record("chat.ended", &format!(r#""chat":"c1","reason":"{}""#, "x".repeat(257)))), Reason::TooLong);
    assert_eq!(reason(record("chat.ended", &format!(r#""chat":"c1","reason":"{}""#, "x".repeat(256)))), Reason::BadValue);
}

#[test]
fn the_agent_of_a_message_from_somebody_else_is_checked_and_then_ignored() {
    for from in ["customer", "bot", "system"] {
        let with = |agent: &str| record("ticket.message", &format!(r#""ticket":"t1","from":"{from}","agent":{agent}"#));
        let without = event(record("ticket.message", &format!(r#""ticket":"t1","from":"{from}""#)));
        for agent in ["\"amy\"", "\"\"", "null"] {
            assert_eq!(event(with(agent)), without);
        }
        assert_eq!(reason(with(&format!("\"{}\"", "a".repeat(257)))), Reason::TooLong);
        assert_eq!(reason(with("7")), Reason::WrongType);
    }
}

#[test]
fn fields_of_other_types_are_as_unknown_as_any() {
    let plain = event(record("chat.reopened", r#""chat":"c1""#));
    let foreign = r#""chat":"c1","ticket":7,"agent":[],"from":"x","score":1.5,"amount":"x","text":false,"reason":"","scale":null"#;
    assert_eq!(event(record("chat.reopened", foreign)), plain);
    let Body::OrderPaid(order) = event(record("order.paid", r#""order":"o","customer":"u","amount":1,"ticket":"t1""#)).body else {
        panic!()
    };
    assert_eq!(order.conversation, None);
}

fn start(kind: &str, fields: &str) -> Start {
    match event(record(kind, fields)).body {
        Body::Conversation { action: Action::Started(start), .. } => *start,
        other => panic!("{other:?} is no start"),
    }
}

#[test]
fn absent_null_and_empty_optional_fields_have_their_defaults() {
    let chat = Start { in_scope: true, ..Start::default() };
    assert_eq!(start("chat.started", r#""chat":"c1""#), chat);
    let nulls = r#""chat":"c1","customer":null,"team":"","channel":null,"topic":"","bot":null,"waiting":null,"in_scope":null"#;
    assert_eq!(start("chat.started", nulls), chat);
    let ticket = Start { in_scope: true, waiting: true, kind: Some(Name::new("question")), ..Start::default() };
    assert_eq!(start("ticket.created", r#""ticket":"t1""#), ticket);
    assert_eq!(start("ticket.created", r#""ticket":"t1","kind":"","by":null,"agent":"""#), ticket);
    let Body::Rated(rating) = event(record("customer.rated", r#""ticket":"t1","score":4"#)).body else { panic!() };
    assert_eq!((rating.scale, rating.agent, rating.reason), (5.0, None, None));
    let Body::Reviewed { out_of, .. } = event(record("quality.reviewed", r#""agent":"amy","points":100"#)).body else { panic!() };
    assert_eq!(out_of, 100.0);
}

#[test]
fn a_ticket_of_an_agent_does_not_wait_for_an_answer() {
    let ticket = start("ticket.created", r#""ticket":"t1","by":"agent","kind":"complaint","agent":"amy","in_scope":false"#);
    assert!(!ticket.waiting && !ticket.in_scope);
    assert_eq!((ticket.kind.as_deref(), ticket.agent.as_deref()), (Some("complaint"), Some("amy")));
}

#[test]
fn null_as_the_owner_is_back_to_the_queue() {
    for (kind, fields, medium) in [
        ("chat.assigned", r#""chat":"c1","agent":null"#, Medium::Chat),
        ("ticket.assigned", r#""ticket":"c1","agent":null"#, Medium::Ticket),
    ] {
        let conversation = ConversationId { medium, id: Name::new("c1") };
        assert_eq!(
            event(record(kind, fields)).body,
            Body::Conversation { conversation, action: Action::Assigned { agent: None, team: None } }
        );
    }
}

#[test]
fn where_two_conversations_are_named_the_chat_counts() {
    for (kind, fields) in [
        ("customer.rated", r#""score":1"#),
        ("quality.violation", r#""agent":"a","rule":"r""#),
        ("quality.reviewed", r#""agent":"a","points":1"#),
    ] {
        for (named, medium) in [(r#""ticket":"t1","chat":"c1""#, Medium::Chat), (r#""ticket":"t1","chat":"""#, Medium::Ticket)] {
            let conversation = match event(record(kind, &format!("{fields},{named}"))).body {
                Body::Rated(rating) => Some(rating.conversation),
                Body::Violation { conversation, .. } | Body::Reviewed { conversation, .. } => conversation,
                other => panic!("{other:?}"),
            };
            assert_eq!(conversation.map(|found| found.medium), Some(medium), "{kind} {named}");
        }
    }
}

#[test]
fn every_word_of_a_closed_list_is_told_apart() {
    let action = |kind: &str, fields: &str| match event(record(kind, fields)).body {
        Body::Conversation { action, .. } => action,
        other => panic!("{other:?}"),
    };
    for reason in [EndReason::Resolved, EndReason::Closed, EndReason::Abandoned, EndReason::Timeout] {
        let found = action("chat.ended", &format!(r#""chat":"c1","reason":"{}""#, reason.word()));
        assert_eq!(found, Action::Ended { reason, agent: None });
    }
    for status in [TicketStatus::Open, TicketStatus::Pending, TicketStatus::OnHold, TicketStatus::Resolved, TicketStatus::Closed] {
        let found = action("ticket.status", &format!(r#""ticket":"t1","status":"{}","agent":"amy""#, status.word()));
        assert_eq!(found, Action::Status { status, agent: Some(Name::new("amy")) });
    }
    for (word, from) in
        [("customer", Sender::Customer), ("agent", Sender::Agent(Name::new("amy"))), ("bot", Sender::Bot), ("system", Sender::System)]
    {
        let message = message_of(event(record("chat.message", &format!(r#""chat":"c1","from":"{word}","agent":"amy","private":true"#))));
        assert_eq!((message.from, message.private, message.automated, message.edited), (from, true, false, false));
    }
    for (word, started) in [("started", true), ("stopped", false)] {
        let found = action("ticket.work", &format!(r#""ticket":"t1","agent":"amy","action":"{word}""#));
        assert_eq!(found, Action::Work { agent: Name::new("amy"), started });
    }
}

#[test]
fn no_message_shows_a_text_or_more_than_40_characters_or_a_second_line() {
    let secret = "SECRET".repeat(20);
    for fields in [r#""private":1"#, r#""from":"nobody""#, r#""from":"agent""#, r#""agent":"SECRETX""#, r#""from":"bot","edited":1.5"#] {
        let reject = rejected(record("chat.message", &format!(r#""chat":"c1","text":"{secret}",{fields}"#)));
        assert!(!reject.message.contains("SECRET"), "{reject}");
    }
    for broken in [
        format!(r#"{{"id":"e1","text":"{secret}"#),
        format!(r#"{{"text":"{secret}\ud800"}}"#),
        format!(r#"{{"text":"{secret}"}}"#),
        format!("\"{secret}\""),
    ] {
        assert!(!rejected(broken).message.contains("SECRET"));
    }
    let long = rejected(record("chat.message", &format!(r#""chat":"c1","from":"a\n{}""#, "b".repeat(100)))).message;
    assert_eq!(long, format!("from a\u{fffd}{}…: one of customer, agent, bot, system wanted", "b".repeat(38)));
}
