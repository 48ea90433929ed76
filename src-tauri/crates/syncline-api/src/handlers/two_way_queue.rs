//! `conflicts.*`: what waits for a person.

use std::sync::Arc;
use syncline_model::ErrorCode;
use syncline_store::{Conflict, ConflictSide, LinkSide};

use crate::app::App;
use crate::wire::{
    ApiError, ConflictBase, ConflictDecision, ConflictEnd, ConflictView, ConflictsDecide, ConflictsDecided,
    ConflictsPage, ConflictsQuery, TwoWaySide,
};

const MOST: u64 = 1000;

pub(super) fn side(side: LinkSide) -> TwoWaySide {
    match side {
        LinkSide::Source => TwoWaySide::Source,
        LinkSide::Destination => TwoWaySide::Destination,
    }
}

pub(super) fn limit(asked: Option<u64>) -> u32 {
    u32::try_from(asked.unwrap_or(100).clamp(1, MOST)).unwrap_or(100)
}

pub(crate) async fn list(app: &Arc<App>, request: ConflictsQuery) -> Result<ConflictsPage, ApiError> {
    let names = app.connection_names().await?;
    let (offset, limit) = (request.offset.unwrap_or(0), limit(request.limit));
    let (found, total) = app
        .with_store(move |store| {
            let (conflicts, total) = store.conflicts(request.definition.as_deref(), offset, limit)?;
            let mut found = Vec::with_capacity(conflicts.len());
            for conflict in conflicts {
                let tables = store.conflict_tables(conflict.id)?;
                found.push((conflict, tables));
            }
            Ok((found, total))
        })
        .await?;
    let name = |id: &uuid::Uuid| names.get(id).cloned().unwrap_or_else(|| "forgotten".to_owned());
    let conflicts = found
        .into_iter()
        .filter_map(|(conflict, tables)| {
            let tables = tables?;
            let source = (name(&tables.source), tables.source_entity.to_string());
            let destination = (name(&tables.destination), tables.destination_entity.to_string());
            Some(view(conflict, source, destination))
        })
        .collect();
    Ok(ConflictsPage { conflicts, total })
}

fn view(conflict: Conflict, source: (String, String), destination: (String, String)) -> ConflictView {
    let end = |(connection, entity): (String, String), record: String, side: ConflictSide| ConflictEnd {
        connection,
        entity,
        record,
        value: side.value,
        deleted: side.deleted,
        changed_at: side.changed_at,
        changed_by: side.changed_by,
    };
    ConflictView {
        id: conflict.id.to_string(),
        definition: conflict.definition,
        title: conflict.body.title,
        source_field: conflict.body.left_field,
        destination_field: conflict.field,
        base: conflict.body.base.map(|(source, destination)| ConflictBase { source, destination }),
        source: end(source, conflict.left, conflict.body.left),
        destination: end(destination, conflict.right, conflict.body.right),
        found_at: conflict.found_at.to_string(),
        decision: conflict.decision.map(|(chosen, by, at)| ConflictDecision {
            side: side(chosen),
            by,
            at: at.to_string(),
        }),
    }
}

/// The user of this machine.
fn user() -> String {
    ["USER", "USERNAME", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "somebody".to_owned())
}

pub(crate) async fn decide(app: &Arc<App>, request: ConflictsDecide) -> Result<ConflictsDecided, ApiError> {
    let ids = request
        .ids
        .iter()
        .map(|id| {
            id.parse::<i64>().map_err(|_| {
                ApiError::new(ErrorCode::Usage, format!("{id} is no conflict"))
                    .hint("conflicts.list tells their ids")
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let chosen = request.side.map(|side| match side {
        TwoWaySide::Source => LinkSide::Source,
        TwoWaySide::Destination => LinkSide::Destination,
    });
    let by = request.by.filter(|by| !by.trim().is_empty()).unwrap_or_else(user);
    app.with_store(move |store| {
        let mut told = ConflictsDecided { decided: 0, gone: 0 };
        for id in ids {
            let there =
                store.decide_conflict(id, chosen.map(|side| (side, by.as_str())), jiff::Timestamp::now())?;
            told.decided += u64::from(there);
            told.gone += u64::from(!there);
        }
        Ok(told)
    })
    .await
}
