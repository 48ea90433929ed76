//! Service protection: how many requests one user may send within a sliding window ("Service protection API limits").
use super::error::{ServiceError, code};
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The limits. The documented ones are the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests one user may send within `window`.
    pub requests: usize,
    /// The sliding window.
    pub window: Duration,
    /// The advice in `x-ms-dop-hint`.
    pub parallelism_hint: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests: 6000, window: Duration::from_secs(300), parallelism_hint: 4 }
    }
}

/// Counts requests a user. `None` switches the protection off.
#[derive(Debug, Default)]
pub struct Protection {
    limits: Mutex<Option<Limits>>,
    seen: Mutex<HashMap<Uuid, VecDeque<Instant>>>,
}

/// What the answer's headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub remaining: usize,
    pub parallelism_hint: u32,
}

impl Protection {
    /// Protection with these limits.
    pub fn new(limits: Option<Limits>) -> Self {
        Self { limits: Mutex::new(limits), seen: Mutex::default() }
    }

    /// Changes the limits and forgets what was counted.
    pub fn set(&self, limits: Option<Limits>) {
        *lock(&self.limits) = limits;
        lock(&self.seen).clear();
    }

    /// Counts one request. A refused request is not counted, but `Retry-After` tells when the oldest one leaves the window.
    pub fn admit(&self, user: Uuid, now: Instant) -> Result<Option<Allowance>, ServiceError> {
        let Some(limits) = *lock(&self.limits) else { return Ok(None) };
        let mut seen = lock(&self.seen);
        let times = seen.entry(user).or_default();
        while times.front().is_some_and(|t| now.saturating_duration_since(*t) >= limits.window) {
            times.pop_front();
        }
        if times.len() >= limits.requests {
            let oldest = times.front().copied().unwrap_or(now);
            let wait = limits.window.saturating_sub(now.saturating_duration_since(oldest));
            let mut error = ServiceError::new(
                429,
                code::THROTTLING_REQUESTS,
                format!(
                    "Number of requests exceeded the limit of {} over time window of {} seconds.",
                    limits.requests,
                    limits.window.as_secs()
                ),
            );
            error.retry_after = Some(wait.as_secs_f64().ceil().max(1.0) as u64);
            return Err(error);
        }
        times.push_back(now);
        let remaining = limits.requests - times.len();
        Ok(Some(Allowance { remaining, parallelism_hint: limits.parallelism_hint }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let window = Duration::from_secs(10);
        let protection = Protection::new(Some(Limits { requests: 2, window, parallelism_hint: 1 }));
        let (user, start) = (Uuid::from_u128(1), Instant::now());
        assert_eq!(protection.admit(user, start).unwrap().unwrap().remaining, 1);
        assert!(protection.admit(user, start + Duration::from_secs(4)).is_ok());
        let refused = protection.admit(user, start + Duration::from_secs(5)).unwrap_err();
        assert_eq!((refused.status, refused.retry_after), (429, Some(5)));
        assert!(protection.admit(Uuid::from_u128(2), start).is_ok(), "another user has its own window");
        assert!(protection.admit(user, start + Duration::from_secs(11)).is_ok());
    }
}
