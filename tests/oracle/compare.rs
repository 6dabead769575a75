//! Compares what is printed with what is expected, as the public cases do.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Printed;

/// Numbers differ by rounding only.
const TOLERANCE: f64 = 0.000_500_001;

/// Whether a printed value is what is expected: of objects the expected fields only.
pub fn equal(expected: &Value, found: &Value, field: &str) -> bool {
    match (expected, found) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            let relative = if matches!(field, "p50" | "p90" | "p99") { a.abs() * 0.001 } else { 0.0 };
            (a - b).abs() <= relative.max(TOLERANCE)
        }
        (Value::Object(a), Value::Object(b)) => a.iter().all(|(name, value)| b.get(name).is_some_and(|it| equal(value, it, name))),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b, field)),
        _ => expected == found,
    }
}

/// What the program prints otherwise than the oracle says, if anything.
pub fn difference(oracle: &Printed, program: &Printed) -> Option<String> {
    let misplaced = program.facts.windows(2).find(|pair| pair[0]["at"].as_str() > pair[1]["at"].as_str());
    let misplaced = misplaced.map(|pair| format!("out of order: {} before {}", pair[0], pair[1]));
    let facts = kinds(oracle, program).into_iter().find_map(|kind| {
        let of = |facts: &[Value]| facts.iter().filter(|fact| fact["fact"] == kind.as_str()).cloned().collect::<Vec<_>>();
        first(&of(&oracle.facts), &of(&program.facts))
    });
    let rows = || first(&oracle.months, &program.months).or_else(|| first(&oracle.days, &program.days));
    misplaced.or(facts).or_else(rows)
}

/// Of facts the order within a kind is laid down, and their order in time.
fn kinds(oracle: &Printed, program: &Printed) -> BTreeSet<String> {
    let all = oracle.facts.iter().chain(&program.facts);
    all.filter_map(|fact| fact["fact"].as_str().map(str::to_owned)).collect()
}

/// The first difference between two lists of lines.
fn first(oracle: &[Value], program: &[Value]) -> Option<String> {
    let same = |index: usize| match (oracle.get(index), program.get(index)) {
        (Some(a), Some(b)) => equal(a, b, ""),
        (a, b) => a.is_none() && b.is_none(),
    };
    let index = (0..oracle.len().max(program.len())).find(|index| !same(*index))?;
    let show = |lines: &[Value]| lines.get(index).map_or_else(|| "nothing".to_owned(), Value::to_string);
    Some(format!("line {index}:\n  oracle  {}\n  program {}", show(oracle), show(program)))
}
