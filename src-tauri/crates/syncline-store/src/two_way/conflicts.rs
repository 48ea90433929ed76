//! Conflicts: fields that both sides changed since the last sync, each waiting until a person decides.

use jiff::Timestamp;
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};
use syncline_model::{EntityName, Value};

use super::links::{LinkPair, LinkSide, made_pair, pair_number};
use crate::tables::metadata::{pack, unpack};
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

/// Field name of a conflict between a deletion and a change.
pub const WHOLE_RECORD: &str = "";

/// What one side holds, who changed it and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictSide {
    /// The value as that side holds it; null for a deleted record.
    pub value: Value,
    /// The record is deleted there.
    #[serde(default)]
    pub deleted: bool,
    /// When the record was changed last, RFC 3339, where the side tells it.
    pub changed_at: Option<String>,
    /// By whom, where the side tells it.
    pub changed_by: Option<String>,
}

/// What a conflict is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictBody {
    /// Something to know the record by.
    pub title: String,
    /// Column at the source.
    pub left_field: String,
    /// What both sides had after the last sync, as the source and as the destination held it; absent before the first one.
    pub base: Option<(Value, Value)>,
    /// The source.
    pub left: ConflictSide,
    /// The destination.
    pub right: ConflictSide,
}

/// A conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Its number.
    pub id: i64,
    /// Name of the definition.
    pub definition: String,
    /// Record of the source.
    pub left: String,
    /// Record of the destination.
    pub right: String,
    /// Column at the destination; [`WHOLE_RECORD`] for a deletion against a change.
    pub field: String,
    /// What it is about.
    pub body: ConflictBody,
    /// What a person decided: this side's value goes to the other one at the next sync.
    pub decision: Option<(LinkSide, String, Timestamp)>,
    /// When it was found first.
    pub found_at: Timestamp,
}

/// A conflict as a sync found it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundConflict {
    /// Record of the source.
    pub left: String,
    /// Record of the destination.
    pub right: String,
    /// Column at the destination.
    pub field: String,
    /// What it is about.
    pub body: ConflictBody,
}

#[derive(Serialize, Deserialize)]
struct Decision {
    side: LinkSide,
    by: String,
    at: Timestamp,
}

const COLUMNS: &str = "id, definition, left_id, right_id, field, body, decision, found_at";

fn conflict(row: &Row<'_>) -> Result<Conflict, StoreError> {
    let decision: Option<String> = row.get(6)?;
    let decision = decision.map(|text| serde_json::from_str::<Decision>(&text)).transpose()?;
    Ok(Conflict {
        id: row.get(0)?,
        definition: row.get(1)?,
        left: row.get(2)?,
        right: row.get(3)?,
        field: row.get(4)?,
        body: unpack(row.get_ref(5)?.as_blob().map_err(rusqlite::Error::from)?)?,
        decision: decision.map(|one| (one.side, one.by, one.at)),
        found_at: from_millis(row.get(7)?),
    })
}

fn same_values(a: &ConflictBody, b: &ConflictBody) -> bool {
    let same =
        |a: &ConflictSide, b: &ConflictSide| a.deleted == b.deleted && a.value.means_the_same(&b.value);
    same(&a.left, &b.left) && same(&a.right, &b.right)
}

