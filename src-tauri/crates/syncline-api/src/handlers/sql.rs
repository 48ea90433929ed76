//! `cache.sql*` and `cache.facets`: SELECTs over the cache, what they can read, how often values occur.

use std::sync::Arc;
use std::time::{Duration, Instant};
use syncline_model::EntityName;
use syncline_store::{SqlAsk, SqlCancel};

use super::cached::asker;
use super::records::grid_query;
use crate::app::App;
use crate::wire::{
    ApiError, CacheSql, CacheSqlStop, ConnectionRef, DataMode, Empty, FacetView, FacetsAsk, FacetsView,
    JobStarted, RecordsQuery, SqlColumnView, SqlEntityView, SqlExport, SqlTable,
};

const ROWS: u32 = 10_000;
const MOST_ROWS: u32 = 100_000;

pub(crate) async fn run(app: &Arc<App>, request: CacheSql) -> Result<SqlTable, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let asker = asker(app, &connection).await?;
    let cancel = SqlCancel::new();
    if let Some(run) = &request.run {
        app.statements().insert(run.clone(), cancel.clone());
    }
    let begun = Instant::now();
    let most = request.limit.unwrap_or(ROWS).clamp(1, MOST_ROWS) as usize;
    let statement = request.statement;
    let longest = request.timeout_ms.map(|most| Duration::from_millis(u64::from(most)));
    let result = app
        .with_store(move |store| {
            let ask = SqlAsk { statement: &statement, longest, asker: Some(&asker) };
            store.sql_rows(connection.id, &ask, most, &cancel)
        })
        .await;
    if let Some(run) = &request.run {
        app.statements().remove(run);
    }
    let result = result?;
    Ok(SqlTable {
        columns: result.columns,
        rows: result.rows,
        cut: result.cut,
        millis: u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX),
    })
}

/// Stops a statement by its name; one that has ended already is left alone.
pub(crate) async fn stop(app: &Arc<App>, request: CacheSqlStop) -> Result<Empty, ApiError> {
    let running = app.statements().remove(&request.run);
    if let Some(cancel) = running {
        cancel.cancel();
    }
    Ok(Empty {})
}

pub(crate) async fn tables(app: &Arc<App>, request: ConnectionRef) -> Result<Vec<SqlEntityView>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let found = app.with_store(move |store| store.sql_entities(connection.id)).await?;
    Ok(found
        .into_iter()
        .map(|entity| SqlEntityView {
            name: entity.name,
            display_name: entity.display_name,
            columns: entity
                .columns
                .into_iter()
                .map(|column| SqlColumnView { name: column.name, kind: column.kind.to_owned() })
                .collect(),
        })
        .collect())
}

pub(crate) async fn export(app: &Arc<App>, request: SqlExport) -> Result<JobStarted, ApiError> {
    super::export::start_sql(app, request).await
}

pub(crate) async fn facets(app: &Arc<App>, request: FacetsAsk) -> Result<FacetsView, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let asker = asker(app, &connection).await?;
    let mut query = grid_query(&RecordsQuery {
        connection: request.connection,
        entity: request.entity.clone(),
        mode: DataMode::Cached,
        columns: None,
        filter: request.filter,
        search: request.search,
        order: None,
        offset: None,
        limit: Some(1),
        cursor: None,
    })?;
    query.now = asker.now;
    query.facts = asker.facts;
    let (entity, column) = (EntityName::new(request.entity), request.column);
    let limit = request.limit.unwrap_or(50).clamp(1, 1000);
    let found =
        app.with_store(move |store| store.facets(connection.id, &entity, &column, &query, limit)).await?;
    Ok(FacetsView {
        values: found
            .values
            .into_iter()
            .map(|facet| FacetView {
                value: facet.value.unwrap_or(serde_json::Value::Null),
                label: facet.label,
                count: facet.count,
            })
            .collect(),
        different: found.different,
        total: found.total,
    })
}
