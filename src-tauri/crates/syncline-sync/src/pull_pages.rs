//! The pages of a pull: one thread takes them apart while they arrive, another stores what is there. The next page is asked for when the
//! one before it is stored, so that nothing but the page in flight is ever read twice.

use jiff::SignedDuration;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use syncline_connect::{Cursor, PageEnd, PageTaker, Selection, SharedTaker, Source};
use syncline_model::{ErrorCode, Record, RecordId, SynclineError};
use syncline_store::{PageNotes, Pull, Store};
use tokio_util::sync::CancellationToken;

use crate::cost::pages;
use crate::index;
use crate::progress::{Work, blocking};
use crate::pull_way::PlannedPull;
use crate::seen::seen;

/// Bytes of records that are stored at a time. A page of any size is in memory no more than thrice that: one portion gathers, one waits
/// and one is stored.
const PORTION_BYTES: usize = 2 << 20;
/// Portions that wait to be stored.
const PORTIONS_AHEAD: usize = 1;
/// A wait for the network that is long enough to index records meanwhile.
const LONG_WAIT: SignedDuration = SignedDuration::from_millis(100);

/// What the reading tells the storing.
enum Arrival {
    /// A page begins, perhaps again.
    Begin,
    /// Some of its records.
    Portion(Portion),
    /// The rest of them, and where it leads.
    End(Portion, PageEnd),
    /// The reading is over.
    Failed(SynclineError),
}

/// Records of a page, and ids of those that are gone.
#[derive(Default)]
struct Portion {
    records: Vec<Record>,
    removed: Vec<RecordId>,
}

/// Gathers portions.
struct Gatherer {
    portion: Portion,
    bytes: usize,
    tell: SyncSender<Arrival>,
}

impl Gatherer {
    fn tell(&self, arrival: Arrival) -> Result<(), SynclineError> {
        // Where nobody stores any more, the storing has said why.
        self.tell.send(arrival).map_err(|_| SynclineError::new(ErrorCode::Cancelled, "the storing has ended"))
    }

    fn take(&mut self) -> Portion {
        self.bytes = 0;
        std::mem::take(&mut self.portion)
    }
}

impl PageTaker for Gatherer {
    fn begin(&mut self) -> Result<(), SynclineError> {
        self.take();
        self.tell(Arrival::Begin)
    }

    fn record(&mut self, record: Record) -> Result<(), SynclineError> {
        self.bytes += record.raw.get().len();
        self.portion.records.push(record);
        if self.bytes < PORTION_BYTES {
            return Ok(());
        }
        let portion = self.take();
        self.tell(Arrival::Portion(portion))
    }

    fn removed(&mut self, id: RecordId) -> Result<(), SynclineError> {
        self.portion.removed.push(id);
        Ok(())
    }
}

/// Reads page after page; each one when the storing of the one before it is heard of.
struct Reader {
    source: Arc<dyn Source>,
    selection: Selection,
    tracked: bool,
    gatherer: Arc<Mutex<Gatherer>>,
    go_on: Receiver<()>,
    cancel: CancellationToken,
}

impl Reader {
    /// One page, whichever way it comes. False: the reading is over.
    async fn page(&self, cursor: &mut Option<Cursor>) -> Result<bool, SynclineError> {
        let taker: SharedTaker = self.gatherer.clone();
        let from = cursor.as_ref();
        let end = if self.tracked {
            self.source.changes_to(&self.selection, from, &taker, &self.cancel).await?
        } else {
            self.source.page_to(&self.selection, from, &taker, &self.cancel).await?
        };
        cursor.clone_from(&end.next);
        let mut gatherer = self.gatherer.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = gatherer.take();
        gatherer.tell(Arrival::End(rest, end))?;
        Ok(cursor.is_some())
    }

