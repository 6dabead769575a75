use super::*;
use crate::model::Category;

fn with_timeout() -> Script {
    let mut settings = settings();
    settings.agents.presence_timeout = Some(Span(5 * Span::MINUTE.0));
    Script::with(settings)
}

fn presences(script: &mut Script) -> Vec<(String, &'static str, String, String, bool)> {
    let facts = script.facts().into_iter();
    facts
        .map(|fact| match fact.kind {
            FactKind::Presence { status, category, from, to } => {
                (status.to_string(), category.word(), clock_time(from), clock_time(to), fact.by_deadline)
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

fn told(word: &str, category: &'static str, from: &str, to: &str, by_deadline: bool) -> (String, &'static str, String, String, bool) {
    (word.into(), category, format!("{from}:00"), format!("{to}:00"), by_deadline)
}

#[test]
fn a_status_ends_at_the_next() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.status("12:00", "amy", "break");
    script.status("12:45", "amy", "offline");
    assert_eq!(
        presences(&mut script),
        [told("available", "available", "09:00", "12:00", false), told("break", "away", "12:00", "12:45", false)]
    );
}

#[test]
fn a_repeated_status_is_a_heartbeat() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.status("09:30", "amy", "available");
    script.status("10:00", "amy", "offline");
    assert_eq!(presences(&mut script), [told("available", "available", "09:00", "10:00", false)]);
}

#[test]
fn another_word_of_the_same_category_is_another_status() {
    let mut script = Script::new();
    script.status("09:00", "amy", "busy");
    script.status("09:30", "amy", "meeting");
    script.status("10:00", "amy", "busy");
    assert_eq!(
        presences(&mut script),
        [told("busy", "working", "09:00", "09:30", false), told("meeting", "working", "09:30", "10:00", false)]
    );
}

#[test]
fn a_word_without_a_category_is_working() {
    let mut script = Script::new();
    script.status("09:00", "amy", "gardening");
    script.status("10:00", "amy", "offline");
    assert_eq!(script.spent("amy"), minutes(60, 0, 0, 0, 0));
    assert_eq!(presences(&mut script), [told("gardening", "working", "09:00", "10:00", false)]);
}

#[test]
fn an_own_word_has_the_category_that_is_configured() {
    let mut settings = settings();
    settings.agents.statuses.insert(name("lunch"), Category::Away);
    let mut script = Script::with(settings);
    script.status("09:00", "amy", "lunch");
    script.status("10:00", "amy", "offline");
    assert_eq!(script.spent("amy"), SpentTime::default());
}

#[test]
fn a_status_of_no_length_gives_no_fact() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.status("09:00", "amy", "busy");
    script.status("10:00", "amy", "offline");
    assert_eq!(presences(&mut script), [told("busy", "working", "09:00", "10:00", false)]);
}

#[test]
fn an_open_status_gives_no_fact_but_counts_up_to_the_clock() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.until("09:40");
    assert!(script.posted.is_empty());
    assert_eq!(script.spent("amy"), minutes(40, 0, 40, 0, 0));
}

#[test]
fn a_status_times_out_after_the_last_status_event() {
    let mut script = with_timeout();
    script.status("09:00", "amy", "available");
    script.status("09:04", "amy", "available");
    script.until("10:00");
    assert_eq!(script.spent("amy"), minutes(9, 0, 9, 0, 0));
    assert_eq!(script.posted[0].clock, at("09:09"));
    assert_eq!(presences(&mut script), [told("available", "available", "09:00", "09:09", true)]);
    assert_eq!(script.agents.next_deadline(), None);
}

#[test]
fn a_heartbeat_exactly_at_the_time_out_keeps_the_status() {
    let mut script = with_timeout();
    script.status("09:00", "amy", "available");
    script.status("09:05", "amy", "available");
    script.status("09:07", "amy", "offline");
    assert_eq!(presences(&mut script), [told("available", "available", "09:00", "09:07", false)]);
}

#[test]
fn after_the_time_out_the_same_word_opens_a_new_interval() {
    let mut script = with_timeout();
    script.status("09:00", "amy", "available");
    script.status("09:06", "amy", "available");
    script.status("09:08", "amy", "offline");
    assert_eq!(script.spent("amy"), minutes(7, 0, 7, 0, 0));
    assert_eq!(
        presences(&mut script),
        [told("available", "available", "09:00", "09:05", true), told("available", "available", "09:06", "09:08", false)]
    );
}

#[test]
fn the_time_out_is_offered_as_the_agents_deadline() {
    let mut script = with_timeout();
    script.status("09:00", "bob", "away");
    script.status("09:00", "amy", "available");
    let key = script.agents.next_deadline().unwrap();
    assert_eq!((key.at, key.class, key.id.as_str(), key.which), (at("09:05"), DeadlineClass::Agent, "amy", TIME_OUT));
}

#[test]
fn a_late_status_takes_effect_no_earlier_than_the_last_change() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.status("10:00", "amy", "break");
    script.late_status("10:10", "09:30", "amy", "busy", None);
    script.status("11:00", "amy", "offline");
    assert_eq!(
        presences(&mut script),
        [told("available", "available", "09:00", "10:00", false), told("busy", "working", "10:00", "11:00", false)]
    );
}

#[test]
fn a_late_status_may_end_the_open_one_before_the_clock() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.late_status("10:30", "10:00", "amy", "break", None);
    script.status("11:00", "amy", "offline");
    assert_eq!(script.spent("amy"), minutes(60, 0, 60, 0, 0));
    assert_eq!(
        presences(&mut script),
        [told("available", "available", "09:00", "10:00", false), told("break", "away", "10:00", "11:00", false)]
    );
}

#[test]
fn a_late_heartbeat_moves_no_time_out_back() {
    let mut script = with_timeout();
    script.status("09:00", "amy", "available");
    script.status("09:04", "amy", "available");
    script.late_status("09:05", "09:02", "amy", "available", None);
    script.until("10:00");
    assert_eq!(presences(&mut script), [told("available", "available", "09:00", "09:09", true)]);
}

#[test]
fn a_late_heartbeat_after_the_time_out_goes_on_where_it_ended() {
    let mut script = with_timeout();
    script.status("09:00", "amy", "available");
    script.late_status("09:10", "09:03", "amy", "available", None);
    assert_eq!(script.posted.last().unwrap().clock, at("09:10"), "its own time-out is past already and fires at once");
    assert_eq!(script.spent("amy"), minutes(8, 0, 8, 0, 0));
    assert_eq!(
        presences(&mut script),
        [told("available", "available", "09:00", "09:05", true), told("available", "available", "09:05", "09:08", true)]
    );
}
