//! `edits.list`: what was done to a record by hand, and noting it.

use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use syncline_model::{Connection, EntityName, FieldChange, Value};
use syncline_store::{HandEdit, HandEditBody, HandEditFilter};
use uuid::Uuid;

use crate::app::App;
use crate::wire::{ApiError, HandEditView, HandEdits, HandEditsQuery, RecordOperation};

/// Members that change with every write and are nobody's edit.
const NOISE: [&str; 4] = ["modifiedon", "versionnumber", "_modifiedby_value", "_modifiedonbehalfby_value"];

pub(super) fn word(operation: RecordOperation) -> &'static str {
    match operation {
        RecordOperation::Create => "create",
        RecordOperation::Update => "update",
        RecordOperation::Upsert => "upsert",
        RecordOperation::Delete => "delete",
    }
}

/// Notes an edit that was taken. It happened, so that an edit that can't be noted is no failed edit: it is told in the log.
pub(super) async fn note(
    app: &Arc<App>,
    connection: &Connection,
    entity: &EntityName,
    operation: RecordOperation,
    record: &str,
    (before, after): (Option<Box<RawValue>>, Option<Box<RawValue>>),
) {
    let identity = connection.identity.as_ref();
    let by = identity.and_then(|who| who.user_name.clone().or_else(|| who.user_id.clone()));
    let edit = HandEdit {
        number: 0,
        connection: connection.id,
        entity: entity.clone(),
        record: record.to_owned(),
        operation: word(operation).to_owned(),
        at: jiff::Timestamp::now(),
        body: HandEditBody { by, before, after },
    };
    if let Err(error) = app.with_store(move |store| store.add_hand_edit(&edit)).await {
        tracing::warn!(error = %error.message, "an edit by hand could not be noted");
    }
}

/// The members of a record in the shape of its system that hold its values.
fn values(raw: Option<&RawValue>) -> BTreeMap<String, Value> {
    let members = raw.and_then(|raw| serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(raw.get()).ok());
    members
        .into_iter()
        .flatten()
        .filter(|(name, _)| !name.contains('@') && !NOISE.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name, serde_json::from_str(value.get()).ok()?)))
        .collect()
}

fn changes(before: Option<&RawValue>, after: Option<&RawValue>) -> Vec<FieldChange> {
    let (mut old, new) = (values(before), values(after));
    let mut found = Vec::new();
    for (field, to) in new {
        let from = old.remove(&field).unwrap_or(Value::Null);
        if from != to {
            found.push(FieldChange { field, from, to });
        }
    }
    let rest = old.into_iter().filter(|(_, from)| !from.is_null());
    found.extend(rest.map(|(field, from)| FieldChange { field, from, to: Value::Null }));
    found
}

/// The filter of a query.
pub(super) async fn filter(app: &Arc<App>, query: &HandEditsQuery) -> Result<HandEditFilter, ApiError> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    Ok(HandEditFilter {
        connection: match given(&query.connection) {
            Some(name) => Some(app.connection(&name).await?.id),
            None => None,
        },
        entity: given(&query.entity).map(EntityName::new),
        record: given(&query.record),
        text: given(&query.search),
        before: query.before,
    })
}

/// An edit as shells see it.
pub(super) fn view(edit: &HandEdit, names: &HashMap<Uuid, String>) -> HandEditView {
    let HandEditBody { by, before, after } = &edit.body;
    let deleted = edit.operation == "delete";
    // Without the one end nothing can be told but that it was written.
    let known = match edit.operation.as_str() {
        "create" => after.is_some(),
        "delete" => before.is_some(),
        _ => before.is_some() && after.is_some(),
    };
    HandEditView {
        number: edit.number,
        connection: names.get(&edit.connection).cloned().unwrap_or_else(|| "forgotten".to_owned()),
        entity: edit.entity.to_string(),
        record: edit.record.clone(),
        changes: if known || deleted { changes(before.as_deref(), after.as_deref()) } else { Vec::new() },
        before_known: known,
        operation: edit.operation.clone(),
        by: by.clone(),
        at: edit.at.to_string(),
    }
}

pub(crate) async fn list(app: &Arc<App>, request: HandEditsQuery) -> Result<HandEdits, ApiError> {
    let filter = filter(app, &request).await?;
    let limit = request.limit.unwrap_or(100).clamp(1, 1000);
    let names = app.connection_names().await?;
    let edits = app.with_store(move |store| store.hand_edits(&filter, limit)).await?;
    Ok(HandEdits { rows: edits.iter().map(|edit| view(edit, &names)).collect() })
}
