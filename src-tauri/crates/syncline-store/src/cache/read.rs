//! Single records out of the cache, and all of them as a stream of pages.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::value::RawValue;
use syncline_model::{EntityName, Record, RecordId};
use uuid::Uuid;

use crate::cache::codec::Unpacker;
use crate::cache::dataset::Dataset;
use crate::cache::grid::GridRow;
use crate::cache::narrow::Narrow;
use crate::time::from_millis;
use crate::{Store, StoreError};

/// Reads `record_id, etag, pulled_at, raw` from a row, beginning at a column.
pub(crate) fn grid_row(
    dataset: &Dataset,
    unpacker: &mut Unpacker<'_>,
    row: &Row<'_>,
    from: usize,
) -> Result<GridRow, StoreError> {
    narrowed_row(dataset, unpacker, &mut Narrow::to(&[]), row, from)
}

/// The same with only some of the columns.
pub(crate) fn narrowed_row(
    dataset: &Dataset,
    unpacker: &mut Unpacker<'_>,
    narrow: &mut Narrow<'_>,
    row: &Row<'_>,
    from: usize,
) -> Result<GridRow, StoreError> {
    let raw = unpacker.text(row.get_ref(from + 3)?.as_blob().map_err(rusqlite::Error::from)?)?;
    let raw = narrow.text(raw)?;
    Ok(GridRow {
        record: Record {
            entity: dataset.entity.clone(),
            id: RecordId::new(row.get::<_, String>(from)?),
            etag: row.get(from + 1)?,
            raw: RawValue::from_string(raw)?,
        },
        pulled_at: from_millis(row.get(from + 2)?),
    })
}

impl Store {
    /// One record as it was pulled last. `None`: it or its entity is not cached.
    pub fn record(
        &self,
        connection: Uuid,
        entity: &EntityName,
        id: &RecordId,
    ) -> Result<Option<GridRow>, StoreError> {
        Ok(self.records(connection, entity, std::slice::from_ref(id))?.into_iter().next().flatten())
    }

    /// Records by id, in the order asked; `None` where one is not cached.
    pub fn records(
        &self,
        connection: Uuid,
        entity: &EntityName,
        ids: &[RecordId],
    ) -> Result<Vec<Option<GridRow>>, StoreError> {
        self.read(|db| {
            let Some(number) = crate::cache::dataset::find(db, connection, entity)? else {
                return Ok(vec![None; ids.len()]);
            };
            let dataset = self.dataset(db, number)?;
            let mut unpacker = dataset.codec.decompressor()?;
            let mut statement = db.prepare_cached(&format!(
                "SELECT c.record_id, c.etag, c.pulled_at, r.raw FROM c_{number} c JOIN r_{number} r USING(rid)
                 WHERE c.record_id = ?1"
            ))?;
            ids.iter()
                .map(|id| {
                    let mut rows = statement.query([id.as_str()])?;
                    rows.next()?.map(|row| grid_row(&dataset, &mut unpacker, row, 0)).transpose()
                })
                .collect()
        })
    }

    /// Records after a place, in the order in which they were first stored; begin with 0. Gives the place of the last one. An empty
    /// page is the end.
    pub fn records_after(
        &self,
        connection: Uuid,
        entity: &EntityName,
        after: i64,
        limit: u32,
    ) -> Result<(Vec<GridRow>, i64), StoreError> {
        self.read(|db| {
            let dataset = self.dataset_of(db, connection, entity)?;
            let number = dataset.id;
            let mut unpacker = dataset.codec.decompressor()?;
            let mut statement = db.prepare_cached(&format!(
                "SELECT c.rid, c.record_id, c.etag, c.pulled_at, r.raw FROM c_{number} c JOIN r_{number} r USING(rid)
                 WHERE c.rid > ?1 ORDER BY c.rid LIMIT ?2"
            ))?;
            let mut rows = statement.query(params![after, limit])?;
            let (mut found, mut last) = (Vec::new(), after);
            while let Some(row) = rows.next()? {
                last = row.get(0)?;
                found.push(grid_row(&dataset, &mut unpacker, row, 1)?);
            }
            Ok((found, last))
        })
    }

    /// Number of cached records of an entity; 0 where it was never pulled.
    pub fn record_count(&self, connection: Uuid, entity: &EntityName) -> Result<u64, StoreError> {
        self.read(|db| count(db, connection, entity))
    }

    /// Age of the data: when the oldest and the newest of its records were stored.
    pub fn record_ages(
        &self,
        connection: Uuid,
        entity: &EntityName,
    ) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
        self.read(|db| {
            let Some(number) = crate::cache::dataset::find(db, connection, entity)? else { return Ok(None) };
            let ages = db
                .query_row(&format!("SELECT min(pulled_at), max(pulled_at) FROM c_{number}"), [], |row| {
                    Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
                })
                .optional()?;
            Ok(match ages {
                Some((Some(oldest), Some(newest))) => Some((from_millis(oldest), from_millis(newest))),
                _ => None,
            })
        })
    }
}

fn count(db: &Connection, connection: Uuid, entity: &EntityName) -> Result<u64, StoreError> {
    match crate::cache::dataset::find(db, connection, entity)? {
        None => Ok(0),
        Some(number) => crate::cache::dataset::record_count(db, number),
    }
}
