//! Making a plan: read, map, compare, decide, store. No write path is reachable from here: the destination is probed and asked for
//! requests, never for a write.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use syncline_connect::{Destination, Page, Selection, Source, WriteOptions};
use syncline_mapping::{Mapping, Related, compile_with, definition_hash};
use syncline_model::{
    EntityName, EntitySchema, ErrorCode, Identity, Problem, RecordId, SyncAction, SyncDefinition,
    SynclineError, System,
};
use syncline_store::{Plan, PlanStatus, Store};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::appeared::is_key;
use crate::batches::estimate_batches;
use crate::chosen::Chosen;
use crate::cost::run_cost;
use crate::mapped_page::{MappedPage, map_page, parts};
use crate::order::Order;
pub use crate::plan_detail::{PlanCounts, PlanDetail};
use crate::plan_rows::Rows;
use crate::progress::{Work, blocking};
use crate::related::{RelatedReader, Unfound};
use crate::vanished::{can_delete, sees_all};
use crate::waiting::{StateField, state_fields};

/// Pages that may wait to be mapped.
const PAGES_AHEAD: usize = 1;

/// What to plan.
#[derive(Clone)]
pub struct PlanRequest {
    /// The definition.
    pub definition: SyncDefinition,
    /// Source connection.
    pub source: Uuid,
    /// Destination connection.
    pub destination: Uuid,
    /// System of the destination.
    pub system: System,
    /// Source entity as it is described now.
    pub source_schema: EntitySchema,
    /// Destination entity as it is described now.
    pub destination_schema: EntitySchema,
    /// Columns of records that lookups of the source point at; the source's schema has them too.
    pub related: Vec<Related>,
    /// Descriptions of the destination's tables in which lookups are found by a column.
    pub find_tables: Vec<EntitySchema>,
    /// What is read: entity or list, columns, filter with the fetch mode's window, page size.
    pub selection: Selection,
    /// Some records only.
    pub only: Option<Only>,
    /// The source is the store.
    pub cached: bool,
    /// The run that these records were in, where they are chosen out of one.
    pub replay_of: Option<Uuid>,
    /// Events that were sent before go again.
    pub resend_events: bool,
    /// Switches that a run would write with.
    pub options: WriteOptions,
    /// Who writes, as verified before, where the destination need not be asked; a run compares it with who answers then.
    pub writer: Option<Identity>,
}

/// Which records, where it is not the whole selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// These.
    Ids(Vec<String>),
    /// Those of a run; or of it only those that failed, drifted or have no answer.
    Run {
        /// The run.
        run: Uuid,
        /// Only what did not go well.
        failed: bool,
    },
}

/// The error of a definition with problems; they are all in the detail.
pub(crate) fn problems_error(problems: &[Problem]) -> SynclineError {
    let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
    let list: Vec<String> =
        problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
    let count = problems.len();
    SynclineError::new(
        ErrorCode::DefinitionInvalid,
        format!("the definition has {count} problem{}: {first}", if count == 1 { "" } else { "s" }),
    )
    .hint("check the definition; every problem is told with its place and a hint")
    .detail(list.join("\n"))
}

