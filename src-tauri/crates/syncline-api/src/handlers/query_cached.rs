//! Queries of the Query place over the cache: the same document, the same rows, without a network.

use std::sync::Arc;
use syncline_dataverse::{ODataText, from_odata};
use syncline_fetchxml::{Fetch, Metadata, entities_named};
use syncline_model::{Connection, ErrorCode};
use syncline_store::{FetchAsk, FetchedRows, SqlCancel};
use tokio_util::sync::CancellationToken;

use super::cached::{asker, unreadable};
use super::query_columns::of_fetch;
use super::query_texts::{Known, known, known_of_set};
use crate::app::App;
use crate::wire::{ApiError, QueryCount, QueryCountStart, QueryLanguage, QueryPage, QueryRunStart};

/// The query as the document that the cache runs, with what is known of its entities.
pub(super) async fn document(
    app: &Arc<App>,
    connection: &Connection,
    language: QueryLanguage,
    text: &str,
) -> Result<(Fetch, Known), ApiError> {
    match language {
        QueryLanguage::FetchXml => {
            let fetch = Fetch::parse(text).map_err(|error| unreadable(&error))?;
            let known = known(app, connection, &entities_named(text)).await;
            Ok((fetch, known))
        }
        QueryLanguage::OData => {
            let query = ODataText::parse(text)?;
            let (schema, known) = known_of_set(app, connection, &query).await?;
            let converted = from_odata(&query, &schema, &known);
            let fetch = converted.query.ok_or_else(|| {
                ApiError::new(
                    ErrorCode::QueryInvalid,
                    format!("this OData query can't be asked of the cache: {}", converted.reasons.join("; ")),
                )
                .hint("run it live, or write it as FetchXML")
            })?;
            Ok((fetch, known))
        }
    }
}

/// Runs a document over the cache; a token that is cancelled stops the statement.
async fn fetch(
    app: &Arc<App>,
    connection: &Connection,
    fetch: Fetch,
    page: u32,
    count: bool,
    cancel: &CancellationToken,
) -> Result<FetchedRows, ApiError> {
    let asker = asker(app, connection).await?;
    let (id, stop) = (connection.id, SqlCancel::new());
    let (token, stopping) = (cancel.clone(), stop.clone());
    let watch = tokio::spawn(async move {
        token.cancelled().await;
        stopping.cancel();
    });
    let found = app
        .with_store(move |store| {
            let ask = FetchAsk { fetch: &fetch, asker: &asker, page: Some(page), count };
            store.fetch(id, &ask, &stop)
        })
        .await;
    watch.abort();
    found
}

pub(super) async fn run(
    app: &Arc<App>,
    connection: &Connection,
    request: &QueryRunStart,
    cancel: &CancellationToken,
    rows: u32,
) -> Result<QueryPage, ApiError> {
    let (mut document, known) = document(app, connection, request.language, &request.text).await?;
    if document.count.is_none() && document.top.is_none() {
        document.count = Some(rows);
    }
    let page = match &request.cursor {
        None => document.page.unwrap_or(1).max(1),
        Some(cursor) => cursor.parse().map_err(|_| {
            ApiError::new(ErrorCode::Usage, format!("not a place in the cache: {cursor}"))
                .hint("begin the query again")
        })?,
    };
    let (columns, all_columns) = of_fetch(&document, &known);
    let entity = document.entity.name.clone();
    let primary = known.schema(&entity).map(|schema| schema.summary.primary_id.to_string());
    let primary_id = primary.filter(|_| !document.aggregate && !document.distinct);
    let found = fetch(app, connection, document, page, false, cancel).await?;
    Ok(QueryPage {
        rows: found.rows,
        columns,
        all_columns,
        primary_id,
        entity: Some(entity),
        next: found.more.then(|| page.saturating_add(1).to_string()),
        millis: 0,
        as_of: found.as_of.map(|at| at.to_string()),
    })
}

pub(super) async fn count(
    app: &Arc<App>,
    connection: &Connection,
    request: &QueryCountStart,
    cancel: &CancellationToken,
) -> Result<QueryCount, ApiError> {
    let (mut document, _) = document(app, connection, request.language, &request.text).await?;
    let top = document.top.take();
    document.count = Some(1);
    let found = fetch(app, connection, document, 1, true, cancel).await?;
    let total = found.total.unwrap_or(0);
    Ok(QueryCount {
        value: top.map_or(total, |top| total.min(u64::from(top))),
        exact: true,
        by: "cache".to_owned(),
        sentence: "counted in the cache".to_owned(),
        requests: 0,
    })
}
