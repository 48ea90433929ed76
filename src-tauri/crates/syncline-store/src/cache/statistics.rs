//! How the columns of a pulled entity are filled: counted over the typed columns, without reading any JSON.

use rusqlite::types::ValueRef;
use syncline_model::{ColumnName, ColumnStatistics, ColumnType, EntityName, ValueCount};
use uuid::Uuid;

use crate::cache::dataset::{CacheColumn, record_count};
use crate::{Store, StoreError};

/// Records over which values are told apart; above it every so many-th record is looked at, so that memory stays flat.
const MOST_GROUPED: u64 = 200_000;
/// Most frequent values that are told.
const TOP: u32 = 5;

impl Store {
    /// Counts one column of a pulled entity. `None`: the column was not pulled. How many records have a value is exact; values are
    /// told apart over all records up to 200,000, else over a part of them, and then `sampled` says so. Dates are grouped by year.
    pub fn column_statistics(
        &self,
        connection: Uuid,
        entity: &EntityName,
        column: &ColumnName,
    ) -> Result<Option<ColumnStatistics>, StoreError> {
        self.statistics_over(connection, entity, column, MOST_GROUPED)
    }

    /// The same with another number of records over which values are told apart.
    pub(crate) fn statistics_over(
        &self,
        connection: Uuid,
        entity: &EntityName,
        column: &ColumnName,
        most: u64,
    ) -> Result<Option<ColumnStatistics>, StoreError> {
        self.read(|db| {
            let dataset = self.dataset_of(db, connection, entity)?;
            let Some(known) = dataset.columns.iter().find(|known| known.name == *column) else { return Ok(None) };
            let (n, value) = (dataset.id, known.value_sql());
            let rows = record_count(db, n)?;
            let step = rows.div_ceil(most).max(1);
            // A sample holds every so many-th record; record numbers say nothing about their content.
            let part = format!("c.rid % {step} = 0");
            // One pass for both; the second reads the values that are told apart only.
            let different = match told_apart(known) {
                true => format!("count(DISTINCT CASE WHEN {part} THEN {value} END)"),
                false => "0".to_owned(),
            };
            let (filled, distinct): (i64, i64) =
                db.query_row(&format!("SELECT count({value}), {different} FROM c_{n} c"), [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            let (filled, distinct) = (filled.unsigned_abs(), distinct.unsigned_abs());
            let mut found = ColumnStatistics {
                column: column.clone(),
                rows,
                filled: Some(filled),
                distinct: None,
                top: vec![],
                sampled: false,
                note: None,
            };
            if !told_apart(known) {
                return Ok(Some(found));
            }
            found.sampled = step > 1;
            found.distinct = Some(distinct);
            let grouped = match known.column_type {
                ColumnType::DateTime => format!("substr({value}, 1, 4)"),
                _ => value.clone(),
            };
            let label = if known.labelled { format!("max({})", known.label_sql()) } else { "NULL".to_owned() };
            let is_key = known.column_type == ColumnType::UniqueIdentifier && distinct == rows;
            if is_key || filled == 0 {
                return Ok(Some(found));
            }
            let mut statement = db.prepare(&format!(
                "SELECT {grouped}, {label}, count(*) AS many FROM c_{n} c WHERE {value} IS NOT NULL AND {part} GROUP BY 1 ORDER BY many DESC, 1 LIMIT {TOP}"
            ))?;
            let mut groups = statement.query([])?;
            while let Some(row) = groups.next()? {
                found.top.push(ValueCount {
                    value: text(known, row.get_ref(0)?),
                    label: row.get(1)?,
                    count: row.get::<_, i64>(2)?.unsigned_abs(),
                });
            }
            Ok(Some(found))
        })
    }
}

/// Long texts and combinations of choices are only counted, as the service does it.
fn told_apart(column: &CacheColumn) -> bool {
    !matches!(
        column.column_type,
        ColumnType::Memo
            | ColumnType::MultiSelectPicklist
            | ColumnType::PartyList
            | ColumnType::Image
            | ColumnType::File
            | ColumnType::Other
    )
}

fn text(column: &CacheColumn, value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) if column.column_type == ColumnType::Boolean => (number != 0).to_string(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => hex::encode(bytes),
    }
}
