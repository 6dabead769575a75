//! deskpulse: live contact-center KPIs from events.

pub mod config;
pub mod decode;
pub mod engine;
pub mod kpi;
pub mod model;
