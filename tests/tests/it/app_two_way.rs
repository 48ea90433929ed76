//! Contacts and an application's users kept the same both ways: a script of edit pairs with the merge that is expected of each.

use serde_json::{Value, json};
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::{Bench, count};
use crate::two_way_world::{Database, companies, users};

/// One pair of records.
pub(crate) struct Pair {
    pub(crate) left: String,
    pub(crate) right: String,
}

pub(crate) struct World {
    pub(crate) bench: Bench,
    pub(crate) database: Database,
}

impl World {
    pub(crate) async fn contact(&self, id: &str, data: Value) {
        self.bench.change("contoso", "contact", id, data).await;
    }

    /// Both sides of a field: the contact's column and the user's.
    pub(crate) async fn both(&self, pair: &Pair, left: &str, right: &str) -> (String, String) {
        let record = self.bench.live("contoso", "contact", &pair.left).await;
        let shown = match &record[left] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        (shown, self.database.held(&pair.right, right))
    }
}

pub(crate) async fn world(bench: Bench, database: Database) -> World {
    bench.connect_writable("contoso", "contoso").await;
    database.connect(&bench).await;
    World { bench, database }
}

/// The first sync: companies, then users; the pairs that are there and can be edited.
async fn first_sync(world: &World, definition: &Value) -> Vec<Pair> {
    let report = world.bench.sync(&companies()).await;
    assert_eq!(count(&report, "failed"), 0, "{report}");
    let first = world.bench.sync(definition).await;
    assert!(count(&first, "created") > 20, "{first}");
    let pairs = world.bench.pairs(definition).await;
    assert_eq!(pairs.len().to_string(), world.database.ask(r#"SELECT count(*) FROM "Users""#));
    let mut found = Vec::new();
    for (left, right) in pairs {
        let contact = world.bench.live("contoso", "contact", &left).await;
        if contact["statecode"] == 0 && contact["telephone1"].is_string() && contact["firstname"].is_string()
        {
            found.push(Pair { left, right });
        }
    }
    found
}

async fn merge_table(world: &World) {
    let (bench, database) = (&world.bench, &world.database);
    let definition = users("newest", "delete");
    let pairs = first_sync(world, &definition).await;
    assert!(pairs.len() >= 18, "{}", pairs.len());
    let (due, conflicts, plan) = bench.due(&definition).await;
    assert_eq!((due, conflicts), (0, 0), "own writes are no changes: {:?}", bench.items(&plan).await);
    let at = |place: usize| &pairs[place];
    let accounts = bench.pairs(&companies()).await;
    let (account, company) = accounts.iter().next().map(|(a, b)| (a.clone(), b.clone())).unwrap();
    let (second_account, second_company) =
        accounts.iter().nth(1).map(|(a, b)| (a.clone(), b.clone())).unwrap();

    // 0 and 1: one side changed a field. 2: each side changed another field. 3: both made the same change.
    world.contact(&at(0).left, json!({ "firstname": "left alone" })).await;
    database.user(&at(1).right, r#""FirstName" = 'right alone'"#, 0);
    world.contact(&at(2).left, json!({ "firstname": "of the left" })).await;
    database.user(&at(2).right, r#""LastName" = 'of the right'"#, 0);
    world.contact(&at(3).left, json!({ "lastname": "the same" })).await;
    database.user(&at(3).right, r#""LastName" = 'the same'"#, 0);
    // 4 and 5: both changed a field, one of them later. 6: another field of such a pair goes its own way.
    world.contact(&at(4).left, json!({ "lastname": "earlier" })).await;
    database.user(&at(4).right, r#""LastName" = 'later'"#, 10);
    database.user(&at(5).right, r#""LastName" = 'earlier'"#, -10);
    world.contact(&at(5).left, json!({ "lastname": "later" })).await;
    world.contact(&at(6).left, json!({ "lastname": "earlier", "firstname": "kept" })).await;
    database.user(&at(6).right, r#""LastName" = 'later'"#, 10);
    // 7 and 8: a value was taken away.
    world.contact(&at(7).left, json!({ "telephone1": null })).await;
    database.user(&at(8).right, r#""PhoneNumber" = NULL"#, 0);
    // 9 and 10: made inactive.
    database.user(&at(9).right, r#""IsActive" = false"#, 0);
    world.contact(&at(10).left, json!({ "statecode": 1, "statuscode": 2 })).await;
    // 11 and 12: another company.
    world
        .contact(
            &at(11).left,
            json!({ "parentcustomerid_account@odata.bind": format!("/accounts({account})") }),
        )
        .await;
    database.user(&at(12).right, &format!(r#""CompanyId" = '{second_company}'"#), 0);
    // 13 to 16: deleted on one side, unchanged or changed on the other.
    bench.write("contoso", "contact", "delete", Some(&at(13).left), Value::Null).await;
    database.tell(&format!(r#"DELETE FROM "Users" WHERE "Id" = '{}'"#, at(14).right));
    bench.write("contoso", "contact", "delete", Some(&at(15).left), Value::Null).await;
    database.user(&at(15).right, r#""LastName" = 'lives on'"#, 0);
    bench.write("contoso", "contact", "delete", Some(&at(16).left), Value::Null).await;
    database.tell(&format!(r#"DELETE FROM "Users" WHERE "Id" = '{}'"#, at(16).right));
    // 17: letters alone. And new ones on each side, one of them inactive.
    world.contact(&at(17).left, json!({ "lastname": "ÄLTER" })).await;
    let made = bench
        .write(
            "contoso",
            "contact",
            "create",
            None,
            json!({ "firstname": "New", "lastname": "Left", "emailaddress1": "new.left@example.com" }),
        )
        .await;
    let made = made["id"].as_str().unwrap().to_owned();
    let new_right = "7f000000-0000-4000-8000-000000000001";
    database.tell(&format!(
        r#"INSERT INTO "Users"("Id", "Email", "FirstName", "LastName", "IsActive", "CompanyId") VALUES('{new_right}', 'new.right@example.com', 'New', 'Right', false, '{company}')"#
    ));

    let plan = bench.preview(&definition).await;
    bench.sandbox.clear_requests();
    let report = bench.run(&plan).await;
    assert_eq!(report["two_way"]["status"], "succeeded", "{report}");
    assert_eq!(count(&report["two_way"], "conflicts"), 0);

    let same = |text: &str| (text.to_owned(), text.to_owned());
    for (place, left, right, expected) in [
        (0, "firstname", "FirstName", "left alone"),
        (1, "firstname", "FirstName", "right alone"),
        (2, "firstname", "FirstName", "of the left"),
        (2, "lastname", "LastName", "of the right"),
        (3, "lastname", "LastName", "the same"),
        (4, "lastname", "LastName", "later"),
        (5, "lastname", "LastName", "later"),
        (6, "lastname", "LastName", "later"),
        (6, "firstname", "FirstName", "kept"),
        (7, "telephone1", "PhoneNumber", ""),
        (8, "telephone1", "PhoneNumber", ""),
        (17, "lastname", "LastName", "ÄLTER"),
    ] {
        assert_eq!(world.both(at(place), left, right).await, same(expected), "pair {place}, {left}");
    }
    for place in [9, 10] {
        assert_eq!(
            world.both(at(place), "statecode", "IsActive").await,
            ("1".to_owned(), "no".to_owned()),
            "pair {place}"
        );
        assert_eq!(bench.live("contoso", "contact", &at(place).left).await["statuscode"], 2);
    }
    assert_eq!(
        world.both(at(11), "_parentcustomerid_value", "CompanyId").await,
        (account.clone(), company.clone())
    );
    assert_eq!(
        world.both(at(12), "_parentcustomerid_value", "CompanyId").await,
        (second_account, second_company)
    );
    for place in [13, 14, 16] {
        assert!(!database.has(&at(place).right), "pair {place}");
        assert!(bench.live("contoso", "contact", &at(place).left).await.is_null(), "pair {place}");
    }
    let now = bench.pairs(&definition).await;
    let back =
        now.iter().find(|(_, right)| **right == at(15).right).expect("the changed user has a contact again");
    assert_eq!(bench.live("contoso", "contact", back.0).await["lastname"], "lives on");
    let user = &now[&made];
    assert_eq!(database.held(user, "Email"), "new.left@example.com");
    let contact = now.iter().find(|(_, right)| *right == new_right).expect("the new user has a contact").0;
    let contact = bench.live("contoso", "contact", contact).await;
    assert_eq!((&contact["lastname"], &contact["statecode"]), (&json!("Right"), &json!(1)), "{contact}");
    assert_eq!(contact["_parentcustomerid_value"], json!(account));

    let (due, conflicts, plan) = bench.due(&definition).await;
    assert_eq!(
        (due, conflicts),
        (0, 0),
        "nothing is left and nothing comes back: {:?}",
        bench.items(&plan).await
    );
    // Only what changed is looked at, and what it finds is the same.
    let mut lately = definition.clone();
    lately["source"]["fetch"] = json!({ "mode": "new-and-updated", "days": 0 });
    let report = bench.sync(&lately).await;
    assert_eq!(report["two_way"]["status"], "succeeded", "{report}");
    world.contact(&at(0).left, json!({ "firstname": "once more" })).await;
    database.user(&at(1).right, r#""FirstName" = 'again'"#, 20);
    let (due, _, plan) = bench.due(&lately).await;
    assert_eq!(due, 2, "{:?}", bench.items(&plan).await);
    bench.run(&plan).await;
    assert_eq!(world.both(at(0), "firstname", "FirstName").await, same("once more"));
    assert_eq!(world.both(at(1), "firstname", "FirstName").await, same("again"));
    assert_eq!(bench.due(&definition).await.0, 0);
    // One record alone, by its id on either side.
    database.user(&at(2).right, r#""FirstName" = 'one alone'"#, 30);
    world.contact(&at(3).left, json!({ "firstname": "waits" })).await;
    let one =
        bench.done("plans.start", json!({ "json": definition.to_string(), "source_id": at(2).right })).await;
    bench.run(&one).await;
    assert_eq!(world.both(at(2), "firstname", "FirstName").await, same("one alone"));
    assert_eq!(bench.due(&definition).await.0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_contacts_and_users_merge_as_expected_in_postgresql() {
    let database = Database::postgres();
    merge_table(&world(Bench::new(60).await, database).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_contacts_and_users_merge_as_expected_in_sqlite() {
    let bench = Bench::new(60).await;
    let database = Database::sqlite(&bench);
    merge_table(&world(bench, database).await).await;
}

/// What waits for a person, of this definition.
async fn queue(bench: &Bench) -> Vec<Value> {
    bench.rpc("conflicts.list", json!({ "definition": "users" })).await["conflicts"]
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_field_by_field() {
    let bench = Bench::new(60).await;
    let database = Database::sqlite(&bench);
    let world = world(bench, database).await;
    let (bench, database) = (&world.bench, &world.database);
    let definition = users("ask", "delete");
    let pairs = first_sync(&world, &definition).await;
    let (one, two, gone) = (&pairs[0], &pairs[1], &pairs[2]);
    let before = world.both(one, "lastname", "LastName").await.1;
    world
        .contact(&one.left, json!({ "lastname": "Left", "firstname": "Lefty", "telephone1": "+1 555 0100" }))
        .await;
    database.user(&one.right, r#""LastName" = 'Right', "FirstName" = 'Righty'"#, 0);
    world.contact(&two.left, json!({ "lastname": "A" })).await;
    database.user(&two.right, r#""LastName" = 'B'"#, 0);
    bench.write("contoso", "contact", "delete", Some(&gone.left), Value::Null).await;
    database.user(&gone.right, r#""LastName" = 'Still here'"#, 0);
    let (due, conflicts, plan) = bench.due(&definition).await;
    assert_eq!((due, conflicts), (1, 4), "the telephone number alone goes: {:?}", bench.items(&plan).await);
    bench.run(&plan).await;
    assert_eq!(database.held(&one.right, "PhoneNumber"), "+1 555 0100");
    assert_eq!(
        world.both(one, "lastname", "LastName").await,
        ("Left".to_owned(), "Right".to_owned()),
        "nothing is overwritten"
    );

    let waiting = queue(bench).await;
    assert_eq!(waiting.len(), 4, "{waiting:?}");
    let find = |waiting: &[Value], pair: &Pair, field: &str| {
        waiting
            .iter()
            .find(|one| one["source"]["record"] == json!(pair.left) && one["destination_field"] == field)
            .cloned()
            .unwrap_or_else(|| panic!("{field} in {waiting:?}"))
    };
    let last = find(&waiting, one, "LastName");
    assert_eq!((&last["source"]["value"], &last["destination"]["value"]), (&json!("Left"), &json!("Right")));
    assert_eq!(last["base"]["destination"], json!(before));
    assert!(last["source"]["changed_at"].is_string() && last["source"]["changed_by"].is_string(), "{last}");
    let first = find(&waiting, one, "FirstName");
    let whole = find(&waiting, gone, "");
    assert_eq!(
        (&whole["source"]["deleted"], &whole["destination"]["value"]),
        (&json!(true), &json!("LastName"))
    );
    let other = find(&waiting, two, "LastName");
    let decide = |id: &Value, side: &str| json!({ "ids": [id], "side": side, "by": "Ann" });
    bench.rpc("conflicts.decide", decide(&last["id"], "source")).await;
    bench.rpc("conflicts.decide", decide(&first["id"], "destination")).await;
    bench.rpc("conflicts.decide", decide(&whole["id"], "destination")).await;
    bench.rpc("conflicts.decide", decide(&other["id"], "source")).await;
    // A preview takes no decision away, and a change after it makes it void.
    database.user(&two.right, r#""LastName" = 'C'"#, 0);
    let (due, conflicts, plan) = bench.due(&definition).await;
    assert_eq!((due, conflicts), (3, 1), "{:?}", bench.items(&plan).await);
    assert_eq!(find(&queue(bench).await, one, "LastName")["decision"]["by"], "Ann");
    assert!(find(&queue(bench).await, two, "LastName")["decision"].is_null());
    let report = bench.run(&plan).await;
    assert_eq!(report["two_way"]["status"], "succeeded", "{report}");
    assert_eq!(world.both(one, "lastname", "LastName").await, ("Left".to_owned(), "Left".to_owned()));
    assert_eq!(world.both(one, "firstname", "FirstName").await, ("Righty".to_owned(), "Righty".to_owned()));
    assert_eq!(world.both(two, "lastname", "LastName").await, ("A".to_owned(), "C".to_owned()));
    let now = bench.pairs(&definition).await;
    let back = now.iter().find(|(_, right)| **right == gone.right).expect("it was made again").0;
    assert_eq!(bench.live("contoso", "contact", back).await["lastname"], "Still here");
    let (due, conflicts, _) = bench.due(&definition).await;
    assert_eq!((due, conflicts), (0, 1));
    assert_eq!(queue(bench).await.len(), 1, "what was decided is done");
}

/// Two environments: matching of what both have, duplicates shown, a field that goes back only.
#[tokio::test(flavor = "multi_thread")]
async fn two_environments_are_kept_the_same() {
    let bench = Bench::new(40).await;
    for name in ["contoso", "fabrikam"] {
        bench.connect_writable(name, name).await;
    }
    let make = async |connection: &str, email: &str, first: &str, last: &str| {
        let data =
            json!({ "emailaddress1": email, "firstname": first, "lastname": last, "jobtitle": "two-way" });
        let made = bench.write(connection, "contact", "create", None, data).await;
        made["id"].as_str().unwrap().to_owned()
    };
    let one = make("contoso", "One@x.example", "One", "Left").await;
    let other = make("fabrikam", "one@X.example", "One", "Left").await;
    let alone = make("contoso", "alone@x.example", "Alone", "Left").await;
    for name in ["a", "b"] {
        make("contoso", "twice@x.example", name, "Twice").await;
    }
    let definition = json!({
        "version": 1, "name": "users",
        "source": {
            "connection": "contoso", "entity": "contact", "columns": ["contactid", "emailaddress1", "firstname", "lastname", "jobtitle", "department"],
            "filter": "<condition attribute='jobtitle' operator='eq' value='two-way'/>", "page_size": 500,
        },
        "destination": { "connection": "fabrikam", "entity": "contact" },
        "identifiers": [{ "to": "emailaddress1", "from": "emailaddress1", "check": "email" }],
        "fields": [
            { "to": "firstname", "from": "firstname", "direction": "both" },
            { "to": "lastname", "from": "lastname", "direction": "both" },
            { "to": "jobtitle", "from": "jobtitle", "direction": "to" },
            { "to": "contactid", "from": "department", "direction": "from" },
        ],
        "conflict": "newest",
        "two_way": { "create": "destination", "deleted": "deactivate" },
    });
    // No field says whether a record is active.
    let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
    assert_eq!(check["problems"][0]["code"], "no_state", "{check}");
    let mut definition = definition;
    definition["fields"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "to": "statecode", "from": "statecode", "direction": "both" }));
    definition["source"]["columns"].as_array_mut().unwrap().push(json!("statecode"));
    let plan = bench.preview(&definition).await;
    let items = bench.items(&plan).await;
    let twice = items.iter().filter(|item| item["issues"].to_string().contains("duplicate_key")).count();
    assert_eq!(twice, 2, "{items:?}");
    assert_eq!(count(&plan["summary"], "create"), 1, "{items:?}");
    let report = bench.run(&plan).await;
    assert_eq!(report["two_way"]["status"], "succeeded", "{report}");
    let pairs = bench.pairs(&definition).await;
    assert_eq!(pairs.len(), 2, "{pairs:?}");
    assert_eq!(pairs[&one], other, "matched without regard to case");
    // The other side's id is written back, of the matched one and of the new one.
    for (left, right) in &pairs {
        assert_eq!(bench.live("contoso", "contact", left).await["department"], json!(right));
    }
    bench.change("fabrikam", "contact", &pairs[&alone], json!({ "lastname": "From there" })).await;
    bench.change("contoso", "contact", &one, json!({ "firstname": "From here" })).await;
    bench.change("fabrikam", "contact", &other, json!({ "lastname": "Of both" })).await;
    bench.sync(&definition).await;
    assert_eq!(bench.live("contoso", "contact", &alone).await["lastname"], "From there");
    let (here, there) =
        (bench.live("contoso", "contact", &one).await, bench.live("fabrikam", "contact", &other).await);
    for record in [&here, &there] {
        assert_eq!((&record["firstname"], &record["lastname"]), (&json!("From here"), &json!("Of both")));
    }
    bench.write("contoso", "contact", "delete", Some(&alone), Value::Null).await;
    bench.sync(&definition).await;
    assert_eq!(
        bench.live("fabrikam", "contact", &pairs[&alone]).await["statecode"],
        1,
        "deactivated by rule"
    );
    let (due, conflicts, plan) = bench.due(&definition).await;
    assert_eq!((due, conflicts), (0, 0), "{:?}", bench.items(&plan).await);
    // A run is taken back like any other.
    bench.change("contoso", "contact", &one, json!({ "lastname": "Mistaken" })).await;
    let report = bench.sync(&definition).await;
    assert_eq!(bench.live("fabrikam", "contact", &other).await["lastname"], "Mistaken");
    let undo = bench.done("runs.undo", json!({ "run": report["run_id"] })).await;
    bench.run(&undo).await;
    assert_eq!(bench.live("fabrikam", "contact", &other).await["lastname"], "Of both");
}

/// The way to the destination breaks off: going on with it finishes the other way too, and nothing goes twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_broke_off_is_finished() {
    let bench = Bench::new(30).await;
    for name in ["contoso", "fabrikam"] {
        bench.connect_writable(name, name).await;
    }
    let definition = json!({
        "version": 1, "name": "users",
        "source": {
            "connection": "contoso", "entity": "contact", "columns": ["contactid", "emailaddress1", "firstname", "lastname", "jobtitle"],
            "filter": "<condition attribute='jobtitle' operator='eq' value='two-way'/>", "page_size": 500, "retries": 0,
        },
        "destination": { "connection": "fabrikam", "entity": "contact" },
        "identifiers": [{ "to": "emailaddress1", "from": "emailaddress1", "check": "email" }],
        "fields": [
            { "to": "firstname", "from": "firstname", "direction": "both" },
            { "to": "lastname", "from": "lastname", "direction": "both" },
        ],
        "conflict": "ask", "two_way": { "create": "destination", "deleted": "ignore" },
    });
    for name in ["a", "b"] {
        let data = json!({ "emailaddress1": format!("{name}@x.example"), "firstname": name, "lastname": "Old", "jobtitle": "two-way" });
        bench.write("contoso", "contact", "create", None, data).await;
    }
    bench.sync(&definition).await;
    let pairs: Vec<(String, String)> = bench.pairs(&definition).await.into_iter().collect();
    let ((a, there_a), (b, there_b)) = (pairs[0].clone(), pairs[1].clone());
    bench.change("contoso", "contact", &a, json!({ "lastname": "There" })).await;
    bench.change("fabrikam", "contact", &there_b, json!({ "lastname": "Back" })).await;
    let plan = bench.preview(&definition).await;
    // Who answers is asked once more before the first batch; then nobody is reached.
    let dead = FaultRule::new(FaultKind::ResetUnheard).at("fabrikam").on("WhoAmI").after(1, 1000);
    bench.sandbox.faults().add([dead]);
    let report = bench.run(&plan).await;
    assert_eq!(
        (&report["status"], &report["two_way"]["back"]),
        (&json!("interrupted"), &Value::Null),
        "{report}"
    );
    bench.sandbox.faults().clear();
    let report = bench.done("runs.resume", json!({ "run": report["run_id"] })).await;
    assert_eq!(report["two_way"]["status"], "succeeded", "{report}");
    assert_eq!(bench.live("fabrikam", "contact", &there_a).await["lastname"], "There");
    assert_eq!(bench.live("contoso", "contact", &b).await["lastname"], "Back");
    assert_eq!(bench.due(&definition).await.0, 0, "what went is known on both sides");
    // Nothing is left to go on with.
    bench.refused("runs.resume", json!({ "run": report["run_id"] })).await;
}
