//! The token endpoint.
use crate::support::*;
use serde_json::{Value, json};

#[tokio::test]
async fn a_code_becomes_tokens() {
    let world = world().await;
    let code = world.code_of("organizations", ADMIN, &[]).await;
    let form = with(world.redemption(&code), &[("client_info", "1")]);
    let response =
        world.client.post(world.endpoint("organizations", "token")).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["cache-control"].to_str().unwrap().contains("no-store"));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], json!(3900), "a number, not a text");
    assert_eq!(body["scope"], format!("{}/user_impersonation", world.details().dataverse));
    assert!(body["client_info"].is_string() && body["refresh_token"].is_string());
    let access = claims(&body["access_token"]);
    let id = claims(&body["id_token"]);
    assert_eq!(access["aud"], world.details().dataverse);
    assert_eq!(access["tid"], world.details().tenant);
    assert_eq!(access["appid"], world.details().client_id);
    assert_eq!(access["upn"], ADMIN);
    assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 3900);
    assert_eq!(id["aud"], world.details().client_id);
    assert_eq!(id["iss"], format!("{}/{}/v2.0", world.details().authority, world.details().tenant));
    assert_eq!((&id["oid"], &id["tid"]), (&access["oid"], &access["tid"]));
    assert_eq!((&id["preferred_username"], &id["nonce"]), (&json!(ADMIN), &json!("n-1")));
    assert!(id["name"].is_string());
    // The environment knows the person by the object id.
    let who: Value = world.who_am_i(0, body["access_token"].as_str().unwrap()).await.json().await.unwrap();
    assert_eq!(who["OrganizationId"], world.details().environments[0].organization_id);
    assert_eq!(
        world.who_am_i(0, body["id_token"].as_str().unwrap()).await.status(),
        401,
        "not an access token"
    );
}

#[tokio::test]
async fn the_signature_fits_the_published_key() {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
    use base64::Engine;
    let decode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
    let world = world().await;
    let root = format!("{}/{}", world.details().authority, world.details().tenant);
    let get = async |url: &str| world.client.get(url).send().await.unwrap().json::<Value>().await.unwrap();
    let configuration = get(&format!("{root}/v2.0/.well-known/openid-configuration")).await;
    assert_eq!(configuration["issuer"], format!("{root}/v2.0"));
    assert_eq!(configuration["token_endpoint"], format!("{root}/oauth2/v2.0/token"));
    let key = &get(configuration["jwks_uri"].as_str().unwrap()).await["keys"][0];
    let body = world.sign_in(ADMIN, &[]).await;
    for name in ["access_token", "id_token"] {
        let (signed, signature) = body[name].as_str().unwrap().rsplit_once('.').unwrap();
        let (n, e) = (decode(key["n"].as_str().unwrap()), decode(key["e"].as_str().unwrap()));
        let key = RsaPublicKeyComponents { n: &n[..], e: &e[..] };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(signature)).unwrap();
    }
    let nowhere =
        format!("{}/nowhere.example/v2.0/.well-known/openid-configuration", world.details().authority);
    assert_eq!(refusal(&get(&nowhere).await).1, 90002);
}

#[tokio::test]
async fn a_code_is_good_once_for_who_asked() {
    let world = world().await;
    let code = world.code_of("organizations", ADMIN, &[]).await;
    let form = world.redemption(&code);
    let other = "a".repeat(43);
    let confidential = world.details().confidential_client_id.clone();
    let secret = world.details().client_secret.clone();
    let two = format!("{} {}/.default", world.scope(), world.details().environments[1].url);
    let tenant = world.details().tenant.clone();
    for (tenant, changes, number) in [
        ("organizations", vec![("code_verifier", other.as_str())], 501_481),
        ("organizations", vec![("code_verifier", "")], 50148),
        ("organizations", vec![("redirect_uri", "http://localhost:53128")], 500_112),
        (
            "organizations",
            vec![("client_id", confidential.as_str()), ("client_secret", secret.as_str())],
            70000,
        ),
        ("organizations", vec![("code", "unknown")], 70000),
        (tenant.as_str(), vec![], 700_005),
    ] {
        let (status, body) = world.token(tenant, &with(form.clone(), &changes)).await;
        assert_eq!((status, refusal(&body)), (400, ("invalid_grant".to_owned(), number)), "{changes:?}");
    }
    assert_eq!(world.token("organizations", &form).await.0, 200);
    let (status, body) = world.token("organizations", &form).await;
    assert_eq!((status, refusal(&body)), (400, ("invalid_grant".to_owned(), 54005)));
    let code = world.code_of("organizations", ADMIN, &[]).await;
    let (_, body) = world.token("organizations", &with(world.redemption(&code), &[("scope", &two)])).await;
    assert_eq!(refusal(&body), ("invalid_request".to_owned(), 28002), "one resource a token request");
}

