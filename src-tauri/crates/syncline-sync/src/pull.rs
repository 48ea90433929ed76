//! Pulling an entity into the store: a page is stored while it arrives and is durable with its cursor, so that an interrupted pull goes on
//! from the page in flight.

use std::convert::Infallible;
use std::sync::Arc;
use syncline_connect::{Cursor, Selection, Source};
use syncline_model::{ColumnName, EntitySchema, ErrorCode, FetchSection, SynclineError};
use syncline_store::{Mark, Pull, PullEnd, PullStart, Store};
use uuid::Uuid;

use crate::progress::{Work, blocking};
use crate::pull_pages::{Total, read_and_store, to_come};
use crate::pull_way::{LARGE_LIST, PlannedPull, PullAsk, PullWay, mark_selection, read_columns};
use crate::read_ahead::{end_of, go_on};

/// What to pull.
#[derive(Debug, Clone)]
pub struct PullRequest {
    /// Connection that the records belong to.
    pub connection: Uuid,
    /// The entity as the service describes it now; for a marketing list the entity of its members.
    pub schema: EntitySchema,
    /// Columns; empty: all readable.
    pub columns: Vec<ColumnName>,
    /// A checked FetchXML filter. Records that it leaves out are removed from the store when everything is read.
    pub filter: Option<String>,
    /// Id of a marketing list: its members in place of all records.
    pub list: Option<String>,
    /// Which records.
    pub fetch: FetchSection,
    /// Records a page.
    pub page_size: u32,
    /// Begin anew even if an interrupted pull could go on.
    pub full: bool,
}

/// A pull that is done.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The pull.
    pub pull: Pull,
    /// How it was done and what is to be said about it.
    pub planned: PlannedPull,
    /// Records that were left out because they are new, where that was asked for and could be counted.
    pub left_out: Option<u64>,
    /// The watermark it leaves.
    pub mark: Option<Mark>,
}

/// Pulls. The pull as it ended; an error leaves what was stored and can be resumed by the same request.
pub async fn pull(
    store: &Store,
    source: Arc<dyn Source>,
    request: PullRequest,
    work: &Work,
) -> Result<Pulled, SynclineError> {
    let ask = pull_ask(source.as_ref(), &request);
    let (mut planned, mut earlier) = prepared(store, &request, &ask, work).await?;
    // What the service refuses to go on with is begun anew: an old place, an expired change token, tracking that the user may not use.
    for _ in 0..3 {
        let attempt = attempt(store, Arc::clone(&source), &request, &mut planned, earlier, work).await?;
        let Some(refusal) = attempt.refused_at_once(&planned) else {
            let pull = attempt.into_result()?;
            return finished(store, source, &request, planned, pull, work).await;
        };
        if attempt.begun.cursor.is_some() {
            // What was stored stays; every record is looked at again, and none is stored twice.
            let anew = PullRequest { full: true, ..request.clone() };
            planned = prepared(store, &anew, &ask, work).await?.0;
        } else {
            let id = attempt.begun.id;
            let kept = store.clone();
            blocking(move || Ok(kept.discard_pull(id)?)).await?;
            planned = planned.begun_anew(&request.schema, &refusal);
        }
        earlier = None;
    }
    Err(SynclineError::new(
        ErrorCode::UnexpectedReply,
        "the service refuses every way of reading the records",
    )
    .hint("try again later; if it stays so, give the request id to Microsoft support"))
}

/// What a request asks of a source.
pub(crate) fn pull_ask(source: &dyn Source, request: &PullRequest) -> PullAsk {
    PullAsk {
        columns: read_columns(&request.schema, &request.columns),
        filter: request.filter.clone().filter(|text| !text.trim().is_empty()),
        list: request.list.clone(),
        page_size: request.page_size.clamp(1, source.capabilities().max_page_size.max(1)),
        fetch: request.fetch.clone(),
    }
}

/// How it will be done: as the interrupted pull of the same request began, or newly decided.
pub(crate) async fn prepared(
    store: &Store,
    request: &PullRequest,
    ask: &PullAsk,
    work: &Work,
) -> Result<(PlannedPull, Option<Uuid>), SynclineError> {
    let (store, request, ask, now) = (store.clone(), request.clone(), ask.clone(), work.now());
    blocking(move || {
        let entity = &request.schema.summary.logical_name;
        if !request.full
            && let Some(last) = store.last_pull(request.connection, entity)?
            && last.can_go_on()
            && let Ok(planned) = serde_json::from_str::<PlannedPull>(&last.selection)
            && planned.ask == ask
        {
            return Ok((planned, Some(last.id)));
        }
        let selection = mark_selection(&ask.columns, ask.filter.as_deref());
        let mark = store.mark(request.connection, entity, &selection)?;
        let planned = PlannedPull::decide(ask, &request.schema, mark.as_ref().map(|mark| &mark.place), now)?;
        Ok((planned, None))
    })
    .await
}

