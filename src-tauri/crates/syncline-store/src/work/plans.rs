//! Plans: the head of each. Its rows are in `plan_rows`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use syncline_model::EntityName;
use uuid::Uuid;

use crate::migrate::Migration;
use crate::tables::metadata::{pack, unpack};
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE plans(
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            definition TEXT NOT NULL,
            definition_key TEXT NOT NULL,
            definition_json TEXT NOT NULL,
            definition_hash TEXT NOT NULL,
            source TEXT NOT NULL,
            source_entity TEXT NOT NULL,
            destination TEXT NOT NULL,
            destination_entity TEXT NOT NULL,
            source_hash TEXT,
            status TEXT NOT NULL,
            session TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            detail BLOB NOT NULL,
            destination_schema BLOB NOT NULL,
            identity TEXT NOT NULL,
            signature TEXT);
          CREATE INDEX plans_definition ON plans(definition_key, created_at);
          CREATE INDEX plans_source ON plans(source);
          CREATE INDEX plans_destination ON plans(destination)",
}];

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanStatus {
    /// Rows are being added.
    Planning,
    /// Whole; can be run.
    Ready,
    /// Cancelled or failed while it was made; can be looked at, not run.
    Incomplete,
    /// A run was made from it.
    Run,
}

impl PlanStatus {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Ready => "ready",
            Self::Incomplete => "incomplete",
            Self::Run => "run",
        }
    }
    fn from_text(text: &str) -> Option<Self> {
        [Self::Planning, Self::Ready, Self::Incomplete, Self::Run]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// The head of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Its id.
    pub id: Uuid,
    /// Name of the definition.
    pub definition: String,
    /// The definition as it was, canonical JSON.
    pub definition_json: String,
    /// Its hash.
    pub definition_hash: String,
    /// Source connection.
    pub source: Uuid,
    /// Source entity.
    pub source_entity: EntityName,
    /// Destination connection.
    pub destination: Uuid,
    /// Destination entity.
    pub destination_entity: EntityName,
    /// Content hash of what was read.
    pub source_hash: Option<String>,
    /// Where it stands.
    pub status: PlanStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts and whatever else its maker wants to keep: an object.
    pub detail: serde_json::Value,
    /// The destination's entity as it was described then.
    pub destination_schema: serde_json::Value,
    /// Who would have written.
    pub identity: serde_json::Value,
    /// Signature over the whole, where it was signed.
    pub signature: Option<String>,
}

const COLUMNS: &str = "id, definition, definition_json, definition_hash, source, source_entity, destination, destination_entity, \
    source_hash, status, created_at, detail, destination_schema, identity, signature";

fn plan(row: &Row<'_>) -> Result<Plan, StoreError> {
    let bad = |what: &str| StoreError::Corrupt { detail: format!("the {what} of a plan can't be read") };
    let id = |at: usize, what: &str| row.get::<_, String>(at)?.parse::<Uuid>().map_err(|_| bad(what));
    Ok(Plan {
        id: id(0, "id")?,
        definition: row.get(1)?,
        definition_json: row.get(2)?,
        definition_hash: row.get(3)?,
        source: id(4, "source")?,
        source_entity: EntityName::new(row.get::<_, String>(5)?),
        destination: id(6, "destination")?,
        destination_entity: EntityName::new(row.get::<_, String>(7)?),
        source_hash: row.get(8)?,
        status: PlanStatus::from_text(&row.get::<_, String>(9)?).ok_or_else(|| bad("status"))?,
        created_at: from_millis(row.get(10)?),
        detail: unpack(&row.get::<_, Vec<u8>>(11)?)?,
        destination_schema: unpack(&row.get::<_, Vec<u8>>(12)?)?,
        identity: serde_json::from_str(&row.get::<_, String>(13)?)?,
        signature: row.get(14)?,
    })
}

