//! One record, named by its id or by an alternate key: read, and compared with what is to be written.

use std::collections::BTreeMap;
use std::sync::Arc;
use syncline_dataverse::{DataverseConnector, RecordBody, RowKey};
use syncline_fetchxml::{Condition, Filter, Operator};
use syncline_model::{ColumnName, Connection, EntityName, ErrorCode, Record, RecordId, System, Value};
use syncline_sql::quoted;
use tokio_util::sync::CancellationToken;

use super::records::cached_page;
use crate::app::App;
use crate::wire::{ApiError, DataMode, RecordGet, RecordRow, RecordView, RecordWrite, RecordsQuery};

/// The row that an id or an alternate key names; exactly one of them is given.
pub(super) fn row_key(id: Option<&str>, key: Option<&BTreeMap<String, Value>>) -> Result<RowKey, ApiError> {
    match (id, key) {
        (Some(id), None) => Ok(RowKey::Id(RecordId::new(id.to_lowercase()))),
        (None, Some(key)) if !key.is_empty() => Ok(RowKey::Alternate(
            key.iter().map(|(name, value)| (ColumnName::new(name), value.clone())).collect(),
        )),
        (None, _) => Err(ApiError::new(ErrorCode::Usage, "the id is missing")
            .hint("give the id, or the columns of an alternate key with their values")),
        (Some(_), Some(_)) => {
            Err(ApiError::new(ErrorCode::Usage, "both an id and an alternate key are given")
                .hint("name the record by one of them"))
        }
    }
}

pub(crate) async fn get(app: &Arc<App>, request: RecordGet) -> Result<RecordView, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let entity = EntityName::new(request.entity.as_str());
    let key = row_key(request.id.as_deref(), request.key.as_ref())?;
    let cancel = CancellationToken::new();
    let found = match (request.mode, &key) {
        (DataMode::Live, RowKey::Id(id)) => {
            let source = app.link(&connection).await?.source(&request.connection)?;
            let records = source.get(&entity, std::slice::from_ref(id), &[], &cancel).await?;
            records.into_iter().flatten().next().map(live_row)
        }
        (DataMode::Live, RowKey::Alternate(_)) => {
            let link = app.link(&connection).await?;
            let connector = link.dataverse(&request.connection)?;
            connector.read_record(&entity, &key, &[], &cancel).await?.map(live_row)
        }
        (DataMode::Cached, RowKey::Id(id)) => {
            let (connection, entity, id) = (connection.id, entity.clone(), id.clone());
            let found = app.with_store(move |store| store.record(connection, &entity, &id)).await?;
            found.map(super::records::row)
        }
        (DataMode::Cached, RowKey::Alternate(columns)) => cached_by_key(app, &request, columns).await?,
    };
    let named = match &key {
        RowKey::Id(id) => format!("the id {id}"),
        RowKey::Alternate(columns) => {
            let columns: Vec<String> =
                columns.iter().map(|(name, value)| format!("{name} = {}", value.to_json_text())).collect();
            columns.join(", ")
        }
    };
    let found = found.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, format!("there is no {entity} with {named}")).hint(
            match request.mode {
                DataMode::Live => "it may have been deleted, or you may not read it",
                DataMode::Cached => "it is not cached; look live, or pull the entity",
            },
        )
    })?;
    view(app, &connection, &entity, found).await
}

fn live_row(record: Record) -> RecordRow {
    RecordRow { id: record.id.to_string(), etag: record.etag, pulled_at: None, raw: record.raw }
}

