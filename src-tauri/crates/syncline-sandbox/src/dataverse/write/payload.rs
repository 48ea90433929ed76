//! A JSON body as column values, checked as the service checks: types, lengths, ranges, choices, read-only columns.
use super::exact::{decimal, double, marked};
use crate::data::{Column, Entity, Kind, Value};
use crate::dataverse::coerce::{choices, date, instant};
use crate::dataverse::error::{Outcome, ServiceError, code};
use crate::dataverse::odata::options::decode;
use crate::dataverse::path::{RowKey, segments};
use crate::dataverse::store::{Row, Store};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use uuid::Uuid;

/// Values by column position.
pub(crate) type Values = HashMap<u16, Value>;

/// Rows that `$1`, `$2`, … stand for inside a change set.
pub(crate) type References = HashMap<String, Row>;

/// What a write is: decides which columns may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Create,
    Update,
}

/// Reads a body as a JSON object.
pub(crate) fn object(body: &[u8]) -> Outcome<Map<String, Json>> {
    match serde_json::from_slice(&marked(body)) {
        Ok(Json::Object(map)) => Ok(map),
        Ok(_) => Err(ServiceError::bad(
            code::PAYLOAD,
            "Error identified in Payload provided by the user: a JSON object was expected.",
        )),
        Err(e) => Err(ServiceError::bad(
            code::PAYLOAD,
            format!(
                "Error identified in Payload provided by the user for Entity :'', For more information on this error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293 ----> InnerException : Microsoft.OData.ODataException: {e}"
            ),
        )),
    }
}

/// Checks every property of a body and turns it into values.
pub(crate) fn values(
    store: &Store,
    entity: &Entity,
    body: &Map<String, Json>,
    mode: Mode,
    references: &References,
) -> Outcome<Values> {
    let mut out = Values::new();
    for (name, json) in body {
        if let Some(navigation) = name.strip_suffix("@odata.bind") {
            let column = navigation_of(entity, navigation)?;
            allowed(entity, column, mode)?;
            let value = match json {
                Json::Null => Value::Null,
                Json::String(text) => {
                    let row = target(store, text, references)?;
                    if !entity.leads(navigation, row.0) {
                        return Err(ServiceError::odata(format!(
                            "The navigation property '{navigation}' cannot refer to '{text}'."
                        )));
                    }
                    Value::Ref(row.0, store.id(row))
                }
                _ => {
                    return Err(payload(
                        entity,
                        format!("'{name}' must be a string with a reference, or null."),
                    ));
                }
            };
            out.insert(column as u16, value);
            continue;
        }
        if name.contains('@') {
            continue;
        }
        let Some(column) = entity.wire_column(name) else {
            if entity.navigation(name).is_some() {
                return Err(payload(
                    entity,
                    format!("Use '{name}@odata.bind' to set the lookup; deep insert is not supported here."),
                ));
            }
            return Err(payload(
                entity,
                format!(
                    "An undeclared property '{name}' which only has property annotations in the payload but no property value was found in the payload. In OData, only declared navigation properties and declared named streams can be represented as properties without values."
                ),
            ));
        };
        let described = &entity.columns[column];
        if !described.targets().is_empty() {
            return Err(ServiceError::odata(format!(
                "The property '{name}' cannot be written; a lookup is set by its navigation property with @odata.bind."
            )));
        }
        allowed(entity, column, mode)?;
        out.insert(column as u16, value(entity, described, json)?);
    }
    state_rules(entity, &mut out, mode)?;
    Ok(out)
}

fn payload(entity: &Entity, message: String) -> ServiceError {
    ServiceError::bad(
        code::PAYLOAD,
        format!(
            "Error identified in Payload provided by the user for Entity :'{}', ----> InnerException : {message}",
            entity.set
        ),
    )
}

/// The lookup behind a navigation property; names are case-sensitive.
pub(crate) fn navigation_of(entity: &Entity, name: &str) -> Outcome<usize> {
    entity.navigation(name).map(|(column, _)| column).ok_or_else(|| {
        payload(entity, format!("An undeclared property '{name}' which only has property annotations in the payload but no property value was found in the payload."))
    })
}

fn allowed(entity: &Entity, column: usize, mode: Mode) -> Outcome<()> {
    let described = &entity.columns[column];
    // Setting the state when a row is created is ignored by most tables, not refused.
    let state = matches!(described.kind, Kind::State { .. });
    let ok = match mode {
        Mode::Create => described.create || state,
        Mode::Update => described.update || column == entity.id_column(),
    };
    if ok {
        return Ok(());
    }
    let verb = if mode == Mode::Create { "create" } else { "update" };
    Err(ServiceError::bad(
        code::INVALID_ARGUMENT,
        format!(
            "The attribute '{}' of the entity '{}' is not valid for {verb}.",
            described.logical, entity.logical
        ),
    ))
}

