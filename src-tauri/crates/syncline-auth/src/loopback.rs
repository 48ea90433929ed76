//! The listener that the browser comes back to: `http://localhost:{port}`, on 127.0.0.1 and ::1 alike, because browsers differ in
//! which they try first. It answers one sign-in and ignores whatever else arrives.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use syncline_model::{ErrorCode, SynclineError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::page;

const LONGEST_REQUEST: usize = 32 * 1024;
const READ_TIME: Duration = Duration::from_secs(10);
/// Requests at once; browsers open two or three connections ahead.
const MOST_AT_ONCE: usize = 32;

/// The bound listener.
pub(crate) struct Loopback {
    v4: TcpListener,
    v6: Option<TcpListener>,
    pub(crate) port: u16,
}

/// A request to the redirect path, not yet answered.
pub(crate) struct Callback {
    pub(crate) query: String,
    stream: TcpStream,
}

impl Callback {
    /// Answers with a page and closes.
    pub(crate) async fn answer(mut self, status: &str, html: &str) {
        respond(&mut self.stream, status, html).await;
    }
}

impl Loopback {
    /// Binds an ephemeral port on both loopback addresses.
    pub(crate) async fn bind() -> Result<Self, SynclineError> {
        let failed = |error: std::io::Error| {
            SynclineError::new(ErrorCode::Internal, "no port on this machine for the browser to come back to")
                .hint("use the device code instead")
                .detail(error.to_string())
        };
        let mut last = None;
        for _ in 0..20 {
            let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
            let port = v4.local_addr().map_err(failed)?.port();
            match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                Ok(v6) => return Ok(Self { v4, v6: Some(v6), port }),
                // Taken on the other side: another port.
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => last = Some(error),
                // No IPv6 on this machine.
                Err(_) => return Ok(Self { v4, v6: None, port }),
            }
        }
        Err(failed(last.unwrap_or_else(|| std::io::Error::other("no port"))))
    }

    /// Serves until dropped; requests to `path` go to `found`.
    pub(crate) async fn serve(self, path: String, found: mpsc::Sender<Callback>) {
        let mut tasks = JoinSet::new();
        loop {
            let accepted = match &self.v6 {
                Some(v6) => tokio::select! { a = self.v4.accept() => a, a = v6.accept() => a },
                None => self.v4.accept().await,
            };
            match accepted {
                Ok((stream, _)) => {
                    while tasks.len() >= MOST_AT_ONCE {
                        tasks.join_next().await;
                    }
                    tasks.spawn(handle(stream, self.port, path.clone(), found.clone()));
                }
                // Out of file handles and the like: not at full speed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
            while tasks.try_join_next().is_some() {}
        }
    }
}

async fn handle(mut stream: TcpStream, port: u16, path: String, found: mpsc::Sender<Callback>) {
    let mut bytes = Vec::new();
    let read = async {
        let mut chunk = [0u8; 2048];
        while !bytes.windows(4).any(|four| four == b"\r\n\r\n") && bytes.len() < LONGEST_REQUEST {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return false,
                Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            }
        }
        true
    };
    if !matches!(tokio::time::timeout(READ_TIME, read).await, Ok(true)) {
        return;
    }
    match redirect_query(&bytes, port, &path) {
        Some(query) => {
            if let Err(refused) = found.send(Callback { query, stream }).await {
                let html = page::page(
                    true,
                    "This sign-in is over",
                    &["You can close this tab and go back to Syncline."],
                );
                refused.0.answer("200 OK", &html).await;
            }
        }
        None => {
            let html = page::page(false, "Nothing here", &["This address only ends a sign-in of Syncline."]);
            respond(&mut stream, "404 Not Found", &html).await;
        }
    }
}

/// The query of a GET to the redirect path with this listener's own Host; `None` for a favicon and all foreign requests.
pub(crate) fn redirect_query(request: &[u8], port: u16, path: &str) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    if method != "GET" || !version.starts_with("HTTP/1") {
        return None;
    }
    let host = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| value.trim())?;
    let own = ["localhost", "127.0.0.1", "[::1]"];
    if !own.iter().any(|name| host.eq_ignore_ascii_case(&format!("{name}:{port}"))) {
        return None;
    }
    let (found, query) = target.split_once('?')?;
    (found == path && ["code=", "error="].iter().any(|name| query.contains(name))).then(|| query.to_owned())
}

async fn respond(stream: &mut TcpStream, status: &str, html: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        html.len(),
        page::CSP
    );
    // A browser that has gone away already is no fault of the sign-in.
    let sent = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(html.as_bytes()).await?;
        stream.shutdown().await
    };
    drop(tokio::time::timeout(READ_TIME, sent).await);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_redirect_is_taken() {
        let ask = |line: &str, host: &str| {
            redirect_query(format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes(), 5, "/")
        };
        assert_eq!(ask("GET /?code=a&state=b", "localhost:5").as_deref(), Some("code=a&state=b"));
        assert!(ask("GET /favicon.ico", "localhost:5").is_none());
        assert!(ask("GET /?x=1", "localhost:5").is_none());
        assert!(ask("GET /?code=a", "evil.example:5").is_none());
        assert!(ask("POST /?code=a", "localhost:5").is_none());
        assert!(ask("GET /other?code=a", "localhost:5").is_none());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,80}") {
            redirect_query(&bytes, 5, "/");
            redirect_query(text.as_bytes(), 5, "/");
        }
    }
}
