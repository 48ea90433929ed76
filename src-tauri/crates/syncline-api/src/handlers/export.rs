//! Exporting a selection, live or cached, to CSV or JSON lines, as a job with flat memory.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use syncline_connect::Cursor;
use syncline_model::{Column, EntityName, ErrorCode, Record, RecordId, Value};
use tokio_util::sync::CancellationToken;

use super::records::{cached_page, selection};
use crate::app::App;
use crate::jobs::JobHandle;
use crate::wire::{ApiError, DataMode, ExportFormat, ExportReport, ExportStart, JobKind, JobStarted};

const ROWS_A_TIME: u32 = 2000;

pub(super) fn file_fault(path: &std::path::Path, error: &std::io::Error) -> ApiError {
    let code =
        if error.kind() == std::io::ErrorKind::StorageFull { ErrorCode::DiskFull } else { ErrorCode::File };
    ApiError::new(code, format!("{}: {error}", path.display()))
        .hint("choose a folder that you may write to, with room enough")
}

pub(super) async fn start(app: &Arc<App>, request: ExportStart) -> Result<JobStarted, ApiError> {
    let path = PathBuf::from(&request.path);
    if path.file_name().is_none() {
        return Err(ApiError::new(ErrorCode::Usage, format!("not a file: {}", request.path)));
    }
    let root = Arc::clone(app);
    let title = format!("exporting {}", request.query.entity);
    let connection = request.query.connection.clone();
    let job = app.start_job(JobKind::Export, title, &connection, Vec::new(), move |handle| async move {
        // Written beside and renamed: a file that exists stays whole until the new one is.
        let part = path.with_extension("syncline-part");
        let result = write(&root, &request, &part, &handle).await;
        match result {
            Ok(mut report) => {
                std::fs::rename(&part, &path).map_err(|error| file_fault(&path, &error))?;
                report.path = path.display().to_string();
                serde_json::to_value(report)
                    .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
            }
            Err(error) => {
                // The half-written part is of no use.
                let _ = std::fs::remove_file(&part);
                Err(error)
            }
        }
    });
    Ok(JobStarted { job })
}

async fn write(
    app: &Arc<App>,
    request: &ExportStart,
    part: &std::path::Path,
    handle: &JobHandle,
) -> Result<ExportReport, ApiError> {
    let fault = |error: std::io::Error| file_fault(part, &error);
    let connection = app.connection(&request.query.connection).await?;
    let entity = EntityName::new(request.query.entity.as_str());
    let (schema, _, _) = app.schema_of(&connection, &entity, false).await?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(part).map_err(fault)?);
    let mut columns: Option<Vec<Column>> = None;
    let (mut records, mut cursor) = (0_u64, None);
    loop {
        if handle.cancel().is_cancelled() {
            return Err(ApiError::new(ErrorCode::Cancelled, "the export was stopped; no file was written"));
        }
        let page = window(app, request, records, cursor.as_ref(), handle.cancel()).await?;
        if columns.is_none() {
            let wanted = match request.query.columns.clone().filter(|names| !names.is_empty()) {
                Some(names) => names,
                None => page.pulled.clone().unwrap_or_else(|| {
                    schema
                        .columns
                        .iter()
                        .filter(|column| column.readable)
                        .map(|column| column.logical_name.to_string())
                        .collect()
                }),
            };
            let by_name: HashMap<&str, &Column> =
                schema.columns.iter().map(|column| (column.logical_name.as_str(), column)).collect();
            let known: Vec<Column> = wanted
                .iter()
                .filter_map(|name| by_name.get(name.as_str()).map(|column| (*column).clone()))
                .collect();
            if request.format == ExportFormat::Csv {
                file.write_all(header(&known, request.formatted).as_bytes()).map_err(fault)?;
            }
            columns = Some(known);
        }
        for record in &page.records {
            let line = match request.format {
                ExportFormat::Jsonl => format!("{}\n", record.raw.get()),
                ExportFormat::Csv => {
                    csv_line(record, columns.as_deref().unwrap_or_default(), request.formatted)?
                }
            };
            file.write_all(line.as_bytes()).map_err(fault)?;
        }
        records += page.records.len() as u64;
        handle.progress("writing", records, page.total.map(|total| total.max(records)));
        cursor = page.next;
        if page.ended {
            break;
        }
    }
    file.flush().map_err(fault)?;
    file.get_ref().sync_all().map_err(fault)?;
    let bytes = std::fs::metadata(part).map(|meta| meta.len()).map_err(fault)?;
    Ok(ExportReport { path: String::new(), records, bytes })
}

struct Window {
    records: Vec<Record>,
    next: Option<Cursor>,
    ended: bool,
    total: Option<u64>,
    pulled: Option<Vec<String>>,
}

async fn window(
    app: &Arc<App>,
    request: &ExportStart,
    offset: u64,
    cursor: Option<&Cursor>,
    cancel: &CancellationToken,
) -> Result<Window, ApiError> {
    let mut query = request.query.clone();
    query.limit = Some(ROWS_A_TIME);
    match query.mode {
        DataMode::Live => {
            let connection = app.connection(&query.connection).await?;
            let source = app.link(&connection).await?.patient().source(&query.connection)?;
            let page = source.page(&selection(&query), cursor, cancel).await?;
            Ok(Window {
                records: page.records,
                ended: page.next.is_none(),
                next: page.next,
                total: None,
                pulled: None,
            })
        }
        DataMode::Cached => {
            query.offset = Some(offset);
            let page = cached_page(app, &query).await?;
            let rows = page.rows.len() as u64;
            Ok(Window {
                ended: rows == 0 || offset + rows >= page.total,
                total: Some(page.total),
                pulled: Some(page.pulled_columns.iter().map(ToString::to_string).collect()),
                next: None,
                records: page.rows.into_iter().map(|row| row.record).collect(),
            })
        }
    }
}

pub(super) fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The header line, after a byte order mark, so that spreadsheets read UTF-8.
fn header(columns: &[Column], formatted: bool) -> String {
    let names: Vec<String> = columns
        .iter()
        .map(|column| {
            cell(if formatted { column.display_name.as_str() } else { column.logical_name.as_str() })
        })
        .collect();
    format!("\u{feff}{}\r\n", names.join(","))
}

fn csv_line(record: &Record, columns: &[Column], formatted: bool) -> Result<String, ApiError> {
    let fields = record.fields().map_err(|error| {
        ApiError::new(
            ErrorCode::StoreCorrupt,
            format!("the record {} can't be read: {error}", RecordId::new(record.id.as_str())),
        )
    })?;
    let cells: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = column.logical_name.as_str();
            let label = formatted.then(|| fields.formatted(name)).flatten();
            cell(&label.unwrap_or_else(|| fields.value(name).unwrap_or(Value::Null).display_text()))
        })
        .collect();
    Ok(format!("{}\r\n", cells.join(",")))
}
