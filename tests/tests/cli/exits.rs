//! Exit codes 3, 4, 5 and 6, each as a script meets it.

use serde_json::json;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::program::{World, count};

#[test]
fn sign_in_refused_is_3() {
    let Some(world) = World::new(10) else { return };
    let details = world.details().clone();
    for (name, secret, number) in [
        ("wrong", "not the secret", "AADSTS7000215"),
        ("expired", details.expired_client_secret.as_str(), "AADSTS7000222"),
    ] {
        world.add_environment(name, &details.dataverse, secret, &[]).with(0);
        let ended = world.home.json(&["entities", name]).with(3);
        let error = &ended.json()["error"];
        assert_eq!((&error["code"], &error["service_code"]), (&"sign_in_refused".into(), &number.into()));
        assert!(error["hint"].is_string() && error["request_id"].is_string(), "{ended:?}");
        let test = world.home.json(&["connection", "test", name]).with(3).json();
        assert_eq!(test["status"], "broken", "{test}");
    }
    let person = ["connection", "add", "person", "--system", "dataverse", "--url", &details.dataverse];
    let more =
        ["--authority", &details.authority, "--tenant", &details.tenant, "--client-id", &details.client_id];
    world.home.json(&[&person[..], &more[..]].concat()).with(0);
    let ended = world.home.json(&["entities", "person"]).with(3);
    assert_eq!(ended.json()["error"]["code"], "sign_in_needed");
}

