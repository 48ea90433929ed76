//! The pull beside a drain of the same pages and beside its peer, turn by turn: near by, 20 ms away without a line and behind two usual ones, from
//! a slow service, compressed, and throttled.
//! `SYNCLINE_BENCH_RECORDS` names another number of contacts, such as 1000000; `SYNCLINE_BENCH_ROUNDS` another number of rounds;
//! `SYNCLINE_BENCH_WAY` one of the ways.

use crate::process::{self, Figure, Sandbox, median};

pub(crate) const RECORDS: u64 = 100_000;
const ROUNDS: u64 = 3;
/// 44 columns of the 68, as somebody would choose them.
const SELECT: &str = "contactid,createdon,modifiedon,_createdby_value,_modifiedby_value,versionnumber,_ownerid_value,\
    _owningbusinessunit_value,_transactioncurrencyid_value,statecode,statuscode,fullname,firstname,middlename,lastname,salutation,\
    nickname,jobtitle,department,emailaddress1,emailaddress2,telephone1,mobilephone,websiteurl,birthdate,anniversary,gendercode,\
    familystatuscode,preferredcontactmethodcode,leadsourcecode,customertypecode,donotemail,donotphone,donotpostalmail,\
    donotbulkemail,creditonhold,creditlimit,annualincome,address1_line1,address1_city,address1_stateorprovince,\
    address1_postalcode,address1_country,_parentcustomerid_value";

/// A way to the service, what is asked of it, and whether the peer goes along: it neither asks for compressed answers nor waits when it is
/// told to.
struct Case {
    name: &'static str,
    way: &'static str,
    select: &'static str,
    with_peer: bool,
}

const CASES: [Case; 8] = [
    Case { name: "near", way: "near", select: SELECT, with_peer: true },
    Case { name: "all columns", way: "near", select: "", with_peer: true },
    Case { name: "20 ms", way: "20 ms", select: SELECT, with_peer: true },
    // Nobody who is 20 ms away has the memory's bandwidth in between.
    Case { name: "20 ms, 1 Gbit/s", way: "1 Gbit/s", select: SELECT, with_peer: true },
    Case { name: "20 ms, 100 Mbit/s", way: "100 Mbit/s", select: SELECT, with_peer: false },
    // A service that takes a second for a page of 5,000, as a real one may.
    Case { name: "1 s a page", way: "1 s", select: SELECT, with_peer: false },
    Case { name: "gzip", way: "gzip", select: SELECT, with_peer: false },
    Case { name: "throttled", way: "throttled", select: SELECT, with_peer: false },
];

pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

pub(crate) fn all() {
    let (records, rounds) =
        (number("SYNCLINE_BENCH_RECORDS", RECORDS), number("SYNCLINE_BENCH_ROUNDS", ROUNDS).max(1));
    println!("{records} contacts, labels asked for, medians of {rounds} rounds in turn");
    println!(
        "{:<18} {:<46} {:>10} {:>9} {:>9} {:>9}",
        "way", "what", "records/s", "of drain", "of peer", "peak MiB"
    );
    let wanted = std::env::var("SYNCLINE_BENCH_WAY").unwrap_or_default();
    for case in CASES.iter().filter(|case| case.name.contains(&wanted)) {
        one_way(records, rounds, case);
    }
}

fn one_way(records: u64, rounds: u64, case: &Case) {
    let way = case.name;
    let mut sandbox = Sandbox::start(records, case.way);
    sandbox.ask_for(case.select);
    let (mut drained, mut pulled, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        drained.push(process::measure("drain", &sandbox.details));
        pulled.push(process::measure("pull", &sandbox.details));
        if case.with_peer {
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
        println!("{way:<18} {what:<46} {rate:>10.0} {:>9.2} {to_peer:>9} {peak:>9.0}", rate / drain);
    };
    let bytes = drained.iter().find_map(|figure| figure.record_bytes).unwrap_or_default();
    tell(&format!("drain: pages thrown away, {bytes} bytes a record"), drain, peak(&drained));
    tell("pull: stored encrypted, typed columns", rate(&pulled), peak(&pulled));
    tell(
        "pull: until all of it can be searched too",
        median(pulled.iter().map(Figure::searchable_rate)),
        peak(&pulled),
    );
    if peers.is_empty() {
        println!(
            "{way:<18} peer: not run{}",
            if case.with_peer { "; npm ci in tests/bench/peer installs it" } else { "" }
        );
    } else {
        tell("peer: dynamics-web-api with better-sqlite3", peer, peak(&peers));
    }
}
