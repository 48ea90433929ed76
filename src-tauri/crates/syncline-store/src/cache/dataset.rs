//! Which entities of which connections were pulled, with what columns, and their tables.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use syncline_model::{
    Column, ColumnName, ColumnType, DateTimeBehavior, EntityName, EntitySchema, FORMATTED_VALUE,
};
use uuid::Uuid;

use crate::cache::codec::Codec;
use crate::cache::index;
use crate::cache::key_index;
use crate::cache::pull::PullStatus;
use crate::migrate::Migration;
use crate::store::lock;
use crate::time::from_millis;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[
    Migration {
        version: 1,
        sql: "CREATE TABLE datasets(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            connection TEXT NOT NULL,
            entity TEXT NOT NULL,
            display_name TEXT NOT NULL,
            primary_name TEXT,
            columns TEXT NOT NULL,
            generation INTEGER NOT NULL DEFAULT 0,
            revision INTEGER NOT NULL DEFAULT 1,
            dictionary BLOB,
            UNIQUE(connection, entity))",
    },
    // `version`: counts changes of the records. `records`: their number; null in a store of version 1 until it is counted. `current`:
    // those of the current generation. For `index_format` and `indexed_to` see `index`.
    Migration {
        version: 2,
        sql: "ALTER TABLE datasets ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
              ALTER TABLE datasets ADD COLUMN records INTEGER;
              ALTER TABLE datasets ADD COLUMN current INTEGER NOT NULL DEFAULT 0;
              ALTER TABLE datasets ADD COLUMN index_format INTEGER NOT NULL DEFAULT 0;
              ALTER TABLE datasets ADD COLUMN indexed_to INTEGER NOT NULL DEFAULT 0",
    },
];

/// SQLite allows 2,000 columns a table; four are ours.
const MOST_SLOTS: usize = 1900;

/// One column of a pulled entity that can be filtered, ordered and read with SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheColumn {
    /// Logical name.
    pub name: ColumnName,
    /// Type.
    pub column_type: ColumnType,
    /// Number of its SQL column `v…`.
    pub(crate) slot: usize,
    /// It has an SQL column `l…` for its label (choices, yes/no, lookups).
    pub(crate) labelled: bool,
    /// Labels by code, for records that come without formatted values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) options: BTreeMap<i64, String>,
    /// How a date behaves, where the service said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) behavior: Option<DateTimeBehavior>,
    /// Entities a lookup may point at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) targets: Vec<EntityName>,
}

impl CacheColumn {
    fn new(column: &Column, slot: usize) -> Self {
        let options =
            column.options.iter().filter_map(|option| Some((option.value, option.label.clone()?))).collect();
        let column_type = column.column_type;
        Self {
            name: column.logical_name.clone(),
            column_type,
            slot,
            labelled: column_type.has_options() || column_type.is_lookup(),
            options,
            behavior: column.behavior,
            targets: column.targets.clone(),
        }
    }
    pub(crate) fn value_sql(&self) -> String {
        format!("c.v{}", self.slot)
    }
    pub(crate) fn label_sql(&self) -> String {
        format!("c.l{}", self.slot)
    }
}

/// What is cached of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedEntity {
    /// Connection.
    pub connection: Uuid,
    /// Logical name.
    pub entity: EntityName,
    /// Display name.
    pub display_name: String,
    /// Records.
    pub records: u64,
    /// Records of these that the search index has not caught up with, at most.
    pub not_indexed: u64,
    /// When the last page was stored.
    pub pulled_at: Option<Timestamp>,
    /// How the last pull ended.
    pub status: Option<PullStatus>,
    /// Columns that were pulled and can be filtered and ordered.
    pub columns: Vec<CacheColumn>,
    /// Bytes on disk, about: the sum of the pulled bodies after compression.
    pub bytes: u64,
}

/// A pulled entity, ready to write and read its tables.
pub(crate) struct Dataset {
    pub(crate) id: i64,
    pub(crate) entity: EntityName,
    pub(crate) primary_name: Option<String>,
    pub(crate) columns: Vec<CacheColumn>,
    pub(crate) generation: i64,
    pub(crate) revision: i64,
    pub(crate) has_dictionary: bool,
    pub(crate) codec: Codec,
    by_wire: HashMap<String, Target>,
    by_name: HashMap<String, usize>,
}

/// Where a member of the raw JSON goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// The value of a column, by its place in `columns`.
    Value(usize),
    /// The formatted value of a column.
    Label(usize),
}

