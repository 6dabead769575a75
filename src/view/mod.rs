//! What the outside reads: JSON lines of facts and totals, the live view, the summary, Prometheus, the board. All outward formats and
//! all metric names are here and nowhere else; every one is a pure function of values.

mod json;
mod number;
mod published;

pub mod board;
pub mod fact;
pub mod live;
pub mod metrics;
pub mod quarantine;
pub mod receipts;
pub mod summary;
pub mod totals;

pub use self::metrics::{AgentOption, SeriesOptions, Snapshot};
pub use published::Published;
pub use summary::Summary;
