//! `runs.*`: running a stored plan, history, outcomes.

use jiff::Timestamp;
use std::sync::Arc;
use syncline_model::{Connection, EntityName, ErrorCode, FetchMode, SyncAction, SyncDefinition};
use syncline_store::{AuditFilter, Plan, Run, RunRowFilter, RunStatus, Store};
use syncline_sync::{Guards, PlanDetail, RunDetail, RunRequest, resume_run, run_plan, watermark_key};
use uuid::Uuid;

use super::run_requests::{Whose, kept_while};
use super::views::run_view;
use super::{plans, run_guards, sign_off, syncs, titles, two_way};
use crate::app::{App, signed_out};
use crate::jobs::JobHandle;
use crate::wire::{
    ApiError, Empty, IssueGroup, JobKind, JobStarted, RunFailure, RunRef, RunReport, RunRow, RunRowsPage,
    RunRowsQuery, RunStart, RunView, Tag, Timeline, TimelineAsk, TimelinePoint,
};

const MOST_FAILURES: u32 = 1000;
const MOST_ROWS: u32 = 1000;
const MOST_LISTED: u32 = 500;

pub(super) async fn by_id(app: &Arc<App>, id: Uuid) -> Result<Connection, ApiError> {
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
    let excluded = app.with_store(move |store| store.plan_excluded_count(id)).await?;
    let writes = detail.counts.writes().saturating_sub(excluded);
    Ok(Ready { source, destination, writes, detail, excluded })
}

pub(crate) async fn start(app: &Arc<App>, request: RunStart) -> Result<JobStarted, ApiError> {
    let plan = plans::find(app, &request.plan).await?;
    let definition = syncs::read(&plan.definition_json)?;
    let ready = prepare(app, &plan).await?;
    let both_ways = ready.detail.two_way.is_some();
    if both_ways {
        two_way::guard(app, &plan, request.expect).await?;
    } else {
        app.guard_write(&ready.destination, ready.writes, request.expect)?;
    }
    let root = Arc::clone(app);
    let title = match ready.detail.undo_of {
        Some(_) => format!("taking back a run of {}", definition.name),
        None => format!("running {}", definition.name),
    };
    let stale = vec![Tag::Runs, Tag::Plans, Tag::Definitions];
    let destination = Some(ready.destination.name.to_string());
    let job = app.jobs().start(JobKind::Run, title, destination, stale, move |handle| async move {
        // A run by itself that is being planned now would send the same once more.
        let _turn = turn(&root, &definition.name)?;
        tell_plans(&handle, &plan);
        if request.scheduled.unwrap_or(false) || request.at_most.is_some() {
            let by_schedule = definition.schedule.as_ref().and_then(|schedule| schedule.at_most);
            let at_most = by_schedule.into_iter().chain(request.at_most).min();
            if both_ways {
                crate::schedule::both_within(&root, &plan, at_most).await?;
            } else {
                crate::schedule::within(&ready.destination, ready.writes, at_most)?;
            }
        }
        let by_itself = request.scheduled.unwrap_or(false);
        if both_ways {
            let beyond_limits = request.beyond_limits.unwrap_or(false);
            let how = two_way::How { signed: request.signed.as_deref(), beyond_limits };
            let report = two_way::run(&root, plan, how, &handle).await?;
            return told(if by_itself { crate::schedule::counted(&root, report).await? } else { report });
        }
        let asked = Asked {
            signed: request.signed.as_deref(),
            beyond_limits: request.beyond_limits.unwrap_or(false),
            resume: None,
        };
        let report = execute(&root, plan, definition, ready, asked, &handle).await?;
        told(if by_itself { crate::schedule::counted(&root, report).await? } else { report })
    });
    Ok(JobStarted { job })
}

fn told(report: RunReport) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(report).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
}

/// The definition's turn; refused while another run of it is under way or is being planned by itself, in this process or another.
pub(crate) fn turn(app: &Arc<App>, definition: &str) -> Result<crate::schedule::Turn, ApiError> {
    crate::schedule::Turn::take(app, definition).map_err(|busy| {
        let error = ApiError::new(ErrorCode::GuardRefused, busy.message);
        error.hint(busy.hint.unwrap_or_default())
    })
}

/// Tells which plans a job runs, so that a run under way can be found by them and stopped.
pub(crate) fn tell_plans(handle: &JobHandle, plan: &Plan) {
    let detail: PlanDetail = serde_json::from_value(plan.detail.clone()).unwrap_or_default();
    let plans: Vec<Uuid> = std::iter::once(plan.id).chain(detail.two_way.map(|way| way.other)).collect();
    handle.so_far(serde_json::json!({ "plans": plans }));
}

