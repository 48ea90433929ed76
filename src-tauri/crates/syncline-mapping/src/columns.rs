//! The source columns a mapping needs, and how they are picked out of a record's raw JSON without parsing the rest.

use rust_decimal::Decimal;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};
use syncline_model::{
    Choice, Column, ColumnName, ColumnType, EntityName, FORMATTED_VALUE, LOOKUP_LOGICAL_NAME, NotAnObject,
    Record, Value, members,
};

/// Hashes column names, which are short and come from a schema, eight bytes at a time.
#[derive(Clone, Default)]
pub(crate) struct NameHasher(u64);
impl NameHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}
impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last));
    }
    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }
}

/// A source column, with what its transforms need.
#[derive(Debug, Clone)]
pub(crate) struct SourceColumn {
    pub(crate) name: ColumnName,
    pub(crate) column_type: ColumnType,
    /// Sorted by code.
    labels: Vec<(i64, Option<String>)>,
    pub(crate) targets: Vec<EntityName>,
}

impl SourceColumn {
    /// The label of a code, where the schema has one.
    pub(crate) fn label(&self, code: i64) -> Option<&str> {
        let place = self.labels.binary_search_by_key(&code, |(known, _)| *known).ok()?;
        self.labels[place].1.as_deref().filter(|label| !label.is_empty())
    }
}

/// A member's name as it is written, quotes included, and its slot where it is wanted.
type Known = (Box<str>, Option<usize>);

/// All source columns of a mapping.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// The language of labels; absent: the reader's.
    language: Option<u32>,
    columns: Vec<SourceColumn>,
    keys: HashMap<Box<str>, usize, BuildHasherDefault<NameHasher>>,
    /// The members of the first record in their order, each with its slot where it is wanted: the service writes all records alike, so
    /// that the next name can be guessed.
    order: Arc<OnceLock<Vec<Known>>>,
}

const VALUE: usize = 0;
const FORMATTED: usize = 1;
const LOOKUP: usize = 2;
const SLOTS: usize = 3;
/// Names that are compared before one is looked up: annotations come and go with their values.
const AHEAD: usize = 4;

impl Columns {
    /// No columns yet; labels of a language.
    pub(crate) fn of_language(language: Option<u32>) -> Self {
        Self { language, ..Self::default() }
    }

    /// Registers a column and gives its place; the same column gets the same place.
    pub(crate) fn add(&mut self, column: &Column, formatted: bool) -> usize {
        let place = match self.columns.iter().position(|known| known.name == column.logical_name) {
            Some(place) => place,
            None => {
                let label = |choice: &Choice| match self.language {
                    Some(language) => choice.label_in(language).map(str::to_owned),
                    None => choice.label.clone(),
                };
                let mut labels: Vec<(i64, Option<String>)> =
                    column.options.iter().map(|choice| (choice.value, label(choice))).collect();
                labels.sort_by_key(|(code, _)| *code);
                self.columns.push(SourceColumn {
                    name: column.logical_name.clone(),
                    column_type: column.column_type,
                    labels,
                    targets: column.targets.clone(),
                });
                self.columns.len() - 1
            }
        };
        let logical = column.logical_name.as_str();
        let wire = format!("_{logical}_value");
        let mut key = |text: String, slot: usize| {
            self.keys.insert(text.into_boxed_str(), place * SLOTS + slot);
        };
        key(logical.to_owned(), VALUE);
        if column.column_type.is_lookup() {
            key(wire.clone(), VALUE);
            key(format!("{wire}{LOOKUP_LOGICAL_NAME}"), LOOKUP);
        }
        if formatted {
            key(format!("{logical}{FORMATTED_VALUE}"), FORMATTED);
            if column.column_type.is_lookup() {
                key(format!("{wire}{FORMATTED_VALUE}"), FORMATTED);
            }
        }
        place
    }

    /// The column at a place.
    pub(crate) fn get(&self, place: usize) -> &SourceColumn {
        &self.columns[place]
    }

