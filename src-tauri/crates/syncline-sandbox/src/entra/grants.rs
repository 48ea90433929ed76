//! The four grants of the token endpoint.

use serde_json::Value;
use std::time::{Duration, Instant};
use uuid::Uuid;

use super::directory::{AppKind, Application, Person, PersonKind};
use super::errors::EntraError;
use super::form::{Fields, need, text};
use super::reply::{Granted, for_application, for_person};
use super::state::{CodeGrant, DeviceState, Entra, lock};
use super::token::secret_missing;
use super::{pkce, scopes};

/// A request whose client has been checked.
pub(crate) struct Request<'a> {
    pub(crate) entra: &'a Entra,
    /// As in the path.
    pub(crate) tenant: &'a str,
    /// None: the tenant of whoever signs in.
    pub(crate) tenant_id: Option<Uuid>,
    pub(crate) application: &'a Application,
    pub(crate) fields: &'a Fields,
}

impl Request<'_> {
    fn scope(&self) -> Option<&str> {
        Some(text(self.fields, "scope")).filter(|scope| !scope.trim().is_empty())
    }
    fn client_info(&self) -> bool {
        text(self.fields, "client_info") == "1"
    }
}

fn refused(number: u32, text: impl Into<String>) -> EntraError {
    EntraError::new("invalid_grant", number, text)
}

/// A person who may still sign in.
fn person(entra: &Entra, id: Uuid) -> Result<&Person, EntraError> {
    let person = entra
        .directory
        .person_by_id(id)
        .ok_or_else(|| refused(50034, "The user account does not exist in the directory."))?;
    if entra.is_disabled(person) { Err(EntraError::disabled_person()) } else { Ok(person) }
}

/// Authorization code: single use, ten minutes, bound to client, redirect URI, tenant path and verifier.
pub(crate) fn by_code(request: &Request<'_>) -> Result<Value, EntraError> {
    let Request { entra, application, .. } = request;
    let grant = take_code(request)?;
    let person = person(entra, grant.person)?;
    let scope = request.scope().unwrap_or(&grant.scope);
    // The authorize request may list several resources; the token request may not.
    let asked = scopes::read(entra, scope, Some(person.tenant), request.scope().is_none())?;
    for_person(
        entra,
        &Granted {
            application,
            person,
            asked: &asked,
            scope,
            nonce: grant.nonce.as_deref(),
            strong: grant.strong,
            client_info: request.client_info(),
        },
    )
}

fn take_code(request: &Request<'_>) -> Result<CodeGrant, EntraError> {
    let code = need(request.fields, "code")?;
    let redirect_uri = need(request.fields, "redirect_uri")?;
    let mut codes = lock(&request.entra.codes);
    let grant = codes
        .get_mut(code)
        .filter(|grant| grant.client_id == request.application.client_id)
        .ok_or_else(|| refused(70000, "The provided value for the 'code' parameter is not valid."))?;
    if grant.used {
        return Err(refused(
            54005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
        ));
    }
    if grant.until < Instant::now() {
        return Err(refused(
            70008,
            "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.",
        ));
    }
    if grant.tenant_path != request.tenant {
        return Err(refused(
            700_005,
            "Provided Authorization Code is intended to use against other tenant, thus rejected.",
        ));
    }
    if grant.redirect_uri != redirect_uri {
        return Err(refused(
            500_112,
            format!(
                "The reply address '{redirect_uri}' does not match the reply address '{}' provided when requesting Authorization code.",
                grant.redirect_uri
            ),
        ));
    }
    let verifier = request.fields.get("code_verifier").map(String::as_str);
    pkce::verify(grant.challenge.as_deref(), grant.plain, verifier)?;
    grant.used = true;
    Ok(grant.clone())
}

