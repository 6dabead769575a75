//! The bot's hold, and how the two clocks go with it.

use super::script::{check, check_with, policy, seconds, settings};
use crate::engine::policy::Policy;
use crate::model::Medium;

#[test]
fn the_people_s_clock_starts_at_the_handoff() {
    check(
        "09:00:00 c1 started bot
         09:00:00 c1 customer
         09:00:20 c1 handoff
         09:00:30 c1 assigned amy
         09:01:02 c1 says amy
         > 09:00:50 breach c1#1 amy first_response opened 09:00:00 of 30 inherited 10
         > 09:01:02 response c1#1 amy first opened 09:00:00 wait 62 judged 42 own 32 of 30 late held bot 20 queue 10 amy 32",
    );
}

#[test]
fn a_bot_s_message_ends_the_wait_as_answered_by_the_bot() {
    check(
        "09:00:00 c1 started bot team=x
         09:00:00 c1 customer
         09:00:02 c1 bot
         09:00:03 c1 bot
         clock 10:00:00
         > 09:00:02 bot_answered c1#1 nobody@x opened 09:00:00 wait 2",
    );
}

#[test]
fn the_hold_begins_with_the_first_public_bot_message_which_itself_answers() {
    check(
        "09:00:00 c1 started
         09:00:03 c1 customer
         09:00:04 c1 bot private
         09:00:04 c1 bot edited
         09:00:05 c1 bot automated
         09:01:00 c1 customer
         09:02:00 c1 ended closed
         > 09:00:05 bot_answered c1#1 nobody opened 09:00:03 wait 2
         > 09:02:00 unanswered c1#1 nobody closed first bot's opened 09:01:00 wait 60 judged 0 of 30 in time held bot 60
         > 09:02:00 ended c1#1 nobody bot first",
    );
}

#[test]
fn a_bot_answers_a_period_on_which_the_people_s_clock_ran_and_the_breach_stays() {
    check(
        "09:00:00 c1 started
         09:00:00 c1 customer
         09:00:40 c1 bot
         09:01:00 c1 customer
         09:01:10 c1 handoff
         09:01:15 c1 says amy
         > 09:00:30 breach c1#1 nobody first_response opened 09:00:00 of 30 inherited 0
         > 09:00:40 bot_answered c1#1 nobody opened 09:00:00 wait 40
         > 09:01:15 response c1#1 amy first opened 09:01:00 wait 15 judged 5 own 0 of 30 in time held bot 10 queue 5",
    );
}

#[test]
fn a_human_message_on_a_held_period_answers_with_0_judged_seconds() {
    check(
        "09:00:00 c1 started bot waiting
         09:02:05 c1 says carol
         > 09:02:05 response c1#1 carol first opened 09:00:00 wait 125 judged 0 own 0 of 30 in time held bot 125",
    );
}

#[test]
fn an_assignment_to_an_agent_ends_the_hold_and_one_to_nobody_does_not() {
    check(
        "09:00:00 c1 started bot waiting
         09:00:05 c1 assigned - team=x
         09:00:08 c1 bot
         09:00:20 c1 customer
         09:00:44.250 c1 assigned bob
         09:00:45 c1 bot
         09:01:05.750 c1 says bob
         > 09:00:08 bot_answered c1#1 nobody@x opened 09:00:00 wait 8
         > 09:01:05.75 response c1#1 bob@x first opened 09:00:20 wait 45.75 judged 21.5 own 21.5 of 30 in time held bot 24.25 bob 21.5",
    );
}

#[test]
fn a_handoff_with_nothing_open_opens_a_period_and_a_second_one_changes_nothing() {
    check(
        "09:00:00 c1 started bot
         09:00:10 c1 handoff
         09:00:20 c1 handoff
         09:00:50 c1 says bob
         > 09:00:40 breach c1#1 nobody first_response opened 09:00:10 of 30 inherited 0
         > 09:00:50 response c1#1 bob first opened 09:00:10 wait 40 judged 40 own 0 of 30 late held queue 40",
    );
}

#[test]
fn a_handoff_without_a_bot_opens_a_period_and_leaves_the_owner() {
    check(
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:00:10 c1 handoff team=y
         clock 10:00:00
         > 09:00:40 breach c1#1 amy@y first_response opened 09:00:10 of 30 inherited 0",
    );
}

