//! Opening the store, its one writer and its readers.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cache::dataset::Dataset;
use crate::cache::key_index::FreshKeys;
use crate::cache::places::{PlaceLists, PlaceSets};
use crate::cache::texts::ColumnTexts;
use crate::log_keeper::LogKeeper;
use crate::session::{self, OnlyOne, Session};
use crate::{Role, StoreError, StoreKey, fold, log_keeper, migrate, scratch};

/// Name of the file inside the store's folder.
pub const STORE_FILE: &str = "syncline.db";
const CHECK_FILE: &str = "syncline.check";
const BUSY: Duration = Duration::from_secs(10);
const IDLE_READERS: usize = 4;
/// Pages that a connection keeps in memory, and what it sorts there before it puts it aside: 12 MiB.
pub(crate) const CACHE: &str = "PRAGMA cache_size = -12288";

/// The encrypted store of one folder. Cheap to clone; all clones share one writer and a pool of readers. Calls block: from async
/// code use `spawn_blocking`.
///
/// Written with write-ahead logging and `synchronous = NORMAL`: what a call has stored survives the death of the process; a loss of
/// power may take the last moments before it, never damage what is older.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    folder: PathBuf,
    key: Option<StoreKey>,
    // These two are dropped before the writer, so that the writer closes last and takes the rest of the log into the file.
    log: LogKeeper,
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
    pub(crate) session: Session,
    pub(crate) datasets: Mutex<HashMap<i64, Arc<Dataset>>>,
    pub(crate) places: PlaceLists,
    pub(crate) sets: PlaceSets,
    pub(crate) texts: ColumnTexts,
    pub(crate) fresh_keys: Mutex<HashMap<i64, FreshKeys>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("folder", &self.inner.folder).finish_non_exhaustive()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in a transaction rolls it back, so what the mutex guards is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens the store in a folder; makes folder and store where there is none. The first process to open it becomes its owner,
    /// later ones are guests ([`Store::role`]). A file that can't be opened is left as it is.
    pub fn open(folder: &Path, key: &StoreKey) -> Result<Self, StoreError> {
        Self::open_with(folder, Some(key))
    }

    /// Without encryption, so that tests can look for a text in the bytes of the file.
    #[cfg(test)]
    pub(crate) fn open_plain(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, None)
    }

    fn open_with(folder: &Path, key: Option<&StoreKey>) -> Result<Self, StoreError> {
        make_folder(folder)?;
        // One at a time: making the file, switching its mode and bringing its schema up to date are no moment for two.
        let opening = session::alone(folder)?;
        let path = folder.join(STORE_FILE);
        let is_new = std::fs::metadata(&path).map_or(true, |meta| meta.len() == 0);
        let mut writer =
            connect(&path, key, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        // Whatever fails until the store is open, closing must not write.
        writer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        if is_new {
            writer.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
        }
        write_ahead(&writer)?;
        write_so(&writer)?;
        migrate::run(&mut writer, &path)?;
        writer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        if let Some(key) = key {
            keep_fingerprint(folder, key)?;
        }
        let session = Session::begin(folder)?;
        drop(opening);
        Ok(Self {
            inner: Arc::new(Inner {
                folder: folder.to_owned(),
                key: key.cloned(),
                log: LogKeeper::default(),
                writer: Mutex::new(writer),
                readers: Mutex::new(Vec::new()),
                session,
                datasets: Mutex::new(HashMap::new()),
                places: PlaceLists::default(),
                sets: PlaceSets::default(),
                texts: ColumnTexts::default(),
                fresh_keys: Mutex::new(HashMap::new()),
            }),
        })
    }

    /// Owner or guest. A guest becomes the owner when it asks after the owner has gone.
    pub fn role(&self) -> Role {
        self.inner.session.role()
    }

    /// The turn to do something that only one may do at a time, such as running a definition; `None` while somebody else has it, in this
    /// process or another one. It ends when what is given is dropped or the process dies.
    pub fn take_turn(&self, what: &str) -> Result<Option<OnlyOne>, StoreError> {
        OnlyOne::take(&self.inner.folder, what)
    }

    /// The folder it is in.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// Bytes on disk, log included.
    pub fn size(&self) -> u64 {
        ["", "-wal", "-shm"]
            .iter()
            .filter_map(|suffix| {
                std::fs::metadata(self.inner.folder.join(format!("{STORE_FILE}{suffix}"))).ok()
            })
            .map(|meta| meta.len())
            .sum()
    }

    /// Runs in one transaction of the writer; an error rolls it back.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = lock(&self.inner.writer);
        let result = in_transaction(&mut writer, work);
        if matches!(result, Err(StoreError::Corrupt { .. })) {
            // A connection that met a damaged page refuses all work from then on; a new one still writes where nothing is damaged.
            *writer = self.opener()()?;
            write_so(&writer)?;
        } else {
            self.inner.log.written(&writer, || self.opener());
        }
        result
    }

    /// Opens another connection that can write.
    fn opener(&self) -> impl FnOnce() -> Result<Connection, StoreError> + Send + use<> {
        let (path, key) = (self.inner.folder.join(STORE_FILE), self.inner.key.clone());
        move || connect(&path, key.as_ref(), OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Runs on the writer outside of a transaction.
    pub(crate) fn with_writer<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&mut lock(&self.inner.writer))
    }

    /// Runs on a reader that sees one state of the store throughout.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = lock(&self.inner.readers).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => self.reader()?,
        };
        let transaction = reader.unchecked_transaction()?;
        let result = work(&transaction);
        drop(transaction);
        let mut readers = lock(&self.inner.readers);
        // A connection that met a damaged page refuses all work from then on.
        let is_sound = !matches!(result, Err(StoreError::Corrupt { .. }));
        if is_sound && readers.len() < IDLE_READERS {
            readers.push(reader);
        }
        result
    }

    /// A new connection that can only read.
    pub(crate) fn reader(&self) -> Result<Connection, StoreError> {
        let reader = connect(
            &self.inner.folder.join(STORE_FILE),
            self.inner.key.as_ref(),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        )?;
        reader.execute_batch("PRAGMA query_only = ON")?;
        Ok(reader)
    }

    /// Closes idle readers and whoever takes the log into the file beside the writer, so that nothing keeps the log from being emptied.
    pub(crate) fn close_others(&self) {
        lock(&self.inner.readers).clear();
        self.inner.log.stop();
    }
}

