//! The keychain of the operating system: Secret Service, macOS Keychain, Windows Credential Manager.

use keyring::v1::{Entry, Error};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use syncline_model::Secret;
use uuid::Uuid;

use crate::items::{ItemError, Items};
use crate::{SecretKind, Vault, VaultError, VaultFault, VaultKey, parts};

/// The name under which all items stand.
const SERVICE: &str = "Syncline";
/// Longest item: Windows takes 2,560 bytes (`CRED_MAX_CREDENTIAL_BLOB_SIZE`). Elsewhere a value stays in one item, so that macOS
/// asks once.
const MOST_BYTES: usize = if cfg!(windows) { 2_400 } else { 64 * 1024 };

/// One at a time in this process: while the keychain is being unlocked, others wait in place of asking the person again.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The vault that is the default.
pub struct KeychainVault {
    service: String,
    most_bytes: usize,
    /// A store's key is read from the keychain once a process.
    store_keys: Mutex<HashMap<Uuid, Secret>>,
}

impl KeychainVault {
    /// The keychain, items under "Syncline". Nothing is touched before the first use.
    pub fn new() -> Self {
        Self::with_service(SERVICE)
    }

    /// The keychain with items under another service name, so that tests leave a person's own items alone.
    pub fn with_service(service: impl Into<String>) -> Self {
        Self { service: service.into(), most_bytes: MOST_BYTES, store_keys: Mutex::default() }
    }

    /// Whether there is a keychain that can be spoken to; asks nobody for a password.
    pub fn available() -> Result<(), VaultError> {
        match Entry::store_status() {
            Ok(()) => Ok(()),
            Err(error) => {
                Err(VaultError::new(VaultFault::NoService, SecretKind::StoreKey, error.to_string()))
            }
        }
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<Uuid, Secret>> {
        self.store_keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn items(&self) -> Platform<'_> {
        Platform { service: &self.service }
    }
}

impl Default for KeychainVault {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for KeychainVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeychainVault").field("service", &self.service).finish_non_exhaustive()
    }
}

fn with_kind(kind: SecretKind) -> impl Fn(ItemError) -> VaultError {
    move |error| VaultError::new(error.fault, kind, error.detail)
}

impl Vault for KeychainVault {
    fn get(&self, key: &VaultKey) -> Result<Option<Secret>, VaultError> {
        let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let is_store_key = key.kind == SecretKind::StoreKey;
        if is_store_key && let Some(known) = self.keys().get(&key.id) {
            return Ok(Some(known.clone()));
        }
        let bytes = parts::read(&self.items(), &key.item_name()).map_err(with_kind(key.kind))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let text = String::from_utf8(bytes)
            .map_err(|_| VaultError::new(VaultFault::Damaged, key.kind, "the value is no text"))?;
        let secret = Secret::new(text);
        if is_store_key {
            self.keys().insert(key.id, secret.clone());
        }
        Ok(Some(secret))
    }

    fn set(&self, key: &VaultKey, secret: &Secret) -> Result<(), VaultError> {
        let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        parts::write(&self.items(), &key.item_name(), secret.expose().as_bytes(), self.most_bytes)
            .map_err(with_kind(key.kind))?;
        if key.kind == SecretKind::StoreKey {
            self.keys().insert(key.id, secret.clone());
        }
        Ok(())
    }

    fn delete(&self, key: &VaultKey) -> Result<bool, VaultError> {
        let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        if key.kind == SecretKind::StoreKey {
            self.keys().remove(&key.id);
        }
        parts::delete(&self.items(), &key.item_name()).map_err(with_kind(key.kind))
    }
}

struct Platform<'a> {
    service: &'a str,
}

impl Platform<'_> {
    fn entry(&self, name: &str) -> Result<Entry, ItemError> {
        // The cause of a missing service is in the status only; the entry says no more than "no default store".
        if let Err(error) = Entry::store_status() {
            return Err(ItemError { fault: VaultFault::NoService, detail: error.to_string() });
        }
        Entry::new(self.service, name).map_err(|error| classify(&error))
    }
}

