//! The address of a PostgreSQL database, without its password, and whether it may be talked to in plain text.
//!
//! The form is libpq's (PostgreSQL, Connection URIs): `postgres://user@host:5432/database?sslmode=…`, for a socket
//! `postgres://user@/database?host=/run/postgresql`. Three things are stricter here: a password is refused, because an address is shown and
//! stored; plain text goes to this machine only; and whoever encrypts also checks the certificate and its name, whatever `sslmode` says.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use syncline_model::{ErrorCode, SynclineError};

/// Encryption on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// None: a socket, or an address of this machine.
    Disable,
    /// TLS, the server's certificate and name checked.
    VerifyFull,
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp(String),
    /// Folder of the socket.
    Socket(PathBuf),
}

/// A database, and as whom one asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    pub(crate) user: String,
    pub(crate) place: Place,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) ssl: SslMode,
    /// A file of certificates that are trusted in place of the operating system's.
    pub(crate) root: Option<PathBuf>,
}

fn wrong(message: impl Into<String>) -> SynclineError {
    SynclineError::new(ErrorCode::Usage, message)
        .hint("write it as postgres://user@host:5432/database; the password comes by --secret-stdin")
}

/// What stands for itself neither in a user nor in a query.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'/')
    .add(b':')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b']');

fn decoded(text: &str) -> Result<String, SynclineError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| wrong("the address is not UTF-8"))?;
    if text.contains('\0') { Err(wrong("the address holds a NUL character")) } else { Ok(text.into_owned()) }
}

impl PostgresAddress {
    /// Reads an address. `options`: those of the connection; `sslmode`, `sslrootcert` and `host` (folder of a socket) are read where
    /// the address does not say them. No error repeats the address: it might hold a password.
    pub fn parse(text: &str, options: &BTreeMap<String, String>) -> Result<Self, SynclineError> {
        let text = text.trim();
        let rest = ["postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| {
                text.get(..scheme.len())
                    .filter(|start| start.eq_ignore_ascii_case(scheme))
                    .map(|_| &text[scheme.len()..])
            })
            .ok_or_else(|| wrong("not an address of a PostgreSQL database"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            said.insert(decoded(name)?, decoded(value)?);
        }
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        if !password.is_empty() || said.contains_key("password") {
            return Err(SynclineError::new(
                ErrorCode::Usage,
                "the address holds a password; an address is stored and shown, a password is not",
            )
            .hint("leave it out of the address and give it by --secret-stdin, or at the prompt; it is kept in the keychain. Change it at the server if others could have read it"));
        }
        const KNOWN: [&str; 8] = [
            "host",
            "port",
            "user",
            "dbname",
            "sslmode",
            "sslrootcert",
            "application_name",
            "connect_timeout",
        ];
        if let Some(name) = said.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(wrong(format!("{name} is no setting of an address here")));
        }
        let option =
            |name: &str| said.get(name).or_else(|| options.get(name)).cloned().filter(|v| !v.is_empty());
        let (host, port) = host_and_port(host)?;
        let host = option("host").filter(|_| host.is_empty() || said.contains_key("host")).unwrap_or(host);
        let port = match (port, said.get("port")) {
            (Some(port), _) => port,
            (None, Some(text)) => text.parse().map_err(|_| wrong(format!("{text:?} is no port")))?,
            (None, None) => 5432,
        };
        let user = match decoded(user)? {
            user if user.is_empty() => said.get("user").cloned().unwrap_or_default(),
            user => user,
        };
        if user.is_empty() {
            return Err(wrong("the address names no user"));
        }
        let place = if host.starts_with('/') {
            Place::Socket(PathBuf::from(&host))
        } else if host.is_empty() {
            return Err(wrong(
                "the address names neither a host nor the folder of a socket (?host=/run/postgresql)",
            ));
        } else if host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':')) {
            Place::Tcp(host)
        } else {
            return Err(wrong("the address names no host"));
        };
        let database = match decoded(database)? {
            name if name.is_empty() => said.get("dbname").cloned().unwrap_or_else(|| user.clone()),
            name => name,
        };
        let ssl = ssl(option("sslmode").as_deref(), &place)?;
        Ok(Self { user, place, port, database, ssl, root: option("sslrootcert").map(PathBuf::from) })
    }

    /// Encryption on the way.
    pub fn ssl(&self) -> SslMode {
        self.ssl
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The address as it is kept: without settings that the connection's options hold.
    pub fn url(&self) -> String {
        let escaped = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
        let (user, database) = (escaped(&self.user), escaped(&self.database));
        match &self.place {
            Place::Tcp(host) if host.contains(':') => {
                format!("postgres://{user}@[{host}]:{}/{database}", self.port)
            }
            Place::Tcp(host) => format!("postgres://{user}@{host}:{}/{database}", self.port),
            Place::Socket(folder) => {
                let folder =
                    folder.display().to_string().replace('%', "%25").replace('&', "%26").replace('#', "%23");
                format!("postgres://{user}@/{database}?host={folder}&port={}", self.port)
            }
        }
    }

    /// The settings of the address that a connection keeps among its options.
    pub fn options(&self) -> BTreeMap<String, String> {
        let mut options = BTreeMap::new();
        if let (SslMode::VerifyFull, true) = (self.ssl, self.is_local()) {
            options.insert("sslmode".to_owned(), "verify-full".to_owned());
        }
        if let Some(root) = &self.root {
            options.insert("sslrootcert".to_owned(), root.display().to_string());
        }
        options
    }

    fn is_local(&self) -> bool {
        is_local(&self.place)
    }
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), SynclineError> {
    let port = |text: &str| match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| wrong(format!("{text:?} is no port"))),
    };
    if text.contains(',') {
        return Err(wrong("the address names several hosts; name one"));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) =
            rest.split_once(']').ok_or_else(|| wrong("an IPv6 address stands in [brackets]"))?;
        host.parse::<IpAddr>().map_err(|_| wrong("what stands in [brackets] is no IPv6 address"))?;
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        return Ok((host.to_owned(), port(rest)?));
    }
    let (host, rest) = text.split_once(':').unwrap_or((text, ""));
    Ok((decoded(host)?, port(rest)?))
}

