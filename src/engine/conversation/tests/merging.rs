//! Merged tickets.

use super::script::{Run, check, check_with, policy, seconds, settings};
use crate::engine::policy::Policy;
use crate::engine::settings::Settings;
use crate::model::{FactKind, Medium, Output, Span};

fn ten_minutes() -> Settings {
    settings(vec![Policy { first_response: seconds(600), ..policy(Medium::Ticket) }])
}

#[test]
fn the_open_period_moves_with_all_that_it_has() {
    check_with(
        ten_minutes(),
        "09:00:00 t1 started team=presale waiting
         09:01:00 t2 started team=aftersale agent=amy
         09:02:00 t1 merged t2
         09:05:00 t2 says amy
         > 09:02:00 ended t1#1 nobody@presale merged first
         > 09:05:00 response t2#1 amy@aftersale first opened 09:00:00 wait 300 judged 300 own 180 of 600 in time held queue 120 amy 180",
    );
}

#[test]
fn the_deadline_of_a_moved_period_is_the_new_owner_s() {
    check_with(
        ten_minutes(),
        "09:00:00 t1 started waiting
         09:01:00 t2 started agent=amy
         09:02:00 t1 merged t2
         clock 10:00:00
         > 09:02:00 ended t1#1 nobody merged first
         > 09:10:00 breach t2#1 amy first_response opened 09:00:00 of 600 inherited 120",
    );
}

#[test]
fn a_breach_is_not_repeated_after_the_move() {
    check_with(
        ten_minutes(),
        "09:00:00 t1 started waiting
         09:00:00 t2 started agent=amy
         09:11:00 t1 merged t2
         09:12:00 t2 status closed
         > 09:10:00 breach t1#1 nobody first_response opened 09:00:00 of 600 inherited 0
         > 09:11:00 ended t1#1 nobody merged first
         > 09:12:00 unanswered t2#1 amy closed first opened 09:00:00 wait 720 judged 720 of 600 late held queue 660 amy 60
         > 09:12:00 resolved t2#1 amy closed after 720 active 720 cycle 720 first",
    );
}

#[test]
fn of_two_open_periods_the_earlier_opened_stays_its_own_when_equal() {
    check(
        "09:00:00 t1 started waiting
         09:01:00 t2 started waiting
         09:02:00 t1 merged t2
         09:05:00 t2 says amy
         09:06:00 t3 started waiting
         09:07:00 t4 started waiting
         09:08:00 t4 merged t3
         09:09:00 t3 says amy
         09:10:00 t5 started agent=bob waiting
         09:10:00 t6 started agent=amy waiting
         09:12:00 t5 merged t6
         09:13:00 t6 says amy
         > 09:02:00 ended t1#1 nobody merged first
         > 09:05:00 response t2#1 amy first opened 09:00:00 wait 300 judged 300 own 0 held queue 300
         > 09:08:00 ended t4#1 nobody merged first
         > 09:09:00 response t3#1 amy first opened 09:06:00 wait 180 judged 180 own 0 held queue 180
         > 09:12:00 ended t5#1 bob merged first
         > 09:13:00 response t6#1 amy first opened 09:10:00 wait 180 judged 180 own 180 held amy 180",
    );
}

#[test]
fn an_open_period_reopens_the_other_ticket_when_that_is_ended() {
    check(
        "09:00:00 t1 started waiting
         09:00:00 t2 started agent=amy
         09:01:00 t2 status resolved
         09:02:00 t1 merged t2
         09:05:00 t2 says amy
         > 09:01:00 resolved t2#1 amy resolved after 60 active 60 cycle 60 first
         > 09:02:00 ended t1#1 nobody merged first
         > 09:02:00 reopened t2#2 amy after 60 counts
         > 09:05:00 response t2#2 amy first opened 09:00:00 wait 300 judged 300 own 180 held queue 120 amy 180",
    );
}

#[test]
fn without_an_open_period_nothing_happens_to_the_other_ticket() {
    let mut run = Run::new(settings(Vec::new()));
    run.play("09:00:00 t1 started\n09:02:00 t1 merged t2");
    assert_eq!(run.lines(), ["09:00:00 started t1#1 nobody", "09:02:00 ended t1#1 nobody merged first"]);
}

