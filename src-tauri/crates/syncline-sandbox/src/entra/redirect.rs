//! Redirect URIs ("Redirect URI (reply URL) restrictions and limitations"): the port of a loopback URI is ignored, its path is compared,
//! `localhost` and `127.0.0.1` are different, `[::1]` is not supported.

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
            && registered_url.path() == asked_url.path()
            && registered_url.query() == asked_url.query()
            && asked_url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn loopback_rules() {
        let registered = vec!["http://localhost".to_owned(), "https://app.example/cb".to_owned()];
        assert!(fits(&registered, "http://localhost:53127/"));
        assert!(fits(&registered, "http://localhost"));
        assert!(!fits(&registered, "http://localhost:53127/callback"), "the path is compared");
        assert!(!fits(&registered, "http://127.0.0.1:53127/"), "another host");
        assert!(!fits(&registered, "http://[::1]:53127/"), "not supported");
        assert!(!fits(&registered, "https://app.example:444/cb"), "the port counts elsewhere");
        assert!(fits(&registered, "https://app.example/cb"));
        assert!(!fits(&registered, "http://localhost:53127/?x=1"), "the query is compared");
        assert!(!fits(&registered, "no uri"));
    }
}
