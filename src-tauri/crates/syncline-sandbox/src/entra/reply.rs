//! What a successful grant answers: access token, refresh token, id_token, client_info.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::directory::{Application, Person};
use super::errors::EntraError;
use super::scopes::Asked;
use super::state::Entra;

/// A granted request of a person.
pub(crate) struct Granted<'a> {
    pub(crate) application: &'a Application,
    pub(crate) person: &'a Person,
    pub(crate) asked: &'a Asked,
    /// The scope parameter as sent; a refresh without one asks for it again.
    pub(crate) scope: &'a str,
    pub(crate) nonce: Option<&'a str>,
    /// The sign-in met the claims challenge.
    pub(crate) strong: bool,
    /// `client_info=1` was sent.
    pub(crate) client_info: bool,
}

/// The body for a person. Without consent AADSTS65001.
pub(crate) fn for_person(entra: &Entra, granted: &Granted<'_>) -> Result<Value, EntraError> {
    let Granted { application, person, asked, .. } = granted;
    let resource = asked.resource();
    if !entra.consented(person, application, resource) {
        return Err(EntraError::consent_missing("invalid_grant", application.client_id, &application.name));
    }
    let access = entra
        .access_token(resource, person.tenant, application.client_id, Some(person))
        .map_err(EntraError::internal)?;
    let lifetime = entra.lifetime();
    let mut body = json!({
        "token_type": "Bearer", "scope": asked.granted(), "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": access,
    });
    if asked.offline {
        body["refresh_token"] = entra
            .refresh_token(application.client_id, person.id, resource, granted.scope, granted.strong)
            .map_err(EntraError::internal)?
            .into();
    }
    if asked.openid {
        let claims = id_claims(entra, granted);
        body["id_token"] = entra.signer.sign(&claims).map_err(EntraError::internal)?.into();
    }
    if granted.client_info {
        let info = json!({ "uid": person.id, "utid": person.tenant }).to_string();
        body["client_info"] = URL_SAFE_NO_PAD.encode(info).into();
    }
    Ok(body)
}

fn id_claims(entra: &Entra, granted: &Granted<'_>) -> Value {
    let Granted { application, person, .. } = granted;
    let now = jiff::Timestamp::now().as_second();
    let mut claims = json!({
        "aud": application.client_id, "iss": entra.issuer(person.tenant), "iat": now, "nbf": now, "exp": now + 3600,
        "oid": person.id, "tid": person.tenant, "preferred_username": person.user_name, "name": person.display_name,
        // Another subject for each application.
        "sub": Uuid::from_u128(person.id.as_u128() ^ application.client_id.as_u128()), "ver": "2.0",
    });
    if let Some(nonce) = granted.nonce {
        claims["nonce"] = nonce.into();
    }
    claims
}

/// The body for an application: neither refresh token nor id_token.
pub(crate) fn for_application(
    entra: &Entra,
    application: &Application,
    tenant: Uuid,
    resource: &str,
) -> Result<Value, EntraError> {
    let access =
        entra.access_token(resource, tenant, application.client_id, None).map_err(EntraError::internal)?;
    let lifetime = entra.lifetime();
    Ok(json!({
        "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": access,
    }))
}