#[test]
fn a_handoff_on_an_ended_chat_only_names_the_team() {
    check(
        "09:00:00 c1 started team=x
         09:01:00 c1 ended timeout
         09:02:00 c1 handoff team=y
         09:03:00 c1 reopened
         > 09:01:00 ended c1#1 nobody@x auto first
         > 09:03:00 reopened c1#2 nobody@y after 120",
    );
}

#[test]
fn there_is_no_hold_after_a_handoff_a_person_s_words_or_an_assignment() {
    for event in ["handoff", "says amy", "assigned amy"] {
        let script = format!(
            "09:00:00 c1 started
             09:00:01 c1 {event}
             09:00:02 c1 assigned -
             09:00:03 c1 customer
             09:00:04 c1 bot
             clock 09:00:20
             09:00:30 c1 says bob"
        );
        let mut run = super::script::Run::new(settings(Vec::new()));
        run.play(&script);
        let lines = run.lines();
        assert!(lines.iter().all(|line| !line.contains("bot_answered")), "{event}: {lines:?}");
        assert!(lines.iter().any(|line| line.contains("response c1#1 bob")), "{event}: {lines:?}");
    }
}

#[test]
fn a_bot_may_hold_again_in_the_next_cycle() {
    check(
        "09:00:00 c1 started bot
         09:00:10 c1 handoff
         09:00:15 c1 ended timeout
         09:01:00 c1 customer
         09:01:02 c1 bot
         09:02:00 c1 ended resolved
         > 09:00:15 unanswered c1#1 nobody timeout first opened 09:00:10 wait 5 judged 5 of 30 in time held queue 5
         > 09:00:15 ended c1#1 nobody auto first
         > 09:01:00 reopened c1#2 nobody after 45
         > 09:01:02 bot_answered c1#2 nobody opened 09:01:00 wait 2
         > 09:02:00 ended c1#2 nobody bot",
    );
}

#[test]
fn a_bot_does_not_hold_what_an_agent_owns_in_the_next_cycle() {
    check(
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:00:15 c1 ended timeout
         09:01:00 c1 customer
         09:01:02 c1 bot
         09:01:20 c1 says amy
         > 09:00:15 ended c1#1 amy auto first
         > 09:01:00 reopened c1#2 nobody after 45
         > 09:01:20 response c1#2 amy first opened 09:01:00 wait 20 judged 20 own 20 of 30 in time held amy 20",
    );
}

#[test]
fn bots_hold_tickets_too() {
    let tickets = Policy { first_response: seconds(60), ..policy(Medium::Ticket) };
    check_with(
        settings(vec![tickets]),
        "09:00:00 t1 started waiting
         09:00:20 t1 bot
         09:01:00 t1 customer
         09:01:10 t1 assigned amy
         09:01:20 t1 says amy
         > 09:00:20 bot_answered t1#1 nobody opened 09:00:00 wait 20
         > 09:01:20 response t1#1 amy first opened 09:01:00 wait 20 judged 10 own 10 of 60 in time held bot 10 amy 10",
    );
}

#[test]
fn the_bot_wins_over_every_reason_unless_a_person_wrote() {
    check(
        "09:00:00 c1 started bot
         09:00:10 c1 ended abandoned by=amy
         09:00:00 c2 started bot
         09:00:10 c2 says amy
         09:00:30 c2 ended closed
         > 09:00:10 ended c1#1 amy bot first
         > 09:00:30 resolved c2#1 amy closed after 30 active 20 cycle 30 first"
            .replace("09:00:00 c2", "09:00:10 c2")
            .replace("after 30 active 20 cycle 30", "after 20 active 20 cycle 20")
            .as_str(),
    );
}

#[test]
fn bot_held_time_is_not_active() {
    check(
        "09:00:00 c1 started
         09:00:10 c1 bot
         09:00:40 c1 handoff
         09:00:50 c1 says amy
         09:01:40 c1 ended resolved
         > 09:00:50 response c1#1 amy first opened 09:00:40 wait 10 judged 10 own 0 of 30 in time held queue 10
         > 09:01:40 resolved c1#1 amy resolved after 100 active 70 cycle 100 first",
    );
}
