//! Three brokers that stand in for one another: each is killed while the others serve, then all at once. On demand: `make torture`.

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::day::{PAST, PRESENT, Subject};
use crate::fault::Fault;
use crate::harness::{Blow, Run};
use crate::support::broker::Broker;
use crate::wanted::{number, seed};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "on demand: takes minutes, and the memory of three brokers"]
async fn brokers_of_a_cluster_that_are_killed_in_turn_and_all_at_once_change_no_number() {
    survives(PAST).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "on demand: takes minutes, and the memory of three brokers"]
async fn brokers_of_a_cluster_that_are_killed_while_the_wall_clock_decides_change_no_number() {
    survives(PRESENT).await;
}

async fn survives(subject: Subject) {
    let mut chance = SmallRng::seed_from_u64(seed());
    let mut blow = |fault| Blow(fault, chance.random_range(500..5_000));
    let mut blows: Vec<Blow> = (0..number("LEADERS", 2)).map(|_| blow(Fault::Leaderless)).collect();
    blows.push(blow(Fault::Away));
    let run = Run::over(Broker::start_three(), subject).await;
    tokio::task::block_in_place(|| run.watched().survives(&blows));
}
