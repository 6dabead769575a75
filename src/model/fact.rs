//! Facts: what the engine decided, one receipt each.

use serde::{Deserialize, Serialize};

use super::{Holder, Medium, Name, Span, Time};

/// A receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// When it counts: the closing event, or the deadline.
    pub at: Time,
    /// Whether a deadline made it, not an event: those stand after the events of their instant.
    pub by_deadline: bool,
    /// Team of the conversation, or of the agent.
    pub team: Option<Name>,
    /// Who is credited; `None` is nobody.
    pub agent: Option<Name>,
    /// The conversation, of the kinds of fact that may have one.
    pub conversation: Option<ConversationRef>,
    /// What was decided.
    pub kind: FactKind,
}

/// The conversation of a fact, as the fact prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRef {
    /// Chat or ticket.
    pub medium: Medium,
    /// Its id.
    pub id: Name,
    /// The cycle, from 1.
    pub cycle: u32,
    /// Its channel.
    pub channel: Option<Name>,
}

/// The kinds of fact. Fields that are not printed say so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FactKind {
    /// A conversation started.
    Started {
        /// Kind of a ticket.
        kind: Option<Name>,
        /// Whether it counts for first-contact resolution.
        in_scope: bool,
        /// Started by an event other than a start event.
        implicit: bool,
    },
    /// A human answer ended a waiting period.
    Response {
        /// Whether it was the first of its cycle.
        first: bool,
        /// The wait that it ended.
        wait: Wait,
        /// The answering agent's own share of the customer's wait.
        own: Span,
    },
    /// A waiting period ended with its cycle.
    Unanswered {
        /// Whether the cycle had no response yet.
        first: bool,
        /// Why the cycle ended, in the event's word.
        reason: Name,
        /// The wait that ended.
        wait: Wait,
        /// When it was late: the owner at the deadline.
        judged_agent: Option<Name>,
        /// When it was late: the team at the deadline.
        judged_team: Option<Name>,
    },
    /// A bot's message ended a waiting period.
    BotAnswered {
        /// When the customer began to wait.
        opened_at: Time,
        /// The customer's wait.
        wait: Span,
    },
    /// A deadline passed.
    Breach {
        /// Of which target.
        sla: Sla,
        /// The customer's opening; for a resolution the conversation's start.
        opened_at: Time,
        /// The target.
        target: Span,
        /// The judged part that passed before the present owner had it.
        inherited: Span,
    },
    /// A cycle ended by people.
    Resolved {
        /// `Resolved` or `Closed`.
        outcome: Outcome,
        /// Conversation start to now, wall clock.
        seconds: Span,
        /// The same without pauses, bot's hold and ended spans.
        active: Span,
        /// Cycle start to now.
        cycle_seconds: Span,
        /// On the judged clock, when the policy has a calendar.
        business: Option<Span>,
        /// The target of the judged cycle.
        target: Option<Span>,
        /// Whether it was met; `None` without a judged cycle.
        within: Option<bool>,
        /// Active time on the policy's clock: the sample of `resolution_time`. Not printed.
        judged_active: Span,
        /// Whether this is the conversation's first resolution (the end of a first cycle that was not started implicitly). Not printed.
        first: bool,
        /// Whether the cycle counts at all: an implicit first one does not. Not printed.
        counts: bool,
        /// For complaints that count: the handling time, unpaused, on the policy's clock. Not printed.
        complaint: Option<Span>,
    },
    /// A cycle ended otherwise.
    Ended {
        /// `Auto`, `Abandoned`, `Bot` or `Merged`.
        outcome: Outcome,
        /// Whether it was the first cycle of a conversation. Not printed.
        first: bool,
    },
    /// A new cycle started. `agent` is the resolver of the cycle before, if any.
    Reopened {
        /// Since the end of the cycle before.
        after: Span,
        /// Whether it counts against the resolver. Not printed.
        counts: bool,
    },
    /// A conversation was named a complaint (at its start, or later). Counted, not printed.
    Complained,
    /// An agent handled a conversation.
    Handling {
        /// Begin.
        from: Time,
        /// End.
        to: Time,
    },
    /// An agent had a status.
    Presence {
        /// The status word.
        status: Name,
        /// Its category.
        category: Category,
        /// Begin.
        from: Time,
        /// End.
        to: Time,
    },
    /// More customers waited on an agent than his limit allows.
    WaitingLimit {
        /// Begin.
        from: Time,
        /// End.
        to: Time,
    },
    /// Contacts were planned.
    Planned {
        /// Begin of the interval.
        from: Time,
        /// End of the interval.
        to: Time,
        /// Contacts expected.
        contacts: i64,
    },
    /// A sample was taken back. `agent`, `team` and `cycle` are those of the sample.
    Withdrawn {
        /// Which number it is taken from.
        of: WithdrawnSample,
        /// Why.
        because: Because,
        /// When the sample counted: the period it is taken from. Not printed.
        counted_at: Time,
    },
    /// A customer rated.
    Rated {
        /// The score.
        score: f64,
        /// The best score possible.
        scale: f64,
    },
    /// A rule was broken, or a banned phrase written.
    Violation {
        /// The rule, or the phrase.
        rule: Name,
    },
    /// A reviewer gave points.
    Reviewed {
        /// Points given.
        points: f64,
        /// Points possible.
        out_of: f64,
    },
    /// An order was paid.
    Paid {
        /// The order.
        order: Name,
        /// Hundredths of the currency.
        amount_cents: i64,
        /// Informational.
        currency: Option<Name>,
    },
    /// An order came back.
    Returned {
        /// The order.
        order: Name,
        /// Hundredths of the currency.
        amount_cents: Option<i64>,
    },
    /// An offer was made.
    Offer {
        /// Whether it was taken.
        accepted: bool,
    },
    /// An indicator was scored.
    Scored {
        /// Its name.
        indicator: Name,
        /// `YYYY-MM`.
        month: Name,
        /// The value.
        value: f64,
    },
    /// A conversation was followed up.
    FollowedUp,
    /// The customer came again about the same topic.
    RepeatContact,
}

