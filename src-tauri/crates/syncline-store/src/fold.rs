//! Text as Dataverse compares it: without regard to case and, for Latin letters, to accents.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Value, ValueRef};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

use crate::StoreError;

/// Lower case, accents taken off.
pub(crate) fn fold(text: &str) -> String {
    fold_whole(text.to_owned())
}

/// The same as [`fold`], of a text that is not needed any more.
pub(crate) fn fold_whole(mut text: String) -> String {
    text.make_ascii_lowercase();
    let Some(first) = other(text.as_bytes()) else { return text };
    let mut folded = String::with_capacity(text.len());
    let (ready, mut rest) = text.split_at(first);
    folded.push_str(ready);
    while let Some(c) = rest.chars().next() {
        match USUAL.get((c as usize).wrapping_sub(USUAL_FROM)) {
            Some(&Some(to)) => folded.push(to),
            Some(None) | None => fold_char(c, &mut folded),
        }
        rest = &rest[c.len_utf8()..];
        let (ready, behind) = rest.split_at(other(rest.as_bytes()).unwrap_or(rest.len()));
        folded.push_str(ready);
        rest = behind;
    }
    folded
}

/// The place of the first byte that is not ASCII.
fn other(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| !byte.is_ascii())
}

/// What becomes of a letter.
fn fold_char(c: char, folded: &mut String) {
    if is_mark(c) {
        return;
    }
    for lower in c.to_lowercase() {
        if !is_mark(lower) {
            folded.push(base(lower));
        }
    }
}

/// The letters of Latin, Greek and Cyrillic texts with what becomes of them, where that is one letter: looking it up in Unicode's tables takes
/// longer than all the rest.
static USUAL: LazyLock<Vec<Option<char>>> = LazyLock::new(|| {
    let one = |c: u32| {
        let mut folded = String::new();
        fold_char(char::from_u32(c)?, &mut folded);
        let mut chars = folded.chars();
        chars.next().filter(|_| chars.next().is_none())
    };
    (USUAL_FROM as u32..0x530).map(one).collect()
});
const USUAL_FROM: usize = 0x80;

/// Combining diacritical marks.
pub(crate) fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn base(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ'..='ặ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ'..='ệ' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ỉ' | 'ị' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ọ'..='ợ' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ụ'..='ự' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' | 'ỳ' | 'ỵ' | 'ỷ' | 'ỹ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => c,
    }
}

/// A short number for an id, whatever its case: what a record is looked up by over all runs. Ids that share one are told apart afterwards.
pub(crate) fn record_key(id: &str) -> i64 {
    let digest = Sha256::digest(id.trim().to_ascii_lowercase());
    let mut short = [0; 8];
    short.copy_from_slice(&digest[..8]);
    i64::from_le_bytes(short)
}

/// Makes `fold(x)` known to SQL, which folds a text and passes everything else, and `record_key(x)`.
pub(crate) fn register(connection: &Connection) -> Result<(), StoreError> {
    connection.create_scalar_function(
        "record_key",
        1,
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS,
        |context| {
            Ok(match context.get_raw(0) {
                ValueRef::Text(text) => Value::Integer(record_key(&String::from_utf8_lossy(text))),
                _ => Value::Null,
            })
        },
    )?;
    connection.create_scalar_function(
        "fold",
        1,
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS,
        |context| {
            Ok(match context.get_raw(0) {
                ValueRef::Text(text) => Value::Text(fold(&String::from_utf8_lossy(text))),
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Integer(number),
                ValueRef::Real(number) => Value::Real(number),
                ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
            })
        },
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{fold, fold_char};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_letter_is_folded_by_itself(text in any::<String>(), latin in "[a-zA-Z \u{80}-\u{540}\u{1e00}-\u{1ef9}]{0,24}") {
            for text in [text, latin] {
                let mut slowly = String::new();
                text.chars().for_each(|c| fold_char(c, &mut slowly));
                prop_assert_eq!(fold(&text), slowly);
            }
        }
    }

    #[test]
    fn case_and_accents_do_not_count() {
        assert_eq!(fold("Zoë Łódź"), "zoe łodz");
        assert_eq!(fold("İstanbul"), "istanbul");
        assert_eq!(fold("cafe\u{301}"), fold("CAFÉ"));
        assert_eq!(fold("ΑΘΉΝΑ"), "αθήνα");
    }
}
