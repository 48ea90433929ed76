//! The store as a source: what was pulled can be mapped and previewed with the network gone.

use async_trait::async_trait;
use jiff::tz::TimeZone;
use syncline_connect::{Capabilities, Count, Cursor, Page, Selection, Source};
use syncline_fetchxml::Filter;
use syncline_model::{
    ColumnName, EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, Record, RecordId, SynclineError,
};
use syncline_store::{GridQuery, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::progress::{Clock, blocking};

/// Records a page: reading is quick, so that more would only take memory.
const PAGE: u32 = 2000;

/// Cached records of a connection.
#[derive(Clone)]
pub struct CachedSource {
    store: Store,
    connection: Uuid,
    identity: Identity,
    clock: Clock,
}

impl CachedSource {
    /// The cache of a connection; `identity`: who was seen when it was last verified.
    pub fn new(store: Store, connection: Uuid, identity: Identity, clock: Clock) -> Self {
        Self { store, connection, identity, clock }
    }

    fn grid(&self, selection: &Selection, offset: u64, limit: u32) -> Result<GridQuery, SynclineError> {
        if selection.list.is_some() {
            return Err(SynclineError::new(
                ErrorCode::Usage,
                "a marketing list can't be read from the cache",
            )
            .hint("read it from the service, or choose its entity"));
        }
        let filter = match &selection.filter {
            None => None,
            Some(text) => Some(Filter::parse(text).map_err(|error| {
                SynclineError::new(ErrorCode::QueryInvalid, format!("the filter can't be read: {error}"))
            })?),
        };
        let mut query = GridQuery::new((self.clock)().to_zoned(TimeZone::UTC), limit);
        query.columns.clone_from(&selection.columns);
        query.filter = filter;
        query.offset = offset;
        query.user_id.clone_from(&self.identity.user_id);
        query.order = selection.order.iter().map(|term| (term.column.clone(), term.descending)).collect();
        Ok(query)
    }

    fn entity(selection: &Selection) -> Result<EntityName, SynclineError> {
        selection.entity.clone().ok_or_else(|| {
            SynclineError::new(ErrorCode::Usage, "no entity is named").hint("name the entity to read")
        })
    }
}

#[async_trait]
impl Source for CachedSource {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_back: true,
            upserts: false,
            guards_versions: false,
            deletes: false,
            takes_events: false,
            partial_batches: false,
            filters: true,
            max_batch_rows: 0,
            max_batch_bytes: 0,
            max_page_size: PAGE,
            parallel_batches: 1,
        }
    }

    async fn identity(&self) -> Result<Identity, SynclineError> {
        Ok(self.identity.clone())
    }

    async fn entities(&self, _: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        let (store, connection) = (self.store.clone(), self.connection);
        blocking(move || Ok(store.entities(connection)?.map(|(entities, _)| entities).unwrap_or_default()))
            .await
    }

    async fn schema(
        &self,
        entity: &EntityName,
        _: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError> {
        let (store, connection, entity) = (self.store.clone(), self.connection, entity.clone());
        blocking(move || {
            store.schema(connection, &entity)?.map(|(schema, _)| schema).ok_or_else(|| {
                SynclineError::new(ErrorCode::NotFound, format!("{entity} is not cached"))
                    .hint("pull it once while there is a network")
            })
        })
        .await
    }

    async fn count(&self, selection: &Selection, _: &CancellationToken) -> Result<Count, SynclineError> {
        let (store, connection) = (self.store.clone(), self.connection);
        let (entity, query) = (Self::entity(selection)?, self.grid(selection, 0, 1)?);
        blocking(move || {
            let page = store.page_records(connection, &entity, &query)?;
            Ok(Count { value: page.total, exact: true })
        })
        .await
    }

    async fn page(
        &self,
        selection: &Selection,
        cursor: Option<&Cursor>,
        _: &CancellationToken,
    ) -> Result<Page, SynclineError> {
        let offset: u64 = match cursor {
            None => 0,
            Some(cursor) => cursor.0.parse().map_err(|_| {
                SynclineError::new(ErrorCode::UnexpectedReply, "the place in the cache can't be read")
                    .hint("begin anew")
            })?,
        };
        let left = selection.top.map_or(u64::MAX, |top| top.saturating_sub(offset));
        let limit = u64::from(selection.page_size.clamp(1, PAGE)).min(left);
        let (store, connection) = (self.store.clone(), self.connection);
        let entity = Self::entity(selection)?;
        let query = self.grid(selection, offset, u32::try_from(limit).unwrap_or(PAGE))?;
        blocking(move || {
            let page = store.page_records(connection, &entity, &query)?;
            let end = offset + page.rows.len() as u64;
            let more = !page.rows.is_empty() && end < page.total && limit < left;
            let bytes = page.rows.iter().map(|row| row.record.raw.get().len() as u64).sum();
            Ok(Page {
                records: page.rows.into_iter().map(|row| row.record).collect(),
                next: more.then(|| Cursor(end.to_string())),
                bytes,
            })
        })
        .await
    }

    async fn get(
        &self,
        entity: &EntityName,
        ids: &[RecordId],
        _: &[ColumnName],
        _: &CancellationToken,
    ) -> Result<Vec<Option<Record>>, SynclineError> {
        let (store, connection, entity, ids) =
            (self.store.clone(), self.connection, entity.clone(), ids.to_vec());
        blocking(move || {
            let rows = store.records(connection, &entity, &ids)?;
            Ok(rows.into_iter().map(|row| row.map(|row| row.record)).collect())
        })
        .await
    }
}
