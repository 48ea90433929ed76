//! Requests and answers of this process lately: in memory, since they hold a client's data. Those of a run go on to the store with it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use syncline_http::Exchange;

/// Exchanges that are kept.
const KEPT: usize = 500;

#[derive(Debug, Default)]
struct Inner {
    latest: VecDeque<Exchange>,
    /// Of work whose exchanges are asked for, by its tally's id: those that were not taken yet.
    asked: HashMap<u64, Vec<Exchange>>,
}

/// The latest exchanges, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Exchanges(Mutex<Inner>);

impl Exchanges {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one more; the oldest goes.
    pub(crate) fn add(&self, exchange: Exchange) {
        let mut inner = self.inner();
        if let Some(waiting) = exchange.work.and_then(|work| inner.asked.get_mut(&work)) {
            waiting.push(exchange.clone());
        }
        if inner.latest.len() >= KEPT {
            inner.latest.pop_front();
        }
        inner.latest.push_back(exchange);
    }

    /// The latest that fit, latest first.
    pub(crate) fn latest(&self, limit: usize, fits: impl Fn(&Exchange) -> bool) -> Vec<Exchange> {
        self.inner().latest.iter().rev().filter(|exchange| fits(exchange)).take(limit).cloned().collect()
    }

    /// Drops what does not fit.
    pub(crate) fn retain(&self, fits: impl Fn(&Exchange) -> bool) {
        let mut inner = self.inner();
        inner.latest.retain(&fits);
        inner.asked.values_mut().for_each(|waiting| waiting.retain(&fits));
    }

    /// From now on what this work exchanges waits to be taken.
    pub(crate) fn begin(&self, work: u64) {
        self.inner().asked.entry(work).or_default();
    }

    /// What it exchanged since it was asked last.
    pub(crate) fn take(&self, work: u64) -> Vec<Exchange> {
        self.inner().asked.get_mut(&work).map(std::mem::take).unwrap_or_default()
    }

    /// The same for the last time.
    pub(crate) fn end(&self, work: u64) -> Vec<Exchange> {
        self.inner().asked.remove(&work).unwrap_or_default()
    }
}
