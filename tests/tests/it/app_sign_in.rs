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
    let http = HttpClient::new(&HttpConfig::default()).unwrap().with_retry(RetryConfig::none());
    let mut page = Url::parse(authorize_url).unwrap();
    let mut form: Vec<(String, String)> =
        page.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    form.extend([("account".to_owned(), user.to_owned()), ("consent".to_owned(), "accept".to_owned())]);
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
