//! Long values in parts, for keychains that limit an item (Windows: 2,560 bytes).
//!
//! The head item holds either the value itself (`v` before it) or how it is split (`p`, count, hash). Parts are named after the hash
//! of the value, so a new value never overwrites parts of the old one; the head is written last and switches in one step. Before
//! the parts are written a mark names them, so that what a crash left behind is found and removed by the next write or delete.

use sha2::{Digest, Sha256};

use crate::VaultFault;
use crate::items::{ItemError, Items};

/// Most parts of one value; a larger count in a head is damage.
const MOST_PARTS: usize = 4096;
/// A reader that meets a writer in another process looks again so often.
const READ_AGAIN: usize = 3;

struct Head {
    count: usize,
    hash: String,
}

impl Head {
    fn text(&self) -> String {
        format!("p{} {}", self.count, self.hash)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes.strip_prefix(b"p")?).ok()?;
        let (count, hash) = text.split_once(' ')?;
        let count: usize = count.parse().ok()?;
        let good = (1..=MOST_PARTS).contains(&count)
            && hash.len() == 32
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        good.then(|| Self { count, hash: hash.to_owned() })
    }

    fn part(&self, name: &str, number: usize) -> String {
        format!("{name}/{}/{number}", self.hash)
    }
}

fn hash(value: &[u8]) -> String {
    hex::encode(&Sha256::digest(value)[..16])
}

fn mark(name: &str) -> String {
    format!("{name}/mark")
}

fn damaged(detail: &str) -> ItemError {
    ItemError { fault: VaultFault::Damaged, detail: detail.to_owned() }
}

/// Reads a value, whole or in parts.
pub(crate) fn read(items: &dyn Items, name: &str) -> Result<Option<Vec<u8>>, ItemError> {
    let mut fault = damaged("the head can't be read");
    for _ in 0..READ_AGAIN {
        let Some(bytes) = items.get(name)? else { return Ok(None) };
        if let Some(value) = bytes.strip_prefix(b"v") {
            return Ok(Some(value.to_vec()));
        }
        let Some(head) = Head::parse(&bytes) else { return Err(fault) };
        let mut value = Vec::new();
        let mut whole = true;
        for number in 0..head.count {
            match items.get(&head.part(name, number))? {
                Some(part) => value.extend_from_slice(&part),
                None => {
                    whole = false;
                    break;
                }
            }
        }
        if whole && hash(&value) == head.hash {
            return Ok(Some(value));
        }
        fault = damaged(if whole { "the parts do not belong together" } else { "a part is missing" });
    }
    Err(fault)
}

/// Keeps a value in place of the old one; no item is longer than `most` bytes.
pub(crate) fn write(items: &dyn Items, name: &str, value: &[u8], most: usize) -> Result<(), ItemError> {
    let most = most.max(64);
    let old = items.get(name)?.and_then(|bytes| Head::parse(&bytes));
    clean(items, name, old.as_ref())?;
    if value.len() < most {
        let mut bytes = Vec::with_capacity(value.len() + 1);
        bytes.push(b'v');
        bytes.extend_from_slice(value);
        items.set(name, &bytes)?;
    } else {
        let count = value.len().div_ceil(most);
        if count > MOST_PARTS {
            return Err(ItemError { fault: VaultFault::Other, detail: "the value is too long".to_owned() });
        }
        let head = Head { count, hash: hash(value) };
        if old.as_ref().is_some_and(|old| old.hash == head.hash && old.count == head.count)
            && read(items, name).is_ok_and(|kept| kept.as_deref() == Some(value))
        {
            return Ok(());
        }
        items.set(&mark(name), head.text().as_bytes())?;
        for (number, part) in value.chunks(most).enumerate() {
            items.set(&head.part(name, number), part)?;
        }
        items.set(name, head.text().as_bytes())?;
        items.delete(&mark(name))?;
        if old.as_ref().is_some_and(|old| old.hash == head.hash) {
            return Ok(());
        }
    }
    if let Some(old) = old {
        remove_parts(items, name, &old)?;
    }
    Ok(())
}

