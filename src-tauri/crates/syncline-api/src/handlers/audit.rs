//! `audit.rows`: records of runs, found by run, record, entity, outcome and text.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use syncline_model::EntityName;
use syncline_store::{AuditFilter, AuditRow};
use uuid::Uuid;

use super::{plans, runs, titles};
use crate::app::App;
use crate::wire::{ApiError, AuditQuery, AuditRowView, AuditView};

const MOST_ROWS: u32 = 1000;

/// The filter of a query. A run that is named must be there.
pub(super) async fn filter(app: &Arc<App>, query: &AuditQuery) -> Result<AuditFilter, ApiError> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let run = match given(&query.run) {
        Some(id) => Some(runs::find(app, &id).await?.id),
        None => None,
    };
    Ok(AuditFilter {
        run,
        record: given(&query.record),
        connection: match given(&query.connection) {
            Some(name) => Some(app.connection(&name).await?.id),
            None => None,
        },
        entity: given(&query.entity).map(EntityName::new),
        outcomes: given(&query.outcome).into_iter().collect(),
        text: given(&query.search),
        sent: query.sent.unwrap_or(false),
        twins: Vec::new(),
    })
}

/// A row as shells see it.
pub(super) fn view(row: AuditRow, names: &HashMap<Uuid, String>) -> AuditRowView {
    let name = |id: &Uuid| names.get(id).cloned().unwrap_or_else(|| "forgotten".to_owned());
    let (planned, answer) = (row.planned, row.answer);
    let request = plans::request_view(&planned);
    AuditRowView {
        run_id: row.run.to_string(),
        definition: row.definition,
        started_at: row.started_at.to_string(),
        source: name(&row.source.0),
        source_entity: row.source.1.to_string(),
        destination: name(&row.destination.0),
        destination_entity: row.destination.1.to_string(),
        ordinal: u64::from(planned.ordinal),
        source_id: planned.source_id,
        source_version: planned.source_etag,
        title: planned.title,
        action: planned.action,
        reason: planned.reason,
        outcome: row.outcome,
        destination_id: answer.as_ref().and_then(|answer| answer.destination_id.clone()),
        destination_version: answer.as_ref().and_then(|answer| answer.version.clone()),
        mapped: planned.mapped,
        before: planned.existing,
        changes: planned.changes,
        issues: planned.issues,
        request,
        request_hash: planned.request_hash,
        code: answer.as_ref().and_then(|answer| answer.code.clone()),
        message: answer.as_ref().and_then(|answer| answer.message.clone()),
        request_id: answer.as_ref().and_then(|answer| answer.request_id.clone()),
        sent_at: answer.as_ref().and_then(|answer| answer.sent_at).map(|at| at.to_string()),
        answered_at: answer
            .filter(|answer| answer.outcome != syncline_store::SENDING)
            .map(|answer| answer.at.to_string()),
    }
}

pub(crate) async fn rows(app: &Arc<App>, request: AuditQuery) -> Result<AuditView, ApiError> {
    let filter = filter(app, &request).await?;
    let (offset, limit) = (request.offset.unwrap_or(0), request.limit.unwrap_or(100).clamp(1, MOST_ROWS));
    let names = app.connection_names().await?;
    let mut page = app
        .with_store(move |store| {
            let twins = store.audit_twins(&filter)?;
            store.audit(&AuditFilter { twins, ..filter }, offset, limit)
        })
        .await?;
    let sides: BTreeSet<(Uuid, EntityName)> = page.rows.iter().map(|row| row.source.clone()).collect();
    for side in sides {
        let own = page.rows.iter_mut().filter(|row| row.source == side);
        let titles = own.map(|row| (row.planned.source_id.as_str(), &mut row.planned.title));
        titles::mend(app, side.clone(), titles).await;
    }
    Ok(AuditView { rows: page.rows.into_iter().map(|row| view(row, &names)).collect(), total: page.total })
}
