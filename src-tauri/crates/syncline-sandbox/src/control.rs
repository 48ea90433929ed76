//! The control endpoint on the sign-in port. It belongs to the sandbox, not to any service it plays.
//!
//! | request | does |
//! |---|---|
//! | `POST /__control/faults` | adds rules: a JSON list of [`FaultRule`](crate::faults::FaultRule) |
//! | `GET`, `DELETE /__control/faults` | the rules with their counts; clears them |
//! | `GET /__control/requests?service=&path=&method=` | the request log; the values are compared, `path` as a part |
//! | `DELETE /__control/requests` | forgets the requests so far |
//! | `POST /__control/settings` | see `Settings`; 204 |
//!
//! What can't be read is refused with 400 and `{"error": "what and where"}`.

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

use crate::dataverse::Limits;
use crate::faults::FaultRule;
use crate::log::LoggedRequest;
use crate::server::Shared;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/__control/faults", get(list_faults).post(add_faults).delete(clear_faults))
        .route("/__control/requests", get(requests).delete(clear_requests))
        .route("/__control/settings", post(settings))
        .with_state(shared)
}

fn refused(reason: impl std::fmt::Display) -> Response {
    (StatusCode::BAD_REQUEST, Json(serde_json::json!({ "error": reason.to_string() }))).into_response()
}

async fn add_faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let list: Vec<serde_json::Value> = match serde_json::from_slice(&body) {
        Ok(list) => list,
        Err(error) => return refused(format!("a JSON list of rules is expected: {error}")),
    };
    match FaultRule::read_list(list) {
        Ok(rules) => {
            shared.faults.add(rules);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => refused(error),
    }
}

async fn list_faults(State(shared): State<Arc<Shared>>) -> Response {
    Json(shared.faults.rules()).into_response()
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    service: Option<String>,
    path: Option<String>,
    method: Option<String>,
}

async fn requests(
    State(shared): State<Arc<Shared>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let Query(wanted) = match wanted {
        Ok(wanted) => wanted,
        Err(error) => return refused(error),
    };
    let fits = |request: &LoggedRequest| {
        wanted.service.as_deref().is_none_or(|service| request.service == service)
            && wanted.path.as_deref().is_none_or(|path| request.path.contains(path))
            && wanted.method.as_deref().is_none_or(|method| request.method.eq_ignore_ascii_case(method))
    };
    Json(shared.log.all().into_iter().filter(fits).collect::<Vec<_>>()).into_response()
}

async fn clear_requests(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.log.clear();
    StatusCode::NO_CONTENT
}

/// What can be changed while it runs. Absent members stay as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Seconds that access tokens live, from the next one on.
    access_token_lifetime_s: Option<u64>,
    /// True: access tokens issued so far are refused.
    #[serde(default)]
    expire_access_tokens: bool,
    /// True: refresh tokens issued so far have expired (AADSTS700082).
    #[serde(default)]
    expire_refresh_tokens: bool,
    /// True: nobody has consented to anything (AADSTS65001).
    #[serde(default)]
    revoke_consents: bool,
    /// Seconds between two questions about a device code.
    device_interval_s: Option<u64>,
    /// Sign-in names that are blocked from now on (AADSTS50057).
    #[serde(default)]
    disable_people: Vec<String>,
    /// Sign-in names that are let in again.
    #[serde(default)]
    enable_people: Vec<String>,
    /// Days that change tracking's delta tokens live; 7 at the start.
    change_tracking_days: Option<i64>,
    /// True: delta tokens given so far have expired (0x80044352).
    #[serde(default)]
    expire_change_tokens: bool,
    /// Requests a user may send to an environment within `window_s`; 0: no limit.
    requests: Option<usize>,
    /// Seconds; 300 when absent.
    window_s: Option<u64>,
    /// Milliseconds of execution time that a user's requests may take within the window.
    execution_ms: Option<u64>,
    /// Requests a user may have under way at once.
    concurrent: Option<usize>,
    /// Milliseconds of execution time that each request is counted with at least.
    least_execution_ms: Option<u64>,
    /// The advice in `x-ms-dop-hint`.
    parallelism_hint: Option<u32>,
    /// Logical names of the tables that have no CreateMultiple, UpdateMultiple and UpsertMultiple, in place of those at the start.
    no_bulk_tables: Option<Vec<String>>,
    /// Logical names of the elastic tables; none at the start.
    elastic_tables: Option<Vec<String>>,
    /// True: the environments have duplicate detection rules (the same e-mail address on contacts, leads, accounts).
    duplicate_rules: Option<bool>,
    /// Requests that Insider One takes within a minute; 0: no limit.
    insider_requests_per_minute: Option<u32>,
    /// The first environment has 1,000 tables with 40,000 columns, or only the sample ones again.
    big_tenant: Option<bool>,
    /// Sign-in names of users who lack rights from now on, in place of those who did.
    restrict_people: Option<Vec<String>>,
    /// Logical names of the tables that restricted users may not read, in place of `lead`.
    hide_tables: Option<Vec<String>>,
    /// True: Insider One forgets all profiles.
    #[serde(default)]
    forget_profiles: bool,
}

