//! The schema and the decoder say the same, wherever JSON Schema can say it; and unknown fields are named.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::super::table::{ENVELOPE, EventType, Field, Key, Least, Need, Shape, TYPES};
use super::super::{UnknownField, schema, unknown_fields};
use super::*;

fn is_event(event: &Value) -> bool {
    matches!(decode(event.to_string()), Decoded::Event(_))
}

/// Values that a field may have, chosen so that rules over two fields hold.
fn good(field: &Field) -> Vec<Value> {
    let mut values = match (field.shape, field.key) {
        (Shape::Name { .. }, Key::Ticket) => vec![json!("t1"), json!("票")],
        (Shape::Name { limit }, _) => vec![json!("amy"), json!("艾米 \"\\"), json!("x".repeat(limit))],
        (Shape::Text, _) => vec![json!(""), json!("hello"), json!("x".repeat(1_000))],
        (Shape::Word(words), _) => words.iter().map(|word| json!(word)).collect(),
        (Shape::Flag, _) => vec![json!(true), json!(false)],
        (Shape::Time, Key::To) => vec![json!(4_102_444_800_000_i64), json!("2099-12-31T23:59:59.999+00:00")],
        (Shape::Time, _) => vec![json!("2026-03-02t09:00:00.5z"), json!(946_684_800_000_i64), json!("2026-12-31T23:59:59-23:59")],
        (Shape::Number(Least::Zero), _) => vec![json!(0), json!(3.25), json!(4)],
        (Shape::Number(_), _) => vec![json!(5), json!(100.5), json!(1_000_000_000_000_i64)],
        (Shape::Count, _) => vec![json!(0), json!(12), json!(1_000_000_000_000_i64)],
        (Shape::Amount, _) => vec![json!(0), json!(12.5), json!("12.5000"), json!("7"), json!(1_000_000_000_000_i64)],
        (Shape::Month, _) => vec![json!("2026-01"), json!("1999-12")],
    };
    if field.need != Need::Required {
        values.push(Value::Null);
    }
    if let (Shape::Name { .. }, Need::Optional) = (field.shape, field.need) {
        values.push(json!(""));
    }
    values
}

/// Values that a field may not have.
fn bad(field: &Field) -> Vec<Value> {
    let mut values = vec![json!([]), json!({"a": 1})];
    values.extend(match field.shape {
        Shape::Name { limit } => vec![json!(7), json!("x".repeat(limit + 1))],
        Shape::Text => vec![json!(7), json!(false)],
        Shape::Word(_) => vec![json!(1), json!("nobody"), json!("")],
        Shape::Flag => vec![json!("true"), json!(0)],
        Shape::Time => {
            vec![json!("2026-03-02"), json!(1_764_061_200), json!(""), json!("2026-03-02T24:00:00Z"), json!("1764061200000"), json!(1.5)]
        }
        Shape::Number(Least::Any) => vec![json!("1"), json!(1e13), json!(-1e13)],
        Shape::Number(Least::Zero) => vec![json!("1"), json!(-0.5)],
        Shape::Number(Least::Positive) => vec![json!("1"), json!(0), json!(1e13)],
        Shape::Count => vec![json!("1"), json!(-1), json!(1.5), json!(1_000_000_000_001_i64)],
        Shape::Amount => vec![json!(true), json!(-1), json!("-1"), json!("1.005"), json!("1."), json!(""), json!(1e13)],
        Shape::Month => vec![json!(202_601), json!("2026-13"), json!("26-01")],
    });
    if field.need == Need::Required {
        values.push(Value::Null);
    }
    values
}

fn pick(values: &[Value], choice: u8) -> Value {
    values[usize::from(choice) % values.len()].clone()
}

/// An event of this type whose fields are absent, good or bad as the choices say.
fn written(kind: &EventType, choices: &[u8]) -> Value {
    let mut fields = Map::new();
    for (field, choice) in ENVELOPE.iter().chain(kind.fields).zip(choices) {
        match choice {
            0..30 => continue,
            30..240 => fields.insert(field.key.name().to_owned(), pick(&good(field), *choice)),
            240.. => fields.insert(field.key.name().to_owned(), pick(&bad(field), *choice)),
        };
    }
    fields.insert("type".to_owned(), json!(kind.name));
    Value::Object(fields)
}

