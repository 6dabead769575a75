//! Handling: owned and active chats, ticket work, samples of the average handling time, and what the agent fold is told.

use super::script::{Run, check, check_with, settings};
use crate::engine::settings::{AgentSettings, HandlingRule, Settings};

fn active() -> Settings {
    Settings { agents: AgentSettings { handling: HandlingRule::Active, ..AgentSettings::default() }, ..settings(Vec::new()) }
}

/// The signals that a script leads to.
fn signals(settings: Settings, script: &str, kind: &str) -> Vec<String> {
    let mut run = Run::new(settings);
    run.play(script);
    run.signals().into_iter().filter(|line| line.contains(kind)).collect()
}

#[test]
fn an_owned_chat_is_handled_by_each_owner_in_turn() {
    check(
        "09:10:00 c1 started team=presale
         09:10:00 c1 assigned amy
         09:12:00 c1 assigned bob
         09:20:00 c1 ended timeout
         > 09:12:00 handling c1#1 amy@presale 09:10:00 to 09:12:00
         > 09:20:00 ended c1#1 bob@presale auto first
         > 09:20:00 handled amy 120
         > 09:20:00 handled bob 480
         > 09:20:00 handling c1#1 bob@presale 09:12:00 to 09:20:00",
    );
}

#[test]
fn handling_begins_with_the_message_that_makes_an_owner() {
    check(
        "09:00:00 c1 started
         09:00:30 c1 says amy
         09:10:00 c1 ended timeout
         > 09:10:00 ended c1#1 amy auto first
         > 09:10:00 handled amy 570
         > 09:10:00 handling c1#1 amy 09:00:30 to 09:10:00",
    );
}

#[test]
fn queue_and_bot_are_nobodys_handling() {
    check(
        "09:00:00 c1 started bot
         09:10:00 c1 handoff
         09:20:00 c1 assigned amy
         09:25:00 c1 assigned -
         09:30:00 c1 ended abandoned
         > 09:25:00 handling c1#1 amy 09:20:00 to 09:25:00
         > 09:30:00 unanswered c1#1 nobody abandoned first opened 09:10:00 wait 1200 judged 1200 of 30 late held queue 900 amy 300
         > 09:30:00 ended c1#1 nobody abandoned first
         > 09:30:00 handled amy 300"
            .replace("> 09:25:00", "> 09:10:30 breach c1#1 nobody first_response opened 09:10:00 of 30 inherited 0\n> 09:25:00")
            .as_str(),
    );
}

#[test]
fn an_interval_of_no_time_has_no_fact_but_its_sample_counts_with_0() {
    check(
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:00:00 c1 assigned bob
         09:05:00 c1 ended timeout
         > 09:05:00 ended c1#1 bob auto first
         > 09:05:00 handled amy 0
         > 09:05:00 handled bob 300
         > 09:05:00 handling c1#1 bob 09:00:00 to 09:05:00",
    );
}

#[test]
fn the_owner_stays_over_an_end_and_handles_the_next_cycle_again() {
    check(
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:10:00 c1 ended timeout
         09:30:00 c1 reopened
         09:35:00 c1 ended timeout
         > 09:10:00 ended c1#1 amy auto first
         > 09:10:00 handled amy 600
         > 09:10:00 handling c1#1 amy 09:00:00 to 09:10:00
         > 09:30:00 reopened c1#2 nobody after 1200
         > 09:35:00 ended c1#2 amy auto
         > 09:35:00 handled amy 300
         > 09:35:00 handling c1#2 amy 09:30:00 to 09:35:00",
    );
}

#[test]
fn an_assignment_after_the_end_is_no_handling_before_the_reopening() {
    check(
        "09:00:00 c1 started
         09:10:00 c1 ended timeout
         09:20:00 c1 assigned bob
         09:30:00 c1 reopened
         09:35:00 c1 ended timeout
         > 09:10:00 ended c1#1 nobody auto first
         > 09:30:00 reopened c1#2 nobody after 1200
         > 09:35:00 ended c1#2 bob auto
         > 09:35:00 handled bob 300
         > 09:35:00 handling c1#2 bob 09:30:00 to 09:35:00",
    );
}

