//! What is archived says the same and no more: rulings 82, 105.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::properties::{events, write};
use super::*;

const FROM_AMY: &str = r#""chat":"c1","from":"agent","agent":"amy""#;

fn decoder(phrases: &[&str], auto_texts: &[&str]) -> Decoder {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    Decoder::new(&owned(phrases), &owned(auto_texts)).unwrap()
}

fn archived(decoder: &Decoder, record: &str) -> String {
    let mut lines = Vec::new();
    assert!(decoder.archive(record.as_bytes(), &mut lines).is_some(), "{record}");
    String::from_utf8(lines).unwrap()
}

/// The line of a message with this text.
fn of_text(decoder: &Decoder, sender: &str, text: &str) -> String {
    let record = record("chat.message", &format!(r#"{sender},"text":{}"#, Value::from(text)));
    let line = archived(decoder, &record);
    assert_eq!(decoder.decode(line.trim_end().as_bytes()), decoder.decode(record.as_bytes()), "{text:?} became {line}");
    line
}

fn kept(decoder: &Decoder, text: &str) -> Value {
    serde_json::from_str::<Value>(&of_text(decoder, FROM_AMY, text)).unwrap()["text"].clone()
}

#[test]
fn a_line_has_the_known_fields_in_their_shortest_form() {
    let record = r#" {"Kommentar":"Frau Meier rief an","text":"Hello","from":"customer","agent":null,"private":false,"edited":true,
        "chat":"c\u00fc\n","time":"2026-03-02T10:00:00.5+01:00","type":"chat.message","id":"e1","source":""} "#;
    let line = "{\"id\":\"e1\",\"type\":\"chat.message\",\"time\":1772442000500,\"chat\":\"cü\\n\",\"from\":\"customer\",\"edited\":true,\"text\":\"\"}\n";
    assert_eq!(archived(&decoder(&[], &[]), record), line);
    let back = record_of("chat.assigned", r#""chat":"c1","agent":null"#);
    assert!(back.ends_with("\"agent\":null}\n"), "{back}");
    let amounts =
        ["12", "12.5", "\"12.50\"", "1250e-2"].map(|amount| record_of("order.returned", &format!("\"order\":\"o\",\"amount\":{amount}")));
    assert!(
        amounts[0].ends_with("\"amount\":\"12.00\"}\n") && amounts[1..].iter().all(|line| line.ends_with("\"12.50\"}\n")),
        "{amounts:?}"
    );
}

fn record_of(kind: &str, fields: &str) -> String {
    archived(&decoder(&[], &[]), &record(kind, fields))
}

#[test]
fn what_is_no_event_has_no_line() {
    let mut lines = b"before\n".to_vec();
    for record in [
        &b""[..],
        b" ",
        b"{",
        br#"{"id":"e","type":"x","time":1772442000000}"#,
        br#"{"id":"e","type":"ticket.merged","time":1772442000000,"ticket":"a","into":"a"}"#,
    ] {
        assert_eq!(decoder(&[], &[]).archive(record, &mut lines), None);
    }
    assert_eq!(lines, b"before\n");
}

#[test]
fn nobodys_words_are_left_in_a_text() {
    let decoder = decoder(&["not my problem", "Problem"], &["We are closed."]);
    assert_eq!(kept(&decoder, "Mrs Smith, that is NOT MY PROBLEM"), "␞not my problem␞Problem␞");
    assert_eq!(kept(&decoder, "Mrs Smith, your card is 4111 1111"), "");
    assert_eq!(kept(&decoder, "  we are CLOSED. "), "we are closed.");
    for sender in
        [r#""chat":"c1","from":"customer""#, r#""chat":"c1","from":"bot""#, r#""chat":"c1","from":"agent","agent":"amy","private":true"#]
    {
        assert!(of_text(&decoder, sender, "My problem is secret").ends_with("\"text\":\"\"}\n"), "{sender}");
    }
    assert!(!archived(&decoder, &record("chat.message", FROM_AMY)).contains("text"), "there was none");
}

#[test]
fn phrases_that_stand_beside_each_other_make_no_other_phrase_and_no_automatic_text() {
    // The texts say "ab" and "cd" apart; beside each other they would be an automatic text, or another phrase.
    for between in ["", " ", "\n", "␞", "|"] {
        let both = format!("ab{between}cd");
        let decoder = decoder(&["ab", "cd", &format!("b{between}c")], &[&both, "ab", "␞ab␞"]);
        let kept = kept(&decoder, "ab, and then cd");
        assert!(kept.as_str().unwrap().contains("ab"), "{kept}");
        assert_ne!(self::kept(&decoder, "it is ab"), "ab");
    }
}

#[test]
fn a_text_of_more_phrases_than_a_record_holds_is_cut() {
    let phrases: Vec<String> = (1..=256).flat_map(|length| ["a", "b"].map(|letter| letter.repeat(length))).collect();
    let phrases: Vec<String> = phrases.iter().flat_map(|phrase| [phrase.clone(), format!("{}c", &phrase[1..])]).collect();
    let mut phrases: Vec<String> = phrases.into_iter().filter(|phrase| !phrase.is_empty()).collect();
    phrases.extend((0..2_000).map(|number| format!("{number:0200}")));
    let text: String = phrases.concat();
    let decoder = Decoder::new(&phrases, &[]).unwrap();
    let record = record("chat.message", &format!(r#"{FROM_AMY},"text":{}"#, Value::from(&text[text.len() - 250_000..])));
    let line = archived(&decoder, &record);
    assert!(
        line.len() < super::super::RECORD_LIMIT && matches!(decoder.decode(line.trim_end().as_bytes()), Decoded::Event(_)),
        "{}",
        line.len()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_line_decodes_to_the_same_event(written in events(), words in prop::collection::vec("[abAB ␞İ\\n]{1,4}", 0..6), autos in prop::collection::vec("[ab␞]{1,3}", 0..3), text in "[abABc ␞iİ\\n]{0,12}") {
        let phrases: Vec<String> = words.into_iter().filter(|word| !word.trim().is_empty()).collect();
        let decoder = Decoder::new(&phrases, &autos).unwrap();
        let mut record = write(&written);
        if record["type"].as_str().unwrap().ends_with(".message") {
            record["text"] = json!(text);
        }
        let record = record.to_string();
        let line = archived(&decoder, &record);
        prop_assert_eq!(decoder.decode(line.trim_end().as_bytes()), decoder.decode(record.as_bytes()), "{} became {}", record, line);
        prop_assert!(line.ends_with('\n') && !line[..line.len() - 1].contains('\n'));
        prop_assert_eq!(archived(&decoder, line.trim_end()), line.clone(), "an archived line is archived as it is");
    }
}
