//! Reading rows: a collection in pages, one row, counts.
use super::environment::Environment;
use super::error::{Outcome, ServiceError, code};
use super::odata::filter::{Setting, filter, orderby};
use super::odata::options::Options;
use super::odata::shape::Shape;
use super::query::Expr;
use super::query::eval::holds;
use super::request::{ApiRequest, ApiResponse, Preferences};
use super::store::{Row, Store};
use crate::data::Table;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::io::Write;
use uuid::Uuid;

/// Rows a page has at most, and by default.
pub(crate) const PAGE: usize = 5000;

const TOKEN: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'%').add(b'&').add(b'+').add(b'#');

/// What conditions may refer to.
pub(crate) fn setting<'a>(environment: &Environment, store: &'a Store, request: &ApiRequest) -> Setting<'a> {
    Setting {
        schema: &store.schema,
        now: environment.now(),
        user: request.caller.user_id,
        unit: environment.root_business_unit(),
        hidden: environment.rights.hidden(request.caller.user_id, &store.schema),
        store: Some(store),
    }
}

/// Adds `Preference-Applied` for what was honoured.
pub(crate) fn applied(answer: ApiResponse, preferences: &Preferences, pages: bool) -> ApiResponse {
    let mut parts = Vec::new();
    if let Some(size) = preferences.max_page_size.filter(|_| pages) {
        parts.push(format!("odata.maxpagesize={size}"));
    }
    if let Some(annotations) = &preferences.include_annotations {
        parts.push(format!("odata.include-annotations=\"{annotations}\""));
    }
    if preferences.representation && !pages {
        parts.push("return=representation".into());
    }
    if preferences.track_changes && pages {
        parts.push("odata.track-changes".into());
    }
    if parts.is_empty() { answer } else { answer.with("preference-applied", parts.join(",")) }
}

/// `pagingcookie`, encoded twice as the service does.
pub(crate) fn cookie(page: usize, key: &str, first: Uuid, last: Uuid, tracking: &str) -> String {
    let inner = format!(
        "<cookie page=\"{}\"><{key} last=\"{{{}}}\" first=\"{{{}}}\" /></cookie>",
        page - 1,
        last.to_string().to_uppercase(),
        first.to_string().to_uppercase()
    );
    let all = percent_encoding::NON_ALPHANUMERIC;
    let once = utf8_percent_encode(&inner, all).to_string();
    let twice = utf8_percent_encode(&once, all).to_string();
    format!("<cookie pagenumber=\"{page}\" pagingcookie=\"{twice}\" istracking=\"{tracking}\" />")
}

/// Page number and the last row's id out of a cookie, however often it is encoded.
pub(crate) fn read_cookie(text: &str) -> Option<(usize, Uuid, bool)> {
    let tracking = text.contains("istracking=\"True\"");
    let page =
        text.split("pagenumber=\"").nth(1).and_then(|r| r.split('"').next()).and_then(|n| n.parse().ok());
    let mut text = text.to_owned();
    for _ in 0..3 {
        text = percent_encoding::percent_decode_str(&text).decode_utf8().ok()?.into_owned();
    }
    let last = text.split("last=\"{").nth(1)?.split('}').next()?;
    Some((page.unwrap_or(2), Uuid::parse_str(last).ok()?, tracking))
}

