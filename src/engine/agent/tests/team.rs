use super::*;

#[test]
fn the_last_team_of_the_status_events_is_the_agents() {
    let mut script = Script::new();
    script.meets("08:00", "amy", Some("phone"));
    script.status_in("09:00", "amy", "available", "presale");
    script.meets("09:10", "amy", Some("aftersale"));
    script.status("09:20", "amy", "busy");
    assert_eq!(script.agents.team(&name("amy")), Some(name("presale")));
    let teams: Vec<_> = script.told().into_iter().filter(|line| line.contains(" is of ")).collect();
    assert_eq!(teams, ["08:00:00 amy is of phone since 08:00:00", "09:00:00 amy is of presale since 09:00:00"]);
}

#[test]
fn without_any_it_is_that_of_the_last_conversation_with_a_team() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    assert_eq!(script.agents.team(&name("amy")), None);
    script.meets("09:10", "amy", Some("presale"));
    script.meets("09:20", "amy", Some("aftersale"));
    script.meets("09:30", "amy", None);
    script.status("10:00", "amy", "offline");
    assert_eq!(
        script.told(),
        [
            "09:10:00 amy is of presale since 09:10:00",
            "09:20:00 amy is of aftersale since 09:20:00",
            "10:00:00 amy of aftersale was available (available) 09:00:00 to 10:00:00",
            "10:00:00 amy of aftersale spent [60.0, 0.0, 60.0, 0.0, 0.0] on 2026-04-13",
        ]
    );
}

#[test]
fn another_team_with_the_same_word_ends_the_interval_which_is_the_old_teams() {
    let mut script = Script::new();
    script.status_in("09:00", "amy", "available", "presale");
    script.status_in("09:30", "amy", "available", "aftersale");
    script.status_in("10:00", "amy", "offline", "aftersale");
    assert_eq!(
        script.told(),
        [
            "09:00:00 amy is of presale since 09:00:00",
            "09:30:00 amy of presale was available (available) 09:00:00 to 09:30:00",
            "09:30:00 amy is of aftersale since 09:30:00",
            "09:30:00 amy of presale spent [30.0, 0.0, 30.0, 0.0, 0.0] on 2026-04-13",
            "10:00:00 amy of aftersale was available (available) 09:30:00 to 10:00:00",
            "10:00:00 amy of aftersale spent [30.0, 0.0, 30.0, 0.0, 0.0] on 2026-04-13",
        ]
    );
}

#[test]
fn another_status_with_another_team_ends_the_old_teams_interval() {
    let mut script = Script::new();
    script.status_in("09:00", "amy", "available", "presale");
    script.status_in("09:30", "amy", "offline", "aftersale");
    assert_eq!(script.told()[1], "09:30:00 amy of presale was available (available) 09:00:00 to 09:30:00");
}

#[test]
fn the_first_team_that_is_named_ends_nothing() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.status_in("09:30", "amy", "available", "presale");
    script.status("10:00", "amy", "offline");
    assert_eq!(script.told()[1], "10:00:00 amy of presale was available (available) 09:00:00 to 10:00:00");
}

#[test]
fn a_heartbeat_that_names_the_same_team_ends_nothing() {
    let mut script = Script::new();
    script.meets("08:30", "amy", Some("presale"));
    script.status("09:00", "amy", "available");
    script.status_in("09:30", "amy", "available", "presale");
    script.meets("09:40", "amy", Some("aftersale"));
    script.status("10:00", "amy", "offline");
    assert_eq!(script.told()[1], "10:00:00 amy of presale was available (available) 09:00:00 to 10:00:00");
}

#[test]
fn a_late_team_holds_no_earlier_than_the_last_one() {
    let mut script = Script::new();
    script.status_in("09:00", "amy", "available", "presale");
    script.status_in("10:00", "amy", "break", "aftersale");
    script.late_status("10:10", "09:30", "amy", "busy", Some("phone"));
    assert_eq!(script.told().last().unwrap(), "10:10:00 amy is of phone since 10:00:00");
}
