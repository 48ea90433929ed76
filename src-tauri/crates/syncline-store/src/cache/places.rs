//! Lists of places: which records a condition holds for, and in what order they stand. A list is made once and serves every window of the
//! same question until records change, so that scrolling to any offset costs the window alone. A place takes four bytes.

use rusqlite::Connection;
use std::sync::{Arc, Mutex};

use crate::StoreError;
use crate::cache::extract::Cell;
use crate::store::lock;

/// Places that are kept in all lists together: 24 MB.
const MOST_PLACES: usize = 6_000_000;
/// Lists that are kept.
const MOST_LISTS: usize = 24;

/// Places of records, in the order of a grid.
pub(crate) type Places = Arc<Vec<u32>>;

/// Lists by what was asked, the last used one at the end.
#[derive(Default)]
pub(crate) struct PlaceLists(Mutex<Vec<(String, Places)>>);

impl PlaceLists {
    /// The list of a question; made where it is not kept. The question names the state of the records too.
    pub(crate) fn get(
        &self,
        question: &str,
        make: impl FnOnce() -> Result<Vec<u32>, StoreError>,
    ) -> Result<Places, StoreError> {
        if let Some(found) = self.kept(question) {
            return Ok(found);
        }
        let mut made = make()?;
        made.shrink_to_fit();
        let made = Arc::new(made);
        let mut lists = lock(&self.0);
        lists.retain(|(known, _)| known != question);
        lists.push((question.to_owned(), Arc::clone(&made)));
        let size = |lists: &[(String, Places)]| lists.iter().map(|(_, places)| places.len()).sum::<usize>();
        while lists.len() > 1 && (lists.len() > MOST_LISTS || size(&lists) > MOST_PLACES) {
            lists.remove(0);
        }
        Ok(made)
    }

    /// A list that was made before.
    pub(crate) fn kept(&self, question: &str) -> Option<Places> {
        let mut lists = lock(&self.0);
        let at = lists.iter().position(|(known, _)| known == question)?;
        let found = lists.remove(at);
        let places = Arc::clone(&found.1);
        lists.push(found);
        Some(places)
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
        let place: i64 = row.get(0)?;
        found.push(
            u32::try_from(place)
                .map_err(|_| StoreError::internal("an entity has more than four billion places"))?,
        );
    }
    Ok(found)
}

/// The places of a list that are among others, in the order of the list. `among` is in ascending order.
pub(crate) fn only_among(list: &[u32], among: &[u32]) -> Vec<u32> {
    let Some(last) = among.last() else { return Vec::new() };
    let mut marks = vec![0_u64; *last as usize / 64 + 1];
    for place in among {
        marks[*place as usize / 64] |= 1 << (place % 64);
    }
    let is_among =
        |place: &u32| marks.get(*place as usize / 64).is_some_and(|mark| mark & (1 << (place % 64)) != 0);
    list.iter().copied().filter(is_among).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_make_room() {
        let lists = PlaceLists::default();
        let list = |name: &str| lists.get(name, || Ok(vec![1; MOST_PLACES / 2])).unwrap();
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
}
