//! A value and its one JSON form. Decimals stay exact: they are never read through binary floating point.

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::str::FromStr;

use crate::EntityName;

/// A value as it is read from a source, mapped, compared and sent.
///
/// JSON form: null, true, a number written digit for digit (`20000.0000` stays so), a string, an array, and for a
/// reference `{"entity":"account","id":"…"}`. Dates are texts in the form in which the Web API writes them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "unknown"))]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// An exact decimal; trailing zeros are kept.
    Decimal(Decimal),
    /// A number beyond the range of an exact decimal.
    Double(f64),
    /// A text; also ids and dates.
    Text(String),
    /// Several values, such as the labels of a choices column.
    List(Vec<Value>),
    /// A row of another entity. Few values are one, and it is larger than all others.
    Reference(Box<Reference>),
}

/// Points at a row: an entity and an id (or an alternate key in the Web API's own form).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Reference {
    /// Logical name of the entity.
    pub entity: EntityName,
    /// The row's id, lower case, no braces.
    pub id: String,
}

impl Value {
    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Reads one JSON value. An object that is not a reference is kept as its JSON text.
    pub fn from_raw(raw: &RawValue) -> Result<Value, serde_json::Error> {
        Self::from_json_text(raw.get())
    }

    /// Reads one JSON value from its text.
    pub fn from_json_text(text: &str) -> Result<Value, serde_json::Error> {
        let trimmed = text.trim();
        match trimmed.as_bytes().first() {
            Some(b'n') => serde_json::from_str::<()>(trimmed).map(|()| Value::Null),
            Some(b't' | b'f') => serde_json::from_str(trimmed).map(Value::Bool),
            Some(b'"') => serde_json::from_str(trimmed).map(Value::Text),
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(trimmed)?;
                items.iter().map(|raw| Value::from_raw(raw)).collect::<Result<_, _>>().map(Value::List)
            }
            Some(b'{') => match serde_json::from_str::<Reference>(trimmed) {
                Ok(reference) => Ok(Value::from(reference)),
                Err(_) => serde_json::from_str::<serde::de::IgnoredAny>(trimmed)
                    .map(|_| Value::Text(trimmed.to_owned())),
            },
            Some(b'-' | b'0'..=b'9') => Self::number(trimmed),
            _ => Err(serde_json::Error::custom("not a JSON value")),
        }
    }

    fn number(text: &str) -> Result<Value, serde_json::Error> {
        // The text must be a JSON number before anything looser parses it.
        let double: f64 = serde_json::from_str(text)?;
        if let Ok(integer) = i64::from_str(text) {
            return Ok(Value::Integer(integer));
        }
        if !text.contains(['e', 'E'])
            && let Ok(decimal) = Decimal::from_str_exact(text)
        {
            return Ok(Value::Decimal(decimal));
        }
        if double.is_finite() {
            Ok(Value::Double(double))
        } else {
            Err(serde_json::Error::custom("number out of range"))
        }
    }

    /// The JSON text of the value.
    pub fn to_json_text(&self) -> String {
        let mut text = String::new();
        self.push_json(&mut text);
        text
    }

    /// Writes the JSON text of the value behind a text.
    pub fn push_json(&self, out: &mut String) {
        // Writing to a string does not fail.
        let _ = match self {
            Value::Null => out.write_str("null"),
            Value::Bool(value) => out.write_str(if *value { "true" } else { "false" }),
            Value::Integer(value) => write!(out, "{value}"),
            Value::Decimal(value) => push_decimal(out, value),
            Value::Text(text) => {
                push_json_text(out, text);
                Ok(())
            }
            Value::Double(_) | Value::List(_) | Value::Reference(_) => {
                out.write_str(&serde_json::to_string(self).unwrap_or_else(|_| "null".to_owned()))
            }
        };
    }

    /// The text a person reads: no quotes, nothing for null, list items joined by `; `.
    pub fn display_text(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Text(text) => text.clone(),
            Value::List(items) => items.iter().map(Value::display_text).collect::<Vec<_>>().join("; "),
            Value::Reference(reference) => reference.id.clone(),
            Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) | Value::Double(_) => self.to_json_text(),
        }
    }

    /// Equal in meaning: numbers by value (`1.50` equals `1.5`), ids and other texts to the letter.
    pub fn means_the_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.means_the_same(b))
            }
            (Value::Double(a), Value::Double(b)) => a == b,
            (
                Value::Integer(_) | Value::Decimal(_) | Value::Double(_),
                Value::Integer(_) | Value::Decimal(_) | Value::Double(_),
            ) => match (self.as_decimal(), other.as_decimal()) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            },
            _ => self == other,
        }
    }

    /// The number exactly, if it is one that fits.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Value::Integer(value) => Some(Decimal::from(*value)),
            Value::Decimal(value) => Some(*value),
            Value::Double(value) => Decimal::try_from(*value).ok(),
            Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Reference(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Decimal(_)
            | Value::Double(_)
            | Value::List(_)
            | Value::Reference(_) => None,
        }
    }
}