    /// Nothing picked: for values that come from no record.
    pub(crate) fn nothing(&self) -> Picked<'static> {
        Picked(vec![None; self.columns.len() * SLOTS])
    }

    /// Picks the wanted members out of a record.
    pub(crate) fn pick<'a>(&self, record: &'a Record) -> Result<Picked<'a>, NotAnObject> {
        let mut picked = vec![None; self.columns.len() * SLOTS];
        let mut found = members(record.raw.get())?;
        let Some(order) = self.order.get() else {
            let mut order = Vec::new();
            for member in found {
                let member = member?;
                let place = self.keys.get(member.name.as_ref()).copied();
                if let Some(place) = place {
                    picked[place] = Some(member.value);
                }
                order.push((member.token.into(), place));
            }
            // Whoever is first decides; the order is a guess for the others, not a rule.
            let _ = self.order.set(order);
            return Ok(Picked(picked));
        };
        let mut at = 0;
        loop {
            let mut near = order.get(at..).unwrap_or_default().iter().take(AHEAD).enumerate();
            let guess = near.find_map(|(step, (token, place))| Some((step, place, found.next_if(token)?)));
            let (place, value) = match guess {
                Some((step, place, value)) => {
                    at += step + 1;
                    (*place, value?)
                }
                None => match found.next() {
                    Some(member) => {
                        let member = member?;
                        (self.keys.get(member.name.as_ref()).copied(), member.value)
                    }
                    None => return Ok(Picked(picked)),
                },
            };
            if let Some(place) = place {
                picked[place] = Some(value);
            }
        }
    }
}

/// The wanted members of a record, as JSON texts.
#[derive(Debug)]
pub(crate) struct Picked<'a>(Vec<Option<&'a str>>);

impl Picked<'_> {
    /// The value of a column; `None` where the record does not have it.
    pub(crate) fn value(&self, place: usize) -> Option<Value> {
        self.0[place * SLOTS + VALUE].and_then(value)
    }
    /// The formatted value beside a column.
    pub(crate) fn formatted(&self, place: usize) -> Option<String> {
        self.0[place * SLOTS + FORMATTED].and_then(|text| serde_json::from_str(text).ok())
    }
    /// The entity a lookup points at, where the record says so.
    pub(crate) fn lookup_entity(&self, place: usize) -> Option<String> {
        self.0[place * SLOTS + LOOKUP].and_then(|text| serde_json::from_str(text).ok())
    }
}

/// As [`Value::from_json_text`], quicker for what is frequent: the text is known to be JSON already.
fn value(text: &str) -> Option<Value> {
    match text.as_bytes() {
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => {
            Some(Value::Text(text[1..text.len() - 1].to_owned()))
        }
        b"null" => Some(Value::Null),
        b"true" => Some(Value::Bool(true)),
        b"false" => Some(Value::Bool(false)),
        [b'-' | b'0'..=b'9', ..] if text.len() < 25 && !text.contains(['e', 'E']) => if text.contains('.') {
            Decimal::from_str_exact(text).ok().map(Value::Decimal)
        } else {
            text.parse().ok().map(Value::Integer)
        }
        .or_else(|| Value::from_json_text(text).ok()),
        _ => Value::from_json_text(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::value;
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use syncline_model::Value;

    proptest! {
        #[test]
        fn the_quick_way_reads_the_same(text in "\\PC{0,12}", whole in any::<i64>(), cents in any::<i32>(), double in any::<f64>()) {
            let decimal = format!("{}.{:04}", cents, cents.unsigned_abs() % 10_000);
            for json in [serde_json::json!(text).to_string(), whole.to_string(), decimal, serde_json::json!(double).to_string(), "null".to_owned(), "true".to_owned(), format!("[{whole}]")] {
                let raw = RawValue::from_string(json).unwrap();
                prop_assert_eq!(value(raw.get()), Value::from_raw(&raw).ok());
            }
        }
    }
}
