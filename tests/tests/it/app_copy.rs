//! From one Dataverse environment to another: values arrive digit for digit, a second run writes nothing, and nobody's change is overwritten.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::{Bench, count};

async fn bench(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    bench
}

/// A definition that copies these columns under their own names.
fn copy(entity: &str, keys: &[&str], columns: &[&str]) -> Value {
    let pair = |name: &&str| json!({ "to": name, "from": name });
    let all: Vec<&str> = keys.iter().chain(columns).copied().collect();
    json!({
        "version": 1, "name": format!("{entity} copy"),
        "source": { "connection": "contoso", "entity": entity, "columns": all, "page_size": 500, "retries": 1 },
        "destination": { "connection": "fabrikam", "entity": entity },
        "identifiers": keys.iter().map(pair).collect::<Vec<_>>(),
        "fields": columns.iter().map(pair).collect::<Vec<_>>(),
    })
}

type Row = BTreeMap<String, Box<RawValue>>;

/// All rows of an entity by the value of a column, every value as its JSON text.
async fn rows(
    bench: &Bench,
    connection: &str,
    entity: &str,
    key: &str,
    columns: &[&str],
) -> BTreeMap<String, Row> {
    #[derive(serde::Deserialize)]
    struct One {
        raw: Box<RawValue>,
    }
    #[derive(serde::Deserialize)]
    struct Page {
        rows: Vec<One>,
    }
    let mut asked = columns.to_vec();
    asked.push(key);
    let ask = json!({
        "connection": connection, "entity": entity, "mode": "live", "limit": 5000, "columns": asked,
    });
    let text = bench.app.rpc_text("records.query", ask).await.unwrap();
    let page: Page = serde_json::from_str(&text).unwrap();
    page.rows
        .iter()
        .map(|one| {
            let row: Row = serde_json::from_str(one.raw.get()).unwrap();
            (row[key].get().to_owned(), row)
        })
        .collect()
}

