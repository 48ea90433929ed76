//! The only shape of a sync definition that is stored, exported or read: `*.sync.json`, version 1.

mod event;
mod field;
mod identifier;
mod options;
mod problem;
mod read;
mod salvage;
mod shape;
mod source;
mod two_way;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ColumnName, ConnectionName, EntityName, Value};
pub use event::{EventName, EventSection, EventTimestamp, ParameterMapping, ProcessingWord};
pub use field::{DateRule, FieldMapping, FindBy, JoinRule, OnEmpty, OnUnmapped, SplitRule, TextCase};
pub use identifier::{IdentifierCheck, IdentifierMapping, OnDuplicate, OnInvalidIdentifier};
pub use options::{DefinitionOptions, RunLimits, SyncAction};
pub use problem::{Fix, Problem};
pub use source::{FetchMode, FetchSection, SourceSection};
pub use two_way::{ConflictRule, CreateWhere, DeletedRule, Direction, LinkedRecord, TwoWaySection};

/// A definition: what is read, how it maps, where it goes. It names connections, never their addresses, and holds no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SyncDefinition {
    /// Shape version; 1.
    pub version: u32,
    /// The name people use.
    pub name: String,
    /// What is read.
    pub source: SourceSection,
    /// Where it goes.
    pub destination: DestinationSection,
    /// By what a record is recognised at the destination; at least one.
    #[serde(default)]
    pub identifiers: Vec<IdentifierMapping>,
    /// What happens to an identifier whose value is malformed.
    #[serde(default)]
    pub on_invalid_identifier: OnInvalidIdentifier,
    /// Which one goes of several records whose identifiers are all the same.
    #[serde(default, skip_serializing_if = "is_first")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<OnDuplicate>"))]
    pub on_duplicate: OnDuplicate,
    /// Target attributes from source columns.
    #[serde(default)]
    pub fields: Vec<FieldMapping>,
    /// What happens to a code without a label where a label is asked for.
    #[serde(default)]
    pub on_unknown_code: OnUnknownCode,
    /// The language of labels, by its number (LCID) such as 1031; absent: the language of the user who reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub label_language: Option<u32>,
    /// Target attributes with the same value on every record.
    #[serde(default)]
    pub fixed: Vec<FixedValue>,
    /// How phone numbers are brought to E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub phone: Option<PhoneSection>,
    /// One event a record; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub events: Option<EventSection>,
    /// Switches of the run.
    #[serde(default)]
    pub options: DefinitionOptions,
    /// When it runs by itself; absent: only by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub schedule: Option<ScheduleSection>,
    /// For two-way definitions: who wins when both sides changed the same; absent: a person is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub conflict: Option<ConflictRule>,
    /// For two-way definitions: new and deleted records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub two_way: Option<TwoWaySection>,
}

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct DestinationSection {
    /// Name of the destination connection.
    pub connection: ConnectionName,
    /// Entity there: a logical name in Dataverse, `profile` for Insider One, `rows` for files.
    pub entity: EntityName,
}

fn is_first(rule: &OnDuplicate) -> bool {
    *rule == OnDuplicate::First
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What happens to a code without a label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum OnUnknownCode {
    /// The code itself is sent.
    #[default]
    Raw,
    /// The attribute is left out.
    Skip,
}

/// A fixed value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FixedValue {
    /// Target attribute.
    pub to: String,
    /// The value.
    pub value: Value,
}

/// Phone rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PhoneSection {
    /// Bring to international form.
    #[serde(default = "default_true")]
    pub international: bool,
    /// Dial code to add where none is written, digits only, such as `90`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub country_code: Option<String>,
}

fn default_true() -> bool {
    true
}

/// When it runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ScheduleSection {
    /// Five fields, UTC.
    pub cron: String,
    /// Kept, but not running.
    #[serde(default)]
    pub paused: bool,
    /// Most records that a run by itself may write; one that would write more is not begun, and told. A production destination needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub at_most: Option<u64>,
}

impl SyncDefinition {
    /// Every column that an identifier, a field or an event names, expressions aside; a column may come twice.
    pub fn named_columns(&self) -> Vec<&ColumnName> {
        let mut names: Vec<&ColumnName> = self.identifiers.iter().map(|one| &one.from).collect();
        for field in &self.fields {
            names.push(&field.from);
            names.extend(&field.first_of);
            names.extend(field.join.iter().flat_map(|join| &join.with));
            names.extend(&field.phone_country);
        }
        if let Some(events) = &self.events {
            names.extend(&events.name.from);
            if let EventTimestamp::Column { from } = &events.timestamp {
                names.push(from);
            }
            names.extend(events.parameters.iter().map(|one| &one.from));
        }
        names
    }
    /// Reads a definition. Every problem of shape is told at once; what depends on the environments is `syncline-mapping`'s.
    pub fn from_json(text: &str) -> Result<SyncDefinition, Vec<Problem>> {
        read::read(text)
    }
    /// What can be read of a text that [`SyncDefinition::from_json`] refuses, so that what else is wrong can be told with it. It lacks what
    /// was refused and is for nothing else.
    pub fn readable_part(text: &str) -> Option<SyncDefinition> {
        salvage::salvage(text)
    }
    /// The file's text: pretty, keys in their documented order, a newline at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The published JSON Schema of a definition.
pub fn definition_json_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(SyncDefinition).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), "Syncline definition".into());
        object.insert("$id".to_owned(), "https://syncline.app/schemas/sync-definition-1.json".into());
    }
    schema
}