#[test]
fn rows_that_fail_are_4() {
    let Some(world) = World::new(60) else { return };
    world.add_crm(&["--writable"]).with(0);
    world.add_marketing();
    // A country must be an ISO code; the sample contacts have names of countries, but for these two.
    let some = ["records", "crm", "contact", "--columns", "fullname", "--top", "2"];
    for contact in world.home.json(&some).with(0).lines() {
        let id = contact["contactid"].as_str().unwrap();
        let update = ["record", "crm", "contact", "update", id, "--data", r#"{"address1_country":"DE"}"#];
        world.home.json(&update).with(0);
    }
    let definition = json!({
        "version": 1, "name": "Some are refused",
        "source": { "connection": "crm", "entity": "contact", "columns": ["contactid", "firstname", "address1_country"],
            "fetch": { "mode": "all", "days": 0 } },
        "destination": { "connection": "marketing", "entity": "profile" },
        "identifiers": [{ "to": "uuid", "from": "contactid" }],
        "fields": [{ "to": "name", "from": "firstname" }, { "to": "country", "from": "address1_country" }]
    });
    let ended = world.home.json(&["sync", "run", &world.definition(&definition), "--yes"]).with(4);
    let run = ended.json();
    assert_eq!(run["status"], "partial", "{run}");
    assert_eq!((count(&run, "failed"), count(&run, "created")), (58, 2), "{run}");
    let failure = &run["failures"][0];
    assert!(failure["code"].as_str().unwrap().contains("country"), "{failure}");
    assert!(!failure["message"].as_str().unwrap().is_empty());
    let id = run["run_id"].as_str().unwrap();
    assert_eq!(world.home.json(&["runs", "show", id]).with(0).json()["failures"], run["failures"]);
}

#[test]
fn guards_are_5() {
    let Some(world) = World::new(30) else { return };
    world.add_crm(&["--writable"]).with(0);
    let other = world.details().environments[1].clone();
    world.add_environment("copy", &other.url, &world.details().client_secret.clone(), &[]).with(0);
    let file = world.add_file("out", "out.jsonl");
    let definition = json!({
        "version": 1, "name": "Guarded",
        "source": { "connection": "crm", "entity": "contact", "columns": ["contactid", "lastname"],
            "fetch": { "mode": "all", "days": 0 } },
        "destination": { "connection": "out", "entity": "rows" },
        "identifiers": [{ "to": "id", "from": "contactid" }],
        "fields": [{ "to": "lastname", "from": "lastname" }]
    });
    let path = world.definition(&definition);
    let home = &world.home;
    home.json(&["connection", "set", "out", "--read-only"]).with(0);
    let ended = home.json(&["sync", "run", &path, "--yes"]).with(5);
    assert_eq!(ended.json()["error"]["code"], "read_only", "{ended:?}");

    home.json(&["connection", "set", "out", "--writable", "--kind", "production"]).with(0);
    let ended = home.json(&["sync", "run", &path, "--yes"]).with(5);
    assert_eq!(ended.json()["error"]["code"], "confirmation_needed", "{ended:?}");
    home.json(&["sync", "run", &path, "--yes", "--expect", "29"]).with(5);
    assert!(!file.exists(), "nothing was written");
    let run = home.json(&["sync", "run", &path, "--yes", "--expect", "30"]).with(0).json();
    assert_eq!(count(&run, "created"), 30);

    home.json(&["connection", "test", "crm"]).with(0);
    world.sandbox.faults().add([FaultRule {
        service: Some("contoso".to_owned()),
        every: Some(1),
        ..FaultRule::new(FaultKind::OtherOrganization { organization_id: None })
    }]);
    let ended = home.json(&["record", "crm", "account", "create", "--data", r#"{"name":"x"}"#]).with(5);
    assert_eq!(ended.json()["error"]["code"], "identity_changed", "{ended:?}");
}

#[test]
fn deletions_without_a_filter_are_5_beyond_limits_too() {
    let Some(world) = World::new(30) else { return };
    world.add_crm(&["--writable"]).with(0);
    let other = world.details().environments[1].clone();
    let secret = world.details().client_secret.clone();
    world.add_environment("copy", &other.url, &secret, &["--writable"]).with(0);
    let mut definition = json!({
        "version": 1, "name": "Accounts",
        "source": { "connection": "crm", "entity": "account", "columns": ["accountid", "name"] },
        "destination": { "connection": "copy", "entity": "account" },
        "identifiers": [{ "to": "accountid", "from": "accountid" }],
        "fields": [{ "to": "name", "from": "name" }]
    });
    let home = &world.home;
    let made = home.json(&["sync", "run", &world.definition(&definition), "--yes"]).with(0).json();
    assert!(count(&made, "created") > 0, "{made}");
    let runs = home.json(&["runs", "list"]).with(0).json();
    let by = runs[0]["by"].as_str().unwrap();
    let listed = home.run(&["runs", "list"]).with(0);
    assert!(listed.out.lines().nth(1).unwrap().ends_with(by), "{listed:?}");

    definition["options"] = json!({ "action": "delete", "limits": { "deletes": 0 } });
    let path = world.definition(&definition);
    let refused = home.run(&["sync", "run", &path, "--yes", "--beyond-limits"]).with(5);
    assert!(refused.err.contains("no filter says which"), "{refused:?}");
    assert!(!refused.err.contains("passed over"), "nothing is: {refused:?}");
    definition["options"]["allow_unfiltered"] = true.into();
    let path = world.definition(&definition);
    let refused = home.run(&["sync", "run", &path, "--yes"]).with(5);
    assert!(refused.err.contains("the limit is 0"), "{refused:?}");
    let gone = home.run(&["sync", "run", &path, "--yes", "--beyond-limits"]).with(0);
    assert!(gone.err.contains("passed over: ") && gone.err.contains("the limit is 0"), "{gone:?}");
}

#[test]
fn throttled_or_gone_is_6() {
    let Some(world) = World::new(10) else { return };
    world.add_crm(&[]).with(0);
    world.home.json(&["connection", "test", "crm"]).with(0);
    world.sandbox.faults().add([FaultRule {
        service: Some("contoso".to_owned()),
        every: Some(1),
        ..FaultRule::new(FaultKind::Status { status: 429, retry_after: Some(7200) })
    }]);
    let ended =
        world.home.json(&["records", "crm", "contact", "--top", "1", "--columns", "fullname"]).with(6);
    assert_eq!(ended.json()["error"]["code"], "throttled", "{ended:?}");
    world.sandbox.faults().clear();
    world.home.json(&["connection", "set", "crm", "--url", "http://127.0.0.1:9"]);
    let ended = world.home.json(&["entities", "crm"]);
    assert!([3, 6].contains(&ended.code), "{ended:?}");
}
