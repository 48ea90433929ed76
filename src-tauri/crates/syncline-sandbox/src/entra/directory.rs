//! Who and what is registered: tenants, people, applications, and how a request names them.

use uuid::Uuid;

use super::errors::EntraError;

/// A tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Id.
    pub id: Uuid,
    /// Verified domain.
    pub domain: String,
}

/// What is special about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonKind {
    /// Nothing.
    Normal,
    /// Must approve a second factor; a refresh asks for it again unless the sign-in met the claims challenge.
    SecondFactor,
    /// Blocked from signing in.
    Disabled,
    /// Signs in at this tenant though the home is another.
    Guest,
}

/// A person.
#[derive(Debug, Clone)]
pub struct Person {
    /// Object id.
    pub id: Uuid,
    /// Tenant.
    pub tenant: Uuid,
    /// User principal name.
    pub user_name: String,
    /// Display name.
    pub display_name: String,
    /// What is special.
    pub kind: PersonKind,
}

/// Kind of client. Its secrets are not printed.
#[derive(Clone, PartialEq, Eq)]
pub enum AppKind {
    /// "Mobile and desktop applications": no secret.
    Public,
    /// With a secret.
    Confidential {
        /// The valid one.
        secret: String,
        /// One that has run out.
        expired_secret: String,
    },
}

impl std::fmt::Debug for AppKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Public => "Public",
            Self::Confidential { .. } => "Confidential",
        })
    }
}

/// An app registration.
#[derive(Debug, Clone)]
pub struct Application {
    /// Client id.
    pub client_id: Uuid,
    /// Name on the consent page.
    pub name: String,
    /// Kind.
    pub kind: AppKind,
    /// Registered redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Switched off by an administrator.
    pub disabled: bool,
}

/// All of it.
#[derive(Debug)]
pub struct Directory {
    /// Tenants.
    pub tenants: Vec<Tenant>,
    /// People.
    pub people: Vec<Person>,
    /// Applications.
    pub applications: Vec<Application>,
}

impl Directory {
    /// A tenant by id or domain.
    pub(crate) fn tenant(&self, text: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| {
            tenant.domain.eq_ignore_ascii_case(text) || Uuid::parse_str(text).is_ok_and(|id| id == tenant.id)
        })
    }

    /// The tenant that a path names; none for "the tenant of whoever signs in". Else AADSTS90002 or 900023.
    pub(crate) fn tenant_in_path(&self, text: &str) -> Result<Option<Uuid>, EntraError> {
        if is_any_tenant(text) {
            return Ok(None);
        }
        if let Some(tenant) = self.tenant(text) {
            return Ok(Some(tenant.id));
        }
        let well_formed = Uuid::parse_str(text).is_ok() || text.contains('.');
        Err(if well_formed {
            EntraError::new(
                "invalid_request",
                90002,
                format!(
                    "Tenant '{text}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
                ),
            )
        } else {
            EntraError::new(
                "invalid_request",
                900_023,
                format!(
                    "Specified tenant identifier '{text}' is neither a valid DNS name, nor a valid external domain."
                ),
            )
        })
    }

    /// The application that a request names. Else AADSTS700016 or 7000112.
    pub(crate) fn application(&self, tenant: &str, client_id: &str) -> Result<&Application, EntraError> {
        let id = Uuid::parse_str(client_id).ok();
        // None of the applications takes personal accounts.
        let found = self
            .applications
            .iter()
            .find(|application| Some(application.client_id) == id && tenant != "consumers")
            .ok_or_else(|| {
                let directory = if tenant == "consumers" { "Microsoft Accounts" } else { tenant };
                EntraError::new(
                    "unauthorized_client",
                    700_016,
                    format!(
                        "Application with identifier '{client_id}' was not found in the directory '{directory}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
                    ),
                )
            })?;
        if found.disabled {
            return Err(EntraError::new(
                "unauthorized_client",
                7_000_112,
                format!("Application '{client_id}'({}) is disabled.", found.name),
            ));
        }
        Ok(found)
    }

    /// A person by sign-in name; for a concrete tenant only there.
    pub(crate) fn person(&self, user_name: &str, tenant: Option<Uuid>) -> Option<&Person> {
        self.people.iter().find(|person| {
            person.user_name.eq_ignore_ascii_case(user_name)
                && tenant.is_none_or(|tenant| tenant == person.tenant)
        })
    }

    /// A person by object id.
    pub(crate) fn person_by_id(&self, id: Uuid) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }
}

/// True for the words that stand for "the tenant of whoever signs in".
pub(crate) fn is_any_tenant(text: &str) -> bool {
    matches!(text, "organizations" | "common" | "consumers")
}
