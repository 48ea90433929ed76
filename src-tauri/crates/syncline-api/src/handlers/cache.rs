//! `cache.*`: what is there, searching, SQL.

use std::sync::Arc;
use syncline_http::Tally;
use syncline_model::{Connection, EntityName, ErrorCode, Identity};
use syncline_store::{SearchQuery, Store};
use syncline_sync::{Work, catch_up};
use uuid::Uuid;

use crate::app::App;
use crate::guard::guard_identity;
use crate::wire::{
    ApiError, CacheHash, CacheHashed, CacheSearch, CachedEntity, Empty, SearchHit, SearchHits, Tag,
};

/// One connection's cache holds the records of one organization: what another one answers is never mixed in.
pub(super) async fn own_records(app: &App, connection: &Connection, seen: &Identity) -> Result<(), ApiError> {
    guard_identity(connection, seen)?;
    let (id, key) = (connection.id, format!("cached organization/{}", connection.id));
    let now = serde_json::json!(seen.organization_id);
    app.with_store(move |store| {
        let known = store.kept(&key)?.filter(|known| known.is_string());
        let any = store.cached(Some(id))?.iter().any(|entity| entity.records > 0);
        match known {
            Some(known) if any && known != now => Ok(false),
            _ => store.keep(&key, Some(id), &now, jiff::Timestamp::now()).map(|()| true),
        }
    })
    .await?
    .then_some(())
    .ok_or_else(|| {
        ApiError::new(
            ErrorCode::IdentityChanged,
            format!(
                "the cached records of {} are of another organization than the one that answers now",
                connection.name
            ),
        )
        .hint("make a connection of its own for the other environment, or forget this one first")
    })
}

/// Brings search indexes up to date that a pull left behind, as after a crash. Not while it does so already.
fn catch_up_behind(app: &Arc<App>) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let Ok(_one_at_a_time) = app.indexing.try_lock() else { return };
        let work = Work {
            clock: Arc::new(jiff::Timestamp::now),
            progress: Arc::new(|_, _, _| ()),
            calls: Arc::new(|_, _| ()),
            tally: Tally::default(),
            cancel: tokio_util::sync::CancellationToken::new(),
        };
        let behind = app.with_store(|store| store.not_indexed(None)).await.unwrap_or_default();
        for (connection, entity, _) in behind {
            if let Err(error) = catch_up(&app.store, connection, &entity, &work).await {
                // The next search tries again and says how many records are missing until then.
                tracing::warn!(%entity, %error, "the search index could not catch up");
            }
        }
        app.jobs().invalidate(vec![Tag::Cache]);
    });
}

pub(crate) async fn list(app: &Arc<App>, _: Empty) -> Result<Vec<CachedEntity>, ApiError> {
    let names = app.connection_names().await?;
    let cached = app.with_store(|store| store.cached(None)).await?;
    Ok(cached
        .into_iter()
        .map(|entity| CachedEntity {
            connection: names.get(&entity.connection).cloned().unwrap_or_default(),
            entity: entity.entity.to_string(),
            display_name: entity.display_name,
            records: entity.records,
            not_indexed: entity.not_indexed,
            pulled_at: entity.pulled_at.map(|at| at.to_string()),
            status: entity.status.map_or_else(|| "done".to_owned(), |status| status.as_str().to_owned()),
            bytes: entity.bytes,
        })
        .collect())
}

pub(crate) async fn hash(app: &Arc<App>, request: CacheHash) -> Result<CacheHashed, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let entity = EntityName::new(request.entity.as_str());
    let (records, content_hash) = app
        .with_store(move |store| {
            Ok((store.record_count(connection.id, &entity)?, store.content_hash(connection.id, &entity)?))
        })
        .await?;
    Ok(CacheHashed { entity: request.entity, records, content_hash })
}

pub(crate) async fn search(app: &Arc<App>, request: CacheSearch) -> Result<SearchHits, ApiError> {
    let all = app.with_store(Store::connections).await?;
    // No search crosses clients unless nobody named one.
    let within: Option<Vec<Uuid>> = match (&request.connection, &request.client) {
        (Some(name), _) => Some(vec![app.connection(name).await?.id]),
        (None, Some(client)) => Some(
            all.iter()
                .filter(|connection| connection.client.as_deref().unwrap_or_default() == client)
                .map(|connection| connection.id)
                .collect(),
        ),
        (None, None) => None,
    };
    let entity = request.entity.map(EntityName::new);
    let (text, limit) = (request.text, request.limit.unwrap_or(50).clamp(1, 500));
    let found = app
        .with_store(move |store| {
            store.search(&SearchQuery {
                text: &text,
                connections: within.as_deref(),
                entity: entity.as_ref(),
                limit,
            })
        })
        .await?;
    if found.not_indexed > 0 {
        catch_up_behind(app);
    }
    let name = |id: Uuid| {
        all.iter()
            .find(|connection| connection.id == id)
            .map(|connection| connection.name.to_string())
            .unwrap_or_default()
    };
    Ok(SearchHits {
        more: found.more,
        catching_up: found.not_indexed > 0,
        not_indexed: found.not_indexed,
        hits: found
            .hits
            .into_iter()
            .map(|hit| SearchHit {
                connection: name(hit.connection),
                entity: hit.entity.to_string(),
                id: hit.id.to_string(),
                title: hit.title,
                snippet: hit.snippet,
                pulled_at: hit.pulled_at.to_string(),
            })
            .collect(),
    })
}
