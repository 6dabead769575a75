//! From records to snapshots: the core that everything runs, and the one loop that feeds it.

mod ahead;
mod archiving;
mod commits;
mod core;
mod evidence;
mod outcomes;
mod own;
mod readiness;
mod reload;
mod restore;
mod service;
mod shown;
mod warm;
mod writer;

pub use ahead::Parsed;
pub use core::{Core, CoreError, CoreSettings, Display, Taken};
pub use evidence::Evidence;
pub use outcomes::{Losses, Outcomes, TopicOutcomes};
pub use readiness::STALE_AFTER;
pub use reload::Reload;
pub use restore::restore;
pub use service::{Parts, Service, ServiceError, ServiceSettings};
pub use warm::warm;
pub use writer::Writer;
