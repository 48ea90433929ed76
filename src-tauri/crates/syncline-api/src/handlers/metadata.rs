//! Metadata kept between sessions: what is there is answered at once, what is old is fetched in the background.

use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use syncline_dataverse::{Catalogue, HeldPrivilege};
use syncline_model::{Connection, EntityName, EntitySchema, EntitySummary, ErrorCode};
use syncline_store::StoreError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::links::Link;
use crate::wire::{ApiError, Tag};

/// Metadata younger than this is not asked for again unless somebody wants it.
pub(crate) const FRESH: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);
/// After a failure the background leaves the service alone for so long.
const LEAVE_ALONE: Duration = Duration::from_secs(120);
/// The part of the kept metadata that belongs to the list of entities.
const EXTRAS: &str = "extras";

/// What is fetched in the background: a list (no entity) or a description.
pub(crate) type RefreshKey = (Uuid, Option<EntityName>);

/// How a background refresh stands.
#[derive(Debug, Default, Clone)]
pub(crate) struct Refresh {
    running: bool,
    failed: Option<(Instant, ApiError)>,
}

/// What the list of entities knows of one beside its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptExtra {
    /// Metadata id.
    pub(crate) id: Option<String>,
    /// The privilege that reading needs.
    pub(crate) privilege: Option<String>,
    /// The user's roles give it; absent where that could not be found out.
    pub(crate) held: Option<bool>,
    /// How far it reaches.
    pub(crate) depth: Option<String>,
}

/// By logical name.
pub(crate) type KeptExtras = HashMap<EntityName, KeptExtra>;

/// Something kept, how old it is, and how its refreshing stands.
#[derive(Debug)]
pub(crate) struct Answered<T> {
    pub(crate) value: T,
    pub(crate) fetched_at: jiff::Timestamp,
    pub(crate) cached: bool,
    pub(crate) refreshing: bool,
    pub(crate) refresh_error: Option<ApiError>,
}

impl<T> Answered<T> {
    fn new(value: T, fetched_at: jiff::Timestamp, cached: bool) -> Self {
        Self { value, fetched_at, cached, refreshing: false, refresh_error: None }
    }
}

/// How a reading wants its metadata.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Ask the service and wait for it.
    pub(crate) refresh: bool,
    /// Wait for the service when what is kept is old, in place of answering it at once.
    pub(crate) wait: bool,
    /// Up to this age it is not old.
    pub(crate) fresh: jiff::SignedDuration,
}

impl Wanted {
    /// The usual: what is kept at once, old things anew in the background.
    pub(crate) fn new(refresh: Option<bool>, wait: Option<bool>, max_age_minutes: Option<u32>) -> Self {
        let fresh =
            max_age_minutes.map_or(FRESH, |minutes| jiff::SignedDuration::from_mins(i64::from(minutes)));
        Self { refresh: refresh.unwrap_or(false), wait: wait.unwrap_or(false), fresh }
    }

    fn is_old(self, at: jiff::Timestamp) -> bool {
        jiff::Timestamp::now().duration_since(at) >= self.fresh
    }
}

/// Under which the version of the service's schema is kept that an entity was described at.
fn version_part(entity: &EntityName) -> String {
    format!("version of {entity}")
}

fn extras_of(catalogue: &Catalogue, held: Option<&[HeldPrivilege]>) -> KeptExtras {
    let held: Option<HashMap<&str, &HeldPrivilege>> =
        held.map(|held| held.iter().map(|one| (one.id.as_str(), one)).collect());
    let names: Option<HashMap<&str, &HeldPrivilege>> = held
        .as_ref()
        .map(|held| held.values().filter_map(|one| Some((one.name.as_deref()?, *one))).collect());
    catalogue
        .extras
        .iter()
        .map(|extra| {
            let found = extra.read.as_ref().and_then(|read| {
                held.as_ref()?
                    .get(read.id.as_str())
                    .or_else(|| names.as_ref()?.get(read.name.as_str()))
                    .copied()
            });
            let kept = KeptExtra {
                id: extra.metadata_id.clone(),
                privilege: extra.read.as_ref().map(|read| read.name.clone()),
                held: extra.read.as_ref().and_then(|_| held.as_ref().map(|_| found.is_some())),
                depth: found.map(|one| one.depth.clone()).filter(|depth| !depth.is_empty()),
            };
            (extra.logical_name.clone(), kept)
        })
        .collect()
}

