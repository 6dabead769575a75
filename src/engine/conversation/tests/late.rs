//! Late events (ruling 23).

use super::script::{Run, check, check_with, policy, seconds, settings};
use crate::engine::policy::Policy;
use crate::engine::settings::{AgentSettings, HandlingRule, Settings};
use crate::model::Medium;

#[test]
fn a_late_reply_within_the_deadline_is_in_time_and_takes_the_breach_back_after_its_own_fact() {
    check(
        "09:00:00 c1 started team=x waiting
         09:00:00 c1 assigned amy
         09:00:40 c1 assigned bob team=y
         clock 09:00:58
         late 09:00:20 c1 says amy phrases=never
         > 09:00:30 breach c1#1 amy@x first_response opened 09:00:00 of 30 inherited 0
         > 09:00:20 response c1#1 amy@y first opened 09:00:00 wait 20 judged 20 own 20 of 30 in time held amy 20 posted 09:00:58
         > 09:00:20 violation c1#1 amy@y never posted 09:00:58
         > 09:00:20 withdrawn c1#1 amy@x response_breaches late_event of 09:00:30 posted 09:00:58",
    );
}

#[test]
fn a_late_reply_after_the_deadline_is_late_and_the_breach_stays() {
    check(
        "09:00:00 c1 started waiting
         09:00:00 c1 assigned amy
         clock 09:00:58
         late 09:00:40 c1 says amy
         > 09:00:30 breach c1#1 amy first_response opened 09:00:00 of 30 inherited 0
         > 09:00:40 response c1#1 amy first opened 09:00:00 wait 40 judged 40 own 40 of 30 late held amy 40 posted 09:00:58",
    );
}

#[test]
fn a_late_reply_answers_only_a_period_that_is_still_open() {
    check(
        "09:00:00 c1 started waiting
         09:00:25 c1 says amy
         clock 09:01:00
         late 09:00:20 c1 says bob
         > 09:00:25 response c1#1 amy first opened 09:00:00 wait 25 judged 25 own 0 of 30 in time held queue 25",
    );
}

#[test]
fn a_late_question_older_than_the_newest_answer_opens_nothing_and_no_cycle_either() {
    check(
        "09:00:00 c1 started
         09:00:25 c1 says amy
         09:00:26 c1 ended timeout
         clock 09:01:00
         late 09:00:15 c1 customer
         > 09:00:26 ended c1#1 amy auto first",
    );
}

#[test]
fn a_late_question_from_after_the_newest_answer_reopens_an_ended_chat() {
    check(
        "09:00:00 c1 started
         09:00:25 c1 says amy
         09:00:26 c1 ended timeout
         clock 09:01:00
         late 09:00:25 c1 customer
         > 09:00:26 ended c1#1 amy auto first
         > clamped
         > 09:00:25 reopened c1#2 nobody after 0 posted 09:01:00
         > 09:00:55 breach c1#2 amy first_response opened 09:00:25 of 30 inherited 0 posted 09:01:00",
    );
}

#[test]
fn a_question_on_time_is_never_taken_for_answered() {
    check(
        "09:00:00 c1 started
         09:00:25 c1 says amy
         09:00:25 c1 customer
         clock 10:00:00
         > 09:00:55 breach c1#1 amy first_response opened 09:00:25 of 30 inherited 0",
    );
}

#[test]
fn a_late_question_opens_at_its_own_time_and_a_deadline_in_the_past_fires_at_once() {
    check(
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         clock 09:01:00
         late 09:00:10 c1 customer
         late 09:00:50 c1 says amy
         > 09:00:40 breach c1#1 amy first_response opened 09:00:10 of 30 inherited 0 posted 09:01:00
         > 09:00:50 response c1#1 amy first opened 09:00:10 wait 40 judged 40 own 40 of 30 late held amy 40 posted 09:01:00",
    );
}

#[test]
fn a_deadline_that_a_late_event_sets_at_the_clock_has_not_fired() {
    let mut run = Run::new(settings(Vec::new()));
    run.play("09:00:00 c1 started\nclock 09:00:40\nlate 09:00:10 c1 customer");
    assert_eq!(run.lines().len(), 1);
    run.play("clock 09:00:40.001");
    assert_eq!(run.lines()[1], "09:00:40 breach c1#1 nobody first_response opened 09:00:10 of 30 inherited 0");
}

#[test]
fn a_late_end_within_the_deadline_is_in_time_and_takes_the_breach_back() {
    check(
        "09:00:00 c1 started waiting
         09:00:00 c1 assigned amy
         clock 09:01:00
         late 09:00:20 c1 ended abandoned
         > 09:00:30 breach c1#1 amy first_response opened 09:00:00 of 30 inherited 0
         > 09:00:20 unanswered c1#1 amy abandoned first opened 09:00:00 wait 20 judged 20 of 30 in time held amy 20 posted 09:01:00
         > 09:00:20 ended c1#1 amy abandoned first posted 09:01:00
         > 09:00:20 withdrawn c1#1 amy response_breaches late_event of 09:00:30 posted 09:01:00",
    );
}

