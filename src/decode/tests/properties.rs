//! For arbitrary input: nothing panics, and whatever was written is read.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::unknown_fields;
use super::*;
use crate::model::{ConversationId, EndReason, Medium, Name, Order, Rating, Sender, Start, TicketStatus, Time};

fn name() -> impl Strategy<Value = Name> + Clone {
    "[a-z0-9客\"\\\\ é🙂\u{7f}/-]{1,30}".prop_map(Name::from)
}

fn maybe() -> impl Strategy<Value = Option<Name>> + Clone {
    prop::option::of(name())
}

fn time() -> impl Strategy<Value = Time> + Clone {
    (946_684_800_000_i64..=4_102_444_800_000).prop_map(Time)
}

fn start(medium: Medium) -> impl Strategy<Value = Start> {
    let names = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    (names, any::<[bool; 3]>()).prop_map(
        move |((customer, team, channel, topic, kind, severity, priority, agent), [in_scope, bot, waiting])| {
            let common = Start { customer, team, channel, topic, in_scope, waiting, ..Start::default() };
            match medium {
                Medium::Chat => Start { bot, ..common },
                Medium::Ticket => Start { kind: kind.or(Some(Name::new("question"))), severity, priority, agent, ..common },
            }
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    let from = prop_oneof![Just(Sender::Customer), name().prop_map(Sender::Agent), Just(Sender::Bot), Just(Sender::System)];
    (from, any::<[bool; 3]>()).prop_map(|(from, [private, automated, edited])| Message {
        from,
        private,
        automated,
        edited,
        phrases: Vec::new(),
    })
}

fn action(medium: Medium) -> BoxedStrategy<Action> {
    use prop::sample::select;
    let both = prop_oneof![
        start(medium).prop_map(|start| Action::Started(Box::new(start))),
        (maybe(), maybe()).prop_map(|(agent, team)| Action::Assigned { agent, team }),
        message().prop_map(Action::Message),
        name().prop_map(|agent| Action::FollowedUp { agent }),
    ];
    let reasons = vec![EndReason::Resolved, EndReason::Closed, EndReason::Abandoned, EndReason::Timeout];
    let statuses = vec![TicketStatus::Open, TicketStatus::Pending, TicketStatus::OnHold, TicketStatus::Resolved, TicketStatus::Closed];
    match medium {
        Medium::Chat => prop_oneof![
            both,
            maybe().prop_map(|team| Action::Handoff { team }),
            (select(reasons), maybe()).prop_map(|(reason, agent)| Action::Ended { reason, agent }),
            Just(Action::Reopened),
        ]
        .boxed(),
        Medium::Ticket => prop_oneof![
            both,
            (select(statuses), maybe()).prop_map(|(status, agent)| Action::Status { status, agent }),
            name().prop_map(|into| Action::Merged { into: Name::from(format!("{into}'")) }),
            (name(), any::<bool>()).prop_map(|(agent, started)| Action::Work { agent, started }),
        ]
        .boxed(),
    }
}

fn chat_or_ticket() -> impl Strategy<Value = ConversationId> + Clone {
    (name(), any::<bool>()).prop_map(|(id, chat)| ConversationId { medium: if chat { Medium::Chat } else { Medium::Ticket }, id })
}

fn body() -> impl Strategy<Value = Body> {
    let conversation = |medium| {
        (name(), action(medium)).prop_map(move |(id, action)| Body::Conversation { conversation: ConversationId { medium, id }, action })
    };
    let anywhere = || prop::option::of(chat_or_ticket());
    let chat = || maybe().prop_map(|id| id.map(|id| ConversationId { medium: Medium::Chat, id }));
    let cents = 0_i64..=100_000_000_000_000;
    prop_oneof![
        8 => conversation(Medium::Chat),
        8 => conversation(Medium::Ticket),
        1 => (name(), name(), maybe()).prop_map(|(agent, status, team)| Body::AgentStatus { agent, status, team }),
        1 => (chat_or_ticket(), 0.0..=1.0, 0.001..1e12, maybe(), maybe()).prop_map(|(conversation, part, scale, agent, reason)| {
            Body::Rated(Box::new(Rating { conversation, score: part * scale, scale, agent, reason }))
        }),
        1 => (name(), name(), anywhere()).prop_map(|(agent, rule, conversation)| Body::Violation { agent, rule, conversation }),
        1 => (name(), 0.0..=1.0, 0.001..1e12, anywhere()).prop_map(|(agent, part, out_of, conversation)| Body::Reviewed { agent, points: part * out_of, out_of, conversation }),
        1 => (name(), name(), cents.clone(), maybe(), maybe(), chat()).prop_map(|(order, customer, amount_cents, currency, agent, conversation)| {
            Body::OrderPaid(Box::new(Order { order, customer, amount_cents, currency, agent, conversation }))
        }),
        1 => (name(), prop::option::of(cents), maybe()).prop_map(|(order, amount_cents, reason)| Body::OrderReturned { order, amount_cents, reason }),
        1 => (name(), any::<bool>(), chat()).prop_map(|(agent, accepted, conversation)| Body::OfferMade { agent, accepted, conversation }),
        1 => (name(), 946_684_800_000_i64..4_102_444_800_000, 0_i64..=1_000_000_000_000).prop_map(|(team, from, contacts)| {
            Body::WorkloadPlanned { team, from: Time(from), to: Time(4_102_444_800_000), contacts }
        }),
        1 => (name(), name(), "[0-9]{4}-(0[1-9]|1[0-2])", -1e12..=1e12).prop_map(|(agent, indicator, month, value)| {
            Body::IndicatorScored { agent, indicator, month: month.into(), value }
        }),
    ]
}

pub(super) fn events() -> impl Strategy<Value = Event> {
    (name(), maybe(), time(), body()).prop_map(|(id, source, time, body)| Event { id, source, time, body })
}

/// The producer's side of the contract, for any event.
pub(super) fn write(event: &Event) -> Value {
    let mut written = match &event.body {
        Body::Conversation { conversation, action } => {
            let (kind, mut fields) = write_action(conversation.medium, action);
            fields["type"] = json!(format!("{}.{kind}", conversation.medium.word()));
            fields[conversation.medium.word()] = json!(conversation.id);
            fields
        }
        Body::AgentStatus { agent, status, team } => json!({"type": "agent.status", "agent": agent, "status": status, "team": team}),
        Body::Rated(r) => with_conversation(
            json!({"type": "customer.rated", "score": r.score, "scale": r.scale, "agent": r.agent, "reason": r.reason}),
            Some(&r.conversation),
        ),
        Body::Violation { agent, rule, conversation } => {
            with_conversation(json!({"type": "quality.violation", "agent": agent, "rule": rule}), conversation.as_ref())
        }
        Body::Reviewed { agent, points, out_of, conversation } => with_conversation(
            json!({"type": "quality.reviewed", "agent": agent, "points": points, "out_of": out_of}),
            conversation.as_ref(),
        ),
        Body::OrderPaid(o) => with_conversation(
            json!({"type": "order.paid", "order": o.order, "customer": o.customer, "amount": write_amount(o.amount_cents), "currency": o.currency, "agent": o.agent}),
            o.conversation.as_ref(),
        ),
        Body::OrderReturned { order, amount_cents, reason } => {
            json!({"type": "order.returned", "order": order, "amount": amount_cents.map(write_amount), "reason": reason})
        }
        Body::OfferMade { agent, accepted, conversation } => {
            with_conversation(json!({"type": "offer.made", "agent": agent, "accepted": accepted}), conversation.as_ref())
        }
        Body::WorkloadPlanned { team, from, to, contacts } => {
            json!({"type": "workload.planned", "team": team, "from": from.0, "to": write_time(*to), "contacts": contacts})
        }
        Body::IndicatorScored { agent, indicator, month, value } => {
            json!({"type": "indicator.scored", "agent": agent, "indicator": indicator, "month": month, "value": value})
        }
    };
    written["id"] = json!(event.id);
    written["source"] = json!(event.source);
    written["time"] = if event.time.0 % 2 == 0 { json!(event.time.0) } else { json!(write_time(event.time)) };
    written
}

fn write_action(medium: Medium, action: &Action) -> (&'static str, Value) {
    match action {
        Action::Started(s) => {
            let mut fields =
                json!({"customer": s.customer, "team": s.team, "channel": s.channel, "topic": s.topic, "in_scope": s.in_scope});
            if medium == Medium::Chat {
                fields["bot"] = json!(s.bot);
                fields["waiting"] = json!(s.waiting);
                return ("started", fields);
            }
            fields["kind"] = json!(s.kind);
            fields["severity"] = json!(s.severity);
            fields["priority"] = json!(s.priority);
            fields["agent"] = json!(s.agent);
            fields["by"] = json!(if s.waiting { "customer" } else { "agent" });
            ("created", fields)
        }
        Action::Assigned { agent, team } => ("assigned", json!({"agent": agent, "team": team})),
        Action::Handoff { team } => ("handoff", json!({"team": team})),
        Action::Message(m) => {
            let (from, agent) = match &m.from {
                Sender::Customer => ("customer", None),
                Sender::Agent(agent) => ("agent", Some(agent)),
                Sender::Bot => ("bot", None),
                Sender::System => ("system", None),
            };
            ("message", json!({"from": from, "agent": agent, "private": m.private, "automated": m.automated, "edited": m.edited}))
        }
        Action::Ended { reason, agent } => ("ended", json!({"reason": reason.word(), "agent": agent})),
        Action::Reopened => ("reopened", json!({})),
        Action::FollowedUp { agent } => ("followed_up", json!({"agent": agent})),
        Action::Status { status, agent } => ("status", json!({"status": status.word(), "agent": agent})),
        Action::Merged { into } => ("merged", json!({"into": into})),
        Action::Work { agent, started } => ("work", json!({"agent": agent, "action": if *started { "started" } else { "stopped" }})),
    }
}

fn with_conversation(mut fields: Value, conversation: Option<&ConversationId>) -> Value {
    if let Some(conversation) = conversation {
        fields[conversation.medium.word()] = json!(conversation.id);
    }
    fields
}

/// As a number or as a string, by turns.
fn write_amount(cents: i64) -> Value {
    if cents % 3 == 0 { json!(cents as f64 / 100.0) } else { json!(format!("{}.{:02}", cents / 100, cents % 100)) }
}

fn write_time(time: Time) -> String {
    jiff::Timestamp::from_millisecond(time.0)
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::get("Asia/Kolkata").unwrap())
        .strftime("%Y-%m-%dT%H:%M:%S%.f%:z")
        .to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn an_event_is_read_as_it_was_written(written in events()) {
        let record = write(&written).to_string();
        prop_assert_eq!(event(&record), written, "{}", record);
    }

    #[test]
    fn fields_that_nobody_knows_and_their_order_change_nothing(written in events(), extra in "[A-Z]{1,9}", value in "[ -~]{0,30}") {
        let plain = write(&written);
        let mut other = serde_json::Map::new();
        other.insert(extra, json!([value, 1.5, {"deep": null}]));
        other.extend(plain.as_object().unwrap().iter().rev().map(|(name, value)| (name.clone(), value.clone())));
        prop_assert_eq!(event(Value::Object(other).to_string()), written);
    }

    #[test]
    fn arbitrary_bytes_never_panic(record in prop::collection::vec(any::<u8>(), 0..200)) {
        std::hint::black_box((decode(&record), unknown_fields(&record)));
    }

    #[test]
    fn almost_json_never_panics(record in "(\\{|\\[|\"|\\\\u?|d8|dc|:|,|\\}|\\]|-|[0-9]|e|\\.|id|type|time|null|true| ){0,60}") {
        std::hint::black_box((decode(&record), unknown_fields(record.as_bytes())));
    }

    #[test]
    fn mutated_events_never_panic(written in events(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6)) {
        let mut record = write(&written).to_string().into_bytes();
        for (at, byte, how) in edits {
            let at = at.index(record.len());
            match how {
                0 => record[at] = byte,
                1 => record.insert(at, byte),
                _ => record.truncate(at.max(1)),
            }
        }
        std::hint::black_box((decode(&record), unknown_fields(&record)));
    }
}
