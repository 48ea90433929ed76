//! `audit.retention`, `audit.retain`: how long runs and previews are kept, and what goes.

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use syncline_model::{ErrorCode, SynclineError};
use syncline_store::{Older, Pruned, Role, RunStatus, Store};
use syncline_sync::{RunDetail, settle};

use super::session::{SETTINGS, keep, stored_settings};
use crate::app::App;
use crate::wire::{ApiError, RetentionAsk, RetentionView, Settings};

/// Longest retention: ten years.
const MOST_DAYS: u32 = 3660;
/// Days after which a preview that nobody ran goes, where the settings do not say.
const PREVIEW_DAYS: u32 = 30;
/// Days after which a preview goes by which nothing would have been written.
const IDLE_DAYS: u32 = 7;
/// Runs that are looked at for one whose process died.
const LATEST: u32 = 200;

fn before(now: Timestamp, days: u32) -> Timestamp {
    now - SignedDuration::from_hours(24 * i64::from(days))
}

/// What is done when the store is opened: runs whose process died are counted, and what is older than the settings say goes.
pub(crate) fn at_open(store: &Store, now: Timestamp) -> Result<(), SynclineError> {
    for run in store.runs(None, 0, LATEST)?.into_iter().filter(|run| run.status == RunStatus::Interrupted) {
        let detail: RunDetail = serde_json::from_value(run.detail.clone()).unwrap_or_default();
        if detail.prediction.is_none() {
            settle(store, run)?;
        }
    }
    let kept = store.kept(SETTINGS)?;
    let settings: Settings = kept.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
    if store.role() != Role::Owner {
        return Ok(());
    }
    let days = settings.preview_days.unwrap_or(PREVIEW_DAYS);
    let since = |days: u32| (days > 0).then(|| before(now, days));
    let previews = store.prune_previews(since(days), since(days.min(IDLE_DAYS)))?;
    if previews > 0 {
        tracing::info!(previews, "older previews that were never run were removed");
    }
    if settings.audit_days > 0 {
        // What was signed off, and what has open failures, goes only when somebody asks for it.
        let gone = store.prune(Older { before: before(now, settings.audit_days), all: false })?;
        if gone.runs + gone.plans > 0 {
            tracing::info!(
                runs = gone.runs,
                records = gone.rows,
                plans = gone.plans,
                "older runs were removed"
            );
        }
    }
    Ok(())
}

/// Counts what is older; keeps and removes nothing.
pub(crate) async fn retention(app: &Arc<App>, request: RetentionAsk) -> Result<RetentionView, ApiError> {
    retain(app, RetentionAsk { keep: None, remove: None, ..request }).await
}

/// Keeps the number of days, removes what is older, or both.
pub(crate) async fn retain(app: &Arc<App>, request: RetentionAsk) -> Result<RetentionView, ApiError> {
    let settings = stored_settings(app).await?;
    let days = request.days.unwrap_or(settings.audit_days);
    if days > MOST_DAYS {
        return Err(ApiError::new(ErrorCode::Usage, format!("{days} days are more than {MOST_DAYS}"))
            .hint("0 keeps runs for ever"));
    }
    if request.keep.unwrap_or(false) {
        let changed = Settings { audit_days: days, ..settings };
        keep(app, SETTINGS, serde_json::to_value(&changed).unwrap_or_default()).await?;
    }
    let remove = request.remove.unwrap_or(false) && days > 0;
    let found = match days {
        0 => Pruned::default(),
        _ => {
            let until = Older { before: before(Timestamp::now(), days), all: request.all.unwrap_or(false) };
            app.with_store(move |store| if remove { store.prune(until) } else { store.prunable(until) })
                .await?
        }
    };
    Ok(RetentionView {
        days,
        runs: found.runs,
        records: found.rows,
        plans: found.plans,
        edits: found.edits,
        kept: found.kept,
        oldest: found.oldest.map(|at| at.to_string()),
        removed: remove,
    })
}
