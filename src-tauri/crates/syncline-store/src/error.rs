//! What can go wrong with the store, and what to do about it.

use crate::scratch;
use std::path::PathBuf;
use syncline_model::{ErrorCode, SynclineError};

/// A failure of the store. Whatever it is, nothing that was stored has been removed or overwritten.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is encrypted with another key.
    #[error("the store {} can't be opened with the key in the keychain", path.display())]
    KeyWrong {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer Syncline.
    #[error("the store {} has schema version {found}, this Syncline knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
    /// The file is damaged.
    #[error("the store is damaged: {detail}")]
    Corrupt {
        /// What SQLite or SQLCipher said.
        detail: String,
    },
    /// No room left. The transaction under way was rolled back whole.
    #[error("the disk that holds the store is full")]
    DiskFull,
    /// Another process holds the store or is doing the same work.
    #[error("{what}")]
    Busy {
        /// What is going on.
        what: String,
    },
    /// There is no such thing in the store.
    #[error("{what} does not exist")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The name is taken.
    #[error("{what} exists already")]
    AlreadyExists {
        /// What is there.
        what: String,
    },
    /// A query that can't be answered from the store.
    #[error("{message}")]
    QueryInvalid {
        /// What is wrong with it.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Somebody cancelled.
    #[error("the query was cancelled")]
    Cancelled,
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What is sorted, and does not fit into memory, could not be put aside.
    #[error("what is sorted could not be put aside in the store's folder")]
    PutAside,
    /// Anything else.
    #[error("the store failed: {detail}")]
    Internal {
        /// What SQLite said.
        detail: String,
    },
}

impl StoreError {
    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }
    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::Internal { detail: detail.into() }
    }
    pub(crate) fn query(message: impl Into<String>) -> Self {
        Self::QueryInvalid { message: message.into(), hint: None }
    }
    pub(crate) fn with_hint(self, text: impl Into<String>) -> Self {
        match self {
            Self::QueryInvalid { message, .. } => Self::QueryInvalid { message, hint: Some(text.into()) },
            other @ (Self::KeyWrong { .. }
            | Self::Newer { .. }
            | Self::Corrupt { .. }
            | Self::DiskFull
            | Self::Busy { .. }
            | Self::NotFound { .. }
            | Self::AlreadyExists { .. }
            | Self::Cancelled
            | Self::File { .. }
            | Self::PutAside
            | Self::Internal { .. }) => other,
        }
    }
}

impl From<syncline_model::NotAnObject> for StoreError {
    fn from(_: syncline_model::NotAnObject) -> Self {
        Self::internal("a record is no JSON object")
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let detail = error.to_string();
        if error.sqlite_error().is_some_and(|error| error.extended_code == scratch::FAILED) {
            return Self::PutAside;
        }
        match error.sqlite_error_code() {
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Corrupt { detail },
            Some(Code::DiskFull) => Self::DiskFull,
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => {
                Self::Busy { what: "another process is writing to the store".to_owned() }
            }
            Some(Code::OperationInterrupted) => Self::Cancelled,
            // SQLCipher reports a page whose authentication code does not fit as a failed read.
            Some(Code::SystemIoFailure) => Self::Corrupt { detail },
            _ => Self::Internal { detail },
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt { detail: format!("a stored JSON text can't be read: {error}") }
    }
}

impl From<StoreError> for SynclineError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::KeyWrong { .. } => SynclineError::new(ErrorCode::StoreKeyWrong, message).hint(
                "restore the keychain entry that belongs to this store, or move the store's folder aside to begin with an empty one; the file was left as it is",
            ),
            StoreError::Newer { .. } => SynclineError::new(ErrorCode::StoreNewer, message)
                .hint("update Syncline; the file was left as it is"),
            StoreError::Corrupt { detail } => SynclineError::new(ErrorCode::StoreCorrupt, "the store is damaged")
                .detail(detail)
                .hint("close Syncline and copy the store's folder before anything else; what can still be read can be exported, and a store that can't be opened can be moved aside: connections and definitions are then entered or imported again, records are pulled again"),
            StoreError::DiskFull => SynclineError::new(ErrorCode::DiskFull, message)
                .hint("free some space and try again: what was stored before is complete, the page under way was not stored"),
            StoreError::Busy { .. } => SynclineError::new(ErrorCode::Busy, message)
                .hint("wait for the other process to finish, or end it, and try again"),
            StoreError::NotFound { .. } => SynclineError::new(ErrorCode::NotFound, message),
            StoreError::AlreadyExists { .. } => {
                SynclineError::new(ErrorCode::AlreadyExists, message).hint("choose another name")
            }
            StoreError::QueryInvalid { hint, .. } => {
                let error = SynclineError::new(ErrorCode::QueryInvalid, message);
                match hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            StoreError::Cancelled => SynclineError::new(ErrorCode::Cancelled, message),
            StoreError::File { .. } | StoreError::PutAside => SynclineError::new(ErrorCode::File, message)
                .hint("check that the folder exists and may be written to"),
            StoreError::Internal { detail } => {
                SynclineError::new(ErrorCode::Internal, "the store failed").detail(detail)
            }
        }
    }
}
