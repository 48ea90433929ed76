//! `syncs.look_all`, `syncs.run_all`: several definitions in the order that their lookups ask for, as one piece of work with one guard.
//!
//! A later step depends on what the earlier ones make, so each is planned when its turn comes. The guard is asked once, before the first: the
//! number of records that all of them together may write. A step that would go beyond it is not run, nor is anything after it.

use std::sync::Arc;
use syncline_model::{Connection, ConnectionKind, ErrorCode, SyncDefinition};

use super::{plans, runs, sync_order, syncs, two_way};
use crate::app::App;
use crate::jobs::JobHandle;
use crate::wire::{
    ApiError, JobKind, JobRef, JobStarted, PreviewStart, RunAllAsk, RunAllStart, RunAllStep, RunAllView,
    RunReport, StepState, SyncStep, Tag,
};

/// The definitions of the steps, with where they write.
struct Order {
    /// How many definitions there are; one in a circle has two steps.
    definitions: usize,
    steps: Vec<(SyncDefinition, Connection)>,
    view: RunAllView,
}

async fn order(
    app: &Arc<App>,
    names: Option<Vec<String>>,
    texts: Option<Vec<String>>,
) -> Result<Order, ApiError> {
    let mut definitions = texts.unwrap_or_default();
    for name in names.unwrap_or_default() {
        let wanted = name.clone();
        let saved = app.with_store(move |store| store.definition(&wanted)).await?;
        let saved =
            saved.ok_or_else(|| ApiError::new(ErrorCode::NotFound, format!("there is no sync {name}")))?;
        definitions.push(saved.json);
    }
    if definitions.is_empty() {
        return Err(ApiError::new(ErrorCode::Usage, "no definition is chosen").hint("choose at least one"));
    }
    let ordered = sync_order::order_of(app, &definitions).await?;
    let (mut steps, mut view) = (Vec::new(), RunAllView::default());
    for step in ordered.steps {
        let definition = syncs::read(&step.json)?;
        let destination = app.connection(definition.destination.connection.as_str()).await?;
        let name = destination.name.to_string();
        if destination.kind == ConnectionKind::Production && !view.production.contains(&name) {
            view.production.push(name);
        }
        view.steps.push(waiting(step, &definition));
        steps.push((definition, destination));
    }
    Ok(Order { definitions: definitions.len(), steps, view })
}

fn waiting(step: SyncStep, definition: &SyncDefinition) -> RunAllStep {
    RunAllStep {
        name: step.name,
        source: definition.source.connection.to_string(),
        destination: definition.destination.connection.to_string(),
        pass: step.pass,
        left_out: step.left_out,
        after: step.after,
        state: StepState::Waiting,
        plan: None,
        run: None,
        created: 0,
        updated: 0,
        deleted: 0,
        unchanged: 0,
        failed: 0,
        error: None,
    }
}

fn told<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(value).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
}

/// Tells where all of it stands.
fn tell(handle: &JobHandle, view: &RunAllView) {
    if let Ok(value) = told(view) {
        handle.so_far(value);
    }
}

pub(crate) async fn look(app: &Arc<App>, request: RunAllAsk) -> Result<JobStarted, ApiError> {
    let Order { definitions, steps, mut view } = order(app, request.names, request.definitions).await?;
    let root = Arc::clone(app);
    let title = format!("previewing {definitions} syncs");
    let job = app.jobs().start(JobKind::Preview, title, None, vec![Tag::Plans], move |handle| async move {
        for (at, (definition, _)) in steps.iter().enumerate() {
            if view.steps[at].pass > 1 {
                view.steps[at].state = StepState::Later;
                continue;
            }
            view.steps[at].state = StepState::Planning;
            tell(&handle, &view);
            match plans::make(&root, definition, &PreviewStart::default(), &handle).await {
                Ok(plan) => {
                    let step = &mut view.steps[at];
                    let counts = &plan.summary;
                    (step.created, step.updated, step.deleted) =
                        (counts.create, counts.update, counts.delete);
                    (step.unchanged, step.failed) = (counts.unchanged, counts.invalid);
                    (step.state, step.plan) = (StepState::Planned, Some(plan.plan_id.clone()));
                    view.writes += counts.create + counts.update + counts.delete;
                }
                Err(error) if error.code == ErrorCode::Cancelled => return Err(error),
                Err(error) => {
                    let step = &mut view.steps[at];
                    (step.state, step.error) = (StepState::Failed, Some(error));
                }
            }
            tell(&handle, &view);
        }
        told(&view)
    });
    Ok(JobStarted { job })
}

