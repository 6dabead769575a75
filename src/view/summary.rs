//! The summary of a run: what became of every line.

use std::collections::BTreeMap;

use super::json::{Object, With};

/// What became of every line: each is in exactly one of `applied`, `duplicate`, `unknown_type`, `tombstone` and `rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events applied.
    pub applied: u64,
    /// Seen before.
    pub duplicate: u64,
    /// Of those applied: too late for their place in the order.
    pub late: u64,
    /// Of those applied: dated ahead of their arrival.
    pub skewed: u64,
    /// Of a type that is none of ours.
    pub unknown_type: u64,
    /// Empty lines.
    pub tombstone: u64,
    /// Of those applied: started a conversation without a start event.
    pub implicit: u64,
    /// Rejected, by the word of the reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

impl Summary {
    /// As one JSON object on one line.
    #[must_use]
    pub fn json(&self) -> String {
        let mut out = String::new();
        let rejected = |out: &mut String| {
            let mut object = Object::new(out);
            self.rejected.iter().filter(|(_, count)| **count > 0).for_each(|(reason, count)| {
                object.field(reason, *count);
            });
            object.end();
        };
        Object::new(&mut out)
            .field("applied", self.applied)
            .field("duplicate", self.duplicate)
            .field("late", self.late)
            .field("skewed", self.skewed)
            .field("unknown_type", self.unknown_type)
            .field("tombstone", self.tombstone)
            .field("implicit", self.implicit)
            .field("rejected", With(rejected))
            .end();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_did_not_occur_are_left_out() {
        let summary = Summary { applied: 4, rejected: BTreeMap::from([("bad_time", 1), ("too_long", 0)]), ..Summary::default() };
        let wanted =
            r#"{"applied":4,"duplicate":0,"late":0,"skewed":0,"unknown_type":0,"tombstone":0,"implicit":0,"rejected":{"bad_time":1}}"#;
        assert_eq!(summary.json(), wanted);
    }
}
