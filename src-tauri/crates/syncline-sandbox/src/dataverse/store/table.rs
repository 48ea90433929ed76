//! One table's overlay.
use crate::data::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// What was written to one row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delta {
    pub(crate) values: HashMap<u16, Value>,
    pub(crate) version: i64,
    pub(crate) deleted: bool,
    /// Nothing of a generated row shows through.
    pub(crate) fresh: bool,
}

/// One table.
#[derive(Debug)]
pub(crate) struct TableData {
    /// Rows below this position are generated, the ones from it on were created.
    pub(crate) generated: u32,
    pub(crate) created: Vec<Uuid>,
    pub(crate) created_at: HashMap<Uuid, u32>,
    pub(crate) deltas: HashMap<u32, Delta>,
    /// Positions that once were given a value, by column and fingerprint; to be verified.
    pub(crate) changed: HashMap<(u16, u32), Vec<u32>>,
    /// Deleted rows: version and id.
    pub(crate) deletions: Vec<(i64, Uuid)>,
    /// Counts writes, so that a remembered order knows when it is stale.
    pub(crate) writes: u64,
    /// Generated rows by fingerprint of a column; built when first asked for.
    pub(super) indexes: Mutex<HashMap<u16, Arc<Vec<u64>>>>,
}

impl TableData {
    pub(super) fn new(generated: u32) -> Self {
        Self {
            generated,
            created: Vec::new(),
            created_at: HashMap::new(),
            deltas: HashMap::new(),
            changed: HashMap::new(),
            deletions: Vec::new(),
            writes: 0,
            indexes: Mutex::default(),
        }
    }

    /// Positions in use, deleted ones included.
    pub(crate) fn end(&self) -> u32 {
        self.generated + self.created.len() as u32
    }

    /// False for a deleted row and for a position out of range.
    pub(crate) fn exists(&self, position: u32) -> bool {
        position < self.end() && !self.deltas.get(&position).is_some_and(|d| d.deleted)
    }

    /// Rows that exist.
    pub(crate) fn len(&self) -> usize {
        self.end() as usize - self.deltas.values().filter(|d| d.deleted).count()
    }

    /// Existing positions from `from` on.
    pub(crate) fn positions(&self, from: u32) -> impl Iterator<Item = u32> {
        let untouched = self.deltas.is_empty();
        (from..self.end()).filter(move |p| untouched || self.exists(*p))
    }
}
