//! Scopes: OpenID's, and those of one resource.

use super::errors::EntraError;
use super::state::Entra;
use uuid::Uuid;

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
    /// Scopes as the reply lists them.
    pub(crate) fn granted(&self) -> String {
        let resource = self.resource.clone().unwrap_or_default();
        let mut names: Vec<String> = self.names.iter().map(|name| format!("{resource}/{name}")).collect();
        if self.names.iter().any(|name| name == ".default") {
            names.insert(0, format!("{resource}/user_impersonation"));
        }
        names.join(" ")
    }
}

/// Reads a scope parameter. `many`: several resources are allowed (authorize); the first one counts.
pub(crate) fn read(entra: &Entra, text: &str, tenant: Option<Uuid>, many: bool) -> Result<Asked, EntraError> {
    let mut asked = Asked::default();
    for scope in text.split_whitespace() {
        match scope {
            "openid" => asked.openid = true,
            "offline_access" => asked.offline = true,
            "profile" | "email" => {}
            _ => {
                let (resource, name) = scope.rsplit_once('/').ok_or_else(|| unknown_scope(scope))?;
                if !matches!(name, ".default" | "user_impersonation") {
                    return Err(unknown_scope(scope));
                }
                match &asked.resource {
                    Some(first) if first == resource => asked.names.push(name.to_owned()),
                    Some(_) if many => {}
                    Some(_) => {
                        return Err(EntraError::new(
                            "invalid_request",
                            28002,
                            "Provided value for the input parameter scope is not valid because it contains more than one resource.",
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
        return Err(EntraError::new(
            "invalid_resource",
            500_011,
            format!(
                "The resource principal named {resource} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
            ),
        ));
    }
    Ok(asked)
}

fn unknown_scope(scope: &str) -> EntraError {
    EntraError::new(
        "invalid_scope",
        70011,
        format!(
            "The provided request must include a 'scope' input parameter. The scope {scope} is not valid."
        ),
    )
}
