//! Change tracking: delta links, what was written since, what was deleted.
//!
//! A token stands for the moment at which a reading began, so that what is written while pages are read comes with the next changes.
use super::environment::Environment;
use super::error::{Outcome, ServiceError, code};
use super::odata::options::Options;
use super::odata::shape::Shape;
use super::request::{ApiRequest, ApiResponse, Preferences};
use super::store::Store;
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

/// Tables with change tracking. Custom tables have it only when somebody switched it on; nobody did for these.
pub(crate) fn enabled(entity: &Entity) -> bool {
    !entity.intersect
        && !matches!(entity.table, Table::SavedQuery | Table::Role | Table::Project | Table::ProjectMember)
}

/// The version at which a tracked reading began, out of its paging cookie.
pub(crate) fn stamp(skiptoken: Option<&str>) -> Option<i64> {
    mark(skiptoken?, "stamp")
}

/// Puts the version at which a tracked reading began into its paging cookie.
pub(crate) fn stamped(cookie: &str, stamp: i64) -> String {
    cookie.replace(" />", &format!(" stamp=\"{stamp}\" />"))
}

fn mark<T: std::str::FromStr>(cookie: &str, name: &str) -> Option<T> {
    let rest = cookie.split(&format!("{name}=\"")).nth(1)?;
    rest.split('"').next()?.parse().ok()
}

/// Appends `@odata.deltaLink` for the changes from a version on.
pub(crate) fn delta_link(environment: &Environment, version: i64, request: &ApiRequest, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"@odata.deltaLink\":");
    let token = token(version, environment.now());
    super::json::string(out, &format!("{}$deltatoken={token}", super::read::link(request)));
}

/// `919042%2108%2f22%2f2017%2008%3a10%3a44`: a version and when it was given.
fn token(version: i64, at: i64) -> String {
    let (y, m, d) = super::json::civil(at.div_euclid(86_400));
    let rest = at.rem_euclid(86_400);
    format!(
        "{version}%21{m:02}%2f{d:02}%2f{y}%20{:02}%3a{:02}%3a{:02}",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Version and second of a decoded token.
fn read_token(token: &str) -> Option<(i64, i64)> {
    let (version, at) = token.split_once('!')?;
    let numbers: Vec<i64> = at
        .split(['/', ' ', ':'])
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|n: &Vec<_>| n.len() == 6)?;
    let [month, day, year, hour, minute, second] = numbers[..] else { return None };
    let days = super::json::days(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    Some((version.trim().parse().ok()?, days * 86_400 + hour * 3600 + minute * 60 + second))
}

/// What happened to one row.
enum Change {
    Written(u32),
    Deleted(Uuid),
}

/// Rows written and ids deleted since a token, each with its version: first the rows, then the deletions.
fn since(environment: &Environment, store: &Store, table: Table, token: &str) -> Outcome<Vec<(i64, Change)>> {
    let (since, at) = read_token(token).ok_or_else(|| {
        ServiceError::bad(code::INVALID_ARGUMENT, format!("'{token}' is not a delta token of this service."))
    })?;
    let age = environment.now() - at;
    if since < environment.oldest_delta() || age > environment.change_tracking_days() * 86_400 {
        return Err(ServiceError::bad(
            code::EXPIRED_VERSION_STAMP,
            "Version stamp associated with the client has expired. Please perform a full sync.",
        ));
    }
    let data = store.table(table);
    let mut found: Vec<(i64, Change)> = data
        .deltas
        .iter()
        .filter(|(_, d)| d.version >= since && !d.deleted)
        .map(|(p, d)| (d.version, Change::Written(*p)))
        .collect();
    found.sort_unstable_by_key(|(version, _)| *version);
    let mut gone: Vec<Uuid> = Vec::new();
    for (version, id) in data.deletions.iter().filter(|d| d.0 >= since) {
        if store.find(table, *id).is_none() && !gone.contains(id) {
            gone.push(*id);
            found.push((*version, Change::Deleted(*id)));
        }
    }
    Ok(found)
}

/// How many rows were written since a token; deletions are not counted.
pub(crate) fn count(environment: &Environment, store: &Store, table: Table, token: &str) -> Outcome<usize> {
    let found = since(environment, store, table, token)?;
    Ok(found.iter().filter(|(_, change)| matches!(change, Change::Written(_))).count())
}

/// `GET` of a delta link, or of the next page of its answer.
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
    let preferences = Preferences::read(&request.headers);
    // Pages are told apart by version: a row written in between leaves this answer and comes with the next.
    let cookie = options.skiptoken.as_deref();
    let until = stamp(cookie).unwrap_or(store.version);
    let (deleted, after): (i64, i64) = match cookie {
        None => (0, i64::MIN),
        Some(text) => mark(text, "deleted").zip(mark(text, "after")).ok_or_else(|| {
            ServiceError::bad(code::INVALID_PAGING_COOKIE, "Malformed XML in the Paging Cookie")
        })?,
    };
    let phase = |change: &Change| i64::from(matches!(change, Change::Deleted(_)));
    let mut found = since(environment, store, table, token)?;
    found.retain(|(version, change)| *version < until && (phase(change), *version) > (deleted, after));
    let limit = preferences.max_page_size.unwrap_or(super::read::PAGE);
    let more = found.len() > limit;
    found.truncate(limit);
    let shape = Shape::new(super::read::setting(environment, store, request), table, options)?;
    let mut out = Vec::new();
    super::read::context(&mut out, request, entity.set, &shape.context, "/$delta");
    out.extend_from_slice(b"\"value\":[");
    for (nth, (_, change)) in found.iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        match change {
            Change::Written(position) => {
                shape.write(store, &preferences.annotations, (table, *position), &mut out);
            }
            Change::Deleted(id) => {
                let _ = write!(
                    out,
                    "{{\"@odata.context\":\"{}/$metadata#{}/$deletedEntity\",\"id\":\"{id}\",\"reason\":\"deleted\"}}",
                    request.service_root, entity.set
                );
            }
        }
    }
    out.push(b']');
    match found.last().filter(|_| more) {
        Some((version, change)) => {
            let cookie = format!(
                "<cookie deleted=\"{}\" after=\"{version}\" istracking=\"True\" stamp=\"{until}\" />",
                phase(change)
            );
            out.extend_from_slice(b",\"@odata.nextLink\":");
            let all = percent_encoding::NON_ALPHANUMERIC;
            let link = format!(
                "{}$deltatoken={}&$skiptoken={}",
                super::read::link(request),
                percent_encoding::utf8_percent_encode(token, all),
                percent_encoding::utf8_percent_encode(&cookie, all)
            );
            super::json::string(&mut out, &link);
        }
        None => delta_link(environment, until, request, &mut out),
    }
    out.push(b'}');
    Ok(super::read::applied(ApiResponse::json(200, out), &preferences, true))
}
