//! "API rate limits": requests a key may send within a minute.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);

/// Counts the requests of the account's one key in windows of a minute.
#[derive(Debug)]
pub(super) struct Rate(Mutex<Counter>);

#[derive(Debug)]
struct Counter {
    /// 0: no limit.
    limit: u32,
    begun: Instant,
    seen: u32,
}

impl Rate {
    pub(super) fn new(limit: u32) -> Self {
        Self(Mutex::new(Counter { limit, begun: Instant::now(), seen: 0 }))
    }

    /// Changes the limit and begins a new window.
    pub(super) fn set(&self, limit: u32) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Counter { limit, begun: Instant::now(), seen: 0 };
    }

    /// Counts a request, or tells the seconds until the next window.
    pub(super) fn admit(&self, now: Instant) -> Result<(), u64> {
        let mut counter = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.saturating_duration_since(counter.begun);
        if age >= WINDOW {
            (counter.begun, counter.seen) = (now, 0);
        } else if counter.limit > 0 && counter.seen >= counter.limit {
            return Err((WINDOW - age).as_secs().max(1));
        }
        counter.seen = counter.seen.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_at_a_time() {
        let rate = Rate::new(2);
        let start = Instant::now();
        assert_eq!(rate.admit(start), Ok(()));
        assert_eq!(rate.admit(start), Ok(()));
        assert!(rate.admit(start + Duration::from_secs(20)).is_err_and(|wait| (39..=41).contains(&wait)));
        assert_eq!(rate.admit(start + Duration::from_secs(61)), Ok(()));
        rate.set(0);
        assert!((0..100).all(|_| rate.admit(start).is_ok()), "no limit");
    }
}
