//! Stored things as shells see them.

use std::collections::HashMap;
use syncline_auth::{SecretExpiry, secret_expiry};
use syncline_model::{AuthMethod, Connection, ConnectionStatus, EntitySchema, System};
use syncline_secrets::{SecretKind, VaultKey};
use syncline_store::{Plan, PlanStatus, Run, Store};
use syncline_sync::{PlanDetail, Prediction, RunDetail, TwoWayPart, rule_of};
use uuid::Uuid;

use crate::app::{App, run_blocking};
use crate::links::entered_secret;
use crate::wire::{
    ApiError, ConnectionView, IssueGroup, PlanCounts, PlanSummary, PredictionGroup, PredictionView, RunView,
    TwoWayPlan,
};

/// Colours for connections without one: distinct in light and dark, none of them red, which stays for production.
const COLOURS: &[&str] =
    &["#0f6cbd", "#107c41", "#8764b8", "#ca5010", "#038387", "#4f6bed", "#986f0b", "#5c2e91"];

fn colour(connection: &Connection) -> String {
    connection.colour.clone().unwrap_or_else(|| {
        let sum: usize = connection.name.as_str().bytes().map(usize::from).sum();
        COLOURS[sum % COLOURS.len()].to_owned()
    })
}

/// The sentence behind the status light, with a warning while a client secret nears its end.
fn sentence(connection: &Connection, signed_in: bool, now: jiff::Timestamp) -> String {
    let state = state(connection, signed_in);
    let expiry = connection.options.get("secret_expires").and_then(|text| secret_expiry(text, now));
    match expiry {
        Some(SecretExpiry::Ended { at }) => {
            format!("{state}; its client secret ended on {}: make a new one", at.strftime("%F"))
        }
        Some(SecretExpiry::Soon { at, days }) => {
            format!(
                "{state}; its client secret ends on {} (in {days} days): make a new one",
                at.strftime("%F")
            )
        }
        Some(SecretExpiry::Fine { .. }) | None => state,
    }
}

fn state(connection: &Connection, signed_in: bool) -> String {
    match connection.status {
        ConnectionStatus::Verified => {
            let who = connection
                .identity
                .as_ref()
                .and_then(|identity| identity.user_name.clone().or_else(|| identity.organization_id.clone()));
            match (who, signed_in) {
                (Some(who), true) => format!("verified as {who}"),
                (None, true) => "verified".to_owned(),
                (_, false) => "verified before, signed out now".to_owned(),
            }
        }
        ConnectionStatus::Unverified if !signed_in && connection.system == System::Dataverse => {
            "saved, nobody has signed in yet".to_owned()
        }
        ConnectionStatus::Unverified => "saved, not verified yet".to_owned(),
        ConnectionStatus::Broken => {
            connection.status_message.clone().unwrap_or_else(|| "the last test failed".to_owned())
        }
    }
}

impl App {
    /// A connection as shells see it.
    pub(crate) async fn view(&self, connection: Connection) -> Result<ConnectionView, ApiError> {
        let id = connection.id;
        let cached = self.with_store(move |store| store.cached(Some(id))).await?;
        let kind = match (entered_secret(connection.system, connection.auth), connection.auth) {
            // A database may trust the socket, and then has no password.
            (Some(SecretKind::DatabasePassword), _) | (None, AuthMethod::None) => None,
            (Some(kind), _) => Some(kind),
            (None, _) => Some(SecretKind::RefreshToken),
        };
        let vault = std::sync::Arc::clone(&self.vault);
        let signed_in = match kind {
            None => true,
            // A keychain that can't be asked is told where it matters; here the light just does not say "signed in".
            Some(kind) => run_blocking(move || Ok(vault.get(&VaultKey::new(id, kind))?.is_some()))
                .await
                .unwrap_or(false),
        };
        Ok(ConnectionView {
            id: id.to_string(),
            name: connection.name.to_string(),
            system: connection.system,
            url: connection.url.clone(),
            auth: connection.auth,
            authority: connection.authority.clone(),
            tenant: connection.tenant.clone(),
            client_id: connection.client_id.clone(),
            scopes: connection.scopes.clone(),
            api_version: connection.api_version.clone(),
            kind: connection.kind,
            client: connection.client.clone(),
            colour: colour(&connection),
            writable: connection.writable,
            unlocked_until: self.unlocked_until(&connection).map(|until| until.to_string()),
            options: connection.options.clone(),
            identity: connection.identity.clone(),
            status: connection.status,
            status_message: sentence(&connection, signed_in, jiff::Timestamp::now()),
            signed_in,
            checked_at: connection.checked_at.clone(),
            used_at: connection.used_at.clone(),
            cached_records: cached.iter().map(|entity| entity.records).sum(),
            secret_expires: connection.options.get("secret_expires").cloned(),
            sample: connection.options.contains_key("sample"),
        })
    }
}