/// Positions behind the last one read, `limit` of them, and whether more follow.
pub(crate) fn page(
    environment: &Environment,
    store: &Store,
    table: Table,
    condition: Option<&Expr>,
    order: &[super::query::order::Order],
    name: &str,
    after: Option<u32>,
    limit: usize,
) -> (Vec<Row>, bool) {
    let mut rows = Vec::with_capacity(limit.min(PAGE) + 1);
    if order.is_empty() {
        let mut slots = vec![None];
        for position in store.table(table).positions(after.map_or(0, |p| p + 1)) {
            slots[0] = Some((table, position));
            if condition.is_none_or(|c| holds(store, &mut slots, c)) {
                rows.push((table, position));
                if rows.len() > limit {
                    break;
                }
            }
        }
    } else {
        let sorted = environment.orders.sorted(store, table, condition, order, name);
        let from = after.and_then(|a| sorted.iter().position(|p| *p == a)).map_or(0, |p| p + 1);
        rows.extend(sorted[from..].iter().take(limit.saturating_add(1)).map(|p| (table, *p)));
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

/// `GET /contacts?…`
pub(crate) fn collection(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    table: Table,
    options: &Options,
    extra: Option<Expr>,
) -> Outcome<ApiResponse> {
    let preferences = Preferences::read(&request.headers);
    let setting = setting(environment, store, request);
    let entity = store.schema.entity(table);
    let shape = Shape::new(setting, table, options)?;
    let own = options.filter.as_deref().map(|f| filter(setting, table, f)).transpose()?;
    let order =
        options.orderby.as_deref().map(|o| orderby(setting, table, o)).transpose()?.unwrap_or_default();
    let condition = match (own, extra) {
        (Some(a), Some(b)) => Some(Expr::And(vec![a, b])),
        (a, b) => a.or(b),
    };
    let (number, after, tracked) = match &options.skiptoken {
        None => (1, None, preferences.track_changes),
        Some(token) => {
            let (number, last, tracked) = read_cookie(token).ok_or_else(|| {
                ServiceError::bad(code::INVALID_PAGING_COOKIE, "Malformed XML in the Paging Cookie")
            })?;
            let position = store.position(table, last).ok_or_else(|| {
                ServiceError::bad(
                    code::INVALID_PAGING_COOKIE,
                    "The paging cookie does not belong to this table.",
                )
            })?;
            (number, Some(position), tracked)
        }
    };
    if tracked {
        super::track::check(entity, options)?;
    }
    let stamp = super::track::stamp(options.skiptoken.as_deref()).unwrap_or(store.version);
    let (limit, top) = match (preferences.max_page_size, options.top) {
        (Some(size), _) => (size, false),
        (None, Some(top)) => (top.min(PAGE), true),
        (None, None) => (PAGE, false),
    };
    let name = format!("{table:?} {condition:?} {order:?}");
    let (rows, more) = page(environment, store, table, condition.as_ref(), &order, &name, after, limit);
    let mut out = Vec::with_capacity(rows.len() * 1600 + 512);
    context(&mut out, request, entity.set, &shape.context, "");
    if options.count {
        let total = count(store, table, condition.as_ref());
        let _ = write!(out, "\"@odata.count\":{},", total.min(PAGE));
        if preferences.annotations.totals {
            let _ = write!(
                out,
                "\"@Microsoft.Dynamics.CRM.totalrecordcount\":{},\"@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded\":{},",
                total.min(PAGE),
                total > PAGE
            );
        }
    } else if preferences.annotations.totals {
        out.extend_from_slice(b"\"@Microsoft.Dynamics.CRM.totalrecordcount\":-1,\"@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded\":false,");
    }
    metadata_version(store, preferences.annotations.version, &mut out);
    out.extend_from_slice(b"\"value\":[");
    for (nth, row) in rows.iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        shape.write(store, &preferences.annotations, *row, &mut out);
    }
    out.push(b']');
    if let (true, false, Some(first), Some(last)) = (more, top, rows.first(), rows.last()) {
        let flag = if tracked { "True" } else { "False" };
        let mut cookie = cookie(number + 1, entity.primary_id, store.id(*first), store.id(*last), flag);
        if tracked {
            cookie = super::track::stamped(&cookie, stamp);
        }
        out.extend_from_slice(b",\"@odata.nextLink\":");
        super::json::string(
            &mut out,
            &format!("{}$skiptoken={}", link(request), utf8_percent_encode(&cookie, TOKEN)),
        );
    } else if tracked {
        super::track::delta_link(environment, stamp, request, &mut out);
    }
    out.push(b'}');
    Ok(applied(ApiResponse::json(200, out), &preferences, true))
}

/// The request's own URL without tokens, ready for one more option.
pub(crate) fn link(request: &ApiRequest) -> String {
    let kept: Vec<&str> = request
        .query
        .split('&')
        .filter(|p| {
            let name = p.split('=').next().unwrap_or_default().replace("%24", "$");
            !p.is_empty() && name != "$skiptoken" && name != "$deltatoken"
        })
        .collect();
    let mut out = format!("{}/{}?{}", request.service_root, request.path, kept.join("&"));
    if !kept.is_empty() {
        out.push('&');
    }
    out
}

/// The number of the whole environment's schema, on answers that list rows, for whoever prefers that annotation.
pub(crate) fn metadata_version(store: &Store, asked: bool, out: &mut Vec<u8>) {
    if asked {
        let version = store.metadata_version;
        let _ = write!(out, "\"@Microsoft.Dynamics.CRM.globalmetadataversion\":\"{version}\",");
    }
}

/// `{"@odata.context":"…",`
pub(crate) fn context(out: &mut Vec<u8>, request: &ApiRequest, set: &str, columns: &str, suffix: &str) {
    let columns = if columns.is_empty() { String::new() } else { format!("({columns})") };
    out.extend_from_slice(b"{\"@odata.context\":");
    super::json::string(out, &format!("{}/$metadata#{set}{columns}{suffix}", request.service_root));
    out.push(b',');
}

/// Rows that satisfy a condition.
pub(crate) fn count(store: &Store, table: Table, condition: Option<&Expr>) -> usize {
    let Some(condition) = condition else { return store.table(table).len() };
    let mut slots = vec![None];
    store
        .table(table)
        .positions(0)
        .filter(|p| {
            slots[0] = Some((table, *p));
            holds(store, &mut slots, condition)
        })
        .take(PAGE + 1)
        .count()
}

/// `GET /contacts/$count`: plain text with a byte order mark, capped like `$count`.
pub(crate) fn plain_count(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    table: Table,
    options: &Options,
    extra: Option<Expr>,
) -> Outcome<ApiResponse> {
    let setting = setting(environment, store, request);
    let own = options.filter.as_deref().map(|f| filter(setting, table, f)).transpose()?;
    let condition: Vec<Expr> = own.into_iter().chain(extra).collect();
    let condition = (!condition.is_empty()).then_some(Expr::And(condition));
    let total = match &options.deltatoken {
        Some(token) => super::track::count(environment, store, table, token)?,
        None => count(store, table, condition.as_ref()).min(PAGE),
    };
    let body = format!("\u{feff}{total}").into_bytes();
    Ok(ApiResponse { status: 200, headers: http::HeaderMap::new(), body }.with("content-type", "text/plain"))
}

/// `GET /contacts(id)?…`
pub(crate) fn single(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    row: Row,
    options: &Options,
) -> Outcome<ApiResponse> {
    let preferences = Preferences::read(&request.headers);
    let etag = etag(store, row);
    let known = request.headers.get("if-none-match").and_then(|h| h.to_str().ok());
    if known == Some(etag.as_str()) && options.expand.is_none() && preferences.include_annotations.is_none() {
        return Ok(ApiResponse { status: 304, ..ApiResponse::no_content() }.with("etag", etag));
    }
    let body = representation(environment, store, request, row, options)?;
    Ok(applied(ApiResponse::json(200, body).with("etag", etag), &preferences, false))
}

/// One row with its context, as `GET` and `return=representation` give it.
pub(crate) fn representation(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
    row: Row,
    options: &Options,
) -> Outcome<Vec<u8>> {
    let preferences = Preferences::read(&request.headers);
    let shape = Shape::new(setting(environment, store, request), row.0, options)?;
    let mut out = Vec::with_capacity(4096);
    context(&mut out, request, store.schema.entity(row.0).set, &shape.context, "/$entity");
    shape.inside(store, &preferences.annotations, row, true, &mut out);
    out.push(b'}');
    Ok(out)
}

/// The ETag header of a row.
pub(crate) fn etag(store: &Store, row: Row) -> String {
    format!("W/\"{}\"", store.row_version(row))
}
