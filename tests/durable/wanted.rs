//! How much is wanted: counts and the seed, by variables of the environment.

/// A count of faults, unless the variable says otherwise.
pub fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |value| value.parse().unwrap())
}

/// What chooses moments. It is told, so that a run that fails can be repeated.
pub fn seed() -> u64 {
    let seed = number("SEED", 7);
    println!("SEED={seed}");
    seed
}
