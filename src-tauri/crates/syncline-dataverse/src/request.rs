//! The exact request of a row. Pure: the same plan gives the same bytes.
//!
//! - A create is a PATCH with `If-None-Match: *` on the primary key, an alternate key, or an id made here from the row's content, never
//!   a POST: if its answer is lost, sending it again can't make a second row.
//! - An update is a PATCH with `If-Match: <etag>` and the changed columns only; a deletion has the same guard.

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use syncline_connect::{PlannedWrite, RowRequest};
use syncline_model::{
    Action, Column, ColumnType, EntityName, EntitySchema, ErrorCode, SynclineError, Value, ValueMap,
};
use syncline_odata::{guid, key_predicate};

use crate::DataverseConnector;
use crate::body::{SetNames, member};
use crate::encode::{filter_literal, fits_a_key};
use crate::records::no_such_column;

impl SetNames for DataverseConnector {
    fn set_name(&self, entity: &EntityName) -> Option<String> {
        self.remembered_summary(entity).map(|summary| summary.set_name)
    }
}

/// The request of a planned row.
pub(crate) fn row_request(
    schema: &EntitySchema,
    write: &PlannedWrite<'_>,
    sets: &dyn SetNames,
) -> Result<RowRequest, SynclineError> {
    match write.action {
        Action::Update => update(schema, write, sets),
        Action::Create => create(schema, write, sets),
        Action::Delete => delete(schema, write),
        Action::Unchanged | Action::Skip | Action::Invalid => Err(SynclineError::new(
            ErrorCode::Internal,
            format!("no request is made for a row that is {}", write.action.as_str()),
        )),
    }
}

fn update(
    schema: &EntitySchema,
    write: &PlannedWrite<'_>,
    sets: &dyn SetNames,
) -> Result<RowRequest, SynclineError> {
    let existing = write
        .existing
        .ok_or_else(|| SynclineError::new(ErrorCode::Internal, "an update needs the row that was found"))?;
    let mut members = Vec::new();
    for name in write.changed.iter().copied() {
        let value = write.mapped.attributes.get(name).or_else(|| write.mapped.identifiers.get(name));
        let Some(value) = value else { continue };
        let column = known(schema, name)?;
        if !column.updatable {
            return Err(SynclineError::new(
                ErrorCode::QueryInvalid,
                format!("{name} can be set only when a row is created"),
            )
            .hint("leave the field out of updates, or change it in Dynamics 365"));
        }
        members.push(member(schema, column, value, sets)?);
    }
    check_status(schema, &write.mapped.attributes)?;
    let etag = existing.etag.clone().unwrap_or_else(|| "*".to_owned());
    Ok(RowRequest {
        method: "PATCH".to_owned(),
        path: format!("/{}({})", schema.summary.set_name, existing.id),
        headers: BTreeMap::from([("If-Match".to_owned(), etag)]),
        body: format!("{{{}}}", members.join(",")),
    })
}

/// Only the version that was seen is deleted.
fn delete(schema: &EntitySchema, write: &PlannedWrite<'_>) -> Result<RowRequest, SynclineError> {
    let existing = write
        .existing
        .ok_or_else(|| SynclineError::new(ErrorCode::Internal, "a deletion needs the row that was found"))?;
    let etag = existing.etag.clone().unwrap_or_else(|| "*".to_owned());
    Ok(RowRequest {
        method: "DELETE".to_owned(),
        path: format!("/{}({})", schema.summary.set_name, existing.id),
        headers: BTreeMap::from([("If-Match".to_owned(), etag)]),
        body: String::new(),
    })
}

/// An update under the address of the request that makes its row, which may be a key.
pub(crate) fn update_of_made(made: &RowRequest, update: RowRequest) -> RowRequest {
    let mut headers = made.headers.clone();
    headers.remove("If-None-Match");
    headers.insert("If-Match".to_owned(), "*".to_owned());
    RowRequest { path: made.path.clone(), headers, ..update }
}

fn create(
    schema: &EntitySchema,
    write: &PlannedWrite<'_>,
    sets: &dyn SetNames,
) -> Result<RowRequest, SynclineError> {
    let key = schema.summary.primary_id.as_str();
    let mapped = write.mapped;
    let mut values: BTreeMap<&str, &Value> = BTreeMap::new();
    for (name, value) in mapped.identifiers.iter().chain(&mapped.attributes) {
        values.insert(name, value);
    }
    let mut left_out: BTreeSet<&str> = BTreeSet::from([key]);
    let mut headers = BTreeMap::from([("If-None-Match".to_owned(), "*".to_owned())]);
    let set = &schema.summary.set_name;
    let path = if let Some(id) = values.get(key).filter(|value| !value.is_null()) {
        let id = guid(&id.display_text()).ok_or_else(|| {
            SynclineError::new(
                ErrorCode::QueryInvalid,
                format!("not an id: {} (column {key})", id.display_text()),
            )
        })?;
        format!("/{set}({id})")
    } else if let Some(predicate) = alternate_key(schema, &mapped.identifiers)? {
        left_out.extend(mapped.identifiers.keys().map(String::as_str));
        // The answer to a key names the key, not the row; the row's id is asked for, so that the write can be undone.
        headers.insert("Prefer".to_owned(), "return=representation".to_owned());
        format!("/{set}{predicate}?$select={key}")
    } else {
        format!("/{set}({})", made_id(schema, &values))
    };
    check_status(schema, &mapped.attributes)?;
    let mut members = Vec::new();
    for (name, value) in values.into_iter().filter(|(name, _)| !left_out.contains(name)) {
        let column = known(schema, name)?;
        if state_waits(schema, column, value) {
            continue;
        }
        if !column.creatable {
            return Err(SynclineError::new(
                ErrorCode::QueryInvalid,
                format!("{name} can't be set when a row is created"),
            )
            .hint("leave the field out of the mapping, or map it for updates only"));
        }
        // What is null is null in a new row anyway.
        if !value.is_null() {
            members.push(member(schema, column, value, sets)?);
        }
    }
    Ok(RowRequest { method: "PATCH".to_owned(), path, headers, body: format!("{{{}}}", members.join(",")) })
}

