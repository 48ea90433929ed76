//! How long the search index takes to make, how much room it takes, and how fast texts are found in it:
//! `cargo run --release -p syncline-store --example search_speed -- 1000000`.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measuring tool prints and may stop")]

use serde_json::json;
use serde_json::value::RawValue;
use std::time::Instant;
use syncline_model::{EntitySchema, Record, RecordId};
use syncline_store::{PullEnd, PullKind, PullStart, SearchQuery, Store, StoreKey};
use uuid::Uuid;

const CONNECTION: Uuid = Uuid::from_u128(1);
const COLUMNS: [&str; 7] =
    ["fullname", "emailaddress1", "telephone1", "mobilephone", "address1_city", "jobtitle", "description"];
const FIRST: [&str; 8] = ["Ann", "Bob", "Chloé", "Dmitri", "Zoë", "Łukasz", "Maria", "Aaron"];
const LAST: [&str; 8] = ["Berg", "Hadley", "Nowak", "Anders", "Ferreira", "Olsen", "Haddad", "Young"];
const WORDS: [&str; 12] =
    ["asked", "for", "an", "offer", "called", "about", "renewal", "of", "contract", "wants", "demo", "again"];
const TITLES: [&str; 4] = ["Director", "Buyer", "Head of sales", "Engineer"];
/// Times that each text is looked for; the median is told.
const TIMES: usize = 9;

fn schema() -> EntitySchema {
    let column = |name: &str| {
        json!({ "logical_name": name, "display_name": name, "type": "string", "required": "none",
            "readable": true, "creatable": true, "updatable": true })
    };
    serde_json::from_value(json!({
        "logical_name": "contact", "set_name": "contacts", "display_name": "Contact", "display_collection_name": "Contacts",
        "primary_id": "contactid", "primary_name": "fullname", "custom": false, "change_tracking": true,
        "columns": COLUMNS.map(column), "keys": [], "relationships": []
    }))
    .expect("the schema is well formed")
}

fn chance(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 20) as usize
}

fn record(n: u64) -> Record {
    let mut state = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (first, last) = (FIRST[chance(&mut state) % 8], LAST[chance(&mut state) % 8]);
    let note: Vec<&str> = (0..14).map(|_| WORDS[chance(&mut state) % 12]).collect();
    let body = json!({
        "fullname": format!("{first} {last}"),
        "emailaddress1": format!("{first}.{last}.{n}@example{}.com", chance(&mut state) % 50),
        "telephone1": format!("+1 (425) 555-{:04}", chance(&mut state) % 10_000),
        "mobilephone": format!("+44 7{:09}", chance(&mut state) % 1_000_000_000),
        "address1_city": format!("{}ton {}", ["London", "Brigh", "Castle", "Elling"][chance(&mut state) % 4], chance(&mut state) % 25),
        "jobtitle": TITLES[chance(&mut state) % 4],
        "description": note.join(" "),
    });
    Record {
        entity: "contact".into(),
        id: RecordId::new(format!("{n:08}")),
        etag: None,
        raw: RawValue::from_string(body.to_string()).expect("the record is JSON"),
    }
}

fn main() {
    let count: u64 =
        std::env::args().nth(1).map_or(1_000_000, |text| text.parse().expect("a number of records"));
    let folder = tempfile::tempdir().expect("a folder");
    let store =
        Store::open(folder.path(), &StoreKey::from_hex(&"5a".repeat(32)).expect("a key")).expect("a store");
    let now = "2026-03-04T12:00:00Z".parse().expect("a time");
    let (schema, kind) = (schema(), PullKind::Full);
    let start = PullStart { connection: CONNECTION, schema: &schema, columns: &[], selection: "{}", kind };
    let pull = store.begin_pull(&start, now).expect("a pull");
    for from in (0..count).step_by(5_000) {
        let page: Vec<Record> = (from..count.min(from + 5_000)).map(record).collect();
        store.write_page(pull.id, &page, None, 0, now).expect("a page");
    }
    store.finish_pull(pull.id, PullEnd::Done, now).expect("the end");
    // One record is indexed before the time is taken: the index on ids is made before the first.
    store.index_records(CONNECTION, &"contact".into(), 1).expect("an index on ids");
    let (size, begun) = (store.size(), Instant::now());
    while store.index_records(CONNECTION, &"contact".into(), 5_000).expect("a batch").behind > 0 {}
    println!(
        "{count} records indexed in {:.2} s; the store had {} MB and has {} MB",
        begun.elapsed().as_secs_f64(),
        size / 1_000_000,
        store.size() / 1_000_000
    );
    for text in
        ["a", "an", "ann", "chloe", "chloe had", "@example", "425 55", "0442", "5557", "off ren", "zzzz"]
    {
        let (mut times, mut hits) = (Vec::new(), 0);
        for _ in 0..TIMES {
            let begun = Instant::now();
            let query = SearchQuery { text, connections: None, entity: None, limit: 50 };
            hits = store.search(&query).expect("hits").hits.len();
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        println!("{text:?}: {:.1} ms (slowest {:.1}), {hits} hits", times[TIMES / 2], times[TIMES - 1]);
    }
}
