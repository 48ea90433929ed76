//! PostgreSQL 12 and newer.

mod catalogue;
mod catalogue_sql;
mod describe;
mod errors;
mod session;
mod types;
mod write;

use async_trait::async_trait;
use std::sync::Arc;
use syncline_connect::Outcome;
use syncline_model::{EntityName, EntitySummary, Identity, Secret, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::address::PostgresAddress;
use crate::connector::SqlOptions;
use crate::dialect::{Cell, Dialect};
use crate::engine::{Engine, internal, no_such_entity};
use crate::statement::Statement;
use crate::table::Table;
use session::Sessions;

/// A database.
pub(crate) struct Postgres {
    sessions: Sessions,
    options: SqlOptions,
}

impl Postgres {
    pub(crate) fn new(
        address: &PostgresAddress,
        password: Option<Secret>,
        options: SqlOptions,
    ) -> Result<Self, SynclineError> {
        Ok(Self { sessions: Sessions::new(address, password)?, options })
    }
}

/// Who asks, and which database answers: a copy on another server has another system identifier, a copy beside it another number.
/// `pg_control_system` may be closed to others than the owner of the server; then the server is known by where it was reached.
const IDENTITY: &str = "SELECT current_database()::text, d.oid::text, r.oid::text, current_user::text, current_setting('server_version')::text \
     FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user";
const SYSTEM: &str = "SELECT system_identifier::text FROM pg_control_system()";

#[async_trait]
impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn parallel(&self) -> usize {
        4
    }

    async fn identity(&self) -> Result<Identity, SynclineError> {
        let cancel = CancellationToken::new();
        let rows = self.sessions.rows(IDENTITY, &[], &cancel).await?;
        let Some(
            [
                Cell::Text(database),
                Cell::Text(number),
                Cell::Text(user),
                Cell::Text(name),
                Cell::Text(version),
            ],
        ) = rows.first().map(Vec::as_slice)
        else {
            return Err(internal("the database did not say who it is"));
        };
        let system = match self.sessions.rows(SYSTEM, &[], &cancel).await {
            Ok(rows) => match rows.first().and_then(|row| row.first()) {
                Some(Cell::Text(system)) => system.clone(),
                Some(_) | None => self.sessions.place(),
            },
            Err(error) if error.service_code.as_deref() == Some("42501") => self.sessions.place(),
            Err(error) => return Err(error),
        };
        Ok(Identity {
            tenant_id: None,
            organization_id: Some(format!("{database} ({system}/{number})")),
            user_id: Some(user.clone()),
            user_name: Some(format!("{name} (PostgreSQL {version})")),
        })
    }

    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        let found = catalogue::load(&self.sessions, None, cancel).await?;
        if found.is_empty() {
            catalogue::explain_none(&self.sessions, cancel).await?;
        }
        let mut entities: Vec<EntitySummary> = found
            .iter()
            .map(|relation| describe::table(relation, &self.options).map(|table| table.schema.summary))
            .collect::<Result<_, _>>()?;
        entities.sort_by(|a, b| a.logical_name.cmp(&b.logical_name));
        Ok(entities)
    }

    async fn describe(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<Table, SynclineError> {
        let oid = catalogue::number_of(&self.sessions, entity, cancel)
            .await?
            .ok_or_else(|| no_such_entity(entity))?;
        let found = catalogue::load(&self.sessions, Some(&oid), cancel).await?;
        let relation = found.first().ok_or_else(|| no_such_entity(entity))?;
        describe::table(relation, &self.options)
    }

    async fn rows(
        &self,
        sql: &str,
        parameters: &[Cell],
        cancel: &CancellationToken,
    ) -> Result<Vec<Vec<Cell>>, SynclineError> {
        self.sessions.rows(sql, parameters, cancel).await
    }

    async fn write(
        &self,
        table: &Arc<Table>,
        statements: Vec<Statement>,
        all_or_nothing: bool,
    ) -> Result<Vec<Outcome>, SynclineError> {
        write::write(&self.sessions, table, &statements, all_or_nothing).await
    }
}
