//! How long the audit is kept: runs that ended before a day go with their plans, and plans that were never run go too.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{ORDINALS, plans, runs};
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

/// What goes, or went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Runs, with their before-images: they can't be undone afterwards.
    pub runs: u64,
    /// Records in them.
    pub rows: u64,
    /// Plans that were never run.
    pub plans: u64,
    /// When the oldest of the runs began.
    pub oldest: Option<Timestamp>,
}

/// Runs at a time, so that nobody waits long for the store.
const AT_ONCE: usize = 20;

impl Store {
    /// What would go if nothing older than `before` were kept.
    pub fn prunable(&self, before: Timestamp) -> Result<Pruned, StoreError> {
        self.read(|db| count(db, before))
    }

    /// Removes what ended before that time. Runs that are under way, and plans that are being made, stay.
    pub fn prune(&self, before: Timestamp) -> Result<Pruned, StoreError> {
        let pruned = self.prunable(before)?;
        loop {
            let gone = self.write(|tx| {
                let old: Vec<(i64, Option<i64>)> = tx
                    .prepare(
                        "SELECT r.number, q.number FROM runs r LEFT JOIN plans q ON q.id = r.plan
                         WHERE r.finished_at < ?1 AND r.status <> 'running' ORDER BY r.number LIMIT ?2",
                    )?
                    .query_map(params![millis(before), AT_ONCE as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<Result<_, _>>()?;
                for (run, plan) in &old {
                    runs::delete(tx, *run)?;
                    if let Some(plan) = plan {
                        plans::delete(tx, *plan)?;
                    }
                }
                Ok(old.len())
            })?;
            if gone < AT_ONCE {
                break;
            }
        }
        self.write(|tx| {
            let old: Vec<i64> = tx
                .prepare(
                    "SELECT number FROM plans WHERE created_at < ?1 AND status <> 'planning'
                     AND id NOT IN (SELECT plan FROM runs)",
                )?
                .query_map([millis(before)], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            old.into_iter().try_for_each(|plan| plans::delete(tx, plan))
        })?;
        Ok(pruned)
    }
}

fn count(db: &Connection, before: Timestamp) -> Result<Pruned, StoreError> {
    let number = |value: i64| value.unsigned_abs();
    let (runs, oldest) = db.query_row(
        "SELECT count(*), min(started_at) FROM runs WHERE finished_at < ?1 AND status <> 'running'",
        [millis(before)],
        |row| Ok((number(row.get(0)?), row.get::<_, Option<i64>>(1)?.map(from_millis))),
    )?;
    let rows = db.query_row(
        "SELECT coalesce(sum((SELECT count(*) FROM plan_rows p WHERE p.rid >= q.number * ?2 AND p.rid < (q.number + 1) * ?2)), 0)
         FROM runs r JOIN plans q ON q.id = r.plan WHERE r.finished_at < ?1 AND r.status <> 'running'",
        params![millis(before), ORDINALS],
        |row| Ok(number(row.get(0)?)),
    )?;
    let plans = db.query_row(
        "SELECT count(*) FROM plans WHERE created_at < ?1 AND status <> 'planning' AND id NOT IN (SELECT plan FROM runs)",
        [millis(before)],
        |row| Ok(number(row.get(0)?)),
    )?;
    Ok(Pruned { runs, rows, plans, oldest })
}
