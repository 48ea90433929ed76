//! What a person can set about the network, and which addresses are allowed.

use std::time::Duration;
use syncline_model::{ErrorCode, Secret, SynclineError};
use url::{Host, Url};

/// Network settings of the whole application.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Which proxy.
    pub proxy: ProxySetting,
    /// A further trusted root certificate, or several, as PEM text. The system's own are trusted too.
    pub extra_roots_pem: Option<String>,
    /// Longest time until a connection stands.
    pub connect_timeout: Duration,
    /// Longest time until the last byte of an answer, unless a request says otherwise. A person may set up to 300 s.
    pub request_timeout: Duration,
    /// Largest answer, after decompression.
    pub max_body_bytes: usize,
    /// `User-Agent`.
    pub user_agent: String,
}

/// Which proxy.
#[derive(Debug, Clone, Default)]
pub enum ProxySetting {
    /// As the system or the environment (`HTTPS_PROXY`, `NO_PROXY`) says.
    #[default]
    System,
    /// None.
    Direct,
    /// This one (`http`, `https`, `socks5`, `socks5h`), with its sign-in where it needs one.
    Url {
        /// Its address, without user and password.
        url: String,
        /// User and password.
        credentials: Option<(String, Secret)>,
    },
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            proxy: ProxySetting::System,
            extra_roots_pem: None,
            connect_timeout: Duration::from_secs(20),
            request_timeout: Duration::from_secs(60),
            max_body_bytes: 512 * 1024 * 1024,
            user_agent: concat!("Syncline/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// True for `localhost` and loopback addresses.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `https`, or `http` to loopback; anything else is refused before a byte leaves.
pub fn require_secure(url: &Url) -> Result<(), SynclineError> {
    match url.scheme() {
        "https" if url.host().is_some() => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err(SynclineError::new(
            ErrorCode::Usage,
            format!("not a secure address: {}://{}", url.scheme(), url.host_str().unwrap_or_default()),
        )
        .hint("use an address that begins with https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_leaves_the_machine() {
        for good in [
            "https://contoso.crm4.dynamics.com/",
            "http://127.0.0.1:9000/x",
            "http://localhost:1",
            "http://[::1]/",
        ] {
            assert!(require_secure(&Url::parse(good).unwrap()).is_ok(), "{good}");
        }
        for bad in [
            "http://contoso.crm4.dynamics.com/",
            "ftp://localhost/",
            "file:///etc/passwd",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
        ] {
            assert!(require_secure(&Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }
}
