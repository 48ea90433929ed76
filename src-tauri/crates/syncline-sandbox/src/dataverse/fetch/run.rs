//! Running FetchXML and writing the answer. Null columns are left out.
use super::aggregate;
use super::join::{joined, only_root};
use super::parse::{Fetch, parse};
use super::sort;
use crate::data::Entity;
use crate::data::Value;
use crate::data::fold::folded;
use crate::dataverse::environment::Environment;
use crate::dataverse::error::{Outcome, ServiceError, code};
use crate::dataverse::json;
use crate::dataverse::odata::shape::{Shape, Shown};
use crate::dataverse::query::Expr;
use crate::dataverse::query::eval::{Slots, parent_column};
use crate::dataverse::read::{PAGE, applied, context, cookie, metadata_version, read_cookie, setting};
use crate::dataverse::request::{ApiRequest, ApiResponse, Preferences};
use crate::dataverse::store::Store;
use std::collections::HashSet;
use std::io::Write;

/// Rows that can be reached by page numbers alone.
const WITHOUT_COOKIE: usize = 50_000;

/// `GET /contacts?fetchXml=…`
pub(crate) fn run(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    entity: &Entity,
    text: &str,
) -> Outcome<ApiResponse> {
    let fetch = parse(setting(environment, store, request), text)?;
    let root = fetch.nodes[0].table;
    if root != entity.table {
        return Err(ServiceError::bad(
            code::INVALID_FETCH_XML,
            format!(
                "Entity Name specified in fetchxml does not match the Entity Name specified in the Entity Set or the Navigation Property. '{}' was expected.",
                entity.logical
            ),
        ));
    }
    for node in &fetch.nodes {
        crate::dataverse::dispatch::may_read(environment, request, store.schema.entity(node.table))?;
    }
    let preferences = Preferences::read(&request.headers);
    let mut out = Vec::new();
    context(&mut out, request, entity.set, "", "");
    if fetch.aggregate {
        aggregate::write(store, &fetch, &preferences.annotations, &mut out)?;
        out.push(b'}');
        return Ok(applied(ApiResponse::json(200, out), &preferences, false));
    }
    let size = fetch.count.or(preferences.max_page_size).unwrap_or(PAGE).min(PAGE);
    let limit = fetch.top.unwrap_or(size).min(PAGE);
    let (rows, more, first_last) = select(environment, store, &fetch, limit)?;
    if preferences.annotations.totals {
        let total = if fetch.total { total(store, &fetch) as i64 } else { -1 };
        let _ = write!(
            out,
            "\"@Microsoft.Dynamics.CRM.totalrecordcount\":{},\"@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded\":{},",
            total.min(PAGE as i64),
            total > PAGE as i64
        );
    }
    metadata_version(store, preferences.annotations.version, &mut out);
    if more && fetch.top.is_none() {
        if preferences.annotations.morerecords {
            out.extend_from_slice(b"\"@Microsoft.Dynamics.CRM.morerecords\":true,");
        }
        if let (true, Some((first, last))) = (preferences.annotations.cookie, first_last) {
            out.extend_from_slice(b"\"@Microsoft.Dynamics.CRM.fetchxmlpagingcookie\":");
            let text = cookie(
                fetch.page + 1,
                entity.primary_id,
                store.id((root, first)),
                store.id((root, last)),
                "False",
            );
            json::string(&mut out, &text);
            out.push(b',');
        }
    }
    let shapes = shapes(store, &fetch);
    out.extend_from_slice(b"\"value\":[");
    for (nth, slots) in rows.iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        write_row(store, &fetch, &shapes, &preferences, slots, &mut out);
    }
    out.extend_from_slice(b"]}");
    // The last page has no marks, and nothing says that the wish for them was heeded (Dataverse, page results with FetchXML).
    let answer = ApiResponse::json(200, out);
    Ok(if more { applied(answer, &preferences, false) } else { answer })
}

fn shapes(store: &Store, fetch: &Fetch) -> Vec<Shape> {
    fetch
        .nodes
        .iter()
        .enumerate()
        .map(|(slot, node)| {
            let entity = store.schema.entity(node.table);
            let mut seen = HashSet::new();
            let mut columns = Vec::new();
            let nothing = slot == 0 && node.attributes.is_empty();
            let all: Vec<_> = if nothing {
                (0..entity.columns.len()).map(|c| (c, None)).collect()
            } else {
                node.attributes.iter().filter(|a| !a.children).map(|a| (a.column, a.alias.clone())).collect()
            };
            let key = (slot == 0 && !fetch.distinct).then(|| (entity.id_column(), None));
            for (column, alias) in all.into_iter().chain(key) {
                let plain = entity.columns[column].logical;
                let name = match (alias, slot) {
                    (Some(alias), _) => alias,
                    (None, 0) => entity.columns[column].wire_name(),
                    (None, _) => format!("{}.{plain}", node.alias),
                };
                if seen.insert(name.clone()) {
                    columns.push(Shown::new(entity, column, &name));
                }
            }
            Shape::of(columns)
        })
        .collect()
}

