//! Asking for the next page of a pull before the one before it is stored: what has come and is not stored is spooled first, so that after a
//! crash nothing but the page in flight is asked for again.

use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use syncline_connect::PageEnd;
use syncline_model::{ErrorCode, Record, RecordId, SynclineError};
use syncline_store::{
    PageCounts, PageNotes, Portion, Pull, PullEnd, SpooledEnd, SpooledPart, SpooledPartRef, Store,
};
use uuid::Uuid;

use crate::progress::Work;
use crate::seen::{Seen, seen};

/// Records of a page, and ids of those that are gone. What is given on to be stored can be spooled by others meanwhile.
#[derive(Clone, Default)]
pub(crate) struct Gathered {
    pub(crate) records: Arc<Vec<Record>>,
    pub(crate) removed: Arc<Vec<RecordId>>,
}

/// The same, ready to be written.
pub(crate) struct Ready {
    pub(crate) portion: Portion,
    pub(crate) removed: Arc<Vec<RecordId>>,
    pub(crate) seen: Seen,
}

impl Ready {
    /// Stores it; `end`: the page's last part.
    pub(crate) fn store(
        &self,
        store: &Store,
        pull: Uuid,
        end: Option<&SpooledEnd>,
        now: Timestamp,
    ) -> Result<PageCounts, SynclineError> {
        let notes = PageNotes {
            removed: &self.removed,
            modified: self.seen.modified,
            version: self.seen.version,
            token: end.and_then(|end| end.token.as_deref()),
        };
        Ok(match end {
            None => store.write_part(pull, &self.portion, &notes, now)?,
            Some(end) => {
                store.write_noted_page(pull, &self.portion, end.next.as_deref(), end.bytes, &notes, now)?
            }
        })
    }
}

/// Where a page led, as the store keeps it.
pub(crate) fn spooled_end(end: PageEnd) -> SpooledEnd {
    SpooledEnd {
        next: end.next.map(|cursor| cursor.0),
        token: end.token.map(|token| token.0),
        bytes: end.bytes,
    }
}

/// A part that was given on to be stored.
#[derive(Clone)]
struct Given {
    page: u64,
    gathered: Gathered,
    end: Option<SpooledEnd>,
}

/// What was given on to be stored and is not, in order: the reader adds to it, the writer takes away.
#[derive(Default)]
pub(crate) struct NotStored {
    state: Mutex<State>,
    fewer: Condvar,
}

#[derive(Default)]
struct State {
    given: VecDeque<Given>,
    /// Records that are stored of the first one's page.
    of_page: u64,
    /// Nothing more will be stored.
    over: bool,
}

impl NotStored {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first one is stored; `of_page`: records of a page that is stored in part.
    pub(crate) fn stored(&self, of_page: u64) {
        let mut state = self.state();
        state.given.pop_front();
        state.of_page = of_page;
        self.fewer.notify_all();
    }

    /// Nothing more will be stored.
    pub(crate) fn over(&self) {
        self.state().over = true;
        self.fewer.notify_all();
    }

    /// Waits until all of it is stored; false: it will not be.
    fn wait(&self) -> bool {
        let mut state = self.state();
        while !state.given.is_empty() && !state.over {
            state = self.fewer.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.given.is_empty()
    }
}

/// The reader's side of it.
pub(crate) struct ReadAhead {
    store: Store,
    pull: Uuid,
    not_stored: Arc<NotStored>,
    /// The page in flight.
    page: u64,
    /// Parts of it were given on.
    in_part: bool,
    /// It began again after that: what of it is stored is not told by a number of records.
    again: bool,
}

impl ReadAhead {
    pub(crate) fn new(store: &Store, pull: &Pull, not_stored: Arc<NotStored>) -> Self {
        let (store, page) = (store.clone(), pull.counts.pages);
        Self { store, pull: pull.id, not_stored, page, in_part: false, again: false }
    }

    /// The page in flight begins.
    pub(crate) fn begin(&mut self) {
        self.again |= self.in_part;
    }

    /// A part is given on to be stored; `end`: the page's last one.
    pub(crate) fn give(&mut self, gathered: &Gathered, end: Option<&SpooledEnd>) {
        self.in_part = end.is_none();
        let given = Given { page: self.page, gathered: gathered.clone(), end: end.cloned() };
        self.not_stored.state().given.push_back(given);
        self.page += u64::from(end.is_some());
    }

    /// After a page: makes sure that no page that came is asked for again, should the process die. False: the storing has ended.
    pub(crate) fn secure(&mut self) -> bool {
        let again = std::mem::take(&mut self.again);
        let (given, of_page) = {
            let state = self.not_stored.state();
            if state.over {
                return false;
            }
            (state.given.clone(), state.of_page)
        };
        // Before its first page is stored a pull has no place to go on from.
        let first = given.front().is_some_and(|given| given.page == 0);
        if !again && !first && (given.is_empty() || self.spool(given.into(), of_page)) {
            return true;
        }
        self.not_stored.wait()
    }

    fn spool(&self, given: Vec<Given>, of_page: u64) -> bool {
        let parts: Vec<SpooledPartRef<'_>> = given
            .iter()
            .map(|given| SpooledPart {
                page: given.page,
                records: given.gathered.records.as_slice(),
                removed: given.gathered.removed.as_slice(),
                end: given.end.clone(),
            })
            .collect();
        let spooled = self.store.spool(self.pull, of_page, &parts);
        if let Err(error) = &spooled {
            tracing::warn!(%error, "what came can't be spooled, so the next page waits until it is stored");
        }
        spooled.is_ok()
    }
}

/// Goes on with an interrupted pull: what was spooled of it is stored.
pub(crate) fn go_on(store: &Store, pull: Uuid, work: &Work) -> Result<Pull, SynclineError> {
    let parts = store.resume_spooled(pull)?;
    if parts.is_empty() {
        return Ok(store.resume_pull(pull)?);
    }
    let stored = parts.into_iter().try_for_each(|part| {
        work.check()?;
        let seen = seen(&part.records);
        let ready = Ready { portion: Portion::new(part.records), removed: Arc::new(part.removed), seen };
        ready.store(store, pull, part.end.as_ref(), work.now()).map(drop)
    });
    if let Err(error) = stored {
        // What goes wrong next is as wrong; the pull can go on another time.
        let _ = store.finish_pull(pull, end_of(&error), work.now());
        return Err(error);
    }
    let gone = || SynclineError::new(ErrorCode::NotFound, "the pull is gone");
    store.pull(pull)?.ok_or_else(gone)
}

/// How a pull ends that went wrong.
pub(crate) fn end_of(error: &SynclineError) -> PullEnd {
    if error.code == ErrorCode::Cancelled { PullEnd::Cancelled } else { PullEnd::Interrupted }
}

#[cfg(test)]
mod tests;
