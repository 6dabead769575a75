//! Starts: by a start event, by another one, a second time, and after having been forgotten.

use super::script::{Run, check, check_with, policy, seconds, settings};
use crate::engine::conversation::Effect;
use crate::engine::policy::Policy;
use crate::engine::settings::Settings;
use crate::model::{Medium, Span};

#[test]
fn a_start_tells_kind_scope_team_and_owner() {
    check(
        "09:00:00 t1 started kind=incident team=x agent=amy out_of_scope
         09:00:01 c1 started team=y
         > 09:00:00 started t1#1 amy@x kind incident out of scope
         > 09:00:01 started c1#1 nobody@y",
    );
}

#[test]
fn every_event_about_an_unknown_conversation_starts_it_before_its_effect() {
    check(
        "09:00:00 c1 customer private
         09:00:01 c2 assigned amy team=x
         09:00:02 c3 handoff team=y
         09:00:03 c4 ended timeout
         09:00:04 c5 reopened
         09:00:05 c6 followed_up amy
         09:00:06 t1 status pending
         09:00:07 t2 work amy starts
         09:00:08 t3 customer edited
         > 09:00:00 started c1#1 nobody implicit
         > 09:00:01 started c2#1 nobody@x implicit
         > 09:00:02 started c3#1 nobody@y implicit
         > 09:00:03 started c4#1 nobody implicit
         > 09:00:03 ended c4#1 nobody auto first
         > 09:00:04 started c5#1 nobody implicit
         > 09:00:05 started c6#1 nobody implicit
         > 09:00:05 followed_up c6#1 amy
         > 09:00:06 started t1#1 nobody implicit
         > 09:00:07 started t2#1 nobody implicit
         > 09:00:08 started t3#1 nobody implicit",
    );
}

#[test]
fn effects_tell_implicit_starts() {
    let mut run = Run::new(settings(Vec::new()));
    run.play("09:00:00 c1 customer\n09:00:01 c1 customer\n09:00:02 c2 started\n09:00:03 t1 started waiting\n09:00:04 t1 merged t2");
    assert_eq!(run.effects.iter().map(|effect| effect.implicit).collect::<Vec<_>>(), [true, false, false, false, true]);
    assert!(run.effects.iter().all(|effect| !effect.forgotten));
}

#[test]
fn the_first_cycle_of_an_implicit_start_is_no_sample_and_later_ones_are() {
    let tickets = Policy { resolution: seconds(1_800), ..policy(Medium::Ticket) };
    check_with(
        settings(vec![tickets]),
        "09:00:00 t9 says amy
         10:00:00 t9 status resolved
         11:00:00 t9 status open
         11:30:00 t9 status resolved
         12:00:00 t9 status open
         > 10:00:00 resolved t9#1 amy resolved after 3600 active 3600 cycle 3600 uncounted
         > 11:00:00 reopened t9#2 amy after 3600
         > 11:30:00 resolved t9#2 amy resolved after 9000 active 5400 cycle 1800
         > 12:00:00 reopened t9#3 amy after 1800 counts",
    );
}

#[test]
fn a_complaint_that_started_implicitly_counts_from_its_second_cycle_and_its_implicit_start() {
    check(
        "09:00:00 t9 says amy
         09:10:00 t9 started kind=complaint
         +1d10:00:00 t9 status resolved
         +1d11:00:00 t9 status open
         +1d12:00:00 t9 status resolved
         > 09:10:00 complained t9#1 amy
         > +1d10:00:00 resolved t9#1 amy resolved after 90000 active 90000 cycle 90000 uncounted
         > +1d11:00:00 reopened t9#2 amy after 3600
         > +1d11:00:00 breach t9#2 amy resolution opened 09:00:00 of 86400 inherited 0
         > +1d12:00:00 resolved t9#2 amy resolved after 97200 active 93600 cycle 3600 of 86400 late complaint 97200",
    );
}

#[test]
fn a_second_start_names_attributes_and_does_nothing_else() {
    check(
        "09:00:00 c1 customer
         09:00:05 c1 started team=x channel=web bot waiting agent=bob
         09:00:10 c1 bot
         09:00:20 c1 started team=y
         09:00:25 c1 started
         09:01:00 c1 ended resolved
         09:02:00 c1 started team=z waiting
         clock 10:00:00
         > 09:00:00 started c1#1 nobody implicit
         > 09:00:10 bot_answered c1#1 nobody@x opened 09:00:00 wait 10
         > 09:01:00 ended c1#1 nobody@y bot first",
    );
}

