//! Who may call which environment, and who sees which.
use crate::support::*;
use serde_json::{Value, json};

async fn token_for(world: &World, person: &str, resource: &str) -> String {
    let scope = format!("{resource}/.default offline_access openid");
    world.sign_in(person, &[("scope", &scope)]).await["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_token_no_answer() {
    let world = world().await;
    let environment = &world.details().environments[0];
    let response =
        world.client.get(format!("{}/api/data/v9.2/WhoAmI", environment.url)).send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(
        response.headers()["www-authenticate"],
        format!(
            "Bearer authorization_uri={}/{}/oauth2/authorize, resource_id={}/",
            world.details().authority,
            environment.tenant,
            environment.url
        )
    );
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "0x80040204");
    let good = token_for(&world, ADMIN, &environment.url).await;
    let mut forged = good.clone();
    forged.replace_range(good.len() - 9..good.len() - 5, "AAAA");
    for token in ["x", "a.b.c", "", &forged] {
        assert_eq!(world.who_am_i(0, token).await.status(), 401, "{token}");
    }
    assert_eq!(world.who_am_i(0, &good).await.status(), 200);
}

#[tokio::test]
async fn tokens_of_two_tenants_do_not_mix() {
    let world = world().await;
    let urls: Vec<String> =
        world.details().environments.iter().map(|environment| environment.url.clone()).collect();
    let ada = token_for(&world, ADMIN, &urls[0]).await;
    let nora = token_for(&world, "nora@northwind.example", &urls[2]).await;
    assert_eq!(world.who_am_i(0, &ada).await.status(), 200);
    assert_eq!(world.who_am_i(2, &nora).await.status(), 200);
    for (environment, token) in [(2, &ada), (0, &nora), (1, &ada), (1, &nora)] {
        assert_eq!(world.who_am_i(environment, token).await.status(), 401, "{environment}");
    }
    let who = |response: reqwest::Response| async { response.json::<Value>().await.unwrap() };
    let (ada, nora) = (who(world.who_am_i(0, &ada).await).await, who(world.who_am_i(2, &nora).await).await);
    assert_ne!(ada["OrganizationId"], nora["OrganizationId"]);
}

#[tokio::test]
async fn a_token_proves_nothing_about_membership() {
    let world = world().await;
    let url = world.details().dataverse.clone();
    let response = world.who_am_i(0, &token_for(&world, "nico.nowhere@contoso.example", &url).await).await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "0x80072560");
    let guest = token_for(&world, "gina.guest@partner.example", &url).await;
    assert_eq!(world.who_am_i(0, &guest).await.status(), 200, "a guest at the tenant's own address");
}

#[tokio::test]
async fn access_tokens_expire() {
    let world = world_with(|config| config.access_token_lifetime_s = 0).await;
    let token = world.sign_in(ADMIN, &[]).await;
    assert_eq!(token["expires_in"], 0);
    let response = world.who_am_i(0, token["access_token"].as_str().unwrap()).await;
    assert_eq!(response.status(), 401);
    assert!(response.headers().contains_key("www-authenticate"));
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "0x8005F101");
    world.settings(json!({ "access_token_lifetime_s": 60 })).await;
    let token = world.sign_in(ADMIN, &[]).await["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.who_am_i(0, &token).await.status(), 200);
    world.settings(json!({ "expire_access_tokens": true })).await;
    assert_eq!(world.who_am_i(0, &token).await.status(), 401);
}

#[tokio::test]
async fn the_restricted_person_lacks_leads() {
    let world = world().await;
    let restricted = world.details().users.iter().find(|user| user.kind == "restricted").unwrap();
    let token = token_for(&world, &restricted.user_name, &world.details().dataverse).await;
    let get = async |set: &str| {
        let url = format!("{}/api/data/v9.2/{set}?$top=1", world.details().dataverse);
        world.client.get(url).bearer_auth(&token).send().await.unwrap().status().as_u16()
    };
    assert_eq!((get("contacts").await, get("leads").await), (200, 403));
}

#[tokio::test]
async fn discovery_lists_a_persons_environments() {
    let world = world().await;
    let discovery = world.details().discovery.clone();
    let list = async |person: &str, query: &str| {
        let token = token_for(&world, person, &discovery).await;
        let url = format!("{discovery}/api/discovery/v2.0/Instances{query}");
        let response = world.client.get(url).bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let names = |body: &Value| -> Vec<String> {
        let list = body["value"].as_array().unwrap();
        list.iter().map(|instance| instance["UrlName"].as_str().unwrap().to_owned()).collect()
    };
    let (_, body) = list(ADMIN, "").await;
    assert_eq!(names(&body), ["contoso", "fabrikam"]);
    let first = &body["value"][0];
    assert_eq!(first["Url"], world.details().dataverse);
    assert_eq!(first["Id"], world.details().environments[0].organization_id);
    assert_eq!(first["TenantId"], world.details().tenant);
    assert_eq!(names(&list("nora@northwind.example", "").await.1), ["northwind"]);
    assert_eq!(
        list("nico.nowhere@contoso.example", "").await.1["value"],
        json!([]),
        "an empty list, no error"
    );
    let (_, body) = list(ADMIN, "?$select=UrlName,Url&$filter=UniqueName%20eq%20'fabrikam'").await;
    assert_eq!(body["value"], json!([{ "UrlName": "fabrikam", "Url": world.details().environments[1].url }]));
    assert_eq!(list(ADMIN, "?$orderby=Url").await.0, 400);
    assert_eq!(list(ADMIN, "(UniqueName='contoso')").await.1["UrlName"], "contoso");
    let url = format!("{discovery}/api/discovery/v2.0/Instances");
    let response = world.client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 401);
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("/common/oauth2/authorize"), "{challenge}");
    let other = token_for(&world, ADMIN, &world.details().dataverse).await;
    let response = world.client.get(&url).bearer_auth(other).send().await.unwrap();
    assert_eq!(response.status(), 401, "a token for another resource");
}
