//! A set of the numbers of links. They are given one after the other, so that a bit each is enough: half a million of them take 64 KiB.

use std::collections::HashMap;

/// Numbers in a part, as a power of two.
const PART: u32 = 12;
const WORDS: usize = (1 << PART) / 64;

/// Numbers that were put in.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    parts: HashMap<i64, Box<[u64; WORDS]>>,
}

impl Numbers {
    /// True where it was not in yet.
    pub(super) fn insert(&mut self, number: i64) -> bool {
        let part = self.parts.entry(number >> PART).or_insert_with(|| Box::new([0; WORDS]));
        let place = (number & ((1 << PART) - 1)) as usize;
        let Some(word) = part.get_mut(place / 64) else { return true };
        let bit = 1 << (place % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn it_is_a_set(numbers in prop::collection::vec(prop_oneof![-5i64..9_000, any::<i64>()], 0..300)) {
            let (mut set, mut numbers_in) = (HashSet::new(), Numbers::default());
            for number in numbers {
                prop_assert_eq!(numbers_in.insert(number), set.insert(number));
            }
        }
    }
}
