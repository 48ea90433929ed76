//! What environments say of their entities: the list a connection, a description an entity, and named parts (solutions, rights, counts of
//! columns), each with the time it was fetched.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use serde::{Serialize, de::DeserializeOwned};
use syncline_model::{EntityName, EntitySchema, EntitySummary};
use uuid::Uuid;

use crate::migrate::Migration;
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[
    Migration {
        version: 1,
        sql: "CREATE TABLE entity_lists(
            connection TEXT PRIMARY KEY NOT NULL,
            body BLOB NOT NULL,
            fetched_at INTEGER NOT NULL);
          CREATE TABLE entity_schemas(
            id INTEGER PRIMARY KEY,
            connection TEXT NOT NULL,
            entity TEXT NOT NULL,
            body BLOB NOT NULL,
            fetched_at INTEGER NOT NULL,
            UNIQUE(connection, entity))",
    },
    Migration {
        version: 3,
        sql: "CREATE TABLE metadata_parts(
            id INTEGER PRIMARY KEY,
            connection TEXT NOT NULL,
            part TEXT NOT NULL,
            body BLOB NOT NULL,
            fetched_at INTEGER NOT NULL,
            UNIQUE(connection, part))",
    },
];

/// JSON, compressed: a description of a large entity is half a megabyte.
pub(crate) fn pack(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(value)?;
    zstd::stream::encode_all(json.as_slice(), 3).map_err(compression)
}

fn compression(error: std::io::Error) -> StoreError {
    StoreError::internal(format!("compression: {error}"))
}

pub(crate) fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Result<T, StoreError> {
    let json = zstd::stream::decode_all(packed).map_err(unreadable)?;
    Ok(serde_json::from_slice(&json)?)
}

fn unreadable(error: std::io::Error) -> StoreError {
    StoreError::Corrupt { detail: format!("a compressed text can't be read: {error}") }
}

/// Reads many small ones: what decompressing needs is made once.
pub(crate) struct Unpacking {
    context: zstd::zstd_safe::DCtx<'static>,
    json: Vec<u8>,
}

impl Unpacking {
    pub(crate) fn new() -> Self {
        Self { context: zstd::zstd_safe::DCtx::create(), json: Vec::new() }
    }

    /// As [`unpack`].
    pub(crate) fn read<T: DeserializeOwned>(&mut self, packed: &[u8]) -> Result<T, StoreError> {
        Ok(serde_json::from_slice(self.json(packed)?)?)
    }

    /// The JSON of one.
    pub(crate) fn json(&mut self, packed: &[u8]) -> Result<&[u8], StoreError> {
        self.json.clear();
        // One that can't be read leaves nothing for the next.
        let begun = self.context.reset(zstd::zstd_safe::ResetDirective::SessionOnly);
        begun.map_err(|_| StoreError::internal("a decompressor does not begin anew"))?;
        let mut decoder = zstd::stream::read::Decoder::with_context(packed, &mut self.context);
        std::io::Read::read_to_end(&mut decoder, &mut self.json).map_err(unreadable)?;
        Ok(&self.json)
    }
}

impl Store {
    /// Replaces the list of entities of a connection.
    pub fn save_entities(
        &self,
        connection: Uuid,
        entities: &[EntitySummary],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = pack(&entities)?;
        self.write(|tx| {
            tx.execute(
                "INSERT INTO entity_lists(connection, body, fetched_at) VALUES(?1, ?2, ?3)
                 ON CONFLICT(connection) DO UPDATE SET body = ?2, fetched_at = ?3",
                params![connection.to_string(), body, millis(now)],
            )?;
            Ok(())
        })
    }

    /// The list of entities as it was fetched last, and when.
    pub fn entities(&self, connection: Uuid) -> Result<Option<(Vec<EntitySummary>, Timestamp)>, StoreError> {
        let row: Option<(Vec<u8>, i64)> = self.read(|db| {
            Ok(db
                .prepare_cached("SELECT body, fetched_at FROM entity_lists WHERE connection = ?1")?
                .query_row([connection.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?)
        })?;
        row.map(|(body, at)| Ok((unpack(&body)?, from_millis(at)))).transpose()
    }

    /// Replaces a named part of a connection's metadata.
    pub fn save_metadata_part(
        &self,
        connection: Uuid,
        part: &str,
        value: &impl Serialize,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = pack(value)?;
        self.write(|tx| {
            tx.execute(
                "INSERT INTO metadata_parts(connection, part, body, fetched_at) VALUES(?1, ?2, ?3, ?4)
                 ON CONFLICT(connection, part) DO UPDATE SET body = ?3, fetched_at = ?4",
                params![connection.to_string(), part, body, millis(now)],
            )?;
            Ok(())
        })
    }

    /// A named part as it was kept last, and when. A part of a shape that is no longer read counts as none.
    pub fn metadata_part<T: DeserializeOwned>(
        &self,
        connection: Uuid,
        part: &str,
    ) -> Result<Option<(T, Timestamp)>, StoreError> {
        let row: Option<(Vec<u8>, i64)> = self.read(|db| {
            Ok(db
                .prepare_cached(
                    "SELECT body, fetched_at FROM metadata_parts WHERE connection = ?1 AND part = ?2",
                )?
                .query_row(params![connection.to_string(), part], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?)
        })?;
        let Some((body, at)) = row else { return Ok(None) };
        Ok(unpack(&body).ok().map(|value| (value, from_millis(at))))
    }

    /// Replaces the description of an entity.
    pub fn save_schema(
        &self,
        connection: Uuid,
        schema: &EntitySchema,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = pack(schema)?;
        self.write(|tx| {
            tx.execute(
                "INSERT INTO entity_schemas(connection, entity, body, fetched_at) VALUES(?1, ?2, ?3, ?4)
                 ON CONFLICT(connection, entity) DO UPDATE SET body = ?3, fetched_at = ?4",
                params![connection.to_string(), schema.summary.logical_name.as_str(), body, millis(now)],
            )?;
            Ok(())
        })
    }

    /// The description of an entity as it was fetched last, and when.
    pub fn schema(
        &self,
        connection: Uuid,
        entity: &EntityName,
    ) -> Result<Option<(EntitySchema, Timestamp)>, StoreError> {
        self.read(|db| self.schema_in(db, connection, entity))
    }

    /// The same on a connection that is in use already.
    pub(crate) fn schema_in(
        &self,
        db: &rusqlite::Connection,
        connection: Uuid,
        entity: &EntityName,
    ) -> Result<Option<(EntitySchema, Timestamp)>, StoreError> {
        let row: Option<(Vec<u8>, i64)> = db
            .prepare_cached(
                "SELECT body, fetched_at FROM entity_schemas WHERE connection = ?1 AND entity = ?2",
            )?
            .query_row(params![connection.to_string(), entity.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(body, at)| Ok((unpack(&body)?, from_millis(at)))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_read_with_one_context() {
        let mut unpacking = Unpacking::new();
        for text in ["", "a", &"Zoë ".repeat(50_000), "b"] {
            let packed = pack(&text).unwrap();
            assert_eq!(unpacking.read::<String>(&packed).unwrap(), text);
            assert!(unpacking.read::<String>(&packed[..packed.len() - 1]).is_err());
            assert!(unpacking.read::<u64>(&packed).is_err());
        }
    }
}
