//! A mapped value as a parameter of its column.
//!
//! PostgreSQL gets every value as text and reads it as it reads a literal of the column's type, so that nothing is lost on the way. SQLite
//! gets its own types; what its columns make of them is told by their affinity (SQLite, Datatypes).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::str::FromStr;
use syncline_model::{ErrorCode, SynclineError, Value};

use crate::dialect::{Cell, Dialect};
use crate::keys::array_literal;
use crate::kind::Kind;
use crate::table::SqlColumn;

/// Longest text of a value that an error repeats.
const SHOWN: usize = 60;

fn refused(column: &SqlColumn, value: &Value, wanted: &str) -> SynclineError {
    let mut shown: String = value.display_text().chars().take(SHOWN).collect();
    if value.display_text().chars().count() > SHOWN {
        shown.push('…');
    }
    SynclineError::new(
        ErrorCode::ServiceRefused,
        format!("{:?} is not {wanted}, as {} ({}) wants it", shown, column.name, column.native),
    )
}

/// The value as the column takes it.
pub(crate) fn encode(dialect: Dialect, column: &SqlColumn, value: &Value) -> Result<Cell, SynclineError> {
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let text = text_form(dialect, column, value)?;
    if text.contains('\0') {
        return Err(refused(column, value, "a text without NUL characters"));
    }
    Ok(match dialect {
        Dialect::Postgres => Cell::Text(text),
        Dialect::Sqlite => sqlite(&column.kind, text),
    })
}

fn sqlite(kind: &Kind, text: String) -> Cell {
    match kind {
        Kind::Bool => Cell::Integer(i64::from(text == "true")),
        Kind::Integer | Kind::BigInt | Kind::Numeric { .. } | Kind::Money => {
            text.parse().map_or(Cell::Text(text), Cell::Integer)
        }
        Kind::Float4 | Kind::Float8 => text.parse().map_or(Cell::Text(text), Cell::Real),
        Kind::Bytes => text
            .strip_prefix("\\x")
            .and_then(|digits| hex::decode(digits).ok())
            .map_or(Cell::Text(text), Cell::Blob),
        Kind::Text
        | Kind::FixedText
        | Kind::Enum
        | Kind::Uuid
        | Kind::Date
        | Kind::Timestamp { .. }
        | Kind::Instant { .. }
        | Kind::Json
        | Kind::Array
        | Kind::Other => Cell::Text(text),
    }
}

/// The literal of the column's type.
fn text_form(dialect: Dialect, column: &SqlColumn, value: &Value) -> Result<String, SynclineError> {
    let plain = value.display_text();
    let trimmed = plain.trim();
    let wrong = |wanted: &str| refused(column, value, wanted);
    Ok(match &column.kind {
        Kind::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" => "true".to_owned(),
            "false" | "0" => "false".to_owned(),
            _ => return Err(wrong("true or false")),
        },
        Kind::Integer | Kind::BigInt => {
            let whole = match value.as_decimal() {
                Some(number) if number.fract().is_zero() => number.trunc().to_string(),
                Some(_) => return Err(wrong("a whole number")),
                None => trimmed.to_owned(),
            };
            whole.parse::<i64>().map_err(|_| wrong("a whole number"))?;
            whole
        }
        Kind::Numeric { .. } | Kind::Money | Kind::Float4 | Kind::Float8 => {
            if trimmed.parse::<f64>().is_err() {
                return Err(wrong("a number"));
            }
            trimmed.to_owned()
        }
        Kind::Text | Kind::FixedText | Kind::Other => plain,
        Kind::Enum => {
            if !column.labels.is_empty() && !column.labels.contains(&plain) {
                return Err(wrong(&format!("one of {}", column.labels.join(", "))));
            }
            plain
        }
        Kind::Uuid => {
            let id = trimmed.trim_start_matches('{').trim_end_matches('}');
            // SQLite has no such type: an application may write its ids in capitals.
            if dialect == Dialect::Postgres { id.to_ascii_lowercase() } else { id.to_owned() }
        }
        Kind::Date => day(trimmed).ok_or_else(|| wrong("a date such as 2026-01-31"))?,
        Kind::Timestamp { .. } => {
            let wall = wall(trimmed).ok_or_else(|| wrong("a time such as 2026-01-31T12:00:00"))?;
            written(dialect, wall, "")
        }
        Kind::Instant { .. } => {
            let zoned = instant(trimmed).ok_or_else(|| wrong("a time such as 2026-01-31T12:00:00Z"))?;
            written(dialect, zoned.datetime(), "Z")
        }
        Kind::Json => match value {
            Value::Text(text) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => text.clone(),
            other => other.to_json_text(),
        },
        Kind::Bytes => {
            let digits = trimmed.strip_prefix("\\x").filter(|digits| hex::decode(digits).is_ok());
            digits.ok_or_else(|| wrong("bytes as \\x and hexadecimal digits"))?;
            trimmed.to_owned()
        }
        Kind::Array => list(value).ok_or_else(|| wrong("a list"))?,
    })
}

/// SQLite's own functions write a blank between day and time and no zone (SQLite, Date And Time Functions); PostgreSQL reads ISO 8601.
fn written(dialect: Dialect, wall: DateTime, zone: &str) -> String {
    match dialect {
        Dialect::Postgres => format!("{wall}{zone}"),
        Dialect::Sqlite => wall.to_string().replacen('T', " ", 1),
    }
}

fn day(text: &str) -> Option<String> {
    if let Ok(day) = jiff::civil::Date::from_str(text) {
        return Some(day.to_string());
    }
    wall(text).map(|wall| wall.date().to_string())
}

