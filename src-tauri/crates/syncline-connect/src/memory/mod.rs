//! A system in memory: tables of keyed rows with versions, read and written through the seam like any other.
//!
//! It is a small database and no recording: keys are unique, versions are compared, a row that breaks the schema is refused while the
//! others of its batch are written.

mod destination;
mod source;

use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use syncline_model::{
    ColumnName, EntityName, EntitySchema, EntitySummary, ErrorCode, Record, RecordId, SynclineError, Value,
};
use tokio_util::sync::CancellationToken;

use crate::Capabilities;

/// One row: values by logical name, and the number of its last change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) version: u64,
    pub(crate) values: BTreeMap<String, Value>,
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: EntitySchema,
    pub(crate) rows: BTreeMap<String, Row>,
}

#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) by_name: BTreeMap<String, Table>,
    version: u64,
    ids: u64,
}

impl Tables {
    pub(crate) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    /// An id that no row had before, in the form of a GUID.
    pub(crate) fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("00000000-0000-4000-9000-{:012x}", self.ids)
    }
}

/// A source and destination that lives as long as the process.
#[derive(Debug, Default)]
pub struct MemorySystem {
    tables: Mutex<Tables>,
}

impl MemorySystem {
    /// A system with these entities and no rows.
    pub fn new(schemas: impl IntoIterator<Item = EntitySchema>) -> Self {
        let system = Self::default();
        for schema in schemas {
            let name = schema.summary.logical_name.to_string();
            system.lock().by_name.insert(name, Table { schema, rows: BTreeMap::new() });
        }
        system
    }

    /// Puts a row under its id, as a write by somebody else would: it gets a new version.
    pub fn put(
        &self,
        entity: &EntityName,
        id: &RecordId,
        values: BTreeMap<String, Value>,
    ) -> Result<(), SynclineError> {
        let mut tables = self.lock();
        let version = tables.next_version();
        let table = tables.by_name.get_mut(entity.as_str()).ok_or_else(|| no_such_entity(entity))?;
        let mut values = values;
        values.insert(table.schema.summary.primary_id.to_string(), id.as_str().into());
        table.rows.insert(id.as_str().to_owned(), Row { version, values });
        Ok(())
    }

    /// Rows of an entity.
    pub fn len(&self, entity: &EntityName) -> usize {
        self.lock().by_name.get(entity.as_str()).map_or(0, |table| table.rows.len())
    }

    /// True when no entity has a row.
    pub fn is_empty(&self) -> bool {
        self.lock().by_name.values().all(|table| table.rows.is_empty())
    }

    /// The tables. A panic of another holder leaves whole rows, so its poison is no harm.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn abilities() -> Capabilities {
        Capabilities {
            reads_back: true,
            upserts: true,
            guards_versions: true,
            deletes: true,
            takes_events: false,
            partial_batches: true,
            filters: false,
            max_batch_rows: 50,
            max_batch_bytes: 1 << 20,
            max_page_size: 500,
            parallel_batches: 2,
        }
    }

    pub(crate) fn summaries(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        check(cancel)?;
        Ok(self.lock().by_name.values().map(|table| table.schema.summary.clone()).collect())
    }

    pub(crate) fn schema_of(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError> {
        check(cancel)?;
        self.with_table(entity, |table| Ok(table.schema.clone()))
    }

    pub(crate) fn with_table<T>(
        &self,
        entity: &EntityName,
        work: impl FnOnce(&Table) -> Result<T, SynclineError>,
    ) -> Result<T, SynclineError> {
        work(self.lock().by_name.get(entity.as_str()).ok_or_else(|| no_such_entity(entity))?)
    }
}

/// A row's version as a destination and a record give it.
pub(crate) fn etag(row: &Row) -> String {
    format!("W/\"{}\"", row.version)
}

/// A row as a record, in the Web API's shape; empty `columns`: all of the schema.
pub(crate) fn record(
    table: &Table,
    id: &str,
    row: &Row,
    columns: &[ColumnName],
) -> Result<Record, SynclineError> {
    let mut object = serde_json::Map::new();
    let mut put = |name: String, value: &Value| -> Result<(), SynclineError> {
        let json = match value {
            Value::Reference(reference) => serde_json::Value::from(reference.id.as_str()),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Decimal(_)
            | Value::Double(_)
            | Value::Text(_)
            | Value::List(_) => serde_json::to_value(value).map_err(|error| internal(&error))?,
        };
        object.insert(name, json);
        Ok(())
    };
    put("@odata.etag".to_owned(), &etag(row).into())?;
    put(table.schema.summary.primary_id.to_string(), &id.into())?;
    for column in table.schema.columns.iter().filter(|column| column.readable) {
        if columns.is_empty() || columns.contains(&column.logical_name) {
            let value = row.values.get(column.logical_name.as_str()).unwrap_or(&Value::Null);
            put(column.wire_name(), value)?;
        }
    }
    let text = serde_json::Value::Object(object).to_string();
    Ok(Record {
        entity: table.schema.summary.logical_name.clone(),
        id: RecordId::new(id),
        etag: Some(etag(row)),
        raw: RawValue::from_string(text).map_err(|error| internal(&error))?,
    })
}

pub(crate) fn check(cancel: &CancellationToken) -> Result<(), SynclineError> {
    if cancel.is_cancelled() {
        return Err(SynclineError::new(ErrorCode::Cancelled, "cancelled before anything was asked"));
    }
    Ok(())
}

pub(crate) fn no_such_entity(entity: &EntityName) -> SynclineError {
    SynclineError::new(ErrorCode::NotFound, format!("there is no entity {entity}"))
        .hint("the list of entities shows all of them")
}

pub(crate) fn internal(error: &serde_json::Error) -> SynclineError {
    SynclineError::new(ErrorCode::Internal, format!("a row can't be written as JSON: {error}"))
}
