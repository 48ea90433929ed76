//! Opening a file, and the functions that statements use.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use syncline_model::{ErrorCode, SynclineError};

use super::errors;

/// The first bytes of a database that is not encrypted (SQLite, Database File Format).
const HEADER: &[u8; 16] = b"SQLite format 3\0";

/// How long another program's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fails unless the path leads to a SQLite database that can be read. An encrypted one can't: Syncline's own store is such a file.
pub fn check_file(path: &Path) -> Result<(), SynclineError> {
    let trouble = |error: std::io::Error| {
        let code =
            if error.kind() == std::io::ErrorKind::NotFound { ErrorCode::NotFound } else { ErrorCode::File };
        SynclineError::new(code, format!("the database {} can't be read: {error}", path.display()))
            .hint("name a SQLite file that is there; none is made")
    };
    if path.is_dir() {
        return Err(SynclineError::new(ErrorCode::File, format!("{} is a folder", path.display()))
            .hint("name the SQLite file in it"));
    }
    let mut start = Vec::with_capacity(HEADER.len());
    std::fs::File::open(path)
        .map_err(trouble)?
        .take(HEADER.len() as u64)
        .read_to_end(&mut start)
        .map_err(trouble)?;
    // A new database is empty until something is written.
    if start.is_empty() || start == HEADER {
        return Ok(());
    }
    Err(SynclineError::new(
        ErrorCode::File,
        format!("{} is no SQLite database, or it is encrypted", path.display()),
    )
    .hint("name a plain SQLite file. Syncline's own store is encrypted and no place to sync with"))
}

pub(super) fn open(path: &Path) -> Result<Connection, SynclineError> {
    check_file(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| errors::of(&error))?;
    prepare(&connection).map_err(|error| errors::of(&error))?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(100);
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    // Text in one case. SQLite's own lower() knows ASCII only.
    connection.create_scalar_function("fold", 1, pure, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Null => None,
            ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).to_lowercase()),
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Real(number) => Some(number.to_string()),
            ValueRef::Blob(bytes) => Some(hex::encode(bytes)),
        })
    })?;
    // A hash over values and their types.
    connection.create_scalar_function("row_version", -1, pure, |context| {
        let mut hash = Sha256::new();
        for at in 0..context.len() {
            let (kind, bytes): (u8, Vec<u8>) = match context.get_raw(at) {
                ValueRef::Null => (0, Vec::new()),
                ValueRef::Integer(number) => (1, number.to_le_bytes().to_vec()),
                ValueRef::Real(number) => (2, number.to_le_bytes().to_vec()),
                ValueRef::Text(bytes) => (3, bytes.to_vec()),
                ValueRef::Blob(bytes) => (4, bytes.to_vec()),
            };
            hash.update([kind]);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        Ok(hex::encode(&hash.finalize()[..16]))
    })
}
