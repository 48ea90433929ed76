//! A connection: which system, where, how one signs in, and how careful one must be with it. It holds no secret.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::Identity;

/// The name by which definitions and commands speak of a connection: 1 to 64 letters, digits, `-`, `_`, `.` or spaces
/// inside; compared without regard to case by the store.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "ts", ts(type = "string"))]
pub struct ConnectionName(String);

/// A text that can't be a connection's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a connection name (1 to 64 letters, digits, spaces, '-', '_' or '.'; no space at either end): {0:?}"
)]
pub struct ConnectionNameError(String);

impl ConnectionName {
    /// Checks and wraps a name.
    pub fn new(text: impl Into<String>) -> Result<Self, ConnectionNameError> {
        let text = text.into();
        let good = text.chars().count() <= 64
            && !text.is_empty()
            && text.trim() == text
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '));
        if good { Ok(Self(text)) } else { Err(ConnectionNameError(text)) }
    }
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConnectionName {
    type Error = ConnectionNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}
impl From<ConnectionName> for String {
    fn from(name: ConnectionName) -> Self {
        name.0
    }
}
impl std::fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A system that a connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// Dataverse (Dynamics 365 customer engagement).
    Dataverse,
    /// Insider One.
    Insider,
    /// A CSV file.
    Csv,
    /// A file of JSON lines.
    Jsonl,
    /// A PostgreSQL database.
    Postgres,
    /// A SQLite file.
    Sqlite,
}

impl System {
    /// As written in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dataverse => "dataverse",
            Self::Insider => "insider",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }

    /// A database whose tables say what their columns take and which keys they have.
    pub fn is_database(self) -> bool {
        matches!(self, Self::Postgres | Self::Sqlite)
    }
}

/// How one signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum AuthMethod {
    /// In the system browser, with PKCE, back over loopback.
    AuthorizationCode,
    /// With a code typed on another device.
    DeviceCode,
    /// As an application, with a client secret.
    ClientCredentials,
    /// With a pasted access token (Dataverse) or the account's request token (Insider One).
    AccessToken,
    /// Files need no sign-in; a database's user is part of its address and the password a secret beside it.
    None,
}

impl AuthMethod {
    /// As written in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization-code",
            Self::DeviceCode => "device-code",
            Self::ClientCredentials => "client-credentials",
            Self::AccessToken => "access-token",
            Self::None => "none",
        }
    }
}

/// How careful one must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ConnectionKind {
    /// The client's live data. Writes ask for the number of records.
    Production,
    /// A copy to try things on.
    Sandbox,
    /// A developer's environment.
    Development,
}

/// The status light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ConnectionStatus {
    /// Green: the last test succeeded.
    Verified,
    /// Yellow: saved, not tested yet.
    Unverified,
    /// Red: the last test or use failed.
    Broken,
}

/// A saved connection. Secrets are in the keychain under its [`Connection::id`], never here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Connection {
    /// Stable id; keys secrets, cached rows and runs. A renamed connection keeps it.
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub id: uuid::Uuid,
    /// The name people use.
    pub name: ConnectionName,
    /// The system behind it.
    pub system: System,
    /// Dataverse: the environment's origin without path; Insider One: the API's root; PostgreSQL: an address with user and
    /// without password; files: a path.
    pub url: String,
    /// How one signs in.
    pub auth: AuthMethod,
    /// Root of the sign-in service, without tenant.
    pub authority: String,
    /// Tenant id, domain, or `organizations`.
    pub tenant: Option<String>,
    /// The app registration's client id.
    pub client_id: Option<String>,
    /// Scopes; empty: derived from the address.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Web API version such as `v9.2`.
    pub api_version: Option<String>,
    /// How careful one must be.
    pub kind: ConnectionKind,
    /// The client this belongs to; connections are grouped by it and nothing crosses it unasked.
    pub client: Option<String>,
    /// Colour as `#rrggbb`.
    pub colour: Option<String>,
    /// May be written to. Off for a new connection.
    pub writable: bool,
    /// System-specific settings: `partner` (Insider One), `api_path` (Dataverse, default `/api/data`), `delimiter` (CSV), `sslmode` and
    /// `sslrootcert` (PostgreSQL), `key.TABLE` (databases: columns that tell the rows of a table or view without a key apart), `modified.TABLE` or
    /// `modified` (databases: the column that tells when a row was last changed),
    /// `secret_expires` (a date, RFC 3339).
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Who was seen at the last successful test: pinned.
    pub identity: Option<Identity>,
    /// The light.
    pub status: ConnectionStatus,
    /// Why the light is red.
    pub status_message: Option<String>,
    /// When it was last tested, RFC 3339 UTC.
    pub checked_at: Option<String>,
    /// When it was last used, RFC 3339 UTC.
    pub used_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::ConnectionName;

    #[test]
    fn names() {
        for good in ["contoso", "Contoso UAT", "été-1", "a.b_c"] {
            assert!(ConnectionName::new(good).is_ok(), "{good}");
        }
        for bad in ["", " a", "a/b", "a\nb", &"x".repeat(65)] {
            assert!(ConnectionName::new(bad).is_err(), "{bad:?}");
        }
    }
}
