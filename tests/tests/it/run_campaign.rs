//! Runs through every kind of fault at every stage, with kills, stops and changes of identity in between, from seeds. At the end both sides
//! and the audit are compared: nothing twice, nothing lost, nothing written within a pause or to somebody else.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use syncline_api::{App, AppConfig};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use syncline_sandbox::{LoggedRequest, Sandbox, SandboxConfig};
use syncline_secrets::MemoryVault;
use tokio::runtime::Runtime;
use uuid::Uuid;

use syncline_tests::chance::Chance;

use crate::app_undo::copy;

/// Seconds that a pause lasts.
const PAUSE: u64 = 2;
/// Requests that had passed the gate before the pause was heard of.
const ON_THEIR_WAY: Duration = Duration::from_millis(700);

/// A process of the application: what it holds ends with it.
struct Process {
    app: Arc<App>,
    runtime: Runtime,
}

/// The tenant, and the folder that outlives processes.
struct World {
    /// What the tenant runs on.
    _outside: Runtime,
    sandbox: Sandbox,
    home: tempfile::TempDir,
    vault: Arc<MemoryVault>,
    seed: u64,
}

impl World {
    fn open(&self) -> Process {
        let runtime = Runtime::new().unwrap();
        let config = AppConfig::with_vault(self.home.path().to_owned(), self.vault.clone());
        let app = runtime.block_on(App::open(config)).unwrap();
        Process { app, runtime }
    }

    /// Ids at an environment with last name and version, read past the application.
    fn rows(&self, process: &Process, connection: &str) -> BTreeMap<String, (String, u64)> {
        let mut found = BTreeMap::new();
        let mut cursor = Value::Null;
        loop {
            let ask = json!({ "connection": connection, "entity": "contact", "mode": "live", "limit": 1000,
                "columns": ["lastname"], "cursor": cursor });
            let page = process.rpc("records.query", ask);
            for row in page["rows"].as_array().unwrap() {
                let etag = row["raw"]["@odata.etag"].as_str().unwrap();
                let version = etag.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
                let name = row["raw"]["lastname"].as_str().unwrap_or_default().to_owned();
                found.insert(row["id"].as_str().unwrap().to_owned(), (name, version));
            }
            cursor = page["cursor"].clone();
            if cursor.is_null() {
                return found;
            }
        }
    }
}

impl Process {
    fn rpc(&self, name: &str, request: Value) -> Value {
        let told = request.to_string();
        let answer = self.runtime.block_on(self.app.rpc(name, request));
        answer.unwrap_or_else(|error| panic!("{name} {told}: {error:?}"))
    }

    /// The end of a job, as it is told.
    fn ended(&self, job: &str) -> syncline_api::wire::JobView {
        let waited =
            async { tokio::time::timeout(Duration::from_secs(120), self.app.jobs().wait(job)).await };
        self.runtime.block_on(waited).expect("a job ends").unwrap()
    }

    /// Everything in memory is gone, in the middle of whatever it did.
    fn kill(self) {
        let Self { app, runtime } = self;
        drop(app);
        runtime.shutdown_timeout(Duration::from_secs(10));
    }
}

fn faults(chance: &mut Chance) -> Vec<FaultRule> {
    let places =
        ["WhoAmI", "$batch", "CreateMultiple", "/contacts?", "EntityDefinitions", "sdkmessagefilters"];
    let mut rules = Vec::new();
    for _ in 0..=chance.below(3) {
        let kind = match chance.below(12) {
            0 => FaultKind::Status { status: 429, retry_after: Some(PAUSE) },
            1 => FaultKind::Status { status: 500, retry_after: None },
            2 => FaultKind::Status { status: 502, retry_after: None },
            3 => FaultKind::Status { status: 503, retry_after: None },
            4 => FaultKind::Status { status: 504, retry_after: None },
            5 => FaultKind::ResetBefore,
            6 => FaultKind::ResetUnheard,
            7 => FaultKind::ResetInside { after_bytes: 200 },
            8 => FaultKind::TruncatedJson,
            9 => FaultKind::HtmlPage { status: 502 },
            10 => FaultKind::ExpireTokens,
            _ => FaultKind::Slow { chunk_ms: 2 },
        };
        let place = places[chance.below(places.len() as u64) as usize];
        let service = if chance.below(5) == 0 { "contoso" } else { "fabrikam" };
        rules.push(FaultRule::new(kind).at(service).on(place).after(chance.below(6), 1 + chance.below(3)));
    }
    rules
}

/// Requests that may write.
fn writes(requests: &[LoggedRequest]) -> impl Iterator<Item = &LoggedRequest> {
    requests.iter().filter(|one| {
        one.service == "fabrikam" && (one.path.contains("$batch") || one.path.contains("CreateMultiple"))
    })
}

