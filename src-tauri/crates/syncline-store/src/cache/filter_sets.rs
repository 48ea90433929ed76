//! The records that a filter and a search find, part by part. What a part finds is kept as a set, so that the next filter which has the same
//! part, while somebody writes another condition, has it already; and a text somewhere in a column is looked for in memory.

use fixedbitset::FixedBitSet;
use rusqlite::Connection;
use std::sync::Arc;

use crate::cache::dataset::Dataset;
use crate::cache::extract::Cell;
use crate::cache::filter_parts::{One, Part};
use crate::cache::grid_order::GridOrder;
use crate::cache::places::{listed, place_set};
use crate::{Store, StoreError};

/// So few records are read one by one for what is left of a filter.
pub(super) const FEW: usize = 2_000;

/// Why there is no answer yet.
pub(super) enum Halt {
    Failed(StoreError),
    /// With this index there is one at little cost, for this filter and others.
    Wants(GridOrder),
}

impl<E: Into<StoreError>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Answers parts of filters of one entity.
pub(super) struct FilterSets<'a> {
    pub(super) store: &'a Store,
    pub(super) db: &'a Connection,
    pub(super) dataset: &'a Arc<Dataset>,
    /// The state of all records, and what else an answer depends on.
    pub(super) state: &'a str,
    /// Indexes may be asked for.
    pub(super) may_want: bool,
}

impl FilterSets<'_> {
    /// What a part finds.
    pub(super) fn of(&self, part: &Part) -> Result<Arc<FixedBitSet>, Halt> {
        let sets = &self.store.inner.sets;
        match part {
            Part::All(parts) => self.all(parts).map(Arc::new),
            Part::Any(parts) => {
                let mut found = FixedBitSet::new();
                for part in parts {
                    found.union_with(&*self.of(part)?);
                }
                Ok(Arc::new(found))
            }
            Part::Words(words) => sets.get(&self.key_of_words(words), || Ok(self.words(words)?)),
            Part::One(one) => sets.get(&self.key_of_one(one), || self.one(one)),
        }
    }

    fn key_of_words(&self, words: &str) -> String {
        format!("{} words {words}", self.state)
    }

    fn key_of_one(&self, one: &One) -> String {
        format!("{} {} {:?}", self.state, one.sql, one.values)
    }

    fn is_kept(&self, part: &Part) -> bool {
        let key = match part {
            Part::All(_) | Part::Any(_) => return false,
            Part::Words(words) => self.key_of_words(words),
            Part::One(one) => self.key_of_one(one),
        };
        self.store.inner.sets.kept(&key).is_some()
    }

    /// What all parts find: those first that are known or find few. Of few records the rest is read.
    fn all(&self, parts: &[Part]) -> Result<FixedBitSet, Halt> {
        let mut order: Vec<(u8, &Part)> = Vec::with_capacity(parts.len());
        for part in parts {
            order.push((if self.is_kept(part) { 0 } else { part.cost() }, part));
        }
        order.sort_by_key(|(cost, _)| *cost);
        let mut found: Option<FixedBitSet> = None;
        for (cost, part) in order {
            found = Some(match found {
                None => FixedBitSet::clone(&*self.of(part)?),
                Some(found) => self.among(found, part, cost == 0)?,
            });
        }
        Ok(found.unwrap_or_default())
    }

    /// The records of a set that a part finds too.
    fn among(&self, mut set: FixedBitSet, part: &Part, kept: bool) -> Result<FixedBitSet, Halt> {
        match part {
            Part::One(one) if !kept && set.count_ones(..) <= FEW => {
                return Ok(one.found(self.db, self.dataset.id, Some(&listed(&set)))?);
            }
            Part::All(parts) => {
                for part in parts {
                    set = self.among(set, part, false)?;
                }
            }
            Part::One(_) | Part::Words(_) | Part::Any(_) => set.intersect_with(&*self.of(part)?),
        }
        Ok(set)
    }

    fn words(&self, words: &str) -> Result<FixedBitSet, StoreError> {
        let id = self.dataset.id;
        let sql = format!("SELECT rowid FROM s_{id} WHERE s_{id} MATCH ?1");
        place_set(self.db, &sql, &[Cell::Text(words.to_owned())])
    }

    fn one(&self, one: &One) -> Result<FixedBitSet, Halt> {
        let (db, id) = (self.db, self.dataset.id);
        if self.may_want
            && let Some(index) = one.missing_index(db, id)?
        {
            return Err(Halt::Wants(index));
        }
        if let (Some(asked), Some(column)) = (&one.text, &one.column)
            && let Some(mut found) = self.store.with_text(db, self.dataset, column, asked)?
        {
            if asked.other {
                let all = self.everything()?;
                found.grow(all.len());
                found.toggle_range(..);
                found.intersect_with(&all);
            }
            return Ok(found);
        }
        Ok(one.found(db, id, None)?)
    }

    /// All records.
    fn everything(&self) -> Result<Arc<FixedBitSet>, StoreError> {
        let key = format!("{} everything", self.state);
        let sql = format!("SELECT rid FROM c_{}", self.dataset.id);
        self.store.inner.sets.get(&key, || place_set(self.db, &sql, &[]))
    }
}
