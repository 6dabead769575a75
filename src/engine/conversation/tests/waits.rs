//! The waiting period: opening, closing, both clocks, held shares, targets, breaches.

use super::script::{check, check_with, policy, seconds, settings};
use crate::engine::policy::{Match, Policy, Setting};
use crate::model::{Day, Medium, Name};

#[test]
fn a_human_message_answers_and_the_shares_split_the_wait() {
    check(
        "09:00:00 c1 started team=presale waiting
         09:00:04 c1 assigned amy
         09:00:20 c1 says amy
         > 09:00:20 response c1#1 amy@presale first opened 09:00:00 wait 20 judged 20 own 16 of 30 in time held queue 4 amy 16",
    );
}

#[test]
fn a_private_note_does_not_stop_the_clock() {
    check(
        "09:00:00 c1 started waiting
         09:00:00 c1 assigned amy
         09:00:10 c1 says amy private
         09:00:25 c1 says amy
         > 09:00:25 response c1#1 amy first opened 09:00:00 wait 25 judged 25 own 25 of 30 in time held amy 25",
    );
}

#[test]
fn automated_and_edited_messages_of_agents_and_system_lines_answer_nothing() {
    check(
        "09:00:00 c1 started waiting
         09:00:02 c1 says amy automated
         09:00:03 c1 says amy edited
         09:00:04 c1 system
         09:00:05 c1 says amy automated private
         clock 09:00:31
         > 09:00:30 breach c1#1 nobody first_response opened 09:00:00 of 30 inherited 0",
    );
}

#[test]
fn the_answer_is_the_senders_and_the_breach_the_owners() {
    check(
        "09:00:00 c1 started
         09:00:01 c1 customer
         09:00:03 c1 assigned carol
         09:00:41 c1 says amy
         > 09:00:31 breach c1#1 carol first_response opened 09:00:01 of 30 inherited 2
         > 09:00:41 response c1#1 amy first opened 09:00:01 wait 40 judged 40 own 0 of 30 late held queue 2 carol 38",
    );
}

#[test]
fn more_questions_do_not_restart_the_wait_and_make_no_second_breach() {
    check(
        "09:00:00 c1 started waiting
         09:00:20 c1 customer
         09:00:40 c1 customer
         clock 10:00:00
         > 09:00:30 breach c1#1 nobody first_response opened 09:00:00 of 30 inherited 0",
    );
}

#[test]
fn private_automated_and_edited_messages_of_a_customer_open_nothing() {
    check(
        "09:00:00 c1 started
         09:00:01 c1 customer private
         09:00:02 c1 customer automated
         09:00:03 c1 customer edited
         clock 10:00:00",
    );
}

#[test]
fn three_answers_in_a_row_are_one_response() {
    check(
        "09:00:00 c1 started
         09:00:00 c1 customer
         09:00:09 c1 says amy
         09:00:12 c1 says amy
         09:00:55 c1 says bob
         > 09:00:09 response c1#1 amy first opened 09:00:00 wait 9 judged 9 own 0 of 30 in time held queue 9",
    );
}

#[test]
fn a_reply_exactly_at_the_deadline_is_in_time() {
    check(
        "09:00:00 c1 started waiting
         09:00:30 c1 says amy
         clock 10:00:00
         > 09:00:30 response c1#1 amy first opened 09:00:00 wait 30 judged 30 own 0 of 30 in time held queue 30",
    );
}

#[test]
fn a_reply_a_millisecond_after_the_deadline_is_late() {
    check(
        "09:00:00 c1 started waiting
         09:00:30.001 c1 says amy
         > 09:00:30 breach c1#1 nobody first_response opened 09:00:00 of 30 inherited 0
         > 09:00:30.001 response c1#1 amy first opened 09:00:00 wait 30.001 judged 30.001 own 0 of 30 late held queue 30.001",
    );
}

#[test]
fn a_transfer_at_the_deadline_moves_the_breach_with_the_whole_target_inherited() {
    check(
        "09:00:00 c1 started waiting
         09:00:00 c1 assigned amy
         09:00:30 c1 assigned bob
         clock 10:00:00
         > 09:00:30 breach c1#1 bob first_response opened 09:00:00 of 30 inherited 30",
    );
}

