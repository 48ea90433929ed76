//! Reading what pulls changed: of one pull, or from after one pull to another.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::value::RawValue;
use syncline_model::EntityName;
use uuid::Uuid;

use crate::cache::changes::compare::{FieldDifference, merge};
use crate::cache::changes::note::{ADDED, CHANGED, DELETED, unpack};
use crate::cache::changes::{MOST_NOTED, detail};
use crate::cache::marks::MarkPlace;
use crate::time::from_millis;
use crate::{Store, StoreError};

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// It was not there before.
    Added,
    /// Some of its columns changed.
    Changed,
    /// It is gone.
    Deleted,
}

impl DifferenceKind {
    fn number(self) -> i64 {
        match self {
            Self::Added => ADDED,
            Self::Changed => CHANGED,
            Self::Deleted => DELETED,
        }
    }
    fn from_number(number: i64) -> Result<Self, StoreError> {
        [Self::Added, Self::Changed, Self::Deleted]
            .into_iter()
            .find(|kind| kind.number() == number)
            .ok_or_else(|| StoreError::Corrupt { detail: format!("there is no change of kind {number}") })
    }
}

/// A record that changed.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Its id.
    pub record_id: String,
    /// What became of it.
    pub kind: DifferenceKind,
    /// Its primary name, where known.
    pub title: Option<String>,
    /// Columns of a changed record, by name.
    pub fields: Vec<FieldDifference>,
    /// A deleted record as it was stored last.
    pub last: Option<Box<RawValue>>,
}

/// Which changes.
#[derive(Debug, Clone)]
pub struct DifferenceQuery {
    /// The pull whose changes are read.
    pub pull: Uuid,
    /// Everything since the end of this earlier pull of the same entity; `None`: of the one pull.
    pub since: Option<Uuid>,
    /// Only this kind.
    pub kind: Option<DifferenceKind>,
    /// Only records whose column, by logical name, changed.
    pub column: Option<String>,
    /// Only records with this text in name or id.
    pub text: Option<String>,
    /// Rows to pass over.
    pub offset: u64,
    /// Most rows.
    pub limit: u32,
}

/// Changes and how many there are.
#[derive(Debug, Clone, Default)]
pub struct DifferencePage {
    /// The rows, by kind and name.
    pub rows: Vec<Difference>,
    /// All that fit the query.
    pub total: u64,
    /// Added, changed and deleted of the range, whatever the query.
    pub counts: [u64; 3],
    /// Columns that changed, with the number of records, most first.
    pub columns: Vec<(String, u64)>,
    /// More changed than is kept one by one, or the changes were let go.
    pub cut: bool,
}

/// A pull with what it changed.
#[derive(Debug, Clone)]
pub struct PullDetail {
    /// The pull.
    pub pull: Uuid,
    /// `done`, `running`, `interrupted` or `cancelled`.
    pub status: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Records read.
    pub read: u64,
    /// What it was about, as it was noted.
    pub about: String,
    /// The selection, as its watermark is kept.
    pub selection: String,
    /// Nothing was cached before it.
    pub first: bool,
    /// Added, changed and deleted records.
    pub counts: [u64; 3],
    /// Its changes were let go.
    pub dropped: bool,
    /// The watermark it left.
    pub mark_after: Option<MarkPlace>,
}

/// Records of the details `?1 < number <= ?2` of one dataset with their first and last change, and what these amount to.
const RANGE: &str = "WITH range AS (
      SELECT x.record_id, min(x.number) first, max(x.number) last FROM pull_changes x
      JOIN pull_details d ON d.number = x.detail
      WHERE d.dataset = ?3 AND x.detail > ?1 AND x.detail <= ?2 GROUP BY x.record_id),
    net AS (
      SELECT r.record_id, r.first, r.last, coalesce(b.title, a.title) title, b.content,
        CASE WHEN b.kind = 2 THEN CASE a.kind WHEN 0 THEN NULL ELSE 2 END
             WHEN a.kind = 0 THEN 0 ELSE 1 END kind
      FROM range r JOIN pull_changes a ON a.number = r.first JOIN pull_changes b ON b.number = r.last)";

struct Range {
    after: i64,
    until: i64,
    dataset: i64,
    cut: bool,
}

