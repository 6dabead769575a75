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
}

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
        let search = if patterns.is_empty() { None } else { Some(AhoCorasick::new(patterns)?) };
        let auto_texts: BTreeSet<_> = auto_texts.iter().map(|text| lower(text.trim())).collect();
        if auto_texts.contains("") {
            return Err(DecoderError::Empty { setting: "auto_texts" });
        }
        Ok(Self { phrases: names, search, auto_texts })
    }

    /// Reads a message's text: marks an automatic one as automated, and notes the phrases of a human one.
    pub(super) fn read(&self, text: &str, message: &mut Message) {
        if !matches!(message.from, Sender::Agent(_)) || (self.search.is_none() && self.auto_texts.is_empty()) {
            return;
        }
        let text = lower(text);
        message.automated |= self.auto_texts.contains(text.trim());
        if let (Some(search), Some(_)) = (&self.search, message.human()) {
            let found: BTreeSet<_> = search.find_overlapping_iter(&text).map(|found| found.pattern().as_usize()).collect();
            message.phrases = found.iter().filter_map(|index| self.phrases.get(*index).cloned()).collect();
        }
    }
}

/// Simple Unicode lower-casing: every character by itself, one for one.
fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}
