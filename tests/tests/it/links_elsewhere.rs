//! Links and redirects that lead away: what stays in the environment is followed, nothing else is, and no token ever arrives elsewhere.

use async_trait::async_trait;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use syncline_connect::{Destination, RowRequest, Source, WriteOptions};
use syncline_dataverse::{DataverseBuilder, DataverseSettings, RecordBody, RowKey, environments};
use syncline_http::{
    Bytes, Gate, HttpClient, HttpConfig, HttpService, ReqwestService, TransportFault, WireRequest,
    WireResponse,
};
use syncline_insider::{InsiderConnector, InsiderSettings};
use syncline_model::{ErrorCode, RecordId, Secret, SynclineError};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::dataverse::{Bench, bench, fault, none, read_all, select, tokens};

/// A server of somebody else. It keeps every byte that arrives.
struct Stranger {
    origin: String,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Stranger {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (connections, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let stranger = Self { origin, connections: Arc::clone(&connections), heard: Arc::clone(&heard) };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let heard = Arc::clone(&heard);
                tokio::spawn(async move {
                    let mut buffer = [0u8; 16_384];
                    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                        heard.lock().unwrap().extend_from_slice(&buffer[..count]);
                        let body = "{\"value\":[]}";
                        let answer = format!(
                            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nodata-version: 4.0\r\ncontent-length: {}\r\n\r\n{body}",
                            body.len()
                        );
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                });
            }
        });
        stranger
    }

    fn host(&self) -> &str {
        self.origin.strip_prefix("http://").unwrap()
    }

    /// Nobody has been here.
    fn heard_nothing(&self, what: &str) {
        let heard = String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned();
        assert_eq!(self.connections.load(Ordering::SeqCst), 0, "{what}: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stranger_would_notice() {
    let stranger = Stranger::new().await;
    let client = HttpClient::new(&HttpConfig::default()).unwrap();
    client.get(&stranger.origin).header("Authorization", "Bearer here").send().await.unwrap();
    assert_eq!(stranger.connections.load(Ordering::SeqCst), 1);
    assert!(String::from_utf8_lossy(&stranger.heard.lock().unwrap()).contains("Bearer here"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_next_page_at_a_strangers_is_refused_by_name() {
    let bench = bench(250).await;
    let stranger = Stranger::new().await;
    let selection = select("contact", &["fullname"], 50);
    read_all(&bench.connector, &selection).await.unwrap();
    for skip in 0..3 {
        bench.sandbox.faults().clear();
        let rule = fault(FaultKind::LinksTo { origin: stranger.origin.clone() }, "/contacts?");
        bench.sandbox.faults().add([FaultRule { skip, ..rule }]);
        let error = read_all(&bench.connector, &selection).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::UnexpectedReply);
        assert!(error.message.contains(stranger.host()) && error.hint.is_some(), "{error:?}");
    }
    // A place kept in the pages that was changed from outside is checked again.
    bench.sandbox.faults().clear();
    let page = bench.connector.page(&selection, None, &none()).await.unwrap();
    let mut cursor = page.next.unwrap();
    cursor.0 = cursor.0.replace(&bench.sandbox.details().dataverse, &stranger.origin);
    let error = bench.connector.page(&selection, Some(&cursor), &none()).await.unwrap_err();
    assert!(error.message.contains(stranger.host()), "{error:?}");
    stranger.heard_nothing("a link");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_in_a_circle_end_with_an_error_and_relative_ones_are_followed() {
    let bench = bench(250).await;
    let selection = select("contact", &["fullname"], 50);
    let all = read_all(&bench.connector, &selection).await.unwrap();
    let always = |kind| FaultRule { every: Some(1), ..fault(kind, "/contacts?") };
    for skip in 0..3 {
        bench.sandbox.faults().clear();
        bench.sandbox.clear_requests();
        bench.sandbox.faults().add([FaultRule { skip, ..always(FaultKind::LinkLoops) }]);
        let error = read_all(&bench.connector, &selection).await.unwrap_err();
        assert!(error.message.contains("in a circle") && error.hint.is_some(), "{error:?}");
        assert_eq!(bench.sandbox.requests().len() as u64, skip + 1, "it ends where it begins");
    }
    bench.sandbox.faults().clear();
    bench.sandbox.faults().add([always(FaultKind::LinksTo { origin: String::new() })]);
    let relative = read_all(&bench.connector, &selection).await.unwrap();
    let ids = |records: &[syncline_model::Record]| -> Vec<RecordId> {
        records.iter().map(|record| record.id.clone()).collect()
    };
    assert_eq!(ids(&relative), ids(&all));
}

/// Plays the service's addresses on the internet: sends to the sample tenant what is meant for `contoso.crm4.dynamics.com`, and lets its links
/// lead to another host.
struct Internet {
    network: ReqwestService,
    tenant: String,
    links_to: &'static str,
    /// Host, and whether a token came along.
    seen: Mutex<Vec<(String, bool)>>,
}

#[async_trait]
impl HttpService for Internet {
    async fn call(&self, mut request: WireRequest) -> Result<WireResponse, TransportFault> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        self.seen.lock().unwrap().push((host, request.headers.contains_key("authorization")));
        let rest = request.url.as_str().splitn(4, '/').nth(3).unwrap_or_default();
        request.url = format!("{}/{rest}", self.tenant).parse().unwrap();
        // Whole, so that its links can be changed.
        request.sink = None;
        let mut response = self.network.call(request).await?;
        if let Ok(text) = std::str::from_utf8(&response.body) {
            response.body = Bytes::from(text.replace(&self.tenant, self.links_to));
        }
        Ok(response)
    }
}

async fn through_the_internet(
    bench: &Bench,
    links_to: &'static str,
) -> (Result<Vec<syncline_model::Record>, SynclineError>, Vec<(String, bool)>) {
    let config = HttpConfig::default();
    let network = ReqwestService::new(&config).unwrap();
    let tenant = bench.sandbox.details().dataverse.clone();
    let internet = Arc::new(Internet { network, tenant, links_to, seen: Mutex::default() });
    let service: Arc<dyn HttpService> = internet.clone();
    let client = HttpClient::builder(&config).service(service).build().unwrap();
    let plain = HttpClient::new(&config).unwrap();
    let settings = DataverseSettings {
        url: "https://contoso.crm4.dynamics.com".to_owned(),
        ..DataverseSettings::default()
    };
    let tokens = tokens(&plain, &bench.sandbox, &Arc::default());
    let connector = DataverseBuilder::new(settings, client, Arc::new(Gate::new(8)), tokens).build().unwrap();
    let read = read_all(&connector, &select("contact", &["fullname"], 50)).await;
    let seen = internet.seen.lock().unwrap().clone();
    (read, seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_host_of_the_same_environment_is_followed_with_the_token() {
    let bench = bench(250).await;
    let api = "https://contoso.api.crm4.dynamics.com";
    let (read, seen) = through_the_internet(&bench, api).await;
    assert_eq!(read.unwrap().len(), 250);
    let at_api: Vec<_> = seen.iter().filter(|(host, _)| host == "contoso.api.crm4.dynamics.com").collect();
    assert_eq!(at_api.len(), 4, "all pages but the first: {seen:?}");
    assert!(seen.iter().all(|(_, token)| *token));

    for foreign in [
        "https://fabrikam.crm4.dynamics.com",
        "https://contoso.crm.dynamics.com",
        "https://contoso.api.crm4.dynamics.com.evil.example",
        "https://contoso.api.crm4.dynamics.com:8443",
        "https://contoso.crm4.dynamics.com@evil.example",
        "http://contoso.crm4.dynamics.com",
        "https://evil.example",
    ] {
        let (read, seen) = through_the_internet(&bench, foreign).await;
        let error = read.unwrap_err();
        assert!(error.message.contains("foreign host"), "{foreign}: {error:?}");
        assert!(seen.iter().all(|(host, _)| host == "contoso.crm4.dynamics.com"), "{foreign}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_never_takes_anything_to_a_stranger() {
    let bench = bench(60).await;
    let stranger = Stranger::new().await;
    let details = bench.sandbox.details().clone();
    let connector = &bench.connector;
    let selection = select("contact", &["fullname"], 50);
    read_all(connector, &selection).await.unwrap();
    let schema = Destination::schema(connector, &"contact".into(), &none()).await.unwrap();
    let client = HttpClient::new(&HttpConfig::default()).unwrap();
    let insider = InsiderSettings {
        url: details.insider.clone(),
        partner: details.insider_partner.clone(),
        request_token: Secret::new(details.insider_token.clone()),
        timeout: std::time::Duration::from_secs(5),
    };
    let insider = InsiderConnector::new(client.clone(), insider).unwrap();
    let body = RecordBody::parse("{\"lastname\":\"X\"}").unwrap();
    let key = RowKey::Id(RecordId::new("fa170000-0000-4000-8000-000000000009"));
    let (contact, cancel) = ("contact".into(), none());
    for status in [300, 301, 302, 303, 307, 308] {
        for location in
            [format!("{}/api/data/v9.2/contacts", stranger.origin), format!("//{}/x", stranger.host())]
        {
            let redirect = FaultRule::new(FaultKind::Redirect { status, location: location.clone() });
            bench.sandbox.faults().clear();
            bench.sandbox.faults().add([FaultRule { every: Some(1), ..redirect }]);
            let fresh = tokens(&client, &bench.sandbox, &Arc::default());
            let row = RowRequest {
                method: "PATCH".to_owned(),
                path: "/contacts(fa170000-0000-4000-8000-000000000009)".to_owned(),
                headers: [("If-None-Match".to_owned(), "*".to_owned())].into(),
                body: "{}".to_owned(),
            };
            let rows = [row];
            let options = WriteOptions::default();
            let errors = [
                ("page", connector.page(&selection, None, &cancel).await.err()),
                ("who", Source::identity(connector).await.err()),
                ("create", connector.create_record(&contact, &body, &cancel).await.err()),
                ("update", connector.update_record(&contact, &key, &body, None, &cancel).await.err()),
                ("delete", connector.delete_record(&contact, &key, None, &cancel).await.err()),
                ("batch", connector.write(&schema, &rows, &options, &cancel).await.err()),
                ("sign-in", fresh.token().await.err()),
                ("discovery", environments(&client, &details.discovery, signed_in(), &cancel).await.err()),
                ("marketing", insider.identity().await.err()),
            ];
            for (what, error) in errors {
                let error = error.unwrap_or_else(|| panic!("{what} with {status} to {location} has to fail"));
                let sensitive = what == "sign-in";
                assert!(error.message.contains(stranger.host()) || sensitive, "{what} {status}: {error:?}");
                stranger.heard_nothing(&format!("{what} with {status} to {location}"));
            }
        }
    }
    // Within the environment a read is followed.
    bench.sandbox.faults().clear();
    let location = "/api/data/v9.2/WhoAmI?again=1".to_owned();
    bench.sandbox.faults().add([fault(FaultKind::Redirect { status: 307, location }, "/WhoAmI")]);
    Source::identity(connector).await.unwrap();
}

/// A token that is there already, as after a sign-in.
fn signed_in() -> Arc<dyn syncline_http::TokenProvider> {
    let secret = Secret::new("a-token-that-must-not-leave");
    Arc::new(syncline_http::FixedToken(syncline_http::AccessToken { secret, expires_at: None }))
}
