//! The tables of a statement under their names, and the columns found in them.

use rusqlite::Connection;
use std::sync::Arc;
use syncline_model::{ColumnType, DateTimeBehavior, EntityName};
use uuid::Uuid;

use super::asker::Asker;
use crate::cache::dataset::{CacheColumn, Dataset};
use crate::cache::extract::Cell;
use crate::{Store, StoreError};

/// A table in the statement.
pub(crate) struct Source {
    pub(super) dataset: Arc<Dataset>,
    /// Its name in SQL.
    pub(super) sql: String,
    /// Alias in the document, or the logical name of the entity.
    pub(super) alias: String,
    /// Logical name of the primary key.
    pub(super) primary_id: String,
}

/// A column of a table in the statement.
#[derive(Debug, Clone)]
pub(super) struct Col {
    pub(super) name: String,
    /// SQL of the value.
    pub(super) sql: String,
    /// SQL of the label, where it has one.
    pub(super) label: Option<String>,
    pub(super) kind: ColumnType,
    pub(super) behavior: Option<DateTimeBehavior>,
    pub(super) targets: Vec<EntityName>,
    /// It is the primary key of its table.
    pub(super) primary: bool,
}

impl Col {
    /// SQL that is compared: text without regard to case and accents.
    pub(super) fn side(&self) -> String {
        if self.kind.is_text() { format!("fold({})", self.sql) } else { self.sql.clone() }
    }
}

/// Makes SQL; values become parameters.
pub(crate) struct Compiler<'a> {
    pub(super) store: &'a Store,
    pub(super) db: &'a Connection,
    pub(super) connection: Uuid,
    pub(super) asker: &'a Asker,
    pub(super) values: Vec<Cell>,
    pub(super) sources: Vec<Source>,
    /// Joined tables come first; behind them those of subqueries.
    pub(super) joined: usize,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(
        store: &'a Store,
        db: &'a Connection,
        connection: Uuid,
        asker: &'a Asker,
    ) -> Result<Self, StoreError> {
        Ok(Self { store, db, connection, asker, values: Vec::new(), sources: Vec::new(), joined: 0 })
    }

    /// Values of the parameters so far.
    pub(crate) fn into_values(self) -> Vec<Cell> {
        self.values
    }

    pub(super) fn bind(&mut self, value: Cell) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }

    /// A pulled entity; an error that says what to do where it was not pulled.
    pub(super) fn dataset(&self, entity: &str) -> Result<Arc<Dataset>, StoreError> {
        let name = EntityName::new(entity);
        match crate::cache::dataset::find(self.db, self.connection, &name)? {
            Some(id) => self.store.dataset(self.db, id),
            None => Err(StoreError::query(format!("the entity {entity} was not pulled"))
                .with_hint(format!("pull {entity}, or read live"))),
        }
    }

    /// Adds a table; its number.
    pub(crate) fn add(&mut self, dataset: Arc<Dataset>, alias: &str, sql: Option<&str>) -> usize {
        let at = self.sources.len();
        let primary_id = self.primary_id(&dataset);
        let sql = sql.map_or_else(|| format!("t{at}"), str::to_owned);
        self.sources.push(Source { dataset, sql, alias: alias.to_owned(), primary_id });
        at
    }

    fn primary_id(&self, dataset: &Dataset) -> String {
        let entity = dataset.entity.as_str();
        let own = format!("{entity}id");
        let is_id = |name: &str| {
            dataset.columns.iter().any(|column| {
                column.name.as_str() == name && column.column_type == ColumnType::UniqueIdentifier
            })
        };
        if is_id(&own) {
            return own;
        }
        match self.store.schema_in(self.db, self.connection, &dataset.entity) {
            Ok(Some((schema, _))) => schema.summary.primary_id.to_string(),
            Ok(None) | Err(_) if is_id("activityid") => "activityid".to_owned(),
            Ok(None) | Err(_) => own,
        }
    }

    /// A column of a table.
    pub(super) fn column(&self, source: usize, name: &str) -> Result<Col, StoreError> {
        let source = &self.sources[source];
        if name == source.primary_id {
            return Ok(Col {
                name: name.to_owned(),
                sql: format!("{}.record_id", source.sql),
                label: None,
                kind: ColumnType::UniqueIdentifier,
                behavior: None,
                targets: Vec::new(),
                primary: true,
            });
        }
        Ok(col(&source.sql, source.dataset.column(name)?))
    }

    /// The table that a condition or an order speaks of: by alias, or by the logical name where no alias was given.
    pub(super) fn by_alias(&self, alias: &str) -> Result<usize, StoreError> {
        let found = self
            .sources
            .iter()
            .position(|source| source.alias == alias)
            .or_else(|| self.sources.iter().position(|source| source.dataset.entity.as_str() == alias));
        found.ok_or_else(|| {
            let known: Vec<&str> = self.sources.iter().map(|source| source.alias.as_str()).collect();
            StoreError::query(format!("no linked entity has the alias {alias}"))
                .with_hint(format!("aliases are {}", known.join(", ")))
        })
    }
}

pub(super) fn col(table: &str, column: &CacheColumn) -> Col {
    Col {
        name: column.name.to_string(),
        sql: format!("{table}.v{}", column.slot),
        label: column.labelled.then(|| format!("{table}.l{}", column.slot)),
        kind: column.column_type,
        behavior: column.behavior,
        targets: column.targets.clone(),
        primary: false,
    }
}
