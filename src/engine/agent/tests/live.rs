use super::*;
use crate::model::Category;

fn shown(script: &Script, now: &str) -> Vec<String> {
    script.agents.live(at(now)).into_iter().map(|now| now.agent.to_string()).collect()
}

#[test]
fn an_agent_is_shown_with_his_status_and_customers() {
    let mut script = Script::new();
    script.status_in("09:00", "amy", "available", "presale");
    script.status("09:10", "amy", "available");
    script.waits("09:20", "amy", "c2");
    script.waits("09:21", "amy", "c1");
    script.signals("09:30", "09:30", &[standing("c3", "09:30", Standing::default(), owned("amy", None))]);
    let now = AgentNow {
        agent: name("amy"),
        team: Some(name("presale")),
        status: Some(name("available")),
        category: Some(Category::Available),
        since: Some(at("09:00")),
        open: 3,
        waiting: 2,
        longest_wait_since: Some(at("09:20")),
    };
    assert_eq!(script.agents.live(at("09:40")), vec![now.clone()]);
    script.answered("09:41", "amy", "c2", "09:20");
    assert_eq!(script.agents.live(at("09:41")), [AgentNow { waiting: 1, longest_wait_since: Some(at("09:21")), ..now }]);
}

#[test]
fn agents_are_shown_by_name() {
    let mut script = Script::new();
    for agent in ["carol", "amy", "bob"] {
        script.status("09:00", agent, "available");
    }
    assert_eq!(shown(&script, "09:00"), ["amy", "bob", "carol"]);
}

#[test]
fn an_agent_leaves_15_minutes_after_he_went_offline() {
    let mut script = Script::new();
    script.status("09:00", "amy", "offline");
    script.status("09:10", "amy", "offline");
    assert_eq!(shown(&script, "09:14:59.999"), ["amy"]);
    assert!(shown(&script, "09:15").is_empty());
}

#[test]
fn an_agent_leaves_24_hours_after_his_last_event() {
    let mut script = Script::new();
    script.status("04-13T09:00", "amy", "available");
    script.meets("04-13T12:00", "amy", None);
    script.waits("04-13T13:00", "amy", "c1");
    assert_eq!(shown(&script, "04-14T11:59:59.999"), ["amy"]);
    assert!(shown(&script, "04-14T12:00").is_empty());
}

#[test]
fn an_agent_without_a_status_is_shown_without_one() {
    let mut script = Script::new();
    script.meets("09:00", "amy", Some("presale"));
    let now = &script.agents.live(at("09:00"))[0];
    assert_eq!((now.status.clone(), now.category, now.since), (None, None, None));
}
