//! A column's texts in memory, one after the other: a filter for a text somewhere in a value is one search through a stretch of bytes. An
//! index can't answer it, and reading one from end to end costs a decrypted page for every hundred values.

use fixedbitset::FixedBitSet;
use memchr::memmem::Finder;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::sync::{Arc, Mutex};

use crate::StoreError;
use crate::store::lock;

/// Bytes that all columns take together, and so the most that one takes: 1,000,000 names and their e-mail addresses are 50 to 60 MB, and a
/// filter often asks for both.
const MOST_BYTES: usize = 64 << 20;
/// Values from one mark to the next.
const MARKED: usize = 32;
/// What ends a value, from this byte on: no text in UTF-8 has them. They are the number of its records in base 4, the lowest digit first; all
/// digits but the last have the bit of `MORE`.
const COUNT: u8 = 0xf8;
const MORE: u8 = 0x04;

/// What a text must be like: parts that follow one another, with anything between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// What it begins with; may be empty.
    begin: String,
    /// What it has behind that, in this order.
    middle: Vec<String>,
    /// What it ends with; may be empty.
    end: String,
}

impl Pattern {
    /// A folded text in which each `%` stands for anything. `None`: it has none, or nothing but them.
    pub(crate) fn of_like(folded: &str) -> Option<Self> {
        let (begin, rest) = folded.split_once('%')?;
        let (middle, end) = rest.rsplit_once('%').unwrap_or(("", rest));
        let middle = middle.split('%').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let pattern = Self { begin: begin.to_owned(), middle, end: end.to_owned() };
        (!pattern.longest().is_empty()).then_some(pattern)
    }

    /// A folded text that others end with.
    pub(crate) fn of_end(folded: &str) -> Option<Self> {
        let pattern = Self { begin: String::new(), middle: Vec::new(), end: folded.to_owned() };
        (!folded.is_empty()).then_some(pattern)
    }

    fn longest(&self) -> &str {
        let parts = self.middle.iter().chain([&self.end]);
        parts.fold(&self.begin, |longest, part| if part.len() > longest.len() { part } else { longest })
    }
}

/// The same, ready to be looked for.
struct Matcher<'p> {
    pattern: &'p Pattern,
    middle: Vec<Finder<'p>>,
}

impl<'p> Matcher<'p> {
    fn of(pattern: &'p Pattern) -> Self {
        Self { pattern, middle: pattern.middle.iter().map(Finder::new).collect() }
    }

    /// Tells of a text that has the longest part.
    fn fits(&self, text: &[u8]) -> bool {
        if self.middle.len() == 1 && self.pattern.begin.is_empty() && self.pattern.end.is_empty() {
            return true;
        }
        let Some(rest) = text.strip_prefix(self.pattern.begin.as_bytes()) else { return false };
        let Some(mut rest) = rest.strip_suffix(self.pattern.end.as_bytes()) else { return false };
        for part in &self.middle {
            let Some(at) = part.find(rest) else { return false };
            rest = &rest[at + part.needle().len()..];
        }
        true
    }
}

/// The texts of a column.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// Each different value once, with the number of its records behind it.
    bytes: Vec<u8>,
    /// Places of records, value by value.
    places: Vec<u32>,
    /// Where every `MARKED`th value begins in both.
    marks: Vec<(u32, u32)>,
    /// One more than the last place.
    end: usize,
}

impl Texts {
    /// What a statement gives, a text and a place a row, equal texts together. `None`: it is too much, or not all of it is text.
    pub(crate) fn read(db: &Connection, sql: &str) -> Result<Option<Self>, StoreError> {
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query([])?;
        let (mut texts, mut begin, mut values) = (Self::default(), 0, 0_usize);
        let mut records = 0_u32;
        while let Some(row) = rows.next()? {
            let ValueRef::Text(text) = row.get_ref(0)? else { return Ok(None) };
            let place: i64 = row.get(1)?;
            let Ok(place) = u32::try_from(place) else { return Ok(None) };
            if records > 0 && texts.bytes[begin..] != *text {
                texts.end_value(records);
                records = 0;
            }
            if records == 0 {
                begin = texts.bytes.len();
                if values.is_multiple_of(MARKED) {
                    // Both fit: neither is longer than `MOST_BYTES`.
                    texts.marks.push((begin as u32, texts.places.len() as u32));
                }
                values += 1;
                texts.bytes.extend_from_slice(text);
            }
            records += 1;
            texts.places.push(place);
            texts.end = texts.end.max(place as usize + 1);
            if texts.size() > MOST_BYTES {
                return Ok(None);
            }
        }
        if records > 0 {
            texts.end_value(records);
        }
        texts.bytes.shrink_to_fit();
        texts.places.shrink_to_fit();
        Ok(Some(texts))
    }

