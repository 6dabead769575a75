//! The catalogue of metrics: every name, type, label and help text once. No metric name stands anywhere else in the program.

/// One metric.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its labels, in the order in which they are written.
    pub labels: &'static [&'static str],
    /// What it means, a sentence.
    pub help: &'static str,
}

/// The types of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts of samples up to each edge.
    Histogram,
    /// Quantiles of a rolling window, which rise and fall: what `promtool check metrics` demands of the label `quantile`.
    Summary,
}

impl Kind {
    /// The word of the exposition.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }
}

/// Declares each metric as a constant of its own, and the list of them all.
macro_rules! metrics {
    ($(#[$about:meta])* $list:ident: $($id:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(
            #[doc = $help]
            pub static $id: Metric = Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };
        )*
        $(#[$about])*
        pub static $list: &[&Metric] = &[$(&$id),*];
    };
}

metrics! {
    /// The KPI series, in the order in which they are rendered from a snapshot.
    KPI_SERIES:

    RESPONSE_SECONDS = Histogram "deskpulse_response_seconds" ["team", "channel", "medium", "first"]
        "Judged time of responses: the people's clock, in business time with a calendar.";
    RESOLUTION_SECONDS = Histogram "deskpulse_resolution_seconds" ["team", "channel", "medium"]
        "Active time from the start of a conversation to its first resolution.";
    COMPLAINT_HANDLING_SECONDS = Histogram "deskpulse_complaint_handling_seconds" ["team", "channel", "medium"]
        "Time from raising a complaint to each resolution of it, those withdrawn later included.";
    AGENT_RESPONSES = Counter "deskpulse_agent_responses_total" ["agent", "team", "medium", "within"]
        "Responses of an agent; within says whether in time, none without a target.";
    BREACHES = Counter "deskpulse_breaches_total" ["sla", "team", "agent", "medium"]
        "Deadlines that passed, charged to the owner of that moment; no agent is the queue.";
    BREACHES_WITHDRAWN = Counter "deskpulse_breaches_withdrawn_total" ["sla", "team", "agent", "medium"]
        "Breaches that a late event showed to be none.";
    AGENT_WORK_SECONDS = Counter "deskpulse_agent_work_seconds_total" ["agent", "team"]
        "Work time: all statuses but away and offline. Utilization is busy by work.";
    AGENT_BUSY_SECONDS = Counter "deskpulse_agent_busy_seconds_total" ["agent", "team"]
        "Busy time: the union of handling intervals, inside work time. Occupancy is busy by busy plus idle.";
    AGENT_IDLE_SECONDS = Counter "deskpulse_agent_idle_seconds_total" ["agent", "team"]
        "Time available and not busy.";
    AGENT_HANDLING_SECONDS = Counter "deskpulse_agent_handling_seconds_total" ["agent", "team"]
        "Handling time of all chats and tickets added up, inside work time.";

    AGENT_RESPONSE_SECONDS = Summary "deskpulse_agent_response_seconds" ["agent", "team", "medium", "window", "quantile"]
        "Judged time of an agent's responses in a rolling window.";
    AGENT_RESPONSE_WITHIN_TARGET = Gauge "deskpulse_agent_response_within_target_ratio" ["agent", "team", "medium", "window"]
        "Responses within their target by responses with a target and late unanswered customers, in a rolling window.";
    AGENT_RESOLUTION_SECONDS = Summary "deskpulse_agent_resolution_seconds" ["agent", "team", "window", "quantile"]
        "Active time to the first resolution, of an agent's resolutions in a rolling window.";
    AGENT_COMPLAINT_HANDLING_SECONDS = Summary "deskpulse_agent_complaint_handling_seconds" ["agent", "team", "window", "quantile"]
        "Handling time of the complaints that an agent resolved in a rolling window.";
    AGENT_UTILIZATION = Gauge "deskpulse_agent_utilization_ratio" ["agent", "team", "window"]
        "Busy time by work time in a rolling window.";
    AGENT_OCCUPANCY = Gauge "deskpulse_agent_occupancy_ratio" ["agent", "team", "window"]
        "Busy time by busy and idle time in a rolling window.";
    AGENT_CONCURRENCY = Gauge "deskpulse_agent_concurrency" ["agent", "team", "window"]
        "Conversations handled at once, on average while any was handled, in a rolling window.";
    TEAM_RESPONSE_SECONDS = Summary "deskpulse_team_response_seconds" ["team", "medium", "window", "quantile"]
        "Judged time of a team's responses in a rolling window.";
    CHANNEL_RESPONSE_SECONDS = Summary "deskpulse_channel_response_seconds" ["channel", "medium", "window", "quantile"]
        "Judged time of the responses in a channel in a rolling window.";
    SERVICE_LEVEL = Gauge "deskpulse_service_level_ratio" ["team", "medium", "window"]
        "First waits of conversations answered within their target by those offered and not abandoned short, in a rolling window.";

    AGENT_WAITING_CUSTOMERS = Gauge "deskpulse_agent_waiting_customers" ["agent", "team"]
        "Customers who wait on an agent now.";
    AGENT_LONGEST_WAIT = Gauge "deskpulse_agent_longest_wait_seconds" ["agent", "team"]
        "How long the longest of them has been waiting.";
    AGENT_OPEN_CONVERSATIONS = Gauge "deskpulse_agent_open_conversations" ["agent", "team"]
        "Open conversations that an agent owns now.";
    AGENT_STATUS = Gauge "deskpulse_agent_status" ["agent", "team", "status"]
        "1 for the present status of an agent.";
    AGENT_STATUS_SINCE = Gauge "deskpulse_agent_status_since_timestamp_seconds" ["agent", "team", "status"]
        "Since when an agent has his present status.";
    AGENT_INFO = Gauge "deskpulse_agent_info" ["agent", "team", "name"]
        "1 for every agent on duty, with his name for display.";
    QUEUE_WAITING_CUSTOMERS = Gauge "deskpulse_queue_waiting_customers" ["team", "medium"]
        "Customers of a team who wait for a person now, in the queue or on an agent.";
    QUEUE_LONGEST_WAIT = Gauge "deskpulse_queue_longest_wait_seconds" ["team", "medium"]
        "How long the longest of them has been waiting.";
    QUEUE_OVER_TARGET = Gauge "deskpulse_queue_over_target_customers" ["team", "medium"]
        "How many of them are past their target now.";
    OPEN_COMPLAINTS = Gauge "deskpulse_open_complaints" ["team"]
        "Complaints that are not resolved.";
    OLDEST_OPEN_COMPLAINT = Gauge "deskpulse_oldest_open_complaint_seconds" ["team"]
        "How long ago the oldest of them was raised.";
    TARGET_SECONDS = Gauge "deskpulse_target_seconds" ["sla", "team", "medium", "channel", "kind", "severity", "priority"]
        "The targets in force, one series per policy; an empty label stands for any.";

    MONTH_VALUE = Gauge "deskpulse_month_value" ["kpi", "scope", "agent", "team", "medium", "period"]
        "A KPI of the month to date: mean, ratio, sum or count.";
    MONTH_NUMERATOR = Gauge "deskpulse_month_numerator" ["kpi", "scope", "agent", "team", "medium", "period"]
        "What the value of the month is made of: numerator of a ratio, sum of durations.";
    MONTH_DENOMINATOR = Gauge "deskpulse_month_denominator" ["kpi", "scope", "agent", "team", "medium", "period"]
        "What the value of the month is made of: denominator of a ratio, count of durations.";
    SERIES_LEFT_OUT = Gauge "deskpulse_series_left_out" []
        "Series of agents above max_agents that are not shown; totals have their numbers.";
}

