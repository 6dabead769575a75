//! librdkafka clients: their properties, and what they say went wrong.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaErrorCode;

use crate::clock::Clock;
use crate::model::Time;

use super::super::settings::{KafkaSettings, SettingsError, is_secret};
use super::identity::{Identities, WORDS};

/// What every consumer starts with; `[kafka.options]` may override what the settings do not refuse.
const DEFAULTS: &[(&str, &str)] = &[
    ("client.id", "deskpulse"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("isolation.level", "read_committed"),
    ("check.crcs", "true"),
    ("allow.auto.create.topics", "false"),
    ("enable.partition.eof", "true"),
    ("topic.metadata.refresh.interval.ms", "30000"),
    // The default back-off of a second costs two thirds of the throughput when a backlog is read.
    ("fetch.queue.backoff.ms", "20"),
    // A partition that is let go on waits behind a fetch for others that have nothing to give: for half a second by default.
    ("fetch.wait.max.ms", "100"),
    ("queued.max.messages.kbytes", "65536"),
    ("fetch.message.max.bytes", "1048576"),
    ("reconnect.backoff.max.ms", "2000"),
    ("socket.keepalive.enable", "true"),
    ("enable.metrics.push", "false"),
];

/// Properties of a consumer as the settings want it, which has a name and tells of the ids of topics. Without `group`, of one that only asks questions.
pub(super) fn consumer_config(settings: &KafkaSettings, group: bool) -> Result<ClientConfig, SettingsError> {
    let mut config = ClientConfig::new();
    for (key, value) in DEFAULTS {
        config.set(*key, *value);
    }
    apply_settings(&mut config, settings)?;
    if group {
        config.set("group.id", &settings.group);
        let words = config.get("debug").map_or(WORDS.to_owned(), |words| format!("{words},{WORDS}"));
        config.set("debug", words).set_log_level(RDKafkaLogLevel::Debug);
    }
    Ok(config)
}

/// Brokers and options; shared with the producer.
pub(in crate::ingest) fn apply_settings(config: &mut ClientConfig, settings: &KafkaSettings) -> Result<(), SettingsError> {
    settings.check()?;
    config.set("bootstrap.servers", settings.brokers.join(","));
    for (key, option) in &settings.options {
        let value = option.value(Path::new("")).map_err(|error| SettingsError {
            key: format!("options.{key}"),
            message: format!("its file cannot be read: {error}; name one that this user may read"),
        })?;
        config.set(key, value);
    }
    let tls = config.get("security.protocol").is_some_and(|protocol| protocol.to_ascii_lowercase().contains("ssl"));
    if tls && config.get("ssl.ca.location").is_none() && config.get("ssl.ca.pem").is_none() {
        // The bundled OpenSSL knows no authorities; this makes it look where the system keeps them.
        config.set("ssl.ca.location", "probe");
    }
    Ok(())
}

/// Creates a client, or says which property it refuses.
pub(in crate::ingest) fn create<T: FromClientConfigAndContext<C>, C: ClientContext>(
    config: &ClientConfig,
    context: C,
) -> Result<T, SettingsError> {
    T::from_config_and_context(config, context).map_err(|error| match error {
        KafkaError::ClientConfig(_, said, key, value) => {
            let value = if is_secret(&key) { "***".to_owned() } else { value };
            SettingsError { message: format!("\"{value}\" is refused by the Kafka client: {said}"), key: format!("options.{key}") }
        }
        KafkaError::ClientCreation(said) => SettingsError { key: "options".to_owned(), message: format!("the Kafka client says: {said}") },
        other => SettingsError { key: "options".to_owned(), message: format!("the Kafka client says: {other}") },
    })
}

/// What kind of complaint a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The broker does not believe who we are.
    Login,
    /// We do not believe who the broker is, or the two cannot agree on encryption.
    Tls,
    /// Something else than a Kafka broker answers.
    Foreign,
    /// We may not read a topic.
    Permission,
    /// No connection: may pass by itself.
    Connection,
}

/// The latest complaint of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) kind: Kind,
    /// One sentence.
    pub(super) sentence: String,
    /// When this kind was first heard since all was well.
    pub(super) since: Time,
}

