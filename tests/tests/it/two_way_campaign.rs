//! Edits at random on both sides of a two-way sync, with faults of the service and kills of the process in between, from seeds; then quiet. At
//! the end both sides are equal, nothing was invented and nothing was lost.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use syncline_api::wire::JobView;
use syncline_api::{App, AppConfig};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use syncline_sandbox::{Sandbox, SandboxConfig};
use syncline_secrets::MemoryVault;
use tokio::runtime::Runtime;

use syncline_tests::chance::Chance;
use syncline_tests::postgres::USERS;

use crate::two_way_world::{Database, users};

struct Process {
    app: Arc<App>,
    runtime: Runtime,
}

impl Process {
    fn rpc(&self, name: &str, request: Value) -> Value {
        let told = request.to_string();
        let answer = self.runtime.block_on(self.app.rpc(name, request));
        answer.unwrap_or_else(|error| panic!("{name} {told}: {error:?}"))
    }
    fn start(&self, name: &str, request: Value) -> String {
        self.rpc(name, request)["job"].as_str().unwrap().to_owned()
    }
    fn ended(&self, job: &str) -> JobView {
        let waited =
            async { tokio::time::timeout(Duration::from_secs(120), self.app.jobs().wait(job)).await };
        self.runtime.block_on(waited).expect("a job ends").unwrap()
    }
    fn kill(self) {
        let Self { app, runtime } = self;
        drop(app);
        runtime.shutdown_timeout(Duration::from_secs(10));
    }
}

struct World {
    _outside: Runtime,
    sandbox: Sandbox,
    home: tempfile::TempDir,
    vault: Arc<MemoryVault>,
    database: Database,
    seed: u64,
}

/// A person as one side holds it: first name, last name, telephone, active.
type Held = [String; 4];
const LEFT: [&str; 3] = ["firstname", "lastname", "telephone1"];
const RIGHT: [&str; 3] = ["FirstName", "LastName", "PhoneNumber"];

/// What was ever written of a person's field, and by whom last.
#[derive(Default)]
struct Story {
    values: [BTreeSet<String>; 3],
    /// Sides that edited the field: 1 the source, 2 the destination; with the last value.
    edited: [(u8, String); 3],
    deleted: bool,
}

impl World {
    fn open(&self) -> Process {
        let runtime = Runtime::new().unwrap();
        let config = AppConfig::with_vault(self.home.path().to_owned(), self.vault.clone());
        let app = runtime.block_on(App::open(config)).unwrap();
        Process { app, runtime }
    }

    /// Contacts by e-mail address, with their ids; several under one address are told apart by a number.
    fn left(&self, process: &Process) -> BTreeMap<String, (String, Held)> {
        let mut found = BTreeMap::new();
        let mut cursor = Value::Null;
        loop {
            let ask = json!({ "connection": "contoso", "entity": "contact", "mode": "live", "limit": 1000,
                "columns": ["emailaddress1", "firstname", "lastname", "telephone1", "statecode"], "cursor": cursor });
            let page = process.rpc("records.query", ask);
            for row in page["rows"].as_array().unwrap() {
                let raw = &row["raw"];
                let text = |name: &str| raw[name].as_str().unwrap_or_default().to_owned();
                let active = if raw["statecode"] == 0 { "yes" } else { "no" };
                let held = [text(LEFT[0]), text(LEFT[1]), text(LEFT[2]), active.to_owned()];
                put(
                    &mut found,
                    text("emailaddress1").to_lowercase(),
                    row["id"].as_str().unwrap().to_owned(),
                    held,
                );
            }
            cursor = page["cursor"].clone();
            if cursor.is_null() {
                return found;
            }
        }
    }

    fn right(&self) -> BTreeMap<String, (String, Held)> {
        let Database::Sqlite(path) = &self.database else { panic!("the campaign is on SQLite") };
        let database = rusqlite::Connection::open(path).unwrap();
        let mut statement = database
            .prepare(r#"SELECT coalesce("Email", ''), "Id", coalesce("FirstName", ''), coalesce("LastName", ''), coalesce("PhoneNumber", ''),
                CASE WHEN "IsActive" THEN 'yes' ELSE 'no' END FROM "Users" ORDER BY "Id""#)
            .unwrap();
        let mut found = BTreeMap::new();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let text = |at: usize| row.get::<_, String>(at).unwrap();
            put(&mut found, text(0).to_lowercase(), text(1), [text(2), text(3), text(4), text(5)]);
        }
        found
    }
}

