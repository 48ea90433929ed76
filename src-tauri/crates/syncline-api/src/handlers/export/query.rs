//! The result of a query of the Query place, live or cached, to a file, page by page.

use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use syncline_model::{ColumnType, ErrorCode, FORMATTED_VALUE};

use super::cells::{Cell, Head, Kind};
use super::writer::{TextStyle, Writer};
use super::{part, settle, target};
use crate::app::App;
use crate::handlers::queries;
use crate::jobs::JobHandle;
use crate::wire::{
    ApiError, ExportReport, JobKind, JobStarted, QueryColumn, QueryExport, QueryPage, QueryRunStart,
};

/// Rows a page, where the query does not say.
const PAGE: u32 = 5000;

pub(crate) async fn start(app: &Arc<App>, request: QueryExport) -> Result<JobStarted, ApiError> {
    let path = target(&request.path)?;
    let style = TextStyle::new(request.delimiter.as_deref(), request.byte_order_mark)?;
    app.connection(&request.connection).await?;
    let root = Arc::clone(app);
    let name = request.connection.clone();
    let title = "exporting a query".to_owned();
    let job = app.start_job(JobKind::Export, title, &name, Vec::new(), move |handle| async move {
        let result = write(&root, request, style, &part(&path), &handle).await;
        settle(&path, result)
    });
    Ok(JobStarted { job })
}

async fn write(
    app: &Arc<App>,
    request: QueryExport,
    style: TextStyle,
    file: &Path,
    handle: &JobHandle,
) -> Result<ExportReport, ApiError> {
    let mut ask = QueryRunStart {
        connection: request.connection,
        language: request.language,
        text: request.text,
        cursor: None,
        page_size: Some(PAGE),
        run: String::new(),
        cached: request.cached,
    };
    let mut open: Option<(Writer, Vec<QueryColumn>)> = None;
    let mut records = 0_u64;
    loop {
        let page = queries::page(app, &ask, handle.cancel()).await?;
        let (writer, columns) = match &mut open {
            Some(open) => open,
            None => {
                let columns = columns(&page)?;
                let heads: Vec<Head> = columns.iter().map(|column| head(column, request.formatted)).collect();
                let name = page.entity.clone().unwrap_or_else(|| "query".to_owned());
                open.insert((Writer::create(file, request.format, style, &name, &heads)?, columns))
            }
        };
        for row in &page.rows {
            if writer.takes_json() && !request.formatted {
                writer.json(row.get())?;
            } else {
                let row: Value = serde_json::from_str(row.get())
                    .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
                let cells: Vec<Cell> =
                    columns.iter().map(|column| cell(&row, &column.key, request.formatted)).collect();
                writer.row(&cells)?;
            }
            records += 1;
        }
        handle.progress("writing", records, None);
        match page.next {
            _ if handle.cancel().is_cancelled() => {
                return Err(ApiError::new(
                    ErrorCode::Cancelled,
                    "the export was stopped; no file was written",
                ));
            }
            Some(next) => ask.cursor = Some(next),
            None => break,
        }
    }
    let bytes = match open {
        Some((writer, _)) => writer.finish()?,
        None => 0,
    };
    Ok(ExportReport { path: String::new(), records, bytes })
}

/// The columns of the query, and behind them what the first rows have beside them.
fn columns(page: &QueryPage) -> Result<Vec<QueryColumn>, ApiError> {
    let mut columns = page.columns.clone();
    for row in &page.rows {
        let row: serde_json::Map<String, Value> = serde_json::from_str(row.get())
            .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
        for key in row.keys().filter(|key| !key.contains('@')) {
            if !columns.iter().any(|column| column.key == *key) {
                columns.push(QueryColumn {
                    key: key.clone(),
                    title: key.clone(),
                    hint: String::new(),
                    column_type: None,
                });
            }
        }
    }
    Ok(columns)
}

fn head(column: &QueryColumn, formatted: bool) -> Head {
    let kind = match column.column_type {
        Some(ColumnType::Integer | ColumnType::BigInt) => Kind::Whole,
        Some(ColumnType::Decimal | ColumnType::Double | ColumnType::Money) if !formatted => Kind::Number,
        Some(ColumnType::Boolean) if !formatted => Kind::YesNo,
        Some(ColumnType::DateTime) if !formatted => Kind::Moment,
        Some(ColumnType::Picklist | ColumnType::State | ColumnType::Status) if !formatted => Kind::Whole,
        _ => Kind::Text,
    };
    Head { name: if formatted { column.title.clone() } else { column.key.clone() }, kind }
}

/// A value, or its label where labels are wanted. Expanded rows are their JSON.
fn cell(row: &Value, key: &str, formatted: bool) -> Cell {
    let label = formatted.then(|| row.get(format!("{key}{FORMATTED_VALUE}"))).flatten();
    label.or_else(|| row.get(key)).map_or(Cell::Empty, Cell::from)
}
