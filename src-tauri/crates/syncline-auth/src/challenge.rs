//! What an environment says to a request without a token: `WWW-Authenticate: Bearer authorization_uri=…, resource_id=…`.
//! From it the tenant is learnt before any sign-in, and a claims challenge after one.

use base64::Engine;
use url::Url;

/// A bearer challenge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BearerChallenge {
    /// Root of the sign-in service, from `authorization_uri`.
    pub authority: Option<String>,
    /// Tenant id, or `common`.
    pub tenant: Option<String>,
    /// `resource_id` without trailing slash.
    pub resource: Option<String>,
    /// `error`, such as `insufficient_claims`.
    pub error: Option<String>,
    /// The claims to ask for in a new sign-in, decoded JSON.
    pub claims: Option<String>,
}

impl BearerChallenge {
    /// The tenant, where it names one and not `common` or the like.
    pub fn concrete_tenant(&self) -> Option<&str> {
        self.tenant.as_deref().filter(|tenant| crate::config::is_concrete_tenant(tenant))
    }
}

/// Reads the header's text; `None` where it is no bearer challenge.
pub fn parse_challenge(header: &str) -> Option<BearerChallenge> {
    let rest = header.trim_start();
    let (scheme, rest) = rest.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case("bearer") || rest.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let mut challenge = BearerChallenge::default();
    for (name, value) in pairs(rest) {
        match name.to_ascii_lowercase().as_str() {
            "authorization_uri" | "authorization" => {
                if let Some(url) = Url::parse(&value).ok().filter(|url| url.host_str().is_some()) {
                    let tenant = url
                        .path_segments()
                        .and_then(|mut parts| parts.next())
                        .filter(|part| !part.is_empty());
                    challenge.tenant = tenant.map(str::to_owned);
                    challenge.authority = Some(url.origin().ascii_serialization());
                }
            }
            "resource_id" => challenge.resource = Some(value.trim_end_matches('/').to_owned()),
            "error" => challenge.error = Some(value),
            "claims" => challenge.claims = decode_claims(&value),
            _ => {}
        }
    }
    Some(challenge)
}

fn decode_claims(text: &str) -> Option<String> {
    if text.trim_start().starts_with('{') {
        return Some(text.to_owned());
    }
    let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(plain).ok()?;
    String::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with('{'))
}

/// `name=value` pairs between commas or blanks, values quoted or bare.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(equals) = rest.find('=') {
        let name = rest[..equals].trim_matches(|c: char| c == ',' || c.is_whitespace()).to_owned();
        rest = rest[equals + 1..].trim_start();
        let value = if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            rest = quoted.get(end + 1..).unwrap_or("");
            quoted[..end].to_owned()
        } else {
            let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
            let value = rest[..end].to_owned();
            rest = &rest[end..];
            value
        };
        found.push((name, value));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_tenant_of_an_environment() {
        let challenge = parse_challenge("Bearer authorization_uri=https://login.microsoftonline.com/72f988bf-0000-0000-0000-000000000000/oauth2/authorize, resource_id=https://contoso.crm4.dynamics.com/").unwrap();
        assert_eq!(challenge.authority.as_deref(), Some("https://login.microsoftonline.com"));
        assert_eq!(challenge.concrete_tenant(), Some("72f988bf-0000-0000-0000-000000000000"));
        assert_eq!(challenge.resource.as_deref(), Some("https://contoso.crm4.dynamics.com"));
    }

    #[test]
    fn a_claims_challenge() {
        let challenge =
            parse_challenge(r#"Bearer error="insufficient_claims", claims="eyJhIjoxfQ==""#).unwrap();
        assert_eq!(challenge.error.as_deref(), Some("insufficient_claims"));
        assert_eq!(challenge.claims.as_deref(), Some(r#"{"a":1}"#));
        assert!(parse_challenge("Basic realm=x").is_none());
        assert!(parse_challenge("Bearerx a=b").is_none());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,120}") {
            parse_challenge(&text);
            parse_challenge(&format!("Bearer {text}"));
        }
    }
}
