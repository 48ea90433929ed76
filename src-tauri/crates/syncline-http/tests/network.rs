//! The real transport on loopback: answers that come, break off, are no HTTP, or do not come.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;
use syncline_http::{HttpClient, HttpConfig, RetryConfig};
use syncline_model::ErrorCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers each connection with these bytes and closes.
async fn serve(answer: &'static [u8], wait: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0u8; 4096];
                let _ = stream.read(&mut buffer).await;
                tokio::time::sleep(wait).await;
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("http://{address}/a/b?secret=s3cr3t")
}

fn client() -> HttpClient {
    let retry = RetryConfig { retries: 1, initial: Duration::from_millis(1), ..RetryConfig::default() };
    let config = HttpConfig { max_body_bytes: 1000, ..HttpConfig::default() };
    HttpClient::new(&config).unwrap().with_retry(retry).with_timeout(Duration::from_millis(300))
}

#[track_caller]
fn expect(error: syncline_model::SynclineError, code: ErrorCode, words: &str) {
    let all = format!("{error:?}");
    assert_eq!(error.code, code, "{all}");
    assert!(error.message.contains(words), "{all}");
    assert!(!all.contains("s3cr3t"), "{all}");
}

#[tokio::test]
async fn a_whole_answer() {
    let url = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhi", Duration::ZERO).await;
    let response = client().get(&url).send().await.unwrap();
    assert_eq!(&response.body[..], b"hi");
    assert_eq!(response.header("x-a"), Some("b"));
    assert!(response.place.ends_with("/a/b"));
}

#[tokio::test]
async fn answers_that_are_none() {
    let broken = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"value\":[", Duration::ZERO).await;
    expect(client().get(&broken).send().await.unwrap_err(), ErrorCode::Unreachable, "broke off");

    let chunked =
        serve(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", Duration::ZERO).await;
    expect(client().get(&chunked).send().await.unwrap_err(), ErrorCode::Unreachable, "broke off");

    let closed = serve(b"", Duration::ZERO).await;
    expect(client().get(&closed).send().await.unwrap_err(), ErrorCode::Unreachable, "broke");

    let no_http = serve(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Duration::ZERO).await;
    expect(client().get(&no_http).send().await.unwrap_err(), ErrorCode::UnexpectedReply, "decoded");

    let no_gzip = serve(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\nplain text!!",
        Duration::ZERO,
    )
    .await;
    expect(client().get(&no_gzip).send().await.unwrap_err(), ErrorCode::UnexpectedReply, "decoded");

    let large = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", Duration::ZERO).await;
    let error = client().get(&large).send().await.unwrap_err();
    assert!(matches!(error.code, ErrorCode::Unreachable | ErrorCode::UnexpectedReply), "{error:?}");

    let slow = serve(b"HTTP/1.1 200 OK\r\n\r\n", Duration::from_secs(30)).await;
    expect(client().get(&slow).send().await.unwrap_err(), ErrorCode::Unreachable, "in time");
}

#[tokio::test]
async fn addresses_that_lead_nowhere() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = client().post(format!("http://127.0.0.1:{port}/")).try_send().await.unwrap_err();
    assert!(!error.maybe_sent);
    expect(error.error, ErrorCode::Unreachable, "refused the connection");

    let tls = serve(b"HTTP/1.1 400 Bad Request\r\n\r\n", Duration::ZERO).await.replace("http:", "https:");
    expect(client().get(&tls).send().await.unwrap_err(), ErrorCode::Unreachable, "no secure connection");
}

#[tokio::test]
async fn a_bad_certificate_or_proxy_is_told_at_once() {
    let config = HttpConfig { extra_roots_pem: Some("nonsense".to_owned()), ..HttpConfig::default() };
    assert_eq!(HttpClient::new(&config).unwrap_err().code, ErrorCode::Usage);
    let proxy = syncline_http::ProxySetting::Url { url: "::".to_owned(), credentials: None };
    let config = HttpConfig { proxy, ..HttpConfig::default() };
    assert_eq!(HttpClient::new(&config).unwrap_err().code, ErrorCode::Usage);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_as_such() {
    let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let address = serve(answer, Duration::ZERO).await.replace("/a/b?secret=s3cr3t", "");
    let credentials = Some(("user".to_owned(), syncline_model::Secret::new("s3cr3t")));
    let proxy = syncline_http::ProxySetting::Url { url: address, credentials };
    let config = HttpConfig { proxy, ..HttpConfig::default() };
    let client = HttpClient::new(&config).unwrap().with_retry(RetryConfig::none());
    expect(
        client.get("https://contoso.example/x").send().await.unwrap_err(),
        ErrorCode::Unreachable,
        "proxy",
    );
    let here = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", Duration::ZERO).await;
    assert!(client.get(&here).send().await.is_ok(), "loopback needs no proxy");
}