#[test]
fn a_transfer_after_the_deadline_leaves_the_breach_where_it_was() {
    check(
        "09:00:00 c1 started waiting
         09:00:00 c1 assigned amy
         09:00:30.001 c1 assigned bob
         09:00:33 c1 says bob
         > 09:00:30 breach c1#1 amy first_response opened 09:00:00 of 30 inherited 0
         > 09:00:33 response c1#1 bob first opened 09:00:00 wait 33 judged 33 own 2.999 of 30 late held amy 30.001 bob 2.999",
    );
}

#[test]
fn back_in_the_queue_and_again_to_the_same_agent_is_inherited_anew_and_held_once() {
    check(
        "09:00:00 c1 started waiting
         09:00:05 c1 assigned amy
         09:00:10 c1 assigned -
         09:00:20 c1 assigned amy
         09:00:36 c1 says amy
         > 09:00:30 breach c1#1 amy first_response opened 09:00:00 of 30 inherited 20
         > 09:00:36 response c1#1 amy first opened 09:00:00 wait 36 judged 36 own 21 of 30 late held queue 15 amy 21",
    );
}

#[test]
fn assigning_to_the_owner_is_no_change() {
    check(
        "09:00:00 c1 started waiting
         09:00:00 c1 assigned amy
         09:00:15 c1 assigned amy
         clock 10:00:00
         > 09:00:30 breach c1#1 amy first_response opened 09:00:00 of 30 inherited 0",
    );
}

#[test]
fn who_had_it_for_no_time_is_left_out_of_the_shares() {
    check(
        "09:00:00 c1 started waiting
         09:00:00 c1 assigned amy
         09:00:00 c1 assigned bob
         09:00:10 c1 assigned carol
         09:00:10 c1 assigned bob
         09:00:20 c1 says bob
         > 09:00:20 response c1#1 bob first opened 09:00:00 wait 20 judged 20 own 20 of 30 in time held bob 20",
    );
}

#[test]
fn an_answer_within_the_same_millisecond_has_no_shares() {
    check(
        "09:00:00 c1 started waiting
         09:00:00 c1 says amy
         > 09:00:00 response c1#1 amy first opened 09:00:00 wait 0 judged 0 own 0 of 30 in time held",
    );
}

#[test]
fn who_writes_on_an_unowned_chat_owns_it() {
    check(
        "09:00:00 c1 started
         09:00:10 c1 says amy
         09:01:00 c1 customer
         clock 10:00:00
         > 09:01:30 breach c1#1 amy first_response opened 09:01:00 of 30 inherited 0",
    );
}

#[test]
fn who_writes_on_anothers_chat_does_not_take_it_over() {
    check(
        "09:00:00 c1 started
         09:00:00 c1 assigned bob
         09:00:10 c1 says amy
         09:01:00 c1 customer
         clock 10:00:00
         > 09:01:30 breach c1#1 bob first_response opened 09:01:00 of 30 inherited 0",
    );
}

#[test]
fn only_a_response_uses_up_the_first_one() {
    check(
        "09:00:00 c1 started
         09:00:05 c1 says amy
         09:01:00 c1 customer
         09:01:10 c1 says amy
         09:02:00 c1 customer
         09:02:05 c1 says amy
         > 09:01:10 response c1#1 amy first opened 09:01:00 wait 10 judged 10 own 10 of 30 in time held amy 10
         > 09:02:05 response c1#1 amy again opened 09:02:00 wait 5 judged 5 own 5 of 30 in time held amy 5",
    );
}

