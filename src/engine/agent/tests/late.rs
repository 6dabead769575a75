use super::*;

#[test]
fn a_late_end_of_the_status_cuts_its_handling_too() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.begins("09:10", "amy");
    script.ends("09:20", "amy", "09:10");
    script.begins("09:30", "amy");
    script.ends("09:50", "amy", "09:30");
    script.late_status("10:00", "09:40", "amy", "break", None);
    assert_eq!(
        script.told(),
        [
            "10:00:00 amy of nobody's was available (available) 09:00:00 to 09:40:00",
            "10:00:00 amy of nobody's spent [40.0, 20.0, 20.0, 20.0, 20.0] on 2026-04-13",
        ]
    );
}

#[test]
fn what_follows_a_late_end_counts_for_the_next_status() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.begins("09:30", "amy");
    script.ends("09:50", "amy", "09:30");
    script.late_status("10:00", "09:40", "amy", "busy", None);
    script.status("10:30", "amy", "offline");
    assert_eq!(script.told()[3], "10:30:00 amy of nobody's spent [50.0, 10.0, 0.0, 10.0, 10.0] on 2026-04-13");
}

#[test]
fn a_late_end_of_handling_within_the_open_status_changes_nothing_that_is_posted() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.begins("09:10", "amy");
    script.late_end("10:00", "09:20", "amy", "09:10");
    assert!(script.posted.is_empty());
    assert_eq!(script.spent("amy"), minutes(60, 10, 50, 10, 10));
}

#[test]
fn a_late_end_of_handling_takes_back_posted_time_at_the_clock_for_the_team_it_was_posted_for() {
    let mut script = Script::new();
    script.status_in("09:00", "amy", "available", "presale");
    script.begins("09:10", "amy");
    script.status_in("09:30", "amy", "available", "aftersale");
    script.begins("09:40", "amy");
    script.status("10:00", "amy", "offline");
    script.told();
    script.late_end("10:10", "09:20", "amy", "09:10");
    assert_eq!(
        script.told(),
        [
            "10:10:00 amy of presale spent [0.0, -10.0, 10.0, -10.0, -10.0] on 2026-04-13",
            "10:10:00 amy of aftersale spent [0.0, -10.0, 10.0, -30.0, -10.0] on 2026-04-13",
        ]
    );
}

#[test]
fn a_late_begin_of_handling_adds_to_posted_time() {
    let mut script = Script::new();
    script.status_in("09:00", "amy", "available", "presale");
    script.status("09:30", "amy", "busy");
    script.told();
    script.late_begin("09:45", "09:20", "amy");
    assert_eq!(script.told(), ["09:45:00 amy of presale spent [0.0, 10.0, -10.0, 10.0, 10.0] on 2026-04-13"]);
    assert_eq!(script.spent("amy"), minutes(15, 15, 0, 15, 15), "the open status has its share too");
}

#[test]
fn a_late_first_status_finds_the_handling_before_the_clock() {
    let mut script = Script::new();
    script.begins("09:10", "amy");
    script.ends("09:30", "amy", "09:10");
    script.late_status("10:00", "09:00", "amy", "available", None);
    script.status("10:00", "amy", "offline");
    assert_eq!(script.spent("amy"), minutes(60, 20, 40, 20, 20));
}

#[test]
fn an_open_handling_can_be_cut_weeks_later() {
    let mut script = Script::new();
    script.status("04-13T09:00", "amy", "available");
    script.begins("04-13T09:30", "amy");
    script.status("04-13T10:00", "amy", "offline");
    for day in 14..28 {
        let (start, end) = (format!("04-{day}T11:00"), format!("04-{day}T12:00"));
        script.status(&start, "amy", "available");
        script.begins(&start, "amy");
        script.ends(&end, "amy", &start);
        script.status(&end, "amy", "offline");
    }
    script.late_end("04-28T09:00", "04-13T09:40", "amy", "04-13T09:30");
    let first = minutes(60, 10, 50, 10, 10);
    let others = (14..28).map(|day_number| (day(&format!("04-{day_number}")), minutes(60, 60, 0, 60, 60)));
    assert_eq!(script.spent_by_day("amy"), std::iter::once((day("04-13"), first)).chain(others).collect());
}

#[test]
fn a_status_that_has_lasted_for_days_can_be_cut_anywhere() {
    let mut script = Script::new();
    let start = at("04-13T00:00");
    script.status("04-13T00:00", "amy", "available");
    for number in 0..432 {
        let (from, to) = (start + Span(number * 10 * Span::MINUTE.0), start + Span((number * 10 + 5) * Span::MINUTE.0));
        let conversation = chat("c1");
        let begins = Signal::HandlingBegan { agent: name("amy"), conversation: conversation.clone(), at: from };
        let ends = Signal::HandlingEnded { agent: name("amy"), conversation, from, to };
        script.event(from, from, |agents, moment, out| agents.take(&begins, moment, out));
        script.event(to, to, |agents, moment, out| agents.take(&ends, moment, out));
    }
    script.late_status("04-16T00:00", "04-13T12:00", "amy", "offline", None);
    assert_eq!(script.spent("amy"), minutes(720, 360, 360, 360, 360));
}

#[test]
fn a_late_chat_of_years_ago_costs_no_more_than_one_of_yesterday() {
    let posted = |day: &str| {
        let mut script = Script::new();
        script.late_status("12-31T00:00", &format!("{day}T08:00"), "amy", "available", None);
        script.told();
        let (from, to) = (format!("{day}T09:00"), format!("{day}T09:10"));
        script.late_begin("12-31T00:00", &from, "amy");
        script.late_end("12-31T00:00", &to, "amy", &from);
        script.told()
    };
    assert_eq!(posted("01-13"), ["12-31T00:00:00 amy of nobody's spent [0.0, 10.0, -10.0, 10.0, 10.0] on 2026-01-13"]);
    assert_eq!(posted("12-30"), [""; 0], "what is not posted yet changes with nothing to tell");
}

#[test]
fn a_late_chat_that_goes_on_counts_up_to_the_present_once_anything_is_read() {
    let mut script = Script::new();
    script.late_status("04-14T00:00", "04-13T09:00", "amy", "available", None);
    script.late_begin("04-14T00:00", "04-13T23:00", "amy");
    script.late_begin("04-14T00:00", "04-13T10:00", "amy");
    script.late_end("04-14T00:00", "04-13T10:30", "amy", "04-13T10:00");
    assert_eq!(script.spent("amy"), minutes(15 * 60, 90, 15 * 60 - 90, 90, 90));
}