/// A plan as shells see it.
pub(crate) fn plan_summary(
    store: &Store,
    plan: &Plan,
    names: &HashMap<Uuid, String>,
) -> Result<PlanSummary, syncline_store::StoreError> {
    let detail: PlanDetail = serde_json::from_value(plan.detail.clone()).unwrap_or_default();
    let excluded = store.plan_excluded(plan.id)?;
    let issues = store.plan_issue_counts(plan.id)?;
    let run = store.run_of_plan(plan.id)?;
    let name = |id: &Uuid| names.get(id).cloned().unwrap_or_else(|| "forgotten".to_owned());
    let counts = detail.counts;
    let exceeded = super::run_guards::exceeded(store, plan, &detail, &excluded)?;
    let schema: Option<EntitySchema> = serde_json::from_value(plan.destination_schema.clone()).ok();
    Ok(PlanSummary {
        plan_id: plan.id.to_string(),
        definition: plan.definition.clone(),
        definition_hash: plan.definition_hash.clone(),
        source: name(&plan.source),
        source_entity: plan.source_entity.to_string(),
        destination: name(&plan.destination),
        destination_entity: plan.destination_entity.to_string(),
        created_at: plan.created_at.to_string(),
        summary: counts_view(&counts, excluded.values().sum()),
        issues: issues
            .into_iter()
            .map(|issue| IssueGroup {
                rule: schema
                    .as_ref()
                    .map(|schema| rule_of(&issue.code, &issue.field, schema))
                    .unwrap_or_default(),
                code: issue.code,
                field: issue.field,
                example: issue.example,
                rows: issue.rows,
            })
            .collect(),
        requests: detail.requests,
        cost: super::costs::view(&detail.cost),
        bytes: detail.bytes,
        status: match plan.status {
            PlanStatus::Planning => "planning",
            PlanStatus::Ready => "ready",
            PlanStatus::Incomplete => "incomplete",
            PlanStatus::Run => "run",
        }
        .to_owned(),
        compared_with: detail.compared_with,
        run_id: run.map(|run| run.id.to_string()),
        cached: detail.cached,
        undo_of: detail.undo_of.map(|run| run.to_string()),
        replay_of: detail.replay_of.map(|run| run.to_string()),
        undoable: detail.undoable,
        exceeded,
        signed: super::sign_off::told(store, plan)?,
        two_way: two_way_view(store, detail.two_way.as_ref())?,
    })
}

fn two_way_view(
    store: &Store,
    part: Option<&TwoWayPart>,
) -> Result<Option<TwoWayPlan>, syncline_store::StoreError> {
    let Some(part) = part else { return Ok(None) };
    let Some(other) = store.plan(part.other)? else { return Ok(None) };
    let detail: PlanDetail = serde_json::from_value(other.detail).unwrap_or_default();
    let excluded = store.plan_excluded_count(part.other)?;
    Ok(Some(TwoWayPlan {
        other: part.other.to_string(),
        returns: part.returns,
        conflicts: part.conflicts,
        other_counts: counts_view(&detail.counts, excluded),
    }))
}

