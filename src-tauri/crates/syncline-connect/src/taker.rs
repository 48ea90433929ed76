//! Pages that are taken record by record, while they arrive: a page of any size then needs no memory of its own.

use std::sync::{Arc, Mutex, PoisonError};
use syncline_model::{Record, RecordId, SynclineError};

use crate::{ChangesPage, Cursor, Page};

/// Takes the records of a page while it arrives. An error ends the reading.
pub trait PageTaker: Send {
    /// The page begins, perhaps not for the first time: everything that was given of it comes again.
    fn begin(&mut self) -> Result<(), SynclineError>;
    /// A record. It may take its time.
    fn record(&mut self, record: Record) -> Result<(), SynclineError>;
    /// The id of a record that is gone, where changes are read.
    fn removed(&mut self, id: RecordId) -> Result<(), SynclineError>;
}

/// A taker as the tries of a request share it.
pub type SharedTaker = Arc<Mutex<dyn PageTaker>>;

/// What is known when a page is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageEnd {
    /// The next page; absent at the end.
    pub next: Option<Cursor>,
    /// On the last page of a tracked reading: where later changes are read.
    pub token: Option<Cursor>,
    /// Bytes of the body, after decompression.
    pub bytes: u64,
}

/// Keeps a page as a whole.
#[derive(Debug, Default)]
pub struct WholePage {
    records: Vec<Record>,
    removed: Vec<RecordId>,
}

impl PageTaker for WholePage {
    fn begin(&mut self) -> Result<(), SynclineError> {
        *self = Self::default();
        Ok(())
    }
    fn record(&mut self, record: Record) -> Result<(), SynclineError> {
        self.records.push(record);
        Ok(())
    }
    fn removed(&mut self, id: RecordId) -> Result<(), SynclineError> {
        self.removed.push(id);
        Ok(())
    }
}

impl WholePage {
    /// One to be handed out.
    pub fn shared() -> Arc<Mutex<Self>> {
        Arc::default()
    }

    /// The page it has taken.
    pub fn page(taker: &Mutex<Self>, end: PageEnd) -> ChangesPage {
        let Self { records, removed } =
            std::mem::take(&mut *taker.lock().unwrap_or_else(PoisonError::into_inner));
        ChangesPage { page: Page { records, next: end.next, bytes: end.bytes }, removed, token: end.token }
    }
}

/// Gives a page that is there as a whole.
pub(crate) fn give(page: ChangesPage, taker: &SharedTaker) -> Result<PageEnd, SynclineError> {
    let mut taker = taker.lock().unwrap_or_else(PoisonError::into_inner);
    taker.begin()?;
    page.page.records.into_iter().try_for_each(|record| taker.record(record))?;
    page.removed.into_iter().try_for_each(|id| taker.removed(id))?;
    Ok(PageEnd { next: page.page.next, token: page.token, bytes: page.page.bytes })
}
