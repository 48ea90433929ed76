//! Taking a request apart so that whatever comes gets an answer in the service's own words.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use std::collections::BTreeMap;
use std::convert::Infallible;

use super::errors::EntraError;

/// Parameters of a query or a form. Of a repeated one the last counts.
pub(crate) type Fields = BTreeMap<String, String>;

/// The tenant in the path; a text that is no UTF-8 becomes one that names no tenant.
pub(crate) struct Tenanted(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Tenanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(tenant)| tenant).unwrap_or_default()))
    }
}

/// The fields of a posted form, or AADSTS9002313.
pub(crate) fn posted(form: Result<Form<Fields>, FormRejection>) -> Result<Fields, EntraError> {
    form.map(|Form(fields)| fields).map_err(|rejection| EntraError::malformed(&rejection.body_text()))
}

/// The fields of a query. Any text is a query.
pub(crate) fn queried(query: Option<&str>) -> Fields {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// A field; empty when absent.
pub(crate) fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map(String::as_str).unwrap_or_default()
}

/// A field that must be there, or AADSTS900144.
pub(crate) fn need<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, EntraError> {
    fields
        .get(name)
        .map(String::as_str)
        .filter(|value| !value.trim().is_empty())
        .ok_or_else(|| EntraError::missing(name))
}

/// The v1 endpoints' way of naming a resource is refused here, or AADSTS901002; scopes name it.
pub(crate) fn no_resource(fields: &Fields) -> Result<(), EntraError> {
    match fields.get("resource") {
        None => Ok(()),
        Some(_) => Err(EntraError::new(
            "invalid_request",
            901_002,
            "The 'resource' request parameter is not supported.",
        )),
    }
}
