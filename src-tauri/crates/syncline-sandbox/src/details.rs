//! What a caller learns about a running sandbox: addresses, credentials, people.

use serde::Serialize;

/// Addresses and credentials of a running sandbox. The credentials are in its JSON, not in its debug text.
#[derive(Clone, Serialize)]
pub struct Details {
    /// Origin of the first environment.
    pub dataverse: String,
    /// Not served yet.
    pub finops: Option<String>,
    /// Not served yet.
    pub salesforce: Option<String>,
    /// Root of Insider One's API.
    pub insider: String,
    /// Root of the sign-in service, without tenant.
    pub authority: String,
    /// Origin of global discovery.
    pub discovery: String,
    /// Tenant of the first environment.
    pub tenant: String,
    /// Public client.
    pub client_id: String,
    /// Client with a secret.
    pub confidential_client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// A secret of it that has run out.
    pub expired_client_secret: String,
    /// A public client that an administrator has switched off.
    pub disabled_client_id: String,
    /// Partner name at Insider One.
    pub insider_partner: String,
    /// Request token at Insider One.
    pub insider_token: String,
    /// People that can sign in.
    pub users: Vec<UserDetails>,
    /// All environments.
    pub environments: Vec<EnvironmentDetails>,
    /// Where faults are set and the request log is read.
    pub control: String,
}

impl std::fmt::Debug for Details {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Details").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// A person that can sign in. Nobody needs a password.
#[derive(Debug, Clone, Serialize)]
pub struct UserDetails {
    /// Sign-in name.
    pub user_name: String,
    /// Display name.
    pub display_name: String,
    /// Tenant id.
    pub tenant: String,
    /// `normal`, `restricted`, `second factor`, `disabled`, `guest` or `no environment`.
    pub kind: String,
}

/// An environment.
#[derive(Debug, Clone, Serialize)]
pub struct EnvironmentDetails {
    /// Short name.
    pub name: String,
    /// Name that people see.
    pub display_name: String,
    /// Origin.
    pub url: String,
    /// Tenant id.
    pub tenant: String,
    /// Organization id.
    pub organization_id: String,
    /// Production or sandbox.
    pub purpose: String,
}
