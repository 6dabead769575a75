//! Complaints: unpaused time from the start, withdrawal by reopening, naming late.

use super::script::{check, check_with, seconds, settings};
use crate::engine::policy::{Match, Policy};

#[test]
fn a_complaint_s_clock_does_not_stop_for_a_pause() {
    check(
        "08:00:00 t1 started kind=complaint agent=amy
         10:00:00 t1 status pending
         16:00:00 t1 status open
         +1d04:00:00 t1 status resolved
         > 08:00:00 complained t1#1 amy
         > +1d04:00:00 resolved t1#1 amy resolved after 72000 active 50400 cycle 72000 of 86400 in time first complaint 72000",
    );
}

#[test]
fn the_default_target_of_a_complaint_is_24_hours_paused_or_not() {
    check(
        "08:00:00 t1 started kind=complaint agent=bob
         09:00:00 t1 status on_hold
         21:00:00 t1 assigned amy
         +1d09:00:00 t1 status resolved
         > +1d08:00:00 breach t1#1 amy resolution opened 08:00:00 of 86400 inherited 46800
         > +1d09:00:00 resolved t1#1 amy resolved after 90000 active 3600 cycle 90000 of 86400 late first complaint 90000",
    );
}

#[test]
fn a_reopening_withdraws_the_sample_and_the_next_resolve_gives_the_one_that_stands() {
    check(
        "10:00:00 t1 started kind=complaint team=x agent=amy
         11:00:00 t1 status resolved
         11:30:00 t1 assigned bob team=y
         12:00:00 t1 status open
         15:00:00 t1 status closed
         16:00:00 t1 customer
         17:00:00 t1 status closed
         > 11:00:00 resolved t1#1 amy@x resolved after 3600 active 3600 cycle 3600 of 86400 in time first complaint 3600
         > 12:00:00 reopened t1#2 amy@y after 3600 counts
         > 12:00:00 withdrawn t1#1 amy@x complaint_handling_time reopened of 11:00:00
         > 15:00:00 resolved t1#2 bob@y closed after 18000 active 14400 cycle 10800 of 86400 in time complaint 18000
         > 16:00:00 reopened t1#3 bob@y after 3600 counts
         > 16:00:00 withdrawn t1#2 bob@y complaint_handling_time reopened of 15:00:00
         > 17:00:00 unanswered t1#3 bob@y closed first opened 16:00:00 wait 3600 judged 3600 held bob 3600
         > 17:00:00 resolved t1#3 bob@y closed after 25200 active 18000 cycle 3600 of 86400 in time complaint 25200",
    );
}

#[test]
fn a_complaint_reopened_after_its_deadline_breaches_at_the_reopening_once() {
    check(
        "08:00:00 t1 started kind=complaint agent=amy
         09:00:00 t1 status resolved
         +2d08:00:00 t1 assigned bob
         +2d09:00:00 t1 status open
         +2d10:00:00 t1 status resolved
         +2d11:00:00 t1 status open
         > 09:00:00 resolved t1#1 amy resolved after 3600 active 3600 cycle 3600 of 86400 in time first complaint 3600
         > +2d09:00:00 reopened t1#2 amy after 172800 counts
         > +2d09:00:00 withdrawn t1#1 amy complaint_handling_time reopened of 09:00:00
         > +2d09:00:00 breach t1#2 bob resolution opened 08:00:00 of 86400 inherited 172800
         > +2d10:00:00 resolved t1#2 bob resolved after 180000 active 7200 cycle 3600 of 86400 late complaint 180000
         > +2d11:00:00 reopened t1#3 bob after 3600 counts
         > +2d11:00:00 withdrawn t1#2 bob complaint_handling_time reopened of +2d10:00:00",
    );
}

