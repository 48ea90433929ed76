//! `marks.*`: the watermarks of pulls and of definitions: seen, set back, forgotten.

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use syncline_model::{Connection, EntityName, ErrorCode};
use syncline_store::{Mark, MarkBack, Store, StoreError};
use uuid::Uuid;

use crate::app::App;
use crate::wire::{ApiError, Empty, MarkRef, MarkSetBack, MarkView, MarksQuery};

/// Under what the watermarks of definitions are kept.
const OF_DEFINITIONS: &str = "watermark/";

/// A selection as its watermark is kept.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Kept {
    columns: Vec<String>,
    filter: Option<String>,
}

/// The filter of a pull's selection.
pub(super) fn filter_of(selection: &str) -> Option<String> {
    let kept: Kept = serde_json::from_str(selection).ok()?;
    kept.filter.filter(|filter| !filter.trim().is_empty())
}

/// A watermark of one or the other kind.
enum Found {
    Pull(Mark),
    Definition { key: String, name: String, at: Timestamp },
}

fn id_of(mark: &Mark) -> String {
    let mut hash = Sha256::new();
    hash.update(mark.entity.as_str());
    hash.update([0]);
    hash.update(&mark.selection);
    hex::encode(&hash.finalize()[..8])
}

impl Found {
    fn id(&self) -> String {
        match self {
            Self::Pull(mark) => id_of(mark),
            Self::Definition { key, .. } => key.clone(),
        }
    }

    fn view(self, connection: &Connection) -> MarkView {
        let id = self.id();
        let name = connection.name.to_string();
        match self {
            Self::Pull(mark) => {
                let kept: Kept = serde_json::from_str(&mark.selection).unwrap_or_default();
                MarkView {
                    id,
                    connection: name,
                    definition: None,
                    entity: Some(mark.entity.to_string()),
                    columns: kept.columns,
                    filter: kept.filter,
                    modified_at: mark.place.modified.map(|at| at.to_string()),
                    version: mark.place.version.map(|version| version.to_string()),
                    tracked: mark.place.token.is_some(),
                    left_out_since: mark.place.left_out.map(|at| at.to_string()),
                    pull: mark.pull.map(|pull| pull.to_string()),
                    by_hand: mark.by_hand,
                    set_at: Some(mark.set_at.to_string()),
                }
            }
            Self::Definition { name: definition, at, .. } => MarkView {
                id,
                connection: name,
                definition: Some(definition),
                entity: None,
                columns: Vec::new(),
                filter: None,
                modified_at: Some(at.to_string()),
                version: None,
                tracked: false,
                left_out_since: None,
                pull: None,
                by_hand: false,
                set_at: None,
            },
        }
    }
}

/// The watermarks of definitions that read from a connection. Their keys are `watermark/NAME/SOURCE/DESTINATION/SELECTION`.
fn of_definitions(store: &Store, source: Uuid) -> Result<Vec<Found>, StoreError> {
    let source = source.to_string();
    let mut found = Vec::new();
    for (key, value) in store.kept_under(OF_DEFINITIONS)? {
        let mut parts = key.trim_start_matches(OF_DEFINITIONS).rsplitn(4, '/');
        let (_, _) = (parts.next(), parts.next());
        let (from, name) = (parts.next(), parts.next());
        let at = value.as_str().and_then(|text| text.parse().ok());
        if let (Some(from), Some(name), Some(at)) = (from, name, at)
            && from == source
        {
            // The key holds the name in lower case.
            let name = store.definition(name)?.map_or_else(|| name.to_owned(), |stored| stored.name);
            found.push(Found::Definition { name, at, key: key.clone() });
        }
    }
    Ok(found)
}

fn all(store: &Store, connection: Uuid, entity: Option<&EntityName>) -> Result<Vec<Found>, StoreError> {
    let mut found: Vec<Found> = store.marks(connection, entity)?.into_iter().map(Found::Pull).collect();
    if entity.is_none() {
        found.extend(of_definitions(store, connection)?);
    }
    Ok(found)
}

pub(crate) async fn list(app: &Arc<App>, request: MarksQuery) -> Result<Vec<MarkView>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let id = connection.id;
    let entity = request.entity.map(EntityName::new);
    let found = app.with_store(move |store| all(store, id, entity.as_ref())).await?;
    Ok(found.into_iter().map(|found| found.view(&connection)).collect())
}

async fn find(app: &Arc<App>, connection: &Connection, id: &str) -> Result<Found, ApiError> {
    let (connection, wanted) = (connection.id, id.to_owned());
    let found = app.with_store(move |store| all(store, connection, None)).await?;
    found.into_iter().find(|found| found.id() == wanted).ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, "this watermark is not there any more")
            .hint("a pull of another selection may have taken its place; look at the list again")
    })
}

pub(crate) async fn set_back(app: &Arc<App>, request: MarkSetBack) -> Result<MarkView, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let found = find(app, &connection, &request.id).await?;
    let moment = request
        .modified_at
        .as_deref()
        .map(|text| {
            text.parse::<Timestamp>().map_err(|error| {
                ApiError::new(ErrorCode::Usage, format!("not a time: {text} ({error})"))
                    .hint("write it as 2026-01-31T08:00:00Z")
            })
        })
        .transpose()?;
    let pull = request
        .pull
        .as_deref()
        .map(|text| {
            Uuid::parse_str(text).map_err(|_| ApiError::new(ErrorCode::Usage, format!("not a pull: {text}")))
        })
        .transpose()?;
    let now = Timestamp::now();
    let changed = match (found, moment, pull) {
        (Found::Pull(mark), Some(at), None) => back(app, mark, MarkBack::Moment(at), now).await?,
        (Found::Pull(mark), None, Some(pull)) => back(app, mark, MarkBack::Pull(pull), now).await?,
        (Found::Definition { key, name, at: stands }, Some(at), None) => {
            if at > stands {
                return Err(ApiError::new(
                    ErrorCode::Usage,
                    format!("the watermark stands at {stands} and can only be set back"),
                )
                .hint("choose an earlier time; what lies between would never be read"));
            }
            let (kept, source, value) = (key.clone(), connection.id, serde_json::json!(at.to_string()));
            app.with_store(move |store| store.keep(&kept, Some(source), &value, now)).await?;
            Found::Definition { key, name, at }
        }
        (Found::Definition { .. }, _, Some(_)) => {
            return Err(ApiError::new(ErrorCode::Usage, "a definition's watermark is set back to a time")
                .hint("name a time in place of a pull"));
        }
        (_, None, None) | (_, Some(_), Some(_)) => {
            return Err(ApiError::new(ErrorCode::Usage, "name either a time or a pull to set it back to"));
        }
    };
    Ok(changed.view(&connection))
}

async fn back(app: &Arc<App>, mark: Mark, to: MarkBack, now: Timestamp) -> Result<Found, ApiError> {
    app.with_store(move |store| store.set_mark_back(&mark, to, now)).await.map(Found::Pull)
}

pub(crate) async fn forget(app: &Arc<App>, request: MarkRef) -> Result<Empty, ApiError> {
    let connection = app.connection(&request.connection).await?;
    match find(app, &connection, &request.id).await? {
        Found::Pull(mark) => app.with_store(move |store| store.drop_mark(&mark)).await?,
        Found::Definition { key, .. } => app.with_store(move |store| store.drop_kept(&key)).await?,
    };
    Ok(Empty {})
}
