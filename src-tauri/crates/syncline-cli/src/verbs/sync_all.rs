//! `syncline sync run-all`: several definitions, one after the other.

use clap::Args;
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::SyncOrder;

use super::sync::{How, confirm, execute, planned};
use super::sync_preview::show_whole;
use crate::context::{Context, read_file};
use crate::{exit, output};

#[derive(Args)]
pub(crate) struct RunAll {
    /// Definition files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only tell the order and preview the first pass; nothing is written
    #[arg(long)]
    preview: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Run although limits or warnings would stop it; what is exceeded is said
    #[arg(long)]
    beyond_limits: bool,
}

/// Each run's report is a line with `--json`. The exit code is that of the first run that did not end well; a run that broke off ends the order.
pub(crate) async fn run(arguments: RunAll, context: &Context) -> Result<u8, ApiError> {
    let definitions = arguments.files.iter().map(|file| read_file(file)).collect::<Result<Vec<_>, _>>()?;
    let order: SyncOrder =
        context.call("syncs.order", &serde_json::json!({ "definitions": definitions })).await?;
    let mut code = exit::DONE;
    for step in order.steps {
        if !context.json {
            let without = match step.left_out.as_slice() {
                [] => String::new(),
                fields => format!(", without {} until the second pass", fields.join(", ")),
            };
            output::line(&format!("\"{}\", pass {}{without}", step.name, step.pass));
            for before in &step.after {
                output::line(&format!(
                    "  {} of it points at what \"{}\" writes",
                    before.fields.join(", "),
                    before.name
                ));
            }
        }
        if arguments.preview && step.pass > 1 {
            // What it would do depends on what the first pass makes.
            continue;
        }
        let request = serde_json::json!({ "json": step.json });
        let plan = planned("plans.start", &request, false, context).await?;
        if arguments.preview {
            show_whole(&plan, context).await?;
            continue;
        }
        let how = How { yes: arguments.yes, beyond_limits: arguments.beyond_limits, ..How::default() };
        confirm(&plan, how, context)?;
        let ended = execute(&plan, how, context).await?;
        if code == exit::DONE {
            code = ended;
        }
        if !matches!(ended, exit::DONE | exit::PARTIAL) {
            break;
        }
    }
    Ok(code)
}
