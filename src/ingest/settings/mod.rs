//! Section `[kafka]` of the configuration, and which librdkafka properties it may touch.

mod refused;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

#[cfg(test)]
mod tests;

/// Section `[kafka]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaSettings {
    /// Brokers to begin with, `host:port`.
    pub brokers: Vec<String>,
    /// Under which name positions are shown to lag tools; nothing is shared with other members of that group.
    pub group: String,
    /// Topics to read, in the order that decides ties at one instant.
    pub topics: Vec<String>,
    /// librdkafka properties: TLS, SASL… A secret may be read from a file. Keys may be written with quotes or without: `ssl.ca.location`
    /// without them is a table in a table to TOML, and means the same here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "flat")]
    pub options: BTreeMap<String, KafkaOption>,
}

/// The value of a librdkafka property.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "wanted a string, a whole number, true, false, or { file = \"…\" }")]
pub enum KafkaOption {
    /// As it is.
    Text(String),
    /// A number.
    Number(i64),
    /// A switch.
    Switch(bool),
    /// The content of a file, without the line end.
    File {
        /// The file.
        file: String,
    },
}

/// Why a `[kafka]` section is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct SettingsError {
    /// The key under `kafka`, such as `options.ssl.ca.location`.
    pub key: String,
    /// What was found, what is allowed, what to do.
    pub message: String,
}

impl Default for KafkaSettings {
    fn default() -> Self {
        Self {
            brokers: vec!["localhost:9092".to_owned()],
            group: "deskpulse".to_owned(),
            topics: ["chat.events", "ticket.events", "agent.events"].map(str::to_owned).to_vec(),
            options: BTreeMap::new(),
        }
    }
}

/// Without its value: it may be a password.
impl std::fmt::Debug for KafkaOption {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { file } => formatter.debug_struct("File").field("file", file).finish(),
            _ => formatter.write_str("***"),
        }
    }
}

impl KafkaSettings {
    /// Makes sure that there is something to read and that no option breaks what the numbers rely on.
    ///
    /// # Errors
    /// The first key that is not allowed.
    pub fn check(&self) -> Result<(), SettingsError> {
        let wrong = |key: &str, message: String| Err(SettingsError { key: key.to_owned(), message });
        if self.brokers.is_empty() || self.brokers.iter().any(|broker| broker.trim().is_empty()) {
            return wrong("brokers", "no broker to begin with: name at least one as \"host:port\"".to_owned());
        }
        if self.group.is_empty() {
            return wrong("group", "an empty name: wanted one under which lag tools find the positions, such as \"deskpulse\"".to_owned());
        }
        if self.topics.is_empty() || self.topics.len() > usize::from(u16::MAX) {
            return wrong("topics", format!("{} topics: wanted at least one and at most {}", self.topics.len(), u16::MAX));
        }
        for (index, topic) in self.topics.iter().enumerate() {
            if let Some(message) = bad_topic(topic) {
                return wrong("topics", message);
            }
            if self.topics[..index].contains(topic) {
                return wrong("topics", format!("topic \"{topic}\" is named twice: every topic is read once"));
            }
        }
        refused::check(&self.options)
    }

    /// A copy whose secrets cannot be read.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut copy = self.clone();
        for (key, option) in &mut copy.options {
            if is_secret(key) && !matches!(option, KafkaOption::File { .. }) {
                *option = KafkaOption::Text("***".to_owned());
            }
        }
        copy
    }
}

impl KafkaOption {
    /// The property's value; that of a file is read now. A relative file is looked for beside `folder`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn value(&self, folder: &Path) -> io::Result<String> {
        Ok(match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Switch(switch) => switch.to_string(),
            Self::File { file } => std::fs::read_to_string(folder.join(file))?.trim_end_matches(['\r', '\n']).to_owned(),
        })
    }
}

/// Whether a property's value must not be shown.
pub(super) fn is_secret(key: &str) -> bool {
    ["password", "secret", "key.pem", "jaas", "token", "oauthbearer.config"].iter().any(|word| key.contains(word))
}

/// Kafka's own rule for names of topics.
fn bad_topic(topic: &str) -> Option<String> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let fine = !topic.is_empty() && topic.len() <= 249 && topic.bytes().all(legal) && topic != "." && topic != "..";
    (!fine).then(|| format!("\"{topic}\" is no name of a topic: wanted 1 to 249 letters, digits, dots, hyphens or underscores"))
}

/// A value, or the next part of a dotted key.
#[derive(Deserialize)]
#[serde(untagged, expecting = "wanted a string, a whole number, true, false, or { file = \"…\" }")]
enum Tree {
    Leaf(KafkaOption),
    Branch(BTreeMap<String, Tree>),
}

/// Joins dotted keys that TOML has taken apart.
fn flat<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, KafkaOption>, D::Error> {
    fn walk(prefix: &str, tree: BTreeMap<String, Tree>, flat: &mut BTreeMap<String, KafkaOption>) -> Result<(), String> {
        for (key, value) in tree {
            let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
            match value {
                Tree::Branch(branch) => walk(&key, branch, flat)?,
                Tree::Leaf(option) => {
                    if flat.insert(key.clone(), option).is_some() {
                        return Err(format!("{key} is set twice"));
                    }
                }
            }
        }
        Ok(())
    }
    let mut options = BTreeMap::new();
    walk("", BTreeMap::deserialize(deserializer)?, &mut options).map_err(D::Error::custom)?;
    Ok(options)
}
