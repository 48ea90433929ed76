//! How the parts of a plan's row are written that no condition looks at, and the text in which it is searched.
//!
//! A row's part is JSON, compressed by itself, so that one row can be read or replaced. The body of its request, JSON too as a rule, may stand
//! behind it as it is, which spares escaping it; its length in bytes stands in front then. The rows of a plan share a dictionary, trained on
//! its first page: what they have in common, most of them, is stored once. Rows of plans made before that were compressed without one.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Deserialize;
use serde_json::value::RawValue;
use syncline_model::{FieldChange, MappedRecord, RowIssue, Value, ValueMap, push_json_text};

use super::plan_pack::RowDraft;
use crate::StoreError;
use crate::cache::codec::Unpacker;
use crate::fold::fold_whole;
use crate::migrate::Migration;
use crate::tables::metadata::unpack;

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 8,
    sql: "CREATE TABLE plan_dictionaries(plan INTEGER PRIMARY KEY NOT NULL, dictionary BLOB NOT NULL)",
}];

/// What a compressed text without a length before it begins with (Zstandard, RFC 8878): a row made before there were dictionaries.
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The part of a row that is only read whole.
#[derive(Deserialize)]
pub(super) struct Body {
    pub(super) reason: String,
    pub(super) mapped: MappedRecord,
    pub(super) existing: Option<Box<RawValue>>,
    /// Absent: every mapped attribute is new.
    changes: Option<Vec<FieldChange>>,
    pub(super) request: Option<Box<RawValue>>,
    pub(super) issues: Vec<RowIssue>,
    pub(super) extra: Option<Box<RawValue>>,
}

impl Body {
    /// Old against new.
    pub(super) fn changes(&mut self) -> Vec<FieldChange> {
        self.changes.take().unwrap_or_else(|| {
            let change = |(field, to): (&String, &Value)| FieldChange {
                field: field.clone(),
                from: Value::Null,
                to: to.clone(),
            };
            new(&self.mapped.attributes).map(change).collect()
        })
    }
}

/// Attributes of a row where nothing was before.
fn new(attributes: &ValueMap) -> impl Iterator<Item = (&String, &Value)> {
    attributes.iter().filter(|(_, value)| !value.is_null())
}

/// True where the changes say nothing that the attributes don't say.
fn all_new(changes: &[FieldChange], attributes: &ValueMap) -> bool {
    let mut changes = changes.iter();
    new(attributes).all(|(field, value)| {
        changes.next().is_some_and(|change| {
            change.from.is_null() && change.field == *field && to_the_letter(&change.to, value)
        })
    }) && changes.next().is_none()
}

/// Equal down to the digits: `1.50` is written otherwise than `1.5`.
fn to_the_letter(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Decimal(one), Value::Decimal(other)) => one == other && one.scale() == other.scale(),
        (Value::List(_), _) | (Value::Double(_), _) => one.to_json_text() == other.to_json_text(),
        _ => one == other,
    }
}

/// Reads a row's part.
fn read(text: &str) -> Result<Body, StoreError> {
    let (json, behind) = split(text).ok_or_else(|| StoreError::Corrupt {
        detail: "a row of a plan is shorter than it was written".to_owned(),
    })?;
    let mut body: Body = serde_json::from_str(json)?;
    if let (Some(head), Some(behind)) = (&body.request, behind) {
        let head = head.get().strip_suffix('}').unwrap_or_default();
        let mut whole = String::with_capacity(head.len() + behind.len() + behind.len() / 8 + 16);
        whole.push_str(head);
        whole.push_str(if head == "{" { "\"body\":" } else { ",\"body\":" });
        push_json_text(&mut whole, behind);
        whole.push('}');
        body.request = Some(RawValue::from_string(whole)?);
    }
    Ok(body)
}

/// The JSON of a row's part, and what stands behind it, where something does.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    let from = text.find(|c: char| !c.is_ascii_digit())?;
    if from == 0 {
        return Some((text, None));
    }
    let (length, rest) = text.split_at(from);
    let at = rest.len().checked_sub(length.parse().ok()?)?;
    let (json, behind) = rest.split_at_checked(at)?;
    Some((json, Some(behind)))
}

