//! Row ids: a version-4-shaped GUID that hides the row number, and gives it back.
use super::schema::Table;
use uuid::Uuid;

/// Mixes a 64-bit word well (the finalizer of SplitMix64).
#[inline]
pub fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[inline]
fn round(key: u64, half: u32) -> u32 {
    (mix(key ^ u64::from(half)) & 0xffff) as u32
}

/// A metadata id that depends on nothing but the name.
pub fn metadata_of(name: &str) -> Uuid {
    let word = name.bytes().fold(7u64, |h, b| mix(h ^ u64::from(b)));
    Uuid::from_u64_pair(word & !0xf000 | 0x4000, mix(word) >> 2 | 1 << 63)
}

fn scramble(key: u64, index: u32) -> u32 {
    let (mut l, mut r) = (index >> 16, index & 0xffff);
    for n in 0..4 {
        (l, r) = (r, l ^ round(key.wrapping_add(n << 32), r));
    }
    (l << 16) | r
}

fn unscramble(key: u64, word: u32) -> u32 {
    let (mut l, mut r) = (word >> 16, word & 0xffff);
    for n in (0..4).rev() {
        (l, r) = (r ^ round(key.wrapping_add(n << 32), l), l);
    }
    (l << 16) | r
}

/// The id of row `index` of `table`.
pub fn id_of(seed: u64, table: Table, index: u32) -> Uuid {
    let key = mix(seed ^ ((table as u64 + 1) << 48));
    let word = scramble(key, index);
    let high = mix(key ^ u64::from(word));
    let low = mix(high ^ key) & 0x3fff_ffff_0000_0000 | 0x8000_0000_0000_0000 | u64::from(word);
    let high = high & !0xf000 | 0x4000;
    Uuid::from_u64_pair(high, low)
}

/// The row number behind an id, when the id is one that [`id_of`] makes.
pub fn index_of(seed: u64, table: Table, id: Uuid) -> Option<u32> {
    let key = mix(seed ^ ((table as u64 + 1) << 48));
    let index = unscramble(key, id.as_u64_pair().1 as u32);
    (id_of(seed, table, index) == id).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_are_reversible(seed: u64, index: u32) {
            let id = id_of(seed, Table::Contact, index);
            prop_assert_eq!(index_of(seed, Table::Contact, id), Some(index));
            prop_assert_eq!(index_of(seed, Table::Account, id), None);
            prop_assert_eq!(id.get_version_num(), 4);
        }
    }
}
