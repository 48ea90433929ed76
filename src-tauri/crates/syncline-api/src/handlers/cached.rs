//! `cache.fetch`: FetchXML documents over the cache.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use syncline_fetchxml::{Fetch, FetchXmlError};
use syncline_model::{Connection, ErrorCode};
use syncline_store::{Asker, AskerFacts, FetchAsk, SqlCancel};

use crate::app::App;
use crate::wire::{ApiError, CacheFetch, CacheFetched};

/// Key under which it is kept what a service said of who asks.
pub(crate) fn facts_key(connection: &Connection) -> String {
    format!("asker/{}", connection.id)
}

/// Who asks on a connection, as far as it is known without a network. Days are those of the user's own time zone, or of this
/// computer's where the service did not tell.
pub(crate) async fn asker(app: &App, connection: &Connection) -> Result<Asker, ApiError> {
    let key = facts_key(connection);
    let kept = app.with_store(move |store| store.kept(&key)).await?;
    let mut facts: AskerFacts = kept.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
    if let Some(user) = connection.identity.as_ref().and_then(|identity| identity.user_id.clone()) {
        facts.user_id = Some(user);
    }
    let zone =
        facts.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(TimeZone::system);
    Ok(Asker { now: Timestamp::now().to_zoned(zone), facts })
}

pub(crate) fn unreadable(error: &FetchXmlError) -> ApiError {
    let fault = ApiError::new(ErrorCode::QueryInvalid, format!("the document can't be read: {error}"));
    match &error.hint {
        Some(hint) => fault.hint(hint.clone()),
        None => fault,
    }
}

pub(crate) async fn fetch(app: &Arc<App>, request: CacheFetch) -> Result<CacheFetched, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let fetch = Fetch::parse(&request.fetchxml).map_err(|error| unreadable(&error))?;
    let asker = asker(app, &connection).await?;
    let page = request.page.or(fetch.page).unwrap_or(1).max(1);
    let count = request.count.unwrap_or(false);
    let found = app
        .with_store(move |store| {
            let ask = FetchAsk { fetch: &fetch, asker: &asker, page: Some(page), count };
            store.fetch(connection.id, &ask, &SqlCancel::new())
        })
        .await?;
    Ok(CacheFetched {
        rows: found.rows,
        next_page: found.more.then(|| page.saturating_add(1)),
        total: found.total,
        entities: found.entities.iter().map(ToString::to_string).collect(),
        as_of: found.as_of.map(|at| at.to_string()),
    })
}
