//! Who and what is registered: tenants, people, applications.

use uuid::Uuid;

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
    /// Must approve a second factor.
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

/// Kind of client.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Tenants that have disabled it.
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

    /// An application by client id.
    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        let id = Uuid::parse_str(client_id).ok()?;
        self.applications.iter().find(|application| application.client_id == id)
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
    matches!(text, "organizations" | "common")
}
