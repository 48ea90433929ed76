//! Two-way syncs: making both plans, running both, and what follows. The commands are those of any plan and run.

use std::sync::Arc;
use syncline_model::{ErrorCode, FetchMode, SyncDefinition};
use syncline_store::{Plan, PlanStatus, Run, Store, StoreError};
use syncline_sync::{
    Only, PlanDetail, Scope, SideAccess, TwoWayMarks, TwoWayPart, TwoWayRequest, commit_run, make_two_way,
    marks_key, settle_before,
};

use super::syncs::{self, Descriptions, Sides, answered};
use super::views::run_view;
use super::{plans, runs};
use crate::app::{App, signed_out};
use crate::jobs::JobHandle;
use crate::wire::{ApiError, PreviewStart, RunPair, RunReport, TwoWayReport};

/// Passes after the first one; one is enough where nobody else works on the same records.
const PASSES: usize = 2;

/// What a plan says of its other way.
pub(crate) fn part(plan: &Plan) -> Option<(PlanDetail, TwoWayPart)> {
    let detail: PlanDetail = serde_json::from_value(plan.detail.clone()).ok()?;
    let part = detail.two_way.clone()?;
    Some((detail, part))
}

async fn access(
    root: &Arc<App>,
    definition: &SyncDefinition,
    sides: Sides,
) -> Result<(SideAccess, SideAccess), ApiError> {
    let Sides { source, destination, source_schema, destination_schema, related, .. } = sides;
    let left = root.link_with(&source, definition).await?;
    let right = root.link_with(&destination, definition).await?;
    Ok((
        SideAccess {
            connection: source.id,
            system: source.system,
            source: left.source(source.name.as_str())?,
            destination: left.destination(),
            schema: source_schema,
            related,
        },
        SideAccess {
            connection: destination.id,
            system: destination.system,
            source: right.source(destination.name.as_str())?,
            destination: right.destination(),
            schema: destination_schema,
            related: Vec::new(),
        },
    ))
}

/// Makes and stores both plans; the one to the destination, which names the other one.
pub(crate) async fn make(
    root: &Arc<App>,
    definition: &SyncDefinition,
    request: &PreviewStart,
    only: Option<Only>,
    sides: Sides,
    handle: &JobHandle,
) -> Result<Plan, ApiError> {
    if request.cached.unwrap_or(false) {
        return Err(ApiError::new(ErrorCode::Usage, "a two-way definition can't be planned from the store")
            .hint("both sides are asked; preview it without the cache"));
    }
    for side in [&sides.source, &sides.destination] {
        answered(root, side).await?;
    }
    let selection = syncs::selection(root, &whole(definition), &sides, request.limit, false).await?;
    let ends = (sides.source.clone(), sides.destination.clone());
    let scope = match only {
        Some(Only::Ids(ids)) => Scope::Ids(ids),
        Some(Only::Run { run, failed }) => Scope::Ids(ids_of(root, run, failed).await?),
        None if request.full.unwrap_or(false) || definition.source.fetch.mode == FetchMode::All => {
            Scope::Whole
        }
        None => {
            let key = marks_key(&definition.name, ends.0.id, ends.1.id);
            let kept = root.with_store(move |store| store.kept(&key)).await?;
            let marks = kept.and_then(|value| serde_json::from_value::<TwoWayMarks>(value).ok());
            marks.map_or(Scope::Whole, Scope::Changes)
        }
    };
    let (left, right) = access(root, definition, sides).await?;
    let work = App::work(handle);
    let writers = [
        (left.connection, left.destination.clone(), left.schema.clone()),
        (right.connection, right.destination.clone(), right.schema.clone()),
    ];
    let writer = |connection: uuid::Uuid| {
        writers
            .iter()
            .find(|(id, _, _)| *id == connection)
            .map(|(_, destination, schema)| (destination.clone(), schema.clone()))
    };
    settle_before(&root.store, &definition.name, writer, &work).await?;
    let options = syncs::write_options(definition);
    let asked = TwoWayRequest { definition: definition.clone(), left, right, selection, scope, options };
    let made = make_two_way(&root.store, asked, &work).await;
    if made.as_ref().is_err_and(|error| signed_out(error.code)) {
        syncs::signed_out(root, [&ends.0, &ends.1]).await;
    }
    Ok(made?.0)
}

/// The definition without its window of changes, which a two-way sync keeps for each side.
fn whole(definition: &SyncDefinition) -> SyncDefinition {
    let mut whole = definition.clone();
    whole.source.fetch.mode = FetchMode::All;
    whole.source.fetch.days = 0;
    whole
}

async fn ids_of(root: &Arc<App>, run: uuid::Uuid, failed: bool) -> Result<Vec<String>, ApiError> {
    root.with_store(move |store: &Store| {
        let (mut ids, mut from) = (Vec::new(), 0);
        loop {
            let found = store.run_source_ids(run, failed, from, 1000)?;
            let Some((last, _)) = found.last() else { return Ok(ids) };
            from = last + 1;
            ids.extend(found.into_iter().map(|(_, id)| id));
        }
    })
    .await
}

