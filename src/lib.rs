//! deskpulse: live contact-center KPIs from events.

pub mod app;
pub mod archive;
pub mod cli;
pub mod clock;
pub mod config;
pub mod decode;
pub mod engine;
pub mod http;
pub mod ingest;
pub mod kpi;
pub mod model;
pub mod pipeline;
pub mod replay;
pub mod simulate;
pub mod store;
pub mod telemetry;
pub mod view;
