//! Dataverse as a destination.

use async_trait::async_trait;
use syncline_connect::{
    Capabilities, Destination, MatchKey, Outcome, PlannedWrite, Probe, RowRequest, WriteOptions,
};
use syncline_model::{EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::request::row_request;

#[async_trait]
impl Destination for DataverseConnector {
    fn capabilities(&self) -> Capabilities {
        self.abilities()
    }

    async fn identity(&self) -> Result<Identity, SynclineError> {
        self.who_am_i().await
    }

    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        self.load_entities(cancel).await
    }

    async fn schema(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError> {
        self.load_schema(entity, cancel).await.map(|schema| (*schema).clone())
    }

    async fn probe(
        &self,
        schema: &EntitySchema,
        keys: &[MatchKey],
        fields: &[String],
        cancel: &CancellationToken,
    ) -> Result<Vec<Probe>, SynclineError> {
        self.probe_keys(schema, keys, fields, cancel).await
    }

    fn request(&self, schema: &EntitySchema, write: &PlannedWrite<'_>) -> Result<RowRequest, SynclineError> {
        row_request(schema, write, self)
    }

    async fn write(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        if cancel.is_cancelled() {
            return Err(SynclineError::new(ErrorCode::Cancelled, "cancelled before the batch was sent"));
        }
        self.write_rows(schema, rows, options, cancel).await
    }
}
