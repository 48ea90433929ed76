//! The rows of a plan as they are due, in batches of one lane each. No more rows are held than a window and one unfinished batch a lane.

use std::collections::{BTreeMap, HashSet, VecDeque};
use syncline_connect::{Capabilities, RowRequest};
use syncline_mapping::identity_key;
use syncline_model::{EntityName, ErrorCode, SynclineError, Value, ValueMap};
use syncline_store::{AsSent, PlanRow, Store};
use uuid::Uuid;

use crate::batches::fits;
use crate::plan_rows::raw;
use crate::progress::blocking;

/// Rows of the plan that are read at once.
const WINDOW: u32 = 2000;

/// A row and the request that was stored for it.
pub(crate) struct Due {
    pub(crate) row: PlanRow,
    pub(crate) request: RowRequest,
    /// What it leaves as, where that is not what was planned; the row and the request tell it too.
    pub(crate) as_sent: Option<AsSent>,
}

impl Due {
    /// The row leaves as another request than was planned. `found`: attributes that were found since.
    pub(crate) fn send_as(&mut self, request: RowRequest, found: ValueMap) -> Result<(), SynclineError> {
        if request == self.request && found.is_empty() {
            return Ok(());
        }
        let as_sent = AsSent { request_hash: request.hash(), request: raw(&request)?, found };
        as_sent.tell(&mut self.row);
        (self.request, self.as_sent) = (request, Some(as_sent));
        Ok(())
    }
}

/// A row with its request.
pub(crate) fn due(row: PlanRow) -> Result<Due, SynclineError> {
    let raw = row.request.as_ref().map(|raw| raw.get()).unwrap_or("null");
    let request = serde_json::from_str(raw).map_err(|error| {
        SynclineError::new(ErrorCode::StoreCorrupt, format!("the stored plan can't be read: {error}"))
            .hint("make a new preview")
    })?;
    Ok(Due { row, request, as_sent: None })
}

/// How many of the rows that wait, from the first on, have identifiers of their own; at least one.
fn different(waiting: &VecDeque<Due>) -> usize {
    let mut seen = HashSet::new();
    waiting.iter().take_while(|due| seen.insert(identity_key(&due.row.mapped))).count().max(1)
}

/// Rows that wait.
pub(crate) struct Feed<'a> {
    store: &'a Store,
    plan: Uuid,
    run: Uuid,
    entity: EntityName,
    /// The turn that is read, and those after it.
    turn: u32,
    turns: VecDeque<u32>,
    /// The rows that wait are of a later turn than the batch that was given last.
    turned: bool,
    from: u32,
    exhausted: bool,
    lanes: BTreeMap<u8, VecDeque<Due>>,
    /// The plan does not say in which order rows go.
    guesses: bool,
    ordered: bool,
    /// Rows with the same identifiers go in requests apart.
    apart: bool,
}

impl<'a> Feed<'a> {
    /// The rows of a plan that write to an entity and have no outcome in the run. `turns`: those of the plan after the first one, where it says in which order rows
    /// go; `apart`: no two with the same identifiers in one batch.
    pub(crate) fn new(
        store: &'a Store,
        (plan, run): (Uuid, Uuid),
        entity: EntityName,
        turns: Option<Vec<u32>>,
        apart: bool,
    ) -> Self {
        Self {
            store,
            plan,
            run,
            entity,
            turn: 0,
            guesses: turns.is_none(),
            turns: turns.unwrap_or_default().into(),
            turned: false,
            from: 0,
            exhausted: false,
            lanes: BTreeMap::new(),
            ordered: false,
            apart,
        }
    }

    /// Rows refer to other rows of their own table, which may be in the plan before them: batches must go one after the other.
    pub(crate) fn ordered(&self) -> bool {
        self.ordered
    }

    /// The batch that was given last is the first of its turn: all before it must have landed.
    pub(crate) fn turned(&self) -> bool {
        self.turned
    }

    /// The next batch, at most `rows`, of rows of one turn; `None` at the end. Within a lane the plan's order is kept.
    pub(crate) async fn next(
        &mut self,
        rows: usize,
        limits: &Capabilities,
        lane: impl Fn(&RowRequest) -> u8,
    ) -> Result<Option<Vec<Due>>, SynclineError> {
        let limits =
            Capabilities { max_batch_rows: rows.clamp(1, limits.max_batch_rows.max(1)), ..limits.clone() };
        let mut turned = false;
        loop {
            let first = |(_, waiting): &(&u8, &VecDeque<Due>)| waiting.front().map(|due| due.row.ordinal);
            let whole = |waiting: &VecDeque<Due>| waiting.len() >= limits.max_batch_rows;
            let due = self
                .lanes
                .iter()
                .filter(|(_, waiting)| !waiting.is_empty() && (self.exhausted || whole(waiting)))
                .min_by_key(first)
                .map(|(number, _)| *number);
            if let Some(waiting) = due.and_then(|number| self.lanes.get_mut(&number)) {
                let mut size = fits(waiting.iter().map(|due| &due.request), &limits);
                if self.apart {
                    size = size.min(different(waiting));
                }
                self.turned = turned;
                return Ok(Some(waiting.drain(..size).collect()));
            }
            if self.exhausted {
                let Some(turn) = self.turns.pop_front() else { return Ok(None) };
                (self.turn, self.from, self.exhausted) = (turn, 0, false);
                turned = true;
            }
            self.read(&lane).await?;
        }
    }

    async fn read(&mut self, lane: &impl Fn(&RowRequest) -> u8) -> Result<(), SynclineError> {
        let (store, plan, run) = (self.store.clone(), self.plan, self.run);
        let (turn, from) = (self.turn, self.from);
        let rows = blocking(move || Ok(store.plan_rows_to_write(plan, run, turn, from, WINDOW)?)).await?;
        let Some(last) = rows.last() else {
            self.exhausted = true;
            return Ok(());
        };
        self.from = last.ordinal + 1;
        for row in rows {
            let due = due(row)?;
            self.ordered |= self.guesses
                && due.row.mapped.attributes.values().any(
                    |value| matches!(value, Value::Reference(reference) if reference.entity == self.entity),
                );
            let number = if self.ordered { 0 } else { lane(&due.request) };
            self.lanes.entry(number).or_default().push_back(due);
        }
        Ok(())
    }
}