/// Nobody wrote while the service had asked to wait.
fn no_write_in_a_pause(seed: u64, requests: &[LoggedRequest]) {
    for asked in requests.iter().filter(|one| one.service == "fabrikam" && one.status == 429) {
        let from = asked.at_ms + asked.took_ms;
        let within = (from + ON_THEIR_WAY.as_millis() as u64)..(from + PAUSE * 1000 - 200);
        let early = writes(requests).find(|one| within.contains(&one.at_ms));
        assert!(early.is_none(), "seed {seed}: {early:?} came in the pause that began at {from}");
    }
}

#[derive(Default)]
struct Tally {
    runs: u32,
    kills: u32,
    stops: u32,
    resumed: u32,
    replays: u32,
    identities: u32,
    rows: u64,
}

fn one(seed: u64, tally: &mut Tally) {
    let mut chance = Chance::new(seed);
    let outside = Runtime::new().unwrap();
    let records = 150 + chance.below(450);
    let sandbox =
        outside.block_on(Sandbox::start(SandboxConfig { records, ..SandboxConfig::default() })).unwrap();
    let fabrikam = Arc::clone(sandbox.environment("fabrikam").unwrap());
    if chance.below(2) == 0 {
        fabrikam.messages().set_without(["contact".to_owned()]);
    }
    let home = tempfile::tempdir().unwrap();
    let world = World { _outside: outside, sandbox, home, vault: Arc::new(MemoryVault::new()), seed };
    let mut process = world.open();
    let details = world.sandbox.details().clone();
    for (name, writable) in [("contoso", false), ("fabrikam", true)] {
        let found = details.environments.iter().find(|one| one.name == name).unwrap();
        let save = json!({
            "name": name, "system": "dataverse", "url": found.url, "auth": "client-credentials", "authority": details.authority,
            "tenant": found.tenant, "kind": "sandbox", "client_id": details.confidential_client_id,
            "secret": details.client_secret, "writable": writable,
        });
        process.rpc("connections.save", save);
        process.rpc("connections.test", json!({ "connection": name }));
    }
    let mut definition = copy();
    definition["source"]["retries"] = json!(chance.below(3));
    // Some are there before, so that the run changes some and makes others.
    if chance.below(3) > 0 {
        definition["source"]["filter"] = json!("<condition attribute='gendercode' operator='eq' value='2'/>");
        let job = process.rpc("plans.start", json!({ "json": definition.to_string() }));
        let plan = process.ended(job["job"].as_str().unwrap()).result;
        let job = process.rpc("runs.start", json!({ "plan": plan["plan_id"] }));
        assert_eq!(process.ended(job["job"].as_str().unwrap()).result["status"], "succeeded");
        definition["source"].as_object_mut().unwrap().remove("filter");
        definition["fields"][1]["case"] = json!("upper");
    }
    let before = world.rows(&process, "fabrikam");
    let source = world.rows(&process, "contoso");
    let job = process.rpc("plans.start", json!({ "json": definition.to_string() }));
    let plan = process.ended(job["job"].as_str().unwrap()).result;
    let due = plan["summary"]["create"].as_u64().unwrap() + plan["summary"]["update"].as_u64().unwrap();
    tally.rows += due;

    let organization = fabrikam.organization_id();
    world.sandbox.clear_requests();
    world.sandbox.faults().add(faults(&mut chance));
    let mut begin = ("runs.start", json!({ "plan": plan["plan_id"] }));
    let mut round = 0;
    loop {
        round += 1;
        assert!(round < 12, "seed {seed}: it comes to no end");
        if round == 4 {
            world.sandbox.faults().clear();
        }
        let started = process.runtime.block_on(process.app.rpc(begin.0, begin.1.clone()));
        let job = match started {
            Ok(started) => started["job"].as_str().unwrap().to_owned(),
            Err(error) => panic!("seed {seed}, round {round}: {error:?}"),
        };
        tally.runs += 1;
        let event = if round < 4 { chance.below(6) } else { 9 };
        let moment = Duration::from_millis(chance.below(400));
        match event {
            0 | 1 => {
                std::thread::sleep(moment);
                process.kill();
                process = world.open();
                tally.kills += 1;
            }
            2 => {
                std::thread::sleep(moment);
                process.rpc("jobs.cancel", json!({ "job": job }));
                process.ended(&job);
                tally.stops += 1;
            }
            3 => {
                std::thread::sleep(moment);
                fabrikam.set_organization_id(Uuid::from_u128(u128::from(seed) + 7));
                process.ended(&job);
                // Whatever is tried now, nothing is written to somebody else.
                let written = writes(&world.sandbox.requests()).count();
                if let Some(run) = latest(&process).filter(|run| run["resumable"] == true) {
                    let again = process
                        .runtime
                        .block_on(process.app.rpc("runs.resume", json!({ "run": run["run_id"] })));
                    if let Ok(again) = again {
                        process.ended(again["job"].as_str().unwrap());
                    }
                }
                let after = writes(&world.sandbox.requests()).count();
                assert_eq!(after, written, "seed {seed}: written to another organization");
                fabrikam.set_organization_id(organization);
                tally.identities += 1;
            }
            _ => drop(process.ended(&job)),
        }
        if round < 3 && chance.below(2) == 0 {
            world.sandbox.faults().add(faults(&mut chance));
        }
        let Some(run) = latest(&process)
            .filter(|run| run["plan_id"] == plan["plan_id"] || run["replay_of"] != Value::Null)
        else {
            // It died, or was refused, before there was a run.
            continue;
        };
        assert_ne!(run["status"], "running", "seed {seed}: {run}");
        if run["resumable"] == true {
            tally.resumed += 1;
            begin = ("runs.resume", json!({ "run": run["run_id"] }));
            continue;
        }
        if run["status"] == "succeeded" {
            break;
        }
        // Failures are sent again by themselves, once the service is well.
        world.sandbox.faults().clear();
        let job = process.rpc("runs.replay", json!({ "run": run["run_id"] }));
        let replay = process.ended(job["job"].as_str().unwrap()).result;
        tally.replays += 1;
        begin = ("runs.start", json!({ "plan": replay["plan_id"] }));
    }
    world.sandbox.faults().clear();
    let requests = world.sandbox.requests();
    no_write_in_a_pause(seed, &requests);
    compare(&world, &process, &source, &before, &definition, due);
}

