//! Entity metadata, keys and relationships.
use crate::data::Entity;
use crate::data::german::{BASE_LANGUAGE, GERMAN, german};
use crate::data::many_to_many::MANY_TO_MANY;
use crate::dataverse::rights::described;
use crate::dataverse::store::Store;
use serde_json::{Value as Json, json};
use uuid::Uuid;

pub(super) use crate::data::ids::metadata_of;

/// `MetadataId` of a table.
pub(super) fn metadata_id(entity: &Entity) -> Uuid {
    metadata_of(entity.logical)
}

/// A label; an empty text is a label without any language.
pub(super) fn label(text: &str) -> Json {
    if text.is_empty() {
        return json!({ "LocalizedLabels": [], "UserLocalizedLabel": null });
    }
    let one = |text: &str, language: u32| json!({ "Label": text, "LanguageCode": language, "IsManaged": true, "MetadataId": metadata_of(text), "HasChanged": null });
    let base = one(text, BASE_LANGUAGE);
    let mut all = vec![base.clone()];
    all.extend(german(text).map(|text| one(text, GERMAN)));
    json!({ "LocalizedLabels": all, "UserLocalizedLabel": base })
}

/// A managed property.
pub(super) fn managed(value: bool) -> Json {
    json!({ "Value": value, "CanBeChanged": true, "ManagedPropertyLogicalName": "iscustomizable" })
}

/// EntityMetadata without its collections.
pub(super) fn definition(store: &Store, e: &Entity) -> Json {
    let custom = e.custom();
    let name = (!e.primary_name.is_empty()).then_some(e.primary_name);
    let ownership = if e.user_owned { "UserOwned" } else { "OrganizationOwned" };
    json!({
        "MetadataId": metadata_id(e),
        "LogicalName": e.logical,
        "SchemaName": e.schema,
        "EntitySetName": e.set,
        "LogicalCollectionName": e.set,
        "CollectionSchemaName": e.set,
        "ObjectTypeCode": e.code,
        "PrimaryIdAttribute": e.primary_id,
        "PrimaryNameAttribute": name,
        "PrimaryImageAttribute": null,
        "DisplayName": label(e.display),
        "DisplayCollectionName": label(e.plural),
        "Description": label(&format!("{} table.", e.display)),
        "OwnershipType": if e.intersect { "None" } else { ownership },
        "TableType": "Standard",
        "IsActivity": e.activity,
        "IsCustomEntity": custom,
        "IsManaged": !custom,
        "IsIntersect": e.intersect,
        "IsPrivate": e.intersect,
        "IsLogicalEntity": false,
        "IsValidForAdvancedFind": !e.intersect,
        "IsOptimisticConcurrencyEnabled": !e.intersect && !store.unguarded.contains(e.logical),
        "ChangeTrackingEnabled": crate::dataverse::track::enabled(e),
        "CanChangeTrackingBeEnabled": managed(true),
        "CanCreateAttributes": managed(!e.intersect),
        "IsCustomizable": managed(true),
        "IsAuditEnabled": managed(false),
        "IsDuplicateDetectionEnabled": managed(false),
        "HasActivities": false,
        "HasNotes": false,
        "DataProviderId": null,
        "ActivityTypeMask": i32::from(e.activity),
        "Privileges": described(e.schema, e.activity, e.intersect, e.user_owned),
        "IntroducedVersion": if custom { "1.0.0.0" } else { "5.0.0.0" },
    })
}

/// Alternate keys.
pub(super) fn keys(e: &Entity) -> Vec<Json> {
    e.keys
        .iter()
        .map(|k| {
            json!({
                "MetadataId": metadata_of(k.logical),
                "LogicalName": k.logical,
                "SchemaName": k.logical,
                "EntityLogicalName": e.logical,
                "KeyAttributes": k.columns,
                "EntityKeyIndexStatus": "Active",
                "DisplayName": label(k.display),
                "IsManaged": false,
            })
        })
        .collect()
}

fn relationship(store: &Store, from: &Entity, column: usize, target: &crate::data::schema::Target) -> Json {
    let to = store.schema.entity(target.table);
    // An owner is related to the table of all users and teams (table reference, Owner: `owner_accounts` and the like).
    let (to, id, own) = match from.columns[column].is_owner() {
        true => ("owner", "ownerid", false),
        false => (to.logical, to.primary_id, from.table == to.table),
    };
    json!({
        "MetadataId": metadata_of(&format!("{}.{}", from.logical, target.relationship)),
        "SchemaName": target.relationship,
        "RelationshipType": "OneToManyRelationship",
        "IsCustomRelationship": target.relationship.starts_with("new_"),
        "IsHierarchical": own,
        "ReferencedAttribute": id,
        "ReferencedEntity": to,
        "ReferencingAttribute": from.columns[column].logical,
        "ReferencingEntity": from.logical,
        "ReferencedEntityNavigationPropertyName": target.relationship,
        "ReferencingEntityNavigationPropertyName": target.navigation,
    })
}

pub(super) fn many_to_one(store: &Store, e: &Entity) -> Vec<Json> {
    e.columns
        .iter()
        .enumerate()
        .flat_map(|(at, c)| c.related().iter().map(move |t| (at, t)))
        .map(|(at, t)| relationship(store, e, at, t))
        .collect()
}

pub(super) fn one_to_many(store: &Store, e: &Entity) -> Vec<Json> {
    let own = store.schema.referencing(e.table).filter(|(from, at, _)| !from.columns[*at].is_owner());
    let own = own.map(|(from, at, t)| relationship(store, from, at, t));
    own.chain(super::wide::one_to_many(store, e.logical)).collect()
}

pub(super) fn many_to_many(store: &Store, e: &Entity) -> Vec<Json> {
    let own = MANY_TO_MANY.iter().filter(|m| m.first.0 == e.table || m.second.0 == e.table).map(|m| {
        let (one, two) = (store.schema.entity(m.first.0), store.schema.entity(m.second.0));
        json!({
            "MetadataId": metadata_of(m.name),
            "SchemaName": m.name,
            "RelationshipType": "ManyToManyRelationship",
            "IsCustomRelationship": false,
            "IntersectEntityName": store.schema.entity(m.intersect).logical,
            "Entity1LogicalName": one.logical,
            "Entity1IntersectAttribute": m.first.1,
            "Entity1NavigationPropertyName": m.name,
            "Entity2LogicalName": two.logical,
            "Entity2IntersectAttribute": m.second.1,
            "Entity2NavigationPropertyName": m.name,
        })
    });
    own.chain(super::wide::many_to_many(store, e.logical)).collect()
}
