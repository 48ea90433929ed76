//! Whatever is sent, a service answers in its own words and does not fall over.
use crate::support::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Field names that mean something, and some that do not.
fn name() -> impl Strategy<Value = String> {
    let known = [
        "client_id",
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "scope",
        "refresh_token",
        "device_code",
        "client_secret",
        "account",
        "consent",
        "prompt",
        "claims",
        "user_code",
        "response_type",
        "state",
        "code_challenge",
    ];
    prop_oneof![4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,12}"]
}

fn value(world: &World) -> impl Strategy<Value = String> + use<> {
    let details = world.details();
    let known = vec![
        details.client_id.clone(),
        details.confidential_client_id.clone(),
        details.client_secret.clone(),
        "authorization_code".to_owned(),
        "refresh_token".to_owned(),
        "client_credentials".to_owned(),
        "urn:ietf:params:oauth:grant-type:device_code".to_owned(),
        world.scope(),
        REDIRECT.to_owned(),
        ADMIN.to_owned(),
        "code".to_owned(),
        "none".to_owned(),
        "accept".to_owned(),
        format!("{}/.default", details.dataverse),
    ];
    prop_oneof![3 => proptest::sample::select(known), 1 => ".{0,40}"]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("ann@example.org")),
        Just(json!("2026-01-10T21:35:20Z")),
        Just(json!("purchase")),
    ];
    let names = [
        "users",
        "identifiers",
        "attributes",
        "events",
        "custom",
        "email",
        "phone_number",
        "uuid",
        "event_name",
        "timestamp",
        "event_params",
        "birthday",
        "quantity",
        "taxonomy",
        "append",
        "insider_id",
        "skip_hook",
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(proptest::sample::select(names.to_vec()), inner, 0..6).prop_map(
                |map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Value>()
            ),
        ]
    })
}

fn start() -> (Runtime, Arc<World>) {
    let runtime = Runtime::new().unwrap();
    let world = Arc::new(runtime.block_on(world()));
    (runtime, world)
}

#[test]
fn forms() {
    let (runtime, world) = start();
    let pairs = proptest::collection::vec((name(), value(&world)), 0..8);
    let tenant =
        prop_oneof![Just("organizations".to_owned()), Just("contoso.example".to_owned()), "[^/?#]{0,12}"];
    proptest!(ProptestConfig::with_cases(192), |(pairs in pairs, tenant in tenant)| {
        let tenant: String = url::form_urlencoded::byte_serialize(tenant.as_bytes()).collect();
        runtime.block_on(async {
            for endpoint in ["token", "devicecode"] {
                let url = world.endpoint(&tenant, endpoint);
                let response = world.client.post(url).form(&pairs).send().await.unwrap();
                let status = response.status().as_u16();
                let text = response.text().await.unwrap();
                // A tenant that is no segment of a path names no endpoint.
                if status != 404 {
                    let body: Value = serde_json::from_str(&text).unwrap();
                    if status != 200 {
                        assert!(matches!(status, 400 | 401), "{status} {body}");
                        refusal(&body);
                    }
                }
            }
            let get = world.client.get(query(&world.endpoint(&tenant, "authorize"), &pairs));
            let post = world.client.post(world.endpoint(&tenant, "authorize")).form(&pairs);
            let device = world.client.post(format!("{}/devicelogin", world.details().authority)).form(&pairs);
            for request in [get, post, device] {
                let status = request.send().await.unwrap().status().as_u16();
                assert!(matches!(status, 200 | 302 | 400 | 404), "{status}");
            }
        });
    });
}

#[test]
fn raw_bytes_in_place_of_forms() {
    let (runtime, world) = start();
    let bytes = proptest::collection::vec(any::<u8>(), 0..80);
    proptest!(ProptestConfig::with_cases(96), |(bytes in bytes)| {
        runtime.block_on(async {
            let request = world.client.post(world.endpoint("common", "token"));
            let request = request.header("content-type", "application/x-www-form-urlencoded").body(bytes.clone());
            refusal(&request.send().await.unwrap().json().await.unwrap());
            let request = world.client.post(format!("{}/api/user/v1/upsert", world.details().insider));
            let request = request.header("x-partner-name", &world.details().insider_partner);
            let request = request.header("x-request-token", &world.details().insider_token);
            let response = request.header("content-type", "application/json").body(bytes.clone()).send().await.unwrap();
            assert_eq!(response.status(), 400);
            let body: Value = response.json().await.unwrap();
            assert!(body["error"].is_string() || body["message"].is_string(), "{body}");
        });
    });
}

#[test]
fn users() {
    let (runtime, world) = start();
    let users = proptest::collection::vec(json_value(), 1..4);
    let body = prop_oneof![4 => users.prop_map(|users| json!({ "users": users })), 1 => json_value()];
    proptest!(ProptestConfig::with_cases(192), |(body in body)| {
        let (status, answer) = runtime.block_on(world.upsert(&body));
        if status == 400 {
            assert!(answer["error"].is_string(), "{answer}");
            return Ok(());
        }
        assert_eq!(status, 200, "{answer}");
        let users = body["users"].as_array().unwrap().len() as u64;
        let count = |name: &str| answer["data"][name]["count"].as_u64().unwrap_or_default();
        assert_eq!(count("successful") + count("fail"), users, "{answer}");
        let mut failed: Vec<u64> = answer["data"]["fail"]["errors"].as_object().into_iter().flatten()
            .map(|(key, _)| key.strip_prefix("users.").unwrap().split_once('.').unwrap().0.parse().unwrap())
            .collect();
        failed.sort_unstable();
        failed.dedup();
        assert_eq!(failed.len() as u64, count("fail"), "distinct positions count users: {answer}");
    });
}
