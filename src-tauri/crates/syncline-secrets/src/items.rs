//! The few things that every platform's keychain can do: bytes under a name.

use crate::VaultFault;

/// A fault without the word which secret it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemError {
    pub(crate) fault: VaultFault,
    pub(crate) detail: String,
}

pub(crate) trait Items {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, ItemError>;
    fn set(&self, name: &str, bytes: &[u8]) -> Result<(), ItemError>;
    /// False where there was none.
    fn delete(&self, name: &str) -> Result<bool, ItemError>;
}
