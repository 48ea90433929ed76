//! Entities and columns. Source: Dataverse Web API, query metadata: type-specific properties need a cast, one request a type; no paging.

use futures::future::try_join_all;
use std::collections::HashMap;
use std::sync::Arc;
use syncline_model::{Column, ColumnType, EntityName, EntitySchema, EntitySummary, ErrorCode, SynclineError};
use syncline_odata::{QueryOptions, string_literal};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::connector::no_such_entity;
use crate::encode::quoted;
use crate::metadata_wire::{Many, WireAttribute, WireCast, WireEntity, label_text};

pub(crate) const ENTITY_FIELDS: &str = "LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,DisplayName,DisplayCollectionName,IsCustomEntity,ChangeTrackingEnabled,IsPrivate";
const ATTRIBUTE_FIELDS: &str = "LogicalName,AttributeType,AttributeTypeName,AttributeOf,DisplayName,RequiredLevel,IsValidForCreate,IsValidForUpdate,IsValidForRead,IsCustomAttribute";

/// Entities whose names are asked for at once; keeps the address short.
const TARGETS_A_REQUEST: usize = 100;

/// Cast and its query.
const CASTS: &[(&str, &str)] = &[
    ("String", "$select=LogicalName,MaxLength,FormatName"),
    ("Memo", "$select=LogicalName,MaxLength"),
    ("DateTime", "$select=LogicalName,DateTimeBehavior"),
    ("Lookup", "$select=LogicalName,Targets"),
    ("Picklist", "$select=LogicalName&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)"),
    (
        "MultiSelectPicklist",
        "$select=LogicalName&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)",
    ),
    ("State", "$select=LogicalName&$expand=OptionSet($select=Options)"),
    ("Status", "$select=LogicalName&$expand=OptionSet($select=Options)"),
    ("Boolean", "$select=LogicalName&$expand=OptionSet($select=TrueOption,FalseOption)"),
];

impl DataverseConnector {
    /// Every entity that has a set, sorted by logical name.
    pub(crate) async fn load_entities(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Vec<EntitySummary>, SynclineError> {
        Ok(self.catalogue(cancel).await?.entities)
    }

    /// One entity's names.
    pub(crate) async fn load_summary(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySummary, SynclineError> {
        let path =
            format!("/EntityDefinitions(LogicalName={})?$select={ENTITY_FIELDS}", quoted(entity.as_str()));
        let wire: WireEntity =
            self.api.json(&path, cancel).await.map_err(|error| not_found(error, entity))?;
        summary(wire).ok_or_else(|| no_such_entity(entity))
    }

    /// Lookups are written with the set names of their targets: those that are not known yet are asked for, many at once.
    pub(crate) async fn learn_targets<'a>(
        &self,
        columns: impl IntoIterator<Item = &'a Column>,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        self.learn_names(columns.into_iter().flat_map(|column| &column.targets), cancel).await
    }

    /// Asks for the names of entities that are not known yet, many in one request; their columns are not read.
    pub async fn learn_names<'a>(
        &self,
        entities: impl IntoIterator<Item = &'a EntityName>,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        let mut unknown: Vec<&EntityName> =
            entities.into_iter().filter(|entity| self.remembered_summary(entity).is_none()).collect();
        unknown.sort_unstable();
        unknown.dedup();
        for names in unknown.chunks(TARGETS_A_REQUEST) {
            let tests: Vec<String> = names
                .iter()
                .map(|name| format!("LogicalName eq {}", string_literal(name.as_str())))
                .collect();
            let query = QueryOptions::new().select(&[ENTITY_FIELDS]).filter(tests.join(" or ")).to_query();
            let path = format!("/EntityDefinitions{query}");
            let wire: Many<WireEntity> = self.api.json(&path, cancel).await?;
            self.remember_more(wire.value.into_iter().filter_map(summary).collect());
        }
        Ok(())
    }

