//! The engine: events in order of time become facts. Pure, deterministic, synchronous; time is an argument.

mod agent;
mod conversation;
mod dedup;
mod frontier;
mod live;
pub mod order;
mod policy;
mod settings;
mod signal;

pub use agent::Agents;
pub use conversation::{Conversations, Effect};
pub use dedup::Dedup;
pub use frontier::{ClockMode, Frontier, Reach};
pub use live::{AgentNow, LiveView, OpenComplaints, TargetNow, WaitingNow, targets_in_force};
pub use policy::{Attributes, Match, Measure, Policies, Policy, Setting, Target};
pub use settings::{AgentSettings, HandlingRule, LimitCounts, Settings};
pub use signal::{DeadlineClass, DeadlineKey, Moment, Outbox, Signal, Standing};