/// One value of a body.
pub(crate) fn value(entity: &Entity, column: &Column, json: &Json) -> Outcome<Value> {
    let wrong = |wanted: &str| {
        payload(
            entity,
            format!(
                "Cannot convert the value '{json}' of the property '{}' to the expected type '{wanted}'.",
                column.logical
            ),
        )
    };
    let out_of = |code: &'static str, what: String| Err(ServiceError::bad(code, what));
    if json.is_null() {
        if column.required == "SystemRequired" || (column.logical == "isdisabled") {
            return out_of(
                code::REQUIRED_FIELD_MISSING,
                format!("The attribute '{}' cannot be set to NULL.", column.logical),
            );
        }
        return Ok(Value::Null);
    }
    Ok(match &column.kind {
        Kind::Text { max, .. } | Kind::Memo { max } => {
            let text = json.as_str().ok_or_else(|| wrong("Edm.String"))?;
            let length = text.encode_utf16().count();
            if length > *max {
                return out_of(
                    code::STRING_TOO_LONG,
                    format!(
                        "A validation error occurred. The length of the '{}' attribute of the '{}' entity exceeded the maximum allowed length of '{max}'.",
                        column.logical, entity.logical
                    ),
                );
            }
            if text.is_empty() { Value::Null } else { Value::Text(text.to_owned().into()) }
        }
        Kind::EntityName => Value::Text(json.as_str().ok_or_else(|| wrong("Edm.String"))?.to_owned().into()),
        Kind::Integer { min, max } => {
            let n = json.as_i64().ok_or_else(|| wrong("Edm.Int32"))?;
            if !(*min..=*max).contains(&n) {
                return out_of(
                    code::INTEGER_OUT_OF_RANGE,
                    format!(
                        "A validation error occurred.  The value {n} of '{}' on record of type '{}' is outside the valid range. Accepted Values: {min} to {max}",
                        column.logical, entity.logical
                    ),
                );
            }
            Value::Int(n)
        }
        Kind::BigInt => Value::Int(json.as_i64().ok_or_else(|| wrong("Edm.Int64"))?),
        Kind::Decimal { min, max, precision } => {
            let n = decimal(json).ok_or_else(|| wrong("Edm.Decimal"))?;
            let rough = double(json).unwrap_or_default();
            if rough < *min || rough > *max {
                return out_of(
                    code::DECIMAL_OUT_OF_RANGE,
                    format!(
                        "The value {n} of '{}' is outside the valid range ({min} to {max}).",
                        column.logical
                    ),
                );
            }
            Value::Decimal(scaled(n, *precision))
        }
        Kind::Money { precision } => {
            let n = decimal(json).ok_or_else(|| wrong("Edm.Decimal"))?;
            if n.abs() > Decimal::from(922_337_203_685_477i64) {
                return out_of(
                    code::DECIMAL_OUT_OF_RANGE,
                    format!("The value {n} of '{}' is outside the valid range.", column.logical),
                );
            }
            Value::Decimal(scaled(n, *precision))
        }
        Kind::Double { min, max } => {
            let n = double(json).ok_or_else(|| wrong("Edm.Double"))?;
            if n < *min || n > *max {
                return out_of(
                    code::DECIMAL_OUT_OF_RANGE,
                    format!(
                        "The value {n} of '{}' is outside the valid range ({min} to {max}).",
                        column.logical
                    ),
                );
            }
            Value::Double(n)
        }
        Kind::Boolean { .. } => Value::Bool(json.as_bool().ok_or_else(|| wrong("Edm.Boolean"))?),
        Kind::Choice { .. } | Kind::State { .. } | Kind::Status { .. } => {
            let n = json.as_i64().ok_or_else(|| wrong("Edm.Int32"))?;
            known(entity, column, n)?;
            Value::Int(n)
        }
        Kind::Choices { .. } => {
            let text = json.as_str().ok_or_else(|| wrong("Edm.String"))?;
            if text.is_empty() {
                return Ok(Value::Null);
            }
            let mut all = choices(text).ok_or_else(|| wrong("Edm.String"))?;
            if all.len() > 150 {
                return out_of(
                    code::TOO_MANY_SELECTIONS,
                    format!("Too many selections for '{}': at most 150.", column.logical),
                );
            }
            for n in &all {
                known(entity, column, *n)?;
            }
            all.sort_unstable();
            all.dedup();
            Value::Choices(all)
        }
        Kind::DateTime { behavior, .. } => {
            let text = json.as_str().ok_or_else(|| wrong("Edm.DateTimeOffset"))?;
            let value = if *behavior == "DateOnly" {
                Value::Date(date(text).ok_or_else(|| wrong("Edm.Date"))?)
            } else {
                Value::Time(instant(text).ok_or_else(|| wrong("Edm.DateTimeOffset"))?)
            };
            const EARLIEST: i64 = -6_847_804_800; // 1753-01-01
            let at = match &value {
                Value::Date(day) => i64::from(*day) * 86_400,
                Value::Time(at) => *at,
                _ => 0,
            };
            if at < EARLIEST {
                return out_of(
                    "0x80040239",
                    format!(
                        "DateTime is less than minumum value supported by CrmDateTime. Actual value: {text}, Minimum value supported: 01/01/1753 00:00:00"
                    ),
                );
            }
            value
        }
        Kind::Id => {
            Value::Id(json.as_str().and_then(|t| Uuid::parse_str(t).ok()).ok_or_else(|| wrong("Edm.Guid"))?)
        }
        Kind::Lookup { .. } => return Err(wrong("Edm.Guid")),
    })
}

