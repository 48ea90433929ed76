//! A part of the audit to a file: every record with what was planned, sent and answered.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use syncline_model::{ErrorCode, SynclineError};
use syncline_store::{AuditFilter, AuditRow, Store};
use uuid::Uuid;

use super::cells::{Cell, Head, Kind};
use super::writer::{TextStyle, Writer};
use super::{part, settle, target};
use crate::app::{App, run_blocking};
use crate::handlers::audit::{filter, view};
use crate::jobs::JobHandle;
use crate::wire::{ApiError, AuditExport, AuditRowView, ExportFormat, ExportReport, JobKind, JobStarted};

/// Rows that are read at once.
const WINDOW: u32 = 500;

const HEADS: [(&str, Kind); 26] = [
    ("ordinal", Kind::Whole),
    ("source_id", Kind::Text),
    ("action", Kind::Text),
    ("outcome", Kind::Text),
    ("destination_id", Kind::Text),
    ("code", Kind::Text),
    ("message", Kind::Text),
    ("request_id", Kind::Text),
    ("at", Kind::Moment),
    ("run_id", Kind::Text),
    ("definition", Kind::Text),
    ("started_at", Kind::Moment),
    ("source", Kind::Text),
    ("source_entity", Kind::Text),
    ("destination", Kind::Text),
    ("destination_entity", Kind::Text),
    ("title", Kind::Text),
    ("reason", Kind::Text),
    ("source_version", Kind::Text),
    ("destination_version", Kind::Text),
    ("sent_at", Kind::Moment),
    ("request_hash", Kind::Text),
    ("mapped", Kind::Text),
    ("before", Kind::Text),
    ("changes", Kind::Text),
    ("issues", Kind::Text),
];

pub(crate) async fn start(app: &Arc<App>, request: AuditExport) -> Result<JobStarted, ApiError> {
    let path = target(&request.path)?;
    if matches!(request.format, ExportFormat::Sqlite | ExportFormat::Json) {
        return Err(ApiError::new(ErrorCode::Usage, "the audit is not written in this form")
            .hint("use CSV, JSON lines or Excel"));
    }
    let asked = filter(app, &request.query).await?;
    let names = app.connection_names().await?;
    let root = Arc::clone(app);
    let title = "exporting the audit".to_owned();
    let job = app.jobs().start(JobKind::Export, title, None, Vec::new(), move |handle| async move {
        let (store, file) = (root.store.clone(), part(&path));
        let result =
            run_blocking(move || write(&store, &asked, request.format, &file, &names, &handle)).await;
        settle(&path, result)
    });
    Ok(JobStarted { job })
}

fn write(
    store: &Store,
    asked: &AuditFilter,
    format: ExportFormat,
    file: &Path,
    names: &HashMap<Uuid, String>,
    handle: &JobHandle,
) -> Result<ExportReport, SynclineError> {
    let heads = HEADS.map(|(name, kind)| Head { name: name.to_owned(), kind });
    let style = TextStyle::new(None, None)?;
    let mut writer = Writer::create(file, format, style, "audit", &heads)?;
    let mut records = 0_u64;
    let mut put = |rows: Vec<AuditRow>| -> Result<(), SynclineError> {
        for row in rows {
            let row = view(row, names);
            if writer.takes_json() {
                writer.json(&json(&row)?)?;
            } else {
                writer.row(&cells(&row))?;
            }
            records += 1;
        }
        if handle.cancel().is_cancelled() {
            return Err(SynclineError::new(
                ErrorCode::Cancelled,
                "the export was stopped; no file was written",
            ));
        }
        handle.progress("writing", records, None);
        Ok(())
    };
    if let (Some(run), None) = (asked.run, &asked.record) {
        let mut from = 0;
        loop {
            let rows = store.audit_from(run, asked, from, WINDOW)?;
            let Some(last) = rows.last() else { break };
            from = last.planned.ordinal + 1;
            put(rows)?;
        }
    } else {
        let mut offset = 0;
        loop {
            let rows = store.audit(asked, offset, WINDOW)?.rows;
            offset += rows.len() as u64;
            let ended = rows.len() < WINDOW as usize;
            put(rows)?;
            if ended {
                break;
            }
        }
    }
    let bytes = writer.finish()?;
    Ok(ExportReport { path: String::new(), records, bytes })
}

/// The row as one JSON object, with the time of the answer under the name that the text formats have for it.
fn json(row: &AuditRowView) -> Result<String, SynclineError> {
    let fault = |error: serde_json::Error| SynclineError::new(ErrorCode::Internal, error.to_string());
    let text = serde_json::to_string(row).map_err(fault)?;
    let at = serde_json::to_string(&row.answered_at).map_err(fault)?;
    Ok(format!("{{\"at\":{at},{}", text.strip_prefix('{').unwrap_or(&text)))
}

fn cells(row: &AuditRowView) -> Vec<Cell> {
    let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
    let maybe = |known: &Option<String>| known.as_deref().map_or(Cell::Empty, text);
    let as_json = |json: Result<String, serde_json::Error>| json.map_or(Cell::Empty, Cell::Text);
    let before = row.before.as_ref().map_or(Cell::Empty, |raw| text(raw.get()));
    vec![
        Cell::Number(row.ordinal.to_string()),
        text(&row.source_id),
        text(row.action.as_str()),
        text(&row.outcome),
        maybe(&row.destination_id),
        maybe(&row.code),
        maybe(&row.message),
        maybe(&row.request_id),
        maybe(&row.answered_at),
        text(&row.run_id),
        text(&row.definition),
        text(&row.started_at),
        text(&row.source),
        text(&row.source_entity),
        text(&row.destination),
        text(&row.destination_entity),
        text(&row.title),
        text(&row.reason),
        maybe(&row.source_version),
        maybe(&row.destination_version),
        maybe(&row.sent_at),
        maybe(&row.request_hash),
        as_json(serde_json::to_string(&row.mapped)),
        before,
        as_json(serde_json::to_string(&row.changes)),
        as_json(serde_json::to_string(&row.issues)),
    ]
}
