//! Edits at random on both sides of a two-way sync, before it and while it runs, with faults of the service and kills of the process in between,
//! from seeds; then quiet. At the end both sides are equal, nothing was invented and nothing was lost.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use syncline_sandbox::{Sandbox, SandboxConfig};
use syncline_secrets::MemoryVault;
use syncline_tests::chance::Chance;
use tokio::runtime::Runtime;

use crate::two_way_people::{People, Process, RIGHT, Round, Stories, Story, Tally, World};
use crate::two_way_world::{Database, users};

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

/// Looks at both sides and writes; true when all went well. `meanwhile` is called while it looks (0), between preview and run (1), and while it
/// writes (2).
fn sync(process: &Process, definition: &Value, mut meanwhile: impl FnMut(usize)) -> bool {
    let job = process.start("plans.start", json!({ "json": definition.to_string() }));
    meanwhile(0);
    let plan = process.ended(&job);
    if plan.error.is_some() {
        return false;
    }
    meanwhile(1);
    let job = process.start("runs.start", json!({ "plan": plan.result["plan_id"] }));
    meanwhile(2);
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

fn one(seed: u64, place: &mut Place, tally: &mut Tally) {
    let mut chance = Chance::new(seed);
    let outside = Runtime::new().unwrap();
    let sandbox = outside
        .block_on(Sandbox::start(SandboxConfig {
            records: 25 + chance.below(40),
            ..SandboxConfig::default()
        }))
        .unwrap();
    let home = tempfile::tempdir().unwrap();
    let database = place.fresh(home.path());
    let vault = Arc::new(MemoryVault::new());
    let world = World { _outside: outside, sandbox, home, vault, database, seed };
    let mut process = world.open();
    let details = world.sandbox.details().clone();
    let found = details.environments.iter().find(|one| one.name == "contoso").unwrap();
    process.rpc("connections.save", json!({
        "name": "contoso", "system": "dataverse", "url": found.url, "auth": "client-credentials", "authority": details.authority,
        "tenant": found.tenant, "kind": "sandbox", "client_id": details.confidential_client_id,
        "secret": details.client_secret, "writable": true,
    }));
    process.rpc("connections.save", world.database.connection());
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
    sync(&process, &definition, |_| {});
    let (left, right) = (world.left(&process), world.right());
    let mut stories = Stories::new();
    for (email, (_, held)) in &left {
        if email.is_empty()
            || email.contains('#')
            || left.contains_key(&format!("{email}#2"))
            || !right.contains_key(email)
        {
            continue;
        }
        stories.insert(email.clone(), Story::of([&held[0], &held[1], &held[2]]));
    }
    assert!(stories.len() > 8, "seed {seed}: {}", stories.len());
    for number in 0..(3 + chance.below(3)) {
        world.sandbox.faults().clear();
        let mut round = Round::begin(&world, &process, &stories, number);
        round.before(&process, &mut chance, &mut stories, tally);
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
            for _ in 0..chance.below(3) {
                std::thread::sleep(Duration::from_millis(chance.below(300)));
                round.any(&process, &mut chance, &mut stories, tally);
                tally.meanwhile[2] += 1;
            }
            std::thread::sleep(Duration::from_millis(chance.below(600)));
            drop(whole);
            process.kill();
            process = world.open();
            tally.kills += 1;
            continue;
        }
        let well = sync(&process, &definition, |stage| {
            for _ in 0..chance.below(4) {
                std::thread::sleep(Duration::from_millis(chance.below(60)));
                round.any(&process, &mut chance, &mut stories, tally);
                tally.meanwhile[stage] += 1;
            }
        });
        tally.broke_off += u32::from(!well);
    }
    world.sandbox.faults().clear();
    definition["source"].as_object_mut().unwrap().remove("fetch");
    definition["source"]["retries"] = json!(3);
    // Quiet: what is left goes, and then there is nothing left.
    for _ in 0..6 {
        sync(&process, &definition, |_| {});
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

fn compare(world: &World<'_>, process: &Process, stories: &Stories, rule: &str) {
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
    let made = |side: &People| {
        side.keys()
            .filter(|email| email.starts_with("new.") && !known.contains(email))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!((made(&left), made(&right)), (vec![], vec![]), "seed {seed}");
}

/// Where the destination's tables are.
enum Place {
    /// A file of each seed's own.
    Sqlite(Database),
    /// One server, whose tables are made anew for each seed.
    Postgres(Database),
}

impl Place {
    fn fresh(&mut self, home: &std::path::Path) -> &Database {
        match self {
            Self::Sqlite(database) => {
                *database = Database::sqlite_in(home);
                database
            }
            Self::Postgres(database) => {
                database.anew();
                database
            }
        }
    }
}

fn campaign(name: &str, mut place: Place) {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let longest = Duration::from_secs(number("SYNCLINE_CAMPAIGN_SECONDS", 8));
    let (begun, first) = (Instant::now(), number("SYNCLINE_SEED", 0x2a0_0001));
    let mut tally = Tally::default();
    let mut seeds = 0;
    while begun.elapsed() < longest && seeds < number("SYNCLINE_CAMPAIGN_SEEDS", u64::MAX) {
        // Every second one: an even seed is the odd one after it.
        one(first + 2 * seeds, &mut place, &mut tally);
        seeds += 1;
    }
    eprintln!(
        "{name}, {seeds} seeds from {first}: {} edits, {} made, {} of them twice, {} deleted, {} unsure; of all these {} while both sides were \
         looked at, {} between preview and run, {} during the run; {} syncs under faults, {} kills, {} broke off, {} decisions, {:.0} s",
        tally.edits,
        tally.made,
        tally.twins,
        tally.deleted,
        tally.unsure,
        tally.meanwhile[0],
        tally.meanwhile[1],
        tally.meanwhile[2],
        tally.syncs,
        tally.kills,
        tally.broke_off,
        tally.decided,
        begun.elapsed().as_secs_f64()
    );
}

#[test]
fn both_sides_end_equal_whatever_happens() {
    campaign("sqlite", Place::Sqlite(Database::Sqlite(std::path::PathBuf::new())));
}

#[test]
fn both_sides_end_equal_whatever_happens_on_postgres() {
    campaign("postgres", Place::Postgres(Database::postgres()));
}
