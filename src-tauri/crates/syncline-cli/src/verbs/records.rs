//! `syncline records` and `fetch`: live reads as JSON lines in the Web API's shape.

use clap::Args;
use serde_json::value::RawValue;
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_model::ErrorCode;

use crate::context::{Context, read_file};
use crate::{exit, output};

#[derive(Args)]
pub(crate) struct Selected {
    /// Connection
    pub(crate) name: String,
    /// Logical name of the entity
    pub(crate) entity: String,
    /// Columns by logical name
    #[arg(long, value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// FetchXML filter or condition
    #[arg(long, value_name = "XML")]
    pub(crate) filter: Option<String>,
    /// At most so many records
    #[arg(long)]
    pub(crate) top: Option<u64>,
    /// COLUMN or COLUMN:desc; may be given several times
    #[arg(long, value_delimiter = ',')]
    pub(crate) order: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Records {
    #[command(flatten)]
    selected: Selected,
}

#[derive(Args)]
pub(crate) struct Fetch {
    /// Connection
    name: String,
    /// File with the FetchXML document; - is standard input
    #[arg(long, value_name = "FILE")]
    fetchxml: PathBuf,
}

pub(crate) async fn records(arguments: Records, context: &Context) -> Result<u8, ApiError> {
    stream(&arguments.selected, "live", context).await
}

/// Prints a selection window by window; memory stays flat.
pub(crate) async fn stream(selected: &Selected, mode: &str, context: &Context) -> Result<u8, ApiError> {
    const WINDOW: u64 = 1000;
    let order = order_terms(&selected.order)?;
    let (mut printed, mut cursor) = (0_u64, serde_json::Value::Null);
    loop {
        let left = selected.top.map_or(WINDOW, |top| top.saturating_sub(printed).min(WINDOW));
        if left == 0 {
            break;
        }
        let mut request = serde_json::json!({
            "connection": selected.name, "entity": selected.entity, "mode": mode, "columns": selected.columns,
            "filter": selected.filter, "order": order, "limit": left, "offset": printed,
        });
        if !cursor.is_null() {
            request["cursor"] = cursor;
        }
        let page: Page = context.call("records.query", &request).await?;
        let rows = page.rows.len() as u64;
        for row in &page.rows {
            output::line(row.raw.get());
        }
        printed += rows;
        cursor = page.next.into();
        let ended = if mode == "live" { cursor.is_null() } else { rows < left };
        if ended {
            break;
        }
    }
    output::note(context.json, &format!("{printed} records"));
    Ok(exit::DONE)
}

/// The part of a window that is printed; records stay as they came, digit for digit.
#[derive(serde::Deserialize)]
struct Page {
    rows: Vec<Row>,
    next: Option<String>,
}

#[derive(serde::Deserialize)]
struct Row {
    raw: Box<RawValue>,
}

#[derive(serde::Deserialize)]
struct FetchedPage {
    rows: Vec<Box<RawValue>>,
    next: Option<String>,
}

pub(crate) fn order_terms(terms: &[String]) -> Result<Vec<serde_json::Value>, ApiError> {
    terms
        .iter()
        .map(|term| {
            let (column, direction) = term.split_once(':').unwrap_or((term, "asc"));
            match direction {
                "asc" | "desc" => {
                    Ok(serde_json::json!({ "column": column, "descending": direction == "desc" }))
                }
                other => Err(ApiError::new(ErrorCode::Usage, format!("not a direction: {other}"))
                    .hint("write --order COLUMN or --order COLUMN:desc")),
            }
        })
        .collect()
}

pub(crate) async fn fetch(arguments: Fetch, context: &Context) -> Result<u8, ApiError> {
    let document = read_file(&arguments.fetchxml)?;
    let mut cursor = serde_json::Value::Null;
    let mut printed = 0;
    loop {
        let request =
            serde_json::json!({ "connection": arguments.name, "fetchxml": document, "cursor": cursor });
        let page: FetchedPage = context.call("records.fetch", &request).await?;
        for row in &page.rows {
            output::line(row.get());
        }
        printed += page.rows.len();
        cursor = page.next.into();
        if cursor.is_null() {
            break;
        }
    }
    output::note(context.json, &format!("{printed} rows"));
    Ok(exit::DONE)
}
