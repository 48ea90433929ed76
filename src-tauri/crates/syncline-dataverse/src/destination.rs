//! Dataverse as a destination.

use async_trait::async_trait;
use syncline_connect::{
    Capabilities, Destination, MatchKey, Outcome, PlannedWrite, Probe, RowRequest, Signals, Toll,
    WriteOptions,
};
use syncline_model::{Action, EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::request::{row_request, update_of_made};
use crate::source::IDS_A_REQUEST;

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
        if write.action == Action::Delete && self.may_not_delete(&schema.summary.logical_name) {
            return Err(crate::access::no_deletion(&schema.summary.logical_name));
        }
        row_request(schema, write, self)
    }

    fn update_of_made(&self, made: &RowRequest, update: RowRequest) -> Option<RowRequest> {
        Some(update_of_made(made, update))
    }

    async fn prepare(&self, schema: &EntitySchema, cancel: &CancellationToken) -> Result<(), SynclineError> {
        self.bulk_messages(schema, cancel).await.map(drop)
    }

    async fn prepare_deletions(
        &self,
        schema: &EntitySchema,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        self.learn_deletions(&schema.summary.logical_name, cancel).await
    }

    fn lane(&self, schema: &EntitySchema, request: &RowRequest, options: &WriteOptions) -> u8 {
        let known = self.remembered_messages(&schema.summary.logical_name).unwrap_or_default();
        match known.takes(request) {
            Some(message) if !options.all_or_nothing => message as u8 + 1,
            Some(_) | None => 0,
        }
    }

    fn toll(&self, entity: &EntityName) -> Toll {
        Toll {
            // Who answers, and which messages the table has where that is not known.
            opening: 1 + u64::from(self.remembered_messages(entity).is_none()),
            a_batch: 1,
            ids_a_request: IDS_A_REQUEST as u64,
            keys_a_request: crate::probe::KEYS_A_REQUEST as u64,
            protected: true,
            seconds_a_call: self.budget().write_ms.map(|ms| ms / 1000.0),
            ..Toll::default()
        }
    }

    fn signals(&self) -> Signals {
        let state = self.budget();
        Signals { throttled: state.pauses, recommended: state.recommended_parallel }
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
