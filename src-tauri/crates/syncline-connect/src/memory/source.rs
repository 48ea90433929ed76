//! The system as a source. A cursor holds the sort key of the last row that was read, so that rows written in between neither repeat
//! nor hide others.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use syncline_model::{
    ColumnName, EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, Record, RecordId,
    SynclineError, Value,
};
use tokio_util::sync::CancellationToken;

use super::{MemorySystem, Row, Table, check, internal, record};
use crate::{Capabilities, Count, Cursor, Order, Page, Selection, Source};

/// Where a reading stands.
#[derive(Serialize, Deserialize)]
struct Position {
    /// Values of the order's columns in the last row.
    key: Vec<Value>,
    /// Id of the last row.
    id: String,
    /// Rows read so far.
    read: u64,
}

/// Null first, then numbers by value, then texts and the rest as they read.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        (false, false) => {}
    }
    match (a.as_decimal(), b.as_decimal()) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.display_text().cmp(&b.display_text()),
    }
}

fn key_of(row: &Row, order: &[Order]) -> Vec<Value> {
    order.iter().map(|term| row.values.get(term.column.as_str()).cloned().unwrap_or(Value::Null)).collect()
}

fn compare_keys(a: (&[Value], &str), b: (&[Value], &str), order: &[Order]) -> Ordering {
    let by_terms = order.iter().zip(a.0.iter().zip(b.0)).map(|(term, (a, b))| {
        let ordering = compare(a, b);
        if term.descending { ordering.reverse() } else { ordering }
    });
    by_terms.into_iter().find(|ordering| ordering.is_ne()).unwrap_or_else(|| a.1.cmp(b.1))
}

fn entity_of(selection: &Selection) -> Result<&EntityName, SynclineError> {
    if selection.filter.is_some() || selection.list.is_some() {
        return Err(SynclineError::new(
            ErrorCode::QueryInvalid,
            "the system in memory has neither filters nor lists",
        )
        .hint("read the whole entity"));
    }
    selection
        .entity
        .as_ref()
        .ok_or_else(|| SynclineError::new(ErrorCode::Usage, "the selection names no entity"))
}

fn check_columns<'a>(
    table: &Table,
    columns: impl IntoIterator<Item = &'a ColumnName>,
) -> Result<(), SynclineError> {
    for column in columns {
        if table.schema.column(column.as_str()).is_none() {
            return Err(SynclineError::new(
                ErrorCode::QueryInvalid,
                format!("{} has no column {column}", table.schema.summary.logical_name),
            )
            .hint("use a logical name from the entity's description"));
        }
    }
    Ok(())
}

#[async_trait]
impl Source for MemorySystem {
    fn capabilities(&self) -> Capabilities {
        Self::abilities()
    }

    async fn identity(&self) -> Result<Identity, SynclineError> {
        Ok(Identity { organization_id: Some("memory".to_owned()), ..Identity::default() })
    }

    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        self.summaries(cancel)
    }

    async fn schema(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError> {
        self.schema_of(entity, cancel)
    }

    async fn count(&self, selection: &Selection, cancel: &CancellationToken) -> Result<Count, SynclineError> {
        check(cancel)?;
        self.with_table(entity_of(selection)?, |table| {
            let rows = table.rows.len() as u64;
            Ok(Count { value: selection.top.map_or(rows, |top| top.min(rows)), exact: true })
        })
    }

    async fn page(
        &self,
        selection: &Selection,
        cursor: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<Page, SynclineError> {
        check(cancel)?;
        let position: Option<Position> =
            cursor.map(|cursor| serde_json::from_str(&cursor.0)).transpose().map_err(|error| {
                SynclineError::new(ErrorCode::UnexpectedReply, format!("the cursor can't be read: {error}"))
                    .hint("start reading again")
            })?;
        let order = &selection.order;
        self.with_table(entity_of(selection)?, |table| {
            check_columns(table, selection.columns.iter().chain(order.iter().map(|term| &term.column)))?;
            let mut rows: Vec<(Vec<Value>, &str, &Row)> =
                table.rows.iter().map(|(id, row)| (key_of(row, order), id.as_str(), row)).collect();
            rows.sort_by(|a, b| compare_keys((&a.0, a.1), (&b.0, b.1), order));
            let read = position.as_ref().map_or(0, |position| position.read);
            let start = position.as_ref().map_or(0, |last| {
                rows.partition_point(|row| {
                    compare_keys((&row.0, row.1), (&last.key, &last.id), order).is_le()
                })
            });
            let wanted = selection.top.map_or(u64::MAX, |top| top.saturating_sub(read));
            let size = u64::from(selection.page_size.clamp(1, Self::abilities().max_page_size)).min(wanted);
            let end = rows.len().min(start + size as usize);
            let records = rows[start..end]
                .iter()
                .map(|(_, id, row)| record(table, id, row, &selection.columns))
                .collect::<Result<Vec<Record>, _>>()?;
            let bytes = records.iter().map(|record| record.raw.get().len() as u64).sum();
            let more = end < rows.len() && size < wanted;
            let next = match rows[start..end].last() {
                Some((key, id, _)) if more => Some(Position {
                    key: key.clone(),
                    id: (*id).to_owned(),
                    read: read + records.len() as u64,
                }),
                Some(_) | None => None,
            };
            let next = next
                .map(|position| serde_json::to_string(&position).map(Cursor))
                .transpose()
                .map_err(|error| internal(&error))?;
            Ok(Page { records, next, bytes })
        })
    }

    async fn get(
        &self,
        entity: &EntityName,
        ids: &[RecordId],
        columns: &[ColumnName],
        cancel: &CancellationToken,
    ) -> Result<Vec<Option<Record>>, SynclineError> {
        check(cancel)?;
        self.with_table(entity, |table| {
            check_columns(table, columns)?;
            ids.iter()
                .map(|id| {
                    let row = table.rows.get(id.as_str());
                    row.map(|row| record(table, id.as_str(), row, columns)).transpose()
                })
                .collect()
        })
    }
}
