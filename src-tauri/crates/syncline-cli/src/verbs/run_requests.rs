//! `syncline runs requests`: what a run asked and was answered.

use clap::Args;
use syncline_api::ApiError;
use syncline_api::wire::RunRequests;

use crate::context::Context;
use crate::output;

#[derive(Args)]
pub(crate) struct Requests {
    /// Run
    id: String,
    /// Only those that were refused or had no answer
    #[arg(long)]
    failed: bool,
    /// At most so many, the latest
    #[arg(long, default_value_t = 300)]
    top: u32,
}

/// Each request is a line with `--json`, with headers and bodies; no secret is among them.
pub(crate) async fn requests(arguments: Requests, context: &Context) -> Result<(), ApiError> {
    let ask = serde_json::json!({ "run": arguments.id, "failed": arguments.failed, "limit": arguments.top });
    let kept: RunRequests = context.call("runs.requests", &ask).await?;
    if context.json {
        kept.requests.iter().for_each(output::json);
        return Ok(());
    }
    output::line(&format!(
        "{} requests, {} of them failed; kept are the latest {} that failed and the latest {} of the others",
        kept.seen, kept.failed, kept.kept_failed, kept.kept_others
    ));
    if !kept.by_requests {
        output::line("a database and a file are not talked to in requests");
    }
    output::table(
        &["at", "ms", "status", "request"],
        kept.requests.into_iter().map(|one| {
            let status = one.status.map(|status| status.to_string()).or(one.fault).unwrap_or_default();
            vec![one.at, one.took_ms.to_string(), status, format!("{} {}", one.method, one.path)]
        }),
    );
    Ok(())
}
