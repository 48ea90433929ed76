//! Edits by hand, as a part of a record's story.

use serde::{Deserialize, Serialize};
use syncline_model::FieldChange;
use ts_rs::TS;

/// Asks for edits. What is not given does not narrow.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(default)]
pub struct HandEditsQuery {
    /// Connection.
    pub connection: Option<String>,
    /// Entity.
    pub entity: Option<String>,
    /// Id of the record.
    pub record: Option<String>,
    /// Only edits that hold this text.
    pub search: Option<String>,
    /// Only those before the one with this number.
    #[ts(optional, type = "number")]
    pub before: Option<i64>,
    /// So many at most; default 100, at most 1000.
    pub limit: Option<u32>,
}

/// Edits, the latest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct HandEdits {
    /// Edits.
    pub rows: Vec<HandEditView>,
}

/// A record that was made, changed or deleted by hand: in the window, or with `syncline record`.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct HandEditView {
    /// Its number; later edits have larger ones.
    #[ts(type = "number")]
    pub number: i64,
    /// Connection.
    pub connection: String,
    /// Entity.
    pub entity: String,
    /// Id of the record.
    pub record: String,
    /// `create`, `update`, `upsert` or `delete`.
    pub operation: String,
    /// As whom, where the system told.
    pub by: Option<String>,
    /// When it was taken, RFC 3339 UTC.
    pub at: String,
    /// What the record held before, against after.
    pub changes: Vec<FieldChange>,
    /// What it held before is known, where there was something before.
    pub before_known: bool,
}
