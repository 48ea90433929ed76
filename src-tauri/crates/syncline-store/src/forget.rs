//! Forgetting a connection: everything of it goes, and the space it took is overwritten and given back.

use rusqlite::Connection;
use uuid::Uuid;

use crate::cache::dataset;
use crate::store::lock;
use crate::work::{plans, runs};
use crate::{Store, StoreError};

/// What becomes of a kept value when a connection is forgotten.
#[derive(Debug, Clone, PartialEq)]
pub enum KeptFate {
    /// It has nothing to do with the connection.
    Stays,
    /// It goes.
    Goes,
    /// This takes its place.
    Becomes(serde_json::Value),
}

/// What went with a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// The connection itself: 1, or 0 where it was not saved.
    pub connections: u64,
    /// Pulled entities.
    pub entities: u64,
    /// Cached records, with their search index.
    pub records: u64,
    /// Pulls.
    pub pulls: u64,
    /// Plans it was source or destination of.
    pub plans: u64,
    /// Runs it was source or destination of.
    pub runs: u64,
    /// Notes of what was sent, and pairs of records of two-way syncs.
    pub sent: u64,
    /// Recent items and searches.
    pub recent: u64,
    /// Kept values such as grid layouts.
    pub kept: u64,
    /// Definitions that name the connection; they stay.
    pub definitions_kept: u64,
    /// The space was overwritten and given back. False: another process was reading; call [`Store::compact`] later.
    pub wiped: bool,
}

impl Store {
    /// Removes everything of a connection in one transaction, then wipes. `Busy` while work of another process on it is under way.
    pub fn forget(&self, connection: Uuid) -> Result<Forgotten, StoreError> {
        self.forget_with(connection, &|_, _| KeptFate::Stays)
    }

    /// The same; `fate` is asked of every kept value that was not kept for a connection, such as drafts and the session.
    pub fn forget_with(
        &self,
        connection: Uuid,
        fate: &dyn Fn(&str, &serde_json::Value) -> KeptFate,
    ) -> Result<Forgotten, StoreError> {
        self.with_writer(|writer| Ok(writer.execute_batch("PRAGMA secure_delete = ON")?))?;
        let removed = self.write(|tx| self.remove_all(tx, connection, fate));
        lock(&self.inner.datasets).clear();
        self.inner.places.clear();
        self.inner.sets.clear();
        self.inner.texts.clear();
        let wiped = removed.is_ok() && self.compact()?;
        self.with_writer(|writer| Ok(writer.execute_batch("PRAGMA secure_delete = FAST")?))?;
        self.sweep_spools();
        Ok(Forgotten { wiped, ..removed? })
    }

