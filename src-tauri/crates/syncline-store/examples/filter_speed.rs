//! How fast a text is found somewhere in a column: `cargo run --release -p syncline-store --example filter_speed -- 1000000`. Each filter
//! is asked twice over: from the texts in memory, and, written with a set of one letter, as SQL over the column's index. Then filters of
//! several conditions, of which one is another each time, as while somebody writes.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measuring tool prints and may stop")]

use jiff::tz::TimeZone;
use serde_json::json;
use serde_json::value::RawValue;
use std::time::Instant;
use syncline_fetchxml::Filter;
use syncline_model::{EntitySchema, Record, RecordId};
use syncline_store::{GridQuery, PullEnd, PullKind, PullStart, Store, StoreKey};
use uuid::Uuid;

const CONNECTION: Uuid = Uuid::from_u128(1);
const COLUMNS: [&str; 3] = ["city", "fullname", "emailaddress"];
/// Filters of which the median is told.
const TIMES: usize = 17;
const LETTERS: [u8; TIMES] = *b"aeilnot0123456789";

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

fn chance(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// A city of a hundred, and a name and an address that nobody else has.
fn record(n: u64) -> Record {
    let mut state = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let first = ["Ann", "Bob", "Chloé", "Dmitri", "Zoë", "Łukasz"][(chance(&mut state) % 6) as usize];
    let last = chance(&mut state) >> 30;
    let body = json!({
        "city": format!("{}ton {}", ["London", "Brigh", "Castle", "Elling"][(chance(&mut state) % 4) as usize], chance(&mut state) % 25),
        "fullname": format!("{first} Family{last:x}"),
        "emailaddress": format!("{first}.{last:x}@example{}.com", chance(&mut state) % 50),
    });
    Record {
        entity: "contact".into(),
        id: RecordId::new(format!("{n:08}")),
        etag: None,
        raw: RawValue::from_string(body.to_string()).expect("the record is JSON"),
    }
}

fn condition(column: &str, operator: &str, value: &str) -> String {
    format!("<condition attribute='{column}' operator='{operator}' value='{value}'/>")
}

/// Makes the conditions of a filter for a text.
type Conditions<'a> = &'a dyn Fn(&str) -> String;

/// The milliseconds that a filter for a text takes, and how many records it finds.
fn ask(store: &Store, column: &str, value: &str) -> (f64, u64) {
    ask_for(store, &condition(column, "like", value))
}

fn ask_for(store: &Store, filter: &str) -> (f64, u64) {
    let now = "2026-03-04T12:00:00Z".parse::<jiff::Timestamp>().expect("a time").to_zoned(TimeZone::UTC);
    let query =
        GridQuery { filter: Some(Filter::parse(filter).expect("a filter")), ..GridQuery::new(now, 100) };
    let begun = Instant::now();
    let page = store.page_records(CONNECTION, &"contact".into(), &query).expect("a window");
    (begun.elapsed().as_secs_f64() * 1e3, page.total)
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
    for column in COLUMNS {
        println!("{column}: its index is made in {:.0} ms", ask(&store, column, "%[q]qqq%").0);
        println!(
            "{column}: its texts are read, and the first filter answered, in {:.0} ms",
            ask(&store, column, "%qqqq%").0
        );
        for (what, length) in [("four letters, found hardly ever", 4), ("two letters", 2), ("a letter", 1)] {
            let (mut by_texts, mut by_sql, mut found) = (Vec::new(), Vec::new(), 0);
            let mut state = 0x5eed;
            for first in LETTERS.map(char::from) {
                let mut other = |_| char::from(LETTERS[(chance(&mut state) % TIMES as u64) as usize]);
                let rest: String = (1..length).map(&mut other).collect();
                let word = format!("{first}{rest}");
                // In turns, so that both meet the same load.
                let (milliseconds, total) = ask(&store, column, &format!("%{word}%"));
                by_texts.push(milliseconds);
                let (milliseconds, same) = ask(&store, column, &format!("%[{first}]{rest}%"));
                by_sql.push(milliseconds);
                assert_eq!(total, same, "{word}");
                found += total;
            }
            for times in [&mut by_texts, &mut by_sql] {
                times.sort_by(f64::total_cmp);
            }
            println!(
                "{column}, {what}: from its texts {:.1} ms (slowest {:.1}), as SQL {:.1} ms (slowest {:.1}); {} found",
                by_texts[TIMES / 2],
                by_texts[TIMES - 1],
                by_sql[TIMES / 2],
                by_sql[TIMES - 1],
                found / TIMES as u64
            );
        }
    }
    let several: [(&str, &str, Conditions<'_>); 5] = [
        ("a text and a value that few have", "and", &|word| {
            condition("emailaddress", "like", word) + &condition("city", "eq", "Londonton 7")
        }),
        ("texts in two columns", "and", &|word| {
            condition("fullname", "like", word) + &condition("city", "like", "%on%")
        }),
        ("a text in one of two columns", "or", &|word| {
            condition("fullname", "like", word) + &condition("emailaddress", "like", word)
        }),
        ("a text, and another that is not there", "and", &|word| {
            condition("fullname", "like", word) + &condition("city", "not-like", "%le%")
        }),
        ("a text and a range", "and", &|word| {
            condition("fullname", "like", word) + &condition("city", "gt", "c")
        }),
    ];
    for (what, kind, conditions) in several {
        let (mut times, mut found, mut state) = (Vec::new(), 0, 0x5eed);
        for first in LETTERS.map(char::from) {
            let second = char::from(LETTERS[(chance(&mut state) % TIMES as u64) as usize]);
            let filter =
                format!("<filter type='{kind}'>{}</filter>", conditions(&format!("%{first}{second}%")));
            let (milliseconds, total) = ask_for(&store, &filter);
            times.push(milliseconds);
            found += total;
        }
        let first = times.remove(0);
        times.sort_by(f64::total_cmp);
        println!(
            "{what}: {:.1} ms (slowest {:.1}, the first time {first:.1}); {} found",
            times[TIMES / 2],
            times[TIMES - 2],
            found / TIMES as u64
        );
    }
}
