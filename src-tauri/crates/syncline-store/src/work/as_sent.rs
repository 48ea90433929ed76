//! Requests that left otherwise than they were planned, because a part of them could be known only when they were due: the id of a row that an
//! earlier turn made, the version that a first step left behind. They are kept from before they leave.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use syncline_model::ValueMap;
use uuid::Uuid;

use super::plan_rows::PlanRow;
use super::run_rows::{self, RunOutcome};
use super::{base, runs};
use crate::migrate::Migration;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 13,
    sql: "CREATE TABLE run_as_sent(
            rid INTEGER PRIMARY KEY NOT NULL,
            body TEXT NOT NULL)",
}];

/// What a row was sent as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AsSent {
    /// The whole request.
    pub request: Box<RawValue>,
    /// Hash of the request.
    pub request_hash: String,
    /// Attributes that were found when the row was due.
    pub found: ValueMap,
}

impl AsSent {
    /// Makes of a planned row what was sent.
    pub fn tell(&self, row: &mut PlanRow) {
        row.request = Some(self.request.clone());
        row.request_hash = Some(self.request_hash.clone());
        for (name, value) in self.found.iter() {
            row.mapped.attributes.insert(name.clone(), value.clone());
            for change in row.changes.iter_mut().filter(|change| change.field == *name) {
                change.to = value.clone();
            }
        }
    }
}

impl Store {
    /// Stores that rows leave, and what those of them leave as that are not sent as planned; in one transaction.
    pub fn add_sending(
        &self,
        run: Uuid,
        marks: &[RunOutcome],
        as_sent: &[(u32, AsSent)],
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            let first = base(runs::number(tx, run)?);
            let mut insert =
                tx.prepare_cached("INSERT OR REPLACE INTO run_as_sent(rid, body) VALUES(?1, ?2)")?;
            for (ordinal, sent) in as_sent {
                insert.execute(params![first + i64::from(*ordinal), serde_json::to_string(sent)?])?;
            }
            run_rows::put(tx, first, marks)
        })
    }

    /// What a row of a run left as, where it was not sent as planned.
    pub fn row_as_sent(&self, run: Uuid, ordinal: u32) -> Result<Option<AsSent>, StoreError> {
        self.read(|db| {
            let rid = base(runs::number(db, run)?) + i64::from(ordinal);
            let mut statement = db.prepare_cached("SELECT body FROM run_as_sent WHERE rid = ?1")?;
            let mut rows = statement.query([rid])?;
            rows.next()?.map(|row| read(&row.get::<_, String>(0)?)).transpose()
        })
    }
}

pub(super) fn read(body: &str) -> Result<AsSent, StoreError> {
    Ok(serde_json::from_str(body)?)
}

/// These rows did not leave.
pub(super) fn forget_rows(tx: &Connection, first: i64, ordinals: &[u32]) -> Result<(), StoreError> {
    let mut delete = tx.prepare_cached("DELETE FROM run_as_sent WHERE rid = ?1")?;
    for ordinal in ordinals {
        delete.execute([first + i64::from(*ordinal)])?;
    }
    Ok(())
}

/// Removes what is kept of a run.
pub(super) fn forget(tx: &Connection, number: i64) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM run_as_sent WHERE rid >= ?1 AND rid < ?2",
        params![base(number), base(number + 1)],
    )?;
    Ok(())
}
