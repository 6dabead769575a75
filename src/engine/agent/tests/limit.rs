use super::*;

fn with_limit(limit: u32) -> Script {
    let mut settings = settings();
    settings.agents.waiting_limit = limit;
    Script::with(settings)
}

#[test]
fn an_episode_begins_above_the_limit_and_ends_at_it() {
    let mut script = with_limit(2);
    script.waits("09:01", "amy", "c1");
    script.waits("09:02", "amy", "c2");
    assert!(script.posted.is_empty(), "two are allowed");
    script.waits("09:03", "amy", "c3");
    script.answered("09:10", "amy", "c1", "09:01");
    script.waits("09:20", "amy", "c1");
    script.answered("09:24", "amy", "c2", "09:02");
    assert_eq!(
        script.told(),
        [
            "09:03:00 amy of nobody's exceeded the limit at 09:03:00",
            "09:10:00 amy of nobody's was over the limit for 7 on 2026-04-13",
            "09:10:00 amy of nobody's was over the limit 09:03:00 to 09:10:00",
            "09:20:00 amy of nobody's exceeded the limit at 09:20:00",
            "09:24:00 amy of nobody's was over the limit for 4 on 2026-04-13",
            "09:24:00 amy of nobody's was over the limit 09:20:00 to 09:24:00",
        ]
    );
}

#[test]
fn an_open_episode_counts_up_to_the_clock() {
    let mut script = with_limit(0);
    script.waits("09:00", "amy", "c1");
    script.until("09:20");
    let open = script.agents.open_time(at("09:20"));
    let over = Tally::OverLimit { agent: name("amy"), team: None, day: day("04-13"), time: Span(20 * Span::MINUTE.0) };
    assert_eq!(open, [over]);
}

#[test]
fn the_limit_is_judged_after_the_event_is_wholly_applied() {
    let mut script = with_limit(1);
    script.waits("09:00", "amy", "c1");
    let answered = standing("c1", "09:10", owned("amy", Some("09:00")), owned("amy", None));
    let asks = standing("c2", "09:10", Standing::default(), owned("amy", Some("09:10")));
    script.signals("09:10", "09:10", &[asks, answered]);
    assert!(script.posted.is_empty(), "there were never two between events");
}

#[test]
fn an_episode_of_no_length_counts() {
    let mut script = with_limit(0);
    script.waits("09:00", "amy", "c1");
    script.answered("09:00", "amy", "c1", "09:00");
    assert_eq!(
        script.told(),
        ["09:00:00 amy of nobody's exceeded the limit at 09:00:00", "09:00:00 amy of nobody's was over the limit 09:00:00 to 09:00:00",]
    );
}

#[test]
fn a_transfer_ends_the_givers_episode_and_begins_the_takers() {
    let mut script = with_limit(0);
    script.waits("09:00", "amy", "c1");
    script.signals("09:10", "09:10", &[standing("c1", "09:10", owned("amy", Some("09:00")), owned("bob", Some("09:00")))]);
    assert_eq!(
        script.told()[1..],
        [
            "09:10:00 amy of nobody's was over the limit for 10 on 2026-04-13",
            "09:10:00 amy of nobody's was over the limit 09:00:00 to 09:10:00",
            "09:10:00 bob of nobody's exceeded the limit at 09:10:00",
        ]
    );
}

#[test]
fn the_team_is_that_of_the_begin() {
    let mut script = with_limit(0);
    script.status_in("08:00", "amy", "available", "presale");
    script.waits("09:00", "amy", "c1");
    script.status_in("09:05", "amy", "available", "aftersale");
    script.told();
    script.answered("09:10", "amy", "c1", "09:00");
    assert_eq!(
        script.told(),
        [
            "09:10:00 amy of presale was over the limit for 10 on 2026-04-13",
            "09:10:00 amy of presale was over the limit 09:00:00 to 09:10:00"
        ]
    );
}

#[test]
fn the_event_that_brings_the_customer_brings_the_team_too() {
    let mut script = with_limit(0);
    let meets = Signal::Contact { agent: name("amy"), team: Some(name("presale")), at: at("09:00") };
    script.signals("09:00", "09:00", &[standing("c1", "09:00", Standing::default(), owned("amy", Some("09:00"))), meets]);
    assert_eq!(script.told()[1], "09:00:00 amy of presale exceeded the limit at 09:00:00");
}