/// Writes a text as a JSON string behind a text. Most texts have nothing to escape.
pub fn push_json_text(out: &mut String, text: &str) {
    if needs_escape(text.as_bytes()) {
        out.push_str(&serde_json::Value::from(text).to_string());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

/// Whether a quote, a backslash or a control character is among the bytes of a text; eight of them are looked at together.
fn needs_escape(text: &[u8]) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    // Not zero where one of the bytes is below a limit of 128 at the most.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGHS;
    let special = |word: [u8; 8]| {
        let word = u64::from_le_bytes(word);
        below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1)
    };
    let (words, rest) = text.as_chunks::<8>();
    let mut found = words.iter().fold(0, |found, word| found | special(*word));
    if !rest.is_empty() {
        let mut last = [b'0'; 8];
        last[..rest.len()].copy_from_slice(rest);
        found |= special(last);
    }
    found != 0
}

/// Writes a decimal number with all of its digits. Most have few, and need no division of 96 bits for each of them.
fn push_decimal(out: &mut String, value: &Decimal) -> std::fmt::Result {
    let (digits, scale) = (value.mantissa().unsigned_abs(), value.scale() as usize);
    let Ok(mut left) = u64::try_from(digits) else { return write!(out, "{value}") };
    if left == 0 {
        return write!(out, "{value}");
    }
    // 20 digits of the number, zeros before them for up to 28 places, and the point.
    let mut text = [b'0'; 52];
    let mut at = text.len();
    let mut written = 0;
    while left > 0 || written <= scale {
        if written == scale && scale > 0 {
            at -= 1;
            text[at] = b'.';
        }
        at -= 1;
        text[at] = b'0' + (left % 10) as u8;
        left /= 10;
        written += 1;
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    out.push_str(std::str::from_utf8(&text[at..]).unwrap_or_default());
    Ok(())
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}
impl From<Reference> for Value {
    fn from(reference: Reference) -> Self {
        Value::Reference(Box::new(reference))
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Integer(value) => serializer.serialize_i64(*value),
            Value::Decimal(value) => RawValue::from_string(value.to_string())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Value::Double(value) => serializer.serialize_f64(*value),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => items.serialize(serializer),
            Value::Reference(reference) => reference.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Value::from_raw(&raw).map_err(D::Error::custom)
    }
}

impl schemars::JsonSchema for Value {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "any JSON value: null, boolean, number, string or array" })
    }
}

#[cfg(test)]
mod tests {
    use super::Value;
    use proptest::prelude::*;

    #[test]
    fn a_value_is_hardly_larger_than_a_text() {
        assert!(size_of::<Option<Value>>() <= size_of::<String>() + size_of::<usize>());
    }

    #[test]
    fn money_keeps_its_digits() {
        let value = Value::from_json_text("20000.0000").unwrap();
        assert_eq!(value.to_json_text(), "20000.0000");
        assert!(value.means_the_same(&Value::Integer(20000)));
        let long = Value::from_json_text("123456789012345.6789").unwrap();
        assert_eq!(serde_json::to_string(&vec![long]).unwrap(), "[123456789012345.6789]");
    }

    proptest! {
        #[test]
        fn a_text_is_written_as_the_library_writes_it(
            text in any::<String>(), ascii in "[\\x00-\\x7f]{0,12}", few in "[a-f\\x7f]{0,17}[a\"\\\\\\x1f\\x20!]?[b-d]{0,9}",
        ) {
            for text in [text, ascii, few] {
                let mut out = String::new();
                super::push_json_text(&mut out, &text);
                prop_assert_eq!(out, serde_json::to_string(&text).unwrap());
            }
        }

        #[test]
        fn a_decimal_is_written_with_its_digits(digits in any::<i64>(), few in -1000i64..1000, high in any::<i32>(), scale in 0u32..=28) {
            for number in [i128::from(digits), i128::from(few), i128::from(high) << 62] {
                let number = rust_decimal::Decimal::from_i128_with_scale(number, scale);
                let mut out = String::new();
                super::push_decimal(&mut out, &number).unwrap();
                prop_assert_eq!(out, number.to_string());
            }
        }

        #[test]
        fn any_text_is_a_value_or_an_error(text in ".*") {
            let _ = Value::from_json_text(&text);
        }

        #[test]
        fn what_was_written_reads_the_same(whole in any::<i64>(), text in ".*", cents in -1_000_000_000i64..1_000_000_000) {
            for value in [Value::Integer(whole), Value::Text(text), Value::Decimal(rust_decimal::Decimal::new(cents, 4))] {
                let read = Value::from_json_text(&value.to_json_text()).unwrap();
                prop_assert!(read.means_the_same(&value), "{value:?} came back as {read:?}");
            }
        }
    }
}
