//! What was sent: per record the last request, and each event once.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use syncline_model::{EntityName, MappedRecord};
use uuid::Uuid;

use crate::migrate::Migration;
use crate::tables::metadata::{Unpacking, pack, unpack};
use crate::time::{from_millis, millis};
use crate::{Plan, Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[
    Migration {
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
    },
    // Which definition brought a row: a mirror may delete only its own. An event is one and the same at one destination only. `run`: who
    // noted it.
    Migration {
        version: 9,
        sql: "CREATE TABLE sent_by(
                sent INTEGER NOT NULL,
                definition TEXT NOT NULL,
                entity TEXT NOT NULL,
                PRIMARY KEY(sent, definition, entity)) WITHOUT ROWID;
              CREATE INDEX sent_by_definition ON sent_by(definition);
              ALTER TABLE sent_events RENAME TO sent_events_1;
              CREATE TABLE sent_events(
                id INTEGER PRIMARY KEY,
                definition TEXT NOT NULL,
                record_id TEXT NOT NULL,
                event TEXT NOT NULL,
                timestamp TEXT NOT NULL,
                source TEXT NOT NULL,
                destination TEXT NOT NULL,
                run TEXT NOT NULL,
                at INTEGER NOT NULL,
                UNIQUE(definition, destination, record_id, event, timestamp));
              INSERT OR IGNORE INTO sent_events(definition, record_id, event, timestamp, source, destination, run, at)
                SELECT lower(definition), record_id, event, timestamp, source, destination, '', at FROM sent_events_1 ORDER BY at DESC;
              DROP TABLE sent_events_1;
              UPDATE OR REPLACE kept SET key = lower(key) WHERE key GLOB 'watermark/*'",
    },
];

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

/// What makes an event one and the same within a definition and at a destination.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventKey {
    /// Id of the source record.
    pub record_id: String,
    /// Name of the event.
    pub event: String,
    /// Timestamp from the source; empty where events carry the time of processing.
    pub timestamp: String,
}

/// Where what was sent comes from and goes to.
#[derive(Debug, Clone, Copy)]
pub struct Stream<'a> {
    /// What stays the same when the definition changes: its name, without regard to case.
    pub definition: &'a str,
    /// The source's connection.
    pub source: Uuid,
    /// The source's entity.
    pub source_entity: &'a EntityName,
    /// The destination's connection.
    pub destination: Uuid,
    /// The destination's entity.
    pub destination_entity: &'a EntityName,
}

impl<'a> Stream<'a> {
    /// Of a plan.
    pub fn of(plan: &'a Plan) -> Self {
        Self {
            definition: &plan.definition,
            source: plan.source,
            source_entity: &plan.source_entity,
            destination: plan.destination,
            destination_entity: &plan.destination_entity,
        }
    }
}

/// Under what definitions are told apart.
pub(crate) fn definition_key(name: &str) -> String {
    name.to_lowercase()
}

/// A definition is called otherwise from now on; what it sent stays its own.
pub(crate) fn rename(tx: &Connection, before: &str, after: &str) -> Result<(), StoreError> {
    let names = params![definition_key(before), definition_key(after)];
    for table in ["sent_events", "sent_by"] {
        tx.execute(&format!("UPDATE OR REPLACE {table} SET definition = ?2 WHERE definition = ?1"), names)?;
    }
    Ok(())
}

pub(super) fn number(
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

impl Stream<'_> {
    fn number(&self, db: &Connection) -> Result<Option<i64>, StoreError> {
        number(db, self.destination, self.destination_entity, self.source)
    }
}

