//! Scopes: OpenID's, and those of one resource; and the API that a resource belongs to, which is what a person consents to.

use uuid::Uuid;

use super::errors::EntraError;
use super::state::Entra;

/// The resource of an access token when only OpenID scopes are asked.
pub(crate) const GRAPH: &str = "https://graph.microsoft.com";

/// What a person consents to. All environments and the list of environments are one API, so one consent serves them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) enum Api {
    /// "Dynamics CRM".
    DynamicsCrm,
    /// "Microsoft Graph".
    Graph,
}

impl Api {
    pub(crate) fn of(resource: &str) -> Self {
        if resource.trim_end_matches('/') == GRAPH { Self::Graph } else { Self::DynamicsCrm }
    }

    /// The scope beside `.default`.
    fn scope(self) -> &'static str {
        match self {
            Self::DynamicsCrm => "user_impersonation",
            Self::Graph => "User.Read",
        }
    }

    /// What the consent page says.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            Self::DynamicsCrm => "Access Dynamics 365 as you",
            Self::Graph => "Sign you in and read your profile",
        }
    }
}

/// What a scope parameter asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The resource's origin; absent when only OpenID scopes are asked.
    pub(crate) resource: Option<String>,
    /// Names after the resource.
    pub(crate) names: Vec<String>,
    pub(crate) openid: bool,
    pub(crate) offline: bool,
}

impl Asked {
    /// The resource that a token is made for.
    pub(crate) fn resource(&self) -> &str {
        self.resource.as_deref().unwrap_or(GRAPH)
    }

    /// Scopes as the reply lists them.
    pub(crate) fn granted(&self) -> String {
        let resource = self.resource();
        let mut names: Vec<String> = self.names.iter().map(|name| format!("{resource}/{name}")).collect();
        if self.names.iter().any(|name| name == ".default") {
            names.insert(0, format!("{resource}/{}", Api::of(resource).scope()));
        }
        if names.is_empty() {
            names.extend(["openid", "profile"].map(str::to_owned));
        }
        names.join(" ")
    }
}

/// Reads a scope parameter. `many`: several resources are allowed (authorize and refresh); the first one counts.
pub(crate) fn read(entra: &Entra, text: &str, tenant: Option<Uuid>, many: bool) -> Result<Asked, EntraError> {
    let mut asked = Asked::default();
    for scope in text.split_whitespace() {
        match scope {
            "openid" => asked.openid = true,
            "offline_access" => asked.offline = true,
            "profile" | "email" => {}
            _ => {
                let (resource, name) = scope.rsplit_once('/').ok_or_else(|| unknown_scope(scope))?;
                if name != ".default" && name != Api::of(resource).scope() {
                    return Err(unknown_scope(scope));
                }
                match &asked.resource {
                    Some(first) if first == resource => asked.names.push(name.to_owned()),
                    Some(_) if many => {}
                    Some(_) => {
                        return Err(EntraError::new(
                            "invalid_request",
                            28002,
                            "Provided value for the input parameter scope is not valid when requesting an access token. Please specify a valid scope of one resource.",
                        ));
                    }
                    None => {
                        asked.resource = Some(resource.to_owned());
                        asked.names.push(name.to_owned());
                    }
                }
            }
        }
    }
    asked.names.dedup();
    if asked.names.iter().any(|name| name == ".default") && asked.names.len() > 1 {
        return Err(EntraError::new(
            "invalid_scope",
            70011,
            "The provided value for the input parameter 'scope' is not valid: .default can't be combined with resource-specific scopes.",
        ));
    }
    if let Some(resource) = &asked.resource
        && !entra.knows_resource(resource, tenant)
    {
        return Err(EntraError::unknown_resource(resource));
    }
    Ok(asked)
}

fn unknown_scope(scope: &str) -> EntraError {
    EntraError::new(
        "invalid_scope",
        70011,
        format!(
            "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
        ),
    )
}