#[test]
fn a_ticket_is_handled_while_somebody_works_on_it_and_not_by_owning_it() {
    check(
        "09:00:00 t1 started agent=amy
         09:10:00 t1 work bob starts
         09:25:00 t1 work bob stops
         10:00:00 t1 work bob starts
         10:20:00 t1 work bob stops
         10:30:00 t1 status resolved
         > 09:25:00 handling t1#1 bob 09:10:00 to 09:25:00
         > 10:20:00 handling t1#1 bob 10:00:00 to 10:20:00
         > 10:30:00 resolved t1#1 amy resolved after 5400 active 5400 cycle 5400 first
         > 10:30:00 handled bob 2100",
    );
}

#[test]
fn unpaired_work_is_ignored() {
    check(
        "09:00:00 t1 started
         09:05:00 t1 work amy stops
         09:10:00 t1 work amy starts
         09:15:00 t1 work amy starts
         09:20:00 t1 work amy stops
         09:25:00 t1 work amy stops
         > 09:20:00 handling t1#1 amy 09:10:00 to 09:20:00",
    );
}

#[test]
fn work_goes_on_past_the_end_and_each_cycle_has_its_part() {
    check(
        "09:00:00 t1 started
         09:10:00 t1 work amy starts
         09:20:00 t1 status closed by=bob
         09:30:00 t1 status open
         09:35:00 t1 work amy stops
         09:40:00 t1 status closed by=bob
         > 09:20:00 resolved t1#1 bob closed after 1200 active 1200 cycle 1200 first
         > 09:20:00 handled amy 600
         > 09:30:00 reopened t1#2 bob after 600 counts
         > 09:35:00 handling t1#2 amy 09:10:00 to 09:35:00
         > 09:40:00 resolved t1#2 bob closed after 2400 active 1800 cycle 600
         > 09:40:00 handled amy 300",
    );
}

#[test]
fn work_that_lies_between_two_cycles_is_part_of_neither() {
    check(
        "09:00:00 t1 started
         09:20:00 t1 status closed by=bob
         09:21:00 t1 work amy starts
         09:22:00 t1 work amy stops
         09:30:00 t1 status open
         09:40:00 t1 status closed by=bob
         > 09:20:00 resolved t1#1 bob closed after 1200 active 1200 cycle 1200 first
         > 09:22:00 handling t1#1 amy 09:21:00 to 09:22:00
         > 09:30:00 reopened t1#2 bob after 600 counts
         > 09:40:00 resolved t1#2 bob closed after 2400 active 1800 cycle 600",
    );
}

#[test]
fn active_handling_is_the_wait_and_the_focus_after_each_message_joined() {
    check_with(
        active(),
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:00:00 c1 customer
         09:00:20 c1 says amy
         09:00:50 c1 says amy
         09:05:00 c1 says amy
         09:06:00 c1 says amy automated
         09:20:00 c1 ended timeout
         > 09:00:20 response c1#1 amy first opened 09:00:00 wait 20 judged 20 own 20 of 30 in time held amy 20
         > 09:01:50 handling c1#1 amy 09:00:00 to 09:01:50
         > 09:06:00 handling c1#1 amy 09:05:00 to 09:06:00
         > 09:20:00 ended c1#1 amy auto first
         > 09:20:00 handled amy 170",
    );
}

#[test]
fn active_handling_passes_with_the_wait_to_the_next_owner() {
    check_with(
        active(),
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:00:00 c1 customer
         09:00:20 c1 assigned bob
         09:00:29 c1 says bob
         09:10:00 c1 ended timeout
         > 09:00:20 handling c1#1 amy 09:00:00 to 09:00:20
         > 09:00:29 response c1#1 bob first opened 09:00:00 wait 29 judged 29 own 9 of 30 in time held amy 20 bob 9
         > 09:01:29 handling c1#1 bob 09:00:20 to 09:01:29
         > 09:10:00 ended c1#1 bob auto first
         > 09:10:00 handled amy 20
         > 09:10:00 handled bob 69",
    );
}

