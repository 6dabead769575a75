//! Phrases and automatic texts: rulings 33, 82, 105.

use super::super::DecoderError;
use super::*;

fn read(phrases: &[&str], auto_texts: &[&str], fields: &str, text: &str) -> Message {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let decoder = Decoder::new(&owned(phrases), &owned(auto_texts)).unwrap();
    let record = record("chat.message", &format!(r#""chat":"c1",{fields},"text":{}"#, serde_json::Value::from(text)));
    match decoder.decode(record.as_bytes()) {
        Decoded::Event(event) => message_of(*event),
        other => panic!("{other:?}"),
    }
}

const FROM_AMY: &str = r#""from":"agent","agent":"amy""#;

#[test]
fn phrases_are_found_once_each_in_the_order_of_the_configuration() {
    let phrases = ["Not my problem", "problem", "滚", "problems", "İSTANBUL"];
    let found = |text: &str| read(&phrases, &[], FROM_AMY, text).phrases;
    assert_eq!(found("PROBLEMS, problems! That is not my Problem. 滚开"), ["Not my problem", "problem", "滚", "problems"]);
    assert_eq!(found("istanbul"), ["İSTANBUL"]);
    assert_eq!(found("all well"), [""; 0]);
    assert_eq!(read(&["ΟΔΟΣ"], &[], FROM_AMY, "οδοσ").phrases, ["ΟΔΟΣ"]);
    assert_eq!(read(&["Damn", "DAMN"], &[], FROM_AMY, "damn").phrases, ["Damn"]);
}

#[test]
fn phrases_are_looked_for_in_human_messages_only() {
    let others = [
        r#""from":"customer""#,
        r#""from":"bot""#,
        r#""from":"system","agent":"amy""#,
        r#""from":"agent","agent":"amy","private":true"#,
        r#""from":"agent","agent":"amy","automated":true"#,
        r#""from":"agent","agent":"amy","edited":true"#,
    ];
    for fields in others {
        assert_eq!(read(&["damn"], &[], fields, "damn").phrases, [""; 0], "{fields}");
    }
}

#[test]
fn an_agents_message_with_an_automatic_text_is_automated() {
    let auto = ["  Please WAIT \u{3000}", "Äh"];
    for text in ["please wait", "\u{a0}PLEASE wait\n", "äH"] {
        let message = read(&["wait"], &auto, FROM_AMY, text);
        assert!(message.automated && message.phrases.is_empty(), "{text}");
    }
    assert!(!read(&[], &auto, FROM_AMY, "please wait!").automated);
    assert!(!read(&[], &auto, r#""from":"customer""#, "please wait").automated);
    assert!(!read(&[], &auto, r#""from":"bot""#, "please wait").automated);
}

#[test]
fn empty_and_long_phrases_are_refused() {
    let refused = |phrases: &[String], auto: &[String]| Decoder::new(phrases, auto).unwrap_err();
    assert!(matches!(refused(&[String::new()], &[]), DecoderError::Empty { setting: "phrases" }));
    assert!(matches!(refused(&[], &[" ".to_owned()]), DecoderError::Empty { setting: "auto_texts" }));
    assert!(matches!(refused(&["x".repeat(257)], &[]), DecoderError::Long { bytes: 257 }));
}