#[test]
fn a_late_resolution_within_the_deadline_takes_the_resolution_breach_back() {
    let tickets = Policy { resolution: seconds(3_600), ..policy(Medium::Ticket) };
    check_with(
        settings(vec![tickets]),
        "09:00:00 t1 started agent=amy
         clock 11:00:00
         late 09:59:00 t1 status resolved
         12:00:00 t1 status open
         > 10:00:00 breach t1#1 amy resolution opened 09:00:00 of 3600 inherited 0
         > 09:59:00 resolved t1#1 amy resolved after 3540 active 3540 cycle 3540 of 3600 in time first posted 11:00:00
         > 09:59:00 withdrawn t1#1 amy resolution_breaches late_event of 10:00:00 posted 11:00:00
         > 12:00:00 reopened t1#2 amy after 7260 counts",
    );
}

#[test]
fn a_late_resolution_of_a_complaint_takes_its_breach_back_and_a_reopening_breaches_anew() {
    check(
        "09:00:00 t1 started kind=complaint agent=amy
         clock +1d11:00:00
         late +1d08:00:00 t1 status resolved
         +1d12:00:00 t1 status open
         > +1d09:00:00 breach t1#1 amy resolution opened 09:00:00 of 86400 inherited 0
         > +1d08:00:00 resolved t1#1 amy resolved after 82800 active 82800 cycle 82800 of 86400 in time first complaint 82800 posted +1d11:00:00
         > +1d08:00:00 withdrawn t1#1 amy resolution_breaches late_event of +1d09:00:00 posted +1d11:00:00
         > +1d12:00:00 reopened t1#2 amy after 14400 counts
         > +1d12:00:00 withdrawn t1#1 amy complaint_handling_time reopened of +1d08:00:00
         > +1d12:00:00 breach t1#2 amy resolution opened 09:00:00 of 86400 inherited 0",
    );
}

#[test]
fn a_later_cycle_s_late_end_does_not_take_back_the_breach_of_an_earlier_one() {
    check(
        "09:00:00 t1 started kind=complaint agent=amy
         +1d10:00:00 t1 status resolved
         +1d11:00:00 t1 status open
         clock +1d12:00:00
         late +1d08:00:00 t1 status resolved
         > +1d09:00:00 breach t1#1 amy resolution opened 09:00:00 of 86400 inherited 0
         > +1d10:00:00 resolved t1#1 amy resolved after 90000 active 90000 cycle 90000 of 86400 late first complaint 90000
         > +1d11:00:00 reopened t1#2 amy after 3600 counts
         > +1d11:00:00 withdrawn t1#1 amy complaint_handling_time reopened of +1d10:00:00
         > +1d08:00:00 resolved t1#2 amy resolved after 82800 active 82800 cycle 0 of 86400 late complaint 82800 posted +1d12:00:00",
    );
}

#[test]
fn a_late_change_of_owner_takes_effect_no_earlier_than_the_last_change() {
    check(
        "09:00:00 c1 started waiting
         09:00:10 c1 assigned amy
         clock 09:00:25
         late 09:00:05 c1 assigned bob
         09:00:28 c1 says bob
         > 09:00:28 response c1#1 bob first opened 09:00:00 wait 28 judged 28 own 18 of 30 in time held queue 10 bob 18",
    );
}

#[test]
fn a_late_assignment_keeps_its_own_time_when_nothing_changed_since() {
    check(
        "09:00:00 c1 started waiting
         clock 09:00:25
         late 09:00:05 c1 assigned bob
         clock 09:00:40
         > 09:00:30 breach c1#1 bob first_response opened 09:00:00 of 30 inherited 5",
    );
}

#[test]
fn a_late_pause_takes_effect_no_earlier_than_the_last_change() {
    check(
        "09:00:00 t1 started agent=amy
         09:10:00 t1 status pending
         09:20:00 t1 status open
         clock 09:30:00
         late 09:05:00 t1 status pending
         09:40:00 t1 status open
         09:50:00 t1 status resolved
         > 09:50:00 resolved t1#1 amy resolved after 3000 active 1200 cycle 3000 first",
    );
}

#[test]
fn the_shares_of_a_late_reply_are_cut_at_its_own_time() {
    check(
        "09:00:00 c1 started waiting
         09:00:10 c1 assigned amy
         09:00:20 c1 assigned bob
         clock 09:00:29
         late 09:00:15 c1 says amy
         > 09:00:15 response c1#1 amy first opened 09:00:00 wait 15 judged 15 own 5 of 30 in time held queue 10 amy 5 posted 09:00:29",
    );
}

#[test]
fn a_late_reply_from_before_the_question_is_clamped_to_0_and_counted() {
    check(
        "09:00:00 c1 started
         09:00:10 c1 customer
         clock 09:00:20
         late 09:00:05 c1 says amy
         > clamped
         > 09:00:05 response c1#1 amy first opened 09:00:10 wait 0 judged 0 own 0 of 30 in time held posted 09:00:20",
    );
}