#[test]
fn the_fact_of_active_handling_comes_when_the_clock_has_passed_its_end() {
    let mut run = Run::new(active());
    run.play("09:00:00 c1 started\n09:00:10 c1 says amy\nclock 09:01:10");
    let handling = |run: &Run| run.lines().iter().filter(|line| line.contains("handling")).count();
    assert_eq!(handling(&run), 0);
    run.play("clock 09:01:10.001");
    assert_eq!(handling(&run), 1);
}

#[test]
fn pieces_that_touch_are_joined() {
    check_with(
        active(),
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:00:10 c1 says amy
         09:01:10 c1 customer
         09:01:20 c1 says amy
         clock 09:05:00
         > 09:01:20 response c1#1 amy first opened 09:01:10 wait 10 judged 10 own 10 of 30 in time held amy 10
         > 09:02:20 handling c1#1 amy 09:00:10 to 09:02:20",
    );
}

#[test]
fn focus_is_of_every_sender_and_goes_past_the_end() {
    check_with(
        active(),
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:00:00 c1 customer
         09:00:20 c1 says bob
         09:00:30 c1 ended timeout
         09:00:40 c1 says carol
         clock 09:05:00
         > 09:00:20 response c1#1 bob first opened 09:00:00 wait 20 judged 20 own 0 of 30 in time held amy 20
         > 09:00:20 handling c1#1 amy 09:00:00 to 09:00:20
         > 09:00:30 ended c1#1 amy auto first
         > 09:00:30 handled amy 20
         > 09:00:30 handled bob 10
         > 09:01:20 handling c1#1 bob 09:00:20 to 09:01:20
         > 09:01:40 handling c1#1 carol 09:00:40 to 09:01:40",
    );
}

#[test]
fn a_wait_that_another_answers_leaves_the_earlier_focus_to_its_end() {
    check_with(
        active(),
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:00:20 c1 says amy
         09:00:30 c1 customer
         09:00:40 c1 says bob
         clock 09:05:00
         > 09:00:40 response c1#1 bob first opened 09:00:30 wait 10 judged 10 own 0 of 30 in time held amy 10
         > 09:01:20 handling c1#1 amy 09:00:20 to 09:01:20
         > 09:01:40 handling c1#1 bob 09:00:40 to 09:01:40",
    );
}

#[test]
fn active_handling_of_a_chat_that_is_reopened_within_the_focus_is_split_among_the_cycles() {
    check_with(
        active(),
        "09:00:00 c1 started
         09:00:00 c1 assigned amy
         09:00:10 c1 says amy
         09:00:20 c1 ended timeout
         09:00:40 c1 customer
         09:00:50 c1 says amy
         09:05:00 c1 ended timeout
         > 09:00:20 ended c1#1 amy auto first
         > 09:00:20 handled amy 10
         > 09:00:40 reopened c1#2 nobody after 20
         > 09:00:50 response c1#2 amy first opened 09:00:40 wait 10 judged 10 own 10 of 30 in time held amy 10
         > 09:01:50 handling c1#2 amy 09:00:10 to 09:01:50
         > 09:05:00 ended c1#2 amy auto
         > 09:05:00 handled amy 70",
    );
}

#[test]
fn active_handling_is_for_chats_only() {
    check_with(
        active(),
        "09:00:00 t1 started waiting agent=amy
         09:00:20 t1 says amy
         09:10:00 t1 work amy starts
         09:12:00 t1 work amy stops
         09:20:00 t1 status closed
         > 09:00:20 response t1#1 amy first opened 09:00:00 wait 20 judged 20 own 20 held amy 20
         > 09:12:00 handling t1#1 amy 09:10:00 to 09:12:00
         > 09:20:00 resolved t1#1 amy closed after 1200 active 1200 cycle 1200 first
         > 09:20:00 handled amy 120",
    );
}

