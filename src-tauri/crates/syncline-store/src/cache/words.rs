//! Which words of a record are searched: the texts of its columns, cut into words, without regard to case and accents. Words are cut
//! and folded here, once for the index and for what a person types; the index's own tokenizer only separates them.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use syncline_model::ColumnType;

use crate::StoreError;
use crate::cache::cells::{Slot, slot_text};
use crate::cache::dataset::{CacheColumn, Dataset};
use crate::cache::extract::Taker;
use crate::fold::{fold, is_mark};

/// One searchable text of a record.
pub(crate) struct Piece {
    /// Logical name of the column.
    pub(crate) column: String,
    /// The text.
    pub(crate) text: String,
    /// It is the primary name.
    pub(crate) title: bool,
}

/// Stands before a word of the primary name in the index, so that names are searched apart from what else begins alike, which may be very
/// much. It is no part of any word.
pub(crate) const IN_NAME: char = '_';

/// FNV-1a, 64 bits: words are short. Two words of one record with the same hash would lose one of them; with some hundred words a record
/// that is less likely than a fault of the disk.
#[derive(Default)]
struct Fnv(u64);

impl Fnv {
    fn of(in_name: bool, word: &str) -> u64 {
        let start = 0xcbf2_9ce4_8422_2325 ^ u64::from(in_name);
        word.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = (self.0 << 8) | u64::from(*byte));
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// The words of a text.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word(c)).filter(|word| word.chars().any(char::is_alphanumeric))
}

fn searchable<'a>(column: &CacheColumn, cell: &'a Slot<'_>, label: Option<&'a Slot<'_>>) -> Option<&'a str> {
    let text = match column.column_type {
        ColumnType::String | ColumnType::Memo => slot_text(cell),
        ColumnType::Boolean => None,
        ColumnType::Picklist
        | ColumnType::MultiSelectPicklist
        | ColumnType::State
        | ColumnType::Status
        | ColumnType::Lookup
        | ColumnType::Customer
        | ColumnType::Owner => label.and_then(slot_text),
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
        | ColumnType::PartyList
        | ColumnType::UniqueIdentifier
        | ColumnType::DateTime
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => None,
    };
    text.filter(|text| !text.is_empty())
}

/// The searchable texts of a record, one a column.
pub(crate) fn pieces(dataset: &Dataset, raw: &str) -> Result<Vec<Piece>, StoreError> {
    let mut pieces = Vec::new();
    Taker::new(dataset).each(raw, |column, cell, label| {
        if let Some(text) = searchable(column, cell, label) {
            pieces.push(Piece {
                column: column.name.to_string(),
                text: text.to_owned(),
                title: dataset.primary_name.as_deref() == Some(column.name.as_str()),
            });
        }
    })?;
    Ok(pieces)
}

/// Makes the words of many records.
pub(crate) struct WordMaker<'d> {
    dataset: &'d Dataset,
    taker: Taker<'d>,
    seen: HashSet<u64, BuildHasherDefault<Fnv>>,
    /// Room for a folded text.
    folded: String,
}

impl<'d> WordMaker<'d> {
    pub(crate) fn new(dataset: &'d Dataset) -> Self {
        Self {
            dataset,
            taker: Taker::new(dataset),
            seen: HashSet::with_capacity_and_hasher(256, BuildHasherDefault::default()),
            folded: String::new(),
        }
    }

    /// The words of a record, each once in its primary name and once elsewhere, with blanks between.
    pub(crate) fn words(&mut self, raw: &str) -> Result<String, StoreError> {
        let Self { dataset, taker, seen, folded } = self;
        seen.clear();
        let mut made = String::with_capacity(512);
        taker.each(raw, |column, cell, label| {
            let Some(text) = searchable(column, cell, label) else { return };
            let in_name = dataset.primary_name.as_deref() == Some(column.name.as_str());
            let mut add = |word: &str| {
                if seen.insert(Fnv::of(in_name, word)) {
                    if !made.is_empty() {
                        made.push(' ');
                    }
                    if in_name {
                        made.push(IN_NAME);
                    }
                    made.push_str(word);
                }
            };
            if text.is_ascii() {
                // Most texts: no letter changes its length, and a byte tells what it is.
                folded.clear();
                folded.push_str(text);
                folded.make_ascii_lowercase();
                folded
                    .split(|c: char| !c.is_ascii_alphanumeric())
                    .filter(|word| !word.is_empty())
                    .for_each(&mut add);
            } else {
                words(&fold(text)).for_each(&mut add);
            }
            if !in_name {
                phone_words(text, add);
            }
        })?;
        Ok(made)
    }
}

/// A phone number is found by its digits however it is written: whole, and without leading zeros
/// and a country code of one to three digits.
fn phone_words(text: &str, mut add: impl FnMut(&str)) {
    if let Some(digits) = phone_digits(text) {
        let plain = digits.trim_start_matches('0');
        let without_code = (0..=3).filter_map(|skip| plain.get(skip..));
        std::iter::once(digits.as_str())
            .chain(without_code)
            .filter(|word| word.len() >= 6)
            .for_each(&mut add);
    }
}

/// The digits of a text that is written like a phone number.
pub(crate) fn phone_digits(text: &str) -> Option<String> {
    if text.len() > 32 || !text.bytes().all(|b| b.is_ascii_digit() || b" +-().,/x#".contains(&b)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 6).then_some(digits)
}
