//! What a sign-in needs to know, and what it gives.

use std::time::Duration;
use syncline_http::AccessToken;
use syncline_model::{AuthMethod, Connection, ErrorCode, Secret, SynclineError};
use url::Url;
use uuid::Uuid;

use crate::IdTokenClaims;
use crate::address::default_scopes;

/// Settings of a sign-in.
#[derive(Debug, Clone)]
pub struct SignInConfig {
    /// The connection; keys its secrets.
    pub connection: Uuid,
    /// Its name, for messages.
    pub connection_name: String,
    /// How one signs in.
    pub auth: AuthMethod,
    /// Root of the sign-in service, without tenant.
    pub authority: Url,
    /// Tenant id, domain, or `organizations`. A guest names the tenant of the environment.
    pub tenant: String,
    /// Client id of the app registration; empty for a pasted token.
    pub client_id: String,
    /// Scopes of one resource, with `offline_access openid profile` for a person.
    pub scopes: Vec<String>,
    /// `prompt` of the authorize request; `None` leaves it out.
    pub prompt: Option<String>,
    /// User name to suggest.
    pub login_hint: Option<String>,
    /// A claims challenge to answer, JSON.
    pub claims: Option<String>,
    /// Path of the registered redirect address as it is written there; empty for `http://localhost`.
    pub redirect_path: String,
    /// Client secret of a registration of type Web; a public client sends none.
    pub client_secret: Option<Secret>,
    /// How long a person may take.
    pub timeout: Duration,
}

/// What a sign-in gave.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The first access token.
    pub access: AccessToken,
    /// The refresh token, where there is one.
    pub refresh_token: Option<Secret>,
    /// Who signed in, where an id token came.
    pub claims: Option<IdTokenClaims>,
    /// Scopes granted.
    pub scopes: Vec<String>,
}

/// True for a tenant id or domain; false for `organizations`, `common`, `consumers` and nothing.
pub(crate) fn is_concrete_tenant(tenant: &str) -> bool {
    !tenant.trim().is_empty()
        && !["organizations", "common", "consumers"].iter().any(|word| tenant.eq_ignore_ascii_case(word))
}

impl SignInConfig {
    /// From a saved connection. Options read: `redirect_path`, `prompt`, `login_hint`.
    pub fn from_connection(connection: &Connection) -> Result<Self, SynclineError> {
        let usage = |text: String, hint: &str| SynclineError::new(ErrorCode::Usage, text).hint(hint);
        let authority = Url::parse(&connection.authority)
            .ok()
            .filter(|url| syncline_http::require_secure(url).is_ok())
            .ok_or_else(|| {
                usage(
                    format!("the authority {:?} is no secure address", connection.authority),
                    "use the root of the sign-in service, such as https://login.microsoftonline.com",
                )
            })?;
        let needs_client = matches!(
            connection.auth,
            AuthMethod::AuthorizationCode | AuthMethod::DeviceCode | AuthMethod::ClientCredentials
        );
        let client_id = connection.client_id.clone().unwrap_or_default().trim().to_owned();
        if needs_client && client_id.is_empty() {
            return Err(usage(
                format!("connection {} has no client id", connection.name),
                "enter the application (client) id of your app registration",
            ));
        }
        let app_only = connection.auth == AuthMethod::ClientCredentials;
        let tenant = connection.tenant.clone().unwrap_or_default().trim().to_owned();
        if app_only && !is_concrete_tenant(&tenant) {
            return Err(concrete_tenant_needed(&tenant));
        }
        let tenant = if tenant.is_empty() { "organizations".to_owned() } else { tenant };
        if !tenant.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')) {
            return Err(usage(
                format!("{tenant:?} is no tenant"),
                "enter the tenant's id or one of its domains",
            ));
        }
        let mut scopes = connection.scopes.clone();
        if scopes.is_empty() {
            scopes = default_scopes(&connection.url, !app_only);
        } else if !app_only && !scopes.iter().any(|scope| scope == "offline_access") {
            scopes.push("offline_access".to_owned());
        }
        let option = |name: &str| connection.options.get(name).map(|value| value.trim().to_owned());
        // What is registered is compared to the letter, but for the port ("Redirect URI restrictions").
        let path = option("redirect_path").unwrap_or_default();
        let path = if path.is_empty() { path } else { format!("/{}", path.trim_start_matches('/')) };
        Ok(Self {
            connection: connection.id,
            connection_name: connection.name.to_string(),
            auth: connection.auth,
            authority,
            tenant,
            client_id,
            scopes,
            prompt: option("prompt")
                .or_else(|| Some("select_account".to_owned()))
                .filter(|text| !text.is_empty()),
            login_hint: option("login_hint").filter(|text| !text.is_empty()),
            claims: None,
            redirect_path: path,
            client_secret: None,
            timeout: Duration::from_secs(300),
        })
    }

    /// An endpoint: `{authority}/{tenant}/oauth2/v2.0/{name}`.
    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("{}/{}/oauth2/v2.0/{name}", self.authority.as_str().trim_end_matches('/'), self.tenant)
    }

    /// The scopes as one text.
    pub(crate) fn scope_text(&self) -> String {
        self.scopes.join(" ")
    }

    pub(crate) fn asks_id_token(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "openid")
    }
}

/// Said before the call, in place of AADSTS9001023.
pub(crate) fn concrete_tenant_needed(tenant: &str) -> SynclineError {
    let shown = if tenant.is_empty() { "none" } else { tenant };
    SynclineError::new(
        ErrorCode::Usage,
        format!("signing in as an application needs a concrete tenant, not {shown}"),
    )
    .hint("enter the tenant's id or one of its domains, such as contoso.onmicrosoft.com")
}
