//! Windows of a plan's rows, in any order and under any filter. Rows are wide, so that going through those of a large plan for each window
//! would make scrolling wait: a finished plan is gone through once for a question, and its list of places serves every window after that.

use rusqlite::Connection;
use std::sync::Arc;
use uuid::Uuid;

use super::plan_filter::{PlanRowFilter, bound, condition, order_by};
use super::plan_rows::{COLUMNS, PlanRow, plan_row};
use super::plans::{self, PlanStatus};
use super::{base, plan_body::Bodies};
use crate::cache::places::Places;
use crate::{Store, StoreError};

/// A window of rows.
#[derive(Debug, Clone)]
pub struct PlanRowsPage {
    /// Rows in the filter's order.
    pub rows: Vec<PlanRow>,
    /// All that fit.
    pub total: u64,
}

impl Store {
    /// A window of rows, in the filter's order.
    pub fn plan_rows(
        &self,
        plan: Uuid,
        filter: &PlanRowFilter,
        offset: u64,
        limit: u32,
    ) -> Result<PlanRowsPage, StoreError> {
        self.read(|db| {
            let number = plans::number(db, plan)?;
            let found = self.ordinals(db, number, filter)?;
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(found.len());
            let mut statement =
                db.prepare_cached(&format!("SELECT {COLUMNS} FROM plan_rows WHERE rid = ?1"))?;
            let mut bodies = Bodies::of(db);
            let mut rows = Vec::new();
            for ordinal in found[from..].iter().take(limit as usize) {
                let mut row = statement.query([base(number) + i64::from(*ordinal)])?;
                if let Some(row) = row.next()? {
                    rows.push(plan_row(row, &mut bodies)?);
                }
            }
            Ok(PlanRowsPage { rows, total: found.len() as u64 })
        })
    }

    /// The number of rows that fit.
    pub fn plan_rows_count(&self, plan: Uuid, filter: &PlanRowFilter) -> Result<u64, StoreError> {
        self.read(|db| Ok(self.ordinals(db, plans::number(db, plan)?, filter)?.len() as u64))
    }

    /// Ordinals of the rows that fit, in the filter's order. They are kept where they stay as they are: of a plan to which no rows are added
    /// any more only what is taken out by hand changes.
    fn ordinals(&self, db: &Connection, number: i64, filter: &PlanRowFilter) -> Result<Places, StoreError> {
        let status: String = db
            .prepare_cached("SELECT status FROM plans WHERE number = ?1")?
            .query_row([number], |row| row.get(0))?;
        let make = || made(db, number, filter);
        if status == PlanStatus::Planning.as_str() || filter.excluded.is_some() {
            return Ok(Arc::new(make()?));
        }
        self.inner.places.get(&format!("plan {number} {filter:?}"), make)
    }
}

fn made(db: &Connection, number: i64, filter: &PlanRowFilter) -> Result<Vec<u32>, StoreError> {
    let condition = condition(number, filter);
    let mut statement = db.prepare_cached(&format!(
        "SELECT rid FROM plan_rows WHERE {} ORDER BY {}",
        condition.sql,
        order_by(filter.order, filter.descending)
    ))?;
    let mut rows = statement.query(bound(&condition.values).as_slice())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((row.get::<_, i64>(0)? % super::ORDINALS) as u32);
    }
    found.shrink_to_fit();
    Ok(found)
}
