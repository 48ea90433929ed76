//! Change tracking: delta links, what was written since, what was deleted.
use super::environment::Environment;
use super::error::{Outcome, ServiceError, code};
use super::odata::options::Options;
use super::odata::shape::Shape;
use super::request::{ApiRequest, ApiResponse, Preferences};
use super::store::{Row, Store};
use crate::data::{Entity, Table};
use std::io::Write;
use uuid::Uuid;

/// Refuses what change tracking does not allow.
pub(crate) fn check(entity: &Entity, options: &Options) -> Outcome<()> {
    if !enabled(entity) {
        return Err(ServiceError::bad(
            code::CHANGE_TRACKING_NOT_ENABLED,
            format!("Entity {} does not have change tracking enabled.", entity.logical),
        ));
    }
    if options.filter.is_some()
        || options.orderby.is_some()
        || options.expand.is_some()
        || options.top.is_some()
    {
        return Err(ServiceError::odata(
            "The $filter, $orderby, $expand and $top query options are not supported with change tracking.",
        ));
    }
    Ok(())
}

/// Tables with change tracking.
pub(crate) fn enabled(entity: &Entity) -> bool {
    !entity.intersect && !matches!(entity.table, Table::SavedQuery | Table::Role)
}

/// Appends `@odata.deltaLink`.
pub(crate) fn delta_link(environment: &Environment, store: &Store, request: &ApiRequest, out: &mut Vec<u8>) {
    let at = environment.now();
    let (y, m, d) = super::json::civil(at.div_euclid(86_400));
    let rest = at.rem_euclid(86_400);
    let token = format!(
        "{}%21{m:02}%2f{d:02}%2f{y}%20{:02}%3a{:02}%3a{:02}",
        store.version,
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    );
    out.extend_from_slice(b",\"@odata.deltaLink\":");
    super::json::string(out, &format!("{}$deltatoken={token}", super::read::link(request)));
}

/// Rows written and ids deleted since a token.
pub(crate) fn changes(
    environment: &Environment,
    store: &Store,
    table: Table,
    token: &str,
) -> Outcome<(Vec<Row>, Vec<Uuid>)> {
    let since: i64 = token.split('!').next().and_then(|n| n.trim().parse().ok()).ok_or_else(|| {
        ServiceError::bad(code::INVALID_ARGUMENT, format!("'{token}' is not a delta token of this service."))
    })?;
    if since < environment.oldest_delta() {
        return Err(ServiceError::bad(
            code::EXPIRED_VERSION_STAMP,
            "Version stamp associated with the client has expired. Please perform a full sync.",
        ));
    }
    let data = store.table(table);
    let mut rows: Vec<(i64, u32)> = data
        .deltas
        .iter()
        .filter(|(_, d)| d.version >= since && !d.deleted)
        .map(|(p, d)| (d.version, *p))
        .collect();
    rows.sort_unstable();
    let mut gone: Vec<Uuid> = Vec::new();
    for (_, id) in data.deletions.iter().filter(|d| d.0 >= since) {
        if store.find(table, *id).is_none() && !gone.contains(id) {
            gone.push(*id);
        }
    }
    Ok((rows.into_iter().map(|r| (table, r.1)).collect(), gone))
}

/// `GET` of a delta link.
pub(crate) fn delta(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    table: Table,
    options: &Options,
    token: &str,
) -> Outcome<ApiResponse> {
    let entity = store.schema.entity(table);
    check(entity, options)?;
    let (rows, gone) = changes(environment, store, table, token)?;
    let preferences = Preferences::read(&request.headers);
    let shape = Shape::new(super::read::setting(environment, store, request), table, options)?;
    let mut out = Vec::new();
    super::read::context(&mut out, request, entity.set, &shape.context, "/$delta");
    out.extend_from_slice(b"\"value\":[");
    let start = out.len();
    for row in rows {
        shape.write(store, &preferences.annotations, row, &mut out);
        out.push(b',');
    }
    for id in gone {
        let _ = write!(
            out,
            "{{\"@odata.context\":\"{}/$metadata#{}/$deletedEntity\",\"id\":\"{id}\",\"reason\":\"deleted\"}},",
            request.service_root, entity.set
        );
    }
    if out.len() > start {
        out.pop();
    }
    out.push(b']');
    delta_link(environment, store, request, &mut out);
    out.push(b'}');
    Ok(ApiResponse::json(200, out))
}
