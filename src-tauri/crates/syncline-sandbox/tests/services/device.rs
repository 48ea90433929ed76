//! Device codes.
use crate::support::*;
use serde_json::{Value, json};

async fn begin(world: &World) -> Value {
    let form = with(Vec::new(), &[("client_id", &world.details().client_id), ("scope", &world.scope())]);
    let request = world.client.post(world.endpoint("organizations", "devicecode")).form(&form);
    request.send().await.unwrap().json().await.unwrap()
}

async fn poll(world: &World, code: &Value) -> (u16, Value) {
    let pairs = [
        ("client_id", world.details().client_id.as_str()),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", code.as_str().unwrap()),
    ];
    world.token("organizations", &with(Vec::new(), &pairs)).await
}

async fn type_in(world: &World, pairs: &[(&str, &str)]) -> String {
    let url = format!("{}/devicelogin", world.details().authority);
    world.client.post(url).form(&with(Vec::new(), pairs)).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_person_types_the_code() {
    let world = world_with(|config| config.device_interval_s = 5).await;
    let started = begin(&world).await;
    assert_eq!((&started["expires_in"], &started["interval"]), (&json!(900), &json!(5)));
    assert!(started.get("verification_uri_complete").is_none());
    let code = started["user_code"].as_str().unwrap().to_owned();
    assert!(started["message"].as_str().unwrap().contains(&code));
    let page = world.client.get(started["verification_uri"].as_str().unwrap()).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("name=\"user_code\""));
    world.settings(json!({ "device_interval_s": 0 })).await;
    assert_eq!(refusal(&poll(&world, &started["device_code"]).await.1).0, "authorization_pending");
    assert!(type_in(&world, &[("user_code", "NONSENSE1")]).await.contains("That code didn&#39;t work"));
    let lower = code.to_lowercase();
    assert!(type_in(&world, &[("user_code", &lower)]).await.contains("Pick an account"));
    let text = type_in(&world, &[("user_code", &code), ("account", ADMIN)]).await;
    assert!(text.contains("Are you trying to sign in to <strong>Syncline</strong>?"), "{text}");
    let text = type_in(&world, &[("user_code", &code), ("account", ADMIN), ("consent", "accept")]).await;
    assert!(text.contains("You have signed in"), "{text}");
    let (status, body) = poll(&world, &started["device_code"]).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(claims(&body["id_token"])["preferred_username"], ADMIN);
    assert_eq!(world.who_am_i(0, body["access_token"].as_str().unwrap()).await.status(), 200);
    assert_eq!(
        refusal(&poll(&world, &started["device_code"]).await.1).0,
        "bad_verification_code",
        "once only"
    );
}

#[tokio::test]
async fn what_can_go_wrong() {
    let world = world().await;
    let started = begin(&world).await;
    let code = started["user_code"].as_str().unwrap();
    let nobody = type_in(&world, &[("user_code", code), ("account", "nobody@x.example")]).await;
    assert!(nobody.contains("AADSTS50034"));
    let disabled = type_in(&world, &[("user_code", code), ("account", "dan.disabled@contoso.example")]).await;
    assert!(disabled.contains("AADSTS50057"));
    let mia = [("user_code", code), ("account", "mia.factor@contoso.example"), ("consent", "accept")];
    assert!(type_in(&world, &mia).await.contains("Approve sign in request"));
    let nora = type_in(&world, &[("user_code", code), ("account", "nora@northwind.example")]).await;
    assert!(nora.contains("AADSTS500011"), "another tenant's environment: {nora}");
    let declined = type_in(&world, &[("user_code", code), ("account", ADMIN), ("consent", "cancel")]).await;
    assert!(declined.contains("You have declined"));
    assert_eq!(refusal(&poll(&world, &started["device_code"]).await.1).0, "authorization_declined");
    assert_eq!(refusal(&poll(&world, &json!("unknown")).await.1).0, "bad_verification_code");
    let url = world.endpoint("organizations", "devicecode");
    let confidential = &world.details().confidential_client_id;
    for (pairs, number) in [
        (vec![("client_id", confidential.as_str()), ("scope", "openid")], 7_000_218),
        (vec![("client_id", "x"), ("scope", "openid")], 700_016),
        (vec![("client_id", world.details().client_id.as_str())], 900_144),
        (
            vec![("client_id", world.details().client_id.as_str()), ("scope", "https://x.example/.default")],
            500_011,
        ),
    ] {
        let response = world.client.post(&url).form(&with(Vec::new(), &pairs)).send().await.unwrap();
        assert_eq!(refusal(&response.json().await.unwrap()).1, number);
    }
}

#[tokio::test]
async fn who_asks_too_often_is_slowed_down() {
    let world = world_with(|config| config.device_interval_s = 5).await;
    let started = begin(&world).await;
    assert_eq!(refusal(&poll(&world, &started["device_code"]).await.1).0, "authorization_pending");
    assert_eq!(refusal(&poll(&world, &started["device_code"]).await.1).0, "slow_down");
}
