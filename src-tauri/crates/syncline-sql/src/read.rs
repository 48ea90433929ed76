//! A cell as JSON, in the shape in which records travel: numbers digit for digit, dates as the Web API writes them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::str::FromStr;
use syncline_connect::ProbedRow;
use syncline_model::{Record, RecordId, SynclineError, Value};

use crate::dialect::Cell;
use crate::engine::internal;
use crate::keys::record_id;
use crate::kind::Kind;
use crate::table::{SqlColumn, Table};

/// A number that a value keeps exactly; others are told as text.
fn exact_number(text: &str) -> bool {
    !text.contains(['e', 'E']) && (text.parse::<i64>().is_ok() || Decimal::from_str_exact(text).is_ok())
}

fn string(text: &str) -> String {
    Value::from(text).to_json_text()
}

/// `2026-01-02 03:04:05.1+00`, `2026-01-02T03:04:05Z` or with no zone as `2026-01-02T03:04:05.1Z`. A time without a zone keeps what the clock
/// on the wall says; an instant without one is UTC. What is no such time (`infinity`, years before Christ) stays as it is.
fn moment(text: &str, instant: bool) -> String {
    let wall = |text: &str| DateTime::from_str(text).ok();
    if !instant {
        return wall(text.trim_end_matches('Z')).map_or_else(|| text.to_owned(), |wall| format!("{wall}Z"));
    }
    if let Ok(found) = Timestamp::from_str(text) {
        return found.to_string();
    }
    let utc = wall(text).and_then(|wall| wall.to_zoned(TimeZone::UTC).ok());
    utc.map_or_else(|| text.to_owned(), |zoned| zoned.timestamp().to_string())
}

/// Seconds since 1970, or thousandths of them where seconds would lie beyond the year 5000.
fn since_epoch(number: i64) -> Option<String> {
    let found = if number.abs() < 100_000_000_000 {
        Timestamp::from_second(number)
    } else {
        Timestamp::from_millisecond(number)
    };
    found.ok().map(|found| found.to_string())
}

fn binary(number: f64) -> String {
    if number.is_finite() { format!("{number:?}") } else { string(&number.to_string()) }
}

/// Bytes as PostgreSQL writes them (`bytea_output = hex`).
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    format!("\\x{}", hex::encode(bytes))
}

/// One cell as JSON text.
pub(crate) fn json(kind: &Kind, cell: &Cell) -> String {
    match (kind, cell) {
        (_, Cell::Null) => "null".to_owned(),
        (Kind::Bool, Cell::Integer(0)) => "false".to_owned(),
        (Kind::Bool, Cell::Integer(1)) => "true".to_owned(),
        (Kind::Bool, Cell::Text(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => "true".to_owned(),
            "false" | "f" | "0" => "false".to_owned(),
            _ => string(text),
        },
        (Kind::Date | Kind::Timestamp { .. } | Kind::Instant { .. }, Cell::Integer(number)) => {
            let told = since_epoch(*number).unwrap_or_else(|| number.to_string());
            string(if *kind == Kind::Date { told.get(..10).unwrap_or(&told) } else { &told })
        }
        (Kind::Timestamp { .. }, Cell::Text(text)) => string(&moment(text, false)),
        (Kind::Instant { .. }, Cell::Text(text)) => string(&moment(text, true)),
        (Kind::Float4 | Kind::Float8, Cell::Text(text)) => {
            let number = text.parse::<f64>().is_ok_and(f64::is_finite);
            if number { text.clone() } else { string(text) }
        }
        (kind, Cell::Text(text)) if kind.is_number() => {
            if exact_number(text) {
                text.clone()
            } else {
                string(text)
            }
        }
        (Kind::Array, Cell::Text(text)) if RawValue::from_string(text.clone()).is_ok() => text.clone(),
        (Kind::Text | Kind::FixedText | Kind::Uuid | Kind::Json | Kind::Enum, Cell::Integer(number)) => {
            string(&number.to_string())
        }
        (_, Cell::Text(text)) => string(text),
        (_, Cell::Integer(number)) => number.to_string(),
        (_, Cell::Real(number)) => binary(*number),
        (_, Cell::Blob(bytes)) => string(&hexadecimal(bytes)),
    }
}

/// One cell as a value.
pub(crate) fn value(kind: &Kind, cell: &Cell) -> Result<Value, SynclineError> {
    Value::from_json_text(&json(kind, cell)).map_err(internal)
}

fn text_of(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        Cell::Null | Cell::Integer(_) | Cell::Real(_) | Cell::Blob(_) => None,
    }
}

