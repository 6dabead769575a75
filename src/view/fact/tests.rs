use super::*;
use crate::model::{Because, Category, ConversationRef, Medium, Outcome, Sla, Time, WithdrawnSample};

fn fact(kind: FactKind) -> Fact {
    let conversation = ConversationRef { medium: Medium::Chat, id: "c1".into(), cycle: 2, channel: Some("web".into()) };
    Fact {
        at: Time(1_700_000_000_000),
        by_deadline: false,
        team: Some("presale".into()),
        agent: Some("amy".into()),
        conversation: Some(conversation),
        kind,
    }
}

fn wait() -> Wait {
    Wait {
        opened_at: Time(1_699_999_979_000),
        wait: Span(21_000),
        seconds: Span(20_000),
        business: None,
        target: Some(Span(30_000)),
        within: Some(true),
        held: vec![(Holder::Bot, Span(1_000)), (Holder::Queue, Span(5_500)), (Holder::Agent("amy".into()), Span(14_500))],
        people: true,
        offered: true,
    }
}

const CONVERSATION: &str =
    r#""at":"2023-11-14T22:13:20.000Z","medium":"chat","conversation":"c1","cycle":2,"channel":"web","team":"presale","agent":"amy""#;
const PERSON: &str = r#""at":"2023-11-14T22:13:20.000Z","team":"presale","agent":"amy""#;