fn latest(process: &Process) -> Option<Value> {
    process.rpc("runs.list", json!({})).as_array().unwrap().first().cloned()
}

fn compare(
    world: &World,
    process: &Process,
    source: &BTreeMap<String, (String, u64)>,
    before: &BTreeMap<String, (String, u64)>,
    definition: &Value,
    due: u64,
) {
    let seed = world.seed;
    let now = world.rows(process, "fabrikam");
    let upper = definition["fields"][1]["case"] == "upper";
    for (id, (name, _)) in source {
        let wanted = if upper { name.to_uppercase() } else { name.clone() };
        let held = now.get(id).map(|(name, _)| name.as_str());
        assert_eq!(held, Some(wanted.as_str()), "seed {seed}: {id} was lost");
    }
    let wanted: BTreeSet<&String> = source.keys().chain(before.keys()).collect();
    assert_eq!(
        now.keys().collect::<BTreeSet<_>>(),
        wanted,
        "seed {seed}: something came twice, or was invented"
    );
    // Each row that was taken counts the service's versions up by one: none was written a second time.
    let newest = |rows: &BTreeMap<String, (String, u64)>| rows.values().map(|(_, version)| *version).max();
    let (from, to) = (newest(before).unwrap_or(0), newest(&now).unwrap());
    let changed = now.iter().filter(|(id, row)| before.get(*id) != Some(row)).count() as u64;
    assert_eq!(changed, due, "seed {seed}: other rows than planned were written");
    if from > 0 {
        assert_eq!(to - from, due, "seed {seed}: {due} rows, but more writes");
    }
    // The audit tells the same.
    let mut told: BTreeSet<String> = BTreeSet::new();
    for outcome in ["created", "updated"] {
        let mut offset = 0;
        loop {
            let ask = json!({ "outcome": outcome, "sent": true, "offset": offset, "limit": 1000 });
            let page = process.rpc("audit.rows", ask);
            let rows = page["rows"].as_array().unwrap();
            offset += rows.len();
            for row in rows {
                assert!(
                    row["request_hash"].is_string() && row["answered_at"].is_string(),
                    "seed {seed}: {row}"
                );
                let id = row["source_id"].as_str().unwrap();
                if before.get(id) != now.get(id) {
                    told.insert(id.to_owned());
                }
            }
            if rows.is_empty() {
                break;
            }
        }
    }
    assert_eq!(told.len() as u64, due, "seed {seed}: the audit tells of other rows");
    let open = process.rpc("audit.rows", json!({ "outcome": "sending" }));
    assert_eq!(open["total"], 0, "seed {seed}: something is open still");
}

#[test]
fn runs_survive_every_fault() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let longest = Duration::from_secs(number("SYNCLINE_CAMPAIGN_SECONDS", 40));
    let (begun, first) = (Instant::now(), number("SYNCLINE_SEED", 0x5eed_0700));
    let mut tally = Tally::default();
    let mut seeds = 0;
    while begun.elapsed() < longest && seeds < number("SYNCLINE_CAMPAIGN_SEEDS", u64::MAX) {
        one(first + seeds, &mut tally);
        seeds += 1;
    }
    eprintln!(
        "seeds {first} to {}: {} rows, {} runs begun or gone on with, {} kills, {} stops, {} changes of identity, {} times gone on, {} replays, {:.0} s",
        first + seeds - 1,
        tally.rows,
        tally.runs,
        tally.kills,
        tally.stops,
        tally.identities,
        tally.resumed,
        tally.replays,
        begun.elapsed().as_secs_f64()
    );
}
