//! How often each value of a column occurs among the records of a selection.

use std::sync::Arc;
use syncline_model::{ColumnType, EntityName};
use uuid::Uuid;

use crate::cache::dataset::Dataset;
use crate::cache::extract::Cell;
use crate::cache::grid::GridQuery;
use crate::{Store, StoreError};

/// A value and how many records have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Facet {
    /// The value as the column holds it: a code, an id, a text, a number; `None` for records without one. Of dates the year and month.
    pub value: Option<serde_json::Value>,
    /// Its label, for choices and lookups.
    pub label: Option<String>,
    /// Records.
    pub count: u64,
}

/// The most frequent values of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Facets {
    /// Most frequent first.
    pub values: Vec<Facet>,
    /// Different values in all, none counting as one.
    pub different: u64,
    /// Records of the selection.
    pub total: u64,
}

impl Store {
    /// The values of a column among the records that a query's filter and search find; its order and window do not count.
    pub fn facets(
        &self,
        connection: Uuid,
        entity: &EntityName,
        column: &str,
        query: &GridQuery,
        limit: u32,
    ) -> Result<Facets, StoreError> {
        self.read(|db| {
            let dataset: Arc<Dataset> = self.dataset_of(db, connection, entity)?;
            let found = dataset.column(column)?;
            let (condition, mut values) = self.selected(db, connection, &dataset, query)?;
            let value = found.value_sql();
            // Texts that differ by case are one value; of dates the month is enough.
            let key = match found.column_type {
                ColumnType::String | ColumnType::Memo => format!("fold({value})"),
                ColumnType::DateTime => format!("substr({value}, 1, 7)"),
                _ => value.clone(),
            };
            let shown =
                if found.column_type == ColumnType::DateTime { key.clone() } else { format!("min({value})") };
            let label =
                if found.labelled { format!("min({})", found.label_sql()) } else { "NULL".to_owned() };
            let from = format!("FROM c_{} c WHERE {condition}", dataset.id);
            let (total, different): (i64, i64) = db.query_row(
                &format!(
                    "SELECT coalesce(sum(n), 0), count(*) FROM (SELECT count(*) AS n {from} GROUP BY {key})"
                ),
                rusqlite::params_from_iter(&values),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            values.push(Cell::Integer(i64::from(limit)));
            let mut statement = db.prepare_cached(&format!(
                "SELECT {shown}, {label}, count(*) {from} GROUP BY {key} ORDER BY 3 DESC, {key} LIMIT ?{}",
                values.len()
            ))?;
            let rows = statement.query_map(rusqlite::params_from_iter(&values), |row| {
                let value: Cell = row.get(0)?;
                Ok(Facet {
                    value: match value {
                        Cell::Null | Cell::Blob(_) => None,
                        Cell::Integer(number) => Some(number.into()),
                        Cell::Real(number) => Some(number.into()),
                        Cell::Text(text) => Some(text.into()),
                    },
                    label: row.get(1)?,
                    count: row.get::<_, i64>(2)?.unsigned_abs(),
                })
            })?;
            Ok(Facets {
                values: rows.collect::<Result<_, _>>()?,
                different: different.unsigned_abs(),
                total: total.unsigned_abs(),
            })
        })
    }
}
