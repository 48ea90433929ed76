//! `cache.pull` and `cache.pull_many`: entities and marketing lists into the store.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use syncline_dataverse::MarketingList;
use syncline_fetchxml::Filter;
use syncline_model::{Connection, EntityName, ErrorCode, FetchSection, SynclineError};
use syncline_sync::{PullRequest, Pulled, Work, catch_up, estimate_pull, pull as pull_entity};

use tokio_util::sync::CancellationToken;

use super::cache::own_records;
use super::records::{filter_text, names};
use crate::app::App;
use crate::jobs::JobHandle;
use crate::links::Link;
use crate::wire::{
    ApiError, JobKind, JobStarted, PullFailure, PullItem, PullManyStart, PullReport, PullStart, PullsReport,
    Tag,
};

const PAGE: u32 = 5000;
/// Entities and lists in one job.
const MOST_ITEMS: usize = 100;

fn internal(error: &serde_json::Error) -> ApiError {
    ApiError::new(ErrorCode::Internal, error.to_string())
}

/// What an item is called, as long as a list's name is not known.
fn called(item: &PullItem) -> String {
    match (&item.entity, &item.list) {
        (_, Some(list)) => members_of(list),
        (Some(entity), None) => entity.clone(),
        (None, None) => String::new(),
    }
}

fn members_of(list: &str) -> String {
    format!("members of {list}")
}

fn title_of(items: &[String]) -> String {
    format!("pulling {}", items.join(", "))
}

/// Tells what is wrong with an item before any work begins.
pub(super) fn check(item: &PullItem) -> Result<(), ApiError> {
    if item.entity.is_none() && item.list.is_none() {
        return Err(ApiError::new(ErrorCode::Usage, "neither an entity nor a marketing list is named")
            .hint("name the entity to pull by its logical name, or a list"));
    }
    if let Some(text) = filter_text(item.filter.as_ref()) {
        Filter::parse(&text).map_err(|error| {
            SynclineError::new(ErrorCode::QueryInvalid, format!("the filter can't be read: {error}"))
        })?;
    }
    Ok(())
}

pub(crate) async fn pull(app: &Arc<App>, request: PullStart) -> Result<JobStarted, ApiError> {
    let connection = app.connection(&request.connection).await?;
    check(&request.item)?;
    let root = Arc::clone(app);
    let title = title_of(&[called(&request.item)]);
    let stale = vec![Tag::Cache, Tag::Connections];
    let job = app.start_job(JobKind::Pull, title, &request.connection, stale, move |handle| async move {
        let at = opened(&root, &connection, &handle).await?;
        let report = one(&root, &connection, &at, request.item, (None, 0), &handle).await?;
        serde_json::to_value(report).map_err(|error| internal(&error))
    });
    Ok(JobStarted { job })
}

pub(crate) async fn pull_many(app: &Arc<App>, request: PullManyStart) -> Result<JobStarted, ApiError> {
    let connection = app.connection(&request.connection).await?;
    if request.items.is_empty() || request.items.len() > MOST_ITEMS {
        return Err(ApiError::new(
            ErrorCode::Usage,
            format!("between 1 and {MOST_ITEMS} entities and lists"),
        ));
    }
    request.items.iter().try_for_each(check)?;
    let root = Arc::clone(app);
    let mut all: Vec<String> = request.items.iter().map(called).collect();
    let title = title_of(&all);
    let stale = vec![Tag::Cache, Tag::Connections];
    let job =
        app.start_job(JobKind::Pull, title.clone(), &request.connection, stale, move |handle| async move {
            let at = opened(&root, &connection, &handle).await?;
            let mut expected = foreseen(&root, &connection, &at, &request.items, &mut all, &handle).await?;
            handle.titled(&title, title_of(&all));
            let mut report = PullsReport { waiting: all, ..PullsReport::default() };
            for item in request.items {
                let own = expected.pop_front().flatten();
                let what = report.waiting.remove(0);
                report.doing = Some(what.clone());
                handle.so_far(serde_json::to_value(&report).map_err(|error| internal(&error))?);
                let before = handle.tally().sent();
                let later = expected.iter().flatten().sum();
                match one(&root, &connection, &at, item, (own.map(|own| before + own), later), &handle).await
                {
                    // Who answers is asked once, for the first.
                    Ok(pull) if report.pulls.is_empty() && report.failures.is_empty() => {
                        report.pulls.push(pull)
                    }
                    Ok(pull) => report.pulls.push(PullReport { requests: pull.requests - before, ..pull }),
                    // The next one would fail the same way.
                    Err(error) if ends_all(error.code) => return Err(error),
                    Err(error) => report.failures.push(PullFailure { what, error }),
                }
                // What is there already can be looked at while the others come.
                root.jobs().invalidate(vec![Tag::Cache]);
            }
            report.doing = None;
            match (report.pulls.is_empty(), report.failures.first()) {
                (true, Some(first)) => Err(first.error.clone()),
                _ => serde_json::to_value(report).map_err(|error| internal(&error)),
            }
        });
    Ok(JobStarted { job })
}

