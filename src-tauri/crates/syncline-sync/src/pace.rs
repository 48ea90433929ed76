//! How large batches are and how many are under way at once, found by watching: a value that is told of each batch that ended. Growth is
//! additive, shrinking multiplicative, so that several clients of one service come to share it.
//! Source of the rules: Dataverse, service protection API limits ("ramp up", degree of parallelism).

use jiff::{SignedDuration, Timestamp};

/// Fewest rows that a slow service is asked to take in one batch.
const LEAST_ROWS: usize = 10;
/// Rows that are added after a quick batch.
const ROWS_STEP: usize = 10;
/// A batch that takes longer is too large: a request may run two minutes, and a lost answer costs more the more rows it holds.
const SLOW: SignedDuration = SignedDuration::from_secs(20);
/// A batch that takes less may be larger.
const QUICK: SignedDuration = SignedDuration::from_secs(8);
/// A batch of twice the rows takes at most twice as long: where whole batches take less than this on average, the next run's may be larger.
const VERY_QUICK: SignedDuration = SignedDuration::from_secs(4);
/// Whole batches that tell something of their size.
const ENOUGH: i32 = 5;
/// Batches at once where the service recommends no number.
const WITHOUT_HINT: usize = 4;

/// What the destination takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceLimits {
    /// Rows in one batch.
    pub most_rows: usize,
    /// Batches at once.
    pub most_parallel: usize,
}

/// A batch that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// When it was sent.
    pub began: Timestamp,
    /// When its answer came, or was given up.
    pub ended: Timestamp,
    /// Rows in it.
    pub rows: usize,
    /// The service asked somebody to wait (429) meanwhile.
    pub throttled: bool,
    /// No answer came for it.
    pub lost: bool,
    /// Rows of it that were refused. A call that is refused for one row goes again, row by row.
    pub failed: usize,
    /// Requests at once that the service recommends (`x-ms-dop-hint`).
    pub recommended: Option<u32>,
}

/// The pace of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    limits: PaceLimits,
    rows: usize,
    parallel: usize,
    ceiling: usize,
    /// Batches that ended well since the number at once last changed.
    calm: usize,
    slowed_at: Option<Timestamp>,
    shrunk_at: Option<Timestamp>,
    /// Batches of the most rows that were neither held up nor lost, and how long they took together.
    whole: i32,
    whole_took: SignedDuration,
    sent: usize,
    failed: usize,
}

impl Pace {
    /// Begins with whole batches, one at a time.
    pub fn new(limits: PaceLimits) -> Self {
        let limits =
            PaceLimits { most_rows: limits.most_rows.max(1), most_parallel: limits.most_parallel.max(1) };
        Self {
            rows: limits.most_rows,
            parallel: 1,
            ceiling: limits.most_parallel.min(WITHOUT_HINT),
            limits,
            calm: 0,
            slowed_at: None,
            shrunk_at: None,
            whole: 0,
            whole_took: SignedDuration::ZERO,
            sent: 0,
            failed: 0,
        }
    }

    /// Rows that batches of the next run should hold at most, where this one told enough: fewer where whole batches were too slow, twice as many
    /// where they were quick and hardly a row was refused. Within a run the most rows stay what they are, so that it costs what was foreseen.
    pub fn advice(&self) -> Option<usize> {
        let quick = self.whole >= ENOUGH && self.whole_took < VERY_QUICK * self.whole;
        if self.rows < self.limits.most_rows {
            Some(self.rows)
        } else if quick && self.failed * 100 <= self.sent {
            Some(self.limits.most_rows.saturating_mul(2))
        } else {
            None
        }
    }

    /// Rows in the next batch.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Batches that may be under way at once.
    pub fn parallel(&self) -> usize {
        self.parallel
    }

    /// Learns from a batch. What was under way when the pace went down last says nothing of the pace since.
    pub fn observe(&mut self, seen: &Ended) {
        if let Some(recommended) = seen.recommended.filter(|recommended| *recommended > 0) {
            let recommended = usize::try_from(recommended).unwrap_or(usize::MAX);
            self.ceiling = recommended.clamp(1, self.limits.most_parallel);
        }
        let took = seen.ended.duration_since(seen.began);
        self.sent += seen.rows;
        self.failed += seen.failed;
        if seen.rows >= self.limits.most_rows && !seen.throttled && !seen.lost {
            self.whole += 1;
            self.whole_took += took;
        }
        if seen.throttled {
            if self.slowed_at.is_none_or(|at| seen.began >= at) {
                self.parallel = (self.parallel / 2).max(1);
                self.slowed_at = Some(seen.ended);
            }
            self.calm = 0;
        } else {
            self.calm += 1;
            if self.calm >= self.parallel && self.parallel < self.ceiling {
                self.parallel += 1;
                self.calm = 0;
            }
            // A pause makes a batch long without the batch being large.
            self.size(seen, took);
        }
        self.parallel = self.parallel.min(self.ceiling);
    }