/// Where clients leave their complaints. One for all clients of a source.
#[derive(Debug, Clone)]
pub(super) struct Complaints {
    latest: Arc<Mutex<Option<Complaint>>>,
    /// What the client said of an answer that is larger than it takes.
    too_large: Arc<OnceLock<String>>,
    clock: Clock,
}

impl Complaints {
    pub(super) fn new(clock: Clock) -> Self {
        Self { latest: Arc::default(), too_large: Arc::default(), clock }
    }

    /// The complaint that stands.
    pub(super) fn latest(&self) -> Option<Complaint> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The broker has answered: all is well.
    pub(super) fn clear(&self) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Keeps a log line of a client if it tells what an error does not.
    pub(super) fn note_line(&self, said: &str) {
        if said.contains("receive.message.max.bytes") {
            let _first = self.too_large.set(said.to_owned()).is_ok();
        }
    }

    /// Why records cannot be unpacked.
    pub(super) fn why_bad(&self, code: RDKafkaErrorCode) -> String {
        match self.too_large.get() {
            Some(said) => {
                format!("an answer of the broker is larger than is allowed: raise receive.message.max.bytes in kafka.options ({said})")
            }
            None => format!("records cannot be unpacked ({code}): a segment is damaged or its compression is unknown; nothing was skipped"),
        }
    }

    /// Keeps what a client says, unless it is no complaint or follows from one that stands.
    pub(super) fn note(&self, code: RDKafkaErrorCode, said: &str) {
        let Some((kind, sentence)) = classify(code, said) else { return };
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *latest {
            // "Connection lost" follows every refused login; it must not hide it.
            Some(complaint) if complaint.kind != Kind::Connection && kind == Kind::Connection => {}
            Some(complaint) if complaint.kind == kind => complaint.sentence = sentence,
            _ => *latest = Some(Complaint { kind, sentence, since: self.clock.now() }),
        }
    }
}

/// A client's words as a sentence that says what to do; `None` for what is no complaint.
fn classify(code: RDKafkaErrorCode, said: &str) -> Option<(Kind, String)> {
    use RDKafkaErrorCode as Code;
    let lower = said.to_ascii_lowercase();
    let tls = |advice: &str| Some((Kind::Tls, format!("no encrypted connection to the broker: {advice} ({said})")));
    match code {
        Code::PartitionEOF => None,
        Code::BadMessage => Some((
            Kind::Foreign,
            "what answers is no Kafka broker, or one that expects encryption: correct kafka.brokers, or security.protocol in kafka.options"
                .to_owned(),
        )),
        Code::Authentication | Code::SaslAuthenticationFailed => Some((
            Kind::Login,
            format!("the broker refuses the login: correct sasl.username, sasl.password and sasl.mechanism in kafka.options ({said})"),
        )),
        Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed | Code::ClusterAuthorizationFailed => {
            Some((Kind::Permission, format!("the broker forbids reading: allow this user Read and Describe on the topics ({said})")))
        }
        // The client does not tell the two apart.
        _ if lower.contains("certificate verify failed") || lower.contains("certificate could not be verified") => {
            tls("its certificate is either not signed by an authority we know (name the right one with ssl.ca.location in kafka.options) \
             or for another host name than those in kafka.brokers and the broker's advertised.listeners")
        }
        _ if lower.contains("ssl listener") || lower.contains("wrong version number") || lower.contains("plaintext broker") => tls(
            "one side expects encryption and the other does not; correct security.protocol in kafka.options or the port in kafka.brokers",
        ),
        Code::SSL => tls("correct the ssl.* properties in kafka.options"),
        _ if lower.contains("ssl handshake failed") || lower.contains("ssl alert") => tls("correct the ssl.* properties in kafka.options"),
        Code::Resolve | Code::BrokerTransportFailure | Code::AllBrokersDown | Code::OperationTimedOut => {
            Some((Kind::Connection, format!("no connection to the broker ({said})")))
        }
        _ => None,
    }
}

/// Listens to a client: complaints are kept, log lines go to the log.
#[derive(Debug, Clone)]
pub(super) struct Listener {
    complaints: Complaints,
    identities: Identities,
}

impl Listener {
    pub(super) fn new(complaints: Complaints) -> Self {
        Self { complaints, identities: Identities::default() }
    }

