//! What a destination can be asked.
//!
//! The way of a row: [`Destination::probe`] tells what is there, the engine decides on an action, [`Destination::request`] makes the
//! exact request, which is stored and shown, and [`Destination::write`] sends exactly those requests.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use syncline_model::{
    Action, EntityName, EntitySchema, EntitySummary, Identity, MappedRecord, RecordId, SynclineError, Value,
    ValueMap,
};
use tokio_util::sync::CancellationToken;

use crate::{Capabilities, RowRequest, Toll};

/// The values by which a row is recognised, by target name: the primary key, the columns of an alternate key, or identifiers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MatchKey(pub ValueMap);

/// What is there under a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// Nothing.
    Absent,
    /// One row.
    Present(ProbedRow),
    /// Several rows: the key does not decide.
    Ambiguous(u64),
    /// The destination can't be read.
    Unknown,
}

/// A row as the destination holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbedRow {
    /// Its id there.
    pub id: RecordId,
    /// Its version.
    pub etag: Option<String>,
    /// The asked fields, by target name; null is null, a field that can't be read is absent.
    pub values: BTreeMap<String, Value>,
}

/// A row that the plan decided to write.
#[derive(Debug, Clone)]
pub struct PlannedWrite<'a> {
    /// Create, update or delete.
    pub action: Action,
    /// The whole mapped record.
    pub mapped: &'a MappedRecord,
    /// What was found, for an update or a delete.
    pub existing: Option<&'a ProbedRow>,
    /// Target names of the attributes that differ; for a create all of them. Only these are sent where the service counts every
    /// sent column as changed.
    pub changed: &'a [&'a str],
}

/// Switches for a whole write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WriteOptions {
    /// No journeys or automation at the destination.
    pub skip_hook: bool,
    /// Dataverse: no synchronous plug-ins and workflows of the environment's own. Needs the privilege prvBypassCustomPlugins.
    pub bypass_plugins: bool,
    /// Dataverse: neither synchronous nor asynchronous logic of the environment's own. Needs the privilege prvBypassCustomBusinessLogic.
    pub bypass_logic: bool,
    /// Dataverse: no Power Automate flows are started.
    pub suppress_flows: bool,
    /// Dataverse: duplicate detection rules are heeded, and refuse a row; otherwise they are not.
    pub detect_duplicates: bool,
    /// A batch is taken whole or not at all, where the system can do that.
    pub all_or_nothing: bool,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What.
    pub kind: OutcomeKind,
    /// The row's id at the destination, where it is known.
    pub id: Option<RecordId>,
    /// The service's code for a failure.
    pub code: Option<String>,
    /// The service's text for a failure.
    pub message: Option<String>,
    /// The service's request id.
    pub request_id: Option<String>,
}

/// What became of a row, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeKind {
    /// Made.
    Created,
    /// Changed.
    Updated,
    /// Gone.
    Deleted,
    /// Taken; the service does not tell which.
    Upserted,
    /// Not written: the row is no longer as it was seen.
    Drifted,
    /// Refused.
    Failed,
    /// Sent, but no answer came: the destination must be asked before it is sent again.
    Unknown,
}

/// What a service tells of its load beside its answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signals {
    /// How often it asked to wait so far.
    pub throttled: u64,
    /// Requests at once that it recommends.
    pub recommended: Option<u32>,
}

/// A system that records are written to. Calls may be cancelled between batches, never inside one that was sent.
#[async_trait]
pub trait Destination: Send + Sync {
    /// Abilities and limits.
    fn capabilities(&self) -> Capabilities;
    /// Who is writing, as the service sees it. Asked before each batch (identity guard).
    async fn identity(&self) -> Result<Identity, SynclineError>;
    /// Entities that can be written to.
    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError>;
    /// Attributes of one of them.
    async fn schema(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError>;
    /// What is there under each key, in the order asked, with the named fields.
    async fn probe(
        &self,
        schema: &EntitySchema,
        keys: &[MatchKey],
        fields: &[String],
        cancel: &CancellationToken,
    ) -> Result<Vec<Probe>, SynclineError>;
    /// True when the destination would hold the same after writing `mapped` over `held`. Systems differ: an empty text is null in
    /// one, all values are text in another.
    fn same(&self, schema: &EntitySchema, field: &str, mapped: &Value, held: &Value) -> bool {
        let _ = (schema, field);
        mapped.means_the_same(held)
    }
    /// The exact request of a row. Pure. An error here makes the row invalid.
    fn request(&self, schema: &EntitySchema, write: &PlannedWrite<'_>) -> Result<RowRequest, SynclineError>;
    /// The update of a row that the request `made` of the same plan makes, under the address that it is made under, so that its id need not be
    /// known before. Pure. `None` where a system has no such address.
    fn update_of_made(&self, made: &RowRequest, update: RowRequest) -> Option<RowRequest> {
        let _ = (made, update);
        None
    }
    /// Learns what a write to the table needs to know, before the first one.
    async fn prepare(&self, schema: &EntitySchema, cancel: &CancellationToken) -> Result<(), SynclineError> {
        let _ = (schema, cancel);
        Ok(())
    }
    /// Learns whether rows of the table may be deleted, before a plan that deletes. [`Destination::request`] refuses a deletion that certainly
    /// would be refused; where it can't be told nothing is refused here.
    async fn prepare_deletions(
        &self,
        schema: &EntitySchema,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        let _ = (schema, cancel);
        Ok(())
    }
    /// Rows of one lane share a call; a batch of several lanes takes a call for each. Pure; it knows what [`Destination::prepare`] learned.
    fn lane(&self, schema: &EntitySchema, request: &RowRequest, options: &WriteOptions) -> u8 {
        let _ = (schema, request, options);
        0
    }
    /// A row can be made that points at itself, in one request.
    fn takes_own_reference(&self) -> bool {
        false
    }
    /// What writing costs beside the batches.
    fn toll(&self, entity: &EntityName) -> Toll {
        let _ = entity;
        Toll::default()
    }
    /// What the service told of its load so far.
    fn signals(&self) -> Signals {
        Signals::default()
    }
    /// Sends one batch, at most `max_batch_rows` and `max_batch_bytes`; one outcome a row, in order. `Err` means that nothing of
    /// the batch was written.
    async fn write(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError>;
}
