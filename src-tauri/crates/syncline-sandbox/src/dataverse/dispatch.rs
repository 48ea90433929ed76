//! Finds what a request addresses and hands it on.
use super::environment::Environment;
use super::error::{Outcome, ServiceError, code};
use super::odata::options::Options;
use super::odata::relations::collection as relation_of;
use super::path::{RowKey, Segment, segments};
use super::query::{Comparison, Expr, Path, Relation, Test};
use super::request::{ApiRequest, ApiResponse, Preferences};
use super::server::error_answer;
use super::store::{Row, Store};
use super::write::payload::References;
use super::write::{links, rows};
use super::{functions, metadata, read, track};
use crate::data::{Entity, Table, Value};
use http::Method;
use std::sync::PoisonError;

/// Answers one request. Errors become answers here.
pub(crate) fn handle(environment: &Environment, request: ApiRequest) -> ApiResponse {
    let detailed = Preferences::read(&request.headers).include_annotations.is_some();
    route(environment, &request).unwrap_or_else(|error| error_answer(&error, detailed))
}

fn route(environment: &Environment, request: &ApiRequest) -> Outcome<ApiResponse> {
    let path = segments(&request.path)?;
    if request.method == Method::GET || request.method == Method::HEAD {
        let store = environment.store.read().unwrap_or_else(PoisonError::into_inner);
        return get(environment, &store, request, &path);
    }
    if path.first().is_some_and(|s| s.name == "$batch") {
        return super::batch::run(environment, request);
    }
    let mut store = environment.store.write().unwrap_or_else(PoisonError::into_inner);
    store.begin();
    let outcome = change(environment, &mut store, request, &path, &References::new());
    if outcome.is_err() {
        store.rollback();
    }
    outcome.map(|done| done.0)
}

/// Everything that writes; the row that a Content-ID may stand for comes along. The caller undoes what a failure left.
pub(crate) fn change(
    environment: &Environment,
    store: &mut Store,
    request: &ApiRequest,
    path: &[Segment],
    references: &References,
) -> Outcome<(ApiResponse, Option<Row>)> {
    let Some(first) = path.first() else { return Err(ServiceError::no_segment("")) };
    is_json(request)?;
    super::rights::may_bypass(environment, request)?;
    let plain = |answer: Outcome<ApiResponse>| answer.map(|a| (a, None));
    if request.method == Method::POST && first.name.contains("MemberList")
        || first.name == "AddListMembersList"
    {
        return plain(super::bulk::list_action(environment, store, request, &first.name, None));
    }
    let (entity, row) = match references.get(first.name.trim_start_matches('$')) {
        Some(row) if first.name.starts_with('$') => (store.schema.entity(row.0).clone(), Some(*row)),
        _ => (
            store.schema.by_set(&first.name).ok_or_else(|| ServiceError::no_segment(&first.name))?.clone(),
            None,
        ),
    };
    let refused = || {
        Err(ServiceError::new(
            405,
            code::MESSAGE_NOT_SUPPORTED,
            format!("{} is not supported on '{}'.", request.method, request.path),
        ))
    };
    let (post, patch) = (request.method == Method::POST, request.method == Method::PATCH);
    let (put, delete) = (request.method == Method::PUT, request.method == Method::DELETE);
    let key = match (&first.key, row) {
        (Some(key), _) => Some(key.clone()),
        (None, Some(row)) => Some(store.id(row).to_string()),
        (None, None) => None,
    };
    match (key, &path[1..]) {
        (None, []) if post => rows::post(environment, store, request, &entity, references),
        (None, [action]) if post => {
            plain(super::bulk::bound(environment, store, request, &entity, &action.name))
        }
        (Some(key), []) if patch => rows::patch(environment, store, request, &entity, &key, references),
        (Some(key), []) if delete => plain(rows::delete(environment, store, request, &entity, &key)),
        (Some(key), [action]) if post && action.name.starts_with("Microsoft.Dynamics.CRM.") => {
            plain(super::bulk::list_action(environment, store, request, &action.name, Some(&key)))
        }
        (Some(key), [segment, rest @ ..]) if put || delete || post => {
            let row = RowKey::parse(&store.schema, entity.table, &key)?.need(store, &entity)?;
            if rest.first().is_some_and(|s| s.name == "$ref") {
                return plain(links::reference(environment, store, request, row, segment, references));
            }
            match entity.wire_column(&segment.name) {
                Some(column) if rest.is_empty() && !post => {
                    plain(rows::property(environment, store, request, row, column, delete))
                }
                _ => Err(ServiceError::no_segment(&segment.name)),
            }
        }
        _ => refused(),
    }
}

