//! Records and envelopes: rulings 4, 9, 10, 13, 17, 19.

use super::super::{RECORD_LIMIT, Reason, parse_time};
use super::*;
use crate::model::Time;

#[test]
fn a_record_of_nothing_but_white_space_is_a_tombstone() {
    for record in ["", " ", "\r", " \t\r\n"] {
        assert_eq!(decode(record), Decoded::Tombstone, "{record:?}");
    }
}

#[test]
fn the_size_comes_first_and_its_limit_is_inclusive() {
    assert_eq!(reason(vec![b' '; RECORD_LIMIT + 1]), Reason::TooLarge);
    assert_eq!(reason(vec![0xff; RECORD_LIMIT + 1]), Reason::TooLarge);
    let text = "x".repeat(RECORD_LIMIT - record("chat.message", r#""chat":"c1","from":"bot","text":"""#).len());
    let largest = record("chat.message", &format!(r#""chat":"c1","from":"bot","text":"{text}""#));
    assert_eq!(largest.len(), RECORD_LIMIT);
    event(largest);
}

#[test]
fn what_is_not_json_in_the_strict_sense_is_not_json() {
    let start = |fields: &str| record("chat.started", &format!(r#""chat":"c1",{fields}"#));
    let records = [
        "hello".to_owned(),
        r#"{"id":"x""#.to_owned(),
        "[1, 2".to_owned(),
        "{} {}".to_owned(),
        format!("\u{feff}{}", record("chat.reopened", r#""chat":"c1""#)),
        start(r#""score":NaN"#),
        start(r#""mood":Infinity"#),
        start(r#""mood":01"#),
        start(r#""mood":"a	b""#),
        start(r#""mood":"\ud800""#),
        start(r#""mood":["\ud800\u0041"]"#),
        start(r#""mood":{"\udc00":1}"#),
        start(r#""mood":"\ud800 \udc00""#),
        start(r#""mood":"\ud800\\udc00""#),
        start(r#""\ud800":1"#),
        start(r#""team":"\udfff""#),
        start(r#""team":["\udfff"]"#),
        start(r#""mood":1.5,"team":"\ud83d""#),
        r#""\ud800""#.to_owned(),
    ];
    for record in records {
        assert_eq!(reason(&record), Reason::NotJson, "{record}");
    }
    assert_eq!(reason(b"{\"id\":\"\xff\"}"), Reason::NotJson);
    assert_eq!(reason(b"\xf0\x9f\x99"), Reason::NotJson);
}

#[test]
fn pairs_of_surrogates_and_escapes_that_look_like_halves_are_fine() {
    for value in [r#""\ud83d\ude42""#, r#""\\ud800""#, r#"["\ud83d\ude42\ud83d\ude42\n",1e400,-0]"#] {
        event(record("chat.started", &format!(r#""chat":"c1","mood":{value}"#)));
        event(record("chat.started", &format!(r#""chat":"c1","mood":{value},"score":1.5"#)));
    }
    let started = event(record("chat.started", r#""ch\u0061t":"\ud83d\ude42""#));
    assert!(matches!(started.body, Body::Conversation { conversation, .. } if conversation.id == "🙂"));
}

#[test]
fn json_that_is_no_object_is_not_an_object() {
    for record in ["[1, 2]", "42", "1e400", "\"chat.started\"", "null", " true ", "[{}]"] {
        assert_eq!(reason(record), Reason::NotAnObject, "{record}");
    }
}

#[test]
fn deep_nesting_is_skipped_where_nobody_knows_the_field_and_a_wrong_type_elsewhere() {
    let deep = |open: &str, close: &str| format!("{}0{}", open.repeat(10_000), close.repeat(10_000));
    for nested in [deep("[", "]"), deep(r#"{"a":"#, "}")] {
        event(record("chat.started", &format!(r#""chat":"c1","mood":{nested}"#)));
        assert_eq!(reason(record("chat.started", &format!(r#""chat":{nested}"#))), Reason::WrongType);
        assert!([Reason::NotAnObject, Reason::MissingField].contains(&reason(&nested)));
    }
    assert_eq!(reason("[".repeat(100_000)), Reason::NotJson);
}

#[test]
fn the_envelope_is_checked_in_order_and_before_the_type() {
    let cases = [
        (r#"{}"#, Reason::MissingField, "id "),
        (r#"{"id":7,"type":8,"time":true}"#, Reason::WrongType, "id: an integer"),
        (r#"{"id":"","type":8}"#, Reason::BadValue, "id: an empty"),
        (r#"{"id":"a","time":true}"#, Reason::MissingField, "type "),
        (r#"{"id":"a","type":null,"time":true}"#, Reason::MissingField, "type "),
        (r#"{"id":"a","type":["x"],"time":true}"#, Reason::WrongType, "type: an array"),
        (r#"{"id":"a","type":"x"}"#, Reason::MissingField, "time "),
        (r#"{"id":"a","type":"x","time":"yesterday","source":7}"#, Reason::BadTime, "time yesterday"),
        (r#"{"id":"a","type":"x","time":1774342800000,"source":7}"#, Reason::WrongType, "source: an integer"),
    ];
    for (record, reason, message) in cases {
        let reject = rejected(record);
        assert_eq!(reject.reason, reason, "{record}");
        assert!(reject.message.starts_with(message), "{record}: {reject}");
    }
}

#[test]
fn any_other_string_is_an_unknown_type() {
    for kind in ["", "chat.typing", "CHAT.MESSAGE", "chat.message "] {
        assert_eq!(decode(record(kind, r#""chat":7"#)), Decoded::UnknownType(kind.to_owned()));
    }
    assert_eq!(decode(record(&"t".repeat(300), "")), Decoded::UnknownType(format!("{}…", "t".repeat(40))));
}

#[test]
fn ids_have_128_bytes_and_names_256() {
    let envelope = |id: usize, source: usize| {
        format!(
            r#"{{"id":"{}","source":"{}","type":"chat.reopened","time":1774342800000,"chat":"c1"}}"#,
            "i".repeat(id),
            "s".repeat(source)
        )
    };
    event(envelope(128, 256));
    assert_eq!(reason(envelope(129, 256)), Reason::TooLong);
    assert_eq!(reason(envelope(128, 257)), Reason::TooLong);
    assert_eq!(reason(record("chat.reopened", &format!(r#""chat":"{}cc""#, "客".repeat(85)))), Reason::TooLong);
    event(record("chat.reopened", &format!(r#""chat":"{}c""#, "客".repeat(85))));
}

#[test]
fn of_a_name_given_twice_the_last_counts() {
    let last = event(record("chat.started", r#""chat":7,"chat":[1.5],"chat":"c1","team":"a","team":null"#));
    assert_eq!(last, event(record("chat.started", r#""chat":"c1""#)));
    assert_eq!(reason(record("chat.started", r#""chat":"c1","chat":null"#)), Reason::MissingField);
    assert_eq!(decode(record("chat.started", r#""chat":"c1","type":"x""#)), Decoded::UnknownType("x".to_owned()));
}

fn time(written: &str) -> Result<i64, Reason> {
    match decode(format!(r#"{{"id":"e1","type":"chat.reopened","chat":"c1","time":{written}}}"#)) {
        Decoded::Event(event) => Ok(event.time.0),
        Decoded::Rejected(reject) => Err(reject.reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn times_in_all_forms_name_the_same_instant() {
    let forms = [
        "1774342800250",
        r#""2026-03-24T09:00:00.25Z""#,
        r#""2026-03-24t09:00:00.250z""#,
        r#""2026-03-24T17:00:00.2509999999999999999999+08:00""#,
        r#""2026-03-24T05:00:00.250-04:00""#,
        r#""2026-03-24T14:30:00.25+05:30""#,
        r#""2026-03-23T09:01:00.25-23:59""#,
        r#""2026-03-24T09:00:00.250-00:00""#,
    ];
    for form in forms {
        assert_eq!(time(form), Ok(1_774_342_800_250), "{form}");
    }
    assert_eq!(time(r#""2024-02-29T00:00:00Z""#), Ok(1_709_164_800_000));
    assert_eq!(time(r#""2000-02-29T00:00:00.5Z""#), Ok(951_782_400_500));
}

#[test]
fn both_ends_of_the_century_are_allowed() {
    let first_and_last = [
        ("946684800000", 946_684_800_000),
        (r#""2000-01-01T00:00:00Z""#, 946_684_800_000),
        (r#""1999-12-31T19:00:00-05:00""#, 946_684_800_000),
        ("4102444800000", 4_102_444_800_000),
        (r#""2100-01-01T00:00:00.0009Z""#, 4_102_444_800_000),
    ];
    for (form, ms) in first_and_last {
        assert_eq!(time(form), Ok(ms), "{form}");
    }
}

#[test]
fn what_names_no_instant_of_this_century_is_a_bad_time() {
    let times = [
        "yesterday",
        "",
        "1774342800000",
        "2026-03-24",
        "2026-03-24T09:00:00",
        "2026-03-24 09:00:00Z",
        "2026-03-24T09:00Z",
        "2026-03-24T09:00:60Z",
        "2026-03-24T24:00:00Z",
        "2026-03-24T09:60:00Z",
        "2026-02-29T09:00:00Z",
        "2100-02-29T09:00:00Z",
        "2026-04-31T09:00:00Z",
        "2026-00-10T09:00:00Z",
        "2026-13-10T09:00:00Z",
        "2026-03-00T09:00:00Z",
        "2026-03-24T09:00:00.Z",
        "2026-03-24T09:00:00,5Z",
        "2026-03-24T09:00:00+24:00",
        "2026-03-24T09:00:00+08:60",
        "2026-03-24T09:00:00+0800",
        "2026-03-24T09:00:00+08",
        "2026-03-24T09:00:00−08:00",
        "2026-03-24T09:00:00Z ",
        " 2026-03-24T09:00:00Z",
        "+2026-03-24T09:00:00Z",
        "2026-3-24T09:00:00Z",
        "1999-12-31T23:59:59.999Z",
        "2100-01-01T00:00:00.001Z",
        "2000-01-01T00:00:00+00:01",
        "２026-03-24T09:00:00Z",
    ];
    for text in times {
        assert_eq!(time(&format!("\"{text}\"")), Err(Reason::BadTime), "{text}");
    }
    for number in
        ["1764061200", "0", "-0", "-1", "946684799999", "4102444800001", "99999999999999999999999999", "-99999999999999999999999999"]
    {
        assert_eq!(time(number), Err(Reason::BadTime), "{number}");
    }
    for other in ["1774342800000.0", "1.774342800000e12", "1e400", "true", "[]", "{}"] {
        assert_eq!(time(other), Err(Reason::WrongType), "{other}");
    }
    assert_eq!(time("null"), Err(Reason::MissingField));
}

#[test]
fn integers_of_another_unit_are_recognized() {
    let message = |time: &str| rejected(format!(r#"{{"id":"e1","type":"x","time":{time}}}"#)).message;
    assert_eq!(message("1764061200"), "time 1764061200: milliseconds wanted, this looks like seconds");
    assert_eq!(message("1764061200000000"), "time 1764061200000000: milliseconds wanted, this looks like microseconds");
    assert_eq!(message("1764061200000000000"), "time 1764061200000000000: milliseconds wanted, this looks like nanoseconds");
    assert_eq!(message("12"), "time 12: a time from 2000-01-01 to 2100-01-01 wanted");
    assert_eq!(
        message("\"2026-11-23\""),
        "time 2026-11-23: RFC 3339 with an offset wanted, like 2026-11-23T09:00:00+08:00, or an integer of milliseconds"
    );
}

#[test]
fn a_command_line_takes_both_forms_of_a_time() {
    assert_eq!(parse_time("2026-03-24T09:00:00Z"), Ok(Time(1_774_342_800_000)));
    assert_eq!(parse_time("1774342800000"), Ok(Time(1_774_342_800_000)));
    assert_eq!(parse_time("1774342800").unwrap_err().to_string(), "milliseconds wanted, this looks like seconds");
    assert!(["", "now", "99999999999999999999999", "1774342800000.0"].iter().all(|text| parse_time(text).is_err()));
}

#[test]
fn a_message_can_be_kept_without_what_was_written_in_the_record() {
    let base = r#""id":"e1","type":"chat.message","time":"2026-11-23T09:00:00Z","chat":"c1""#;
    let table = [
        (format!(r#"{{{base},"from":"Hello, I am Mary and I have lost my card"}}"#), "from (40 characters): one of"),
        (format!(r#"{{{base},"from":"Ü"}}"#), "from (1 characters): one of"),
        (base.replace("2026-11-23T09:00:00Z", "call me at nine").replacen("\"id\"", "{\"id\"", 1) + "}", "time (15 characters): "),
        (format!(r#"{{{base}}}"#), "from is missing: it is required"),
    ];
    for (record, wanted) in table {
        let kept = rejected(&record).without_words();
        assert!(kept.starts_with(wanted), "{kept}");
    }
}
