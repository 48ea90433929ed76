//! Exports: of a selection, of a SELECT, of a query.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{QueryLanguage, RecordsQuery};

/// Export formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Comma-separated, UTF-8 with byte order mark, formatted values beside codes.
    Csv,
    /// One JSON object a line, Web API shape.
    Jsonl,
    /// One JSON array of records as they were read.
    Json,
    /// An Excel workbook: labels, names, dates as dates, a link from each row to its record.
    Xlsx,
    /// An SQLite database file with one table: labels and names beside codes and ids.
    Sqlite,
}

/// Exports a selection to a file; ends as a job.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ExportStart {
    /// What.
    pub query: RecordsQuery,
    /// Form.
    pub format: ExportFormat,
    /// Personal values become pseudonyms that still join; absent: no.
    pub masked: Option<bool>,
    /// File to write; replaced when it exists.
    pub path: String,
    /// Labels in place of codes (CSV).
    pub formatted: bool,
    /// CSV: one character between cells, or `tab`; absent: a comma.
    pub delimiter: Option<String>,
    /// CSV for spreadsheets: a byte order mark at the beginning, and a quote before texts that are formulas; absent: yes.
    pub byte_order_mark: Option<bool>,
}

/// Exports the result of a SELECT over the cache; ends as a job.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SqlExport {
    /// Connection.
    pub connection: String,
    /// One SELECT.
    pub statement: String,
    /// Form.
    pub format: ExportFormat,
    /// File to write; replaced when it exists.
    pub path: String,
    /// CSV: one character between cells, or `tab`; absent: a comma.
    pub delimiter: Option<String>,
    /// CSV for spreadsheets: a byte order mark at the beginning, and a quote before texts that are formulas; absent: yes.
    pub byte_order_mark: Option<bool>,
}

/// Exports all rows of a query of the Query place; ends as a job.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct QueryExport {
    /// Connection.
    pub connection: String,
    /// Language.
    pub language: QueryLanguage,
    /// The query.
    pub text: String,
    /// Run over the cache in place of the service; absent: no.
    pub cached: Option<bool>,
    /// Form.
    pub format: ExportFormat,
    /// File to write; replaced when it exists.
    pub path: String,
    /// Labels in place of codes, and display names as heads.
    #[serde(default)]
    pub formatted: bool,
    /// CSV: one character between cells, or `tab`; absent: a comma.
    pub delimiter: Option<String>,
    /// CSV for spreadsheets: a byte order mark at the beginning, and a quote before texts that are formulas; absent: yes.
    pub byte_order_mark: Option<bool>,
}