/// A waiting period that ended, measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// When the customer began to wait.
    pub opened_at: Time,
    /// The customer's wait (`wait_seconds`).
    pub wait: Span,
    /// The people's clock, wall time (`seconds`).
    pub seconds: Span,
    /// The people's clock in business time, when the policy has a calendar.
    pub business: Option<Span>,
    /// The target.
    pub target: Option<Span>,
    /// Whether it was met; `None` without a target.
    pub within: Option<bool>,
    /// Who had the wait, and how much of `wait` each: in the order in which they first had it.
    pub held: Vec<(Holder, Span)>,
    /// Whether the people's clock ran: the bot did not hold it to the end. Not printed.
    pub people: bool,
    /// Whether it is the conversation's first period on the people's clock. Not printed.
    pub offered: bool,
}

impl Wait {
    /// What is judged and summed: business time with a calendar, wall time otherwise.
    #[must_use]
    pub fn judged(&self) -> Span {
        self.business.unwrap_or(self.seconds)
    }
}

/// The three targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Sla {
    /// The first answer of a cycle.
    FirstResponse,
    /// Every later answer.
    NextResponse,
    /// The resolution.
    Resolution,
}

impl Sla {
    /// The word in facts, labels and policies.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextResponse => "next_response",
            Self::Resolution => "resolution",
        }
    }
}

/// How a cycle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Solved, somebody says.
    Resolved,
    /// Ended by people, without that claim.
    Closed,
    /// Ended by the clock.
    Auto,
    /// The customer left.
    Abandoned,
    /// The bot held it to the end, and no person wrote.
    Bot,
    /// It goes on in another ticket.
    Merged,
}

impl Outcome {
    /// The word in facts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Auto => "auto",
            Self::Abandoned => "abandoned",
            Self::Bot => "bot",
            Self::Merged => "merged",
        }
    }
}

/// What an agent's status means for his time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// On duty, free for the next customer.
    Available,
    /// Busy with a customer's matter without one on the line.
    Handling,
    /// Other paid work.
    Working,
    /// On a break: no work time.
    Away,
    /// Not there.
    Offline,
}

impl Category {
    /// Every category, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Available, Self::Handling, Self::Working, Self::Away, Self::Offline];

    /// The word in facts and the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Handling => "handling",
            Self::Working => "working",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }

    /// Whether time in it is work time.
    #[must_use]
    pub fn is_work(self) -> bool {
        !matches!(self, Self::Away | Self::Offline)
    }
}

/// The sample that a withdrawal takes back, with what is needed to take it out of the totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WithdrawnSample {
    /// A first-contact success.
    FirstContactResolution,
    /// A complaint's handling time.
    ComplaintHandlingTime {
        /// The sample.
        seconds: Span,
        /// Whether it was within its target.
        within: Option<bool>,
    },
    /// A breach of a response target.
    ResponseBreach {
        /// Which one.
        sla: Sla,
    },
    /// A breach of the resolution target.
    ResolutionBreach,
}

impl WithdrawnSample {
    /// The KPI, as facts print it.
    #[must_use]
    pub fn kpi(&self) -> &'static str {
        match self {
            Self::FirstContactResolution => "first_contact_resolution",
            Self::ComplaintHandlingTime { .. } => "complaint_handling_time",
            Self::ResponseBreach { .. } => "response_breaches",
            Self::ResolutionBreach => "resolution_breaches",
        }
    }
}

/// Why a sample was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Because {
    /// The conversation was reopened.
    Reopened,
    /// The customer came again.
    RepeatContact,
    /// A late event showed that it was none.
    LateEvent,
}

impl Because {
    /// The word in facts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reopened => "reopened",
            Self::RepeatContact => "repeat_contact",
            Self::LateEvent => "late_event",
        }
    }
}
