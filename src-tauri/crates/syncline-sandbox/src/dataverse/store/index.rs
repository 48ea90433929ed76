//! Finding rows by a column's value without reading all: eight bytes a generated row and indexed column.
use super::{Row, Store};
use crate::data::{Kind, Table, Value};
use std::sync::{Arc, PoisonError};

impl Store {
    /// Existing rows whose column holds `value`, in order of position.
    pub(crate) fn find_by(&self, table: Table, column: usize, value: &Value) -> Vec<Row> {
        if column == self.schema.entity(table).id_column() {
            return value.id().and_then(|id| self.find(table, id)).into_iter().collect();
        }
        let wanted = value.fingerprint();
        let index = self.index(table, column);
        let start = index.partition_point(|e| ((e >> 32) as u32) < wanted);
        let mut found: Vec<u32> =
            index[start..].iter().take_while(|e| (**e >> 32) as u32 == wanted).map(|e| *e as u32).collect();
        if !self.indexed(table, column) {
            found.extend(self.table(table).deltas.keys());
        } else if let Some(changed) = self.table(table).changed.get(&(column as u16, wanted)) {
            found.extend(changed);
        }
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .filter(|p| self.table(table).exists(*p) && self.value((table, *p), column).same(value))
            .map(|p| (table, p))
            .collect()
    }

    /// Columns whose written values are indexed as well: lookups, ids and alternate keys. Others are looked for in
    /// all written rows.
    pub(super) fn indexed(&self, table: Table, column: usize) -> bool {
        let entity = self.schema.entity(table);
        let described = &entity.columns[column];
        matches!(described.kind, Kind::Lookup { .. } | Kind::Id)
            || entity.keys.iter().any(|k| k.columns.contains(&described.logical))
    }

    fn index(&self, table: Table, column: usize) -> Arc<Vec<u64>> {
        let data = self.table(table);
        let mut indexes = data.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        let make = self.schema.entity(table).columns[column].make;
        indexes
            .entry(column as u16)
            .or_insert_with(|| {
                let mut entries: Vec<u64> = (0..data.generated)
                    .map(|p| (p, make(&self.generator, p)))
                    .filter(|(_, v)| !v.is_null())
                    .map(|(p, v)| u64::from(v.fingerprint()) << 32 | u64::from(p))
                    .collect();
                entries.sort_unstable();
                Arc::new(entries)
            })
            .clone()
    }
}
