//! A database as a destination.

use async_trait::async_trait;
use std::collections::BTreeMap;
use syncline_connect::{
    Capabilities, Destination, MatchKey, Outcome, PlannedWrite, Probe, RowRequest, WriteOptions,
};
use syncline_model::{EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, SynclineError, Value};
use tokio_util::sync::CancellationToken;

use crate::compare;
use crate::connector::SqlConnector;
use crate::engine::check;
use crate::read::probed;
use crate::statement::Statement;
use crate::table::{SqlColumn, Table};

/// The schema is of a table that was not described here.
pub(crate) fn undescribed(schema: &EntitySchema) -> SynclineError {
    SynclineError::new(
        ErrorCode::Internal,
        format!("{} was not described before it was used", schema.summary.logical_name),
    )
}

/// What is missing of the rights that a sync needs, as one sentence with the statement that gives them.
fn missing_rights(table: &Table) -> Option<SynclineError> {
    let wanted =
        [("SELECT", table.rights.select), ("INSERT", table.rights.insert), ("UPDATE", table.rights.update)];
    let missing: Vec<&str> = wanted.iter().filter(|(_, held)| !held).map(|(right, _)| *right).collect();
    if missing.is_empty() {
        return None;
    }
    let missing = missing.join(", ");
    Some(
        SynclineError::new(
            ErrorCode::PrivilegeMissing,
            format!("the database's user may not {missing} on {}", table.name()),
        )
        .hint(format!(
            "a sync compares with SELECT and writes with INSERT and UPDATE, and needs no more; the owner of the table gives what is missing: {}",
            table.grant(&missing)
        )),
    )
}

#[async_trait]
impl Destination for SqlConnector {
    fn capabilities(&self) -> Capabilities {
        self.abilities()
    }

    /// A constraint is looked at when the row is there.
    fn takes_own_reference(&self) -> bool {
        true
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

    async fn probe(
        &self,
        schema: &EntitySchema,
        keys: &[MatchKey],
        fields: &[String],
        cancel: &CancellationToken,
    ) -> Result<Vec<Probe>, SynclineError> {
        check(cancel)?;
        let table = self.table(&schema.summary.logical_name, cancel).await?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        table.whole_key()?;
        let columns: Vec<&SqlColumn> = fields
            .iter()
            .filter_map(|name| table.column(name).ok())
            .filter(|column| column.readable)
            .collect();
        // Rows may be asked for by different columns: by their id where it is known, else by what identifies them.
        let mut by_columns: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
        for (at, key) in keys.iter().enumerate() {
            by_columns.entry(key.0.keys().map(String::as_str).collect()).or_default().push(at);
        }
        let mut probes = vec![Probe::Unknown; keys.len()];
        for (names, places) in by_columns {
            if names.is_empty() {
                return Err(SynclineError::new(
                    ErrorCode::DefinitionInvalid,
                    format!("rows of {} can't be found without an identifier", table.name()),
                )
                .hint("map the columns of the primary key or of a unique key"));
            }
            let names: Vec<&SqlColumn> =
                names.into_iter().map(|name| table.column(name)).collect::<Result<_, _>>()?;
            let cells: Vec<_> = places.iter().map(|at| self.match_cells(&names, &keys[*at])).collect();
            let found = self.under_keys(&table, &names, &cells, &columns, cancel).await?;
            for (at, rows) in places.into_iter().zip(&found) {
                probes[at] = match rows.as_slice() {
                    [] => Probe::Absent,
                    [row] => Probe::Present(probed(&table, &columns, row)?),
                    several => Probe::Ambiguous(several.len() as u64),
                };
            }
        }
        Ok(probes)
    }

    fn same(&self, schema: &EntitySchema, field: &str, mapped: &Value, held: &Value) -> bool {
        match self.known(schema).as_deref().map(|table| table.column(field)) {
            Some(Ok(column)) => compare::same(self.dialect(), column, mapped, held),
            Some(Err(_)) | None => mapped.means_the_same(held),
        }
    }

    fn request(&self, schema: &EntitySchema, write: &PlannedWrite<'_>) -> Result<RowRequest, SynclineError> {
        self.row_request(schema, write)
    }

    async fn prepare(&self, schema: &EntitySchema, cancel: &CancellationToken) -> Result<(), SynclineError> {
        let table = self.described(&schema.summary.logical_name, cancel).await?;
        missing_rights(&table).map_or(Ok(()), Err)
    }

    async fn write(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        check(cancel)?;
        let abilities = self.abilities();
        let bytes: usize = rows.iter().map(|row| row.body.len()).sum();
        if rows.len() > abilities.max_batch_rows || bytes > abilities.max_batch_bytes {
            return Err(SynclineError::new(
                ErrorCode::ServiceRefused,
                format!("a batch of {} rows and {bytes} bytes is too large", rows.len()),
            ));
        }
        let table = self.table(&schema.summary.logical_name, cancel).await?;
        let statements = rows.iter().map(|row| Statement::of(self.dialect(), &table, row)).collect();
        self.engine.write(&table, statements, options.all_or_nothing).await
    }
}
