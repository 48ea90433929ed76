//! Why no answer came, sorted into kinds before anybody decides on a retry, and each kind's remedy.

use syncline_model::{ErrorCode, SynclineError};

/// Kinds of transport fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The name has no address.
    Dns,
    /// Nobody listens there.
    Refused,
    /// No connection within the connect timeout.
    ConnectTimeout,
    /// No agreement on TLS: unknown certificate authority, wrong name, expired certificate.
    Tls,
    /// The proxy could not be reached or refused.
    Proxy,
    /// No connection for another reason, such as no network.
    Connect,
    /// Sent, but no whole answer within the request timeout.
    Timeout,
    /// The connection broke while the request was under way.
    Reset,
    /// The answer began and broke off.
    BodyBroken,
    /// The answer could not be decompressed or is no HTTP.
    Decode,
    /// The answer is larger than the client takes.
    TooLarge,
    /// The request could not be built.
    Request,
}

impl FaultKind {
    /// True when the service can't have seen the request.
    pub fn not_sent(self) -> bool {
        match self {
            Self::Dns
            | Self::Refused
            | Self::ConnectTimeout
            | Self::Tls
            | Self::Proxy
            | Self::Connect
            | Self::Request => true,
            Self::Timeout | Self::Reset | Self::BodyBroken | Self::Decode | Self::TooLarge => false,
        }
    }

    fn sentence(self, host: &str) -> String {
        match self {
            Self::Dns => format!("no address found for {host}"),
            Self::Refused => format!("{host} refused the connection"),
            Self::ConnectTimeout => format!("no connection to {host} in time"),
            Self::Tls => format!("no secure connection to {host}"),
            Self::Proxy => format!("the proxy did not lead to {host}"),
            Self::Connect => format!("no connection to {host}"),
            Self::Timeout => format!("no answer from {host} in time"),
            Self::Reset => format!("the connection to {host} broke"),
            Self::BodyBroken => format!("the answer of {host} broke off"),
            Self::Decode => format!("the answer of {host} can't be decoded"),
            Self::TooLarge => format!("the answer of {host} is too large"),
            Self::Request => format!("the request to {host} can't be built"),
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Dns => "check the address for typing mistakes, and that this machine is online",
            Self::Refused => "check address and port; a firewall or VPN may be in the way",
            Self::ConnectTimeout => "check the network, VPN and firewall; then try again",
            Self::Tls => {
                "the certificate is not trusted: behind a company proxy add its root certificate in the settings, and check this machine's date"
            }
            Self::Proxy => "check the proxy's address and sign-in in the settings",
            Self::Connect => "check that this machine is online; then try again",
            Self::Timeout => "try again, with a smaller page size or a longer request timeout",
            Self::Reset | Self::BodyBroken => "try again; if it stays so, try a smaller page size",
            Self::Decode => "a proxy in between may have changed the answer; try without it",
            Self::TooLarge => "use a smaller page size or fewer columns",
            Self::Request => "check the address and the header values",
        }
    }
}

/// A fault with the transport's own words. The words hold no address and no credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?}: {detail}")]
pub struct TransportFault {
    /// Its kind.
    pub kind: FaultKind,
    /// The transport's own words.
    pub detail: String,
}

impl TransportFault {
    /// A fault of a kind.
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// As the error everybody speaks. `place` is host and path, or the host alone for sensitive requests.
    pub fn to_error(&self, host: &str, place: &str, tries: u32) -> SynclineError {
        let code = match self.kind {
            FaultKind::Request => ErrorCode::Usage,
            FaultKind::Decode | FaultKind::TooLarge => ErrorCode::UnexpectedReply,
            FaultKind::Dns
            | FaultKind::Refused
            | FaultKind::ConnectTimeout
            | FaultKind::Tls
            | FaultKind::Proxy
            | FaultKind::Connect
            | FaultKind::Timeout
            | FaultKind::Reset
            | FaultKind::BodyBroken => ErrorCode::Unreachable,
        };
        let times = if tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
        SynclineError::new(code, self.kind.sentence(host))
            .hint(self.kind.remedy())
            .detail(format!("{place}: {} ({times})", self.detail))
    }
}