/// The number of a plan.
pub(crate) fn number(db: &Connection, id: Uuid) -> Result<i64, StoreError> {
    db.prepare_cached("SELECT number FROM plans WHERE id = ?1")?
        .query_row([id.to_string()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::not_found(format!("the plan {id}")))
}

impl Store {
    /// Saves the head of a plan, new or changed; its rows stay.
    pub fn save_plan(&self, plan: &Plan) -> Result<(), StoreError> {
        let (detail, schema) = (pack(&plan.detail)?, pack(&plan.destination_schema)?);
        let identity = serde_json::to_string(&plan.identity)?;
        self.write(|tx| {
            tx.execute(
                "INSERT INTO plans(id, definition, definition_key, definition_json, definition_hash, source, source_entity,
                   destination, destination_entity, source_hash, status, session, created_at, detail, destination_schema,
                   identity, signature)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
                 ON CONFLICT(id) DO UPDATE SET definition = ?2, definition_key = ?3, definition_json = ?4,
                   definition_hash = ?5, source = ?6, source_entity = ?7, destination = ?8, destination_entity = ?9,
                   source_hash = ?10, status = ?11, session = ?12, created_at = ?13, detail = ?14,
                   destination_schema = ?15, identity = ?16, signature = ?17",
                params![
                    plan.id.to_string(),
                    plan.definition,
                    plan.definition.to_lowercase(),
                    plan.definition_json,
                    plan.definition_hash,
                    plan.source.to_string(),
                    plan.source_entity.as_str(),
                    plan.destination.to_string(),
                    plan.destination_entity.as_str(),
                    plan.source_hash,
                    plan.status.as_str(),
                    self.inner.session.id,
                    millis(plan.created_at),
                    detail,
                    schema,
                    identity,
                    plan.signature
                ],
            )?;
            Ok(())
        })
    }

    /// Saves how a plan ended: its status, its hash and its detail. False: it is not there any more, because a connection of it was
    /// forgotten meanwhile.
    pub fn end_plan(&self, plan: &Plan) -> Result<bool, StoreError> {
        let detail = pack(&plan.detail)?;
        self.write(|tx| {
            let sql = "UPDATE plans SET source_hash = ?2, status = ?3, detail = ?4 WHERE id = ?1";
            let values = params![plan.id.to_string(), plan.source_hash, plan.status.as_str(), detail];
            Ok(tx.execute(sql, values)? > 0)
        })
    }

    /// A plan's head.
    pub fn plan(&self, id: Uuid) -> Result<Option<Plan>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM plans WHERE id = ?1"))?;
            let mut rows = statement.query([id.to_string()])?;
            rows.next()?.map(plan).transpose()
        })
    }

    /// Heads of plans, latest first; of one definition or of all.
    pub fn plans(&self, definition: Option<&str>, limit: u32) -> Result<Vec<Plan>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM plans WHERE ?1 IS NULL OR definition_key = ?1
                 ORDER BY created_at DESC, number DESC LIMIT ?2"
            ))?;
            let mut rows = statement.query(params![definition.map(str::to_lowercase), limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(plan(row)?);
            }
            Ok(found)
        })
    }

    /// Sets where a plan stands.
    pub fn set_plan_status(&self, id: Uuid, status: PlanStatus) -> Result<(), StoreError> {
        self.write(|tx| {
            let number = number(tx, id)?;
            tx.execute("UPDATE plans SET status = ?2 WHERE number = ?1", params![number, status.as_str()])?;
            Ok(())
        })
    }

    /// Takes a ready plan for a run. False: it was not ready any more, so somebody else runs it or it is not whole. Of several that ask at
    /// once, in this process or another, one is told true.
    pub fn claim_plan(&self, id: Uuid) -> Result<bool, StoreError> {
        self.write(|tx| {
            let number = number(tx, id)?;
            let (ready, run) = (PlanStatus::Ready.as_str(), PlanStatus::Run.as_str());
            let sql = "UPDATE plans SET status = ?3 WHERE number = ?1 AND status = ?2";
            Ok(tx.execute(sql, params![number, ready, run])? == 1)
        })
    }

    /// Removes a plan with its rows. A plan that was run stays, because its run speaks of its rows: `Busy`.
    pub fn delete_plan(&self, id: Uuid) -> Result<(), StoreError> {
        self.write(|tx| {
            let number = number(tx, id)?;
            let was_run: bool =
                tx.query_row("SELECT EXISTS(SELECT 1 FROM runs WHERE plan = ?1)", [id.to_string()], |row| {
                    row.get(0)
                })?;
            if was_run {
                return Err(StoreError::Busy {
                    what: format!("the plan {id} was run and is part of the audit"),
                });
            }
            delete(tx, number)
        })
    }
}

pub(crate) fn delete(tx: &Connection, number: i64) -> Result<(), StoreError> {
    let range = params![super::base(number), super::base(number + 1)];
    tx.execute("DELETE FROM plan_rows WHERE rid >= ?1 AND rid < ?2", range)?;
    tx.execute("DELETE FROM plan_turns WHERE rid >= ?1 AND rid < ?2", range)?;
    tx.execute("DELETE FROM plan_steps WHERE rid >= ?1 AND rid < ?2", range)?;
    tx.execute("DELETE FROM plan_issues WHERE plan = ?1", [number])?;
    tx.execute("DELETE FROM plan_keys WHERE plan = ?1", [number])?;
    tx.execute("DELETE FROM plan_dictionaries WHERE plan = ?1", [number])?;
    tx.execute("DELETE FROM plans WHERE number = ?1", [number])?;
    Ok(())
}