#[test]
fn a_late_reply_from_before_the_handoff_is_clamped_on_the_people_s_clock() {
    check(
        "09:00:00 c1 started bot waiting
         09:00:20 c1 handoff
         clock 09:00:30
         late 09:00:15 c1 says amy
         > clamped
         > 09:00:15 response c1#1 amy first opened 09:00:00 wait 15 judged 0 own 0 of 30 in time held bot 15 posted 09:00:30",
    );
}

#[test]
fn a_late_question_from_within_the_bot_s_hold_is_judged_from_the_end_of_the_hold() {
    check(
        "09:00:00 c1 started bot
         09:00:20 c1 assigned amy
         clock 09:00:30
         late 09:00:10 c1 customer
         09:00:40 c1 says amy
         > 09:00:40 response c1#1 amy first opened 09:00:10 wait 30 judged 20 own 20 of 30 in time held bot 10 amy 20",
    );
}

#[test]
fn a_late_end_from_before_a_reopening_ends_the_cycle_that_runs_without_negative_durations() {
    check(
        "09:00:00 t1 started agent=amy
         09:10:00 t1 status resolved
         09:20:00 t1 status open
         clock 09:30:00
         late 09:15:00 t1 status closed
         09:40:00 t1 status open
         > 09:10:00 resolved t1#1 amy resolved after 600 active 600 cycle 600 first
         > 09:20:00 reopened t1#2 amy after 600 counts
         > clamped
         > 09:15:00 resolved t1#2 amy closed after 900 active 600 cycle 0 posted 09:30:00
         > 09:40:00 reopened t1#3 amy after 1200 counts",
    );
}

#[test]
fn a_late_question_is_charged_to_those_who_had_the_chat_then() {
    check(
        "09:00:00 c1 started bot
         09:00:20 c1 handoff
         09:00:20 c1 says amy
         09:00:30 c2 started bot
         09:00:50 c2 assigned -
         09:00:50 c2 assigned amy
         09:00:55 c2 assigned bob
         clock 09:00:58
         late 09:00:40 c2 customer
         09:01:04 c2 says bob
         > 09:00:20 response c1#1 amy first opened 09:00:20 wait 0 judged 0 own 0 of 30 in time held
         > 09:01:04 response c2#1 bob first opened 09:00:40 wait 24 judged 14 own 9 of 30 in time held bot 10 amy 5 bob 9",
    );
}

#[test]
fn what_a_late_question_s_owner_inherits_is_what_passed_before_he_had_it() {
    check(
        "09:00:00 c1 started
         09:00:20 c1 assigned amy
         clock 09:01:00
         late 09:00:10 c1 customer
         > 09:00:40 breach c1#1 amy first_response opened 09:00:10 of 30 inherited 10 posted 09:01:00",
    );
}

#[test]
fn a_late_start_fires_what_is_overdue_at_once() {
    check(
        "clock 09:01:00
         late 09:00:00 c1 started team=x waiting
         > 09:00:30 breach c1#1 nobody@x first_response opened 09:00:00 of 30 inherited 0 posted 09:01:00",
    );
}

#[test]
fn a_late_transfer_ends_handling_no_earlier_than_it_began() {
    check(
        "09:00:00 c1 started
         09:00:20 c1 assigned amy
         clock 09:01:00
         late 09:00:10 c1 assigned bob
         09:02:00 c1 ended timeout
         > 09:02:00 ended c1#1 bob auto first
         > 09:02:00 handled amy 0
         > 09:02:00 handled bob 100
         > 09:02:00 handling c1#1 bob 09:00:20 to 09:02:00",
    );
}

#[test]
fn late_active_handling_is_over_at_once_and_never_overlaps_what_is_over() {
    let agents = AgentSettings { handling: HandlingRule::Active, ..AgentSettings::default() };
    check_with(
        Settings { agents, ..settings(Vec::new()) },
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:02:00 c1 says amy
         clock 09:10:00
         late 09:02:30 c1 says amy
         late 09:05:00 c1 says amy
         late 09:01:00 c1 says amy
         > 09:03:00 handling c1#1 amy 09:02:00 to 09:03:00
         > 09:03:30 handling c1#1 amy 09:03:00 to 09:03:30 posted 09:10:00
         > 09:06:00 handling c1#1 amy 09:05:00 to 09:06:00 posted 09:10:00",
    );
}

#[test]
fn late_ticket_work_never_overlaps_what_is_over() {
    check(
        "09:00:00 t1 started
         09:10:00 t1 work amy starts
         09:20:00 t1 work amy stops
         clock 09:30:00
         late 09:15:00 t1 work amy starts
         late 09:12:00 t1 work amy stops
         > 09:20:00 handling t1#1 amy 09:10:00 to 09:20:00
         > clamped",
    );
}
