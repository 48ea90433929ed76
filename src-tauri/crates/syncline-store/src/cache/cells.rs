//! What a typed column of the cache holds for a value of the service: one form a column type, so that it orders and compares in SQL.

use rusqlite::types::{ToSqlOutput, ValueRef};
use syncline_model::{ColumnType, Value, plain_text};

use crate::cache::dataset::CacheColumn;

/// What an SQL column holds.
pub(crate) type Cell = rusqlite::types::Value;

/// A cell that borrows from the record's JSON where it can.
pub(crate) type Slot<'a> = ToSqlOutput<'a>;

/// No value.
pub(crate) const NOTHING: Slot<'static> = ToSqlOutput::Borrowed(ValueRef::Null);

fn borrowed(text: &str) -> Slot<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
}

/// The text of a slot.
pub(crate) fn slot_text<'a>(slot: &'a Slot<'_>) -> Option<&'a str> {
    match slot {
        ToSqlOutput::Borrowed(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).ok(),
        ToSqlOutput::Owned(Cell::Text(text)) => Some(text),
        _ => None,
    }
}

fn slot_integer(slot: &Slot<'_>) -> Option<i64> {
    match slot {
        ToSqlOutput::Borrowed(ValueRef::Integer(number)) | ToSqlOutput::Owned(Cell::Integer(number)) => {
            Some(*number)
        }
        _ => None,
    }
}

/// The cell of a column for a JSON value. The forms that services send need no copy; everything else takes the long way.
pub(crate) fn slot<'a>(column: &CacheColumn, json: &'a str) -> Slot<'a> {
    let quick = match json.as_bytes().first() {
        Some(b'n') => Some(NOTHING),
        Some(b'"') => plain_text(json).and_then(|text| text_slot(column.column_type, text)),
        Some(b'-' | b'0'..=b'9') => number_slot(column.column_type, json),
        _ => None,
    };
    quick.unwrap_or_else(|| ToSqlOutput::Owned(cell(column, json)))
}

fn text_slot(column_type: ColumnType, text: &str) -> Option<Slot<'_>> {
    match column_type {
        ColumnType::String | ColumnType::Memo => Some(if text.is_empty() { NOTHING } else { borrowed(text) }),
        ColumnType::DateTime => is_plain_date(text).then(|| borrowed(text)),
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner | ColumnType::UniqueIdentifier => {
            (!text.bytes().any(|b| b.is_ascii_uppercase())).then(|| borrowed(text))
        }
        ColumnType::MultiSelectPicklist
        | ColumnType::PartyList
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => Some(borrowed(text)),
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Picklist
        | ColumnType::State
        | ColumnType::Status
        | ColumnType::Boolean
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money => None,
    }
}

fn number_slot(column_type: ColumnType, json: &str) -> Option<Slot<'static>> {
    match column_type {
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Picklist
        | ColumnType::State
        | ColumnType::Status => json.parse().ok().map(|n: i64| ToSqlOutput::Borrowed(ValueRef::Integer(n))),
        ColumnType::Decimal | ColumnType::Double | ColumnType::Money => json
            .parse()
            .ok()
            .filter(|n: &f64| n.is_finite())
            .map(|n| ToSqlOutput::Borrowed(ValueRef::Real(n))),
        ColumnType::Boolean
        | ColumnType::String
        | ColumnType::Memo
        | ColumnType::DateTime
        | ColumnType::Lookup
        | ColumnType::Customer
        | ColumnType::Owner
        | ColumnType::UniqueIdentifier
        | ColumnType::MultiSelectPicklist
        | ColumnType::PartyList
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => None,
    }
}

/// The label of a cell: as the service formatted it, else by the choice's code.
pub(crate) fn label_slot<'a>(
    column: &'a CacheColumn,
    cell: &Slot<'_>,
    json: Option<&'a str>,
) -> Option<Slot<'a>> {
    if !column.labelled {
        return None;
    }
    if let Some(json) = json {
        if let Some(text) = plain_text(json) {
            return Some(borrowed(text));
        }
        if let Ok(text) = serde_json::from_str::<String>(json) {
            return Some(ToSqlOutput::Owned(Cell::Text(text)));
        }
    }
    if let Some(code) = slot_integer(cell) {
        return column.options.get(&code).map(|label| borrowed(label));
    }
    if column.column_type == ColumnType::MultiSelectPicklist {
        let labels: Vec<&str> = slot_text(cell)?
            .split(',')
            .filter_map(|code| column.options.get(&code.trim().parse().ok()?).map(String::as_str))
            .collect();
        return (!labels.is_empty()).then(|| ToSqlOutput::Owned(Cell::Text(labels.join("; "))));
    }
    None
}

