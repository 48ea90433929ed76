//! The upsert API over HTTP.
use crate::support::*;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

#[tokio::test]
async fn full_partial_and_no_success_are_all_200() {
    let world = world().await;
    let good = user(json!({ "email": "ann@example.org" }));
    let bad = user(json!({ "email": "sample", "phone_number": "12345" }));
    let (status, body) = world.upsert(&json!({ "users": [good, user(json!({ "uuid": "1" }))] })).await;
    assert_eq!((status, body), (200, json!({ "data": { "successful": { "count": 2 }, "fail": {} } })));
    let (status, body) = world.upsert(&json!({ "skip_hook": true, "users": [good, bad] })).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({ "data": { "successful": { "count": 1 }, "fail": { "count": 1, "errors": {
            r"users.1.identifiers.*.regexp(^.+@.+\..+$)": ["not a valid email address: sample"],
            r"users.1.identifiers.*.regexp(^\+[1-9]\d{6,14}$)": ["user has an invalid phone number: 12345"] } } } })
    );
    let event = json!({ "identifiers": { "uuid": "1" }, "events": [{ "event_name": "homepageView", "timestamp": "2021-01-17T14:41:21+03:00" }] });
    let (status, body) = world.upsert(&json!({ "users": [event] })).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({ "data": { "successful": {}, "fail": { "count": 1, "errors": {
            "users.0.events.0.event_name.*.regexp(^[a-z0-9][a-zA-Z0-9._-]*$)": ["invalid event name: homepageView"] } } } })
    );
    assert_eq!(world.sandbox.profiles().len(), 2, "what failed left nothing behind");
}

#[tokio::test]
async fn requests_refused_as_a_whole() {
    let world = world().await;
    let details = world.details();
    let url = format!("{}/api/user/v1/upsert", details.insider);
    let (partner, token) = (details.insider_partner.as_str(), details.insider_token.as_str());
    let one = json!({ "users": [user(json!({ "uuid": "1" }))] }).to_string();
    let many = json!({ "users": vec![user(json!({ "uuid": "1" })); 1001] }).to_string();
    let padded = |size: usize| {
        let mut body = one.clone();
        body.push_str(&" ".repeat(size - one.len()));
        body
    };
    let invalid_json = "Request data is not in valid JSON format.";
    let too_big = "request body is bigger than maximum allowed size 5,000,000 bytes";
    for (partner, token, kind, body, status, text) in [
        (partner, token, "text/plain", one.clone(), 400, "content type must be application/json"),
        ("Contoso", token, "application/json", one.clone(), 400, "Partner is invalid."),
        ("", token, "application/json", one.clone(), 400, "Partner is invalid."),
        (partner, "wrong", "application/json", one.clone(), 401, "Partner token authentication failed."),
        (partner, token, "application/json", "{".to_owned(), 400, invalid_json),
        (partner, token, "application/json", "{}".to_owned(), 400, "users must be defined: bad request"),
        (
            partner,
            token,
            "application/json",
            r#"{"users":[]}"#.to_owned(),
            400,
            "users must be defined: bad request",
        ),
        (partner, token, "application/json", many, 400, "users must be at most 1000: bad request"),
        // The size is checked before everything else.
        ("", "", "text/plain", padded(5_000_001), 400, too_big),
        (partner, token, "application/json; charset=utf-8", padded(5_000_000), 200, ""),
    ] {
        let request =
            world.client.post(&url).header("x-partner-name", partner).header("x-request-token", token);
        let response = request.header(CONTENT_TYPE, kind).body(body).send().await.unwrap();
        let got = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        let said = body["error"].as_str().or(body["message"].as_str()).unwrap_or_default();
        assert_eq!((got, said), (status, text));
        assert_eq!(body.get("message").is_some(), body["success"] == json!(false), "two envelopes: {body}");
    }
    assert_eq!(world.client.get(&url).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_thousand_users_at_once_and_the_rate() {
    let world = world_with(|config| config.insider_requests_per_minute = 2).await;
    let users: Vec<Value> = (0..1000).map(|n| user(json!({ "uuid": n.to_string() }))).collect();
    let (_, body) = world.upsert(&json!({ "users": users })).await;
    assert_eq!(body["data"]["successful"]["count"], 1000);
    assert_eq!(world.upsert(&json!({ "users": users })).await.0, 200);
    assert_eq!(world.sandbox.profiles().len(), 1000, "the same again is the same profile");
    let (status, body) = world.upsert(&json!({ "users": users })).await;
    assert_eq!((status, body), (429, json!({ "error": "rejected: too many requests" })));
    world.settings(json!({ "insider_requests_per_minute": 0, "forget_profiles": true })).await;
    assert!(world.sandbox.profiles().is_empty());
    assert_eq!(world.upsert(&json!({ "users": users })).await.0, 200);
}

#[tokio::test]
async fn profiles_can_be_looked_at() {
    let world = world().await;
    for (uuid, name) in [("1", "Zoë"), ("2", "<b>Bo</b>"), ("1", "Zoë Ng")] {
        let event = json!({ "event_name": "lead_collected", "timestamp": "2026-01-10T21:35:20Z" });
        let user =
            json!({ "identifiers": { "uuid": uuid }, "attributes": { "name": name }, "events": [event] });
        assert_eq!(world.upsert(&json!({ "users": [user] })).await.0, 200);
    }
    let get = async |path: &str| {
        let response = world.client.get(format!("{}{path}", world.details().insider)).send().await.unwrap();
        let total = response.headers().get("x-total-count").map(|value| value.to_str().unwrap().to_owned());
        (total, response.text().await.unwrap())
    };
    let (total, list) = get("/profiles?limit=1").await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!((total.as_deref(), list.as_array().unwrap().len()), (Some("2"), 1));
    assert_eq!(list[0]["attributes"]["name"], "Zoë Ng", "newest first");
    assert_eq!((&list[0]["upserts"], list[0]["events"].as_array().unwrap().len()), (&json!(2), 2));
    assert_eq!(get("/profiles?q=BO").await.0.as_deref(), Some("1"));
    assert!(get("/profiles?limit=x").await.1.contains("whole number"));
    let (_, page) = get("/").await;
    assert!(page.contains("2 profiles, 3 events") && page.contains("&lt;b&gt;Bo&lt;/b&gt;"), "{page}");
    let (_, page) = get("/?q=zo%C3%AB").await;
    assert!(page.contains("Zoë Ng") && !page.contains("Bo&lt;") && page.contains("1 fit."), "{page}");
    assert!(get("/?q=nothing").await.1.contains("No profile holds this text."));
}