fn put(found: &mut BTreeMap<String, (String, Held)>, email: String, id: String, held: Held) {
    let mut key = email.clone();
    let mut number = 1;
    while found.contains_key(&key) {
        number += 1;
        key = format!("{email}#{number}");
    }
    found.insert(key, (id, held));
}

fn faults(chance: &mut Chance) -> Vec<FaultRule> {
    let places = ["WhoAmI", "$batch", "CreateMultiple", "UpdateMultiple", "/contacts?", "EntityDefinitions"];
    let mut rules = Vec::new();
    for _ in 0..=chance.below(3) {
        let kind = match chance.below(10) {
            0 => FaultKind::Status { status: 429, retry_after: Some(1) },
            1 => FaultKind::Status { status: 500, retry_after: None },
            2 => FaultKind::Status { status: 503, retry_after: None },
            3 => FaultKind::Status { status: 504, retry_after: None },
            4 => FaultKind::ResetBefore,
            5 => FaultKind::ResetUnheard,
            6 => FaultKind::ResetInside { after_bytes: 200 },
            7 => FaultKind::TruncatedJson,
            8 => FaultKind::ExpireTokens,
            _ => FaultKind::HtmlPage { status: 502 },
        };
        let place = places[chance.below(places.len() as u64) as usize];
        rules.push(FaultRule::new(kind).at("contoso").on(place).after(chance.below(5), 1 + chance.below(3)));
    }
    rules
}

#[derive(Default)]
struct Tally {
    syncs: u32,
    kills: u32,
    broke_off: u32,
    edits: u32,
    made: u32,
    deleted: u32,
    decided: u64,
}