#[test]
fn contacts_are_told_at_assignments_human_messages_and_work() {
    let script = "09:00:00 t1 started team=x agent=amy
         09:01:00 t1 assigned bob team=y
         09:02:00 t1 says carol
         09:03:00 t1 says dave private
         09:04:00 t1 work erin starts
         09:05:00 t1 work erin starts
         09:06:00 t1 work erin stops
         09:07:00 t1 assigned -";
    let wanted = [
        "09:00:00 contact amy x",
        "09:01:00 contact bob y",
        "09:02:00 contact carol y",
        "09:04:00 contact erin y",
        "09:06:00 contact erin y",
    ];
    assert_eq!(signals(settings(Vec::new()), script, "contact"), wanted);
}

#[test]
fn standing_is_told_only_when_it_changed() {
    let script = "09:00:00 c1 started bot waiting
         09:00:10 c1 customer
         09:00:20 c1 handoff
         09:00:25 c1 assigned amy
         09:00:26 c1 assigned amy
         09:00:30 c1 says amy
         09:00:31 c1 says amy
         09:01:00 c1 ended resolved
         09:02:00 c1 assigned bob";
    let wanted = [
        "09:00:00 standing c1: nobody -> nobody open",
        "09:00:20 standing c1: nobody open -> nobody open waits since 09:00:00",
        "09:00:25 standing c1: nobody open waits since 09:00:00 -> amy open waits since 09:00:00",
        "09:00:30 standing c1: amy open waits since 09:00:00 -> amy open",
        "09:01:00 standing c1: amy open -> amy",
        "09:02:00 standing c1: amy -> bob",
    ];
    assert_eq!(signals(settings(Vec::new()), script, "standing"), wanted);
}

#[test]
fn handling_is_told_as_it_begins_and_ends() {
    let script = "09:00:00 c1 started
         09:00:10 c1 assigned amy
         09:00:20 c1 assigned bob
         09:01:00 c1 ended resolved";
    let wanted =
        ["09:00:10 began amy c1", "09:00:20 ended amy c1 from 09:00:10", "09:00:20 began bob c1", "09:01:00 ended bob c1 from 09:00:20"];
    let found: Vec<String> = signals(settings(Vec::new()), script, "c1").into_iter().filter(|line| !line.contains("standing")).collect();
    assert_eq!(found, wanted);
}

#[test]
fn a_cycle_of_no_time_is_handled_by_whom_its_customer_waited_on_though_that_is_joined_to_a_focus_of_before() {
    check_with(
        active(),
        "09:00:00 c1 started
         09:00:00 c1 ended timeout
         09:00:00 c1 says amy
         09:00:10 c1 customer
         09:00:10 c1 ended timeout
         clock 09:05:00
         > 09:00:00 ended c1#1 nobody auto first
         > 09:00:10 reopened c1#2 nobody after 10
         > 09:00:10 unanswered c1#2 amy timeout first opened 09:00:10 wait 0 judged 0 of 30 in time held
         > 09:00:10 ended c1#2 amy auto
         > 09:00:10 handled amy 0
         > 09:01:00 handling c1#2 amy 09:00:00 to 09:01:00",
    );
}

#[test]
fn work_that_goes_on_through_a_cycle_of_no_time_counts_in_it_with_0() {
    check(
        "09:00:00 t1 started
         09:05:00 t1 status resolved
         09:06:00 t1 work amy starts
         09:10:00 t1 status open
         09:10:00 t1 status resolved
         09:20:00 t1 work amy stops
         > 09:05:00 resolved t1#1 nobody resolved after 300 active 300 cycle 300 first
         > 09:10:00 reopened t1#2 nobody after 300 counts
         > 09:10:00 resolved t1#2 nobody resolved after 600 active 300 cycle 0
         > 09:10:00 handled amy 0
         > 09:20:00 handling t1#2 amy 09:06:00 to 09:20:00",
    );
}
