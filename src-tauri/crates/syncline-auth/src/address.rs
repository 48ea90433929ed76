//! Forgiving addresses: whatever a person copies out of a browser becomes the environment's origin.

use syncline_http::is_loopback;
use syncline_model::{ErrorCode, SynclineError};
use url::Url;

use crate::cloud::{Cloud, region_words};

/// How an address was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderstoodAddress {
    /// Scheme, host and port; no trailing slash.
    pub origin: String,
    /// A name for the connection.
    pub name: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// Region label such as `crm4`, where the host has one.
    pub region: Option<String>,
    /// Version found in the path, such as `v9.2`.
    pub api_version: Option<String>,
    /// What was changed or left out, a sentence each.
    pub notes: Vec<String>,
}

impl UnderstoodAddress {
    /// How it was understood, as a sentence.
    pub fn sentence(&self) -> String {
        let place = self.region.as_deref().filter(|_| self.cloud == Cloud::Public).and_then(region_words);
        let mut text = format!("{} in the {}", self.origin, self.cloud.words());
        if self.cloud == Cloud::Loopback {
            text = format!("{} on this machine", self.origin);
        } else if let Some(place) = place {
            text.push_str(&format!(", {place}"));
        }
        for note in &self.notes {
            text.push_str("; ");
            text.push_str(note);
        }
        text.push('.');
        text
    }
}

fn unclear(text: &str, why: &str) -> SynclineError {
    let shown: String = text.chars().take(80).collect();
    SynclineError::new(ErrorCode::Usage, format!("the address {shown:?} {why}"))
        .hint("enter the environment's address, such as https://contoso.crm4.dynamics.com")
}

/// Reads an address in any of the forms people copy: with or without scheme, `.api.` host, page or API path, port, slashes, quotes.
pub fn understand_address(text: &str) -> Result<UnderstoodAddress, SynclineError> {
    let trimmed = text.trim().trim_matches(['"', '\'', '<', '>', '`']).trim();
    if trimmed.is_empty() {
        return Err(unclear(text, "is empty"));
    }
    let url = parse(trimmed).ok_or_else(|| unclear(trimmed, "can't be read"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SynclineError::new(ErrorCode::Usage, "the address holds a user name or password")
            .hint("enter the address alone; secrets have fields of their own"));
    }
    let mut notes = Vec::new();
    let local = is_loopback(&url);
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return Err(unclear(trimmed, "has no host"));
    };
    let scheme = match url.scheme() {
        "https" => "https",
        "http" if local => "http",
        "http" => {
            return Err(unclear(trimmed, "is not secure: http is taken for this machine only")
                .hint("begin the address with https://"));
        }
        _ => return Err(unclear(trimmed, "is not a web address")),
    };
    let mut host = host.trim_end_matches('.').to_owned();
    let letters = |host: &str| {
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    };
    if !local && (!host.contains('.') || host.split('.').any(str::is_empty) || !letters(&host)) {
        return Err(unclear(trimmed, "has no domain"));
    }
    let cloud = if local { Cloud::Loopback } else { Cloud::of_host(&host) };
    if cloud != Cloud::Unknown && !local {
        let labels: Vec<&str> = host.split('.').collect();
        if labels.len() > 3 && labels[1] == "api" {
            host = labels
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != 1)
                .map(|(_, label)| *label)
                .collect::<Vec<_>>()
                .join(".");
            notes.push("\".api.\" in the host was left out".to_owned());
        }
    }
    let labels: Vec<&str> = host.split('.').collect();
    let region = labels.get(1).filter(|label| is_region(label)).map(|label| (*label).to_owned());
    if labels.first().is_some_and(|label| *label == "globaldisco") {
        return Err(unclear(trimmed, "is the discovery service, not an environment"));
    }
    if matches!(
        host.as_str(),
        "make.powerapps.com"
            | "admin.powerplatform.microsoft.com"
            | "home.dynamics.com"
            | "login.microsoftonline.com"
    ) {
        return Err(unclear(trimmed, "is a portal, not an environment").hint(
            "open the app of the environment and copy the address from there; it ends in dynamics.com",
        ));
    }
    let path = url.path().trim_matches('/');
    let api_version = version_in(path);
    if !path.is_empty() || url.query().is_some() || url.fragment().is_some() {
        notes.push(match &api_version {
            Some(version) => format!("the path was left out, API version {version} taken from it"),
            None => "the path was left out".to_owned(),
        });
    }
    if cloud == Cloud::Unknown {
        notes.push("the host belongs to no known Dynamics domain".to_owned());
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let name = if local || cloud == Cloud::Unknown {
        host.trim_matches(['[', ']']).replace(':', "-").trim_matches('-').to_owned()
    } else {
        labels.first().copied().unwrap_or_default().to_owned()
    };
    let name = if name.is_empty() { "local".to_owned() } else { name };
    Ok(UnderstoodAddress {
        origin: format!("{scheme}://{host}{port}"),
        name,
        cloud,
        region,
        api_version,
        notes,
    })
}

