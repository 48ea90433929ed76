//! What is remembered of a schedule between starts: times that were missed, and how the last run began by itself ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use syncline_store::{Store, StoreError};

use crate::wire::ApiError;

const UNDER: &str = "schedule/state/";

/// Of one definition.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// Times that went by without a run.
    pub(crate) missed: u64,
    /// The last of them.
    pub(crate) missed_at: Option<Timestamp>,
    /// Why.
    pub(crate) missed_why: String,
    /// When it last began, by itself or because somebody asked for it here.
    pub(crate) began: Option<Timestamp>,
    /// The run that it made.
    pub(crate) run: Option<String>,
    /// Why it made none, or ended before its end.
    pub(crate) error: Option<ApiError>,
}

fn key(definition: &str) -> String {
    format!("{UNDER}{}", definition.to_lowercase())
}

/// What is remembered.
pub(crate) fn read(store: &Store, definition: &str) -> Result<State, StoreError> {
    let kept = store.kept(&key(definition))?;
    Ok(kept.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default())
}

/// Changes what is remembered.
pub(crate) fn change(
    store: &Store,
    definition: &str,
    now: Timestamp,
    change: impl FnOnce(&mut State),
) -> Result<(), StoreError> {
    let mut state = read(store, definition)?;
    change(&mut state);
    store.keep(&key(definition), None, &serde_json::to_value(state)?, now)
}

/// The missed times were seen.
pub(crate) fn forget_missed(store: &Store, definition: &str, now: Timestamp) -> Result<(), StoreError> {
    change(store, definition, now, |state| {
        (state.missed, state.missed_at, state.missed_why) = (0, None, String::new());
    })
}
