//! `demo`: the main job with nothing installed.

use std::time::Duration;

use crate::program::Service;
use crate::until::{LIMIT, holds, until};

/// The time that whoever pressed Ctrl-C should have to wait at most.
const END: Duration = Duration::from_secs(10);

#[test]
fn the_demo_shows_agents_at_work_customers_over_their_target_and_breaches_until_it_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Service::demo(folder.path());
    demo.shows("agents at work, customers over their target, and breaches", |page| {
        let is_some = |name: &str| page.sum(name, &[]).is_some_and(|sum| sum > 0.0);
        ["deskpulse_agent_open_conversations", "deskpulse_queue_over_target_customers", "deskpulse_breaches_total"].into_iter().all(is_some)
    });
    until(LIMIT, "customers who wait over 30 s, and agents by their names", || {
        let live = demo.live();
        let waits_long = |wait: &serde_json::Value| wait["wait_seconds"].as_f64().unwrap() > 30.0;
        let is_named = |agent: &serde_json::Value| agent["name"].is_string();
        let [waiting, agents] = ["waiting", "agents"].map(|list| live[list].as_array().unwrap());
        holds(waiting.iter().any(waits_long) && agents.iter().any(is_named), &live)
    });
    assert_eq!(demo.metrics().sum("deskpulse_ingestion_stale", &[]), Some(0.0));
    assert!(demo.get("/").unwrap().body.contains("</html>"));
    assert_eq!(demo.interrupt(END).code(), Some(0), "{}", demo.log());
}
