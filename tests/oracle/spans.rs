//! Sets of instants as lists of half-open intervals.

use super::Ms;

/// A half-open interval `[from, to)`.
pub type Interval = (Ms, Ms);

/// The parts of the intervals inside `[from, to)`, without empty ones.
pub fn clip(intervals: &[Interval], from: Ms, to: Ms) -> Vec<Interval> {
    intervals.iter().map(|it| (it.0.max(from), it.1.min(to))).filter(|it| it.0 < it.1).collect()
}

/// The same instants, each once.
pub fn union(intervals: &[Interval]) -> Vec<Interval> {
    let mut sorted: Vec<Interval> = intervals.iter().copied().filter(|it| it.0 < it.1).collect();
    sorted.sort_unstable();
    let mut joined: Vec<Interval> = Vec::new();
    for it in sorted {
        match joined.last_mut() {
            Some(last) if it.0 <= last.1 => last.1 = last.1.max(it.1),
            _ => joined.push(it),
        }
    }
    joined
}

/// Their lengths added up.
pub fn sum(intervals: &[Interval]) -> Ms {
    intervals.iter().map(|it| it.1 - it.0).sum()
}

/// How many milliseconds lie in one or more of them.
pub fn measure(intervals: &[Interval]) -> Ms {
    sum(&union(intervals))
}
