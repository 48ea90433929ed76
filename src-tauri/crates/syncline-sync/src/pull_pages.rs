//! The pages of a pull: one thread takes them apart while they arrive, one makes their records ready to be written, one writes. The next
//! page is asked for when what has come of the one before it is stored or spooled, so that nothing but the page in flight is ever read twice.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use syncline_connect::{Cursor, PageEnd, PageTaker, Selection, SharedTaker, Source};
use syncline_model::{ErrorCode, Record, RecordId, SynclineError};
use syncline_store::{PageCounts, Portion, Pull, SpooledEnd, Store};
use tokio_util::sync::CancellationToken;

use crate::cost::pages;
use crate::index;
use crate::progress::{Work, blocking};
use crate::pull_way::PlannedPull;
use crate::read_ahead::{Gathered, NotStored, ReadAhead, Ready, spooled_end};
use crate::seen::seen;

/// Bytes of records that are stored at a time. Of pages of any size no more than twelve such portions are in memory: one gathers, one is made
/// ready, one is written, and nine may wait.
const PORTION_BYTES: usize = 1 << 20;
/// Portions that may wait to be made ready: the more, the longer there is something to store while the service makes the next page.
const GATHERED_AHEAD: usize = 8;
/// Portions that may wait to be written.
const READY_AHEAD: usize = 1;
/// A wait for records in the middle of a page that is long enough to index others meanwhile.
const LONG_WAIT: Duration = Duration::from_millis(100);
/// A wait for a page to begin that is long enough to index records in the next one. Shorter ones are over before much is indexed, and what is
/// being indexed then keeps the page waiting.
const WORTH_USING: Duration = Duration::from_millis(250);

/// What one thread tells the next.
enum Arrival<P> {
    /// A page begins, perhaps again.
    Begin,
    /// Some of its records.
    Portion(P),
    /// The rest of them, and where it leads.
    End(P, SpooledEnd),
    /// The reading is over.
    Failed(SynclineError),
}

/// Gathers portions.
struct Gatherer {
    records: Vec<Record>,
    removed: Vec<RecordId>,
    bytes: usize,
    ahead: ReadAhead,
    tell: SyncSender<Arrival<Gathered>>,
}

impl Gatherer {
    fn tell(&self, arrival: Arrival<Gathered>) -> Result<(), SynclineError> {
        // Where nobody stores any more, the storing has said why.
        self.tell.send(arrival).map_err(|_| SynclineError::new(ErrorCode::Cancelled, "the storing has ended"))
    }

    fn take(&mut self) -> Gathered {
        self.bytes = 0;
        let (records, removed) = (std::mem::take(&mut self.records), std::mem::take(&mut self.removed));
        Gathered { records: Arc::new(records), removed: Arc::new(removed) }
    }

    /// The page is over. False: the storing has ended.
    fn end(&mut self, end: PageEnd) -> Result<bool, SynclineError> {
        let rest = self.take();
        let end = spooled_end(end);
        let last = end.next.is_none();
        self.ahead.give(&rest, Some(&end));
        self.tell(Arrival::End(rest, end))?;
        Ok(last || self.ahead.secure())
    }
}

impl PageTaker for Gatherer {
    fn begin(&mut self) -> Result<(), SynclineError> {
        self.take();
        self.ahead.begin();
        self.tell(Arrival::Begin)
    }

    fn record(&mut self, record: Record) -> Result<(), SynclineError> {
        self.bytes += record.raw.get().len();
        self.records.push(record);
        if self.bytes < PORTION_BYTES {
            return Ok(());
        }
        let gathered = self.take();
        self.ahead.give(&gathered, None);
        self.tell(Arrival::Portion(gathered))
    }

    fn removed(&mut self, id: RecordId) -> Result<(), SynclineError> {
        self.removed.push(id);
        Ok(())
    }
}

/// Reads page after page.
struct Reader {
    source: Arc<dyn Source>,
    selection: Selection,
    tracked: bool,
    gatherer: Arc<Mutex<Gatherer>>,
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
        Ok(gatherer.end(end)? && cursor.is_some())
    }

    fn fail(&self, error: SynclineError) {
        let gatherer = self.gatherer.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nobody listens, there is an error already.
        let _ = gatherer.tell(Arrival::Failed(error));
    }
}

/// How many records there are, known once the service has counted them. Clones speak of the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Total(Arc<OnceLock<u64>>);

impl Total {
    pub(crate) fn get(&self) -> Option<u64> {
        self.0.get().copied()
    }

    /// Has them counted. What can't be counted stays unknown: nothing fails for it.
    pub(crate) async fn ask(&self, source: &dyn Source, selection: &Selection, work: &Work) {
        if let Ok(count) = source.count(selection, &work.cancel).await {
            self.0.get_or_init(|| count.value);
        }
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
    total: &Total,
    work: &Work,
) -> Result<(), SynclineError> {
    let (tell, arrivals) = sync_channel(GATHERED_AHEAD);
    let not_stored = Arc::new(NotStored::default());
    let gatherer = Gatherer {
        records: Vec::new(),
        removed: Vec::new(),
        bytes: 0,
        ahead: ReadAhead::new(store, pull, Arc::clone(&not_stored)),
        tell,
    };
    let reading = work.cancel.child_token();
    let reader = Reader {
        source,
        selection: planned.selection.clone(),
        tracked: planned.way.is_tracked(),
        gatherer: Arc::new(Mutex::new(gatherer)),
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
                Ok(true) => {}
            }
        }
    });
    // A record that is there already and has not changed is not written, and need not be made ready for it.
    let mostly_written =
        Arc::new(AtomicBool::new(pull.counts.unchanged <= pull.counts.new + pull.counts.changed));
    let (ready, ready_ones) = sync_channel(READY_AHEAD);
    let preparing =
        Preparing { store: store.clone(), pull: pull.clone(), mostly_written: mostly_written.clone() };
    let preparer = tokio::task::spawn_blocking(move || preparing.run(&arrivals, &ready));
    let storing = Storing {
        store: store.clone(),
        mostly_written,
        pull: pull.clone(),
        work: work.clone(),
        not_stored,
        page_size: planned.selection.page_size,
        total: total.clone(),
        read: already,
        in_part: 0,
        between: false,
        service_took: Duration::ZERO,
    };
    let result = blocking(move || storing.run(&ready_ones)).await;
    // Where a page could not be stored, the next one need not come. Whatever became of it, nobody reads or spools any more then.
    reading.cancel();
    let broke_off =
        |error| SynclineError::new(ErrorCode::Internal, format!("the reading broke off: {error}"));
    let (read, prepared) = (reader.await.map_err(broke_off), preparer.await.map_err(broke_off));
    let last = result?;
    read.and(prepared)?;
    if last {
        Ok(())
    } else {
        Err(SynclineError::new(ErrorCode::Internal, "the reading ended before the last page"))
    }
}

