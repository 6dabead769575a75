//! JSON objects, written field by field in a given order.

use super::number::{self, put};
use crate::model::{Medium, Name, Span, Time};

/// One object being written.
pub struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

/// What can be the value of a field.
pub trait Json {
    /// Appends it.
    fn write(&self, out: &mut String);
}

/// Hundredths of a currency.
pub struct Cents(pub i64);

/// A ratio, shown with up to 6 decimals; null without a denominator.
pub struct Ratio(pub i64, pub i64);

/// What a closure writes: objects and lists inside.
pub struct With<F: Fn(&mut String)>(pub F);

impl<'a> Object<'a> {
    /// Begins an object.
    pub fn new(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Writes one field.
    pub fn field(&mut self, name: &str, value: impl Json) -> &mut Self {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        value.write(self.out);
        self
    }

    /// Ends the object.
    pub fn end(&mut self) {
        self.out.push('}');
    }
}

/// Writes a list, one element after the other.
pub fn list<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

impl Json for str {
    fn write(&self, out: &mut String) {
        out.push('"');
        let mut rest = self;
        // Nearly every text is copied whole.
        while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            out.push_str(&rest[..at]);
            match rest.as_bytes()[at] {
                b'"' => out.push_str("\\\""),
                b'\\' => out.push_str("\\\\"),
                b'\n' => out.push_str("\\n"),
                control => put(out, format_args!("\\u{control:04x}")),
            }
            rest = &rest[at + 1..];
        }
        out.push_str(rest);
        out.push('"');
    }
}

impl Json for Name {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl Json for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Json for i64 {
    fn write(&self, out: &mut String) {
        put(out, format_args!("{self}"));
    }
}

impl Json for u64 {
    fn write(&self, out: &mut String) {
        put(out, format_args!("{self}"));
    }
}

impl Json for u32 {
    fn write(&self, out: &mut String) {
        put(out, format_args!("{self}"));
    }
}

/// The shortest number that reads back as the same; ours are finite, as JSON's are.
impl Json for f64 {
    fn write(&self, out: &mut String) {
        put(out, format_args!("{self:?}"));
    }
}

/// In seconds.
impl Json for Span {
    fn write(&self, out: &mut String) {
        number::seconds(out, *self);
    }
}

/// UTC, RFC 3339, milliseconds.
impl Json for Time {
    fn write(&self, out: &mut String) {
        let digits = instant(self.0);
        if let Some(text) = digits.as_ref().and_then(|digits| std::str::from_utf8(digits).ok()) {
            out.push_str(text);
            return;
        }
        let shown =
            jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX });
        put(out, format_args!("\"{shown:.3}\""));
    }
}

/// An instant of the years 0 to 9998, in quotes. By hand, since every fact has several.
fn instant(ms: i64) -> Option<[u8; 26]> {
    const DAY: i64 = 86_400_000;
    // Of 400 years, which all have as many days, and which are taken to begin in March: a leap day then comes last.
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let day = ms.div_euclid(DAY) + 719_468;
    let (era, day) = (day.div_euclid(DAYS_OF_400_YEARS), day.rem_euclid(DAYS_OF_400_YEARS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    if !(0..=9_998).contains(&year) {
        return None;
    }
    let rest = ms.rem_euclid(DAY);
    let mut text = *b"\"0000-00-00T00:00:00.000Z\"";
    let parts =
        [(4, year), (7, month), (10, day), (13, rest / 3_600_000), (16, rest / 60_000 % 60), (19, rest / 1_000 % 60), (23, rest % 1_000)];
    for (mut at, mut number) in parts {
        while number > 0 {
            text[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
            (at, number) = (at - 1, number / 10);
        }
    }
    Some(text)
}

impl Json for Medium {
    fn write(&self, out: &mut String) {
        self.word().write(out);
    }
}

impl Json for Cents {
    fn write(&self, out: &mut String) {
        number::amount(out, self.0);
    }
}

impl Json for Ratio {
    fn write(&self, out: &mut String) {
        if self.1 == 0 { out.push_str("null") } else { number::ratio(out, self.0, self.1) }
    }
}

impl<F: Fn(&mut String)> Json for With<F> {
    fn write(&self, out: &mut String) {
        (self.0)(out);
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Json + ?Sized> Json for &T {
    fn write(&self, out: &mut String) {
        (*self).write(out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_have_milliseconds_in_utc() {
        let mut out = String::new();
        Time(1_700_000_000_000).write(&mut out);
        Time(1_700_000_000_005).write(&mut out);
        assert_eq!(out, "\"2023-11-14T22:13:20.000Z\"\"2023-11-14T22:13:20.005Z\"");
    }

    #[test]
    fn instants_are_those_of_the_calendar_library() {
        let library = |ms| format!("\"{:.3}\"", jiff::Timestamp::from_millisecond(ms).unwrap());
        let by_hand = |ms| {
            let mut out = String::new();
            Time(ms).write(&mut out);
            out
        };
        let edges =
            ["0000-01-01", "0000-03-01", "1600-02-29", "1900-03-01", "1970-01-01", "2000-02-29", "2100-02-28", "9998-12-31", "9999-06-01"];
        for edge in edges.map(|day| format!("{day}T00:00:00Z").parse::<jiff::Timestamp>().unwrap().as_millisecond()) {
            for ms in [edge, edge + 1, edge + 86_399_999] {
                assert_eq!(by_hand(ms), library(ms));
            }
        }
        for ms in (0..4_133_980_800_000).step_by(86_400_000 - 7_919) {
            assert_eq!(by_hand(ms), library(ms));
        }
        assert_eq!(by_hand(-62_167_219_200_001), library(-62_167_219_200_001), "before the year 0");
    }

    proptest! {
        #[test]
        fn any_text_reads_back_the_same(text in any::<String>()) {
            let mut out = String::new();
            Object::new(&mut out).field("text", text.as_str()).field("none", None::<bool>).end();
            let read: serde_json::Value = serde_json::from_str(&out).unwrap();
            prop_assert_eq!(read, serde_json::json!({"text": text, "none": null}));
        }

        #[test]
        fn any_number_is_json_and_reads_back_the_same(number in -1e12_f64..1e12) {
            let mut out = String::new();
            number.write(&mut out);
            prop_assert!(serde_json::from_str::<serde_json::Number>(&out).is_ok());
            prop_assert_eq!(out.parse::<f64>().unwrap(), number);
        }
    }
}