    fn fail(&self, error: SynclineError) {
        let gatherer = self.gatherer.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nobody listens, there is an error already.
        let _ = gatherer.tell(Arrival::Failed(error));
    }
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
    let (tell, arrivals) = sync_channel(PORTIONS_AHEAD);
    let (stored, go_on) = channel();
    let reading = work.cancel.child_token();
    let reader = Reader {
        source,
        selection: planned.selection.clone(),
        tracked: planned.way.is_tracked(),
        gatherer: Arc::new(Mutex::new(Gatherer { portion: Portion::default(), bytes: 0, tell })),
        go_on,
        cancel: reading.clone(),
    };
    // One thread takes pages apart and one writes them: an allocator keeps what was freed for each thread that allocates.
    let (runtime, tally) = (tokio::runtime::Handle::current(), work.tally.clone());
    let reader = tokio::task::spawn_blocking(move || {
        let mut cursor = first;
        loop {
            match runtime.block_on(tally.count(reader.page(&mut cursor))) {
                Err(error) => return reader.fail(error),
                Ok(false) => return,
                // Not before this page outlives the process.
                Ok(true) if reader.go_on.recv().is_ok() => {}
                Ok(true) => return,
            }
        }
    });
    let storing = Storing {
        store: store.clone(),
        pull: pull.clone(),
        work: work.clone(),
        page_size: planned.selection.page_size,
        total,
        read: already,
        in_part: 0,
    };
    let result = blocking(move || storing.run(&arrivals, &stored)).await;
    // Where a page could not be stored, the next one need not come.
    reading.cancel();
    let last = result?;
    if let Err(error) = reader.await {
        return Err(SynclineError::new(ErrorCode::Internal, format!("the reading broke off: {error}")));
    }
    if last {
        Ok(())
    } else {
        Err(SynclineError::new(ErrorCode::Internal, "the reading ended before the last page"))
    }
}

/// Stores what arrives.
struct Storing {
    store: Store,
    pull: Pull,
    work: Work,
    page_size: u32,
    total: Option<u64>,
    /// Records that are stored.
    read: u64,
    /// Those of them that are of the page in flight.
    in_part: u64,
}

impl Storing {
    /// True: the last page was stored.
    fn run(mut self, arrivals: &Receiver<Arrival>, stored: &Sender<()>) -> Result<bool, SynclineError> {
        let mut slow = false;
        loop {
            let asked = self.work.now();
            let Ok(arrival) = arrivals.recv() else { return Ok(false) };
            slow = slow || self.work.now().duration_since(asked) >= LONG_WAIT;
            match arrival {
                Arrival::Begin => {
                    if self.in_part > 0 {
                        self.store.page_again(self.pull.id)?;
                        self.read -= std::mem::take(&mut self.in_part);
                    }
                }
                Arrival::Portion(portion) => {
                    let notes = notes(&portion, None);
                    self.store.write_part(self.pull.id, &portion.records, &notes, self.work.now())?;
                    self.in_part += portion.records.len() as u64;
                    self.told(portion.records.len());
                }
                Arrival::End(portion, end) => {
                    let next = end.next.as_ref().map(|cursor| cursor.0.as_str());
                    let notes = notes(&portion, end.token.as_ref());
                    let (id, now) = (self.pull.id, self.work.now());
                    self.store.write_noted_page(id, &portion.records, next, end.bytes, &notes, now)?;
                    self.in_part = 0;
                    let last = next.is_none();
                    self.told(portion.records.len());
                    self.work.tell_calls(to_come(last, self.read, self.total, self.page_size));
                    if last {
                        return Ok(true);
                    }
                    drop(portion);
                    self.work.check()?;
                    // Where nobody reads any more, the reader has said why.
                    let _ = stored.send(());
                    if std::mem::take(&mut slow) {
                        // The network is slower than the store: the next wait is time for the search index.
                        self.store.index_records(
                            self.pull.connection,
                            &self.pull.entity,
                            index::WHILE_WAITING,
                        )?;
                    }
                }
                Arrival::Failed(error) => return Err(error),
            }
        }
    }

    fn told(&mut self, records: usize) {
        self.read += records as u64;
        self.work.tell("reading", self.read, self.total.map(|total| total.max(self.read)));
    }
}

fn notes<'a>(portion: &'a Portion, token: Option<&'a Cursor>) -> PageNotes<'a> {
    let seen = seen(&portion.records);
    PageNotes {
        removed: &portion.removed,
        modified: seen.modified,
        version: seen.version,
        token: token.map(|token| token.0.as_str()),
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
