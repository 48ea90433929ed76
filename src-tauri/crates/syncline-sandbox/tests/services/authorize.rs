//! The authorize endpoint and its pages.
use crate::support::*;
use reqwest::header::{COOKIE, SET_COOKIE};

#[tokio::test]
async fn a_person_signs_in_page_by_page() {
    let world = world().await;
    let url = world.endpoint("organizations", "authorize");
    let pages = world.client.get(query(&url, &with(world.request(), &[("login_hint", ADMIN)]))).send();
    let text = pages.await.unwrap().text().await.unwrap();
    assert!(text.contains("<h1>Pick an account</h1>"), "{text}");
    for person in &world.details().users {
        assert!(text.contains(&format!("value=\"{}\"", person.user_name)), "{}", person.user_name);
    }
    assert!(text.contains("Use another account") && text.contains("value=\"a+b &amp;ü\""));
    let chosen = with(world.request(), &[("account", ADMIN)]);
    let text = world.authorize("organizations", &chosen).await.text().await.unwrap();
    assert!(text.contains("Permissions requested") && text.contains("Access Dynamics 365 as you"), "{text}");
    let answer =
        returned(&world.authorize("organizations", &with(chosen.clone(), &[("consent", "accept")])).await);
    assert!(answer["code"].len() > 40);
    assert_eq!(answer["state"], "a+b &ü");
    // The second time there is nothing left to ask.
    assert!(returned(&world.authorize("organizations", &chosen).await).contains_key("code"));
    let again = with(chosen, &[("prompt", "consent")]);
    assert!(
        world
            .authorize("organizations", &again)
            .await
            .text()
            .await
            .unwrap()
            .contains("Permissions requested")
    );
}

#[tokio::test]
async fn who_declines_is_sent_back() {
    let world = world().await;
    let form = with(world.request(), &[("account", ADMIN), ("consent", "cancel")]);
    let answer = returned(&world.authorize("organizations", &form).await);
    assert_eq!(answer["error"], "access_denied");
    assert!(answer["error_description"].starts_with("AADSTS65004"));
    assert_eq!(answer["state"], "a+b &ü");
}

#[tokio::test]
async fn answers_in_the_address_do_not_count() {
    let world = world().await;
    let form = with(world.request(), &[("account", ADMIN), ("consent", "accept")]);
    let response =
        world.client.get(query(&world.endpoint("organizations", "authorize"), &form)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.unwrap().contains("Pick an account"));
}