impl Dataset {
    pub(crate) fn target(&self, member: &str) -> Option<Target> {
        self.by_wire.get(member).copied()
    }
    /// A column by its logical name.
    pub(crate) fn column(&self, name: &str) -> Result<&CacheColumn, StoreError> {
        self.by_name.get(name).and_then(|at| self.columns.get(*at)).ok_or_else(|| {
            StoreError::query(format!("the column {name} of {} was not pulled", self.entity))
                .with_hint("pull the entity with this column, or read live")
        })
    }
    fn load(db: &Connection, id: i64) -> Result<Self, StoreError> {
        let (entity, primary_name, columns, generation, revision, dictionary) = db
            .prepare_cached(
                "SELECT entity, primary_name, columns, generation, revision, dictionary FROM datasets WHERE id = ?1",
            )?
            .query_row([id], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    row.get::<_, String>(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get::<_, Option<Vec<u8>>>(5)?,
                ))
            })?;
        let columns: Vec<CacheColumn> = serde_json::from_str(&columns)?;
        let (mut by_wire, mut by_name) = (HashMap::new(), HashMap::new());
        for (at, column) in columns.iter().enumerate() {
            by_name.insert(column.name.to_string(), at);
            by_wire.insert(column.name.to_string(), Target::Value(at));
            if column.labelled {
                by_wire.insert(format!("{}{FORMATTED_VALUE}", column.name), Target::Label(at));
            }
            if column.column_type.is_lookup() {
                by_wire.insert(format!("_{}_value", column.name), Target::Value(at));
                by_wire.insert(format!("_{}_value{FORMATTED_VALUE}", column.name), Target::Label(at));
            }
        }
        Ok(Self {
            id,
            entity: EntityName::new(entity),
            primary_name,
            columns,
            generation,
            revision,
            has_dictionary: dictionary.is_some(),
            codec: Codec::new(dictionary.as_deref()),
            by_wire,
            by_name,
        })
    }
}

/// The number of a pulled entity.
pub(crate) fn find(
    db: &Connection,
    connection: Uuid,
    entity: &EntityName,
) -> Result<Option<i64>, StoreError> {
    Ok(db
        .prepare_cached("SELECT id FROM datasets WHERE connection = ?1 AND entity = ?2")?
        .query_row(params![connection.to_string(), entity.as_str()], |row| row.get(0))
        .optional()?)
}

/// Number of records of a pulled entity.
pub(crate) fn record_count(db: &Connection, id: i64) -> Result<u64, StoreError> {
    let counted: Option<i64> =
        db.prepare_cached("SELECT records FROM datasets WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
    let records = match counted {
        Some(records) => records,
        None => db.query_row(&format!("SELECT count(*) FROM c_{id}"), [], |row| row.get(0))?,
    };
    Ok(records.max(0).unsigned_abs())
}

/// Begins the generation of a full pull: no record is of it yet.
pub(crate) fn begin_generation(tx: &Connection, id: i64) -> Result<(), StoreError> {
    let records = record_count(tx, id)?;
    tx.execute(
        "UPDATE datasets SET generation = generation + 1, current = 0, records = ?2 WHERE id = ?1",
        params![id, records as i64],
    )?;
    Ok(())
}

/// The columns a pull brings: the asked ones, or all readable ones.
fn wanted<'a>(schema: &'a EntitySchema, columns: &[ColumnName]) -> Vec<&'a Column> {
    let is_wanted = |column: &&Column| {
        if columns.is_empty() { column.readable } else { columns.contains(&column.logical_name) }
    };
    schema.columns.iter().filter(is_wanted).collect()
}

/// Makes the tables of an entity, or adds the columns they lack. True: typed columns of rows that are there must be filled again.
pub(crate) fn prepare(
    db: &Connection,
    connection: Uuid,
    schema: &EntitySchema,
    columns: &[ColumnName],
) -> Result<(i64, bool), StoreError> {
    let summary = &schema.summary;
    let primary_name = summary.primary_name.as_ref().map(ColumnName::as_str);
    let wanted = wanted(schema, columns);
    let Some(id) = find(db, connection, &summary.logical_name)? else {
        let columns: Vec<CacheColumn> = wanted
            .into_iter()
            .take(MOST_SLOTS / 2)
            .enumerate()
            .map(|(n, c)| CacheColumn::new(c, n))
            .collect();
        db.execute(
            "INSERT INTO datasets(connection, entity, display_name, primary_name, columns, records) VALUES(?1, ?2, ?3, ?4, ?5, 0)",
            params![
                connection.to_string(),
                summary.logical_name.as_str(),
                summary.display_name,
                primary_name,
                serde_json::to_string(&columns)?
            ],
        )?;
        let id = db.last_insert_rowid();
        let typed: String = columns.iter().map(|column| format!(", {}", slots(column))).collect();
        db.execute_batch(&format!(
            "CREATE TABLE c_{id}(rid INTEGER PRIMARY KEY, record_id TEXT NOT NULL, etag TEXT, hash BLOB NOT NULL,
               pulled_at INTEGER NOT NULL, generation INTEGER NOT NULL{typed});
             CREATE TABLE r_{id}(rid INTEGER PRIMARY KEY, raw BLOB NOT NULL);"
        ))?;
        key_index::make(db, id)?;
        index::make(db, id)?;
        return Ok((id, false));
    };
    let before = Dataset::load(db, id)?;
    let mut after = before.columns.clone();
    for column in wanted {
        match after.iter().position(|known| known.name == column.logical_name) {
            Some(at) => {
                let known = &mut after[at];
                let fresh = CacheColumn::new(column, known.slot);
                if fresh.labelled && !known.labelled {
                    db.execute_batch(&format!("ALTER TABLE c_{id} ADD COLUMN l{}", known.slot))?;
                }
                // A label column that is there stays, even if the type no longer has labels.
                let labelled = fresh.labelled || known.labelled;
                *known = CacheColumn { labelled, ..fresh };
            }
            None if after.len() < MOST_SLOTS / 2 => {
                let fresh = CacheColumn::new(column, after.len());
                for slot in slots(&fresh).split(", ") {
                    db.execute_batch(&format!("ALTER TABLE c_{id} ADD COLUMN {slot}"))?;
                }
                after.push(fresh);
            }
            None => {}
        }
    }
    let changed = after != before.columns || before.primary_name.as_deref() != primary_name;
    if changed {
        db.execute(
            "UPDATE datasets SET columns = ?2, primary_name = ?3, display_name = ?4, revision = revision + 1 WHERE id = ?1",
            params![id, serde_json::to_string(&after)?, primary_name, summary.display_name],
        )?;
    }
    Ok((id, changed))
}

