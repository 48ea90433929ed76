//! How a run went over time: outcomes in equal stretches of time, for a chart.

use jiff::Timestamp;
use rusqlite::params;
use std::collections::BTreeMap;
use uuid::Uuid;

use super::{base, runs};
use crate::time::from_millis;
use crate::{Store, StoreError};

/// Shortest stretch in milliseconds: below it a rate says nothing.
const SHORTEST: i64 = 100;

/// One stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePoint {
    /// Where it begins.
    pub at: Timestamp,
    /// Rows by outcome whose answer came in it.
    pub outcomes: BTreeMap<String, u64>,
}

impl Store {
    /// A run's answers in at most `points` stretches between its first and its last, and the length of a stretch in milliseconds. Stretches
    /// without an answer are among them.
    pub fn run_timeline(&self, run: Uuid, points: u32) -> Result<(Vec<TimelinePoint>, u64), StoreError> {
        self.read(|db| {
            let first = base(runs::number(db, run)?);
            let range = params![first, first + super::ORDINALS];
            let ends: (Option<i64>, Option<i64>) = db.query_row(
                "SELECT min(at), max(at) FROM run_rows WHERE rid >= ?1 AND rid < ?2 AND outcome <> 'sending'",
                range,
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let (Some(from), Some(to)) = ends else { return Ok((Vec::new(), 0)) };
            let step = ((to - from) / i64::from(points.max(1)) + 1).max(SHORTEST);
            let mut timeline: Vec<TimelinePoint> = (0..=(to - from) / step)
                .map(|number| TimelinePoint {
                    at: from_millis(from + number * step),
                    outcomes: BTreeMap::new(),
                })
                .collect();
            let mut statement = db.prepare_cached(
                "SELECT (at - ?3) / ?4, outcome, count(*) FROM run_rows
                 WHERE rid >= ?1 AND rid < ?2 AND outcome <> 'sending' GROUP BY 1, 2",
            )?;
            let mut rows = statement.query(params![first, first + super::ORDINALS, from, step])?;
            while let Some(row) = rows.next()? {
                let at = row.get::<_, i64>(0)? as usize;
                if let Some(point) = timeline.get_mut(at) {
                    point.outcomes.insert(row.get(1)?, row.get::<_, i64>(2)?.unsigned_abs());
                }
            }
            Ok((timeline, step.unsigned_abs()))
        })
    }
}
