//! `entities.*` and `filters.*`: metadata, from the store first.

use std::collections::HashMap;
use std::sync::Arc;
use syncline_fetchxml::{Arity, Filter, operator_help};
use syncline_model::{Connection, EntityName, EntitySchema, EntitySummary, ErrorCode, Problem};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::wire::{
    ApiError, DefinitionCheck, Empty, EntitiesList, EntitiesView, EntityDescription, EntityRef, EntityView,
    FilterCheck, FilterOperator,
};

/// Metadata younger than this is not asked for again unless somebody wants it.
const FRESH: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);

impl App {
    /// All entities: from the store while fresh, else from the service; from the store again when the service can't be reached.
    async fn entities_of(
        &self,
        connection: &Connection,
        refresh: bool,
    ) -> Result<(Vec<EntitySummary>, jiff::Timestamp, bool), ApiError> {
        let id = connection.id;
        let kept = self.with_store(move |store| store.entities(id)).await?;
        if let Some((entities, at)) = &kept
            && !refresh
            && jiff::Timestamp::now().duration_since(*at) < FRESH
        {
            return Ok((entities.clone(), *at, true));
        }
        let live = async {
            let link = self.link(connection).await?;
            link.destination().entities(&CancellationToken::new()).await
        };
        match (live.await, kept) {
            (Ok(entities), _) => {
                let (now, saved) = (jiff::Timestamp::now(), entities.clone());
                self.with_store(move |store| store.save_entities(id, &saved, now)).await?;
                Ok((entities, now, false))
            }
            (Err(error), Some((entities, at))) if !refresh || error.code == ErrorCode::Unreachable => {
                Ok((entities, at, true))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// One entity, in the same way.
    pub(crate) async fn schema_of(
        &self,
        connection: &Connection,
        entity: &EntityName,
        refresh: bool,
    ) -> Result<(EntitySchema, jiff::Timestamp, bool), ApiError> {
        let (id, name) = (connection.id, entity.clone());
        let kept = self.with_store(move |store| store.schema(id, &name)).await?;
        if let Some((schema, at)) = &kept
            && !refresh
            && jiff::Timestamp::now().duration_since(*at) < FRESH
        {
            return Ok((schema.clone(), *at, true));
        }
        let live = async {
            let link = self.link(connection).await?;
            link.destination().schema(entity, &CancellationToken::new()).await
        };
        match (live.await, kept) {
            (Ok(schema), _) => {
                let (now, saved) = (jiff::Timestamp::now(), schema.clone());
                self.with_store(move |store| store.save_schema(id, &saved, now)).await?;
                Ok((schema, now, false))
            }
            (Err(error), Some((schema, at))) if !refresh || error.code == ErrorCode::Unreachable => {
                Ok((schema, at, true))
            }
            (Err(error), _) => Err(error),
        }
    }
}

pub(crate) async fn list(app: &Arc<App>, request: EntitiesList) -> Result<EntitiesView, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let (entities, fetched_at, cached) =
        app.entities_of(&connection, request.refresh.unwrap_or(false)).await?;
    let id = connection.id;
    let pulled: HashMap<EntityName, _> = app
        .with_store(move |store| store.cached(Some(id)))
        .await?
        .into_iter()
        .map(|entity| (entity.entity.clone(), entity))
        .collect();
    let wanted = request.search.unwrap_or_default().to_lowercase();
    let fits = |entity: &EntitySummary| {
        wanted.is_empty()
            || entity.logical_name.as_str().contains(&wanted)
            || entity.display_name.to_lowercase().contains(&wanted)
            || entity.display_collection_name.to_lowercase().contains(&wanted)
    };
    let entities = entities
        .into_iter()
        .filter(fits)
        .map(|summary| {
            let cached = pulled.get(&summary.logical_name);
            EntityView {
                cached_records: cached.map(|cached| cached.records),
                pulled_at: cached.and_then(|cached| cached.pulled_at).map(|at| at.to_string()),
                summary,
            }
        })
        .collect();
    Ok(EntitiesView { entities, fetched_at: fetched_at.to_string(), cached })
}

pub(crate) async fn describe(app: &Arc<App>, request: EntityRef) -> Result<EntityDescription, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let entity = EntityName::new(request.entity);
    let (schema, fetched_at, cached) =
        app.schema_of(&connection, &entity, request.refresh.unwrap_or(false)).await?;
    Ok(EntityDescription { schema, fetched_at: fetched_at.to_string(), cached })
}

pub(crate) async fn operators(_: &Arc<App>, _: Empty) -> Result<Vec<FilterOperator>, ApiError> {
    Ok(operator_help()
        .into_iter()
        .map(|help| FilterOperator {
            name: help.name.to_owned(),
            label: help.sentence.to_owned(),
            arity: match help.arity {
                Arity::Zero => 0,
                Arity::One => 1,
                Arity::Two => 2,
                Arity::Many => 255,
            },
            types: help.families.iter().map(|family| format!("{family:?}").to_lowercase()).collect(),
        })
        .collect())
}

pub(crate) async fn check_filter(app: &Arc<App>, request: FilterCheck) -> Result<DefinitionCheck, ApiError> {
    let problems = match Filter::parse(&request.filter) {
        Err(error) => {
            let mut problem = Problem::new("filter", "filter_unreadable", error.to_string());
            problem.hint.clone_from(&error.hint);
            vec![problem]
        }
        Ok(filter) => {
            let connection = app.connection(&request.connection).await?;
            let (schema, _, _) = app.schema_of(&connection, &EntityName::new(request.entity), false).await?;
            syncline_fetchxml::check(&filter, &schema)
        }
    };
    let (warnings, problems): (Vec<Problem>, Vec<Problem>) =
        problems.into_iter().partition(syncline_fetchxml::is_warning);
    Ok(DefinitionCheck { valid: problems.is_empty(), problems, warnings, definition: None, hash: None })
}