/// Parses with a scheme in front where there is none: http for this machine, https for all others.
fn parse(text: &str) -> Option<Url> {
    if text.contains("://") {
        return Url::parse(text).ok();
    }
    let text = text.trim_start_matches('/');
    let url = Url::parse(&format!("https://{text}")).ok()?;
    if is_loopback(&url) { Url::parse(&format!("http://{text}")).ok() } else { Some(url) }
}

fn is_region(label: &str) -> bool {
    label.strip_prefix("crm").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn version_in(path: &str) -> Option<String> {
    let mut parts = path.split('/').skip_while(|part| !part.eq_ignore_ascii_case("api"));
    parts.next()?;
    let rest = parts.find(|part| {
        part.strip_prefix(['v', 'V']).is_some_and(|number| {
            number.split_once('.').is_some_and(|(a, b)| {
                !a.is_empty() && !b.is_empty() && (a.to_owned() + b).bytes().all(|byte| byte.is_ascii_digit())
            })
        })
    })?;
    Some(rest.to_ascii_lowercase())
}

/// Scopes for a person (`delegated`) or for an application, from the environment's address.
pub fn default_scopes(origin: &str, delegated: bool) -> Vec<String> {
    let resource = origin.trim_end_matches('/');
    if !delegated {
        return vec![format!("{resource}/.default")];
    }
    let own = if resource.contains(".operations.") { ".default" } else { "user_impersonation" };
    vec![format!("{resource}/{own}"), "offline_access".into(), "openid".into(), "profile".into()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_people_copy() {
        for text in [
            "contoso.crm4.dynamics.com",
            " https://contoso.crm4.dynamics.com/ ",
            "https://contoso.api.crm4.dynamics.com/api/data/v9.2/",
            "HTTPS://Contoso.CRM4.dynamics.com/main.aspx?appid=1&pagetype=entitylist#x",
            "\"https://contoso.crm4.dynamics.com:443//\"",
            "//contoso.crm4.dynamics.com",
        ] {
            let understood = understand_address(text).unwrap();
            assert_eq!(understood.origin, "https://contoso.crm4.dynamics.com", "{text}");
            assert_eq!((understood.name.as_str(), understood.cloud), ("contoso", Cloud::Public));
            assert_eq!(understood.region.as_deref(), Some("crm4"));
        }
        let api = understand_address("contoso.api.crm.dynamics.com/api/data/V9.1").unwrap();
        assert_eq!(api.api_version.as_deref(), Some("v9.1"));
        assert!(api.sentence().contains("North America"), "{}", api.sentence());
    }

    #[test]
    fn clouds_and_loopback() {
        assert_eq!(understand_address("a.crm.microsoftdynamics.us").unwrap().cloud, Cloud::UsGovHigh);
        assert_eq!(
            understand_address("a.crm.dynamics.cn").unwrap().cloud.authority(),
            "https://login.partner.microsoftonline.cn"
        );
        assert_eq!(understand_address("a.crm.appsplatform.us").unwrap().cloud, Cloud::UsDod);
        assert_eq!(understand_address("evildynamics.com").unwrap().cloud, Cloud::Unknown);
        assert_eq!(understand_address("127.0.0.1:8080/x").unwrap().origin, "http://127.0.0.1:8080");
        assert_eq!(understand_address("http://[::1]:1/").unwrap().origin, "http://[::1]:1");
        assert_eq!(understand_address("localhost:9").unwrap().origin, "http://localhost:9");
    }

    #[test]
    fn refused_with_a_remedy() {
        for text in [
            "",
            "  ",
            "contoso",
            ".",
            "contoso.",
            "a..crm.dynamics.com",
            "http://contoso.crm4.dynamics.com",
            "ftp://a.b",
            "https://u:p@a.crm.dynamics.com",
            "https://make.powerapps.com/environments",
            "https://globaldisco.crm.dynamics.com",
            "https://",
        ] {
            let error = understand_address(text).unwrap_err();
            assert_eq!(error.code, ErrorCode::Usage, "{text}");
            assert!(error.hint.is_some() && !error.message.contains("u:p"));
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_is_stable(text in ".{0,80}") {
            if let Ok(first) = understand_address(&text) {
                let again = understand_address(&first.origin).unwrap();
                prop_assert_eq!(again.origin, first.origin);
            }
        }
    }
}
