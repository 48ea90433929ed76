//! The token endpoint: authorization code, refresh token, device code, client credentials.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

use super::directory::{AppKind, Application, Person, PersonKind, is_any_tenant};
use super::errors::EntraError;
use super::scopes::{self, Asked};
use super::state::{DeviceState, Entra, lock};
use crate::server::Shared;

type Fields = BTreeMap<String, String>;

fn need<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, EntraError> {
    fields.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| {
        EntraError::new(
            "invalid_request",
            900_144,
            format!("The request body must contain the following parameter: '{name}'."),
        )
    })
}

pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Fields>, axum::extract::rejection::FormRejection>,
) -> Response {
    let Ok(Form(mut fields)) = form else {
        return EntraError::new(
            "invalid_request",
            9_002_313,
            "Invalid request. Request is malformed or invalid.",
        )
        .into_response();
    };
    take_basic(&headers, &mut fields);
    match grant(&shared.entra, &tenant, &fields) {
        Ok(body) => {
            ([(header::CACHE_CONTROL, "no-store, no-cache"), (header::PRAGMA, "no-cache")], Json(body))
                .into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// HTTP Basic in place of `client_id` and `client_secret`, both form-encoded.
fn take_basic(headers: &HeaderMap, fields: &mut Fields) {
    let decoded = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| STANDARD.decode(value).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((id, secret)) = decoded.as_deref().and_then(|text| text.split_once(':')) {
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
        };
        fields.entry("client_id".to_owned()).or_insert_with(|| decode(id));
        fields.entry("client_secret".to_owned()).or_insert_with(|| decode(secret));
    }
}

fn grant(entra: &Entra, tenant: &str, fields: &Fields) -> Result<serde_json::Value, EntraError> {
    let tenant_id = match entra.directory.tenant(tenant) {
        Some(tenant) => Some(tenant.id),
        None if is_any_tenant(tenant) => None,
        None => {
            return Err(EntraError::new(
                "invalid_request",
                90002,
                format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
                ),
            ));
        }
    };
    let client_id = need(fields, "client_id")?;
    let application = entra.directory.application(client_id).ok_or_else(|| {
        EntraError::new(
            "unauthorized_client",
            700_016,
            format!("Application with identifier '{client_id}' was not found in the directory '{tenant}'."),
        )
    })?;
    if application.disabled {
        return Err(EntraError::new(
            "unauthorized_client",
            7_000_112,
            format!("Application '{client_id}' is disabled."),
        ));
    }
    check_secret(application, fields)?;
    match need(fields, "grant_type")? {
        "authorization_code" => by_code(entra, tenant, tenant_id, application, fields),
        "refresh_token" => by_refresh(entra, tenant_id, application, fields),
        "client_credentials" => by_secret(entra, tenant, tenant_id, application, fields),
        "urn:ietf:params:oauth:grant-type:device_code" => by_device(entra, tenant_id, application, fields),
        other => Err(EntraError::new(
            "unsupported_grant_type",
            70003,
            format!("The app requested an unsupported grant type '{other}'."),
        )),
    }
}

fn check_secret(application: &Application, fields: &Fields) -> Result<(), EntraError> {
    let given = fields.get("client_secret").map(String::as_str);
    match (&application.kind, given) {
        (AppKind::Public, None) => Ok(()),
        (AppKind::Public, Some(_)) => Err(EntraError::new(
            "invalid_client",
            700_025,
            "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        )),
        (AppKind::Confidential { .. }, None) => Err(EntraError::new(
            "invalid_client",
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )),
        (AppKind::Confidential { secret, .. }, Some(given)) if given == secret => Ok(()),
        (AppKind::Confidential { expired_secret, .. }, Some(given)) if given == expired_secret => {
            Err(EntraError::new(
                "invalid_client",
                7_000_222,
                format!(
                    "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for your app.",
                    application.client_id
                ),
            ))
        }
        (AppKind::Confidential { .. }, Some(_)) => Err(EntraError::new(
            "invalid_client",
            7_000_215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
                application.client_id
            ),
        )),
    }
}

fn by_code(
    entra: &Entra,
    tenant: &str,
    tenant_id: Option<Uuid>,
    application: &Application,
    fields: &Fields,
) -> Result<serde_json::Value, EntraError> {
    let code = need(fields, "code")?;
    let redirect_uri = need(fields, "redirect_uri")?;
    let grant = {
        let mut codes = lock(&entra.codes);
        let grant = codes.get_mut(code).ok_or_else(|| {
            EntraError::new(
                "invalid_grant",
                70000,
                "The provided value for the 'code' parameter is not valid.",
            )
        })?;
        if grant.used {
            return Err(EntraError::new(
                "invalid_grant",
                54005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
            ));
        }
        if grant.until < Instant::now() {
            return Err(EntraError::new(
                "invalid_grant",
                70008,
                "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.",
            ));
        }
        if grant.client_id != application.client_id {
            return Err(EntraError::new("invalid_grant", 700_003, "The code was issued for another client."));
        }
        if grant.redirect_uri != redirect_uri {
            return Err(EntraError::new(
                "invalid_grant",
                500_112,
                format!(
                    "The reply address '{redirect_uri}' does not match the reply address '{}' provided when requesting Authorization code.",
                    grant.redirect_uri
                ),
            ));
        }
        if grant.tenant_path != tenant {
            return Err(EntraError::new(
                "invalid_grant",
                700_005,
                "Provided Authorization Code is intended to use against other tenant, thus rejected.",
            ));
        }
        verify_pkce(
            grant.challenge.as_deref(),
            grant.plain,
            fields.get("code_verifier").map(String::as_str),
        )?;
        grant.used = true;
        grant.clone()
    };
    let person = person(entra, grant.person)?;
    let scope = fields.get("scope").filter(|scope| !scope.is_empty()).unwrap_or(&grant.scope);
    let asked =
        scopes::read(entra, scope, Some(tenant_id.unwrap_or(person.tenant)), fields.get("scope").is_none())?;
    reply(entra, application, person, &asked, grant.nonce.as_deref(), true)
}

fn verify_pkce(challenge: Option<&str>, plain: bool, verifier: Option<&str>) -> Result<(), EntraError> {
    let mismatch = || {
        EntraError::new(
            "invalid_grant",
            501_481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        )
    };
    let Some(challenge) = challenge else { return Ok(()) };
    let verifier =
        verifier.ok_or_else(|| EntraError::new("invalid_grant", 50148, "The code_verifier is missing."))?;
    let good_form = (43..=128).contains(&verifier.len())
        && verifier.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c));
    let computed = if plain { verifier.to_owned() } else { URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) };
    if good_form && computed == challenge { Ok(()) } else { Err(mismatch()) }
}