    fn end_value(&mut self, mut records: u32) {
        while records > 3 {
            self.bytes.push(COUNT | MORE | (records & 3) as u8);
            records >>= 2;
        }
        self.bytes.push(COUNT | records as u8);
    }

    fn size(&self) -> usize {
        self.bytes.len() + 4 * self.places.len() + 8 * self.marks.len()
    }

    /// The end of the value that begins at a byte, the begin of the next one, and the number of its records.
    fn value(&self, begin: usize) -> Option<(usize, usize, usize)> {
        let end = begin + end_of_value(self.bytes.get(begin..)?)?;
        let (mut next, mut records) = (end, 0);
        loop {
            let digit = *self.bytes.get(next)?;
            records |= usize::from(digit & 3) << (2 * (next - end));
            next += 1;
            if digit & MORE == 0 {
                return Some((end, next, records));
            }
        }
    }

    /// The places of records whose text fits.
    pub(crate) fn found(&self, pattern: &Pattern) -> FixedBitSet {
        let matcher = Matcher::of(pattern);
        let finder = Finder::new(pattern.longest());
        let mut found = FixedBitSet::with_capacity(self.end);
        // The value that is looked at: where it begins, and where its places do; and where the next mark is.
        let (mut begin, mut first, mut marked) = (0, 0, 0);
        let mut from = 0;
        while let Some(at) = self.bytes.get(from..).and_then(|rest| finder.find(rest)).map(|at| from + at) {
            if marked <= at {
                let next = self.marks.partition_point(|(mark, _)| *mark as usize <= at);
                marked = self.marks.get(next).map_or(usize::MAX, |(mark, _)| *mark as usize);
                if let Some((mark, places)) = next.checked_sub(1).and_then(|last| self.marks.get(last))
                    && *mark as usize > begin
                {
                    (begin, first) = (*mark as usize, *places as usize);
                }
            }
            while let Some((end, next, records)) = self.value(begin) {
                let last = first + records;
                if at < end && matcher.fits(&self.bytes[begin..end]) {
                    for place in self.places.get(first..last).unwrap_or_default() {
                        found.insert(*place as usize);
                    }
                }
                (begin, first) = (next, last);
                if at < end {
                    break;
                }
            }
            // What is left of the value tells nothing new.
            from = begin.max(at + 1);
        }
        found
    }
}

/// Where the first byte from `COUNT` on stands. Eight are looked at in one go: such a byte has its five highest bits set.
fn end_of_value(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*eight);
        let ends = word & (word << 1) & (word << 2) & (word << 3) & (word << 4) & 0x8080_8080_8080_8080;
        if ends != 0 {
            return Some(at + ends.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    bytes.get(at..)?.iter().position(|byte| *byte >= COUNT).map(|rest| at + rest)
}

/// Which column of which records: the number of the dataset, the column's number in it, and the state of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextsKey {
    pub(crate) dataset: i64,
    pub(crate) slot: usize,
    pub(crate) version: i64,
}

/// Columns whose texts are held, the last used one at the end; and those that take too much, without texts.
#[derive(Default)]
pub(crate) struct ColumnTexts(Mutex<Vec<(TextsKey, Option<Arc<Texts>>)>>);

