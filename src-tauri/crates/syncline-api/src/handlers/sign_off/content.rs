//! What a document of a plan says, whatever its form.

use std::collections::HashMap;
use syncline_model::{Action, EntitySchema, Identity, RowIssue, SyncDefinition, SynclineError};
use syncline_store::{Plan, PlanRowFilter, SignOff, Store};
use syncline_sync::{Masker, PlanDetail, rule_of};
use uuid::Uuid;

use super::masked::{self, Shown, shown};
use crate::handlers::syncs;
use crate::handlers::views::plan_summary;
use crate::wire::{IssueGroup, PlanSummary};

/// Rows that are shown of each action.
const SAMPLES: u32 = 8;
/// Rows that are shown of each cause.
const OF_A_CAUSE: u32 = 10;
/// Rows that are read at once.
const ROWS_A_TIME: u32 = 1000;

/// The actions in the order of a document.
pub(super) const ACTIONS: [Action; 6] =
    [Action::Create, Action::Update, Action::Delete, Action::Unchanged, Action::Skip, Action::Invalid];

/// Rows of one cause.
pub(super) struct Group {
    pub(super) issue: IssueGroup,
    pub(super) rows: Vec<(String, String, String)>,
}

/// A document.
pub(super) struct Content {
    pub(super) plan: Plan,
    pub(super) summary: PlanSummary,
    pub(super) definition: SyncDefinition,
    /// It goes from the destination back to the source.
    pub(super) returns: bool,
    pub(super) filter: Option<String>,
    pub(super) writer: Identity,
    pub(super) signed: SignOff,
    pub(super) masker: Option<Masker>,
    pub(super) schema: EntitySchema,
    pub(super) groups: Vec<Group>,
    pub(super) samples: Vec<(Action, Vec<Shown>)>,
}

impl Content {
    /// Reads the plan's head, its causes and a few rows of each kind; the rest is read as it is written. With a key of pseudonyms it is
    /// masked.
    pub(super) fn read(
        store: &Store,
        plan: &Plan,
        names: &HashMap<Uuid, String>,
        signed: SignOff,
        key: Option<&[u8]>,
    ) -> Result<Self, SynclineError> {
        let damaged = |error: serde_json::Error| {
            SynclineError::new(
                syncline_model::ErrorCode::StoreCorrupt,
                format!("the stored plan can't be read: {error}"),
            )
            .hint("make a new preview")
        };
        let schema: EntitySchema =
            serde_json::from_value(plan.destination_schema.clone()).map_err(damaged)?;
        let writer: Identity = serde_json::from_value(plan.identity.clone()).map_err(damaged)?;
        let detail: PlanDetail = serde_json::from_value(plan.detail.clone()).map_err(damaged)?;
        let definition = syncs::read(&plan.definition_json)?;
        let source = syncs::kept_source_schema(store, plan.source, &plan.source_entity, &definition)?;
        let returns = detail.two_way.as_ref().is_some_and(|part| part.returns);
        let masker = key.map(|key| match &source {
            Some(source) if returns => Masker::returning(key, &definition, source, &schema),
            _ => Masker::new(key, &definition, source.as_ref(), &schema),
        });
        let mut content = Self {
            summary: plan_summary(store, plan, names)?,
            plan: plan.clone(),
            filter: detail.filter.map(|text| if masker.is_some() { masked::filter(&text) } else { text }),
            definition: masked::definition(&definition, masker.as_ref()),
            returns,
            writer,
            signed,
            masker,
            schema,
            groups: Vec::new(),
            samples: Vec::new(),
        };
        for action in ACTIONS {
            let filter = PlanRowFilter { action: Some(action), ..PlanRowFilter::default() };
            let rows = store.plan_rows_from(plan.id, &filter, 0, SAMPLES)?;
            content.samples.push((action, rows.into_iter().map(|row| content.shown(row)).collect()));
        }
        for mut issue in content.summary.issues.clone() {
            let filter = PlanRowFilter { issue: Some(issue.code.clone()), ..PlanRowFilter::default() };
            let rows = store.plan_rows_from(plan.id, &filter, 0, OF_A_CAUSE)?;
            issue.rule = content.rule(&issue.code, &issue.field);
            if content.masker.is_some() {
                issue.example.clone_from(&issue.rule);
            }
            let is_of = |found: &&RowIssue| found.code == issue.code && found.field == issue.field;
            let rows = rows
                .into_iter()
                .map(|row| content.shown(row))
                .filter_map(|row| {
                    let message = row.issues.iter().find(is_of)?.message.clone();
                    Some((row.title, row.source_id, message))
                })
                .collect();
            content.groups.push(Group { issue, rows });
        }
        content.summary.issues = content.groups.iter().map(|group| group.issue.clone()).collect();
        Ok(content)
    }

    pub(super) fn rule(&self, code: &str, field: &str) -> String {
        rule_of(code, field, &self.schema)
    }

