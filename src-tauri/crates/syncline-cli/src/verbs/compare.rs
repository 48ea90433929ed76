//! `syncline compare`: the same table in two environments.

use clap::Args;
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{CompareKind, CompareReport, JobStarted};
use syncline_model::ErrorCode;

use crate::context::Context;
use crate::{exit, output, progress};

#[derive(Args)]
pub(crate) struct Compare {
    /// Connection
    left: String,
    /// The other one
    right: String,
    /// Entity
    entity: String,
    /// Columns to compare; default: all that can be written in both, lookups left out
    #[arg(long, value_delimiter = ',')]
    columns: Vec<String>,
    /// Columns of an alternate key by which rows are the same; default: the primary key
    #[arg(long, value_delimiter = ',')]
    key: Vec<String>,
    /// FetchXML filter of both
    #[arg(long, value_name = "XML")]
    filter: Option<String>,
    /// Write every row that is not the same to this file, a JSON document a line
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Compare, context: &Context) -> Result<u8, ApiError> {
    let path = arguments
        .out
        .as_ref()
        .map(std::path::absolute)
        .transpose()
        .map_err(|error| ApiError::new(ErrorCode::File, error.to_string()).hint("check the path"))?;
    let request = serde_json::json!({
        "left": arguments.left, "right": arguments.right, "entity": arguments.entity,
        "columns": arguments.columns, "key": arguments.key, "filter": arguments.filter, "path": path,
    });
    let started: JobStarted = context.call("compare.start", &request).await?;
    let job = progress::watch(context.app().await?, &started.job).await?;
    let report: CompareReport = serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the comparison ended with an unexpected result: {error}"))
    })?;
    if context.json {
        output::json(&report);
        return Ok(exit::DONE);
    }
    output::line(&format!(
        "{} in {}: {} rows, in {}: {} rows",
        report.entity, report.left, report.left_rows, report.right, report.right_rows
    ));
    output::line(&format!(
        "same {}, different {}, only in {} {}, only in {} {}, ambiguous {}",
        report.same,
        report.different,
        report.left,
        report.only_left,
        report.right,
        report.only_right,
        report.ambiguous
    ));
    for row in report.rows.iter().take(50) {
        let kind = match row.kind {
            CompareKind::Different => "different",
            CompareKind::OnlyLeft => "only left",
            CompareKind::OnlyRight => "only right",
            CompareKind::Ambiguous => "ambiguous",
        };
        output::line(&format!("  {kind:<10} {}  {}", row.id, row.title));
        for change in &row.changes {
            output::line(&format!(
                "    {}: {} → {}",
                change.field,
                change.from.display_text(),
                change.to.display_text()
            ));
        }
    }
    if let Some(path) = &report.path {
        output::line(&format!("every row that is not the same: {path}"));
    }
    Ok(exit::DONE)
}