fn by_refresh(
    entra: &Entra,
    tenant_id: Option<Uuid>,
    application: &Application,
    fields: &Fields,
) -> Result<serde_json::Value, EntraError> {
    let token = need(fields, "refresh_token")?;
    let grant = lock(&entra.refreshes).get(token).cloned().ok_or_else(|| {
        EntraError::new(
            "invalid_grant",
            9_002_313,
            "Invalid request. The refresh token is malformed or unknown.",
        )
    })?;
    if !entra.refresh_is_current(&grant) {
        let mut error = EntraError::new(
            "invalid_grant",
            700_082,
            "The refresh token has expired due to inactivity. The token was issued on 2026-01-01T00:00:00Z and was inactive for 90.00:00:00.",
        );
        error.suberror = Some("bad_token");
        return Err(error);
    }
    if grant.client_id != application.client_id {
        return Err(EntraError::new(
            "invalid_grant",
            700_007,
            "The refresh token was issued to another client.",
        ));
    }
    let person = person(entra, grant.person)?;
    if tenant_id.is_some_and(|tenant| tenant != person.tenant) {
        return Err(EntraError::new(
            "invalid_grant",
            50020,
            format!("User account '{}' does not exist in the tenant.", person.user_name),
        ));
    }
    if person.kind == PersonKind::SecondFactor {
        let mut error = EntraError::new(
            "invalid_grant",
            50076,
            "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.",
        );
        error.suberror = Some("basic_action");
        error.claims =
            Some("{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"sample\"]}}}".to_owned());
        return Err(error);
    }
    let asked = scopes::read(entra, need(fields, "scope")?, Some(person.tenant), false)?;
    // One refresh token serves other resources only where the person has consented, or for the list of environments.
    reply(entra, application, person, &asked, None, true)
}