fn is_local(place: &Place) -> bool {
    match place {
        Place::Socket(_) => true,
        Place::Tcp(host) if host.eq_ignore_ascii_case("localhost") => true,
        Place::Tcp(host) => host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    }
}

fn ssl(mode: Option<&str>, place: &Place) -> Result<SslMode, SynclineError> {
    let local = is_local(place);
    match mode {
        None if local => Ok(SslMode::Disable),
        None | Some("require" | "verify-ca" | "verify-full") => Ok(SslMode::VerifyFull),
        Some("disable" | "allow" | "prefer") if local => Ok(SslMode::Disable),
        Some(mode @ ("disable" | "allow" | "prefer")) => Err(SynclineError::new(
            ErrorCode::Usage,
            format!("sslmode={mode} would send client data in plain text over the network"),
        )
        .hint("leave sslmode out: TLS is used and the certificate checked. A server with a certificate of its own authority: --option sslrootcert=FILE. Without TLS only sockets and addresses of this machine are taken, such as the end of an SSH tunnel")),
        Some(mode) => Err(wrong(format!("{mode:?} is no sslmode; verify-full or, on this machine, disable"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<PostgresAddress, SynclineError> {
        PostgresAddress::parse(text, &BTreeMap::new())
    }

    #[test]
    fn addresses() {
        let remote = parse("postgres://app%40x@db.contoso.com/crm").unwrap();
        assert_eq!(remote.url(), "postgres://app%40x@db.contoso.com:5432/crm");
        assert_eq!(remote.ssl(), SslMode::VerifyFull);
        let local = parse("postgresql://app@localhost:6543").unwrap();
        assert_eq!(
            (local.url().as_str(), local.ssl()),
            ("postgres://app@localhost:6543/app", SslMode::Disable)
        );
        let six = parse("postgres://app@[::1]:1/db?sslmode=require").unwrap();
        assert_eq!((six.url().as_str(), six.ssl()), ("postgres://app@[::1]:1/db", SslMode::VerifyFull));
        let socket = parse("postgres://app@/crm?host=/run/pg&port=5433").unwrap();
        assert_eq!(socket.url(), "postgres://app@/crm?host=/run/pg&port=5433");
        assert_eq!(parse(&socket.url()).unwrap(), socket);
        let options = BTreeMap::from([("host".to_owned(), "/run/pg".to_owned())]);
        assert!(matches!(
            PostgresAddress::parse("postgres://app@/crm", &options).unwrap().place,
            Place::Socket(_)
        ));
    }

    #[test]
    fn what_is_refused_and_why() {
        for (text, words) in [
            ("postgres://app:geheim@localhost/db", "password"),
            ("postgres://app@localhost/db?password=geheim", "password"),
            ("postgres://localhost/db", "no user"),
            ("postgres://app@/db", "neither a host"),
            ("postgres://app@db.contoso.com/db?sslmode=disable", "plain text"),
            ("postgres://app@db.contoso.com/db?sslmode=prefer", "plain text"),
            ("postgres://app@db.contoso.com/db?sslmode=maybe", "sslmode"),
            ("postgres://app@localhost/db?gssencmode=x", "gssencmode"),
            ("postgres://app@localhost:port/db", "port"),
            ("https://localhost/db", "not an address"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(words), "{text}: {error}");
            assert!(!format!("{error:?}").contains("geheim"), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_an_error(text in ".{0,60}") {
            if let Ok(address) = parse(&format!("postgres://{text}")) {
                let again = parse(&address.url()).unwrap();
                prop_assert_eq!((again.user, again.database, again.port), (address.user, address.database, address.port));
            }
            let _ = parse(&text);
        }
    }
}
