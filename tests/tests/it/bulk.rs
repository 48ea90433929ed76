//! Bulk messages against the sample tenant: which way each row goes, what becomes of it, and what is left.

use serde_json::{Value, json};

use crate::app_support::{Bench, contacts_to, count};

/// Contacts to the same table elsewhere, by their id.
fn copy() -> Value {
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([{ "to": "lastname", "from": "lastname" }]);
    definition["fixed"] = json!([]);
    definition
}

async fn bench(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    bench
}

/// Calls of the destination by the end of their path.
fn calls(bench: &Bench, end: &str) -> usize {
    bench.writes("fabrikam").iter().filter(|request| request.path.ends_with(end)).count()
}

async fn lastname(bench: &Bench, id: &str) -> Value {
    let ask = json!({ "connection": "fabrikam", "entity": "contact", "id": id, "mode": "live" });
    bench.rpc("records.get", ask).await["row"]["raw"]["lastname"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn new_records_go_in_one_call_and_changed_ones_are_guarded_in_batches() {
    let bench = bench(250).await;
    let plan = bench.preview(&copy()).await;
    bench.sandbox.clear_requests();
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "created"), count(&report, "failed")), (250, 0), "{report}");
    assert_eq!((calls(&bench, "CreateMultiple"), calls(&bench, "$batch")), (3, 0));

    let items = bench.items(&plan).await;
    let id = items[7]["source_id"].as_str().unwrap().to_owned();
    let mut changed = copy();
    changed["fields"] = json!([{ "to": "lastname", "from": "lastname", "case": "upper" }]);
    let plan = bench.preview(&changed).await;
    bench.change("fabrikam", "contact", &id, json!({ "lastname": "By somebody else" })).await;
    bench.sandbox.clear_requests();
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "drifted"), 1, "{report}");
    assert_eq!(calls(&bench, "UpdateMultiple"), 0, "a bulk message can't hold a row to its version");
    assert!(calls(&bench, "$batch") >= 2);
    assert_eq!(lastname(&bench, &id).await, "By somebody else");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_record_costs_only_itself() {
    let bench = bench(40).await;
    let plan = bench.preview(&copy()).await;
    let items = bench.items(&plan).await;
    let taken = items[11]["source_id"].as_str().unwrap().to_owned();
    let made = json!({
        "connection": "fabrikam", "entity": "contact", "operation": "create",
        "data": { "lastname": "There before", "contactid": taken },
    });
    bench.rpc("records.write", made).await;
    bench.sandbox.clear_requests();
    let report = bench.run(&plan).await;
    let run = &report;
    assert_eq!((count(run, "created"), count(run, "drifted"), count(run, "failed")), (39, 1, 0), "{report}");
    assert_eq!((calls(&bench, "CreateMultiple"), calls(&bench, "$batch")), (1, 1));
    assert_eq!(lastname(&bench, &taken).await, "There before", "the guard holds");
    let rows = bench.rpc("runs.rows", json!({ "run": run["run_id"], "limit": 100 })).await;
    let rows = rows["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 40);
    for row in rows {
        let wanted = if row["source_id"] == taken.as_str() { "drifted" } else { "created" };
        assert_eq!(row["outcome"], wanted, "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn elastic_tables_and_tables_without_messages() {
    for elastic in [true, false] {
        let bench = bench(40).await;
        let fabrikam = bench.sandbox.environment("fabrikam").unwrap();
        if elastic {
            fabrikam.messages().set_elastic(["contact".to_owned()]);
        } else {
            fabrikam.messages().set_without(["contact".to_owned()]);
        }
        let plan = bench.preview(&copy()).await;
        let taken = bench.items(&plan).await[3]["source_id"].as_str().unwrap().to_owned();
        let made = json!({
            "connection": "fabrikam", "entity": "contact", "operation": "create",
            "data": { "lastname": "There before", "contactid": taken },
        });
        bench.rpc("records.write", made).await;
        bench.sandbox.clear_requests();
        let report = bench.run(&plan).await;
        let run = &report;
        assert_eq!((count(run, "created"), count(run, "drifted")), (39, 1), "{report}");
        assert_eq!(calls(&bench, "CreateMultiple"), usize::from(elastic));
        assert_eq!(calls(&bench, "$batch"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_asked_whole_is_taken_whole_or_not_at_all() {
    let bench = bench(40).await;
    let mut whole = copy();
    whole["options"] = json!({ "skip_hook": false, "stop_on_failed_batch": false, "all_or_nothing": true });
    let plan = bench.preview(&whole).await;
    let taken = bench.items(&plan).await[3]["source_id"].as_str().unwrap().to_owned();
    let made = json!({
        "connection": "fabrikam", "entity": "contact", "operation": "create",
        "data": { "lastname": "There before", "contactid": taken },
    });
    bench.rpc("records.write", made).await;
    let report = bench.run(&plan).await;
    let run = &report;
    assert_eq!((count(run, "created"), count(run, "drifted"), count(run, "failed")), (0, 1, 39), "{report}");
    let plan = bench.preview(&whole).await;
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "failed"), 0, "{report}");
    assert_eq!(count(&report, "created"), 39, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_privilege_to_leave_plugins_out_is_named() {
    let bench = bench(12).await;
    let fabrikam = bench.sandbox.environment("fabrikam").unwrap();
    for (option, privilege) in
        [("bypass_plugins", "prvBypassCustomPlugins"), ("bypass_logic", "prvBypassCustomBusinessLogic")]
    {
        let mut definition = copy();
        definition["options"] = json!({ "skip_hook": false, "stop_on_failed_batch": false, option: true });
        let plan = bench.preview(&definition).await;
        fabrikam.rights().restrict(fabrikam.users.iter().map(|user| user.user_id).collect());
        let report = bench.run(&plan).await;
        let failure = &report["failures"][0];
        let told = failure["message"].as_str().unwrap();
        assert!(told.contains(privilege) && told.contains("switch"), "{told}");
        fabrikam.rights().restrict([].into());
    }
    let mut definition = copy();
    definition["options"] = json!({ "skip_hook": false, "stop_on_failed_batch": false, "bypass_plugins": true, "suppress_flows": true });
    let plan = bench.preview(&definition).await;
    bench.sandbox.clear_requests();
    assert_eq!(count(&bench.run(&plan).await, "created"), 12);
    let writes = bench.writes("fabrikam");
    let call = writes.iter().find(|request| request.path.ends_with("CreateMultiple")).unwrap();
    assert_eq!(call.headers["mscrm.bypasscustompluginexecution"], "true");
    assert_eq!(call.headers["mscrm.suppresscallbackregistrationexpanderjob"], "true");
    assert!(!call.headers.contains_key("mscrm.bypassbusinesslogicexecution"));
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_are_refused_when_the_definition_says_so() {
    let bench = bench(12).await;
    bench.sandbox.environment("fabrikam").unwrap().set_duplicate_rules(true);
    let twin = json!({
        "connection": "fabrikam", "entity": "contact", "operation": "create",
        "data": { "lastname": "Twin", "emailaddress1": "twin@contoso.example" },
    });
    bench.rpc("records.write", twin).await;
    let mut definition = copy();
    definition["fixed"] = json!([{ "to": "emailaddress1", "value": "twin@contoso.example" }]);
    definition["options"] =
        json!({ "skip_hook": false, "stop_on_failed_batch": false, "detect_duplicates": true });
    let plan = bench.preview(&definition).await;
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "failed"), 12, "{report}");
    assert_eq!(report["failures"][0]["code"], "0x80040333");
    definition["options"]["detect_duplicates"] = json!(false);
    let plan = bench.preview(&definition).await;
    assert_eq!(count(&bench.run(&plan).await, "created"), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_destination_heeds_the_limits_of_the_definition() {
    use syncline_sandbox::faults::{FaultKind, FaultRule};
    let bench = bench(12).await;
    let mut definition = copy();
    definition["source"]["retries"] = json!(0);
    definition["source"]["timeout_ms"] = json!(1500);
    let plan = bench.preview(&definition).await;
    let hang = FaultRule::new(FaultKind::Hang).at("fabrikam").on("CRM.CreateMultiple");
    bench.sandbox.faults().add([FaultRule { every: Some(1), ..hang }]);
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "failed"), 12, "{report}");
    let sent: Vec<_> = bench.writes("fabrikam");
    let hung: Vec<_> = sent.iter().filter(|request| request.path.ends_with("CreateMultiple")).collect();
    assert_eq!(hung.len(), 1, "a lost call is not sent again");
    assert!((1_400..20_000).contains(&hung[0].took_ms), "{hung:?}");
}
