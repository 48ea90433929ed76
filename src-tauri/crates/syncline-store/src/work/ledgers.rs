//! What was sent: per record the last request, and each event once.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use syncline_model::{EntityName, MappedRecord};
use uuid::Uuid;

use crate::migrate::Migration;
use crate::tables::metadata::{pack, unpack};
use crate::time::{from_millis, millis};
use crate::{Plan, Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE sent_streams(
            id INTEGER PRIMARY KEY,
            destination TEXT NOT NULL,
            entity TEXT NOT NULL,
            source TEXT NOT NULL,
            UNIQUE(destination, entity, source));
          CREATE TABLE sent(
            id INTEGER PRIMARY KEY,
            stream INTEGER NOT NULL,
            record_id TEXT NOT NULL,
            hash TEXT NOT NULL,
            mapped BLOB NOT NULL,
            at INTEGER NOT NULL,
            UNIQUE(stream, record_id));
          CREATE TABLE sent_events(
            id INTEGER PRIMARY KEY,
            definition TEXT NOT NULL,
            record_id TEXT NOT NULL,
            event TEXT NOT NULL,
            timestamp TEXT NOT NULL,
            source TEXT NOT NULL,
            destination TEXT NOT NULL,
            at INTEGER NOT NULL,
            UNIQUE(definition, record_id, event, timestamp))",
}];

/// What a destination was sent for a record last.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// Id of the source record.
    pub record_id: String,
    /// Hash of the request.
    pub hash: String,
    /// The mapped record.
    pub mapped: MappedRecord,
    /// When.
    pub at: Timestamp,
}

/// What makes an event one and the same within a definition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventKey {
    /// Id of the source record.
    pub record_id: String,
    /// Name of the event.
    pub event: String,
    /// Timestamp from the source; empty where events carry the time of processing.
    pub timestamp: String,
}

fn stream(
    db: &Connection,
    destination: Uuid,
    entity: &EntityName,
    source: Uuid,
) -> Result<Option<i64>, StoreError> {
    Ok(db
        .prepare_cached("SELECT id FROM sent_streams WHERE destination = ?1 AND entity = ?2 AND source = ?3")?
        .query_row(params![destination.to_string(), entity.as_str(), source.to_string()], |row| row.get(0))
        .optional()?)
}

