//! The catalogue: every KPI once, with the sentence that defines it and how it is read out of the sums of a row.
//!
//! A further KPI is a further line here; a new kind of sum is a field of [`Figures`], filled in `totals/count.rs`.

use super::totals::{Counts, Figures, Numbers, Resolutions, Responses, Scope, Share};
use crate::model::Span;

/// One KPI.
pub struct Kpi {
    /// Its stable id.
    pub id: &'static str,
    /// What its value is in.
    pub unit: Unit,
    /// Whose rows there are.
    pub scopes: Scopes,
    /// Whether chats and tickets have rows of their own; otherwise the medium is null.
    pub per_medium: bool,
    /// Its definition, a sentence for the documentation.
    pub formula: &'static str,
    /// How it is read out of the sums of a row.
    pub(super) read: fn(&Figures) -> Option<Numbers>,
}

/// What the value of a KPI is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// A ratio; of most between 0 and 1.
    Ratio,
    /// A number of things.
    Count,
}

impl Unit {
    /// The word in rows.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Ratio => "ratio",
            Self::Count => "count",
        }
    }
}

/// Whose rows of a KPI there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scopes {
    /// Agents', teams' and everybody's.
    AgentTeamAll,
    /// Teams' and everybody's.
    TeamAll,
}

impl Scopes {
    /// Whether there are rows of this scope.
    #[must_use]
    pub fn include(self, scope: Scope) -> bool {
        self == Self::AgentTeamAll || scope != Scope::Agent
    }
}

/// Two are equal when they have the same id.
impl PartialEq for Kpi {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl std::fmt::Debug for Kpi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// A KPI per medium, of agents, teams and all: what most are.
const fn kpi(id: &'static str, unit: Unit, formula: &'static str, read: fn(&Figures) -> Option<Numbers>) -> Kpi {
    Kpi { id, unit, scopes: Scopes::AgentTeamAll, per_medium: true, formula, read }
}

impl Kpi {
    const fn of_teams_and_all(self) -> Self {
        Self { scopes: Scopes::TeamAll, ..self }
    }

