//! Rows for which something else must come first, so that a later run has to look at their records again.

use serde_json::value::RawValue;
use syncline_model::Action;
use syncline_store::PlanRow;

/// Codes of rows that are refused for now, because a record that they need is not there or not alone.
const NOT_YET: [&str; 4] = ["lookup_not_found", "lookup_ambiguous", "related_missing", "ambiguous_match"];

/// Whether a later run has to look at the record again though nobody changes it: something else must come first.
pub(crate) fn waits(row: &PlanRow, state_fields: &[String]) -> bool {
    match row.action {
        Action::Invalid => row.issues.iter().any(|issue| NOT_YET.contains(&issue.code.as_str())),
        // A new row is active; the state that it is to have is set once it is there.
        Action::Create => state_fields.iter().any(|field| {
            let wanted = row.mapped.attributes.get(field).is_some_and(|value| !value.is_null());
            let told = |request: &RawValue| request.get().contains(&format!("\\\"{field}\\\":"));
            wanted && !row.request.as_deref().is_some_and(told)
        }),
        Action::Update | Action::Delete | Action::Unchanged | Action::Skip => false,
    }
}
