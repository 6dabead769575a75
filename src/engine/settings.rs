//! What the engine is told: sections `[engine]`, `[agents]` and `[[policy]]` of the configuration, resolved.

use std::collections::BTreeMap;

use crate::model::{Category, Name, Span, Zone};

use super::policy::Policies;

/// Everything that decides a number. Built by `config`; the defaults are those of the documentation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The reporting zone.
    pub zone: Zone,
    /// How far behind the newest event of its partition an event may come and still take its place.
    pub allowed_lateness: Span,
    /// How far ahead of its arrival an event may be dated.
    pub max_ahead: Span,
    /// How long ids are remembered, in event time.
    pub duplicate_window: Span,
    /// How many ids are remembered at most.
    pub duplicate_limit: usize,
    /// How long an ended conversation that nothing touches is remembered.
    pub forget_after: Span,
    /// Abandoned up to this many wall milliseconds after the people's clock started: not offered.
    pub short_abandon: Span,
    /// How long after its end a month still changes.
    pub settle: Span,
    /// How agents' time is told.
    pub agents: AgentSettings,
    /// The targets.
    pub policies: Policies,
    /// Whether `changes()` will be asked for: without a store nothing is noted.
    pub track_changes: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone: Zone::new("Asia/Shanghai").unwrap_or_else(|_| Zone::utc()),
            allowed_lateness: Span(2_000),
            max_ahead: Span(2_000),
            duplicate_window: Span(72 * Span::HOUR.0),
            duplicate_limit: 20_000_000,
            forget_after: Span(90 * Span::DAY.0),
            short_abandon: Span(5_000),
            settle: Span(7 * Span::DAY.0),
            agents: AgentSettings::default(),
            policies: Policies::default(),
            track_changes: false,
        }
    }
}

/// Section `[agents]`.
#[derive(Debug, Clone)]
pub struct AgentSettings {
    /// More customers than this waiting on one agent are a breach.
    pub waiting_limit: u32,
    /// Which conversations the limit counts.
    pub limit_counts: LimitCounts,
    /// What handling a chat is.
    pub handling: HandlingRule,
    /// With [`HandlingRule::Active`]: how long after each of his messages an agent is still at it.
    pub focus: Span,
    /// After this long without an `agent.status` his status ends; `None` never.
    pub presence_timeout: Option<Span>,
    /// Category of each status word. A word that is not here is `working`.
    pub statuses: BTreeMap<Name, Category>,
}

impl AgentSettings {
    /// The category of a status word.
    #[must_use]
    pub fn category(&self, status: &str) -> Category {
        self.statuses.get(status).copied().unwrap_or(Category::Working)
    }
}

impl Default for AgentSettings {
    fn default() -> Self {
        let words = [
            ("after_contact", Category::Handling),
            ("busy", Category::Working),
            ("meeting", Category::Working),
            ("training", Category::Working),
            ("break", Category::Away),
        ];
        let own = Category::ALL.map(|category| (category.word(), category));
        Self {
            waiting_limit: 5,
            limit_counts: LimitCounts::Waiting,
            handling: HandlingRule::Owned,
            focus: Span::MINUTE,
            presence_timeout: None,
            statuses: words.into_iter().chain(own).map(|(word, category)| (Name::new(word), category)).collect(),
        }
    }
}

/// Which conversations of an agent count against his limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitCounts {
    /// Those with a customer waiting on the people's clock.
    Waiting,
    /// All open ones that he owns.
    Open,
}

/// When an agent handles a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HandlingRule {
    /// While he owns it and it is open.
    Owned,
    /// While a customer waits on him, and for `focus` after each of his messages.
    Active,
}
