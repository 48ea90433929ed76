//! `entities.*` and `filters.*`: metadata, from the store first.

use std::collections::HashMap;
use std::sync::Arc;
use syncline_fetchxml::{Arity, Filter, operator_help};
use syncline_model::{EntityName, EntitySummary, Problem};

use super::metadata::Wanted;
use crate::app::App;
use crate::wire::{
    ApiError, DefinitionCheck, Empty, EntitiesList, EntitiesView, EntityDescription, EntityRef, EntityView,
    FilterCheck, FilterOperator,
};

pub(crate) async fn list(app: &Arc<App>, request: EntitiesList) -> Result<EntitiesView, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let wanted = Wanted::new(request.refresh, request.wait, request.max_age_minutes);
    let found = app.entities_of(&connection, wanted).await?;
    let id = connection.id;
    let mut extras = app.kept_extras(id).await?;
    let solution = request.solution.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if solution.is_some() && extras.is_empty() {
        // The list was kept before anybody asked by which ids solutions name entities.
        app.entities_of(&connection, Wanted { refresh: true, ..wanted }).await?;
        extras = app.kept_extras(id).await?;
    }
    let members = match solution {
        Some(solution) => Some(app.solution_members(&connection, solution, &extras).await?),
        None => None,
    };
    let pulled: HashMap<EntityName, _> = app
        .with_store(move |store| store.cached(Some(id)))
        .await?
        .into_iter()
        .map(|entity| (entity.entity.clone(), entity))
        .collect();
    let search = request.search.unwrap_or_default().to_lowercase();
    let fits = |entity: &EntitySummary| {
        let is_member = members.as_ref().is_none_or(|members| members.contains(&entity.logical_name));
        is_member
            && (search.is_empty()
                || entity.logical_name.as_str().contains(&search)
                || entity.display_name.to_lowercase().contains(&search)
                || entity.display_collection_name.to_lowercase().contains(&search))
    };
    let entities = found
        .value
        .into_iter()
        .filter(fits)
        .map(|summary| {
            let cached = pulled.get(&summary.logical_name);
            let extra = extras.get(&summary.logical_name).filter(|extra| extra.held == Some(false));
            EntityView {
                cached_records: cached.map(|cached| cached.records),
                pulled_at: cached.and_then(|cached| cached.pulled_at).map(|at| at.to_string()),
                missing_privilege: extra.and_then(|extra| extra.privilege.clone()),
                summary,
            }
        })
        .collect();
    Ok(EntitiesView {
        entities,
        fetched_at: found.fetched_at.to_string(),
        cached: found.cached,
        refreshing: found.refreshing,
        refresh_error: found.refresh_error,
    })
}

pub(crate) async fn describe(app: &Arc<App>, request: EntityRef) -> Result<EntityDescription, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let entity = EntityName::new(request.entity);
    let wanted = Wanted::new(request.refresh, request.wait, request.max_age_minutes);
    let found = app.description_of(&connection, &entity, wanted).await?;
    Ok(EntityDescription {
        schema: found.value,
        fetched_at: found.fetched_at.to_string(),
        cached: found.cached,
        refreshing: found.refreshing,
        refresh_error: found.refresh_error,
    })
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
