//! Killed at random times, at named points, asked to end, and left without a disk, always under load: totals, facts and counters are those
//! of a replay.

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::day::{PAST, PRESENT, Subject};
use crate::fault::{Fault, File, Point};
use crate::harness::{Blow, Run};
use crate::wanted::{number, seed};

/// A killed process has lived this long at most, in milliseconds.
const LIFE_MAX: u64 = 3_000;

/// As many blows of a kind, each at another moment.
fn blows(count: u64, fault: Fault, moments: std::ops::Range<u64>) -> Vec<Blow> {
    let mut chance = SmallRng::seed_from_u64(seed());
    (0..count).map(|_| Blow(fault, chance.random_range(moments.clone()))).collect()
}

async fn survives(subject: Subject, blows: &[Blow]) {
    let run = Run::new(subject).await;
    tokio::task::block_in_place(|| run.survives(blows));
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_random_times_change_no_number_and_prometheus_sees_no_counter_go_down() {
    let run = Run::new(PAST).await;
    tokio::task::block_in_place(|| run.watched().survives(&blows(number("KILLS", 30), Fault::Killed, 0..LIFE_MAX)));
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_while_the_wall_clock_decides_change_no_number() {
    survives(PRESENT, &blows(number("KILLS_NOW", 5), Fault::Killed, 500..5_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_which_every_record_was_sent_twice_is_counted_once_whatever_was_killed() {
    survives(Subject { duplicates: 1.0, ..PAST }, &blows(number("KILLS_TWICE", 4), Fault::Killed, 500..LIFE_MAX)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_around_a_commit_changes_no_number() {
    let mut chance = SmallRng::seed_from_u64(seed());
    // The first commit, then others.
    let times = (0..number("POINTS", 1)).map(|round| if round == 0 { 1 } else { chance.random_range(1..6) });
    let blows: Vec<Blow> = times.flat_map(|time| Point::ALL.map(|point| Blow(Fault::At(point), time))).collect();
    survives(Subject { archive: true, ..PAST }, &blows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_under_load_is_in_time_and_changes_no_number() {
    survives(PAST, &blows(number("TERMS", 10), Fault::Asked, 300..LIFE_MAX)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_service_with_a_sentence_and_changes_no_number() {
    let full = [300, 700, 1_500].into_iter().cycle().map(|kibibytes| Blow(Fault::Full, kibibytes));
    let blows: Vec<Blow> = [Blow(Fault::Killed, 2_000)].into_iter().chain(full.take(number("FULLS", 3) as usize)).collect();
    survives(PAST, &blows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_written_any_more_ends_the_service_and_changes_no_number() {
    let mut chance = SmallRng::seed_from_u64(seed());
    let faults: [fn(File) -> Fault; 3] = [Fault::FullFor, Fault::Lost, Fault::Stale];
    let files = [File::Log, File::Archive, File::Store];
    let mut blows = vec![Blow(Fault::Killed, 2_000)];
    for _ in 0..number("DISKS", 1) {
        for (fault, file) in faults.into_iter().flat_map(|fault| files.map(|file| (fault(file), file))) {
            // A start makes things last, too; a store is written when its log is carried over into it, at the end of some lives at the latest.
            let time = if file == File::Store { 1 } else { chance.random_range(4..10) };
            // What was left behind is read again, and must be on the disk by then.
            blows.extend([Blow(fault, time), Blow(Fault::Unpowered, chance.random_range(1_000..LIFE_MAX))]);
        }
    }
    survives(Subject { archive: true, ..PAST }, &blows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_of_power_changes_no_number() {
    survives(Subject { archive: true, ..PAST }, &blows(number("POWERS", 5), Fault::Unpowered, 300..LIFE_MAX)).await;
}
