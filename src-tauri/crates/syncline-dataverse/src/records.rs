//! Records out of a page's raw JSON, and which columns are asked for.

use serde_json::value::RawValue;
use syncline_connect::Selection;
use syncline_model::{
    Column, ColumnName, ColumnType, EntitySchema, ErrorCode, Record, RecordId, SynclineError,
};
use syncline_odata::record_head;

use crate::api::unreadable;
use crate::page_stream::Heading;

/// The columns of a selection as the wire names them, the primary key among them. `all`: none was named.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    pub(crate) logical: Vec<String>,
    pub(crate) wire: Vec<String>,
    pub(crate) all: bool,
}

impl Asked {
    /// Checks that each column exists and can be read. Parties come by another way and are left out.
    pub(crate) fn new(schema: &EntitySchema, columns: &[ColumnName]) -> Result<Self, SynclineError> {
        let key = schema.summary.primary_id.as_str();
        let mut asked =
            Self { logical: vec![key.to_owned()], wire: vec![key.to_owned()], all: columns.is_empty() };
        let mut add = |column: &Column| {
            let name = column.logical_name.as_str();
            if column.column_type != ColumnType::PartyList && !asked.logical.iter().any(|other| other == name)
            {
                asked.logical.push(name.to_owned());
                asked.wire.push(column.wire_name());
            }
        };
        if columns.is_empty() {
            schema.columns.iter().filter(|column| column.readable && selectable(column)).for_each(&mut add);
            return Ok(asked);
        }
        for name in columns {
            let column = schema.column(name.as_str()).ok_or_else(|| no_such_column(schema, name.as_str()))?;
            if !column.readable {
                return Err(SynclineError::new(
                    ErrorCode::QueryInvalid,
                    format!("the column can't be read: {name} of {}", schema.summary.logical_name),
                ));
            }
            add(column);
        }
        Ok(asked)
    }
}

/// Virtual columns of no known kind are in no answer.
fn selectable(column: &Column) -> bool {
    !matches!(column.column_type, ColumnType::Other | ColumnType::PartyList)
}

pub(crate) fn no_such_column(schema: &EntitySchema, name: &str) -> SynclineError {
    SynclineError::new(
        ErrorCode::QueryInvalid,
        format!("no such column: {name} of {}", schema.summary.logical_name),
    )
    .hint("use the logical name, such as emailaddress1")
}

/// The selection's entity.
pub(crate) fn entity_of(selection: &Selection) -> Result<&syncline_model::EntityName, SynclineError> {
    selection.entity.as_ref().ok_or_else(|| {
        SynclineError::new(ErrorCode::Usage, "the selection names no entity")
            .hint("choose an entity or a list")
    })
}

/// One record. With `fill`, asked columns that are left out, as FetchXML does with null, are put in as null, so that "null" and "not
/// pulled" differ.
pub(crate) fn record(
    heading: &Heading,
    raw: Box<RawValue>,
    asked: &Asked,
    fill: bool,
) -> Result<Record, SynclineError> {
    let Heading { entity, set_name: place, key } = heading;
    let names: &[String] = if fill { &asked.wire } else { &[] };
    let head = record_head(&raw, key, names).map_err(|error| {
        unreadable(place, &format!("a record is no object, line {} column {}", error.line(), error.column()))
    })?;
    let id = head.id.ok_or_else(|| unreadable(place, &format!("a record has no {key}")))?;
    let missing: Vec<&String> =
        names.iter().zip(&head.present).filter(|(_, present)| !**present).map(|(name, _)| name).collect();
    let raw = if missing.is_empty() { raw } else { with_nulls(&raw, &missing, head.empty)? };
    Ok(Record { entity: entity.clone(), id: RecordId::new(id.to_lowercase()), etag: head.etag, raw })
}

fn with_nulls(raw: &RawValue, missing: &[&String], empty: bool) -> Result<Box<RawValue>, SynclineError> {
    let text = raw.get();
    let mut filled =
        String::with_capacity(text.len() + missing.iter().map(|name| name.len() + 8).sum::<usize>());
    filled.push_str(text.strip_suffix('}').unwrap_or(text));
    for (at, name) in missing.iter().enumerate() {
        if at > 0 || !empty {
            filled.push(',');
        }
        // Wire names are made of letters, digits and underscores.
        filled.push('"');
        filled.push_str(name);
        filled.push_str("\":null");
    }
    filled.push('}');
    RawValue::from_string(filled).map_err(|error| {
        SynclineError::new(ErrorCode::Internal, "a record can't be filled with nulls")
            .detail(error.to_string())
    })
}
