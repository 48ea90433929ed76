//! `syncline cache fetch` and files: FetchXML documents over the cache, selections and SELECTs as CSV, Excel, JSON and SQLite files.

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};
use syncline_api::ApiError;
use syncline_api::wire::{ExportReport, JobStarted};
use syncline_model::ErrorCode;

use super::records::{Selected, order_terms};
use crate::context::{Context, read_file};
use crate::{exit, output, progress};

#[derive(Args)]
pub(crate) struct Fetch {
    /// Connection
    name: String,
    /// File with the FetchXML document; - is standard input
    #[arg(long, value_name = "FILE")]
    fetchxml: PathBuf,
}

/// Form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated, UTF-8
    Csv,
    /// One JSON array
    Json,
    /// A JSON object a line
    Jsonl,
    /// Excel, with labels and links
    Xlsx,
    /// SQLite database
    Sqlite,
}

#[derive(Args)]
pub(crate) struct FileForm {
    /// Form; without it the file's ending says (.csv .json .jsonl .xlsx .db .sqlite)
    #[arg(long)]
    format: Option<Format>,
    /// CSV: one character between cells, or tab
    #[arg(long, value_name = "C")]
    delimiter: Option<String>,
    /// CSV not for spreadsheets: no byte order mark at the beginning, no quote before texts that are formulas
    #[arg(long)]
    no_bom: bool,
}

#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    selected: Selected,
    /// File to write; replaced when it exists
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// CSV: codes in place of labels
    #[arg(long)]
    codes: bool,
    /// Personal values (names, addresses, numbers, mail) become pseudonyms that still join
    #[arg(long)]
    mask: bool,
    #[command(flatten)]
    form: FileForm,
}

/// A page as `cache.fetch` gives it.
#[derive(Deserialize)]
struct Fetched {
    rows: Vec<Box<RawValue>>,
    next_page: Option<u32>,
}

/// Prints the rows of a document page by page.
pub(crate) async fn fetch(arguments: Fetch, context: &Context) -> Result<u8, ApiError> {
    let document = read_file(&arguments.fetchxml)?;
    let (mut page, mut printed) = (None, 0);
    loop {
        let request = serde_json::json!({ "connection": arguments.name, "fetchxml": document, "page": page });
        let found: Fetched = context.call("cache.fetch", &request).await?;
        for row in &found.rows {
            output::line(row.get());
        }
        printed += found.rows.len();
        page = found.next_page;
        if page.is_none() {
            break;
        }
    }
    output::note(context.json, &format!("{printed} rows"));
    Ok(exit::DONE)
}

fn format(form: &FileForm, out: &Path) -> Result<&'static str, ApiError> {
    let ending = out.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let by_ending = || {
        Some(match ending.as_str() {
            "csv" | "txt" | "tsv" => Format::Csv,
            "json" => Format::Json,
            "jsonl" | "ndjson" => Format::Jsonl,
            "xlsx" => Format::Xlsx,
            "db" | "sqlite" | "sqlite3" => Format::Sqlite,
            _ => return None,
        })
    };
    Ok(match form.format.or_else(by_ending) {
        Some(Format::Csv) => "csv",
        Some(Format::Json) => "json",
        Some(Format::Jsonl) => "jsonl",
        Some(Format::Xlsx) => "xlsx",
        Some(Format::Sqlite) => "sqlite",
        None => {
            return Err(ApiError::new(
                ErrorCode::Usage,
                format!("no format is known by its ending: {}", out.display()),
            )
            .hint("say which: --format csv|json|jsonl|xlsx|sqlite"));
        }
    })
}

/// Writes a selection of cached records to a file.
pub(crate) async fn export(arguments: Export, context: &Context) -> Result<u8, ApiError> {
    let Export { selected, out, codes, mask, form } = arguments;
    let columns = (!selected.columns.is_empty()).then_some(&selected.columns);
    let query = serde_json::json!({
        "connection": selected.name, "entity": selected.entity, "mode": "cached", "columns": columns,
        "filter": selected.filter, "order": order_terms(&selected.order)?,
    });
    let request = serde_json::json!({
        "query": query, "format": format(&form, &out)?, "path": out, "formatted": !codes, "masked": mask,
        "delimiter": form.delimiter, "byte_order_mark": !form.no_bom,
    });
    written("records.export", &request, context).await
}

/// Writes the result of a SELECT over the cache to a file.
pub(crate) async fn export_sql(
    name: &str,
    statement: &str,
    out: &Path,
    form: &FileForm,
    context: &Context,
) -> Result<u8, ApiError> {
    let request = serde_json::json!({
        "connection": name, "statement": statement, "format": format(form, out)?, "path": out,
        "delimiter": form.delimiter, "byte_order_mark": !form.no_bom,
    });
    written("cache.sql_export", &request, context).await
}

async fn written(command: &str, request: &serde_json::Value, context: &Context) -> Result<u8, ApiError> {
    let started: JobStarted = context.call(command, request).await?;
    let job = progress::watch(context.app().await?, &started.job).await?;
    let report: ExportReport = serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the export ended with an unexpected result: {error}"))
    })?;
    if context.json {
        output::json(&report);
    } else {
        output::line(&format!("{} records, {} bytes: {}", report.records, report.bytes, report.path));
    }
    Ok(exit::DONE)
}
