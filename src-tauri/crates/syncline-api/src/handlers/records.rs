//! `records.*`: windows of records, live and cached, single records, FetchXML documents.

use jiff::tz::TimeZone;
use std::sync::Arc;
use syncline_connect::{Cursor, Order, Selection};
use syncline_dataverse::RowKey;
use syncline_fetchxml::Filter;
use syncline_model::{ColumnName, EntityName, ErrorCode};
use syncline_store::{GridQuery, GridRow};
use tokio_util::sync::CancellationToken;

use super::hand_edits;
use super::record_edit::{Written, checked, faultless, keep, switched};
use super::record_named::{narrow, row_key};
use crate::app::App;
use crate::guard::guard_identity;
use crate::links::Link;
use crate::wire::{
    ApiError, DataMode, FetchPage, FetchQuery, RecordOperation, RecordRow, RecordWrite, RecordWritten,
    RecordsPage, RecordsQuery,
};

const MOST_ROWS: u32 = 5000;

pub(super) fn names(columns: Option<&Vec<String>>) -> Vec<ColumnName> {
    columns
        .into_iter()
        .flatten()
        .map(|name| ColumnName::new(name.trim()))
        .filter(|name| !name.as_str().is_empty())
        .collect()
}

pub(super) fn filter_text(filter: Option<&String>) -> Option<String> {
    filter.filter(|text| !text.trim().is_empty()).cloned()
}

pub(crate) async fn query(app: &Arc<App>, request: RecordsQuery) -> Result<RecordsPage, ApiError> {
    match request.mode {
        DataMode::Live => live(app, &request).await,
        DataMode::Cached => cached(app, &request).await,
    }
}

/// The selection of a query, checked.
pub(super) fn selection(request: &RecordsQuery) -> Selection {
    Selection {
        entity: Some(EntityName::new(request.entity.as_str())),
        list: None,
        columns: names(request.columns.as_ref()),
        filter: filter_text(request.filter.as_ref()),
        order: request
            .order
            .iter()
            .flatten()
            .map(|term| Order { column: ColumnName::new(term.column.as_str()), descending: term.descending })
            .collect(),
        page_size: request.limit.unwrap_or(100).clamp(1, MOST_ROWS),
        top: None,
    }
}

async fn live(app: &Arc<App>, request: &RecordsQuery) -> Result<RecordsPage, ApiError> {
    // To leave the words out would show all rows as if they had been found.
    if request.search.as_ref().is_some_and(|words| !words.trim().is_empty()) {
        return Err(ApiError::new(
            ErrorCode::Usage,
            "words are searched in pulled records, not in live ones",
        )
        .hint("pull the entity and search its records on this computer, or give a filter on a column"));
    }
    let connection = app.connection(&request.connection).await?;
    let source = app.link(&connection).await?.source(&request.connection)?;
    let selection = selection(request);
    let cancel = CancellationToken::new();
    let cursor = request.cursor.clone().map(Cursor);
    let page = source.page(&selection, cursor.as_ref(), &cancel).await?;
    let (total, total_exact) = match (&cursor, &page.next) {
        (None, None) => (Some(page.records.len() as u64), true),
        // A count that can't be had is no reason to show no records.
        (None, Some(_)) => match source.count(&selection, &cancel).await {
            Ok(count) => (Some(count.value), count.exact),
            Err(_) => (None, false),
        },
        (Some(_), _) => (None, false),
    };
    Ok(RecordsPage {
        rows: page
            .records
            .into_iter()
            .map(|record| RecordRow {
                id: record.id.to_string(),
                etag: record.etag,
                pulled_at: None,
                raw: record.raw,
            })
            .collect(),
        total,
        total_exact,
        next: page.next.map(|cursor| cursor.0),
        as_of: Some(jiff::Timestamp::now().to_string()),
        pulled_columns: None,
    })
}

pub(super) fn grid_query(request: &RecordsQuery) -> Result<GridQuery, ApiError> {
    let filter = match filter_text(request.filter.as_ref()) {
        None => None,
        Some(text) => Some(Filter::parse(&text).map_err(|error| {
            let fault = ApiError::new(ErrorCode::QueryInvalid, format!("the filter can't be read: {error}"));
            match error.hint.clone() {
                Some(hint) => fault.hint(hint),
                None => fault,
            }
        })?),
    };
    let mut query = GridQuery::new(
        jiff::Timestamp::now().to_zoned(TimeZone::system()),
        request.limit.unwrap_or(100).clamp(1, MOST_ROWS),
    );
    query.columns = names(request.columns.as_ref());
    query.filter = filter;
    query.search = request.search.clone().filter(|text| !text.trim().is_empty());
    query.order = request
        .order
        .iter()
        .flatten()
        .map(|term| (ColumnName::new(term.column.as_str()), term.descending))
        .collect();
    query.offset = request.offset.unwrap_or(0);
    Ok(query)
}

pub(super) fn row(row: GridRow) -> RecordRow {
    RecordRow {
        id: row.record.id.to_string(),
        etag: row.record.etag,
        pulled_at: Some(row.pulled_at.to_string()),
        raw: row.record.raw,
    }
}

