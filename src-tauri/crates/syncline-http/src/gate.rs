//! One gate for all requests to a tenant: how many may be under way at once, and the pause that a throttled answer imposes on all.
//!
//! Source of the pause: Dataverse service protection API limits. Who keeps sending inside the pause is made to wait longer, so
//! nothing leaves while it lasts.

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::{Clock, SystemClock};

/// The gate. Share it in an `Arc` between everything that talks to one tenant with one user.
pub struct Gate {
    permits: Semaphore,
    limit: usize,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    paused_until: Option<Instant>,
    pauses: u64,
    sent: u64,
    remaining_requests: Option<i64>,
    remaining_time_ms: Option<i64>,
    recommended: Option<u32>,
    read_ms: Option<f64>,
    write_ms: Option<f64>,
}

/// How much a new time counts against the mean so far.
const NEWEST: f64 = 0.2;

/// What a meter shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateState {
    /// Most requests at once.
    pub limit: usize,
    /// Requests under way.
    pub in_flight: usize,
    /// Requests sent so far, retries included.
    pub requests_sent: u64,
    /// Throttled answers so far.
    pub pauses: u64,
    /// When the present pause ends.
    pub paused_until: Option<Timestamp>,
    /// Requests left in the present window (`x-ms-ratelimit-burst-remaining-xrm-requests`).
    pub remaining_requests: Option<i64>,
    /// Execution time left in the present window, in milliseconds (`x-ms-ratelimit-time-remaining-xrm-requests`, seconds there).
    pub remaining_time_ms: Option<i64>,
    /// Parallel requests the service recommends (`x-ms-dop-hint`).
    pub recommended_parallel: Option<u32>,
    /// Milliseconds that a read took lately, on average.
    pub read_ms: Option<f64>,
    /// Milliseconds that a write took lately, on average; batches count as one.
    pub write_ms: Option<f64>,
}

/// The right to have one request under way.
#[derive(Debug)]
pub struct GatePermit<'a>(#[expect(dead_code, reason = "held for its drop")] SemaphorePermit<'a>);

impl Gate {
    /// A gate for `limit` requests at once (at least 1). Dataverse takes 52 a user and server.
    pub fn new(limit: usize) -> Self {
        Self::with_clock(limit, Arc::new(SystemClock))
    }

    /// The same, with the clock that dates the end of a pause.
    pub fn with_clock(limit: usize, clock: Arc<dyn Clock>) -> Self {
        let limit = limit.clamp(1, 10_000);
        Self { permits: Semaphore::new(limit), limit, clock, inner: Mutex::default() }
    }

    /// Waits for a place and for the end of any pause. To cancel, drop the future.
    pub async fn enter(&self) -> GatePermit<'_> {
        loop {
            if let Some(until) = self.pause_end() {
                tokio::time::sleep_until(until).await;
                continue;
            }
            // The semaphore is never closed; a closed one would only mean that nobody limits any more.
            if let Ok(permit) = self.permits.acquire().await
                && self.start()
            {
                return GatePermit(permit);
            }
        }
    }

    /// Counts a request as sent, unless a pause began while it waited for its place.
    fn start(&self) -> bool {
        let mut inner = self.lock();
        if inner.paused_until.is_some_and(|until| until > Instant::now()) {
            return false;
        }
        inner.sent += 1;
        true
    }

    /// From now on nothing is sent for so long. A longer pause that is on already stays.
    pub fn pause_for(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut inner = self.lock();
        inner.pauses += 1;
        inner.paused_until = Some(inner.paused_until.map_or(until, |old| old.max(until)));
    }

    /// Reads the budget headers of an answer.
    pub fn observe(&self, headers: &HeaderMap) {
        // The service groups thousands: 1,200.00
        let number =
            |name: &str| headers.get(name)?.to_str().ok()?.trim().replace(',', "").parse::<f64>().ok();
        let mut inner = self.lock();
        if let Some(value) = number("x-ms-ratelimit-burst-remaining-xrm-requests") {
            inner.remaining_requests = Some(value as i64);
        }
        if let Some(seconds) = number("x-ms-ratelimit-time-remaining-xrm-requests") {
            inner.remaining_time_ms = Some((seconds * 1000.0) as i64);
        }
        if let Some(value) = number("x-ms-dop-hint") {
            inner.recommended = Some(value.clamp(0.0, 10_000.0) as u32);
        }
    }

    /// Learns how long a request took that was answered.
    pub fn took(&self, read: bool, took: Duration) {
        let mut inner = self.lock();
        let mean = if read { &mut inner.read_ms } else { &mut inner.write_ms };
        let new = took.as_secs_f64() * 1000.0;
        *mean = Some(mean.map_or(new, |old| old + (new - old) * NEWEST));
    }

    /// How things stand.
    pub fn state(&self) -> GateState {
        let inner = self.lock();
        let left = inner.paused_until.map(|until| until.saturating_duration_since(Instant::now()));
        let paused_until = left.filter(|left| !left.is_zero()).and_then(|left| {
            let left = SignedDuration::try_from(left).ok()?;
            self.clock.now().checked_add(left).ok()
        });
        GateState {
            limit: self.limit,
            in_flight: self.limit.saturating_sub(self.permits.available_permits()),
            requests_sent: inner.sent,
            pauses: inner.pauses,
            paused_until,
            remaining_requests: inner.remaining_requests,
            remaining_time_ms: inner.remaining_time_ms,
            recommended_parallel: inner.recommended,
            read_ms: inner.read_ms,
            write_ms: inner.write_ms,
        }
    }

    fn pause_end(&self) -> Option<Instant> {
        self.lock().paused_until.filter(|until| *until > Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Gate").field(&self.state()).finish()
    }
}