async fn other_of(root: &Arc<App>, plan: &Plan) -> Result<Plan, ApiError> {
    match part(plan) {
        Some((_, part)) => plans::find(root, &part.other.to_string()).await,
        None => Err(ApiError::new(ErrorCode::Internal, "the plan is no way of a two-way sync")),
    }
}

/// Both plans of a two-way sync, the one to the destination first.
pub(crate) async fn both(root: &Arc<App>, plan: Plan) -> Result<(Plan, Plan), ApiError> {
    let other = other_of(root, &plan).await?;
    let returns = part(&plan).is_some_and(|(_, part)| part.returns);
    Ok(if returns { (other, plan) } else { (plan, other) })
}

/// Records that both ways write.
pub(crate) async fn writes(root: &Arc<App>, plan: &Plan) -> Result<u64, ApiError> {
    let (to, from) = both(root, plan.clone()).await?;
    Ok(runs::prepare(root, &to).await?.writes + runs::prepare(root, &from).await?.writes)
}

/// Lets both ways through the guards; how many records they write.
pub(crate) async fn guard(root: &Arc<App>, plan: &Plan, expect: Option<u64>) -> Result<u64, ApiError> {
    let (to, from) = both(root, plan.clone()).await?;
    let (to, from) = (runs::prepare(root, &to).await?, runs::prepare(root, &from).await?);
    let writes = to.writes + from.writes;
    if let Some(expected) = expect.filter(|expected| *expected != writes) {
        let text = format!("{writes} records would be written on both sides, {expected} were expected");
        return Err(ApiError::new(ErrorCode::GuardRefused, text)
            .hint("look at the preview again; the number is of both ways together"));
    }
    for ready in [&to, &from] {
        if ready.writes > 0 {
            root.guard_write(&ready.destination, ready.writes, expect.map(|_| ready.writes))?;
        }
    }
    Ok(writes)
}

/// How both ways are run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How<'a> {
    pub(crate) signed: Option<&'a str>,
    pub(crate) beyond_limits: bool,
}

/// Runs both ways of a two-way sync, notes what is known then, and writes what could be written only after new records were made.
pub(crate) async fn run(
    root: &Arc<App>,
    plan: Plan,
    how: How<'_>,
    handle: &JobHandle,
) -> Result<RunReport, ApiError> {
    let (to, from) = both(root, plan).await?;
    let definition = syncs::read(&to.definition_json)?;
    super::sign_off::guard_pair(root, (&to, &from), how.signed).await?;
    // The signature is of both ways; what each way was signed with is looked at as it begins.
    let how = How { signed: None, ..how };
    let mut first = one(root, &to, &definition, how, handle).await?;
    let rest = if goes_on(&first) {
        finish(root, &definition, (&to, &from), how, handle).await?
    } else {
        Rest::default()
    };
    let conflicts = part(&to).map(|(_, part)| part.conflicts).unwrap_or_default();
    let marks = part(&to).filter(|(detail, _)| !detail.partial).map(|(_, part)| part.marks);
    let status = worst([&first].into_iter().chain(&rest.back).chain(&rest.again));
    if let (Some(marks), "succeeded", 0) = (marks, status.as_str(), held_back(&first, rest.back.as_ref())) {
        let key = marks_key(&definition.name, to.source, to.destination);
        let (connection, value) = (to.source, serde_json::to_value(marks).unwrap_or_default());
        root.with_store(move |store| store.keep(&key, Some(connection), &value, jiff::Timestamp::now()))
            .await?;
    }
    first.two_way = Some(Box::new(TwoWayReport { back: rest.back, again: rest.again, conflicts, status }));
    Ok(first)
}

/// What came after the way to the destination.
#[derive(Default)]
struct Rest {
    back: Option<RunReport>,
    again: Vec<RunReport>,
}

fn held_back(first: &RunReport, back: Option<&RunReport>) -> u64 {
    first.run.held_back + back.map_or(0, |back| back.run.held_back)
}

/// A run after which the other way may go: it was neither stopped nor broken off.
fn goes_on(report: &RunReport) -> bool {
    report.run.error.is_none() && !matches!(report.run.status.as_str(), "cancelled" | "interrupted")
}

fn worst<'r>(reports: impl Iterator<Item = &'r RunReport>) -> String {
    let order = ["succeeded", "partial", "failed", "cancelled", "interrupted"];
    let place = |status: &str| order.iter().position(|one| *one == status).unwrap_or_default();
    let at = reports.map(|report| place(&report.run.status)).max().unwrap_or_default();
    order[at].to_owned()
}

async fn one(
    root: &Arc<App>,
    plan: &Plan,
    definition: &SyncDefinition,
    how: How<'_>,
    handle: &JobHandle,
) -> Result<RunReport, ApiError> {
    let ready = runs::prepare(root, plan).await?;
    let asked = runs::Asked { signed: how.signed, beyond_limits: how.beyond_limits, resume: None };
    runs::execute(root, plan.clone(), definition.clone(), ready, asked, handle).await
}

