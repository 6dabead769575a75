//! Random logs: what `replay` prints is what the oracle says.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops where its own setting is not as it must be")]

mod oracle;

use std::collections::BTreeMap;

use oracle::compare::difference;
use oracle::{generator, program};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_oracle_says_hangs_together(log in generator::logs(40)) {
        let printed = oracle::print(&log);
        for fact in printed.facts.iter().filter(|fact| fact["held"].is_array()) {
            let held: f64 = fact["held"].as_array().expect("a list").iter().map(|share| number(share, "seconds")).sum();
            prop_assert!((held - number(fact, "wait_seconds")).abs() < 0.0005, "{fact}");
        }
        prop_assert_eq!(sums(&printed.days), sums(&printed.months));
    }
}

#[test]
fn the_program_prints_what_the_oracle_says() {
    let config = ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 4_000, ..ProptestConfig::default() };
    let result = runner(config).run(&generator::logs(200), |log| match difference(&oracle::print(&log), &program::print(&log)) {
        Some(difference) => Err(TestCaseError::fail(difference)),
        None => Ok(()),
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// The logs of `PROPTEST_RNG_SEED`; without one the same at every run, or others each time when `ORACLE_CASES` asks for a number of them.
fn runner(config: ProptestConfig) -> TestRunner {
    if ["PROPTEST_RNG_SEED", "ORACLE_CASES"].into_iter().any(|name| std::env::var_os(name).is_some()) {
        return TestRunner::new(config);
    }
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// How many logs are compared; `ORACLE_CASES` says otherwise.
fn cases() -> u32 {
    std::env::var("ORACLE_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(150)
}

fn number(value: &Value, field: &str) -> f64 {
    value[field].as_f64().unwrap_or_default()
}

/// What rows of a kind add up to in each month, whether they are of months or of days.
fn sums(rows: &[Value]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let month: String = row["period"].as_str().expect("a period").chars().take(7).collect();
        let key = [
            month,
            row["scope"].to_string(),
            row["id"].to_string(),
            row["kpi"].to_string(),
            row["medium"].to_string(),
            row["corrects"].to_string(),
        ];
        for field in ["count", "sum", "numerator", "denominator"] {
            let sum: &mut i64 = sums.entry(format!("{key:?} {field}")).or_default();
            *sum += (number(row, field) * 1_000.0).round() as i64;
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}
