//! The connector: a database, its tables as far as they are known, and the clock for conditions that mean "now".

use jiff::{Timestamp, Zoned};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use syncline_connect::{Capabilities, PlannedWrite, ProbedRow, RowRequest};
use syncline_model::{EntityName, EntitySchema, Secret, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::address::PostgresAddress;
use crate::dialect::Dialect;
use crate::engine::Engine;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::table::Table;
use crate::{destination, request};

/// The present time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a connection's options say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqlOptions {
    /// Columns that tell the rows of a table or view apart which has no key of its own: option `key.NAME=COLUMN,COLUMN`.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The column that tells when a row was last changed, by table: option `modified.NAME=COLUMN`; under the empty name that of all tables
    /// that have it: option `modified=COLUMN`. It is told once more as `modifiedon`, by which pulls read only what changed.
    pub modified: BTreeMap<String, String>,
}

impl SqlOptions {
    /// Reads a connection's options; those of others are left alone.
    pub fn of(options: &BTreeMap<String, String>) -> Self {
        let keys = options
            .iter()
            .filter_map(|(name, value)| {
                let columns = value.split(',').map(|column| column.trim().to_owned());
                Some((name.strip_prefix("key.")?.to_owned(), columns.filter(|c| !c.is_empty()).collect()))
            })
            .collect();
        let modified = options
            .iter()
            .filter_map(|(name, value)| match name.strip_prefix("modified")? {
                "" => Some((String::new(), value.trim().to_owned())),
                table => Some((table.strip_prefix('.')?.to_owned(), value.trim().to_owned())),
            })
            .collect();
        Self { keys, modified }
    }
}

/// A database that records are read from and written to: implements `Source` and `Destination` of the seam.
///
/// Tables are described anew whenever somebody asks for their schema; pages, probes and writes go by the last description.
pub struct SqlConnector {
    pub(crate) engine: Arc<dyn Engine>,
    tables: Mutex<HashMap<EntityName, Arc<Table>>>,
    clock: Clock,
}

impl SqlConnector {
    /// PostgreSQL. `password`: as the server asks for it; none where it trusts the socket or a certificate.
    pub fn postgres(
        address: &PostgresAddress,
        password: Option<Secret>,
        options: SqlOptions,
        clock: Clock,
    ) -> Result<Self, SynclineError> {
        Ok(Self::new(Arc::new(Postgres::new(address, password, options)?), clock))
    }

    /// A SQLite file, which must be there. It is opened when it is first needed.
    pub fn sqlite(path: &Path, options: SqlOptions, clock: Clock) -> Self {
        Self::new(Arc::new(Sqlite::new(path, options)), clock)
    }

    fn new(engine: Arc<dyn Engine>, clock: Clock) -> Self {
        Self { engine, tables: Mutex::new(HashMap::new()), clock }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.engine.dialect()
    }

    pub(crate) fn now(&self) -> Zoned {
        (self.clock)().to_zoned(jiff::tz::TimeZone::UTC)
    }

    fn tables(&self) -> std::sync::MutexGuard<'_, HashMap<EntityName, Arc<Table>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table as it was last described; it is asked for if it was not.
    pub(crate) async fn table(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<Arc<Table>, SynclineError> {
        let known = self.tables().get(entity).cloned();
        match known {
            Some(table) => Ok(table),
            None => self.described(entity, cancel).await,
        }
    }

    /// The table, described anew.
    pub(crate) async fn described(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<Arc<Table>, SynclineError> {
        crate::engine::check(cancel)?;
        let table = Arc::new(self.engine.describe(entity, cancel).await?);
        self.tables().insert(entity.clone(), Arc::clone(&table));
        Ok(table)
    }

    /// The table behind a schema that somebody got from here, without asking the database.
    pub(crate) fn known(&self, schema: &EntitySchema) -> Option<Arc<Table>> {
        self.tables().get(&schema.summary.logical_name).cloned()
    }

    pub(crate) fn abilities(&self) -> Capabilities {
        Capabilities {
            reads_back: true,
            upserts: true,
            guards_versions: true,
            deletes: true,
            takes_events: false,
            partial_batches: true,
            filters: true,
            max_batch_rows: 1000,
            max_batch_bytes: 16 * 1024 * 1024,
            max_page_size: 5000,
            parallel_batches: self.engine.parallel(),
        }
    }

    /// The request that creates or changes a row; the seam's `Destination::request` under a name of its own.
    pub fn row_request(
        &self,
        schema: &EntitySchema,
        write: &PlannedWrite<'_>,
    ) -> Result<RowRequest, SynclineError> {
        let table = self.known(schema).ok_or_else(|| destination::undescribed(schema))?;
        request::request(self.dialect(), &table, write)
    }

    /// The request that deletes a row if it still has the version that was seen. `Destination::write` sends it like any other; a row that
    /// is gone or was changed is told as drifted.
    pub fn delete_request(
        &self,
        schema: &EntitySchema,
        row: &ProbedRow,
    ) -> Result<RowRequest, SynclineError> {
        let table = self.known(schema).ok_or_else(|| destination::undescribed(schema))?;
        request::delete(self.dialect(), &table, row)
    }
}