    const fn of_all_media(self) -> Self {
        Self { per_medium: false, ..self }
    }
}

/// Every KPI, in the order of the documentation.
pub static CATALOGUE: &[Kpi] = &[
    kpi("response_time", Unit::Seconds, "Judged time of every response: the people's clock, in business time with a calendar.", |of| {
        Some(of.responses.as_ref()?.all_judged().numbers())
    }),
    kpi("first_response_time", Unit::Seconds, "Judged time of the first response of each cycle.", |of| {
        Some(of.responses.as_ref()?.first_judged().numbers())
    }),
    kpi(
        "response_within_target",
        Unit::Ratio,
        "Responses within their target ÷ (responses with a target + unanswered waiting periods that were past theirs).",
        |of| responses(of, |responses| responses.first_within.plus(responses.next_within)),
    ),
    kpi("first_response_within_target", Unit::Ratio, "The same for the first response of each cycle.", |of| {
        responses(of, |responses| responses.first_within)
    }),
    kpi("customer_wait_time", Unit::Seconds, "The customer's wait for every response, bot's hold and queue included.", |of| {
        Some(of.responses.as_ref()?.waits().numbers())
    }),
    kpi(
        "own_response_time",
        Unit::Seconds,
        "The part of each response's wait in which the answering agent owned the conversation.",
        |of| Some(of.responses.as_ref()?.own_shares().numbers()),
    ),
    kpi("own_response_within_target", Unit::Ratio, "Own shares not above the response's target ÷ responses with a target.", |of| {
        responses(of, |responses| responses.own_within)
    }),
    kpi("response_breaches", Unit::Count, "Response deadlines that passed, charged to the owner of that moment.", |of| {
        counted(of, |counts| counts.response_breaches)
    }),
    kpi("resolution_breaches", Unit::Count, "Resolution deadlines that passed, charged to the owner of that moment.", |of| {
        counted(of, |counts| counts.resolution_breaches)
    }),
    kpi("unanswered", Unit::Count, "Waiting periods that ended with their cycle, without an answer.", |of| {
        counted(of, |counts| counts.unanswered)
    }),
    kpi("waiting_limit_breaches", Unit::Count, "How often more customers began to wait on an agent than his limit allows.", |of| {
        Some(Numbers::Count { value: of.time.as_ref()?.limit_breaches })
    })
    .of_all_media(),
    kpi("waiting_over_limit_time", Unit::Seconds, "Time in which more customers waited on an agent than his limit allows.", |of| {
        Some(Numbers::Sum { sum: of.time.as_ref()?.over_limit })
    })
    .of_all_media(),
    kpi(
        "service_level",
        Unit::Ratio,
        "First people's periods of conversations answered within their target ÷ all of them that have one, without those abandoned short.",
        |of| Some(of.counts.as_ref()?.service.numbers()),
    )
    .of_teams_and_all(),
    kpi(
        "abandonment",
        Unit::Ratio,
        "First people's periods of conversations that the customer abandoned ÷ all of them, both without those abandoned short.",
        |of| Some(of.counts.as_ref()?.abandoned.numbers()),
    )
    .of_teams_and_all(),
    kpi("conversations", Unit::Count, "Conversations started.", |of| counted(of, |counts| counts.started)).of_teams_and_all(),
    kpi("resolutions", Unit::Count, "First cycles that people ended as resolved or closed.", |of| {
        Some(Numbers::Count { value: of.resolutions.as_ref()?.first.count })
    }),
    kpi(
        "resolution_time",
        Unit::Seconds,
        "Time from the start to the first resolution, without pauses and the bot's hold, in business time with a calendar.",
        |of| resolved(of, |resolutions| resolutions.first.numbers()),
    ),
    kpi("resolution_within_target", Unit::Ratio, "First resolutions within their target ÷ first resolutions with a target.", |of| {
        resolved(of, |resolutions| resolutions.within.numbers())
    }),
    kpi("cycle_resolution_time", Unit::Seconds, "Time from the start of a cycle to its end, of every cycle resolved or closed.", |of| {
        resolved(of, |resolutions| resolutions.cycles.numbers())
    }),
    kpi("reopen_ratio", Unit::Ratio, "Reopenings of what was resolved or closed, against its resolver ÷ first resolutions.", |of| {
        let reopened = of.counts.as_ref().map_or(0, |counts| counts.reopened);
        let resolutions = of.resolutions.as_ref().map_or(0, |resolutions| resolutions.first.count);
        Some(Numbers::Ratio { numerator: reopened, denominator: resolutions })
    }),
    kpi("auto_closed", Unit::Count, "Cycles that the clock ended.", |of| counted(of, |counts| counts.auto_closed)).of_teams_and_all(),
    kpi(
        "complaint_handling_time",
        Unit::Seconds,
        "Time from raising a complaint to the resolution that stands, pauses included, in business time with a calendar.",
        |of| Some(of.complaints.as_ref()?.handling.numbers()),
    )
    .of_all_media(),
    kpi("complaint_within_target", Unit::Ratio, "Complaints handled within their target ÷ complaints handled that have one.", |of| {
        Some(of.complaints.as_ref()?.within.numbers())
    })
    .of_all_media(),
    kpi("complaint_ratio", Unit::Ratio, "Complaints raised ÷ conversations started.", |of| {
        let counts = of.counts.as_ref()?;
        Some(Numbers::Ratio { numerator: counts.complaints, denominator: counts.started })
    })
    .of_teams_and_all()
    .of_all_media(),
    kpi("work_time", Unit::Seconds, "Time in all statuses but away and offline ones.", |of| {
        Some(Numbers::Sum { sum: of.time.as_ref()?.spent.work })
    })
    .of_all_media(),
    kpi("handling_time", Unit::Seconds, "Busy time: the union of handling intervals and handling statuses, inside work time.", |of| {
        Some(Numbers::Sum { sum: of.time.as_ref()?.spent.busy })
    })
    .of_all_media(),
    kpi("utilization", Unit::Ratio, "Busy time ÷ work time.", |of| {
        let spent = of.time.as_ref()?.spent;
        time_ratio(spent.busy, spent.work)
    })
    .of_all_media(),
    kpi("occupancy", Unit::Ratio, "Busy time ÷ (busy time + time available and not busy).", |of| {
        let spent = of.time.as_ref()?.spent;
        time_ratio(spent.busy, spent.busy + spent.idle)
    })
    .of_all_media(),
    kpi("concurrency", Unit::Ratio, "Sum of chat and ticket handling inside work time ÷ their union.", |of| {
        let spent = of.time.as_ref()?.spent;
        time_ratio(spent.handling, spent.handled)
    })
    .of_all_media(),
    kpi("average_handling_time", Unit::Seconds, "Per agent and cycle that ended: his handling time in that cycle.", |of| {
        Some(of.handled.as_ref()?.numbers())
    }),
];

fn responses(of: &Figures, share: fn(&Responses) -> Share) -> Option<Numbers> {
    Some(share(of.responses.as_deref()?).numbers())
}

fn resolved(of: &Figures, numbers: fn(&Resolutions) -> Numbers) -> Option<Numbers> {
    Some(numbers(of.resolutions.as_deref()?))
}

fn counted(of: &Figures, count: fn(&Counts) -> i64) -> Option<Numbers> {
    Some(Numbers::Count { value: count(of.counts.as_deref()?) })
}

fn time_ratio(numerator: Span, denominator: Span) -> Option<Numbers> {
    Some(Numbers::TimeRatio { numerator, denominator })
}