impl Store {
    /// Notes what was sent, in one transaction.
    pub fn save_sent(&self, stream: Stream<'_>, sent: &[Sent]) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT OR IGNORE INTO sent_streams(destination, entity, source) VALUES(?1, ?2, ?3)",
                params![
                    stream.destination.to_string(),
                    stream.destination_entity.as_str(),
                    stream.source.to_string()
                ],
            )?;
            let number =
                stream.number(tx)?.ok_or_else(|| StoreError::internal("a new stream is not there"))?;
            let mut find = tx.prepare_cached("SELECT id FROM sent WHERE stream = ?1 AND record_id = ?2")?;
            let mut update =
                tx.prepare_cached("UPDATE sent SET hash = ?2, mapped = ?3, at = ?4 WHERE id = ?1")?;
            let mut insert = tx.prepare_cached(
                "INSERT INTO sent(stream, record_id, hash, mapped, at) VALUES(?1, ?2, ?3, ?4, ?5)",
            )?;
            let mut by = tx.prepare_cached(
                "INSERT OR IGNORE INTO sent_by(sent, definition, entity) VALUES(?1, ?2, ?3)",
            )?;
            let definition = definition_key(stream.definition);
            for sent in sent {
                let (mapped, at) = (pack(&sent.mapped)?, millis(sent.at));
                let known: Option<i64> =
                    find.query_row(params![number, sent.record_id], |row| row.get(0)).optional()?;
                // Not one statement with `RETURNING`: for that SQLite would keep each page aside, encrypted, for every row.
                let id = match known {
                    Some(id) => {
                        update.execute(params![id, sent.hash, mapped, at])?;
                        id
                    }
                    None => {
                        insert.execute(params![number, sent.record_id, sent.hash, mapped, at])?;
                        tx.last_insert_rowid()
                    }
                };
                by.execute(params![id, definition, stream.source_entity.as_str()])?;
            }
            Ok(())
        })
    }

    /// Takes notes back of rows that are no longer at the destination, whoever brought them.
    pub fn drop_sent(&self, stream: Stream<'_>, record_ids: &[&str]) -> Result<(), StoreError> {
        self.write(|tx| {
            let Some(number) = stream.number(tx)? else { return Ok(()) };
            let mut by = tx.prepare_cached(
                "DELETE FROM sent_by WHERE sent IN (SELECT id FROM sent WHERE stream = ?1 AND record_id = ?2)",
            )?;
            let mut delete = tx.prepare_cached("DELETE FROM sent WHERE stream = ?1 AND record_id = ?2")?;
            for id in record_ids {
                by.execute(params![number, id])?;
                delete.execute(params![number, id])?;
            }
            Ok(())
        })
    }

    /// What this definition sent before of records that its plan did not read, by their ids, after one of them. What another definition
    /// sent as well is not among it.
    pub fn sent_and_vanished(&self, plan: &Plan, after: &str, limit: u32) -> Result<Vec<Sent>, StoreError> {
        self.read(|db| {
            let stream = Stream::of(plan);
            let Some(number) = stream.number(db)? else {
                return Ok(Vec::new());
            };
            let first = super::base(super::plans::number(db, plan.id)?);
            let mut statement = db.prepare_cached(
                "SELECT s.record_id, s.hash, s.mapped, s.at FROM sent s
                 WHERE s.stream = ?1 AND s.record_id > ?2
                   AND s.record_id NOT IN (SELECT source_id FROM plan_rows WHERE rid >= ?3 AND rid < ?4)
                   AND EXISTS (SELECT 1 FROM sent_by b WHERE b.sent = s.id AND b.definition = ?5 AND b.entity = ?6)
                   AND NOT EXISTS (SELECT 1 FROM sent_by b WHERE b.sent = s.id AND (b.definition <> ?5 OR b.entity <> ?6))
                 ORDER BY s.record_id LIMIT ?7",
            )?;
            let mut rows = statement.query(params![
                number,
                after,
                first,
                first + super::ORDINALS,
                definition_key(stream.definition),
                stream.source_entity.as_str(),
                limit
            ])?;
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
            let Some(number) = number(db, destination, entity, source)? else {
                return Ok(vec![None; record_ids.len()]);
            };
            let mut statement =
                db.prepare_cached("SELECT hash, mapped, at FROM sent WHERE stream = ?1 AND record_id = ?2")?;
            let mut unpacking = Unpacking::new();
            record_ids
                .iter()
                .map(|id| {
                    let mut rows = statement.query(params![number, id])?;
                    rows.next()?
                        .map(|row| {
                            Ok(Sent {
                                record_id: (*id).to_owned(),
                                hash: row.get(0)?,
                                mapped: unpacking
                                    .read(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?,
                                at: from_millis(row.get(2)?),
                            })
                        })
                        .transpose()
                })
                .collect()
        })
    }

    /// Notes events as sent by a run, before they leave; for each whether it may: false where another run noted it before. `again`: it was
    /// sent before and goes again on purpose.
    pub fn claim_events(
        &self,
        stream: Stream<'_>,
        run: Uuid,
        events: &[(EventKey, bool)],
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        self.write(|tx| {
            let mut insert = tx.prepare_cached(
                "INSERT INTO sent_events(definition, record_id, event, timestamp, source, destination, run, at)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT(definition, destination, record_id, event, timestamp)
                   DO UPDATE SET run = ?7, at = ?8 WHERE run = ?7 OR ?9",
            )?;
            let (definition, source) = (definition_key(stream.definition), stream.source.to_string());
            let (destination, run) = (stream.destination.to_string(), run.to_string());
            events
                .iter()
                .map(|(key, again)| {
                    Ok(insert.execute(params![
                        definition,
                        key.record_id,
                        key.event,
                        key.timestamp,
                        source,
                        destination,
                        run,
                        millis(now),
                        again
                    ])? > 0)
                })
                .collect()
        })
    }

    /// Takes notes of a run's events back that were certainly not sent.
    pub fn drop_events(&self, stream: Stream<'_>, run: Uuid, events: &[EventKey]) -> Result<(), StoreError> {
        self.write(|tx| {
            let mut delete = tx.prepare_cached(
                "DELETE FROM sent_events WHERE definition = ?1 AND destination = ?2 AND record_id = ?3 AND event = ?4
                 AND timestamp = ?5 AND run = ?6",
            )?;
            let (definition, destination) =
                (definition_key(stream.definition), stream.destination.to_string());
            for key in events {
                let values = params![
                    definition,
                    destination,
                    key.record_id,
                    key.event,
                    key.timestamp,
                    run.to_string()
                ];
                delete.execute(values)?;
            }
            Ok(())
        })
    }

    /// When each event (source record, name, timestamp: see [`EventKey`]) was sent to a destination, in the order asked; `None`: never.
    pub fn events_sent(
        &self,
        definition: &str,
        destination: Uuid,
        events: &[(&str, &str, &str)],
    ) -> Result<Vec<Option<Timestamp>>, StoreError> {
        self.read(|db| {
            let mut any = db
                .prepare_cached("SELECT 1 FROM sent_events WHERE definition = ?1 AND destination = ?2 LIMIT 1")?;
            if !any.exists(params![definition_key(definition), destination.to_string()])? {
                return Ok(vec![None; events.len()]);
            }
            let mut statement = db.prepare_cached(
                "SELECT at FROM sent_events WHERE definition = ?1 AND destination = ?2 AND record_id = ?3 AND event = ?4
                 AND timestamp = ?5",
            )?;
            let (definition, destination) = (definition_key(definition), destination.to_string());
            events
                .iter()
                .map(|(record, event, timestamp)| {
                    let values = params![definition, destination, record, event, timestamp];
                    let at: Option<i64> = statement.query_row(values, |row| row.get(0)).optional()?;
                    Ok(at.map(from_millis))
                })
                .collect()
        })
    }
}
