//! What a system must be able to do so that the connector works on it.

use async_trait::async_trait;
use std::sync::Arc;
use syncline_connect::Outcome;
use syncline_model::{EntityName, EntitySummary, ErrorCode, Identity, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::dialect::{Cell, Dialect};
use crate::statement::Statement;
use crate::table::Table;

/// A database behind a connector.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    fn dialect(&self) -> Dialect;
    /// Batches that may be under way at once.
    fn parallel(&self) -> usize;
    async fn identity(&self) -> Result<Identity, SynclineError>;
    /// Tables and views that the user may read or write, sorted by name.
    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError>;
    /// One of them, read anew.
    async fn describe(&self, entity: &EntityName, cancel: &CancellationToken)
    -> Result<Table, SynclineError>;
    /// Rows of a reading statement.
    async fn rows(
        &self,
        sql: &str,
        parameters: &[Cell],
        cancel: &CancellationToken,
    ) -> Result<Vec<Vec<Cell>>, SynclineError>;
    /// A batch in one transaction.
    async fn write(
        &self,
        table: &Arc<Table>,
        statements: Vec<Statement>,
        all_or_nothing: bool,
    ) -> Result<Vec<Outcome>, SynclineError>;
}

/// Fails when somebody cancelled.
pub(crate) fn check(cancel: &CancellationToken) -> Result<(), SynclineError> {
    if cancel.is_cancelled() { Err(cancelled()) } else { Ok(()) }
}

pub(crate) fn cancelled() -> SynclineError {
    SynclineError::new(ErrorCode::Cancelled, "the query was cancelled")
}

pub(crate) fn internal(error: impl std::fmt::Display) -> SynclineError {
    SynclineError::new(ErrorCode::Internal, error.to_string())
}

pub(crate) fn no_such_entity(entity: &EntityName) -> SynclineError {
    SynclineError::new(ErrorCode::NotFound, format!("there is no table or view {entity} here"))
        .hint("names are exact, with their schema where it is not the default one; the list of entities shows them. A table on which the user has no right is not listed")
}
