//! `definitions.schema`, `definitions.events` and `definitions.starters`: what an editor offers to begin from and while a definition
//! is written.

use std::collections::HashSet;
use std::sync::Arc;
use syncline_mapping::{
    label_languages, related_tables, required_parameters, starter, starters, with_related,
};
use syncline_model::{
    EventTimestamp, OnDuplicate, ProcessingWord, SyncDefinition, System, definition_json_schema,
    language_text,
};

use super::syncs::tables_of;
use crate::app::App;
use crate::wire::{
    ApiError, ConnectionRef, DefinitionSchema, Empty, EntityRef, KnownEvent, KnownEvents, KnownParameter,
    LabelLanguage, StarterView, StartersQuery,
};

pub(crate) async fn schema(_: &Arc<App>, _: Empty) -> Result<DefinitionSchema, ApiError> {
    Ok(DefinitionSchema { schema: definition_json_schema() })
}

pub(crate) async fn events(app: &Arc<App>, request: ConnectionRef) -> Result<KnownEvents, ApiError> {
    let connection = app.connection(&request.connection).await?;
    Ok(match connection.system {
        System::Insider => KnownEvents {
            events: syncline_insider::DEFAULT_EVENTS
                .iter()
                .map(|name| KnownEvent {
                    name: (*name).to_owned(),
                    required: required_parameters(name).iter().map(|name| (*name).to_owned()).collect(),
                })
                .collect(),
            parameters: syncline_insider::DEFAULT_PARAMETERS
                .iter()
                .map(|(name, holds)| KnownParameter { name: (*name).to_owned(), holds: (*holds).to_owned() })
                .collect(),
        },
        System::Dataverse | System::Csv | System::Jsonl | System::Postgres | System::Sqlite => {
            KnownEvents { events: Vec::new(), parameters: Vec::new() }
        }
    })
}

pub(crate) async fn languages(app: &Arc<App>, request: EntityRef) -> Result<Vec<LabelLanguage>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let entity = request.entity.as_str().into();
    let (schema, _, _) = app.schema_of(&connection, &entity, request.refresh.unwrap_or(false)).await?;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let choices = number(schema.columns.iter().map(|column| column.options.len()).sum());
    Ok(label_languages(&schema)
        .into_iter()
        .map(|(language, labels)| LabelLanguage {
            language,
            name: language_text(language),
            labels: number(labels),
            choices,
        })
        .collect())
}

pub(crate) async fn known_starters(
    app: &Arc<App>,
    request: StartersQuery,
) -> Result<Vec<StarterView>, ApiError> {
    let source = app.connection(request.source.as_str()).await?;
    let destination = app.connection(request.destination.as_str()).await?;
    let mut views = Vec::new();
    for name in starters() {
        let Some(definition) = starter(name, request.source.clone(), request.destination.clone()) else {
            continue;
        };
        let for_profiles = definition.destination.entity.as_str() == syncline_insider::PROFILE;
        let fits = match destination.system {
            System::Insider => for_profiles,
            System::Dataverse | System::Csv | System::Jsonl | System::Postgres | System::Sqlite => {
                !for_profiles
            }
        };
        let Some(entity) = definition.source.entity.clone().filter(|_| fits) else { continue };
        // An environment without the entity has nothing to begin from.
        let Ok((schema, _, _)) = app.schema_of(&source, &entity, false).await else { continue };
        let tables = tables_of(app, &source, related_tables(&definition, &schema), None).await;
        let (schema, _) = with_related(&definition, &schema, &tables);
        let readable: HashSet<&str> = schema
            .columns
            .iter()
            .filter(|column| column.readable)
            .map(|column| column.logical_name.as_str())
            .collect();
        let (definition, left_out) = fitted(definition, &readable);
        views.push(StarterView { starter: (*name).to_owned(), definition, left_out });
    }
    Ok(views)
}

/// The definition without the lines whose column the source lacks, and those lines in words.
fn fitted(mut definition: SyncDefinition, readable: &HashSet<&str>) -> (SyncDefinition, Vec<String>) {
    let mut left_out = Vec::new();
    let mut keeps = |to: &str, from: &str| {
        let has = readable.contains(from);
        if !has {
            left_out.push(format!("{to} ← {from}"));
        }
        has
    };
    definition.identifiers.retain(|line| keeps(&line.to, line.from.as_str()));
    definition.fields.retain(|line| keeps(&line.to, line.from.as_str()));
    if let Some(events) = &mut definition.events {
        events.parameters.retain(|line| keeps(&line.to, line.from.as_str()));
        if let EventTimestamp::Column { from } = &events.timestamp
            && !keeps("timestamp", from.as_str())
        {
            events.timestamp = EventTimestamp::Processing(ProcessingWord::Processing);
        }
        if events.name.from.as_ref().is_some_and(|from| !keeps("event name", from.as_str())) {
            definition.events = None;
            definition.on_duplicate = OnDuplicate::default();
        }
    }
    definition.source.columns.retain(|name| readable.contains(name.as_str()));
    (definition, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_model::ConnectionName;

    #[test]
    fn a_starter_leaves_out_what_the_environment_lacks() {
        let name = |name: &str| ConnectionName::new(name).unwrap();
        let whole = starter("contact-to-insider", name("a"), name("b")).unwrap();
        let (definition, left_out) = fitted(whole, &HashSet::from(["emailaddress1", "firstname"]));
        assert_eq!(definition.identifiers.len(), 1);
        assert_eq!(definition.fields.len(), 1);
        assert_eq!(definition.source.columns.len(), 2);
        assert!(left_out.contains(&"uuid ← contactid".to_owned()));
    }
}
