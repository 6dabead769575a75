//! Policies: which target a conversation has, and on which clock it is measured.
//!
//! Each of the three targets comes, together with the clock of that same policy, from the first matching policy
//! that sets it, the built-in ones last.

use std::sync::Arc;

use crate::model::{Day, Medium, Name, Sla, Span, Time};

/// One policy: what it matches, and the targets that it sets.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Match keys; an absent one matches anything, and a conversation without the attribute matches no present one.
    pub matches: Match,
    /// Each target that it sets; what it does not write it does not set.
    pub first_response: Setting,
    /// Target of every later answer.
    pub next_response: Setting,
    /// Target of the resolution.
    pub resolution: Setting,
    /// First day of its validity, in the reporting zone.
    pub from: Option<Day>,
    /// First day after its validity.
    pub until: Option<Day>,
}

/// What a policy says about one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Setting {
    /// Nothing: a later policy decides.
    #[default]
    Unset,
    /// There is no such target.
    Off,
    /// The target.
    Within(Span),
}

impl Setting {
    /// The limit, if it sets one.
    #[must_use]
    pub fn limit(self) -> Option<Span> {
        match self {
            Self::Within(limit) => Some(limit),
            Self::Unset | Self::Off => None,
        }
    }
}

/// The match keys of a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Match {
    /// Chat or ticket.
    pub medium: Option<Medium>,
    /// The conversation's team.
    pub team: Option<Name>,
    /// Its channel.
    pub channel: Option<Name>,
    /// Its kind.
    pub kind: Option<Name>,
    /// Its severity.
    pub severity: Option<Name>,
    /// Its priority.
    pub priority: Option<Name>,
}

/// What a conversation is matched by.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a> {
    /// Chat or ticket.
    pub medium: Medium,
    /// Its team.
    pub team: Option<&'a Name>,
    /// Its channel.
    pub channel: Option<&'a Name>,
    /// Its kind.
    pub kind: Option<&'a Name>,
    /// Its severity.
    pub severity: Option<&'a Name>,
    /// Its priority.
    pub priority: Option<&'a Name>,
}

/// The policies in force: the user's in their order, then the built-in ones.
#[derive(Debug, Clone)]
pub struct Policies {
    policies: Arc<[Policy]>,
}

/// A target as it was looked up: the limit, and the clock that measures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Target {
    /// The limit; `None` is no target.
    pub limit: Option<Span>,
    /// What measures it.
    pub measure: Measure,
}

/// The clock that judges: wall time. Calendars of business hours take their place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Measure {
    /// Every second counts.
    #[default]
    Wall,
}

impl Measure {
    /// The judged time in `[from, to]`, zero when `to` is earlier.
    #[must_use]
    pub fn elapsed(self, from: Time, to: Time) -> Span {
        to.since(from)
    }

    /// The instant at which `limit` has passed since `from`; `None` when there never is one.
    #[must_use]
    pub fn deadline(self, from: Time, limit: Span) -> Option<Time> {
        Some(from + limit)
    }

    /// Business time to print beside the wall time: none on the wall clock.
    #[must_use]
    pub fn business(self, _judged: Span) -> Option<Span> {
        None
    }
}

impl Policies {
    /// The user's policies in their order; the built-in ones are added: chats 30 s for first and next response, complaints resolved in 24 h.
    #[must_use]
    pub fn new(mut users: Vec<Policy>) -> Self {
        let chat = Match { medium: Some(Medium::Chat), ..Match::default() };
        let complaint = Match { medium: Some(Medium::Ticket), kind: Some(Name::new_static("complaint")), ..Match::default() };
        let seconds_30 = Setting::Within(Span(30_000));
        users.push(Policy { matches: chat, first_response: seconds_30, next_response: seconds_30, ..Policy::default() });
        users.push(Policy { matches: complaint, resolution: Setting::Within(Span::DAY), ..Policy::default() });
        Self { policies: users.into() }
    }

    /// All policies, the built-in ones last.
    #[must_use]
    pub fn all(&self) -> &[Policy] {
        &self.policies
    }

    /// The target of `sla` for a conversation with these attributes, looked up on `day`.
    #[must_use]
    pub fn target(&self, sla: Sla, of: &Attributes<'_>, day: Day) -> Target {
        match self.deciding(sla, of, day).map(|index| self.policies[index].setting(sla)) {
            Some(Setting::Within(limit)) => Target { limit: Some(limit), measure: Measure::Wall },
            _ => Target::default(),
        }
    }

    /// Which policy decides about `sla`, by its place in [`Policies::all`]: the first that matches and sets it (ruling 28).
    #[must_use]
    pub fn deciding(&self, sla: Sla, of: &Attributes<'_>, day: Day) -> Option<usize> {
        let decides = |policy: &Policy| policy.is_valid(day) && policy.matches.fits(of) && policy.setting(sla) != Setting::Unset;
        self.policies.iter().position(decides)
    }
}

impl Default for Policies {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Policy {
    /// What it says about `sla`.
    #[must_use]
    pub fn setting(&self, sla: Sla) -> Setting {
        match sla {
            Sla::FirstResponse => self.first_response,
            Sla::NextResponse => self.next_response,
            Sla::Resolution => self.resolution,
        }
    }

    pub(super) fn is_valid(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

impl Match {
    fn fits(&self, of: &Attributes<'_>) -> bool {
        let fits = |wanted: &Option<Name>, found: Option<&Name>| wanted.is_none() || wanted.as_ref() == found;
        self.medium.is_none_or(|medium| medium == of.medium)
            && fits(&self.team, of.team)
            && fits(&self.channel, of.channel)
            && fits(&self.kind, of.kind)
            && fits(&self.severity, of.severity)
            && fits(&self.priority, of.priority)
    }
}