/// Makes and stores a plan. When it is cancelled or fails, what was planned stays as an incomplete plan, which can be looked at and not run.
pub async fn make_plan(
    store: &Store,
    source: Arc<dyn Source>,
    destination: Arc<dyn Destination>,
    request: PlanRequest,
    work: &Work,
) -> Result<Plan, SynclineError> {
    let compiled = compile_with(
        &request.definition,
        &request.source_schema,
        &request.destination_schema,
        request.system,
        &request.find_tables,
    )
    .map_err(|problems| problems_error(&problems))?;
    work.tell("asking who writes", 0, None);
    let identity = match &request.writer {
        Some(verified) => verified.clone(),
        None => destination.identity().await?,
    };
    let to_json = |error: serde_json::Error| SynclineError::new(ErrorCode::Internal, error.to_string());
    let mut plan = Plan {
        id: Uuid::new_v4(),
        definition: request.definition.name.clone(),
        definition_json: request.definition.to_json(),
        definition_hash: definition_hash(&request.definition),
        source: request.source,
        source_entity: request.source_schema.summary.logical_name.clone(),
        destination: request.destination,
        destination_entity: request.destination_schema.summary.logical_name.clone(),
        source_hash: None,
        status: PlanStatus::Planning,
        created_at: work.now(),
        detail: serde_json::to_value(PlanDetail::default()).map_err(to_json)?,
        destination_schema: serde_json::to_value(&request.destination_schema).map_err(to_json)?,
        identity: serde_json::to_value(identity).map_err(to_json)?,
        signature: None,
    };
    let capabilities = destination.capabilities();
    can_delete(&request.definition, &capabilities)?;
    sees_all(&request)?;
    let deletes = request.definition.options.action != SyncAction::Write;
    let mut detail = PlanDetail {
        compared_with: if capabilities.reads_back { "destination" } else { "last sent" }.to_owned(),
        cached: request.cached,
        partial: request.selection.top.is_some() || request.only.is_some(),
        limit: request.selection.top,
        only: request.only.clone(),
        filter: request.selection.filter.clone(),
        replay_of: match &request.only {
            Some(Only::Run { run, .. }) => Some(*run),
            Some(Only::Ids(_)) | None => request.replay_of,
        },
        undoable: capabilities.reads_back && capabilities.deletes,
        unfiltered: deletes
            && request.definition.source.filter.as_deref().is_none_or(|filter| filter.trim().is_empty())
            && request.selection.list.is_none()
            && request.only.is_none(),
        ..PlanDetail::default()
    };
    let (kept, first) = (store.clone(), plan.clone());
    blocking(move || Ok(kept.save_plan(&first)?)).await?;
    destination.prepare(&request.destination_schema, &work.cancel).await?;
    if deletes {
        destination.prepare_deletions(&request.destination_schema, &work.cancel).await?;
    }
    // A run asks the service itself, whatever the preview was made of.
    let tolls = (
        source.toll(&request.source_schema.summary.logical_name),
        destination.toll(&request.destination_schema.summary.logical_name),
    );
    let looked_at = !request.cached;
    let identifiers = request.definition.identifiers.iter().map(|identifier| identifier.to.as_str());
    let keyed = is_key(&request.destination_schema, identifiers);
    let states = state_fields(&compiled.mapping.target_names(), &request.destination_schema);
    let planner = Planner {
        states: Arc::new(states),
        store: store.clone(),
        destination,
        mapping: Arc::new(compiled.mapping),
        request: Arc::new(request),
        plan: plan.id,
    };
    let result = planner.plan_all(source, &mut detail, work).await;
    detail.requests =
        detail.lanes.values().map(|(rows, bytes)| estimate_batches(*rows, *bytes, &capabilities)).sum();
    detail.unkeyed_creates = if keyed { 0 } else { detail.counts.create };
    detail.requests += detail.turns;
    detail.cost = run_cost(&detail, looked_at, &tolls);
    plan.status = if result.is_ok() { PlanStatus::Ready } else { PlanStatus::Incomplete };
    plan.source_hash = result.as_ref().ok().cloned();
    plan.detail = serde_json::to_value(&detail).map_err(to_json)?;
    let (kept, last) = (store.clone(), plan.clone());
    blocking(move || ended(&kept, &last)).await?;
    result.map(|_| plan)
}

/// Saves how a plan ended; nothing of it comes back where a connection of it was forgotten meanwhile.
pub(crate) fn ended(store: &Store, plan: &Plan) -> Result<(), SynclineError> {
    if store.end_plan(plan)? {
        return Ok(());
    }
    Err(SynclineError::new(
        ErrorCode::NotFound,
        "a connection of this preview was forgotten while it was made",
    ))
}

/// What the pages of one plan share.
#[derive(Clone)]
pub(crate) struct Planner {
    pub(crate) store: Store,
    pub(crate) destination: Arc<dyn Destination>,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) request: Arc<PlanRequest>,
    pub(crate) plan: Uuid,
    /// Mapped columns that hold a row's state, which some tables don't take in a new row.
    pub(crate) states: Arc<Vec<StateField>>,
}

impl Planner {
    /// Plans every page; the content hash of what was read.
    async fn plan_all(
        &self,
        source: Arc<dyn Source>,
        detail: &mut PlanDetail,
        work: &Work,
    ) -> Result<String, SynclineError> {
        let order = Order::of(&self.request.destination_schema).finding(self.mapping.finds());
        let mut rows = Rows::new(&self.store, self.plan, self.request.find_tables.clone(), order);
        let mut result = self.plan_rows(&mut rows, source, detail, work).await;
        if result.is_ok()
            && let Err(error) = rows.arrange(self, detail).await
        {
            result = Err(error);
        }
        let ended = rows.end().await;
        let hash = result?;
        ended.map(|()| hash)
    }

