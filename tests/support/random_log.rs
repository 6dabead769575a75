//! Random logs of three partitions by seed: few names, so that everything meets; times around the end of a month, some of them late; records
//! that come twice, and such that are no events.

use std::ops::Range;

use deskpulse::model::PartitionId;
use rand::Rng;
use rand::rngs::SmallRng;

pub const PARTITIONS: usize = 3;
/// Three hours before the end of a month.
pub const START: i64 = 1_769_864_400_000;

pub type Log = [Vec<Vec<u8>>; PARTITIONS];

/// So many events. What happens is told from the number of a conversation and of an agent, as fields of JSON. One record in `junk.0` is followed
/// by one of `junk.1`.
pub fn log(chance: &mut SmallRng, events: usize, junk: (u32, &[&str]), happens: impl Fn(&mut SmallRng, usize, usize) -> String) -> Log {
    let mut log = Log::default();
    let mut now = START;
    for number in 0..events {
        now += [0, 0, 1, 700, 5_000, 20_000, 31_000, 600_000][chance.random_range(0..8)];
        let late = if chance.random_bool(0.04) { chance.random_range(2_000..4_000_000) } else { chance.random_range(0..1_500) };
        let time = now - late;
        let (conversation, agent) = (chance.random_range(0..4), chance.random_range(0..3));
        let fields = happens(chance, conversation, agent);
        let partition = if chance.random_bool(0.9) { conversation % PARTITIONS } else { chance.random_range(0..PARTITIONS) };
        let record = format!(r#"{{"id":"e{number}","time":{time},{fields}}}"#).into_bytes();
        // A producer that had no answer sends again, and sometimes something broken.
        for _ in 0..if chance.random_bool(0.06) { 2 } else { 1 } {
            log[partition].push(record.clone());
        }
        if chance.random_ratio(1, junk.0) {
            log[partition].push(junk.1[chance.random_range(0..junk.1.len())].into());
        }
    }
    log
}

pub fn partition(index: usize) -> PartitionId {
    PartitionId { topic: 0, partition: index as u32 }
}

/// The seeds to run: `SEED` alone, or `SEEDS` of them.
pub fn seeds(given: u64) -> Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    number("SEED").map_or(0..number("SEEDS").unwrap_or(given), |seed| seed..seed + 1)
}
