//! Every entity of the environment with what belongs to the list only: metadata ids, by which solutions name entities, and the
//! privilege that reading needs. Source: Dataverse Web API, query metadata; SecurityPrivilegeMetadata.

use serde::{Deserialize, Serialize};
use syncline_model::{EntityName, EntitySummary, ErrorCode, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::metadata::{ENTITY_FIELDS, summary};
use crate::metadata_wire::{Many, WireEntity, WirePrivilege};

/// A privilege as metadata names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Privilege {
    /// Its name, such as `prvReadList`.
    pub name: String,
    /// Its id, lower case.
    pub id: String,
}

/// What the list knows of an entity beside its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityExtra {
    /// Logical name.
    pub logical_name: EntityName,
    /// Metadata id, lower case.
    pub metadata_id: Option<String>,
    /// What reading needs; none where the entity has no privileges of its own.
    pub read: Option<Privilege>,
}

/// The list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Entities that have a set, sorted by logical name.
    pub entities: Vec<EntitySummary>,
    /// In the same order.
    pub extras: Vec<EntityExtra>,
}

impl DataverseConnector {
    /// Every entity, in one request: metadata has no pages.
    pub async fn catalogue(&self, cancel: &CancellationToken) -> Result<Catalogue, SynclineError> {
        let path = format!("/EntityDefinitions?$select={ENTITY_FIELDS}");
        let wire: Many<WireEntity> = match self.api.json(&format!("{path},Privileges"), cancel).await {
            // A service that does not tell privileges still has a list.
            Err(error) if error.code == ErrorCode::QueryInvalid => self.api.json(&path, cancel).await?,
            answer => answer?,
        };
        let catalogue = made(wire.value);
        self.remember_summaries(&catalogue.entities);
        Ok(catalogue)
    }
}

/// The list out of what the service sent; private entities and those without a set are not for people.
pub(crate) fn made(wire: Vec<WireEntity>) -> Catalogue {
    let mut found: Vec<(EntitySummary, EntityExtra)> = wire
        .into_iter()
        .filter(|entity| entity.is_private != Some(true))
        .filter_map(|mut entity| {
            let extra = EntityExtra {
                logical_name: EntityName::new(entity.logical_name.as_str()),
                metadata_id: entity.metadata_id.take().map(|id| id.to_lowercase()),
                read: entity.privileges.take().and_then(read_privilege),
            };
            Some((summary(entity)?, extra))
        })
        .collect();
    found.sort_by(|a, b| a.0.logical_name.cmp(&b.0.logical_name));
    let (entities, extras) = found.into_iter().unzip();
    Catalogue { entities, extras }
}

fn read_privilege(all: Vec<WirePrivilege>) -> Option<Privilege> {
    all.into_iter()
        .find(|privilege| privilege.privilege_type.as_deref() == Some("Read"))
        .and_then(|found| Some(Privilege { name: found.name?, id: found.privilege_id?.to_lowercase() }))
}
