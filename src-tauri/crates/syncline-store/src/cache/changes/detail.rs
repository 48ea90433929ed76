//! What is noted of a pull beside its counts: what it was asked to do, how far it saw, what it leaves as watermark.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::value::RawValue;
use syncline_model::{EntityName, RecordId};
use uuid::Uuid;

use crate::StoreError;
use crate::cache::changes::{MOST_NOTED, PULLS_KEPT};
use crate::cache::marks::{self, MarkKey, MarkPlace};
use crate::cache::pull::{Pull, PullKind, PullStart};
use crate::time::{from_millis, millis};

/// What a pull that is done makes of the watermark of its selection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MarkRule {
    /// Leaves it.
    #[default]
    Keep,
    /// Everything was read: the mark is what was seen.
    Anew,
    /// What came after the mark was read: it moves on.
    On,
    /// As `On`, but records created since were left out.
    OnWithoutNew,
}

impl MarkRule {
    fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Anew => "anew",
            Self::On => "on",
            Self::OnWithoutNew => "on-without-new",
        }
    }
    fn from_text(text: &str) -> Self {
        [Self::Anew, Self::On, Self::OnWithoutNew]
            .into_iter()
            .find(|rule| rule.as_str() == text)
            .unwrap_or_default()
    }
}

/// What a pull is about, noted when it begins.
#[derive(Debug, Clone, Default)]
pub struct PullPlan {
    /// The selection as canonical JSON, under which its watermark is kept.
    pub selection: String,
    /// The columns alone, as text; two selections with the same text bring the same columns.
    pub columns: String,
    /// Not all records of the entity: a filter or a list.
    pub narrowed: bool,
    /// What becomes of the watermark.
    pub rule: MarkRule,
    /// What people are told about it, as JSON.
    pub about: Option<Box<RawValue>>,
}

/// What a page brings beside its records.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageNotes<'a> {
    /// Records that are gone at the source; they leave the store before the page's records come.
    pub removed: &'a [RecordId],
    /// Latest `modifiedon` of the page.
    pub modified: Option<Timestamp>,
    /// Greatest `versionnumber` of the page.
    pub version: Option<i64>,
    /// Where later changes are read; on the last page.
    pub token: Option<&'a str>,
}

/// A running pull as its pages need it.
pub(crate) struct Running {
    /// Number of its details.
    pub(crate) number: i64,
    /// Nothing was there before, so that nothing is noted.
    pub(crate) first: bool,
    /// Changes noted so far.
    pub(crate) noted: u64,
}

pub(crate) fn begin(
    tx: &Connection,
    id: Uuid,
    dataset: i64,
    start: &PullStart<'_>,
    plan: &PullPlan,
) -> Result<(), StoreError> {
    let entity = &start.schema.summary.logical_name;
    let any: bool =
        tx.query_row(&format!("SELECT EXISTS(SELECT 1 FROM c_{dataset})"), [], |row| row.get(0))?;
    let key = MarkKey {
        connection: start.connection,
        entity,
        selection: &plan.selection,
        columns: &plan.columns,
        narrowed: plan.narrowed,
    };
    marks::drop_untrue(tx, &key, start.kind == PullKind::Full)?;
    tx.execute(
        "INSERT INTO pull_details(pull, dataset, connection, entity, selection, columns, narrowed, rule, about, first)
         VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            id.to_string(),
            dataset,
            start.connection.to_string(),
            entity.as_str(),
            plan.selection,
            plan.columns,
            plan.narrowed,
            plan.rule.as_str(),
            plan.about.as_ref().map_or("{}", |about| about.get()),
            !any
        ],
    )?;
    Ok(())
}

pub(crate) fn running(tx: &Connection, pull: Uuid) -> Result<Option<Running>, StoreError> {
    Ok(tx
        .prepare_cached("SELECT number, first, added + changed + deleted FROM pull_details WHERE pull = ?1")?
        .query_row([pull.to_string()], |row| {
            Ok(Running {
                number: row.get(0)?,
                first: row.get(1)?,
                noted: row.get::<_, i64>(2)?.unsigned_abs(),
            })
        })
        .optional()?)
}

impl Running {
    /// How many more changes may be noted one by one.
    pub(crate) fn room(&self) -> u64 {
        if self.first { 0 } else { MOST_NOTED.saturating_sub(self.noted) }
    }
}

pub(crate) fn page_seen(tx: &Connection, number: i64, notes: &PageNotes<'_>) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE pull_details SET
           seen_modified = CASE WHEN ?2 IS NULL THEN seen_modified ELSE max(coalesce(seen_modified, ?2), ?2) END,
           seen_version = CASE WHEN ?3 IS NULL THEN seen_version ELSE max(coalesce(seen_version, ?3), ?3) END,
           token = coalesce(?4, token) WHERE number = ?1",
    )?
    .execute(params![number, notes.modified.map(millis), notes.version, notes.token])?;
    Ok(())
}