metrics! {
    /// The service's own series, carried by the metrics recorder.
    SERVICE_SERIES:

    EVENTS = Counter "deskpulse_events_total" ["topic", "outcome"]
        "Records read, each with one outcome: applied, duplicate, rejected, unknown_type or tombstone.";
    LATE_EVENTS = Counter "deskpulse_late_events_total" ["topic"]
        "Events applied that came too late for their place in the order.";
    SKEWED_EVENTS = Counter "deskpulse_skewed_events_total" ["topic"]
        "Events applied that were dated ahead of their arrival.";
    IMPLICIT_STARTS = Counter "deskpulse_implicit_starts_total" ["topic"]
        "Events applied that started a conversation without a start event.";
    FORGOTTEN = Counter "deskpulse_forgotten_total" ["topic"]
        "Events applied about a conversation that had been forgotten.";
    REJECTED = Counter "deskpulse_rejected_total" ["topic", "reason"]
        "Records rejected, by reason.";
    CLAMPED_DURATIONS = Counter "deskpulse_clamped_durations_total" []
        "Durations that came out negative and were counted as zero.";
    WINDOW_SAMPLES_LEFT_OUT = Counter "deskpulse_window_samples_left_out_total" []
        "Samples dropped from a full rolling window; totals have them.";
    COMMIT_SECONDS = Histogram "deskpulse_commit_seconds" []
        "How long commits took, from gathering one in the loop until it was kept, since the start of the process.";
    CONSUMER_LAG = Gauge "deskpulse_consumer_lag_records" ["topic", "partition"]
        "Records of a partition that are not read yet.";
    LAST_EVENT = Gauge "deskpulse_last_event_timestamp_seconds" []
        "Time of the newest event applied.";
    CLOCK = Gauge "deskpulse_clock_timestamp_seconds" []
        "The engine's clock at the last commit: everything before it is decided and counted.";
    CAUGHT_UP = Gauge "deskpulse_caught_up" []
        "1 once the log as it stood at the start has been read; the KPI series are absent before.";
    INGESTION_STALE = Gauge "deskpulse_ingestion_stale" []
        "1 while a partition could not be confirmed to be read to its end for 30 s, or, before the log is caught up with, nothing of it came for so long; a quiet night is not stale.";
    BUILD_INFO = Gauge "deskpulse_build_info" ["version"]
        "1, with the version of the program.";
}
