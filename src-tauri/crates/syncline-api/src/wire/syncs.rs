//! Definitions: kept, checked, and tried with a few records.

use serde::{Deserialize, Serialize};
use syncline_model::{
    EntitySchema, Explanation, FieldMapping, MappedRecord, Problem, RowIssue, SyncDefinition,
};
use ts_rs::TS;

/// Names a definition.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DefinitionRef {
    /// Its name.
    pub name: String,
}

/// A definition in the list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DefinitionView {
    /// Name.
    pub name: String,
    /// Content.
    pub definition: SyncDefinition,
    /// Hash of its canonical JSON.
    pub hash: String,
    /// Last change, RFC 3339 UTC.
    pub changed_at: String,
    /// Its last run.
    pub last_run: Option<super::RunView>,
}

/// Saves a definition.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct DefinitionSave {
    /// Name under which it was saved so far; absent for a new one.
    pub previous_name: Option<String>,
    /// Text of the file. A definition with problems may be saved; it can't be run.
    pub json: String,
}

/// A definition's text.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DefinitionText {
    /// The JSON.
    pub json: String,
    /// Name under which an earlier version is saved, so that it is not taken for another definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub saved_as: Option<String>,
}

/// All problems at once.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DefinitionCheck {
    /// No problem.
    pub valid: bool,
    /// Problems: it can't run.
    pub problems: Vec<Problem>,
    /// Worth a look: it can run.
    pub warnings: Vec<Problem>,
    /// The definition in canonical form, when its shape is right.
    pub definition: Option<SyncDefinition>,
    /// Its hash.
    pub hash: Option<String>,
}

/// What the destination takes.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DestinationDescription {
    /// Its attributes.
    pub schema: EntitySchema,
    /// Names that may be identifiers, with the reason.
    pub identifiers: Vec<String>,
    /// Takes events.
    pub takes_events: bool,
    /// Can be read back: old against new is shown.
    pub reads_back: bool,
}

/// Suggests fields by name.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FieldSuggestions {
    /// Pairs.
    pub fields: Vec<FieldMapping>,
}

/// Maps a few real records, for the editor.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct MapSample {
    /// Text of the definition.
    pub json: String,
    /// Records, at most 50; default 10.
    pub limit: Option<u32>,
    /// Asks the service anew for what it gave a moment ago.
    pub again: Option<bool>,
}

/// Records as they would go.
#[derive(Debug, Clone, Serialize, TS)]
pub struct MappedSample {
    /// One a record.
    pub records: Vec<MappedSampleRow>,
    /// They came from the store, not from the service.
    pub cached: bool,
}

/// One of them.
#[derive(Debug, Clone, Serialize, TS)]
pub struct MappedSampleRow {
    /// Source id.
    pub source_id: String,
    /// Source in the Web API's JSON shape.
    #[ts(type = "Record<string, unknown>")]
    pub source: Box<serde_json::value::RawValue>,
    /// Mapped.
    pub mapped: MappedRecord,
    /// Issues.
    pub issues: Vec<RowIssue>,
    /// Left out, with the reason.
    pub skipped: Option<String>,
    /// How each value came to be.
    pub explanations: Vec<Explanation>,
}
