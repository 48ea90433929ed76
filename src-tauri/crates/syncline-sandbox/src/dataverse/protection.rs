//! Service protection: what one user may ask for within a sliding window ("Service protection API limits"): requests, their execution
//! time taken together, and requests at once.
use super::error::{ServiceError, code};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Seconds asked for after too many requests at once; they end by themselves.
const CONCURRENCY_WAIT: u64 = 1;

/// The limits. The documented ones are the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests one user may send within `window`.
    pub requests: usize,
    /// Execution time that one user's requests may take within `window`, together.
    pub execution: Duration,
    /// Requests one user may have under way at once.
    pub concurrent: usize,
    /// The sliding window.
    pub window: Duration,
    /// The advice in `x-ms-dop-hint`.
    pub parallelism_hint: u32,
    /// Execution time that a request is counted with at least: a small table answers faster than a real one.
    pub least_execution: Duration,
    /// Time that a request really takes at least, while which it counts as under way.
    pub takes: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 6000,
            execution: Duration::from_secs(1200),
            concurrent: 52,
            window: Duration::from_secs(300),
            parallelism_hint: 4,
            least_execution: Duration::ZERO,
            takes: Duration::ZERO,
        }
    }
}

/// What a user did within the window.
#[derive(Debug, Default)]
struct Seen {
    /// When each request came.
    times: VecDeque<Instant>,
    /// When requests ended, and what each took.
    ended: VecDeque<(Instant, Duration)>,
    under_way: usize,
}

impl Seen {
    fn forget(&mut self, now: Instant, window: Duration) {
        let old = |at: &Instant| now.saturating_duration_since(*at) >= window;
        while self.times.front().is_some_and(old) {
            self.times.pop_front();
        }
        while self.ended.front().is_some_and(|(at, _)| old(at)) {
            self.ended.pop_front();
        }
    }

    fn execution(&self) -> Duration {
        self.ended.iter().map(|(_, took)| *took).sum()
    }

    /// How long until so much execution time has left the window.
    fn until_execution(&self, now: Instant, limits: &Limits) -> Duration {
        let mut over = self.execution().saturating_sub(limits.execution);
        for (at, took) in &self.ended {
            if over < *took || over.is_zero() {
                return limits.window.saturating_sub(now.saturating_duration_since(*at));
            }
            over -= *took;
        }
        limits.window
    }
}

type Users = Arc<Mutex<HashMap<Uuid, Seen>>>;

/// Counts requests a user. `None` switches the protection off.
#[derive(Debug, Default)]
pub struct Protection {
    limits: Mutex<Option<Limits>>,
    seen: Mutex<Users>,
}

/// What the answer's headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub remaining: usize,
    pub remaining_execution: Duration,
    pub parallelism_hint: u32,
}

/// A request under way. When it is dropped the request has ended, and what it took is counted.
#[derive(Debug)]
pub struct Ticket {
    pub allowance: Allowance,
    users: Users,
    user: Uuid,
    began: Instant,
    least: Duration,
    takes: Duration,
}

impl Ticket {
    /// What is left of the time that the request takes at least.
    pub fn left(&self) -> Duration {
        self.takes.saturating_sub(self.began.elapsed())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut users = lock(&self.users);
        if let Some(seen) = users.get_mut(&self.user) {
            seen.under_way = seen.under_way.saturating_sub(1);
            let now = Instant::now();
            seen.ended.push_back((now, now.saturating_duration_since(self.began).max(self.least)));
        }
    }
}

fn refused(code: &'static str, message: String, wait: Duration) -> ServiceError {
    let mut error = ServiceError::new(429, code, message);
    error.retry_after = Some(wait.as_secs_f64().ceil().max(1.0) as u64);
    error
}

impl Protection {
    /// Protection with these limits.
    pub fn new(limits: Option<Limits>) -> Self {
        Self { limits: Mutex::new(limits), seen: Mutex::default() }
    }

    /// The present limits.
    pub fn limits(&self) -> Option<Limits> {
        *lock(&self.limits)
    }

    /// Changes the limits and forgets what was counted.
    pub fn set(&self, limits: Option<Limits>) {
        *lock(&self.limits) = limits;
        *lock(&self.seen) = Users::default();
    }

