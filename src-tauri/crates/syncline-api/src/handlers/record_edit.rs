//! `records.prepare`: the request of a change made by hand, as it would be sent.

use std::collections::BTreeMap;
use std::sync::Arc;
use syncline_connect::WriteOptions;
use syncline_dataverse::{CheckedBody, DataverseConnector, RecordBody};
use syncline_model::{ColumnName, EntityName, ErrorCode, Record};
use tokio_util::sync::CancellationToken;

use super::query_texts::curl_of;
use super::record_named::{narrow, row_key};
use crate::app::App;
use crate::links::Link;
use crate::wire::{ApiError, ColumnFaultView, RecordOperation, RecordPrepared, RecordWrite, RequestView};

/// The body of a write, with the faults of its columns; `None` where none is sent.
pub(super) async fn checked(
    connector: &DataverseConnector,
    entity: &EntityName,
    request: &RecordWrite,
    cancel: &CancellationToken,
) -> Result<Option<CheckedBody>, ApiError> {
    if request.only_changed == Some(true) && request.operation != RecordOperation::Update {
        return Err(ApiError::new(ErrorCode::Usage, "only an update can be narrowed to what differs")
            .hint("send the whole body, or update the record"));
    }
    let creating = match request.operation {
        RecordOperation::Delete => return Ok(None),
        RecordOperation::Create | RecordOperation::Upsert => true,
        RecordOperation::Update => false,
    };
    match (&request.data, &request.changes) {
        (Some(raw), None) => Ok(Some(Ok(RecordBody::parse(raw.get())?))),
        (None, Some(changes)) => {
            let changes: Vec<_> =
                changes.iter().map(|(name, value)| (ColumnName::new(name.as_str()), value.clone())).collect();
            Ok(Some(connector.checked_body(entity, &changes, creating, cancel).await?))
        }
        (Some(_), Some(_)) => {
            Err(ApiError::new(ErrorCode::Usage, "the columns are given twice").hint("give data or changes"))
        }
        (None, None) => Err(ApiError::new(ErrorCode::Usage, "the columns are missing")
            .hint("give them as a JSON object: --data JSON")),
    }
}

/// The body to send: the first fault of a column is an error.
pub(super) fn faultless(body: CheckedBody) -> Result<RecordBody, ApiError> {
    body.map_err(|faults| match faults.into_iter().next() {
        Some(fault) => fault.error,
        None => ApiError::new(ErrorCode::Internal, "a body without a fault was refused"),
    })
}

/// The connector with the switches of a write; all of them are off unless they are asked for.
pub(super) fn switched(link: &Link, request: &RecordWrite) -> Result<DataverseConnector, ApiError> {
    let switches = request.switches.unwrap_or_default();
    Ok(link.dataverse(&request.connection)?.with_switches(WriteOptions {
        bypass_plugins: switches.bypass_plugins.unwrap_or(false),
        bypass_logic: switches.bypass_logic.unwrap_or(false),
        suppress_flows: switches.suppress_flows.unwrap_or(false),
        detect_duplicates: switches.detect_duplicates.unwrap_or(false),
        ..WriteOptions::default()
    }))
}

pub(crate) async fn prepare(app: &Arc<App>, request: RecordWrite) -> Result<RecordPrepared, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let link = app.link(&connection).await?;
    if let Link::Sql(connector) = link.as_ref() {
        return super::record_rows::prepare(connector, &request).await;
    }
    let connector = &switched(&link, &request)?;
    let entity = EntityName::new(request.entity.as_str());
    let cancel = CancellationToken::new();
    let key = match request.operation {
        RecordOperation::Create => None,
        RecordOperation::Update | RecordOperation::Upsert | RecordOperation::Delete => {
            Some(row_key(request.id.as_deref(), request.key.as_ref())?)
        }
    };
    let mut etag = request.etag.clone();
    let body = match checked(connector, &entity, &request, &cancel).await? {
        Some(Err(faults)) => {
            let faults = faults
                .into_iter()
                .map(|fault| ColumnFaultView { column: fault.column.to_string(), error: fault.error })
                .collect();
            return Ok(RecordPrepared { request: None, curl: None, faults });
        }
        Some(Ok(body)) if request.only_changed == Some(true) => {
            let narrowed = narrow(connector, &entity, &request, &body, &cancel).await?;
            let Some(differing) = narrowed.body else {
                return Ok(RecordPrepared { request: None, curl: None, faults: vec![] });
            };
            etag = narrowed.etag;
            differing.text().to_owned()
        }
        Some(Ok(body)) => body.text().to_owned(),
        None => String::new(),
    };
    let address = connector.row_address(&entity, key.as_ref(), &cancel).await?;
    let (method, guard) = match request.operation {
        RecordOperation::Create => ("POST", None),
        RecordOperation::Update => ("PATCH", Some(etag.unwrap_or_else(|| "*".to_owned()))),
        RecordOperation::Upsert => ("PATCH", None),
        RecordOperation::Delete => ("DELETE", etag),
    };
    let mut headers = BTreeMap::new();
    if let Some(guard) = guard {
        headers.insert("If-Match".to_owned(), guard);
    }
    if !body.is_empty() {
        headers.insert("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned());
    }
    for (name, value) in connector.switch_headers() {
        headers.insert(name.to_owned(), value.to_owned());
    }
    let curl = curl_of(method, &address, &headers, &body);
    let request = RequestView { method: method.to_owned(), path: address, headers, body };
    Ok(RecordPrepared { request: Some(request), curl: Some(curl), faults: vec![] })
}

/// What was written by hand stands in the cache at once, as far as the entity is cached.
pub(super) async fn keep(
    app: &Arc<App>,
    connection: uuid::Uuid,
    entity: &EntityName,
    written: Written,
) -> Result<(), ApiError> {
    let entity = entity.clone();
    app.with_store(move |store| {
        match written {
            Written::Record(record) => {
                store.refresh_records(connection, &entity, &[*record], jiff::Timestamp::now())?;
            }
            // Of an entity that was never pulled nothing is there to remove.
            Written::Gone(id) if store.record(connection, &entity, &id)?.is_some() => {
                store.delete_records(connection, &entity, &[id], None)?;
            }
            Written::Gone(_) => {}
        }
        Ok(())
    })
    .await
}

/// A record after a write.
pub(super) enum Written {
    /// As the service has it now.
    Record(Box<Record>),
    /// Deleted.
    Gone(syncline_model::RecordId),
}
