//! Refresh tokens: what they stand for, sealed into the token itself.
//!
//! The service keeps no list of them, so one that was given out is still good when a tenant of the same seed is started again,
//! as a real tenant's outlives any application.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::scopes::Api;

const PREFIX: &str = "0.AX";

/// A refresh token: bound to person and client, not to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefreshGrant {
    pub(crate) client_id: Uuid,
    pub(crate) person: Uuid,
    /// Asked for when a refresh names no scope.
    pub(crate) scope: String,
    pub(crate) strong: bool,
    /// The API that the application had consent for.
    pub(crate) api: Api,
    /// Rises when all consents given so far are to count as withdrawn.
    pub(crate) consents: u64,
    /// Rises when all tokens given out so far are to count as expired.
    pub(crate) generation: u64,
    /// Makes each token another.
    pub(crate) jti: Uuid,
}

/// Seals and opens the tokens of one tenant.
pub(crate) struct Sealer(hmac::Key);

impl Sealer {
    /// The key comes from the seed: nothing is protected by it but made-up people.
    pub(crate) fn new(seed: u64) -> Self {
        let secret = format!("refresh tokens of the sample tenant {seed}");
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    pub(crate) fn seal(&self, grant: &RefreshGrant) -> Result<String, String> {
        let payload = serde_json::to_vec(grant).map_err(|error| error.to_string())?;
        let tag = hmac::sign(&self.0, &payload);
        Ok(format!(
            "{PREFIX}{}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(&payload),
            BASE64_URL_SAFE_NO_PAD.encode(tag.as_ref())
        ))
    }

    /// None: no token of this tenant.
    pub(crate) fn open(&self, token: &str) -> Option<RefreshGrant> {
        let (payload, tag) = token.strip_prefix(PREFIX)?.split_once('.')?;
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?;
        let tag = BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.0, &payload, &tag).ok()?;
        serde_json::from_slice(&payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> RefreshGrant {
        RefreshGrant {
            client_id: Uuid::from_u128(1),
            person: Uuid::from_u128(2),
            scope: "https://contoso.example/.default offline_access".to_owned(),
            strong: true,
            api: Api::DynamicsCrm,
            consents: 0,
            generation: 3,
            jti: Uuid::from_u128(4),
        }
    }

    #[test]
    fn a_token_is_known_to_the_same_seed_only() {
        let token = Sealer::new(7).seal(&grant()).unwrap();
        assert_eq!(Sealer::new(7).open(&token), Some(grant()));
        assert_eq!(Sealer::new(8).open(&token), None);
    }

    #[test]
    fn a_token_that_was_changed_is_none() {
        let sealer = Sealer::new(7);
        let token = sealer.seal(&grant()).unwrap();
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last letter of a part may hold bits that mean nothing.
            assert!(sealer.open(&changed).is_none_or(|opened| opened == grant()), "{changed}");
        }
        assert_eq!(sealer.open(""), None);
        assert_eq!(sealer.open("0.AX."), None);
    }
}
