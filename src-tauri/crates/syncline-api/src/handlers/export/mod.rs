//! Exporting to files, as jobs with flat memory: a selection, live or cached, the result of a query or of a SELECT over the cache.

mod audit;
mod audit_by_hand;
mod cells;
mod query;
mod records;
mod sheet;
mod statement;
mod writer;

use std::path::PathBuf;
use syncline_model::ErrorCode;

use crate::wire::{ApiError, ExportReport};

pub(crate) use audit::start as start_audit;
pub(crate) use query::start as start_query;
pub(crate) use records::start;
pub(crate) use statement::start as start_sql;

pub(super) fn file_fault(path: &std::path::Path, error: &std::io::Error) -> ApiError {
    let code =
        if error.kind() == std::io::ErrorKind::StorageFull { ErrorCode::DiskFull } else { ErrorCode::File };
    ApiError::new(code, format!("{}: {error}", path.display()))
        .hint("choose a folder that you may write to, with room enough")
}

/// The file a person named.
pub(super) fn target(path: &str) -> Result<PathBuf, ApiError> {
    let path = PathBuf::from(path);
    match path.file_name() {
        Some(_) => Ok(path),
        None => Err(ApiError::new(ErrorCode::Usage, format!("not a file: {}", path.display()))),
    }
}

/// What is written first; it becomes the file when it is whole, so a file that exists stays whole until then.
pub(crate) fn part(path: &std::path::Path) -> PathBuf {
    // Behind the whole name: two exports that differ in the extension only may be under way at once.
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".syncline-part");
    path.with_file_name(name)
}

/// Puts the written part in the file's place, or throws it away.
fn settle(
    path: &std::path::Path,
    result: Result<ExportReport, ApiError>,
) -> Result<serde_json::Value, ApiError> {
    let part = part(path);
    match result {
        Ok(mut report) => {
            std::fs::rename(&part, path).map_err(|error| file_fault(path, &error))?;
            report.path = path.display().to_string();
            serde_json::to_value(report)
                .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
        }
        Err(error) => {
            // The half-written part is of no use.
            let _ = std::fs::remove_file(&part);
            Err(error)
        }
    }
}