fn cell(column: &CacheColumn, json: &str) -> Cell {
    let Ok(value) = Value::from_json_text(json) else { return Cell::Null };
    match column.column_type {
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Picklist
        | ColumnType::State
        | ColumnType::Status => whole(value),
        ColumnType::Boolean => match value {
            Value::Bool(flag) => Cell::Integer(i64::from(flag)),
            Value::Text(text) if text.eq_ignore_ascii_case("true") => Cell::Integer(1),
            Value::Text(text) if text.eq_ignore_ascii_case("false") => Cell::Integer(0),
            other => whole(other),
        },
        ColumnType::Decimal | ColumnType::Double | ColumnType::Money => match value {
            Value::Integer(number) => Cell::Real(number as f64),
            Value::Double(number) => Cell::Real(number),
            Value::Decimal(_) => json.trim().parse().map_or(Cell::Null, Cell::Real),
            Value::Text(text) => text.trim().parse().map_or(Cell::Text(text), Cell::Real),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Reference(_) => plain(value),
        },
        ColumnType::DateTime => match value {
            Value::Text(text) => Cell::Text(date_text(&text).unwrap_or(text)),
            other => plain(other),
        },
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner | ColumnType::UniqueIdentifier => {
            match value {
                Value::Text(mut text) => {
                    text.make_ascii_lowercase();
                    Cell::Text(text)
                }
                other => plain(other),
            }
        }
        ColumnType::MultiSelectPicklist => match value {
            Value::List(items) => {
                Cell::Text(items.iter().map(Value::display_text).collect::<Vec<_>>().join(","))
            }
            other => plain(other),
        },
        // The service stores an empty text as null.
        ColumnType::String | ColumnType::Memo => match plain(value) {
            Cell::Text(text) if text.is_empty() => Cell::Null,
            other => other,
        },
        ColumnType::PartyList | ColumnType::Image | ColumnType::File | ColumnType::Other => plain(value),
    }
}

fn whole(value: Value) -> Cell {
    match value {
        Value::Integer(number) => Cell::Integer(number),
        Value::Text(text) => text.trim().parse().map_or(Cell::Text(text), Cell::Integer),
        other => plain(other),
    }
}

fn plain(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(flag) => Cell::Integer(i64::from(flag)),
        Value::Integer(number) => Cell::Integer(number),
        Value::Double(number) => Cell::Real(number),
        Value::Text(text) => Cell::Text(text),
        Value::Decimal(_) | Value::List(_) | Value::Reference(_) => Cell::Text(value.to_json_text()),
    }
}

/// The forms that services send, which need no parsing.
fn is_plain_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is = |pattern: &[u8]| {
        bytes.len() == pattern.len()
            && bytes.iter().zip(pattern).all(|(b, p)| if *p == b'0' { b.is_ascii_digit() } else { b == p })
    };
    is(b"0000-00-00T00:00:00Z") || is(b"0000-00-00")
}

/// A date in the one form that orders as text: `2026-03-01`, `2026-03-01T10:00:00Z` (UTC, whole seconds). `None`: no date.
pub(crate) fn date_text(text: &str) -> Option<String> {
    if is_plain_date(text) {
        return Some(text.to_owned());
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    if let Ok(wall) = text.parse::<jiff::civil::DateTime>() {
        return Some(wall.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The short way gives what the long way gives.
        #[test]
        fn no_way_matters(text in "(-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?(e[0-9])?|null|true|\"[A-Za-z0-9é:TZ-]{0,20}\"|\"20[0-9]{2}-0[1-9]-1[0-9](T10:0[0-9]:00Z)?\"|\"a\\\\nb\"|\\[1,2\\])") {
            for column_type in [ColumnType::String, ColumnType::Integer, ColumnType::Money, ColumnType::Boolean, ColumnType::DateTime,
                ColumnType::MultiSelectPicklist, ColumnType::UniqueIdentifier, ColumnType::Picklist, ColumnType::Other] {
                let column = CacheColumn { name: "c".into(), column_type, slot: 0, labelled: false, options: Default::default(), behavior: None, targets: Vec::new() };
                let (quick, long) = (slot(&column, &text), cell(&column, &text));
                let quick = match quick {
                    ToSqlOutput::Borrowed(value) => Cell::try_from(value).unwrap(),
                    ToSqlOutput::Owned(value) => value,
                    other => panic!("{other:?}"),
                };
                prop_assert_eq!(quick, long, "{:?}", column_type);
            }
        }
    }
}
