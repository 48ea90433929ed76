//! Records of a selection whose identifiers are all the same: which one goes, the definition says.
//!
//! Rows are told apart by hashes of their identifiers, in room that does not grow with the plan. The record that was changed last is the
//! first one, because then the source is read in that order. Where none is to go, the first is taken back once the second is met.

use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use syncline_connect::RowRequest;
use syncline_mapping::{Mapped, identity_key};
use syncline_model::{Action, OnDuplicate, Record, RowIssue, SynclineError};
use syncline_store::{PlanKey, PlanKeys, PlanRow, Sent};

use crate::decide::Decision;
use crate::plan::{PlanDetail, Planner};
use crate::plan_rows::{Rows, read_extra};
use crate::progress::blocking;

const CODE: &str = "duplicate_identifiers";

fn short_hash(text: &str) -> PlanKey {
    let mut short = [0; 16];
    short.copy_from_slice(&Sha256::digest(text)[..16]);
    short
}

/// What is said of a row, and of which other.
fn told(rule: OnDuplicate, other: Option<&str>) -> String {
    let other = other.unwrap_or("another record");
    match rule {
        OnDuplicate::First | OnDuplicate::All => format!("{other} has the same identifiers and comes first"),
        OnDuplicate::Latest => format!("{other} has the same identifiers and was changed later"),
        OnDuplicate::None => format!("{other} has the same identifiers; none of them goes"),
    }
}

fn issue(identifiers: impl Iterator<Item = String>, message: &str) -> RowIssue {
    RowIssue {
        code: CODE.to_owned(),
        field: identifiers.collect::<Vec<_>>().join(", "),
        message: message.to_owned(),
    }
}

/// Leaves a row of the page out.
fn leave_out(mapped: &mut Mapped, left_out: &mut Option<Decision>, text: String) {
    mapped.issues.push(issue(mapped.record.identifiers.keys().cloned(), &text));
    *left_out = Some(Decision::left_out(Action::Skip, text));
}

impl Rows {
    /// Leaves out the rows that do not go because another has the same identifiers.
    pub(crate) async fn leave_out_duplicates(
        &mut self,
        planner: &Planner,
        mapped: &mut [(Record, Mapped)],
        left_out: &mut [Option<Decision>],
        detail: &mut PlanDetail,
    ) -> Result<(), SynclineError> {
        let rule = planner.request.definition.on_duplicate;
        if rule == OnDuplicate::All {
            return Ok(());
        }
        let mut asked = Vec::new();
        for ((position, (_, mapped)), ordinal) in mapped.iter().enumerate().zip(self.next..) {
            if left_out[position].is_none() {
                asked.push((position, (short_hash(&identity_key(&mapped.record)), ordinal)));
            }
        }
        let hashes: Vec<(PlanKey, u32)> = asked.iter().map(|(_, key)| *key).collect();
        let (store, plan, page) = (planner.store.clone(), planner.plan, self.next);
        let mut keys = self.keys.take().unwrap_or_else(|| PlanKeys::new(&store, plan));
        let (keys, firsts) = if keys.in_memory(hashes.len()) {
            let firsts = keys.add(&hashes)?;
            (keys, firsts)
        } else {
            blocking(move || {
                let firsts = keys.add(&hashes)?;
                Ok((keys, firsts))
            })
            .await?
        };
        self.keys = Some(keys);
        let before: Vec<u32> = firsts.iter().flatten().copied().filter(|first| *first < page).collect();
        let earlier = if before.is_empty() {
            HashMap::new()
        } else {
            // They may be in the page that is on its way.
            self.settle().await?;
            let store = planner.store.clone();
            blocking(move || {
                let ids = store.plan_source_ids(plan, &before)?;
                Ok(before.into_iter().zip(ids).collect::<HashMap<_, _>>())
            })
            .await?
        };
        // Stored rows that are taken back, and the record that has the same identifiers.
        let mut taken_back: HashMap<u32, String> = HashMap::new();
        for ((position, _), first) in asked.into_iter().zip(firsts) {
            let Some(first) = first else { continue };
            let here = first.checked_sub(page).map(|place| place as usize);
            let own = mapped[position].0.id.to_string();
            let other = match here {
                Some(place) => mapped.get(place).map(|(record, _)| record.id.to_string()),
                None => earlier.get(&first).cloned().flatten(),
            };
            let text = told(rule, other.as_deref());
            leave_out(&mut mapped[position].1, &mut left_out[position], text);
            if rule == OnDuplicate::None {
                match here {
                    Some(place) if left_out[place].is_none() => {
                        leave_out(&mut mapped[place].1, &mut left_out[place], told(rule, Some(&own)));
                    }
                    Some(_) => {}
                    None => {
                        taken_back.entry(first).or_insert(own);
                    }
                }
            }
        }
        take_back(planner, taken_back, detail).await
    }
}