pub(crate) async fn start(app: &Arc<App>, request: RunAllStart) -> Result<JobStarted, ApiError> {
    let Order { definitions, steps, mut view } = order(app, request.names, request.definitions).await?;
    // What would refuse a later step is told before the first one writes.
    for (_, destination) in &steps {
        app.guard_write(destination, 0, Some(0))?;
    }
    if let (Some(name), None) = (view.production.first(), request.at_most) {
        return Err(ApiError::new(
            ErrorCode::ConfirmationNeeded,
            format!("{name} is production, and it is not said how many records may be written in all"),
        )
        .hint("look at what would be written, and give the most records: at_most"));
    }
    let root = Arc::clone(app);
    let title = format!("running {definitions} syncs");
    let stale = vec![Tag::Runs, Tag::Plans, Tag::Definitions];
    let (at_most, beyond) = (request.at_most, request.beyond_limits.unwrap_or(false));
    let job = app.jobs().start(JobKind::Run, title, None, stale, move |handle| async move {
        let mut stopped = false;
        for (at, (definition, _)) in steps.into_iter().enumerate() {
            if stopped {
                view.steps[at].state = StepState::NotReached;
                continue;
            }
            view.steps[at].state = StepState::Planning;
            tell(&handle, &view);
            let left = at_most.map(|most| most.saturating_sub(view.writes));
            let done = step(&root, definition, left, beyond, at, &mut view, &handle).await;
            root.jobs().invalidate(vec![Tag::Runs, Tag::Plans]);
            if let Err(error) = done {
                let step = &mut view.steps[at];
                let cancelled = error.code == ErrorCode::Cancelled;
                step.state = if cancelled { StepState::Cancelled } else { StepState::Failed };
                step.error = Some(error);
            }
            stopped = !matches!(view.steps[at].state, StepState::Succeeded | StepState::Partial);
            tell(&handle, &view);
        }
        told(&view)
    });
    Ok(JobStarted { job })
}

/// Where a job of several definitions stands.
pub(crate) async fn state(app: &Arc<App>, request: JobRef) -> Result<RunAllView, ApiError> {
    let job = app.jobs().get(&request.job)?;
    if job.result.is_null() {
        // Nothing is told before the first step.
        return Ok(RunAllView::default());
    }
    serde_json::from_value(job.result).map_err(|_| {
        ApiError::new(ErrorCode::Usage, format!("the job {} is none of several syncs", request.job))
    })
}

/// Plans and runs one step. An error: it was not run.
async fn step(
    root: &Arc<App>,
    definition: SyncDefinition,
    left: Option<u64>,
    beyond_limits: bool,
    at: usize,
    view: &mut RunAllView,
    handle: &JobHandle,
) -> Result<(), ApiError> {
    let _turn = crate::schedule::Turn::take(root, &definition.name)?;
    let plan = plans::make(root, &definition, &PreviewStart::default(), handle).await?;
    let plan = plans::find(root, &plan.plan_id).await?;
    let ready = runs::prepare(root, &plan).await?;
    let both_ways = two_way::part(&plan).is_some();
    let writes = if both_ways { two_way::writes(root, &plan).await? } else { ready.writes };
    view.steps[at].plan = Some(plan.id.to_string());
    if let Some(left) = left.filter(|left| writes > *left) {
        return Err(ApiError::new(
            ErrorCode::GuardRefused,
            format!(
                "{} would write {} records, and {left} are left of those that were agreed on; it was not run",
                definition.name, writes
            ),
        )
        .hint("look at its preview; run it by itself, or all of them again with a higher number"));
    }
    if both_ways {
        two_way::guard(root, &plan, Some(writes)).await?;
    } else {
        root.guard_write(&ready.destination, writes, Some(writes))?;
    }
    view.steps[at].state = StepState::Running;
    tell(handle, view);
    let report = if both_ways {
        let how = two_way::How { beyond_limits, ..two_way::How::default() };
        two_way::run(root, plan, how, handle).await?
    } else {
        let asked = runs::Asked { beyond_limits, ..runs::Asked::default() };
        runs::execute(root, plan, definition, ready, asked, handle).await?
    };
    note(view, at, &report);
    Ok(())
}

fn note(view: &mut RunAllView, at: usize, report: &RunReport) {
    let (step, run) = (&mut view.steps[at], &report.run);
    step.run = Some(run.run_id.clone());
    (step.created, step.updated, step.deleted) = (run.created, run.updated, run.deleted);
    (step.unchanged, step.failed) = (run.unchanged, run.failed + run.drifted);
    step.error.clone_from(&run.error);
    step.state = match run.status.as_str() {
        "succeeded" => StepState::Succeeded,
        "partial" => StepState::Partial,
        "cancelled" => StepState::Cancelled,
        _ => StepState::Failed,
    };
    view.writes += run.created + run.updated + run.deleted;
}