    /// Counts one request. A refused request is not counted, but `Retry-After` tells when there is room again.
    pub fn admit(&self, user: Uuid, now: Instant) -> Result<Option<Ticket>, ServiceError> {
        let Some(limits) = *lock(&self.limits) else { return Ok(None) };
        let users = Arc::clone(&lock(&self.seen));
        let mut all = lock(&users);
        let seen = all.entry(user).or_default();
        seen.forget(now, limits.window);
        let seconds = limits.window.as_secs();
        if seen.times.len() >= limits.requests {
            let oldest = seen.times.front().copied().unwrap_or(now);
            let wait = limits.window.saturating_sub(now.saturating_duration_since(oldest));
            let text = format!(
                "Number of requests exceeded the limit of {} over time window of {seconds} seconds.",
                limits.requests
            );
            return Err(refused(code::THROTTLING_REQUESTS, text, wait));
        }
        let execution = seen.execution();
        if execution >= limits.execution {
            let text = format!(
                "Combined execution time of incoming requests exceeded limit of {} milliseconds over time window of {seconds} seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.",
                limits.execution.as_millis()
            );
            return Err(refused(code::THROTTLING_EXECUTION, text, seen.until_execution(now, &limits)));
        }
        if seen.under_way >= limits.concurrent {
            let text = format!("Number of concurrent requests exceeded the limit of {}.", limits.concurrent);
            return Err(refused(code::THROTTLING_CONCURRENCY, text, Duration::from_secs(CONCURRENCY_WAIT)));
        }
        seen.times.push_back(now);
        seen.under_way += 1;
        let allowance = Allowance {
            remaining: limits.requests - seen.times.len(),
            remaining_execution: limits.execution.saturating_sub(execution),
            parallelism_hint: limits.parallelism_hint,
        };
        drop(all);
        Ok(Some(Ticket {
            allowance,
            users,
            user,
            began: now,
            least: limits.least_execution,
            takes: limits.takes,
        }))
    }
}

impl Allowance {
    /// Seconds as the service writes them: thousands grouped, two decimals.
    pub(crate) fn execution_text(&self) -> String {
        let hundredths = self.remaining_execution.as_millis() / 10;
        let (seconds, rest) = (hundredths / 100, hundredths % 100);
        if seconds >= 1000 {
            format!("{},{:03}.{rest:02}", seconds / 1000, seconds % 1000)
        } else {
            format!("{seconds}.{rest:02}")
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(change: impl FnOnce(&mut Limits)) -> Protection {
        let mut limits = Limits { window: Duration::from_secs(10), ..Limits::default() };
        change(&mut limits);
        Protection::new(Some(limits))
    }

    #[test]
    fn the_window_slides() {
        let protection = limits(|limits| limits.requests = 2);
        let (user, start) = (Uuid::from_u128(1), Instant::now());
        let first = protection.admit(user, start).unwrap().unwrap();
        assert_eq!(first.allowance.remaining, 1);
        assert_eq!(first.allowance.execution_text(), "1,200.00");
        assert!(protection.admit(user, start + Duration::from_secs(4)).is_ok());
        let refused = protection.admit(user, start + Duration::from_secs(5)).unwrap_err();
        assert_eq!((refused.status, refused.retry_after), (429, Some(5)));
        assert!(protection.admit(Uuid::from_u128(2), start).is_ok(), "another user has its own window");
        assert!(protection.admit(user, start + Duration::from_secs(11)).is_ok());
    }

    #[test]
    fn execution_time_adds_up() {
        let protection = limits(|limits| {
            limits.execution = Duration::from_secs(3);
            limits.least_execution = Duration::from_secs(2);
        });
        let (user, start) = (Uuid::from_u128(1), Instant::now());
        drop(protection.admit(user, start).unwrap());
        let second = protection.admit(user, start).unwrap().unwrap();
        assert_eq!(second.allowance.execution_text(), "1.00");
        drop(second);
        let refused = protection.admit(user, start + Duration::from_secs(1)).unwrap_err();
        assert_eq!(refused.code, code::THROTTLING_EXECUTION);
        assert!(refused.retry_after.is_some_and(|wait| (8..=10).contains(&wait)), "{refused:?}");
        assert!(protection.admit(user, start + Duration::from_secs(11)).is_ok());
    }

    #[test]
    fn only_so_many_at_once() {
        let protection = limits(|limits| limits.concurrent = 2);
        let (user, now) = (Uuid::from_u128(1), Instant::now());
        let (first, second) = (protection.admit(user, now).unwrap(), protection.admit(user, now).unwrap());
        let refused = protection.admit(user, now).unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (code::THROTTLING_CONCURRENCY, Some(1)));
        drop(first);
        assert!(protection.admit(user, now).is_ok());
        drop(second);
    }
}
