//! What decoding promises, by the number of the ruling, and for arbitrary input.

mod archived;
mod envelope;
mod fields;
mod properties;
mod schema;
mod speech;
mod values;

use super::{Decoded, Decoder, Reason, Reject};
use crate::model::{Action, Body, Event, Message};

fn decode(record: impl AsRef<[u8]>) -> Decoded {
    Decoder::new(&[], &[]).unwrap().decode(record.as_ref())
}

fn rejected(record: impl AsRef<[u8]>) -> Reject {
    let record = record.as_ref();
    match decode(record) {
        Decoded::Rejected(reject) => reject,
        other => panic!("{} is not rejected but {other:?}", String::from_utf8_lossy(record)),
    }
}

fn reason(record: impl AsRef<[u8]>) -> Reason {
    rejected(record).reason
}

fn event(record: impl AsRef<[u8]>) -> Event {
    let record = record.as_ref();
    match decode(record) {
        Decoded::Event(event) => *event,
        other => panic!("{} is no event but {other:?}", String::from_utf8_lossy(record)),
    }
}

/// A record of this type with these fields after the envelope.
fn record(kind: &str, fields: &str) -> String {
    let comma = if fields.is_empty() { "" } else { "," };
    format!(r#"{{"id":"e1","type":"{kind}","time":"2026-03-02T09:00:00Z"{comma}{fields}}}"#)
}

fn message_of(event: Event) -> Message {
    match event.body {
        Body::Conversation { action: Action::Message(message), .. } => message,
        other => panic!("{other:?} is no message"),
    }
}
