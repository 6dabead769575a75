//! `demo`: the main job with nothing installed.

use std::time::Duration;

use crate::program::Service;

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
    let live = demo.live();
    let waits_long = |wait: &serde_json::Value| wait["wait_seconds"].as_f64().unwrap() > 30.0;
    assert!(live["waiting"].as_array().unwrap().iter().any(waits_long), "{live}");
    assert!(live["agents"].as_array().unwrap().iter().any(|agent| agent["name"].is_string()), "{live}");
    assert!(demo.get("/").unwrap().body.contains("</html>"));
    assert_eq!(demo.interrupt(END).code(), Some(0), "{}", demo.log());
}