fn range(db: &Connection, query: &DifferenceQuery) -> Result<Range, StoreError> {
    let find = |pull: Uuid| -> Result<(i64, i64), StoreError> {
        db.query_row("SELECT number, dataset FROM pull_details WHERE pull = ?1", [pull.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?
        .ok_or_else(|| StoreError::not_found(format!("the pull {pull}")))
    };
    let (until, dataset) = find(query.pull)?;
    let after = match query.since {
        None => until - 1,
        Some(since) => {
            let (after, other) = find(since)?;
            if other != dataset {
                return Err(StoreError::query("the two pulls are of different entities")
                    .with_hint("compare two pulls of one entity"));
            }
            if after > until {
                return Err(StoreError::query("the first of the two pulls came after the second")
                    .with_hint("name the earlier pull first"));
            }
            after
        }
    };
    let cut: bool = db.query_row(
        "SELECT coalesce(max(dropped OR added + changed + deleted > ?4), 0) FROM pull_details
         WHERE dataset = ?3 AND number > ?1 AND number <= ?2",
        params![after, until, dataset, MOST_NOTED as i64],
        |row| row.get(0),
    )?;
    Ok(Range { after, until, dataset, cut })
}

impl Store {
    /// What changed.
    pub fn differences(&self, query: &DifferenceQuery) -> Result<DifferencePage, StoreError> {
        self.read(|db| {
            let Range { after, until, dataset, cut } = range(db, query)?;
            let mut page = DifferencePage { cut, ..DifferencePage::default() };
            let mut statement = db.prepare_cached(&format!(
                "{RANGE} SELECT kind, count(*) FROM net WHERE kind IS NOT NULL GROUP BY kind"
            ))?;
            let mut rows = statement.query(params![after, until, dataset])?;
            while let Some(row) = rows.next()? {
                let count = row.get::<_, i64>(1)?.unsigned_abs();
                match DifferenceKind::from_number(row.get(0)?)? {
                    DifferenceKind::Added => page.counts[0] = count,
                    DifferenceKind::Changed => page.counts[1] = count,
                    DifferenceKind::Deleted => page.counts[2] = count,
                }
            }
            let mut statement = db.prepare_cached(&format!(
                "{RANGE} SELECT j.value, count(DISTINCT x.record_id) n FROM pull_changes x JOIN net USING(record_id)
                 JOIN pull_details d ON d.number = x.detail JOIN json_each(x.columns) j
                 WHERE net.kind = 1 AND d.dataset = ?3 AND x.detail > ?1 AND x.detail <= ?2
                 GROUP BY j.value ORDER BY n DESC, j.value"
            ))?;
            let columns = statement.query_map(params![after, until, dataset], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
            })?;
            page.columns = columns.collect::<Result<_, _>>()?;
            let wanted = "net.kind IS NOT NULL AND (?4 IS NULL OR net.kind = ?4)
                AND (?5 IS NULL OR EXISTS(SELECT 1 FROM pull_changes x JOIN json_each(x.columns) j
                     WHERE x.record_id = net.record_id AND x.detail > ?1 AND x.detail <= ?2 AND j.value = ?5))
                AND (?6 IS NULL OR instr(lower(coalesce(net.title, '')), ?6) OR instr(net.record_id, ?6))";
            let kind = query.kind.map(DifferenceKind::number);
            let text = query.text.as_ref().map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
            let total: i64 = db
                .prepare_cached(&format!("{RANGE} SELECT count(*) FROM net WHERE {wanted}"))?
                .query_row(params![after, until, dataset, kind, query.column, text], |row| row.get(0))?;
            page.total = total.unsigned_abs();
            let set = self.dataset(db, dataset)?;
            let mut unpacker = set.codec.decompressor()?;
            let mut each = db.prepare_cached(
                "SELECT content FROM pull_changes WHERE record_id = ?1 AND detail > ?2 AND detail <= ?3 AND kind = 1
                   AND detail IN (SELECT number FROM pull_details WHERE dataset = ?4) ORDER BY number",
            )?;
            let mut statement = db.prepare_cached(&format!(
                "{RANGE} SELECT record_id, kind, title, content FROM net WHERE {wanted}
                 ORDER BY kind, title IS NULL, title, record_id LIMIT ?7 OFFSET ?8"
            ))?;
            let mut rows = statement.query(params![
                after,
                until,
                dataset,
                kind,
                query.column,
                text,
                query.limit,
                i64::try_from(query.offset).unwrap_or(i64::MAX)
            ])?;
            while let Some(row) = rows.next()? {
                let record_id: String = row.get(0)?;
                let kind = DifferenceKind::from_number(row.get(1)?)?;
                let (mut fields, mut last) = (Vec::new(), None);
                match kind {
                    DifferenceKind::Added => {}
                    DifferenceKind::Deleted => {
                        let packed: Option<Vec<u8>> = row.get(3)?;
                        last = packed
                            .map(|packed| Ok::<_, StoreError>(RawValue::from_string(unpacker.text(&packed)?)?))
                            .transpose()?;
                    }
                    DifferenceKind::Changed => {
                        let mut contents = each.query(params![record_id, after, until, dataset])?;
                        while let Some(content) = contents.next()? {
                            let packed: Vec<u8> = content.get(0)?;
                            fields = merge(fields, unpack(&mut unpacker, &packed)?);
                        }
                    }
                }
                page.rows.push(Difference { record_id, kind, title: row.get(2)?, fields, last });
            }
            Ok(page)
        })
    }

    /// The pulls of an entity with what they changed, latest first.
    pub fn pull_details(
        &self,
        connection: Uuid,
        entity: &EntityName,
        limit: u32,
    ) -> Result<Vec<PullDetail>, StoreError> {
        self.read(|db| {
            let Some(dataset) = detail::dataset_of(db, connection, entity)? else { return Ok(Vec::new()) };
            let mut statement = db.prepare_cached(
                "SELECT d.pull, p.status, p.started_at, p.finished_at, p.read, d.about, d.selection, d.first, d.added,
                   d.changed, d.deleted, d.dropped, d.mark_after
                 FROM pull_details d JOIN pulls p ON p.id = d.pull WHERE d.dataset = ?1 ORDER BY d.number DESC LIMIT ?2",
            )?;
            let mut rows = statement.query(params![dataset, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let count = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
                let after: Option<String> = row.get(12)?;
                found.push(PullDetail {
                    pull: row
                        .get::<_, String>(0)?
                        .parse()
                        .map_err(|_| StoreError::Corrupt { detail: "the id of a pull is no id".to_owned() })?,
                    status: row.get(1)?,
                    started_at: from_millis(row.get(2)?),
                    finished_at: row.get::<_, Option<i64>>(3)?.map(from_millis),
                    read: count(4)?,
                    about: row.get(5)?,
                    selection: row.get(6)?,
                    first: row.get(7)?,
                    counts: [count(8)?, count(9)?, count(10)?],
                    dropped: row.get(11)?,
                    mark_after: after.map(|text| serde_json::from_str(&text)).transpose()?,
                });
            }
            Ok(found)
        })
    }

    /// Removes a pull that ended without a page.
    pub fn discard_pull(&self, pull: Uuid) -> Result<(), StoreError> {
        self.write(|tx| detail::discard(tx, pull))
    }
}
