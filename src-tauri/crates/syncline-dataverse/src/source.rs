//! Dataverse as a source.

use async_trait::async_trait;
use std::collections::HashMap;
use syncline_connect::{
    Capabilities, ChangesPage, Count, Cursor, Page, PageEnd, Selection, SharedTaker, Source, Toll, WholePage,
};
use syncline_fetchxml::Fetch;
use syncline_model::{
    ColumnName, EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, Record, RecordId, SynclineError,
};
use syncline_odata::QueryOptions;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::annotations::Annotated;
use crate::cursor::Position;
use crate::links::Trail;
use crate::page_fetch::fetch_error;
use crate::page_stream::Heading;
use crate::records::{Asked, entity_of, record};

/// Ids in one `In` filter; keeps the address short.
pub(crate) const IDS_A_REQUEST: usize = 100;
/// Requests that describe an entity: its columns, keys and relationships, and one for each kind of column with more to say.
const DESCRIPTION_REQUESTS: u64 = 15;

impl DataverseConnector {
    pub(crate) fn abilities(&self) -> Capabilities {
        Capabilities {
            reads_back: true,
            upserts: true,
            guards_versions: true,
            deletes: true,
            takes_events: false,
            partial_batches: true,
            filters: true,
            max_batch_rows: self.settings.batch_rows,
            max_batch_bytes: 16 * 1024 * 1024,
            max_page_size: 5000,
            parallel_batches: self.budget().limit,
        }
    }

