//! A vault that ends with the process.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use syncline_model::Secret;

use crate::{Vault, VaultError, VaultKey};

/// Secrets in memory only. Tests script its faults.
#[derive(Default)]
pub struct MemoryVault {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    secrets: BTreeMap<VaultKey, Secret>,
    faults: VecDeque<VaultError>,
}

impl MemoryVault {
    /// An empty vault.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next call fails with this; several are kept in order.
    pub fn fail_next(&self, error: VaultError) {
        self.lock().faults.push_back(error);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ready(&self) -> Result<MutexGuard<'_, Inner>, VaultError> {
        let mut inner = self.lock();
        match inner.faults.pop_front() {
            Some(error) => Err(error),
            None => Ok(inner),
        }
    }
}

impl Vault for MemoryVault {
    fn get(&self, key: &VaultKey) -> Result<Option<Secret>, VaultError> {
        Ok(self.ready()?.secrets.get(key).cloned())
    }
    fn set(&self, key: &VaultKey, secret: &Secret) -> Result<(), VaultError> {
        self.ready()?.secrets.insert(*key, secret.clone());
        Ok(())
    }
    fn delete(&self, key: &VaultKey) -> Result<bool, VaultError> {
        Ok(self.ready()?.secrets.remove(key).is_some())
    }
}

impl std::fmt::Debug for MemoryVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryVault").field("secrets", &self.lock().secrets.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SecretKind, VaultFault};
    use uuid::Uuid;

    #[test]
    fn keeps_forgets_and_fails_as_told() {
        let vault = MemoryVault::new();
        let id = Uuid::from_u128(1);
        let key = VaultKey::new(id, SecretKind::ClientSecret);
        vault.set(&key, &Secret::new("a")).unwrap();
        vault.set(&VaultKey::new(Uuid::from_u128(2), SecretKind::ClientSecret), &Secret::new("b")).unwrap();
        vault.fail_next(VaultError::new(VaultFault::Denied, key.kind, "no"));
        assert_eq!(vault.get(&key).unwrap_err().fault, VaultFault::Denied);
        assert_eq!(vault.get(&key).unwrap().unwrap().expose(), "a");
        assert_eq!(vault.forget(id).unwrap(), 1);
        assert!(vault.get(&key).unwrap().is_none());
        assert!(!format!("{vault:?}").contains('b'));
    }
}
