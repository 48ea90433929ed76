//! `queries.run`, `queries.count`, `queries.cancel`, `queries.views`: queries at the service.

use std::sync::{Arc, PoisonError};
use std::time::Instant;
use syncline_connect::Cursor;
use syncline_dataverse::{CountedBy, ODataText, from_odata};
use syncline_fetchxml::{Fetch, Metadata, entities_named};
use syncline_model::{Connection, ErrorCode};
use syncline_store::QueryRun;
use tokio_util::sync::CancellationToken;

use super::cached::unreadable;
use super::query_columns::{of_fetch, of_odata};
use super::query_texts::{known, known_of_set};
use crate::app::App;
use crate::wire::{
    ApiError, Empty, EntityRef, EnvironmentQuery, JobStarted, LayoutColumn, QueryCount, QueryCountStart,
    QueryExport, QueryLanguage, QueryPage, QueryRunRef, QueryRunStart,
};

/// Rows a page where nothing says otherwise.
const PAGE: u32 = 250;

/// A query that can be cancelled while it is under way.
struct UnderWay<'a> {
    app: &'a App,
    run: String,
    cancel: CancellationToken,
}

impl<'a> UnderWay<'a> {
    fn new(app: &'a App, run: &str) -> Self {
        let cancel = CancellationToken::new();
        app.queries.lock().unwrap_or_else(PoisonError::into_inner).insert(run.to_owned(), cancel.clone());
        Self { app, run: run.to_owned(), cancel }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.app.queries.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.run);
    }
}

pub(crate) async fn cancel(app: &Arc<App>, request: QueryRunRef) -> Result<Empty, ApiError> {
    let found = app.queries.lock().unwrap_or_else(PoisonError::into_inner).remove(&request.run);
    if let Some(token) = found {
        token.cancel();
    }
    Ok(Empty {})
}

pub(crate) async fn run(app: &Arc<App>, request: QueryRunStart) -> Result<QueryPage, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let under_way = UnderWay::new(app, &request.run);
    let (at, began) = (jiff::Timestamp::now(), Instant::now());
    let outcome = page_of(app, &connection, &request, &under_way.cancel).await;
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    // Later pages belong to the run that began with the first.
    if request.cursor.is_none() {
        let noted = QueryRun {
            number: 0,
            connection: connection.id,
            language: super::query_store::word(request.language).to_owned(),
            text: request.text.clone(),
            at,
            rows: outcome.as_ref().map_or(0, |page| page.rows.len() as u64),
            whole: outcome.as_ref().is_ok_and(|page| page.next.is_none()),
            millis,
            error: outcome.as_ref().err().map(|error| error.message.clone()),
        };
        app.with_store(move |store| store.note_query_run(&noted)).await?;
        app.jobs().invalidate(vec![crate::wire::Tag::Queries]);
    }
    let mut page = outcome?;
    page.millis = u32::try_from(millis).unwrap_or(u32::MAX);
    Ok(page)
}

/// A page, without a note in the history.
pub(crate) async fn page(
    app: &Arc<App>,
    request: &QueryRunStart,
    cancel: &CancellationToken,
) -> Result<QueryPage, ApiError> {
    let connection = app.connection(&request.connection).await?;
    page_of(app, &connection, request, cancel).await
}

async fn page_of(
    app: &Arc<App>,
    connection: &Connection,
    request: &QueryRunStart,
    cancel: &CancellationToken,
) -> Result<QueryPage, ApiError> {
    let rows = request.page_size.unwrap_or(PAGE).clamp(1, 5000);
    match request.language {
        _ if request.cached == Some(true) => {
            super::query_cached::run(app, connection, request, cancel, rows).await
        }
        QueryLanguage::FetchXml => run_fetch(app, connection, request, cancel).await,
        QueryLanguage::OData => run_odata(app, connection, request, cancel).await,
    }
}

