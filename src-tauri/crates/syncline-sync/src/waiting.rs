//! Rows for which something else must come first, so that a later run has to look at their records again.

use syncline_model::{Action, Column, ColumnType, EntitySchema, MappedRecord, RowIssue, Value};

use crate::decide::Changes;

/// Codes of rows that are refused for now, because a record that they need is not there or not alone.
const NOT_YET: [&str; 4] = ["lookup_not_found", "lookup_ambiguous", "related_missing", "ambiguous_match"];

/// Code of a new row that gets its state with the next run.
pub(crate) const STATE_FOLLOWS: &str = "state_follows";

/// A mapped column that holds a row's state, which some tables don't take in a new row.
#[derive(Debug, Clone)]
pub(crate) struct StateField {
    column: Column,
    /// What a new row has without being told; `None` where that is not known.
    first: Option<i64>,
}

/// The state columns among the targets of a mapping.
pub(crate) fn state_fields(targets: &[&str], schema: &EntitySchema) -> Vec<StateField> {
    let columns = targets.iter().filter_map(|name| schema.column(name));
    let states =
        columns.filter(|column| matches!(column.column_type, ColumnType::State | ColumnType::Status));
    states
        .map(|column| StateField {
            // A new row comes to be in the first state (Dataverse Web API, state); its status reason is the table's own choice.
            first: match column.column_type {
                ColumnType::State => column.options.iter().map(|option| option.value).min(),
                _ => None,
            },
            column: column.clone(),
        })
        .collect()
}

impl StateField {
    /// The state that a planned new row is to have and does not get with its creation.
    fn left<'r>(&self, mapped: &'r MappedRecord, body: Option<&str>) -> Option<&'r Value> {
        let field = self.column.logical_name.as_str();
        let told = |body: &str| body.contains(&format!("\"{field}\":"));
        let wanted = mapped.attributes.get(field).filter(|value| !value.is_null())?;
        let first = self.first.is_some_and(|first| wanted.display_text() == first.to_string());
        (!first && !body.is_some_and(told)).then_some(wanted)
    }

    fn words(&self, code: &str) -> String {
        let choice = self.column.options.iter().find(|choice| choice.value.to_string() == code);
        match choice.and_then(|choice| choice.label.as_deref()) {
            Some(label) => format!("{label} ({code})"),
            None => code.to_owned(),
        }
    }
}

/// Says of a new row which state it does not get yet, and takes that out of what is shown to change. `body`: that of its request.
pub(crate) fn tell_left_states(
    states: &[StateField],
    mapped: &MappedRecord,
    body: Option<&str>,
    changes: &mut Changes,
    issues: &mut Vec<RowIssue>,
) {
    for state in states {
        let Some(wanted) = state.left(mapped, body) else { continue };
        let field = state.column.logical_name.to_string();
        let wanted = state.words(&wanted.display_text());
        let begins = match state.first {
            Some(first) => format!("begins as {}", state.words(&first.to_string())),
            None => "begins as its table has it".to_owned(),
        };
        let mut listed = std::mem::replace(changes, Changes::AllNew).list(mapped);
        listed.retain(|change| change.field != field);
        *changes = Changes::These(listed);
        issues.push(RowIssue {
            code: STATE_FOLLOWS.to_owned(),
            message: format!("the new row {begins}; the next run sets {field} to {wanted}"),
            field,
        });
    }
}

/// Whether a later run has to look at the record again though nobody changes it: something else must come first.
pub(crate) fn waits(
    states: &[StateField],
    action: Action,
    mapped: &MappedRecord,
    body: Option<&str>,
    issues: &[RowIssue],
) -> bool {
    match action {
        Action::Invalid => issues.iter().any(|issue| NOT_YET.contains(&issue.code.as_str())),
        // The state that a new row is to have is set once it is there.
        Action::Create => states.iter().any(|state| state.left(mapped, body).is_some()),
        Action::Update | Action::Delete | Action::Unchanged | Action::Skip => false,
    }
}
