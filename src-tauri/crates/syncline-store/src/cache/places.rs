//! Lists and sets of places: which records a condition holds for, and in what order they stand. A list is made once and serves every window of
//! the same question until records change, so that scrolling to any offset costs the window alone. A place of a list takes four bytes, one of
//! a set a bit.

use fixedbitset::FixedBitSet;
use rusqlite::{Connection, Row};
use std::sync::{Arc, Mutex};

use crate::StoreError;
use crate::cache::extract::Cell;
use crate::store::lock;

/// Lists, or sets, that are kept.
const MOST: usize = 24;

/// What is kept for as long as there is room.
pub(crate) trait Kept {
    /// Bytes that all of them may take together.
    const MOST_BYTES: usize;
    fn bytes(&self) -> usize;
}

/// Places in the order of a grid.
impl Kept for Vec<u32> {
    const MOST_BYTES: usize = 24_000_000;

    fn bytes(&self) -> usize {
        self.len() * size_of::<u32>()
    }
}

/// Places that a condition holds for.
impl Kept for FixedBitSet {
    const MOST_BYTES: usize = 8_000_000;

    fn bytes(&self) -> usize {
        std::mem::size_of_val(self.as_slice())
    }
}

/// Places of records, in the order of a grid.
pub(crate) type Places = Arc<Vec<u32>>;
/// Lists by what was asked.
pub(crate) type PlaceLists = ByQuestion<Vec<u32>>;
/// Sets by the condition.
pub(crate) type PlaceSets = ByQuestion<FixedBitSet>;

/// What was made by what was asked, the last used one at the end.
pub(crate) struct ByQuestion<T>(Mutex<Vec<(String, Arc<T>)>>);

impl<T> Default for ByQuestion<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Kept> ByQuestion<T> {
    /// What answers a question; made where it is not kept. The question names the state of the records too.
    pub(crate) fn get<E>(&self, question: &str, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some(found) = self.kept(question) {
            return Ok(found);
        }
        let made = Arc::new(make()?);
        let mut all = lock(&self.0);
        all.retain(|(known, _)| known != question);
        all.push((question.to_owned(), Arc::clone(&made)));
        let bytes = |all: &[(String, Arc<T>)]| all.iter().map(|(_, one)| one.bytes()).sum::<usize>();
        while all.len() > 1 && (all.len() > MOST || bytes(&all) > T::MOST_BYTES) {
            all.remove(0);
        }
        Ok(made)
    }

    /// What was made before.
    pub(crate) fn kept(&self, question: &str) -> Option<Arc<T>> {
        let mut all = lock(&self.0);
        let at = all.iter().position(|(known, _)| known == question)?;
        let found = all.remove(at);
        let kept = Arc::clone(&found.1);
        all.push(found);
        Some(kept)
    }

    /// How many are kept.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        lock(&self.0).len()
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}

/// The places that a statement gives in its first column.
pub(crate) fn places(db: &Connection, sql: &str, values: &[Cell]) -> Result<Vec<u32>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(place_of(row)?);
    }
    found.shrink_to_fit();
    Ok(found)
}

fn place_of(row: &Row<'_>) -> Result<u32, StoreError> {
    let place: i64 = row.get(0)?;
    u32::try_from(place).map_err(|_| StoreError::internal("an entity has more than four billion places"))
}

/// The same as a set.
pub(crate) fn place_set(db: &Connection, sql: &str, values: &[Cell]) -> Result<FixedBitSet, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut found = FixedBitSet::new();
    while let Some(row) = rows.next()? {
        found.grow_and_insert(place_of(row)? as usize);
    }
    Ok(found)
}

/// The places of a set, in ascending order.
pub(crate) fn listed(set: &FixedBitSet) -> Vec<u32> {
    let mut places = Vec::with_capacity(set.count_ones(..));
    // A place is four bytes wherever places are read.
    places.extend(set.ones().map(|place| place as u32));
    places
}

/// The places of a list that are among others, in the order of the list. `among` is in ascending order.
pub(crate) fn only_among(list: &[u32], among: &[u32]) -> Vec<u32> {
    let mut marks = FixedBitSet::with_capacity(among.last().map_or(0, |last| *last as usize + 1));
    for place in among {
        marks.insert(*place as usize);
    }
    list.iter().copied().filter(|place| marks.contains(*place as usize)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_make_room() {
        let lists = PlaceLists::default();
        let half = Vec::<u32>::MOST_BYTES / size_of::<u32>() / 2;
        let list = |name: &str| lists.get(name, || Ok::<_, StoreError>(vec![1; half])).unwrap();
        list("a");
        list("b");
        assert!(lists.kept("a").is_some());
        list("c");
        assert!(lists.kept("b").is_none() && lists.kept("a").is_some() && lists.kept("c").is_some());
        assert!(lists.get("x", || Err(StoreError::Cancelled)).is_err() && lists.kept("x").is_none());
        lists.clear();
        assert!(lists.kept("a").is_none());
    }

    #[test]
    fn an_order_is_kept_among_others() {
        assert_eq!(only_among(&[900, 3, 64, 2, 65], &[2, 3, 65, 130]), [3, 2, 65]);
        assert_eq!(only_among(&[1], &[]), [0_u32; 0]);
    }

    #[test]
    fn a_statement_gives_a_list_or_a_set() {
        let db = Connection::open_in_memory().unwrap();
        let sql = "SELECT column1 FROM (VALUES (130), (2), (64), (?1))";
        let values = [Cell::Integer(3)];
        assert_eq!(places(&db, sql, &values).unwrap(), [130, 2, 64, 3]);
        let set = place_set(&db, sql, &values).unwrap();
        assert_eq!(listed(&set), [2, 3, 64, 130]);
        assert_eq!(set.bytes(), 24);
        assert!(places(&db, sql, &[Cell::Integer(-1)]).is_err());
        assert!(place_set(&db, sql, &[Cell::Integer(-1)]).is_err());
        assert!(place_set(&db, sql, &[Cell::Integer(1 << 40)]).is_err());
    }
}
