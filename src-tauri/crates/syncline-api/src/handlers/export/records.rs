//! A selection of records, live or cached, to a file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use syncline_connect::Cursor;
use syncline_model::{Column, EntityName, EntitySchema, ErrorCode, Record};
use syncline_sync::RecordMasker;
use tokio_util::sync::CancellationToken;

use super::cells::RecordShape;
use super::writer::{TextStyle, Writer};
use super::{part, settle, target};
use crate::app::App;
use crate::handlers::records::{cached_page, selection};
use crate::handlers::sign_off::mask_key;
use crate::jobs::JobHandle;
use crate::wire::{ApiError, DataMode, ExportFormat, ExportReport, ExportStart, JobKind, JobStarted};

const ROWS_A_TIME: u32 = 2000;

pub(crate) async fn start(app: &Arc<App>, request: ExportStart) -> Result<JobStarted, ApiError> {
    let path = target(&request.path)?;
    let style = TextStyle::new(request.delimiter.as_deref(), request.byte_order_mark)?;
    let root = Arc::clone(app);
    let title = format!("exporting {}", request.query.entity);
    let connection = request.query.connection.clone();
    let job = app.start_job(JobKind::Export, title, &connection, Vec::new(), move |handle| async move {
        let result = write(&root, &request, style, &part(&path), &handle).await;
        settle(&path, result)
    });
    Ok(JobStarted { job })
}

async fn write(
    app: &Arc<App>,
    request: &ExportStart,
    style: TextStyle,
    part: &Path,
    handle: &JobHandle,
) -> Result<ExportReport, ApiError> {
    let connection = app.connection(&request.query.connection).await?;
    let entity = EntityName::new(request.query.entity.as_str());
    let (schema, _, _) = app.schema_of(&connection, &entity, false).await?;
    let masker = if request.masked.unwrap_or(false) {
        Some(RecordMasker::new(&mask_key(&app.store).await?, schema.clone()))
    } else {
        None
    };
    let mut open: Option<(Writer, RecordShape)> = None;
    let (mut records, mut cursor) = (0_u64, None);
    loop {
        if handle.cancel().is_cancelled() {
            return Err(ApiError::new(ErrorCode::Cancelled, "the export was stopped; no file was written"));
        }
        let page = window(app, request, records, cursor.as_ref(), handle.cancel()).await?;
        let (writer, shape) = match &mut open {
            Some(open) => open,
            None => {
                let columns = columns(&schema, request, page.pulled.as_deref());
                let shape = shape(request, columns, &schema, &connection.url);
                let heads = shape.heads(request.formatted || request.format == ExportFormat::Xlsx);
                let writer = Writer::create(part, request.format, style, entity.as_str(), &heads)?;
                open.insert((writer, shape))
            }
        };
        for record in &page.records {
            let masked = masker.as_ref().map(|masker| masker.record(record)).transpose();
            let masked = masked.map_err(|error| unreadable(record, &error))?;
            let record = masked.as_ref().unwrap_or(record);
            if writer.takes_json() {
                writer.json(record.raw.get())?;
                continue;
            }
            let fields = record.fields().map_err(|error| unreadable(record, &error))?;
            writer.row(&shape.cells(record.id.as_str(), &fields))?;
        }
        records += page.records.len() as u64;
        handle.progress("writing", records, page.total.map(|total| total.max(records)));
        cursor = page.next;
        if page.ended {
            break;
        }
    }
    let bytes = match open {
        Some((writer, _)) => writer.finish()?,
        None => 0,
    };
    Ok(ExportReport { path: String::new(), records, bytes })
}

fn unreadable(record: &Record, error: &serde_json::Error) -> ApiError {
    ApiError::new(ErrorCode::StoreCorrupt, format!("the record {} can't be read: {error}", record.id))
}

/// The asked columns; else those that were pulled, else all that can be read.
fn columns(schema: &EntitySchema, request: &ExportStart, pulled: Option<&[String]>) -> Vec<Column> {
    let wanted = match request.query.columns.clone().filter(|names| !names.is_empty()) {
        Some(names) => names,
        None => pulled.map_or_else(
            || {
                let readable = schema.columns.iter().filter(|column| column.readable);
                readable.map(|column| column.logical_name.to_string()).collect()
            },
            <[String]>::to_vec,
        ),
    };
    let by_name: HashMap<&str, &Column> =
        schema.columns.iter().map(|column| (column.logical_name.as_str(), column)).collect();
    wanted.iter().filter_map(|name| by_name.get(name.as_str()).map(|column| (*column).clone())).collect()
}

fn shape(request: &ExportStart, columns: Vec<Column>, schema: &EntitySchema, url: &str) -> RecordShape {
    match request.format {
        ExportFormat::Csv | ExportFormat::Json | ExportFormat::Jsonl => {
            RecordShape::flat(columns, request.formatted)
        }
        ExportFormat::Sqlite => RecordShape::table(columns),
        ExportFormat::Xlsx => {
            let entity = &schema.summary.logical_name;
            let address = format!("{url}/main.aspx?etn={entity}&id={{id}}&pagetype=entityrecord");
            let name = schema.summary.primary_name.as_ref().map(ToString::to_string).unwrap_or_default();
            // A masked file leads nobody to the person.
            let link = (!request.masked.unwrap_or(false)).then_some((address, name));
            RecordShape::sheet(columns, link)
        }
    }
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