/// The limits that are asked for; `None` when they stay as they are.
fn limits(settings: &Settings) -> Option<Option<Limits>> {
    if settings.requests == Some(0) {
        return Some(None);
    }
    let milliseconds = |given: Option<u64>| given.map(Duration::from_millis);
    let named = settings.requests.is_some()
        || settings.execution_ms.is_some()
        || settings.concurrent.is_some()
        || settings.least_execution_ms.is_some()
        || settings.parallelism_hint.is_some();
    let standard = Limits::default();
    named.then(|| {
        Some(Limits {
            requests: settings.requests.unwrap_or(standard.requests),
            execution: milliseconds(settings.execution_ms).unwrap_or(standard.execution),
            concurrent: settings.concurrent.unwrap_or(standard.concurrent),
            window: settings.window_s.map_or(standard.window, Duration::from_secs),
            parallelism_hint: settings.parallelism_hint.unwrap_or(standard.parallelism_hint),
            least_execution: milliseconds(settings.least_execution_ms).unwrap_or_default(),
            ..standard
        })
    })
}

async fn settings(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let settings: Settings = match serde_json::from_slice(&body) {
        Ok(settings) => settings,
        Err(error) => return refused(error),
    };
    let named = settings.disable_people.iter().chain(&settings.enable_people);
    if let Some(unknown) = named.into_iter().find(|name| shared.entra.directory.person(name, None).is_none())
    {
        return refused(format!("nobody has the sign-in name {unknown:?}"));
    }
    for (names, disabled) in [(&settings.disable_people, true), (&settings.enable_people, false)] {
        for name in names {
            shared.entra.set_disabled(name, disabled);
        }
    }
    if let Some(seconds) = settings.access_token_lifetime_s {
        shared.entra.set_access_token_lifetime(seconds);
    }
    if let Some(seconds) = settings.device_interval_s {
        shared.entra.set_device_interval(seconds);
    }
    if settings.expire_access_tokens {
        shared.entra.expire_access_tokens();
    }
    if settings.expire_refresh_tokens {
        shared.entra.expire_refresh_tokens();
    }
    if settings.revoke_consents {
        shared.entra.revoke_consents();
    }
    for environment in &shared.environments {
        if let Some(days) = settings.change_tracking_days {
            environment.set_change_tracking_days(days);
        }
        if settings.expire_change_tokens {
            environment.expire_delta_tokens();
        }
    }
    if let Some(limits) = limits(&settings) {
        for environment in &shared.environments {
            environment.protection.set(limits);
        }
    }
    if let Some(requests) = settings.insider_requests_per_minute {
        shared.insider.set_rate(requests);
    }
    if let Some(big) = settings.big_tenant
        && let Some(first) = shared.environments.first()
    {
        first.set_big(big);
    }
    for environment in &shared.environments {
        if let Some(people) = &settings.restrict_people {
            let users = environment.users.iter().filter(|user| people.contains(&user.domain_name));
            environment.rights().restrict(users.map(|user| user.user_id).collect());
        }
        if let Some(tables) = &settings.hide_tables {
            environment.rights().hide(tables.clone());
        }
        if let Some(tables) = &settings.no_bulk_tables {
            environment.messages().set_without(tables.clone());
        }
        if let Some(tables) = &settings.elastic_tables {
            environment.messages().set_elastic(tables.clone());
        }
        if let Some(rules) = settings.duplicate_rules {
            environment.set_duplicate_rules(rules);
        }
    }
    if settings.forget_profiles {
        shared.insider.forget_profiles();
    }
    StatusCode::NO_CONTENT.into_response()
}
