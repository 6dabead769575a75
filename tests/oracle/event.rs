//! One event, read from JSON as plainly as possible.

use serde_json::Value;

use super::Ms;

/// A valid event.
#[derive(Debug, Clone)]
pub struct Event {
    /// The whole object.
    pub fields: Value,
    /// Its time.
    pub time: Ms,
}

/// Chat or ticket, and its id. Ordered by medium, then id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// `chat` or `ticket`.
    pub medium: &'static str,
    /// The id.
    pub id: String,
}

impl Key {
    /// A ticket.
    pub fn ticket(id: &str) -> Self {
        Self { medium: "ticket", id: id.to_owned() }
    }
}

impl Event {
    /// Reads a valid event.
    pub fn read(fields: &Value) -> Self {
        let time = match &fields["time"] {
            Value::String(text) => text.parse::<jiff::Timestamp>().expect("a valid time").as_millisecond(),
            number => number.as_i64().expect("milliseconds"),
        };
        Self { fields: fields.clone(), time }
    }

    /// A text field; null and empty are absent.
    pub fn text(&self, name: &str) -> Option<String> {
        self.fields[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A yes or no.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.fields[name].as_bool().unwrap_or(default)
    }

    /// The type.
    pub fn kind(&self) -> &str {
        self.fields["type"].as_str().expect("a type")
    }

    /// What comes after the dot of a conversation event's type.
    pub fn action(&self) -> &str {
        self.kind().split('.').nth(1).expect("a dot")
    }

    /// The conversation that it happens in, of `chat.*` and `ticket.*`.
    pub fn happens_in(&self) -> Option<Key> {
        match self.kind().split('.').next() {
            Some("chat" | "ticket") => self.names(),
            _ => None,
        }
    }

    /// The conversation that it names, of any type; the chat counts.
    pub fn names(&self) -> Option<Key> {
        let chat = self.text("chat").map(|id| Key { medium: "chat", id });
        chat.or_else(|| self.text("ticket").map(|id| Key::ticket(&id)))
    }
}
