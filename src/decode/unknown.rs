//! Fields that nobody knows: ignored by decoding, named by `replay --strict` with the known one that was probably meant.

use super::json;
use super::reject::shown;
use super::table::{ENVELOPE, EventType};

/// A field that the type of its record does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownField {
    /// Its name, at most 40 characters of it.
    pub name: String,
    /// The known field that was probably meant.
    pub nearest: Option<&'static str>,
}

/// The fields of a record that its type does not have, each once, in the record's order. Empty for a record that is no object of a known type.
#[must_use]
pub fn unknown_fields(record: &[u8]) -> Vec<UnknownField> {
    let Some(entries) = std::str::from_utf8(record).ok().and_then(|text| json::entries(text).ok()) else { return Vec::new() };
    let written = entries.0.iter().rev().find(|(name, _)| name == "type").and_then(|(_, json)| serde_json::from_str::<String>(json).ok());
    let Some(kind) = written.and_then(|name| EventType::of(&name)) else { return Vec::new() };
    let known: Vec<_> = ENVELOPE.iter().chain(kind.fields).map(|field| field.key.name()).collect();
    let mut unknown: Vec<UnknownField> = Vec::new();
    for (name, _) in &entries.0 {
        let field = UnknownField { name: shown(name), nearest: nearest(name, &known) };
        if !known.contains(&name.as_str()) && !unknown.contains(&field) {
            unknown.push(field);
        }
    }
    unknown
}

/// The most similar name, if one is similar enough to have been meant.
fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    const SIMILAR: f64 = 0.8;
    let name = name.to_lowercase();
    let similarity = |known: &str| strsim::jaro_winkler(&name, known);
    let best = known.iter().copied().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(best) >= SIMILAR).then_some(best)
}
