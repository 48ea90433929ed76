//! Unbound functions and the service document.
use super::environment::Environment;
use super::error::{Outcome, ServiceError};
use super::path::Segment;
use super::request::{ApiRequest, ApiResponse};
use super::store::Store;
use serde_json::{Value as Json, json};

fn context(request: &ApiRequest, name: &str) -> String {
    format!("{}/$metadata#Microsoft.Dynamics.CRM.{name}", request.service_root)
}

pub(crate) fn who_am_i(environment: &Environment, request: &ApiRequest) -> ApiResponse {
    ApiResponse::value(
        200,
        &json!({
            "@odata.context": context(request, "WhoAmIResponse"),
            "BusinessUnitId": environment.root_business_unit(),
            "UserId": request.caller.user_id,
            "OrganizationId": environment.organization_id(),
        }),
    )
}

pub(crate) fn version(request: &ApiRequest) -> ApiResponse {
    ApiResponse::value(
        200,
        &json!({ "@odata.context": context(request, "RetrieveVersionResponse"), "Version": "9.2.26103.00182" }),
    )
}

/// `RetrieveTotalRecordCount(EntityNames=['account'])`, also with an alias.
pub(crate) fn total_record_count(
    store: &Store,
    request: &ApiRequest,
    segment: &Segment,
) -> Outcome<ApiResponse> {
    let mut argument = segment.key.clone().unwrap_or_default();
    for (name, value) in
        url::form_urlencoded::parse(request.query.as_bytes()).filter(|p| p.0.starts_with('@'))
    {
        argument = argument.replace(name.as_ref(), &value);
    }
    let list = argument.split_once('=').map_or("", |p| p.1).replace('\'', "\"");
    let names: Vec<String> = serde_json::from_str(&list).map_err(|_| {
        ServiceError::odata(
            "RetrieveTotalRecordCount needs EntityNames=['account'], a list of logical names.",
        )
    })?;
    let mut counts = Vec::new();
    for name in &names {
        let entity = store.schema.by_logical(name).ok_or_else(|| {
            ServiceError::bad("0x80041102", format!("The entity with a name = '{name}' was not found."))
        })?;
        counts.push(store.table(entity.table).len());
    }
    Ok(ApiResponse::value(
        200,
        &json!({
            "@odata.context": context(request, "RetrieveTotalRecordCountResponse"),
            "EntityRecordCountCollection": { "Count": names.len(), "IsReadOnly": false, "Keys": names, "Values": counts },
        }),
    ))
}

/// `GET /api/data/v9.2/`: the entity sets.
pub(crate) fn service_document(store: &Store, request: &ApiRequest) -> ApiResponse {
    let sets: Vec<Json> = store
        .schema
        .entities
        .iter()
        .map(|e| json!({ "name": e.set, "kind": "EntitySet", "url": e.set }))
        .collect();
    let wide = store.wide.iter().flat_map(|wide| wide.entities());
    let sets: Vec<Json> = sets
        .into_iter()
        .chain(wide.map(|e| json!({ "name": e.set, "kind": "EntitySet", "url": e.set })))
        .collect();
    ApiResponse::value(
        200,
        &json!({ "@odata.context": format!("{}/$metadata", request.service_root), "value": sets }),
    )
}
