//! The quarantine as it is shown: counts as a table or lines, records as lines.

use super::json::{Object, With};
use crate::model::{RejectCount, Rejected};

/// A rejected record as one line of JSON, without the line end.
#[must_use]
pub fn line(rejected: &Rejected) -> String {
    let mut out = String::with_capacity(512);
    let mut object = Object::new(&mut out);
    object
        .field("topic", rejected.topic.as_str())
        .field("partition", rejected.partition)
        .field("offset", rejected.offset)
        .field("at", rejected.at)
        .field("reason", rejected.reason.as_str())
        .field("message", rejected.message.as_str())
        .field("source", rejected.source.as_deref())
        .field("size", rejected.size)
        .field("hash", rejected.hash.as_str());
    match rejected.outline.as_deref() {
        // One that was cut is no JSON any more.
        Some(outline) if !outline.ends_with('…') => object.field("outline", With(|out| out.push_str(outline))),
        other => object.field("outline", other),
    };
    object.end();
    out
}

/// A count as one line of JSON, without the line end.
#[must_use]
pub fn count_line(count: &RejectCount) -> String {
    let mut out = String::with_capacity(256);
    Object::new(&mut out)
        .field("topic", count.topic.as_str())
        .field("source", Some(count.source.as_str()).filter(|source| !source.is_empty()))
        .field("reason", count.reason.as_str())
        .field("records", count.records)
        .field("first", count.first)
        .field("last", count.last)
        .end();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    fn rejected(outline: Option<&str>) -> Rejected {
        Rejected {
            topic: "chat.events".to_owned(),
            partition: 3,
            offset: 41,
            reason: "wrong_type".to_owned(),
            message: "id: an integer found".to_owned(),
            source: None,
            size: 8,
            hash: "00ff".to_owned(),
            at: Time(1_700_000_000_000),
            outline: outline.map(str::to_owned),
        }
    }

    #[test]
    fn a_record_is_one_line_with_its_outline_as_json_unless_it_was_cut() {
        let wanted = r#"{"topic":"chat.events","partition":3,"offset":41,"at":"2023-11-14T22:13:20.000Z","reason":"wrong_type","message":"id: an integer found","source":null,"size":8,"hash":"00ff","outline":{"id":7}}"#;
        assert_eq!(line(&rejected(Some(r#"{"id":7}"#))), wanted);
        assert!(line(&rejected(Some(r#"{"id":…"#))).ends_with(r#""outline":"{\"id\":…"}"#));
        assert!(line(&rejected(None)).ends_with(r#""outline":null}"#));
    }

    #[test]
    fn a_count_names_no_source_when_there_is_none() {
        let count = RejectCount {
            topic: "t".to_owned(),
            source: String::new(),
            reason: "bad_time".to_owned(),
            records: 7,
            first: Time(0),
            last: Time(1_000),
        };
        let wanted = r#"{"topic":"t","source":null,"reason":"bad_time","records":7,"first":"1970-01-01T00:00:00.000Z","last":"1970-01-01T00:00:01.000Z"}"#;
        assert_eq!(count_line(&count), wanted);
    }
}