#[test]
fn a_waiting_customer_at_a_start_with_a_bot_waits_in_the_hold() {
    check(
        "09:00:00 c1 started bot waiting
         09:10:00 c1 ended abandoned
         > 09:10:00 unanswered c1#1 nobody abandoned first bot's opened 09:00:00 wait 600 judged 0 of 30 in time held bot 600
         > 09:10:00 ended c1#1 nobody bot first",
    );
}

fn forgetting() -> Settings {
    Settings { forget_after: Span::DAY, ..settings(Vec::new()) }
}

#[test]
fn an_ended_conversation_is_forgotten_and_starts_anew() {
    check_with(
        forgetting(),
        "09:00:00 c1 started team=x
         09:00:00 c1 assigned amy
         09:10:00 c1 ended timeout
         +1d09:10:00.001 c1 customer
         > 09:00:00 started c1#1 nobody@x
         > 09:10:00 ended c1#1 amy@x auto first
         > +1d09:10:00.001 started c1#1 nobody implicit",
    );
}

#[test]
fn exactly_forget_after_later_it_is_still_known() {
    check_with(
        forgetting(),
        "09:00:00 c1 started
         09:10:00 c1 ended timeout
         +1d09:10:00 c1 customer
         > 09:10:00 ended c1#1 nobody auto first
         > +1d09:10:00 reopened c1#2 nobody after 86400",
    );
}

#[test]
fn every_event_that_names_it_keeps_it_known() {
    let mut run = Run::new(forgetting());
    run.play("09:00:00 c1 started\n09:10:00 c1 ended timeout\n+1d09:00:00 c1 system\nclock +2d08:00:00");
    assert!(run.fold.reference(&super::script::id("c1"), run.clock).is_some());
    run.play("clock +3d07:00:00");
    assert!(run.fold.reference(&super::script::id("c1"), run.clock).is_some());
    run.play("clock +4d07:00:00.001");
    assert!(run.fold.reference(&super::script::id("c1"), run.clock).is_none());
}

#[test]
fn an_open_conversation_is_never_forgotten() {
    check_with(
        forgetting(),
        "09:00:00 c1 started
         +9d09:00:00 c1 says amy
         +9d09:10:00 c1 ended resolved
         > +9d09:10:00 resolved c1#1 amy resolved after 778200 active 778200 cycle 778200 first",
    );
}

#[test]
fn a_start_event_on_a_forgotten_conversation_is_no_implicit_start() {
    let mut run = Run::new(forgetting());
    run.play("09:00:00 c1 started\n09:10:00 c1 ended timeout\n+2d09:00:00 c1 started team=x");
    assert_eq!(run.effects.last(), Some(&Effect { implicit: false, forgotten: true }));
}

#[test]
fn it_is_known_to_have_been_forgotten_for_as_long_again() {
    for (instant, forgotten) in [("+1d09:10:00", false), ("+1d09:10:00.001", true), ("+2d09:10:00", true), ("+2d09:10:00.001", false)] {
        let mut run = Run::new(forgetting());
        run.play(&format!("09:00:00 c1 started\n09:10:00 c1 ended timeout\n{instant} c1 customer"));
        assert_eq!(run.effects.last().unwrap().forgotten, forgotten, "{instant}");
    }
}

#[test]
fn a_reference_never_starts_a_conversation() {
    let mut run = Run::new(settings(Vec::new()));
    assert!(run.fold.reference(&super::script::id("c1"), run.clock).is_none());
    run.play("09:00:00 c1 started team=x channel=web\n09:10:00 c1 ended timeout\n09:20:00 c1 reopened");
    let (conversation, team) = run.fold.reference(&super::script::id("c1"), run.clock).unwrap();
    assert_eq!((conversation.cycle, conversation.channel.as_deref(), team.as_deref()), (2, Some("web"), Some("x")));
    run.play("09:30:00 c1 ended timeout");
    assert!(run.fold.reference(&super::script::id("c1"), run.clock).is_some());
}