pub(super) async fn cached_page(
    app: &Arc<App>,
    request: &RecordsQuery,
) -> Result<syncline_store::GridPage, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let mut query = grid_query(request)?;
    let asker = super::cached::asker(app, &connection).await?;
    query.now = asker.now;
    query.facts = asker.facts;
    let (id, entity) = (connection.id, EntityName::new(request.entity.as_str()));
    app.with_store(move |store| {
        // The service gives the primary key whatever is asked; so does the cache.
        if !query.columns.is_empty()
            && let Some((schema, _)) = store.schema(id, &entity)?
            && !query.columns.contains(&schema.summary.primary_id)
        {
            query.columns.push(schema.summary.primary_id);
        }
        store.page_records(id, &entity, &query)
    })
    .await
}

async fn cached(app: &Arc<App>, request: &RecordsQuery) -> Result<RecordsPage, ApiError> {
    let page = cached_page(app, request).await?;
    Ok(RecordsPage {
        total: Some(page.total),
        total_exact: true,
        next: None,
        as_of: page.as_of.map(|at| at.to_string()),
        pulled_columns: Some(page.pulled_columns.iter().map(ToString::to_string).collect()),
        rows: page.rows.into_iter().map(row).collect(),
    })
}

pub(crate) async fn write(app: &Arc<App>, request: RecordWrite) -> Result<RecordWritten, ApiError> {
    let connection = app.connection(&request.connection).await?;
    app.guard_write(&connection, 1, request.expect)?;
    let link = app.link(&connection).await?;
    guard_identity(&connection, &link.identity().await?)?;
    if let Link::Sql(connector) = link.as_ref() {
        return super::record_rows::write(app, &connection, connector, &request).await;
    }
    let connector = switched(&link, &request)?;
    let entity = EntityName::new(request.entity.as_str());
    let cancel = CancellationToken::new();
    let mut body = match checked(&connector, &entity, &request, &cancel).await? {
        Some(body) => Some(faultless(body)?),
        None => None,
    };
    let (mut etag, mut sent) = (request.etag.clone(), None);
    if request.only_changed == Some(true)
        && let Some(whole) = &body
    {
        let narrowed = narrow(&connector, &entity, &request, whole, &cancel).await?;
        let Some(differing) = narrowed.body else {
            return Ok(RecordWritten {
                id: Some(narrowed.record.id.to_string()),
                record: Some(narrowed.record.raw),
                sent: Some(vec![]),
            });
        };
        (body, etag, sent) = (Some(differing), narrowed.etag, Some(narrowed.columns));
    }
    let body = || body.as_ref().ok_or_else(|| ApiError::new(ErrorCode::Usage, "the columns are missing"));
    let key = || row_key(request.id.as_deref(), request.key.as_ref());
    // For the record's story; what can't be read before may still be written.
    let before = match request.operation {
        RecordOperation::Create => None,
        RecordOperation::Update | RecordOperation::Upsert | RecordOperation::Delete => {
            connector.read_record(&entity, &key()?, &[], &cancel).await.ok().flatten()
        }
    };
    let id = match request.operation {
        RecordOperation::Create => Some(connector.create_record(&entity, body()?, &cancel).await?),
        RecordOperation::Update => {
            connector.update_record(&entity, &key()?, body()?, etag.as_deref(), &cancel).await?;
            None
        }
        RecordOperation::Upsert if request.etag.is_some() => {
            return Err(ApiError::new(ErrorCode::Usage, "an upsert can't be held to a version")
                .hint("update the record with the version, or leave the version out"));
        }
        RecordOperation::Upsert => {
            connector.upsert_record(&entity, &key()?, body()?, &cancel).await?;
            None
        }
        RecordOperation::Delete => {
            connector.delete_record(&entity, &key()?, request.etag.as_deref(), &cancel).await?;
            None
        }
    };
    let written = match id {
        Some(id) => RowKey::Id(id),
        None => key()?,
    };
    let record = match request.operation {
        RecordOperation::Delete => None,
        // What was written stays written when it can't be read back.
        RecordOperation::Create | RecordOperation::Update | RecordOperation::Upsert => {
            connector.read_record(&entity, &written, &[], &cancel).await.ok().flatten()
        }
    };
    let kept = match (&record, &written, request.operation) {
        (Some(record), ..) => Some(Written::Record(Box::new(record.clone()))),
        (None, RowKey::Id(id), RecordOperation::Delete) => Some(Written::Gone(id.clone())),
        (None, ..) => None,
    };
    if let Some(kept) = kept {
        keep(app, connection.id, &entity, kept).await?;
    }
    let id = match (written, &record) {
        (RowKey::Id(id), _) => Some(id.to_string()),
        (RowKey::Alternate(_), Some(record)) => Some(record.id.to_string()),
        (RowKey::Alternate(_), None) => None,
    };
    let known = id.clone().or_else(|| before.as_ref().map(|record| record.id.to_string()));
    if let Some(id) = known {
        let ends = (before.map(|record| record.raw), record.as_ref().map(|record| record.raw.clone()));
        hand_edits::note(app, &connection, &entity, request.operation, &id, ends).await;
    }
    Ok(RecordWritten { id, record: record.map(|record| record.raw), sent })
}

pub(crate) async fn fetch(app: &Arc<App>, request: FetchQuery) -> Result<FetchPage, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let link = app.link(&connection).await?;
    let connector = link.dataverse(&request.connection)?;
    let cursor = request.cursor.map(Cursor);
    let (rows, next) =
        connector.fetch_document(&request.fetchxml, cursor.as_ref(), &CancellationToken::new()).await?;
    Ok(FetchPage { rows, next: next.map(|cursor| cursor.0) })
}

pub(crate) async fn export(
    app: &Arc<App>,
    request: crate::wire::ExportStart,
) -> Result<crate::wire::JobStarted, ApiError> {
    super::export::start(app, request).await
}