fn by_secret(
    entra: &Entra,
    tenant: &str,
    tenant_id: Option<Uuid>,
    application: &Application,
    fields: &Fields,
) -> Result<serde_json::Value, EntraError> {
    let tenant_id = tenant_id.ok_or_else(|| {
        EntraError::new(
            "invalid_request",
            90124,
            format!("Resource owner-less requests can't use the /{tenant} endpoint; use the tenant's id."),
        )
    })?;
    if application.kind == AppKind::Public {
        return Err(EntraError::new(
            "invalid_client",
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        ));
    }
    let asked = scopes::read(entra, need(fields, "scope")?, Some(tenant_id), false)?;
    let Some(resource) = asked.resource.as_deref().filter(|_| asked.names == [".default"]) else {
        return Err(EntraError::new(
            "invalid_scope",
            1_002_012,
            "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.",
        ));
    };
    let access = entra.access_token(resource, tenant_id, application.client_id, None).map_err(fault)?;
    Ok(serde_json::json!({
        "token_type": "Bearer", "expires_in": entra.lifetime(), "ext_expires_in": entra.lifetime(), "access_token": access,
    }))
}

fn by_device(
    entra: &Entra,
    tenant_id: Option<Uuid>,
    application: &Application,
    fields: &Fields,
) -> Result<serde_json::Value, EntraError> {
    let code = need(fields, "device_code")?;
    let plain = |error: &'static str, number: u32, text: &str| EntraError::new(error, number, text);
    let grant = {
        let mut devices = lock(&entra.devices);
        let grant = devices
            .get_mut(code)
            .filter(|grant| grant.client_id == application.client_id)
            .ok_or_else(|| plain("bad_verification_code", 70019, "The verification code is not known."))?;
        if grant.until < Instant::now() {
            return Err(plain("expired_token", 70020, "The device code has expired."));
        }
        let early = grant.polled.is_some_and(|polled| polled.elapsed() < Duration::from_millis(800));
        grant.polled = Some(Instant::now());
        if early {
            return Err(plain("slow_down", 70017, "Polling too often."));
        }
        grant.clone()
    };
    match grant.state {
        DeviceState::Waiting => Err(plain(
            "authorization_pending",
            70016,
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        )),
        DeviceState::Declined => {
            Err(plain("authorization_declined", 70018, "The user denied the authorization."))
        }
        DeviceState::Approved(person_id) => {
            lock(&entra.devices).remove(code);
            let person = person(entra, person_id)?;
            let asked = scopes::read(entra, &grant.scope, Some(tenant_id.unwrap_or(person.tenant)), false)?;
            reply(entra, application, person, &asked, None, true)
        }
    }
}

fn person(entra: &Entra, id: Uuid) -> Result<&Person, EntraError> {
    let person = entra.directory.person_by_id(id).ok_or_else(|| {
        EntraError::new("invalid_grant", 50034, "The user account does not exist in the directory.")
    })?;
    if person.kind == PersonKind::Disabled {
        return Err(EntraError::new("invalid_grant", 50057, "The user account is disabled."));
    }
    Ok(person)
}

fn fault(text: String) -> EntraError {
    EntraError::new("server_error", 90000, text)
}

fn reply(
    entra: &Entra,
    application: &Application,
    person: &Person,
    asked: &Asked,
    nonce: Option<&str>,
    refreshes: bool,
) -> Result<serde_json::Value, EntraError> {
    let tenant = entra.tenant_of(person).ok_or_else(|| fault("the person has no tenant".to_owned()))?.id;
    let Some(resource) = &asked.resource else {
        return Err(EntraError::new("invalid_scope", 70011, "The scope names no resource."));
    };
    let access = entra.access_token(resource, tenant, application.client_id, Some(person)).map_err(fault)?;
    let lifetime = entra.lifetime();
    let mut body = serde_json::json!({
        "token_type": "Bearer", "scope": asked.granted(), "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": access,
    });
    if refreshes && asked.offline {
        body["refresh_token"] = entra.refresh_token(application.client_id, person.id).into();
    }
    if asked.openid {
        let now = jiff::Timestamp::now().as_second();
        let claims = serde_json::json!({
            "aud": application.client_id, "iss": entra.issuer(tenant), "iat": now, "nbf": now, "exp": now + 3600,
            "oid": person.id, "tid": tenant, "preferred_username": person.user_name, "name": person.display_name,
            "sub": Uuid::from_u128(person.id.as_u128() ^ application.client_id.as_u128()), "nonce": nonce, "ver": "2.0",
        });
        body["id_token"] = entra.signer.sign(&claims).map_err(fault)?.into();
    }
    Ok(body)
}