impl Items for Platform<'_> {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, ItemError> {
        match self.entry(name)?.get_secret() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(classify(&error)),
        }
    }

    fn set(&self, name: &str, bytes: &[u8]) -> Result<(), ItemError> {
        self.entry(name)?.set_secret(bytes).map_err(|error| classify(&error))
    }

    fn delete(&self, name: &str) -> Result<bool, ItemError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(classify(&error)),
        }
    }
}

/// Sorts a fault by kind and by the platform's words; never quotes data (some variants carry it).
fn classify(error: &Error) -> ItemError {
    let (fault, detail) = match error {
        Error::NoStorageAccess(cause) | Error::PlatformFailure(cause) => {
            let text = cause.to_string();
            let lower = text.to_lowercase();
            let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
            let fault = if says(&["dismissed", "denied", "cancel", "not permitted", "authorization"]) {
                VaultFault::Denied
            } else if says(&["locked", "result not returned", "interaction is not allowed"]) {
                VaultFault::Locked
            } else if says(&[
                "no secret service",
                "serviceunknown",
                "no logon session",
                "not provided by any",
            ]) {
                VaultFault::NoService
            } else if matches!(error, Error::NoStorageAccess(_)) {
                VaultFault::Locked
            } else {
                VaultFault::Other
            };
            (fault, text)
        }
        Error::NoDefaultStore => (VaultFault::NoService, error.to_string()),
        Error::BadEncoding(_) => (VaultFault::Damaged, "the value is no text".to_owned()),
        Error::BadDataFormat(..) => (VaultFault::Damaged, "the item's data are malformed".to_owned()),
        Error::Ambiguous(found) => (VaultFault::Other, format!("{} items of the same name", found.len())),
        other => (VaultFault::Other, other.to_string()),
    };
    ItemError { fault, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str, access: bool) -> VaultFault {
        let cause: Box<dyn std::error::Error + Send + Sync> = text.into();
        let error = if access { Error::NoStorageAccess(cause) } else { Error::PlatformFailure(cause) };
        classify(&error).fault
    }

    #[test]
    fn faults_by_the_platforms_words() {
        assert_eq!(fault("SS error: prompt dismissed", true), VaultFault::Denied);
        assert_eq!(fault("SS Error: object locked", true), VaultFault::Locked);
        assert_eq!(fault("SS error: result not returned from SS API", true), VaultFault::Locked);
        assert_eq!(fault("no secret service provider or dbus session found", false), VaultFault::NoService);
        assert_eq!(fault("User canceled the operation.", false), VaultFault::Denied);
        assert_eq!(fault("disk on fire", false), VaultFault::Other);
        assert_eq!(classify(&Error::BadEncoding(b"secret".to_vec())).detail, "the value is no text");
    }

    /// Against the real keychain of the session, where there is one; without one, the fault is what is looked at.
    #[test]
    fn round_trip_in_the_sessions_own_keychain() {
        let mut vault = KeychainVault::with_service(format!("Syncline test {}", Uuid::new_v4()));
        let key = VaultKey::new(Uuid::new_v4(), SecretKind::RefreshToken);
        if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() && cfg!(target_os = "linux") {
            let error = vault.get(&key).unwrap_err();
            assert!(matches!(error.fault, VaultFault::NoService | VaultFault::Locked), "{error}");
            return;
        }
        vault.most_bytes = 100;
        assert!(vault.get(&key).unwrap().is_none());
        let long = "ä0.AX".repeat(500);
        for text in ["short", &long, "other"] {
            vault.set(&key, &Secret::new(text)).unwrap();
            assert_eq!(vault.get(&key).unwrap().unwrap().expose(), text);
        }
        assert_eq!(vault.list(key.id).unwrap(), [SecretKind::RefreshToken]);
        assert_eq!(vault.forget(key.id).unwrap(), 1);
        assert!(vault.get(&key).unwrap().is_none());
    }
}
