//! Samples: what the windows take of each thing that counts.

use crate::kpi::counted::{Counted, What};
use crate::kpi::names::Number;
use crate::model::{Medium, Span, Time};

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When it counts.
    pub at: Time,
    /// Chat or ticket.
    pub medium: Option<Medium>,
    /// Who is credited.
    pub agent: Option<Number>,
    /// Which team.
    pub team: Option<Number>,
    /// The conversation's channel.
    pub channel: Option<Number>,
    /// Of what.
    pub kind: Kind,
    /// The duration; without meaning where there is none.
    pub value: Span,
}

/// What a sample is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A response and its judged time.
    Response {
        /// Whether it was within its target, if it had one.
        within: Option<bool>,
        /// Whether it counts for the service level of its team.
        served: bool,
    },
    /// A period that ended late and unanswered, held against an agent.
    Late,
    /// A period of the service level that nobody answered.
    Unserved,
    /// A first resolution and its judged active time.
    Resolution,
    /// A complaint and its handling time.
    Complaint,
    /// A complaint that is taken back; it counts when that did.
    Withdrawn,
}

impl Sample {
    /// Whether a team has it, too.
    pub fn is_of_group(&self) -> bool {
        matches!(self.kind, Kind::Response { .. } | Kind::Unserved)
    }

    /// Those of one thing that counts.
    #[inline(always)]
    pub fn each_of(counted: &Counted, mut take: impl FnMut(Self)) {
        let &Counted { at, medium, agent, team, channel, .. } = counted;
        let mut sample = |kind, value| take(Self { at, medium, agent, team, channel, kind, value });
        match &counted.what {
            What::Response(response) => {
                let kind = Kind::Response { within: response.within, served: response.offered && response.targeted };
                sample(kind, response.judged);
            }
            What::Late { .. } => sample(Kind::Late, Span::ZERO),
            What::Unanswered { offered: true, targeted: true, .. } => sample(Kind::Unserved, Span::ZERO),
            What::Resolved(resolved) => {
                if resolved.first {
                    sample(Kind::Resolution, resolved.active);
                }
                if resolved.complaint {
                    sample(Kind::Complaint, resolved.handling);
                }
            }
            What::ComplaintWithdrawn { handling, .. } => sample(Kind::Withdrawn, *handling),
            _ => {}
        }
    }
}
