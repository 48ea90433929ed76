//! The pull beside a drain of the same pages and beside its peer, turn by turn: near by, 20 ms away, compressed, and throttled.
//! `SYNCLINE_BENCH_RECORDS` names another number of contacts, such as 1000000; `SYNCLINE_BENCH_ROUNDS` another number of rounds.

use crate::process::{self, Figure, Sandbox, median};

pub(crate) const RECORDS: u64 = 100_000;
const ROUNDS: u64 = 3;
/// Ways to the service, and whether the peer knows them: it neither asks for compressed answers nor waits when it is told to.
const WAYS: [(&str, bool); 4] = [("near", true), ("20 ms", true), ("gzip", false), ("throttled", false)];

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

pub(crate) fn all() {
    let (records, rounds) =
        (number("SYNCLINE_BENCH_RECORDS", RECORDS), number("SYNCLINE_BENCH_ROUNDS", ROUNDS).max(1));
    println!("{records} contacts, medians of {rounds} rounds in turn");
    println!(
        "{:<12} {:<46} {:>10} {:>9} {:>9} {:>9}",
        "way", "what", "records/s", "of drain", "of peer", "peak MiB"
    );
    for (way, with_peer) in WAYS {
        one_way(records, rounds, way, with_peer);
    }
}

fn one_way(records: u64, rounds: u64, way: &str, with_peer: bool) {
    let sandbox = Sandbox::start(records, way);
    let (mut drained, mut pulled, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        drained.push(process::measure("drain", &sandbox.details));
        pulled.push(process::measure("pull", &sandbox.details));
        if with_peer {
            peers.extend(process::measure_peer(&sandbox.details));
        }
        let last = |all: &[Figure]| all.last().map(ToString::to_string).unwrap_or_default();
        eprintln!(
            "{way}, round {round} of {rounds}: drain {}; pull {}; peer {}",
            last(&drained),
            last(&pulled),
            last(&peers)
        );
    }
    let rate = |all: &[Figure]| median(all.iter().map(Figure::rate));
    let peak = |all: &[Figure]| median(all.iter().map(|figure| figure.peak_mib));
    let (drain, peer) = (rate(&drained), rate(&peers));
    let tell = |what: &str, rate: f64, peak: f64| {
        let to_peer = if peer > 0.0 { format!("{:.2}", rate / peer) } else { "-".to_owned() };
        println!("{way:<12} {what:<46} {rate:>10.0} {:>9.2} {to_peer:>9} {peak:>9.0}", rate / drain);
    };
    tell("drain: pages thrown away", drain, peak(&drained));
    tell("pull: stored encrypted, typed columns", rate(&pulled), peak(&pulled));
    tell(
        "pull: until all of it can be searched too",
        median(pulled.iter().map(Figure::searchable_rate)),
        peak(&pulled),
    );
    if peers.is_empty() {
        println!(
            "{way:<12} peer: not run{}",
            if with_peer { "; npm ci in tests/bench/peer installs it" } else { "" }
        );
    } else {
        tell("peer: dynamics-web-api with better-sqlite3", peer, peak(&peers));
    }
}
