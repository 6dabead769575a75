//! The outline of a record: its JSON with the length of every text in the place of the text, and of every number that may be somebody's.

use std::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Bytes of an outline that are kept.
const OUTLINE_MAX: usize = 2_048;
/// A field's name up to this long is one that a program chose…
const NAME_MAX: usize = 64;
/// Numbers of up to so many digits say what a producer got wrong: a score, a count, a code. Telephones, cards, accounts and places have more.
const DIGITS_MAX: usize = 6;

/// The outline; `None` of what is no JSON.
pub(super) fn of(record: &[u8]) -> Option<String> {
    let mut out = Out { text: String::with_capacity(256), is_full: false };
    let mut json = serde_json::Deserializer::from_slice(record);
    Outline(&mut out).deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(out.text)
}

/// What the producing system calls itself, when the record says so in a word.
pub(super) fn source(record: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow, default)]
        source: Option<std::borrow::Cow<'a, str>>,
    }
    let envelope: Envelope<'_> = serde_json::from_slice(record).ok()?;
    envelope.source.filter(|source| is_word(source)).map(std::borrow::Cow::into_owned)
}

/// Whether a text is a word of a program, not of a person: short, and of letters (one at least), digits and `_ - . : /` only.
fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte);
    text.len() <= NAME_MAX && text.bytes().all(plain) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

struct Out {
    text: String,
    is_full: bool,
}

impl Out {
    fn put(&mut self, part: fmt::Arguments<'_>) {
        if self.is_full {
            return;
        }
        // Writing to a string cannot fail.
        let _infallible = self.text.write_fmt(part);
        if self.text.len() > OUTLINE_MAX {
            self.text.truncate(self.text.floor_char_boundary(OUTLINE_MAX));
            self.text.push('…');
            self.is_full = true;
        }
    }

    fn length(&mut self, text: &str) {
        self.put(format_args!("\"{} bytes\"", text.len()));
    }

    fn number(&mut self, number: &str) {
        match number.bytes().filter(u8::is_ascii_digit).count() {
            0..=DIGITS_MAX => self.put(format_args!("{number}")),
            digits => self.put(format_args!("\"{digits} digits\"")),
        }
    }
}

/// Writes the value that is read.
struct Outline<'a>(&'a mut Out);

impl<'de> DeserializeSeed<'de> for Outline<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

/// Takes the name of a field: one that reads like a person's words is told by its length.
struct FieldName<'a>(&'a mut Out);

impl<'de> DeserializeSeed<'de> for FieldName<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        if is_word(name) {
            self.0.put(format_args!("\"{name}\""));
        } else {
            self.0.length(name);
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Outline<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.put(format_args!("null"));
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.put(format_args!("{value}"));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.number(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.number(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.0.number(&format!("{value:?}"));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.length(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let out = self.0;
        out.put(format_args!("["));
        let mut is_first = true;
        // The comma comes with the element after it, which is known to be there only once it has been read.
        loop {
            let mark = out.text.len();
            if !is_first {
                out.put(format_args!(","));
            }
            if items.next_element_seed(Outline(out))?.is_none() {
                if !out.is_full {
                    out.text.truncate(mark);
                }
                break;
            }
            is_first = false;
        }
        out.put(format_args!("]"));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let out = self.0;
        out.put(format_args!("{{"));
        let mut is_first = true;
        loop {
            let mark = out.text.len();
            if !is_first {
                out.put(format_args!(","));
            }
            if fields.next_key_seed(FieldName(out))?.is_none() {
                if !out.is_full {
                    out.text.truncate(mark);
                }
                break;
            }
            out.put(format_args!(":"));
            fields.next_value_seed(Outline(out))?;
            is_first = false;
        }
        out.put(format_args!("}}"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_becomes_its_length_and_everything_else_stays() {
        let record =
            r#"{"id":"e1","time":176406,"text":"My card is 4111 1111","tags":["a","",{"x":null,"y":[true,-1.5]}],"empty":{},"none":[]}"#;
        let wanted = r#"{"id":"2 bytes","time":176406,"text":"20 bytes","tags":["1 bytes","0 bytes",{"x":null,"y":[true,-1.5]}],"empty":{},"none":[]}"#;
        assert_eq!(of(record.as_bytes()).as_deref(), Some(wanted));
    }

    #[test]
    fn a_field_named_in_a_persons_words_is_told_by_its_length() {
        assert_eq!(of(br#"{"Please help me":1,"chat.id":2}"#).as_deref(), Some(r#"{"14 bytes":1,"chat.id":2}"#));
    }

    #[test]
    fn a_number_that_may_be_somebodys_becomes_the_number_of_its_digits() {
        let record =
            r#"{"phone":13800138000,"card":-4111111111111111,"at":[116.397128,39.9],"score":7,"code":123456,"huge":1e300,"13800138000":1}"#;
        let wanted = r#"{"phone":"11 digits","card":"16 digits","at":["9 digits",39.9],"score":7,"code":123456,"huge":1e300,"11 bytes":1}"#;
        assert_eq!(of(record.as_bytes()).as_deref(), Some(wanted));
    }

    #[test]
    fn what_is_no_json_has_no_outline() {
        for record in [&b"{\"id\":\"e1\""[..], b"\xff\xfe{}", b"hello", b"", b"{} {}", b"{\"a\":\"\\ud800\"}"] {
            assert_eq!(of(record), None, "{record:?}");
        }
    }

    #[test]
    fn a_long_outline_is_cut() {
        let record = format!("[{}0]", "\"ü\",".repeat(10_000));
        let outline = of(record.as_bytes()).unwrap();
        assert!(outline.len() <= OUTLINE_MAX + '…'.len_utf8() && outline.ends_with('…'), "{}", outline.len());
    }

    #[test]
    fn nested_without_end_is_no_outline_and_no_overflow() {
        assert_eq!(of("[".repeat(100_000).as_bytes()), None);
    }

    #[test]
    fn only_a_word_is_a_source() {
        assert_eq!(source(br#"{"source":"crm-2/eu"}"#).as_deref(), Some("crm-2/eu"));
        for record in [
            &br#"{"source":"I want my money back"}"#[..],
            br#"{"source":7}"#,
            br#"{"source":""}"#,
            br#"{"source":"13800138000"}"#,
            b"{}",
            b"no",
        ] {
            assert_eq!(source(record), None);
        }
    }
}
