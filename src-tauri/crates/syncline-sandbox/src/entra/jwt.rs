//! Signed tokens: RS256 with a key made at start.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    pub(crate) tid: Uuid,
    pub(crate) appid: Uuid,
    /// The person; absent for an application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) oid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upn: Option<String>,
    /// Raised when all tokens are made invalid.
    pub(crate) generation: u64,
    pub(crate) uti: Uuid,
}

/// Why an access token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Expired,
    Malformed,
    Signature,
}

impl Refusal {
    /// What the service says.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Expired => "AccessTokenExpired",
            Self::Malformed => "The token is malformed.",
            Self::Signature => "The signature of the token is not valid.",
        }
    }
}

/// The signing key.
pub(crate) struct Signer {
    key: KeyPair,
    id: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Signer {
    pub(crate) fn new() -> std::io::Result<Self> {
        let key = KeyPair::generate(KeySize::Rsa2048)
            .map_err(|error| std::io::Error::other(format!("no signing key: {error}")))?;
        Ok(Self { key, id: Uuid::new_v4().simple().to_string() })
    }

    pub(crate) fn sign<T: Serialize>(&self, claims: &T) -> Result<String, String> {
        let header = serde_json::json!({ "typ": "JWT", "alg": "RS256", "kid": self.id }).to_string();
        let body = serde_json::to_string(claims).map_err(|error| error.to_string())?;
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(body));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|error| error.to_string())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    pub(crate) fn verify(&self, token: &str) -> Result<Claims, Refusal> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (_, body) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Malformed)?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.key.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| Refusal::Signature)?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| Refusal::Malformed)?;
        // An id_token has a good signature too, but not these claims.
        serde_json::from_slice(&body).map_err(|_| Refusal::Malformed)
    }

    pub(crate) fn key_set(&self) -> serde_json::Value {
        let parts = PublicKeyComponents::<Vec<u8>>::from(self.key.public_key());
        serde_json::json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id,
            "n": URL_SAFE_NO_PAD.encode(parts.n), "e": URL_SAFE_NO_PAD.encode(parts.e),
        }]})
    }
}
