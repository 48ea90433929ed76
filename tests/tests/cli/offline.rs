//! The command in a network namespace without a route: offline verbs work and try to reach nobody; live ones end at once with 6.

use serde_json::json;
use std::time::{Duration, Instant};
use syncline_tests::offline::attempts;

use crate::program::World;

#[test]
fn offline_verbs_need_no_network_and_live_ones_say_so_at_once() {
    let Some(world) = World::new(200) else { return };
    world.add_crm(&[]).with(0);
    world.add_file("out", "out.csv");
    world.home.json(&["cache", "pull", "crm", "contact"]).with(0);
    world.home.json(&["entities", "crm"]).with(0);
    let definition = world.definition(&json!({
        "version": 1, "name": "Contacts to a file",
        "source": { "connection": "crm", "entity": "contact", "columns": ["contactid", "fullname"],
            "fetch": { "mode": "all", "days": 0 }, "page_size": 100 },
        "destination": { "connection": "out", "entity": "rows" },
        "identifiers": [{ "to": "id", "from": "contactid" }],
        "fields": [{ "to": "name", "from": "fullname" }]
    }));
    world.sandbox.clear_requests();
    let trace = world.home.path("trace");
    for verb in [
        &["connection", "list"][..],
        &["cache", "list"],
        &["cache", "records", "crm", "contact", "--columns", "fullname"],
        &["cache", "search", "a", "--connection", "crm"],
        &["cache", "sql", "crm", "SELECT count(*) AS n FROM contact"],
        &["entities", "crm"],
        &["describe", "crm", "contact"],
        &["sync", "check", &definition],
        &["sync", "preview", &definition, "--cached"],
        &["runs", "list"],
    ] {
        world.home.without_network(&trace, verb).with(0);
        let tried = attempts(&trace).unwrap();
        assert!(tried.is_empty(), "{verb:?} tried to reach:\n{}", tried.join("\n"));
    }
    let records = world.home.without_network(&trace, &["cache", "records", "crm", "contact"]).with(0);
    assert_eq!(records.lines().len(), 200);

    for verb in [
        &["records", "crm", "contact", "--top", "5"][..],
        &["cache", "pull", "crm", "contact"],
        &["sync", "preview", &definition],
    ] {
        let begun = Instant::now();
        let ended = world.home.without_network(&trace, verb).with(6);
        let took = begun.elapsed();
        let error = &ended.json()["error"];
        assert_eq!(error["code"], "unreachable", "{verb:?}: {error}");
        assert!(error["hint"].as_str().unwrap().contains("online"), "{verb:?}: {error}");
        // Start of the process under strace, keychain and store included.
        assert!(took < Duration::from_secs(3), "{verb:?} took {took:?}");
        assert!(!attempts(&trace).unwrap().is_empty(), "{verb:?}: an attempt is seen where there is one");
    }
    assert!(world.sandbox.requests().is_empty());
}
