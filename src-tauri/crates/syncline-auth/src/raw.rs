//! A pasted access token. It is opaque; where it is a JWT, its end is read for display and for "sign in again" only.

use base64::Engine;
use jiff::Timestamp;

/// When a JWT ends by its own `exp`; `None` for any other text. Nothing else in the token is looked at.
pub fn jwt_expiry(token: &str) -> Option<Timestamp> {
    Timestamp::from_second(payload(token)?.get("exp")?.as_i64()?).ok()
}

/// The claims of a JWT, without any check.
pub(crate) fn payload(token: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    let mut parts = token.trim().split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}