async fn finished(
    store: &Store,
    source: Arc<dyn Source>,
    request: &PullRequest,
    mut planned: PlannedPull,
    pull: Pull,
    work: &Work,
) -> Result<Pulled, SynclineError> {
    let mut left_out = None;
    if let Some(filter) = &planned.left_out {
        let new = Selection { filter: Some(filter.clone()), ..planned.selection.clone() };
        // It is told, not worked with; a pull does not fail for it.
        left_out = source.count(&new, &work.cancel).await.ok().map(|count| count.value);
    }
    let (kept, connection, entity) =
        (store.clone(), request.connection, request.schema.summary.logical_name.clone());
    let selection = mark_selection(&planned.ask.columns, planned.ask.filter.as_deref());
    let mark = blocking(move || Ok(kept.mark(connection, &entity, &selection)?)).await?;
    if planned.way.is_tracked() && mark.as_ref().is_none_or(|mark| mark.place.token.is_none()) {
        planned.note("The service gave no change token, so later pulls go by modification date, and deletions are found only when everything is read.");
    }
    Ok(Pulled { pull, planned, left_out, mark })
}

/// A pull from its begin, or from the place where an earlier one stood.
struct Attempt {
    result: Result<(), SynclineError>,
    begun: Pull,
    finished: Pull,
}

impl Attempt {
    /// The service's words, if it refused the very first request of going on from somewhere: from a place in the pages, as after a restart
    /// or when too much time has passed, from a change token, or as a tracked reading.
    fn refused_at_once(&self, planned: &PlannedPull) -> Option<String> {
        let refused = |error: &SynclineError| match error.code {
            ErrorCode::ServiceRefused
            | ErrorCode::NotFound
            | ErrorCode::QueryInvalid
            | ErrorCode::UnexpectedReply => true,
            // Tracking changes needs the right to read all records of the table.
            ErrorCode::PrivilegeMissing => planned.way == PullWay::Baseline && self.begun.cursor.is_none(),
            ErrorCode::Usage
            | ErrorCode::DefinitionInvalid
            | ErrorCode::AlreadyExists
            | ErrorCode::SignInNeeded
            | ErrorCode::SignInRefused
            | ErrorCode::SignInCancelled
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
        let goes_on = self.begun.cursor.is_some() || planned.way.is_tracked();
        let error = self.result.as_ref().err().filter(|error| refused(error))?;
        (goes_on && self.finished.counts.pages == self.begun.counts.pages).then(|| error.message.clone())
    }

    fn into_result(self) -> Result<Pull, SynclineError> {
        self.result.map(|()| self.finished)
    }
}

async fn attempt(
    store: &Store,
    source: Arc<dyn Source>,
    request: &PullRequest,
    planned: &mut PlannedPull,
    earlier: Option<Uuid>,
    work: &Work,
) -> Result<Attempt, SynclineError> {
    let total = Total::default();
    if planned.way == PullWay::Members {
        work.tell("counting", 0, None);
        total.ask(source.as_ref(), &planned.selection, work).await;
        work.check()?;
        if let (None, Some(members)) = (earlier, total.get())
            && members > LARGE_LIST
        {
            planned.note(format!(
                "The list has {members} members, and each run reads all of them: pull it seldom, or narrow it with a filter."
            ));
        }
    }
    let begun = begin(store, request, planned, earlier, work).await?;
    let already = begun.counts.read;
    work.tell_calls(to_come(begun.has_every_page(), already, total.get(), planned.selection.page_size));
    work.tell("reading", already, total.get());
    let first = begun.cursor.clone().or_else(|| planned.token.clone()).map(Cursor);
    let result = if begun.has_every_page() {
        // It died between its last page and its end.
        Ok(())
    } else {
        let reading =
            read_and_store(store, Arc::clone(&source), planned, &begun, first, already, &total, work);
        // A count is for the eye: the pages do not wait for it, nor it for them.
        let counting = async {
            match planned.way {
                // How many records changed is known when they are read; members are counted already.
                PullWay::Changes | PullWay::Members => {}
                PullWay::Everything | PullWay::Baseline | PullWay::Since | PullWay::LookBack => {
                    total.ask(source.as_ref(), &planned.selection, work).await;
                }
            }
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            result = reading => result,
            never = counting => match never {},
        }
    };
    let end = match &result {
        Ok(()) => PullEnd::Done,
        Err(error) => end_of(error),
    };
    work.tell("finishing", total.get().unwrap_or_default(), total.get());
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
    planned: &PlannedPull,
    earlier: Option<Uuid>,
    work: &Work,
) -> Result<Pull, SynclineError> {
    let text = serde_json::to_string(planned).map_err(|error| {
        SynclineError::new(ErrorCode::Internal, format!("a pull's plan can't be written: {error}"))
    })?;
    let plan = planned.plan()?;
    let (columns, kind) = (planned.ask.columns.clone(), planned.way.kind());
    let (store, request, work) = (store.clone(), request.clone(), work.clone());
    blocking(move || {
        if let Some(earlier) = earlier {
            return go_on(&store, earlier, &work);
        }
        let start = PullStart {
            connection: request.connection,
            schema: &request.schema,
            columns: &columns,
            selection: &text,
            kind,
        };
        Ok(store.begin_planned_pull(&start, &plan, work.now())?)
    })
    .await
}
