use super::*;

#[test]
fn away_is_no_work_time_and_a_meeting_is() {
    for (word, work) in [("break", 420), ("meeting", 480)] {
        let mut script = Script::new();
        script.status("09:00", "amy", "available");
        script.begins("09:00", "amy");
        script.ends("12:00", "amy", "09:00");
        script.status("12:00", "amy", word);
        script.status("13:00", "amy", "available");
        script.status("17:00", "amy", "offline");
        assert_eq!(script.spent("amy"), minutes(work, 180, 240, 180, 180), "{word}");
    }
}

#[test]
fn handling_is_cut_to_work_time() {
    let mut script = Script::new();
    script.begins("08:30", "amy");
    script.status("09:00", "amy", "available");
    script.status("10:00", "amy", "break");
    script.status("10:20", "amy", "available");
    script.status("11:00", "amy", "offline");
    script.ends("11:30", "amy", "08:30");
    assert_eq!(script.spent("amy"), minutes(100, 100, 0, 100, 100));
}

#[test]
fn without_a_status_there_is_neither_work_time_nor_handling() {
    let mut script = Script::new();
    script.begins("08:30", "amy");
    script.ends("11:30", "amy", "08:30");
    script.until("12:00");
    assert!(script.posted.is_empty());
    assert_eq!(script.spent("amy"), SpentTime::default());
}

#[test]
fn busy_is_the_union_and_handling_the_sum() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.begins("09:00", "amy");
    script.begins("09:10", "amy");
    script.begins("09:20", "amy");
    script.ends("09:30", "amy", "09:00");
    script.ends("09:30", "amy", "09:10");
    script.ends("09:30", "amy", "09:20");
    script.status("10:00", "amy", "offline");
    assert_eq!(script.spent("amy"), minutes(60, 30, 30, 60, 30));
}

#[test]
fn a_handling_status_is_busy_but_neither_handling_nor_handled() {
    let mut script = Script::new();
    script.status("09:00", "amy", "after_contact");
    script.begins("09:10", "amy");
    script.ends("09:20", "amy", "09:10");
    script.status("09:30", "amy", "offline");
    assert_eq!(script.spent("amy"), minutes(30, 30, 0, 10, 10));
}

#[test]
fn idle_is_the_category_available_without_handling() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.status("09:10", "amy", "busy");
    script.status("09:30", "amy", "available");
    script.begins("09:35", "amy");
    script.ends("09:40", "amy", "09:35");
    script.status("10:00", "amy", "offline");
    assert_eq!(script.spent("amy"), minutes(60, 5, 35, 5, 5));
}

#[test]
fn time_is_posted_when_the_status_ends_not_when_handling_does() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.begins("09:10", "amy");
    script.ends("09:20", "amy", "09:10");
    assert!(script.posted.is_empty());
    script.status("09:30", "amy", "busy");
    assert_eq!(script.posted.len(), 2, "the presence and its time");
}

#[test]
fn time_is_split_at_midnight() {
    let mut script = Script::new();
    script.status("04-13T21:00", "bob", "available");
    script.begins("04-13T23:00", "bob");
    script.begins("04-13T23:45", "bob");
    script.ends("04-14T00:15", "bob", "04-13T23:00");
    script.ends("04-14T00:30", "bob", "04-13T23:45");
    script.status("04-14T01:00", "bob", "offline");
    let spent: Vec<_> = script.spent_by_day("bob").into_iter().collect();
    assert_eq!(spent, [(day("04-13"), minutes(180, 60, 120, 75, 60)), (day("04-14"), minutes(60, 30, 30, 45, 30))]);
}

#[test]
fn days_and_clock_changes_are_those_of_the_reporting_zone() {
    let mut script = Script::with(Settings { zone: Zone::new("Europe/Berlin").unwrap(), ..settings() });
    script.status("03-28T23:00", "amy", "available");
    script.status("03-29T04:00", "amy", "offline");
    script.status("10-24T22:00", "bob", "available");
    script.status("10-25T05:00", "bob", "offline");
    script.status("10-31T21:00", "bob", "available");
    script.status("11-01T02:00", "bob", "offline");
    let days: Vec<_> = script.spent_by_day("bob").into_iter().map(|(day, time)| (day, time.work.0 / Span::HOUR.0)).collect();
    assert_eq!(days, [(day("10-25"), 7), (day("10-31"), 2), (day("11-01"), 3)]);
    assert_eq!(script.spent_by_day("amy"), [(day("03-29"), minutes(300, 0, 300, 0, 0))].into());
}

#[test]
fn a_window_reads_the_time_between_two_instants() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.begins("09:10", "amy");
    script.ends("09:20", "amy", "09:10");
    script.status("09:30", "amy", "break");
    script.status("09:40", "amy", "after_contact");
    script.begins("09:50", "amy");
    script.until("10:00");
    let between = |from, to| script.agents.spent_between(&name("amy"), at(from), at(to));
    assert_eq!(between("08:00", "10:00"), minutes(50, 30, 20, 20, 20));
    assert_eq!(between("09:15", "09:25"), minutes(10, 5, 5, 5, 5));
    assert_eq!(between("09:30", "09:40"), SpentTime::default());
    assert_eq!(between("09:55", "10:00"), minutes(5, 5, 0, 5, 5));
    assert_eq!(script.agents.spent_between(&name("nobody"), at("08:00"), at("10:00")), SpentTime::default());
}
