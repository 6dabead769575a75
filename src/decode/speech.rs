//! What is read in the text of an agent's message: banned phrases (ruling 82) and automatic texts (ruling 105). The text goes no further.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

use super::DecoderError;
use super::table::NAME_LIMIT;
use crate::model::{Message, Name, Sender};

/// The phrases and texts of the configuration, ready to be looked for.
#[derive(Debug)]
pub(super) struct Speech {
    phrases: Vec<Name>,
    search: Option<AhoCorasick>,
    auto_texts: BTreeSet<String>,
    /// A sign that is in none of them.
    apart: char,
}

/// What stands between phrases in the place of a text, unless it is part of one; then the next sign of private use that is not.
const APART: char = '␞';
/// Bytes of phrases that are kept in the place of a text: more than any text of reason has, and few enough for a record.
const KEPT_MAX: usize = 131_072;

impl Speech {
    /// Prepares phrases and texts. Of phrases that differ only in case the first stands.
    pub(super) fn new(phrases: &[String], auto_texts: &[String]) -> Result<Self, DecoderError> {
        let mut patterns = Vec::new();
        let mut names = Vec::new();
        for phrase in phrases {
            if phrase.len() > NAME_LIMIT {
                return Err(DecoderError::Long { bytes: phrase.len() });
            }
            let pattern = lower(phrase);
            if pattern.trim().is_empty() {
                return Err(DecoderError::Empty { setting: "phrases" });
            }
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
                names.push(Name::new(phrase));
            }
        }
        let auto_texts: BTreeSet<_> = auto_texts.iter().map(|text| lower(text.trim())).collect();
        if auto_texts.contains("") {
            return Err(DecoderError::Empty { setting: "auto_texts" });
        }
        let is_used = |sign: &char| patterns.iter().chain(&auto_texts).any(|text| text.contains(*sign));
        let apart = std::iter::once(APART).chain('\u{e000}'..'\u{f8ff}').find(|sign| !is_used(sign)).unwrap_or(APART);
        let search = if patterns.is_empty() { None } else { Some(AhoCorasick::new(patterns)?) };
        Ok(Self { phrases: names, search, auto_texts, apart })
    }

    /// Reads a message's text: marks an automatic one as automated, and notes the phrases of a human one.
    pub(super) fn read(&self, text: &str, message: &mut Message) {
        if !matches!(message.from, Sender::Agent(_)) || (self.search.is_none() && self.auto_texts.is_empty()) {
            return;
        }
        let text = lower(text);
        message.automated |= self.auto_texts.contains(text.trim());
        message.phrases = self.found(&text, message).cloned().collect();
    }

    /// What may stand in the place of a message's text, given the message without it: the same is read in it, and nobody's words are in it but
    /// those of the configuration. An automatic text is kept whole; of others the phrases are, each between signs that are in no phrase and no
    /// automatic text, so that two of them never make a third.
    pub(super) fn kept(&self, text: &str, message: &Message) -> String {
        if !matches!(message.from, Sender::Agent(_)) {
            return String::new();
        }
        let text = lower(text);
        if let Some(auto) = self.auto_texts.get(text.trim()) {
            return auto.clone();
        }
        let mut kept = String::new();
        for phrase in self.found(&text, message) {
            if kept.len() + phrase.len() > KEPT_MAX {
                break;
            }
            if kept.is_empty() {
                kept.push(self.apart);
            }
            kept.push_str(phrase);
            kept.push(self.apart);
        }
        kept
    }

    /// The phrases in the lower-cased text of a human message, each once, in the order of the configuration.
    fn found(&self, text: &str, message: &Message) -> impl Iterator<Item = &Name> {
        let search = self.search.as_ref().filter(|_| message.human().is_some());
        let found: BTreeSet<_> =
            search.map(|search| search.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect()).unwrap_or_default();
        found.into_iter().filter_map(|index| self.phrases.get(index))
    }
}

/// Simple Unicode lower-casing: every character by itself, one for one.
fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}
