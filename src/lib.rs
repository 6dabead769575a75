//! deskpulse: live contact-center KPIs from events.

pub mod engine;
pub mod model;
