//! What a mirror deletes: rows that this source brought to the destination before and does not hold any more.

use sha2::{Digest, Sha256};
use syncline_connect::{MatchKey, Probe};
use syncline_model::{Action, ColumnType, EntitySchema, SynclineError, Value};
use syncline_store::{PlanRow, Sent};

use crate::decide::deletion;
use crate::plan::{PlanDetail, Planner};
use crate::plan_rows::raw;
use crate::progress::Work;
use crate::title::{mapped_name, named};

/// Rows that are looked up at once.
pub(crate) const VANISHED_AT_ONCE: u32 = 200;

/// The columns that make a row whole: what is read of it before it is deleted, so that it can be brought back with the same values.
pub(crate) fn whole_image(schema: &EntitySchema) -> Vec<String> {
    let kept = |kind: ColumnType| {
        !matches!(kind, ColumnType::Image | ColumnType::File | ColumnType::PartyList | ColumnType::Other)
    };
    schema
        .columns
        .iter()
        .filter(|column| column.readable && column.creatable && kept(column.column_type))
        .map(|column| column.logical_name.to_string())
        .collect()
}

/// The rows of those that are at the destination still.
pub(crate) async fn vanished_rows(
    planner: &Planner,
    vanished: Vec<Sent>,
    first: u32,
    detail: &mut PlanDetail,
    work: &Work,
) -> Result<Vec<PlanRow>, SynclineError> {
    let schema = &planner.request.destination_schema;
    let destination = planner.destination.as_ref();
    let keys: Vec<MatchKey> = vanished.iter().map(|sent| MatchKey(sent.mapped.identifiers.clone())).collect();
    let probes = destination.probe(schema, &keys, &whole_image(schema), &work.cancel).await?;
    let mut rows = Vec::new();
    for (sent, probe) in vanished.into_iter().zip(probes) {
        let Probe::Present(found) = probe else { continue };
        let held = named(&found.values);
        let decision = deletion(destination, schema, &sent.mapped, found, "vanished from the source");
        detail.counts.add(decision.action);
        if let (true, Some(request)) = (decision.action.writes(), &decision.request) {
            detail.note(request, destination.lane(schema, request, &planner.request.options));
        }
        let request = decision.request.as_ref().map(raw).transpose()?;
        let email = sent.mapped.identifiers.get("email").map(Value::display_text);
        let title = email
            .or_else(|| mapped_name(&sent.mapped))
            .or(held)
            .or_else(|| sent.mapped.identifiers.values().next().map(Value::display_text));
        rows.push(PlanRow {
            ordinal: first + rows.len() as u32,
            title: title.unwrap_or_else(|| sent.record_id.clone()),
            source_id: sent.record_id,
            source_etag: None,
            action: decision.action,
            reason: decision.reason,
            existing: decision.existing.as_ref().map(raw).transpose()?,
            changes: decision.changes,
            request_hash: request.as_ref().map(|request| hex::encode(Sha256::digest(request.get()))),
            request,
            mapped: sent.mapped,
            issues: decision.issues,
            extra: None,
            excluded: false,
        });
    }
    debug_assert!(rows.iter().all(|row| matches!(row.action, Action::Delete | Action::Invalid)));
    Ok(rows)
}
