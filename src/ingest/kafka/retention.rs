//! How long topics keep what is written to them.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;

use crate::model::Span;

use super::client::{apply_settings, create, log_line};
use super::{KafkaSettings, SettingsError};

/// How long the broker may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one topic keeps its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The topic.
    pub topic: String,
    /// So long; `None` for ever.
    pub time: Option<Span>,
    /// So many bytes of each partition; `None` all.
    pub bytes: Option<u64>,
    /// Whether a record goes when a newer one has its key.
    pub is_compacted: bool,
}

/// What the brokers say of several topics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retentions {
    /// Of these they told.
    pub told: Vec<Retention>,
    /// Of these they did not: the user may not ask, or there is no such topic. The Kafka client does not tell the two apart.
    pub untold: Vec<String>,
}

/// Why nothing is known.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The settings are not allowed.
    #[error("configuration kafka.{0}")]
    Settings(#[from] SettingsError),
    /// No answer.
    #[error("the broker does not answer ({0})")]
    Silent(String),
}

/// Asks the brokers about all topics of the settings.
///
/// # Errors
/// When the settings are not allowed, or the broker gives no answer.
pub async fn retentions(settings: &KafkaSettings) -> Result<Retentions, RetentionError> {
    let mut config = ClientConfig::new();
    config.set("client.id", "deskpulse").set("allow.auto.create.topics", "false");
    apply_settings(&mut config, settings)?;
    let client: AdminClient<Quiet> = create(&config, Quiet)?;
    let topics: Vec<_> = settings.topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
    let options = AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE));
    let answers = client.describe_configs(&topics, &options).await.map_err(|error| RetentionError::Silent(error.to_string()))?;
    let mut found = Retentions::default();
    for (topic, answer) in settings.topics.iter().zip(answers) {
        match answer {
            Ok(resource) if !resource.entries.is_empty() => found.told.push(retention(topic, &resource)),
            _ => found.untold.push(topic.clone()),
        }
    }
    Ok(found)
}

fn retention(topic: &str, resource: &ConfigResource) -> Retention {
    let value = |key: &str| resource.get(key)?.value.as_deref();
    let limit = |key: &str| value(key)?.parse::<i64>().ok().filter(|limit| *limit >= 0);
    let policy = value("cleanup.policy").unwrap_or("delete");
    let is_deleted = policy.contains("delete");
    Retention {
        topic: topic.to_owned(),
        time: limit("retention.ms").filter(|_| is_deleted).map(Span),
        bytes: limit("retention.bytes").filter(|_| is_deleted).map(i64::unsigned_abs),
        is_compacted: policy.contains("compact"),
    }
}

/// What this client says of its connection, those that read say better.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(RDKafkaLogLevel::Debug, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "asking for the retention of topics");
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::admin::{ConfigEntry, ConfigSource, OwnedResourceSpecifier};

    use super::*;

    fn read(entries: &[(&str, &str)]) -> Retention {
        let entry = |(name, value): &(&str, &str)| ConfigEntry {
            name: (*name).to_owned(),
            value: Some((*value).to_owned()),
            source: ConfigSource::Default,
            is_read_only: false,
            is_default: true,
            is_sensitive: false,
        };
        let specifier = OwnedResourceSpecifier::Topic("chats".to_owned());
        retention("chats", &ConfigResource { specifier, entries: entries.iter().map(entry).collect() })
    }

    #[test]
    fn limits_of_topics_that_are_deleted_from_are_read_and_minus_one_is_none() {
        let policy = |policy| [("cleanup.policy", policy), ("retention.ms", "86400000"), ("retention.bytes", "-1")];
        let day = Retention { topic: "chats".to_owned(), time: Some(Span::DAY), bytes: None, is_compacted: false };
        assert_eq!(read(&policy("delete")), day);
        assert_eq!(read(&policy("compact,delete")), Retention { is_compacted: true, ..day.clone() });
        assert_eq!(read(&policy("compact")), Retention { is_compacted: true, time: None, ..day.clone() });
        assert_eq!(read(&[("retention.ms", "-1"), ("retention.bytes", "1000")]), Retention { time: None, bytes: Some(1_000), ..day });
    }
}