#[test]
fn an_unknown_other_ticket_is_started_by_a_period_or_a_message_that_reaches_it() {
    check(
        "09:00:00 t1 started waiting
         09:02:00 t1 merged t2
         09:03:00 t3 started
         09:04:00 t3 merged t4
         09:05:00 t3 customer
         > 09:00:00 started t1#1 nobody
         > 09:02:00 ended t1#1 nobody merged first
         > 09:02:00 started t2#1 nobody implicit
         > 09:03:00 started t3#1 nobody
         > 09:04:00 ended t3#1 nobody merged first
         > 09:05:00 started t4#1 nobody implicit",
    );
}

#[test]
fn messages_on_a_merged_ticket_count_at_the_end_of_its_chain() {
    check(
        "10:00:00 t1 started agent=amy
         10:01:00 t2 started agent=amy
         10:02:00 t3 started agent=bob
         10:10:00 t2 merged t3
         10:20:00 t1 merged t2
         10:30:00 t1 customer
         10:34:00 t1 says bob phrases=never
         > 10:10:00 ended t2#1 amy merged first
         > 10:20:00 ended t1#1 amy merged first
         > 10:34:00 response t3#1 bob first opened 10:30:00 wait 240 judged 240 own 240 held bob 240
         > 10:34:00 violation t3#1 bob never",
    );
}

#[test]
fn a_period_goes_to_the_end_of_the_chain_that_the_other_ticket_has_by_then() {
    check(
        "10:00:00 t1 started waiting
         10:01:00 t2 started
         10:02:00 t3 started agent=bob
         10:10:00 t2 merged t3
         10:20:00 t1 merged t2
         10:30:00 t3 says bob
         > 10:10:00 ended t2#1 nobody merged first
         > 10:20:00 ended t1#1 nobody merged first
         > 10:30:00 response t3#1 bob first opened 10:00:00 wait 1800 judged 1800 own 600 held queue 1200 bob 600",
    );
}

#[test]
fn a_ticket_that_has_ended_before_only_redirects() {
    check(
        "09:00:00 t1 started agent=amy
         09:01:00 t1 status resolved
         09:02:00 t2 started agent=bob
         09:03:00 t1 merged t2
         09:04:00 t1 customer
         09:05:00 t2 says bob
         > 09:01:00 resolved t1#1 amy resolved after 60 active 60 cycle 60 first
         > 09:05:00 response t2#1 bob first opened 09:04:00 wait 60 judged 60 own 60 held bob 60",
    );
}

#[test]
fn status_and_assignment_on_a_merged_ticket_do_nothing_work_and_follow_up_count_on_itself() {
    check(
        "09:00:00 t1 started team=x agent=amy
         09:01:00 t2 started agent=bob
         09:02:00 t1 merged t2
         09:03:00 t1 assigned carol team=y
         09:04:00 t1 status open
         09:05:00 t1 status resolved
         09:06:00 t1 work amy starts
         09:07:00 t1 work amy stops
         09:08:00 t1 followed_up amy
         > 09:02:00 ended t1#1 amy@x merged first
         > 09:07:00 handling t1#1 amy@x 09:06:00 to 09:07:00
         > 09:08:00 followed_up t1#1 amy@x",
    );
}

#[test]
fn a_second_merge_and_a_circle_are_ignored() {
    check(
        "09:00:00 t1 started
         09:00:00 t2 started
         09:00:00 t3 started
         09:01:00 t1 merged t2
         09:02:00 t1 merged t3
         09:03:00 t2 merged t1
         09:04:00 t1 customer
         09:05:00 t2 says amy
         > 09:01:00 ended t1#1 nobody merged first
         > 09:05:00 response t2#1 amy first opened 09:04:00 wait 60 judged 60 own 0 held queue 60",
    );
}

#[test]
fn a_period_that_a_bot_held_is_judged_from_the_merge() {
    check_with(
        ten_minutes(),
        "09:00:00 t1 started bot waiting
         09:01:00 t2 started agent=amy
         09:02:00 t1 merged t2
         09:05:00 t2 says amy
         > 09:02:00 ended t1#1 nobody merged first
         > 09:05:00 response t2#1 amy first opened 09:00:00 wait 300 judged 180 own 180 of 600 in time held bot 120 amy 180",
    );
}

