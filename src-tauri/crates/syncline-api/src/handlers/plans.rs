//! `plans.*`: previews.

use std::sync::Arc;
use syncline_connect::RowRequest;
use syncline_mapping::compile;
use syncline_model::{EntityName, EntitySchema, ErrorCode, Problem, Record, RecordId, SyncDefinition};
use syncline_store::{Plan, PlanRow as StoredRow, PlanRowFilter, PlanRowOrder, SignOff};
use syncline_sync::{Only, PlanDetail, PlanRequest, make_plan, read_extra};
use uuid::Uuid;

use super::send_one::curl;
use super::syncs::{self, Descriptions, answered};
use super::views::plan_summary;
use super::{sign_off, two_way};
use crate::app::{App, signed_out};
use crate::jobs::JobHandle;
use crate::wire::{
    ApiError, Empty, JobKind, JobStarted, PlanExclude, PlanItem, PlanItems, PlanRef, PlanRow, PlanRowDetail,
    PlanRowRef, PlanRowsPage, PlanRowsQuery, PlanSort, PlanSummary, PreviewStart, RequestView, Tag,
};

const MOST_ROWS: u32 = 1000;

pub(crate) async fn start(app: &Arc<App>, mut request: PreviewStart) -> Result<JobStarted, ApiError> {
    let mut only = request.source_id.clone().map(|id| Only::Ids(vec![id]));
    let mut replay_of = None;
    let text = match (&request.json, &request.name, &request.like) {
        (Some(json), _, _) => json.clone(),
        (None, Some(name), _) => syncs::saved_text(app, name).await?,
        (None, None, Some(plan)) => {
            // Of the same records, read from the same place.
            let plan = find(app, plan).await?;
            let detail: PlanDetail = serde_json::from_value(plan.detail).unwrap_or_default();
            request.limit = request.limit.or(detail.limit);
            request.cached = request.cached.or(Some(detail.cached));
            only = only.or(detail.only);
            replay_of = detail.replay_of;
            plan.definition_json
        }
        (None, None, None) => {
            return Err(ApiError::new(ErrorCode::Usage, "neither a definition nor its name is given"));
        }
    };
    let definition = syncs::read(&text)?;
    let root = Arc::clone(app);
    let title = format!("previewing {}", definition.name);
    let connection = Some(definition.source.connection.to_string());
    let job =
        app.jobs().start(JobKind::Preview, title, connection, vec![Tag::Plans], move |handle| async move {
            let summary = make_of(&root, &definition, &request, only, replay_of, &handle).await?;
            serde_json::to_value(summary)
                .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
        });
    Ok(JobStarted { job })
}

/// Makes and stores a plan.
pub(crate) async fn make(
    root: &Arc<App>,
    definition: &SyncDefinition,
    request: &PreviewStart,
    handle: &JobHandle,
) -> Result<PlanSummary, ApiError> {
    let only = request.source_id.clone().map(|id| Only::Ids(vec![id]));
    make_of(root, definition, request, only, None, handle).await
}

/// Makes and stores a plan of some records, or of the whole selection.
pub(crate) async fn make_of(
    root: &Arc<App>,
    definition: &SyncDefinition,
    request: &PreviewStart,
    only: Option<Only>,
    replay_of: Option<Uuid>,
    handle: &JobHandle,
) -> Result<PlanSummary, ApiError> {
    let cached = request.cached.unwrap_or(false);
    handle.progress("reading the descriptions", 0, None);
    let careful = if cached { Descriptions::Kept } else { Descriptions::Checked };
    let sides = both_sides(root, definition, careful).await?;
    handle.works_with([&sides.source, &sides.destination]);
    if definition.is_two_way() {
        let plan = two_way::make(root, definition, request, only, sides, handle).await?;
        return summary(root, plan).await;
    }

    let selection = syncs::selection(root, definition, &sides, request.limit, !cached).await?;
    let source = syncs::source(root, definition, &sides.source, cached).await?;
    let destination = root.link_with(&sides.destination, definition).await?.destination();
    if !cached {
        answered(root, &sides.source).await?;
    }
    // A destination that can't be read has nothing to say to cached data: without a network a preview goes on. A run asks who it is.
    let quiet = cached && !destination.capabilities().reads_back;
    let writer = sides.destination.identity.clone().filter(|_| quiet);
    if writer.is_none() {
        answered(root, &sides.destination).await?;
    }
    let ends = (sides.source.clone(), sides.destination.clone());
    let asked = PlanRequest {
        source: sides.source.id,
        destination: sides.destination.id,
        system: sides.destination.system,
        source_schema: sides.source_schema,
        related: sides.related,
        find_tables: sides.find_tables,
        destination_schema: sides.destination_schema,
        definition: definition.clone(),
        selection,
        only,
        replay_of,
        cached,
        resend_events: request.resend_events.unwrap_or(false),
        options: syncs::write_options(definition),
        writer,
    };
    let made = make_plan(&root.store, source, destination, asked, &App::work(handle)).await;
    if made.as_ref().is_err_and(|error| signed_out(error.code)) {
        syncs::signed_out(root, [&ends.0, &ends.1]).await;
    }
    let plan = made?;
    let names = root.connection_names().await?;
    root.with_store(move |store| plan_summary(store, &plan, &names)).await
}

