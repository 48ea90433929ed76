//! Connections and signing in.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use syncline_model::{AuthMethod, ConnectionKind, ConnectionStatus, Identity, Secret, System};
use ts_rs::TS;

/// Names a connection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConnectionRef {
    /// Its name.
    pub connection: String,
}

/// A connection as a shell shows it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConnectionView {
    /// Stable id.
    pub id: String,
    /// Name.
    pub name: String,
    /// System.
    pub system: System,
    /// Origin, API root or path.
    pub url: String,
    /// How one signs in.
    pub auth: AuthMethod,
    /// Root of the sign-in service.
    pub authority: String,
    /// Tenant.
    pub tenant: Option<String>,
    /// Client id.
    pub client_id: Option<String>,
    /// Scopes; empty: derived.
    pub scopes: Vec<String>,
    /// Web API version.
    pub api_version: Option<String>,
    /// Production, sandbox, development.
    pub kind: ConnectionKind,
    /// Client label.
    pub client: Option<String>,
    /// `#rrggbb`; always set, from the name where the person chose none.
    pub colour: String,
    /// Saved as writable.
    pub writable: bool,
    /// Unlocked for writing until then (RFC 3339 UTC), for this process.
    pub unlocked_until: Option<String>,
    /// System-specific settings.
    pub options: BTreeMap<String, String>,
    /// Who was seen at the last successful test.
    pub identity: Option<Identity>,
    /// The light.
    pub status: ConnectionStatus,
    /// The sentence behind it.
    pub status_message: String,
    /// A secret or token is in the keychain.
    pub signed_in: bool,
    /// Last test, RFC 3339 UTC.
    pub checked_at: Option<String>,
    /// Last use, RFC 3339 UTC.
    pub used_at: Option<String>,
    /// Cached records.
    pub cached_records: u64,
    /// When the client secret ends, RFC 3339, where the person said so.
    pub secret_expires: Option<String>,
    /// Belongs to the sample tenant.
    pub sample: bool,
}

/// Saves a connection. Absent members keep what is saved, or take the default for a new one.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ConnectionSave {
    /// Name; names the one to change, or a new one.
    pub name: String,
    /// New name.
    pub rename: Option<String>,
    /// Must not exist yet.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub create: bool,
    /// System; needed for a new one.
    pub system: Option<System>,
    /// Address in any form.
    pub url: Option<String>,
    /// How one signs in.
    pub auth: Option<AuthMethod>,
    /// Root of the sign-in service.
    pub authority: Option<String>,
    /// Tenant.
    pub tenant: Option<String>,
    /// Client id, or `client_id@tenant_id`.
    pub client_id: Option<String>,
    /// Scopes.
    pub scopes: Option<Vec<String>>,
    /// Web API version.
    pub api_version: Option<String>,
    /// Kind.
    pub kind: Option<ConnectionKind>,
    /// Client label.
    pub client: Option<String>,
    /// Colour.
    pub colour: Option<String>,
    /// Writable.
    pub writable: Option<bool>,
    /// System-specific settings, merged.
    #[ts(as = "Option<BTreeMap<String, String>>")]
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Client secret, access token or request token; goes to the keychain and is never given back.
    #[ts(optional, as = "Option<String>")]
    pub secret: Option<Secret>,
}

/// An address in any form.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AddressText {
    /// What was typed: an address, a connection string, `client_id@tenant_id` or a JSON credential.
    pub text: String,
}

/// How an address was understood.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AddressUnderstood {
    /// Normalised origin.
    pub url: String,
    /// A sentence: what was understood and what was left out.
    pub sentence: String,
    /// Suggested name.
    pub name: String,
    /// Cloud in words.
    pub cloud: String,
    /// Sign-in service of that cloud.
    pub authority: String,
    /// Version found in the address.
    pub api_version: Option<String>,
    /// Client id found in a connection string.
    pub client_id: Option<String>,
    /// Tenant found in a connection string, or learnt from the environment.
    pub tenant: Option<String>,
}

/// Begins a sign-in; ends as a job (`JobKind::SignIn`).
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SignInStart {
    /// Connection.
    pub connection: String,
    /// Use a device code instead of the browser.
    pub device_code: Option<bool>,
    /// Open the system browser (default); else only `authorize_url` is given.
    pub open_browser: Option<bool>,
}

/// A sign-in under way.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SignInStarted {
    /// The job to watch or cancel.
    pub job: String,
    /// Address to open in a browser.
    pub authorize_url: Option<String>,
    /// Device code: the code to type.
    pub user_code: Option<String>,
    /// Device code: where to type it.
    pub verification_uri: Option<String>,
    /// When it runs out, RFC 3339 UTC.
    pub expires_at: String,
}

/// Outcome of a test.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConnectionTest {
    /// The light.
    pub status: ConnectionStatus,
    /// Who was seen.
    pub identity: Option<Identity>,
    /// Why it is not green.
    pub error: Option<super::ApiError>,
}

/// Unlocks writing for a time in this process, or saves it as writable.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Unlock {
    /// Connection.
    pub connection: String,
    /// Minutes, 1 to 480; absent: saved as writable until switched off.
    pub minutes: Option<u32>,
}

/// What was removed with a connection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Forgotten {
    /// Secrets removed from the keychain.
    pub secrets: u64,
    /// Cached records removed.
    pub records: u64,
    /// Cached entities removed.
    pub entities: u64,
    /// Plans removed.
    pub plans: u64,
    /// Runs removed.
    pub runs: u64,
}

/// An environment the signed-in person may use.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct EnvironmentView {
    /// Friendly name.
    pub name: String,
    /// Origin.
    pub url: String,
    /// Unique name.
    pub unique_name: String,
    /// Organization id.
    pub organization_id: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Production, sandbox and so on, in words.
    pub purpose: Option<String>,
    /// Name of the connection that leads there already.
    pub connection: Option<String>,
}

/// The sample tenant.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SampleTenant {
    /// Names of the connections that were made.
    pub connections: Vec<String>,
    /// Names of the definitions that were made.
    pub definitions: Vec<String>,
    /// The Dataverse connection to begin with.
    pub first: String,
    /// Where profiles received by the marketing system can be seen.
    pub profiles_url: String,
}

/// What is left of the service's limits for a connection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Budget {
    /// Requests sent by this process within the window.
    pub sent: u64,
    /// Requests left in the service's window of five minutes, where the service said.
    pub remaining: Option<u64>,
    /// Execution time left in the service's window of five minutes, in seconds, where the service said.
    pub remaining_seconds: Option<f64>,
    /// How often the service asked to wait (429).
    pub throttled: u64,
    /// Requests at once that the service recommends.
    pub recommended: Option<u32>,
    /// Paused until then (RFC 3339 UTC), by the service's wish.
    pub paused_until: Option<String>,
}
