//! Numbers, amounts and months: rulings 15 and 16.

use super::super::Reason;
use super::*;

fn paid(amount: &str) -> Result<i64, Reason> {
    match decode(record("order.paid", &format!(r#""order":"o1","customer":"u1","amount":{amount}"#))) {
        Decoded::Event(event) => match event.body {
            Body::OrderPaid(order) => Ok(order.amount_cents),
            other => panic!("{other:?}"),
        },
        Decoded::Rejected(reject) => Err(reject.reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_an_amount_the_value_counts_not_the_notation() {
    let amounts = [
        ("12.500", 1_250),
        ("1e1", 1_000),
        ("1.25E+1", 1_250),
        ("125000e-4", 1_250),
        ("0.07", 7),
        ("7e-2", 7),
        ("0", 0),
        ("-0", 0),
        ("-0.00", 0),
        ("0e99999999999999999999", 0),
        ("0.000e-400", 0),
        ("1.15", 115),
        ("1000000000000", 100_000_000_000_000),
        ("1e12", 100_000_000_000_000),
        ("999999999999.99", 99_999_999_999_999),
        (r#""12.500""#, 1_250),
        (r#""0012""#, 1_200),
        (r#""0.00""#, 0),
    ];
    for (amount, cents) in amounts {
        assert_eq!(paid(amount), Ok(cents), "{amount}");
    }
    assert_eq!(paid(&format!("\"{}1.5{}\"", "0".repeat(300), "0".repeat(300))), Ok(150));
}

#[test]
fn amounts_that_are_none_are_bad_values() {
    let amounts = [
        "1.005",
        "1e-3",
        "0.000000000000000000001",
        "12.500000000000000000000001",
        "1e-400",
        "-1",
        "-0.01",
        "1000000000000.01",
        "1e13",
        "1e400",
        "-1e400",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "99999999999999999999999999",
        r#""""#,
        r#""1.005""#,
        r#"".5""#,
        r#""5.""#,
        r#""+5""#,
        r#""-5""#,
        r#""1e1""#,
        r#"" 5""#,
        r#""5,00""#,
        r#""1.2.3""#,
        r#""５""#,
        r#""1000000000001""#,
    ];
    for amount in amounts {
        assert_eq!(paid(amount), Err(Reason::BadValue), "{amount}");
    }
    for amount in ["true", "[1]", "{}"] {
        assert_eq!(paid(amount), Err(Reason::WrongType), "{amount}");
    }
    assert_eq!(paid("null"), Err(Reason::MissingField));
}

#[test]
fn a_returned_amount_may_be_absent() {
    let cents = |fields: &str| match event(record("order.returned", &format!(r#""order":"o1"{fields}"#))).body {
        Body::OrderReturned { amount_cents, .. } => amount_cents,
        other => panic!("{other:?}"),
    };
    assert_eq!((cents(""), cents(r#","amount":null"#), cents(r#","amount":9.9"#)), (None, None, Some(990)));
}

fn reason_of(kind: &str, fields: &str) -> Option<Reason> {
    match decode(record(kind, fields)) {
        Decoded::Rejected(reject) => Some(reject.reason),
        _ => None,
    }
}

#[test]
fn bounds_are_inclusive() {
    let fine = [
        ("customer.rated", r#""chat":"c","score":0"#),
        ("customer.rated", r#""chat":"c","score":5"#),
        ("customer.rated", r#""chat":"c","score":0.1,"scale":1e-1"#),
        ("customer.rated", r#""chat":"c","score":1000000000000,"scale":1e12"#),
        ("quality.reviewed", r#""agent":"a","points":-0.0"#),
        ("quality.reviewed", r#""agent":"a","points":100"#),
        ("workload.planned", r#""team":"a","from":1774342800000,"to":1774342800001,"contacts":0"#),
        ("workload.planned", r#""team":"a","from":1774342800000,"to":1774342800001,"contacts":1000000000000"#),
        ("indicator.scored", r#""agent":"a","indicator":"i","month":"2026-12","value":-1e12"#),
    ];
    for (kind, fields) in fine {
        assert_eq!(reason_of(kind, fields), None, "{kind} {fields}");
    }
}

#[test]
fn numbers_out_of_bounds_are_bad_values() {
    let bad = [
        ("customer.rated", r#""chat":"c","score":6"#),
        ("customer.rated", r#""chat":"c","score":-1"#),
        ("customer.rated", r#""chat":"c","score":0,"scale":0"#),
        ("customer.rated", r#""chat":"c","score":1e400"#),
        ("customer.rated", r#""chat":"c","score":1,"scale":1e13"#),
        ("quality.reviewed", r#""agent":"a","points":100.5"#),
        ("quality.reviewed", r#""agent":"a","points":0,"out_of":-1"#),
        ("workload.planned", r#""team":"a","from":1774342800000,"to":1774342800000,"contacts":1"#),
        ("workload.planned", r#""team":"a","from":1774342800000,"to":1774342800001,"contacts":-1"#),
        ("workload.planned", r#""team":"a","from":1774342800000,"to":1774342800001,"contacts":1000000000001"#),
        ("workload.planned", r#""team":"a","from":1774342800000,"to":1774342800001,"contacts":99999999999999999999999"#),
        ("indicator.scored", r#""agent":"a","indicator":"i","month":"2026-12","value":1000000000001"#),
        ("indicator.scored", r#""agent":"a","indicator":"i","month":"2026-12","value":-1e400"#),
    ];
    for (kind, fields) in bad {
        assert_eq!(reason_of(kind, fields), Some(Reason::BadValue), "{kind} {fields}");
    }
    let counts = ["1.0", "1e3", "\"1\"", "1e400"];
    for contacts in counts {
        let fields = format!(r#""team":"a","from":1774342800000,"to":1774342800001,"contacts":{contacts}"#);
        assert_eq!(reason_of("workload.planned", &fields), Some(Reason::WrongType), "{contacts}");
    }
}

#[test]
fn bounds_come_after_every_type() {
    assert_eq!(reason_of("customer.rated", r#""score":-1"#), Some(Reason::MissingField));
    assert_eq!(reason_of("customer.rated", r#""chat":"c","score":-1,"reason":1"#), Some(Reason::WrongType));
    assert_eq!(reason_of("order.paid", r#""order":"o","customer":"u","amount":-1,"chat":1"#), Some(Reason::WrongType));
    assert_eq!(reason_of("order.paid", r#""order":"o","customer":"u","amount":1.005,"chat":1"#), Some(Reason::BadValue));
    assert_eq!(rejected(record("customer.rated", r#""chat":"c","score":6"#)).message, "score 6: at most 5, the scale, wanted");
    let message = rejected(record("customer.rated", r#""chat":"c","score":-1"#)).message;
    assert_eq!(message, "score: out of bounds, a number from 0 to 1000000000000 wanted");
}

#[test]
fn a_month_is_four_digits_and_two() {
    let with = |month: &str| reason_of("indicator.scored", &format!(r#""agent":"a","indicator":"i","month":{month},"value":1"#));
    for month in [r#""2026-01""#, r#""2026-12""#, r#""1999-09""#] {
        assert_eq!(with(month), None, "{month}");
    }
    for month in [r#""2026-00""#, r#""2026-13""#, r#""2026-1""#, r#""2026/01""#, r#""026-01""#, r#""2026-01-01""#, r#""""#, r#""abcd-01""#]
    {
        assert_eq!(with(month), Some(Reason::BadValue), "{month}");
    }
    assert_eq!(with("202601"), Some(Reason::WrongType));
}
