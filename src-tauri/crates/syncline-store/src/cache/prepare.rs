//! From records to what is stored of them: the compressed JSON and the cells of the typed columns.

use rusqlite::{Connection, ToSql, params_from_iter};
use sha2::{Digest, Sha256};
use syncline_model::Record;

use crate::StoreError;
use crate::cache::cells::Slot;
use crate::cache::codec::compress;
use crate::cache::dataset::Dataset;
use crate::cache::extract::Taker;
use crate::cache::index;

/// Records that are prepared before they are handed to the writer.
pub(super) const AT_A_TIME: usize = 128;

/// A record ready to be stored.
pub(super) struct Prepared<'a> {
    pub(super) packed: Vec<u8>,
    pub(super) cells: Vec<Slot<'a>>,
}

/// The content hash of a record: its id and its raw JSON to the letter.
pub(crate) fn content_hash(id: &str, raw: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update((id.len() as u64).to_le_bytes());
    hasher.update(id.as_bytes());
    hasher.update(raw.as_bytes());
    hasher.finalize().into()
}

/// Compresses and takes apart, in order; what is made borrows from the records.
pub(super) fn prepare<'a>(
    dataset: &'a Dataset,
    records: impl Iterator<Item = &'a Record>,
    mut give: impl FnMut(Vec<Prepared<'a>>) -> bool,
) -> Result<(), StoreError> {
    let mut compressor = dataset.codec.compressor()?;
    let mut taker = Taker::new(dataset);
    let mut lot = Vec::with_capacity(AT_A_TIME);
    for record in records {
        let raw = record.raw.get();
        let mut packed = Vec::with_capacity(raw.len() / 3);
        compress(&mut compressor, raw, &mut packed)?;
        packed.shrink_to_fit();
        lot.push(Prepared { packed, cells: taker.cells(raw)? });
        if lot.len() == AT_A_TIME && !give(std::mem::replace(&mut lot, Vec::with_capacity(AT_A_TIME))) {
            return Ok(());
        }
    }
    if !lot.is_empty() {
        give(lot);
    }
    Ok(())
}

pub(super) fn cell_count(dataset: &Dataset) -> usize {
    dataset.columns.iter().map(|column| if column.labelled { 2 } else { 1 }).sum()
}

pub(super) fn cell_names(dataset: &Dataset) -> impl Iterator<Item = String> {
    dataset.columns.iter().flat_map(|column| {
        let value = Some(format!("v{}", column.slot));
        let label = column.labelled.then(|| format!("l{}", column.slot));
        value.into_iter().chain(label)
    })
}

/// Fills the typed columns of every row again, after columns were added or have changed their type. The search index is made anew.
pub(super) fn refill(dataset: &Dataset, tx: &Connection) -> Result<(), StoreError> {
    let id = dataset.id;
    let sets: Vec<String> =
        cell_names(dataset).enumerate().map(|(n, name)| format!("{name} = ?{}", n + 2)).collect();
    if !sets.is_empty() {
        let mut unpacker = dataset.codec.decompressor()?;
        let mut taker = Taker::new(dataset);
        let mut next = tx.prepare(&format!("SELECT rid, raw FROM r_{id} ORDER BY rid"))?;
        let mut update = tx.prepare(&format!("UPDATE c_{id} SET {} WHERE rid = ?1", sets.join(", ")))?;
        let mut rows = next.query([])?;
        while let Some(row) = rows.next()? {
            let rid: i64 = row.get(0)?;
            let raw = unpacker.text(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
            let cells = taker.cells(&raw)?;
            let values =
                std::iter::once(&rid as &dyn ToSql).chain(cells.iter().map(|cell| cell as &dyn ToSql));
            update.execute(params_from_iter(values))?;
        }
    }
    tx.execute("UPDATE datasets SET version = version + 1 WHERE id = ?1", [id])?;
    index::make(tx, id)
}