    fn size(&mut self, seen: &Ended, took: SignedDuration) {
        if seen.lost || took > SLOW {
            if self.shrunk_at.is_none_or(|at| seen.began >= at) {
                self.rows = (self.rows.min(seen.rows.max(1)) / 2).max(LEAST_ROWS.min(self.limits.most_rows));
                self.shrunk_at = Some(seen.ended);
            }
        } else if took < QUICK && seen.rows >= self.rows {
            self.rows = (self.rows + ROWS_STEP).min(self.limits.most_rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: PaceLimits = PaceLimits { most_rows: 100, most_parallel: 8 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn good(began: i64, took: i64) -> Ended {
        Ended {
            began: at(began),
            ended: at(began + took),
            rows: 100,
            throttled: false,
            lost: false,
            failed: 0,
            recommended: None,
        }
    }

    #[test]
    fn it_ramps_up_to_the_recommended_number() {
        let mut pace = Pace::new(LIMITS);
        assert_eq!((pace.rows(), pace.parallel()), (100, 1));
        pace.observe(&good(0, 1));
        assert_eq!(pace.parallel(), 2);
        pace.observe(&good(1, 1));
        assert_eq!(pace.parallel(), 2, "a round of two must end well first");
        (2..60).for_each(|n| pace.observe(&good(n, 1)));
        assert_eq!(pace.parallel(), 4, "no number was recommended");
        (60..200).for_each(|n| pace.observe(&Ended { recommended: Some(6), ..good(n, 1) }));
        assert_eq!(pace.parallel(), 6);
        pace.observe(&Ended { recommended: Some(2), ..good(200, 1) });
        assert_eq!(pace.parallel(), 2);
    }

    #[test]
    fn one_pause_slows_it_once() {
        let mut pace = Pace::new(LIMITS);
        (0..100).for_each(|n| pace.observe(&Ended { recommended: Some(8), ..good(n, 1) }));
        assert_eq!(pace.parallel(), 8);
        // Eight were under way when the service asked to wait.
        (0..8).for_each(|_| {
            pace.observe(&Ended { throttled: true, recommended: Some(8), ..good(100, 30) });
        });
        assert_eq!(pace.parallel(), 4);
        assert_eq!(pace.rows(), 100, "the wait was not the batch's fault");
        pace.observe(&Ended { throttled: true, recommended: Some(8), ..good(131, 1) });
        assert_eq!(pace.parallel(), 2);
    }

    #[test]
    fn slow_batches_shrink_and_grow_again() {
        let mut pace = Pace::new(LIMITS);
        pace.observe(&good(0, 40));
        assert_eq!(pace.rows(), 50);
        pace.observe(&Ended { rows: 50, lost: true, ..good(40, 60) });
        assert_eq!(pace.rows(), 25);
        pace.observe(&Ended { rows: 25, ..good(100, 1) });
        assert_eq!(pace.rows(), 35);
        pace.observe(&Ended { rows: 3, ..good(101, 1) });
        assert_eq!(pace.rows(), 35, "a short last batch tells nothing");
    }

    #[test]
    fn quick_runs_advise_larger_batches_and_slow_ones_smaller() {
        let after = |list: &[Ended]| {
            let mut pace = Pace::new(LIMITS);
            list.iter().for_each(|seen| pace.observe(seen));
            pace.advice()
        };
        let all = |n: i64, seen: Ended| {
            (0..n)
                .map(|at| Ended {
                    began: seen.began + SignedDuration::from_secs(at * 60),
                    ended: seen.ended + SignedDuration::from_secs(at * 60),
                    ..seen
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(after(&all(4, good(0, 1))), None, "too few to tell");
        assert_eq!(after(&all(5, good(0, 1))), Some(200));
        assert_eq!(after(&all(9, Ended { rows: 40, ..good(0, 1) })), None, "none was whole");
        assert_eq!(after(&all(9, good(0, 5))), None, "twice the rows would be slow");
        assert_eq!(after(&all(9, Ended { failed: 2, ..good(0, 1) })), None, "refused rows go twice");
        assert_eq!(after(&all(9, Ended { failed: 1, ..good(0, 1) })), Some(200));
        assert_eq!(after(&all(9, Ended { throttled: true, ..good(0, 1) })), None, "it was held up");
        assert_eq!(after(&all(1, good(0, 40))), Some(50));
    }

    fn endings() -> impl Strategy<Value = Vec<Ended>> {
        let one = (
            0i64..1000,
            0i64..90,
            0usize..200,
            any::<bool>(),
            any::<bool>(),
            0usize..200,
            proptest::option::of(0u32..100),
        );
        proptest::collection::vec(one, 0..200).prop_map(|list| {
            list.into_iter()
                .map(|(began, took, rows, throttled, lost, failed, recommended)| Ended {
                    rows,
                    throttled,
                    lost,
                    failed,
                    recommended,
                    ..good(began, took)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn it_stays_within_its_limits(most_rows in 0usize..2000, most_parallel in 0usize..100, list in endings()) {
            let mut pace = Pace::new(PaceLimits { most_rows, most_parallel });
            for seen in list {
                let before = pace.clone();
                pace.observe(&seen);
                prop_assert!((1..=most_rows.max(1)).contains(&pace.rows()));
                prop_assert!((1..=most_parallel.max(1)).contains(&pace.parallel()));
                prop_assert!(pace.parallel() <= before.parallel() + 1, "growth is additive");
                prop_assert!(pace.rows() <= before.rows() + ROWS_STEP);
                prop_assert!(pace.advice().is_none_or(|rows| rows >= 1 && rows <= 2 * most_rows.max(1)));
                prop_assert!(!seen.throttled || pace.parallel() <= before.parallel(), "a 429 never speeds it up");
            }
        }

        #[test]
        fn a_service_that_is_always_throttled_is_asked_one_at_a_time(n in 10usize..50) {
            let mut pace = Pace::new(LIMITS);
            (0..n as i64).for_each(|n| pace.observe(&Ended { throttled: true, ..good(n, 1) }));
            prop_assert_eq!(pace.parallel(), 1);
        }
    }
}
