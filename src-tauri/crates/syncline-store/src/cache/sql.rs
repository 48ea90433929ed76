//! SQL over the cache of one connection: one SELECT, read-only, each entity a view under its logical name.

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, InterruptHandle};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

use crate::cache::dataset::CacheColumn;
use crate::cache::query::register_exact;
use crate::store::lock;
use crate::{Store, StoreError};

/// Longest statement, in bytes.
const LONGEST: usize = 1_000_000;

/// Stops a statement that is running, or one that has not begun.
#[derive(Clone, Default)]
pub struct SqlCancel(Arc<Mutex<CancelState>>);

#[derive(Default)]
struct CancelState {
    cancelled: bool,
    running: Option<InterruptHandle>,
}

impl SqlCancel {
    /// A handle that has not been used.
    pub fn new() -> Self {
        Self::default()
    }
    /// Stops the statement; it ends with `StoreError::Cancelled`.
    pub fn cancel(&self) {
        let mut state = lock(&self.0);
        state.cancelled = true;
        if let Some(running) = &state.running {
            running.interrupt();
        }
    }
    fn is_cancelled(&self) -> bool {
        lock(&self.0).cancelled
    }
    pub(crate) fn begin(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut state = lock(&self.0);
        if state.cancelled {
            return Err(StoreError::Cancelled);
        }
        state.running = Some(connection.get_interrupt_handle());
        Ok(())
    }
    /// Nothing is running any more that could be stopped.
    pub(crate) fn end(&self) {
        lock(&self.0).running = None;
    }
}

impl std::fmt::Debug for SqlCancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqlCancel")
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlResult {
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Rows; a blob is given as hexadecimal digits.
    pub rows: Vec<Vec<serde_json::Value>>,
    /// There were more rows than asked for.
    pub cut: bool,
}