fn write_row(
    store: &Store,
    fetch: &Fetch,
    shapes: &[Shape],
    preferences: &Preferences,
    slots: &Slots,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    let start = out.len();
    if let (false, Some(root)) = (fetch.distinct, slots[0]) {
        let _ = write!(out, "\"@odata.etag\":\"W/\\\"{}\\\"\",", store.row_version(root));
    }
    for (row, shape) in slots.iter().zip(shapes) {
        if let Some(row) = row
            && shape.inside(store, &preferences.annotations, *row, false, out)
        {
            out.push(b',');
        }
    }
    for (slot, node) in fetch.nodes.iter().enumerate() {
        for attribute in node.attributes.iter().filter(|a| a.children) {
            let (Some(row), Some(up)) = (slots[slot], parent_column(node.table)) else { continue };
            let column = store.schema.entity(node.table).column(up).unwrap_or_default();
            let below = store.find_by(node.table, column, &Value::Id(store.id(row))).len();
            let name = attribute.alias.as_deref().unwrap_or("children");
            json::string(out, name);
            let _ = write!(out, ":{below},");
        }
    }
    if out.len() > start {
        out.pop();
    }
    out.push(b'}');
}

type Selected = (Vec<Slots>, bool, Option<(u32, u32)>);

/// The rows of the page, whether more follow, and first and last root row when a cookie can be given.
fn select(environment: &Environment, store: &Store, fetch: &Fetch, limit: usize) -> Outcome<Selected> {
    let root = fetch.nodes[0].table;
    let multiplies = fetch.nodes.iter().any(|n| {
        n.join.as_ref().is_some_and(|j| j.column != store.schema.entity(n.table).id_column() && !j.first)
    });
    let by_root = fetch.order.iter().all(|o| o.0.slot == 0);
    let keyed = by_root && !multiplies && !fetch.distinct;
    let mut after = None;
    if let Some(text) = fetch.cookie.as_deref().filter(|_| keyed) {
        let (_, last, _) = read_cookie(text).ok_or_else(|| {
            ServiceError::bad(code::INVALID_PAGING_COOKIE, "The paging cookie is malformed.")
        })?;
        after = Some(store.position(root, last).ok_or_else(|| {
            ServiceError::bad(code::INVALID_PAGING_COOKIE, "The paging cookie does not belong to this query.")
        })?);
    }
    let skip = if after.is_some() { 0 } else { (fetch.page - 1).saturating_mul(limit) };
    if after.is_none() && skip.saturating_add(limit) > WITHOUT_COOKIE && fetch.page > 1 {
        return Err(ServiceError::bad(
            code::PAGING_WITHOUT_COOKIE,
            "Paging cookie is required when trying to retrieve a set of records on any high pages.",
        ));
    }
    let need = skip + limit + 1;
    let mut rows: Vec<Slots> = Vec::new();
    let mut seen = HashSet::new();
    let shapes = shapes(store, fetch);
    let mut take = |position: u32, rows: &mut Vec<Slots>| {
        let mut found = Vec::new();
        joined(store, fetch, (root, position), &mut found);
        for slots in found {
            if fetch.distinct {
                let mut key = Vec::new();
                write_row(store, fetch, &shapes, &Preferences::default(), &slots, &mut key);
                // Rows that differ by case or accents are the same.
                if !seen.insert(folded(&String::from_utf8_lossy(&key)).collect::<String>()) {
                    continue;
                }
            }
            rows.push(slots);
        }
    };
    if fetch.order.is_empty() {
        for position in store.table(root).positions(after.map_or(0, |p| p + 1)) {
            take(position, &mut rows);
            if rows.len() >= need {
                break;
            }
        }
    } else if by_root && !fetch.order.iter().any(|o| sort::by_name(store, fetch, &o.0)) {
        let condition = Expr::And(fetch.nodes[0].filter.iter().filter(|f| only_root(f)).cloned().collect());
        let name = format!("fetch {root:?} {condition:?} {:?}", fetch.order);
        let sorted = environment.orders.sorted(store, root, Some(&condition), &fetch.order, &name);
        let from = after.and_then(|a| sorted.iter().position(|p| *p == a)).map_or(0, |p| p + 1);
        for position in &sorted[from..] {
            take(*position, &mut rows);
            if rows.len() >= need {
                break;
            }
        }
    } else {
        for position in store.table(root).positions(0) {
            take(position, &mut rows);
        }
        sort::sort(store, fetch, &mut rows);
        if let Some(after) = after {
            let from = rows.iter().position(|s| s[0] == Some((root, after))).map_or(0, |p| p + 1);
            rows.drain(..from);
        }
    }
    let more = rows.len() > skip + limit;
    let rows: Vec<Slots> = rows.into_iter().skip(skip).take(limit).collect();
    let position = |slots: Option<&Slots>| slots.and_then(|s| s[0]).map(|r| r.1);
    let ends = position(rows.first()).zip(position(rows.last())).filter(|_| keyed);
    Ok((rows, more, ends))
}

fn total(store: &Store, fetch: &Fetch) -> usize {
    let root = fetch.nodes[0].table;
    let (mut total, mut found) = (0, Vec::new());
    for position in store.table(root).positions(0) {
        joined(store, fetch, (root, position), &mut found);
        total += found.len();
        found.clear();
        if total > PAGE {
            break;
        }
    }
    total
}