/// Bodies are JSON and say so.
fn is_json(request: &ApiRequest) -> Outcome<()> {
    let kind = request.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if request.body.is_empty() || kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(ServiceError::new(
        415,
        "",
        format!(
            "The Content-Type '{kind}' of a request with a JSON body is not supported; application/json is."
        ),
    ))
}

/// A function without parameters: `WhoAmI` or `WhoAmI()`, and nothing after it.
fn plain_function(path: &[Segment]) -> Outcome<()> {
    match path {
        [only] if only.key.as_deref().is_none_or(|key| key.trim().is_empty()) => Ok(()),
        [only] => Err(ServiceError::no_segment(&only.name)),
        [.., last] => Err(ServiceError::no_segment(&last.name)),
        [] => Err(ServiceError::no_segment("")),
    }
}

/// Everything that only reads.
pub(crate) fn get(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    path: &[Segment],
) -> Outcome<ApiResponse> {
    let Some(first) = path.first() else { return Ok(functions::service_document(store, request)) };
    match first.name.as_str() {
        "WhoAmI" => {
            plain_function(path)?;
            return Ok(functions::who_am_i(environment, request));
        }
        "RetrieveVersion" => {
            plain_function(path)?;
            return Ok(functions::version(request));
        }
        "RetrieveTotalRecordCount" => return functions::total_record_count(store, request, first),
        "EntityDefinitions" | "GlobalOptionSetDefinitions" => return metadata::get(store, request, path),
        "$metadata" => return Ok(metadata::csdl(store)),
        "sdkmessagefilters" => return super::messages::filters(environment, store, request),
        _ => {}
    }
    if let Some(wide) = &store.wide
        && let Some(entity) = wide.by_set(&first.name)
    {
        return super::wide::get(environment, store, request, path, wide, entity);
    }
    let entity = store.schema.by_set(&first.name).ok_or_else(|| ServiceError::no_segment(&first.name))?;
    may_read(environment, request, entity)?;
    let options = Options::read(&request.query)?;
    match (&first.key, &path[1..]) {
        (None, []) => match (&options.fetch_xml, &options.deltatoken) {
            (Some(text), _) => super::fetch::run(environment, store, request, entity, text),
            (None, None) if options.saved_query.is_some() => {
                let id = options.saved_query.as_deref().unwrap_or_default();
                let view = RowKey::parse(&store.schema, Table::SavedQuery, id)?
                    .need(store, store.schema.entity(Table::SavedQuery))?;
                let text = store.named(view, "fetchxml");
                super::fetch::run(environment, store, request, entity, text.text().unwrap_or_default())
            }
            (None, Some(token)) => track::delta(environment, store, request, entity.table, &options, token),
            (None, None) => read::collection(environment, store, request, entity.table, &options, None),
        },
        (None, [count]) if count.name == "$count" => {
            read::plain_count(environment, store, request, entity.table, &options, None)
        }
        (Some(key), rest) => {
            let row = RowKey::parse(&store.schema, entity.table, key)?.need(store, entity)?;
            related(environment, store, request, &options, row, rest)
        }
        (None, [other, ..]) => Err(ServiceError::no_segment(&other.name)),
    }
}