    /// Records by id, each once, with the asked columns; absent ones are not in the answer.
    pub(crate) async fn by_ids(
        &self,
        schema: &EntitySchema,
        ids: &[String],
        asked: &Asked,
        cancel: &CancellationToken,
    ) -> Result<HashMap<String, Record>, SynclineError> {
        let key = schema.summary.primary_id.as_str();
        let heading = Heading::of(schema);
        let annotated = Annotated::of(schema);
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_A_REQUEST) {
            let list: Vec<String> = chunk.iter().map(|id| format!("\"{id}\"")).collect();
            let filter = format!(
                "Microsoft.Dynamics.CRM.In(PropertyName='{key}',PropertyValues=[{}])",
                list.join(",")
            );
            let options =
                if asked.all { QueryOptions::new() } else { QueryOptions::new().select(&asked.wire) };
            let query = options.filter(filter).to_query();
            let mut url = Some(self.api.url(&format!("/{}{query}", schema.summary.set_name)));
            let mut trail = Trail::default();
            while let Some(link) = url {
                let prefer = self.row_preferences();
                let (records, next) = self
                    .api
                    .page_of(&annotated, &link, &prefer, cancel, |page, _| {
                        let records = page
                            .value
                            .iter()
                            .map(|raw| record(&heading, (*raw).to_owned(), asked, false))
                            .collect::<Result<Vec<_>, _>>()?;
                        Ok((records, page.next_link.as_deref().map(str::to_owned)))
                    })
                    .await?;
                found.extend(records.into_iter().map(|record| (record.id.as_str().to_owned(), record)));
                url = self.api.next_page(&link, next.as_deref(), &mut trail)?;
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Source for DataverseConnector {
    fn capabilities(&self) -> Capabilities {
        self.abilities()
    }

    async fn identity(&self) -> Result<Identity, SynclineError> {
        self.who_am_i().await
    }

    fn toll(&self, entity: &EntityName) -> Toll {
        Toll {
            // Who answers, whether the schema changed, and how many records there are.
            opening: 3,
            description: DESCRIPTION_REQUESTS,
            described: self.remembers_schema(entity),
            a_batch: 0,
            ids_a_request: IDS_A_REQUEST as u64,
            keys_a_request: crate::probe::KEYS_A_REQUEST as u64,
            protected: true,
            seconds_a_call: self.budget().read_ms.map(|ms| ms / 1000.0),
        }
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

    async fn count(&self, selection: &Selection, cancel: &CancellationToken) -> Result<Count, SynclineError> {
        let schema = self.known_schema(entity_of(selection)?, cancel).await?;
        self.count_selection(&schema, selection, cancel).await
    }

    async fn page(
        &self,
        selection: &Selection,
        cursor: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<Page, SynclineError> {
        let whole = WholePage::shared();
        let taker: SharedTaker = whole.clone();
        let end = self.page_to(selection, cursor, &taker, cancel).await?;
        Ok(WholePage::page(&whole, end).page)
    }

    async fn page_to(
        &self,
        selection: &Selection,
        cursor: Option<&Cursor>,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        let schema = self.known_schema(entity_of(selection)?, cancel).await?;
        if selection.top == Some(0) {
            return Ok(PageEnd { next: None, token: None, bytes: 0 });
        }
        match cursor.map(Position::from_cursor).transpose()? {
            Some(Position::Changes { link, trail }) => self
                .changed_page(&schema, selection, &link, trail, taker, cancel)
                .await
                .map_err(no_longer_known),
            Some(Position::Link { link, read, trail }) => self
                .linked_page(&schema, selection, &link, read, trail, taker, cancel)
                .await
                .map_err(no_longer_known),
            Some(Position::Fetch { xml, read, trail }) => {
                let fetch = Fetch::parse(&xml).map_err(|error| fetch_error(&error))?;
                self.fetch_page(&schema, selection, &fetch, read, trail, taker, cancel)
                    .await
                    .map_err(no_longer_known)
            }
            None if selection.filter.is_none() && selection.list.is_none() && selection.order.is_empty() => {
                self.first_odata_page(&schema, selection, taker, cancel).await
            }
            None => {
                let fetch = self.selection_fetch(&schema, selection, cancel).await?;
                self.fetch_page(&schema, selection, &fetch, 0, Trail::default(), taker, cancel).await
            }
        }
    }

    async fn changes(
        &self,
        selection: &Selection,
        from: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<ChangesPage, SynclineError> {
        let whole = WholePage::shared();
        let taker: SharedTaker = whole.clone();
        let end = self.changes_to(selection, from, &taker, cancel).await?;
        Ok(WholePage::page(&whole, end))
    }

    async fn changes_to(
        &self,
        selection: &Selection,
        from: Option<&Cursor>,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        let schema = self.known_schema(entity_of(selection)?, cancel).await?;
        match from.map(Position::from_cursor).transpose()? {
            None => self.first_tracked_page(&schema, selection, taker, cancel).await,
            Some(Position::Changes { link, trail } | Position::Link { link, trail, .. }) => self
                .changed_page(&schema, selection, &link, trail, taker, cancel)
                .await
                .map_err(no_longer_known),
            Some(Position::Fetch { .. }) => Err(no_longer_known(SynclineError::new(
                ErrorCode::UnexpectedReply,
                "the place is none of a tracked reading",
            ))),
        }
    }

    async fn get(
        &self,
        entity: &EntityName,
        ids: &[RecordId],
        columns: &[ColumnName],
        cancel: &CancellationToken,
    ) -> Result<Vec<Option<Record>>, SynclineError> {
        let schema = self.known_schema(entity, cancel).await?;
        let asked = Asked::new(&schema, columns)?;
        let mut wanted = Vec::with_capacity(ids.len());
        for id in ids {
            wanted.push(syncline_odata::guid(id.as_str()).ok_or_else(|| {
                SynclineError::new(ErrorCode::Usage, format!("not a record id: {id}"))
                    .hint("ids of Dataverse are GUIDs")
            })?);
        }
        let mut distinct = wanted.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let found = self.by_ids(&schema, &distinct, &asked, cancel).await?;
        Ok(wanted.iter().map(|id| found.get(id).cloned()).collect())
    }
}

/// The first page was answered; what is refused now is the place in the pages.
fn no_longer_known(mut error: SynclineError) -> SynclineError {
    if error.code == ErrorCode::QueryInvalid {
        error.code = ErrorCode::UnexpectedReply;
        error.hint = Some("the place in the pages is no longer known; start reading again".to_owned());
    }
    error
}
