//! Connections: the whole as JSON, the name folded for lookups without regard to case.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use syncline_model::{Connection, ConnectionName};
use uuid::Uuid;

use crate::migrate::Migration;
use crate::time::millis;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE connections(
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            name_key TEXT NOT NULL UNIQUE,
            client TEXT,
            body TEXT NOT NULL,
            changed_at INTEGER NOT NULL)",
}];

/// Names are the same without regard to case; accents count.
fn name_key(name: &str) -> String {
    name.to_lowercase()
}

impl Store {
    /// Saves a connection, new or changed. A name that another connection has is refused.
    pub fn save_connection(&self, connection: &Connection, now: Timestamp) -> Result<(), StoreError> {
        let id = connection.id.to_string();
        let key = name_key(connection.name.as_str());
        let body = serde_json::to_string(connection)?;
        self.write(|tx| {
            let taken: bool = tx.query_row(
                "SELECT EXISTS(SELECT 1 FROM connections WHERE name_key = ?1 AND id <> ?2)",
                params![key, id],
                |row| row.get(0),
            )?;
            if taken {
                return Err(StoreError::AlreadyExists { what: format!("the connection {}", connection.name) });
            }
            tx.execute(
                "INSERT INTO connections(id, name, name_key, client, body, changed_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT(id) DO UPDATE SET name = ?2, name_key = ?3, client = ?4, body = ?5, changed_at = ?6",
                params![id, connection.name.as_str(), key, connection.client, body, millis(now)],
            )?;
            Ok(())
        })
    }

    /// All connections by name.
    pub fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT body FROM connections ORDER BY name_key")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
        })
    }

    /// The connection of a name, without regard to case.
    pub fn connection_by_name(&self, name: &str) -> Result<Option<Connection>, StoreError> {
        self.one_connection("SELECT body FROM connections WHERE name_key = ?1", &name_key(name))
    }

    /// The connection of an id.
    pub fn connection(&self, id: Uuid) -> Result<Option<Connection>, StoreError> {
        self.one_connection("SELECT body FROM connections WHERE id = ?1", &id.to_string())
    }

    fn one_connection(&self, sql: &str, value: &str) -> Result<Option<Connection>, StoreError> {
        self.read(|db| {
            let body: Option<String> =
                db.prepare_cached(sql)?.query_row([value], |row| row.get(0)).optional()?;
            body.map(|body| Ok(serde_json::from_str(&body)?)).transpose()
        })
    }

    /// Gives a connection another name; what is cached and what ran stays with it. Definitions speak of connections by name and are
    /// the caller's to change.
    pub fn rename_connection(
        &self,
        id: Uuid,
        name: &ConnectionName,
        now: Timestamp,
    ) -> Result<Connection, StoreError> {
        let mut connection = self
            .connection(id)?
            .ok_or_else(|| StoreError::not_found(format!("a connection with the id {id}")))?;
        connection.name = name.clone();
        self.save_connection(&connection, now)?;
        Ok(connection)
    }
}
