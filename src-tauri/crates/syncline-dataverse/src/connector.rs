//! The connector: its parts and what it remembers of the environment.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use syncline_connect::WriteOptions;
use syncline_http::{GateState, RetryConfig};
use syncline_model::{EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseSettings;
use crate::api::{ANNOTATIONS, Api};
use crate::messages::BulkMessages;

/// One environment, seen as one user. Cheap to clone; clones share what is remembered.
#[derive(Clone)]
pub struct DataverseConnector {
    pub(crate) api: Api,
    pub(crate) settings: DataverseSettings,
    /// Switches of single records written by hand.
    pub(crate) switches: WriteOptions,
    memory: Arc<Memory>,
}

/// What was asked already. Asking again through `entities` or `schema` replaces it.
#[derive(Default)]
struct Memory {
    summaries: RwLock<HashMap<EntityName, EntitySummary>>,
    schemas: RwLock<HashMap<EntityName, Arc<EntitySchema>>>,
    user_names: RwLock<HashMap<String, String>>,
    messages: RwLock<HashMap<EntityName, BulkMessages>>,
    /// Tables of which no row may be deleted, as the privileges said when they were asked last.
    undeletable: RwLock<HashSet<EntityName>>,
    /// Tables of which the service said that it does not guard rows by their versions.
    unguarded: RwLock<HashSet<EntityName>>,
}

impl DataverseConnector {
    /// True where the service refused to guard rows of the table by their versions.
    pub(crate) fn is_unguarded(&self, entity: &EntityName) -> bool {
        self.memory.unguarded.read().unwrap_or_else(PoisonError::into_inner).contains(entity)
    }

    pub(crate) fn remember_unguarded(&self, entity: &EntityName) {
        self.memory.unguarded.write().unwrap_or_else(PoisonError::into_inner).insert(entity.clone());
    }

    /// True where the user's privileges were asked and do not let rows of the table be deleted.
    pub(crate) fn may_not_delete(&self, entity: &EntityName) -> bool {
        self.memory.undeletable.read().unwrap_or_else(PoisonError::into_inner).contains(entity)
    }

    /// Remembers whether they do.
    pub(crate) fn remember_deletions(&self, entity: &EntityName, may: bool) {
        let mut undeletable = self.memory.undeletable.write().unwrap_or_else(PoisonError::into_inner);
        if may {
            undeletable.remove(entity);
        } else {
            undeletable.insert(entity.clone());
        }
    }

    pub(crate) fn assemble(api: Api, settings: DataverseSettings) -> Self {
        Self { api, settings, switches: WriteOptions::default(), memory: Arc::default() }
    }

    /// The same connector for long work: it goes on trying when the environment can't be reached for a while.
    pub fn patient(&self) -> Self {
        let mut patient = self.clone();
        let retry = *self.api.client.retry();
        let retry = RetryConfig { connect_retries: retry.retries, ..retry };
        patient.api.client = self.api.client.with_retry(retry);
        patient
    }

    /// The same connector within other limits: seconds until a request is given up (1 to 300), sends after the first (at most 10), records a
    /// page (1 to 5000) where a reading names no other number, as when rows are looked up. It goes on trying as [`Self::patient`] does.
    pub fn with_limits(&self, timeout: Duration, retries: u32, page_size: u32) -> Self {
        let mut limited = self.clone();
        limited.settings.timeout = timeout;
        limited.settings.retries = retries;
        limited.settings.page_size = page_size;
        limited.settings.bound();
        let settings = &limited.settings;
        limited.api.client = self
            .api
            .client
            .with_retry(RetryConfig::with_retries(settings.retries))
            .with_timeout(settings.timeout);
        limited
    }

    /// The same connector, whose batches hold at most so many rows: 1 to 1000.
    pub fn with_batch_rows(mut self, rows: usize) -> Self {
        self.settings.batch_rows = rows;
        self.settings.bound();
        self
    }

    /// What the reading of found rows prefers: labels, and pages of the size that was asked for.
    pub(crate) fn row_preferences(&self) -> [String; 2] {
        [
            format!("odata.include-annotations=\"{ANNOTATIONS}\""),
            format!("odata.maxpagesize={}", self.settings.page_size),
        ]
    }

    /// The same connector, whose single records are written with these switches.
    pub fn with_switches(&self, switches: WriteOptions) -> Self {
        Self { switches, ..self.clone() }
    }

    /// The headers by which those switches travel; none while all are off.
    pub fn switch_headers(&self) -> Vec<(&'static str, &'static str)> {
        crate::switches::headers(&self.switches)
    }

    /// How the service's limits stand, for a meter.
    pub fn budget(&self) -> GateState {
        self.api.gate.state()
    }

    /// The environment's origin.
    pub fn origin(&self) -> &str {
        &self.api.origin
    }

    pub(crate) fn remember_summaries(&self, found: &[EntitySummary]) {
        let map = found.iter().map(|summary| (summary.logical_name.clone(), summary.clone())).collect();
        *self.memory.summaries.write().unwrap_or_else(PoisonError::into_inner) = map;
    }

    /// Adds lines to what is remembered.
    pub(crate) fn remember_more(&self, found: Vec<EntitySummary>) {
        let mut summaries = self.memory.summaries.write().unwrap_or_else(PoisonError::into_inner);
        summaries.extend(found.into_iter().map(|summary| (summary.logical_name.clone(), summary)));
    }

    pub(crate) fn remember_schema(&self, schema: &Arc<EntitySchema>) {
        let mut schemas = self.memory.schemas.write().unwrap_or_else(PoisonError::into_inner);
        schemas.insert(schema.summary.logical_name.clone(), Arc::clone(schema));
    }

    pub(crate) fn remembers_schema(&self, entity: &EntityName) -> bool {
        self.memory.schemas.read().unwrap_or_else(PoisonError::into_inner).contains_key(entity)
    }

    pub(crate) fn remembered_summary(&self, entity: &EntityName) -> Option<EntitySummary> {
        self.memory.summaries.read().unwrap_or_else(PoisonError::into_inner).get(entity).cloned()
    }

    /// Takes over who was seen under a connection before, so that the name, which is for display only, is not asked for again.
    pub fn adopt_user(&self, seen: &Identity) {
        if let (Some(id), Some(name)) = (&seen.user_id, &seen.user_name) {
            self.remember_user(id, name);
        }
    }

    pub(crate) fn remembered_user(&self, id: &str) -> Option<String> {
        self.memory.user_names.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(crate) fn remember_user(&self, id: &str, name: &str) {
        let mut names = self.memory.user_names.write().unwrap_or_else(PoisonError::into_inner);
        names.insert(id.to_owned(), name.to_owned());
    }

    pub(crate) fn remembered_messages(&self, entity: &EntityName) -> Option<BulkMessages> {
        self.memory.messages.read().unwrap_or_else(PoisonError::into_inner).get(entity).copied()
    }

    pub(crate) fn remember_messages(&self, entity: &EntityName, found: BulkMessages) {
        let mut messages = self.memory.messages.write().unwrap_or_else(PoisonError::into_inner);
        messages.insert(entity.clone(), found);
    }

    /// The entity's names, asked once; the list of all is not read for it.
    pub(crate) async fn summary(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySummary, SynclineError> {
        if let Some(summary) = self.remembered_summary(entity) {
            return Ok(summary);
        }
        let summary = self.load_summary(entity, cancel).await?;
        self.remember_more(vec![summary.clone()]);
        Ok(summary)
    }

    /// The entity's schema, asked once.
    pub(crate) async fn known_schema(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<Arc<EntitySchema>, SynclineError> {
        let known = self.memory.schemas.read().unwrap_or_else(PoisonError::into_inner).get(entity).cloned();
        match known {
            Some(schema) => Ok(schema),
            None => self.load_schema(entity, cancel).await,
        }
    }
}

pub(crate) fn no_such_entity(entity: &EntityName) -> SynclineError {
    SynclineError::new(ErrorCode::NotFound, format!("the environment has no entity: {entity}"))
        .hint("use the logical name; the list of entities shows all of them")
}

impl std::fmt::Debug for DataverseConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataverseConnector")
            .field("origin", &self.api.origin)
            .field("path", &self.api.path)
            .finish_non_exhaustive()
    }
}
