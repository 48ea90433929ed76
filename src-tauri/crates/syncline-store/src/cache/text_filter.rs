//! Conditions on a text that stands somewhere in a column, answered from the column's texts in memory.

use fixedbitset::FixedBitSet;
use rusqlite::Connection;
use syncline_fetchxml::{Condition, Operator};
use syncline_model::ColumnType;

use crate::cache::dataset::{CacheColumn, Dataset};
use crate::cache::grid_order::GridOrder;
use crate::cache::texts::{Pattern, Texts, TextsKey};
use crate::fold::fold;
use crate::{Store, StoreError};

/// What a condition asks of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextCondition {
    pattern: Pattern,
    /// All other records are meant, those without a value too.
    pub(super) other: bool,
}

impl TextCondition {
    /// Of a condition on a column of texts; `None`: it is SQL's, as are `_` and sets.
    pub(super) fn of(column: &CacheColumn, condition: &Condition) -> Option<Self> {
        let [value] = condition.values.as_slice() else { return None };
        if column.column_type != ColumnType::String || condition.value_of.is_some() {
            return None;
        }
        let folded = fold(value);
        let pattern = match condition.operator {
            Operator::Like | Operator::NotLike if !folded.contains(['_', '[']) => Pattern::of_like(&folded),
            Operator::EndsWith | Operator::NotEndWith => Pattern::of_end(&folded),
            _ => None,
        }?;
        let other = matches!(condition.operator, Operator::NotLike | Operator::NotEndWith);
        Some(Self { pattern, other })
    }
}

impl Store {
    /// The records whose text is as asked, `other` left aside. The texts are read from the column's index once. `None`: there is no index, or
    /// the texts are too many to be held.
    pub(super) fn with_text(
        &self,
        db: &Connection,
        dataset: &Dataset,
        column: &CacheColumn,
        asked: &TextCondition,
    ) -> Result<Option<FixedBitSet>, StoreError> {
        let order = GridOrder::of_values(column);
        if !order.is_indexed(db, dataset.id)? {
            return Ok(None);
        }
        let version = db
            .prepare_cached("SELECT version FROM datasets WHERE id = ?1")?
            .query_row([dataset.id], |row| row.get(0))?;
        let key = TextsKey { dataset: dataset.id, slot: column.slot, version };
        let texts = self.inner.texts.get(key, || {
            let text = format!("fold({})", column.value_sql());
            let (table, order) = (dataset.id, order.sql());
            let sql =
                format!("SELECT {text}, c.rid FROM c_{table} c WHERE {text} IS NOT NULL ORDER BY {order}");
            Texts::read(db, &sql)
        })?;
        Ok(texts.map(|texts| texts.found(&asked.pattern)))
    }
}