impl App {
    fn refreshes(&self) -> MutexGuard<'_, HashMap<RefreshKey, Refresh>> {
        self.refreshes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the service for the list and keeps it, with what the user's roles allow.
    async fn fetch_entities(&self, connection: &Connection) -> Result<Vec<EntitySummary>, ApiError> {
        let link = self.link(connection).await?;
        let cancel = CancellationToken::new();
        let (entities, extras) = match link.as_ref() {
            Link::Dataverse { connector, .. } => {
                let (catalogue, held) =
                    tokio::join!(connector.catalogue(&cancel), connector.held_privileges(&cancel));
                let catalogue = catalogue?;
                // Rights that can't be found out are no reason to show no list.
                let held =
                    held.inspect_err(|error| tracing::debug!(%error, "the privileges are not known")).ok();
                let extras = extras_of(&catalogue, held.as_deref());
                (catalogue.entities, Some(extras))
            }
            Link::Insider(_) | Link::Tables(_) | Link::Sql(_) => {
                (link.destination().entities(&cancel).await?, None)
            }
        };
        let (id, now, saved) = (connection.id, jiff::Timestamp::now(), entities.clone());
        self.with_store(move |store| {
            if let Some(extras) = extras {
                store.save_metadata_part(id, EXTRAS, &extras, now)?;
            }
            store.save_entities(id, &saved, now)
        })
        .await?;
        Ok(entities)
    }

    async fn fetch_schema(
        &self,
        connection: &Connection,
        entity: &EntityName,
    ) -> Result<EntitySchema, ApiError> {
        // Read before the description: what changes in between is seen the next time.
        let version = self.schema_version(connection).await;
        self.fetch_schema_of(connection, entity, version).await
    }

    async fn fetch_schema_of(
        &self,
        connection: &Connection,
        entity: &EntityName,
        version: Option<String>,
    ) -> Result<EntitySchema, ApiError> {
        let link = self.link(connection).await?;
        let schema = link.destination().schema(entity, &CancellationToken::new()).await?;
        let (id, now, saved) = (connection.id, jiff::Timestamp::now(), schema.clone());
        let part = version_part(entity);
        self.with_store(move |store| {
            store.save_schema(id, &saved, now)?;
            store.save_metadata_part(id, &part, &version, now)
        })
        .await?;
        Ok(schema)
    }

    /// The version of the service's whole schema; none where it has no such thing or can't be asked now. A database has none, and describes a
    /// table in a moment: each time is a version of its own.
    pub(crate) async fn schema_version(&self, connection: &Connection) -> Option<String> {
        let link = self.link(connection).await.ok()?;
        let connector = match link.as_ref() {
            Link::Dataverse { connector, .. } => connector,
            Link::Sql(_) => return Some(Uuid::new_v4().to_string()),
            Link::Insider(_) | Link::Tables(_) => return None,
        };
        let asked = connector.schema_version(&CancellationToken::new()).await;
        asked
            .inspect_err(|error| tracing::debug!(%error, "the version of the schema is not known"))
            .ok()
            .flatten()
    }

    /// What the list knows beside names; empty where it was never fetched.
    pub(crate) async fn kept_extras(&self, connection: Uuid) -> Result<KeptExtras, ApiError> {
        let kept = self.with_store(move |store| store.metadata_part(connection, EXTRAS)).await?;
        Ok(kept.map(|(extras, _)| extras).unwrap_or_default())
    }

    /// All entities.
    pub(crate) async fn entities_of(
        self: &Arc<Self>,
        connection: &Connection,
        wanted: Wanted,
    ) -> Result<Answered<Vec<EntitySummary>>, ApiError> {
        let id = connection.id;
        let kept = self.with_store(move |store| store.entities(id)).await?;
        let key = (id, None);
        if let Some((entities, at)) = &kept
            && !wanted.refresh
            && !(wanted.wait && wanted.is_old(*at))
        {
            let answered = Answered::new(entities.clone(), *at, true);
            return Ok(self.in_background(connection, key, wanted.is_old(*at), answered));
        }
        let live = self.fetch_entities(connection).await;
        self.settle(&key, live.as_ref().err());
        match (live, kept) {
            (Ok(entities), _) => Ok(Answered::new(entities, jiff::Timestamp::now(), false)),
            (Err(error), Some((entities, at))) if !wanted.refresh || error.code == ErrorCode::Unreachable => {
                Ok(Answered { refresh_error: Some(error), ..Answered::new(entities, at, true) })
            }
            (Err(error), _) => Err(error),
        }
    }

    /// One entity, as a person looks at it: what is kept at once, old things anew in the background.
    pub(crate) async fn description_of(
        self: &Arc<Self>,
        connection: &Connection,
        entity: &EntityName,
        wanted: Wanted,
    ) -> Result<Answered<EntitySchema>, ApiError> {
        let (id, name) = (connection.id, entity.clone());
        let kept = self.with_store(move |store| store.schema(id, &name)).await?;
        let key = (id, Some(entity.clone()));
        if let Some((schema, at)) = &kept
            && !wanted.refresh
            && !(wanted.wait && wanted.is_old(*at))
        {
            let answered = Answered::new(schema.clone(), *at, true);
            return Ok(self.in_background(connection, key, wanted.is_old(*at), answered));
        }
        let live = self.fetch_schema(connection, entity).await;
        self.settle(&key, live.as_ref().err());
        match (live, kept) {
            (Ok(schema), _) => Ok(Answered::new(schema, jiff::Timestamp::now(), false)),
            (Err(error), Some((schema, at))) if !wanted.refresh || error.code == ErrorCode::Unreachable => {
                Ok(Answered { refresh_error: Some(error), ..Answered::new(schema, at, true) })
            }
            (Err(error), _) => Err(error),
        }
    }

