//! Signing in through the application, the identity that is pinned, and what happens when somebody else answers.

use serde_json::{Value, json};
use syncline_api::wire::JobState;
use syncline_http::{HttpClient, HttpConfig, RetryConfig};
use syncline_model::ErrorCode;
use syncline_sandbox::faults::{FaultKind, FaultRule};
use url::Url;
use uuid::Uuid;

use crate::app_support::{Bench, contacts_to, count};

/// Posts the sign-in page's form as a browser would and follows the way back; the page shown at the end.
pub(crate) async fn browse(authorize_url: &str, user: &str) -> String {
    browse_with(authorize_url, &[("account", user), ("consent", "accept")]).await
}

async fn browse_with(authorize_url: &str, answers: &[(&str, &str)]) -> String {
    let http = HttpClient::new(&HttpConfig::default()).unwrap().with_retry(RetryConfig::none());
    let mut page = Url::parse(authorize_url).unwrap();
    let mut form: Vec<(String, String)> =
        page.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    form.extend(answers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    page.set_query(None);
    let pairs = form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let reply = http.post(page.as_str()).form(pairs).send().await.unwrap();
    assert_eq!(reply.status.as_u16(), 302, "{}", String::from_utf8_lossy(&reply.body));
    let end = http.get(reply.header("location").unwrap()).send().await.unwrap();
    String::from_utf8(end.body.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_code_the_identity_is_pinned_and_the_light_is_green() {
    let bench = Bench::new(20).await;
    let details = bench.sandbox.details().clone();
    let contoso = details.environments[0].clone();
    bench
        .rpc(
            "connections.save",
            json!({
                "name": "contoso", "system": "dataverse", "url": contoso.url, "authority": details.authority,
                "client_id": details.client_id,
            }),
        )
        .await;
    let before = bench.rpc("connections.get", json!({ "connection": "contoso" })).await;
    assert_eq!((&before["status"], &before["signed_in"]), (&json!("unverified"), &json!(false)));
    let user =
        details.users.iter().find(|user| user.kind == "normal" && user.tenant == contoso.tenant).unwrap();

    let started = bench.rpc("sign_in.start", json!({ "connection": "contoso", "open_browser": false })).await;
    let page = browse(started["authorize_url"].as_str().unwrap(), &user.user_name).await;
    assert!(page.contains("You are signed in"), "{page}");
    let job = bench.wait(started["job"].as_str().unwrap()).await;
    assert_eq!(job.state, JobState::Done, "{:?}", job.error);

    let after = bench.rpc("connections.get", json!({ "connection": "contoso" })).await;
    assert_eq!((&after["status"], &after["signed_in"]), (&json!("verified"), &json!(true)));
    let identity = &after["identity"];
    assert_eq!(identity["organization_id"], contoso.organization_id);
    assert_eq!(identity["tenant_id"], contoso.tenant);
    assert_eq!(identity["user_name"], user.user_name);
    assert!(identity["user_id"].as_str().is_some_and(|id| Uuid::parse_str(id).is_ok()));

    // The same sign-in again finds itself; another organization behind the address turns the light red and is not pinned.
    let environment = bench.sandbox.environment("contoso").unwrap();
    environment.set_organization_id(Uuid::from_u128(9));
    let test = bench.rpc("connections.test", json!({ "connection": "contoso" })).await;
    assert_eq!((&test["status"], &test["error"]["code"]), (&json!("broken"), &json!("identity_changed")));
    assert!(test["error"]["hint"].is_string());
    let kept = bench.rpc("connections.get", json!({ "connection": "contoso" })).await;
    assert_eq!(kept["identity"]["organization_id"], contoso.organization_id, "the pin stays");
}

/// A definition from contoso's contacts to fabrikam's, by id.
fn copy() -> Value {
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] =
        json!([{ "to": "firstname", "from": "firstname" }, { "to": "lastname", "from": "lastname" }]);
    definition["fixed"] = json!([]);
    definition
}

async fn both(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organization_before_the_preview_and_between_preview_and_run_gets_nothing() {
    let bench = both(40).await;
    let fabrikam = bench.sandbox.environment("fabrikam").unwrap().clone();
    let right = fabrikam.organization_id();
    let plan = bench.preview(&copy()).await;
    assert_eq!(count(&plan["summary"], "create"), 40, "{plan}");

    fabrikam.set_organization_id(Uuid::from_u128(77));
    bench.sandbox.clear_requests();
    let error = bench.failed("plans.start", json!({ "json": copy().to_string() })).await;
    assert_eq!(error.code, ErrorCode::IdentityChanged, "{error:?}");
    let error = bench.failed("runs.start", json!({ "plan": plan["plan_id"] })).await;
    assert_eq!(error.code, ErrorCode::IdentityChanged, "{error:?}");
    assert!(error.hint.is_some());
    assert_eq!(bench.writes("fabrikam").len(), 0, "{:?}", bench.writes("fabrikam"));

    // A record by hand is refused as well.
    let write = json!({
        "connection": "fabrikam", "entity": "contact", "operation": "create", "data": { "lastname": "X" },
    });
    assert_eq!(bench.refused("records.write", write).await.code, ErrorCode::IdentityChanged);
    assert_eq!(bench.writes("fabrikam").len(), 0);

    // When the right one answers again, the plan, which was not touched, runs.
    fabrikam.set_organization_id(right);
    let report = bench.run(&plan).await;
    assert_eq!((&report["status"], count(&report, "created")), (&json!("succeeded"), 40), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_that_was_renewed_does_not_let_an_older_plan_through() {
    let bench = both(10).await;
    let plan = bench.preview(&copy()).await;
    bench.sandbox.environment("fabrikam").unwrap().set_organization_id(Uuid::from_u128(78));
    // The person looked and took the other organization for the right one; the plan was made for the first.
    bench.connect_writable("fabrikam", "fabrikam").await;
    bench.sandbox.clear_requests();
    let report = bench.run(&plan).await;
    assert_eq!(
        (&report["status"], &report["error"]["code"]),
        (&json!("failed"), &json!("identity_changed")),
        "{report}"
    );
    assert_eq!(bench.writes("fabrikam").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organization_between_two_batches_stops_the_run() {
    let bench = both(2500).await;
    let plan = bench.preview(&copy()).await;
    assert!(count(&plan, "requests") >= 2, "{plan}");
    bench.sandbox.clear_requests();
    // The first batch is the last request of the right organization.
    let other = FaultKind::OtherOrganization { organization_id: Some(Uuid::from_u128(79)) };
    bench.sandbox.faults().add([FaultRule::new(other).at("fabrikam").on("CRM.CreateMultiple")]);
    let report = bench.run(&plan).await;
    assert_eq!(
        (&report["status"], &report["error"]["code"]),
        (&json!("failed"), &json!("identity_changed")),
        "{report}"
    );
    assert_eq!(bench.writes("fabrikam").len(), 1, "one batch went before, none after");
    let created = count(&report, "created");
    assert!(created > 0 && created < 2500, "{report}");
    let rows = bench.rpc("runs.rows", json!({ "run": report["run_id"], "outcome": "created" })).await;
    assert_eq!(count(&rows, "total"), created, "what was written before is in the history");
}

/// What a 401 demands of the token goes to the token endpoint, and where that is not enough into the next sign-in, whichever process
/// begins it.
#[tokio::test(flavor = "multi_thread")]
async fn a_claims_challenge_is_carried_to_the_next_sign_in() {
    for kind in ["normal", "second factor"] {
        let vault = std::sync::Arc::new(syncline_secrets::MemoryVault::new());
        let bench = Bench::with_vault(5, vault.clone()).await;
        let details = bench.sandbox.details().clone();
        let contoso = details.environments[0].clone();
        let save = json!({ "name": "contoso", "system": "dataverse", "url": contoso.url,
            "authority": details.authority, "client_id": details.client_id, "tenant": contoso.tenant });
        bench.rpc("connections.save", save).await;
        let user =
            details.users.iter().find(|user| user.kind == kind && user.tenant == contoso.tenant).unwrap();
        let answers = [("account", &*user.user_name), ("consent", "accept"), ("approved", "mfa")];
        let ask = json!({ "connection": "contoso", "open_browser": false });
        let first = bench.rpc("sign_in.start", ask.clone()).await;
        let url = Url::parse(first["authorize_url"].as_str().unwrap()).unwrap();
        assert!(url.query_pairs().all(|(name, _)| name != "claims"));
        // A normal person needs no second factor yet.
        browse_with(url.as_str(), &answers[..if kind == "normal" { 2 } else { 3 }]).await;
        let job = bench.wait(first["job"].as_str().unwrap()).await;
        assert_eq!(job.state, JobState::Done, "{:?}", job.error);

        // The environment demands more of a normal person; of the other one the token endpoint does by itself.
        let fault = match kind {
            "normal" => FaultKind::ClaimsChallenge,
            _ => FaultKind::ExpireTokens,
        };
        bench.sandbox.faults().add([FaultRule::new(fault).at("contoso").on("EntityDefinitions")]);
        let entities = json!({ "connection": "contoso" });
        let refused = bench.refused("entities.list", entities.clone()).await;
        assert_eq!(
            (refused.code, refused.service_code.as_deref()),
            (ErrorCode::SignInNeeded, Some("AADSTS50076")),
            "{refused:?}"
        );
        let again = bench.rpc("sign_in.start", ask.clone()).await;
        let url = Url::parse(again["authorize_url"].as_str().unwrap()).unwrap();
        let claims = url.query_pairs().find(|(name, _)| name == "claims").unwrap().1.into_owned();
        assert!(claims.contains("capolids"), "{claims}");
        browse_with(url.as_str(), &answers).await;
        assert_eq!(bench.wait(again["job"].as_str().unwrap()).await.state, JobState::Done);
        // The sign-in met them: the refresh token is good, and the next sign-in asks for nothing special.
        bench.sandbox.entra().expire_access_tokens();
        bench.rpc("entities.list", entities).await;
        let last = bench.rpc("sign_in.start", ask).await;
        assert!(!last["authorize_url"].as_str().unwrap().contains("claims="));
        bench.rpc("jobs.cancel", json!({ "job": last["job"] })).await;
    }
}