    pub(super) fn shown(&self, row: syncline_store::PlanRow) -> Shown {
        shown(row, self.masker.as_ref(), &self.schema)
    }

    /// Every row that fits, in the plan's order, a window at a time.
    pub(super) fn each(
        &self,
        store: &Store,
        filter: &PlanRowFilter,
        mut take: impl FnMut(Shown) -> Result<(), SynclineError>,
    ) -> Result<(), SynclineError> {
        let mut from = 0;
        loop {
            let rows = store.plan_rows_from(self.plan.id, filter, from, ROWS_A_TIME)?;
            let Some(last) = rows.last() else { return Ok(()) };
            from = last.ordinal + 1;
            for row in rows {
                take(self.shown(row))?;
            }
        }
    }

    pub(super) fn masked_fields(&self) -> Vec<String> {
        // The way to the destination tells both sides.
        let Some(masker) = self.masker.as_ref().filter(|_| !self.returns) else { return Vec::new() };
        let read =
            |column: &&str| self.definition.source.columns.iter().any(|known| known.as_str() == *column);
        let sent = |target: &&str| {
            let definition = &self.definition;
            definition.fields.iter().any(|field| field.to == *target)
                || definition.identifiers.iter().any(|identifier| identifier.to == *target)
        };
        let columns =
            masker.columns().filter(read).map(|name| format!("{} {name}", self.summary.source_entity));
        let targets =
            masker.targets().filter(sent).map(|name| format!("{} {name}", self.summary.destination_entity));
        columns.chain(targets).collect()
    }

    /// Where from, where to, and as whom.
    fn ends(&self) -> [(&'static str, String); 3] {
        let summary = &self.summary;
        let writer =
            self.writer.user_name.as_deref().or(self.writer.user_id.as_deref()).unwrap_or("not known");
        let organization = self.writer.organization_id.as_deref().unwrap_or("not known");
        [
            ("From", format!("{} · {}", summary.source, summary.source_entity)),
            ("To", format!("{} · {}", summary.destination, summary.destination_entity)),
            ("Would be written as", format!("{writer}, organization {organization}")),
        ]
    }

    /// Of one way of a two-way sync: a title, and the lines that differ between the ways.
    pub(super) fn way(&self) -> Option<(String, Vec<(&'static str, String)>)> {
        self.signed.pair.as_ref()?;
        let to = &self.summary.destination;
        let title = if self.returns { format!("Back to {to}") } else { format!("To {to}") };
        let mut facts = self.ends().to_vec();
        facts.push(("Plan", self.summary.plan_id.clone()));
        facts.push(("Hash of this plan", self.signed.hash.clone()));
        Some((title, facts))
    }

    /// What a sheet of it is called: the way back has sheets of its own.
    pub(super) fn named(&self, name: &str) -> String {
        if self.returns { format!("{name} back") } else { name.to_owned() }
    }

    /// Head lines: what, from where, under which definition, who and when.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let summary = &self.summary;
        let mut facts = vec![
            ("Definition", summary.definition.clone()),
            ("Hash of the definition", summary.definition_hash.clone()),
        ];
        match self.signed.pair {
            Some(_) => facts.push((
                "Between",
                format!(
                    "{} · {} and {} · {}",
                    summary.source, summary.source_entity, summary.destination, summary.destination_entity
                ),
            )),
            None => facts.extend(self.ends()),
        }
        facts.extend([
            ("Compared with", summary.compared_with.clone()),
            ("Previewed", summary.created_at.clone()),
        ]);
        if let Some(filter) = &self.filter {
            facts.push(("Filter", filter.clone()));
        }
        if let Some(hash) = &self.plan.source_hash {
            facts.push(("Hash of what was read", hash.clone()));
        }
        match &self.signed.pair {
            Some(pair) => facts.push(("Hash of both plans", pair.clone())),
            None => {
                facts.push(("Plan", summary.plan_id.clone()));
                facts.push(("Hash of the plan", self.signed.hash.clone()));
            }
        }
        facts.push(("Signed off by", self.signed.by.clone()));
        facts.push(("Signed off", self.signed.at.clone()));
        facts.push((
            "Run it with",
            format!(
                "syncline sync run --plan {} --signed {}",
                summary.plan_id,
                super::short(self.signed.whole())
            ),
        ));
        if self.masker.is_some() {
            facts.push(("Masked", "personal values are pseudonyms; equal values have equal ones".to_owned()));
        }
        facts
    }
}

/// A count per action.
pub(super) fn counts(summary: &PlanSummary) -> [(Action, u64); 6] {
    let counts = &summary.summary;
    ACTIONS.map(|action| {
        let count = match action {
            Action::Create => counts.create,
            Action::Update => counts.update,
            Action::Delete => counts.delete,
            Action::Unchanged => counts.unchanged,
            Action::Skip => counts.skip,
            Action::Invalid => counts.invalid,
        };
        (action, count)
    })
}