pub(crate) fn counted(
    tx: &Connection,
    number: i64,
    added: u64,
    changed: u64,
    deleted: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE pull_details SET added = added + ?2, changed = changed + ?3, deleted = deleted + ?4 WHERE number = ?1",
    )?
    .execute(params![number, added as i64, changed as i64, deleted as i64])?;
    Ok(())
}

/// The end of a pull that went well: the watermark moves, and changes of old pulls are let go.
pub(crate) fn finish(tx: &Connection, pull: &Pull, now: Timestamp) -> Result<(), StoreError> {
    type Found = (i64, i64, String, String, bool, String, MarkPlace);
    let found: Option<Found> = tx
        .prepare_cached(
            "SELECT number, dataset, selection, columns, narrowed, rule, seen_modified, seen_version, token
             FROM pull_details WHERE pull = ?1",
        )?
        .query_row([pull.id.to_string()], |row| {
            let seen = MarkPlace {
                modified: row.get::<_, Option<i64>>(6)?.map(from_millis),
                version: row.get(7)?,
                token: row.get(8)?,
                left_out: None,
            };
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, seen))
        })
        .optional()?;
    let Some((number, dataset, selection, columns, narrowed, rule, seen)) = found else { return Ok(()) };
    let rule = MarkRule::from_text(&rule);
    let key = MarkKey {
        connection: pull.connection,
        entity: &pull.entity,
        selection: &selection,
        columns: &columns,
        narrowed,
    };
    if rule != MarkRule::Keep {
        let old = marks::load(tx, pull.connection, &pull.entity, &selection)?
            .map(|mark| mark.place)
            .unwrap_or_default();
        let place = moved(rule, old, seen);
        marks::set(tx, &key, &place, Some(pull.id), now)?;
        tx.execute(
            "UPDATE pull_details SET mark_after = ?2 WHERE number = ?1",
            params![number, serde_json::to_string(&place)?],
        )?;
    }
    forget_old(tx, dataset)
}

fn moved(rule: MarkRule, old: MarkPlace, seen: MarkPlace) -> MarkPlace {
    match rule {
        MarkRule::Keep => old,
        MarkRule::Anew => seen,
        MarkRule::On => MarkPlace {
            modified: old.modified.max(seen.modified),
            version: old.version.max(seen.version),
            token: seen.token,
            left_out: None,
        },
        MarkRule::OnWithoutNew => MarkPlace {
            modified: old.modified.max(seen.modified),
            version: old.version.max(seen.version),
            // It still tells everything that came since, the records left out among it.
            token: old.token,
            left_out: old.left_out.or(old.modified),
        },
    }
}

fn forget_old(tx: &Connection, dataset: i64) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT number FROM pull_details WHERE dataset = ?1 AND dropped = 0 ORDER BY number DESC LIMIT -1 OFFSET ?2",
    )?;
    let old = statement
        .query_map(params![dataset, PULLS_KEPT], |row| row.get::<_, i64>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    for number in old {
        tx.execute("DELETE FROM pull_changes WHERE detail = ?1", [number])?;
        tx.execute("UPDATE pull_details SET dropped = 1, mark_after = NULL WHERE number = ?1", [number])?;
    }
    Ok(())
}

/// Removes all that is noted of a connection's pulls; for forgetting.
pub(crate) fn forget(tx: &Connection, connection: &str) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM pull_changes WHERE detail IN (SELECT number FROM pull_details WHERE connection = ?1)",
        [connection],
    )?;
    tx.execute("DELETE FROM pull_details WHERE connection = ?1", [connection])?;
    tx.execute("DELETE FROM marks WHERE connection = ?1", [connection])?;
    Ok(())
}

/// A pull that brought nothing at all leaves no trace.
pub(crate) fn discard(tx: &Connection, pull: Uuid) -> Result<(), StoreError> {
    let id = pull.to_string();
    let gone = tx.execute(
        "DELETE FROM pulls WHERE id = ?1 AND pages = 0 AND part = 0 AND status <> 'running'",
        [&id],
    )?;
    if gone > 0 {
        tx.execute("DELETE FROM pull_details WHERE pull = ?1", [&id])?;
    }
    Ok(())
}

/// The entity's name as it is kept.
pub(crate) fn dataset_of(
    db: &Connection,
    connection: Uuid,
    entity: &EntityName,
) -> Result<Option<i64>, StoreError> {
    crate::cache::dataset::find(db, connection, entity)
}
