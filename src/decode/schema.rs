//! The JSON Schema of all events, made of the table of types.
//!
//! What JSON Schema cannot say stands in descriptions: lengths in bytes (it counts characters), bounds between two fields, decimals of an amount.

use serde_json::{Map, Value, json};

use super::table::{ENVELOPE, EventType, Field, Key, Least, NUMBER_LIMIT, Need, Preset, Shape, TYPES};
use super::time;

/// RFC 3339 with offset, as far as a pattern can tell.
const TIME_PATTERN: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

/// The JSON Schema (2020-12) of all events. A record that it accepts is decoded, save for what it cannot express.
#[must_use]
pub fn schema() -> Value {
    let definitions: Map<_, _> = TYPES.iter().map(|kind| (kind.name.to_owned(), event(kind))).collect();
    let references: Vec<_> = TYPES.iter().map(|kind| json!({ "$ref": format!("#/$defs/{}", kind.name) })).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "deskpulse events",
        "description": "One Kafka record value, or one line of a file, is one event. Unknown fields are ignored; null is the same as absent.",
        "type": "object",
        "required": ["type"],
        "oneOf": references,
        "$defs": definitions,
    })
}

fn event(kind: &EventType) -> Value {
    let fields = || ENVELOPE.iter().chain(kind.fields);
    let mut properties: Map<_, _> = fields().map(|field| (field.key.name().to_owned(), property(field))).collect();
    properties.insert(Key::Type.name().to_owned(), json!({ "const": kind.name, "description": Key::Type.about() }));
    let required: Vec<_> =
        fields().filter(|field| matches!(field.need, Need::Required | Need::RequiredOrNull)).map(|field| field.key.name()).collect();
    let mut event = json!({ "title": kind.name, "description": kind.about, "properties": properties, "required": required });
    if !kind.one_of.is_empty() {
        event["anyOf"] = kind.one_of.iter().map(|key| present(*key)).collect();
    }
    if kind.fields.iter().any(|field| field.need == Need::FromAgent) {
        event["if"] = json!({ "properties": { "from": { "const": "agent" } } });
        event["then"] = present(Key::Agent);
    }
    event
}

/// That a name is there, and neither null nor empty.
fn present(key: Key) -> Value {
    json!({ "required": [key.name()], "properties": { key.name(): { "type": "string", "minLength": 1 } } })
}

fn property(field: &Field) -> Value {
    let required = matches!(field.need, Need::Required);
    let mut property = shape(field.shape);
    if let (Shape::Name { .. }, Need::Required | Need::RequiredOrNull) = (field.shape, field.need) {
        property["minLength"] = json!(1);
    }
    if !required {
        property = or_null(property);
    }
    match field.preset {
        Preset::None => {}
        Preset::Flag(flag) => property["default"] = json!(flag),
        Preset::Number(number) => property["default"] = json!(number),
        Preset::Word(word) => property["default"] = json!(word),
    }
    property["description"] = match field.shape {
        Shape::Name { limit } => json!(format!("{} At most {limit} bytes of UTF-8.", field.key.about())),
        _ => json!(field.key.about()),
    };
    property
}

/// The same, or null.
fn or_null(mut property: Value) -> Value {
    if let Some(name) = property.get("type").and_then(Value::as_str).map(str::to_owned) {
        property["type"] = json!([name, "null"]);
    } else if let Some(choices) = property.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.push(json!({ "type": "null" }));
    }
    if let Some(words) = property.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    property
}

fn shape(shape: Shape) -> Value {
    match shape {
        Shape::Name { limit } => json!({ "type": "string", "maxLength": limit }),
        Shape::Text => json!({ "type": "string" }),
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Time => json!({ "anyOf": [
            { "type": "string", "format": "date-time", "pattern": TIME_PATTERN },
            { "type": "integer", "minimum": time::FIRST, "maximum": time::LAST },
        ] }),
        Shape::Number(Least::Any) => json!({ "type": "number", "minimum": -NUMBER_LIMIT, "maximum": NUMBER_LIMIT }),
        Shape::Number(Least::Zero) => json!({ "type": "number", "minimum": 0, "maximum": NUMBER_LIMIT }),
        Shape::Number(Least::Positive) => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": NUMBER_LIMIT }),
        Shape::Count => json!({ "type": "integer", "minimum": 0, "maximum": NUMBER_LIMIT }),
        Shape::Amount => json!({ "anyOf": [
            { "type": "number", "minimum": 0, "maximum": NUMBER_LIMIT },
            { "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,2}0*)?$" },
        ] }),
        Shape::Month => json!({ "type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$" }),
    }
}