    /// The entity with everything, in a few requests: what is common to all columns first, then one request for each type of column
    /// that it has. Nothing is read of any other entity but the names of those that its lookups point at.
    pub(crate) async fn load_schema(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<Arc<EntitySchema>, SynclineError> {
        let root = format!("/EntityDefinitions(LogicalName={})", quoted(entity.as_str()));
        let attributes_path = format!("{root}/Attributes?$select={ATTRIBUTE_FIELDS}");
        let attributes = async {
            self.api
                .json::<Many<WireAttribute>>(&attributes_path, cancel)
                .await
                .map_err(|error| not_found(error, entity))
        };
        let (summary, attributes, keys, relationships) = tokio::try_join!(
            self.summary(entity, cancel),
            attributes,
            self.load_keys(&root, cancel),
            self.load_relationships(&root, entity, cancel),
        )?;
        let attributes: Vec<WireAttribute> =
            attributes.value.into_iter().filter(|attribute| attribute.attribute_of.is_none()).collect();
        let has =
            |cast: &str| attributes.iter().any(|attribute| cast_of(attribute.column_type()) == Some(cast));
        let casts = try_join_all(CASTS.iter().filter(|(cast, _)| has(cast)).map(|(cast, query)| {
            let path = format!("{root}/Attributes/Microsoft.Dynamics.CRM.{cast}AttributeMetadata?{query}");
            async move {
                self.api.json::<Many<WireCast>>(&path, cancel).await.map_err(|error| not_found(error, entity))
            }
        }))
        .await?;
        let casts: HashMap<String, WireCast> = casts
            .into_iter()
            .flat_map(|many| many.value)
            .map(|cast| (cast.logical_name.clone(), cast))
            .collect();
        let mut columns: Vec<Column> = attributes
            .into_iter()
            .map(|attribute| {
                let cast = casts.get(&attribute.logical_name);
                column(attribute, cast)
            })
            .collect();
        columns.sort_by(|a, b| a.logical_name.cmp(&b.logical_name));
        self.learn_targets(&columns, cancel).await?;
        let relationships = self.to_owners(relationships, &columns);
        let schema = Arc::new(EntitySchema { summary, columns, keys, relationships, open: false });
        self.remember_schema(&schema);
        Ok(schema)
    }
}

/// The cast that tells more of a column's type, where there is one.
fn cast_of(column: ColumnType) -> Option<&'static str> {
    match column {
        ColumnType::String => Some("String"),
        ColumnType::Memo => Some("Memo"),
        ColumnType::DateTime => Some("DateTime"),
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner => Some("Lookup"),
        ColumnType::Picklist => Some("Picklist"),
        ColumnType::MultiSelectPicklist => Some("MultiSelectPicklist"),
        ColumnType::State => Some("State"),
        ColumnType::Status => Some("Status"),
        ColumnType::Boolean => Some("Boolean"),
        ColumnType::PartyList => Some("Lookup"),
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
        | ColumnType::UniqueIdentifier
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => None,
    }
}

fn not_found(error: SynclineError, entity: &EntityName) -> SynclineError {
    if error.code == ErrorCode::NotFound { no_such_entity(entity) } else { error }
}

pub(crate) fn summary(wire: WireEntity) -> Option<EntitySummary> {
    let set_name = wire.entity_set_name.filter(|name| !name.is_empty())?;
    let primary_id = wire.primary_id_attribute.filter(|name| !name.is_empty())?;
    let display_name = label_text(&wire.display_name).unwrap_or_else(|| wire.logical_name.clone());
    Some(EntitySummary {
        display_collection_name: label_text(&wire.display_collection_name)
            .unwrap_or_else(|| display_name.clone()),
        logical_name: EntityName::new(wire.logical_name),
        set_name,
        display_name,
        primary_id: primary_id.into(),
        primary_name: wire.primary_name_attribute.filter(|name| !name.is_empty()).map(Into::into),
        custom: wire.is_custom_entity.unwrap_or(false),
        change_tracking: wire.change_tracking_enabled.unwrap_or(false),
    })
}

pub(crate) fn column(wire: WireAttribute, cast: Option<&WireCast>) -> Column {
    Column {
        display_name: label_text(&wire.display_name).unwrap_or_else(|| wire.logical_name.clone()),
        column_type: wire.column_type(),
        required: wire.required(),
        readable: wire.is_valid_for_read.unwrap_or(true),
        creatable: wire.is_valid_for_create.unwrap_or(false),
        updatable: wire.is_valid_for_update.unwrap_or(false),
        max_length: cast.and_then(|cast| cast.max_length).and_then(|length| u32::try_from(length).ok()),
        targets: cast
            .and_then(|cast| cast.targets.as_ref())
            .map(|targets| targets.iter().map(|name| EntityName::new(name.as_str())).collect())
            .unwrap_or_default(),
        options: cast.map(WireCast::choices).unwrap_or_default(),
        behavior: cast.and_then(WireCast::behavior),
        format: cast.and_then(WireCast::format),
        given: None,
        custom: wire.is_custom_attribute.unwrap_or(false),
        logical_name: wire.logical_name.into(),
    }
}
