//! What a scraper that outlives every process has seen: no counter may ever go down.

use std::collections::BTreeMap;

use crate::page::Page;

/// The newest value of every series that must not decrease.
#[derive(Debug, Default)]
pub struct Counters {
    seen: BTreeMap<String, f64>,
    pub scrapes: u64,
}

impl Counters {
    /// Takes in a page; its counters must be at least what was seen before. Series may be away for a time, never lower.
    pub fn take(&mut self, page: &Page) {
        self.scrapes += 1;
        for line in page.text.lines().filter(|line| !line.starts_with('#')) {
            let Some((series, value)) = line.rsplit_once(' ') else { continue };
            let name = series.split('{').next().unwrap_or_default();
            // How long commits took is the process's own.
            let is_own = name.starts_with("deskpulse_commit_seconds");
            if is_own || !["_total", "_bucket", "_count", "_sum"].iter().any(|end| name.ends_with(end)) {
                continue;
            }
            let value: f64 = value.parse().unwrap();
            let before = self.seen.insert(series.to_owned(), value);
            assert!(before.is_none_or(|before| before <= value), "{series} fell from {before:?} to {value}");
        }
    }
}
