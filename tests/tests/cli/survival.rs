//! A pull is killed with `kill -9` at random moments until it is done. What is stored then is what an unbroken pull stores, and no page
//! was read twice but the one that was in flight when the process died.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use syncline_tests::chance::Chance;

use crate::program::{World, count};

/// Kills in all, over as many pulls as they need.
const KILLS: u32 = 50;
const RECORDS: u64 = 1_500;
/// Records a page.
const PAGE: u64 = 25;
/// Pages that a process may have asked for and neither stored nor kept.
const IN_FLIGHT: usize = 1;

/// Pages of contacts that were asked for, in order, as far as they were answered or the process died meanwhile.
fn pages(world: &World) -> Vec<String> {
    let is_page =
        |path: &str| path.contains("/contacts?") && path.contains("$select=") || path.ends_with("/contacts");
    let own = |path: &str| path.contains("/contacts") && !path.contains("$count") && !path.contains("$apply");
    let requests = world.sandbox.requests();
    let asked = requests.iter().filter(|request| request.method == "GET" && own(&request.path));
    asked
        .filter(|request| is_page(&request.path) || request.path.contains("skiptoken"))
        .map(|request| request.path.clone())
        .collect()
}

fn pull_of<'a>(connection: &'a str, page: &'a str) -> [&'a str; 7] {
    ["--json", "cache", "pull", connection, "contact", "--page-size", page]
}

fn status(world: &World, connection: &str) -> String {
    let all = world.home.json(&["cache", "list"]).with(0).json();
    let own = all.as_array().unwrap().iter().find(|cached| cached["connection"] == connection);
    own.unwrap()["status"].as_str().unwrap().to_owned()
}

fn hash(world: &World, connection: &str) -> (u64, String) {
    let hashed = world.home.json(&["cache", "hash", connection, "contact"]).with(0).json();
    (count(&hashed, "records"), hashed["content_hash"].as_str().unwrap().to_owned())
}

#[test]
fn killed_fifty_times_a_pull_brings_what_an_unbroken_one_brings() {
    let Some(world) = World::new(RECORDS) else { return };
    let seed =
        std::env::var("SYNCLINE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed_0005_u64);
    let mut chance = Chance::new(seed);
    let (details, begun) = (world.details().clone(), Instant::now());
    let add = |name: &str| {
        world.add_environment(name, &details.dataverse, &details.client_secret, &[]).with(0);
    };
    add("unbroken");
    let page = PAGE.to_string();
    world.sandbox.clear_requests();
    world.home.run(&pull_of("unbroken", &page)).with(0);
    let order = pages(&world);
    assert_eq!(order.len() as u64, RECORDS / PAGE, "{order:?}");
    let place: HashMap<&str, usize> =
        order.iter().enumerate().map(|(at, path)| (path.as_str(), at)).collect();
    let whole = hash(&world, "unbroken");
    assert_eq!(whole.0, RECORDS);

    let (mut kills, mut pulls, mut twice, mut resumed) = (0, 0, 0, 0);
    while kills < KILLS {
        pulls += 1;
        let connection = format!("broken{pulls}");
        add(&connection);
        // The first page that was not asked for yet.
        let mut furthest = 0_usize;
        let report = loop {
            world.sandbox.clear_requests();
            let mut child = world.home.spawn(&pull_of(&connection, &page));
            if kills < KILLS {
                // At a page of this process, or so early that it has asked for none, and a moment later.
                let wanted = chance.below(7) as usize;
                let moment = Duration::from_micros(chance.below(15_000));
                let patience = Instant::now()
                    + Duration::from_millis(if wanted == 0 { chance.below(300) } else { 20_000 });
                while pages(&world).len() < wanted.max(1)
                    && Instant::now() < patience
                    && child.try_wait().unwrap().is_none()
                {
                    std::thread::sleep(Duration::from_millis(1));
                }
                std::thread::sleep(moment);
            }
            let ended = if kills < KILLS { child.try_wait().unwrap() } else { Some(child.wait().unwrap()) };
            let was_killed = ended.is_none();
            if was_killed {
                child.kill().unwrap();
                kills += 1;
            }
            let output = child.wait_with_output().unwrap();
            let asked: Vec<usize> = pages(&world).iter().map(|path| place[path.as_str()]).collect();
            if let Some(first) = asked.first() {
                let again = furthest.saturating_sub(*first);
                assert!(
                    again <= IN_FLIGHT,
                    "seed {seed}, kill {kills}: {again} pages were read again from {first} on"
                );
                assert!(
                    *first <= furthest,
                    "seed {seed}, kill {kills}: pages {furthest} to {first} were left out"
                );
                assert!(
                    asked.windows(2).all(|pair| pair[1] == pair[0] + 1),
                    "seed {seed}: out of order: {asked:?}"
                );
                twice += again;
                resumed += usize::from(*first > 0);
                furthest = asked.last().unwrap() + 1;
            }
            if was_killed && furthest == order.len() && status(&world, &connection) == "done" {
                // It died while its search index was made; the next pull, a new one, would read everything again.
                break None;
            }
            if !was_killed {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                break Some(serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap());
            }
        };
        if let Some(report) = report {
            assert_eq!(
                (count(&report, "read"), count(&report, "new")),
                (RECORDS, RECORDS),
                "seed {seed}: {report}"
            );
            assert_eq!(
                (count(&report, "pages"), count(&report, "not_indexed")),
                (RECORDS / PAGE, 0),
                "seed {seed}: {report}"
            );
        }
        assert_eq!(hash(&world, &connection), whole, "seed {seed}, {connection}: other records are stored");
    }
    assert!(resumed > 10, "seed {seed}: only {resumed} processes went on where another had died");
    eprintln!(
        "seed {seed}: {kills} kills over {pulls} pulls, {resumed} times gone on, {twice} pages read twice, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
}