/// How a run is begun.
#[derive(Debug, Default)]
pub(crate) struct Asked<'a> {
    /// Hash of the plan as the person holds it in hand.
    pub(crate) signed: Option<&'a str>,
    /// Limits and warnings were shown and are accepted.
    pub(crate) beyond_limits: bool,
    /// A run that goes on, in place of a new one.
    pub(crate) resume: Option<Run>,
}

/// Runs a plan that the guard has let through, or goes on with a run of it. What it exchanges is kept with the run.
pub(crate) async fn execute(
    root: &Arc<App>,
    plan: Plan,
    definition: SyncDefinition,
    ready: Ready,
    asked: Asked<'_>,
    handle: &JobHandle,
) -> Result<RunReport, ApiError> {
    let whose = match &asked.resume {
        Some(run) => Whose::Run(run.id),
        None => Whose::Plan(plan.id),
    };
    let work = Box::pin(guarded(root, plan, definition, ready, asked, handle));
    kept_while(root, handle.tally().id(), whose, work).await
}

async fn guarded(
    root: &Arc<App>,
    plan: Plan,
    definition: SyncDefinition,
    ready: Ready,
    asked: Asked<'_>,
    handle: &JobHandle,
) -> Result<RunReport, ApiError> {
    let Ready { source, destination, writes, detail, excluded } = ready;
    handle.works_with([&source, &destination]);
    handle.progress("checking the plan", 0, None);
    sign_off::guard(root, &plan, asked.signed).await?;
    handle.progress("asking who writes", 0, None);
    let writer = root.link_with(&destination, &definition).await?.destination();
    syncs::answered(root, &destination).await?;
    root.adopt_kept(&destination, &plan.destination_entity).await?;
    let undoes = detail.undo_of.is_some();
    let reader = if undoes {
        // What is taken back is to come again with the next sync, which would read only what changed since. Before the first
        // write: an undo that ends half-way has taken back, too.
        let key = watermark_key(&definition, source.id, destination.id);
        root.with_store(move |store| store.drop_kept(&key)).await?;
        // What is put back does not depend on what the source holds now.
        None
    } else {
        // Drift is looked for at the source; somebody else's records would tell nothing of the planned ones.
        syncs::answered(root, &source).await?;
        root.adopt_kept(&source, &plan.source_entity).await?;
        Some(root.link_with(&source, &definition).await?.source(source.name.as_str())?)
    };
    let (options, kind) = (definition.options.clone(), destination.kind);
    let guards = root.with_store(move |store| run_guards::of(store, &options, kind)).await?;
    let request = RunRequest {
        plan,
        source: reader,
        destination: writer,
        records: writes,
        options: syncs::write_options(&definition),
        stop_on_failed_batch: definition.options.stop_on_failed_batch,
        guards: Guards { beyond: asked.beyond_limits, ..guards },
        undoes,
        mirrors: !undoes && definition.options.action == SyncAction::Mirror,
    };
    let run = match asked.resume {
        None => run_plan(&root.store, request, &App::work(handle)).await?,
        Some(run) => resume_run(&root.store, request, run, &App::work(handle)).await?,
    };
    let learned =
        serde_json::from_value::<RunDetail>(run.detail.clone()).ok().and_then(|told| told.batch_rows);
    if let Some(rows) = learned.filter(|_| !definition.options.all_or_nothing) {
        root.learn_batch_rows(&destination, rows).await?;
    }
    // Only what was read whole, from the service, and went well whole moves the watermark, and only where no row waits for something
    // else: nothing is lost sight of.
    let whole = !detail.partial && !detail.cached && excluded == 0 && detail.waiting == 0;
    let moves = run.status == RunStatus::Succeeded && whole && !undoes && detail.two_way.is_none();
    if let (true, Some(to), true) =
        (moves, detail.modified_to, definition.source.fetch.mode != FetchMode::All)
    {
        let key = watermark_key(&definition, source.id, destination.id);
        let source = source.id;
        root.with_store(move |store| {
            let stands = store.kept(&key)?.and_then(|value| value.as_str()?.parse::<Timestamp>().ok());
            let to = serde_json::json!(stands.map_or(to, |stands| to.max(stands)).to_string());
            store.keep(&key, Some(source), &to, Timestamp::now())
        })
        .await?;
    }
    let report = report(root, run).await?;
    if report.run.error.as_ref().is_some_and(|error| signed_out(error.code)) {
        syncs::signed_out(root, [&destination, &source]).await;
    }
    Ok(report)
}