/// A record of a row that was read as [`crate::select::Select`] asks: version, key, then the columns.
pub(crate) fn record(table: &Table, columns: &[&SqlColumn], row: &[Cell]) -> Result<Record, SynclineError> {
    let (id, cells) = identified(table, row)?;
    let mut raw = String::with_capacity(64 * columns.len());
    raw.push('{');
    for (number, (column, cell)) in columns.iter().zip(cells).enumerate() {
        if number > 0 {
            raw.push(',');
        }
        raw.push_str(&string(&column.name));
        raw.push(':');
        raw.push_str(&json(&column.kind, cell));
    }
    raw.push('}');
    Ok(Record {
        entity: table.schema.summary.logical_name.clone(),
        id,
        etag: row.first().and_then(text_of),
        raw: RawValue::from_string(raw).map_err(internal)?,
    })
}

/// The same as a destination's row.
pub(crate) fn probed(
    table: &Table,
    columns: &[&SqlColumn],
    row: &[Cell],
) -> Result<ProbedRow, SynclineError> {
    let (id, cells) = identified(table, row)?;
    let values = columns
        .iter()
        .zip(cells)
        .map(|(column, cell)| Ok((column.name.clone(), value(&column.kind, cell)?)))
        .collect::<Result<_, SynclineError>>()?;
    Ok(ProbedRow { id, etag: row.first().and_then(text_of), values })
}

fn identified<'a>(table: &Table, row: &'a [Cell]) -> Result<(RecordId, &'a [Cell]), SynclineError> {
    let keys = table.key.len();
    match row.get(1..1 + keys) {
        Some(key) => Ok((record_id(key), &row[1 + keys..])),
        None => Err(internal("a row came with fewer columns than were asked for")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: Kind, cell: impl Into<Option<&'static str>>) -> String {
        json(&kind, &cell.into().map_or(Cell::Null, |text| Cell::Text(text.to_owned())))
    }

    #[test]
    fn numbers_keep_their_digits() {
        let numeric = || Kind::Numeric { scale: None };
        assert_eq!(told(numeric(), "20000.0000"), "20000.0000");
        assert_eq!(
            told(numeric(), "12345678901234567890123456789012.5"),
            "\"12345678901234567890123456789012.5\""
        );
        assert_eq!(told(numeric(), "NaN"), "\"NaN\"");
        assert_eq!(told(Kind::BigInt, "9223372036854775807"), "9223372036854775807");
        assert_eq!(told(Kind::Float8, "1e+20"), "1e+20");
        assert_eq!(told(Kind::Float8, "-Infinity"), "\"-Infinity\"");
        assert_eq!(json(&numeric(), &Cell::Real(0.1)), "0.1");
    }

    #[test]
    fn dates_are_as_the_web_api_writes_them() {
        let instant = || Kind::Instant { digits: 6 };
        assert_eq!(told(instant(), "2026-01-02 03:04:05.12+00"), "\"2026-01-02T03:04:05.12Z\"");
        assert_eq!(told(instant(), "2026-01-02 03:04:05+02"), "\"2026-01-02T01:04:05Z\"");
        assert_eq!(told(instant(), "infinity"), "\"infinity\"");
        assert_eq!(told(Kind::Timestamp { digits: 6 }, "2026-01-02 03:04:05"), "\"2026-01-02T03:04:05Z\"");
        assert_eq!(told(Kind::Date, "2026-01-02"), "\"2026-01-02\"");
        assert_eq!(json(&instant(), &Cell::Integer(1_767_322_800)), "\"2026-01-02T03:00:00Z\"");
    }

    #[test]
    fn documents_are_text_and_arrays_are_lists() {
        assert_eq!(told(Kind::Json, "{\"a\": 1}"), r#""{\"a\": 1}""#);
        assert_eq!(
            value(&Kind::Array, &Cell::Text("[\"a\",null]".to_owned())).unwrap(),
            Value::List(vec![Value::from("a"), Value::Null])
        );
        assert_eq!(json(&Kind::Bytes, &Cell::Blob(vec![1, 255])), r#""\\x01ff""#);
        assert_eq!(told(Kind::Text, None), "null");
    }
}
