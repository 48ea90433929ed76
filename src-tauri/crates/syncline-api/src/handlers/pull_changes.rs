//! `pulls.*`: the pulls of an entity and what each changed, or what changed between two.

use serde::Deserialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use syncline_model::{EntityName, ErrorCode};
use syncline_store::{Difference, DifferenceKind, DifferenceQuery, PullDetail};
use uuid::Uuid;

use super::export::file_fault;
use crate::app::App;
use crate::jobs::JobHandle;
use crate::wire::{
    ApiError, ChangeField, ChangeKind, ChangeRow, ChangedColumn, ChangesExport, ChangesPage, ChangesQuery,
    ExportFormat, ExportReport, JobKind, JobStarted, PullView, PullsQuery,
};

const ROWS_A_TIME: u32 = 1000;

/// What was noted of a pull when it began.
#[derive(Default, Deserialize)]
#[serde(default)]
struct About {
    way: String,
    notes: Vec<String>,
}

fn view(detail: PullDetail) -> PullView {
    let about: About = serde_json::from_str(&detail.about).unwrap_or_default();
    let [added, changed, deleted] = detail.counts;
    PullView {
        pull: detail.pull.to_string(),
        status: detail.status,
        started_at: detail.started_at.to_string(),
        finished_at: detail.finished_at.map(|at| at.to_string()),
        read: detail.read,
        way: about.way,
        first: detail.first,
        added,
        changed,
        deleted,
        dropped: detail.dropped,
        left_mark: detail.mark_after.is_some(),
        watermark: detail.mark_after.and_then(|place| place.modified).map(|at| at.to_string()),
        notes: about.notes,
    }
}

pub(crate) async fn list(app: &Arc<App>, request: PullsQuery) -> Result<Vec<PullView>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let entity = EntityName::new(request.entity);
    let limit = request.limit.unwrap_or(50).clamp(1, 500);
    let found = app.with_store(move |store| store.pull_details(connection.id, &entity, limit)).await?;
    Ok(found.into_iter().map(view).collect())
}

fn pull_id(text: &str) -> Result<Uuid, ApiError> {
    Uuid::parse_str(text).map_err(|_| {
        ApiError::new(ErrorCode::NotFound, format!("there is no pull {text}"))
            .hint("the list of an entity's pulls shows their ids")
    })
}

fn query(request: &ChangesQuery) -> Result<DifferenceQuery, ApiError> {
    Ok(DifferenceQuery {
        pull: pull_id(&request.pull)?,
        since: request.since.as_deref().map(pull_id).transpose()?,
        kind: request.kind.map(|kind| match kind {
            ChangeKind::Added => DifferenceKind::Added,
            ChangeKind::Changed => DifferenceKind::Changed,
            ChangeKind::Deleted => DifferenceKind::Deleted,
        }),
        column: request.column.clone().filter(|column| !column.is_empty()),
        text: request.search.clone(),
        offset: request.offset.unwrap_or(0),
        limit: request.limit.unwrap_or(100).clamp(1, ROWS_A_TIME),
    })
}

fn row(difference: Difference) -> ChangeRow {
    ChangeRow {
        id: difference.record_id,
        kind: match difference.kind {
            DifferenceKind::Added => ChangeKind::Added,
            DifferenceKind::Changed => ChangeKind::Changed,
            DifferenceKind::Deleted => ChangeKind::Deleted,
        },
        title: difference.title,
        fields: difference
            .fields
            .into_iter()
            .map(|field| ChangeField {
                column: field.column,
                old: field.old,
                new: field.new,
                old_label: field.old_label,
                new_label: field.new_label,
            })
            .collect(),
        last: difference.last,
    }
}

pub(crate) async fn changes(app: &Arc<App>, request: ChangesQuery) -> Result<ChangesPage, ApiError> {
    let wanted = query(&request)?;
    let page = app.with_store(move |store| store.differences(&wanted)).await?;
    let [added, changed, deleted] = page.counts;
    Ok(ChangesPage {
        rows: page.rows.into_iter().map(row).collect(),
        total: page.total,
        added,
        changed,
        deleted,
        columns: page
            .columns
            .into_iter()
            .map(|(column, records)| ChangedColumn { column, records })
            .collect(),
        cut: page.cut,
    })
}

