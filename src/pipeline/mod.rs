//! From records to snapshots: the core that everything runs, and the one loop that feeds it.

mod core;
mod evidence;
mod own;
mod readiness;
mod service;

pub use core::{Core, CoreError, CoreSettings, Display, Losses, Taken};
pub use evidence::Evidence;
pub use readiness::STALE_AFTER;
pub use service::{Service, ServiceError, ServiceSettings};