#[test]
fn first_and_next_response_have_targets_of_their_own() {
    let chats = Policy { first_response: seconds(20), next_response: seconds(15), ..policy(Medium::Chat) };
    check_with(
        settings(vec![chats]),
        "09:00:00 c1 started waiting
         09:00:18 c1 says amy
         09:01:00 c1 customer
         09:01:18 c1 says amy
         > 09:00:18 response c1#1 amy first opened 09:00:00 wait 18 judged 18 own 0 of 20 in time held queue 18
         > 09:01:15 breach c1#1 amy next_response opened 09:01:00 of 15 inherited 0
         > 09:01:18 response c1#1 amy again opened 09:01:00 wait 18 judged 18 own 18 of 15 late held amy 18",
    );
}

#[test]
fn each_target_comes_from_the_first_policy_that_sets_it() {
    let first = Policy { first_response: seconds(10), ..policy(Medium::Chat) };
    let second = Policy { first_response: seconds(20), next_response: seconds(40), ..policy(Medium::Chat) };
    check_with(
        settings(vec![first, second]),
        "09:00:00 c1 started waiting
         09:00:01 c1 says amy
         09:01:00 c1 customer
         09:01:01 c1 says amy
         > 09:00:01 response c1#1 amy first opened 09:00:00 wait 1 judged 1 own 0 of 10 in time held queue 1
         > 09:01:01 response c1#1 amy again opened 09:01:00 wait 1 judged 1 own 1 of 40 in time held amy 1",
    );
}

#[test]
fn off_sets_that_there_is_no_target() {
    let chats = Policy { first_response: Setting::Off, ..policy(Medium::Chat) };
    check_with(
        settings(vec![chats]),
        "09:00:00 c1 started waiting
         10:00:00 c1 says amy
         > 10:00:00 response c1#1 amy first opened 09:00:00 wait 3600 judged 3600 own 0 held queue 3600",
    );
}

#[test]
fn tickets_have_no_response_target_of_their_own_accord() {
    check(
        "09:00:00 t1 started kind=question waiting agent=amy
         11:00:00 t1 says amy
         > 11:00:00 response t1#1 amy first opened 09:00:00 wait 7200 judged 7200 own 7200 held amy 7200",
    );
}

#[test]
fn a_target_is_looked_up_once_when_the_judged_clock_starts() {
    let vip =
        Policy { matches: Match { team: Some(Name::new("vip")), ..Match::default() }, first_response: seconds(10), ..Policy::default() };
    check_with(
        settings(vec![vip]),
        "09:00:00 c1 started team=presale waiting
         09:00:05 c1 assigned amy team=vip
         09:00:20 c1 says amy
         09:01:00 c2 started team=presale bot waiting
         09:01:20 c2 handoff team=vip
         09:01:31 c2 says amy
         > 09:00:20 response c1#1 amy@vip first opened 09:00:00 wait 20 judged 20 own 15 of 30 in time held queue 5 amy 15
         > 09:01:30 breach c2#1 nobody@vip first_response opened 09:01:00 of 10 inherited 0
         > 09:01:31 response c2#1 amy@vip first opened 09:01:00 wait 31 judged 11 own 0 of 10 late held bot 20 queue 11",
    );
}

#[test]
fn all_match_keys_of_a_policy_must_fit() {
    let matches = Match { kind: Some(Name::new("incident")), severity: Some(Name::new("high")), ..Match::default() };
    let urgent = Policy { matches, first_response: seconds(900), ..Policy::default() };
    let matches = Match { channel: Some(Name::new("mail")), priority: Some(Name::new("p1")), ..Match::default() };
    let mail = Policy { matches, first_response: seconds(600), ..Policy::default() };
    check_with(
        settings(vec![urgent, mail]),
        "09:00:00 t1 started kind=incident severity=high waiting
         09:00:00 t2 started kind=incident severity=low channel=mail priority=p1 waiting
         09:00:00 t3 started severity=high channel=mail waiting
         09:10:00 t1 says amy
         09:10:00 t2 says amy
         09:10:00 t3 says amy
         > 09:10:00 response t1#1 amy first opened 09:00:00 wait 600 judged 600 own 0 of 900 in time held queue 600
         > 09:10:00 response t2#1 amy first opened 09:00:00 wait 600 judged 600 own 0 of 600 in time held queue 600
         > 09:10:00 response t3#1 amy first opened 09:00:00 wait 600 judged 600 own 0 held queue 600",
    );
}