fn related(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    options: &Options,
    row: Row,
    rest: &[Segment],
) -> Outcome<ApiResponse> {
    let entity = store.schema.entity(row.0);
    let Some(segment) = rest.first() else { return read::single(environment, store, request, row, options) };
    // A bound function goes by its full name ("Use Web API functions").
    if entity.table == Table::SystemUser && segment.name == "Microsoft.Dynamics.CRM.RetrieveUserPrivileges" {
        plain_function(rest)?;
        return Ok(super::rights::user_privileges(environment, store, request, store.id(row)));
    }
    if let Some((column, target)) = entity.navigation(&segment.name) {
        let table = target.table;
        may_read(environment, request, store.schema.entity(table))?;
        let found = match store.value(row, column) {
            Value::Ref(t, id) if entity.leads(&segment.name, t) => store.find(t, id),
            _ => None,
        };
        let Some(found) = found else { return Ok(ApiResponse::no_content()) };
        if rest.get(1).is_some_and(|s| s.name == "$ref") {
            let url =
                format!("{}/{}({})", request.service_root, store.schema.entity(table).set, store.id(found));
            return Ok(ApiResponse::value(
                200,
                &serde_json::json!({ "@odata.context": format!("{}/$metadata#$ref", request.service_root), "@odata.id": url }),
            ));
        }
        return read::single(environment, store, request, found, options);
    }
    if let Some(column) = entity.wire_column(&segment.name) {
        let value = store.value(row, column);
        if value.is_null() {
            return Ok(ApiResponse::no_content());
        }
        let mut out = Vec::new();
        read::context(
            &mut out,
            request,
            &format!("{}({})/{}", entity.set, store.id(row), segment.name),
            "",
            "",
        );
        out.extend_from_slice(b"\"value\":");
        super::json::value(&mut out, &value);
        out.push(b'}');
        return Ok(ApiResponse::json(200, out));
    }
    let relation = relation_of(&store.schema, row.0, &segment.name)
        .ok_or_else(|| ServiceError::no_segment(&segment.name))?;
    let table = relation.target();
    may_read(environment, request, store.schema.entity(table))?;
    let condition = condition_of(store, row, &relation);
    if rest.get(1).is_some_and(|s| s.name == "$count") {
        return read::plain_count(environment, store, request, table, options, Some(condition));
    }
    read::collection(environment, store, request, table, options, Some(condition))
}

/// The condition that rows related to a row satisfy.
fn condition_of(store: &Store, row: Row, relation: &Relation) -> Expr {
    match relation {
        Relation::Many { table, column } | Relation::Equal { table, column, .. } => Expr::Test(
            Path { slot: 0, hops: vec![], table: *table, column: *column },
            Test::Is(Comparison::Eq, Value::Id(store.id(row))),
        ),
        Relation::ManyToMany { table, .. } => {
            let ids = super::query::eval::related(store, row, relation);
            Expr::Test(
                Path {
                    slot: 0,
                    hops: vec![],
                    table: *table,
                    column: store.schema.entity(*table).id_column(),
                },
                Test::In(ids.into_iter().map(|r| Value::Id(store.id(r))).collect()),
            )
        }
    }
}

/// Refuses a table the caller may not read.
pub(crate) fn may_read(environment: &Environment, request: &ApiRequest, entity: &Entity) -> Outcome<()> {
    if environment.rights.hides(request.caller.user_id, entity.logical) {
        return Err(denied(request, entity, "Read"));
    }
    Ok(())
}

/// Refuses a write the caller has no right to.
pub(crate) fn may_write(
    environment: &Environment,
    request: &ApiRequest,
    entity: &Entity,
    verb: &str,
) -> Outcome<()> {
    let open = matches!(entity.table, Table::Contact | Table::Task);
    if !open && environment.restricted(request.caller.user_id) {
        return Err(denied(request, entity, verb));
    }
    Ok(())
}

fn denied(request: &ApiRequest, entity: &Entity, verb: &str) -> ServiceError {
    let privilege = super::rights::privilege(verb, entity.schema, entity.activity);
    let about = (entity.code, entity.logical, entity.display);
    super::rights::denied(request.caller.user_id, &privilege, about)
}
