//! Credentials in one text: `client_id@tenant_id`, an XrmTooling connection string, or the JSON of an integration tool.

use serde_json::Value;
use syncline_model::{AuthMethod, ErrorCode, Secret, SynclineError};

use crate::address::understand_address;

/// What was found in the text. What it did not say is `None`.
#[derive(Debug, Clone, Default)]
pub struct ParsedCredential {
    /// Normalised origin.
    pub url: Option<String>,
    /// How one signs in.
    pub auth: Option<AuthMethod>,
    /// Client id.
    pub client_id: Option<String>,
    /// Tenant.
    pub tenant: Option<String>,
    /// Client secret or access token.
    pub secret: Option<Secret>,
    /// Version such as `v9.2`.
    pub api_version: Option<String>,
    /// User name to suggest at the sign-in.
    pub login_hint: Option<String>,
}

fn wrong(what: &str, hint: &str) -> SynclineError {
    SynclineError::new(ErrorCode::Usage, what).hint(hint)
}

/// Reads such a text; `Ok(None)` where it is none of these forms (then it may be an address).
pub fn parse_credential(text: &str) -> Result<Option<ParsedCredential>, SynclineError> {
    let text = text.trim();
    if text.starts_with('{') {
        return json(text).map(Some);
    }
    if let Some((client, tenant)) = text.split_once('@')
        && uuid::Uuid::try_parse(client).is_ok()
    {
        let good =
            !tenant.is_empty() && tenant.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
        if !good {
            return Err(wrong("there is no tenant after the @", "write client_id@tenant_id"));
        }
        return Ok(Some(ParsedCredential {
            client_id: Some(client.to_owned()),
            tenant: Some(tenant.to_owned()),
            ..Default::default()
        }));
    }
    let first = text.split(';').next().unwrap_or_default();
    if text.contains(';') && first.contains('=') && !first.contains("://") || known_key(first) {
        return connection_string(text).map(Some);
    }
    Ok(None)
}

fn known_key(part: &str) -> bool {
    part.split_once('=')
        .is_some_and(|(key, _)| matches!(plain(key).as_str(), "authtype" | "url" | "serviceuri" | "server"))
}

fn plain(key: &str) -> String {
    key.chars().filter(|c| !c.is_whitespace() && *c != '_').collect::<String>().to_ascii_lowercase()
}

fn connection_string(text: &str) -> Result<ParsedCredential, SynclineError> {
    let mut found = ParsedCredential::default();
    for (key, value) in split(text) {
        if value.is_empty() {
            continue;
        }
        match plain(&key).as_str() {
            "authtype" | "authenticationtype" => {
                found.auth = Some(match value.to_ascii_lowercase().as_str() {
                    "clientsecret" => AuthMethod::ClientCredentials,
                    "oauth" => AuthMethod::AuthorizationCode,
                    _ => {
                        return Err(wrong(
                            &format!("AuthType {value:?} in the connection string is not supported"),
                            "use AuthType=OAuth or AuthType=ClientSecret",
                        ));
                    }
                });
            }
            "url" | "serviceuri" | "server" => {
                let understood = understand_address(&value)?;
                found.url = Some(understood.origin);
                found.api_version = understood.api_version;
            }
            "clientid" | "appid" | "applicationid" => found.client_id = Some(value),
            "clientsecret" | "secret" => found.secret = Some(Secret::new(value)),
            "tenantid" | "tenant" => found.tenant = Some(value),
            "username" | "userid" => found.login_hint = Some(value),
            // Password, RedirectUri, LoginPrompt and the like have no use here.
            _ => {}
        }
    }
    if found.url.is_none() {
        return Err(wrong("the connection string has no Url", "add Url=https://contoso.crm4.dynamics.com"));
    }
    if found.auth.is_none() && found.secret.is_some() {
        found.auth = Some(AuthMethod::ClientCredentials);
    }
    Ok(found)
}

/// Pairs of a connection string; a value in quotes may hold semicolons, a doubled quote inside stands for one.
fn split(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        let key: String = std::iter::from_fn(|| chars.next_if(|c| *c != '=' && *c != ';')).collect();
        match chars.next() {
            None => return found,
            Some(';') => continue,
            Some(_) => {}
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut value = String::new();
        if let Some(quote) = chars.next_if(|c| matches!(c, '"' | '\'')) {
            while let Some(c) = chars.next() {
                if c == quote && chars.next_if_eq(&quote).is_none() {
                    break;
                }
                value.push(c);
            }
            while chars.next_if(|c| *c != ';').is_some() {}
        } else {
            value =
                std::iter::from_fn(|| chars.next_if(|c| *c != ';')).collect::<String>().trim_end().to_owned();
        }
        found.push((key.trim().to_owned(), value));
    }
}

