//! `runs.requests`: what a run asked and was answered, kept with it.

use std::sync::Arc;
use std::time::Duration;
use syncline_model::ErrorCode;
use syncline_store::{FAILED_KEPT, OTHERS_KEPT, RunRequest};
use uuid::Uuid;

use super::requests::{failed, seen};
use super::runs;
use crate::app::App;
use crate::links::speaks_http;
use crate::wire::{ApiError, RequestSeen, RunRequests, RunRequestsAsk};

const MOST: u32 = 500;
/// Time between two writings of what a run exchanged; so much is lost at most when the process dies.
const PAUSE: Duration = Duration::from_secs(1);

/// Whose exchanges are kept.
pub(super) enum Whose {
    /// A run that goes on.
    Run(Uuid),
    /// The one run that is about to be made of a plan.
    Plan(Uuid),
}

/// Does the work of a run and keeps what it exchanges, while it goes on and at its end.
pub(super) async fn kept_while<T>(
    app: &Arc<App>,
    work: u64,
    whose: Whose,
    run: impl Future<Output = T>,
) -> T {
    app.exchanges.begin(work);
    let mut run = std::pin::pin!(run);
    let mut waiting = Vec::new();
    let result = loop {
        tokio::select! {
            result = &mut run => break result,
            () = tokio::time::sleep(PAUSE) => {
                waiting.extend(app.exchanges.take(work).into_iter().map(packed));
                keep(app, &whose, &mut waiting).await;
            }
        }
    };
    waiting.extend(app.exchanges.end(work).into_iter().map(packed));
    keep(app, &whose, &mut waiting).await;
    result
}

fn packed(exchange: syncline_http::Exchange) -> RunRequest {
    let (at, failed) = (exchange.at, failed(&exchange));
    // A view of texts and numbers is always written.
    RunRequest { at, failed, json: serde_json::to_string(&seen(exchange)).unwrap_or_default() }
}

/// Writes what waits, once there is a run to write it to. A run does not fail because of its log.
async fn keep(app: &Arc<App>, whose: &Whose, waiting: &mut Vec<RunRequest>) {
    if waiting.is_empty() {
        return;
    }
    let run = match whose {
        Whose::Run(run) => Some(*run),
        Whose::Plan(plan) => {
            let plan = *plan;
            let found = app.with_store(move |store| store.run_of_plan(plan)).await.ok().flatten();
            found.map(|run| run.id)
        }
    };
    let Some(run) = run else { return };
    let some = std::mem::take(waiting);
    if let Err(error) = app.with_store(move |store| store.add_run_requests(run, &some)).await {
        tracing::warn!(%error, "requests of a run were not kept");
    }
}

pub(crate) async fn list(app: &Arc<App>, request: RunRequestsAsk) -> Result<RunRequests, ApiError> {
    let run = runs::find(app, &request.run).await?;
    let (only_failed, limit) =
        (request.failed.unwrap_or(false), request.limit.unwrap_or(MOST).clamp(1, MOST));
    let id = run.id;
    let page = app.with_store(move |store| store.run_requests(id, only_failed, limit)).await?;
    let requests = page
        .requests
        .iter()
        .map(|one| serde_json::from_str::<RequestSeen>(&one.json))
        .collect::<Result<_, _>>()
        .map_err(|error| ApiError::new(ErrorCode::Internal, format!("a kept request: {error}")))?;
    let mut by_requests = false;
    for side in [run.source, run.destination] {
        let connection = app.with_store(move |store| store.connection(side)).await?;
        by_requests |= connection.is_none_or(|connection| speaks_http(connection.system));
    }
    Ok(RunRequests {
        requests,
        seen: page.seen,
        failed: page.failed,
        kept_failed: FAILED_KEPT,
        kept_others: OTHERS_KEPT,
        by_requests,
    })
}
