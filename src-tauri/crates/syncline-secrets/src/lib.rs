//! The keychain of the operating system, and a vault in memory for one process. The only place where secrets rest.
//!
//! Nothing secret is written to disk by this crate. Calls block: on a desktop the first one may wait for a person to unlock the
//! keychain, so async callers move them to a blocking thread.

mod error;
mod items;
mod key;
mod keychain;
mod memory;
mod parts;
mod store_key;

pub use error::{VaultError, VaultFault};
pub use key::{SecretKind, VaultKey};
pub use keychain::KeychainVault;
pub use memory::MemoryVault;
pub use store_key::{create_store_key, read_store_key};

use syncline_model::Secret;

/// Where secrets rest.
pub trait Vault: Send + Sync + std::fmt::Debug {
    /// The secret, or `None` where there is none.
    fn get(&self, key: &VaultKey) -> Result<Option<Secret>, VaultError>;
    /// Keeps a secret in place of the one that was there. A crash leaves the old one or the new one, whole.
    fn set(&self, key: &VaultKey, secret: &Secret) -> Result<(), VaultError>;
    /// Removes a secret; false where there was none.
    fn delete(&self, key: &VaultKey) -> Result<bool, VaultError>;

    /// The kinds of secret that are kept for a connection.
    fn list(&self, id: uuid::Uuid) -> Result<Vec<SecretKind>, VaultError> {
        let mut found = Vec::new();
        for kind in SecretKind::ALL {
            if self.get(&VaultKey::new(id, kind))?.is_some() {
                found.push(kind);
            }
        }
        Ok(found)
    }

    /// Removes every secret of a connection and says how many there were.
    fn forget(&self, id: uuid::Uuid) -> Result<u64, VaultError> {
        let mut removed = 0;
        for kind in SecretKind::ALL {
            removed += u64::from(self.delete(&VaultKey::new(id, kind))?);
        }
        Ok(removed)
    }
}
