//! `compare.start`: the same table in two environments. Each side is read page by page and looked up in the other by its key, so that
//! memory does not grow with the table. Nothing is written to either.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use syncline_connect::{Destination, MatchKey, Probe, Selection, Source};
use syncline_model::{
    ColumnName, ColumnType, Connection, EntityName, EntitySchema, ErrorCode, FieldChange, Record, Value,
};

use super::export::{file_fault, part, target};
use super::syncs;
use crate::app::{App, signed_out};
use crate::jobs::JobHandle;
use crate::wire::{ApiError, CompareKind, CompareReport, CompareRow, CompareStart, JobKind, JobStarted};

/// Rows that are in the answer itself.
const SHOWN: usize = 1000;
/// Rows that are read and looked up at once.
const PAGE: u32 = 500;

pub(crate) async fn start(app: &Arc<App>, request: CompareStart) -> Result<JobStarted, ApiError> {
    let path = request.path.as_deref().map(target).transpose()?;
    let root = Arc::clone(app);
    let title = format!("comparing {}", request.entity);
    let sides = (app.connection(&request.left).await?, app.connection(&request.right).await?);
    let left = Some(request.left.clone());
    let job = app.jobs().start(JobKind::Export, title, left, Vec::new(), move |handle| async move {
        let report = match compare(&root, request, path, &handle).await {
            Ok(report) => report,
            Err(error) => {
                if signed_out(error.code) {
                    // The one that nobody is signed in to turns red, whichever side it is.
                    syncs::signed_out(&root, [&sides.0, &sides.1]).await;
                }
                return Err(error);
            }
        };
        serde_json::to_value(report).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
    });
    Ok(JobStarted { job })
}

/// One environment.
struct Side {
    source: Arc<dyn Source>,
    destination: Arc<dyn Destination>,
    schema: EntitySchema,
}

async fn side(app: &Arc<App>, connection: &Connection, entity: &EntityName) -> Result<Side, ApiError> {
    let link = app.link(connection).await?.patient();
    let source = link.source(connection.name.as_str())?;
    syncs::answered(app, connection).await?;
    let (schema, _, _) = app.schema_of(connection, entity, false).await?;
    Ok(Side { source, destination: link.destination(), schema })
}

/// Columns that can be compared where none are named: a person or a sync may write them in both. Lookups name rows of their own
/// environment, and are compared only when they are named.
fn comparable(left: &EntitySchema, right: &EntitySchema) -> Vec<String> {
    let plain = |schema: &EntitySchema, name: &str| {
        schema.column(name).is_some_and(|column| {
            let kind = column.column_type;
            let held = matches!(
                kind,
                ColumnType::PartyList | ColumnType::Image | ColumnType::File | ColumnType::Other
            );
            column.readable && column.updatable && !kind.is_lookup() && !held
        })
    };
    left.columns
        .iter()
        .map(|column| column.logical_name.as_str())
        .filter(|name| plain(left, name) && plain(right, name))
        .map(str::to_owned)
        .collect()
}

fn check(schema: &EntitySchema, names: &[String], connection: &str) -> Result<(), ApiError> {
    match names.iter().find(|name| schema.column(name).is_none()) {
        None => Ok(()),
        Some(name) => Err(ApiError::new(
            ErrorCode::Usage,
            format!("{} of {connection} has no column {name}", schema.summary.logical_name),
        )
        .hint("compare columns that both environments have")),
    }
}

async fn compare(
    app: &Arc<App>,
    request: CompareStart,
    path: Option<PathBuf>,
    handle: &JobHandle,
) -> Result<CompareReport, ApiError> {
    let (a, b) = (app.connection(&request.left).await?, app.connection(&request.right).await?);
    let entity = EntityName::new(request.entity.as_str());
    handle.progress("reading the descriptions", 0, None);
    let (left, right) = (side(app, &a, &entity).await?, side(app, &b, &entity).await?);
    let columns = match request.columns.filter(|columns| !columns.is_empty()) {
        Some(columns) => columns,
        None => comparable(&left.schema, &right.schema),
    };
    let key = request
        .key
        .filter(|key| !key.is_empty())
        .unwrap_or_else(|| vec![left.schema.summary.primary_id.to_string()]);
    for (side, connection) in [(&left, &a), (&right, &b)] {
        check(&side.schema, &columns, connection.name.as_str())?;
        check(&side.schema, &key, connection.name.as_str())?;
    }
    let mut found = Found {
        report: CompareReport {
            left: a.name.to_string(),
            right: b.name.to_string(),
            entity: request.entity,
            key,
            columns,
            left_rows: 0,
            right_rows: 0,
            same: 0,
            different: 0,
            only_left: 0,
            only_right: 0,
            ambiguous: 0,
            rows: Vec::new(),
            path: None,
        },
        file: match &path {
            Some(path) => {
                let half = part(path);
                let file = std::fs::File::create(&half).map_err(|error| file_fault(path, &error))?;
                Some((path.clone(), std::io::BufWriter::new(file)))
            }
            None => None,
        },
    };
    let filter = request.filter.as_deref();
    let result = async {
        pass(&left, &right, true, filter, &mut found, handle).await?;
        pass(&right, &left, false, filter, &mut found, handle).await
    }
    .await;
    if let Some((path, mut file)) = found.file.take() {
        let half = part(&path);
        if let Err(error) = result {
            // The half-written part is of no use.
            let _ = std::fs::remove_file(&half);
            return Err(error);
        }
        file.flush().map_err(|error| file_fault(&path, &error))?;
        std::fs::rename(&half, &path).map_err(|error| file_fault(&path, &error))?;
        found.report.path = Some(path.display().to_string());
    }
    result?;
    Ok(found.report)
}

