//! Never lost, never twice: the real program over a real Apache Kafka broker is killed again and again, and still counts what a replay
//! of the dump counts. A store that does not fit its log is refused.
//!
//! Needs Java 17 or later and Maven (see tests/kafka/fetch.sh), `prometheus`, and a C compiler. `make torture` is the long run.

#![expect(clippy::print_stdout, reason = "a long run tells its seed and what it measured")]
#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

#[path = "../support/fault.rs"]
#[expect(dead_code, reason = "the simulator needs more of it")]
mod fault;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod support;

#[path = "../e2e/http.rs"]
mod http;
#[path = "../e2e/library.rs"]
mod library;
#[path = "../e2e/log.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod log;
#[path = "../e2e/page.rs"]
mod page;
#[path = "../e2e/program.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod program;
#[path = "../e2e/scraper.rs"]
mod scraper;
#[path = "../e2e/spoiled.rs"]
mod spoiled;
#[path = "../e2e/until.rs"]
mod until;

mod archived;
mod away;
mod clocks;
mod cluster;
mod counters;
mod day;
mod disk;
mod harness;
mod host;
mod kept;
mod killed;
mod poison;
mod preload;
mod refused;
mod standby;
mod times;
mod wanted;
