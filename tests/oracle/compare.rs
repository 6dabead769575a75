//! Compares what is printed with what is expected, as the public cases do.

use serde_json::Value;

/// Numbers differ by rounding only.
const TOLERANCE: f64 = 0.0005;

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

/// The first difference between two lists of lines, for a message.
#[expect(dead_code, reason = "until the program is there to compare with")]
pub fn difference(what: &str, expected: &[Value], found: &[Value]) -> Option<String> {
    let same = |index: usize| match (expected.get(index), found.get(index)) {
        (Some(a), Some(b)) => equal(a, b, ""),
        (a, b) => a.is_none() && b.is_none(),
    };
    let index = (0..expected.len().max(found.len())).find(|index| !same(*index))?;
    let show = |lines: &[Value]| lines.get(index).map_or_else(|| "nothing".to_owned(), Value::to_string);
    Some(format!("{what} {index}:\n  oracle  {}\n  program {}", show(expected), show(found)))
}