async fn run_fetch(
    app: &Arc<App>,
    connection: &Connection,
    request: &QueryRunStart,
    cancel: &CancellationToken,
) -> Result<QueryPage, ApiError> {
    let mut fetch = Fetch::parse(&request.text).map_err(|error| unreadable(&error))?;
    if fetch.count.is_none() && fetch.top.is_none() && !fetch.aggregate {
        fetch.count = Some(request.page_size.unwrap_or(PAGE).clamp(1, 5000));
    }
    let link = app.link(connection).await?;
    let connector = link.dataverse(&request.connection)?;
    let known = known(app, connection, &entities_named(&request.text)).await;
    let cursor = request.cursor.clone().map(Cursor);
    let (rows, next) = connector.fetch_document(&fetch.to_xml(), cursor.as_ref(), cancel).await?;
    let (columns, all_columns) = of_fetch(&fetch, &known);
    let primary = known.schema(&fetch.entity.name).map(|schema| schema.summary.primary_id.to_string());
    Ok(QueryPage {
        rows,
        columns,
        all_columns,
        primary_id: primary.filter(|_| !fetch.aggregate),
        entity: Some(fetch.entity.name),
        next: next.map(|cursor| cursor.0),
        millis: 0,
        as_of: None,
    })
}

async fn run_odata(
    app: &Arc<App>,
    connection: &Connection,
    request: &QueryRunStart,
    cancel: &CancellationToken,
) -> Result<QueryPage, ApiError> {
    let query = ODataText::parse(&request.text)?;
    let link = app.link(connection).await?;
    let connector = link.dataverse(&request.connection)?;
    let (schema, _) = known_of_set(app, connection, &query).await?;
    let cursor = request.cursor.clone().map(Cursor);
    let size = request.page_size.unwrap_or(PAGE);
    let page = connector.odata_document(&query, size, cursor.as_ref(), cancel).await?;
    let (columns, all_columns) = of_odata(&query, &schema);
    Ok(QueryPage {
        rows: page.rows,
        columns,
        all_columns,
        primary_id: Some(schema.summary.primary_id.to_string()),
        entity: Some(schema.summary.logical_name.to_string()),
        next: page.next.map(|cursor| cursor.0),
        millis: 0,
        as_of: None,
    })
}

pub(crate) async fn count(app: &Arc<App>, request: QueryCountStart) -> Result<QueryCount, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let under_way = UnderWay::new(app, &request.run);
    if request.cached == Some(true) {
        return super::query_cached::count(app, &connection, &request, &under_way.cancel).await;
    }
    let link = app.link(&connection).await?;
    let connector = link.dataverse(&request.connection)?;
    let fetch = match request.language {
        QueryLanguage::FetchXml => Fetch::parse(&request.text).map_err(|error| unreadable(&error))?,
        QueryLanguage::OData => {
            let query = ODataText::parse(&request.text)?;
            let (schema, known) = known_of_set(app, &connection, &query).await?;
            let converted = from_odata(&query, &schema, &known);
            converted.query.ok_or_else(|| {
                ApiError::new(
                    ErrorCode::Usage,
                    format!(
                        "this OData query can't be counted beyond 5,000: {}",
                        converted.reasons.join("; ")
                    ),
                )
                .hint("run it with $count=true, which stops at 5,000")
            })?
        }
    };
    let counted = connector.count_document(&fetch, &under_way.cancel).await?;
    let (by, exact, sentence) = match counted.by {
        CountedBy::Aggregate => ("aggregate", true, "counted by the service just now".to_owned()),
        CountedBy::Stretches => (
            "stretches",
            true,
            format!("counted just now, in {} requests, because one count stops at 50,000", counted.requests),
        ),
        CountedBy::Snapshot => ("snapshot", false, "the service's snapshot, up to a day old".to_owned()),
        CountedBy::AtLeast => ("at_least", false, "at least so many: one count stops at 50,000".to_owned()),
    };
    Ok(QueryCount { value: counted.value, exact, by: by.to_owned(), sentence, requests: counted.requests })
}

pub(crate) async fn views(app: &Arc<App>, request: EntityRef) -> Result<Vec<EnvironmentQuery>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let link = app.link(&connection).await?;
    let connector = link.dataverse(&request.connection)?;
    let views = connector.views(&request.entity, &CancellationToken::new()).await?;
    Ok(views
        .into_iter()
        .map(|view| EnvironmentQuery {
            id: view.id,
            name: view.name,
            personal: view.personal,
            default: view.default,
            fetchxml: Fetch::parse(&view.fetchxml).map_or(view.fetchxml, |fetch| fetch.to_pretty_xml()),
            columns: view.columns.into_iter().map(|(name, width)| LayoutColumn { name, width }).collect(),
        })
        .collect())
}

pub(crate) async fn export(app: &Arc<App>, request: QueryExport) -> Result<JobStarted, ApiError> {
    super::export::start_query(app, request).await
}
