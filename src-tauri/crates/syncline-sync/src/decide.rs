//! What happens to a row: the mapped record against what the destination holds, or against what was last sent.

use syncline_connect::{Destination, PlannedWrite, Probe, ProbedRow, RowRequest};
use syncline_model::{Action, EntitySchema, FieldChange, MappedRecord, RowIssue, Value, ValueMap};

use crate::foresee::{refusal, too_large};

/// What a mapped record is compared with.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// The destination's answer.
    Probed(Probe),
    /// What was sent last under this source record.
    LastSent(MappedRecord),
    /// The same identifiers and attributes were sent last.
    SameSent,
}

/// Old against new.
#[derive(Debug, Clone)]
pub(crate) enum Changes {
    /// Nothing is there: every attribute that holds something is new.
    AllNew,
    /// These.
    These(Vec<FieldChange>),
}

impl Changes {
    /// One by one.
    pub(crate) fn list(self, mapped: &MappedRecord) -> Vec<FieldChange> {
        match self {
            Self::AllNew => new(&mapped.attributes)
                .map(|(field, to)| FieldChange { field: field.clone(), from: Value::Null, to: to.clone() })
                .collect(),
            Self::These(changes) => changes,
        }
    }

    /// The fields that change.
    fn fields<'a>(&'a self, mapped: &'a MappedRecord) -> Vec<&'a str> {
        match self {
            Self::AllNew => new(&mapped.attributes).map(|(field, _)| field.as_str()).collect(),
            Self::These(changes) => changes.iter().map(|change| change.field.as_str()).collect(),
        }
    }
}

/// The decision on one row.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) action: Action,
    pub(crate) reason: String,
    pub(crate) changes: Changes,
    pub(crate) request: Option<RowRequest>,
    pub(crate) existing: Option<ProbedRow>,
    pub(crate) issues: Vec<RowIssue>,
}

impl Decision {
    /// A row that is not sent, with the reason.
    pub(crate) fn left_out(action: Action, reason: impl Into<String>) -> Self {
        Self {
            action,
            reason: reason.into(),
            changes: Changes::These(Vec::new()),
            request: None,
            existing: None,
            issues: Vec::new(),
        }
    }
}

/// Decides on a row that mapping let through.
pub(crate) fn decide(
    destination: &dyn Destination,
    schema: &EntitySchema,
    mapped: &MappedRecord,
    held: Held,
    deletes: bool,
) -> Decision {
    match held {
        Held::Probed(Probe::Present(row)) if deletes => {
            deletion(destination, schema, mapped, row, "it is at the destination")
        }
        Held::Probed(Probe::Absent) if deletes => {
            Decision::left_out(Action::Unchanged, "not at the destination")
        }
        Held::Probed(Probe::Ambiguous(rows)) => {
            let mut decision = Decision::left_out(
                Action::Invalid,
                format!("{rows} rows at the destination have these identifiers"),
            );
            decision.issues.push(RowIssue {
                code: "ambiguous_match".to_owned(),
                field: mapped.identifiers.keys().cloned().collect::<Vec<_>>().join(", "),
                message: format!("{rows} rows at the destination have these identifiers; none is written"),
            });
            decision
        }
        Held::Probed(Probe::Present(row)) => {
            let changes = compare(destination, schema, &mapped.attributes, |field| row.values.get(field));
            if changes.is_empty() && mapped.events.is_empty() {
                let mut decision =
                    Decision::left_out(Action::Unchanged, "the destination holds the same values");
                decision.existing = Some(row);
                return decision;
            }
            let reason = match changes.len() {
                0 => "new event".to_owned(),
                1 => "1 field differs".to_owned(),
                several => format!("{several} fields differ"),
            };
            write(destination, schema, mapped, Action::Update, reason, changes, Some(row))
        }
        Held::SameSent if mapped.events.is_empty() => same_sent(),
        Held::SameSent => {
            write(destination, schema, mapped, Action::Update, "new event".to_owned(), Vec::new(), None)
        }
        Held::LastSent(sent) => {
            let changes =
                compare(destination, schema, &mapped.attributes, |field| sent.attributes.get(field));
            let moved = mapped.identifiers != sent.identifiers;
            if changes.is_empty() && !moved && mapped.events.is_empty() {
                return same_sent();
            }
            let reason = match (changes.len(), moved) {
                (_, true) => "the identifiers are others than last time".to_owned(),
                (0, false) => "new event".to_owned(),
                (1, false) => "1 field differs from what was last sent".to_owned(),
                (several, false) => format!("{several} fields differ from what was last sent"),
            };
            write(destination, schema, mapped, Action::Update, reason, changes, None)
        }
        Held::Probed(Probe::Absent) => {
            let changes = Changes::AllNew;
            write_as(
                destination,
                schema,
                mapped,
                Action::Create,
                "not at the destination yet".to_owned(),
                changes,
                None,
            )
        }
        Held::Probed(Probe::Unknown) => {
            let changes = Changes::AllNew;
            write_as(destination, schema, mapped, Action::Create, "not sent before".to_owned(), changes, None)
        }
    }
}

