//! What SQLite says, in plain words and with its own code (SQLite, Result and Error Codes).

use rusqlite::{Error, ffi};
use syncline_model::{ErrorCode, SynclineError};

/// The name of a code.
pub(super) fn name(code: i32) -> String {
    let known = match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE => "SQLITE_CONSTRAINT_UNIQUE",
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY => "SQLITE_CONSTRAINT_PRIMARYKEY",
        ffi::SQLITE_CONSTRAINT_ROWID => "SQLITE_CONSTRAINT_ROWID",
        ffi::SQLITE_CONSTRAINT_NOTNULL => "SQLITE_CONSTRAINT_NOTNULL",
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => "SQLITE_CONSTRAINT_FOREIGNKEY",
        ffi::SQLITE_CONSTRAINT_CHECK => "SQLITE_CONSTRAINT_CHECK",
        ffi::SQLITE_CONSTRAINT_TRIGGER => "SQLITE_CONSTRAINT_TRIGGER",
        ffi::SQLITE_CONSTRAINT_DATATYPE => "SQLITE_CONSTRAINT_DATATYPE",
        ffi::SQLITE_BUSY => "SQLITE_BUSY",
        ffi::SQLITE_LOCKED => "SQLITE_LOCKED",
        ffi::SQLITE_READONLY => "SQLITE_READONLY",
        ffi::SQLITE_FULL => "SQLITE_FULL",
        ffi::SQLITE_CORRUPT => "SQLITE_CORRUPT",
        ffi::SQLITE_NOTADB => "SQLITE_NOTADB",
        ffi::SQLITE_TOOBIG => "SQLITE_TOOBIG",
        ffi::SQLITE_MISMATCH => "SQLITE_MISMATCH",
        other => return format!("SQLITE_{other}"),
    };
    known.to_owned()
}

/// Code and sentence of a refused row: the plain words, then SQLite's own, which name table and column.
pub(super) fn sentence(error: &Error) -> (String, String) {
    let Error::SqliteFailure(failure, text) = error else {
        return ("SQLITE_ERROR".to_owned(), error.to_string());
    };
    let told = text.clone().unwrap_or_else(|| failure.to_string());
    let column = told.rsplit(": ").next().unwrap_or_default().to_owned();
    let plain = match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            Some(format!("{column}: another row has this value already"))
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => Some(format!("{column} can't be empty")),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
            Some("a row that is pointed at is not there, or is still pointed at".to_owned())
        }
        ffi::SQLITE_CONSTRAINT_CHECK => Some(format!("a value breaks the rule {column}")),
        ffi::SQLITE_CONSTRAINT_TRIGGER => Some("a trigger of the database refused the row".to_owned()),
        ffi::SQLITE_CONSTRAINT_DATATYPE | ffi::SQLITE_MISMATCH => {
            Some("a value is none of its column's type".to_owned())
        }
        _ => None,
    };
    (name(failure.extended_code), plain.map_or(told.clone(), |plain| format!("{plain}: {told}")))
}

/// Failures that every row would meet.
pub(super) fn of(error: &Error) -> SynclineError {
    let (code, told) = sentence(error);
    let primary = match error {
        Error::SqliteFailure(failure, _) => failure.extended_code & 0xff,
        _ => ffi::SQLITE_ERROR,
    };
    let failure = match primary {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => {
            SynclineError::new(ErrorCode::Busy, "another program holds the database; it was waited for 10 s")
                .hint("close it there, or try again")
        }
        ffi::SQLITE_READONLY => SynclineError::new(ErrorCode::ReadOnly, "the file can't be written to")
            .hint("see the rights of the file and of its folder"),
        ffi::SQLITE_FULL => SynclineError::new(ErrorCode::DiskFull, "the disk is full"),
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => {
            SynclineError::new(ErrorCode::File, format!("the file is damaged or no database: {told}"))
        }
        ffi::SQLITE_CANTOPEN => {
            SynclineError::new(ErrorCode::File, format!("the file can't be opened: {told}"))
        }
        ffi::SQLITE_INTERRUPT => SynclineError::new(ErrorCode::Cancelled, "the query was cancelled"),
        ffi::SQLITE_CONSTRAINT => SynclineError::new(ErrorCode::ServiceRefused, told),
        _ => SynclineError::new(ErrorCode::QueryInvalid, told)
            .hint("the table may have changed; describe it again"),
    };
    failure.service_code(code)
}

/// A refusal of this row, not of whatever comes next.
pub(super) fn is_of_the_row(error: &Error) -> bool {
    match error {
        Error::SqliteFailure(failure, _) => matches!(
            failure.extended_code & 0xff,
            ffi::SQLITE_CONSTRAINT | ffi::SQLITE_MISMATCH | ffi::SQLITE_TOOBIG | ffi::SQLITE_ERROR
        ),
        _ => true,
    }
}