    async fn plan_rows(
        &self,
        rows: &mut Rows,
        source: Arc<dyn Source>,
        detail: &mut PlanDetail,
        work: &Work,
    ) -> Result<String, SynclineError> {
        let mut hash = Sha256::new();
        let mut related = RelatedReader::new(self.request.related.clone(), self.request.cached);
        if let Some(only) = &self.request.only {
            let mut chosen = Chosen::new(only);
            while let Some(ids) = chosen.next(&self.store).await? {
                let mut page = self.some(source.as_ref(), &ids, work).await?;
                let unfound = related.fill(source.as_ref(), &mut page.records, &work.cancel).await?;
                let page = map_page(self.clone(), page, unfound, work.now()).await?;
                rows.plan_page(self, page, detail, &mut hash, work).await?;
                work.tell_calls(None);
                work.tell("planning", detail.counts.read, None);
                work.check()?;
            }
            return Ok(hex::encode(hash.finalize()));
        }
        work.tell("counting", 0, None);
        let selection = self.request.selection.clone();
        let counted = source.count(&selection, &work.cancel).await.ok().map(|count| count.value);
        let total = match (counted, selection.top) {
            (Some(count), Some(top)) => Some(count.min(top)),
            (count, top) => count.or(top),
        };
        let (sender, mut receiver) = mpsc::channel::<Result<(Page, Unfound), SynclineError>>(PAGES_AHEAD);
        let (cancel, tally) = (work.cancel.clone(), work.tally.clone());
        let reading = async move {
            let (mut cursor, mut read) = (None, 0_u64);
            loop {
                let mut page = source.page(&selection, cursor.as_ref(), &cancel).await;
                if let (Ok(page), Some(top)) = (&mut page, selection.top) {
                    page.records.truncate(usize::try_from(top.saturating_sub(read)).unwrap_or(usize::MAX));
                }
                read += page.as_ref().map_or(0, |page| page.records.len() as u64);
                cursor = page.as_ref().ok().and_then(|page| page.next.clone());
                let enough = selection.top.is_some_and(|top| read >= top);
                let page = match page {
                    Ok(mut page) => match related.fill(source.as_ref(), &mut page.records, &cancel).await {
                        Ok(unfound) => Ok((page, unfound)),
                        Err(error) => Err(error),
                    },
                    Err(error) => Err(error),
                };
                let ended = page.is_err() || cursor.is_none() || enough;
                if sender.send(page).await.is_err() || ended {
                    return;
                }
            }
        };
        tokio::spawn(async move { tally.count(reading).await });
        // One page is mapped while the one before is decided on, and the one before that is stored.
        let (sender, mut mapped) = mpsc::channel::<Result<MappedPage, SynclineError>>(1);
        let (planner, clock) = (self.clone(), Arc::clone(&work.clock));
        tokio::spawn(async move {
            while let Some(page) = receiver.recv().await {
                let parts = match page {
                    Ok((page, unfound)) => parts(page, unfound).into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(error)],
                };
                for part in parts {
                    let page = match part {
                        Ok((page, unfound)) => map_page(planner.clone(), page, unfound, clock()).await,
                        Err(error) => Err(error),
                    };
                    let ended = page.is_err();
                    if sender.send(page).await.is_err() || ended {
                        return;
                    }
                }
            }
        });
        while let Some(page) = mapped.recv().await {
            rows.plan_page(self, page?, detail, &mut hash, work).await?;
            work.tell_calls(None);
            work.tell("planning", detail.counts.read, total.map(|total| total.max(detail.counts.read)));
            work.check()?;
        }
        if self.request.definition.options.action == SyncAction::Mirror && !detail.partial {
            rows.plan_vanished(self, detail, work).await?;
        }
        Ok(hex::encode(hash.finalize()))
    }

    /// Reads some records. One that was asked for alone must be there; of several those that are gone are left out.
    async fn some(&self, source: &dyn Source, ids: &[String], work: &Work) -> Result<Page, SynclineError> {
        let entity: EntityName = self.request.source_schema.summary.logical_name.clone();
        let asked: Vec<RecordId> = ids.iter().map(RecordId::new).collect();
        let found = source.get(&entity, &asked, &self.request.selection.columns, &work.cancel).await?;
        let records = found.into_iter().flatten().collect::<Vec<_>>();
        if let (true, [id], Some(Only::Ids(_))) = (records.is_empty(), ids, &self.request.only) {
            return Err(SynclineError::new(
                ErrorCode::NotFound,
                format!("there is no {entity} with the id {id}"),
            )
            .hint("check the id, and that you may read the record"));
        }
        Ok(Page { records, next: None, bytes: 0 })
    }
}
