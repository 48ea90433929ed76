//! Alternate keys and relationships of an entity.

use syncline_model::{
    Column, ColumnType, EntityKey, EntityName, Relationship, RelationshipKind, SynclineError,
};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::metadata_wire::{Many, WireKey, WireManyToMany, WireOneToMany};

const ONE_TO_MANY: &str = "$select=SchemaName,ReferencingEntity,ReferencingAttribute,ReferencedEntity,ReferencedAttribute,ReferencingEntityNavigationPropertyName,ReferencedEntityNavigationPropertyName";
const MANY_TO_MANY: &str = "$select=SchemaName,Entity1LogicalName,Entity2LogicalName,Entity1NavigationPropertyName,Entity2NavigationPropertyName,IntersectEntityName";

impl DataverseConnector {
    pub(crate) async fn load_keys(
        &self,
        root: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<EntityKey>, SynclineError> {
        let path = format!("{root}/Keys?$select=LogicalName,SchemaName,KeyAttributes,EntityKeyIndexStatus");
        let keys: Many<WireKey> = self.api.json(&path, cancel).await?;
        Ok(keys
            .value
            .into_iter()
            .filter_map(|key| {
                Some(EntityKey {
                    name: key.logical_name.or(key.schema_name)?,
                    columns: key.key_attributes?.into_iter().map(Into::into).collect(),
                    active: key.entity_key_index_status.as_deref() == Some("Active"),
                })
            })
            .collect())
    }

    pub(crate) async fn load_relationships(
        &self,
        root: &str,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<Vec<Relationship>, SynclineError> {
        let many_to_one = format!("{root}/ManyToOneRelationships?{ONE_TO_MANY}");
        let one_to_many = format!("{root}/OneToManyRelationships?{ONE_TO_MANY}");
        let many_to_many = format!("{root}/ManyToManyRelationships?{MANY_TO_MANY}");
        let (parents, children, peers) = tokio::try_join!(
            self.api.json::<Many<WireOneToMany>>(&many_to_one, cancel),
            self.api.json::<Many<WireOneToMany>>(&one_to_many, cancel),
            self.api.json::<Many<WireManyToMany>>(&many_to_many, cancel),
        )?;
        let parents = parents.value.into_iter().map(|wire| Relationship {
            name: wire.schema_name,
            kind: RelationshipKind::ManyToOne,
            other_entity: wire.referenced_entity.into(),
            column: Some(wire.referencing_attribute.into()),
            referenced_column: wire.referenced_attribute.map(Into::into),
            navigation_property: wire.referencing_entity_navigation_property_name,
            intersect_entity: None,
        });
        let children = children.value.into_iter().map(|wire| Relationship {
            name: wire.schema_name,
            kind: RelationshipKind::OneToMany,
            other_entity: wire.referencing_entity.into(),
            column: Some(wire.referencing_attribute.into()),
            referenced_column: wire.referenced_attribute.map(Into::into),
            navigation_property: wire.referenced_entity_navigation_property_name,
            intersect_entity: None,
        });
        let peers = peers.value.into_iter().map(|wire| {
            let first = wire.entity1_logical_name == entity.as_str();
            Relationship {
                name: wire.schema_name,
                kind: RelationshipKind::ManyToMany,
                other_entity: if first { wire.entity2_logical_name } else { wire.entity1_logical_name }
                    .into(),
                column: None,
                referenced_column: None,
                navigation_property: if first {
                    wire.entity1_navigation_property_name
                } else {
                    wire.entity2_navigation_property_name
                },
                intersect_entity: wire.intersect_entity_name.map(Into::into),
            }
        });
        Ok(parents.chain(children).chain(peers).collect())
    }

    /// The service relates an owner to the table `owner`, which can't be read and whose type in OData, `principal`, has a key and nothing
    /// else (Dataverse, table reference, Owner; Web API reference, principal). Here it leads to what owns, users and teams, each by its
    /// own key; the navigation property stays the relationship's.
    pub(crate) fn to_owners(&self, all: Vec<Relationship>, columns: &[Column]) -> Vec<Relationship> {
        let mut made = Vec::with_capacity(all.len() + 1);
        for relationship in all {
            let name =
                relationship.column.as_ref().filter(|_| relationship.kind == RelationshipKind::ManyToOne);
            let owner = columns
                .iter()
                .find(|column| Some(&column.logical_name) == name && column.column_type == ColumnType::Owner);
            match owner.filter(|column| !column.targets.contains(&relationship.other_entity)) {
                Some(column) => made.extend(column.targets.iter().map(|target| Relationship {
                    other_entity: target.clone(),
                    referenced_column: self.remembered_summary(target).map(|summary| summary.primary_id),
                    ..relationship.clone()
                })),
                None => made.push(relationship),
            }
        }
        made
    }
}