fn same(source: &BTreeMap<String, Row>, copied: &BTreeMap<String, Row>, columns: &[&str]) {
    for (key, row) in source {
        let other = copied.get(key).unwrap_or_else(|| panic!("{key} did not arrive"));
        for column in columns {
            let text = |row: &Row| row.get(*column).map(|raw| raw.get().to_owned());
            assert!(text(row).is_some(), "{column} in {:?}", row.keys());
            assert_eq!(text(row), text(other), "{column} of {key}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_id_and_by_alternate_key_values_arrive_digit_for_digit_and_once() {
    let bench = bench(1000).await;
    // The accounts first, by id: the projects point to them.
    let accounts = copy("account", &["accountid"], &["name", "revenue", "numberofemployees"]);
    let plan = bench.preview(&accounts).await;
    assert_eq!(count(&plan["summary"], "create"), 200, "{plan}");
    let report = bench.run(&plan).await;
    assert_eq!((&report["status"], count(&report, "created")), (&json!("succeeded"), 200), "{report}");
    let columns = ["name", "revenue", "numberofemployees"];
    let source = rows(&bench, "contoso", "account", "accountid", &columns).await;
    same(&source, &rows(&bench, "fabrikam", "account", "accountid", &columns).await, &columns);

    // The projects by their code; the destination gives them ids of its own making.
    let mut projects = copy(
        "new_project",
        &["new_projectcode"],
        &["new_name", "new_phase", "new_budget", "new_startdate", "new_kickoff", "new_tags", "new_customer"],
    );
    let label = json!({ "to": "new_description", "from": "new_phase", "label": true });
    projects["fields"].as_array_mut().unwrap().push(label);
    let plan = bench.preview(&projects).await;
    assert_eq!(count(&plan["summary"], "create"), 20, "{plan}");
    let report = bench.run(&plan).await;
    assert_eq!((&report["status"], count(&report, "created")), (&json!("succeeded"), 20), "{report}");
    let columns =
        ["new_name", "new_phase", "new_budget", "new_startdate", "new_kickoff", "new_tags", "new_customer"];
    let wire = columns.map(|name| if name == "new_customer" { "_new_customer_value" } else { name });
    let source = rows(&bench, "contoso", "new_project", "new_projectcode", &columns).await;
    let mut asked = columns.to_vec();
    asked.push("new_description");
    let copied = rows(&bench, "fabrikam", "new_project", "new_projectcode", &asked).await;
    same(&source, &copied, &wire);
    assert!(
        source.values().any(|row| row["new_budget"].get().split_once('.').is_some_and(|(_, d)| d.len() == 4)),
        "money with four decimals was among it"
    );
    for (code, row) in &source {
        let label = match row["new_phase"].get() {
            "100000000" => "\"Plan\"",
            "100000001" => "\"Build\"",
            "100000002" => "\"Run\"",
            "null" => "null",
            other => panic!("{other}"),
        };
        assert_eq!(copied[code]["new_description"].get(), label);
    }
    for definition in [&accounts, &projects] {
        let again = bench.preview(definition).await;
        let summary = &again["summary"];
        assert_eq!(summary["unchanged"], summary["read"], "{summary}");
        bench.sandbox.clear_requests();
        bench.run(&again).await;
        assert_eq!(bench.writes("fabrikam").len(), 0, "a second run writes nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_row_that_changed_since_the_preview_is_not_overwritten() {
    let bench = bench(1000).await;
    let definition = copy("new_project", &["new_projectcode"], &["new_name", "new_budget"]);
    bench.run(&bench.preview(&definition).await).await;
    let source = rows(&bench, "contoso", "new_project", "new_projectcode", &["new_projectid"]).await;
    let copied = rows(&bench, "fabrikam", "new_project", "new_projectcode", &["new_projectid"]).await;
    let codes: Vec<&String> = source.keys().take(3).collect();
    let id = |row: &Row| row["new_projectid"].get().trim_matches('"').to_owned();
    for code in &codes {
        bench
            .change("contoso", "new_project", &id(&source[*code]), json!({ "new_name": "From the source" }))
            .await;
    }
    let plan = bench.preview(&definition).await;
    assert_eq!((count(&plan["summary"], "update"), count(&plan["summary"], "unchanged")), (3, 17), "{plan}");
    bench
        .change("fabrikam", "new_project", &id(&copied[codes[1]]), json!({ "new_name": "By somebody" }))
        .await;
    let report = bench.run(&plan).await;
    assert_eq!(
        (&report["status"], count(&report, "updated"), count(&report, "drifted"), count(&report, "failed")),
        (&json!("partial"), 2, 1, 0),
        "{report}"
    );
    assert_eq!(report["failures"][0]["source_id"], id(&source[codes[1]]));
    let after = rows(&bench, "fabrikam", "new_project", "new_projectcode", &["new_name"]).await;
    let names = codes.iter().map(|code| after[*code]["new_name"].get()).collect::<Vec<_>>();
    assert_eq!(names, ["\"From the source\"", "\"By somebody\"", "\"From the source\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_came_to_be_since_the_preview_is_left_as_it_is() {
    let bench = bench(200).await;
    let definition = copy("new_project", &["new_projectcode"], &["new_name"]);
    let plan = bench.preview(&definition).await;
    assert_eq!(count(&plan["summary"], "create"), 4, "{plan}");
    let items = bench.items(&plan).await;
    let code = items[2]["identifiers"]["new_projectcode"].clone();
    let made = json!({
        "connection": "fabrikam", "entity": "new_project", "operation": "create",
        "data": { "new_projectcode": code, "new_name": "Made by hand" },
    });
    bench.rpc("records.write", made).await;
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "created"), count(&report, "drifted")), (3, 1), "{report}");
    let after = rows(&bench, "fabrikam", "new_project", "new_projectcode", &["new_name"]).await;
    assert_eq!(after[&code.to_string()]["new_name"].get(), "\"Made by hand\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_into_and_doubles_nothing() {
    for acts in [true, false] {
        let bench = bench(1000).await;
        let definition = copy("new_project", &["new_projectcode"], &["new_name", "new_budget"]);
        let plan = bench.preview(&definition).await;
        let lost = FaultRule::new(if acts { FaultKind::ResetBefore } else { FaultKind::ResetUnheard })
            .at("fabrikam")
            .on("$batch");
        bench.sandbox.faults().add([lost]);
        let report = bench.run(&plan).await;
        let expected = if acts { ("succeeded", 20, 0) } else { ("failed", 0, 20) };
        assert_eq!(
            (report["status"].as_str().unwrap(), count(&report, "created"), count(&report, "failed")),
            expected,
            "acts: {acts}: {report}"
        );
        if !acts {
            let rows = bench.rpc("runs.rows", json!({ "run": report["run_id"], "outcome": "unknown" })).await;
            assert_eq!(count(&rows, "total"), 20);
        }
        let next = bench.preview(&definition).await;
        bench.run(&next).await;
        let copied = rows(&bench, "fabrikam", "new_project", "new_projectid", &["new_projectcode"]).await;
        assert_eq!(copied.len(), 20, "acts: {acts}: no row twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_of_each_row_are_those_of_the_preview() {
    for bulk in [false, true] {
        bytes_of_each_row(bulk).await;
    }
}

/// By CreateMultiple, or by `$batch` where the table has no such message.
async fn bytes_of_each_row(bulk: bool) {
    let bench = Bench::new(200).await;
    if !bulk {
        let fabrikam = bench.sandbox.environment("fabrikam").unwrap();
        fabrikam.messages().set_without(["contact".to_owned()]);
    }
    bench.connect("contoso", "contoso").await;
    let details = bench.sandbox.details().clone();
    let fabrikam = details.environments.iter().find(|one| one.name == "fabrikam").unwrap();
    let recorder = crate::app_recorder::Recorder::start(&fabrikam.url).await;
    let mut save = bench.as_application("fabrikam", "fabrikam");
    // Tokens are for the environment; the way there leads through the relay.
    save["scopes"] = json!([format!("{}/.default", fabrikam.url)]);
    save["url"] = json!(recorder.url);
    bench.rpc("connections.save", save).await;
    bench.rpc("connections.unlock", json!({ "connection": "fabrikam", "minutes": 5 })).await;
    let definition =
        copy("contact", &["contactid"], &["lastname", "creditlimit", "gendercode", "description"]);
    let plan = bench.preview(&definition).await;
    let items = bench.items(&plan).await;
    assert!(!recorder.text().contains("PATCH"), "a preview writes nothing");
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "created"), 200, "{report}");
    let recorded = recorder.text();
    for item in &items {
        let request = &item["request"];
        let body = request["body"].as_str().unwrap();
        let path = request["path"].as_str().unwrap();
        if bulk {
            let id = path.trim_start_matches("/contacts(").trim_end_matches(')');
            let members = body.trim_start_matches('{');
            assert!(recorded.contains(&format!("\"contactid\":\"{id}\",{members}")), "{path}: {body}");
            continue;
        }
        let at = recorded.find(&format!("{path} HTTP/1.1")).unwrap_or_else(|| panic!("{path} was not sent"));
        let part = &recorded[at..];
        let begin = part.find("\r\n\r\n").unwrap() + 4;
        assert!(part[begin..].starts_with(&format!("{body}\r\n--")), "{path}: {body}");
        assert!(part[..begin].contains("If-None-Match: *"));
    }
    assert_eq!(recorded.matches("PATCH /api/data").count(), if bulk { 0 } else { 200 });
    assert_eq!(
        recorded.matches("Microsoft.Dynamics.CRM.CreateMultiple HTTP").count(),
        if bulk { 2 } else { 0 }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_to_two_kinds_of_rows_arrive_as_what_they_were() {
    let bench = bench(120).await;
    for definition in [
        copy("account", &["accountid"], &["name"]),
        copy("contact", &["contactid"], &["lastname", "new_churnscore", "address1_latitude", "anniversary"]),
    ] {
        let report = bench.run(&bench.preview(&definition).await).await;
        assert_eq!(report["status"], "succeeded", "{report}");
    }
    let columns = [
        "lastname",
        "new_churnscore",
        "address1_latitude",
        "anniversary",
        "parentcustomerid",
        "new_interests",
    ];
    let definition = copy("contact", &["contactid"], &columns);
    let plan = bench.preview(&definition).await;
    assert!(count(&plan["summary"], "update") > 60 && count(&plan["summary"], "create") == 0, "{plan}");
    let report = bench.run(&plan).await;
    assert_eq!(report["status"], "succeeded", "{report}");
    let kind = "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname";
    let wire = [
        "lastname",
        "new_churnscore",
        "address1_latitude",
        "anniversary",
        "_parentcustomerid_value",
        "new_interests",
    ];
    let source = rows(&bench, "contoso", "contact", "contactid", &columns).await;
    let copied = rows(&bench, "fabrikam", "contact", "contactid", &columns).await;
    same(&source, &copied, &wire);
    let kinds = |all: &BTreeMap<String, Row>| -> Vec<(String, String)> {
        let of = |(id, row): (&String, &Row)| row.get(kind).map(|raw| (id.clone(), raw.get().to_owned()));
        all.iter().filter(|(id, _)| source.contains_key(*id)).filter_map(of).collect()
    };
    assert_eq!(kinds(&source), kinds(&copied));
    for wanted in ["\"account\"", "\"contact\""] {
        assert!(kinds(&source).iter().any(|(_, kind)| kind == wanted), "{wanted} was among them");
    }
    let again = bench.preview(&definition).await;
    assert_eq!(again["summary"]["unchanged"], again["summary"]["read"], "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_goes_the_same_way() {
    let bench = bench(30).await;
    let definition = copy("contact", &["contactid"], &["lastname"]);
    let all = bench.preview(&definition).await;
    let id = bench.items(&all).await[11]["source_id"].clone();
    let ask = json!({ "json": definition.to_string(), "source_id": id });
    let one = bench.done("plans.start", ask.clone()).await;
    assert_eq!((count(&one["summary"], "read"), count(&one["summary"], "create")), (1, 1), "{one}");
    assert_eq!(count(&bench.run(&one).await, "created"), 1);
    let again = bench.done("plans.start", ask).await;
    assert_eq!(count(&again["summary"], "unchanged"), 1);
    let nobody =
        json!({ "json": definition.to_string(), "source_id": "0000ffff-0000-4000-8000-00000000dead" });
    assert_eq!(bench.failed("plans.start", nobody).await.code, syncline_model::ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_the_service_slows_down_ends_well() {
    let bench = bench(300).await;
    let definition = copy("contact", &["contactid"], &["lastname"]);
    let plan = bench.preview(&definition).await;
    let limits = syncline_sandbox::dataverse::Limits {
        requests: 3,
        window: std::time::Duration::from_millis(900),
        parallelism_hint: 2,
        ..syncline_sandbox::dataverse::Limits::default()
    };
    bench.sandbox.environment("fabrikam").unwrap().protection.set(Some(limits));
    bench.sandbox.clear_requests();
    let report = bench.run(&plan).await;
    assert_eq!((&report["status"], count(&report, "created")), (&json!("succeeded"), 300), "{report}");
    assert!(bench.sandbox.requests().iter().any(|request| request.status == 429), "it was slowed down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_ends_during_a_run_is_told_and_what_was_written_stays_told() {
    let bench = bench(2100).await;
    let definition = copy("contact", &["contactid"], &["lastname"]);
    let plan = bench.preview(&definition).await;
    // The first batch is written; then nobody is let in any more, not with a new token either.
    let refused = FaultKind::Status { status: 401, retry_after: None };
    bench.sandbox.faults().add([FaultRule::new(refused).at("fabrikam").on("WhoAmI").after(2, 100)]);
    let report = bench.run(&plan).await;
    let created = count(&report, "created");
    assert_eq!(
        (&report["status"], &report["error"]["code"]),
        (&json!("failed"), &json!("sign_in_needed")),
        "{report}"
    );
    assert!(created > 0 && created < 2100 && report["error"]["hint"].is_string(), "{report}");
    let light = bench.rpc("connections.get", json!({ "connection": "fabrikam" })).await;
    assert_eq!(light["status"], "broken", "the light is red at once: {light}");
    bench.sandbox.faults().clear();
    bench.rpc("connections.test", json!({ "connection": "fabrikam" })).await;
    let next = bench.preview(&definition).await;
    assert_eq!(count(&next["summary"], "unchanged"), created);
    assert_eq!(bench.run(&next).await["status"], "succeeded");
}