fn in_transaction<T>(
    writer: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// How the pages of a store are authenticated. SHA-256 is an instruction of most processors, and half of the time of reading and writing a
/// page goes into its authentication. SQLCipher's own choice, SHA-512, is that of stores made before.
const AUTHENTICATIONS: [&str; 2] = ["HMAC_SHA256", "HMAC_SHA512"];

fn connect(path: &Path, key: Option<&StoreKey>, flags: OpenFlags) -> Result<Connection, StoreError> {
    let mut result = connect_by(path, key, flags, AUTHENTICATIONS[0]);
    // A store that is not made yet takes the first; one that can't be read with it may be of the second.
    if key.is_some() && matches!(result, Err(StoreError::KeyWrong { .. } | StoreError::Corrupt { .. })) {
        result = connect_by(path, key, flags, AUTHENTICATIONS[1]).or(result);
    }
    result
}

fn connect_by(
    path: &Path,
    key: Option<&StoreKey>,
    flags: OpenFlags,
    authentication: &str,
) -> Result<Connection, StoreError> {
    let scratch = path
        .parent()
        .and_then(scratch::register)
        .ok_or_else(|| StoreError::internal("SQLite takes no file system for what it puts aside"))?;
    let connection = Connection::open_with_flags_and_vfs(
        path,
        flags | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        scratch.as_c_str(),
    )
    .map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::PermissionDenied) => StoreError::File {
            path: path.to_owned(),
            source: std::io::Error::new(std::io::ErrorKind::PermissionDenied, error.to_string()),
        },
        _ => error.into(),
    })?;
    connection.busy_timeout(BUSY)?;
    // Until the key has proved right, closing must not write.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    if let Some(key) = key {
        // SQLCipher writes its errors to standard error unless told otherwise.
        connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
        let pragma = zeroize::Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", *key.to_hex()));
        connection.execute_batch(&pragma)?;
        connection.execute_batch(&format!("PRAGMA cipher_hmac_algorithm = {authentication}"))?;
    }
    // The first read shows whether the key fits.
    connection
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0))
        .map_err(|error| wrong_key_or_damage(error, path, key))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.execute_batch("PRAGMA temp_store = FILE")?;
    connection.execute_batch(CACHE)?;
    connection.set_prepared_statement_cache_capacity(128);
    fold::register(&connection)?;
    crate::cache::query::register(&connection)?;
    Ok(connection)
}