/// What the clock on the wall says; a `Z` behind it is no zone there (Dataverse, behavior TimeZoneIndependent).
pub(crate) fn wall(text: &str) -> Option<DateTime> {
    let bare = text.trim_end_matches(['Z', 'z']);
    match DateTime::from_str(bare) {
        Ok(wall) => Some(wall),
        Err(_) => instant(text).map(|zoned| zoned.datetime()),
    }
}

/// An instant; without a zone it is UTC.
pub(crate) fn instant(text: &str) -> Option<Zoned> {
    if let Ok(found) = Timestamp::from_str(text) {
        return Some(found.to_zoned(TimeZone::UTC));
    }
    DateTime::from_str(text).ok()?.to_zoned(TimeZone::UTC).ok()
}

fn list(value: &Value) -> Option<String> {
    let items = match value {
        Value::List(items) => items.clone(),
        Value::Text(text) if text.trim_start().starts_with('{') => return Some(text.clone()),
        Value::Text(text) if text.trim_start().starts_with('[') => match Value::from_json_text(text).ok()? {
            Value::List(items) => items,
            _ => return None,
        },
        _ => return None,
    };
    let nested = items.iter().any(|item| matches!(item, Value::List(_)));
    if nested {
        let parts = items.iter().map(list).collect::<Option<Vec<_>>>()?;
        return Some(format!("{{{}}}", parts.join(",")));
    }
    let texts: Vec<Option<String>> =
        items.iter().map(|item| (!item.is_null()).then(|| item.display_text())).collect();
    Some(array_literal(texts.iter().map(Option::as_deref)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(kind: Kind) -> SqlColumn {
        SqlColumn {
            name: "c".to_owned(),
            reads: "c".to_owned(),
            kind,
            native: "its type".to_owned(),
            nullable: true,
            readable: true,
            labels: Vec::new(),
        }
    }

    fn form(kind: Kind, json: &str) -> Option<String> {
        let value = Value::from_json_text(json).unwrap();
        match encode(Dialect::Postgres, &column(kind), &value) {
            Ok(Cell::Text(text)) => Some(text),
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                assert!(error.message.contains('c'), "{error}");
                None
            }
        }
    }

    #[test]
    fn literals_of_postgresql() {
        let form = |kind, json| form(kind, json);
        assert_eq!(
            form(Kind::Numeric { scale: Some(2) }, "123456789012345.6789").unwrap(),
            "123456789012345.6789"
        );
        assert_eq!(form(Kind::Integer, "7.0").unwrap(), "7");
        assert_eq!(form(Kind::Integer, "7.5"), None);
        assert_eq!(form(Kind::Bool, "1").unwrap(), "true");
        assert_eq!(form(Kind::Date, "\"2026-01-02T00:00:00Z\"").unwrap(), "2026-01-02");
        assert_eq!(
            form(Kind::Timestamp { digits: 6 }, "\"2026-01-02T03:04:05Z\"").unwrap(),
            "2026-01-02T03:04:05"
        );
        assert_eq!(
            form(Kind::Instant { digits: 6 }, "\"2026-01-02T03:04:05+02:00\"").unwrap(),
            "2026-01-02T01:04:05Z"
        );
        assert_eq!(form(Kind::Json, r#""{\"a\":1}""#).unwrap(), "{\"a\":1}");
        assert_eq!(form(Kind::Json, "\"plain\"").unwrap(), "\"plain\"");
        assert_eq!(form(Kind::Array, "[\"a\",null,\"b c\"]").unwrap(), "{\"a\",NULL,\"b c\"}");
        assert_eq!(form(Kind::Array, "[[1,2],[3,4]]").unwrap(), "{{\"1\",\"2\"},{\"3\",\"4\"}}");
        assert_eq!(form(Kind::Bytes, "\"no bytes\""), None);
        assert_eq!(form(Kind::Text, "\"a\\u0000b\""), None);
    }

    #[test]
    fn cells_of_sqlite() {
        let cell = |kind, json: &str| {
            encode(Dialect::Sqlite, &column(kind), &Value::from_json_text(json).unwrap()).unwrap()
        };
        assert_eq!(cell(Kind::Bool, "true"), Cell::Integer(1));
        assert_eq!(cell(Kind::Numeric { scale: None }, "12.50"), Cell::Text("12.50".to_owned()));
        assert_eq!(
            cell(Kind::Instant { digits: 6 }, "\"2026-01-02T03:04:05Z\""),
            Cell::Text("2026-01-02 03:04:05".to_owned())
        );
        assert_eq!(cell(Kind::Bytes, "\"\\\\x01ff\""), Cell::Blob(vec![1, 255]));
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::Bool),
            Just(Kind::Integer),
            Just(Kind::BigInt),
            Just(Kind::Numeric { scale: None }),
            Just(Kind::Money),
            Just(Kind::Float8),
            Just(Kind::Text),
            Just(Kind::Uuid),
            Just(Kind::Date),
            Just(Kind::Timestamp { digits: 6 }),
            Just(Kind::Instant { digits: 6 }),
            Just(Kind::Json),
            Just(Kind::Bytes),
            Just(Kind::Array),
            Just(Kind::Other),
        ]
    }

    proptest! {
        #[test]
        fn any_value_is_a_parameter_or_an_error(kind in kinds(), text in ".{0,30}", sqlite in any::<bool>()) {
            let dialect = if sqlite { Dialect::Sqlite } else { Dialect::Postgres };
            for value in [Value::from_json_text(&text).unwrap_or(Value::Null), Value::Text(text)] {
                if let Ok(Cell::Text(text)) = encode(dialect, &column(kind.clone()), &value) {
                    prop_assert!(!text.contains('\0'));
                }
            }
        }
    }
}