/// Requests that each item is expected to take, counted before the first begins. One that can't be asked for fails in its turn, and counts as
/// none here; trouble that ends all ends it here. `called`: what the items are called, lists by their names once they are known.
async fn foreseen(
    app: &Arc<App>,
    connection: &Connection,
    at: &Opened,
    items: &[PullItem],
    called: &mut [String],
    handle: &JobHandle,
) -> Result<VecDeque<Option<u64>>, ApiError> {
    let mut all = VecDeque::with_capacity(items.len());
    if let [_] = items {
        // It counts its own records before it begins.
        return Ok([None].into());
    }
    let source = at.link.patient().source(connection.name.as_str())?;
    for (done, (item, called)) in items.iter().zip(called).enumerate() {
        handle.progress("counting", done as u64, Some(items.len() as u64));
        let calls = async {
            let asked = asked(app, connection, at, item.clone(), handle.cancel()).await?;
            if let Some(list) = &asked.list {
                *called = members_of(&list.name);
            }
            let estimate =
                estimate_pull(&app.store, source.as_ref(), &asked.request, &App::work(handle)).await?;
            Ok::<_, ApiError>(estimate.cost.calls)
        };
        match calls.await {
            Ok(calls) => all.push_back(Some(calls)),
            Err(error) if ends_all(error.code) => return Err(error),
            Err(_) => all.push_back(None),
        }
    }
    Ok(all)
}

/// Trouble that has nothing to do with one entity or list.
fn ends_all(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Cancelled
            | ErrorCode::SignInNeeded
            | ErrorCode::SignInRefused
            | ErrorCode::IdentityChanged
            | ErrorCode::Unreachable
            | ErrorCode::DiskFull
    )
}

/// A service whose identity is checked.
pub(super) struct Opened {
    pub(super) link: Arc<Link>,
    /// The version of its schema, where it tells one.
    pub(super) version: Option<String>,
}

async fn opened(app: &Arc<App>, connection: &Connection, handle: &JobHandle) -> Result<Opened, ApiError> {
    handle.progress("asking who answers", 0, None);
    let link = app.link(connection).await?;
    if let (Link::Dataverse { connector, .. }, Some(pinned)) = (link.as_ref(), &connection.identity) {
        connector.adopt_user(pinned);
    }
    let (identity, version) = tokio::join!(link.identity(), app.schema_version(connection));
    own_records(app, connection, &identity?).await?;
    Ok(Opened { link, version })
}

/// A pull as the engine is asked for it.
pub(super) struct Asked {
    pub(super) entity: EntityName,
    list: Option<MarketingList>,
    pub(super) request: PullRequest,
}

/// Finds the list and the description that an item speaks of.
pub(super) async fn asked(
    app: &Arc<App>,
    connection: &Connection,
    at: &Opened,
    item: PullItem,
    cancel: &CancellationToken,
) -> Result<Asked, ApiError> {
    let name = connection.name.as_str();
    let mut entity = item.entity.as_deref().map(EntityName::new);
    let mut list = None;
    if let Some(wanted) = &item.list {
        let found = at.link.dataverse(name)?.marketing_list(wanted, cancel).await?;
        if let Some(entity) = entity.filter(|entity| *entity != found.member_entity) {
            return Err(ApiError::new(
                ErrorCode::Usage,
                format!("the list {} has members of {}, not of {entity}", found.name, found.member_entity),
            )
            .hint("leave the entity out, or choose a list of it"));
        }
        entity = Some(found.member_entity.clone());
        list = Some(found);
    }
    let entity = entity.ok_or_else(|| ApiError::new(ErrorCode::Usage, "no entity is named"))?;
    let schema = app.schema_at(connection, &entity, at.version.as_deref()).await?;
    let fetch = FetchSection { mode: item.mode.unwrap_or_default(), days: item.days.unwrap_or(0) };
    let request = PullRequest {
        connection: connection.id,
        schema,
        columns: names(item.columns.as_ref()),
        filter: filter_text(item.filter.as_ref()),
        list: list.as_ref().map(|list| list.id.clone()),
        fetch,
        page_size: item.page_size.unwrap_or(PAGE).clamp(1, PAGE),
        full: item.full.unwrap_or(false),
    };
    Ok(Asked { entity, list, request })
}

