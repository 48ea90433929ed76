//! Edits by hand in an export of the audit: the columns of a record of a run, with `by hand` as the outcome, and who did it.

use std::collections::HashMap;
use std::sync::Arc;
use syncline_model::{ErrorCode, SynclineError};
use syncline_store::{HandEdit, HandEditFilter, Store};
use uuid::Uuid;

use super::audit::HEADS;
use super::cells::Cell;
use super::writer::Writer;
use crate::app::App;
use crate::handlers::hand_edits::{filter, view};
use crate::jobs::JobHandle;
use crate::wire::{ApiError, AuditQuery, HandEditsQuery};

/// Edits that are read at once.
const WINDOW: u32 = 200;
/// What stands as the outcome.
const OUTCOME: &str = "by hand";

/// The edits that fit a query of the audit.
pub(super) async fn asked(app: &Arc<App>, query: &AuditQuery) -> Result<HandEditFilter, ApiError> {
    if query.outcome.as_deref().is_some_and(|outcome| !outcome.trim().is_empty() && outcome != OUTCOME) {
        return Err(ApiError::new(ErrorCode::Usage, "edits by hand have no outcome of a run")
            .hint("leave the outcome out, or the edits by hand"));
    }
    let query = HandEditsQuery {
        connection: query.connection.clone(),
        entity: query.entity.clone(),
        record: query.record.clone(),
        search: query.search.clone(),
        ..HandEditsQuery::default()
    };
    filter(app, &query).await
}

/// Writes them, the latest first; how many.
pub(super) fn write(
    store: &Store,
    asked: &HandEditFilter,
    writer: &mut Writer,
    names: &HashMap<Uuid, String>,
    handle: &JobHandle,
    already: u64,
) -> Result<u64, SynclineError> {
    let (mut filter, mut written) = (asked.clone(), 0);
    loop {
        let edits = store.hand_edits(&filter, WINDOW)?;
        let Some(last) = edits.last() else { return Ok(written) };
        filter.before = Some(last.number);
        for edit in &edits {
            if writer.takes_json() {
                writer.json(&json(edit, names)?)?;
            } else {
                writer.row(&cells(edit, names))?;
            }
            written += 1;
        }
        if handle.cancel().is_cancelled() {
            return Err(SynclineError::new(
                ErrorCode::Cancelled,
                "the export was stopped; no file was written",
            ));
        }
        handle.progress("writing", already + written, None);
    }
}

/// The edit under the names that a record of a run has, and the record before and after as it was read.
fn json(edit: &HandEdit, names: &HashMap<Uuid, String>) -> Result<String, SynclineError> {
    let row = view(edit, names);
    let value = serde_json::json!({
        "at": row.at, "by_hand": true, "by": row.by, "action": row.operation, "outcome": OUTCOME,
        "destination": row.connection, "destination_entity": row.entity, "destination_id": row.record,
        "before": edit.body.before, "after": edit.body.after, "changes": row.changes,
    });
    serde_json::to_string(&value).map_err(|error| SynclineError::new(ErrorCode::Internal, error.to_string()))
}

fn cells(edit: &HandEdit, names: &HashMap<Uuid, String>) -> Vec<Cell> {
    let row = view(edit, names);
    let before = edit.body.before.as_ref().map_or(Cell::Empty, |raw| Cell::Text(raw.get().to_owned()));
    let told: HashMap<&str, Cell> = HashMap::from([
        ("action", Cell::Text(row.operation)),
        ("outcome", Cell::Text(OUTCOME.to_owned())),
        ("destination_id", Cell::Text(row.record)),
        ("at", Cell::Text(row.at)),
        ("destination", Cell::Text(row.connection)),
        ("destination_entity", Cell::Text(row.entity)),
        ("before", before),
        ("changes", serde_json::to_string(&row.changes).map_or(Cell::Empty, Cell::Text)),
    ]);
    let mut cells: Vec<Cell> =
        HEADS.iter().map(|(name, _)| told.get(name).cloned().unwrap_or(Cell::Empty)).collect();
    cells.push(row.by.map_or(Cell::Empty, Cell::Text));
    cells
}
