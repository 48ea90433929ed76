//! How long the audit is kept: runs that ended before a day go with their plans, and plans that were never run go too. What somebody signed
//! off, and runs with failures that nobody has dealt with, go only when that is asked for.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::Value as Json;

use super::{ORDINALS, hand_edits, plans, runs};
use crate::tables::metadata::unpack;
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
    /// Edits by hand.
    pub edits: u64,
    /// Older runs and plans that stay: signed off, or with failures that nobody has dealt with.
    pub kept: u64,
    /// When the oldest of the runs began.
    pub oldest: Option<Timestamp>,
}

/// What is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Older {
    /// What ended before.
    pub before: Timestamp,
    /// What was signed off and what has open failures too.
    pub all: bool,
}

impl From<Timestamp> for Older {
    fn from(before: Timestamp) -> Self {
        Self { before, all: true }
    }
}

/// Runs at a time, so that nobody waits long for the store.
const AT_ONCE: usize = 20;

/// A run `r` with its plan `q` that may go without a word: not signed, and it went well, was taken back, or its failures were sent again and
/// went well.
const SETTLED: &str = "q.signature IS NULL AND (r.status = 'succeeded' OR json_extract(r.detail, '$.undone_by') IS NOT NULL
    OR EXISTS(SELECT 1 FROM runs s WHERE s.definition_key = r.definition_key AND s.status = 'succeeded' AND json_extract(s.detail, '$.replay_of') = r.id))";

fn old_runs(older: Older) -> String {
    let which = if older.all { "1".to_owned() } else { SETTLED.to_owned() };
    format!("r.finished_at < ?1 AND r.status <> 'running' AND ({which})")
}

/// Plans that were never run and are older: not the other way of a two-way sync that was run, and where asked only those by which nothing is
/// written and nothing waits.
fn old_plans(db: &Connection, older: Older, idle: bool) -> Result<Vec<i64>, StoreError> {
    let which = if older.all { "1" } else { "signature IS NULL" };
    let mut statement = db.prepare_cached(&format!(
        "SELECT number, detail FROM plans WHERE created_at < ?1 AND status <> 'planning' AND id NOT IN (SELECT plan FROM runs) AND {which}"
    ))?;
    let mut ran = db.prepare_cached("SELECT 1 FROM runs WHERE plan = ?1")?;
    let mut rows = statement.query([millis(older.before)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let detail: Json = unpack(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
        let other = detail.pointer("/two_way/other").and_then(Json::as_str);
        if let Some(other) = other
            && ran.exists([other])?
        {
            continue;
        }
        if !idle || is_idle(&detail) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

fn is_idle(detail: &Json) -> bool {
    let counted = [
        "/counts/create",
        "/counts/update",
        "/counts/delete",
        "/counts/invalid",
        "/counts/events",
        "/two_way/conflicts",
    ];
    counted.iter().all(|path| detail.pointer(path).and_then(Json::as_u64).unwrap_or(0) == 0)
}

impl Store {
    /// What would go if nothing older were kept.
    pub fn prunable(&self, older: impl Into<Older>) -> Result<Pruned, StoreError> {
        let older = older.into();
        self.read(|db| count(db, older))
    }

    /// Removes what is older. Runs that are under way, and plans that are being made, stay.
    pub fn prune(&self, older: impl Into<Older>) -> Result<Pruned, StoreError> {
        let older = older.into();
        let pruned = self.prunable(older)?;
        loop {
            let gone = self.write(|tx| {
                let old: Vec<(i64, Option<i64>)> = tx
                    .prepare(&format!(
                        "SELECT r.number, q.number FROM runs r LEFT JOIN plans q ON q.id = r.plan WHERE {} ORDER BY r.number LIMIT ?2",
                        old_runs(older)
                    ))?
                    .query_map(params![millis(older.before), AT_ONCE as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
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
            hand_edits::prune(tx, older.before)?;
            drop_plans(tx, &old_plans(tx, older, false)?).map(drop)
        })?;
        Ok(pruned)
    }

    /// Removes previews that were never run: those made before `any`, and those made before `idle` by which nothing would be written and
    /// nothing waits. What was signed off stays. How many went.
    pub fn prune_previews(&self, any: Option<Timestamp>, idle: Option<Timestamp>) -> Result<u64, StoreError> {
        self.write(|tx| {
            let mut gone = 0;
            if let Some(before) = any {
                gone += drop_plans(tx, &old_plans(tx, Older { before, all: false }, false)?)?;
            }
            if let Some(before) = idle {
                gone += drop_plans(tx, &old_plans(tx, Older { before, all: false }, true)?)?;
            }
            Ok(gone)
        })
    }
}

fn drop_plans(tx: &Connection, plans: &[i64]) -> Result<u64, StoreError> {
    plans.iter().try_for_each(|plan| plans::delete(tx, *plan))?;
    Ok(plans.len() as u64)
}

fn count(db: &Connection, older: Older) -> Result<Pruned, StoreError> {
    let number = |value: i64| value.unsigned_abs();
    let at = millis(older.before);
    let runs = |older: Older| {
        db.query_row(
            &format!(
                "SELECT count(*), min(r.started_at) FROM runs r LEFT JOIN plans q ON q.id = r.plan WHERE {}",
                old_runs(older)
            ),
            [at],
            |row| Ok((number(row.get(0)?), row.get::<_, Option<i64>>(1)?.map(from_millis))),
        )
    };
    let plans = |older: Older| Ok::<_, StoreError>(old_plans(db, older, false)?.len() as u64);
    let rows = db.query_row(
        &format!(
            "SELECT coalesce(sum((SELECT count(*) FROM plan_rows p WHERE p.rid >= q.number * ?2 AND p.rid < (q.number + 1) * ?2)), 0)
             FROM runs r JOIN plans q ON q.id = r.plan WHERE {}",
            old_runs(older)
        ),
        params![at, ORDINALS],
        |row| Ok(number(row.get(0)?)),
    )?;
    let (going, oldest) = runs(older)?;
    let unrun = plans(older)?;
    let all = Older { all: true, ..older };
    let kept = runs(all)?.0 + plans(all)? - going - unrun;
    Ok(Pruned { runs: going, rows, plans: unrun, edits: hand_edits::older(db, older.before)?, kept, oldest })
}