fn json(text: &str) -> Result<ParsedCredential, SynclineError> {
    let hint =
        "the JSON needs resource, apiVersion and access_token, or url, clientId, tenantId and clientSecret";
    let Ok(Value::Object(map)) = serde_json::from_str::<Value>(text) else {
        return Err(wrong("the JSON credential can't be read", hint));
    };
    // Some tools wrap the members in `configuration`.
    let map = map.get("configuration").and_then(Value::as_object).unwrap_or(&map);
    let get = |names: &[&str]| {
        map.iter()
            .find(|(key, _)| names.contains(&plain(key).as_str()))
            .and_then(|(_, value)| value.as_str())
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    };
    let mut found = ParsedCredential::default();
    if let Some(address) = get(&["resource", "url", "baseurl", "instanceurl", "environment"]) {
        let understood = understand_address(&address)?;
        found.url = Some(understood.origin);
        found.api_version = understood.api_version;
    }
    if let Some(version) = get(&["apiversion"]) {
        let version = version.trim_start_matches(['v', 'V']);
        found.api_version = Some(format!("v{version}"));
    }
    found.client_id = get(&["clientid", "appid", "applicationid"]);
    found.tenant = get(&["tenantid", "tenant"]);
    if let Some(token) = get(&["accesstoken", "token"]) {
        found.auth = Some(AuthMethod::AccessToken);
        found.secret = Some(Secret::new(token));
    } else if let Some(secret) = get(&["clientsecret", "secret"]) {
        found.auth = Some(AuthMethod::ClientCredentials);
        found.secret = Some(Secret::new(secret));
    }
    if found.url.is_none() && found.secret.is_none() && found.client_id.is_none() {
        return Err(wrong("the JSON holds no credential that is known", hint));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "11111111-2222-3333-4444-555555555555";

    #[test]
    fn one_text_forms() {
        let found = parse_credential(&format!("{ID}@contoso.onmicrosoft.com")).unwrap().unwrap();
        assert_eq!(
            (found.client_id.as_deref(), found.tenant.as_deref()),
            (Some(ID), Some("contoso.onmicrosoft.com"))
        );
        let text = format!(
            "AuthType=ClientSecret;Url=https://contoso.crm4.dynamics.com/; ClientId={ID};ClientSecret='a;b''c~.=';TenantId=t"
        );
        let found = parse_credential(&text).unwrap().unwrap();
        assert_eq!(found.auth, Some(AuthMethod::ClientCredentials));
        assert_eq!(found.url.as_deref(), Some("https://contoso.crm4.dynamics.com"));
        assert_eq!(found.secret.as_ref().unwrap().expose(), "a;b'c~.=");
        assert!(!format!("{found:?}").contains("a;b"));
        let found = parse_credential(
            r#"{"resource":"https://contoso.crm4.dynamics.com","apiVersion":"9.2","access_token":"eyJ"}"#,
        )
        .unwrap()
        .unwrap();
        assert_eq!(found.auth, Some(AuthMethod::AccessToken));
        assert_eq!(found.api_version.as_deref(), Some("v9.2"));
        assert!(parse_credential("https://contoso.crm4.dynamics.com/main.aspx?a=1").unwrap().is_none());
        assert!(parse_credential("AuthType=AD;Url=https://a.crm.dynamics.com").is_err());
        assert!(parse_credential("{}").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,120}") {
            let _ = parse_credential(&text);
            let _ = parse_credential(&format!("AuthType=OAuth;{text}"));
            let _ = parse_credential(&format!("{{{text}}}"));
        }

        #[test]
        fn any_quoted_secret_survives(secret in "[ -~]{1,40}") {
            let text = format!("Url=https://a.crm.dynamics.com;ClientSecret=\"{}\"", secret.replace('"', "\"\""));
            let found = parse_credential(&text).unwrap().unwrap();
            let kept = found.secret.unwrap();
            prop_assert_eq!(kept.expose(), secret.as_str());
        }
    }
}