    /// The same for a client that tells of the ids of topics.
    pub(super) fn of(complaints: Complaints, identities: Identities) -> Self {
        Self { complaints, identities }
    }
}

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
        self.complaints.note_line(message);
        self.identities.hear(message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(code) = error.rdkafka_error_code() {
            self.complaints.note(code, reason);
        }
    }
}

impl ConsumerContext for Listener {
    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            // Other members of that group, or a coordinator that is away: lag tools show old positions, nothing else depends on it.
            tracing::debug!(%error, "positions for lag tools were not accepted");
        }
    }
}

/// The client's own log lines. Its errors come as complaints too, so here they are only for those who look closer.
pub(in crate::ingest) fn log_line(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => tracing::error!(facility, "kafka client: {message}"),
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => tracing::info!(facility, "kafka client: {message}"),
        _ => tracing::debug!(facility, "kafka client: {message}"),
    }
}

/// The consumer type of this source.
pub(super) type Client = BaseConsumer<Listener>;

#[cfg(test)]
mod tests {
    use super::super::super::settings::KafkaOption;
    use super::*;

    fn settings(options: &[(&str, &str)]) -> KafkaSettings {
        let options = options.iter().map(|(key, value)| ((*key).to_owned(), KafkaOption::Text((*value).to_owned()))).collect();
        KafkaSettings { options, ..KafkaSettings::default() }
    }

    #[test]
    fn options_override_defaults_and_tls_looks_for_the_system_s_authorities() {
        let config = consumer_config(&settings(&[("fetch.queue.backoff.ms", "5"), ("security.protocol", "SASL_SSL")]), true).unwrap();
        assert_eq!(config.get("fetch.queue.backoff.ms"), Some("5"));
        assert_eq!(config.get("fetch.wait.max.ms"), Some("100"));
        assert_eq!(config.get("ssl.ca.location"), Some("probe"));
        assert_eq!(config.get("group.id"), Some("deskpulse"));
        let config = consumer_config(&settings(&[("security.protocol", "ssl"), ("ssl.ca.location", "ca.pem")]), false).unwrap();
        assert_eq!(config.get("ssl.ca.location"), Some("ca.pem"));
        assert_eq!(config.get("group.id"), None);
        assert_eq!(consumer_config(&settings(&[]), false).unwrap().get("ssl.ca.location"), None);
    }

    #[test]
    fn a_property_that_the_client_refuses_is_named_and_a_secret_is_not_shown() {
        let complaints = Complaints::new(Clock::start());
        let make = |key: &str, value: &str| {
            let config = consumer_config(&settings(&[(key, value)]), true).unwrap();
            create::<Client, _>(&config, Listener::new(complaints.clone())).err().unwrap().to_string()
        };
        let message = make("no.such.property", "1");
        assert!(message.contains("options.no.such.property"), "{message}");
        let message = make("no.such.password", "hunter2");
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn an_answer_that_is_too_large_is_no_damaged_segment() {
        let complaints = Complaints::new(Clock::start());
        assert!(complaints.why_bad(RDKafkaErrorCode::BadMessage).contains("a segment is damaged"));
        complaints.note_line("Receive failed: Invalid response size 10485912 (0..2000000): increase receive.message.max.bytes");
        complaints.clear();
        let said = complaints.why_bad(RDKafkaErrorCode::BadMessage);
        assert!(said.contains("raise receive.message.max.bytes in kafka.options") && !said.contains("damaged"), "{said}");
    }

    #[test]
    fn a_refused_login_is_not_hidden_by_the_lost_connection_that_follows() {
        let complaints = Complaints::new(Clock::start());
        complaints.note(RDKafkaErrorCode::Authentication, "invalid credentials");
        complaints.note(RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down");
        assert_eq!(complaints.latest().unwrap().kind, Kind::Login);
        complaints.clear();
        complaints.note(RDKafkaErrorCode::PartitionEOF, "");
        assert_eq!(complaints.latest(), None);
        complaints.note(RDKafkaErrorCode::BrokerTransportFailure, "Connect to 127.0.0.1:1 failed: Connection refused");
        assert_eq!(complaints.latest().unwrap().kind, Kind::Connection);
        complaints.note(RDKafkaErrorCode::SSL, "SSL handshake failed: certificate verify failed");
        let complaint = complaints.latest().unwrap();
        assert!(complaint.kind == Kind::Tls && complaint.sentence.contains("ssl.ca.location"), "{complaint:?}");
    }
}