fn same_sent() -> Decision {
    Decision::left_out(Action::Unchanged, "the same values were sent before")
}

/// Deletes the row that was found.
pub(crate) fn deletion(
    destination: &dyn Destination,
    schema: &EntitySchema,
    mapped: &MappedRecord,
    row: ProbedRow,
    reason: &str,
) -> Decision {
    let mut changes = Vec::new();
    for (field, from) in row.values.iter().filter(|(_, value)| !value.is_null()) {
        changes.push(FieldChange { field: field.clone(), from: from.clone(), to: Value::Null });
    }
    write(destination, schema, mapped, Action::Delete, reason.to_owned(), changes, Some(row))
}

pub(crate) fn write(
    destination: &dyn Destination,
    schema: &EntitySchema,
    mapped: &MappedRecord,
    action: Action,
    reason: String,
    changes: Vec<FieldChange>,
    existing: Option<ProbedRow>,
) -> Decision {
    write_as(destination, schema, mapped, action, reason, Changes::These(changes), existing)
}

fn write_as(
    destination: &dyn Destination,
    schema: &EntitySchema,
    mapped: &MappedRecord,
    action: Action,
    reason: String,
    changes: Changes,
    existing: Option<ProbedRow>,
) -> Decision {
    let changed = changes.fields(mapped);
    let planned = PlannedWrite { action, mapped, existing: existing.as_ref(), changed: &changed };
    let made = match destination.request(schema, &planned) {
        Ok(request) => match too_large(&request, &destination.capabilities()) {
            None => Ok(request),
            Some(issue) => Err(issue),
        },
        Err(error) => Err(refusal(schema, &planned, &error)),
    };
    match made {
        Ok(request) => {
            Decision { action, reason, changes, request: Some(request), existing, issues: Vec::new() }
        }
        Err(issue) => invalid(issue, changes, existing),
    }
}

/// A row that the destination would refuse.
fn invalid(issue: RowIssue, changes: Changes, existing: Option<ProbedRow>) -> Decision {
    Decision {
        action: Action::Invalid,
        reason: issue.message.clone(),
        changes,
        request: None,
        existing,
        issues: vec![issue],
    }
}

/// Attributes of a row where nothing was before.
fn new(attributes: &ValueMap) -> impl Iterator<Item = (&String, &Value)> {
    attributes.iter().filter(|(_, value)| !value.is_null())
}

fn compare<'h>(
    destination: &dyn Destination,
    schema: &EntitySchema,
    mapped: &ValueMap,
    held: impl Fn(&str) -> Option<&'h Value>,
) -> Vec<FieldChange> {
    mapped
        .iter()
        .filter_map(|(field, to)| {
            let from = held(field).unwrap_or(&Value::Null);
            (!destination.same(schema, field, to, from)).then(|| FieldChange {
                field: field.clone(),
                from: from.clone(),
                to: to.clone(),
            })
        })
        .collect()
}
