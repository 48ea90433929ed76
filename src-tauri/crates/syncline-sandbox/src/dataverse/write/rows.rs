//! POST, PATCH, PUT and DELETE on rows.
use super::change::{self, Stamp};
use super::duplicates;
use super::payload::{Mode, References, Values, object, value, values};
use crate::data::{Entity, Value};
use crate::dataverse::dispatch::may_write;
use crate::dataverse::environment::Environment;
use crate::dataverse::error::{Outcome, ServiceError, code};
use crate::dataverse::odata::options::Options;
use crate::dataverse::path::RowKey;
use crate::dataverse::read::{applied, etag, representation};
use crate::dataverse::request::{ApiRequest, ApiResponse, Preferences};
use crate::dataverse::store::{Row, Store};

/// Who writes, from the request.
pub(crate) fn stamp(environment: &Environment, request: &ApiRequest) -> Stamp {
    Stamp { user: request.caller.user_id, unit: environment.root_business_unit(), now: environment.now() }
}

/// `204` with `OData-EntityId`, or the row when asked for.
fn written(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    row: Row,
    created: bool,
    address: &str,
) -> Outcome<ApiResponse> {
    let preferences = Preferences::read(&request.headers);
    if preferences.representation {
        let mut options = Options::read(&request.query)?;
        options.expand = None;
        let body = representation(environment, store, request, row, &options)?;
        let answer = ApiResponse::json(if created { 201 } else { 200 }, body).with("etag", etag(store, row));
        return Ok(applied(answer, &preferences, false));
    }
    let set = store.schema.entity(row.0).set;
    Ok(ApiResponse::no_content().with("odata-entityid", format!("{}/{set}({address})", request.service_root)))
}

/// POST to a set.
pub(crate) fn post(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    entity: &Entity,
    references: &References,
) -> Outcome<(ApiResponse, Option<Row>)> {
    may_write(environment, request, entity, "Create")?;
    let new = values(store, entity, &object(&request.body)?, Mode::Create, references)?;
    duplicates::check(environment, store, request, entity, &new, None)?;
    let row = change::create(store, entity.table, new, stamp(environment, request))?;
    let id = store.id(row).to_string();
    Ok((written(environment, store, request, row, true, &id)?, Some(row)))
}

/// Checks `If-Match` and `If-None-Match` against what was found.
fn conditions(store: &Store, request: &ApiRequest, entity: &Entity, found: Option<Row>) -> Outcome<()> {
    let header = |name: &str| request.headers.get(name).and_then(|h| h.to_str().ok()).map(str::trim);
    if let (Some("*"), Some(_)) = (header("if-none-match"), found) {
        return Err(ServiceError::new(
            412,
            code::DUPLICATE_RECORD,
            "A record with matching key values already exists.",
        ));
    }
    match (header("if-match"), found) {
        (None | Some("*"), _) | (_, None) => Ok(()),
        (Some(_), _) if store.unguarded.contains(entity.logical) => Err(ServiceError::new(
            400,
            code::OPTIMISTIC_CONCURRENCY_NOT_ENABLED,
            format!(
                "Optimistic concurrency isn't enabled for entity type {}. The IfVersionMatches value of ConcurrencyBehavior can only be used if optimistic concurrency is enabled.",
                entity.logical
            ),
        )),
        (Some(version), Some(row)) if version == etag(store, row) => Ok(()),
        (Some(_), Some(_)) => Err(ServiceError::new(
            412,
            code::CONCURRENCY_VERSION_MISMATCH,
            format!(
                "The version of the existing record doesn't match the RowVersion property provided ({}).",
                entity.logical
            ),
        )),
    }
}

/// PATCH of a row: update, or upsert without `If-Match`.
pub(crate) fn patch(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    entity: &Entity,
    key_text: &str,
    references: &References,
) -> Outcome<(ApiResponse, Option<Row>)> {
    let key = RowKey::parse(&store.schema, entity.table, key_text)?;
    let found = key.find(store, entity.table);
    if request.headers.contains_key("if-match") {
        key.need(store, entity)?;
    }
    conditions(store, request, entity, found)?;
    let body = object(&request.body)?;
    let (row, created) = upsert(environment, store, request, entity, &key, &body, references)?;
    let answer = written(environment, store, request, row, created, key_text)?;
    Ok((answer, Some(row)))
}

/// Updates the row of a key or creates it; true when created.
pub(crate) fn upsert(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    entity: &Entity,
    key: &RowKey,
    body: &serde_json::Map<String, serde_json::Value>,
    references: &References,
) -> Outcome<(Row, bool)> {
    let stamp = stamp(environment, request);
    match key.find(store, entity.table) {
        Some(row) => {
            may_write(environment, request, entity, "Write")?;
            let mut new = values(store, entity, body, Mode::Update, references)?;
            if let RowKey::Alternate(columns) = key {
                for (column, _) in columns {
                    new.remove(&(*column as u16));
                }
            }
            duplicates::check(environment, store, request, entity, &new, Some(row))?;
            Ok((change::update(store, row, new, stamp)?, false))
        }
        None => {
            may_write(environment, request, entity, "Create")?;
            let mut new = values(store, entity, body, Mode::Create, references)?;
            match key {
                RowKey::Id(id) => drop(new.insert(entity.id_column() as u16, Value::Id(*id))),
                // Key columns in the body win over the ones in the URL.
                RowKey::Alternate(columns) => {
                    for (column, value) in columns {
                        new.entry(*column as u16).or_insert_with(|| value.clone());
                    }
                }
            }
            duplicates::check(environment, store, request, entity, &new, None)?;
            Ok((change::create(store, entity.table, new, stamp)?, true))
        }
    }
}

/// DELETE of a row.
pub(crate) fn delete(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    entity: &Entity,
    key: &str,
) -> Outcome<ApiResponse> {
    may_write(environment, request, entity, "Delete")?;
    let row = RowKey::parse(&store.schema, entity.table, key)?.need(store, entity)?;
    conditions(store, request, entity, Some(row))?;
    change::delete(store, row)?;
    Ok(ApiResponse::no_content())
}

/// PUT `{"value":…}` or DELETE of one property.
pub(crate) fn property(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    row: Row,
    column: usize,
    clear: bool,
) -> Outcome<ApiResponse> {
    let entity = store.schema.entity(row.0).clone();
    may_write(environment, request, &entity, "Write")?;
    conditions(store, request, &entity, Some(row))?;
    let described = &entity.columns[column];
    if !described.update || !described.targets().is_empty() {
        return Err(ServiceError::bad(
            code::INVALID_ARGUMENT,
            format!("The property '{}' cannot be set on its own.", described.logical),
        ));
    }
    let json = if clear {
        serde_json::Value::Null
    } else {
        object(&request.body)?.remove("value").ok_or_else(|| {
            ServiceError::bad(code::PAYLOAD, "The body of a property must be {\"value\": …}.")
        })?
    };
    let new = Values::from([(column as u16, value(&entity, described, &json)?)]);
    change::update(store, row, new, stamp(environment, request))?;
    Ok(ApiResponse::no_content())
}
