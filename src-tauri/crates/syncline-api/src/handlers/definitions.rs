//! `definitions.*`: saved definitions, all problems at once, a few mapped records for the editor.

use std::collections::HashMap;
use std::sync::Arc;
use syncline_mapping::{
    Compiled, Verdict, auto_match, compile_two_way, compile_with, definition_hash, identifier_disagreements,
};
use syncline_model::{ConnectionKind, ErrorCode, Problem, Record, SyncDefinition, System};
use syncline_store::{Store, StoredDefinition};
use syncline_sync::{RelatedReader, Unfound};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::sample_records;
use super::syncs::{self, Descriptions, Sides};
use super::views::run_view;
use crate::app::App;
use crate::wire::{
    ApiError, DefinitionCheck, DefinitionRef, DefinitionSave, DefinitionText, DefinitionView,
    DestinationDescription, Empty, EntityRef, FieldSuggestions, MapSample, MappedSample, MappedSampleRow,
};

async fn view(
    app: &Arc<App>,
    stored: StoredDefinition,
    names: &HashMap<Uuid, String>,
) -> Result<DefinitionView, ApiError> {
    let name = stored.name.clone();
    let runs = app.with_store(move |store| store.runs(Some(&name), 0, 1)).await?;
    Ok(DefinitionView {
        definition: syncs::read(&stored.json)?,
        name: stored.name,
        hash: stored.hash,
        changed_at: stored.changed_at.to_string(),
        last_run: runs.first().map(|run| run_view(run, names)),
    })
}

pub(crate) async fn list(app: &Arc<App>, _: Empty) -> Result<Vec<DefinitionView>, ApiError> {
    let names = app.connection_names().await?;
    let mut views = Vec::new();
    for stored in app.with_store(Store::definitions).await? {
        views.push(view(app, stored, &names).await?);
    }
    Ok(views)
}

pub(crate) async fn get(app: &Arc<App>, request: DefinitionRef) -> Result<DefinitionView, ApiError> {
    let names = app.connection_names().await?;
    let wanted = request.name.clone();
    let stored = app.with_store(move |store| store.definition(&wanted)).await?.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, format!("there is no definition {}", request.name))
    })?;
    view(app, stored, &names).await
}

pub(crate) async fn save(app: &Arc<App>, request: DefinitionSave) -> Result<DefinitionView, ApiError> {
    let definition = syncs::read(&request.json)?;
    let name = definition.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(ApiError::new(
            ErrorCode::DefinitionInvalid,
            "a definition needs a name of at most 200 characters",
        ));
    }
    let (hash, json) = (definition_hash(&definition), definition.to_json());
    let previous = request.previous_name;
    let stored = app
        .with_store(move |store| {
            store.save_definition(previous.as_deref(), &name, &json, &hash, jiff::Timestamp::now())
        })
        .await?;
    let names = app.connection_names().await?;
    view(app, stored, &names).await
}

pub(crate) async fn delete(app: &Arc<App>, request: DefinitionRef) -> Result<Empty, ApiError> {
    let name = request.name.clone();
    if app.with_store(move |store| store.delete_definition(&name)).await? {
        Ok(Empty {})
    } else {
        Err(ApiError::new(ErrorCode::NotFound, format!("there is no definition {}", request.name)))
    }
}

pub(crate) async fn check(app: &Arc<App>, request: DefinitionText) -> Result<DefinitionCheck, ApiError> {
    let (definition, shape) = match SyncDefinition::from_json(&request.json) {
        Ok(definition) => (definition, Vec::new()),
        Err(problems) => match SyncDefinition::readable_part(&request.json) {
            Some(part) => (part, problems),
            None => return Ok(unreadable(problems)),
        },
    };
    let (problems, mut warnings) = match syncs::sides(app, &definition, Descriptions::Kept).await {
        Err(unfit) => (unfit.problems, Vec::new()),
        Ok(sides) => {
            let (problems, mut warnings) = compiled(&definition, &sides);
            warnings.extend(unattended(&definition, &sides));
            (problems, warnings)
        }
    };
    if !shape.is_empty() {
        return Ok(unreadable(beside(shape, problems)));
    }
    let others = others(app, request.saved_as.as_deref()).await?;
    warnings.extend(identifier_disagreements(&definition, &others));
    Ok(DefinitionCheck {
        valid: problems.is_empty(),
        problems,
        warnings,
        hash: Some(definition_hash(&definition)),
        definition: Some(definition),
    })
}

