//! The seam to SQLite: a virtual file system that is the platform's own, but for files without a name. Those are what SQLite puts aside
//! (sqlite.org, "Temporary Files Used By SQLite"; "The OS Interface or VFS").

// SQLite's interface for files is C; no other file of this crate needs this.
#![allow(unsafe_code)]

use rusqlite::ffi;
use std::collections::HashMap;
use std::ffi::{CString, c_int, c_void};
use std::io;
use std::mem::size_of;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, OnceLock};

use super::file::ScratchFile;
use crate::store::lock;

/// A file system as SQLite knows it, and what is ours of it.
#[repr(C)]
struct ScratchVfs {
    base: ffi::sqlite3_vfs,
    platform: *mut ffi::sqlite3_vfs,
    folder: PathBuf,
}

/// An open file as SQLite knows it, and what is ours of it.
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    scratch: *mut ScratchFile,
}

/// The name of the file system that puts things aside in this folder; made when it is first asked for, and there until the process ends.
/// `None`: SQLite has no file system on this platform.
pub(crate) fn register(folder: &Path) -> Option<CString> {
    static KNOWN: OnceLock<Mutex<HashMap<PathBuf, CString>>> = OnceLock::new();
    let mut known = lock(KNOWN.get_or_init(Mutex::default));
    if let Some(name) = known.get(folder) {
        return Some(name.clone());
    }
    let name = CString::new(format!("syncline-{}", known.len())).ok()?;
    // SAFETY: the default file system, if there is one, lives as long as the process; its members are plain values that may be copied.
    let (platform, mut base) = unsafe {
        let platform = ffi::sqlite3_vfs_find(ptr::null());
        (platform, *platform.as_ref()?)
    };
    base.szOsFile = base.szOsFile.max(c_int::try_from(size_of::<OpenFile>()).ok()?);
    base.pNext = ptr::null_mut();
    base.zName = name.clone().into_raw();
    base.xOpen = Some(open);
    let ours = Box::leak(Box::new(ScratchVfs { base, platform, folder: folder.to_owned() }));
    // SAFETY: what is registered is never freed nor moved; its name neither.
    let code = unsafe { ffi::sqlite3_vfs_register(ptr::from_mut(ours).cast(), 0) };
    (code == ffi::SQLITE_OK).then(|| known.entry(folder.to_owned()).or_insert(name).clone())
}

/// A file without a name is ours; all others, the store and its log, are the platform's.
unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls with the `ScratchVfs` that was registered, and with `szOsFile` bytes at `file`: enough for either kind.
    unsafe {
        let ours = &*vfs.cast::<ScratchVfs>();
        if !name.is_null() {
            // The platform's file system looks at itself, not at our copy.
            return match (*ours.platform).xOpen {
                Some(open) => open(ours.platform, name, file, flags, out_flags),
                None => ffi::SQLITE_CANTOPEN,
            };
        }
        // As long as there are no methods SQLite does not close the file.
        (*file).pMethods = ptr::null();
        match ScratchFile::new(&ours.folder) {
            Ok(scratch) => {
                let open = file.cast::<OpenFile>();
                (*open).scratch = Box::into_raw(Box::new(scratch));
                (*file).pMethods = &raw const METHODS;
                if !out_flags.is_null() {
                    *out_flags = flags;
                }
                ffi::SQLITE_OK
            }
            Err(error) => code(&error),
        }
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(done),
    xFileSize: Some(file_size),
    // Nobody else has the file.
    xLock: Some(done),
    xUnlock: Some(done),
    xCheckReservedLock: Some(not_reserved),
    xFileControl: Some(not_known),
    xSectorSize: Some(zero),
    xDeviceCharacteristics: Some(zero),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// What SQLite is told of an error: not that of a damaged store.
pub(crate) const FAILED: c_int = ffi::SQLITE_IOERR_GETTEMPPATH;

fn code(error: &io::Error) -> c_int {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ffi::SQLITE_FULL,
        _ => FAILED,
    }
}

