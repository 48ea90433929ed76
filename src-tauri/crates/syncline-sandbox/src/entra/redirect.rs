//! Redirect URIs ("Redirect URI (reply URL) restrictions and limitations", "It must exactly match one of the redirect URIs you registered"):
//! the port of a loopback URI is ignored, the rest is compared as it is written, so that a slash alone is a path; `localhost` and
//! `127.0.0.1` are different, `[::1]` is not supported.

use url::Url;

/// True when the asked URI fits a registered one.
pub(crate) fn fits(registered: &[String], asked: &str) -> bool {
    let Ok(asked_url) = Url::parse(asked) else { return false };
    registered.iter().any(|uri| {
        let Ok(registered_url) = Url::parse(uri) else { return false };
        let loopback = matches!(registered_url.host_str(), Some("localhost" | "127.0.0.1"));
        if !loopback {
            return uri == asked;
        }
        registered_url.scheme() == asked_url.scheme()
            && registered_url.host_str() == asked_url.host_str()
            && behind_authority(uri) == behind_authority(asked)
    })
}

/// Path, query and fragment as they are written.
fn behind_authority(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.find(['/', '?', '#']).map_or("", |at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn loopback_rules() {
        let registered = vec!["http://localhost".to_owned(), "https://app.example/cb".to_owned()];
        assert!(fits(&registered, "http://localhost:53127"));
        assert!(fits(&registered, "http://localhost"));
        assert!(!fits(&registered, "http://localhost:53127/"), "a slash is a path");
        assert!(!fits(&registered, "http://localhost:53127/callback"), "the path is compared");
        assert!(!fits(&registered, "http://127.0.0.1:53127"), "another host");
        assert!(!fits(&registered, "http://[::1]:53127"), "not supported");
        assert!(!fits(&registered, "https://app.example:444/cb"), "the port counts elsewhere");
        assert!(fits(&registered, "https://app.example/cb"));
        assert!(!fits(&registered, "http://localhost:53127?x=1"), "the query is compared");
        assert!(!fits(&registered, "no uri"));
    }
}
