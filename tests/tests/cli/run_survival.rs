//! A run is killed with `kill -9` at random moments and taken up again until it is done: everything arrives, and nothing twice.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use syncline_sandbox::faults::{FaultKind, FaultRule};

use syncline_tests::chance::Chance;

use crate::program::{World, count};

/// Kills in all, over as many runs as they need.
const KILLS: u32 = 12;
const RECORDS: u64 = 700;

fn definition(case: &str) -> Value {
    json!({
        "version": 1, "name": "Contacts across",
        "source": { "connection": "crm", "entity": "contact", "columns": ["contactid", "lastname"],
            "fetch": { "mode": "all", "days": 0 }, "page_size": 500 },
        "destination": { "connection": "other", "entity": "contact" },
        "identifiers": [{ "to": "contactid", "from": "contactid" }],
        "fields": [{ "to": "lastname", "from": "lastname", "case": case }]
    })
}

/// Last name and version of every contact at the destination.
fn rows(world: &World) -> BTreeMap<String, (String, u64)> {
    let listed = world.home.json(&["records", "other", "contact", "--columns", "contactid,lastname"]).with(0);
    let row = |row: &Value| {
        let version = row["@odata.etag"].as_str().unwrap().chars().filter(char::is_ascii_digit);
        let name = row["lastname"].as_str().unwrap_or_default().to_owned();
        (row["contactid"].as_str().unwrap().to_owned(), (name, version.collect::<String>().parse().unwrap()))
    };
    listed.lines().iter().map(row).collect()
}

fn newest(rows: &BTreeMap<String, (String, u64)>) -> u64 {
    rows.values().map(|(_, version)| *version).max().unwrap_or(0)
}

fn writes(world: &World) -> usize {
    world
        .sandbox
        .requests()
        .iter()
        .filter(|one| one.service == "fabrikam" && one.path.contains("$batch"))
        .count()
}

#[test]
fn killed_at_any_moment_a_run_goes_on_and_writes_nothing_twice() {
    let Some(world) = World::new(RECORDS) else { return };
    let seed =
        std::env::var("SYNCLINE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed_0009_u64);
    let mut chance = Chance::new(seed);
    let begun = Instant::now();
    world.add_crm(&[]).with(0);
    let details = world.details().clone();
    let other = details.environments.iter().find(|one| one.name == "fabrikam").unwrap();
    world.add_environment("other", &other.url, &details.client_secret, &["--writable"]).with(0);
    world.sandbox.environment("fabrikam").unwrap().messages().set_without(["contact".to_owned()]);
    // Answers take their time, so that a kill finds requests under way.
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 1 }).at("fabrikam").on("$batch").after(0, 100_000);
    world.sandbox.faults().add([slow]);
    let (mut kills, mut resumed, mut runs) = (0, 0, 0);
    let mut before = rows(&world);
    while kills < KILLS {
        runs += 1;
        let case = if runs % 2 == 0 { "lower" } else { "upper" };
        let file = world.definition(&definition(case));
        let mut run: Option<String> = None;
        let due = loop {
            let arguments: Vec<&str> = match &run {
                Some(id) => vec!["--json", "runs", "resume", id],
                None => vec!["--json", "sync", "run", &file, "--yes"],
            };
            world.sandbox.clear_requests();
            let mut child = world.home.spawn(&arguments);
            if kills < KILLS {
                // Once so many batches of it have left, and a moment later.
                let wanted = chance.below(6) as usize;
                let patience = Instant::now() + Duration::from_secs(20);
                while writes(&world) < wanted
                    && Instant::now() < patience
                    && child.try_wait().unwrap().is_none()
                {
                    std::thread::sleep(Duration::from_millis(1));
                }
                std::thread::sleep(Duration::from_micros(chance.below(60_000)));
            }
            let ended = if kills < KILLS { child.try_wait().unwrap() } else { Some(child.wait().unwrap()) };
            if ended.is_some() {
                let output = child.wait_with_output().unwrap();
                assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
                let report: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(report["status"], "succeeded", "seed {seed}: {report}");
                let done = count(&report, "created") + count(&report, "updated");
                assert_eq!(
                    (done, count(&report, "not_reached")),
                    (count(&report, "due"), 0),
                    "seed {seed}: {report}"
                );
                break done;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            let listed = world.home.json(&["runs", "list"]).with(0).json();
            let latest = listed.as_array().unwrap().first().cloned().unwrap_or_default();
            match latest["status"].as_str() {
                // It died between its last outcome and its last word, or in the middle.
                Some("interrupted") => {
                    run = Some(latest["run_id"].as_str().unwrap().to_owned());
                    resumed += 1;
                }
                Some("succeeded") | None => run = None,
                Some(other) => panic!("seed {seed}: the run is {other}: {latest}"),
            }
        };
        let now = rows(&world);
        let changed = now.iter().filter(|(id, row)| before.get(*id) != Some(row)).count() as u64;
        assert!(changed >= due && changed <= RECORDS, "seed {seed}, run {runs}: {changed} of {due}");
        // Every row that is taken counts the service's versions up by one.
        assert_eq!(
            newest(&now) - newest(&before).max(first_version(&before, &now)),
            changed,
            "seed {seed}, run {runs}: a row was written twice"
        );
        before = now;
    }
    assert!(resumed > 3, "seed {seed}: only {resumed} processes went on where another had died");
    let ended = world
        .home
        .json(&[
            "sync",
            "preview",
            &world.definition(&definition(if runs % 2 == 0 { "lower" } else { "upper" })),
        ])
        .with(0)
        .json();
    assert_eq!(count(&ended["summary"], "unchanged"), RECORDS, "{}", ended["summary"]);
    eprintln!(
        "seed {seed}: {kills} kills over {runs} runs, {resumed} times gone on, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
}

/// Where there was no row before, versions begin just below the oldest that came.
fn first_version(before: &BTreeMap<String, (String, u64)>, now: &BTreeMap<String, (String, u64)>) -> u64 {
    if before.is_empty() { now.values().map(|(_, version)| version - 1).min().unwrap_or(0) } else { 0 }
}
