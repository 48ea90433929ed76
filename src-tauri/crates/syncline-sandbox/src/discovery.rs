//! The Global Discovery Service: the environments of the signed-in person ("Discover the URL for your organization").

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

use crate::server::Shared;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().route("/api/discovery/v2.0/{segment}", get(instances)).with_state(shared)
}

/// Members of an instance that `$select` and `$filter` know.
const MEMBERS: &[&str] = &[
    "Id",
    "EnvironmentId",
    "TenantId",
    "UniqueName",
    "UrlName",
    "FriendlyName",
    "ApiUrl",
    "Url",
    "Version",
    "Region",
    "State",
    "OrganizationType",
    "Purpose",
    "IsUserSysAdmin",
    "DatacenterId",
    "DatacenterName",
    "StatusMessage",
    "LastUpdated",
    "TrialExpirationDate",
    "SchemaType",
];

async fn instances(
    State(shared): State<Arc<Shared>>,
    segment: Result<Path<String>, axum::extract::rejection::PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let claims = match token.map(|token| shared.entra.verify(token)) {
        Some(Ok(claims)) if claims.aud.trim_end_matches('/') == shared.authority => claims,
        _ => return unauthorized(&shared),
    };
    // Application tokens are not taken: the list is of a user's environments.
    let Some(user) = claims.oid else { return unauthorized(&shared) };
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let segment = segment.map(|Path(segment)| segment).unwrap_or_default();
    match answer(all(&shared, claims.tid, user), &segment, &query) {
        Ok(Found::List(value)) => {
            let context = format!("{}/api/discovery/v2.0/$metadata#Instances", shared.authority);
            Json(json!({ "@odata.context": context, "value": value })).into_response()
        }
        Ok(Found::One(mut value)) => {
            value["@odata.context"] =
                format!("{}/api/discovery/v2.0/$metadata#Instances/$entity", shared.authority).into();
            Json(value).into_response()
        }
        Err((status, text)) => {
            (status, Json(json!({ "error": { "code": "0x80060888", "message": text } }))).into_response()
        }
    }
}

/// The environments of a person in a tenant. Those where they are nobody are left out.
fn all(shared: &Shared, tenant: Uuid, user: Uuid) -> Vec<Value> {
    let details = shared.details.get().map(|details| details.environments.as_slice()).unwrap_or_default();
    details
        .iter()
        .zip(&shared.environments)
        .filter(|(_, environment)| {
            environment.tenant_id == tenant && environment.caller_by_object_id(user).is_some()
        })
        .map(|(details, environment)| {
            let restricted =
                environment.users.iter().any(|known| known.object_id == user && known.restricted);
            json!({
                "Id": environment.organization_id(), "EnvironmentId": environment.organization_id(),
                "TenantId": environment.tenant_id, "UniqueName": environment.name, "UrlName": environment.name,
                "FriendlyName": details.display_name, "ApiUrl": details.url, "Url": details.url,
                "Version": "9.2.26104.00180", "Region": "EMEA", "State": 0, "OrganizationType": 0,
                "Purpose": details.purpose, "IsUserSysAdmin": !restricted, "DatacenterId": Uuid::nil(),
                "DatacenterName": "Loopback", "StatusMessage": 0, "LastUpdated": "2026-10-01T00:00:00Z",
                "TrialExpirationDate": null, "SchemaType": "Full"
            })
        })
        .collect()
}

enum Found {
    List(Vec<Value>),
    One(Value),
}

type Refused = (StatusCode, String);

fn bad(text: String) -> Refused {
    (StatusCode::BAD_REQUEST, text)
}

fn answer(mut found: Vec<Value>, segment: &str, query: &[(String, String)]) -> Result<Found, Refused> {
    let key = match segment.strip_prefix("Instances") {
        Some("") => None,
        Some(key) => Some(key.strip_prefix('(').and_then(|key| key.strip_suffix(')')).ok_or_else(|| {
            (StatusCode::NOT_FOUND, format!("Resource not found for the segment '{segment}'."))
        })?),
        None => {
            return Err((StatusCode::NOT_FOUND, format!("Resource not found for the segment '{segment}'.")));
        }
    };
    if let Some(key) = key {
        let (name, value) = key.split_once('=').unwrap_or(("Id", key));
        let condition = Condition::new(name.trim(), "eq", value.trim())?;
        found.retain(|instance| condition.holds(instance));
    }
    let mut select = None;
    for (name, value) in query {
        match name.as_str() {
            "$filter" => {
                for clause in value.split(" and ") {
                    let condition = Condition::read(clause)?;
                    found.retain(|instance| condition.holds(instance));
                }
            }
            "$select" => {
                let names: Vec<String> = value.split(',').map(|name| name.trim().to_owned()).collect();
                names.iter().try_for_each(|name| known(name))?;
                select = Some(names);
            }
            other => return Err(bad(format!("The query option {other} is not supported."))),
        }
    }
    if let Some(names) = select {
        for instance in found.iter_mut().filter_map(Value::as_object_mut) {
            instance.retain(|name, _| names.iter().any(|wanted| wanted == name));
        }
    }
    if key.is_none() {
        return Ok(Found::List(found));
    }
    found
        .into_iter()
        .next()
        .map(Found::One)
        .ok_or_else(|| (StatusCode::NOT_FOUND, format!("No instance fits '{segment}'.")))
}

