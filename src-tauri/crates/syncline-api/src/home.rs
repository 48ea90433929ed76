//! The folder of the store, and the key that opens it.

use rand::TryRngCore;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use syncline_model::{ErrorCode, SynclineError};
use syncline_secrets::{KeychainVault, MemoryVault, Vault, create_store_key, read_store_key};
use syncline_store::{STORE_FILE, Store, StoreKey};
use uuid::Uuid;

/// Where secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultChoice {
    /// The operating system's keychain.
    Keychain,
    /// This process's memory; store and secrets end with it.
    Memory,
}

impl VaultChoice {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Memory => "memory",
        }
    }
}

impl FromStr for VaultChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "keychain" => Ok(Self::Keychain),
            "memory" => Ok(Self::Memory),
            other => Err(format!("{other} is no vault; use keychain or memory")),
        }
    }
}

/// The platform's folder for application data.
pub(crate) fn default_home() -> Result<PathBuf, SynclineError> {
    directories::ProjectDirs::from("app", "Syncline", "Syncline")
        .map(|folders| folders.data_dir().to_owned())
        .ok_or_else(|| {
            SynclineError::new(ErrorCode::File, "this system names no folder for application data")
                .hint("name a folder: --home DIR, or SYNCLINE_HOME")
        })
}

fn file_fault(path: &Path, error: &std::io::Error) -> SynclineError {
    let code =
        if error.kind() == std::io::ErrorKind::StorageFull { ErrorCode::DiskFull } else { ErrorCode::File };
    SynclineError::new(code, format!("{}: {error}", path.display()))
        .hint("check that the folder exists and may be written to, or name another one with --home")
}

/// A store's name in the keychain; the file holds no secret.
fn store_id(home: &Path) -> Result<Uuid, SynclineError> {
    let path = home.join("store.id");
    match std::fs::read_to_string(&path) {
        Ok(text) => Uuid::parse_str(text.trim()).map_err(|_| {
            SynclineError::new(ErrorCode::StoreCorrupt, format!("{} holds no id", path.display()))
                .hint("put the file back from a backup; without it the key in the keychain can't be found")
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if home.join(STORE_FILE).exists() {
                return Err(SynclineError::new(
                    ErrorCode::StoreKeyWrong,
                    format!("{} is missing beside the store", path.display()),
                )
                .hint("put the file back from a backup; without it the key in the keychain can't be found"));
            }
            std::fs::create_dir_all(home).map_err(|error| file_fault(home, &error))?;
            let id = Uuid::new_v4();
            // Of two processes that begin at once the first decides; nobody sees a file that is not whole.
            let made = tempfile::NamedTempFile::new_in(home).and_then(|mut file| {
                file.write_all(id.to_string().as_bytes())?;
                file.as_file().sync_all()?;
                Ok(file)
            });
            match made.map_err(|error| file_fault(&path, &error))?.persist_noclobber(&path) {
                Ok(_) => Ok(id),
                Err(taken) if taken.error.kind() == std::io::ErrorKind::AlreadyExists => store_id(home),
                Err(failed) => Err(file_fault(&path, &failed.error)),
            }
        }
        Err(error) => Err(file_fault(&path, &error)),
    }
}

fn random_key() -> Result<[u8; 32], SynclineError> {
    let mut bytes = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| {
        SynclineError::new(ErrorCode::Internal, format!("the system gives no random numbers: {error}"))
    })?;
    Ok(bytes)
}

/// An opened store with its vault.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) home: PathBuf,
    /// Removed at the end; only with secrets in memory.
    pub(crate) passing: Option<PathBuf>,
}

/// Opens the store of a folder whose key is in this vault; the first opening makes the key.
pub(crate) fn open_kept(home: PathBuf, vault: Arc<dyn Vault>) -> Result<Opened, SynclineError> {
    let id = store_id(&home)?;
    // One process at a time: of two that begin together, one would make a key that the other's store is not opened with.
    let path = home.join("store.id");
    let turn = std::fs::File::open(&path).map_err(|error| file_fault(&path, &error))?;
    turn.lock().map_err(|error| file_fault(&path, &error))?;
    let key = match read_store_key(vault.as_ref(), id)? {
        Some(key) => key,
        None if home.join(STORE_FILE).exists() => {
            return Err(SynclineError::new(ErrorCode::StoreKeyWrong, "the key of the store is not in this keychain")
                .hint("use the keychain (user, machine) that the store was made with, or another folder: --home DIR")
                .detail(home.join(STORE_FILE).display().to_string()));
        }
        None => create_store_key(vault.as_ref(), id, &random_key()?)?,
    };
    let key = StoreKey::from_hex(key.expose())
        .map_err(|error| SynclineError::new(ErrorCode::StoreKeyWrong, error.to_string()))?;
    let store = Store::open(&home, &key)?;
    Ok(Opened { store, vault, home, passing: None })
}

/// Opens store and vault. Blocks: the first reading of the keychain may wait for a person.
pub(crate) fn open(home: PathBuf, choice: VaultChoice) -> Result<Opened, SynclineError> {
    match choice {
        VaultChoice::Keychain => open_kept(home, Arc::new(KeychainVault::new())),
        VaultChoice::Memory => {
            // The key ends with the process, so the store can't outlive it either.
            let folder = home.join(format!("passing-{}", Uuid::new_v4().simple()));
            std::fs::create_dir_all(&folder).map_err(|error| file_fault(&folder, &error))?;
            let vault: Arc<dyn Vault> = Arc::new(MemoryVault::new());
            let key = create_store_key(vault.as_ref(), Uuid::new_v4(), &random_key()?)?;
            let key = StoreKey::from_hex(key.expose())
                .map_err(|error| SynclineError::new(ErrorCode::Internal, error.to_string()))?;
            let store = Store::open(&folder, &key)?;
            Ok(Opened { store, vault, home, passing: Some(folder) })
        }
    }
}
