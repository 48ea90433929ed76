//! Rows of a database written by hand: one made, changed or deleted, under the guard of the version that was seen.

use std::collections::BTreeMap;
use std::sync::Arc;
use syncline_connect::{
    Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, ProbedRow, RowRequest, Source,
    WriteOptions,
};
use syncline_model::{
    Action, ColumnType, Connection, EntityName, EntitySchema, ErrorCode, MappedRecord, Record, RecordId,
    Value,
};
use syncline_sql::SqlConnector;
use tokio_util::sync::CancellationToken;

use super::hand_edits;
use super::record_edit::{Written, keep};
use crate::app::App;
use crate::wire::{ApiError, RecordOperation, RecordPrepared, RecordWrite, RecordWritten, RequestView};

/// What is to be done with a row.
struct Asked {
    schema: EntitySchema,
    /// None: nothing differs, so that nothing is to be sent.
    request: Option<RowRequest>,
    /// Columns that are sent, where it was asked to send only what differs.
    sent: Option<Vec<String>>,
    /// The row as it was, where it was read.
    seen: Option<RecordId>,
}

pub(super) async fn write(
    app: &Arc<App>,
    connection: &Connection,
    connector: &SqlConnector,
    request: &RecordWrite,
) -> Result<RecordWritten, ApiError> {
    let cancel = CancellationToken::new();
    let entity = EntityName::new(request.entity.as_str());
    let asked = asked(connector, &entity, request, &cancel).await?;
    let Some(row) = asked.request else {
        let record = match &asked.seen {
            Some(id) => read(connector, &entity, id, &cancel).await,
            None => None,
        };
        return Ok(RecordWritten {
            id: asked.seen.map(|id| id.to_string()),
            record: record.map(|record| record.raw),
            sent: asked.sent,
        });
    };
    // For the row's story; what can't be read before may still be written.
    let seen = asked.seen.clone().or_else(|| request.id.as_deref().map(RecordId::new));
    let before = match (&seen, request.operation) {
        (Some(id), RecordOperation::Update | RecordOperation::Upsert | RecordOperation::Delete) => {
            read(connector, &entity, id, &cancel).await
        }
        (None, _) | (Some(_), RecordOperation::Create) => None,
    };
    let options = WriteOptions::default();
    let outcomes = Destination::write(connector, &asked.schema, &[row], &options, &cancel).await?;
    let outcome = outcomes
        .into_iter()
        .next()
        .ok_or_else(|| ApiError::new(ErrorCode::UnexpectedReply, "the database told no outcome"))?;
    let id = done(&entity, outcome)?;
    let deleted = request.operation == RecordOperation::Delete;
    let record = match &id {
        // What was written stays written when it can't be read back.
        Some(id) if !deleted => read(connector, &entity, id, &cancel).await,
        Some(_) | None => None,
    };
    match (&record, &id) {
        (Some(record), _) => {
            keep(app, connection.id, &entity, Written::Record(Box::new(record.clone()))).await?;
        }
        (None, Some(id)) if deleted => keep(app, connection.id, &entity, Written::Gone(id.clone())).await?,
        (None, _) => {}
    }
    if let Some(id) = id.as_ref().or(seen.as_ref()) {
        let ends = (before.map(|record| record.raw), record.as_ref().map(|record| record.raw.clone()));
        hand_edits::note(app, connection, &entity, request.operation, id.as_str(), ends).await;
    }
    Ok(RecordWritten {
        id: id.map(|id| id.to_string()),
        record: record.map(|record| record.raw),
        sent: asked.sent,
    })
}

/// The statement that would be sent, or the columns that can't be.
pub(super) async fn prepare(
    connector: &SqlConnector,
    request: &RecordWrite,
) -> Result<RecordPrepared, ApiError> {
    let entity = EntityName::new(request.entity.as_str());
    let asked = asked(connector, &entity, request, &CancellationToken::new()).await?;
    let request = asked.request.map(|row| RequestView {
        method: row.method,
        path: row.path,
        headers: row.headers,
        body: row.body,
    });
    Ok(RecordPrepared { request, curl: None, faults: vec![] })
}