#[test]
fn a_complaint_reopened_before_its_deadline_breaches_at_the_deadline() {
    check(
        "08:00:00 t1 started kind=complaint agent=amy
         09:00:00 t1 status resolved
         10:00:00 t1 status pending
         clock +2d00:00:00
         > 09:00:00 resolved t1#1 amy resolved after 3600 active 3600 cycle 3600 of 86400 in time first complaint 3600
         > 10:00:00 reopened t1#2 amy after 3600 counts
         > 10:00:00 withdrawn t1#1 amy complaint_handling_time reopened of 09:00:00
         > +1d08:00:00 breach t1#2 amy resolution opened 08:00:00 of 86400 inherited 0",
    );
}

#[test]
fn named_a_complaint_late_it_counts_as_raised_then_and_runs_from_the_start() {
    check(
        "09:00:00 t1 started kind=question agent=amy
         12:00:00 t1 started kind=complaint
         13:00:00 t1 status resolved
         > 12:00:00 complained t1#1 amy
         > 13:00:00 resolved t1#1 amy resolved after 14400 active 14400 cycle 14400 of 86400 in time first complaint 14400",
    );
}

#[test]
fn named_a_complaint_after_its_deadline_it_breaches_at_the_naming_on_the_owner_of_that_moment() {
    check(
        "09:00:00 t1 started kind=question agent=amy
         12:00:00 t1 assigned bob
         +2d09:00:00 t1 started kind=complaint
         +2d10:00:00 t1 status resolved
         > +2d09:00:00 complained t1#1 bob
         > +2d09:00:00 breach t1#1 bob resolution opened 09:00:00 of 86400 inherited 10800
         > +2d10:00:00 resolved t1#1 bob resolved after 176400 active 176400 cycle 176400 of 86400 late first complaint 176400",
    );
}

#[test]
fn a_complaint_stays_one() {
    check(
        "09:00:00 t1 started kind=complaint agent=amy
         10:00:00 t1 started kind=question
         11:00:00 t1 started kind=complaint
         +1d15:00:00 t1 status resolved
         > 09:00:00 complained t1#1 amy
         > +1d09:00:00 breach t1#1 amy resolution opened 09:00:00 of 86400 inherited 0
         > +1d15:00:00 resolved t1#1 amy resolved after 108000 active 108000 cycle 108000 of 86400 late first complaint 108000",
    );
}

#[test]
fn an_end_that_is_no_resolution_gives_no_sample_of_a_complaint() {
    check(
        "09:00:00 t2 started
         09:00:00 t1 started kind=complaint
         10:00:00 t1 merged t2
         clock +2d00:00:00
         > 10:00:00 ended t1#1 nobody merged first",
    );
}

#[test]
fn named_a_complaint_after_its_end_it_breaches_only_when_it_is_reopened() {
    check(
        "09:00:00 t1 started kind=question
         10:00:00 t1 status resolved by=amy
         +2d09:00:00 t1 started kind=complaint
         +2d10:00:00 t1 status open
         > 10:00:00 resolved t1#1 amy resolved after 3600 active 3600 cycle 3600 first
         > +2d09:00:00 complained t1#1 nobody
         > +2d10:00:00 reopened t1#2 amy after 172800 counts
         > +2d10:00:00 breach t1#2 nobody resolution opened 09:00:00 of 86400 inherited 0",
    );
}

#[test]
fn a_breach_of_the_target_before_the_naming_stands_and_the_complaint_is_late() {
    let tickets =
        Policy { matches: Match { kind: Some("question".into()), ..Match::default() }, resolution: seconds(15), ..Policy::default() };
    check_with(
        settings(vec![tickets]),
        "09:00:00 t1 started kind=question
         09:00:25 t1 started kind=complaint
         09:00:30 t1 status resolved by=amy
         > 09:00:15 breach t1#1 nobody resolution opened 09:00:00 of 15 inherited 0
         > 09:00:30 resolved t1#1 amy resolved after 30 active 30 cycle 30 of 86400 late first complaint 30",
    );
}
