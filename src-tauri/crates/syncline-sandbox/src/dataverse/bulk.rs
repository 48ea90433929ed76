//! CreateMultiple, UpdateMultiple, UpsertMultiple, and the actions of marketing lists. On standard tables all or nothing; on elastic ones
//! each target by itself ("Bulk operation messages").
use super::dispatch::may_write;
use super::environment::Environment;
use super::error::{Outcome, ServiceError, code};
use super::messages::BULK;
use super::path::{RowKey, segments};
use super::request::{ApiRequest, ApiResponse, Preferences};
use super::store::{Row, Store};
use super::write::payload::{Mode, References, object, values};
use super::write::rows::{stamp, upsert};
use super::write::{change, duplicates};
use crate::data::{Entity, Table, Value};
use serde_json::{Map, Value as Json, json};

fn targets(entity: &Entity, body: &Map<String, Json>) -> Outcome<Vec<Map<String, Json>>> {
    let all = body.get("Targets").and_then(Json::as_array).ok_or_else(|| {
        ServiceError::bad(
            code::INVALID_ARGUMENT,
            "The required parameter 'Targets' is missing or is not a list.",
        )
    })?;
    if all.is_empty() {
        return Err(ServiceError::bad(code::INVALID_ARGUMENT, "The 'Targets' collection is empty."));
    }
    let wanted = format!("Microsoft.Dynamics.CRM.{}", entity.logical);
    all.iter()
        .map(|target| {
            let map = target.as_object().cloned().unwrap_or_default();
            match map.get("@odata.type").and_then(Json::as_str).map(|t| t.trim_start_matches('#')) {
                Some(found) if found == wanted => Ok(map),
                Some(found) => Err(ServiceError::bad(
                    code::PAYLOAD,
                    format!("A target of type '{found}' was sent; one call writes one table: '{wanted}'."),
                )),
                None => Err(ServiceError::bad(
                    code::PAYLOAD,
                    "Error identified in Payload provided by the user: every target needs \"@odata.type\".",
                )),
            }
        })
        .collect()
}

fn id_of(entity: &Entity, target: &Map<String, Json>) -> Option<uuid::Uuid> {
    target.get(entity.primary_id)?.as_str().and_then(|t| uuid::Uuid::parse_str(t).ok())
}