/// Notes what the way to the destination made known, runs the other way, and what follows.
async fn finish(
    root: &Arc<App>,
    definition: &SyncDefinition,
    (to, from): (&Plan, &Plan),
    how: How<'_>,
    handle: &JobHandle,
) -> Result<Rest, ApiError> {
    let mut rest = Rest::default();
    let mut again = commit_run(&root.store, to, &App::work(handle)).await?.again;
    if runs::prepare(root, from).await?.writes > 0 {
        let report = one(root, from, definition, how, handle).await?;
        let over = goes_on(&report);
        rest.back = Some(report);
        if !over {
            return Ok(rest);
        }
    }
    again.extend(commit_run(&root.store, from, &App::work(handle)).await?.again);
    for _ in 0..PASSES {
        if again.is_empty() {
            break;
        }
        let ids = std::mem::take(&mut again);
        let sides = plans::both_sides(root, definition, Descriptions::Kept).await?;
        let only = Some(Only::Ids(ids));
        let plan = make(root, definition, &PreviewStart::default(), only, sides, handle).await?;
        let (next, back) = both(root, plan).await?;
        follows(root, to.id, [next.id, back.id]).await?;
        for plan in [&next, &back] {
            if runs::prepare(root, plan).await?.writes > 0 {
                let report = one(root, plan, definition, how, handle).await?;
                let over = goes_on(&report);
                rest.again.push(report);
                if !over {
                    return Ok(rest);
                }
            }
            again.extend(commit_run(&root.store, plan, &App::work(handle)).await?.again);
        }
    }
    Ok(rest)
}

/// Notes that plans followed another one, so that its run can tell of theirs.
async fn follows(root: &Arc<App>, first: uuid::Uuid, next: [uuid::Uuid; 2]) -> Result<(), ApiError> {
    let note = move |store: &Store, id: uuid::Uuid, set: &dyn Fn(&mut TwoWayPart)| {
        let Some(plan) = store.plan(id)? else { return Ok(()) };
        let Some((mut detail, _)) = part(&plan) else { return Ok(()) };
        if let Some(part) = &mut detail.two_way {
            set(part);
        }
        let detail = serde_json::to_value(&detail).unwrap_or_else(|_| plan.detail.clone());
        store.save_plan(&Plan { detail, ..plan })
    };
    root.with_store(move |store| {
        note(store, first, &|part| part.again.extend(next))?;
        next.into_iter().try_for_each(|id| note(store, id, &|part| part.follows = Some(first)))
    })
    .await
}

/// What a run's page tells of the rest of its sync.
pub(crate) async fn rest_of(root: &Arc<App>, run: &Run) -> Result<Option<RunPair>, ApiError> {
    let names = root.connection_names().await?;
    let plan = run.plan;
    root.with_store(move |store| {
        let Some(plan) = store.plan(plan)? else { return Ok(None) };
        let Some((_, own)) = part(&plan) else { return Ok(None) };
        let run_of = |plan| Ok::<_, StoreError>(store.run_of_plan(plan)?.map(|run| run_view(&run, &names)));
        let Some(other) = store.plan(own.other)? else { return Ok(None) };
        let Some((detail, told)) = part(&other) else { return Ok(None) };
        let again = if own.returns { told.again } else { own.again };
        let mut after = Vec::new();
        for plan in again {
            after.extend(run_of(plan)?);
        }
        let first = match own.follows {
            Some(first) => run_of(first)?,
            None => None,
        };
        let excluded = store.plan_excluded_count(other.id)?;
        Ok(Some(RunPair {
            returns: own.returns,
            other_plan: other.id.to_string(),
            other_writes: detail.counts.writes().saturating_sub(excluded),
            other: run_of(other.id)?,
            after,
            first,
        }))
    })
    .await
}

/// After one way went on that had been stopped: the rest of the sync.
pub(crate) async fn go_on(
    root: &Arc<App>,
    plan: &Plan,
    mut report: RunReport,
    handle: &JobHandle,
) -> Result<RunReport, ApiError> {
    let Some((_, part)) = part(plan).filter(|_| goes_on(&report)) else { return Ok(report) };
    let plan = plans::find(root, &plan.id.to_string()).await?;
    let definition = syncs::read(&plan.definition_json)?;
    let (to, from) = both(root, plan).await?;
    if part.returns || from.status != PlanStatus::Ready {
        commit_run(&root.store, &from, &App::work(handle)).await?;
        return Ok(report);
    }
    guard(root, &to, None).await?;
    let rest = finish(root, &definition, (&to, &from), How::default(), handle).await?;
    let status = worst([&report].into_iter().chain(&rest.back).chain(&rest.again));
    let conflicts = part.conflicts;
    report.two_way = Some(Box::new(TwoWayReport { back: rest.back, again: rest.again, conflicts, status }));
    Ok(report)
}
