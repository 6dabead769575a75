//! Cycles: ends, reopenings, the active clock, and the resolution target.

use super::script::{check, check_with, policy, seconds, settings};
use crate::engine::policy::{Match, Policy};
use crate::engine::settings::Settings;
use crate::model::{Medium, Name};

fn resolution(medium: Medium, limit: i64) -> Settings {
    settings(vec![Policy { resolution: seconds(limit), ..policy(medium) }])
}

#[test]
fn outcomes_by_reason() {
    check(
        "09:00:00 c1 started
         09:01:00 c1 ended resolved by=amy
         09:02:00 c2 started
         09:03:00 c2 ended closed by=amy
         09:04:00 c3 started
         09:05:00 c3 ended timeout by=amy
         09:06:00 c4 started
         09:07:00 c4 ended abandoned
         > 09:01:00 resolved c1#1 amy resolved after 60 active 60 cycle 60 first
         > 09:03:00 resolved c2#1 amy closed after 60 active 60 cycle 60 first
         > 09:05:00 ended c3#1 amy auto first
         > 09:07:00 ended c4#1 nobody abandoned first",
    );
}

#[test]
fn resolved_is_credited_to_who_did_it_else_the_owner_else_who_wrote_last() {
    check(
        "09:00:00 c1 started
         09:00:10 c1 says amy
         09:00:20 c1 says bob
         09:00:30 c1 assigned -
         09:01:00 c1 ended resolved
         09:02:00 c1 reopened
         09:03:00 c1 assigned carol
         09:04:00 c1 ended resolved
         09:05:00 c2 started
         09:06:00 c2 ended resolved
         > 09:01:00 resolved c1#1 bob resolved after 60 active 60 cycle 60 first
         > 09:02:00 reopened c1#2 bob after 60 counts
         > 09:04:00 resolved c1#2 carol resolved after 240 active 180 cycle 120
         > 09:06:00 resolved c2#1 nobody resolved after 60 active 60 cycle 60 first",
    );
}

#[test]
fn ending_again_changes_nothing_closed_to_resolved_included() {
    check(
        "09:00:00 c1 started
         09:01:00 c1 ended closed
         09:02:00 c1 ended resolved
         09:00:00 t1 started
         09:03:00 t1 status closed
         09:04:00 t1 status resolved
         09:05:00 t1 status closed
         > 09:01:00 resolved c1#1 nobody closed after 60 active 60 cycle 60 first
         > 09:03:00 resolved t1#1 nobody closed after 180 active 180 cycle 180 first"
            .replace("09:00:00 t1", "09:02:00 t1")
            .replace("after 180 active 180 cycle 180", "after 60 active 60 cycle 60")
            .as_str(),
    );
}

#[test]
fn reopening_an_open_chat_changes_nothing() {
    check(
        "09:00:00 c1 started
         09:00:10 c1 customer
         09:00:20 c1 reopened
         09:00:30 c1 says amy
         > 09:00:30 response c1#1 amy first opened 09:00:10 wait 20 judged 20 own 0 of 30 in time held queue 20",
    );
}

#[test]
fn a_customer_s_message_on_an_ended_conversation_reopens_it_and_opens_a_period() {
    check(
        "09:00:00 c1 started
         09:30:00 c1 ended resolved by=amy
         10:15:00 c1 customer
         10:15:20 c1 says bob
         > 09:30:00 resolved c1#1 amy resolved after 1800 active 1800 cycle 1800 first
         > 10:15:00 reopened c1#2 amy after 2700 counts
         > 10:15:20 response c1#2 bob first opened 10:15:00 wait 20 judged 20 own 0 of 30 in time held queue 20",
    );
}

#[test]
fn a_reopening_opens_no_period_by_itself() {
    check(
        "08:00:00 t1 started agent=carol
         08:20:00 t1 status resolved
         09:00:00 t1 status open by=bob
         09:10:00 t1 customer
         09:14:00 t1 says carol
         > 08:20:00 resolved t1#1 carol resolved after 1200 active 1200 cycle 1200 first
         > 09:00:00 reopened t1#2 carol after 2400 counts
         > 09:14:00 response t1#2 carol first opened 09:10:00 wait 240 judged 240 own 240 held carol 240",
    );
}

#[test]
fn resolved_then_closed_counts_from_the_resolution() {
    check(
        "09:00:00 t1 started agent=bob
         10:00:00 t1 status resolved
         11:00:00 t1 status closed
         12:00:00 t1 customer
         > 10:00:00 resolved t1#1 bob resolved after 3600 active 3600 cycle 3600 first
         > 12:00:00 reopened t1#2 bob after 7200 counts",
    );
}