#[test]
fn schema_and_decoder_agree_on_any_event() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let events = (0..TYPES.len(), prop::collection::vec(any::<u8>(), 16));
    let mut seen = [0, 0];
    let agree = |event: &Value| validator.is_valid(event) == is_event(event);
    TestRunner::new(ProptestConfig::with_cases(1_000))
        .run(&events, |(kind, choices)| {
            let event = written(&TYPES[kind], &choices);
            prop_assert!(agree(&event), "{event}: {:?}", decode(event.to_string()));
            Ok(())
        })
        .unwrap();
    for kind in &TYPES {
        for choice in 0..=u8::MAX {
            let event = written(kind, &[choice; 16]);
            assert!(agree(&event), "{event}: {:?}", decode(event.to_string()));
            seen[usize::from(is_event(&event))] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 1_000), "both kinds of event are tried: {seen:?}");
}

#[test]
fn the_schema_knows_the_examples_of_the_documentation() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let examples = [
        r#"{"id":"e1","type":"chat.started","time":"2026-11-23T09:00:00+08:00","chat":"c1","customer":"u7","team":"presale","channel":"web"}"#,
        r#"{"id":"e2","type":"chat.message","time":"2026-11-23T09:00:01+08:00","chat":"c1","from":"customer"}"#,
        r#"{"id":"e3","type":"chat.assigned","time":"2026-11-23T09:00:05+08:00","chat":"c1","agent":"amy"}"#,
        r#"{"id":"e4","type":"chat.message","time":"2026-11-23T09:00:21+08:00","chat":"c1","from":"agent","agent":"amy"}"#,
    ];
    for example in examples {
        assert!(validator.is_valid(&serde_json::from_str(example).unwrap()), "{example}");
        event(example);
    }
}

#[test]
fn the_schema_refuses_unknown_types_and_other_json() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for value in [json!(null), json!([]), json!({}), json!({"id": "e1", "type": "chat.typing", "time": 1_774_342_800_000_i64})] {
        assert!(!validator.is_valid(&value), "{value}");
    }
}

#[test]
fn the_schema_is_a_valid_schema_that_lists_every_type_once() {
    let schema = schema();
    jsonschema::meta::validate(&schema).unwrap();
    let names: std::collections::BTreeSet<_> = TYPES.iter().map(|kind| kind.name).collect();
    assert_eq!((names.len(), schema["$defs"].as_object().unwrap().len()), (TYPES.len(), TYPES.len()));
    assert_eq!(schema["$defs"]["ticket.created"]["properties"]["kind"]["default"], "question");
    assert_eq!(schema["$defs"]["chat.started"]["properties"]["in_scope"]["default"], true);
}

fn unknown(record: &str) -> Vec<(String, Option<&'static str>)> {
    unknown_fields(record.as_bytes()).into_iter().map(|UnknownField { name, nearest }| (name, nearest)).collect()
}

#[test]
fn unknown_fields_are_named_with_the_field_that_was_meant() {
    let fields = r#""chat":"c1","form":"agent","Agent":"amy","agnt":1.5,"mood":[],"mood":{},"chat_id":7,"team":"x""#;
    let expected = [
        ("form", Some("from")),
        ("Agent", Some("agent")),
        ("agnt", Some("agent")),
        ("mood", None),
        ("chat_id", Some("chat")),
        ("team", None),
    ];
    let expected: Vec<_> = expected.map(|(name, nearest)| (name.to_owned(), nearest)).into();
    assert_eq!(unknown(&record("chat.message", fields)), expected);
    assert_eq!(unknown(&record("chat.message", r#""chat":"c1","from":"agent","text":"x","source":"s""#)), []);
}

#[test]
fn a_record_that_is_no_object_of_a_known_type_has_no_unknown_fields() {
    for text in ["", "{", "[]", r#"{"mood":1}"#, r#"{"type":7,"mood":1}"#, &record("chat.typing", r#""mood":1"#)] {
        assert_eq!(unknown(text), [], "{text}");
    }
    assert_eq!(unknown_fields(b"\xff"), []);
}
