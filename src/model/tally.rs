//! Tallies: sums that are nobody's receipt; and facts and tallies as they are posted.

use serde::{Deserialize, Serialize};

use super::{Day, Fact, Medium, Name, Span, Time};

/// One output of the engine with the clock at which it counts, which decides whether its month still takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// The clock when it was applied; for a deadline the deadline.
    pub clock: Time,
    /// What was decided.
    pub output: Output,
}

/// What the engine puts out.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A receipt: printed, kept, counted.
    Fact(Box<Fact>),
    /// A sum: counted only.
    Tally(Box<Tally>),
}

/// A sum that is counted without a receipt of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tally {
    /// An agent's part in a cycle that ended: one sample of the average handling time.
    Handled {
        /// Who.
        agent: Name,
        /// The conversation's team.
        team: Option<Name>,
        /// Chat or ticket.
        medium: Medium,
        /// When the cycle ended.
        at: Time,
        /// His handling time in that cycle.
        time: Span,
    },
    /// An agent's time on one day, for good: posted when his status ends, or its month closes.
    Spent {
        /// Whose.
        agent: Name,
        /// His team at the end of the status.
        team: Option<Name>,
        /// The day in the reporting zone.
        day: Day,
        /// The sums; negative parts take back what a late event showed to be too much.
        time: SpentTime,
    },
    /// An agent's customers began to exceed his limit.
    LimitExceeded {
        /// Who.
        agent: Name,
        /// His team at that moment.
        team: Option<Name>,
        /// When.
        at: Time,
    },
    /// Time that an agent spent above his limit, on one day, for good.
    OverLimit {
        /// Who.
        agent: Name,
        /// His team at the begin of the episode.
        team: Option<Name>,
        /// The day in the reporting zone.
        day: Day,
        /// How long.
        time: Span,
    },
    /// An agent's team from now on.
    Team {
        /// Who.
        agent: Name,
        /// The team.
        team: Name,
        /// Since when.
        at: Time,
    },
    /// A duration came out negative and was counted as zero.
    Clamped,
}

/// What an agent's time was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SpentTime {
    /// In all categories but away and offline.
    pub work: Span,
    /// Union of handling intervals and handling statuses, inside work time.
    pub busy: Span,
    /// Available and not busy.
    pub idle: Span,
    /// Sum of chat and ticket handling inside work time.
    pub handling: Span,
    /// Union of chat and ticket handling inside work time.
    pub handled: Span,
}

impl SpentTime {
    /// Adds each part.
    pub fn add(&mut self, other: &Self) {
        self.work += other.work;
        self.busy += other.busy;
        self.idle += other.idle;
        self.handling += other.handling;
        self.handled += other.handled;
    }
}
