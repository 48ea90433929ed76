//! The key of a store's file: 32 bytes as 64 hexadecimal digits, as SQLCipher takes a raw key.

use syncline_model::Secret;
use uuid::Uuid;

use crate::{SecretKind, Vault, VaultError, VaultFault, VaultKey};

/// The store's key, or `None` where none was made yet. A store file without its key can't be read.
pub fn read_store_key(vault: &dyn Vault, store: Uuid) -> Result<Option<Secret>, VaultError> {
    let Some(key) = vault.get(&VaultKey::new(store, SecretKind::StoreKey))? else { return Ok(None) };
    let text = key.expose();
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(Some(key))
    } else {
        Err(VaultError::new(VaultFault::Damaged, SecretKind::StoreKey, "not 64 hexadecimal digits"))
    }
}

/// Keeps `bytes` (from a cryptographic source) as the key of a new store and gives it as text. A key that is there already is kept
/// and given in its place, so that no store is locked out.
pub fn create_store_key(vault: &dyn Vault, store: Uuid, bytes: &[u8; 32]) -> Result<Secret, VaultError> {
    if let Some(key) = read_store_key(vault, store)? {
        return Ok(key);
    }
    let key = Secret::new(hex::encode(bytes));
    vault.set(&VaultKey::new(store, SecretKind::StoreKey), &key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryVault;

    #[test]
    fn a_key_is_made_once() {
        let vault = MemoryVault::new();
        let store = Uuid::from_u128(7);
        assert!(read_store_key(&vault, store).unwrap().is_none());
        let first = create_store_key(&vault, store, &[7; 32]).unwrap();
        let second = create_store_key(&vault, store, &[8; 32]).unwrap();
        assert_eq!(first.expose(), second.expose());
        assert_eq!(first.expose().len(), 64);
        vault.set(&VaultKey::new(store, SecretKind::StoreKey), &Secret::new("zz")).unwrap();
        assert_eq!(read_store_key(&vault, store).unwrap_err().fault, VaultFault::Damaged);
    }
}
