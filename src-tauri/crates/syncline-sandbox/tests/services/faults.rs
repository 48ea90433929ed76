//! Faults on the wire: the bytes are looked at, not only a client's opinion of them.
use crate::support::*;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DISCOVERY: &str = "/organizations/v2.0/.well-known/openid-configuration";

/// What comes over a bare connection, and how it ends.
async fn raw(origin: &str, path: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let address = origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await.err().map(|error| error.kind());
    (bytes, end)
}

#[tokio::test]
async fn resets_are_resets() {
    let world = world().await;
    let origin = &world.details().authority;
    let rules = [
        FaultRule::new(FaultKind::ResetBefore).at("entra"),
        FaultRule::new(FaultKind::ResetInside { after_bytes: 300 }).at("entra"),
    ];
    world.sandbox.faults().add(rules);
    assert_eq!(raw(origin, DISCOVERY).await, (Vec::new(), Some(ErrorKind::ConnectionReset)), "before a byte");
    let address = origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("GET {DISCOVERY} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await.unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    assert!(bytes.len() <= 300, "a reset may overtake bytes, never add any");
    let (bytes, end) = raw(origin, DISCOVERY).await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(end.is_none() && text.starts_with("HTTP/1.1 200") && text.ends_with('}'), "{text}");
}

#[tokio::test]
async fn a_reset_tells_nothing_about_what_was_done() {
    let world = world().await;
    let upsert = |uuid: &str| json!({ "users": [user(json!({ "uuid": uuid }))] });
    let send = async |uuid: &str| {
        let request = world.client.post(format!("{}/api/user/v1/upsert", world.details().insider));
        let request = request.header("x-partner-name", &world.details().insider_partner);
        request.header("x-request-token", &world.details().insider_token).json(&upsert(uuid)).send().await
    };
    for (kind, profiles) in [(FaultKind::ResetUnheard, 0), (FaultKind::ResetBefore, 1)] {
        world.sandbox.faults().add([FaultRule::new(kind.clone()).at("insider")]);
        assert!(send("1").await.is_err());
        assert_eq!(world.sandbox.profiles().len(), profiles, "{kind:?}");
    }
}

#[tokio::test]
async fn broken_bodies() {
    let world = world().await;
    let url = format!("{}{DISCOVERY}", world.details().authority);
    let whole = world.client.get(&url).send().await.unwrap().bytes().await.unwrap();
    let fetch = async |kind: FaultKind| {
        world.sandbox.faults().add([FaultRule::new(kind)]);
        let response = world.client.get(&url).send().await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        (response.status().as_u16(), kind, response.bytes().await)
    };
    let (status, _, body) = fetch(FaultKind::TruncatedJson).await;
    assert_eq!((status, &body.unwrap()[..]), (200, &whole[..whole.len() / 2]));
    let (status, kind, body) = fetch(FaultKind::GarbageJson).await;
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    assert!(serde_json::from_slice::<Value>(&body.unwrap()).is_err());
    let (status, kind, body) = fetch(FaultKind::HtmlPage { status: 502 }).await;
    assert_eq!((status, kind.as_str()), (502, "text/html; charset=utf-8"));
    assert!(body.unwrap().starts_with(b"<!DOCTYPE html>"));
    // Content-Length promises more than comes.
    let head = raw(&world.details().authority, DISCOVERY).await.0.len() - whole.len();
    let (status, _, body) =
        fetch(FaultKind::ResetInside { after_bytes: u32::try_from(head).unwrap() + 40 }).await;
    assert_eq!(status, 200);
    assert!(body.is_err(), "{body:?}");
    let begun = Instant::now();
    let (_, _, body) = fetch(FaultKind::Slow { chunk_ms: 20 }).await;
    assert_eq!(body.unwrap(), whole);
    assert!(begun.elapsed() >= Duration::from_millis(300), "sixteen pieces: {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_long_page_breaks_off_where_it_should() {
    let world = world_with(|config| config.records = 1000).await;
    let token = world.sign_in(ADMIN, &[]).await["access_token"].as_str().unwrap().to_owned();
    let url = format!("{}/api/data/v9.2/contacts?$top=1000", world.details().dataverse);
    let get = async || {
        let mut response = world.client.get(&url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut read = 0;
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => read += chunk.len(),
                Ok(None) => return (read, true),
                Err(_) => return (read, false),
            }
        }
    };
    let (whole, complete) = get().await;
    assert!(complete && whole > 300_000, "{whole}");
    world
        .sandbox
        .faults()
        .add([FaultRule::new(FaultKind::ResetInside { after_bytes: 200_000 }).at("contoso")]);
    let (read, complete) = get().await;
    assert!(!complete && read <= 200_000, "{read}");
    assert_eq!(get().await, (whole, true), "the same page again");
}

#[tokio::test]
async fn each_service_refuses_in_its_own_words() {
    let world = world().await;
    let details = world.details();
    let contoso = format!("{}/api/data/v9.2/WhoAmI", details.dataverse);
    for (url, service, envelope) in [
        (contoso, "contoso", "/error/code"),
        (format!("{}{DISCOVERY}", details.authority), "entra", "/error_codes/0"),
        (format!("{}/profiles", details.insider), "insider", "/error"),
    ] {
        for status in [429_u16, 500, 502, 503, 504] {
            let rule = FaultRule::new(FaultKind::Status { status, retry_after: Some(7) }).at(service);
            world.sandbox.faults().add([rule]);
            let response = world.client.get(&url).send().await.unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["retry-after"], "7");
            if status == 429 {
                let body: Value = response.json().await.unwrap();
                assert!(body.pointer(envelope).is_some(), "{service}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_hanging_answer_can_be_given_up() {
    let world = world().await;
    world.sandbox.faults().add([FaultRule::new(FaultKind::Hang).at("entra")]);
    let url = format!("{}{DISCOVERY}", world.details().authority);
    let error = world.client.get(&url).timeout(Duration::from_millis(200)).send().await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(world.client.get(&url).send().await.unwrap().status(), 200, "once only");
    let log = world.sandbox.requests();
    let seen: Vec<_> = log.iter().map(|request| (request.fault.as_deref(), request.status)).collect();
    assert_eq!(seen, [(Some("hang"), 0), (None, 200)], "in the order in which they came");
    let deadline = Instant::now() + Duration::from_secs(5);
    while world.sandbox.requests()[0].took_ms == 0 {
        assert!(Instant::now() < deadline, "the end of a request whose client has gone is noted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn rules_and_the_log_through_the_control_endpoint() {
    let world = world().await;
    let token = world.sign_in(ADMIN, &[]).await["access_token"].as_str().unwrap().to_owned();
    let rules = json!([
        { "service": "contoso", "path": "WhoAmI", "method": "GET", "skip": 1, "times": 1, "kind": "status", "status": 503 },
        { "service": "contoso", "path": "WhoAmI", "skip": 2, "kind": "expire_tokens" },
    ]);
    assert_eq!(world.control("faults", &rules).await.status(), 204);
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(world.who_am_i(0, &token).await.status().as_u16());
    }
    // A request that the first rule hits is not counted by the second one.
    assert_eq!(seen, [200, 503, 200, 401, 401]);
    let get = async |path: &str| {
        let url = format!("{}/{path}", world.details().control);
        world.client.get(url).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let rules = get("faults").await;
    assert_eq!((&rules[0]["hit"], &rules[0]["seen"], &rules[1]["hit"]), (&json!(1), &json!(5), &json!(1)));
    let log = get("requests?service=contoso&path=WhoAmI").await;
    let log = log.as_array().unwrap();
    let statuses: Vec<u64> = log.iter().map(|request| request["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 503, 200, 401, 401]);
    assert_eq!(log[1]["fault"], "status");
    assert_eq!(log[0]["headers"]["authorization"], "…");
    assert!(log[0]["headers"]["host"].is_string() && log[0]["at_ms"].is_u64());
    assert!(!get("requests").await.to_string().contains(&token), "no secret in the log");
    let url = format!("{}/requests", world.details().control);
    assert_eq!(world.client.delete(url).send().await.unwrap().status(), 204);
    assert!(world.sandbox.requests().is_empty());
    let url = format!("{}/faults", world.details().control);
    assert_eq!(world.client.delete(url).send().await.unwrap().status(), 204);
    assert_eq!(get("faults").await, json!([]));
    for (path, body) in [
        ("faults", json!([{ "kind": "earthquake" }])),
        ("faults", json!([{ "kind": "hang", "servcie": "entra" }])),
        ("faults", json!({ "kind": "hang" })),
        ("settings", json!({ "lifetime": 1 })),
    ] {
        let response = world.control(path, &body).await;
        assert_eq!(response.status(), 400);
        assert!(response.json::<Value>().await.unwrap()["error"].is_string());
    }
}

#[tokio::test]
async fn an_environment_becomes_another_organization() {
    let world = world().await;
    let token = world.sign_in(ADMIN, &[]).await["access_token"].as_str().unwrap().to_owned();
    let id = uuid::Uuid::new_v4();
    let rule = FaultRule::new(FaultKind::OtherOrganization { organization_id: Some(id) });
    world.sandbox.faults().add([rule.at("contoso").after(1, 1)]);
    let organization =
        async || world.who_am_i(0, &token).await.json::<Value>().await.unwrap()["OrganizationId"].clone();
    assert_eq!(organization().await, world.details().environments[0].organization_id);
    assert_eq!(organization().await, id.to_string());
    assert_eq!(organization().await, id.to_string(), "from now on");
}

#[tokio::test]
async fn stopping_ends_every_port_and_connection() {
    let world = world().await;
    let details = world.details().clone();
    let mut idle = TcpStream::connect(details.authority.strip_prefix("http://").unwrap()).await.unwrap();
    world.sandbox.faults().add([FaultRule::new(FaultKind::Hang).at("entra")]);
    let url = format!("{}{DISCOVERY}", details.authority);
    let hanging = tokio::spawn(world.client.get(&url).send());
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.sandbox.stop().await;
    let ended = tokio::time::timeout(Duration::from_secs(5), hanging).await.unwrap().unwrap();
    assert!(ended.is_err(), "an answer that hangs is broken off");
    let mut byte = [0];
    let read = tokio::time::timeout(Duration::from_secs(5), idle.read(&mut byte)).await.unwrap();
    assert!(matches!(read, Err(_) | Ok(0)), "{read:?}");
    for origin in [&details.authority, &details.insider, &details.dataverse] {
        let address = origin.strip_prefix("http://").unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "{origin} is still open");
    }
}
