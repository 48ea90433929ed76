//! The rate of the last seconds and the time left.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Window over which the rate is taken.
const WINDOW: Duration = Duration::from_secs(5);

/// Samples of how far the work was.
#[derive(Debug, Default)]
pub(crate) struct Rate(VecDeque<(Instant, u64)>);

impl Rate {
    pub(crate) fn add(&mut self, now: Instant, done: u64) {
        // A few samples a second are enough.
        if self.0.len() > 1
            && self.0.back().is_some_and(|(at, _)| now.duration_since(*at) < Duration::from_millis(50))
        {
            self.0.pop_back();
        }
        self.0.push_back((now, done));
        while self.0.len() > 2 && self.0.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
            self.0.pop_front();
        }
    }

    /// Units a second; `None` until it can be told.
    pub(crate) fn per_second(&self) -> Option<f64> {
        let (first, last) = (self.0.front()?, self.0.back()?);
        let seconds = last.0.duration_since(first.0).as_secs_f64();
        (seconds >= 0.2).then(|| last.1.saturating_sub(first.1) as f64 / seconds)
    }

    /// Seconds left at this rate.
    pub(crate) fn seconds_left(&self, done: u64, total: Option<u64>) -> Option<f64> {
        let (rate, total) = (self.per_second()?, total?);
        (rate > 0.0).then(|| total.saturating_sub(done) as f64 / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_of_the_last_seconds() {
        let start = Instant::now();
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(), None);
        for second in 0..20 {
            rate.add(start + Duration::from_secs(second), if second < 10 { 0 } else { (second - 10) * 100 });
        }
        assert_eq!(rate.per_second().map(f64::round), Some(100.0));
        assert_eq!(rate.seconds_left(900, Some(1900)).map(f64::round), Some(10.0));
    }
}