async fn asked(
    connector: &SqlConnector,
    entity: &EntityName,
    request: &RecordWrite,
    cancel: &CancellationToken,
) -> Result<Asked, ApiError> {
    if request.switches.is_some_and(|switches| switches.any()) {
        return Err(ApiError::new(ErrorCode::Usage, "the switches of a write are Dataverse's")
            .hint("a database knows none of them; leave them off"));
    }
    let schema = Destination::schema(connector, entity, cancel).await?;
    let mut values = values(&schema, request)?;
    let made = |request| Ok(Asked { schema: schema.clone(), request: Some(request), sent: None, seen: None });
    match request.operation {
        RecordOperation::Create => made(connector.new_row(&schema, &values)?),
        RecordOperation::Upsert => {
            if request.etag.is_some() {
                return Err(ApiError::new(ErrorCode::Usage, "an upsert can't be held to a version")
                    .hint("update the row with the version, or leave the version out"));
            }
            let identifiers = request.key.clone().ok_or_else(|| {
                ApiError::new(ErrorCode::Usage, "an upsert names its row by the columns of a key")
                    .hint("give the key's columns with their values")
            })?;
            let mapped = MappedRecord {
                identifiers: identifiers.into(),
                attributes: values.into(),
                events: Vec::new(),
            };
            let write =
                PlannedWrite { action: Action::Update, mapped: &mapped, existing: None, changed: &[] };
            made(connector.row_request(&schema, &write)?)
        }
        RecordOperation::Update => {
            let only_changed = request.only_changed == Some(true);
            let mut row = found(connector, &schema, request, only_changed, cancel).await?;
            if only_changed {
                values.retain(|name, value| {
                    let held = row.values.get(name).unwrap_or(&Value::Null);
                    !Destination::same(connector, &schema, name, value, held)
                });
            }
            row.etag = request.etag.clone().or(row.etag);
            let changed: Vec<String> = values.keys().cloned().collect();
            let sent = only_changed.then(|| changed.clone());
            if only_changed && changed.is_empty() {
                return Ok(Asked { schema, request: None, sent, seen: Some(row.id) });
            }
            let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
            let mapped = MappedRecord { attributes: values.into(), ..MappedRecord::default() };
            let write = PlannedWrite {
                action: Action::Update,
                mapped: &mapped,
                existing: Some(&row),
                changed: &changed,
            };
            let request = Some(connector.row_request(&schema, &write)?);
            Ok(Asked { request, sent, seen: Some(row.id), schema })
        }
        RecordOperation::Delete => {
            let mut row = found(connector, &schema, request, false, cancel).await?;
            row.etag = request.etag.clone().or(row.etag);
            let mapped = MappedRecord::default();
            let write =
                PlannedWrite { action: Action::Delete, mapped: &mapped, existing: Some(&row), changed: &[] };
            made(connector.row_request(&schema, &write)?)
        }
    }
}

/// The columns of a write with their values. A choice that is given by its number is the label, which is what the database holds.
fn values(schema: &EntitySchema, request: &RecordWrite) -> Result<BTreeMap<String, Value>, ApiError> {
    let mut values = match (&request.data, &request.changes) {
        (Some(_), Some(_)) => {
            return Err(
                ApiError::new(ErrorCode::Usage, "the columns are given twice").hint("give data or changes")
            );
        }
        (Some(raw), None) => from_json(raw.get())?,
        (None, Some(changes)) => changes.clone(),
        (None, None) if request.operation == RecordOperation::Delete => BTreeMap::new(),
        (None, None) => {
            return Err(ApiError::new(ErrorCode::Usage, "the columns are missing")
                .hint("give them as a JSON object: --data JSON"));
        }
    };
    for (name, value) in &mut values {
        let Some(column) = schema.column(name) else { continue };
        if column.column_type == ColumnType::Picklist
            && let Value::Integer(number) = value
            && let Some(choice) = column.options.iter().find(|choice| choice.value == *number)
            && let Some(label) = &choice.label
        {
            *value = Value::from(label.as_str());
        }
    }
    Ok(values)
}

/// A JSON object, or a text that holds one.
fn from_json(text: &str) -> Result<BTreeMap<String, Value>, ApiError> {
    let unreadable = |error: serde_json::Error| {
        ApiError::new(ErrorCode::Usage, format!("the columns can't be read: {error}"))
            .hint("give them as a JSON object: {\"column\": value}")
    };
    match serde_json::from_str::<String>(text) {
        Ok(inner) => serde_json::from_str(&inner).map_err(unreadable),
        Err(_) => serde_json::from_str(text).map_err(unreadable),
    }
}