fn known(entity: &Entity, column: &Column, n: i64) -> Outcome<()> {
    if column.options().iter().any(|o| o.0 == n) {
        return Ok(());
    }
    Err(ServiceError::bad(
        code::PICKLIST_OUT_OF_RANGE,
        format!(
            "A validation error occurred. The value {n} of '{}' on record of type '{}' is outside the valid range. Accepted Values: {}",
            column.logical,
            entity.logical,
            column.options().iter().map(|o| o.0.to_string()).collect::<Vec<_>>().join(",")
        ),
    ))
}

fn scaled(mut n: Decimal, precision: u32) -> Decimal {
    n = n.round_dp(precision);
    n.rescale(precision);
    n
}

/// Completes and checks state and status: a status of another state is refused; one alone implies the other.
fn state_rules(entity: &Entity, values: &mut Values, mode: Mode) -> Outcome<()> {
    let (Some(state), Some(status)) = (entity.column("statecode"), entity.column("statuscode")) else {
        return Ok(());
    };
    if mode == Mode::Create {
        values.remove(&(state as u16));
    }
    let options = entity.columns[status].options();
    let int = |v: Option<&Value>| match v {
        Some(Value::Int(n)) => Some(*n),
        _ => None,
    };
    match (int(values.get(&(state as u16))), int(values.get(&(status as u16)))) {
        (None, None) => {}
        (Some(s), Some(reason)) => {
            if !options.iter().any(|o| o.0 == reason && o.2 == s) {
                return Err(ServiceError::bad(
                    code::INVALID_STATE_STATUS,
                    format!("{reason} is not a valid status code for state code {s} on {}.", entity.logical),
                ));
            }
        }
        (Some(s), None) => {
            if let Some(first) = options.iter().find(|o| o.2 == s) {
                values.insert(status as u16, Value::Int(first.0));
            }
        }
        (None, Some(reason)) => {
            if let Some(found) = options.iter().find(|o| o.0 == reason) {
                if mode == Mode::Create && found.2 != 0 {
                    return Err(ServiceError::bad(
                        code::INVALID_STATE_STATUS,
                        format!(
                            "{reason} is not a valid status code for state code 0 on {}.",
                            entity.logical
                        ),
                    ));
                }
                values.insert(state as u16, Value::Int(found.2));
            }
        }
    }
    Ok(())
}

/// The row behind `/accounts(…)`, an absolute URL or `$1`.
pub(crate) fn target(store: &Store, text: &str, references: &References) -> Outcome<Row> {
    if text.starts_with('$') {
        return references.get(text.trim_start_matches('$')).copied().ok_or_else(|| {
            ServiceError::odata(format!(
                "The Content-ID reference '{text}' does not refer to an earlier request of the change set."
            ))
        });
    }
    let path = match text.find("/api/data/") {
        Some(at) => text[at + 10..].split_once('/').map_or("", |p| p.1),
        None => text.trim_start_matches('/'),
    };
    let parts = segments(&decode(path, false)?.replace('%', "%25"))?;
    let (Some(segment), 1) = (parts.first(), parts.len()) else {
        return Err(ServiceError::odata(format!("'{text}' does not refer to a row.")));
    };
    let entity = store.schema.by_set(&segment.name).ok_or_else(|| ServiceError::no_segment(&segment.name))?;
    let key = segment.key.as_deref().ok_or_else(|| ServiceError::odata(format!("'{text}' has no key.")))?;
    RowKey::parse(&store.schema, entity.table, key)?.need(store, entity)
}