impl Rows {
    /// Notes the identifiers of rows that [`Rows::leave_out_duplicates`] does not: what a record of the source is the same as has not
    /// vanished, whether the record goes or is left out.
    pub(crate) fn hold(
        &mut self,
        rule: OnDuplicate,
        mapped: &[(Record, Mapped)],
        left_out: &[Option<Decision>],
    ) {
        let known = |left_out: &Option<Decision>| left_out.is_none() && rule != OnDuplicate::All;
        let rows = mapped.iter().zip(left_out).filter(|(_, left_out)| !known(left_out));
        let rows = rows.filter(|((_, mapped), _)| !mapped.record.identifiers.is_empty());
        self.others.extend(rows.map(|((_, mapped), _)| short_hash(&identity_key(&mapped.record))));
    }

    /// Those that no record which was read is the same as.
    pub(crate) async fn not_held(
        &mut self,
        planner: &Planner,
        vanished: Vec<Sent>,
    ) -> Result<Vec<Sent>, SynclineError> {
        let hashes: Vec<PlanKey> =
            vanished.iter().map(|sent| short_hash(&identity_key(&sent.mapped))).collect();
        let (store, plan) = (planner.store.clone(), planner.plan);
        let mut keys = self.keys.take().unwrap_or_else(|| PlanKeys::new(&store, plan));
        let asked: Vec<(PlanKey, u32)> = hashes.iter().map(|hash| (*hash, u32::MAX)).collect();
        let (keys, firsts) = blocking(move || {
            // Of two that vanished and were the same row one is enough.
            let firsts = keys.add(&asked)?;
            Ok((keys, firsts))
        })
        .await?;
        self.keys = Some(keys);
        let gone = vanished.into_iter().zip(hashes).zip(firsts);
        let gone = gone.filter(|((_, hash), first)| first.is_none() && !self.others.contains(hash));
        Ok(gone.map(|((sent, _), _)| sent).collect())
    }
}

/// Leaves out rows that are in the store already.
async fn take_back(
    planner: &Planner,
    rows: HashMap<u32, String>,
    detail: &mut PlanDetail,
) -> Result<(), SynclineError> {
    if rows.is_empty() {
        return Ok(());
    }
    let ordinals: BTreeSet<u32> = rows.keys().copied().collect();
    let (store, plan) = (planner.store.clone(), planner.plan);
    let found = blocking(move || {
        let mut found = Vec::with_capacity(ordinals.len());
        for ordinal in ordinals {
            found.extend(store.plan_row(plan, ordinal)?);
        }
        Ok(found)
    })
    .await?;
    let mut changed = Vec::with_capacity(found.len());
    for mut row in found {
        // It was taken back before, or would be refused anyway.
        if matches!(row.action, Action::Skip | Action::Invalid) {
            continue;
        }
        forget(planner, &row, detail);
        let text = told(OnDuplicate::None, rows.get(&row.ordinal).map(String::as_str));
        row.issues.push(issue(row.mapped.identifiers.keys().cloned(), &text));
        row.action = Action::Skip;
        row.reason = text;
        row.request = None;
        row.request_hash = None;
        row.changes.clear();
        row.existing = None;
        changed.push(row);
    }
    let (store, plan) = (planner.store.clone(), planner.plan);
    blocking(move || Ok(store.add_plan_rows(plan, &changed)?)).await
}

/// Takes a row out of what was counted, and counts it as left out.
fn forget(planner: &Planner, row: &PlanRow, detail: &mut PlanDetail) {
    let counts = &mut detail.counts;
    match row.action {
        Action::Create => counts.create -= 1,
        Action::Update => counts.update -= 1,
        Action::Delete => counts.delete -= 1,
        Action::Unchanged => counts.unchanged -= 1,
        Action::Skip | Action::Invalid => return,
    }
    counts.skip += 1;
    let told = |code: &str| row.issues.iter().filter(|issue| issue.code == code).count() as u64;
    counts.events_held_back = counts.events_held_back.saturating_sub(told("event_already_sent"));
    if !row.action.writes() {
        return;
    }
    counts.events = counts.events.saturating_sub(row.mapped.events.len() as u64);
    if read_extra(row).is_some_and(|extra| extra.resent) {
        counts.events_resent = counts.events_resent.saturating_sub(told("event_sent_again"));
    }
    let request = row.request.as_ref().and_then(|raw| serde_json::from_str::<RowRequest>(raw.get()).ok());
    if let Some(request) = request {
        let schema = &planner.request.destination_schema;
        let bytes = request.body.len() as u64;
        let lane = planner.destination.lane(schema, &request, &planner.request.options);
        if let Some(load) = detail.lanes.get_mut(&lane) {
            *load = (load.0.saturating_sub(1), load.1.saturating_sub(bytes));
        }
        detail.bytes = detail.bytes.saturating_sub(bytes);
    }
}
