//! The result of a SELECT over the cache to a file, row by row.

use std::path::Path;
use std::sync::Arc;
use syncline_model::{Connection, ErrorCode, SynclineError};
use syncline_store::{SqlAsk, SqlCancel, SqlPart, Store, StoreError};

use super::cells::{Cell, Head, Kind};
use super::writer::{TextStyle, Writer, kind_of};
use super::{part, settle, target};
use crate::app::{App, run_blocking};
use crate::handlers::cached::asker;
use crate::jobs::JobHandle;
use crate::wire::{ApiError, ExportReport, JobKind, JobStarted, SqlExport};

/// Rows between two words about how far it got.
const ROWS_A_WORD: u64 = 2000;

pub(crate) async fn start(app: &Arc<App>, request: SqlExport) -> Result<JobStarted, ApiError> {
    let path = target(&request.path)?;
    let style = TextStyle::new(request.delimiter.as_deref(), request.byte_order_mark)?;
    let connection = app.connection(&request.connection).await?;
    let asker = asker(app, &connection).await?;
    let root = Arc::clone(app);
    let name = request.connection.clone();
    let title = "exporting a query".to_owned();
    let job = app.start_job(JobKind::Export, title, &name, Vec::new(), move |handle| async move {
        let cancel = SqlCancel::new();
        let stop = cancel.clone();
        let token = handle.cancel().clone();
        let watch = tokio::spawn(async move {
            token.cancelled().await;
            stop.cancel();
        });
        let (store, file) = (root.store.clone(), part(&path));
        let result = run_blocking(move || {
            let ask = SqlAsk { statement: &request.statement, longest: None, asker: Some(&asker) };
            write(&store, &connection, &ask, &request, style, &file, &cancel, &handle)
        })
        .await;
        watch.abort();
        settle(&path, result)
    });
    Ok(JobStarted { job })
}

#[expect(clippy::too_many_arguments, reason = "one call, and each says something else")]
fn write(
    store: &Store,
    connection: &Connection,
    ask: &SqlAsk<'_>,
    request: &SqlExport,
    style: TextStyle,
    file: &Path,
    cancel: &SqlCancel,
    handle: &JobHandle,
) -> Result<ExportReport, SynclineError> {
    // What a column holds is known where it has the name of a pulled one.
    let mut known: Vec<(String, Kind)> = Vec::new();
    for entity in store.sql_entities(connection.id)? {
        known.extend(entity.columns.into_iter().map(|column| {
            let kind = match column.kind {
                "date" => Kind::Date,
                "date and time" => Kind::Moment,
                "whole number" | "code" => Kind::Whole,
                "number" => Kind::Number,
                "yes/no" => Kind::YesNo,
                _ => Kind::Text,
            };
            (column.name, kind)
        }));
    }
    let mut open: Option<Writer> = None;
    let mut fault: Option<ApiError> = None;
    let mut records = 0_u64;
    let result = store.sql_each(connection.id, ask, cancel, &mut |row| {
        let done = match (row, &mut open) {
            (SqlPart::Columns(names), _) => {
                let heads: Vec<Head> = names
                    .iter()
                    .map(|name| Head { name: name.clone(), kind: kind_of(name, &known) })
                    .collect();
                Writer::create(file, request.format, style, "query", &heads).map(|writer| open = Some(writer))
            }
            (SqlPart::Row(cells), Some(writer)) => {
                records += 1;
                if records.is_multiple_of(ROWS_A_WORD) {
                    handle.progress("writing", records, None);
                }
                writer.row(&cells.iter().map(Cell::from).collect::<Vec<_>>())
            }
            (SqlPart::Row(_), None) => Ok(()),
        };
        Ok(match done {
            Ok(()) => true,
            Err(error) => {
                fault = Some(error);
                false
            }
        })
    });
    if let Some(fault) = fault {
        return Err(fault);
    }
    match result {
        Err(StoreError::Cancelled) => {
            return Err(SynclineError::new(
                ErrorCode::Cancelled,
                "the export was stopped; no file was written",
            ));
        }
        other => other?,
    }
    let bytes = match open {
        Some(writer) => writer.finish()?,
        None => 0,
    };
    Ok(ExportReport { path: String::new(), records, bytes })
}