#[tokio::test]
async fn requests_that_are_no_good() {
    let world = world().await;
    let unknown = uuid::Uuid::new_v4().to_string();
    let disabled = world.details().disabled_client_id.clone();
    let form = world.redemption("x");
    for (tenant, changes, error, number) in [
        ("common", vec![("grant_type", "")], "invalid_request", 900_144),
        ("common", vec![("client_id", "")], "invalid_request", 900_144),
        ("common", vec![("code", "")], "invalid_request", 900_144),
        ("common", vec![("grant_type", "password")], "unsupported_grant_type", 70003),
        ("common", vec![("resource", "https://contoso.crm4.dynamics.com")], "invalid_request", 901_002),
        ("common", vec![("client_id", unknown.as_str())], "unauthorized_client", 700_016),
        ("common", vec![("client_id", disabled.as_str())], "unauthorized_client", 7_000_112),
        ("nowhere.example", vec![], "invalid_request", 90002),
        ("nowhere", vec![], "invalid_request", 900_023),
    ] {
        let (status, body) = world.token(tenant, &with(form.clone(), &changes)).await;
        assert_eq!((status, refusal(&body)), (400, (error.to_owned(), number)), "{changes:?}");
    }
    let (status, body) = world.token("common", &with(form, &[("client_secret", "x")])).await;
    assert_eq!((status, refusal(&body)), (401, ("invalid_client".to_owned(), 700_025)));
    let url = world.endpoint("common", "token");
    let response = world.client.post(&url).json(&json!({ "grant_type": "x" })).send().await.unwrap();
    assert_eq!(refusal(&response.json().await.unwrap()).1, 9_002_313, "a form is wanted");
    let response = world.client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(refusal(&response.json().await.unwrap()).1, 900_561);
}