impl Store {
    /// Runs one SELECT over the cache of a connection. Each pulled entity is a view: its columns by logical name, `<column>_label`
    /// beside choices and lookups, `_id`, `_etag` and `_pulled_at` (milliseconds since 1970). Nothing else is visible, nothing can be
    /// written.
    pub fn sql(
        &self,
        connection: Uuid,
        statement: &str,
        most_rows: usize,
        cancel: &SqlCancel,
    ) -> Result<SqlResult, StoreError> {
        if statement.len() > LONGEST {
            return Err(StoreError::query(format!("the statement is longer than {LONGEST} bytes")));
        }
        let mut db = self.reader()?;
        register_exact(&db)?;
        cancel.begin(&db)?;
        let visible = make_views(&db, connection)?;
        let names = visible.entities.clone();
        db.authorizer(Some(move |context: AuthContext<'_>| allow(&context, &visible)))?;
        let result = run(&db, statement, most_rows, cancel);
        cancel.end();
        result.map_err(|error| match error {
            StoreError::Internal { detail } if detail.contains("no such table") => StoreError::query(detail)
                .with_hint(if names.is_empty() {
                    "no entity of this connection was pulled yet".to_owned()
                } else {
                    format!("pulled entities are {}", names.join(", "))
                }),
            StoreError::Internal { detail } => StoreError::query(detail),
            other => other,
        })
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\"").replace('\0', ""))
}

/// What a statement may read.
struct Visible {
    /// Views and the tables behind them; functions that give rows.
    names: HashSet<String>,
    /// Everything else that is there.
    hidden: HashSet<String>,
    /// The views, for people.
    entities: Vec<String>,
}

impl Visible {
    fn is_hidden(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.hidden.contains(&name)
            || ["sqlite_", "pragma_", "dbstat", "fts"].iter().any(|start| name.starts_with(start))
    }
}

/// Makes a view for each entity. A statement that names a table behind a view reaches no more than the view shows; the tables of
/// other connections stay out of sight.
fn make_views(db: &Connection, connection: Uuid) -> Result<Visible, StoreError> {
    db.execute_batch("PRAGMA query_only = OFF")?;
    let mut visible = Visible {
        names: HashSet::from(["json_each".to_owned(), "json_tree".to_owned()]),
        hidden: HashSet::new(),
        entities: Vec::new(),
    };
    let mut statement = db.prepare("SELECT lower(name) FROM sqlite_master")?;
    for name in statement.query_map([], |row| row.get::<_, String>(0))? {
        visible.hidden.insert(name?);
    }
    let mut statement =
        db.prepare("SELECT id, entity, columns FROM datasets WHERE connection = ?1 ORDER BY entity")?;
    let mut rows = statement.query([connection.to_string()])?;
    while let Some(row) = rows.next()? {
        let (id, entity): (i64, String) = (row.get(0)?, row.get(1)?);
        let columns: Vec<CacheColumn> = serde_json::from_str(&row.get::<_, String>(2)?)?;
        let mut taken: HashSet<String> = HashSet::new();
        // SQLite's names do not mind case, those of a file may.
        let mut add = |list: &mut String, sql: String, name: String| {
            if taken.insert(name.to_lowercase()) {
                list.push_str(&format!(", {sql} AS {}", quoted(&name)));
            }
        };
        let mut list = String::new();
        for column in &columns {
            add(&mut list, column.value_sql(), column.name.to_string());
        }
        for column in columns.iter().filter(|column| column.labelled) {
            add(&mut list, column.label_sql(), format!("{}_label", column.name));
        }
        for name in ["etag", "pulled_at"] {
            add(&mut list, format!("c.{name}"), format!("_{name}"));
        }
        db.execute_batch(&format!(
            "CREATE TEMP VIEW {} AS SELECT c.record_id AS _id{list} FROM main.c_{id} c",
            quoted(&entity)
        ))?;
        visible.names.insert(entity.clone());
        visible.names.insert(format!("c_{id}"));
        visible.entities.push(entity);
    }
    db.execute_batch("PRAGMA query_only = ON")?;
    Ok(visible)
}

fn allow(context: &AuthContext<'_>, visible: &Visible) -> Authorization {
    let is_allowed = match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        // With a column it is a table or view. Without one (`count(*)`) it may also be the name of a common table expression.
        AuthAction::Read { table_name, column_name } => {
            visible.names.contains(table_name) || (column_name.is_empty() && !visible.is_hidden(table_name))
        }
        AuthAction::Function { function_name } => !function_name.eq_ignore_ascii_case("load_extension"),
        _ => false,
    };
    if is_allowed { Authorization::Allow } else { Authorization::Deny }
}

fn run(db: &Connection, text: &str, most_rows: usize, cancel: &SqlCancel) -> Result<SqlResult, StoreError> {
    let one = || StoreError::query("exactly one SELECT statement is allowed");
    let mut batch = Batch::new(db, text);
    let mut statement = batch.next().map_err(denied)?.ok_or_else(one)?;
    if batch.next().map_err(denied)?.is_some() || !statement.readonly() || statement.column_count() == 0 {
        return Err(one());
    }
    if statement.parameter_count() > 0 {
        return Err(StoreError::query("parameters have no value here").with_hint("write values as literals"));
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if cancel.is_cancelled() {
            return Err(StoreError::Cancelled);
        }
        if found.len() == most_rows {
            return Ok(SqlResult { columns, rows: found, cut: true });
        }
        found.push(
            (0..columns.len()).map(|at| Ok(json(row.get_ref(at)?))).collect::<Result<_, StoreError>>()?,
        );
    }
    Ok(SqlResult { columns, rows: found, cut: false })
}

fn denied(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::AuthorizationForStatementDenied) => {
            StoreError::query(format!("only a SELECT over the pulled entities is allowed: {error}"))
        }
        _ => error.into(),
    }
}

fn json(value: ValueRef<'_>) -> serde_json::Value {
    match value {
        ValueRef::Null => serde_json::Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => hex::encode(bytes).into(),
    }
}
