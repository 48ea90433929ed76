//! SQL over the cache of one connection: one SELECT, read-only, each entity a view under its logical name.

mod cancel;
mod explain;
mod views;

pub use cancel::SqlCancel;
pub use views::{SqlColumn, SqlEntity};

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::AuthContext;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

use crate::cache::query::{register_dates, register_exact};
use crate::{Asker, Store, StoreError};
use explain::explain;
use views::SqlEntity as Entity;

/// Longest statement, in bytes.
const LONGEST: usize = 1_000_000;
/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 20_000;

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

/// What a statement tells while it runs.
#[derive(Debug)]
pub enum SqlPart<'a> {
    /// Its columns, once, before the first row.
    Columns(&'a [String]),
    /// A row.
    Row(Vec<serde_json::Value>),
}

/// A statement with its limits.
#[derive(Debug, Clone, Copy)]
pub struct SqlAsk<'a> {
    /// One SELECT.
    pub statement: &'a str,
    /// Longest time it may run; `None`: as long as it takes.
    pub longest: Option<Duration>,
    /// Who asks, for `date_part`; `None`: nobody, and the function is not there.
    pub asker: Option<&'a Asker>,
}

impl Store {
    /// Runs one SELECT over the cache of a connection and holds at most so many rows. See [`Store::sql_each`].
    pub fn sql(
        &self,
        connection: Uuid,
        statement: &str,
        most_rows: usize,
        cancel: &SqlCancel,
    ) -> Result<SqlResult, StoreError> {
        let ask = SqlAsk { statement, longest: None, asker: None };
        self.sql_rows(connection, &ask, most_rows, cancel)
    }

    /// The same with limits.
    pub fn sql_rows(
        &self,
        connection: Uuid,
        ask: &SqlAsk<'_>,
        most_rows: usize,
        cancel: &SqlCancel,
    ) -> Result<SqlResult, StoreError> {
        let mut found = SqlResult { columns: Vec::new(), rows: Vec::new(), cut: false };
        self.sql_each(connection, ask, cancel, &mut |part| {
            match part {
                SqlPart::Columns(names) => found.columns = names.to_vec(),
                SqlPart::Row(_) if found.rows.len() == most_rows => {
                    found.cut = true;
                    return Ok(false);
                }
                SqlPart::Row(row) => found.rows.push(row),
            }
            Ok(true)
        })?;
        Ok(found)
    }

    /// Runs one SELECT over the cache of a connection and hands out its rows one by one, until `each` says no.
    ///
    /// Each pulled entity is a view: its columns by logical name (numbers as numbers, yes/no as 1 and 0, dates as ISO texts in UTC),
    /// `<column>_label` beside choices, `<column>_name` and `<column>_type` beside lookups, `_id`, `_etag` and `_pulled_at`.
    /// `sum` and `avg` calculate in decimal. Nothing else is visible, nothing can be written.
    pub fn sql_each(
        &self,
        connection: Uuid,
        ask: &SqlAsk<'_>,
        cancel: &SqlCancel,
        each: &mut dyn FnMut(SqlPart<'_>) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        if ask.statement.len() > LONGEST {
            return Err(StoreError::query(format!("the statement is longer than {LONGEST} bytes")));
        }
        let mut db = self.reader()?;
        register_exact(&db)?;
        if let Some(asker) = ask.asker {
            register_dates(&db, asker.now.time_zone().clone(), asker.fiscal())?;
        }
        cancel.begin(&db)?;
        let visible = views::make_views(self, &db, connection)?;
        let entities = visible.entities.clone();
        db.authorizer(Some(move |context: AuthContext<'_>| visible.allow(&context)))?;
        let late = Arc::new(AtomicBool::new(false));
        if let Some(longest) = ask.longest {
            let (begun, late) = (Instant::now(), Arc::clone(&late));
            db.progress_handler(
                STEPS,
                Some(move || {
                    let is_late = begun.elapsed() > longest;
                    if is_late {
                        late.store(true, Ordering::Relaxed);
                    }
                    is_late
                }),
            )?;
        }
        let result = run(&db, ask.statement, cancel, &entities, each);
        cancel.end();
        match result {
            Err(StoreError::Cancelled) if late.load(Ordering::Relaxed) && !cancel.is_cancelled() => {
                let seconds = ask.longest.unwrap_or_default().as_secs();
                Err(StoreError::query(format!("the statement was stopped after {seconds} s"))
                    .with_hint("ask for less, or allow it more time"))
            }
            other => other,
        }
    }
}

fn run(
    db: &Connection,
    text: &str,
    cancel: &SqlCancel,
    entities: &[Entity],
    each: &mut dyn FnMut(SqlPart<'_>) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let told = |error: rusqlite::Error| explain(error, text, entities);
    let one = || StoreError::query("exactly one SELECT statement is allowed");
    let mut batch = Batch::new(db, text);
    let mut statement = batch.next().map_err(told)?.ok_or_else(one)?;
    if batch.next().map_err(told)?.is_some() || !statement.readonly() || statement.column_count() == 0 {
        return Err(one());
    }
    if statement.parameter_count() > 0 {
        return Err(StoreError::query("parameters have no value here").with_hint("write values as literals"));
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    if !each(SqlPart::Columns(&columns))? {
        return Ok(());
    }
    let mut rows = statement.query([]).map_err(told)?;
    while let Some(row) = rows.next().map_err(told)? {
        if cancel.is_cancelled() {
            return Err(StoreError::Cancelled);
        }
        let cells = (0..columns.len())
            .map(|at| Ok(json(row.get_ref(at)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        if !each(SqlPart::Row(cells))? {
            break;
        }
    }
    Ok(())
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
