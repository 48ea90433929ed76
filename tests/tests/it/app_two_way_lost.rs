//! What happens between two looks of a two-way sync: writes whose answers are lost, edits after them, records that come to the other side.

use serde_json::{Value, json};
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::{Bench, count};
use crate::app_two_way::{Pair, World, world};
use crate::two_way_world::{Database, users};

/// A world of one pair, and the definition under which the given side wins.
async fn small_world(conflict: &str) -> (World, Value, Pair) {
    let bench = Bench::new(12).await;
    let database = Database::sqlite(&bench);
    let world = world(bench, database).await;
    let mut definition = users(conflict, "delete");
    definition["fields"].as_array_mut().unwrap().retain(|field| field["to"] != "CompanyId");
    world.bench.sync(&definition).await;
    for (left, right) in world.bench.pairs(&definition).await {
        let contact = world.bench.live("contoso", "contact", &left).await;
        if contact["statecode"] == 0 && contact["firstname"].is_string() && contact["lastname"].is_string() {
            return (world, definition, Pair { left, right });
        }
    }
    panic!("no pair");
}

/// The next write to contoso happens, its answer is lost, and nobody can be asked about it. `looks`: how often it is read before.
fn nobody_tells(world: &World, looks: u64) {
    let silent = |place: &str| FaultRule::new(FaultKind::ResetBefore).at("contoso").on(place).after(0, 1);
    let deaf = FaultRule::new(FaultKind::Status { status: 500, retry_after: None });
    let faults = world.bench.sandbox.faults();
    faults.add(["$batch", "UpdateMultiple", "CreateMultiple"].map(silent));
    faults.add([deaf.at("contoso").on("/contacts?").after(looks, 1000)]);
}

/// Rows of the way back of which nobody knows whether they arrived.
fn unknown(report: &Value) -> u64 {
    let groups = report["two_way"]["back"]["prediction"]["groups"].as_array().unwrap();
    groups.iter().filter(|group| group["outcome"] == "unknown").map(|group| count(group, "rows")).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_after_a_write_that_nobody_answered_for_stays() {
    let (world, definition, pair) = small_world("source").await;
    let (bench, database) = (&world.bench, &world.database);
    database.user(&pair.right, r#""FirstName" = 'sent', "LastName" = 'Sent'"#, 0);
    let plan = bench.preview(&definition).await;
    nobody_tells(&world, 0);
    let report = bench.run(&plan).await;
    assert_eq!(unknown(&report), 1, "{report}");
    bench.sandbox.faults().clear();
    let arrived = bench.live("contoso", "contact", &pair.left).await;
    assert_eq!((&arrived["firstname"], &arrived["lastname"]), (&json!("sent"), &json!("Sent")));
    // The user is edited once more; of the other field the contact's side has the later word.
    database.user(&pair.right, r#""FirstName" = 'later'"#, 0);
    world.contact(&pair.left, json!({ "lastname": "Here" })).await;
    bench.sync(&definition).await;
    assert_eq!(world.both(&pair, "firstname", "FirstName").await, ("later".into(), "later".into()));
    assert_eq!(world.both(&pair, "lastname", "LastName").await, ("Here".into(), "Here".into()));
    assert_eq!(bench.due(&definition).await.0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_a_new_record_that_nobody_answered_for_stays() {
    let (world, definition, _) = small_world("destination").await;
    let (bench, database) = (&world.bench, &world.database);
    let id = "00000000-0000-4000-8000-0000000000aa";
    database.tell(&format!(
        r#"INSERT INTO "Users"("Id", "Email", "FirstName", "LastName") VALUES('{id}', 'new.one@example.com', 'Ann', 'New')"#
    ));
    let plan = bench.preview(&definition).await;
    nobody_tells(&world, 1);
    let report = bench.run(&plan).await;
    assert_eq!(unknown(&report), 1, "{report}");
    bench.sandbox.faults().clear();
    let made = bench.found("contoso", "contact", "emailaddress1", "new.one@example.com").await;
    assert_eq!(made.len(), 1, "{made:?}");
    let pair = Pair { left: made[0].clone(), right: id.to_owned() };
    world.contact(&pair.left, json!({ "lastname": "Here" })).await;
    bench.sync(&definition).await;
    assert_eq!(world.both(&pair, "lastname", "LastName").await, ("Here".into(), "Here".into()));
    assert_eq!(bench.due(&definition).await.0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_came_to_the_other_side_since_the_look_is_not_made_there_again() {
    let (world, definition, _) = small_world("destination").await;
    let (bench, database) = (&world.bench, &world.database);
    let email = "new.one@example.com";
    database.tell(&format!(
        r#"INSERT INTO "Users"("Id", "Email", "FirstName", "LastName") VALUES('00000000-0000-4000-8000-0000000000aa', '{email}', 'Ann', 'New')"#
    ));
    let plan = bench.preview(&definition).await;
    let data = json!({ "emailaddress1": email, "firstname": "Ann", "lastname": "Other" });
    bench.write("contoso", "contact", "create", None, data).await;
    let report = bench.run(&plan).await;
    assert_eq!(count(&report["two_way"]["back"], "drifted"), 1, "{report}");
    assert_eq!(bench.found("contoso", "contact", "emailaddress1", email).await.len(), 1);
    bench.sync(&definition).await;
    let there = bench.found("contoso", "contact", "emailaddress1", email).await;
    assert_eq!(there.len(), 1, "they are a pair by now: {there:?}");
    assert_eq!(bench.live("contoso", "contact", &there[0]).await["lastname"], "New");
    assert_eq!(bench.due(&definition).await.0, 0);
}
