//! What can be wrong with a file.

use std::path::PathBuf;
use syncline_model::{ErrorCode, SynclineError};

/// A file that can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The content is not what the format asks for.
    #[error("{}, line {line}: {message}", path.display())]
    Content {
        /// File.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Why.
        message: String,
    },
}

impl From<TableError> for SynclineError {
    fn from(error: TableError) -> Self {
        let message = error.to_string();
        match error {
            TableError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                SynclineError::new(ErrorCode::DiskFull, message)
                    .hint("free some space and run again; the file is as it was")
            }
            TableError::Io { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                SynclineError::new(ErrorCode::File, message).hint(
                    "choose a folder that you may write to, or close the program that has the file open",
                )
            }
            TableError::Io { .. } => SynclineError::new(ErrorCode::File, message)
                .hint("check that the folder exists and that the disk is there"),
            TableError::Content { .. } => SynclineError::new(ErrorCode::File, message)
                .hint("mend the line, or name another file; nothing was changed"),
        }
    }
}