pub(super) async fn find(app: &Arc<App>, id: &str) -> Result<Run, ApiError> {
    let missing = || {
        ApiError::new(ErrorCode::NotFound, format!("there is no run {id}"))
            .hint("syncline runs list shows them")
    };
    let uuid = Uuid::parse_str(id).map_err(|_| missing())?;
    app.with_store(move |store| store.run(uuid)).await?.ok_or_else(missing)
}

/// Connection and entity that a run read.
async fn read_side(app: &Arc<App>, run: &Run) -> Result<(Uuid, EntityName), ApiError> {
    let plan = run.plan;
    let plan = app.with_store(move |store| store.plan(plan)).await?;
    Ok((run.source, plan.map_or_else(|| EntityName::new(""), |plan| plan.source_entity)))
}

async fn report(app: &Arc<App>, run: Run) -> Result<RunReport, ApiError> {
    let names = app.connection_names().await?;
    let id = run.id;
    let side = read_side(app, &run).await?;
    let (failed, causes) = app
        .with_store(move |store: &Store| {
            let filter = RunRowFilter {
                outcomes: vec!["failed".into(), "unknown".into(), "drifted".into()],
                ..RunRowFilter::default()
            };
            Ok((store.run_rows(id, &filter, 0, MOST_FAILURES)?, store.run_failure_counts(id)?))
        })
        .await?;
    let mut failed = failed.rows;
    titles::mend(app, side, failed.iter_mut().map(|row| (row.source_id.as_str(), &mut row.title))).await;
    Ok(RunReport {
        two_way: None,
        pair: None,
        run: run_view(&run, &names),
        failures: failed
            .into_iter()
            .map(|row| RunFailure {
                source_id: row.source_id,
                title: row.title,
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
    app.with_store(move |store| {
        let mut views = Vec::new();
        for run in store.runs(None, 0, MOST_LISTED)? {
            let mut view = run_view(&run, &names);
            if view.read == 1
                && let Some(one) = store.audit_from(run.id, &AuditFilter::default(), 0, 1)?.into_iter().next()
            {
                let planned = one.planned;
                let known = titles::nameless(&planned.title, &planned.source_id).then(|| {
                    let ids = [planned.source_id.clone()];
                    titles::of(store, run.source, &one.source.1, &ids).remove(&planned.source_id)
                });
                view.record = Some(known.flatten().unwrap_or(planned.title));
            }
            views.push(view);
        }
        Ok(views)
    })
    .await
}

pub(crate) async fn get(app: &Arc<App>, request: RunRef) -> Result<RunReport, ApiError> {
    let run = find(app, &request.run).await?;
    let pair = two_way::rest_of(app, &run).await?.map(Box::new);
    Ok(RunReport { pair, ..report(app, run).await? })
}

pub(crate) async fn rows(app: &Arc<App>, request: RunRowsQuery) -> Result<RunRowsPage, ApiError> {
    let run = find(app, &request.run).await?;
    let filter = RunRowFilter {
        outcomes: request.outcome.into_iter().collect(),
        text: request.search.filter(|text| !text.trim().is_empty()),
        otherwise: request.otherwise.unwrap_or(false),
    };
    let (offset, limit) = (request.offset.unwrap_or(0), request.limit.unwrap_or(100).clamp(1, MOST_ROWS));
    let (id, side) = (run.id, read_side(app, &run).await?);
    let page = app.with_store(move |store| store.run_rows(id, &filter, offset, limit)).await?;
    let mut rows = page.rows;
    titles::mend(app, side, rows.iter_mut().map(|row| (row.source_id.as_str(), &mut row.title))).await;
    Ok(RunRowsPage {
        total: page.total,
        rows: rows
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

pub(crate) async fn timeline(app: &Arc<App>, request: TimelineAsk) -> Result<Timeline, ApiError> {
    let run = find(app, &request.run).await?;
    let points = request.points.unwrap_or(60).clamp(2, 500);
    let (points, step) = app.with_store(move |store| store.run_timeline(run.id, points)).await?;
    let point = |point: syncline_store::TimelinePoint| {
        let of = |words: &[&str]| words.iter().filter_map(|word| point.outcomes.get(*word)).sum();
        TimelinePoint {
            at: point.at.to_string(),
            written: of(&["created", "updated", "upserted", "deleted"]),
            failed: of(&["failed", "unknown"]),
            drifted: of(&["drifted"]),
        }
    };
    Ok(Timeline { points: points.into_iter().map(point).collect(), seconds: step as f64 / 1000.0 })
}
