//! The sections of the configuration file, as they are written. Defaults are the documented ones; an unknown key is an error.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::engine::{ClockMode, HandlingRule, LimitCounts};
use crate::ingest::{KafkaOption, KafkaSettings};
use crate::model::{Category, Medium, Name, Span};
use crate::pipeline::CoreError;
use crate::view::AgentOption;

use super::store::Store;
use super::{ConfigError, people};

/// The whole file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The reporting zone: days and months.
    pub time_zone: ZoneName,
    /// Where events come from.
    pub kafka: KafkaSettings,
    /// What is served.
    pub http: Http,
    /// Where state is kept.
    pub store: Store,
    /// Where events are kept for longer than Kafka keeps them.
    pub archive: ArchiveSection,
    /// How events become numbers.
    pub engine: EngineSection,
    /// How agents' time is told.
    pub agents: Agents,
    /// Which series are given out.
    pub metrics: Metrics,
    /// Names for display.
    pub people: People,
    /// Targets, in the order in which they are looked up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy: Vec<PolicySection>,
    /// Names of agents, read from the file that `people` names.
    #[serde(skip)]
    pub names: Arc<BTreeMap<Name, Name>>,
}

/// Name of a time zone; `Asia/Shanghai` when none is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneName(pub String);

impl Default for ZoneName {
    fn default() -> Self {
        Self("Asia/Shanghai".to_owned())
    }
}

impl std::ops::Deref for ZoneName {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// Section `[http]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address of board, API and metrics: a loopback address.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// A second address with metrics and health only; empty is none.
    pub metrics_listen: String,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9464)), metrics_listen: String::new() }
    }
}

impl Http {
    /// A second address is one, and not taken by the first.
    fn check_metrics_listen(&self) -> Result<(), ConfigError> {
        let wrong = |message: String| Err(ConfigError::invalid("http.metrics_listen", message));
        let written = &self.metrics_listen;
        if written.is_empty() {
            return Ok(());
        }
        let Ok(address) = written.parse::<SocketAddr>() else {
            return wrong(format!("{written:?}: wanted an IP address with a port, such as \"0.0.0.0:9465\", or \"\""));
        };
        let same_host = address.ip() == self.listen.ip() || address.ip().is_unspecified();
        if same_host && address.port() == self.listen.port() && address.port() != 0 {
            return wrong(format!(
                "{written} is taken by http.listen ({}), which has the metrics too: choose another port, or \"\"",
                self.listen
            ));
        }
        Ok(())
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("{text:?}: wanted an IP address with a port, such as \"127.0.0.1:9464\"")))
}

/// Section `[archive]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ArchiveSection {
    /// The folder; empty is no archive.
    pub path: String,
}

/// Section `[engine]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineSection {
    /// What moves the clock: `wall` or `events`.
    pub clock: ClockMode,
    /// With `events`: after this long at its end a partition holds nobody back.
    pub idle_after: Span,
    /// How far behind the newest event of its partition an event takes its place.
    pub allowed_lateness: Span,
    /// How far ahead of its arrival an event may be dated.
    pub max_ahead: Span,
    /// How long ids are remembered, in event time.
    pub duplicate_window: Span,
    /// How many ids are remembered.
    pub duplicate_limit: usize,
    /// How long an ended conversation that nothing touches is remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forget_after: Option<Span>,
    /// Rolling windows of the live gauges.
    pub windows: Vec<Span>,
    /// Abandoned up to this long after the people's clock started: not offered.
    pub short_abandon: Span,
    /// First-contact resolution and repeats look this far.
    pub fcr_window: Span,
    /// An order is credited to who wrote to the customer at most this long before.
    pub conversion_window: Span,
    /// How long after its end a month still changes.
    pub settle: Span,
    /// Banned phrases.
    pub phrases: WordList,
    /// Texts that are automatic whoever sent them.
    pub auto_texts: WordList,
    /// When set, only low ratings for one of these reasons are bad reviews.
    pub bad_review_reasons: Vec<String>,
    /// When set, only returns for one of these reasons count.
    pub return_reasons: Vec<String>,
}

impl Default for EngineSection {
    fn default() -> Self {
        Self {
            clock: ClockMode::Wall,
            idle_after: Span(2_000),
            allowed_lateness: Span(2_000),
            max_ahead: Span(2_000),
            duplicate_window: Span(72 * Span::HOUR.0),
            duplicate_limit: 20_000_000,
            forget_after: None,
            windows: vec![Span(5 * Span::MINUTE.0), Span::HOUR],
            short_abandon: Span(5_000),
            fcr_window: Span(7 * Span::DAY.0),
            conversion_window: Span::DAY,
            settle: Span(7 * Span::DAY.0),
            phrases: WordList::default(),
            auto_texts: WordList::default(),
            bad_review_reasons: Vec::new(),
            return_reasons: Vec::new(),
        }
    }
}

/// A list of words or texts: in place, or one a line in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "wanted a list of strings, or { file = \"…\" }")]
pub enum WordList {
    /// In place.
    Words(Vec<String>),
    /// One a line; read when the configuration is loaded.
    File {
        /// The file, beside the configuration.
        file: String,
    },
}

impl Default for WordList {
    fn default() -> Self {
        Self::Words(Vec::new())
    }
}

