//! A database as a source.

use async_trait::async_trait;
use syncline_connect::{Capabilities, Count, Cursor, Page, Selection, Source};
use syncline_model::{
    ColumnName, EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, Record, RecordId, SynclineError,
};
use tokio_util::sync::CancellationToken;

use crate::connector::SqlConnector;
use crate::cursor::Position;
use crate::dialect::Cell;
use crate::engine::{check, internal};
use crate::filter::Conditions;
use crate::keys::key_of;
use crate::read::record;
use crate::select::{Select, count};

fn entity_of(selection: &Selection) -> Result<&EntityName, SynclineError> {
    if selection.list.is_some() {
        return Err(SynclineError::new(ErrorCode::QueryInvalid, "a database has no marketing lists")
            .hint("read a table or view, with a filter"));
    }
    selection
        .entity
        .as_ref()
        .ok_or_else(|| SynclineError::new(ErrorCode::Usage, "the selection names no table"))
}

/// The key alone where it was asked for under no name: a table without one has none to name.
fn named(columns: &[ColumnName]) -> Vec<ColumnName> {
    columns.iter().filter(|name| !name.as_str().is_empty()).cloned().collect()
}

#[async_trait]
impl Source for SqlConnector {
    fn capabilities(&self) -> Capabilities {
        self.abilities()
    }

    async fn identity(&self) -> Result<Identity, SynclineError> {
        self.engine.identity().await
    }

    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        check(cancel)?;
        self.engine.entities(cancel).await
    }

    async fn schema(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError> {
        Ok(self.described(entity, cancel).await?.schema.clone())
    }

    async fn count(&self, selection: &Selection, cancel: &CancellationToken) -> Result<Count, SynclineError> {
        check(cancel)?;
        let table = self.table(entity_of(selection)?, cancel).await?;
        let conditions = Conditions::of(self.dialect(), &table, selection.filter.as_deref(), self.now())?;
        let query = count(self.dialect(), &table, &conditions);
        let rows = self.engine.rows(&query.sql, &query.parameters, cancel).await?;
        let number = match rows.first().and_then(|row| row.first()) {
            Some(Cell::Text(text)) => text.parse::<u64>().ok(),
            Some(Cell::Integer(number)) => u64::try_from(*number).ok(),
            Some(Cell::Null | Cell::Real(_) | Cell::Blob(_)) | None => None,
        };
        let value = number.ok_or_else(|| internal("a count was no number"))?;
        Ok(Count { value: selection.top.map_or(value, |top| top.min(value)), exact: true })
    }

    async fn page(
        &self,
        selection: &Selection,
        cursor: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<Page, SynclineError> {
        check(cancel)?;
        let entity = entity_of(selection)?;
        let table = self.table(entity, cancel).await?;
        let after = cursor
            .map(|cursor| Position::read(cursor, entity, selection.order.len(), table.key.len()))
            .transpose()?;
        let conditions = Conditions::of(self.dialect(), &table, selection.filter.as_deref(), self.now())?;
        let columns = table.wanted(&named(&selection.columns))?;
        let select = Select { dialect: self.dialect(), table: &table, columns };
        let read = after.as_ref().map_or(0, |after| after.read);
        let wanted = selection.top.map_or(u64::MAX, |top| top.saturating_sub(read));
        let size = u64::from(selection.page_size.clamp(1, self.abilities().max_page_size)).min(wanted);
        // One row more tells whether there is another page.
        let query =
            select.page(selection, &conditions, after.as_ref(), if size == 0 { 0 } else { size + 1 })?;
        let mut rows = self.engine.rows(&query.sql, &query.parameters, cancel).await?;
        let more = rows.len() as u64 > size && size < wanted;
        rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let width = select.width();
        let records = rows
            .iter()
            .map(|row| record(&table, &select.columns, row.get(..width).unwrap_or(row)))
            .collect::<Result<Vec<Record>, _>>()?;
        let bytes = records.iter().map(|record| record.raw.get().len() as u64).sum();
        let next = match rows.last() {
            Some(row) if more => Some(
                Position {
                    entity: entity.clone(),
                    order: row.get(width..).unwrap_or_default().to_vec(),
                    key: row.get(1..1 + table.key.len()).unwrap_or_default().to_vec(),
                    read: read + records.len() as u64,
                }
                .cursor()?,
            ),
            Some(_) | None => None,
        };
        Ok(Page { records, next, bytes })
    }

    async fn get(
        &self,
        entity: &EntityName,
        ids: &[RecordId],
        columns: &[ColumnName],
        cancel: &CancellationToken,
    ) -> Result<Vec<Option<Record>>, SynclineError> {
        check(cancel)?;
        let table = self.table(entity, cancel).await?;
        let names = table.whole_key()?;
        let columns = table.wanted(&named(columns))?;
        let keys: Vec<_> = ids.iter().map(|id| key_of(self.dialect(), &table, id.as_str())).collect();
        let found = self.under_keys(&table, &names, &keys, &columns, cancel).await?;
        found
            .iter()
            .zip(ids)
            .map(|(rows, id)| {
                let record = rows.first().map(|row| record(&table, &columns, row)).transpose()?;
                // A key that means the same in other letters is told as it was asked for.
                Ok(record.map(|record| Record { id: id.clone(), ..record }))
            })
            .collect()
    }
}