pub(crate) async fn export(app: &Arc<App>, request: ChangesExport) -> Result<JobStarted, ApiError> {
    let path = PathBuf::from(&request.path);
    if path.file_name().is_none() {
        return Err(ApiError::new(ErrorCode::Usage, format!("not a file: {}", request.path)));
    }
    match request.format {
        ExportFormat::Csv | ExportFormat::Jsonl => {}
        ExportFormat::Json | ExportFormat::Xlsx | ExportFormat::Sqlite => {
            return Err(ApiError::new(ErrorCode::Usage, "changes are written as CSV or as JSON lines")
                .hint("choose csv or jsonl; spreadsheets open CSV"));
        }
    }
    let wanted = query(&request.query)?;
    let root = Arc::clone(app);
    let pull = wanted.pull;
    let owner = app.with_store(move |store| store.pull(pull)).await?.map(|pull| pull.connection);
    let names = app.connection_names().await?;
    let connection = owner.and_then(|id| names.get(&id).cloned());
    let job = app.jobs().start(
        JobKind::Export,
        "exporting changes".to_owned(),
        connection,
        Vec::new(),
        move |handle| async move {
            // Written beside and renamed: a file that exists stays whole until the new one is.
            let part = super::export::part(&path);
            let report = match write(&root, wanted, request.format, &part, &handle).await {
                Ok(report) => report,
                Err(error) => {
                    // The half-written part is of no use.
                    let _ = std::fs::remove_file(&part);
                    return Err(error);
                }
            };
            std::fs::rename(&part, &path).map_err(|error| file_fault(&path, &error))?;
            let report = ExportReport { path: path.display().to_string(), ..report };
            serde_json::to_value(report)
                .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
        },
    );
    Ok(JobStarted { job })
}

async fn write(
    app: &Arc<App>,
    mut wanted: DifferenceQuery,
    format: ExportFormat,
    part: &Path,
    handle: &JobHandle,
) -> Result<ExportReport, ApiError> {
    let fault = |error: std::io::Error| file_fault(part, &error);
    let mut file = std::io::BufWriter::new(std::fs::File::create(part).map_err(fault)?);
    if format == ExportFormat::Csv {
        file.write_all("\u{feff}change,id,name,column,old,old_label,new,new_label\r\n".as_bytes())
            .map_err(fault)?;
    }
    (wanted.offset, wanted.limit) = (0, ROWS_A_TIME);
    let mut records = 0_u64;
    loop {
        if handle.cancel().is_cancelled() {
            return Err(ApiError::new(ErrorCode::Cancelled, "the export was stopped; no file was written"));
        }
        let ask = wanted.clone();
        let page = app.with_store(move |store| store.differences(&ask)).await?;
        let (count, total) = (page.rows.len() as u64, page.total);
        for difference in page.rows {
            let row = row(difference);
            let text = if format == ExportFormat::Csv {
                csv_lines(&row)
            } else {
                let line = serde_json::to_string(&row)
                    .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
                format!("{line}\n")
            };
            file.write_all(text.as_bytes()).map_err(fault)?;
        }
        records += count;
        handle.progress("writing", records, Some(total));
        wanted.offset = records;
        if count == 0 || records >= total {
            break;
        }
    }
    file.flush().map_err(fault)?;
    let bytes = std::fs::metadata(part).map_err(fault)?.len();
    Ok(ExportReport { path: String::new(), records, bytes })
}

fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A line a changed column; one line for a record that came or went.
fn csv_lines(row: &ChangeRow) -> String {
    let kind = match row.kind {
        ChangeKind::Added => "added",
        ChangeKind::Changed => "changed",
        ChangeKind::Deleted => "deleted",
    };
    let line = |rest: [String; 5]| {
        let mut cells = vec![kind.to_owned(), row.id.clone(), row.title.clone().unwrap_or_default()];
        cells.extend(rest);
        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        format!("{}\r\n", cells.join(","))
    };
    if row.fields.is_empty() {
        return line(Default::default());
    }
    let text = |raw: &serde_json::value::RawValue| match serde_json::from_str::<Option<String>>(raw.get()) {
        Ok(text) => text.unwrap_or_default(),
        Err(_) => raw.get().to_owned(),
    };
    row.fields
        .iter()
        .map(|field| {
            line([
                field.column.clone(),
                text(&field.old),
                field.old_label.clone().unwrap_or_default(),
                text(&field.new),
                field.new_label.clone().unwrap_or_default(),
            ])
        })
        .collect()
}
