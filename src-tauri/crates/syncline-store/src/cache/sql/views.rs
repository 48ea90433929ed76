//! What a statement sees: a view for each pulled entity of one connection, and nothing else.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use syncline_model::{ColumnType, members};
use uuid::Uuid;

use crate::cache::dataset::{CacheColumn, Dataset};
use crate::{Store, StoreError};

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlColumn {
    /// Name.
    pub name: String,
    /// What it holds: `text`, `whole number`, `number`, `yes/no`, `date`, `date and time`, `id`, `code`, `codes`, `label`, `name`,
    /// `entity`.
    pub kind: &'static str,
}

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlEntity {
    /// Logical name of the entity.
    pub name: String,
    /// Display name.
    pub display_name: String,
    /// Its columns in their order.
    pub columns: Vec<SqlColumn>,
}

/// What a statement may read.
pub(super) struct Visible {
    /// Views and the tables behind them; functions that give rows.
    names: HashSet<String>,
    /// Tables that may be read through a view only.
    bodies: HashSet<String>,
    /// Everything else that is there.
    hidden: HashSet<String>,
    /// The views, for people.
    pub(super) entities: Vec<SqlEntity>,
}

impl Visible {
    fn is_hidden(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.hidden.contains(&name)
            || ["sqlite_", "pragma_", "dbstat", "fts"].iter().any(|start| name.starts_with(start))
    }

    pub(super) fn allow(&self, context: &AuthContext<'_>) -> Authorization {
        let is_allowed = match context.action {
            AuthAction::Select | AuthAction::Recursive => true,
            // With a column it is a table or view. Without one (`count(*)`) it may also be the name of a common table expression.
            AuthAction::Read { table_name, column_name } => {
                self.names.contains(table_name)
                    || (context.accessor.is_some() && self.bodies.contains(table_name))
                    || (column_name.is_empty() && !self.is_hidden(table_name))
            }
            AuthAction::Function { function_name } => !function_name.eq_ignore_ascii_case("load_extension"),
            _ => false,
        };
        if is_allowed { Authorization::Allow } else { Authorization::Deny }
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\"").replace('\0', ""))
}

fn kind(column: &CacheColumn) -> &'static str {
    match column.column_type {
        ColumnType::String | ColumnType::Memo => "text",
        ColumnType::Integer | ColumnType::BigInt => "whole number",
        ColumnType::Decimal | ColumnType::Double | ColumnType::Money => "number",
        ColumnType::Boolean => "yes/no",
        ColumnType::DateTime => match column.behavior {
            Some(syncline_model::DateTimeBehavior::DateOnly) => "date",
            _ => "date and time",
        },
        ColumnType::Picklist | ColumnType::State | ColumnType::Status => "code",
        ColumnType::MultiSelectPicklist => "codes",
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner | ColumnType::UniqueIdentifier => "id",
        ColumnType::PartyList | ColumnType::Image | ColumnType::File | ColumnType::Other => "text",
    }
}

/// The columns of a view: name, kind, SQL.
fn columns(dataset: &Dataset) -> Vec<(SqlColumn, String)> {
    let mut found: Vec<(SqlColumn, String)> = Vec::new();
    let mut taken: HashSet<String> = HashSet::new();
    // SQLite's names do not mind case, those of a file may.
    let mut add = |name: String, kind: &'static str, sql: String| {
        if taken.insert(name.to_lowercase()) {
            found.push((SqlColumn { name, kind }, sql));
        }
    };
    add("_id".to_owned(), "id", "c.record_id".to_owned());
    for column in &dataset.columns {
        add(column.name.to_string(), kind(column), column.value_sql());
    }
    for column in dataset.columns.iter().filter(|column| column.labelled) {
        if column.column_type.is_lookup() {
            add(format!("{}_name", column.name), "name", column.label_sql());
            add(format!("{}_type", column.name), "entity", lookup_type(dataset, column));
        } else {
            add(format!("{}_label", column.name), "label", column.label_sql());
        }
    }
    add("_etag".to_owned(), "text", "c.etag".to_owned());
    add(
        "_pulled_at".to_owned(),
        "date and time",
        "strftime('%Y-%m-%dT%H:%M:%SZ', c.pulled_at / 1000, 'unixepoch')".to_owned(),
    );
    found
}

