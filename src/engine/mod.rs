//! The engine: events in order of time become facts. Pure, deterministic, synchronous; time is an argument.

mod agent;
mod apply;
mod conversation;
mod dedup;
mod frontier;
mod live;
mod order;
mod policy;
mod receipt;
mod settings;
mod signal;
mod watch;

pub use apply::{Counts, Engine};
pub use dedup::{Dedup, EventKey};
pub use frontier::{ClockMode, Frontier, Reach};
pub use live::{AgentNow, ConversationNow, LiveView, OpenComplaints, ResolutionNow, TargetNow, WaitNow, WaitingNow, targets_in_force};
pub use order::Rank;
pub use policy::{Attributes, Match, Measure, Policies, Policy, Setting, Target};
pub use settings::{AgentSettings, HandlingRule, LimitCounts, Settings};
pub use signal::{DeadlineClass, DeadlineKey, Moment, Outbox, Signal, Standing};
pub use watch::{Cause, Step};
