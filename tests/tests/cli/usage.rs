//! What needs no connection: wrong usage, help, the schema of a definition, the sample tenant as a process.

use std::io::{BufRead, BufReader};

use crate::program::Home;

#[test]
fn wrong_usage_ends_with_2_in_both_forms() {
    let home = Home::passing();
    for arguments in [
        &["frobnicate"][..],
        &["entities"],
        &["connection", "add", "a", "--url"],
        &["record", "crm", "contact", "destroy"],
        &["connection", "add", "a", "--system", "abacus", "--url", "x"],
        &["sync", "check", "/no/such/file.sync.json"],
    ] {
        let plain = home.run(arguments).with(2);
        assert!(plain.out.is_empty() && !plain.err.is_empty(), "{plain:?}");
        let json = home.json(arguments).with(2);
        let error = &json.json()["error"];
        assert_eq!(error["code"], "usage", "{json:?}");
        assert!(!error["message"].as_str().unwrap().is_empty() && error["hint"].is_string(), "{json:?}");
    }
}

#[test]
fn help_and_version() {
    let home = Home::passing();
    insta::assert_snapshot!("help", home.run(&["--help"]).with(0).out);
    assert_eq!(home.run(&["--version"]).with(0).out, format!("syncline {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_schema_of_a_definition_is_json_schema() {
    let schema = Home::passing().run(&["sync", "schema"]).with(0).json();
    for section in ["source", "destination", "identifiers", "fields"] {
        assert!(schema["properties"][section].is_object(), "{section} in {schema}");
    }
}

#[test]
fn a_name_that_nobody_knows() {
    let ended = Home::passing().json(&["entities", "nobody"]).with(1);
    assert_eq!(ended.json()["error"]["code"], "not_found");
    assert!(ended.json()["error"]["message"].as_str().unwrap().contains("nobody"));
}

#[test]
fn secrets_are_never_arguments_and_plain_http_is_for_loopback() {
    let home = Home::passing();
    home.run(&["connection", "add", "a", "--system", "csv", "--url", "a.csv", "--secret", "x"]).with(2);
    let add =
        ["connection", "add", "a", "--system", "dataverse", "--url", "http://contoso.crm4.dynamics.com"];
    let ended = home.json(&add).with(2);
    assert!(ended.json()["error"]["hint"].as_str().unwrap().contains("https"), "{ended:?}");
}

#[test]
fn the_sample_tenant_tells_its_addresses_in_one_line() {
    let home = Home::passing();
    let mut child = home.spawn(&["--json", "sandbox", "--records", "10"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let details: serde_json::Value = serde_json::from_str(&line).unwrap();
    for name in [
        "dataverse",
        "insider",
        "authority",
        "tenant",
        "client_id",
        "confidential_client_id",
        "client_secret",
    ] {
        assert!(details[name].is_string(), "{name} in {details}");
    }
    assert!(!details["users"].as_array().unwrap().is_empty());
}
