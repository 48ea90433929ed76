//! Metadata of a big tenant's other tables, in the same shapes.
use super::attribute::{self, Field, Owner};
use super::entity::{label, managed, metadata_of};
use crate::data::schema::{Kind, LookupKind};
use crate::data::wide::{Wide, WideEntity, WideKind, WideManyToMany};
use crate::dataverse::rights::described;
use crate::dataverse::store::Store;
use serde_json::{Value as Json, json};

/// EntityMetadata without its collections.
pub(super) fn definition(e: &WideEntity) -> Json {
    let (intersect, virtual_) = (e.kind == WideKind::Intersect, e.kind == WideKind::Virtual);
    let ownership = match e.kind {
        WideKind::UserOwned => "UserOwned",
        WideKind::Organization | WideKind::Virtual => "OrganizationOwned",
        WideKind::Intersect => "None",
    };
    json!({
        "MetadataId": metadata_of(&e.logical),
        "LogicalName": e.logical,
        "SchemaName": e.schema,
        "EntitySetName": e.set,
        "LogicalCollectionName": e.set,
        "CollectionSchemaName": e.set,
        "ObjectTypeCode": e.code(),
        "PrimaryIdAttribute": e.primary_id(),
        "PrimaryNameAttribute": e.primary_name(),
        "PrimaryImageAttribute": null,
        "DisplayName": label(if intersect { "" } else { &e.display }),
        "DisplayCollectionName": label(if intersect { "" } else { &e.plural }),
        "Description": label(&format!("{} table.", e.display)),
        "OwnershipType": ownership,
        "TableType": if virtual_ { "Virtual" } else { "Standard" },
        "IsActivity": false,
        "IsCustomEntity": e.custom(),
        "IsManaged": crate::data::wide::PUBLISHERS[e.publisher].managed,
        "IsIntersect": intersect,
        "IsPrivate": intersect,
        "IsLogicalEntity": false,
        "IsValidForAdvancedFind": !intersect,
        "IsOptimisticConcurrencyEnabled": !intersect && !virtual_,
        "ChangeTrackingEnabled": e.kind == WideKind::UserOwned,
        "CanChangeTrackingBeEnabled": managed(!virtual_),
        "CanCreateAttributes": managed(!intersect),
        "IsCustomizable": managed(true),
        "IsAuditEnabled": managed(false),
        "IsDuplicateDetectionEnabled": managed(false),
        "HasActivities": false,
        "HasNotes": false,
        "DataProviderId": virtual_.then(|| metadata_of("data provider")),
        "ActivityTypeMask": 0,
        "IntroducedVersion": "1.0.0.0",
        "Privileges": described(&e.schema, false, intersect, e.kind == WideKind::UserOwned),
    })
}

/// Attributes with their companions.
pub(super) fn attributes(wide: &Wide, e: &WideEntity) -> Vec<Json> {
    let columns = wide.columns(e);
    let (id, name) = (e.primary_id(), e.primary_name().unwrap_or_default());
    let owner = Owner { logical: &e.logical, display: &e.display, primary_id: &id, primary_name: &name };
    let prefix = e.prefix();
    let fields = columns.iter().map(|column| Field {
        logical: &column.logical,
        schema: &column.schema,
        display: &column.display,
        kind: &column.kind,
        targets: column.targets.iter().map(String::as_str).collect(),
        required: column.required,
        create: column.create,
        update: column.update,
        custom: !prefix.is_empty() && column.logical.starts_with(&prefix),
    });
    attribute::described(owner, fields)
}

/// Alternate keys.
pub(super) fn keys(e: &WideEntity) -> Vec<Json> {
    let key = e.key().map(|column| {
        let name = format!("{}_key", e.logical);
        json!({
            "MetadataId": metadata_of(&name),
            "LogicalName": name,
            "SchemaName": name,
            "EntityLogicalName": e.logical,
            "KeyAttributes": [column],
            // An index that is still being built can't be used yet.
            "EntityKeyIndexStatus": if e.number.is_multiple_of(24) { "InProgress" } else { "Active" },
            "DisplayName": label("External Key"),
            "IsManaged": false,
        })
    });
    key.into_iter().collect()
}

