//! Looking for pairs of records, and forgetting some of them.

use rusqlite::{Row, params};

use super::links::{COLUMNS, Link, LinkPair, link, pair_number};
use crate::fold::fold;
use crate::{Store, StoreError};

/// Which pairs are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkFilter {
    /// This text is in one of the ids, or in a value that both sides held after the last sync; without regard to case and accents.
    pub text: Option<String>,
    /// Only those of which one side is gone.
    pub gone: bool,
    /// Only those with a conflict that is not settled.
    pub conflicts: bool,
}

/// A pair, and how many of its conflicts are not settled.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundLink {
    /// The pair.
    pub link: Link,
    /// Conflicts.
    pub conflicts: u64,
}

const OPEN: &str = "(SELECT count(*) FROM link_conflicts c WHERE c.pair = links.pair AND c.left_id = links.left_id AND c.right_id = links.right_id)";

fn found(row: &Row<'_>) -> Result<FoundLink, StoreError> {
    Ok(FoundLink { link: link(row)?, conflicts: row.get::<_, i64>(6)?.unsigned_abs() })
}

fn holds(link: &Link, text: &str) -> bool {
    let has = |value: &str| fold(value).contains(text);
    has(&link.left)
        || has(&link.right)
        || link.base.values().any(|base| has(&base.left.display_text()) || has(&base.right.display_text()))
}

impl Store {
    /// A window of the pairs that fit, the one synced last first, and how many fit.
    pub fn find_links(
        &self,
        pair: &LinkPair,
        filter: &LinkFilter,
        offset: u64,
        limit: u32,
    ) -> Result<(Vec<FoundLink>, u64), StoreError> {
        self.read(|db| {
            let Some(number) = pair_number(db, pair)? else { return Ok((Vec::new(), 0)) };
            let which = format!(
                "pair = ?1 AND (?2 = 0 OR gone IS NOT NULL) AND (?3 = 0 OR {OPEN} > 0)"
            );
            let text = filter.text.as_deref().map(|text| fold(text.trim())).filter(|text| !text.is_empty());
            let Some(text) = text else {
                let total: i64 = db.query_row(
                    &format!("SELECT count(*) FROM links WHERE {which}"),
                    params![number, filter.gone, filter.conflicts],
                    |row| row.get(0),
                )?;
                let mut statement = db.prepare_cached(&format!(
                    "SELECT {COLUMNS}, {OPEN} FROM links WHERE {which} ORDER BY at DESC, id LIMIT ?4 OFFSET ?5"
                ))?;
                let offset = i64::try_from(offset).unwrap_or(i64::MAX);
                let mut rows = statement.query(params![number, filter.gone, filter.conflicts, limit, offset])?;
                let mut window = Vec::new();
                while let Some(row) = rows.next()? {
                    window.push(found(row)?);
                }
                return Ok((window, total.unsigned_abs()));
            };
            // What both sides held is packed: each pair is read, and none but the window is kept.
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS}, {OPEN} FROM links WHERE {which} ORDER BY at DESC, id"
            ))?;
            let mut rows = statement.query(params![number, filter.gone, filter.conflicts])?;
            let (mut window, mut total) = (Vec::new(), 0_u64);
            while let Some(row) = rows.next()? {
                let one = found(row)?;
                if !holds(&one.link, &text) {
                    continue;
                }
                if total >= offset && window.len() < limit as usize {
                    window.push(one);
                }
                total += 1;
            }
            Ok((window, total))
        })
    }

    /// Forgets pairs by their numbers, with what waits of them; how many there were. The records stay: the next look at both sides matches them
    /// by their keys, as before the first sync.
    pub fn forget_links(&self, pair: &LinkPair, ids: &[i64]) -> Result<u64, StoreError> {
        self.write(|tx| {
            let Some(number) = pair_number(tx, pair)? else { return Ok(0) };
            let mut gone = 0;
            for id in ids {
                tx.prepare_cached(
                    "DELETE FROM link_conflicts WHERE pair = ?1 AND (left_id, right_id) IN
                     (SELECT left_id, right_id FROM links WHERE pair = ?1 AND id = ?2)",
                )?
                .execute(params![number, id])?;
                gone += tx
                    .prepare_cached("DELETE FROM links WHERE pair = ?1 AND id = ?2")?
                    .execute(params![number, id])? as u64;
            }
            Ok(gone)
        })
    }
}
