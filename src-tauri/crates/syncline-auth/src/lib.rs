//! Signing in with Microsoft Entra (v2.0 endpoints): addresses and clouds, authorization code with PKCE over loopback, device code,
//! client credentials, pasted tokens, refresh with rotation, and every refusal explained.
//!
//! Access tokens live in memory only; refresh tokens and client secrets in a [`syncline_secrets::Vault`].

mod address;
mod challenge;
mod cloud;
mod code;
mod config;
mod credential_text;
mod credentials;
mod device;
mod explain;
mod id_token;
mod loopback;
mod page;
mod provider;
mod random;
mod raw;
mod refresh;
mod token_endpoint;

pub use address::{UnderstoodAddress, default_scopes, understand_address};
pub use challenge::{BearerChallenge, parse_challenge};
pub use cloud::{Cloud, region_words};
pub use code::{AuthorizationCodeFlow, PendingCode, Started};
pub use config::{SignInConfig, SignedIn};
pub use credential_text::{ParsedCredential, parse_credential};
pub use credentials::{SecretExpiry, client_credentials, secret_expiry};
pub use device::{DeviceCodeFlow, DevicePrompt, PendingDevice};
pub use explain::{OAuthError, explain};
pub use id_token::{IdTokenClaims, read_id_token};
pub use provider::ConnectionTokens;
pub use raw::jwt_expiry;
pub use token_endpoint::TokenReply;