/// Both sides of a definition, or an error with all problems in its detail.
pub(crate) async fn both_sides(
    root: &Arc<App>,
    definition: &SyncDefinition,
    careful: Descriptions,
) -> Result<syncs::Sides, ApiError> {
    let misfit = |problems: Vec<Problem>| {
        let list: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
        let mut error = ApiError::new(
            ErrorCode::DefinitionInvalid,
            format!("the definition does not fit: {}", list.first().cloned().unwrap_or_default()),
        )
        .hint("check the definition; every problem is told with its place and a hint");
        error.detail = Some(list.join("\n"));
        error
    };
    syncs::sides(root, definition, careful).await.map_err(|unfit| unfit.into_error(misfit))
}

/// A plan by its id.
pub(crate) async fn find(app: &Arc<App>, id: &str) -> Result<Plan, ApiError> {
    let missing =
        || ApiError::new(ErrorCode::NotFound, format!("there is no plan {id}")).hint("make a new preview");
    let uuid = Uuid::parse_str(id).map_err(|_| missing())?;
    app.with_store(move |store| store.plan(uuid)).await?.ok_or_else(missing)
}

async fn summary(app: &Arc<App>, plan: Plan) -> Result<PlanSummary, ApiError> {
    let names = app.connection_names().await?;
    app.with_store(move |store| plan_summary(store, &plan, &names)).await
}

pub(crate) async fn get(app: &Arc<App>, request: PlanRef) -> Result<PlanSummary, ApiError> {
    let plan = find(app, &request.plan).await?;
    summary(app, plan).await
}

pub(crate) async fn list(app: &Arc<App>, _: Empty) -> Result<Vec<PlanSummary>, ApiError> {
    let names = app.connection_names().await?;
    app.with_store(move |store| {
        store.plans(None, 100)?.iter().map(|plan| plan_summary(store, plan, &names)).collect()
    })
    .await
}

fn row_view(row: &StoredRow) -> PlanRow {
    PlanRow {
        ordinal: u64::from(row.ordinal),
        source_id: row.source_id.clone(),
        title: row.title.clone(),
        action: row.action,
        reason: row.reason.clone(),
        identifiers: row.mapped.identifiers.clone().into(),
        changes: row.changes.clone(),
        events: row.mapped.events.clone(),
        issues: row.issues.clone(),
        excluded: row.excluded,
    }
}

/// The request as it is sent. Headers that only tell the sending side something are left out.
pub(super) fn request_view(row: &StoredRow) -> Option<RequestView> {
    let request: RowRequest = serde_json::from_str(row.request.as_ref()?.get()).ok()?;
    Some(RequestView {
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: request.body,
    })
}

async fn page(app: &Arc<App>, request: &PlanRowsQuery) -> Result<syncline_store::PlanRowsPage, ApiError> {
    let plan = find(app, &request.plan).await?;
    let filter = PlanRowFilter {
        action: request.action,
        issue: request.issue.clone(),
        text: request.search.clone().filter(|text| !text.trim().is_empty()),
        order: match request.sort {
            None => PlanRowOrder::Plan,
            Some(PlanSort::Title) => PlanRowOrder::Title,
            Some(PlanSort::Action) => PlanRowOrder::Action,
            Some(PlanSort::SourceId) => PlanRowOrder::SourceId,
        },
        descending: request.descending.unwrap_or(false),
        ..PlanRowFilter::default()
    };
    let (offset, limit) = (request.offset.unwrap_or(0), request.limit.unwrap_or(100).clamp(1, MOST_ROWS));
    app.with_store(move |store| store.plan_rows(plan.id, &filter, offset, limit)).await
}

pub(crate) async fn rows(app: &Arc<App>, request: PlanRowsQuery) -> Result<PlanRowsPage, ApiError> {
    let page = page(app, &request).await?;
    Ok(PlanRowsPage { rows: page.rows.iter().map(row_view).collect(), total: page.total })
}

