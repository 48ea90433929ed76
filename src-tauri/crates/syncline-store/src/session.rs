//! Who has the store open: one owner, any number of guests, each with a lock that the operating system takes back when it dies.

use fs4::fs_std::FileExt;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::StoreError;
use crate::store::lock;

const OWNER_FILE: &str = "owner.lock";
const SESSIONS: &str = "sessions";
const OPENING_FILE: &str = "opening.lock";
const TURNS: &str = "turns";

/// How a process has the store open. Both read and write; a guest leaves the work of others that is under way alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The first one: usually the window.
    Owner,
    /// A later one: usually the command while the window is open.
    Guest,
}

/// One opening of the store. Work under way carries its id, so that anybody can tell work that died from work that goes on.
pub(crate) struct Session {
    pub(crate) id: String,
    folder: PathBuf,
    path: PathBuf,
    owner: Mutex<Option<File>>,
    _alive: File,
}

impl Session {
    pub(crate) fn begin(folder: &Path) -> Result<Self, StoreError> {
        let id = uuid::Uuid::new_v4().to_string();
        let sessions = folder.join(SESSIONS);
        std::fs::create_dir_all(&sessions)
            .map_err(|source| StoreError::File { path: sessions.clone(), source })?;
        let path = sessions.join(&id);
        let alive = locked(&path)?.ok_or_else(|| StoreError::internal("a new session is locked already"))?;
        let owner = locked(&folder.join(OWNER_FILE))?;
        Ok(Self { id, folder: folder.to_owned(), path, owner: Mutex::new(owner), _alive: alive })
    }

    pub(crate) fn role(&self) -> Role {
        let mut owner = lock(&self.owner);
        if owner.is_none() {
            *owner = locked(&self.folder.join(OWNER_FILE)).ok().flatten();
        }
        if owner.is_some() { Role::Owner } else { Role::Guest }
    }

    /// True while the process behind a session is running.
    pub(crate) fn is_alive(&self, id: &str) -> bool {
        if id == self.id {
            return true;
        }
        let path = self.folder.join(SESSIONS).join(id);
        if !path.exists() {
            return false;
        }
        match locked(&path) {
            Ok(Some(file)) => {
                drop(file);
                let _ = std::fs::remove_file(&path);
                false
            }
            // Locked by its process, or not to be told: treat as running.
            Ok(None) | Err(_) => true,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The only one to do something, over all processes that have the store open; given back when it is dropped, and by the operating
/// system when the process dies.
#[derive(Debug)]
pub struct OnlyOne(File);

impl OnlyOne {
    /// Takes the turn; `None` while somebody else has it, in this process or another.
    pub(crate) fn take(folder: &Path, what: &str) -> Result<Option<Self>, StoreError> {
        let turns = folder.join(TURNS);
        std::fs::create_dir_all(&turns).map_err(|source| StoreError::File { path: turns.clone(), source })?;
        // The file's name tells nothing of what is done. It stays: taking it away would let two hold a lock on files of one name.
        let name = hex::encode(&Sha256::digest(what)[..16]);
        Ok(locked(&turns.join(format!("{name}.lock")))?.map(Self))
    }
}

impl Drop for OnlyOne {
    fn drop(&mut self) {
        // Closing the file gives the lock back in any case.
        let _ = FileExt::unlock(&self.0);
    }
}

/// Waits until no other process is opening the store; the file keeps the turn until it is dropped.
pub(crate) fn alone(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(OPENING_FILE);
    let wrap = |source| StoreError::File { path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(wrap)?;
    FileExt::lock_exclusive(&file).map_err(wrap)?;
    Ok(file)
}

/// The file with an exclusive lock, or `None` where another holds it.
fn locked(path: &Path) -> Result<Option<File>, StoreError> {
    let wrap = |source| StoreError::File { path: path.to_owned(), source };
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).read(true).open(path).map_err(wrap)?;
    Ok(if FileExt::try_lock_exclusive(&file).map_err(wrap)? { Some(file) } else { None })
}
