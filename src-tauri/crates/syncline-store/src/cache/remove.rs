//! Records that go: at the source's word, by a condition, or because a full pull did not see them.

use rusqlite::{Connection, ToSql, params};
use syncline_model::{EntityName, RecordId};
use uuid::Uuid;

use crate::cache::changes::detail::{self, Running};
use crate::cache::changes::note;
use crate::cache::dataset::Dataset;
use crate::cache::index;
use crate::{Store, StoreError};

impl Store {
    /// Removes records that are gone at the source; counts them on a pull that is under way.
    pub fn delete_records(
        &self,
        connection: Uuid,
        entity: &EntityName,
        ids: &[RecordId],
        pull: Option<Uuid>,
    ) -> Result<u64, StoreError> {
        self.write(|tx| {
            let dataset = self.dataset_of(tx, connection, entity)?;
            let mut deleted = 0;
            for id in ids {
                deleted += delete_where(tx, dataset.id, "record_id = ?1", &[&id.as_str()])?;
            }
            if let Some(pull) = pull {
                tx.execute(
                    "UPDATE pulls SET deleted = deleted + ?2 WHERE id = ?1",
                    params![pull.to_string(), deleted as i64],
                )?;
            }
            Ok(deleted)
        })
    }
}

/// Removes what the source says is gone; the number of records that were there.
pub(super) fn remove(
    tx: &Connection,
    dataset: &Dataset,
    running: Option<&Running>,
    ids: &[RecordId],
) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for id in ids {
        if let Some(running) = running {
            note::removal(tx, dataset, running, "c.record_id = ?1", &[&id.as_str()])?;
        }
        deleted += delete_where(tx, dataset.id, "record_id = ?1", &[&id.as_str()])?;
    }
    if let Some(running) = running.filter(|_| deleted > 0) {
        detail::counted(tx, running.number, 0, 0, deleted)?;
    }
    Ok(deleted)
}

/// Removes the rows that a condition on `c` holds for, portion by portion; memory does not grow with their number.
pub(crate) fn delete_where(
    tx: &Connection,
    dataset: i64,
    condition: &str,
    values: &[&dyn ToSql],
) -> Result<u64, StoreError> {
    let indexed_to = index::indexed_to(tx, dataset)?;
    let generation: i64 = tx
        .prepare_cached("SELECT generation FROM datasets WHERE id = ?1")?
        .query_row([dataset], |row| row.get(0))?;
    let place = values.len() + 1;
    let mut find = tx.prepare_cached(&format!(
        "SELECT rid, generation FROM c_{dataset} WHERE ({condition}) AND rid > ?{place} ORDER BY rid LIMIT 1000"
    ))?;
    let mut raw = tx.prepare_cached(&format!("DELETE FROM r_{dataset} WHERE rid = ?1"))?;
    let mut cells = tx.prepare_cached(&format!("DELETE FROM c_{dataset} WHERE rid = ?1"))?;
    let (mut deleted, mut current, mut last) = (0_u64, 0_i64, i64::MIN);
    loop {
        let all: Vec<&dyn ToSql> = values.iter().copied().chain([&last as &dyn ToSql]).collect();
        let portion: Vec<(i64, i64)> = find
            .query_map(all.as_slice(), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let Some((end, _)) = portion.last() else { break };
        for (rid, seen) in &portion {
            index::gone(tx, dataset, indexed_to, *rid)?;
            raw.execute([rid])?;
            cells.execute([rid])?;
            current += i64::from(*seen == generation);
        }
        deleted += portion.len() as u64;
        last = *end;
    }
    if deleted > 0 {
        tx.prepare_cached(
            "UPDATE datasets SET version = version + 1, records = records - ?2, current = current - ?3 WHERE id = ?1",
        )?
        .execute(params![dataset, deleted as i64, current])?;
        index::lower_mark(tx, dataset)?;
    }
    Ok(deleted)
}

/// Removes the records that a full pull did not see, and notes them.
pub(crate) fn delete_unseen(
    tx: &Connection,
    dataset: &Dataset,
    generation: i64,
    running: Option<&Running>,
) -> Result<u64, StoreError> {
    let (records, current): (Option<i64>, Option<i64>) = tx
        .prepare_cached("SELECT records, current FROM datasets WHERE id = ?1")?
        .query_row([dataset.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if records.is_some() && records == current {
        // Every record was seen; nothing has to be looked for.
        return Ok(0);
    }
    if let Some(running) = running {
        note::removal(tx, dataset, running, "c.generation < ?1", &[&generation])?;
    }
    let deleted = delete_where(tx, dataset.id, "generation < ?1", &[&generation])?;
    if let Some(running) = running {
        detail::counted(tx, running.number, 0, 0, deleted)?;
    }
    Ok(deleted)
}
