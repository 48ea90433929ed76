//! How the parts of a plan's row are written that no condition looks at, and the text in which it is searched.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use syncline_model::{FieldChange, MappedRecord, RowIssue, Value};

use super::plan_rows::PlanRow;
use crate::fold::fold;

/// The part of a row that is only read whole.
#[derive(Deserialize)]
pub(super) struct Body {
    pub(super) reason: String,
    pub(super) mapped: MappedRecord,
    pub(super) existing: Option<Box<RawValue>>,
    pub(super) changes: Vec<FieldChange>,
    pub(super) request: Option<Box<RawValue>>,
    pub(super) issues: Vec<RowIssue>,
    pub(super) extra: Option<Box<RawValue>>,
}

/// The same, as it is written.
#[derive(Serialize)]
pub(super) struct BodyRef<'a> {
    reason: &'a str,
    mapped: &'a MappedRecord,
    existing: &'a Option<Box<RawValue>>,
    changes: &'a [FieldChange],
    request: &'a Option<Box<RawValue>>,
    issues: &'a [RowIssue],
    extra: &'a Option<Box<RawValue>>,
}

impl<'a> BodyRef<'a> {
    pub(super) fn of(row: &'a PlanRow) -> Self {
        Self {
            reason: &row.reason,
            mapped: &row.mapped,
            existing: &row.existing,
            changes: &row.changes,
            request: &row.request,
            issues: &row.issues,
            extra: &row.extra,
        }
    }
}

/// The text in which a row is searched.
pub(super) fn words(row: &PlanRow) -> String {
    fn add(text: &mut String, value: &Value) {
        let shown = value.display_text();
        if !shown.is_empty() {
            text.push('\n');
            text.push_str(&shown);
        }
    }
    let mut text = format!("{}\n{}", row.source_id, row.title);
    row.mapped.identifiers.values().for_each(|value| add(&mut text, value));
    row.mapped.attributes.values().for_each(|value| add(&mut text, value));
    fold(&text)
}