async fn view(
    app: &Arc<App>,
    connection: &Connection,
    entity: &EntityName,
    row: RecordRow,
) -> Result<RecordView, ApiError> {
    let (connection_id, wanted) = (connection.id, entity.clone());
    let cached = app.with_store(move |store| store.schema(connection_id, &wanted)).await?;
    if !matches!(connection.system, System::Dataverse) {
        // A database is no place that a browser opens; what was read is told as a person would ask it.
        let key = cached.map(|(schema, _)| schema.summary.primary_id.to_string()).unwrap_or_default();
        let place = match key.as_str() {
            "" => String::new(),
            key => format!(" WHERE {} = '{}'", quoted(key), row.id.replace('\'', "''")),
        };
        let source = format!("SELECT * FROM {}{place}", quoted(entity.as_str()));
        return Ok(RecordView { source, open_url: None, row });
    }
    let set = match cached {
        Some((schema, _)) => schema.summary.set_name,
        // A live reading has the entity's names in memory; nothing is asked for them again.
        None => match app.link(connection).await.ok() {
            Some(link) if row.pulled_at.is_none() => match link.dataverse(connection.name.as_str()) {
                Ok(connector) => connector.set_of(entity).unwrap_or_else(|| entity.to_string()),
                Err(_) => entity.to_string(),
            },
            Some(_) | None => entity.to_string(),
        },
    };
    let (version, id) = (connection.api_version.as_deref().unwrap_or("v9.2"), &row.id);
    Ok(RecordView {
        source: format!("GET {}/api/data/{version}/{set}({id})", connection.url),
        open_url: Some(format!("{}/main.aspx?etn={entity}&id={id}&pagetype=entityrecord", connection.url)),
        row,
    })
}

/// The cached record with these values; the cache holds no keys, so that they must name one record only.
async fn cached_by_key(
    app: &Arc<App>,
    request: &RecordGet,
    columns: &[(ColumnName, Value)],
) -> Result<Option<RecordRow>, ApiError> {
    let conditions = columns
        .iter()
        .map(|(name, value)| match value {
            Value::Null => Condition::new(name.as_str(), Operator::Null, Vec::<String>::new()),
            Value::Bool(_)
            | Value::Integer(_)
            | Value::Decimal(_)
            | Value::Double(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Reference(_) => Condition::new(name.as_str(), Operator::Eq, [value.display_text()]),
        })
        .collect();
    let query = RecordsQuery {
        connection: request.connection.clone(),
        entity: request.entity.clone(),
        mode: DataMode::Cached,
        columns: None,
        filter: Some(Filter { conditions, ..Filter::default() }.to_xml()),
        search: None,
        order: None,
        offset: None,
        limit: Some(2),
        cursor: None,
    };
    let mut rows = cached_page(app, &query).await?.rows;
    match rows.len() {
        0 | 1 => Ok(rows.pop().map(super::records::row)),
        _ => Err(ApiError::new(ErrorCode::Usage, "several cached records have these values")
            .hint("give the columns of an alternate key, or the id")),
    }
}

/// An update narrowed to what differs from the record as it is.
pub(super) struct Narrowed {
    /// What differs; `None`: nothing does.
    pub(super) body: Option<RecordBody>,
    /// The columns that differ.
    pub(super) columns: Vec<String>,
    /// The version it is held to.
    pub(super) etag: Option<String>,
    /// The record as it was read.
    pub(super) record: Record,
}

/// Reads the record and leaves out of the body what it has already.
pub(super) async fn narrow(
    connector: &DataverseConnector,
    entity: &EntityName,
    request: &RecordWrite,
    body: &RecordBody,
    cancel: &CancellationToken,
) -> Result<Narrowed, ApiError> {
    let key = row_key(request.id.as_deref(), request.key.as_ref())?;
    let record = connector.read_record(entity, &key, &[], cancel).await?.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, format!("there is no such {entity}"))
            .hint("it may have been deleted, or you may not read it; create or upsert makes one")
    })?;
    let differing = connector.differing(entity, &record, body, cancel).await?;
    Ok(Narrowed {
        body: (!differing.columns.is_empty()).then_some(differing.body),
        columns: differing.columns,
        etag: request.etag.clone().or_else(|| record.etag.clone()),
        record,
    })
}