/// Edits at random; each value is written once only.
fn edit(
    world: &World,
    process: &Process,
    chance: &mut Chance,
    stories: &mut BTreeMap<String, Story>,
    round: u64,
    tally: &mut Tally,
) {
    let (left, right) = (world.left(process), world.right());
    let people: Vec<String> = stories
        .keys()
        .filter(|email| left.contains_key(*email) && right.contains_key(*email))
        .cloned()
        .collect();
    let seed = world.seed;
    for number in 0..(3 + chance.below(8)) {
        let email = &people[chance.below(people.len() as u64) as usize];
        let Some(story) = stories.get_mut(email) else { continue };
        if story.deleted {
            continue;
        }
        let field = chance.below(3) as usize;
        let value = format!("s{seed:x}r{round}n{number}");
        let sides = 1 + chance.below(5).min(2);
        let sides = if sides == 3 { 3 } else { 1 + chance.below(2) };
        for side in [1_u64, 2].into_iter().filter(|side| sides & side > 0) {
            let value = if sides == 3 { format!("{value}s{side}") } else { value.clone() };
            story.values[field].insert(value.clone());
            story.edited[field].0 |= side as u8;
            story.edited[field].1.clone_from(&value);
            tally.edits += 1;
            if side == 1 {
                process.rpc(
                    "records.write",
                    json!({ "connection": "contoso", "entity": "contact", "operation": "update",
                    "id": left[email].0, "data": { LEFT[field]: value } }),
                );
            } else {
                let minutes = chance.below(10) as i64 - 5;
                world.database.user(&right[email].0, &format!(r#""{}" = '{value}'"#, RIGHT[field]), minutes);
            }
        }
    }
    for number in 0..chance.below(3) {
        let email = format!("new.{seed:x}.{round}.{number}@example.com");
        let mut story = Story::default();
        for (field, value) in ["Ann", "New", ""].into_iter().enumerate() {
            story.values[field].insert(value.to_owned());
            story.edited[field] = (0, value.to_owned());
        }
        if chance.below(2) == 0 {
            process.rpc(
                "records.write",
                json!({ "connection": "contoso", "entity": "contact", "operation": "create",
                "data": { "firstname": "Ann", "lastname": "New", "emailaddress1": email } }),
            );
        } else {
            let id = uuid::Uuid::from_u128(
                (u128::from(seed) << 64) | u128::from(round * 100 + number + 1) | (4 << 76),
            );
            world.database.tell(&format!(
                r#"INSERT INTO "Users"("Id", "Email", "FirstName", "LastName") VALUES('{id}', '{email}', 'Ann', 'New')"#
            ));
        }
        stories.insert(email, story);
        tally.made += 1;
    }
    if chance.below(2) == 0 {
        let email = &people[chance.below(people.len() as u64) as usize];
        if let Some(story) = stories.get_mut(email).filter(|story| !story.deleted) {
            story.deleted = true;
            tally.deleted += 1;
            if chance.below(2) == 0 {
                process.rpc("records.write", json!({ "connection": "contoso", "entity": "contact", "operation": "delete", "id": left[email].0 }));
            } else {
                world.database.tell(&format!(r#"DELETE FROM "Users" WHERE "Id" = '{}'"#, right[email].0));
            }
        }
    }
}

/// Looks at both sides and writes; true when all went well.
fn sync(process: &Process, definition: &Value) -> bool {
    let job = process.start("plans.start", json!({ "json": definition.to_string() }));
    let plan = process.ended(&job);
    if plan.error.is_some() {
        return false;
    }
    let job = process.start("runs.start", json!({ "plan": plan.result["plan_id"] }));
    process.ended(&job).result["two_way"]["status"] == "succeeded"
}

fn due(process: &Process, definition: &Value) -> (u64, Value) {
    let job = process.start("plans.start", json!({ "json": definition.to_string() }));
    let view = process.ended(&job);
    let plan = view.result;
    let sum = |counts: &Value| {
        ["create", "update", "delete"].iter().map(|one| counts[*one].as_u64().unwrap_or(999)).sum::<u64>()
    };
    (sum(&plan["summary"]) + sum(&plan["two_way"]["other_counts"]), plan)
}

fn decide_all(process: &Process, chance: &mut Chance, tally: &mut Tally) {
    let page = process.rpc("conflicts.list", json!({ "limit": 1000 }));
    for one in page["conflicts"].as_array().unwrap() {
        let side = if chance.below(2) == 0 { "source" } else { "destination" };
        process.rpc("conflicts.decide", json!({ "ids": [one["id"]], "side": side, "by": "chance" }));
        tally.decided += 1;
    }
}

fn one(seed: u64, tally: &mut Tally) {
    let mut chance = Chance::new(seed);
    let outside = Runtime::new().unwrap();
    let sandbox = outside
        .block_on(Sandbox::start(SandboxConfig {
            records: 25 + chance.below(40),
            ..SandboxConfig::default()
        }))
        .unwrap();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("app.db");
    let tables = USERS.replace("now()", "CURRENT_TIMESTAMP").replace("timestamptz", "datetime");
    rusqlite::Connection::open(&path).unwrap().execute_batch(&tables).unwrap();
    let vault = Arc::new(MemoryVault::new());
    let world =
        World { _outside: outside, sandbox, home, vault, database: Database::Sqlite(path.clone()), seed };
    let mut process = world.open();
    let details = world.sandbox.details().clone();
    let found = details.environments.iter().find(|one| one.name == "contoso").unwrap();
    process.rpc("connections.save", json!({
        "name": "contoso", "system": "dataverse", "url": found.url, "auth": "client-credentials", "authority": details.authority,
        "tenant": found.tenant, "kind": "sandbox", "client_id": details.confidential_client_id,
        "secret": details.client_secret, "writable": true,
    }));
    process.rpc("connections.save", json!({
        "name": "app", "system": "sqlite", "url": path, "writable": true, "kind": "sandbox", "options": { "modified.Users": "UpdatedAt" },
    }));
    for name in ["contoso", "app"] {
        process.rpc("connections.test", json!({ "connection": name }));
    }
    let rule = ["newest", "source", "destination", "ask"][chance.below(4) as usize];
    let mut definition = users(rule, "delete");
    let fields = definition["fields"].as_array_mut().unwrap();
    fields.retain(|field| field["to"] != "CompanyId");
    if chance.below(2) == 0 {
        definition["source"]["fetch"] = json!({ "mode": "new-and-updated", "days": 0 });
    }
    definition["source"]["retries"] = json!(chance.below(2));
    sync(&process, &definition);
    let (left, right) = (world.left(&process), world.right());
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    for (email, (_, held)) in &left {
        if email.is_empty()
            || email.contains('#')
            || left.contains_key(&format!("{email}#2"))
            || !right.contains_key(email)
        {
            continue;
        }
        let mut story = Story::default();
        for (field, value) in held.iter().take(3).enumerate() {
            story.values[field].insert(value.clone());
            story.edited[field] = (0, value.clone());
        }
        stories.insert(email.clone(), story);
    }
    assert!(stories.len() > 8, "seed {seed}: {}", stories.len());
    for round in 0..(3 + chance.below(3)) {
        world.sandbox.faults().clear();
        edit(&world, &process, &mut chance, &mut stories, round, tally);
        if chance.below(3) == 0 {
            decide_all(&process, &mut chance, tally);
        }
        world.sandbox.faults().add(faults(&mut chance));
        tally.syncs += 1;
        if chance.below(2) == 0 {
            // It dies somewhere: while it looks, while it writes, between the two ways.
            let text = definition.to_string();
            let app = Arc::clone(&process.app);
            let whole = process.runtime.spawn(async move {
                let plan = app.rpc("plans.start", json!({ "json": text })).await.ok()?;
                let plan = app.jobs().wait(plan["job"].as_str()?).await.ok()?.result;
                app.rpc("runs.start", json!({ "plan": plan["plan_id"] })).await.ok()
            });
            std::thread::sleep(Duration::from_millis(chance.below(900)));
            drop(whole);
            process.kill();
            process = world.open();
            tally.kills += 1;
        } else if !sync(&process, &definition) {
            tally.broke_off += 1;
        }
    }
    world.sandbox.faults().clear();
    definition["source"].as_object_mut().unwrap().remove("fetch");
    definition["source"]["retries"] = json!(3);
    // Quiet: what is left goes, and then there is nothing left.
    for _ in 0..6 {
        sync(&process, &definition);
        decide_all(&process, &mut chance, tally);
        if due(&process, &definition).0 == 0 {
            break;
        }
    }
    let (left_over, plan) = due(&process, &definition);
    if left_over > 0 {
        let items = process.rpc("plans.items", json!({ "plan": plan["plan_id"], "limit": 1000 }));
        let other = process.rpc("plans.items", json!({ "plan": plan["two_way"]["other"], "limit": 1000 }));
        let open = |items: &Value| {
            items["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|one| one["action"] != "unchanged")
                .cloned()
                .collect::<Vec<_>>()
        };
        panic!("seed {seed} ({rule}): {left_over} are left: {:#?} {:#?}", open(&items), open(&other));
    }
    compare(&world, &process, &stories, rule);
}

fn compare(world: &World, process: &Process, stories: &BTreeMap<String, Story>, rule: &str) {
    let (seed, left, right) = (world.seed, world.left(process), world.right());
    for (email, story) in stories {
        let (there, back) = (left.get(email), right.get(email));
        assert_eq!(there.is_some(), back.is_some(), "seed {seed} ({rule}): {email} is on one side only");
        for twice in [&left, &right] {
            assert!(
                !twice.contains_key(&format!("{email}#2")),
                "seed {seed} ({rule}): {email} is there twice"
            );
        }
        let (Some((_, there)), Some((_, back))) = (there, back) else {
            assert!(story.deleted, "seed {seed} ({rule}): {email} was lost");
            continue;
        };
        assert_eq!(there, back, "seed {seed} ({rule}): {email} differs");
        for field in 0..3 {
            let value = &there[field];
            assert!(
                story.values[field].contains(value),
                "seed {seed} ({rule}): {email} {} was invented: {value}",
                RIGHT[field]
            );
            let (sides, last) = &story.edited[field];
            if *sides != 3 && !story.deleted {
                assert_eq!(value, last, "seed {seed} ({rule}): {email} {} lost an edit", RIGHT[field]);
            }
        }
    }
    let known: BTreeSet<&String> = stories.keys().collect();
    let made = |side: &BTreeMap<String, (String, Held)>| {
        side.keys()
            .filter(|email| email.starts_with("new.") && !known.contains(email))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!((made(&left), made(&right)), (vec![], vec![]), "seed {seed}");
}

#[test]
fn both_sides_end_equal_whatever_happens() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let longest = Duration::from_secs(number("SYNCLINE_CAMPAIGN_SECONDS", 40));
    let (begun, first) = (Instant::now(), number("SYNCLINE_SEED", 0x2a0_0001));
    let mut tally = Tally::default();
    let mut seeds = 0;
    while begun.elapsed() < longest && seeds < number("SYNCLINE_CAMPAIGN_SEEDS", u64::MAX) {
        one(first + seeds, &mut tally);
        seeds += 1;
    }
    eprintln!(
        "{seeds} seeds from {first}: {} edits, {} made, {} deleted; {} syncs under faults, {} kills, {} broke off, {} decisions, {:.0} s",
        tally.edits,
        tally.made,
        tally.deleted,
        tally.syncs,
        tally.kills,
        tally.broke_off,
        tally.decided,
        begun.elapsed().as_secs_f64()
    );
}