fn unreadable(problems: Vec<Problem>) -> DefinitionCheck {
    DefinitionCheck { valid: false, problems, warnings: Vec::new(), definition: None, hash: None }
}

/// Problems of shape, and what is wrong elsewhere.
fn beside(mut shape: Vec<Problem>, others: Vec<Problem>) -> Vec<Problem> {
    let told: Vec<String> = shape.iter().map(|problem| problem.path.clone()).collect();
    let elsewhere = |path: &str| {
        !told.iter().any(|place| {
            path.strip_prefix(place.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    shape.extend(others.into_iter().filter(|problem| elsewhere(&problem.path)));
    shape
}

/// A run by itself writes to production only as many records as its schedule says.
fn unattended(definition: &SyncDefinition, sides: &Sides) -> Option<Problem> {
    let schedule = definition.schedule.as_ref()?;
    (schedule.at_most.is_none() && sides.destination.kind == ConnectionKind::Production).then(|| {
        Problem::new(
            "schedule.at_most",
            "limit_missing",
            format!(
                "{} is production: by itself nothing is written there without a limit",
                sides.destination.name
            ),
        )
        .hint("say how many records a run by itself may write at most")
    })
}

/// The saved definitions beside the one under this name; one that can't be read has nothing to compare.
async fn others(app: &Arc<App>, saved_as: Option<&str>) -> Result<Vec<SyncDefinition>, ApiError> {
    let stored = app.with_store(Store::definitions).await?;
    Ok(stored
        .iter()
        .filter(|stored| Some(stored.name.as_str()) != saved_as)
        .filter_map(|stored| SyncDefinition::from_json(&stored.json).ok())
        .collect())
}

fn compile_sides(definition: &SyncDefinition, sides: &Sides) -> Result<Compiled, Vec<Problem>> {
    let (source, destination) = (&sides.source_schema, &sides.destination_schema);
    if definition.is_two_way() {
        let systems = (sides.source.system, sides.destination.system);
        let compiled = compile_two_way(definition, source, destination, systems)?;
        return Ok(Compiled { mapping: compiled.forward, warnings: compiled.warnings });
    }
    compile_with(definition, source, destination, sides.destination.system, &sides.find_tables)
}

fn compiled(definition: &SyncDefinition, sides: &Sides) -> (Vec<Problem>, Vec<Problem>) {
    match compile_sides(definition, sides) {
        Ok(compiled) => (Vec::new(), compiled.warnings),
        Err(problems) => (problems, Vec::new()),
    }
}

pub(crate) async fn destination(
    app: &Arc<App>,
    request: EntityRef,
) -> Result<DestinationDescription, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let entity = request.entity.as_str().into();
    let (schema, _, _) = app.schema_of(&connection, &entity, request.refresh.unwrap_or(false)).await?;
    let capabilities = app.link(&connection).await?.destination().capabilities();
    let identifiers = match connection.system {
        System::Dataverse => {
            let mut names = vec![schema.summary.primary_id.to_string()];
            for key in schema.keys.iter().filter(|key| key.active) {
                names.extend(key.columns.iter().map(ToString::to_string));
            }
            names
        }
        System::Postgres | System::Sqlite => {
            let columns = schema.keys.iter().flat_map(|key| &key.columns);
            let mut names: Vec<String> = Vec::new();
            for name in columns.map(ToString::to_string) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        }
        System::Insider => {
            syncline_insider::DEFAULT_IDENTIFIERS.iter().map(|name| (*name).to_owned()).collect()
        }
        System::Csv | System::Jsonl => {
            schema.columns.iter().map(|column| column.logical_name.to_string()).collect()
        }
    };
    Ok(DestinationDescription {
        schema,
        identifiers,
        takes_events: capabilities.takes_events,
        reads_back: capabilities.reads_back,
    })
}

async fn both_sides(app: &Arc<App>, definition: &SyncDefinition) -> Result<Sides, ApiError> {
    let misfit = |problems: Vec<Problem>| {
        let first = problems.into_iter().next();
        let message = first.as_ref().map(|problem| problem.message.clone());
        let message = message.unwrap_or_else(|| "the definition has problems".to_owned());
        let error = ApiError::new(ErrorCode::DefinitionInvalid, message);
        match first.and_then(|problem| problem.hint) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    };
    syncs::sides(app, definition, Descriptions::Kept).await.map_err(|unfit| unfit.into_error(misfit))
}

pub(crate) async fn match_by_name(
    app: &Arc<App>,
    request: DefinitionText,
) -> Result<FieldSuggestions, ApiError> {
    let definition = syncs::read(&request.json)?;
    let sides = both_sides(app, &definition).await?;
    Ok(FieldSuggestions { fields: auto_match(&sides.source_schema, &sides.destination_schema) })
}

/// Puts in what the definition names of other records. What was not pulled is asked of the service where that can be reached.
async fn related(
    app: &Arc<App>,
    definition: &SyncDefinition,
    sides: &Sides,
    cached: bool,
    records: &mut Vec<Record>,
) -> Result<Unfound, ApiError> {
    let cancel = CancellationToken::new();
    let before = records.clone();
    let source = syncs::source(app, definition, &sides.source, cached).await?;
    let mut reader = RelatedReader::new(sides.related.clone(), cached);
    let unfound = reader.fill(source.as_ref(), records, &cancel).await?;
    if !cached || unfound.is_empty() {
        return Ok(unfound);
    }
    let mut live = before;
    let source = syncs::source(app, definition, &sides.source, false).await?;
    match RelatedReader::new(sides.related.clone(), false).fill(source.as_ref(), &mut live, &cancel).await {
        Ok(unfound) => {
            *records = live;
            Ok(unfound)
        }
        Err(_) => Ok(unfound),
    }
}

pub(crate) async fn sample(app: &Arc<App>, request: MapSample) -> Result<MappedSample, ApiError> {
    let definition = syncs::read(&request.json)?;
    let sides = both_sides(app, &definition).await?;
    let compiled = compile_sides(&definition, &sides).map_err(|problems| {
        ApiError::new(
            ErrorCode::DefinitionInvalid,
            problems.first().map(|problem| problem.message.clone()).unwrap_or_default(),
        )
        .hint("mend the problems that are listed")
    })?;
    let limit = u64::from(request.limit.unwrap_or(10).clamp(1, 50));
    let again = request.again.unwrap_or(false);
    let (mut records, cached) = sample_records::read(app, &definition, &sides, limit, again).await?;
    records.truncate(usize::try_from(limit).unwrap_or(10));
    let mut unfound = related(app, &definition, &sides, cached, &mut records).await?;
    let now = jiff::Timestamp::now();
    let records = records
        .into_iter()
        .enumerate()
        .map(|(place, record)| {
            let mut mapped = compiled.mapping.apply(&record, now);
            for (_, issue) in unfound.extract_if(.., |(other, _)| *other == place) {
                mapped.refuse(issue);
            }
            MappedSampleRow {
                explanations: compiled.mapping.explain(&record, now),
                source_id: record.id.to_string(),
                source: record.raw,
                mapped: mapped.record,
                issues: mapped.issues,
                skipped: match mapped.verdict {
                    Verdict::Ok => None,
                    Verdict::Skip { text, .. } | Verdict::Invalid { text, .. } => Some(text),
                },
            }
        })
        .collect();
    Ok(MappedSample { records, cached })
}
