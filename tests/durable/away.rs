//! A service that stands still for a minute and a half, and one whose broker is away for a minute, under load: both come back by themselves
//! and have missed and invented nothing. These wait more than they work, so they share one test.

use crate::day::{PAST, PRESENT, Subject};
use crate::fault::Fault;
use crate::harness::{Blow, Run};
use crate::wanted::number;

/// What has been read before.
const BEFORE: u64 = 4_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_standstill_and_a_broker_that_is_away_change_no_number() {
    let both = [PRESENT, PAST].into_iter();
    let runs = both.flat_map(|subject| [(subject, Fault::Stopped, "STOPS"), (subject, Fault::Away, "AWAYS")]);
    let runs: Vec<_> =
        runs.map(|(subject, fault, count)| (fault, subject.pace, tokio::spawn(survives(subject, fault, number(count, 1))))).collect();
    for (fault, pace, run) in runs {
        run.await.unwrap_or_else(|error| panic!("{fault:?}, {pace:?}: {error}"));
    }
}

async fn survives(subject: Subject, fault: Fault, count: u64) {
    if count == 0 {
        return;
    }
    let run = Run::new(subject).await;
    let blows: Vec<Blow> = (0..count).map(|_| Blow(fault, BEFORE)).collect();
    tokio::task::block_in_place(|| run.watched().survives(&blows));
}
