//! What a source can be asked.

use async_trait::async_trait;
use syncline_model::{
    ColumnName, EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, Record, RecordId, SynclineError,
};
use tokio_util::sync::CancellationToken;

use crate::taker::give;
use crate::{Capabilities, ChangesPage, Count, Cursor, Page, PageEnd, Selection, SharedTaker, Toll};

/// A system that records are read from. Every call may be cancelled: it then fails with `ErrorCode::Cancelled`.
#[async_trait]
pub trait Source: Send + Sync {
    /// Abilities and limits.
    fn capabilities(&self) -> Capabilities;
    /// What reading costs beside the pages.
    fn toll(&self, entity: &EntityName) -> Toll {
        let _ = entity;
        Toll::default()
    }
    /// Who is asking, as the service sees it.
    async fn identity(&self) -> Result<Identity, SynclineError>;
    /// Every entity of the environment, custom ones included, sorted by logical name.
    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError>;
    /// One entity with its columns, choices, keys and relationships.
    async fn schema(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError>;
    /// How many records the selection has.
    async fn count(&self, selection: &Selection, cancel: &CancellationToken) -> Result<Count, SynclineError>;
    /// One page. `None`: the first. A cursor that the service no longer knows is `ErrorCode::UnexpectedReply` and the reading
    /// starts again.
    async fn page(
        &self,
        selection: &Selection,
        cursor: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<Page, SynclineError>;
    /// The same page as [`Source::page`] brings, given to `taker` while it arrives.
    async fn page_to(
        &self,
        selection: &Selection,
        cursor: Option<&Cursor>,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        let page = self.page(selection, cursor, cancel).await?;
        give(ChangesPage { page, removed: Vec::new(), token: None }, taker)
    }
    /// One page of a tracked reading of an entity's records, without filter, order, list or limit. `None`: the baseline begins, which reads
    /// all of them. A token of an earlier reading: what changed since. A page's `next`: the page after it. Whether an entity can be read
    /// so its summary tells (`change_tracking`). A token that has expired is `ErrorCode::UnexpectedReply`, and a new baseline is read.
    async fn changes(
        &self,
        selection: &Selection,
        from: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<ChangesPage, SynclineError> {
        let (_, _) = (from, cancel);
        let entity = selection.entity.as_ref().map_or("this", EntityName::as_str);
        Err(SynclineError::new(
            ErrorCode::ServiceRefused,
            format!("the service tells no changes of {entity} records"),
        )
        .hint("read by modification date, or everything"))
    }
    /// The same page as [`Source::changes`] brings, given to `taker` while it arrives.
    async fn changes_to(
        &self,
        selection: &Selection,
        from: Option<&Cursor>,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        give(self.changes(selection, from, cancel).await?, taker)
    }
    /// Single records by id, in the order asked; `None` where there is none. Empty `columns`: all.
    async fn get(
        &self,
        entity: &EntityName,
        ids: &[RecordId],
        columns: &[ColumnName],
        cancel: &CancellationToken,
    ) -> Result<Vec<Option<Record>>, SynclineError>;
}
