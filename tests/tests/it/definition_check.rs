//! What the check of a definition says of the definitions beside it.

use serde_json::{Value, json};

use crate::app_support::{Bench, contacts_to};

fn named(name: &str, identifiers: Value) -> Value {
    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["name"] = json!(name);
    definition["identifiers"] = identifiers;
    definition
}

async fn warned(bench: &Bench, definition: &Value, saved_as: Option<&str>) -> Vec<String> {
    let request = json!({ "json": definition.to_string(), "saved_as": saved_as });
    let check = bench.rpc("definitions.check", request).await;
    assert_eq!(check["valid"], true, "{check}");
    let warnings = check["warnings"].as_array().unwrap();
    warnings
        .iter()
        .filter(|warning| warning["path"] == "identifiers")
        .map(|warning| warning["code"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_that_recognises_the_same_records_otherwise_is_warned_of() {
    let bench = Bench::new(5).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let by_email = named("By e-mail", json!([{ "to": "email", "from": "emailaddress1" }]));
    let by_id = named("By id", json!([{ "to": "uuid", "from": "contactid" }]));
    assert!(warned(&bench, &by_email, None).await.is_empty(), "nothing is saved beside it");
    let saved = json!({ "json": by_email.to_string() });
    bench.rpc("definitions.save", saved).await;
    assert_eq!(warned(&bench, &by_id, None).await, ["identifiers_disagree"]);
    // It is the saved one under another name: no second definition.
    assert!(warned(&bench, &by_id, Some("By e-mail")).await.is_empty());
    let both = json!([{ "to": "uuid", "from": "contactid" }, { "to": "email", "from": "emailaddress1" }]);
    assert!(warned(&bench, &named("By both", both), None).await.is_empty());
}