/// A kind, and how its line goes on after the fields that all have.
fn of_conversations() -> Vec<(FactKind, &'static str, &'static str)> {
    let resolved = FactKind::Resolved {
        outcome: Outcome::Closed,
        seconds: Span(600_000),
        active: Span(300_000),
        cycle_seconds: Span(600_000),
        business: Some(Span(1)),
        target: None,
        within: None,
        judged_active: Span(1),
        first: true,
        counts: true,
        complaint: None,
    };
    let (judged_agent, judged_team) = (Some("bob".into()), None);
    let of = WithdrawnSample::ResponseBreach { sla: Sla::NextResponse };
    vec![
        (FactKind::Started { kind: None, in_scope: true, implicit: false }, "started", r#""kind":null,"in_scope":true,"implicit":false"#),
        (
            FactKind::Response { first: true, wait: wait(), own: Span(14_500) },
            "response",
            r#""first":true,"opened_at":"2023-11-14T22:12:59.000Z","wait_seconds":21.0,"seconds":20.0,"business_seconds":null,"own_seconds":14.5,"target_seconds":30.0,"within":true,"held":[{"owner":"bot","seconds":1.0},{"owner":"queue","seconds":5.5},{"owner":"agent:amy","seconds":14.5}]"#,
        ),
        (
            FactKind::Unanswered { first: true, reason: "abandoned".into(), wait: wait(), judged_agent, judged_team },
            "unanswered",
            r#""reason":"abandoned","opened_at":"2023-11-14T22:12:59.000Z","wait_seconds":21.0,"seconds":20.0,"business_seconds":null,"target_seconds":30.0,"within":true,"held":[{"owner":"bot","seconds":1.0},{"owner":"queue","seconds":5.5},{"owner":"agent:amy","seconds":14.5}],"judged_agent":"bob","judged_team":null"#,
        ),
        (
            FactKind::BotAnswered { opened_at: Time(0), wait: Span(2_500) },
            "bot_answered",
            r#""opened_at":"1970-01-01T00:00:00.000Z","wait_seconds":2.5"#,
        ),
        (
            FactKind::Breach { sla: Sla::FirstResponse, opened_at: Time(0), target: Span(30_000), inherited: Span(10_000) },
            "breach",
            r#""sla":"first_response","opened_at":"1970-01-01T00:00:00.000Z","target_seconds":30.0,"inherited_seconds":10.0"#,
        ),
        (
            resolved,
            "resolved",
            r#""outcome":"closed","seconds":600.0,"active_seconds":300.0,"cycle_seconds":600.0,"business_seconds":0.001,"target_seconds":null,"within":null"#,
        ),
        (FactKind::Ended { outcome: Outcome::Auto, first: true }, "ended", r#""outcome":"auto""#),
        (FactKind::Reopened { after: Span(60_000), counts: true }, "reopened", r#""after_seconds":60.0"#),
        (
            FactKind::Handling { from: Time(0), to: Time(1) },
            "handling",
            r#""from":"1970-01-01T00:00:00.000Z","to":"1970-01-01T00:00:00.001Z""#,
        ),
        (
            FactKind::Withdrawn { of, because: Because::LateEvent, counted_at: Time(0) },
            "withdrawn",
            r#""of":"response_breaches","because":"late_event""#,
        ),
        (FactKind::Rated { score: 4.0, scale: 5.0 }, "rated", r#""score":4.0,"scale":5.0"#),
        (FactKind::Violation { rule: "a \"b\"".into() }, "violation", r#""rule":"a \"b\"""#),
        (FactKind::Reviewed { points: 92.5, out_of: 100.0 }, "reviewed", r#""points":92.5,"out_of":100.0"#),
        (
            FactKind::Paid { order: "o1".into(), amount_cents: 1_250, currency: None },
            "paid",
            r#""order":"o1","amount":12.5,"currency":null"#,
        ),
        (FactKind::Offer { accepted: false }, "offer", r#""accepted":false"#),
    ]
}

fn of_people() -> Vec<(FactKind, &'static str, &'static str)> {
    let interval = r#""from":"1970-01-01T00:00:00.000Z","to":"1970-01-01T01:00:00.000Z""#;
    let (from, to) = (Time(0), Time(3_600_000));
    vec![
        (
            FactKind::Presence { status: "busy".into(), category: Category::Working, from, to },
            "presence",
            r#""status":"busy","category":"working","from":"1970-01-01T00:00:00.000Z","to":"1970-01-01T01:00:00.000Z""#,
        ),
        (FactKind::WaitingLimit { from, to }, "waiting_limit", interval),
        (
            FactKind::Planned { from, to, contacts: 12 },
            "planned",
            r#""from":"1970-01-01T00:00:00.000Z","to":"1970-01-01T01:00:00.000Z","contacts":12"#,
        ),
        (FactKind::Returned { order: "o1".into(), amount_cents: None }, "returned", r#""order":"o1","amount":null"#),
        (
            FactKind::Scored { indicator: "exam".into(), month: "2026-11".into(), value: 87.25 },
            "scored",
            r#""indicator":"exam","month":"2026-11","value":87.25"#,
        ),
    ]
}

#[test]
fn every_kind_prints_its_fields_in_order() {
    for (kind, word, rest) in of_conversations() {
        assert_eq!(line(&fact(kind)).unwrap(), format!(r#"{{"fact":"{word}",{CONVERSATION},{rest}}}"#));
    }
    for (kind, word, rest) in of_people() {
        assert_eq!(line(&Fact { conversation: None, ..fact(kind) }).unwrap(), format!(r#"{{"fact":"{word}",{PERSON},{rest}}}"#));
    }
    for (kind, word) in [(FactKind::FollowedUp, "followed_up"), (FactKind::RepeatContact, "repeat_contact")] {
        assert_eq!(line(&fact(kind)).unwrap(), format!(r#"{{"fact":"{word}",{CONVERSATION}}}"#));
    }
}

#[test]
fn a_fact_that_may_refer_to_a_conversation_prints_null_without_one() {
    let rated = Fact { conversation: None, agent: None, team: None, ..fact(FactKind::Rated { score: 0.0, scale: 5.0 }) };
    let wanted = r#"{"fact":"rated","at":"2023-11-14T22:13:20.000Z","medium":null,"conversation":null,"cycle":null,"channel":null,"team":null,"agent":null,"score":0.0,"scale":5.0}"#;
    assert_eq!(line(&rated).unwrap(), wanted);
}

#[test]
fn what_is_only_counted_is_not_printed() {
    assert_eq!(line(&fact(FactKind::Complained)), None);
}
