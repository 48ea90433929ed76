//! What a mirror deletes: rows that its definition, and no other, brought to the destination before, whose records the source does not
//! hold any more, and that no record it does hold is the same as.

use syncline_connect::{Capabilities, MatchKey, Probe, RowRequest};
use syncline_model::{
    Action, ColumnType, EntitySchema, ErrorCode, FetchSection, SyncAction, SyncDefinition, SynclineError,
    Value,
};
use syncline_store::{PlanRow, Sent};

use crate::decide::deletion;
use crate::plan::{PlanDetail, PlanRequest, Planner};
use crate::plan_rows::raw;
use crate::progress::Work;
use crate::title::{mapped_name, named};

/// An error where the definition deletes and the destination can't be asked what it holds, or does not delete.
pub(crate) fn can_delete(
    definition: &SyncDefinition,
    capabilities: &Capabilities,
) -> Result<(), SynclineError> {
    let able = capabilities.reads_back && capabilities.deletes;
    match definition.options.action {
        SyncAction::Write => Ok(()),
        SyncAction::Delete | SyncAction::Mirror if able => Ok(()),
        SyncAction::Delete | SyncAction::Mirror => Err(SynclineError::new(
            ErrorCode::DefinitionInvalid,
            "the destination does not delete: what it holds can't be read, or it has no such call",
        )
        .hint("take options.action out, or choose another destination")),
    }
}

/// An error where a mirror would take for vanished what was only not read.
pub(crate) fn sees_all(request: &PlanRequest) -> Result<(), SynclineError> {
    let source = &request.definition.source;
    // Members of a list are read whole whatever the fetch mode.
    let all = (source.fetch == FetchSection::default() || source.list.is_some()) && !request.cached;
    if request.definition.options.action != SyncAction::Mirror || request.only.is_some() || all {
        return Ok(());
    }
    let what = if request.cached {
        "a mirror is not made of the store: what was not pulled would count as vanished"
    } else {
        "a mirror has to read everything: with a fetch mode or days to look back, what did not change would count as vanished"
    };
    Err(SynclineError::new(ErrorCode::DefinitionInvalid, what)
        .hint("set source.fetch to {\"mode\": \"all\", \"days\": 0}, and preview from the service"))
}

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
        let held = named(found.values.iter());
        let decision = deletion(destination, schema, &sent.mapped, found, "vanished from the source");
        detail.counts.add_vanished(decision.action);
        if let (true, Some(request)) = (decision.action.writes(), &decision.request) {
            detail.note(request, destination.lane(schema, request, &planner.request.options));
        }
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
            changes: decision.changes.list(&sent.mapped),
            request_hash: decision.request.as_ref().map(RowRequest::hash),
            request: decision.request.as_ref().map(raw).transpose()?,
            mapped: sent.mapped,
            issues: decision.issues,
            extra: None,
            excluded: false,
        });
    }
    debug_assert!(rows.iter().all(|row| matches!(row.action, Action::Delete | Action::Invalid)));
    Ok(rows)
}
