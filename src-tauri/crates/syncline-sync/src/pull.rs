//! Pulling an entity into the store: the network reads the next page while the last one is stored; each page is durable with its cursor,
//! so that an interrupted pull goes on from the page in flight.

use jiff::SignedDuration;
use std::sync::Arc;
use syncline_connect::{Cursor, Page, Selection, Source};
use syncline_model::{ColumnName, EntitySchema, ErrorCode, SynclineError};
use syncline_store::{Pull, PullEnd, PullKind, PullStart, Store};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::index;
use crate::progress::{Work, blocking};

/// Pages beside the one that is being stored: on the wire, or ready. After a crash no more than these two are read again.
const PAGES_AHEAD: usize = 1;
/// Bytes that a page is to have, about. Two such pages are in memory at once, and for a moment a page's body and its records.
const PAGE_BYTES: usize = 6 << 20;
/// Bytes of a column in a page, with its name and annotations, about.
const COLUMN_BYTES: usize = 64;
/// Smallest page that is asked for on account of its bytes.
const LEAST_RECORDS: usize = 500;
/// A wait for the network that is long enough to index records meanwhile.
const LONG_WAIT: SignedDuration = SignedDuration::from_millis(100);

/// What to pull.
#[derive(Debug, Clone)]
pub struct PullRequest {
    /// Connection that the records belong to.
    pub connection: Uuid,
    /// The entity as the service describes it now.
    pub schema: EntitySchema,
    /// Columns; empty: all readable.
    pub columns: Vec<ColumnName>,
    /// A checked FetchXML filter. Records that it leaves out are removed from the store at the end.
    pub filter: Option<String>,
    /// Records a page.
    pub page_size: u32,
    /// Begin anew even if an interrupted pull could go on.
    pub full: bool,
}

/// Pulls. The pull as it ended; an error leaves what was stored and can be resumed by the same request.
pub async fn pull(
    store: &Store,
    source: Arc<dyn Source>,
    request: PullRequest,
    work: &Work,
) -> Result<Pull, SynclineError> {
    let selection = Selection {
        entity: Some(request.schema.summary.logical_name.clone()),
        columns: request.columns.clone(),
        filter: request.filter.clone(),
        page_size: page_size(&request).clamp(1, source.capabilities().max_page_size.max(1)),
        ..Selection::default()
    };
    work.tell("counting", 0, None);
    let total = source.count(&selection, &work.cancel).await.ok().map(|count| count.value);
    work.check()?;
    let first = attempt(store, Arc::clone(&source), &request, &selection, total, work).await?;
    if !first.place_is_lost() {
        return first.into_result();
    }
    // What was stored stays; every record is looked at again, and none is stored twice.
    let anew = PullRequest { full: true, ..request };
    attempt(store, source, &anew, &selection, total, work).await?.into_result()
}

/// Records a page: as asked, and fewer where the records are wide, so that memory does not depend on the entity.
fn page_size(request: &PullRequest) -> u32 {
    let columns = if request.columns.is_empty() {
        request.schema.columns.iter().filter(|column| column.readable).count()
    } else {
        request.columns.len()
    };
    let fitting = (PAGE_BYTES / (columns.max(1) * COLUMN_BYTES)).max(LEAST_RECORDS);
    request.page_size.min(u32::try_from(fitting).unwrap_or(u32::MAX))
}

/// A pull from its begin, or from the place where an earlier one stood.
struct Attempt {
    result: Result<(), SynclineError>,
    begun: Pull,
    finished: Pull,
}

impl Attempt {
    /// The service no longer takes the place from which an earlier pull was to go on, as after a restart or when too much time has passed.
    fn place_is_lost(&self) -> bool {
        let refused = |error: &SynclineError| match error.code {
            ErrorCode::ServiceRefused
            | ErrorCode::NotFound
            | ErrorCode::QueryInvalid
            | ErrorCode::UnexpectedReply => true,
            ErrorCode::Usage
            | ErrorCode::DefinitionInvalid
            | ErrorCode::AlreadyExists
            | ErrorCode::SignInNeeded
            | ErrorCode::SignInRefused
            | ErrorCode::SignInCancelled
            | ErrorCode::PrivilegeMissing
            | ErrorCode::ReadOnly
            | ErrorCode::ConfirmationNeeded
            | ErrorCode::IdentityChanged
            | ErrorCode::GuardRefused
            | ErrorCode::Throttled
            | ErrorCode::Unreachable
            | ErrorCode::KeychainUnavailable
            | ErrorCode::StoreKeyWrong
            | ErrorCode::StoreNewer
            | ErrorCode::StoreCorrupt
            | ErrorCode::DiskFull
            | ErrorCode::Busy
            | ErrorCode::Cancelled
            | ErrorCode::File
            | ErrorCode::Internal => false,
        };
        self.begun.cursor.is_some()
            && self.finished.counts.pages == self.begun.counts.pages
            && self.result.as_ref().is_err_and(refused)
    }

    fn into_result(self) -> Result<Pull, SynclineError> {
        self.result.map(|()| self.finished)
    }
}

