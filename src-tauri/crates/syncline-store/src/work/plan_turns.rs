//! When a plan's rows go: rows of one turn don't depend on one another, and wait for those of the turns before. Most rows go in turn 0, of which nothing is kept.
//! And steps: rows that are a part of what becomes of another row, because that can't be done in one request.

use rusqlite::params;
use uuid::Uuid;

use super::{base, plans};
use crate::migrate::Migration;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 12,
    sql: "CREATE TABLE plan_turns(
            rid INTEGER PRIMARY KEY NOT NULL,
            turn INTEGER NOT NULL);
          CREATE INDEX plan_turns_turn ON plan_turns(turn);
          CREATE TABLE plan_steps(
            rid INTEGER PRIMARY KEY NOT NULL,
            main INTEGER NOT NULL,
            first INTEGER NOT NULL);
          CREATE INDEX plan_steps_main ON plan_steps(main)",
}];

/// A row that is a part of what becomes of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanStep {
    /// Ordinal of the row.
    pub step: u32,
    /// Ordinal of the row that it belongs to.
    pub main: u32,
    /// It goes before that row, which goes only if it landed; otherwise the other way round.
    pub first: bool,
}

/// Of the rows `?1` to `?2`, those of the turn `?6`.
pub(super) fn of_turn(turn: u32) -> &'static str {
    if turn == 0 {
        "NOT EXISTS(SELECT 1 FROM plan_turns t WHERE t.rid = plan_rows.rid) AND ?6 = 0"
    } else {
        // Asked of the turn's own rows, so that a turn costs no more than they are.
        "rid IN (SELECT t.rid FROM plan_turns t WHERE t.turn = ?6 AND t.rid >= ?1 AND t.rid < ?2)"
    }
}

impl Store {
    /// Notes in which turn rows go, by their ordinals.
    pub fn save_plan_turns(&self, plan: Uuid, turns: &[(u32, u32)]) -> Result<(), StoreError> {
        self.write(|tx| {
            let first = base(plans::number(tx, plan)?);
            let mut insert =
                tx.prepare_cached("INSERT OR REPLACE INTO plan_turns(rid, turn) VALUES(?1, ?2)")?;
            for (ordinal, turn) in turns.iter().filter(|(_, turn)| *turn > 0) {
                insert.execute(params![first + i64::from(*ordinal), turn])?;
            }
            Ok(())
        })
    }

    /// The turns of a plan after turn 0, in order.
    pub fn plan_turns(&self, plan: Uuid) -> Result<Vec<u32>, StoreError> {
        self.read(|db| {
            let number = plans::number(db, plan)?;
            let mut statement = db.prepare_cached(
                "SELECT DISTINCT turn FROM plan_turns WHERE rid >= ?1 AND rid < ?2 ORDER BY turn",
            )?;
            let turns =
                statement.query_map(params![base(number), base(number + 1)], |row| row.get::<_, u32>(0))?;
            Ok(turns.collect::<Result<_, _>>()?)
        })
    }

    /// Notes which rows are steps.
    pub fn save_plan_steps(&self, plan: Uuid, steps: &[PlanStep]) -> Result<(), StoreError> {
        self.write(|tx| {
            let base = base(plans::number(tx, plan)?);
            let mut insert =
                tx.prepare_cached("INSERT OR REPLACE INTO plan_steps(rid, main, first) VALUES(?1, ?2, ?3)")?;
            for PlanStep { step, main, first } in steps {
                insert.execute(params![base + i64::from(*step), base + i64::from(*main), first])?;
            }
            Ok(())
        })
    }

    /// The steps that these rows are, or have.
    pub fn plan_steps(&self, plan: Uuid, ordinals: &[u32]) -> Result<Vec<PlanStep>, StoreError> {
        self.read(|db| {
            let base = base(plans::number(db, plan)?);
            let mut statement =
                db.prepare_cached("SELECT rid, main, first FROM plan_steps WHERE rid = ?1 OR main = ?1")?;
            let mut found = Vec::new();
            for ordinal in ordinals {
                let steps = statement.query_map([base + i64::from(*ordinal)], |row| {
                    Ok(PlanStep {
                        step: (row.get::<_, i64>(0)? % super::ORDINALS) as u32,
                        main: (row.get::<_, i64>(1)? % super::ORDINALS) as u32,
                        first: row.get(2)?,
                    })
                })?;
                for step in steps {
                    found.push(step?);
                }
            }
            found.dedup();
            Ok(found)
        })
    }
}
