//! Walking through a plan's rows from one to the next: each step costs its own rows, however far along it is.

use rusqlite::ToSql;
use uuid::Uuid;

use super::plan_filter::{PlanRowFilter, bound, condition};
use super::plan_rows::{COLUMNS, PlanRow, select};
use super::{base, plans};
use crate::{Store, StoreError};

impl Store {
    /// The next rows that fit, from an ordinal on.
    pub fn plan_rows_from(
        &self,
        plan: Uuid,
        filter: &PlanRowFilter,
        from: u32,
        limit: u32,
    ) -> Result<Vec<PlanRow>, StoreError> {
        self.read(|db| {
            let number = plans::number(db, plan)?;
            let condition = condition(number, filter);
            let first = base(number) + i64::from(from);
            let mut values = bound(&condition.values);
            values.push(&first as &dyn ToSql);
            let sql = format!(
                "SELECT {COLUMNS} FROM plan_rows WHERE {} AND rid >= ?{} ORDER BY rid LIMIT {limit}",
                condition.sql,
                values.len()
            );
            select(db, &sql, &values)
        })
    }
}
