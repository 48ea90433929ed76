//! The id token: who signed in. It came over TLS from the token endpoint, so its signature needs no check (OpenID Connect Core,
//! 3.1.3.7); audience, end and nonce do.

use jiff::{SignedDuration, Timestamp};
use syncline_model::{ErrorCode, Identity, SynclineError};

/// How far this machine's clock may be off.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Claims worth using. Key people by `oid` and `tid`; the names are for display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTokenClaims {
    /// Tenant id.
    pub tid: String,
    /// Object id of the user in that tenant.
    pub oid: String,
    /// Sign-in name.
    pub preferred_username: Option<String>,
    /// Display name.
    pub name: Option<String>,
}

impl IdTokenClaims {
    /// As an identity; the organization is not known yet.
    pub fn identity(&self) -> Identity {
        Identity {
            tenant_id: Some(self.tid.clone()),
            organization_id: None,
            user_id: Some(self.oid.clone()),
            user_name: self.preferred_username.clone().or_else(|| self.name.clone()),
        }
    }
}

/// Reads and checks an id token.
pub fn read_id_token(
    token: &str,
    client_id: &str,
    nonce: Option<&str>,
    now: Timestamp,
) -> Result<IdTokenClaims, SynclineError> {
    let bad = |what: &str| {
        SynclineError::new(ErrorCode::UnexpectedReply, format!("the id token {what}"))
            .hint("check this machine's clock and the client id, then sign in again")
    };
    let claims = crate::raw::payload(token).ok_or_else(|| bad("can't be read"))?;
    let text = |name: &str| claims.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    if !text("aud").is_some_and(|aud| aud.eq_ignore_ascii_case(client_id)) {
        return Err(bad("is for another application"));
    }
    let exp = claims.get("exp").and_then(serde_json::Value::as_i64);
    let end = exp.and_then(|exp| Timestamp::from_second(exp).ok()).ok_or_else(|| bad("has no end"))?;
    if now.duration_since(end) > SKEW {
        return Err(bad("has ended already"));
    }
    if let Some(nonce) = nonce
        && text("nonce").as_deref() != Some(nonce)
    {
        return Err(bad("belongs to another sign-in"));
    }
    Ok(IdTokenClaims {
        tid: text("tid").ok_or_else(|| bad("names no tenant"))?,
        oid: text("oid").ok_or_else(|| bad("names no user"))?,
        preferred_username: text("preferred_username"),
        name: text("name"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use proptest::prelude::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.sig", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn audience_end_and_nonce_are_checked() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let good = token(
            r#"{"aud":"APP","exp":1000100,"nonce":"n","tid":"t","oid":"o","preferred_username":"zoë@x"}"#,
        );
        let claims = read_id_token(&good, "app", Some("n"), now).unwrap();
        assert_eq!(claims.identity().user_name.as_deref(), Some("zoë@x"));
        assert!(read_id_token(&good, "other", Some("n"), now).is_err());
        assert!(read_id_token(&good, "app", Some("m"), now).is_err());
        assert!(read_id_token(&good, "app", None, Timestamp::from_second(1_001_000).unwrap()).is_err());
        assert_eq!(crate::jwt_expiry(&good), Timestamp::from_second(1_000_100).ok());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,100}") {
            let _ = read_id_token(&text, "a", None, Timestamp::UNIX_EPOCH);
            let _ = read_id_token(&token(&text), "a", None, Timestamp::UNIX_EPOCH);
        }
    }
}