fn write_so(writer: &Connection) -> Result<(), StoreError> {
    writer.execute_batch(&format!(
        "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST; PRAGMA wal_autocheckpoint = {}",
        log_keeper::LIMIT
    ))?;
    Ok(())
}

/// Switching to write-ahead logging needs the file alone and does not wait by itself.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    let mut attempt = 0;
    loop {
        let mode: Result<String, _> =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match mode {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(mode) => {
                return Err(StoreError::internal(format!(
                    "write-ahead logging is refused, the mode is {mode}"
                )));
            }
            Err(error)
                if attempt < 200
                    && matches!(
                        error.sqlite_error_code(),
                        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
                    ) =>
            {
                attempt += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn make_folder(folder: &Path) -> Result<(), StoreError> {
    let wrap = |source| StoreError::File { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(wrap)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(wrap)?;
    }
    Ok(())
}

/// A page that does not decrypt looks the same under a wrong key and after damage; the fingerprint beside the file tells which.
fn wrong_key_or_damage(error: rusqlite::Error, path: &Path, key: Option<&StoreKey>) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => {
            let kept = std::fs::read_to_string(path.with_file_name(CHECK_FILE)).ok();
            match (kept, key) {
                (Some(kept), Some(key)) if kept.trim() == key.fingerprint() => StoreError::Corrupt {
                    detail: format!("the key is right, but {} does not begin as a store", path.display()),
                },
                _ => StoreError::KeyWrong { path: path.to_owned() },
            }
        }
        _ => error.into(),
    }
}

fn keep_fingerprint(folder: &Path, key: &StoreKey) -> Result<(), StoreError> {
    let path = folder.join(CHECK_FILE);
    let fingerprint = key.fingerprint();
    if std::fs::read_to_string(&path).is_ok_and(|kept| kept.trim() == fingerprint) {
        return Ok(());
    }
    let fresh = folder.join(format!("{CHECK_FILE}.{}", std::process::id()));
    std::fs::write(&fresh, fingerprint)
        .and_then(|()| std::fs::rename(&fresh, &path))
        .map_err(|source| StoreError::File { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::key;

    #[test]
    fn a_store_of_either_authentication_opens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(STORE_FILE);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        for authentication in AUTHENTICATIONS {
            let made = connect_by(&path, Some(&key()), flags, authentication).unwrap();
            made.execute_batch("CREATE TABLE a(x); INSERT INTO a VALUES(7)").unwrap();
            drop(made);
            let opened = connect(&path, Some(&key()), flags).unwrap();
            let found: i64 = opened.query_row("SELECT x FROM a", [], |row| row.get(0)).unwrap();
            assert_eq!(found, 7, "{authentication}");
            drop(opened);
            let other = StoreKey::from_hex(&"a5".repeat(32)).unwrap();
            assert!(matches!(connect(&path, Some(&other), flags), Err(StoreError::KeyWrong { .. })));
            std::fs::remove_file(&path).unwrap();
        }
    }
}