fn slots(column: &CacheColumn) -> String {
    if column.labelled { format!("v{0}, l{0}", column.slot) } else { format!("v{}", column.slot) }
}

impl Store {
    /// A pulled entity by its number, from memory where it has not changed.
    pub(crate) fn dataset(&self, db: &Connection, id: i64) -> Result<Arc<Dataset>, StoreError> {
        let (revision, generation): (i64, i64) = db
            .prepare_cached("SELECT revision, generation FROM datasets WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .ok_or_else(|| StoreError::not_found("the pulled entity"))?;
        if let Some(known) = lock(&self.inner.datasets).get(&id)
            && known.revision == revision
            && known.generation == generation
        {
            return Ok(Arc::clone(known));
        }
        let fresh = Arc::new(Dataset::load(db, id)?);
        lock(&self.inner.datasets).insert(id, Arc::clone(&fresh));
        Ok(fresh)
    }

    /// A pulled entity by its names; an error that says so where it was never pulled.
    pub(crate) fn dataset_of(
        &self,
        db: &Connection,
        connection: Uuid,
        entity: &EntityName,
    ) -> Result<Arc<Dataset>, StoreError> {
        let id = find(db, connection, entity)?
            .ok_or_else(|| StoreError::not_found(format!("a pulled copy of {entity}")))?;
        self.dataset(db, id)
    }

    /// What is cached, of one connection or of all, by entity.
    pub fn cached(&self, connection: Option<Uuid>) -> Result<Vec<CachedEntity>, StoreError> {
        let connection = connection.map(|id| id.to_string());
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT d.id, d.connection, d.entity, d.display_name, d.columns,
                   (SELECT p.status FROM pulls p WHERE p.dataset = d.id ORDER BY p.started_at DESC, p.rowid DESC LIMIT 1)
                 FROM datasets d WHERE ?1 IS NULL OR d.connection = ?1 ORDER BY d.connection, d.entity",
            )?;
            let rows = statement.query_map([connection], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, String>(3)?,
                    row.get::<_, String>(4)?,
                    row.get::<_, Option<String>>(5)?,
                ))
            })?;
            let mut found = Vec::new();
            for row in rows {
                let (id, connection, entity, display_name, columns, status) = row?;
                let records = record_count(db, id)?;
                let pulled_at: Option<i64> = db.query_row(
                    "SELECT max(coalesce(finished_at, page_at, started_at)) FROM pulls WHERE dataset = ?1 AND pages > 0",
                    [id],
                    |row| row.get(0),
                )?;
                // The average of a sample times the number of records: reading every length would read every page.
                let average: f64 = db.query_row(
                    &format!("SELECT coalesce(avg(length(raw)), 0.0) FROM (SELECT raw FROM r_{id} LIMIT 200)"),
                    [],
                    |row| row.get(0),
                )?;
                found.push(CachedEntity {
                    connection: connection
                        .parse()
                        .map_err(|_| StoreError::Corrupt { detail: "a connection id is no id".to_owned() })?,
                    entity: EntityName::new(entity),
                    display_name,
                    records,
                    not_indexed: index::behind(db, id)?,
                    pulled_at: pulled_at.map(from_millis),
                    status: status.as_deref().and_then(PullStatus::from_text),
                    columns: serde_json::from_str(&columns)?,
                    bytes: (average * records as f64) as u64,
                });
            }
            Ok(found)
        })
    }
}