/// Makes ready what arrives.
struct Preparing {
    store: Store,
    pull: Pull,
    mostly_written: Arc<AtomicBool>,
}

impl Preparing {
    fn run(&self, arrivals: &Receiver<Arrival<Gathered>>, ready: &SyncSender<Arrival<Ready>>) {
        for arrival in arrivals {
            let next = match arrival {
                Arrival::Begin => Ok(Arrival::Begin),
                Arrival::Portion(gathered) => self.ready(gathered).map(Arrival::Portion),
                Arrival::End(gathered, end) => self.ready(gathered).map(|ready| Arrival::End(ready, end)),
                Arrival::Failed(error) => Ok(Arrival::Failed(error)),
            };
            // Where nobody stores any more, the storing has said why.
            if ready.send(next.unwrap_or_else(Arrival::Failed)).is_err() {
                return;
            }
        }
    }

    fn ready(&self, gathered: Gathered) -> Result<Ready, SynclineError> {
        let Gathered { records, removed } = gathered;
        let seen = seen(&records);
        let portion = if self.mostly_written.load(Relaxed) {
            self.store.prepare(&self.pull, records)?
        } else {
            Portion::new(records)
        };
        Ok(Ready { portion, removed, seen })
    }
}

/// Stores what is ready.
struct Storing {
    store: Store,
    mostly_written: Arc<AtomicBool>,
    pull: Pull,
    work: Work,
    not_stored: Arc<NotStored>,
    page_size: u32,
    total: Total,
    /// Records that are stored.
    read: u64,
    /// Those of them that are of the page in flight.
    in_part: u64,
    /// A page is stored and the next one has not begun.
    between: bool,
    /// How long the storing has waited for the latest page to begin.
    service_took: Duration,
}

impl Storing {
    /// True: the last page was stored.
    fn run(mut self, arrivals: &Receiver<Arrival<Ready>>) -> Result<bool, SynclineError> {
        loop {
            let Some(arrival) = self.next(arrivals)? else { return Ok(false) };
            match arrival {
                Arrival::Begin => {
                    if self.in_part > 0 {
                        self.store.page_again(self.pull.id)?;
                        self.read -= std::mem::take(&mut self.in_part);
                    }
                }
                Arrival::Portion(ready) => {
                    let counts = ready.store(&self.store, self.pull.id, None, self.work.now())?;
                    self.in_part += counts.read;
                    self.told(&counts);
                }
                Arrival::End(ready, end) => {
                    let counts = ready.store(&self.store, self.pull.id, Some(&end), self.work.now())?;
                    self.in_part = 0;
                    self.told(&counts);
                    let last = end.next.is_none();
                    self.work.tell_calls(to_come(last, self.read, self.total.get(), self.page_size));
                    if last {
                        return Ok(true);
                    }
                    drop(ready);
                    self.work.check()?;
                }
                Arrival::Failed(error) => return Err(error),
            }
        }
    }

    /// What is ready next; `None`: nothing more comes. While the service makes a page, and where the network is slow, what is
    /// stored becomes searchable.
    fn next(&mut self, arrivals: &Receiver<Arrival<Ready>>) -> Result<Option<Arrival<Ready>>, SynclineError> {
        let asked = self.work.now();
        let mut patience = match self.between {
            false => LONG_WAIT,
            true if self.service_took >= WORTH_USING => Duration::ZERO,
            true => WORTH_USING,
        };
        loop {
            match arrivals.recv_timeout(patience) {
                Ok(arrival) => {
                    if std::mem::replace(&mut self.between, matches!(arrival, Arrival::End(..))) {
                        let took = self.work.now().duration_since(asked);
                        self.service_took = Duration::try_from(took).unwrap_or_default();
                    }
                    return Ok(Some(arrival));
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {
                    let state = self.store.index_records(
                        self.pull.connection,
                        &self.pull.entity,
                        index::WHILE_WAITING,
                    )?;
                    patience = if state.behind == 0 { Duration::MAX } else { Duration::ZERO };
                }
            }
        }
    }

    fn told(&mut self, counts: &PageCounts) {
        self.not_stored.stored(self.in_part);
        if counts.read > 0 {
            self.mostly_written.store(counts.unchanged * 2 <= counts.read, Relaxed);
        }
        self.read += counts.read;
        self.work.tell("reading", self.read, self.total.get().map(|total| total.max(self.read)));
    }
}

impl Drop for Storing {
    fn drop(&mut self) {
        // Whoever waits for something to be stored waits no longer.
        self.not_stored.over();
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
