//! Noting what a page or the end of a pull changes, before it does.

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use syncline_model::Record;

use crate::StoreError;
use crate::cache::changes::compare::{FieldDifference, compare, logical, merge};
use crate::cache::changes::detail::{self, Running};
use crate::cache::codec::{Unpacker, compress};
use crate::cache::dataset::Dataset;

/// As it is written.
pub(crate) const ADDED: i64 = 0;
pub(crate) const CHANGED: i64 = 1;
pub(crate) const DELETED: i64 = 2;

/// Reads the columns of a changed record back.
pub(crate) fn unpack(unpacker: &mut Unpacker<'_>, packed: &[u8]) -> Result<Vec<FieldDifference>, StoreError> {
    Ok(serde_json::from_str(&unpacker.text(packed)?)?)
}

/// Notes the records of a page that are new, or stored with another content. `fresh`: places in `records`, with the number of the
/// stored row that is about to be replaced.
pub(crate) fn page(
    tx: &Connection,
    dataset: &Dataset,
    running: &Running,
    records: &[Record],
    fresh: &[(usize, Option<i64>)],
) -> Result<(), StoreError> {
    if running.first || fresh.is_empty() {
        return Ok(());
    }
    let id = dataset.id;
    let mut room = running.room();
    let (mut added, mut changed) = (0, 0);
    let mut unpacker = dataset.codec.decompressor()?;
    let mut compressor = dataset.codec.compressor()?;
    let mut raw = tx.prepare_cached(&format!("SELECT raw FROM r_{id} WHERE rid = ?1"))?;
    let mut known =
        tx.prepare_cached("SELECT kind, content FROM pull_changes WHERE detail = ?1 AND record_id = ?2")?;
    let mut remove = tx.prepare_cached("DELETE FROM pull_changes WHERE detail = ?1 AND record_id = ?2")?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO pull_changes(detail, record_id, kind, title, columns, content)
         VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (at, rid) in fresh {
        let record = &records[*at];
        let earlier: Option<(i64, Option<Vec<u8>>)> = known
            .query_row(params![running.number, record.id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let mut packed = None;
        let mut columns = None;
        if let Some(rid) = rid {
            let before: Vec<u8> = raw.query_row([rid], |row| row.get(0))?;
            let mut fields = compare(&unpacker.text(&before)?, record.raw.get())?;
            match &earlier {
                // It came with this pull.
                Some((ADDED, _)) => continue,
                Some((CHANGED, Some(content))) => fields = merge(unpack(&mut unpacker, content)?, fields),
                Some(_) | None => {}
            }
            if fields.is_empty() {
                continue;
            }
            let names: Vec<&str> = fields.iter().map(|field| logical(&field.column)).collect();
            columns = Some(serde_json::to_string(&names)?);
            let mut bytes = Vec::new();
            compress(&mut compressor, &serde_json::to_string(&fields)?, &mut bytes)?;
            packed = Some(bytes);
        }
        let kind = if rid.is_some() { CHANGED } else { ADDED };
        if earlier.is_none() {
            if kind == CHANGED {
                changed += 1
            } else {
                added += 1
            }
            if room == 0 {
                continue;
            }
            room -= 1;
        } else {
            remove.execute(params![running.number, record.id.as_str()])?;
        }
        let title = title(dataset, record);
        insert.execute(params![running.number, record.id.as_str(), kind, title, columns, packed])?;
    }
    detail::counted(tx, running.number, added, changed, 0)
}

fn title(dataset: &Dataset, record: &Record) -> Option<String> {
    let name = dataset.primary_name.as_deref()?;
    Some(record.fields().ok()?.value(name)?.display_text()).filter(|text| !text.is_empty())
}

/// Notes stored records that are about to be removed, with all that was known of them; who removes them counts them. `condition` is over the row `c`.
pub(crate) fn removal(
    tx: &Connection,
    dataset: &Dataset,
    running: &Running,
    condition: &str,
    values: &[&dyn ToSql],
) -> Result<(), StoreError> {
    if running.first {
        return Ok(());
    }
    let id = dataset.id;
    let number = running.number;
    // What came and went within one pull was never seen by anybody.
    tx.prepare_cached(&format!(
        "DELETE FROM pull_changes WHERE detail = {number} AND kind = {ADDED}
           AND record_id IN (SELECT c.record_id FROM c_{id} c WHERE {condition})"
    ))?
    .execute(values)?;
    let title = dataset
        .primary_name
        .as_deref()
        .and_then(|name| dataset.column(name).ok())
        .map_or_else(|| "NULL".to_owned(), crate::cache::dataset::CacheColumn::value_sql);
    tx.prepare_cached(&format!(
        "INSERT OR REPLACE INTO pull_changes(detail, record_id, kind, title, columns, content)
         SELECT {number}, c.record_id, {DELETED}, {title}, NULL, r.raw
         FROM c_{id} c JOIN r_{id} r USING(rid) WHERE {condition} LIMIT {}",
        running.room()
    ))?
    .execute(values)?;
    Ok(())
}
