//! A record as the source gave it: its id, version and raw JSON. Fields are parsed only when somebody asks.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

use crate::{EntityName, Value};

/// Annotation suffix under which the Web API gives the formatted value of a column (Dataverse Web API, columns and annotations).
pub const FORMATTED_VALUE: &str = "@OData.Community.Display.V1.FormattedValue";
/// Annotation suffix that names the entity a lookup points at.
pub const LOOKUP_LOGICAL_NAME: &str = "@Microsoft.Dynamics.CRM.lookuplogicalname";

/// A record's key in its own system: a GUID (lower case, no braces) in Dataverse, a line number or key value in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct RecordId(String);

impl RecordId {
    /// Wraps the key's text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One record in the Web API's JSON shape: columns under their wire names (`emailaddress1`, `_parentcustomerid_value`),
/// annotations beside them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Record {
    /// Logical name of the entity.
    pub entity: EntityName,
    /// The record's id.
    pub id: RecordId,
    /// `@odata.etag`, opaque; equal means unchanged.
    pub etag: Option<String>,
    /// The JSON object as it arrived, annotations included.
    #[cfg_attr(feature = "ts", ts(type = "Record<string, unknown>"))]
    pub raw: Box<RawValue>,
}

impl Record {
    /// The members of the raw object, borrowed. Names hold escapes rarely, values stay raw.
    pub fn fields(&self) -> Result<Fields<'_>, serde_json::Error> {
        serde_json::from_str::<HashMap<Cow<'_, str>, &RawValue>>(self.raw.get()).map(Fields)
    }
}

/// A record's members by wire name.
#[derive(Debug)]
pub struct Fields<'a>(HashMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Fields<'a> {
    /// The raw JSON under a wire name.
    pub fn raw(&self, wire_name: &str) -> Option<&'a RawValue> {
        self.0.get(wire_name).copied()
    }
    /// The value of a column by its logical name: `x`, else `_x_value`. `None`: the column was not pulled.
    pub fn value(&self, column: &str) -> Option<Value> {
        let raw = self.raw(column).or_else(|| self.raw(&format!("_{column}_value")))?;
        Value::from_raw(raw).ok()
    }
    /// The formatted value (label, lookup name, money with symbol) the service sent beside a column.
    pub fn formatted(&self, column: &str) -> Option<String> {
        self.annotation(column, FORMATTED_VALUE)
    }
    /// The entity a lookup column points at, where the service said so.
    pub fn lookup_entity(&self, column: &str) -> Option<String> {
        self.annotation(column, LOOKUP_LOGICAL_NAME)
    }
    fn annotation(&self, column: &str, suffix: &str) -> Option<String> {
        let raw = self
            .raw(&format!("{column}{suffix}"))
            .or_else(|| self.raw(&format!("_{column}_value{suffix}")))?;
        serde_json::from_str(raw.get()).ok()
    }
    /// All wire names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_is_found_by_its_logical_name() {
        let record = Record {
            entity: "contact".into(),
            id: RecordId::new("1"),
            etag: None,
            raw: RawValue::from_string(
                r#"{"_parentcustomerid_value":"9","_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"account","gendercode":1,"gendercode@OData.Community.Display.V1.FormattedValue":"Male","x":null}"#.to_owned(),
            )
            .unwrap(),
        };
        let fields = record.fields().unwrap();
        assert_eq!(fields.value("parentcustomerid"), Some(Value::from("9")));
        assert_eq!(fields.lookup_entity("parentcustomerid").as_deref(), Some("account"));
        assert_eq!(fields.formatted("gendercode").as_deref(), Some("Male"));
        assert_eq!(fields.value("x"), Some(Value::Null));
        assert_eq!(fields.value("not_pulled"), None);
    }
}