async fn attempt(
    store: &Store,
    source: Arc<dyn Source>,
    request: &PullRequest,
    selection: &Selection,
    total: Option<u64>,
    work: &Work,
) -> Result<Attempt, SynclineError> {
    let begun = begin(store, request, selection, work).await?;
    let already = begun.counts.read;
    work.tell("reading", already, total);
    let first = begun.cursor.clone().map(Cursor);
    let result = if begun.has_every_page() {
        // It died between its last page and its end.
        Ok(())
    } else {
        read_and_store(store, source, selection.clone(), &begun, first, already, total, work).await
    };
    let end = match &result {
        Ok(()) => PullEnd::Done,
        Err(error) if error.code == ErrorCode::Cancelled => PullEnd::Cancelled,
        Err(_) => PullEnd::Interrupted,
    };
    work.tell("finishing", total.unwrap_or_default(), total);
    let (kept, id, now) = (store.clone(), begun.id, work.now());
    let finished = blocking(move || Ok(kept.finish_pull(id, end, now)?)).await;
    match (result, finished) {
        (result, Ok(finished)) => Ok(Attempt { result, begun, finished }),
        // What went wrong first is what matters.
        (Err(error), Err(_)) | (Ok(()), Err(error)) => Err(error),
    }
}

async fn begin(
    store: &Store,
    request: &PullRequest,
    selection: &Selection,
    work: &Work,
) -> Result<Pull, SynclineError> {
    let text = serde_json::to_string(selection).map_err(|error| {
        SynclineError::new(ErrorCode::Internal, format!("a selection can't be written: {error}"))
    })?;
    let (store, request, now) = (store.clone(), request.clone(), work.now());
    blocking(move || {
        let entity = &request.schema.summary.logical_name;
        if !request.full
            && let Some(earlier) = store.resumable_pull(request.connection, entity, &text)?
        {
            return Ok(store.resume_pull(earlier.id)?);
        }
        let start = PullStart {
            connection: request.connection,
            schema: &request.schema,
            columns: &request.columns,
            selection: &text,
            kind: PullKind::Full,
        };
        Ok(store.begin_pull(&start, now)?)
    })
    .await
}

#[expect(clippy::too_many_arguments, reason = "the parts of one loop; a struct would name them twice")]
async fn read_and_store(
    store: &Store,
    source: Arc<dyn Source>,
    selection: Selection,
    pull: &Pull,
    first: Option<Cursor>,
    already: u64,
    total: Option<u64>,
    work: &Work,
) -> Result<(), SynclineError> {
    let (sender, mut receiver) = mpsc::channel::<Result<Page, SynclineError>>(PAGES_AHEAD);
    let reading = work.cancel.child_token();
    let cancel = reading.clone();
    // One thread takes pages apart and one writes them: an allocator keeps what was freed for each thread that allocates.
    let runtime = tokio::runtime::Handle::current();
    let reader = tokio::task::spawn_blocking(move || {
        let mut cursor = first;
        loop {
            // The place is taken before the page is asked for, so that none arrives for which there is no room.
            let Ok(place) = runtime.block_on(sender.reserve()) else { return };
            let page = runtime.block_on(source.page(&selection, cursor.as_ref(), &cancel));
            let next = page.as_ref().ok().and_then(|page| page.next.clone());
            let ended = page.is_err() || next.is_none();
            place.send(page);
            if ended {
                return;
            }
            cursor = next;
        }
    });
    let (store, pull, work) = (store.clone(), pull.clone(), work.clone());
    let stored = blocking(move || store_pages(&store, &mut receiver, &pull, already, total, &work)).await;
    // Where a page could not be stored, the next one need not come.
    reading.cancel();
    let last = stored?;
    if let Err(error) = reader.await {
        return Err(SynclineError::new(ErrorCode::Internal, format!("the reading broke off: {error}")));
    }
    if last {
        Ok(())
    } else {
        Err(SynclineError::new(ErrorCode::Internal, "the reading ended before the last page"))
    }
}

/// Stores pages as they come. True: the last one was among them.
fn store_pages(
    store: &Store,
    pages: &mut mpsc::Receiver<Result<Page, SynclineError>>,
    pull: &Pull,
    already: u64,
    total: Option<u64>,
    work: &Work,
) -> Result<bool, SynclineError> {
    let (mut read, mut last) = (already, false);
    loop {
        let asked = work.now();
        let Some(page) = pages.blocking_recv() else { return Ok(last) };
        let waited = work.now().duration_since(asked);
        let page = page?;
        last = page.next.is_none();
        let next = page.next.as_ref().map(|cursor| cursor.0.as_str());
        store.write_page(pull.id, &page.records, next, page.bytes, work.now())?;
        read += page.records.len() as u64;
        drop(page);
        work.tell("reading", read, total.map(|total| total.max(read)));
        work.check()?;
        if waited >= LONG_WAIT {
            // The network is slower than the store: the next wait is time for the search index.
            store.index_records(pull.connection, &pull.entity, index::WHILE_WAITING)?;
        }
    }
}