#[test]
fn only_a_reopening_after_people_ended_it_counts() {
    check(
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:01:00 c1 ended timeout
         09:02:00 c1 reopened
         09:03:00 c1 ended abandoned
         09:04:00 c1 reopened
         09:05:00 c1 ended closed
         09:06:00 c1 reopened
         > 09:01:00 ended c1#1 amy auto first
         > 09:02:00 reopened c1#2 nobody after 60
         > 09:03:00 ended c1#2 amy abandoned
         > 09:04:00 reopened c1#3 nobody after 60
         > 09:05:00 resolved c1#3 amy closed after 300 active 180 cycle 60
         > 09:06:00 reopened c1#4 amy after 60 counts",
    );
}

#[test]
fn a_human_message_after_the_end_makes_an_owner_and_answers_nothing() {
    check(
        "09:00:00 c1 started
         09:01:00 c1 ended timeout
         09:02:00 c1 says amy
         09:03:00 c1 customer
         clock 10:00:00
         > 09:01:00 ended c1#1 nobody auto first
         > 09:03:00 reopened c1#2 nobody after 120
         > 09:03:30 breach c1#2 amy first_response opened 09:03:00 of 30 inherited 0",
    );
}

#[test]
fn pauses_and_ended_spans_are_not_active() {
    check_with(
        resolution(Medium::Ticket, 14_400),
        "12:00:00 t1 started agent=amy
         12:30:00 t1 status pending
         12:40:00 t1 status on_hold
         13:00:00 t1 status open
         13:30:00 t1 status resolved
         14:00:00 t1 status open
         14:10:00 t1 status closed
         > 13:30:00 resolved t1#1 amy resolved after 5400 active 3600 cycle 5400 of 14400 in time first
         > 14:00:00 reopened t1#2 amy after 1800 counts
         > 14:10:00 resolved t1#2 amy closed after 7800 active 4200 cycle 600",
    );
}

#[test]
fn a_pause_moves_the_deadline_by_its_length() {
    check_with(
        resolution(Medium::Ticket, 7_200),
        "10:00:00 t1 started agent=bob
         10:10:00 t1 status pending
         10:35:00 t1 status open
         11:00:00 t1 status on_hold
         11:05:00 t1 status open
         clock 15:00:00
         > 12:30:00 breach t1#1 bob resolution opened 10:00:00 of 7200 inherited 0",
    );
}

#[test]
fn no_resolution_deadline_runs_in_a_pause_or_in_the_bot_s_hold() {
    check_with(
        resolution(Medium::Ticket, 60),
        "10:00:00 t1 started
         10:00:59 t1 status pending
         12:00:00 t1 status open
         12:00:02 t1 says amy
         > 12:00:01 breach t1#1 nobody resolution opened 10:00:00 of 60 inherited 0",
    );
    check_with(
        resolution(Medium::Chat, 60),
        "10:00:00 c1 started bot
         10:05:00 c1 handoff
         10:05:10 c1 says amy
         10:06:00 c1 ended resolved
         > 10:05:10 response c1#1 amy first opened 10:05:00 wait 10 judged 10 own 0 of 30 in time held queue 10
         > 10:06:00 resolved c1#1 amy resolved after 360 active 60 cycle 360 of 60 in time first",
    );
}

#[test]
fn a_pause_ends_with_the_cycle_and_not_by_a_customer_s_message() {
    check(
        "09:00:00 t1 started agent=amy
         09:10:00 t1 status pending
         09:20:00 t1 customer
         09:25:00 t1 says amy
         09:30:00 t1 status resolved
         09:40:00 t1 customer
         09:50:00 t1 says amy
         10:00:00 t1 status resolved
         > 09:25:00 response t1#1 amy first opened 09:20:00 wait 300 judged 300 own 300 held amy 300
         > 09:30:00 resolved t1#1 amy resolved after 1800 active 600 cycle 1800 first
         > 09:40:00 reopened t1#2 amy after 600 counts
         > 09:50:00 response t1#2 amy first again opened 09:40:00 wait 600 judged 600 own 600 held amy 600
         > 10:00:00 resolved t1#2 amy resolved after 3600 active 1800 cycle 1200",
    );
}

