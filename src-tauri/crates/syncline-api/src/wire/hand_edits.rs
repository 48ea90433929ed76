//! Edits by hand, as a part of a record's story.

use serde::{Deserialize, Serialize};
use syncline_model::FieldChange;
use ts_rs::TS;

/// Asks for the edits of a record.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct HandEditsQuery {
    /// Connection.
    pub connection: String,
    /// Entity.
    pub entity: String,
    /// Id of the record.
    pub record: String,
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
