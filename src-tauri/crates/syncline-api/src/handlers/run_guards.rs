//! What a run is held to: the definition's own limits before those of the settings.

use std::collections::BTreeMap;
use syncline_model::{Action, ConnectionKind, DefinitionOptions, ErrorCode, RunLimits, SyncDefinition};
use syncline_store::{Plan, PlanStatus, Store, StoreError};
use syncline_sync::{Guards, PlanDetail, TooMuch, Warnings};

use super::session::SETTINGS;
use crate::wire::{ApiError, Exceeded, Settings};

/// The guards of a definition that writes to a connection of this kind.
pub(super) fn of(
    store: &Store,
    options: &DefinitionOptions,
    kind: ConnectionKind,
) -> Result<Guards, StoreError> {
    let kept = store.kept(SETTINGS)?;
    let settings: Settings = kept.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
    let (own, all) = (options.limits.unwrap_or_default(), settings.limits);
    let limits = RunLimits {
        updates: own.updates.or(all.updates),
        updates_percent: own.updates_percent.or(all.updates_percent),
        deletes: own.deletes.or(all.deletes),
        deletes_percent: own.deletes_percent.or(all.deletes_percent),
    };
    Ok(Guards {
        limits,
        strict: options.strict || (settings.strict_production && kind == ConnectionKind::Production),
        allow_unfiltered: options.allow_unfiltered,
        beyond: false,
    })
}

/// What a plan exceeds, as it was counted and without the rows that are taken out; the run counts its rows. A plan that was run is not judged
/// again.
pub(super) fn exceeded(
    store: &Store,
    plan: &Plan,
    detail: &PlanDetail,
    excluded: &BTreeMap<Action, u64>,
) -> Result<Vec<Exceeded>, StoreError> {
    let Ok(definition) = SyncDefinition::from_json(&plan.definition_json) else { return Ok(Vec::new()) };
    if plan.status == PlanStatus::Run {
        return Ok(Vec::new());
    }
    let kind = store.connection(plan.destination)?.map(|connection| connection.kind);
    let guards = of(store, &definition.options, kind.unwrap_or(ConnectionKind::Production))?;
    let warnings = if guards.strict { Warnings::of(store, plan.id)? } else { Warnings::default() };
    let counts = &detail.counts;
    let planned =
        [(Action::Create, counts.create), (Action::Update, counts.update), (Action::Delete, counts.delete)];
    let left = |(action, rows): (Action, u64)| {
        (action, rows.saturating_sub(excluded.get(&action).copied().unwrap_or_default()))
    };
    let found = guards.exceeded(detail, &planned.into_iter().map(left).collect(), warnings);
    let told = |one: TooMuch| Exceeded { what: one.what.to_owned(), text: one.text, remedy: one.remedy };
    Ok(found.into_iter().map(told).collect())
}

/// An error for a limit that is none.
pub(super) fn check(limits: &RunLimits) -> Result<(), ApiError> {
    let too_much = |percent: Option<u8>| percent.is_some_and(|percent| percent > 100);
    if too_much(limits.updates_percent) || too_much(limits.deletes_percent) {
        return Err(ApiError::new(ErrorCode::Usage, "a limit in percent is at most 100"));
    }
    Ok(())
}
