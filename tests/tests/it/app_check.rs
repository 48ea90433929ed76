//! All problems of a definition at once: of shape, of the connections it names, of what its ends hold.

use serde_json::{Value, json};

use crate::app_support::{Bench, contacts_to};

async fn told(bench: &Bench, definition: &Value) -> Vec<(String, String)> {
    let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
    assert_eq!(check["valid"], false, "{check}");
    let text = |problem: &Value, name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let problems = check["problems"].as_array().unwrap();
    problems.iter().map(|problem| (text(problem, "path"), text(problem, "code"))).collect()
}

fn has(told: &[(String, String)], path: &str, code: &str) -> bool {
    told.iter().any(|(at, what)| at == path && what == code)
}

#[tokio::test(flavor = "multi_thread")]
async fn shape_and_meaning_are_told_at_once() {
    let bench = Bench::new(10).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["source"]["page_size"] = json!(9000);
    definition["source"]["columns"].as_array_mut().unwrap().push(json!("emailadress1"));
    definition["optins"] = json!({ "stop_on_failed_batch": true });
    definition["schedule"] = json!({ "cron": "61 * * * *" });
    let first = told(&bench, &definition).await;
    let column = format!("source.columns[{}]", definition["source"]["columns"].as_array().unwrap().len() - 1);
    for (path, code) in [
        ("source.page_size", "out_of_range"),
        ("optins", "unknown_key"),
        (column.as_str(), "unknown_column"),
        ("schedule.cron", "cron_invalid"),
    ] {
        assert!(has(&first, path, code), "{path} {code}: {first:?}");
    }
    assert_eq!(first.len(), 4, "{first:?}");
    // A definition that was made where another connection stands: what lies with the other end is told with it.
    definition["destination"]["connection"] = json!("elsewhere");
    let second = told(&bench, &definition).await;
    assert!(second.iter().any(|(path, _)| path == "destination.connection"), "{second:?}");
    assert_eq!(second.len(), 5, "{second:?}");
    definition["destination"]["connection"] = json!("marketing");
    definition["source"]["connection"] = json!("another tenant");
    let again = definition["fields"][0]["to"].clone();
    definition["fields"].as_array_mut().unwrap().push(json!({ "to": again, "from": "firstname" }));
    let third = told(&bench, &definition).await;
    assert!(third.iter().any(|(path, _)| path == "source.connection"), "{third:?}");
    assert!(third.iter().any(|(path, _)| path.starts_with("fields[") && path.ends_with(".to")), "{third:?}");
    assert!(has(&third, "schedule.cron", "cron_invalid") && has(&third, "source.page_size", "out_of_range"));
    // Its columns can't be judged.
    assert!(!third.iter().any(|(path, _)| path.starts_with("source.columns")), "{third:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_in_part_is_told_as_far_as_it_was_read() {
    let bench = Bench::new(5).await;
    let check =
        bench.rpc("definitions.check", json!({ "json": r#"{"version":1,"name":"x","sorce":{}}"# })).await;
    let problems = check["problems"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["path"] == "destination"), "{check}");
    assert!(problems.iter().any(|problem| problem["path"] == "sorce" && problem["code"] == "unknown_key"));
    assert_eq!(check["definition"], Value::Null);
}