fn known<'s>(schema: &'s EntitySchema, name: &str) -> Result<&'s Column, SynclineError> {
    schema.column(name).ok_or_else(|| no_such_column(schema, name))
}

/// The predicate of the active alternate key that the identifiers are, if their values may stand in an address.
fn alternate_key(schema: &EntitySchema, identifiers: &ValueMap) -> Result<Option<String>, SynclineError> {
    let key = schema.keys.iter().find(|key| {
        key.active
            && key.columns.len() == identifiers.len()
            && key.columns.iter().all(|column| identifiers.contains_key(column.as_str()))
    });
    let Some(key) = key else { return Ok(None) };
    let mut parts = Vec::with_capacity(key.columns.len());
    for name in &key.columns {
        let column = known(schema, name.as_str())?;
        match identifiers.get(name.as_str()).filter(|value| fits_a_key(value)) {
            Some(value) => parts.push((column.wire_name(), filter_literal(column, value)?)),
            None => return Ok(None),
        }
    }
    Ok(Some(key_predicate(parts.iter().map(|(name, value)| (name.as_str(), value.clone())))))
}

/// A new row comes to be active; most tables refuse or ignore another state then (Dataverse Web API, state). It is left out, and the
/// next run finds it to be different and updates it.
fn state_waits(schema: &EntitySchema, column: &Column, value: &Value) -> bool {
    match column.column_type {
        ColumnType::State => !column.creatable,
        ColumnType::Status => {
            let code = value.display_text().parse::<i64>().ok();
            let first = schema
                .columns
                .iter()
                .find(|column| column.column_type == ColumnType::State)
                .and_then(|state| state.options.iter().map(|option| option.value).min())
                .unwrap_or(0);
            !column.creatable
                || column.options.iter().any(|option| {
                    Some(option.value) == code && option.state.is_some_and(|state| state != first)
                })
        }
        ColumnType::String
        | ColumnType::Memo
        | ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
        | ColumnType::Boolean
        | ColumnType::Picklist
        | ColumnType::MultiSelectPicklist
        | ColumnType::Lookup
        | ColumnType::Customer
        | ColumnType::Owner
        | ColumnType::PartyList
        | ColumnType::UniqueIdentifier
        | ColumnType::DateTime
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => false,
    }
}

/// A status reason must belong to the state that is written with it.
fn check_status(schema: &EntitySchema, attributes: &ValueMap) -> Result<(), SynclineError> {
    let (Some(state), Some(status)) = (attributes.get("statecode"), attributes.get("statuscode")) else {
        return Ok(());
    };
    let code = |value: &Value| value.display_text().parse::<i64>().ok();
    let named = |column: &str, code: i64| {
        let label = schema
            .column(column)
            .and_then(|column| column.options.iter().find(|option| option.value == code))
            .and_then(|option| option.label.as_deref());
        label.map_or_else(|| code.to_string(), |label| format!("{label} ({code})"))
    };
    let belongs = schema
        .column("statuscode")
        .and_then(|column| column.options.iter().find(|option| Some(option.value) == code(status)))
        .and_then(|option| option.state.map(|state| (option.value, state)));
    match (belongs, code(state)) {
        (Some((reason, belongs)), Some(state)) if belongs != state => Err(SynclineError::new(
            ErrorCode::QueryInvalid,
            format!(
                "the status reason {} belongs to the state {}, not {}",
                named("statuscode", reason),
                named("statecode", belongs),
                named("statecode", state)
            ),
        )
        .hint("map a status reason of the state, or the state alone")),
        _ => Ok(()),
    }
}

/// An id made from what the row is: the same row gives the same id, so that a repeated create finds the first one.
fn made_id(schema: &EntitySchema, values: &BTreeMap<&str, &Value>) -> String {
    let mut hash = Sha256::new();
    hash.update(schema.summary.logical_name.as_str());
    for (name, value) in values {
        hash.update([0]);
        hash.update(name);
        hash.update([1]);
        hash.update(value.to_json_text());
    }
    let digest = hash.finalize();
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().hyphenated().to_string()
}