/// Writes a row's part behind a text, to be read as [`Body`].
pub(super) fn write(row: &RowDraft<'_>, out: &mut String) -> Result<(), StoreError> {
    let behind = row.request.and_then(|request| request.body);
    if let Some(behind) = behind {
        out.push_str(&behind.len().to_string());
    }
    out.push_str("{\"reason\":");
    push_json_text(out, row.reason);
    out.push_str(",\"mapped\":");
    row.mapped.push_json(out);
    out.push_str(",\"existing\":");
    out.push_str(row.existing.unwrap_or("null"));
    out.push_str(",\"changes\":");
    match row.changes.filter(|changes| !all_new(changes, &row.mapped.attributes)) {
        None => out.push_str("null"),
        Some(changes) => push_changes(out, changes),
    }
    out.push_str(",\"request\":");
    out.push_str(row.request.map_or("null", |request| request.json));
    out.push_str(",\"issues\":");
    if row.issues.is_empty() {
        out.push_str("[]");
    } else {
        out.push_str(&serde_json::to_string(&row.issues)?);
    }
    out.push_str(",\"extra\":");
    out.push_str(row.extra.unwrap_or("null"));
    out.push('}');
    out.push_str(behind.unwrap_or_default());
    Ok(())
}

fn push_changes(out: &mut String, changes: &[FieldChange]) {
    out.push('[');
    for (at, change) in changes.iter().enumerate() {
        out.push_str(if at == 0 { "{\"field\":" } else { ",{\"field\":" });
        push_json_text(out, &change.field);
        out.push_str(",\"from\":");
        change.from.push_json(out);
        out.push_str(",\"to\":");
        change.to.push_json(out);
        out.push('}');
    }
    out.push(']');
}

/// The dictionary of a plan.
pub(super) fn dictionary(db: &Connection, number: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let mut find = db.prepare_cached("SELECT dictionary FROM plan_dictionaries WHERE plan = ?1")?;
    Ok(find.query_row([number], |row| row.get(0)).optional()?)
}

/// Keeps the dictionary of a plan.
pub(super) fn keep_dictionary(tx: &Connection, number: i64, dictionary: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO plan_dictionaries(plan, dictionary) VALUES(?1, ?2)",
        params![number, dictionary],
    )?;
    Ok(())
}

/// Reads the parts of rows, of one plan or of several.
pub(super) struct Bodies<'a> {
    db: &'a Connection,
    /// The plan that was read last, and what reads its rows.
    unpacker: Option<(i64, Unpacker<'static>)>,
}

impl<'a> Bodies<'a> {
    /// Reads from this connection.
    pub(super) fn of(db: &'a Connection) -> Self {
        Self { db, unpacker: None }
    }

    /// The part of a row of a plan.
    pub(super) fn read(&mut self, plan: i64, packed: &[u8]) -> Result<Body, StoreError> {
        if packed.starts_with(&FRAME) {
            return unpack(packed);
        }
        let known = self.unpacker.take().filter(|(number, _)| *number == plan);
        let (_, unpacker) = match known {
            Some(known) => self.unpacker.insert(known),
            None => {
                let dictionary = dictionary(self.db, plan)?;
                self.unpacker.insert((plan, Unpacker::with_dictionary(dictionary.as_deref())?))
            }
        };
        read(&unpacker.text(packed)?)
    }
}

/// The text in which a row is searched.
pub(super) fn words(row: &RowDraft<'_>) -> String {
    fn add(text: &mut String, value: &Value) {
        let from = text.len();
        text.push('\n');
        match value {
            Value::Text(value) => text.push_str(value),
            Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) | Value::Double(_) => {
                value.push_json(text)
            }
            Value::Null | Value::List(_) | Value::Reference(_) => text.push_str(&value.display_text()),
        }
        if text.len() == from + 1 {
            text.truncate(from);
        }
    }
    let mut text = String::with_capacity(512);
    text.push_str(row.source_id);
    text.push('\n');
    text.push_str(&row.title);
    row.mapped.identifiers.values().for_each(|value| add(&mut text, value));
    row.mapped.attributes.values().for_each(|value| add(&mut text, value));
    fold_whole(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_part_that_is_damaged_is_an_error(text in "[0-9]{0,4}[{}\"a-zë:,]{0,12}", far in any::<u64>()) {
            let _ = read(&text);
            let further = format!("{far}{text}");
            prop_assert!(read(&further).is_err());
        }
    }
}
