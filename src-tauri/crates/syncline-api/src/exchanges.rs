//! Requests and answers of this process lately, in memory only: they hold a client's data.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use syncline_http::Exchange;

/// Exchanges that are kept.
const KEPT: usize = 500;

/// The latest exchanges, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Exchanges(Mutex<VecDeque<Exchange>>);

impl Exchanges {
    /// Keeps one more; the oldest goes.
    pub(crate) fn add(&self, exchange: Exchange) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(exchange);
    }

    /// The latest that fit, latest first.
    pub(crate) fn latest(&self, limit: usize, fits: impl Fn(&Exchange) -> bool) -> Vec<Exchange> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().filter(|exchange| fits(exchange)).take(limit).cloned().collect()
    }
}
