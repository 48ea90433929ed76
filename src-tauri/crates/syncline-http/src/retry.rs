//! Retry as a value. What is retried:
//!
//! | what happened | retried |
//! |---|---|
//! | the request was not sent (DNS, refused, connect timeout, TLS is excepted) | unless somebody waits for it |
//! | reset, timeout, an answer that broke off | only if idempotent |
//! | 429 | always, after `Retry-After`; counted by itself |
//! | 502, 503, 504 | only if idempotent |
//! | the answer can't be decoded, is too large, or any other status | never |
//!
//! A TLS failure, a refused proxy and a request that can't be built do not heal by themselves and are not retried.

use http::StatusCode;
use rand::{Rng, RngCore};
use std::time::Duration;

use crate::FaultKind;

/// How often and how patiently.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryConfig {
    /// Sends after the first, for faults and 5xx. 0 to 10.
    pub retries: u32,
    /// Of these, how many may follow a service that can't be reached at all: no address, no route, nobody listening. Somebody who
    /// waits for an answer wants to hear of it at once (0); long work goes on trying.
    pub connect_retries: u32,
    /// The first wait.
    pub initial: Duration,
    /// Each wait is so many times the one before.
    pub base: f64,
    /// Longest single wait between retries.
    pub maximum: Duration,
    /// Sends after a 429, counted by themselves. Many requests share one pause, and some will be turned away twice.
    pub throttle_retries: u32,
    /// Longest wait asked by `Retry-After` that is still obeyed; beyond it the request fails as throttled.
    pub longest_pause: Duration,
}

impl RetryConfig {
    /// Most retries a person may ask for.
    pub const MOST_RETRIES: u32 = 10;

    /// Three retries, or as many as said, at most [`RetryConfig::MOST_RETRIES`].
    pub fn with_retries(retries: u32) -> Self {
        let retries = retries.min(Self::MOST_RETRIES);
        Self { retries, connect_retries: retries, ..Self::default() }
    }

    /// No retry at all, not even for 429.
    pub fn none() -> Self {
        Self { retries: 0, connect_retries: 0, throttle_retries: 0, ..Self::default() }
    }

    /// The same, but told at once when the service can't be reached: for what a person waits for.
    pub fn impatient(self) -> Self {
        Self { connect_retries: 0, ..self }
    }

    /// Retries that may follow this kind of fault.
    pub fn after_fault(&self, kind: FaultKind) -> u32 {
        if kind.not_sent() { self.retries.min(self.connect_retries) } else { self.retries }
    }

    /// The wait before retry number `retry` (0 is the first), between half and the whole of the exponential value, so that
    /// requests that failed together do not come back together.
    pub fn backoff(&self, retry: u32, rng: &mut dyn RngCore) -> Duration {
        let exponent = i32::try_from(retry).unwrap_or(i32::MAX);
        let full = self.initial.as_secs_f64() * self.base.powi(exponent);
        let capped = full.min(self.maximum.as_secs_f64()).max(0.0);
        Duration::try_from_secs_f64(capped * rng.random_range(0.5..=1.0)).unwrap_or(self.maximum)
    }

    /// What to do about a transport fault.
    pub fn on_fault(&self, kind: FaultKind, idempotent: bool) -> Verdict {
        match kind {
            FaultKind::Dns | FaultKind::Refused | FaultKind::ConnectTimeout | FaultKind::Connect => {
                Verdict::Retry
            }
            FaultKind::Timeout | FaultKind::Reset | FaultKind::BodyBroken if idempotent => Verdict::Retry,
            FaultKind::Timeout
            | FaultKind::Reset
            | FaultKind::BodyBroken
            | FaultKind::Tls
            | FaultKind::Proxy
            | FaultKind::Decode
            | FaultKind::TooLarge
            | FaultKind::Request => Verdict::Return,
        }
    }

    /// What to do about a status.
    pub fn on_status(&self, status: StatusCode, idempotent: bool) -> Verdict {
        match status.as_u16() {
            429 => Verdict::Throttled,
            502..=504 if idempotent => Verdict::Retry,
            _ => Verdict::Return,
        }
    }
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            retries: 3,
            connect_retries: 3,
            initial: Duration::from_millis(500),
            base: 2.0,
            maximum: Duration::from_secs(30),
            throttle_retries: 10,
            longest_pause: Duration::from_secs(600),
        }
    }
}

/// What to do with what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Hand it to the caller.
    Return,
    /// Wait and send again.
    Retry,
    /// Pause everybody, then send again.
    Throttled,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_the_maximum(retry in any::<u32>(), seed in any::<u64>()) {
            let config = RetryConfig::default();
            let wait = config.backoff(retry, &mut StdRng::seed_from_u64(seed));
            prop_assert!(wait <= config.maximum);
            prop_assert!(wait >= config.initial / 2);
        }
    }

    #[test]
    fn waits_double() {
        let config = RetryConfig::default();
        let mut rng = StdRng::seed_from_u64(1);
        let waits: Vec<f64> = (0..4).map(|n| config.backoff(n, &mut rng).as_secs_f64()).collect();
        for (n, wait) in waits.iter().enumerate() {
            let full = 0.5 * 2f64.powi(n as i32);
            assert!((full / 2.0..=full).contains(wait), "retry {n} waited {wait}");
        }
    }

    #[test]
    fn only_what_is_safe_is_sent_again() {
        let config = RetryConfig::default();
        assert_eq!(config.on_fault(FaultKind::Refused, false), Verdict::Retry);
        assert_eq!(config.on_fault(FaultKind::Timeout, false), Verdict::Return);
        assert_eq!(config.on_fault(FaultKind::Timeout, true), Verdict::Retry);
        assert_eq!(config.on_fault(FaultKind::Decode, true), Verdict::Return);
        assert_eq!(config.on_status(StatusCode::TOO_MANY_REQUESTS, false), Verdict::Throttled);
        assert_eq!(config.on_status(StatusCode::SERVICE_UNAVAILABLE, false), Verdict::Return);
        assert_eq!(config.on_status(StatusCode::SERVICE_UNAVAILABLE, true), Verdict::Retry);
        assert_eq!(config.on_status(StatusCode::INTERNAL_SERVER_ERROR, true), Verdict::Return);
        assert_eq!(RetryConfig::with_retries(99).retries, 10);
    }
}