#[tokio::test]
async fn faults_that_never_reach_the_application() {
    let world = world().await;
    let unknown = uuid::Uuid::new_v4().to_string();
    let disabled = world.details().disabled_client_id.clone();
    let nowhere = format!("{unknown}.example");
    for (tenant, changes, number) in [
        ("organizations", vec![("client_id", unknown.as_str())], 700_016),
        ("organizations", vec![("client_id", "no id")], 700_016),
        ("organizations", vec![("client_id", "")], 900_144),
        ("organizations", vec![("client_id", disabled.as_str())], 7_000_112),
        ("consumers", vec![], 700_016),
        (nowhere.as_str(), vec![], 90002),
        (unknown.as_str(), vec![], 90002),
        ("nowhere", vec![], 900_023),
        ("organizations", vec![("redirect_uri", "http://127.0.0.1:53127")], 50011),
        ("organizations", vec![("redirect_uri", "http://[::1]:53127")], 50011),
        ("organizations", vec![("redirect_uri", "http://localhost:53127/callback")], 50011),
        ("organizations", vec![("redirect_uri", "http://localhost:53127/")], 50011),
        ("organizations", vec![("redirect_uri", "https://localhost:53127")], 50011),
        ("organizations", vec![("redirect_uri", "https://evil.example/")], 50011),
        ("organizations", vec![("redirect_uri", "")], 50011),
        ("organizations", vec![("account", "dan.disabled@contoso.example")], 50057),
        ("organizations", vec![("account", "gina.guest@partner.example")], 50020),
    ] {
        let response = world.authorize(tenant, &with(world.request(), &changes)).await;
        assert_eq!(response.status(), 400, "{changes:?}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        let text = response.text().await.unwrap();
        assert!(text.contains(&format!("AADSTS{number}:")), "{tenant} {changes:?}: {text}");
    }
    let form = with(world.request(), &[("account", "nobody@contoso.example")]);
    let text = world.authorize("organizations", &form).await.text().await.unwrap();
    assert!(text.contains("AADSTS50034") && text.contains("Pick an account"));
}

#[tokio::test]
async fn faults_that_the_application_is_told() {
    let world = world().await;
    let northwind = format!("{}/.default", world.details().environments[2].url);
    let several = format!("{} {northwind}", world.scope());
    let contoso = world.details().tenant.clone();
    for (tenant, changes, error, number) in [
        ("common", vec![("response_type", "token")], "unsupported_response_type", 70005),
        ("common", vec![("resource", "https://contoso.crm4.dynamics.com")], "invalid_request", 901_002),
        ("common", vec![("response_type", "")], "invalid_request", 900_144),
        ("common", vec![("prompt", "now")], "invalid_request", 90023),
        ("common", vec![("scope", "")], "invalid_request", 900_144),
        ("common", vec![("scope", "read everything")], "invalid_scope", 70011),
        ("common", vec![("scope", "https://nowhere.example/.default")], "invalid_resource", 500_011),
        (contoso.as_str(), vec![("scope", northwind.as_str())], "invalid_resource", 500_011),
        ("common", vec![("scope", northwind.as_str()), ("account", ADMIN)], "invalid_resource", 500_011),
        ("common", vec![("code_challenge_method", "S1")], "invalid_request", 501_491),
        ("common", vec![("code_challenge", "short")], "invalid_request", 501_491),
        ("common", vec![("claims", "{")], "invalid_request", 9_002_313),
        ("common", vec![("prompt", "none")], "login_required", 50058),
    ] {
        let answer = returned(&world.authorize(tenant, &with(world.request(), &changes)).await);
        assert_eq!(answer["error"], error, "{changes:?}");
        assert!(answer["error_description"].starts_with(&format!("AADSTS{number}:")), "{answer:?}");
    }
    // An authorize request may list several resources.
    let form = with(world.request(), &[("scope", &several), ("account", ADMIN), ("consent", "accept")]);
    assert!(returned(&world.authorize("common", &form).await).contains_key("code"));
}

#[tokio::test]
async fn other_response_modes() {
    let world = world().await;
    let form =
        with(world.request(), &[("account", ADMIN), ("consent", "accept"), ("response_mode", "fragment")]);
    let response = world.authorize("common", &form).await;
    let target = response.headers()["location"].to_str().unwrap();
    assert!(target.starts_with("http://localhost:53127/#code="), "{target}");
    let form = with(form, &[("response_mode", "form_post")]);
    let text = world.authorize("common", &form).await.text().await.unwrap();
    assert!(text.contains("action=\"http://localhost:53127\"") && text.contains("name=\"code\""));
    let form = with(form, &[("response_mode", "carrier_pigeon")]);
    assert_eq!(returned(&world.authorize("common", &form).await)["error"], "invalid_request");
}

#[tokio::test]
async fn a_browser_remembers_who_is_signed_in() {
    let world = world().await;
    let form = with(world.request(), &[("account", ADMIN), ("consent", "accept")]);
    let response = world.authorize("common", &form).await;
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let ask = async |changes: &[(&str, &str)]| {
        let form = with(world.request(), changes);
        let request = world.client.get(query(&world.endpoint("common", "authorize"), &form));
        request.header(COOKIE, &cookie).send().await.unwrap()
    };
    assert!(returned(&ask(&[]).await).contains_key("code"));
    assert!(returned(&ask(&[("prompt", "none"), ("login_hint", ADMIN)]).await).contains_key("code"));
    for changes in [
        &[("prompt", "select_account")][..],
        &[("prompt", "login")],
        &[("login_hint", "sam.sales@contoso.example")],
    ] {
        assert!(ask(changes).await.text().await.unwrap().contains("Pick an account"), "{changes:?}");
    }
    world.settings(serde_json::json!({ "revoke_consents": true })).await;
    let answer = returned(&ask(&[("prompt", "none")]).await);
    assert_eq!(answer["error"], "consent_required");
    assert!(answer["error_description"].starts_with("AADSTS65001"));
}

#[tokio::test]
async fn a_second_factor_is_asked_for() {
    let world = world().await;
    let form = with(world.request(), &[("account", "mia.factor@contoso.example"), ("consent", "accept")]);
    let text = world.authorize("common", &form).await.text().await.unwrap();
    assert!(text.contains("Approve sign in request"), "{text}");
    assert!(
        returned(&world.authorize("common", &with(form, &[("approved", "mfa")])).await).contains_key("code")
    );
}

#[tokio::test]
async fn what_a_request_carries_is_text_on_the_page() {
    let world = world().await;
    let evil = "\"><script>alert(1)</script>";
    let changes = [("state", evil), ("login_hint", evil), ("account", evil)];
    let text = world.authorize("common", &with(world.request(), &changes)).await.text().await.unwrap();
    assert!(!text.contains("<script>"), "{text}");
    let text = world.authorize("common", &with(world.request(), &[("redirect_uri", evil)])).await;
    assert!(!text.text().await.unwrap().contains("<script>"));
}