#[test]
fn reopening_to_pending_starts_paused() {
    check(
        "09:00:00 t1 started agent=amy
         09:10:00 t1 status resolved
         09:20:00 t1 status pending
         09:30:00 t1 status open
         09:40:00 t1 status resolved
         > 09:10:00 resolved t1#1 amy resolved after 600 active 600 cycle 600 first
         > 09:20:00 reopened t1#2 amy after 600 counts
         > 09:40:00 resolved t1#2 amy resolved after 2400 active 1200 cycle 1200",
    );
}

#[test]
fn one_resolution_breach_on_the_owner_with_what_he_inherited() {
    check_with(
        resolution(Medium::Ticket, 3_600),
        "09:00:00 t1 started agent=amy
         09:10:00 t1 status pending
         09:20:00 t1 status open
         09:30:00 t1 assigned bob
         12:00:00 t1 status resolved
         13:00:00 t1 status open
         18:00:00 t1 status resolved
         > 10:10:00 breach t1#1 bob resolution opened 09:00:00 of 3600 inherited 1200
         > 12:00:00 resolved t1#1 bob resolved after 10800 active 10200 cycle 10800 of 3600 late first
         > 13:00:00 reopened t1#2 bob after 3600 counts
         > 18:00:00 resolved t1#2 bob resolved after 32400 active 28200 cycle 18000",
    );
}

#[test]
fn resolved_at_the_deadline_is_in_time() {
    check_with(
        resolution(Medium::Ticket, 3_600),
        "09:00:00 t1 started
         10:00:00 t1 status resolved
         clock 20:00:00
         > 10:00:00 resolved t1#1 nobody resolved after 3600 active 3600 cycle 3600 of 3600 in time first",
    );
}

#[test]
fn later_cycles_have_no_resolution_breach() {
    check_with(
        resolution(Medium::Chat, 3_600),
        "09:00:00 c1 started
         09:01:00 c1 ended timeout
         09:02:00 c1 reopened
         clock +1d00:00:00
         > 09:01:00 ended c1#1 nobody auto first
         > 09:02:00 reopened c1#2 nobody after 60",
    );
}

#[test]
fn the_resolution_target_is_looked_up_when_its_clock_first_runs() {
    let vip = Match { team: Some(Name::new("vip")), ..Match::default() };
    let policies = vec![Policy { matches: vip, resolution: seconds(60), ..Policy::default() }];
    check_with(
        settings(policies),
        "09:00:00 c1 started team=bots bot
         09:10:00 c1 handoff team=vip
         09:10:05 c1 says amy
         09:10:30 c1 assigned amy team=other
         clock 10:00:00
         > 09:10:05 response c1#1 amy@vip first opened 09:10:00 wait 5 judged 5 own 0 of 30 in time held queue 5
         > 09:11:00 breach c1#1 amy@other resolution opened 09:00:00 of 60 inherited 5",
    );
}

#[test]
fn deadlines_of_one_instant_fire_chats_first_then_by_id_response_before_resolution() {
    let both = |medium| Policy { first_response: seconds(60), resolution: seconds(60), ..policy(medium) };
    check_with(
        settings(vec![both(Medium::Ticket), both(Medium::Chat)]),
        "09:00:00 t2 started waiting
         09:00:00 t1 started waiting
         09:00:00 c9 started waiting
         clock 10:00:00
         > 09:01:00 breach c9#1 nobody first_response opened 09:00:00 of 60 inherited 0
         > 09:01:00 breach c9#1 nobody resolution opened 09:00:00 of 60 inherited 0
         > 09:01:00 breach t1#1 nobody first_response opened 09:00:00 of 60 inherited 0
         > 09:01:00 breach t1#1 nobody resolution opened 09:00:00 of 60 inherited 0
         > 09:01:00 breach t2#1 nobody first_response opened 09:00:00 of 60 inherited 0
         > 09:01:00 breach t2#1 nobody resolution opened 09:00:00 of 60 inherited 0",
    );
}

#[test]
fn every_follow_up_has_its_fact() {
    check(
        "09:00:00 c1 started team=x
         09:01:00 c1 followed_up amy
         09:02:00 c1 ended resolved by=bob
         09:03:00 c1 followed_up amy
         09:04:00 c1 followed_up carol
         > 09:01:00 followed_up c1#1 amy@x
         > 09:02:00 resolved c1#1 bob@x resolved after 120 active 120 cycle 120 first
         > 09:03:00 followed_up c1#1 amy@x
         > 09:04:00 followed_up c1#1 carol@x",
    );
}