/// # Safety
/// `file` is one that [`open`] has opened as ours and that is not closed yet. SQLite uses a file from one thread at a time.
unsafe fn scratch<'a>(file: *mut ffi::sqlite3_file) -> &'a mut ScratchFile {
    // SAFETY: as required above.
    unsafe { &mut *(*file.cast::<OpenFile>()).scratch }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes once what `open` has opened.
    unsafe {
        drop(Box::from_raw((*file.cast::<OpenFile>()).scratch));
        (*file).pMethods = ptr::null();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    let (Ok(length), Ok(offset)) = (usize::try_from(length), u64::try_from(offset)) else {
        return FAILED;
    };
    // SAFETY: SQLite gives a buffer of that length.
    let (scratch, into) = unsafe {
        ptr::write_bytes(into.cast::<u8>(), 0, length);
        (scratch(file), std::slice::from_raw_parts_mut(into.cast::<u8>(), length))
    };
    match scratch.read(offset, into) {
        Ok(there) if there == length => ffi::SQLITE_OK,
        Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(error) => code(&error),
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    let (Ok(length), Ok(offset)) = (usize::try_from(length), u64::try_from(offset)) else {
        return FAILED;
    };
    // SAFETY: SQLite gives bytes of that length.
    let (scratch, bytes) = unsafe { (scratch(file), std::slice::from_raw_parts(from.cast::<u8>(), length)) };
    match scratch.write(offset, bytes) {
        Ok(()) => ffi::SQLITE_OK,
        Err(error) => code(&error),
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: SQLite calls with an open file.
    let result = u64::try_from(size).map(|size| unsafe { scratch(file) }.truncate(size));
    match result {
        Ok(Ok(())) => ffi::SQLITE_OK,
        Ok(Err(error)) => code(&error),
        Err(_) => FAILED,
    }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: SQLite calls with an open file and a place for the answer.
    unsafe { *size = i64::try_from(scratch(file).size()).unwrap_or(i64::MAX) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn done(_: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn not_reserved(_: *mut ffi::sqlite3_file, reserved: *mut c_int) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *reserved = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn not_known(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn zero(_: *mut ffi::sqlite3_file) -> c_int {
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreError;
    use rusqlite::{Connection, OpenFlags};

    /// A table whose sort takes more than SQLite holds in memory.
    fn table(scratch: &Path, home: &Path) -> Connection {
        let vfs = register(scratch).unwrap();
        let db = Connection::open_with_flags_and_vfs(home.join("t.db"), OpenFlags::default(), vfs.as_c_str())
            .unwrap();
        db.execute_batch(
            "PRAGMA temp_store = FILE; PRAGMA cache_size = -1024; CREATE TABLE t(a TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
             INSERT INTO t SELECT hex(randomblob(40)) FROM n;",
        )
        .unwrap();
        db
    }

    #[test]
    fn what_does_not_fit_into_memory_is_sorted_grouped_and_indexed() {
        let (scratch, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let db = table(scratch.path(), home.path());
        let sql = "SELECT a FROM t ORDER BY a";
        let sorted: Vec<String> = db
            .prepare(sql)
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let mut expected = sorted.clone();
        expected.sort();
        assert_eq!((sorted.len(), sorted == expected), (60_000, true));
        let groups: i64 = db
            .query_row(
                "SELECT count(*) FROM (SELECT DISTINCT substr(a, 1, 12) FROM t UNION SELECT a FROM t)",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert!(groups >= 119_000, "{groups}");
        db.execute_batch("CREATE UNIQUE INDEX u ON t(a); CREATE TEMP TABLE c AS SELECT a FROM t; DELETE FROM c WHERE rowid % 2 = 0; INSERT INTO c SELECT a FROM t;").unwrap();
        let count: i64 = db.query_row("SELECT count(*) FROM c", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 90_000);
        let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }

    #[test]
    fn without_a_place_for_it_a_large_sort_fails_and_the_store_goes_on() {
        let (scratch, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let db = table(scratch.path(), home.path());
        drop(scratch);
        let error = StoreError::from(db.execute_batch("CREATE INDEX u ON t(a)").unwrap_err());
        assert!(matches!(error, StoreError::PutAside), "{error}");
        let count: i64 = db.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 60_000);
    }
}
