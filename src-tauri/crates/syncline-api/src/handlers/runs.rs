//! `runs.*`: running a stored plan, history, outcomes.

use std::sync::Arc;
use syncline_model::{Connection, ErrorCode, FetchMode, SyncDefinition};
use syncline_store::{Plan, Run, RunRowFilter, RunStatus, Store};
use syncline_sync::{PlanDetail, RunRequest, run_plan, watermark_key};
use uuid::Uuid;

use super::views::run_view;
use super::{plans, sign_off, syncs};
use crate::app::{App, signed_out};
use crate::jobs::JobHandle;
use crate::wire::{
    ApiError, Empty, IssueGroup, JobKind, JobStarted, RunFailure, RunRef, RunReport, RunRow, RunRowsPage,
    RunRowsQuery, RunStart, RunView, Tag,
};

const MOST_FAILURES: u32 = 1000;
const MOST_ROWS: u32 = 1000;

async fn by_id(app: &Arc<App>, id: Uuid) -> Result<Connection, ApiError> {
    app.with_store(move |store| store.connection(id)).await?.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, "the plan's connection was forgotten").hint("make a new preview")
    })
}

/// What a run needs to know before it begins.
pub(crate) struct Ready {
    pub(crate) source: Connection,
    pub(crate) destination: Connection,
    /// Records that will be written.
    pub(crate) writes: u64,
    detail: PlanDetail,
    excluded: u64,
}

/// Finds both ends of a plan and counts what it writes.
pub(crate) async fn prepare(app: &Arc<App>, plan: &Plan) -> Result<Ready, ApiError> {
    let (source, destination) = (by_id(app, plan.source).await?, by_id(app, plan.destination).await?);
    let detail: PlanDetail = serde_json::from_value(plan.detail.clone()).unwrap_or_default();
    let id = plan.id;
    let (_, excluded) = app.with_store(move |store| store.plan_action_counts(id)).await?;
    let writes = (detail.counts.create + detail.counts.update).saturating_sub(excluded);
    Ok(Ready { source, destination, writes, detail, excluded })
}

pub(crate) async fn start(app: &Arc<App>, request: RunStart) -> Result<JobStarted, ApiError> {
    let plan = plans::find(app, &request.plan).await?;
    let definition = syncs::read(&plan.definition_json)?;
    let ready = prepare(app, &plan).await?;
    app.guard_write(&ready.destination, ready.writes, request.expect)?;
    let root = Arc::clone(app);
    let title = format!("running {}", definition.name);
    let stale = vec![Tag::Runs, Tag::Plans, Tag::Definitions];
    let destination = Some(ready.destination.name.to_string());
    let job = app.jobs().start(JobKind::Run, title, destination, stale, move |handle| async move {
        let report = execute(&root, plan, definition, ready, request.signed.as_deref(), &handle).await?;
        serde_json::to_value(report).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
    });
    Ok(JobStarted { job })
}

/// Runs a plan that the guard has let through. `signed`: its hash as the person holds it in hand.
pub(crate) async fn execute(
    root: &Arc<App>,
    plan: Plan,
    definition: SyncDefinition,
    ready: Ready,
    signed: Option<&str>,
    handle: &JobHandle,
) -> Result<RunReport, ApiError> {
    let Ready { source, destination, writes, detail, excluded } = ready;
    handle.progress("checking the plan", 0, None);
    sign_off::guard(root, &plan, signed).await?;
    handle.progress("asking who writes", 0, None);
    let writer = root.link_with(&destination, &definition).await?.destination();
    syncs::answered(root, &destination).await?;
    let reader = root.link_with(&source, &definition).await?.source(source.name.as_str())?;
    // Drift is looked for at the source; somebody else's records would tell nothing of the planned ones.
    syncs::answered(root, &source).await?;
    let planned_at = plan.created_at;
    let asked = RunRequest {
        plan,
        source: Some(reader),
        destination: writer,
        records: writes,
        options: syncs::write_options(&definition),
        stop_on_failed_batch: definition.options.stop_on_failed_batch,
    };
    let run = run_plan(&root.store, asked, &App::work(handle)).await?;
    // Only what was read whole, from the service, and went well whole moves the watermark: nothing is lost sight of.
    let whole = !detail.partial && !detail.cached && excluded == 0;
    if run.status == RunStatus::Succeeded && whole && definition.source.fetch.mode != FetchMode::All {
        let key = watermark_key(&definition, source.id, destination.id);
        let at = serde_json::json!(planned_at.to_string());
        root.with_store(move |store| store.keep(&key, Some(source.id), &at, jiff::Timestamp::now())).await?;
    }
    let report = report(root, run).await?;
    if report.run.error.as_ref().is_some_and(|error| signed_out(error.code)) {
        syncs::signed_out(root, [&destination, &source]).await;
    }
    Ok(report)
}