    fn remove_all(
        &self,
        tx: &Connection,
        connection: Uuid,
        fate: &dyn Fn(&str, &serde_json::Value) -> KeptFate,
    ) -> Result<Forgotten, StoreError> {
        let id = connection.to_string();
        let mut gone = Forgotten::default();
        let name: Option<String> = {
            let mut statement = tx.prepare("SELECT name_key FROM connections WHERE id = ?1")?;
            let mut rows = statement.query([&id])?;
            rows.next()?.map(|row| row.get(0)).transpose()?
        };
        self.refuse_while_used(tx, &id)?;
        let datasets: Vec<i64> = numbers(tx, "SELECT id FROM datasets WHERE connection = ?1", &id)?;
        for dataset in &datasets {
            gone.records += dataset::record_count(tx, *dataset)?;
            tx.execute_batch(&format!(
                "DROP TABLE s_{dataset}; DROP TABLE IF EXISTS q_{dataset}; DROP TABLE r_{dataset}; DROP TABLE c_{dataset};"
            ))?;
        }
        gone.entities = datasets.len() as u64;
        gone.pulls = tx.execute("DELETE FROM pulls WHERE connection = ?1", [&id])? as u64;
        crate::cache::changes::detail::forget(tx, &id)?;
        tx.execute("DELETE FROM datasets WHERE connection = ?1", [&id])?;
        for run in numbers(tx, "SELECT number FROM runs WHERE source = ?1 OR destination = ?1", &id)? {
            runs::delete(tx, run)?;
            gone.runs += 1;
        }
        for plan in numbers(tx, "SELECT number FROM plans WHERE source = ?1 OR destination = ?1", &id)? {
            plans::delete(tx, plan)?;
            gone.plans += 1;
        }
        tx.execute(
            "DELETE FROM sent_by WHERE sent IN (SELECT id FROM sent WHERE stream IN
               (SELECT id FROM sent_streams WHERE source = ?1 OR destination = ?1))",
            [&id],
        )?;
        gone.sent = tx.execute(
            "DELETE FROM sent WHERE stream IN (SELECT id FROM sent_streams WHERE source = ?1 OR destination = ?1)",
            [&id],
        )? as u64;
        tx.execute("DELETE FROM sent_streams WHERE source = ?1 OR destination = ?1", [&id])?;
        gone.sent +=
            tx.execute("DELETE FROM sent_events WHERE source = ?1 OR destination = ?1", [&id])? as u64;
        gone.sent += crate::two_way::links::forget(tx, &id)?;
        crate::work::hand_edits::forget(tx, &id)?;
        gone.recent = tx.execute("DELETE FROM recent WHERE connection = ?1", [&id])? as u64;
        gone.kept = tx.execute("DELETE FROM kept WHERE connection = ?1", [&id])? as u64;
        gone.kept += crate::tables::kept::decide(tx, fate)?;
        crate::tables::queries::forget(tx, &id)?;
        tx.execute("DELETE FROM entity_schemas WHERE connection = ?1", [&id])?;
        tx.execute("DELETE FROM entity_lists WHERE connection = ?1", [&id])?;
        tx.execute("DELETE FROM metadata_parts WHERE connection = ?1", [&id])?;
        gone.connections = tx.execute("DELETE FROM connections WHERE id = ?1", [&id])? as u64;
        if let Some(name) = name {
            gone.definitions_kept = definitions_that_name(tx, &name)?;
        }
        Ok(gone)
    }

    fn refuse_while_used(&self, tx: &Connection, id: &str) -> Result<(), StoreError> {
        let mut statement = tx.prepare(
            "SELECT session FROM pulls WHERE connection = ?1 AND status = 'running'
             UNION SELECT session FROM runs WHERE (source = ?1 OR destination = ?1) AND status = 'running'
             UNION SELECT session FROM plans WHERE (source = ?1 OR destination = ?1) AND status = 'planning'",
        )?;
        let sessions = statement.query_map([id], |row| row.get::<_, String>(0))?;
        for session in sessions {
            let session = session?;
            if session != self.inner.session.id && self.inner.session.is_alive(&session) {
                return Err(StoreError::Busy {
                    what: "another process is working with this connection".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Empties the log into the store and gives free pages back to the file system. False: another process was reading, so that
    /// the log could not be emptied.
    pub fn compact(&self) -> Result<bool, StoreError> {
        self.with_writer(|writer| {
            self.close_others();
            let truncate = |writer: &Connection| -> Result<bool, StoreError> {
                let busy: i64 = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
                Ok(busy == 0)
            };
            if !truncate(writer)? {
                return Ok(false);
            }
            writer.flush_prepared_statement_cache();
            {
                // Each step gives back one page.
                let mut statement = writer.prepare("PRAGMA incremental_vacuum")?;
                let mut rows = statement.query([])?;
                while rows.next()?.is_some() {}
            }
            truncate(writer)
        })
    }
}

fn numbers(tx: &Connection, sql: &str, id: &str) -> Result<Vec<i64>, StoreError> {
    let mut statement = tx.prepare(sql)?;
    Ok(statement.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn definitions_that_name(tx: &Connection, name: &str) -> Result<u64, StoreError> {
    let mut statement = tx.prepare("SELECT json FROM definitions")?;
    let mut rows = statement.query([])?;
    let mut named = 0;
    while let Some(row) = rows.next()? {
        let Ok(json) = serde_json::from_str::<serde_json::Value>(&row.get::<_, String>(0)?) else { continue };
        let names = |side: &str| {
            json.get(side)
                .and_then(|side| side.get("connection"))
                .and_then(serde_json::Value::as_str)
                .is_some_and(|known| known.to_lowercase() == name)
        };
        if names("source") || names("destination") {
            named += 1;
        }
    }
    Ok(named)
}