impl Store {
    /// Notes what was sent, in one transaction.
    pub fn save_sent(
        &self,
        destination: Uuid,
        entity: &EntityName,
        source: Uuid,
        sent: &[Sent],
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT OR IGNORE INTO sent_streams(destination, entity, source) VALUES(?1, ?2, ?3)",
                params![destination.to_string(), entity.as_str(), source.to_string()],
            )?;
            let stream = stream(tx, destination, entity, source)?
                .ok_or_else(|| StoreError::internal("a new stream is not there"))?;
            let mut insert = tx.prepare_cached(
                "INSERT INTO sent(stream, record_id, hash, mapped, at) VALUES(?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(stream, record_id) DO UPDATE SET hash = ?3, mapped = ?4, at = ?5",
            )?;
            for sent in sent {
                insert.execute(params![
                    stream,
                    sent.record_id,
                    sent.hash,
                    pack(&sent.mapped)?,
                    millis(sent.at)
                ])?;
            }
            Ok(())
        })
    }

    /// Takes notes back of rows that are no longer at the destination.
    pub fn drop_sent(
        &self,
        destination: Uuid,
        entity: &EntityName,
        source: Uuid,
        record_ids: &[&str],
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            let Some(stream) = stream(tx, destination, entity, source)? else { return Ok(()) };
            let mut delete = tx.prepare_cached("DELETE FROM sent WHERE stream = ?1 AND record_id = ?2")?;
            for id in record_ids {
                delete.execute(params![stream, id])?;
            }
            Ok(())
        })
    }

    /// What was sent before of records that a plan did not read, by their ids, after one of them.
    pub fn sent_and_vanished(&self, plan: &Plan, after: &str, limit: u32) -> Result<Vec<Sent>, StoreError> {
        self.read(|db| {
            let Some(stream) = stream(db, plan.destination, &plan.destination_entity, plan.source)? else {
                return Ok(Vec::new());
            };
            let first = super::base(super::plans::number(db, plan.id)?);
            let mut statement = db.prepare_cached(
                "SELECT record_id, hash, mapped, at FROM sent WHERE stream = ?1 AND record_id > ?2 AND record_id NOT IN
                   (SELECT source_id FROM plan_rows WHERE rid >= ?3 AND rid < ?4) ORDER BY record_id LIMIT ?5",
            )?;
            let mut rows =
                statement.query(params![stream, after, first, first + super::ORDINALS, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(Sent {
                    record_id: row.get(0)?,
                    hash: row.get(1)?,
                    mapped: unpack(&row.get::<_, Vec<u8>>(2)?)?,
                    at: from_millis(row.get(3)?),
                });
            }
            Ok(found)
        })
    }

    /// What was sent last for each record, in the order asked.
    pub fn sent(
        &self,
        destination: Uuid,
        entity: &EntityName,
        source: Uuid,
        record_ids: &[&str],
    ) -> Result<Vec<Option<Sent>>, StoreError> {
        self.read(|db| {
            let Some(stream) = stream(db, destination, entity, source)? else {
                return Ok(vec![None; record_ids.len()]);
            };
            let mut statement =
                db.prepare_cached("SELECT hash, mapped, at FROM sent WHERE stream = ?1 AND record_id = ?2")?;
            record_ids
                .iter()
                .map(|id| {
                    let mut rows = statement.query(params![stream, id])?;
                    rows.next()?
                        .map(|row| {
                            Ok(Sent {
                                record_id: (*id).to_owned(),
                                hash: row.get(0)?,
                                mapped: unpack(&row.get::<_, Vec<u8>>(1)?)?,
                                at: from_millis(row.get(2)?),
                            })
                        })
                        .transpose()
                })
                .collect()
        })
    }

    /// Notes events as sent. `definition` is what stays the same when the definition changes, such as its name.
    pub fn save_events(
        &self,
        definition: &str,
        source: Uuid,
        destination: Uuid,
        events: &[EventKey],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            let mut insert = tx.prepare_cached(
                "INSERT INTO sent_events(definition, record_id, event, timestamp, source, destination, at)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT(definition, record_id, event, timestamp) DO UPDATE SET source = ?5, destination = ?6, at = ?7",
            )?;
            for key in events {
                insert.execute(params![
                    definition,
                    key.record_id,
                    key.event,
                    key.timestamp,
                    source.to_string(),
                    destination.to_string(),
                    millis(now)
                ])?;
            }
            Ok(())
        })
    }

    /// Takes notes of events back that were certainly not sent.
    pub fn drop_events(&self, definition: &str, events: &[EventKey]) -> Result<(), StoreError> {
        self.write(|tx| {
            let mut delete = tx.prepare_cached(
                "DELETE FROM sent_events WHERE definition = ?1 AND record_id = ?2 AND event = ?3 AND timestamp = ?4",
            )?;
            for key in events {
                delete.execute(params![definition, key.record_id, key.event, key.timestamp])?;
            }
            Ok(())
        })
    }

    /// When each event was sent, in the order asked; `None`: never.
    pub fn events_sent(
        &self,
        definition: &str,
        events: &[EventKey],
    ) -> Result<Vec<Option<Timestamp>>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT at FROM sent_events WHERE definition = ?1 AND record_id = ?2 AND event = ?3 AND timestamp = ?4",
            )?;
            events
                .iter()
                .map(|key| {
                    let at: Option<i64> = statement
                        .query_row(params![definition, key.record_id, key.event, key.timestamp], |row| row.get(0))
                        .optional()?;
                    Ok(at.map(from_millis))
                })
                .collect()
        })
    }
}
