//! Saved queries and the history of runs.

use std::sync::Arc;
use syncline_model::ErrorCode;
use syncline_store::SavedQuery;
use uuid::Uuid;

use crate::app::App;
use crate::wire::{
    ApiError, ConnectionRef, Empty, QueryLanguage, QueryRunView, SavedQueryRef, SavedQueryView,
};

/// Longest name.
const LONGEST_NAME: usize = 200;

/// A language as it is stored.
pub(super) fn word(language: QueryLanguage) -> &'static str {
    match language {
        QueryLanguage::FetchXml => "fetchxml",
        QueryLanguage::OData => "odata",
    }
}

fn language(word: &str) -> QueryLanguage {
    if word == "odata" { QueryLanguage::OData } else { QueryLanguage::FetchXml }
}

fn view(query: SavedQuery, connection: &str) -> SavedQueryView {
    SavedQueryView {
        id: Some(query.id.to_string()),
        connection: connection.to_owned(),
        name: query.name,
        language: language(&query.language),
        text: query.text,
        columns: serde_json::from_value(query.layout).unwrap_or_default(),
        changed_at: Some(query.changed_at.to_string()),
    }
}

pub(crate) async fn saved(app: &Arc<App>, request: ConnectionRef) -> Result<Vec<SavedQueryView>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let all = app.with_store(move |store| store.saved_queries(connection.id)).await?;
    Ok(all.into_iter().map(|query| view(query, &request.connection)).collect())
}

fn id_of(text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text)
        .map_err(|_| ApiError::new(ErrorCode::Usage, format!("{text:?} is no id of a saved query")))
}

pub(crate) async fn save(app: &Arc<App>, request: SavedQueryView) -> Result<SavedQueryView, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let name = request.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(ApiError::new(ErrorCode::Usage, "a saved query needs a name of at most 200 characters"));
    }
    let id = match &request.id {
        Some(id) => id_of(id)?,
        None => Uuid::new_v4(),
    };
    let query = SavedQuery {
        id,
        connection: connection.id,
        name: name.clone(),
        language: word(request.language).to_owned(),
        text: request.text,
        layout: serde_json::to_value(&request.columns).unwrap_or_default(),
        changed_at: jiff::Timestamp::now(),
    };
    let kept = query.clone();
    if !app.with_store(move |store| store.save_query(&kept)).await? {
        return Err(ApiError::new(ErrorCode::Usage, format!("there is a saved query {name} already"))
            .hint("choose another name, or open that one and save it again"));
    }
    Ok(view(query, &request.connection))
}

pub(crate) async fn delete(app: &Arc<App>, request: SavedQueryRef) -> Result<Empty, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let id = id_of(&request.id)?;
    if app.with_store(move |store| store.delete_query(connection.id, id)).await? {
        Ok(Empty {})
    } else {
        Err(ApiError::new(ErrorCode::NotFound, "there is no such saved query"))
    }
}

pub(crate) async fn history(app: &Arc<App>, request: ConnectionRef) -> Result<Vec<QueryRunView>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let runs = app.with_store(move |store| store.query_runs(connection.id)).await?;
    Ok(runs
        .into_iter()
        .map(|run| QueryRunView {
            number: run.number,
            language: language(&run.language),
            text: run.text,
            at: run.at.to_string(),
            rows: run.rows,
            whole: run.whole,
            millis: run.millis,
            error: run.error,
        })
        .collect())
}
