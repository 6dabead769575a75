//! The exposition format: families with their head, samples with exactly escaped labels, numbers exact from integers.

use super::catalogue::Metric;
use crate::kpi::Histogram;
use crate::model::{Span, Time};
use crate::view::number;

/// A page being written.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

/// One family of the page being written. Its head is written with its first sample, so that one without samples is absent.
#[derive(Debug)]
pub struct Series<'a> {
    text: &'a mut String,
    metric: &'static Metric,
    /// What stands before each label's value, from the second on with the end of the value before it.
    before: Vec<String>,
    begun: bool,
}

/// What the value of a sample can be.
pub trait Value {
    /// Appends it.
    fn write(&self, out: &mut String);
}

/// Numerator by denominator; the denominator is not 0.
pub struct Ratio(pub i64, pub i64);

impl Page {
    /// A page with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes) }
    }

    /// Begins a family. Every family of a page is begun once.
    pub fn family(&mut self, metric: &'static Metric) -> Series<'_> {
        let begin = |(index, label): (usize, &&str)| format!("{}{label}=\"", if index == 0 { "{" } else { "\"," });
        let before = metric.labels.iter().enumerate().map(begin).collect();
        Series { text: &mut self.text, metric, before, begun: false }
    }

    /// The page.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl Series<'_> {
    /// Writes one sample; `labels` are the values of the metric's labels, in its order.
    pub fn sample(&mut self, labels: &[&str], value: impl Value) {
        self.line("", labels, None, value);
    }

    /// Writes one histogram.
    pub fn histogram(&mut self, labels: &[&str], histogram: &Histogram) {
        let mut edge_text = String::new();
        for (edge, count) in histogram.up_to() {
            edge_text.clear();
            number::seconds(&mut edge_text, edge);
            self.line("_bucket", labels, Some(&edge_text), count);
        }
        self.line("_bucket", labels, Some("+Inf"), histogram.total());
        self.line("_sum", labels, None, histogram.sum());
        self.line("_count", labels, None, histogram.total());
    }

    fn line(&mut self, suffix: &str, labels: &[&str], edge: Option<&str>, value: impl Value) {
        debug_assert_eq!(labels.len(), self.metric.labels.len(), "labels of {}", self.metric.name);
        self.head();
        self.text.push_str(self.metric.name);
        self.text.push_str(suffix);
        for (before, value) in self.before.iter().zip(labels) {
            self.text.push_str(before);
            escape(self.text, value);
        }
        if let Some(edge) = edge {
            number::put(self.text, format_args!("\",le=\"{edge}"));
        }
        self.text.push_str(if labels.is_empty() { " " } else { "\"} " });
        value.write(self.text);
        self.text.push('\n');
    }

    fn head(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            let Metric { name, kind, help, .. } = self.metric;
            number::put(self.text, format_args!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.word()));
        }
    }
}

/// Appends a label's value: backslash, quote and line feed escaped, so that no two values are written alike.
fn escape(out: &mut String, value: &str) {
    // Looked for as bytes, since almost no value has one: these three are never part of another character.
    let mut rest = value;
    while let Some(place) = rest.bytes().position(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        let (clean, special) = rest.split_at(place);
        out.push_str(clean);
        out.push_str(match special.as_bytes().first() {
            Some(b'\\') => "\\\\",
            Some(b'"') => "\\\"",
            _ => "\\n",
        });
        rest = special.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

impl Value for u64 {
    fn write(&self, out: &mut String) {
        number::integer(out, *self);
    }
}

impl Value for u32 {
    fn write(&self, out: &mut String) {
        number::integer(out, u64::from(*self));
    }
}

/// In seconds.
impl Value for Span {
    fn write(&self, out: &mut String) {
        number::seconds(out, *self);
    }
}

/// In seconds since 1970.
impl Value for Time {
    fn write(&self, out: &mut String) {
        number::seconds(out, Span(self.0));
    }
}

impl Value for Ratio {
    fn write(&self, out: &mut String) {
        number::ratio(out, self.0, self.1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::catalogue::{AGENT_INFO, CLAMPED_DURATIONS};
    use super::*;

    /// What a scraper reads: the labels of one line, or nothing where the line is malformed.
    fn parse(line: &str) -> Option<Vec<String>> {
        let mut rest = line.strip_prefix(AGENT_INFO.name)?.strip_prefix('{')?;
        let mut values = Vec::new();
        loop {
            rest = &rest[rest.find("=\"")? + 2..];
            let (mut value, mut characters) = (String::new(), rest.char_indices());
            loop {
                match characters.next()? {
                    (place, '"') => {
                        rest = &rest[place + 1..];
                        break;
                    }
                    (_, '\\') => value.push(match characters.next()?.1 {
                        'n' => '\n',
                        other @ ('\\' | '"') => other,
                        _ => return None,
                    }),
                    (_, other) => value.push(other),
                }
            }
            values.push(value);
            if rest == "} 1" {
                return Some(values);
            }
            rest = rest.strip_prefix(',')?;
        }
    }

    #[test]
    fn the_head_comes_once_and_not_without_a_sample() {
        let mut page = Page::default();
        page.family(&CLAMPED_DURATIONS);
        assert_eq!(page.text, "");
        let mut family = page.family(&CLAMPED_DURATIONS);
        family.sample(&[], 1_u64);
        family.sample(&[], 18_446_744_073_709_551_615_u64);
        let name = CLAMPED_DURATIONS.name;
        let head = format!("# HELP {name} {}\n# TYPE {name} counter\n", CLAMPED_DURATIONS.help);
        assert_eq!(page.into_text(), format!("{head}{name} 1\n{name} 18446744073709551615\n"));
    }

    proptest! {
        #[test]
        fn any_label_reads_back_the_same(agent in any::<String>(), team in "[\\\\\"\nab]{0,8}", name in any::<String>()) {
            let mut page = Page::default();
            page.family(&AGENT_INFO).sample(&[&agent, &team, &name], 1_u64);
            let text = page.into_text();
            let line = text.splitn(3, '\n').nth(2).unwrap().strip_suffix('\n').unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(parse(line), Some(vec![agent, team, name]));
        }
    }
}
