//! Duplicate detection ("Detect duplicate data"): off unless the request turns it on, and only where rules are published. The rules are
//! those every environment comes with: the same e-mail address.
use super::payload::Values;
use crate::data::{Entity, Table, Value};
use crate::dataverse::environment::Environment;
use crate::dataverse::error::{Outcome, ServiceError, code};
use crate::dataverse::request::ApiRequest;
use crate::dataverse::store::{Row, Store};

/// Refuses values that make a row a duplicate of another.
pub(crate) fn check(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    entity: &Entity,
    values: &Values,
    own: Option<Row>,
) -> Outcome<()> {
    let header =
        request.headers.get("mscrm.suppressduplicatedetection").and_then(|value| value.to_str().ok());
    let on = header.is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
    if !on
        || !environment.duplicate_rules()
        || !matches!(entity.table, Table::Account | Table::Contact | Table::Lead)
    {
        return Ok(());
    }
    let Some(column) = entity.column("emailaddress1") else { return Ok(()) };
    let Some(value @ Value::Text(_)) = values.get(&(column as u16)) else { return Ok(()) };
    if store.find_by(entity.table, column, value).into_iter().all(|row| Some(row) == own) {
        return Ok(());
    }
    Err(ServiceError::new(
        412,
        code::DUPLICATES_FOUND,
        "A record was not created or updated because a duplicate of the current record already exists.",
    ))
}