pub(crate) async fn items(app: &Arc<App>, request: PlanRowsQuery) -> Result<PlanItems, ApiError> {
    let page = page(app, &request).await?;
    let items = page
        .rows
        .into_iter()
        .map(|row| PlanItem {
            request: request_view(&row),
            source_id: row.source_id,
            action: row.action,
            held_back: row.excluded,
            reason: row.reason,
            identifiers: row.mapped.identifiers.into(),
            mapped: row.mapped.attributes.into(),
            events: row.mapped.events,
            changes: row.changes,
            issues: row.issues,
        })
        .collect();
    Ok(PlanItems { items })
}

pub(crate) async fn row(app: &Arc<App>, request: PlanRowRef) -> Result<PlanRowDetail, ApiError> {
    let plan = find(app, &request.plan).await?;
    let id = plan.id;
    let ordinal = u32::try_from(request.ordinal).unwrap_or(u32::MAX);
    let row = app.with_store(move |store| store.plan_row(id, ordinal)).await?.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, format!("the plan has no row {}", request.ordinal))
    })?;
    let extra = read_extra(&row);
    let explanations = match &extra {
        Some(extra) => explain(app, &plan, &row, extra.source.clone()).await?,
        None => Vec::new(),
    };
    let destination = plan.destination;
    let connection = app.with_store(move |store| store.connection(destination)).await?;
    let request = request_view(&row);
    Ok(PlanRowDetail {
        curl: request
            .as_ref()
            .zip(connection.as_ref())
            .and_then(|(request, connection)| curl(request, connection)),
        request,
        row: row_view(&row),
        mapped: row.mapped,
        source: extra.map(|extra| extra.source),
        explanations,
    })
}

/// How each value came to be: the plan's own definition on the planned record.
async fn explain(
    app: &Arc<App>,
    plan: &Plan,
    row: &StoredRow,
    raw: Box<serde_json::value::RawValue>,
) -> Result<Vec<syncline_model::Explanation>, ApiError> {
    let definition: SyncDefinition = syncs::read(&plan.definition_json)?;
    let (source, entity): (Uuid, EntityName) = (plan.source, plan.source_entity.clone());
    let asked = definition.clone();
    let kept = app.with_store(move |store| syncs::kept_source_schema(store, source, &entity, &asked)).await?;
    let Some(source_schema) = kept else { return Ok(Vec::new()) };
    let destination: EntitySchema =
        serde_json::from_value(plan.destination_schema.clone()).map_err(|error| {
            ApiError::new(ErrorCode::StoreCorrupt, format!("the stored plan can't be read: {error}"))
        })?;
    let id = plan.destination;
    let Some(connection) = app.with_store(move |store| store.connection(id)).await? else {
        return Ok(Vec::new());
    };
    let record = Record {
        entity: plan.source_entity.clone(),
        id: RecordId::new(row.source_id.as_str()),
        etag: row.source_etag.clone(),
        raw,
    };
    // A schema that has changed since may no longer fit; then there is nothing to explain with.
    Ok(compile(&definition, &source_schema, &destination, connection.system)
        .map(|compiled| compiled.mapping.explain(&record, plan.created_at))
        .unwrap_or_default())
}

pub(crate) async fn exclude(app: &Arc<App>, request: PlanExclude) -> Result<PlanSummary, ApiError> {
    let plan = find(app, &request.plan).await?;
    if plan.status == syncline_store::PlanStatus::Run {
        return Err(ApiError::new(ErrorCode::GuardRefused, "this plan was run; it stays as it was run")
            .hint("make a new preview"));
    }
    let ordinals: Option<Vec<u32>> = request
        .ordinals
        .map(|ordinals| ordinals.into_iter().filter_map(|ordinal| u32::try_from(ordinal).ok()).collect());
    let filter = PlanRowFilter { action: request.action, issue: request.issue, ..PlanRowFilter::default() };
    let (id, excluded) = (plan.id, request.excluded);
    let signed = sign_off::signed(&plan);
    app.with_store(move |store| {
        let changed = store.exclude_plan_rows(id, ordinals.as_deref(), &filter, excluded)?;
        match signed {
            // The signature is of other rows now; only signing anew mends it.
            Some(signed) if changed > 0 && !signed.changed => {
                store.sign_plan(id, &SignOff { changed: true, ..signed })
            }
            Some(_) | None => Ok(()),
        }
    })
    .await?;
    let plan = find(app, &request.plan).await?;
    summary(app, plan).await
}
