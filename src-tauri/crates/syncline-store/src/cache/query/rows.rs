//! From the rows of the statement to JSON as the Web API answers FetchXML: only what has a value.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::value::RawValue;
use std::collections::HashMap;
use syncline_fetchxml::Attribute;
use syncline_model::{FORMATTED_VALUE, members};

use super::aggregate::Output;
use crate::StoreError;
use crate::cache::codec::Unpacker;

/// Which members of a table's JSON go into the result, and under which names.
pub(super) struct Shape {
    /// Of a linked table: what stands before its columns.
    prefix: Option<String>,
    /// All columns.
    all: bool,
    /// Names in the result by logical name; an empty name keeps the one it has.
    names: HashMap<String, Vec<String>>,
}

impl Shape {
    pub(super) fn new(prefix: Option<&str>, all: bool, attributes: &[Attribute], key: Option<&str>) -> Self {
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        for attribute in attributes.iter().filter(|attribute| attribute.row_aggregate.is_none()) {
            let wanted = attribute.alias.clone().unwrap_or_default();
            let known = names.entry(attribute.name.clone()).or_default();
            if !known.contains(&wanted) {
                known.push(wanted);
            }
        }
        if let Some(key) = key {
            names.entry(key.to_owned()).or_insert_with(|| vec![String::new()]);
        }
        Self { prefix: prefix.map(str::to_owned), all, names }
    }
    pub(super) fn is_empty(&self) -> bool {
        !self.all && self.names.is_empty()
    }
}

/// Writes one row as a JSON object.
pub(super) struct RowText(String);

impl RowText {
    pub(super) fn new() -> Self {
        Self("{".to_owned())
    }

    pub(super) fn put(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&serde_json::to_string(name)?);
        self.0.push(':');
        self.0.push_str(value);
        Ok(())
    }

    /// The members of one table's record.
    pub(super) fn table(
        &mut self,
        shape: &Shape,
        unpacker: &mut Unpacker<'_>,
        packed: &[u8],
    ) -> Result<(), StoreError> {
        let raw = unpacker.text(packed)?;
        for member in members(&raw)? {
            let member = member?;
            let (member, value) = (member.name, member.value);
            let (name, annotation) = match member.split_once('@') {
                Some((name, annotation)) => (name, Some(annotation)),
                None => (&*member, None),
            };
            if name.is_empty() {
                // What is said of the record itself: its version.
                if shape.prefix.is_none() {
                    self.put(&member, value)?;
                }
                continue;
            }
            if value == "null" || (annotation.is_none() && value == "\"\"") {
                continue;
            }
            let logical = name.strip_prefix('_').and_then(|name| name.strip_suffix("_value")).unwrap_or(name);
            let tail = annotation.map(|annotation| format!("@{annotation}")).unwrap_or_default();
            let own = match &shape.prefix {
                Some(prefix) => format!("{prefix}.{logical}"),
                None => name.to_owned(),
            };
            let wanted = shape.names.get(logical);
            if shape.all && wanted.is_none_or(|names| !names.iter().any(String::is_empty)) {
                self.put(&format!("{own}{tail}"), value)?;
            }
            for name in wanted.into_iter().flatten() {
                let name = if name.is_empty() { &own } else { name };
                self.put(&format!("{name}{tail}"), value)?;
            }
        }
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<Box<RawValue>, StoreError> {
        self.0.push('}');
        Ok(RawValue::from_string(self.0)?)
    }
}

/// A group as a JSON object.
pub(super) fn group(outputs: &[Output], row: &Row<'_>) -> Result<Box<RawValue>, StoreError> {
    let mut text = RowText::new();
    let mut at = 0;
    for output in outputs {
        let value = json(output, row.get_ref(at)?)?;
        at += 1;
        if output.labelled {
            if let (Some(_), ValueRef::Text(label)) = (&value, row.get_ref(at)?) {
                let label = serde_json::to_string(&String::from_utf8_lossy(label))?;
                text.put(&format!("{}{FORMATTED_VALUE}", output.name), &label)?;
            }
            at += 1;
        }
        if let Some(value) = value {
            text.put(&output.name, &value)?;
        }
    }
    text.end()
}

fn json(output: &Output, value: ValueRef<'_>) -> Result<Option<String>, StoreError> {
    Ok(match value {
        ValueRef::Null | ValueRef::Blob(_) => None,
        ValueRef::Integer(number) if output.yes_no => Some((number != 0).to_string()),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(serde_json::to_string(&number)?),
        ValueRef::Text(text) if output.number => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Text(text) => Some(serde_json::to_string(&String::from_utf8_lossy(text))?),
    })
}