/// Removes a value with its parts.
pub(crate) fn delete(items: &dyn Items, name: &str) -> Result<bool, ItemError> {
    let head = items.get(name)?;
    let there = items.delete(name)?;
    clean(items, name, None)?;
    if let Some(head) = head.as_deref().and_then(Head::parse) {
        remove_parts(items, name, &head)?;
    }
    Ok(there)
}

/// Removes what a crashed write left behind, but nothing that the present head speaks of.
fn clean(items: &dyn Items, name: &str, head: Option<&Head>) -> Result<(), ItemError> {
    let Some(bytes) = items.get(&mark(name))? else { return Ok(()) };
    if let Some(left) = Head::parse(&bytes)
        && head.is_none_or(|head| head.hash != left.hash)
    {
        remove_parts(items, name, &left)?;
    }
    items.delete(&mark(name))?;
    Ok(())
}

fn remove_parts(items: &dyn Items, name: &str, head: &Head) -> Result<(), ItemError> {
    for number in 0..head.count {
        items.delete(&head.part(name, number))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    /// A keychain that dies after so many writes.
    #[derive(Default)]
    struct Mortal {
        items: RefCell<BTreeMap<String, Vec<u8>>>,
        lives: Cell<Option<usize>>,
    }
    impl Mortal {
        fn spend(&self) -> Result<(), ItemError> {
            match self.lives.get() {
                None => Ok(()),
                Some(0) => Err(ItemError { fault: VaultFault::Other, detail: "crash".to_owned() }),
                Some(left) => {
                    self.lives.set(Some(left - 1));
                    Ok(())
                }
            }
        }
    }
    impl Items for Mortal {
        fn get(&self, name: &str) -> Result<Option<Vec<u8>>, ItemError> {
            Ok(self.items.borrow().get(name).cloned())
        }
        fn set(&self, name: &str, bytes: &[u8]) -> Result<(), ItemError> {
            self.spend()?;
            self.items.borrow_mut().insert(name.to_owned(), bytes.to_vec());
            Ok(())
        }
        fn delete(&self, name: &str) -> Result<bool, ItemError> {
            self.spend()?;
            Ok(self.items.borrow_mut().remove(name).is_some())
        }
    }

    proptest! {
        #[test]
        fn any_value_comes_back_and_leaves_nothing(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 1..5)) {
            let items = Mortal::default();
            for value in &values {
                write(&items, "n", value, 64).unwrap();
                prop_assert_eq!(read(&items, "n").unwrap(), Some(value.clone()));
                prop_assert!(items.items.borrow().values().all(|item| item.len() <= 64));
            }
            prop_assert!(delete(&items, "n").unwrap());
            prop_assert!(items.items.borrow().is_empty());
        }

        #[test]
        fn a_crash_leaves_the_old_or_the_new(
            old in prop::collection::vec(any::<u8>(), 0..400),
            new in prop::collection::vec(any::<u8>(), 0..400),
            lives in 0usize..20,
        ) {
            let items = Mortal::default();
            write(&items, "n", &old, 64).unwrap();
            items.lives.set(Some(lives));
            let done = write(&items, "n", &new, 64).is_ok();
            items.lives.set(None);
            let kept = read(&items, "n").unwrap().unwrap();
            prop_assert!(kept == new || (!done && kept == old));
            write(&items, "n", b"next", 64).unwrap();
            delete(&items, "n").unwrap();
        }

        #[test]
        fn garbage_is_damage_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let items = Mortal::default();
            items.set("n", &bytes).unwrap();
            match read(&items, "n") {
                Ok(value) => prop_assert_eq!(value.as_deref(), bytes.strip_prefix(b"v")),
                Err(error) => prop_assert_eq!(error.fault, VaultFault::Damaged),
            }
        }
    }
}