async fn find(app: &Arc<App>, id: &str) -> Result<Run, ApiError> {
    let missing = || {
        ApiError::new(ErrorCode::NotFound, format!("there is no run {id}"))
            .hint("syncline runs list shows them")
    };
    let uuid = Uuid::parse_str(id).map_err(|_| missing())?;
    app.with_store(move |store| store.run(uuid)).await?.ok_or_else(missing)
}

async fn report(app: &Arc<App>, run: Run) -> Result<RunReport, ApiError> {
    let names = app.connection_names().await?;
    let id = run.id;
    let (failed, causes) = app
        .with_store(move |store: &Store| {
            let filter = RunRowFilter {
                outcomes: vec!["failed".into(), "unknown".into(), "drifted".into()],
                ..RunRowFilter::default()
            };
            Ok((store.run_rows(id, &filter, 0, MOST_FAILURES)?, store.run_failure_counts(id)?))
        })
        .await?;
    Ok(RunReport {
        run: run_view(&run, &names),
        failures: failed
            .rows
            .into_iter()
            .map(|row| RunFailure {
                source_id: row.source_id,
                ordinal: u64::from(row.outcome.ordinal),
                code: row.outcome.code.unwrap_or(row.outcome.outcome),
                message: row.outcome.message.unwrap_or_default(),
                request_id: row.outcome.request_id,
            })
            .collect(),
        causes: causes
            .into_iter()
            .map(|cause| IssueGroup {
                code: cause.code,
                field: cause.field,
                example: cause.example,
                rule: String::new(),
                rows: cause.rows,
            })
            .collect(),
    })
}

pub(crate) async fn list(app: &Arc<App>, _: Empty) -> Result<Vec<RunView>, ApiError> {
    let names = app.connection_names().await?;
    let runs = app.with_store(|store| store.runs(None, 0, 500)).await?;
    Ok(runs.iter().map(|run| run_view(run, &names)).collect())
}

pub(crate) async fn get(app: &Arc<App>, request: RunRef) -> Result<RunReport, ApiError> {
    let run = find(app, &request.run).await?;
    report(app, run).await
}

pub(crate) async fn rows(app: &Arc<App>, request: RunRowsQuery) -> Result<RunRowsPage, ApiError> {
    let run = find(app, &request.run).await?;
    let filter = RunRowFilter {
        outcomes: request.outcome.into_iter().collect(),
        text: request.search.filter(|text| !text.trim().is_empty()),
        otherwise: request.otherwise.unwrap_or(false),
    };
    let (offset, limit) = (request.offset.unwrap_or(0), request.limit.unwrap_or(100).clamp(1, MOST_ROWS));
    let page = app.with_store(move |store| store.run_rows(run.id, &filter, offset, limit)).await?;
    Ok(RunRowsPage {
        total: page.total,
        rows: page
            .rows
            .into_iter()
            .map(|row| RunRow {
                ordinal: u64::from(row.outcome.ordinal),
                source_id: row.source_id,
                title: row.title,
                action: row.action,
                outcome: row.outcome.outcome,
                destination_id: row.outcome.destination_id,
                code: row.outcome.code,
                message: row.outcome.message,
                request_id: row.outcome.request_id,
                at: row.outcome.at.to_string(),
            })
            .collect(),
    })
}