fn counts_view(counts: &syncline_sync::PlanCounts, excluded: u64) -> PlanCounts {
    PlanCounts {
        read: counts.read,
        create: counts.create,
        update: counts.update,
        delete: counts.delete,
        unchanged: counts.unchanged,
        skip: counts.skip,
        invalid: counts.invalid,
        events: counts.events,
        events_held_back: counts.events_held_back,
        events_resent: counts.events_resent,
        steps: counts.steps,
        vanished: counts.vanished,
        excluded,
    }
}

/// How far a plan came true.
pub(crate) fn prediction_view(prediction: Prediction) -> PredictionView {
    PredictionView {
        predicted: prediction.predicted,
        as_predicted: prediction.as_predicted,
        otherwise: prediction.otherwise,
        not_reached: prediction.not_reached,
        score: prediction.score(),
        groups: prediction
            .groups
            .into_iter()
            .map(|group| PredictionGroup {
                action: group.action,
                as_predicted: group.as_predicted(),
                outcome: group.outcome,
                rows: group.rows,
            })
            .collect(),
    }
}

/// A run as shells see it.
pub(crate) fn run_view(run: &Run, names: &HashMap<Uuid, String>) -> RunView {
    let detail: RunDetail = serde_json::from_value(run.detail.clone()).unwrap_or_default();
    let name = |id: &Uuid| names.get(id).cloned().unwrap_or_else(|| "forgotten".to_owned());
    let end = run.finished_at.unwrap_or(run.started_at);
    let counts = detail.counts;
    let resumable = super::run_again::resumable(run.status, &detail);
    RunView {
        run_id: run.id.to_string(),
        plan_id: run.plan.to_string(),
        definition: run.definition.clone(),
        record: None,
        definition_hash: run.definition_hash.clone(),
        by: detail.by,
        source: name(&run.source),
        destination: name(&run.destination),
        status: run.status.as_str().to_owned(),
        started_at: run.started_at.to_string(),
        finished_at: run.finished_at.map(|at| at.to_string()),
        read: counts.read,
        created: counts.created,
        updated: counts.updated,
        deleted: counts.deleted,
        unchanged: counts.unchanged,
        skipped: counts.skipped,
        drifted: counts.drifted,
        failed: counts.failed,
        held_back: counts.held_back,
        checks: detail.checks,
        checks_since: detail.checks_since.map(|at| at.to_string()),
        events: counts.events,
        prediction: detail.prediction.map(prediction_view),
        most_at_once: detail.most_at_once,
        calls: detail.calls,
        due: detail.due,
        not_reached: detail.not_reached,
        resumed: detail.resumed,
        resumable,
        undoable: detail.undoable && counts.written() > 0,
        undo_of: detail.undo_of.map(|run| run.to_string()),
        replay_of: detail.replay_of.map(|run| run.to_string()),
        undone_by: detail.undone_by.map(|run| run.to_string()),
        seconds: end.duration_since(run.started_at).as_secs_f64(),
        error: detail.error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_nears_its_end_is_said() {
        let json = serde_json::json!({
            "id": Uuid::nil(), "name": "c", "system": "dataverse", "url": "https://c.crm.dynamics.com", "auth": "client-credentials",
            "authority": "https://login.microsoftonline.com", "kind": "sandbox", "writable": false, "status": "verified",
            "options": { "secret_expires": "2026-12-01" },
        });
        let connection: Connection = serde_json::from_value(json).unwrap();
        let at = |text: &str| sentence(&connection, true, text.parse().unwrap());
        assert_eq!(at("2026-01-01T00:00:00Z"), "verified");
        assert!(at("2026-11-21T00:00:00Z").contains("ends on 2026-12-01"), "{}", at("2026-11-21T00:00:00Z"));
        assert!(at("2026-12-02T00:00:00Z").contains("ended on 2026-12-01"));
    }
}
