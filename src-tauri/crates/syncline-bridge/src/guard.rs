//! Who may ask: a request from this machine's own page that carries the token.

use axum::http::{HeaderMap, header};

/// The token and the port that requests must speak of.
#[derive(Clone)]
pub(crate) struct Guard {
    token: String,
    port: u16,
}

impl Guard {
    pub(crate) fn new(token: String, port: u16) -> Self {
        Self { token, port }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A page of another origin, or a name that only resolves to loopback, is refused before anything is done.
    pub(crate) fn is_ours(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
        let host_fits = text(header::HOST).is_some_and(|host| self.names_us(host));
        let origin_fits =
            text(header::ORIGIN).is_none_or(|origin| origin.strip_prefix("http://").is_some_and(is_loopback));
        host_fits && origin_fits
    }

    fn names_us(&self, host: &str) -> bool {
        is_loopback(host) && host.rsplit_once(':').is_some_and(|(_, port)| port == self.port.to_string())
    }

    /// The bearer token, or the `token` of an event stream, which can't carry headers.
    pub(crate) fn knows(&self, headers: &HeaderMap, query_token: Option<&str>) -> bool {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        bearer.or(query_token) == Some(self.token.as_str())
    }
}

/// The development server of the UI has a port of its own, so any port of this machine will do for an origin.
fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn foreign_pages_and_hosts_are_refused() {
        let guard = Guard::new("t".into(), 4000);
        assert!(guard.is_ours(&headers(&[(header::HOST, "127.0.0.1:4000")])));
        assert!(guard.is_ours(&headers(&[
            (header::HOST, "localhost:4000"),
            (header::ORIGIN, "http://localhost:5173")
        ])));
        assert!(!guard.is_ours(&headers(&[
            (header::HOST, "127.0.0.1:4000"),
            (header::ORIGIN, "https://evil.example")
        ])));
        assert!(!guard.is_ours(&headers(&[(header::HOST, "rebound.example:4000")])));
        assert!(!guard.is_ours(&headers(&[(header::HOST, "127.0.0.1:4001")])));
        assert!(guard.knows(&headers(&[(header::AUTHORIZATION, "Bearer t")]), None));
        assert!(guard.knows(&headers(&[]), Some("t")));
        assert!(!guard.knows(&headers(&[(header::AUTHORIZATION, "Bearer x")]), Some("t")));
        assert!(!guard.knows(&headers(&[]), None));
    }
}
