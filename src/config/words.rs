//! What serde says of a value, in the words of who writes the file: what was found, and what is wanted.

use serde_path_to_error::Segment;

/// What the reader of a value wants, as serde names it and as people do.
const WANTED: &[(&str, &str)] = &[
    ("usize", "a whole number of 0 or more"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("a string", "a text in quotes"),
    ("string only", WORD),
    ("a sequence", "a list in square brackets"),
    ("a map", "a section of keys and values"),
];

/// Where there is a choice of words.
const WORD: &str = "one of the words that deskpulse check --reference lists, in quotes";

/// So much of a value is shown.
const SHOWN: usize = 60;

/// How alike two keys are, from 0 to 1, for one to be named as what was meant.
const ALIKE: f64 = 0.8;

/// A message of serde about a value, in the user's words; what our own code says stays as it is.
pub(super) fn reworded(path: &str, value: Option<&toml::Value>, said: &str) -> String {
    let mismatch = split(said, "invalid type: ", ", expected ").or_else(|| split(said, "invalid value: ", ", expected "));
    if let Some((_, wanted)) = mismatch {
        return format!("{}: wanted {}", as_written(value), in_plain_words(path, wanted));
    }
    if said.starts_with("wanted exactly 1 element") {
        return format!("{}: wanted {WORD}", as_written(value));
    }
    if let Some((key, known)) = split(said, "unknown field `", "`, expected ") {
        let known = names(known);
        let likeness = |name: &str| strsim::jaro_winkler(key, name);
        let nearest = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|name| likeness(name) > ALIKE);
        let meant = nearest.map_or_else(String::new, |name| format!(", {name} is probably meant"));
        return format!("unknown key{meant}: wanted one of {}", known.join(", "));
    }
    match split(said, "unknown variant `", "`, expected ") {
        Some((word, known)) => format!("{word:?}: wanted {}", names(known).join(" or ")),
        None => said.to_owned(),
    }
}

/// The value that a path leads to.
pub(super) fn value_at<'a>(table: &'a toml::Table, path: &serde_path_to_error::Path) -> Option<&'a toml::Value> {
    let mut steps = path.iter();
    let first = match steps.next()? {
        Segment::Map { key } => table.get(key)?,
        _ => return None,
    };
    steps.try_fold(first, |here, step| match step {
        Segment::Map { key } => here.get(key),
        Segment::Seq { index } => here.get(index),
        _ => None,
    })
}

/// What stands after `begin`, on both sides of the first `middle`.
fn split<'a>(said: &'a str, begin: &str, middle: &str) -> Option<(&'a str, &'a str)> {
    said.strip_prefix(begin)?.split_once(middle)
}

/// Serde's list of names: each in backquotes.
fn names(listed: &str) -> Vec<&str> {
    listed.split('`').skip(1).step_by(2).collect()
}

/// A value as it is written in TOML, if it is short.
fn as_written(value: Option<&toml::Value>) -> String {
    match value {
        Some(toml::Value::Array(_)) => "a list".to_owned(),
        Some(toml::Value::Table(_)) => "a section".to_owned(),
        Some(value) => value.to_string().chars().take(SHOWN).collect(),
        None => "this value".to_owned(),
    }
}

fn in_plain_words<'a>(path: &str, wanted: &'a str) -> &'a str {
    if path == "policy" {
        return "sections that begin with [[policy]], in two brackets";
    }
    if wanted.starts_with("struct ") {
        return "a section of keys and values";
    }
    WANTED.iter().find(|(serdes, _)| *serdes == wanted).map_or(wanted, |(_, ours)| ours)
}
