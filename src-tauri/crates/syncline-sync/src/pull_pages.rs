//! The pages of a pull: one thread reads and takes them apart, another keeps and stores them. A page is kept as it came before the next
//! one is asked for, so that the network works while the page is stored and nothing but the page in flight is ever read twice.

use jiff::SignedDuration;
use std::sync::Arc;
use syncline_connect::{ChangesPage, Cursor, Selection, Source};
use syncline_model::{ErrorCode, SynclineError};
use syncline_store::{PackedPage, PageNotes, Pull, Store};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cost::pages;
use crate::index;
use crate::progress::{Work, blocking};
use crate::pull_way::PlannedPull;
use crate::seen::seen;

/// Pages beside the one that is being stored: on the wire, or ready. A page is asked for when the one before it is stored or kept, so that
/// after a crash no more than the one in flight is read again.
const PAGES_AHEAD: usize = 1;
/// A wait for the network that is long enough to index records meanwhile.
const LONG_WAIT: SignedDuration = SignedDuration::from_millis(100);

/// One page, whichever way it comes.
async fn next_page(
    source: &dyn Source,
    tracked: bool,
    selection: &Selection,
    cursor: Option<&Cursor>,
    cancel: &CancellationToken,
) -> Result<ChangesPage, SynclineError> {
    if tracked {
        return source.changes(selection, cursor, cancel).await;
    }
    let page = source.page(selection, cursor, cancel).await?;
    Ok(ChangesPage { page, removed: Vec::new(), token: None })
}

#[expect(clippy::too_many_arguments, reason = "the parts of one loop; a struct would name them twice")]
pub(crate) async fn read_and_store(
    store: &Store,
    source: Arc<dyn Source>,
    planned: &PlannedPull,
    pull: &Pull,
    first: Option<Cursor>,
    already: u64,
    total: Option<u64>,
    work: &Work,
) -> Result<(), SynclineError> {
    let (sender, mut receiver) = mpsc::channel::<Result<Arrived, SynclineError>>(PAGES_AHEAD);
    let (go_on, mut may_go_on) = mpsc::channel::<()>(PAGES_AHEAD);
    let reading = work.cancel.child_token();
    let (cancel, selection, tracked) = (reading.clone(), planned.selection.clone(), planned.way.is_tracked());
    let (tally, page_size) = (work.tally.clone(), planned.selection.page_size);
    // One thread takes pages apart and one writes them: an allocator keeps what was freed for each thread that allocates.
    let runtime = tokio::runtime::Handle::current();
    let reader = tokio::task::spawn_blocking(move || {
        let mut cursor = first;
        loop {
            let page = next_page(source.as_ref(), tracked, &selection, cursor.as_ref(), &cancel);
            let page = runtime.block_on(tally.count(page));
            let arrived = page.and_then(Arrived::new);
            let next = arrived.as_ref().ok().and_then(|arrived| arrived.changes.page.next.clone());
            let ended = next.is_none();
            if runtime.block_on(sender.send(arrived)).is_err() || ended {
                return;
            }
            // Not before this page outlives the process.
            if runtime.block_on(may_go_on.recv()).is_none() {
                return;
            }
            cursor = next;
        }
    });
    let (store, pull, work) = (store.clone(), pull.clone(), work.clone());
    let stored =
        blocking(move || store_pages(&store, &mut receiver, &go_on, &pull, already, total, page_size, &work))
            .await;
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

/// A page with the form in which it is kept; the last one needs none.
struct Arrived {
    changes: ChangesPage,
    packed: Option<PackedPage>,
}

impl Arrived {
    fn new(changes: ChangesPage) -> Result<Self, SynclineError> {
        let ChangesPage { page, removed, token } = &changes;
        let packed = match &page.next {
            None => None,
            Some(next) => {
                let token = token.as_ref().map(|token| token.0.as_str());
                Some(PackedPage::pack(&page.records, removed, Some(&next.0), token, page.bytes)?)
            }
        };
        Ok(Self { changes, packed })
    }
}

/// Stores pages as they come. True: the last one was among them.
#[expect(clippy::too_many_arguments, reason = "as above")]
fn store_pages(
    store: &Store,
    pages: &mut mpsc::Receiver<Result<Arrived, SynclineError>>,
    go_on: &mpsc::Sender<()>,
    pull: &Pull,
    already: u64,
    total: Option<u64>,
    page_size: u32,
    work: &Work,
) -> Result<bool, SynclineError> {
    let (mut read, mut last) = (already, false);
    loop {
        let asked = work.now();
        let Some(arrived) = pages.blocking_recv() else { return Ok(last) };
        let waited = work.now().duration_since(asked);
        let Arrived { changes, packed } = arrived?;
        if let Some(packed) = packed {
            store.keep_page(pull.id, &packed)?;
            drop(packed);
            // Where nobody reads any more, the reader has said why.
            let _ = go_on.blocking_send(());
        }
        let ChangesPage { page, removed, token } = changes;
        last = page.next.is_none();
        let next = page.next.as_ref().map(|cursor| cursor.0.as_str());
        let seen = seen(&page.records);
        let notes = PageNotes {
            removed: &removed,
            modified: seen.modified,
            version: seen.version,
            token: token.as_ref().map(|token| token.0.as_str()),
        };
        store.write_noted_page(pull.id, &page.records, next, page.bytes, &notes, work.now())?;
        read += page.records.len() as u64;
        drop(page);
        work.tell_calls(to_come(last, read, total, page_size));
        work.tell("reading", read, total.map(|total| total.max(read)));
        work.check()?;
        if waited >= LONG_WAIT {
            // The network is slower than the store: the next wait is time for the search index.
            store.index_records(pull.connection, &pull.entity, index::WHILE_WAITING)?;
        }
    }
}

/// Requests that are still to come after a page; `None`: nobody can tell.
pub(crate) fn to_come(last: bool, read: u64, total: Option<u64>, page_size: u32) -> Option<u64> {
    if last {
        return Some(0);
    }
    total.map(|total| pages(total.saturating_sub(read), page_size))
}

#[cfg(test)]
mod tests {
    use super::to_come;

    #[test]
    fn pages_to_come() {
        assert_eq!(to_come(false, 500, Some(1_600), 500), Some(3));
        assert_eq!(to_come(false, 1_600, Some(1_600), 500), Some(1), "the service names another page");
        assert_eq!(to_come(false, 500, None, 500), None);
        assert_eq!(to_come(true, 500, None, 500), Some(0));
    }
}
