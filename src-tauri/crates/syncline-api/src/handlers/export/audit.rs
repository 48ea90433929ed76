//! A part of the audit to a file: every record with what was planned, sent and answered.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use syncline_model::{ErrorCode, SynclineError};
use syncline_store::{AuditFilter, AuditRow, HandEditFilter, Store};
use uuid::Uuid;

use super::audit_by_hand;
use super::cells::{Cell, Head, Kind};
use super::writer::{TextStyle, Writer};
use super::{part, settle, target};
use crate::app::{App, run_blocking};
use crate::handlers::audit::{filter, view};
use crate::jobs::JobHandle;
use crate::wire::{
    ApiError, AuditExport, AuditRowView, ByHand, ExportFormat, ExportReport, JobKind, JobStarted,
};

/// Rows that are read at once.
const WINDOW: u32 = 500;

pub(super) const HEADS: [(&str, Kind); 27] = [
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
    ("request", Kind::Text),
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
    let edits = match request.by_hand {
        Some(_) if asked.run.is_some() => {
            return Err(ApiError::new(ErrorCode::Usage, "an edit by hand belongs to no run")
                .hint("leave the run out, or the edits by hand"));
        }
        Some(_) => Some(audit_by_hand::asked(app, &request.query).await?),
        None => None,
    };
    let what = What { runs: request.by_hand != Some(ByHand::Only), asked, edits };
    let names = app.connection_names().await?;
    let root = Arc::clone(app);
    let title = "exporting the audit".to_owned();
    let job = app.jobs().start(JobKind::Export, title, None, Vec::new(), move |handle| async move {
        let (store, file) = (root.store.clone(), part(&path));
        let result = run_blocking(move || write(&store, &what, request.format, &file, &names, &handle)).await;
        settle(&path, result)
    });
    Ok(JobStarted { job })
}

/// What is written.
struct What {
    /// Records of runs are.
    runs: bool,
    asked: AuditFilter,
    /// Edits by hand, behind them.
    edits: Option<HandEditFilter>,
}

fn write(
    store: &Store,
    what: &What,
    format: ExportFormat,
    file: &Path,
    names: &HashMap<Uuid, String>,
    handle: &JobHandle,
) -> Result<ExportReport, SynclineError> {
    let mut heads = HEADS.map(|(name, kind)| Head { name: name.to_owned(), kind }).to_vec();
    if what.edits.is_some() {
        heads.push(Head { name: "by".to_owned(), kind: Kind::Text });
    }
    let asked = &what.asked;
    let style = TextStyle::new(None, None)?;
    let mut writer = Writer::create(file, format, style, "audit", &heads)?;
    let mut records = 0_u64;
    let mut put = |rows: Vec<AuditRow>| -> Result<(), SynclineError> {
        for row in rows {
            let row = view(row, names);
            if writer.takes_json() {
                writer.json(&json(&row)?)?;
            } else {
                let mut row = cells(&row);
                // Nobody but the connection's user, which the run itself names.
                row.resize(heads.len(), Cell::Empty);
                writer.row(&row)?;
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
    if !what.runs {
        // Edits alone.
    } else if let (Some(run), None) = (asked.run, &asked.record) {
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
    if let Some(edits) = &what.edits {
        records += audit_by_hand::write(store, edits, &mut writer, names, handle, records)?;
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
        row.request.as_ref().map_or(Cell::Empty, |request| as_json(serde_json::to_string(request))),
        maybe(&row.request_hash),
        as_json(serde_json::to_string(&row.mapped)),
        before,
        as_json(serde_json::to_string(&row.changes)),
        as_json(serde_json::to_string(&row.issues)),
    ]
}