fn relationship(schema: &str, from: &str, column: (&str, &str), to: (&str, &str), custom: bool) -> Json {
    json!({
        "MetadataId": metadata_of(schema),
        "SchemaName": schema,
        "RelationshipType": "OneToManyRelationship",
        "IsCustomRelationship": custom,
        "IsHierarchical": false,
        "ReferencedAttribute": to.1,
        "ReferencedEntity": to.0,
        "ReferencingAttribute": column.0,
        "ReferencingEntity": from,
        "ReferencedEntityNavigationPropertyName": schema,
        "ReferencingEntityNavigationPropertyName": column.1,
    })
}

/// The primary key of any table.
fn primary_id(store: &Store, wide: &Wide, logical: &str) -> String {
    match (store.schema.by_logical(logical), wide.by_logical(logical)) {
        (Some(sample), _) => sample.primary_id.to_owned(),
        (None, Some(other)) => other.primary_id(),
        (None, None) => String::new(),
    }
}

/// Lookups of the table: its own, and the owner and users that all tables have.
pub(super) fn many_to_one(store: &Store, wide: &Wide, e: &WideEntity) -> Vec<Json> {
    let own = wide.lookups(e);
    let mut out = Vec::new();
    for column in wide.columns(e) {
        if own.iter().any(|lookup| lookup.column == column.logical) {
            continue;
        }
        if matches!(column.kind, Kind::Lookup { kind: LookupKind::Owner, .. }) {
            let name = format!("owner_{}", e.logical);
            out.push(relationship(&name, &e.logical, ("ownerid", "ownerid"), ("owner", "ownerid"), false));
            continue;
        }
        for to in &column.targets {
            let name = format!("lk_{}_{}", e.logical, column.logical);
            let id = primary_id(store, wide, to);
            out.push(relationship(&name, &e.logical, (&column.logical, &column.logical), (to, &id), false));
        }
    }
    for lookup in own {
        for (to, name) in lookup.targets.iter().zip(&lookup.relationships) {
            let id = primary_id(store, wide, to);
            let navigation = match lookup.targets.len() {
                1 => lookup.schema.clone(),
                _ => format!("{}_{to}", lookup.schema),
            };
            out.push(relationship(name, &e.logical, (&lookup.column, &navigation), (to, &id), e.custom()));
        }
    }
    out
}

/// Lookups of a big tenant's tables that point at a table.
pub(super) fn one_to_many<'a>(store: &'a Store, logical: &'a str) -> impl Iterator<Item = Json> + 'a {
    store.wide.iter().flat_map(move |wide| {
        let id = primary_id(store, wide, logical);
        wide.referencing(logical).map(move |(from, lookup, at)| {
            let navigation = match lookup.targets.len() {
                1 => lookup.schema.clone(),
                _ => format!("{}_{logical}", lookup.schema),
            };
            let column = (lookup.column.as_str(), navigation.as_str());
            relationship(&lookup.relationships[at], &from.logical, column, (logical, &id), from.custom())
        })
    })
}

/// Many-to-many relationships of a big tenant that a table takes part in.
pub(super) fn many_to_many<'a>(store: &'a Store, logical: &'a str) -> impl Iterator<Item = Json> + 'a {
    store.wide.iter().flat_map(move |wide| {
        wide.associations(logical).map(|WideManyToMany { name, intersect, first, second }| {
            json!({
                "MetadataId": metadata_of(&name),
                "SchemaName": name,
                "RelationshipType": "ManyToManyRelationship",
                "IsCustomRelationship": true,
                "IntersectEntityName": intersect,
                "Entity1LogicalName": first,
                "Entity1IntersectAttribute": "firstid",
                "Entity1NavigationPropertyName": name,
                "Entity2LogicalName": second,
                "Entity2IntersectAttribute": "secondid",
                "Entity2NavigationPropertyName": name,
            })
        })
    })
}

/// The table in `$metadata`.
pub(super) fn csdl(wide: &Wide, e: &WideEntity, out: &mut String, sets: &mut String) {
    *out += &format!(
        "<EntityType Name=\"{}\" BaseType=\"mscrm.crmbaseentity\"><Key><PropertyRef Name=\"{}\" /></Key>",
        e.logical,
        e.primary_id()
    );
    for column in wide.columns(e) {
        let name = match column.targets.is_empty() {
            true => column.logical.clone(),
            false => format!("_{}_value", column.logical),
        };
        *out += &format!("<Property Name=\"{name}\" Type=\"{}\" />", attribute::edm(&column.kind));
    }
    *out += "</EntityType>";
    *sets += &format!("<EntitySet Name=\"{}\" EntityType=\"Microsoft.Dynamics.CRM.{}\" />", e.set, e.logical);
}
