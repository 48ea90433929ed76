//! From a record's raw JSON to the cells of its typed columns and the words of its search index.

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use syncline_model::{ColumnType, Value};

use crate::StoreError;
use crate::cache::dataset::{CacheColumn, Dataset, Target};

/// What an SQL column holds.
pub(crate) type Cell = rusqlite::types::Value;

/// A record taken apart.
pub(crate) struct Extract {
    /// One cell a value and one a label, in the order of the table.
    pub(crate) cells: Vec<Cell>,
    /// Primary name.
    pub(crate) title: String,
    /// Everything else that can be searched.
    pub(crate) body: String,
}

/// The members of a JSON object in their order; no tree is built.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for ObjectVisitor<'a> {
            type Value = Members<'a>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(64);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(ObjectVisitor(std::marker::PhantomData))
    }
}

/// A member's name, borrowed where it holds no escape.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of a record's JSON.
pub(crate) fn members(raw: &str) -> Result<Vec<(Cow<'_, str>, &RawValue)>, StoreError> {
    serde_json::from_str::<Members<'_>>(raw)
        .map(|members| members.0)
        .map_err(|error| StoreError::internal(format!("a record is no JSON object: {error}")))
}

/// One searchable text of a record.
pub(crate) struct Piece {
    /// Logical name of the column.
    pub(crate) column: String,
    /// The text.
    pub(crate) text: String,
    /// It is the primary name.
    pub(crate) title: bool,
}

/// Takes a record apart.
pub(crate) fn extract(dataset: &Dataset, raw: &str) -> Result<Extract, StoreError> {
    let (values, labels) = sort_out(dataset, raw)?;
    let mut cells = Vec::with_capacity(dataset.columns.len() * 2);
    let (mut title, mut body) = (String::new(), String::new());
    for ((column, value), label) in dataset.columns.iter().zip(values).zip(labels) {
        let cell = value.map_or(Cell::Null, |value| cell(column, value));
        let label = label_of(column, &cell, label);
        if let Some(text) = searchable(column, &cell, label.as_deref()) {
            if dataset.primary_name.as_deref() == Some(column.name.as_str()) {
                title.push_str(text);
            } else {
                if !body.is_empty() {
                    // A separator that no word crosses.
                    body.push('\n');
                }
                body.push_str(text);
                phone_words(text, &mut body);
            }
        }
        cells.push(cell);
        if column.labelled {
            cells.push(label.map_or(Cell::Null, Cell::Text));
        }
    }
    Ok(Extract { cells, title, body })
}

/// The searchable texts of a record, one a column.
pub(crate) fn pieces(dataset: &Dataset, raw: &str) -> Result<Vec<Piece>, StoreError> {
    let (values, labels) = sort_out(dataset, raw)?;
    let mut pieces = Vec::new();
    for ((column, value), label) in dataset.columns.iter().zip(values).zip(labels) {
        let cell = value.map_or(Cell::Null, |value| cell(column, value));
        let label = label_of(column, &cell, label);
        if let Some(text) = searchable(column, &cell, label.as_deref()) {
            pieces.push(Piece {
                column: column.name.to_string(),
                text: text.to_owned(),
                title: dataset.primary_name.as_deref() == Some(column.name.as_str()),
            });
        }
    }
    Ok(pieces)
}

type Sorted<'a> = (Vec<Option<&'a RawValue>>, Vec<Option<&'a RawValue>>);

fn sort_out<'a>(dataset: &Dataset, raw: &'a str) -> Result<Sorted<'a>, StoreError> {
    let mut values = vec![None; dataset.columns.len()];
    let mut labels = vec![None; dataset.columns.len()];
    for (name, value) in members(raw)? {
        match dataset.target(&name) {
            Some(Target::Value(at)) => values[at] = Some(value),
            Some(Target::Label(at)) => labels[at] = Some(value),
            None => {}
        }
    }
    Ok((values, labels))
}

fn label_of(column: &CacheColumn, cell: &Cell, label: Option<&RawValue>) -> Option<String> {
    if !column.labelled {
        return None;
    }
    if let Some(text) = label.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok()) {
        return Some(text);
    }
    match cell {
        Cell::Integer(code) => column.options.get(code).cloned(),
        Cell::Text(codes) if column.column_type == ColumnType::MultiSelectPicklist => {
            let labels: Vec<&str> = codes
                .split(',')
                .filter_map(|code| column.options.get(&code.trim().parse().ok()?).map(String::as_str))
                .collect();
            (!labels.is_empty()).then(|| labels.join("; "))
        }
        Cell::Text(_) | Cell::Null | Cell::Real(_) | Cell::Blob(_) => None,
    }
}

fn searchable<'a>(column: &CacheColumn, cell: &'a Cell, label: Option<&'a str>) -> Option<&'a str> {
    let text = match column.column_type {
        ColumnType::String | ColumnType::Memo => match cell {
            Cell::Text(text) => Some(text.as_str()),
            Cell::Null | Cell::Integer(_) | Cell::Real(_) | Cell::Blob(_) => None,
        },
        ColumnType::Boolean => None,
        ColumnType::Picklist
        | ColumnType::MultiSelectPicklist
        | ColumnType::State
        | ColumnType::Status
        | ColumnType::Lookup
        | ColumnType::Customer
        | ColumnType::Owner => label,
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
        | ColumnType::PartyList
        | ColumnType::UniqueIdentifier
        | ColumnType::DateTime
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => None,
    };
    text.filter(|text| !text.is_empty())
}

/// A phone number is found by its digits however it is written: whole, and without leading zeros
/// and a country code of one to three digits.
fn phone_words(text: &str, body: &mut String) {
    if let Some(digits) = phone_digits(text) {
        let plain = digits.trim_start_matches('0');
        let without_code = (0..=3).filter_map(|skip| plain.get(skip..));
        for word in std::iter::once(digits.as_str()).chain(without_code).filter(|word| word.len() >= 6) {
            body.push(' ');
            body.push_str(word);
        }
    }
}

/// The digits of a text that is written like a phone number and not as one run of digits.
pub(crate) fn phone_digits(text: &str) -> Option<String> {
    if text.len() > 32 || !text.bytes().all(|b| b.is_ascii_digit() || b" +-().,/x#".contains(&b)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 6).then_some(digits)
}

fn cell(column: &CacheColumn, raw: &RawValue) -> Cell {
    let Ok(value) = Value::from_raw(raw) else { return Cell::Null };
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
            Value::Decimal(_) => raw.get().parse().map_or(Cell::Null, Cell::Real),
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

/// A date in the one form that orders as text: `2026-03-01`, `2026-03-01T10:00:00Z` (UTC, whole seconds). `None`: no date.
pub(crate) fn date_text(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    // The forms that services send need no parsing.
    let is_plain = |pattern: &[u8]| {
        bytes.len() == pattern.len()
            && bytes.iter().zip(pattern).all(|(b, p)| if *p == b'0' { b.is_ascii_digit() } else { b == p })
    };
    if is_plain(b"0000-00-00T00:00:00Z") || is_plain(b"0000-00-00") {
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
