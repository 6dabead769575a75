//! Drafts: events without id and time yet, and the records they become.

use serde_json::Value;

use super::{SimulatedRecord, Topic};
use crate::model::Time;

/// An event that somebody means to send: it gets its id and time when it is sent.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    topic: Topic,
    event: &'static str,
    key: String,
    fields: String,
}

impl Draft {
    /// An event about a chat.
    pub(super) fn chat(event: &'static str, chat: &str) -> Self {
        Self::new(Topic::Chat, event, chat).word("chat", chat)
    }

    /// An event about a ticket.
    pub(super) fn ticket(event: &'static str, ticket: &str) -> Self {
        Self::new(Topic::Ticket, event, ticket).word("ticket", ticket)
    }

    /// An event about an agent, in the agents' topic.
    pub(super) fn agent(event: &'static str, agent: &str) -> Self {
        Self::new(Topic::Agent, event, agent).word("agent", agent)
    }

    /// An event without fields, with the key of its record.
    pub(super) fn new(topic: Topic, event: &'static str, key: &str) -> Self {
        Self { topic, event, key: key.to_owned(), fields: String::new() }
    }

    /// Adds a string.
    pub(super) fn word(self, name: &str, value: &str) -> Self {
        let value = Value::from(value).to_string();
        self.json(name, &value)
    }

    /// Adds a string, if there is one.
    pub(super) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.word(name, value),
            None => self,
        }
    }

    /// Adds `true` when `set`; all flags are false by default.
    pub(super) fn flag(self, name: &str, set: bool) -> Self {
        if set { self.json(name, "true") } else { self }
    }

    /// Adds a value that is JSON already.
    pub(super) fn json(mut self, name: &str, value: &str) -> Self {
        self.fields.push_str(",\"");
        self.fields.push_str(name);
        self.fields.push_str("\":");
        self.fields.push_str(value);
        self
    }

    /// The record of this event, sent at `time` under this id.
    pub(super) fn record(self, id: &str, time: Time) -> SimulatedRecord {
        let (source, stamp) = match self.topic {
            Topic::Chat => ("chat-desk", stamp(time)),
            Topic::Ticket => ("ticket-desk", stamp(time)),
            Topic::Agent => ("workforce", time.0.to_string()),
        };
        let Self { topic, event, key, fields } = self;
        let value = format!(r#"{{"id":"{id}","type":"{event}","time":{stamp},"source":"{source}"{fields}}}"#);
        SimulatedRecord { time, topic, key, value: value.into_bytes() }
    }
}

/// An instant as JSON: RFC 3339 in UTC with milliseconds; an integer where no calendar reaches.
pub(super) fn stamp(time: Time) -> String {
    match jiff::Timestamp::from_millisecond(time.0) {
        Ok(instant) => format!("\"{instant:.3}\""),
        Err(_) => time.0.to_string(),
    }
}