/// What was found so far.
struct Found {
    report: CompareReport,
    file: Option<(PathBuf, std::io::BufWriter<std::fs::File>)>,
}

impl Found {
    fn note(&mut self, row: CompareRow) -> Result<(), ApiError> {
        let report = &mut self.report;
        match row.kind {
            CompareKind::Different => report.different += 1,
            CompareKind::OnlyLeft => report.only_left += 1,
            CompareKind::OnlyRight => report.only_right += 1,
            CompareKind::Ambiguous => report.ambiguous += 1,
        }
        if let Some((path, file)) = &mut self.file {
            let text = serde_json::to_string(&row)
                .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
            writeln!(file, "{text}").map_err(|error| file_fault(path, &error))?;
        }
        if report.rows.len() < SHOWN {
            report.rows.push(row);
        }
        Ok(())
    }
}

/// Reads one side whole and looks each row up in the other. The second pass only looks for what the first could not see.
async fn pass(
    from: &Side,
    to: &Side,
    first: bool,
    filter: Option<&str>,
    found: &mut Found,
    handle: &JobHandle,
) -> Result<(), ApiError> {
    let cancel = handle.cancel().clone();
    let (key, columns) = (found.report.key.clone(), found.report.columns.clone());
    let name = from.schema.summary.primary_name.clone();
    let mut read: Vec<ColumnName> = vec![from.schema.summary.primary_id.clone()];
    read.extend(name.clone());
    read.extend(
        key.iter().chain(if first { columns.as_slice() } else { &[] }).map(|name| name.as_str().into()),
    );
    read.sort();
    read.dedup();
    let selection = Selection {
        entity: Some(from.schema.summary.logical_name.clone()),
        list: None,
        columns: read,
        filter: filter.map(str::to_owned),
        order: Vec::new(),
        page_size: PAGE,
        top: None,
    };
    let stage = if first { "comparing" } else { "looking for rows that only the right has" };
    let fields: &[String] = if first { &columns } else { &[] };
    let (mut cursor, mut done) = (None, 0_u64);
    loop {
        let page = from.source.page(&selection, cursor.as_ref(), &cancel).await?;
        let keyed: Vec<(Record, Option<MatchKey>)> = page
            .records
            .into_iter()
            .map(|record| {
                let key = match_key(&record, &key);
                (record, key)
            })
            .collect();
        let keys: Vec<MatchKey> = keyed.iter().filter_map(|(_, key)| key.clone()).collect();
        let mut probes = to.destination.probe(&to.schema, &keys, fields, &cancel).await?.into_iter();
        done += keyed.len() as u64;
        for (record, key) in keyed {
            let probe = if key.is_some() { probes.next() } else { None };
            if let Some((kind, changes)) = judge(&record, probe, first, fields, to) {
                found.note(CompareRow {
                    id: record.id.to_string(),
                    title: title(&record, name.as_ref()),
                    kind,
                    changes,
                })?;
            } else if first {
                found.report.same += 1;
            }
        }
        if first {
            found.report.left_rows = done;
        } else {
            found.report.right_rows = done;
        }
        handle.progress(stage, done, None);
        if cancel.is_cancelled() {
            return Err(ApiError::new(ErrorCode::Cancelled, "stopped on request"));
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn match_key(record: &Record, key: &[String]) -> Option<MatchKey> {
    let fields = record.fields().ok()?;
    let mut values = BTreeMap::new();
    for name in key {
        let value = fields.value(name).filter(|value| !value.is_null())?;
        values.insert(name.clone(), value);
    }
    Some(MatchKey(values.into()))
}

fn title(record: &Record, name: Option<&ColumnName>) -> String {
    let shown =
        name.and_then(|name| record.fields().ok()?.value(name.as_str())).map(|value| value.display_text());
    shown.filter(|text| !text.is_empty()).unwrap_or_else(|| record.id.to_string())
}

/// What is the matter with a row; `None`: nothing.
fn judge(
    record: &Record,
    probe: Option<Probe>,
    first: bool,
    columns: &[String],
    to: &Side,
) -> Option<(CompareKind, Vec<FieldChange>)> {
    match probe {
        // Rows without a key, and keys that several rows have, are told once.
        None | Some(Probe::Ambiguous(_) | Probe::Unknown) => {
            first.then(|| (CompareKind::Ambiguous, Vec::new()))
        }
        Some(Probe::Absent) => {
            Some((if first { CompareKind::OnlyLeft } else { CompareKind::OnlyRight }, Vec::new()))
        }
        Some(Probe::Present(_)) if !first => None,
        Some(Probe::Present(held)) => {
            let fields = record.fields().ok()?;
            let changes: Vec<FieldChange> = columns
                .iter()
                .filter_map(|name| {
                    let here = fields.value(name).unwrap_or(Value::Null);
                    let there = held.values.get(name).cloned().unwrap_or(Value::Null);
                    (!to.destination.same(&to.schema, name, &here, &there)).then(|| FieldChange {
                        field: name.clone(),
                        from: here,
                        to: there,
                    })
                })
                .collect();
            (!changes.is_empty()).then_some((CompareKind::Different, changes))
        }
    }
}