/// Pulls an item. Expected are, where it was counted before, so many requests at its end, and `later` ones for those that come after it.
async fn one(
    app: &Arc<App>,
    connection: &Connection,
    at: &Opened,
    item: PullItem,
    (own, later): (Option<u64>, u64),
    handle: &JobHandle,
) -> Result<PullReport, ApiError> {
    let begun = std::time::Instant::now();
    let name = connection.name.as_str();
    let link = at.link.as_ref();
    let source = link.patient().source(name)?;
    let title = title_of(&[called(&item)]);
    handle.progress("reading the description", 0, None);
    let Asked { entity, list, request: asked } = asked(app, connection, at, item, handle.cancel()).await?;
    if let Some(list) = &list {
        handle.titled(&title, title_of(&[members_of(&list.name)]));
    }
    // Beside the pages; what is spent of them is counted already.
    let learning = Arc::new(AtomicU64::new(super::learn::requests(app, connection, link).await));
    let learned_with = handle.tally().part();
    let (told, beside, spent_beside) = (handle.clone(), Arc::clone(&learning), learned_with.clone());
    let calls = move |spent, expected: Option<u64>| {
        let expected = expected.or(own.map(|own| own.max(spent)));
        let beside = beside.load(Relaxed).saturating_sub(spent_beside.sent());
        told.calls(spent, expected.map(|expected| expected + beside + later));
    };
    let work = Work { calls: Arc::new(calls), ..App::work(handle) };
    let pulled = pull_entity(&app.store, source, asked, &work);
    let learned = async {
        learned_with.count(super::learn::learn(app, connection, link)).await;
        learning.store(0, Relaxed);
        Ok(())
    };
    let (pulled, ()) = tokio::try_join!(pulled, learned)?;
    let sent = handle.tally().sent();
    handle.calls(sent, Some(sent + later));
    let (stored, seconds) = (std::time::Instant::now(), begun.elapsed().as_secs_f64());
    let not_indexed = catch_up(&app.store, connection.id, &entity, &App::work(handle)).await?;
    Ok(PullReport {
        seconds,
        requests: sent,
        indexing_seconds: stored.elapsed().as_secs_f64(),
        not_indexed,
        ..report(&pulled, &entity, list.map(|list| list.name))
    })
}

fn report(pulled: &Pulled, entity: &EntityName, list: Option<String>) -> PullReport {
    let (counts, planned) = (pulled.pull.counts, &pulled.planned);
    let place = pulled.mark.as_ref().map(|mark| &mark.place);
    let mut notes = planned.notes.clone();
    if planned.left_out.is_some() {
        let told = match pulled.left_out {
            Some(0) => "No record is new since the last pull; new ones would have been left out.".to_owned(),
            Some(1) => "1 new record was left out: only updated ones were asked for.".to_owned(),
            Some(count) => format!("{count} new records were left out: only updated ones were asked for."),
            None => "New records were left out: only updated ones were asked for.".to_owned(),
        };
        notes.insert(0, told);
    }
    PullReport {
        entity: entity.to_string(),
        read: counts.read,
        new: counts.new,
        changed: counts.changed,
        unchanged: counts.unchanged,
        deleted: counts.deleted,
        pages: counts.pages,
        resumed: pulled.pull.resumed,
        pull: pulled.pull.id.to_string(),
        list,
        mode: mode_text(planned.ask.fetch.mode),
        way: planned.way.as_str().to_owned(),
        since: planned.since.map(|at| at.to_string()),
        left_out: pulled.left_out,
        watermark: place.and_then(|place| place.modified).map(|at| at.to_string()),
        tracked: place.is_some_and(|place| place.token.is_some()),
        notes,
        ..PullReport::default()
    }
}

fn mode_text(mode: syncline_model::FetchMode) -> String {
    serde_json::to_value(mode).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