#[test]
fn a_policy_is_valid_by_the_day_on_which_the_judged_clock_starts() {
    let from = Day(20_515);
    let april = Policy { first_response: seconds(10), from: Some(from), ..policy(Medium::Chat) };
    check_with(
        settings(vec![april]),
        "23:59:59.999 c1 started waiting
         +1d00:00:00 c2 started waiting
         +1d00:00:09 c1 says amy
         +1d00:00:09 c2 says amy
         > +1d00:00:09 response c1#1 amy first opened 23:59:59.999 wait 9.001 judged 9.001 own 0 of 30 in time held queue 9.001
         > +1d00:00:09 response c2#1 amy first opened +1d00:00:00 wait 9 judged 9 own 0 of 10 in time held queue 9",
    );
}

#[test]
fn the_end_of_the_cycle_leaves_the_period_unanswered() {
    check(
        "09:00:00 c1 started team=presale waiting
         09:00:03 c1 assigned amy
         09:00:12 c1 ended abandoned
         clock 10:00:00
         > 09:00:12 unanswered c1#1 amy@presale abandoned first opened 09:00:00 wait 12 judged 12 of 30 in time held queue 3 amy 9
         > 09:00:12 ended c1#1 amy@presale abandoned first",
    );
}

#[test]
fn a_late_unanswered_wait_is_judged_against_owner_and_team_of_the_deadline() {
    check(
        "09:00:00 c1 started team=presale waiting
         09:00:03 c1 assigned amy
         09:00:35 c1 assigned bob team=vip
         09:00:40 c1 ended closed by=bob
         > 09:00:30 breach c1#1 amy@presale first_response opened 09:00:00 of 30 inherited 3
         > 09:00:40 unanswered c1#1 bob@vip closed first opened 09:00:00 wait 40 judged 40 of 30 late held queue 3 amy 32 bob 5 on amy of presale
         > 09:00:40 resolved c1#1 bob@vip closed after 40 active 40 cycle 40 first",
    );
}

#[test]
fn ended_at_the_deadline_is_not_late() {
    check(
        "09:00:00 c1 started waiting
         09:00:30 c1 ended timeout
         clock 10:00:00
         > 09:00:30 unanswered c1#1 nobody timeout first opened 09:00:00 wait 30 judged 30 of 30 in time held queue 30
         > 09:00:30 ended c1#1 nobody auto first",
    );
}

#[test]
fn unanswered_tells_the_status_of_a_ticket() {
    check(
        "09:00:00 t1 started waiting agent=amy
         09:10:00 t1 status resolved
         > 09:10:00 unanswered t1#1 amy resolved first opened 09:00:00 wait 600 judged 600 held amy 600
         > 09:10:00 resolved t1#1 amy resolved after 600 active 600 cycle 600 first",
    );
}

#[test]
fn only_the_first_period_of_a_conversation_is_offered() {
    check(
        "09:00:00 c1 started waiting
         09:00:05 c1 says amy
         09:01:00 c1 customer
         09:01:05 c1 ended resolved by=amy
         > 09:00:05 response c1#1 amy first opened 09:00:00 wait 5 judged 5 own 0 of 30 in time held queue 5
         > 09:01:05 unanswered c1#1 amy resolved again opened 09:01:00 wait 5 judged 5 of 30 in time held amy 5
         > 09:01:05 resolved c1#1 amy resolved after 65 active 65 cycle 65 first",
    );
}

#[test]
fn phrases_are_violations_of_the_sender_in_their_order_after_the_response() {
    check(
        "09:00:00 c1 started team=presale waiting
         09:00:05 c1 says amy phrases=never,shut_up
         09:00:06 c1 says amy private phrases=never
         09:00:07 c1 says amy automated phrases=never
         > 09:00:05 response c1#1 amy@presale first opened 09:00:00 wait 5 judged 5 own 0 of 30 in time held queue 5
         > 09:00:05 violation c1#1 amy@presale never
         > 09:00:05 violation c1#1 amy@presale shut_up",
    );
}
