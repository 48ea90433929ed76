//! The only shape of a sync definition that is stored, exported or read: `*.sync.json`, version 1.

mod field;
mod options;
mod read;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{ColumnName, ConnectionName, EntityName, Value};
pub use field::{DateRule, FieldMapping, FindBy, JoinRule, OnEmpty, OnUnmapped, SplitRule, TextCase};
pub use options::{DefinitionOptions, RunLimits, SyncAction};
pub use read::Problem;

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
    /// For two-way definitions: who wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub conflict: Option<ConflictRule>,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SourceSection {
    /// Name of the source connection.
    pub connection: ConnectionName,
    /// Entity to read. Stands in place of `list`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub entity: Option<EntityName>,
    /// Marketing list to read, by name or id. Stands in place of `entity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub list: Option<String>,
    /// Columns to read. What is not here can't be mapped.
    pub columns: Vec<ColumnName>,
    /// FetchXML `<filter>` or one `<condition>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub filter: Option<String>,
    /// Which records.
    #[serde(default)]
    pub fetch: FetchSection,
    /// Records a page, 1 to 5000.
    #[serde(default = "default_page_size")]
    #[schemars(range(min = 1, max = 5000))]
    pub page_size: u32,
    /// Milliseconds until a request is given up, at most 300,000.
    #[serde(default = "default_timeout_ms")]
    #[schemars(range(min = 1000, max = 300_000))]
    pub timeout_ms: u64,
    /// Retries of a request, at most 10.
    #[serde(default = "default_retries")]
    #[schemars(range(max = 10))]
    pub retries: u32,
}

fn default_page_size() -> u32 {
    500
}
fn default_timeout_ms() -> u64 {
    60_000
}
fn default_retries() -> u32 {
    3
}
fn default_true() -> bool {
    true
}

/// Which records are fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FetchSection {
    /// The mode.
    #[serde(default)]
    pub mode: FetchMode,
    /// Days to look back; 0: no look-back.
    #[serde(default)]
    pub days: u32,
}

/// Fetch modes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum FetchMode {
    /// Changed since the last sync, new ones left out.
    Updated,
    /// New or changed since the last sync.
    NewAndUpdated,
    /// Always all.
    #[default]
    All,
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

/// One identifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct IdentifierMapping {
    /// `email`, `phone_number`, `uuid` or a custom name at Insider One; the primary key or the columns of an alternate key in Dataverse.
    pub to: String,
    /// Source column; of the record that a lookup points at: the lookup, a dot, and that record's column.
    pub from: ColumnName,
    /// What a value must be, for an identifier that is not checked by its own rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub check: Option<IdentifierCheck>,
    /// A regular expression that the whole value must fit, at most 500 characters long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pattern: Option<String>,
}

impl IdentifierMapping {
    /// An identifier from a column, checked by its own rule alone.
    pub fn new(to: impl Into<String>, from: impl Into<ColumnName>) -> Self {
        Self { to: to.into(), from: from.into(), check: None, pattern: None }
    }
}

/// What an identifier's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum IdentifierCheck {
    /// An e-mail address; folded to lower case.
    Email,
    /// A telephone number; brought to the international form as `phone` says.
    Phone,
    /// A UUID; written in lower case with hyphens.
    Uuid,
}

/// What happens to records of the selection whose identifiers are all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum OnDuplicate {
    /// The first one read goes, in the order of ids.
    #[default]
    First,
    /// The one that was changed last goes (`modifiedon`).
    Latest,
    /// None of them goes.
    None,
    /// Each of them goes, no two in one request; only where each is an event.
    All,
}

fn is_first(rule: &OnDuplicate) -> bool {
    *rule == OnDuplicate::First
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Direction of a field in a two-way definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Source to destination.
    To,
    /// Destination to source.
    From,
    /// Both ways.
    Both,
}

/// Who wins when both sides changed a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ConflictRule {
    /// The later change.
    Newest,
    /// The source.
    Source,
    /// The destination.
    Destination,
    /// A person.
    Ask,
}

/// What happens to a malformed identifier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum OnInvalidIdentifier {
    /// The identifier is left out, the record stays if another one is left.
    #[default]
    SkipIdentifier,
    /// The record is left out.
    SkipRecord,
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

/// Events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct EventSection {
    /// The event's name.
    pub name: EventName,
    /// The event's time.
    pub timestamp: EventTimestamp,
    /// Parameters from columns.
    #[serde(default)]
    pub parameters: Vec<ParameterMapping>,
    /// Parameters with the same value on every event.
    #[serde(default)]
    pub fixed: Vec<FixedValue>,
}

/// An event's name: one for all, or from a column through a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct EventName {
    /// One name for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fixed: Option<String>,
    /// Column whose value is looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from: Option<ColumnName>,
    /// Value of the column to event name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
}

/// `"processing"`, or `{"from": column}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum EventTimestamp {
    /// The word `processing`.
    Processing(ProcessingWord),
    /// From a date column.
    Column {
        /// The column.
        from: ColumnName,
    },
}

/// The word `processing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ProcessingWord {
    /// The time at which the record is processed.
    Processing,
}

/// One event parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ParameterMapping {
    /// Parameter name.
    pub to: String,
    /// Source column.
    pub from: ColumnName,
    /// Send the label in place of the code.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub label: bool,
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