/// The entity that a lookup points at. Where the lookup may point at several, only the record's JSON tells.
fn lookup_type(dataset: &Dataset, column: &CacheColumn) -> String {
    let value = column.value_sql();
    match column.targets.as_slice() {
        [one] => format!("CASE WHEN {value} IS NOT NULL THEN '{}' END", one.as_str().replace('\'', "''")),
        _ => format!(
            "CASE WHEN {value} IS NOT NULL THEN lookup_type({0}, (SELECT r.raw FROM main.r_{0} r WHERE r.rid = c.rid), '{1}') END",
            dataset.id,
            column.name.as_str().replace('\'', "''")
        ),
    }
}

const LOOKUP_NAME: &str = "@Microsoft.Dynamics.CRM.lookuplogicalname";

/// Makes `lookup_type(entity, body, column)` known.
fn register_lookup_type(db: &Connection, datasets: HashMap<i64, Arc<Dataset>>) -> Result<(), StoreError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("lookup_type", 3, flags, move |context| {
        let found = || -> Option<String> {
            let dataset = datasets.get(&context.get::<i64>(0).ok()?)?;
            let packed = context.get_raw(1).as_blob().ok()?;
            let column = context.get_raw(2).as_str().ok()?;
            let raw = dataset.codec.decompressor().ok()?.text(packed).ok()?;
            let member = format!("_{column}_value{LOOKUP_NAME}");
            let found = members(&raw).ok()?.filter_map(Result::ok).find(|found| *found.name == *member)?;
            serde_json::from_str(found.value).ok()
        };
        Ok(found())
    })?;
    Ok(())
}

fn datasets(
    store: &Store,
    db: &Connection,
    connection: Uuid,
) -> Result<Vec<(Arc<Dataset>, String)>, StoreError> {
    let mut statement =
        db.prepare("SELECT id, display_name FROM datasets WHERE connection = ?1 ORDER BY entity")?;
    let rows = statement
        .query_map([connection.to_string()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (id, name) = row?;
        Ok((store.dataset(db, id)?, name))
    })
    .collect()
}

fn entity(dataset: &Dataset, display_name: &str) -> SqlEntity {
    SqlEntity {
        name: dataset.entity.to_string(),
        display_name: display_name.to_owned(),
        columns: columns(dataset).into_iter().map(|(column, _)| column).collect(),
    }
}

/// Makes a view for each entity. A statement that names a table behind a view reaches no more than the view shows; the tables of
/// other connections stay out of sight.
pub(super) fn make_views(store: &Store, db: &Connection, connection: Uuid) -> Result<Visible, StoreError> {
    db.execute_batch("PRAGMA query_only = OFF")?;
    let mut visible = Visible {
        names: HashSet::from(["json_each".to_owned(), "json_tree".to_owned()]),
        bodies: HashSet::new(),
        hidden: HashSet::new(),
        entities: Vec::new(),
    };
    let mut statement = db.prepare("SELECT lower(name) FROM sqlite_master")?;
    for name in statement.query_map([], |row| row.get::<_, String>(0))? {
        visible.hidden.insert(name?);
    }
    let mut known = HashMap::new();
    for (dataset, display_name) in datasets(store, db, connection)? {
        let list: Vec<String> = columns(&dataset)
            .into_iter()
            .map(|(column, sql)| format!("{sql} AS {}", quoted(&column.name)))
            .collect();
        db.execute_batch(&format!(
            "CREATE TEMP VIEW {} AS SELECT {} FROM main.c_{} c",
            quoted(dataset.entity.as_str()),
            list.join(", "),
            dataset.id
        ))?;
        visible.names.insert(dataset.entity.to_string());
        visible.names.insert(format!("c_{}", dataset.id));
        visible.bodies.insert(format!("r_{}", dataset.id));
        visible.entities.push(entity(&dataset, &display_name));
        known.insert(dataset.id, dataset);
    }
    register_lookup_type(db, known)?;
    db.execute_batch("PRAGMA query_only = ON")?;
    Ok(visible)
}

impl Store {
    /// What SQL over the cache of a connection can read.
    pub fn sql_entities(&self, connection: Uuid) -> Result<Vec<SqlEntity>, StoreError> {
        self.read(|db| {
            let found = datasets(self, db, connection)?;
            Ok(found.iter().map(|(dataset, name)| entity(dataset, name)).collect())
        })
    }
}
