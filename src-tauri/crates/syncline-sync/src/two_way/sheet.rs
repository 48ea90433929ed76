//! The rows of one of the two plans, on their way into the store.

use std::sync::Arc;
use syncline_connect::{Destination, RowRequest, Toll, WriteOptions};
use syncline_model::{Action, EntitySchema, ErrorCode, SynclineError};
use syncline_store::{Plan, PlanRow, PlanStatus, Store};

use super::pair::Draft;
use crate::batches::estimate_batches;
use crate::cost::run_cost;
use crate::plan::PlanDetail;
use crate::plan_rows::{RowExtra, raw};
use crate::progress::blocking;

/// Rows that are stored at once.
const AT_ONCE: usize = 500;

/// One of the two plans.
pub(super) struct Sheet {
    pub(super) plan: Plan,
    pub(super) detail: PlanDetail,
    destination: Arc<dyn Destination>,
    schema: EntitySchema,
    options: WriteOptions,
    rows: Vec<PlanRow>,
    next: u32,
}

pub(super) fn damaged(error: serde_json::Error) -> SynclineError {
    SynclineError::new(ErrorCode::Internal, error.to_string())
}

impl Sheet {
    /// An empty plan, stored.
    pub(super) async fn begin(
        store: &Store,
        plan: Plan,
        detail: PlanDetail,
        destination: Arc<dyn Destination>,
        schema: EntitySchema,
        options: WriteOptions,
    ) -> Result<Self, SynclineError> {
        let mut sheet = Self { plan, detail, destination, schema, options, rows: Vec::new(), next: 0 };
        sheet.save(store, PlanStatus::Planning).await?;
        Ok(sheet)
    }

    async fn save(&mut self, store: &Store, status: PlanStatus) -> Result<(), SynclineError> {
        self.plan.status = status;
        self.plan.detail = serde_json::to_value(&self.detail).map_err(damaged)?;
        let (store, plan) = (store.clone(), self.plan.clone());
        blocking(move || Ok(store.save_plan(&plan)?)).await
    }

    /// Adds a row.
    pub(super) async fn push(&mut self, store: &Store, draft: Draft) -> Result<(), SynclineError> {
        let Draft { source_id, title, source_etag, source, mapped, decision, extra } = draft;
        self.detail.counts.add(decision.action);
        if let (true, Some(request)) = (decision.action.writes(), &decision.request) {
            self.detail.note(request, self.destination.lane(&self.schema, request, &self.options));
        }
        if decision.action == Action::Create && !extra.known_by.is_empty() {
            self.detail.unkeyed_creates += 1;
        }
        let nothing = || serde_json::value::RawValue::from_string("{}".to_owned()).map_err(damaged);
        let extra = RowExtra {
            source: source.map_or_else(nothing, Ok)?,
            events: Vec::new(),
            resent: false,
            pair: Some(extra),
            finds: Vec::new(),
        };
        self.rows.push(PlanRow {
            ordinal: self.next,
            source_id,
            title,
            source_etag: if decision.action.writes() { source_etag } else { None },
            action: decision.action,
            reason: decision.reason,
            existing: decision.existing.as_ref().map(raw).transpose()?,
            changes: decision.changes.list(&mapped),
            request_hash: decision.request.as_ref().map(RowRequest::hash),
            request: decision.request.as_ref().map(raw).transpose()?,
            mapped,
            issues: decision.issues,
            extra: Some(raw(&extra)?),
            excluded: false,
        });
        self.next += 1;
        if self.rows.len() >= AT_ONCE { self.flush(store).await } else { Ok(()) }
    }

    async fn flush(&mut self, store: &Store) -> Result<(), SynclineError> {
        let (store, id, rows) = (store.clone(), self.plan.id, std::mem::take(&mut self.rows));
        if rows.is_empty() {
            return Ok(());
        }
        blocking(move || Ok(store.add_plan_rows(id, &rows)?)).await
    }

    /// Stores what is left, and where the plan stands.
    pub(super) async fn end(mut self, store: &Store, whole: bool) -> Result<Plan, SynclineError> {
        self.flush(store).await?;
        let able = self.destination.capabilities();
        let detail = &mut self.detail;
        detail.requests =
            detail.lanes.values().map(|(rows, bytes)| estimate_batches(*rows, *bytes, &able)).sum();
        let toll = self.destination.toll(&self.schema.summary.logical_name);
        detail.cost = run_cost(detail, true, &(Toll::default(), toll));
        let status = if whole { PlanStatus::Ready } else { PlanStatus::Incomplete };
        self.save(store, status).await?;
        Ok(self.plan)
    }
}