impl ColumnTexts {
    /// The texts of a column, made where they are not held; `None`: there is no holding them.
    pub(crate) fn get(
        &self,
        key: TextsKey,
        make: impl FnOnce() -> Result<Option<Texts>, StoreError>,
    ) -> Result<Option<Arc<Texts>>, StoreError> {
        {
            let mut held = lock(&self.0);
            if let Some(at) = held.iter().position(|(known, _)| *known == key) {
                let found = held.remove(at);
                let texts = found.1.clone();
                held.push(found);
                return Ok(texts);
            }
            // What it was before goes first, so that both are never held at once.
            held.retain(|(known, _)| (known.dataset, known.slot) != (key.dataset, key.slot));
        }
        let made = make()?.map(Arc::new);
        let mut held = lock(&self.0);
        held.retain(|(known, _)| (known.dataset, known.slot) != (key.dataset, key.slot));
        held.push((key, made.clone()));
        let size = |held: &[(TextsKey, Option<Arc<Texts>>)]| -> usize {
            held.iter().filter_map(|(_, texts)| texts.as_ref()).map(|texts| texts.size()).sum()
        };
        while held.len() > 1 && size(&held) > MOST_BYTES {
            held.remove(0);
        }
        Ok(made)
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::places::listed;
    use proptest::prelude::*;

    fn texts(db: &Connection, values: &[String]) -> Texts {
        db.execute_batch("DROP TABLE IF EXISTS a; CREATE TABLE a(place INTEGER PRIMARY KEY, v TEXT)")
            .unwrap();
        for (at, value) in values.iter().enumerate() {
            // Places have gaps, and don't come in the order of the texts.
            let place = (at * 7 + 3) as i64;
            db.execute("INSERT INTO a VALUES(?1, ?2)", rusqlite::params![place, value]).unwrap();
        }
        Texts::read(db, "SELECT v, place FROM a ORDER BY v, place").unwrap().unwrap()
    }

    fn by_glob(db: &Connection, like: &str) -> Vec<u32> {
        let mut statement =
            db.prepare("SELECT place FROM a WHERE v GLOB replace(?1, '%', '*') ORDER BY place").unwrap();
        statement.query_map([like], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    proptest! {
        /// With few letters, so that values repeat, hold one another, and hold a part several times.
        #[test]
        fn what_fits_is_what_sql_finds(
            values in prop::collection::vec("[abéł]{0,12}", 0..200),
            like in "[abé]{0,2}%[abł%]{0,4}",
        ) {
            let db = Connection::open_in_memory().unwrap();
            let texts = texts(&db, &values);
            match Pattern::of_like(&like) {
                Some(pattern) => prop_assert_eq!(listed(&texts.found(&pattern)), by_glob(&db, &like), "{}", like),
                None => prop_assert!(like.chars().all(|c| c == '%')),
            }
        }
    }

    #[test]
    fn values_of_many_records_and_many_values() {
        let db = Connection::open_in_memory().unwrap();
        let mut values: Vec<String> = (0..3_000).map(|n| format!("person {n}")).collect();
        values.extend((0..1_025).map(|_| "the same".to_owned()));
        let texts = texts(&db, &values);
        assert_eq!(texts.bytes.windows(8).filter(|bytes| *bytes == b"the same").count(), 1);
        for (like, found) in
            [("%on 29%", 111), ("%the%", 1_025), ("%e%", 4_025), ("person%7", 300), ("%x%", 0)]
        {
            let places = listed(&texts.found(&Pattern::of_like(like).unwrap()));
            assert_eq!(places.len(), found, "{like}");
            assert_eq!(places, by_glob(&db, like), "{like}");
        }
        assert_eq!(texts.found(&Pattern::of_end("7").unwrap()).count_ones(..), 300);
        assert!(Pattern::of_like("plain").is_none() && Pattern::of_like("%%").is_none());
        assert!(Pattern::of_end("").is_none());
    }

    #[test]
    fn columns_make_room_for_others_and_for_what_they_became() {
        let held = ColumnTexts::default();
        let key = |slot: usize, version: i64| TextsKey { dataset: 1, slot, version };
        let large = || Ok(Some(Texts { bytes: vec![b'a'; MOST_BYTES / 2 + 1], ..Texts::default() }));
        let none = || -> Result<Option<Texts>, StoreError> { Err(StoreError::Cancelled) };
        let first = held.get(key(1, 1), large).unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &held.get(key(1, 1), none).unwrap().unwrap()));
        assert!(held.get(key(1, 2), none).is_err(), "records have changed");
        held.get(key(1, 2), large).unwrap();
        held.get(key(2, 2), large).unwrap();
        assert!(held.get(key(1, 2), none).is_err(), "it made room");
        held.get(key(3, 2), || Ok(None)).unwrap();
        assert!(held.get(key(3, 2), none).unwrap().is_none(), "what is too much is not tried again");
        assert!(held.get(key(2, 2), none).is_ok());
        held.clear();
        assert!(held.get(key(2, 2), none).is_err());
    }

    #[test]
    fn what_is_no_text_is_left_to_sql() {
        let db = Connection::open_in_memory().unwrap();
        assert!(Texts::read(&db, "SELECT 1, 1").unwrap().is_none());
        assert!(Texts::read(&db, "SELECT 'a', -1").unwrap().is_none());
        let empty = Texts::read(&db, "SELECT 'a', 1 WHERE 0").unwrap().unwrap();
        assert!(empty.found(&Pattern::of_end("a").unwrap()).is_clear());
    }
}
