//! Records as producers spoil them: some of each reason of rejection.

use deskpulse::decode::Reason;
use serde_json::Value;

/// Of the records that are too large, so many are larger by far.
const HUGE: usize = 20;

/// The `index`-th record of a reason, made from a good one.
pub fn spoiled(good: &str, reason: Reason, index: usize) -> Vec<u8> {
    let field = |name: &str, value: &str| {
        let mut event: Value = serde_json::from_str(good).unwrap();
        event[name] = serde_json::from_str(value).unwrap();
        event.to_string().into_bytes()
    };
    match reason {
        Reason::NotJson if index.is_multiple_of(3) => good.as_bytes()[..good.len() / 2].to_vec(),
        Reason::NotJson if index % 3 == 1 => [b"\xff\xfe", good.as_bytes()].concat(),
        Reason::NotJson => format!("{good}\n{good}").into_bytes(),
        Reason::NotAnObject => format!("[{good}]").into_bytes(),
        Reason::MissingField => field("type", "null"),
        Reason::WrongType => field("id", "7"),
        Reason::BadValue => field("id", "\"\""),
        Reason::BadTime if index.is_multiple_of(2) => field("time", "1764061200"),
        Reason::BadTime => field("time", "\"yesterday\""),
        Reason::TooLong => field("id", &format!("\"{}\"", "9".repeat(1_000))),
        // Most are just over the limit in sum of what the log can hold; some are larger by far.
        Reason::TooLarge if index < HUGE => field("text", &format!("\"{}\"", "a".repeat(300 << 10))),
        Reason::TooLarge => field("text", &format!("\"{}\"", "a".repeat(256 << 10))),
    }
}
