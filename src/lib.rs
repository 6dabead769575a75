//! deskpulse: live contact-center KPIs from events.

pub mod clock;
pub mod config;
pub mod decode;
pub mod engine;
pub mod ingest;
pub mod kpi;
pub mod model;
pub mod simulate;
pub mod view;