#[tokio::test]
async fn refresh_tokens_rotate_and_serve_other_resources() {
    let world = world().await;
    let first = world.sign_in(ADMIN, &[]).await["refresh_token"].as_str().unwrap().to_owned();
    let (status, body) = world.refresh(&first, &[]).await;
    assert_eq!(status, 200, "{body}");
    let second = body["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(world.refresh(&first, &[]).await.0, 200, "the old one is not revoked");
    // Another environment of the tenant, and the list of environments.
    for resource in [&world.details().environments[1].url, &world.details().discovery] {
        let scope = format!("{resource}/.default offline_access");
        let (status, body) = world.refresh(&second, &[("scope", &scope)]).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(claims(&body["access_token"])["aud"], json!(resource));
        assert_eq!(body["scope"], format!("{resource}/user_impersonation {resource}/.default"));
    }
    let two =
        format!("{0}/.default {1}/.default", world.details().environments[1].url, world.details().discovery);
    let (_, body) = world.refresh(&second, &[("scope", &two)]).await;
    assert_eq!(
        claims(&body["access_token"])["aud"],
        world.details().environments[1].url,
        "the first one counts"
    );
    assert!(body.get("refresh_token").is_none(), "offline_access was not asked for");
}

#[tokio::test]
async fn two_refreshes_at_once_both_succeed() {
    let world = world().await;
    let token = world.sign_in(ADMIN, &[]).await["refresh_token"].as_str().unwrap().to_owned();
    let ((first, one), (second, two)) = tokio::join!(world.refresh(&token, &[]), world.refresh(&token, &[]));
    assert_eq!((first, second), (200, 200));
    assert_ne!(one["refresh_token"], two["refresh_token"]);
}

#[tokio::test]
async fn nothing_secret_in_debug_texts() {
    let world = world().await;
    let body = world.sign_in(ADMIN, &[]).await;
    let text = format!("{:?} {:?}", world.sandbox, world.details());
    let details = world.details();
    let token = body["refresh_token"].as_str().unwrap();
    for secret in
        [details.client_secret.as_str(), &details.expired_client_secret, &details.insider_token, token]
    {
        assert!(!text.contains(secret));
    }
}

#[tokio::test]
async fn refresh_tokens_end() {
    let world = world().await;
    let token = world.sign_in(ADMIN, &[]).await["refresh_token"].as_str().unwrap().to_owned();
    let northwind = format!("{}/.default", world.details().environments[2].url);
    let confidential = world.details().confidential_client_id.clone();
    let secret = world.details().client_secret.clone();
    for (changes, error, number) in [
        (vec![("refresh_token", "garbage")], "invalid_grant", 9_002_313),
        (vec![("refresh_token", "")], "invalid_request", 900_144),
        (
            vec![("client_id", confidential.as_str()), ("client_secret", secret.as_str())],
            "invalid_grant",
            70000,
        ),
        (vec![("scope", northwind.as_str())], "invalid_resource", 500_011),
        (vec![("scope", "https://nowhere.example/.default")], "invalid_resource", 500_011),
        // Another API, which nobody has consented to.
        (vec![("scope", "https://graph.microsoft.com/User.Read")], "invalid_grant", 65001),
    ] {
        let (status, body) = world.refresh(&token, &changes).await;
        assert_eq!((status, refusal(&body)), (400, (error.to_owned(), number)), "{changes:?}");
    }
    let at_northwind = with(
        Vec::new(),
        &[
            ("client_id", &world.details().client_id),
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
        ],
    );
    let (_, body) = world.token("northwind.example", &at_northwind).await;
    assert_eq!(refusal(&body), ("invalid_grant".to_owned(), 50020));
    world.settings(json!({ "disable_people": [ADMIN] })).await;
    assert_eq!(refusal(&world.refresh(&token, &[]).await.1), ("invalid_grant".to_owned(), 50057));
    world.settings(json!({ "enable_people": [ADMIN], "revoke_consents": true })).await;
    let (_, body) = world.refresh(&token, &[]).await;
    assert_eq!((refusal(&body).1, &body["suberror"]), (65001, &json!("consent_required")));
    world.settings(json!({ "expire_refresh_tokens": true })).await;
    let (_, body) = world.refresh(&token, &[]).await;
    assert_eq!(refusal(&body), ("invalid_grant".to_owned(), 700_082));
    assert_eq!(body["suberror"], "bad_token");
    assert_eq!(world.control("settings", &json!({ "disable_people": ["nobody"] })).await.status(), 400);
}

#[tokio::test]
async fn a_claims_challenge_is_met_by_signing_in_with_it() {
    let world = world().await;
    let mia = "mia.factor@contoso.example";
    let token = world.sign_in(mia, &[]).await["refresh_token"].as_str().unwrap().to_owned();
    let (status, body) = world.refresh(&token, &[]).await;
    assert_eq!((status, refusal(&body)), (400, ("invalid_grant".to_owned(), 50076)));
    let challenge = body["claims"].as_str().unwrap().to_owned();
    let token =
        world.sign_in(mia, &[("claims", &challenge)]).await["refresh_token"].as_str().unwrap().to_owned();
    let (status, body) = world.refresh(&token, &[]).await;
    assert_eq!(status, 200, "{body}");
    let renewed = body["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(world.refresh(&renewed, &[]).await.0, 200, "and so it stays");
}

#[tokio::test]
async fn an_application_signs_in_by_itself() {
    let world = world().await;
    let details = world.details();
    let scope = format!("{}/.default", details.dataverse);
    let good = with(
        Vec::new(),
        &[
            ("client_id", &details.confidential_client_id),
            ("client_secret", &details.client_secret),
            ("grant_type", "client_credentials"),
            ("scope", &scope),
        ],
    );
    let (status, body) = world.token(&details.tenant, &good).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none());
    let token = body["access_token"].as_str().unwrap();
    assert!(claims(&body["access_token"]).get("oid").is_none());
    assert_eq!(world.who_am_i(0, token).await.status(), 200);
    let basic = world
        .client
        .post(world.endpoint("contoso.example", "token"))
        .basic_auth(&details.confidential_client_id, Some(&details.client_secret))
        .form(&with(good.clone(), &[("client_id", ""), ("client_secret", "")]));
    assert_eq!(basic.send().await.unwrap().status(), 200, "HTTP Basic");
    let delegated = format!("{}/user_impersonation", details.dataverse);
    for (tenant, changes, status, error, number) in [
        ("contoso.example", vec![("client_secret", "wrong")], 401, "invalid_client", 7_000_215),
        (
            "contoso.example",
            vec![("client_secret", details.expired_client_secret.as_str())],
            401,
            "invalid_client",
            7_000_222,
        ),
        ("contoso.example", vec![("client_secret", "")], 401, "invalid_client", 7_000_218),
        (
            "contoso.example",
            vec![("client_id", details.client_id.as_str()), ("client_secret", "")],
            401,
            "invalid_client",
            7_000_218,
        ),
        ("contoso.example", vec![("scope", delegated.as_str())], 400, "invalid_scope", 1_002_012),
        ("contoso.example", vec![("scope", "openid")], 400, "invalid_scope", 1_002_012),
        (
            "contoso.example",
            vec![("scope", "https://nowhere.example/.default")],
            400,
            "invalid_resource",
            500_011,
        ),
        ("northwind.example", vec![], 400, "invalid_resource", 500_011),
        ("organizations", vec![], 400, "invalid_request", 9_001_023),
        ("common", vec![], 400, "invalid_request", 9_001_023),
        (
            "contoso.example",
            vec![("client_secret", ""), ("client_assertion", "x")],
            401,
            "invalid_client",
            700_027,
        ),
    ] {
        let (got, body) = world.token(tenant, &with(good.clone(), &changes)).await;
        assert_eq!((got, refusal(&body)), (status, (error.to_owned(), number)), "{tenant} {changes:?}");
    }
}