    /// One entity, as work needs it: not older than 12 hours unless the service can't be asked.
    pub(crate) async fn schema_of(
        self: &Arc<Self>,
        connection: &Connection,
        entity: &EntityName,
        refresh: bool,
    ) -> Result<(EntitySchema, jiff::Timestamp, bool), ApiError> {
        let wanted = Wanted { refresh, wait: true, fresh: FRESH };
        let found = self.description_of(connection, entity, wanted).await?;
        Ok((found.value, found.fetched_at, found.cached))
    }

    /// One entity, as work needs it that writes: what was kept as long as the service's schema is at `version`, which was asked just now; the
    /// service is asked when it is not. Without a version as [`Self::schema_of`].
    pub(crate) async fn schema_at(
        self: &Arc<Self>,
        connection: &Connection,
        entity: &EntityName,
        version: Option<&str>,
    ) -> Result<EntitySchema, ApiError> {
        let Some(version) = version else { return Ok(self.schema_of(connection, entity, false).await?.0) };
        let (id, name, part) = (connection.id, entity.clone(), version_part(entity));
        let (kept, kept_at, others) = self
            .with_store(move |store| {
                let kept = store.schema(id, &name)?;
                let at = store.metadata_part::<Option<String>>(id, &part)?;
                Ok::<_, StoreError>((kept, at.and_then(|(at, _)| at), store.entities(id)?))
            })
            .await?;
        match kept {
            Some((schema, _)) if kept_at.as_deref() == Some(version) => {
                self.hand_over(connection, &schema, others.map(|(all, _)| all)).await?;
                Ok(schema)
            }
            _ => self.fetch_schema_of(connection, entity, Some(version.to_owned())).await,
        }
    }

    /// Hands the connector what was kept of an entity, so that it does not ask for it.
    async fn hand_over(
        &self,
        connection: &Connection,
        schema: &EntitySchema,
        others: Option<Vec<EntitySummary>>,
    ) -> Result<(), ApiError> {
        if let Link::Dataverse { connector, .. } = self.link(connection).await?.as_ref() {
            let targets: HashSet<&EntityName> =
                schema.columns.iter().flat_map(|column| &column.targets).collect();
            let named = others.unwrap_or_default().into_iter();
            let named = named.filter(|other| targets.contains(&other.logical_name));
            connector.adopt(schema, named.collect());
        }
        Ok(())
    }

    /// The same for what a plan was made with: its rows stand, so nothing newer is asked for.
    pub(crate) async fn adopt_kept(
        &self,
        connection: &Connection,
        entity: &EntityName,
    ) -> Result<(), ApiError> {
        let (id, name) = (connection.id, entity.clone());
        let (kept, others) =
            self.with_store(move |store| Ok((store.schema(id, &name)?, store.entities(id)?))).await?;
        match kept {
            Some((schema, _)) => self.hand_over(connection, &schema, others.map(|(all, _)| all)).await,
            None => Ok(()),
        }
    }

    /// Adds to an answer how its refreshing stands, and begins it where it is due.
    fn in_background<T>(
        self: &Arc<Self>,
        connection: &Connection,
        key: RefreshKey,
        is_old: bool,
        mut answered: Answered<T>,
    ) -> Answered<T> {
        let begin = {
            let mut all = self.refreshes();
            let known = all.entry(key.clone()).or_default();
            let left_alone = known.failed.as_ref().is_some_and(|(at, _)| at.elapsed() < LEAVE_ALONE);
            let begin = is_old && !known.running && !left_alone;
            known.running |= begin;
            answered.refreshing = known.running;
            answered.refresh_error =
                known.failed.as_ref().filter(|_| is_old && !known.running).map(|(_, error)| error.clone());
            begin
        };
        if begin {
            let (app, connection) = (Arc::clone(self), connection.clone());
            tokio::spawn(async move {
                let result = match &key.1 {
                    None => app.fetch_entities(&connection).await.map(|_| ()),
                    Some(entity) => app.fetch_schema(&connection, entity).await.map(|_| ()),
                };
                let error = match result {
                    Ok(()) => None,
                    Err(error) => Some(app.noticed(Some(connection.name.as_str()), error).await),
                };
                app.settle(&key, error.as_ref());
                // The screens ask again: for what is new, or to learn that it failed.
                app.jobs().invalidate(vec![Tag::Metadata]);
            });
        }
        answered
    }

    /// Notes how asking the service ended.
    fn settle(&self, key: &RefreshKey, error: Option<&ApiError>) {
        let failed = error.map(|error| (Instant::now(), error.clone()));
        self.refreshes().insert(key.clone(), Refresh { running: false, failed });
    }
}