fn known(name: &str) -> Result<(), Refused> {
    if MEMBERS.contains(&name) {
        return Ok(());
    }
    Err(bad(format!(
        "Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.Discovery.Instance'."
    )))
}

/// `Name eq 'text'`, `Name ne 0` and the like; clauses are joined by `and`.
struct Condition {
    name: String,
    equal: bool,
    wanted: String,
}

impl Condition {
    fn read(clause: &str) -> Result<Self, Refused> {
        let mut parts = clause.trim().splitn(3, ' ');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(operator), Some(value)) => Self::new(name, operator, value.trim()),
            _ => Err(bad(format!("The filter '{clause}' can't be read."))),
        }
    }

    fn new(name: &str, operator: &str, value: &str) -> Result<Self, Refused> {
        known(name)?;
        let wanted = match value.strip_prefix('\'') {
            Some(rest) => rest
                .strip_suffix('\'')
                .ok_or_else(|| bad(format!("The text {value} has no end.")))?
                .replace("''", "'"),
            None => value.to_owned(),
        };
        match operator {
            "eq" | "ne" => Ok(Self { name: name.to_owned(), equal: operator == "eq", wanted }),
            _ => Err(bad(format!("The operator {operator} is not supported."))),
        }
    }

    fn holds(&self, instance: &Value) -> bool {
        let same = match &instance[self.name.as_str()] {
            Value::String(text) => text.eq_ignore_ascii_case(&self.wanted),
            other => self.wanted.parse::<Value>().is_ok_and(|wanted| wanted == *other),
        };
        same == self.equal
    }
}

fn unauthorized(shared: &Shared) -> Response {
    let challenge =
        format!("Bearer authorization_uri={0}/common/oauth2/authorize, resource_id={0}/", shared.authority);
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(segment: &str, query: &[(&str, &str)]) -> Result<Vec<String>, u16> {
        let found =
            ["contoso", "fabrikam"].map(|name| json!({"Id":"1","UniqueName":name,"State":0})).to_vec();
        let query: Vec<(String, String)> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let list = match answer(found, segment, &query).map_err(|(status, _)| status.as_u16())? {
            Found::List(list) => list,
            Found::One(one) => vec![one],
        };
        Ok(list.iter().map(|value| value["UniqueName"].as_str().unwrap_or("-").to_owned()).collect())
    }

    #[test]
    fn filter_select_and_keys() {
        assert_eq!(names("Instances", &[]), Ok(vec!["contoso".into(), "fabrikam".into()]));
        assert_eq!(names("Instances", &[("$filter", "UniqueName eq 'contoso'")]), Ok(vec!["contoso".into()]));
        let both = [("$filter", "UniqueName ne 'contoso' and State eq 0")];
        assert_eq!(names("Instances", &both), Ok(vec!["fabrikam".into()]));
        assert_eq!(names("Instances", &[("$select", "State")]), Ok(vec!["-".into(), "-".into()]));
        assert_eq!(names("Instances(UniqueName='fabrikam')", &[]), Ok(vec!["fabrikam".into()]));
        assert_eq!(names("Instances(1)", &[]), Ok(vec!["contoso".into()]));
        assert_eq!(names("Instances(2)", &[]), Err(404));
        assert_eq!(names("Organizations", &[]), Err(404));
        for (name, value) in [
            ("$select", "Nam"),
            ("$filter", "Nam eq 1"),
            ("$filter", "Id"),
            ("$filter", "Id gt 1"),
            ("$top", "1"),
        ] {
            assert_eq!(names("Instances", &[(name, value)]), Err(400), "{name} {value}");
        }
        assert_eq!(names("Instances", &[("$filter", "Id eq '1")]), Err(400));
    }

    proptest::proptest! {
        #[test]
        fn no_query_panics(segment in ".{0,30}", filter in ".{0,60}", select in ".{0,30}") {
            let _ = names(&segment, &[("$filter", &filter), ("$select", &select)]);
            let _ = names(&format!("Instances({filter})"), &[]);
        }
    }
}