impl Store {
    /// Notes what a sync found of these pairs of records: their conflicts take the place of those that were noted before. A decision stays as
    /// long as both sides still hold what was decided on.
    pub fn note_conflicts(
        &self,
        pair: &LinkPair,
        definition: &str,
        looked_at: &[(String, String)],
        found: &[FoundConflict],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if looked_at.is_empty() {
            return Ok(());
        }
        self.write(|tx| {
            if found.is_empty() && pair_number(tx, pair)?.is_none() {
                return Ok(());
            }
            let number = made_pair(tx, pair)?;
            for (left, right) in looked_at {
                let mut known = Vec::new();
                {
                    let mut statement = tx.prepare_cached(&format!(
                        "SELECT {COLUMNS} FROM link_conflicts WHERE pair = ?1 AND left_id = ?2 AND right_id = ?3"
                    ))?;
                    let mut rows = statement.query(params![number, left, right])?;
                    while let Some(row) = rows.next()? {
                        known.push(conflict(row)?);
                    }
                }
                let now_open = || found.iter().filter(|one| one.left == *left && one.right == *right);
                for old in &known {
                    if !now_open().any(|one| one.field == old.field) {
                        tx.execute("DELETE FROM link_conflicts WHERE id = ?1", [old.id])?;
                    }
                }
                for one in now_open() {
                    let old = known.iter().find(|old| old.field == one.field);
                    match old {
                        Some(old) if same_values(&old.body, &one.body) => {
                            tx.execute(
                                "UPDATE link_conflicts SET body = ?2, definition = ?3 WHERE id = ?1",
                                params![old.id, pack(&one.body)?, definition],
                            )?;
                        }
                        Some(old) => {
                            tx.execute(
                                "UPDATE link_conflicts SET body = ?2, definition = ?3, decision = NULL WHERE id = ?1",
                                params![old.id, pack(&one.body)?, definition],
                            )?;
                        }
                        None => {
                            tx.prepare_cached(
                                "INSERT INTO link_conflicts(pair, definition, left_id, right_id, field, body, found_at)
                                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                            )?
                            .execute(params![
                                number,
                                definition,
                                left,
                                right,
                                one.field,
                                pack(&one.body)?,
                                millis(now)
                            ])?;
                        }
                    }
                }
            }
            Ok(())
        })
    }

    /// The conflicts of a pair of records.
    pub fn conflicts_of(
        &self,
        pair: &LinkPair,
        left: &str,
        right: &str,
    ) -> Result<Vec<Conflict>, StoreError> {
        self.read(|db| {
            let Some(number) = pair_number(db, pair)? else { return Ok(Vec::new()) };
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM link_conflicts WHERE pair = ?1 AND left_id = ?2 AND right_id = ?3 ORDER BY field"
            ))?;
            let mut rows = statement.query(params![number, left, right])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(conflict(row)?);
            }
            Ok(found)
        })
    }

    /// Conflicts, oldest first; of one definition or of all. With how many there are.
    pub fn conflicts(
        &self,
        definition: Option<&str>,
        offset: u64,
        limit: u32,
    ) -> Result<(Vec<Conflict>, u64), StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM link_conflicts WHERE ?1 IS NULL OR definition = ?1
                 ORDER BY left_id, right_id, id LIMIT ?2 OFFSET ?3"
            ))?;
            let mut rows = statement.query(params![definition, limit, offset as i64])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(conflict(row)?);
            }
            let all: i64 = db
                .prepare_cached("SELECT count(*) FROM link_conflicts WHERE ?1 IS NULL OR definition = ?1")?
                .query_row([definition], |row| row.get(0))?;
            Ok((found, all.unsigned_abs()))
        })
    }

    /// Decides a conflict, or takes the decision back. False: there is no such conflict any more.
    pub fn decide_conflict(
        &self,
        id: i64,
        decision: Option<(LinkSide, &str)>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let text = decision
            .map(|(side, by)| serde_json::to_string(&Decision { side, by: by.to_owned(), at: now }))
            .transpose()?;
        self.write(|tx| {
            Ok(tx.execute("UPDATE link_conflicts SET decision = ?2 WHERE id = ?1", params![id, text])? == 1)
        })
    }

    /// The tables that a conflict is between.
    pub fn conflict_tables(&self, id: i64) -> Result<Option<LinkPair>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT p.source, p.source_entity, p.destination, p.destination_entity
                 FROM link_conflicts c JOIN link_pairs p ON p.id = c.pair WHERE c.id = ?1",
            )?;
            let mut rows = statement.query([id])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let bad = |_| StoreError::Corrupt { detail: "the connection of a pair can't be read".to_owned() };
            Ok(Some(LinkPair {
                source: row.get::<_, String>(0)?.parse().map_err(bad)?,
                source_entity: EntityName::new(row.get::<_, String>(1)?),
                destination: row.get::<_, String>(2)?.parse().map_err(bad)?,
                destination_entity: EntityName::new(row.get::<_, String>(3)?),
            }))
        })
    }

    /// A conflict by its number.
    pub fn conflict(&self, id: i64) -> Result<Option<Conflict>, StoreError> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached(&format!("SELECT {COLUMNS} FROM link_conflicts WHERE id = ?1"))?;
            let mut rows = statement.query([id])?;
            rows.next()?.map(conflict).transpose()
        })
    }
}