/// Refresh token: bound to person and client, not to a resource; a new one comes with every use, the old one stays good.
pub(crate) fn by_refresh(request: &Request<'_>) -> Result<Value, EntraError> {
    let Request { entra, application, fields, .. } = request;
    let token = need(fields, "refresh_token")?;
    let (grant, current) = entra
        .refresh_grant(token)
        .ok_or_else(|| refused(9_002_313, "Invalid request. Request is malformed or invalid."))?;
    if grant.client_id != application.client_id {
        return Err(refused(
            70000,
            "The provided value for the input parameter 'refresh_token' or 'assertion' is not valid: it was issued to another client.",
        ));
    }
    if !current {
        let mut error = refused(
            700_082,
            "The refresh token has expired due to inactivity. The token was issued on 2026-01-01T00:00:00.0000000Z and was inactive for 90.00:00:00.",
        );
        error.suberror = Some("bad_token");
        return Err(error);
    }
    let person = person(entra, grant.person)?;
    if request.tenant_id.is_some_and(|tenant| tenant != person.tenant) {
        return Err(refused(
            50020,
            format!("User account '{}' does not exist in the tenant '{}'.", person.user_name, request.tenant),
        ));
    }
    if (person.kind == PersonKind::SecondFactor || demands_more(fields)?) && !grant.strong {
        return Err(EntraError::second_factor("invalid_grant"));
    }
    let scope = request.scope().unwrap_or(&grant.scope);
    // "If scope spans several resources, a token for the first one is returned".
    let asked = scopes::read(entra, scope, Some(person.tenant), true)?;
    let (strong, client_info) = (grant.strong, request.client_info());
    for_person(
        entra,
        &Granted { application, person, asked: &asked, scope, nonce: None, strong, client_info },
    )
}

/// True where `claims` asks for what only a sign-in with a second factor gives.
pub(super) fn demands_more(fields: &Fields) -> Result<bool, EntraError> {
    let Some(claims) = fields.get("claims") else { return Ok(false) };
    let claims: Value = serde_json::from_str(claims)
        .map_err(|_| EntraError::malformed("The parameter 'claims' is not valid JSON."))?;
    Ok(claims["access_token"]["capolids"].is_object())
}

/// Client credentials: a concrete tenant, a secret, `.default` only.
pub(crate) fn by_secret(request: &Request<'_>) -> Result<Value, EntraError> {
    let Request { entra, application, fields, .. } = request;
    let tenant_id = request.tenant_id.ok_or_else(|| {
        EntraError::new(
            "invalid_request",
            9_001_023,
            format!(
                "The grant type is not supported over the /{} endpoint. Please use a tenant-specific endpoint.",
                request.tenant
            ),
        )
    })?;
    if application.kind == AppKind::Public {
        return Err(secret_missing());
    }
    let scope = need(fields, "scope")?;
    let asked = scopes::read(entra, scope, Some(tenant_id), false)?;
    let Some(resource) = asked.resource.as_deref().filter(|_| asked.names == [".default"]) else {
        return Err(EntraError::new(
            "invalid_scope",
            1_002_012,
            format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
            ),
        ));
    };
    for_application(entra, application, tenant_id, resource)
}

/// Device code: pending until the person has answered, and no more often than the interval says.
pub(crate) fn by_device(request: &Request<'_>) -> Result<Value, EntraError> {
    let Request { entra, application, fields, .. } = request;
    let code = need(fields, "device_code")?;
    let plain = |error: &'static str, number: u32, text: &str| Err(EntraError::new(error, number, text));
    let grant = {
        let mut devices = lock(&entra.devices);
        let Some(grant) = devices.get_mut(code).filter(|grant| grant.client_id == application.client_id)
        else {
            return plain("bad_verification_code", 70018, "Invalid verification code.");
        };
        if grant.until < Instant::now() {
            return plain(
                "expired_token",
                70019,
                "Verification code expired. Have the user retry the sign-in.",
            );
        }
        // A fifth of the interval is forgiven: clocks and networks differ.
        let least = Duration::from_millis(entra.device_interval().saturating_mul(800));
        let early = grant.polled.is_some_and(|polled| polled.elapsed() < least);
        grant.polled = Some(Instant::now());
        if early {
            return plain(
                "slow_down",
                70016,
                "The device code was asked about too often. Wait five seconds more.",
            );
        }
        grant.clone()
    };
    match grant.state {
        DeviceState::Waiting => plain(
            "authorization_pending",
            70016,
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        ),
        DeviceState::Declined => {
            plain("authorization_declined", 65004, "The user denied the authorization request.")
        }
        DeviceState::Approved(person_id) => {
            lock(&entra.devices).remove(code);
            let person = person(entra, person_id)?;
            let asked = scopes::read(entra, &grant.scope, Some(person.tenant), false)?;
            for_person(
                entra,
                &Granted {
                    application,
                    person,
                    asked: &asked,
                    scope: &grant.scope,
                    nonce: None,
                    strong: grant.strong,
                    client_info: request.client_info(),
                },
            )
        }
    }
}