#[test]
fn time_over_the_limit_is_split_at_midnight() {
    let mut script = with_limit(0);
    script.waits("04-13T23:50", "amy", "c1");
    script.answered("04-14T00:20", "amy", "c1", "04-13T23:50");
    assert_eq!(
        script.told()[1..3],
        [
            "04-14T00:20:00 amy of nobody's was over the limit for 10 on 2026-04-13",
            "04-14T00:20:00 amy of nobody's was over the limit for 20 on 2026-04-14",
        ]
    );
}

#[test]
fn chats_and_tickets_count_together_and_the_queue_counts_for_nobody() {
    let mut script = with_limit(1);
    script.waits("09:00", "amy", "c1");
    let ticket = ConversationId { medium: Medium::Ticket, id: name("t1") };
    let queued = Standing { owner: None, open: true, waiting_since: Some(at("09:00")) };
    script.signals(
        "09:05",
        "09:05",
        &[Signal::Standing { conversation: ticket.clone(), before: Standing::default(), after: queued.clone(), at: at("09:05") }],
    );
    assert!(script.posted.is_empty());
    script.signals(
        "09:06",
        "09:06",
        &[Signal::Standing { conversation: ticket, before: queued, after: owned("amy", Some("09:00")), at: at("09:06") }],
    );
    assert_eq!(script.told(), ["09:06:00 amy of nobody's exceeded the limit at 09:06:00"]);
}

#[test]
fn all_open_conversations_count_when_the_configuration_says_so() {
    let mut settings = settings();
    settings.agents.waiting_limit = 1;
    settings.agents.limit_counts = crate::engine::LimitCounts::Open;
    let mut script = Script::with(settings);
    script.signals("09:00", "09:00", &[standing("c1", "09:00", Standing::default(), owned("amy", None))]);
    script.signals("09:01", "09:01", &[standing("c2", "09:01", Standing::default(), owned("amy", Some("09:01")))]);
    script.answered("09:02", "amy", "c2", "09:01");
    let ended = Standing { open: false, ..owned("amy", None) };
    script.signals("09:05", "09:05", &[standing("c2", "09:05", owned("amy", None), ended)]);
    assert_eq!(
        script.told(),
        [
            "09:01:00 amy of nobody's exceeded the limit at 09:01:00",
            "09:05:00 amy of nobody's was over the limit for 4 on 2026-04-13",
            "09:05:00 amy of nobody's was over the limit 09:01:00 to 09:05:00",
        ]
    );
}

#[test]
fn a_late_answer_ends_the_episode_at_its_own_time() {
    let mut script = with_limit(0);
    script.waits("09:00", "amy", "c1");
    script.late_answer("09:30", "09:10", "amy", "c1", "09:00");
    assert_eq!(script.told()[2], "09:30:00 amy of nobody's was over the limit 09:00:00 to 09:10:00");
}

#[test]
fn a_late_answer_ends_the_episode_no_earlier_than_the_number_changed_last() {
    let mut script = with_limit(1);
    script.waits("09:00", "amy", "c1");
    script.waits("09:01", "amy", "c2");
    script.waits("09:05", "amy", "c3");
    script.answered("09:20", "amy", "c3", "09:05");
    script.late_answer("09:30", "09:10", "amy", "c1", "09:00");
    assert_eq!(script.told()[2], "09:30:00 amy of nobody's was over the limit 09:01:00 to 09:20:00");
}

#[test]
fn the_limit_needs_no_status() {
    let mut script = with_limit(0);
    script.waits("09:00", "amy", "c1");
    assert_eq!(script.told().len(), 1);
    assert_eq!(script.spent("amy"), SpentTime::default());
}

#[test]
fn a_customer_who_waits_on_holds_no_late_end_back() {
    let mut script = with_limit(0);
    script.waits("09:00", "amy", "c1");
    script.signals("09:20", "09:20", &[standing("c1", "09:20", owned("amy", Some("09:00")), owned("amy", Some("08:50")))]);
    assert_eq!(script.agents.live(at("09:20")).len(), 0, "no event of hers");
    script.late_answer("09:30", "09:10", "amy", "c1", "08:50");
    assert_eq!(script.told()[2], "09:30:00 amy of nobody's was over the limit 09:00:00 to 09:10:00");
}
