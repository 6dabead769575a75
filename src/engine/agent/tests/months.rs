use super::*;

fn closing() -> Script {
    Script::with(Settings { settle: Span(7 * Span::DAY.0), ..settings() })
}

#[test]
fn the_part_of_an_open_status_in_a_closing_month_is_posted_in_its_last_millisecond_for_the_team_of_then() {
    let mut script = closing();
    script.status_in("04-30T23:00", "amy", "available", "presale");
    script.begins("04-30T23:30", "amy");
    script.until("05-07T23:59:59.999");
    script.told();
    script.until("05-08T00:00");
    assert_eq!(script.told(), ["05-07T23:59:59.999 amy of presale spent [60.0, 30.0, 30.0, 30.0, 30.0] on 2026-04-30"]);
    script.status_in("05-08T01:00", "amy", "offline", "aftersale");
    let told = script.told();
    assert_eq!(told[0], "05-08T01:00:00 amy of presale was available (available) 04-30T23:00:00 to 05-08T01:00:00");
    assert!(!told.iter().any(|line| line.contains("on 2026-04")), "what is posted stays there: {told:?}");
    assert_eq!(told.iter().filter(|line| line.contains(" spent ")).count(), 8);
}

#[test]
fn every_month_of_a_long_status_closes_in_turn() {
    let mut script = closing();
    script.status("03-31T23:00", "amy", "busy");
    let deadline = |script: &Script| script.agents.next_deadline().map(|key| (clock_time(key.at), key.which));
    assert_eq!(deadline(&script), Some(("04-07T23:59:59.999".into(), MONTH_CLOSE)));
    script.until("04-08T00:00");
    assert_eq!(deadline(&script), Some(("05-07T23:59:59.999".into(), MONTH_CLOSE)));
    script.until("06-10T00:00");
    assert_eq!(script.spent("amy").work, Span(at("06-10T00:00").0 - at("03-31T23:00").0));
    script.status("06-10T00:00", "amy", "away");
    assert_eq!(deadline(&script), None, "no work time is open");
}

#[test]
fn a_status_that_ends_before_the_close_is_posted_at_its_end() {
    let mut script = closing();
    script.status("04-30T23:00", "amy", "available");
    script.status("05-01T01:00", "amy", "offline");
    script.until("06-30T00:00");
    assert_eq!(script.told().len(), 3);
}

#[test]
fn a_late_end_takes_back_the_closed_months_part_at_the_clock_of_the_change() {
    let mut script = closing();
    script.status_in("04-30T23:00", "amy", "available", "presale");
    script.until("05-09T00:00");
    script.told();
    script.late_status("05-09T00:00", "04-30T23:20", "amy", "offline", Some("aftersale"));
    assert_eq!(
        script.told(),
        [
            "05-09T00:00:00 amy of presale was available (available) 04-30T23:00:00 to 04-30T23:20:00",
            "05-09T00:00:00 amy is of aftersale since 04-30T23:20:00",
            "05-09T00:00:00 amy of presale spent [-40.0, 0.0, -40.0, 0.0, 0.0] on 2026-04-30",
        ]
    );
    assert_eq!(script.spent("amy"), SpentTime::default());
}

#[test]
fn a_late_status_that_reaches_into_a_closed_month_is_a_difference_of_now() {
    let mut script = closing();
    script.status_in("04-30T23:00", "amy", "available", "presale");
    script.until("05-09T00:00");
    script.told();
    script.late_status("05-09T00:00", "04-30T23:20", "amy", "busy", None);
    assert_eq!(
        script.told()[1..],
        [
            "05-09T00:00:00 amy of presale spent [-40.0, 0.0, -40.0, 0.0, 0.0] on 2026-04-30",
            "05-09T00:00:00 amy of presale spent [40.0, 0.0, 0.0, 0.0, 0.0] on 2026-04-30",
        ]
    );
    script.late_status("05-09T01:00", "04-30T23:30", "amy", "away", None);
    assert_eq!(script.told()[1..], ["05-09T01:00:00 amy of presale spent [-30.0, 0.0, 0.0, 0.0, 0.0] on 2026-04-30"]);
    assert_eq!(script.spent("amy"), SpentTime::default());
}

#[test]
fn a_chat_cut_after_the_close_corrects_the_closed_month() {
    let mut script = closing();
    script.status_in("04-30T23:00", "amy", "available", "presale");
    script.begins("04-30T23:10", "amy");
    script.status("05-01T00:30", "amy", "offline");
    script.until("05-09T00:00");
    script.told();
    script.late_end("05-09T00:00", "04-30T23:40", "amy", "04-30T23:10");
    assert_eq!(
        script.told(),
        [
            "05-09T00:00:00 amy of presale spent [0.0, -20.0, 20.0, -20.0, -20.0] on 2026-04-30",
            "05-09T00:00:00 amy of presale spent [0.0, -30.0, 30.0, -30.0, -30.0] on 2026-05-01",
        ]
    );
}

#[test]
fn an_event_at_the_instant_of_the_close_comes_after_it() {
    let mut script = closing();
    script.status("04-30T23:00", "amy", "available");
    script.status("05-08T00:00", "amy", "offline");
    assert_eq!(script.told()[0], "05-07T23:59:59.999 amy of nobody's spent [60.0, 0.0, 60.0, 0.0, 0.0] on 2026-04-30");
}

#[test]
fn time_over_the_limit_in_a_closing_month_is_posted_for_good() {
    let mut settings = settings();
    settings.agents.waiting_limit = 0;
    let mut script = Script::with(settings);
    script.waits("04-30T23:00", "amy", "c1");
    script.until("05-09T00:00");
    assert_eq!(
        script.told(),
        [
            "04-30T23:00:00 amy of nobody's exceeded the limit at 04-30T23:00:00",
            "05-07T23:59:59.999 amy of nobody's was over the limit for 60 on 2026-04-30",
        ]
    );
    script.late_answer("05-09T00:00", "04-30T23:15", "amy", "c1", "04-30T23:00");
    assert_eq!(
        script.told(),
        [
            "05-09T00:00:00 amy of nobody's was over the limit for -45 on 2026-04-30",
            "05-09T00:00:00 amy of nobody's was over the limit 04-30T23:00:00 to 04-30T23:15:00",
        ]
    );
}

#[test]
fn an_episode_that_begins_late_in_a_closed_month_is_a_difference_of_now() {
    let mut settings = settings();
    settings.agents.waiting_limit = 0;
    let mut script = Script::with(settings);
    script.late_wait("05-09T00:00", "04-30T23:00", "amy", "c1");
    assert_eq!(
        script.told(),
        [
            "05-09T00:00:00 amy of nobody's exceeded the limit at 04-30T23:00:00",
            "05-09T00:00:00 amy of nobody's was over the limit for 60 on 2026-04-30",
        ]
    );
    script.answered("05-09T01:00", "amy", "c1", "04-30T23:00");
    let told = script.told();
    assert!(!told.iter().any(|line| line.contains("on 2026-04")), "{told:?}");
    assert_eq!(told.len(), 10, "nine days of May, and the fact");
}