#[test]
fn what_into_has_offered_already_is_not_offered_again() {
    check(
        "09:00:00 t2 started agent=amy waiting
         09:01:00 t2 says amy
         09:02:00 t1 started waiting
         09:03:00 t1 merged t2
         09:05:00 t2 says amy
         > 09:01:00 response t2#1 amy first opened 09:00:00 wait 60 judged 60 own 60 held amy 60
         > 09:03:00 ended t1#1 nobody merged first
         > 09:05:00 response t2#1 amy first again opened 09:02:00 wait 180 judged 180 own 120 held queue 60 amy 120",
    );
}

#[test]
fn a_merge_names_the_other_ticket_and_keeps_it_known() {
    let mut run = Run::new(Settings { forget_after: crate::model::Span::DAY, ..settings(Vec::new()) });
    run.play(
        "09:00:00 t2 started
         09:10:00 t2 status closed
         +1d09:00:00 t1 started
         +1d09:00:00 t1 merged t2
         clock +2d08:00:00",
    );
    assert!(run.fold.reference(&super::script::id("t2"), run.clock).is_some());
}

#[test]
fn a_message_that_is_passed_on_names_only_the_ticket_that_it_was_written_on() {
    let mut run = Run::new(Settings { forget_after: crate::model::Span::DAY, ..settings(Vec::new()) });
    run.play(
        "09:00:00 t1 started
         09:00:00 t2 started
         09:00:00 t1 merged t2
         09:10:00 t2 status closed
         +1d08:00:00 t1 says amy
         clock +1d09:30:00",
    );
    assert!(run.fold.reference(&super::script::id("t1"), run.clock).is_some());
    assert!(run.fold.reference(&super::script::id("t2"), run.clock).is_none());
}

#[test]
fn a_merge_that_was_forgotten_makes_no_circle() {
    check_with(
        Settings { forget_after: Span::DAY, ..settings(Vec::new()) },
        "09:00:00 t1 started
         09:00:00 t2 started
         09:10:00 t1 merged t2
         +2d09:00:00 t2 merged t1
         > 09:10:00 ended t1#1 nobody merged first
         > +2d09:00:00 ended t2#1 nobody merged first",
    );
}

#[test]
fn an_owner_of_no_time_before_a_merge_changes_the_owner_twice() {
    check_with(
        ten_minutes(),
        "09:00:00 t1 bot
         09:00:00 t2 started waiting
         09:00:05 t2 assigned amy
         09:00:05 t2 merged t1
         clock 09:20:00
         > 09:00:05 ended t2#1 amy merged first
         > 09:10:00 breach t1#1 nobody first_response opened 09:00:00 of 600 inherited 5",
    );
}

#[test]
fn a_bot_of_no_time_between_two_merges_is_no_change_of_the_owner() {
    // Ruling 44: nobody owns what a bot holds, so nobody had it from the begin.
    check_with(
        ten_minutes(),
        "09:00:00 t1 started waiting
         09:00:00 t2 bot
         09:00:00 t3 started
         09:00:05 t1 merged t2
         09:00:05 t2 merged t3
         clock 09:20:00
         > 09:00:05 ended t1#1 nobody merged first
         > 09:00:05 ended t2#1 nobody merged first
         > 09:10:00 breach t3#1 nobody first_response opened 09:00:00 of 600 inherited 0",
    );
}

#[test]
fn a_breach_that_is_withdrawn_after_a_merge_has_its_tickets_channel() {
    let mut run = Run::new(ten_minutes());
    run.play(
        "09:00:00 t1 customer
         clock 09:10:01
         09:11:00 t1 started channel=web
         09:12:00 t1 merged t2
         clock 09:13:00
         late 09:09:00 t2 says amy",
    );
    let withdrawn = run.out.posted.iter().find_map(|posted| match &posted.output {
        Output::Fact(fact) if matches!(fact.kind, FactKind::Withdrawn { .. }) => fact.conversation.clone(),
        _ => None,
    });
    let conversation = withdrawn.expect("the answer was in time");
    assert_eq!((&*conversation.id, conversation.channel.as_deref()), ("t1", Some("web")));
}
