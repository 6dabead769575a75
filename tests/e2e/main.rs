//! The whole way: a real Apache Kafka broker, the real program, and what it shows over HTTP, held against `replay`.
//!
//! Needs Java 17 or later and Maven (see tests/kafka/fetch.sh), `prometheus` and `promtool`, `chromium`.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod support;

#[path = "../support/sets.rs"]
mod sets;

mod browser;
mod demo;
mod http;
mod kept;
#[expect(dead_code, reason = "tests/durable needs more of it")]
mod library;
mod log;
mod malformed;
mod page;
#[expect(dead_code, reason = "tests/durable needs more of it")]
mod program;
mod prometheus;
mod refused;
mod replayed;
mod scraper;
mod spoiled;
mod stop;
mod until;
mod wall;
