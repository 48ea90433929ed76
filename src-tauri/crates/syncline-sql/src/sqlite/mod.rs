//! A SQLite file. It is opened when it is first needed, and never made: a wrong path would leave an empty database behind.

mod catalogue;
mod errors;
mod open;
mod types;
mod write;

use async_trait::async_trait;
use rusqlite::{Connection, InterruptHandle, params_from_iter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use syncline_connect::Outcome;
use syncline_model::{EntityName, EntitySummary, Identity, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::connector::SqlOptions;
use crate::dialect::{Cell, Dialect};
use crate::engine::{Engine, cancelled, check, internal, no_such_entity};
use crate::statement::Statement;
use crate::table::Table;

pub use open::check_file;

/// A file.
pub(crate) struct Sqlite {
    path: PathBuf,
    options: SqlOptions,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Sqlite {
    pub(crate) fn new(path: &Path, options: SqlOptions) -> Self {
        Self { path: path.to_owned(), options, connection: Arc::new(Mutex::new(None)) }
    }

    /// Does work on the file, away from the threads that wait for others. A cancelled query is interrupted; work of others never is.
    async fn work<T: Send + 'static>(
        &self,
        cancel: &CancellationToken,
        work: impl FnOnce(&mut Connection) -> Result<T, SynclineError> + Send + 'static,
    ) -> Result<T, SynclineError> {
        check(cancel)?;
        let (path, kept) = (self.path.clone(), Arc::clone(&self.connection));
        let running: Arc<Mutex<Option<InterruptHandle>>> = Arc::default();
        let mine = Arc::clone(&running);
        let mut task = tokio::task::spawn_blocking(move || {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = match kept.as_mut() {
                Some(connection) => connection,
                None => kept.insert(open::open(&path)?),
            };
            *mine.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.get_interrupt_handle());
            let result = work(connection);
            *mine.lock().unwrap_or_else(PoisonError::into_inner) = None;
            result
        });
        tokio::select! {
            result = &mut task => result.map_err(internal)?,
            () = cancel.cancelled() => {
                if let Some(handle) = running.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                    handle.interrupt();
                }
                Err(cancelled())
            }
        }
    }
}

pub(super) fn bound(parameters: &[Cell]) -> impl Iterator<Item = rusqlite::types::Value> {
    use rusqlite::types::Value;
    parameters.iter().map(|cell| match cell {
        Cell::Null => Value::Null,
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Integer(number) => Value::Integer(*number),
        Cell::Real(number) => Value::Real(*number),
        Cell::Blob(bytes) => Value::Blob(bytes.clone()),
    })
}

pub(super) fn cells(row: &rusqlite::Row<'_>, width: usize) -> Result<Vec<Cell>, rusqlite::Error> {
    use rusqlite::types::ValueRef;
    (0..width)
        .map(|at| {
            Ok(match row.get_ref(at)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(number) => Cell::Integer(number),
                ValueRef::Real(number) => Cell::Real(number),
                ValueRef::Text(bytes) => Cell::Text(String::from_utf8_lossy(bytes).into_owned()),
                ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
            })
        })
        .collect()
}

pub(super) fn query(
    connection: &Connection,
    sql: &str,
    parameters: &[Cell],
) -> Result<Vec<Vec<Cell>>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query(params_from_iter(bound(parameters)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(cells(row, width)?);
    }
    Ok(found)
}

#[async_trait]
impl Engine for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn parallel(&self) -> usize {
        1
    }

    /// The file itself: its real path, and the number that its application gave it.
    async fn identity(&self) -> Result<Identity, SynclineError> {
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let (number, version) = self
            .work(&CancellationToken::new(), |connection| {
                let number: i64 = connection
                    .query_row("PRAGMA application_id", [], |row| row.get(0))
                    .map_err(|error| errors::of(&error))?;
                Ok((number, rusqlite::version()))
            })
            .await?;
        let number = if number == 0 { String::new() } else { format!(" ({number})") };
        Ok(Identity {
            tenant_id: None,
            organization_id: Some(format!("{}{number}", path.display())),
            user_id: None,
            user_name: Some(format!("SQLite {version}")),
        })
    }

    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        let options = self.options.clone();
        self.work(cancel, move |connection| {
            let names = catalogue::names(connection)?;
            let mut entities = Vec::with_capacity(names.len());
            for (name, view) in &names {
                entities.push(catalogue::table(connection, name, *view, &options)?.schema.summary);
            }
            entities.sort_by(|a, b| a.logical_name.cmp(&b.logical_name));
            Ok(entities)
        })
        .await
    }

    async fn describe(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<Table, SynclineError> {
        let (entity, options) = (entity.clone(), self.options.clone());
        self.work(cancel, move |connection| {
            let names = catalogue::names(connection)?;
            let found = names.iter().find(|(name, _)| catalogue::logical(name) == entity);
            let (name, view) = found.ok_or_else(|| no_such_entity(&entity))?;
            catalogue::table(connection, name, *view, &options)
        })
        .await
    }

    async fn rows(
        &self,
        sql: &str,
        parameters: &[Cell],
        cancel: &CancellationToken,
    ) -> Result<Vec<Vec<Cell>>, SynclineError> {
        let (sql, parameters) = (sql.to_owned(), parameters.to_vec());
        self.work(cancel, move |connection| {
            query(connection, &sql, &parameters).map_err(|error| errors::of(&error))
        })
        .await
    }

    async fn write(
        &self,
        _: &Arc<Table>,
        statements: Vec<Statement>,
        all_or_nothing: bool,
    ) -> Result<Vec<Outcome>, SynclineError> {
        self.work(&CancellationToken::new(), move |connection| {
            write::write(connection, &statements, all_or_nothing)
        })
        .await
    }
}