/// The row that is meant. It is read where its version or its values are needed and not given.
async fn found(
    connector: &SqlConnector,
    schema: &EntitySchema,
    request: &RecordWrite,
    whole: bool,
    cancel: &CancellationToken,
) -> Result<ProbedRow, ApiError> {
    let named = match (&request.id, &request.key) {
        (Some(_), Some(_)) => {
            return Err(ApiError::new(ErrorCode::Usage, "both an id and a key are given")
                .hint("name the row by one of them"));
        }
        (None, None) => {
            return Err(ApiError::new(ErrorCode::Usage, "the id is missing")
                .hint("give the id, or the columns of a key with their values"));
        }
        (Some(id), None) => {
            let id = RecordId::new(id.as_str());
            if !whole {
                // Who gives no version changes the row as it is; the statement still names its key.
                return Ok(ProbedRow { id, etag: None, values: BTreeMap::new() });
            }
            by_id(connector, schema, &id, cancel).await?
        }
        (None, Some(key)) => {
            let keys = [MatchKey(key.clone().into())];
            let fields: Vec<String> =
                schema.columns.iter().map(|column| column.logical_name.to_string()).collect();
            let probes = Destination::probe(connector, schema, &keys, &fields, cancel).await?;
            match probes.into_iter().next() {
                Some(Probe::Present(row)) => Some(row),
                Some(Probe::Ambiguous(rows)) => {
                    return Err(ApiError::new(ErrorCode::QueryInvalid, format!("{rows} rows have this key"))
                        .hint("name the row by its id"));
                }
                Some(Probe::Absent | Probe::Unknown) | None => None,
            }
        }
    };
    named.ok_or_else(|| {
        let entity = &schema.summary.logical_name;
        ApiError::new(ErrorCode::NotFound, format!("there is no such row of {entity}"))
            .hint("it may have been deleted, or you may not read it")
    })
}

async fn by_id(
    connector: &SqlConnector,
    schema: &EntitySchema,
    id: &RecordId,
    cancel: &CancellationToken,
) -> Result<Option<ProbedRow>, ApiError> {
    let Some(record) = read(connector, &schema.summary.logical_name, id, cancel).await else {
        return Ok(None);
    };
    let fields = record
        .fields()
        .map_err(|error| ApiError::new(ErrorCode::UnexpectedReply, format!("the row: {error}")))?;
    let values = schema
        .columns
        .iter()
        .filter_map(|column| {
            let name = column.logical_name.as_str();
            Some((name.to_owned(), fields.value(name)?))
        })
        .collect();
    Ok(Some(ProbedRow { id: record.id.clone(), etag: record.etag.clone(), values }))
}

async fn read(
    connector: &SqlConnector,
    entity: &EntityName,
    id: &RecordId,
    cancel: &CancellationToken,
) -> Option<Record> {
    let found = Source::get(connector, entity, std::slice::from_ref(id), &[], cancel).await.ok()?;
    found.into_iter().flatten().next()
}

/// The row's id, or why nothing was written.
fn done(entity: &EntityName, outcome: Outcome) -> Result<Option<RecordId>, ApiError> {
    let message = outcome.message.unwrap_or_else(|| format!("the row of {entity} was not written"));
    let code = outcome.code.unwrap_or_default();
    let refused =
        |kind, hint: &str| Err(ApiError::new(kind, message.clone()).hint(hint).service_code(code.as_str()));
    match outcome.kind {
        OutcomeKind::Created | OutcomeKind::Updated | OutcomeKind::Deleted | OutcomeKind::Upserted => {
            Ok(outcome.id)
        }
        OutcomeKind::Drifted => refused(
            ErrorCode::ServiceRefused,
            "read the row again, look at what differs, and change it on what it is now",
        ),
        OutcomeKind::Failed => {
            refused(ErrorCode::ServiceRefused, "the database refused it; nothing was written")
        }
        OutcomeKind::Unknown => {
            refused(ErrorCode::Unreachable, "read the row again to see whether it was written")
        }
    }
}
