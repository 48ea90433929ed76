//! Records that are stored together. They are hashed and, where most of them will be written, compressed and taken apart before their turn
//! comes, on another thread than the one that writes.

use self_cell::self_cell;
use std::collections::HashSet;
use std::sync::Arc;
use syncline_model::Record;

use crate::cache::dataset::Dataset;
use crate::cache::prepare::{Prepared, content_hash, prepare};
use crate::{Pull, Store, StoreError};

struct Owner {
    records: Arc<Vec<Record>>,
    /// What they were prepared for.
    dataset: Option<Arc<Dataset>>,
}

type AllPrepared<'a> = Vec<Prepared<'a>>;

self_cell!(
    struct Parts {
        owner: Owner,
        #[covariant]
        dependent: AllPrepared,
    }
);

/// Records of a page, each id once: of a record that stands twice the later one counts.
pub struct Portion {
    parts: Parts,
    hashes: Vec<[u8; 32]>,
}

impl Portion {
    /// Records that are taken apart when it is known which of them are written.
    pub fn new(records: impl Into<Arc<Vec<Record>>>) -> Self {
        let records = last_of_each(records.into());
        let hashes = hashes(&records);
        Self { parts: Parts::new(Owner { records, dataset: None }, |_| Vec::new()), hashes }
    }

    /// The records.
    pub fn records(&self) -> &[Record] {
        &self.parts.borrow_owner().records
    }

    pub(super) fn hashes(&self) -> &[[u8; 32]] {
        &self.hashes
    }

    /// The records as they are written, if they were prepared for the entity as it is now.
    pub(super) fn prepared(&self, dataset: &Dataset) -> Option<&[Prepared<'_>]> {
        let known = self.parts.borrow_owner().dataset.as_ref()?;
        (known.id == dataset.id && known.revision == dataset.revision)
            .then(|| self.parts.borrow_dependent().as_slice())
    }
}

impl Store {
    /// Prepares records of a running pull to be written, all of them. Those of a first page are only hashed: what compresses them is
    /// learned from them.
    pub fn prepare(&self, pull: &Pull, records: impl Into<Arc<Vec<Record>>>) -> Result<Portion, StoreError> {
        let records = records.into();
        let dataset = self.read(|db| self.dataset_of(db, pull.connection, &pull.entity))?;
        if !dataset.has_dictionary {
            return Ok(Portion::new(records));
        }
        let records = last_of_each(records);
        let hashes = hashes(&records);
        let owner = Owner { records, dataset: Some(dataset) };
        let parts = Parts::try_new(owner, |owner| {
            let mut all = Vec::with_capacity(owner.records.len());
            if let Some(dataset) = &owner.dataset {
                prepare(dataset, owner.records.iter(), |lot| {
                    all.extend(lot);
                    true
                })?;
            }
            Ok::<_, StoreError>(all)
        })?;
        Ok(Portion { parts, hashes })
    }
}

fn hashes(records: &[Record]) -> Vec<[u8; 32]> {
    records.iter().map(|record| content_hash(record.id.as_str(), record.raw.get())).collect()
}

fn last_of_each(records: Arc<Vec<Record>>) -> Arc<Vec<Record>> {
    let mut seen = HashSet::with_capacity(records.len());
    let mut keep: Vec<bool> = records.iter().rev().map(|record| seen.insert(record.id.as_str())).collect();
    if !keep.contains(&false) {
        return records;
    }
    keep.reverse();
    Arc::new(records.iter().zip(keep).filter(|(_, keep)| *keep).map(|(record, _)| record.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{begin, now, open, sample};
    use crate::{PageNotes, PullKind};

    #[test]
    fn of_a_record_that_stands_twice_the_later_one_counts() {
        let mut other = sample(2);
        other.etag = Some("later".to_owned());
        let portion = Portion::new(vec![sample(1), sample(2), sample(3), other]);
        let ids: Vec<_> =
            portion.records().iter().map(|record| (&record.id, record.etag.as_deref())).collect();
        assert_eq!(ids.len(), 3);
        assert_eq!(ids[2], (&sample(2).id, Some("later")));
        assert_eq!(portion.hashes().len(), 3);
    }

    #[test]
    fn what_was_prepared_before_the_dictionary_is_not_used() {
        let (_folder, store) = open();
        let pull = begin(&store, PullKind::Full);
        let of = |from: u64, to: u64| (from..to).map(sample).collect::<Vec<_>>();
        let early = store.prepare(&pull, of(0, 300)).unwrap();
        store.write_part(pull.id, &early, &PageNotes::default(), now()).unwrap();
        let ready = store.prepare(&pull, of(300, 600)).unwrap();
        let dataset = store.read(|db| store.dataset_of(db, pull.connection, &pull.entity)).unwrap();
        assert!(early.prepared(&dataset).is_none(), "the dictionary came with it");
        assert_eq!(ready.prepared(&dataset).map(<[_]>::len), Some(300));
        let counts = store.write_noted_page(pull.id, &ready, None, 1, &PageNotes::default(), now()).unwrap();
        assert_eq!(counts.new, 300);
        let found = store.record(pull.connection, &pull.entity, &sample(450).id).unwrap().unwrap();
        assert_eq!(found.record.raw.get(), sample(450).raw.get());
    }
}
