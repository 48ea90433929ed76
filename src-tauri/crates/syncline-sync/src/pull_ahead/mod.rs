//! Asking for the next page of a pull before the one before it is stored: what has arrived and is not stored yet is kept beside the store
//! first, so that after a crash nothing but the page in flight is asked for again.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use syncline_connect::PageEnd;
use syncline_model::{Record, RecordId, SynclineError};
use syncline_store::{ArrivedEnd, ArrivedPart, ArrivedPartRef, PageNotes, Pull, Store};
use uuid::Uuid;

use crate::progress::Work;
use crate::seen::seen;

/// Records of a page, and ids of those that are gone. What is given on to be stored can be kept by others meanwhile.
#[derive(Clone, Default)]
pub(crate) struct Gathered {
    pub(crate) records: Arc<Vec<Record>>,
    pub(crate) removed: Arc<Vec<RecordId>>,
}

/// How far the storing is.
#[derive(Default)]
pub(crate) struct StoredUpTo {
    state: Mutex<UpTo>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default)]
struct UpTo {
    /// Parts that are stored.
    parts: u64,
    /// Records of a page that is stored in part.
    of_page: u64,
    /// No more is stored.
    over: bool,
}

impl StoredUpTo {
    fn state(&self) -> MutexGuard<'_, UpTo> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another part is stored; `of_page`: records of a page that is stored in part.
    pub(crate) fn another(&self, of_page: u64) {
        let mut state = self.state();
        state.parts += 1;
        state.of_page = of_page;
        self.changed.notify_all();
    }

    /// Nothing more is stored.
    pub(crate) fn over(&self) {
        self.state().over = true;
        self.changed.notify_all();
    }

    /// Waits until so many parts are stored; false: they will not be.
    fn wait_for(&self, parts: u64) -> bool {
        let mut state = self.state();
        while state.parts < parts && !state.over {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.parts >= parts
    }
}

/// A part that was given on to be stored.
struct Given {
    number: u64,
    page: u64,
    gathered: Gathered,
    end: Option<ArrivedEnd>,
}

/// What was given on to be stored, and is not.
pub(crate) struct Ahead {
    store: Store,
    pull: Uuid,
    stored: Arc<StoredUpTo>,
    given: VecDeque<Given>,
    /// Parts that were given on.
    parts: u64,
    /// The page in flight.
    page: u64,
    /// Parts of it that were given on.
    of_page: u64,
    /// It began again after some of it had been given on: what of it is stored is not told by a number of records.
    again: bool,
}

impl Ahead {
    pub(crate) fn new(store: &Store, pull: &Pull, stored: Arc<StoredUpTo>) -> Self {
        Self {
            store: store.clone(),
            pull: pull.id,
            stored,
            given: VecDeque::new(),
            parts: 0,
            page: pull.counts.pages,
            of_page: 0,
            again: false,
        }
    }

    /// The page in flight begins.
    pub(crate) fn begin(&mut self) {
        self.again |= self.of_page > 0;
    }

    /// A part is given on to be stored; `end`: the page's last one.
    pub(crate) fn give(&mut self, gathered: &Gathered, end: Option<&PageEnd>) {
        self.forget_stored();
        self.parts += 1;
        self.of_page += 1;
        let end = end.map(|end| ArrivedEnd {
            next: end.next.as_ref().map(|cursor| cursor.0.clone()),
            token: end.token.as_ref().map(|token| token.0.clone()),
            bytes: end.bytes,
        });
        let over = end.is_some();
        self.given.push_back(Given { number: self.parts, page: self.page, gathered: gathered.clone(), end });
        if over {
            self.page += 1;
            self.of_page = 0;
        }
    }

    /// After a page: waits until no page that came is asked for again, should the process die. False: the storing has ended.
    pub(crate) fn outlives(&mut self) -> bool {
        let of_page = self.forget_stored();
        // Before its first page is stored a pull has no place to go on from.
        let first = self.given.front().is_some_and(|given| given.page == 0);
        if !std::mem::take(&mut self.again) && !first && self.keep(of_page) {
            return true;
        }
        self.stored.wait_for(self.parts)
    }

    /// Lets go what is stored; records that are stored of a page that is stored in part.
    fn forget_stored(&mut self) -> u64 {
        let UpTo { parts, of_page, .. } = *self.stored.state();
        while self.given.front().is_some_and(|given| given.number <= parts) {
            self.given.pop_front();
        }
        of_page
    }

    fn keep(&self, of_page: u64) -> bool {
        if self.given.is_empty() {
            return true;
        }
        let parts: Vec<ArrivedPartRef<'_>> = self
            .given
            .iter()
            .map(|given| ArrivedPart {
                page: given.page,
                records: given.gathered.records.as_slice(),
                removed: given.gathered.removed.as_slice(),
                end: given.end.clone(),
            })
            .collect();
        // Where it can't be kept, such as on a full disk, the storing is waited for, and has the same to say.
        self.store.keep_arrived(self.pull, of_page, &parts).is_ok()
    }
}

/// Goes on with an interrupted pull: what had arrived of it is stored, and what of a page had not is forgotten.
pub(crate) fn go_on(store: &Store, pull: Uuid, work: &Work) -> Result<Pull, SynclineError> {
    let parts = store.resume_arrived(pull)?;
    if parts.is_empty() {
        return Ok(store.resume_pull(pull)?);
    }
    let stored = parts.into_iter().try_for_each(|part| store_part(store, pull, part, work));
    let begun = stored.and_then(|()| {
        store.page_again(pull)?;
        let gone = || SynclineError::new(syncline_model::ErrorCode::NotFound, "the pull is gone");
        store.pull(pull)?.ok_or_else(gone)
    });
    if begun.is_err() {
        // What goes wrong next is as wrong; the pull can go on another time.
        let _ = store.finish_pull(pull, syncline_store::PullEnd::Interrupted, work.now());
    }
    begun
}

fn store_part(store: &Store, id: Uuid, part: ArrivedPart, work: &Work) -> Result<(), SynclineError> {
    work.check()?;
    let seen = seen(&part.records);
    let notes = PageNotes {
        removed: &part.removed,
        modified: seen.modified,
        version: seen.version,
        token: part.end.as_ref().and_then(|end| end.token.as_deref()),
    };
    let portion = syncline_store::Portion::new(part.records);
    match &part.end {
        None => store.write_part(id, &portion, &notes, work.now())?,
        Some(end) => {
            store.write_noted_page(id, &portion, end.next.as_deref(), end.bytes, &notes, work.now())?
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests;