impl WordList {
    /// The words; those of a file only after it was read.
    #[must_use]
    pub fn words(&self) -> &[String] {
        match self {
            Self::Words(words) => words,
            Self::File { .. } => &[],
        }
    }
}

/// Section `[agents]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agents {
    /// More customers than this waiting on one agent are a breach.
    pub waiting_limit: u32,
    /// Which conversations the limit counts: `waiting` or `open`.
    pub limit_counts: LimitCounts,
    /// What handling a chat is: `owned` or `active`.
    pub handling: HandlingRule,
    /// With `active`: how long after each of his messages an agent is still at it.
    pub focus: Span,
    /// After this long without an `agent.status` his status ends; or `off`.
    pub presence_timeout: TargetSetting,
    /// Category of each status word, added to the built-in ones.
    pub statuses: BTreeMap<Name, Category>,
}

impl Default for Agents {
    fn default() -> Self {
        let engine = crate::engine::AgentSettings::default();
        Self {
            waiting_limit: engine.waiting_limit,
            limit_counts: engine.limit_counts,
            handling: engine.handling,
            focus: engine.focus,
            presence_timeout: TargetSetting::Off,
            statuses: BTreeMap::new(),
        }
    }
}

/// A duration, or the word `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetSetting {
    /// None.
    Off,
    /// This long.
    Within(Span),
}

impl TargetSetting {
    /// The duration, if there is one.
    #[must_use]
    pub fn span(self) -> Option<Span> {
        match self {
            Self::Off => None,
            Self::Within(span) => Some(span),
        }
    }
}

impl Serialize for TargetSetting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::Within(span) => span.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for TargetSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Written)
    }
}

/// Reads a [`TargetSetting`].
struct Written;

impl serde::de::Visitor<'_> for Written {
    type Value = TargetSetting;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a duration with its unit, such as \"30s\" or \"1h30m\", or \"off\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TargetSetting, E> {
        match text {
            "off" => Ok(TargetSetting::Off),
            written => match written.parse::<Span>().map_err(|error| E::custom(format!("{error}, or \"off\"")))? {
                Span(0) => Err(E::custom("0 is no duration to keep: use more than 0, or \"off\"")),
                span => Ok(TargetSetting::Within(span)),
            },
        }
    }
}

/// Section `[metrics]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Series of agents: `live`, `all` or `off`.
    pub agents: AgentOption,
    /// Above this many agents, series are left out and counted.
    pub max_agents: usize,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { agents: AgentOption::Live, max_agents: 20_000 }
    }
}

/// Section `[people]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct People {
    /// CSV file with agents' names, for display only; empty is none.
    pub file: String,
}

/// One `[[policy]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicySection {
    /// Chat or ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<Medium>,
    /// The conversation's team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Name>,
    /// Its channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Name>,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Name>,
    /// Its severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Name>,
    /// Its priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Name>,
    /// Target of the first answer of a cycle, or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_response: Option<TargetSetting>,
    /// Target of every later answer, or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_response: Option<TargetSetting>,
    /// Target of the resolution, or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<TargetSetting>,
    /// Calendar that measures these targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// First day of its validity, `YYYY-MM-DD` in the reporting zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First day after its validity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl Config {
    /// Reads the files that lists and secrets name.
    pub(super) fn read_files(&mut self, folder: &Path) -> Result<(), ConfigError> {
        for (path, list) in [("engine.phrases", &mut self.engine.phrases), ("engine.auto_texts", &mut self.engine.auto_texts)] {
            if let WordList::File { file } = list {
                let text = read(path, &folder.join(&*file))?;
                *list = WordList::Words(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect());
            }
        }
        if !self.people.file.is_empty() {
            self.names = Arc::new(people::names(&folder.join(&self.people.file))?);
        }
        for (key, option) in &mut self.kafka.options {
            if let KafkaOption::File { file } = &*option {
                let path = folder.join(file);
                let text = option.value(folder).map_err(|error| unreadable(&format!("kafka.options.{key}"), &path, &error))?;
                *option = KafkaOption::Text(text);
            }
        }
        Ok(())
    }

    /// Makes sure that every value is allowed.
    ///
    /// # Errors
    /// When one is not: the key's path and what is allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.store.check()?;
        self.kafka.check().map_err(|error| ConfigError::invalid(format!("kafka.{}", error.key), error.message))?;
        if !self.http.listen.ip().is_loopback() {
            let message = format!(
                "{} is no loopback address, and without users the board must not be open: use 127.0.0.1, or open only metrics with http.metrics_listen",
                self.http.listen
            );
            return Err(ConfigError::invalid("http.listen", message));
        }
        self.http.check_metrics_listen()?;
        self.keep_hot()?;
        self.core_settings()?
            .check()
            .map_err(|CoreError::Decoder(error)| ConfigError::invalid(format!("engine.{}", error.setting()), error.to_string()))
    }

    /// A copy whose secrets are not readable.
    pub(super) fn masked(&self) -> Self {
        Self { kafka: self.kafka.masked(), ..self.clone() }
    }
}

fn read(key: &str, file: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(file).map_err(|error| unreadable(key, file, &error))
}

fn unreadable(key: &str, file: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError::invalid(key, format!("file {} cannot be read: {error}", file.display()))
}