/// An action bound to a set: `accounts/Microsoft.Dynamics.CRM.CreateMultiple`.
pub(crate) fn bound(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    entity: &Entity,
    action: &str,
) -> Outcome<ApiResponse> {
    let name = action.strip_prefix("Microsoft.Dynamics.CRM.").unwrap_or(action);
    if name == "DeleteMultiple" {
        return Err(ServiceError::bad(code::UNEXPECTED, "DeleteMultiple has not yet been implemented."));
    }
    if !BULK.contains(&name) {
        return Err(ServiceError::no_segment(action));
    }
    if !environment.messages().offers(entity.table, entity.logical, name) {
        return Err(ServiceError::new(
            405,
            code::MESSAGE_NOT_SUPPORTED,
            format!("The '{name}' method does not support entities of type '{}'.", entity.logical),
        ));
    }
    let targets = targets(entity, &object(&request.body)?)?;
    let elastic = environment.messages().elastic(entity.logical);
    let (mut ids, mut details, mut failure) = (Vec::new(), Vec::new(), None);
    for (at, target) in targets.iter().enumerate() {
        match one(environment, store, request, entity, name, target) {
            Ok((row, created)) => {
                let id = store.id(row).to_string();
                let status = if created { 201 } else { 204 };
                details.push(json!({ "RequestIndex": at, "Id": id, "StatusCode": status }));
                ids.push(id);
                if elastic {
                    // What is written stays, whatever becomes of the others.
                    store.begin();
                }
            }
            Err(error) if elastic => {
                store.rollback();
                let id = id_of(entity, target).unwrap_or_default();
                details.push(json!({ "RequestIndex": at, "Id": id, "StatusCode": error.status }));
                failure.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = failure {
        return Ok(partly(request, &error, &details));
    }
    if name == "CreateMultiple" {
        let context =
            format!("{}/$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse", request.service_root);
        return Ok(ApiResponse::value(200, &json!({ "@odata.context": context, "Ids": ids })));
    }
    Ok(ApiResponse::no_content())
}

/// The answer of an elastic table when some targets failed: the first failure, and with annotations what became of each.
fn partly(request: &ApiRequest, error: &ServiceError, details: &[Json]) -> ApiResponse {
    let detailed = Preferences::read(&request.headers).include_annotations.is_some();
    let mut body: Json = serde_json::from_slice(&error.body(detailed)).unwrap_or_default();
    if detailed && let Some(inner) = body.get_mut("error").and_then(Json::as_object_mut) {
        let text = Json::from(details).to_string();
        inner.insert("@Microsoft.PowerApps.CDS.ErrorDetails.Plugin.BulkApiErrorDetails".into(), text.into());
    }
    ApiResponse::value(error.status, &body)
}

/// One target; true when it made a row.
fn one(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    entity: &Entity,
    name: &str,
    target: &Map<String, Json>,
) -> Outcome<(Row, bool)> {
    let references = References::new();
    let stamp = stamp(environment, request);
    match name {
        "CreateMultiple" => {
            may_write(environment, request, entity, "Create")?;
            let new = values(store, entity, target, Mode::Create, &references)?;
            duplicates::check(environment, store, request, entity, &new, None)?;
            Ok((change::create(store, entity.table, new, stamp)?, true))
        }
        "UpdateMultiple" => {
            may_write(environment, request, entity, "Write")?;
            let id = id_of(entity, target).ok_or_else(|| {
                ServiceError::bad(
                    code::INVALID_ARGUMENT,
                    "Every target of UpdateMultiple needs its primary key.",
                )
            })?;
            let row = RowKey::Id(id).need(store, entity)?;
            let new = values(store, entity, target, Mode::Update, &references)?;
            duplicates::check(environment, store, request, entity, &new, Some(row))?;
            Ok((change::update(store, row, new, stamp)?, false))
        }
        _ => {
            let key = match target.get("@odata.id").and_then(Json::as_str) {
                Some(text) => {
                    let path = text
                        .rsplit_once("/api/data/")
                        .map_or(text, |p| p.1.split_once('/').map_or("", |q| q.1));
                    let parts = segments(&path.trim_start_matches('/').replace('%', "%25"))?;
                    let segment = parts.first().filter(|s| s.name == entity.set).ok_or_else(|| {
                        ServiceError::odata(format!("'{text}' does not refer to a row of '{}'.", entity.set))
                    })?;
                    RowKey::parse(&store.schema, entity.table, segment.key.as_deref().unwrap_or_default())?
                }
                None => RowKey::Id(id_of(entity, target).unwrap_or_else(uuid::Uuid::new_v4)),
            };
            upsert(environment, store, request, entity, &key, target, &references)
        }
    }
}

/// `AddListMembersList`, `AddMemberList` and `RemoveMemberList`, bound to a list or not.
pub(crate) fn list_action(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    action: &str,
    list: Option<&str>,
) -> Outcome<ApiResponse> {
    let body = object(&request.body)?;
    let id = |json: Option<&Json>, name: &str| -> Option<uuid::Uuid> {
        let json = json?;
        json.as_str().or_else(|| json.get(name)?.as_str()).and_then(|t| uuid::Uuid::parse_str(t).ok())
    };
    let missing =
        |what: &str| ServiceError::bad(code::INVALID_ARGUMENT, format!("The parameter '{what}' is missing."));
    let list_entity = store.schema.entity(Table::List).clone();
    may_write(environment, request, &list_entity, "Write")?;
    let list = list
        .and_then(|t| uuid::Uuid::parse_str(t).ok())
        .or_else(|| id(body.get("ListId").or_else(|| body.get("List")), "listid"))
        .ok_or_else(|| missing("List"))?;
    let list = RowKey::Id(list).need(store, &list_entity)?;
    let mut members = Vec::new();
    match body.get("Members").and_then(Json::as_array) {
        Some(all) => members.extend(all.iter()),
        None => members.extend(body.get("EntityId").or_else(|| body.get("Entity"))),
    }
    let kind = store.named(list, "createdfromcode");
    let table = match kind {
        Value::Int(1) => Table::Account,
        Value::Int(4) => Table::Lead,
        _ => Table::Contact,
    };
    let intersect = store.schema.entity(Table::ListMember).clone();
    let (near, far) =
        (intersect.column("listid").unwrap_or_default(), intersect.column("entityid").unwrap_or_default());
    if members.is_empty() {
        return Err(missing("Members"));
    }
    for member in members {
        let entity = store.schema.entity(table).clone();
        let member = id(Some(member), entity.primary_id).ok_or_else(|| missing(entity.primary_id))?;
        let row = RowKey::Id(member).need(store, &entity)?;
        super::write::links::list_rules(store, list, row)?;
        let here = (near, Value::Ref(Table::List, store.id(list)));
        let there = (far, Value::Ref(table, member));
        let removing = action.contains("Remove");
        let outcome = super::write::links::link(
            store,
            Table::ListMember,
            here,
            there,
            removing,
            stamp(environment, request),
        );
        // Adding a member twice is not an error of these actions.
        match outcome {
            Err(error) if error.code == code::DUPLICATE_RECORD => {}
            other => other?,
        }
    }
    Ok(ApiResponse::no_content())
}
