//! Finding words that very many records have by looking at records. For a beginning of a word the search index brings all of its records
//! together before it gives the first one, which takes the longer the more there are; but then a few hundred records hold enough of them.
//! So of a large entity the first records are looked through, in the order in which the index would give them. Where that does not
//! suffice, it has told which of the words are rare: those alone are asked of the index, and what they find is looked at for the others.

use rusqlite::{Connection, params};

use crate::StoreError;
use crate::cache::codec::Unpacker;
use crate::cache::dataset::Dataset;
use crate::cache::words::{IN_NAME, WordMaker, phone_digits, words};
use crate::fold::fold;

/// Words of a query beyond this are not looked at.
const MOST_WORDS: usize = 16;

/// How much is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looks {
    /// Of an entity whose last place is before this one the index alone is asked.
    pub(crate) large: i64,
    /// First records that are looked through.
    pub(crate) first: i64,
    /// Records with all rare words that are looked at.
    pub(crate) candidates: i64,
    /// Bytes of these records' JSON, for each of the two: records may have very long texts.
    pub(crate) bytes: usize,
    /// A word is rare that at most one in so many of the first records has.
    pub(crate) rare: i64,
}

impl Default for Looks {
    fn default() -> Self {
        Self { large: 20_000, first: 600, candidates: 2_000, bytes: 4 << 20, rare: 20 }
    }
}

/// What is searched for: words that must all begin a word of a record, or, where the text is a telephone number, its digits that do.
pub(crate) struct Wanted {
    pub(crate) words: Vec<String>,
    digits: Option<String>,
}

impl Wanted {
    /// `None`: there is no word in the text.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let words: Vec<String> = words(&fold(text)).take(MOST_WORDS).map(str::to_owned).collect();
        (!words.is_empty()).then(|| Self { words, digits: phone_digits(text.trim()) })
    }

    /// FTS5: each of these words as a beginning, or the digits. Each word is quoted, so that nothing of the person's text is syntax.
    fn expression(&self, words: impl Iterator<Item = usize>) -> String {
        let begins = words.map(|n| anywhere(&self.words[n], "*")).collect::<Vec<_>>().join(" AND ");
        match &self.digits {
            Some(digits) => format!("({begins}) OR {}", anywhere(digits, "*")),
            None => begins,
        }
    }

    /// Every hit, as FTS5 takes it.
    pub(crate) fn all(&self) -> String {
        self.expression(0..self.words.len())
    }
}

/// FTS5: a word of the primary name or of any other column; `star`: as a beginning.
pub(crate) fn anywhere(word: &str, star: &str) -> String {
    format!("(\"{word}\"{star} OR \"{IN_NAME}{word}\"{star})")
}

struct Looker<'a> {
    wanted: &'a Wanted,
    unpacker: Unpacker<'a>,
    maker: WordMaker<'a>,
    /// By word the records that had it.
    had: Vec<i64>,
    looked: i64,
    /// Bytes that may still be looked at.
    bytes: usize,
}

impl Looker<'_> {
    /// Whether a record is a hit; its JSON.
    fn is_hit(&mut self, raw: &str) -> Result<bool, StoreError> {
        let made = self.maker.words(raw)?;
        let (mut there, mut by_digits) = (0_u32, false);
        for word in made.split(' ') {
            let word = word.strip_prefix(IN_NAME).unwrap_or(word);
            for (n, wanted) in self.wanted.words.iter().enumerate() {
                there |= u32::from(word.starts_with(wanted.as_str())) << n;
            }
            by_digits |= self.wanted.digits.as_ref().is_some_and(|digits| word.starts_with(digits.as_str()));
        }
        for (n, had) in self.had.iter_mut().enumerate() {
            *had += i64::from(there >> n & 1);
        }
        Ok(by_digits || there.count_ones() as usize == self.wanted.words.len())
    }

    /// Looks at rows of places and packed records; `take` is given the places of hits and says when they are enough.
    fn look(
        &mut self,
        rows: &mut rusqlite::Rows<'_>,
        take: &mut dyn FnMut(i64) -> bool,
    ) -> Result<Looked, StoreError> {
        while let Some(row) = rows.next()? {
            let raw = self.unpacker.text(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
            let Some(left) = self.bytes.checked_sub(raw.len()) else { return Ok(Looked::NotAll) };
            self.bytes = left;
            self.looked += 1;
            if self.is_hit(&raw)? && take(row.get(0)?) {
                return Ok(Looked::Enough);
            }
        }
        Ok(Looked::All)
    }
}

#[derive(PartialEq, Eq)]
enum Looked {
    /// The hits are enough.
    Enough,
    /// Every row was looked at.
    All,
    /// The rows were too many bytes.
    NotAll,
}

/// Gives hits of an entity to `take` until it says that they are enough. False: there may be more, and the index is to be asked.
/// `indexed_to`: the last place that the index knows; what is behind it is no hit yet.
pub(crate) fn look(
    db: &Connection,
    dataset: &Dataset,
    indexed_to: i64,
    wanted: &Wanted,
    looks: &Looks,
    take: &mut dyn FnMut(i64) -> bool,
) -> Result<bool, StoreError> {
    let id = dataset.id;
    if indexed_to < looks.large {
        return Ok(false);
    }
    let words = wanted.words.len();
    let mut looker = Looker {
        wanted,
        unpacker: dataset.codec.decompressor()?,
        maker: WordMaker::new(dataset),
        had: vec![0; words],
        looked: 0,
        bytes: looks.bytes,
    };
    // What waits for the index because it has changed is no hit yet either.
    let mut first = db.prepare_cached(&format!(
        "SELECT rid, raw FROM r_{id} WHERE rid <= ?1 AND rid NOT IN (SELECT rid FROM q_{id}) ORDER BY rid LIMIT ?2"
    ))?;
    if looker.look(&mut first.query(params![indexed_to, looks.first])?, take)? == Looked::Enough {
        return Ok(true);
    }
    let rare: Vec<usize> = (0..words).filter(|n| looker.had[*n] * looks.rare <= looker.looked).collect();
    if rare.is_empty() || rare.len() == words {
        return Ok(false);
    }
    let mut found = db.prepare_cached(&format!(
        "SELECT s.rowid, r.raw FROM s_{id} s CROSS JOIN r_{id} r ON r.rid = s.rowid WHERE s.s_{id} MATCH ?1 LIMIT ?2"
    ))?;
    let expression = wanted.expression(rare.into_iter());
    (looker.looked, looker.bytes) = (0, looks.bytes);
    Ok(match looker.look(&mut found.query(params![expression, looks.candidates])?, take)? {
        Looked::Enough => true,
        Looked::All => looker.looked < looks.candidates,
        Looked::NotAll => false,
    })
}
