//! Entities, their descriptions, live records, and records by hand.

use serde_json::Value;
use std::collections::HashSet;

use crate::program::World;

#[test]
fn entities_and_columns() {
    let Some(world) = World::new(20) else { return };
    world.add_crm(&[]).with(0);
    let all = world.home.json(&["entities", "crm"]).with(0).json();
    let names: Vec<&str> =
        all.as_array().unwrap().iter().map(|entity| entity["logical_name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&"contact"), "{names:?}");
    let project =
        all.as_array().unwrap().iter().find(|entity| entity["logical_name"] == "new_project").unwrap();
    assert_eq!(project["custom"], true);
    insta::assert_snapshot!("entities", world.home.run(&["entities", "crm", "--search", "proj"]).with(0).out);

    let described = world.home.json(&["describe", "crm", "contact"]).with(0).json();
    let columns = described["columns"].as_array().unwrap();
    let gender = columns.iter().find(|column| column["logical_name"] == "gendercode").unwrap();
    insta::assert_json_snapshot!("gendercode", gender);
    let missing = world.home.json(&["describe", "crm", "contract"]).with(1).json();
    assert_eq!(missing["error"]["code"], "not_found");
}

#[test]
fn live_records_as_json_lines() {
    let Some(world) = World::new(1300) else { return };
    world.add_crm(&[]).with(0);
    let home = &world.home;
    let all = home.json(&["records", "crm", "contact", "--columns", "fullname,gendercode"]).with(0).lines();
    let ids: HashSet<&str> = all.iter().map(|record| record["contactid"].as_str().unwrap()).collect();
    assert_eq!((all.len(), ids.len()), (1300, 1300));
    let filter = "<condition attribute='gendercode' operator='eq' value='2' />";
    let some = ["records", "crm", "contact", "--columns", "fullname,gendercode", "--filter", filter];
    let some = home.json(&some).with(0).lines();
    let female = all.iter().filter(|record| record["gendercode"] == 2).count();
    assert_eq!(some.len(), female);
    let label = "gendercode@OData.Community.Display.V1.FormattedValue";
    assert!(some.iter().all(|record| record[label] == "Female"));
    let top =
        ["records", "crm", "contact", "--columns", "createdon", "--top", "5", "--order", "createdon:desc"];
    let top = home.json(&top).with(0).lines();
    let dates: Vec<&str> = top.iter().map(|record| record["createdon"].as_str().unwrap()).collect();
    assert!(dates.len() == 5 && dates.is_sorted_by(|a, b| a >= b), "{dates:?}");

    let path = home.path("count.xml");
    let xml = "<fetch aggregate='true'><entity name='contact'><attribute name='contactid' aggregate='count' alias='n'/></entity></fetch>";
    std::fs::write(&path, xml).unwrap();
    let counted = home.json(&["fetch", "crm", "--fetchxml", &path.display().to_string()]).with(0).lines();
    assert_eq!(counted[0]["n"], 1300, "{counted:?}");
    std::fs::write(&path, "<fetch><entity name='contact'>").unwrap();
    let broken = home.json(&["fetch", "crm", "--fetchxml", &path.display().to_string()]).with(2).json();
    assert_eq!(broken["error"]["code"], "query_invalid");
    let wrong = home.json(&["records", "crm", "contact", "--columns", "fulname"]).with(2).json();
    assert!(wrong["error"]["message"].as_str().unwrap().contains("fulname"), "{wrong}");
}

#[test]
fn records_by_hand() {
    let Some(world) = World::new(20) else { return };
    world.add_crm(&[]).with(0);
    let home = &world.home;
    let data = r#"{"name":"Zoë & Söhne","revenue":1234567890.1200}"#;
    let create = ["record", "crm", "account", "create", "--data", data];
    let refused = home.json(&create).with(5).json();
    assert_eq!(refused["error"]["code"], "read_only", "{refused}");
    assert_eq!(posts(&world), 0, "nothing was sent");
    home.json(&["connection", "set", "crm", "--writable"]).with(0);

    let made = home.json(&create).with(0).json();
    let id = made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let get = || home.json(&["record", "crm", "account", "get", &id]);
    let record = get().with(0);
    assert_eq!(record.json()["name"], "Zoë & Söhne");
    let live = [
        "records",
        "crm",
        "account",
        "--filter",
        &format!("<condition attribute='accountid' operator='eq' value='{id}' />"),
    ];
    let live = home.json(&live).with(0);
    let number =
        |text: &str| text.split("\"revenue\":").nth(1).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(number(&record.out), number(&live.out), "digits stay as the service gave them");
    let etag = record.json()["@odata.etag"].as_str().unwrap().to_owned();

    let update = |data: &str, etag: &str| {
        home.json(&["record", "crm", "account", "update", &id, "--data", data, "--etag", etag])
    };
    update(r#"{"name":"Second"}"#, &etag).with(0);
    assert_eq!(get().json()["name"], "Second");
    let stale = update(r#"{"name":"Third"}"#, &etag);
    assert_ne!(stale.code, 0, "{stale:?}");
    assert_eq!(get().json()["name"], "Second", "a stale version changes nothing");

    let other = "00000000-0000-4000-8000-0000000000ab";
    for name in ["Upserted", "Again"] {
        let data = format!(r#"{{"name":"{name}"}}"#);
        home.json(&["record", "crm", "account", "upsert", other, "--data", &data]).with(0);
        assert_eq!(home.json(&["record", "crm", "account", "get", other]).with(0).json()["name"], name);
    }
    let key = r#"{"accountnumber":"CLI-1"}"#;
    let by_key = |rest: &[&str]| home.json(&[&["record", "crm", "account"], rest, &["--key", key]].concat());
    let named = by_key(&["upsert", "--data", r#"{"name":"By key"}"#]).with(0).json()["id"].clone();
    assert_eq!(by_key(&["update", "--data", r#"{"name":"Again by key"}"#]).with(0).json()["id"], named);
    by_key(&["delete"]).with(0);
    assert_ne!(by_key(&["update", "--data", r#"{"name":"Gone"}"#]).code, 0);
    home.json(&["record", "crm", "account", "delete", &id]).with(0);
    assert_eq!(get().with(1).json()["error"]["code"], "not_found");
    let bad = home.json(&["record", "crm", "account", "create", "--data", "{name"]).with(2).json();
    assert_eq!(bad["error"]["code"], "usage");
    let bad: Value = home.json(&["record", "crm", "account", "create", "--data", r#"{"nosuch":1}"#]).json();
    assert!(bad["error"]["message"].is_string(), "{bad}");
}

fn posts(world: &World) -> usize {
    let requests = world.sandbox.requests();
    requests.iter().filter(|request| request.method == "POST" && request.path.contains("/accounts")).count()
}

#[test]
fn a_thousand_entities_of_one_solution_or_all() {
    let Some(world) = World::new(20) else { return };
    world.add_crm(&[]).with(0);
    let environment = world.sandbox.environment("contoso").unwrap();
    environment.set_big(true);
    let home = &world.home;
    let all = home.json(&["entities", "crm"]).with(0).json();
    assert!(all.as_array().unwrap().len() > 850);
    let begun = std::time::Instant::now();
    assert_eq!(home.json(&["entities", "crm"]).with(0).json(), all);
    let taken = begun.elapsed();
    assert!(taken.as_secs() < 2, "from the cache: {taken:?}");
    let some = home.json(&["entities", "crm", "--solution", "ContosoCore"]).with(0).json();
    let names: Vec<&str> =
        some.as_array().unwrap().iter().map(|entity| entity["logical_name"].as_str().unwrap()).collect();
    assert!(names.len() > 10 && names.iter().all(|name| name.starts_with("ctso_")), "{names:?}");
    let unknown = home.json(&["entities", "crm", "--solution", "Nothing"]).with(1).json();
    assert_eq!(unknown["error"]["code"], "not_found");

    // Rights: the privilege that is missing stands beside the entity, and a read names it too.
    let users = environment.users.iter().filter(|user| user.application_id.is_some());
    environment.rights().restrict(users.map(|user| user.user_id).collect());
    environment.rights().hide(["list".to_owned()]);
    let text = home.run(&["entities", "crm", "--refresh", "--search", "marketing list"]).with(0).out;
    assert!(text.contains("prvReadList"), "{text}");
    let refused = home.json(&["records", "crm", "list"]).with(1).json();
    assert_eq!(refused["error"]["code"], "privilege_missing");
    assert!(refused["error"]["message"].as_str().unwrap().contains("prvReadList"), "{refused}");

    let described = home.run(&["describe", "crm", "account"]).with(0).out;
    assert!(described.contains("N:1 contact by primarycontactid"), "{described}");
}
