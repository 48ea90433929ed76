//! How fast pages are stored and read: `cargo run --release -p syncline-store --example pull_speed -- 100000 5000`
//! (records, records a page).

use serde_json::json;
use serde_json::value::RawValue;
use std::time::Instant;
use syncline_model::{ColumnName, EntitySchema, Record, RecordId};
use syncline_store::{GridQuery, PullEnd, PullKind, PullStart, SearchQuery, SqlCancel, Store, StoreKey};
use uuid::Uuid;

const TEXTS: usize = 14;

fn schema() -> EntitySchema {
    let mut columns = Vec::new();
    let mut add = |name: String, kind: &str| {
        columns.push(json!({ "logical_name": name, "display_name": name, "type": kind, "required": "none",
            "readable": true, "creatable": true, "updatable": true }));
    };
    for n in 0..TEXTS {
        add(format!("text{n}"), "string");
    }
    for (name, kind) in [
        ("fullname", "string"),
        ("amount", "money"),
        ("children", "integer"),
        ("statecode", "state"),
        ("createdon", "datetime"),
        ("parent", "customer"),
    ] {
        add(name.to_owned(), kind);
    }
    serde_json::from_value(json!({
        "logical_name": "contact", "set_name": "contacts", "display_name": "Contact", "display_collection_name": "Contacts",
        "primary_id": "contactid", "primary_name": "fullname", "custom": false, "change_tracking": true,
        "columns": columns, "keys": [], "relationships": []
    }))
    .expect("the schema is well formed")
}

/// About 1.2 KB.
fn record(n: u64, version: u64) -> Record {
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let id = Uuid::from_u64_pair(next(), next()).to_string();
    let mut body = serde_json::Map::new();
    body.insert("@odata.etag".to_owned(), json!(format!("W/\"{}\"", n + version)));
    body.insert("contactid".to_owned(), json!(id));
    body.insert(
        "fullname".to_owned(),
        json!(format!("Given{:x} Family{:x}", next() % 5000, next() % 20_000)),
    );
    body.insert("amount".to_owned(), json!((next() % 10_000_000) as f64 / 100.0));
    body.insert(
        "amount@OData.Community.Display.V1.FormattedValue".to_owned(),
        json!(format!("€{}", next() % 100_000)),
    );
    body.insert("children".to_owned(), json!(next() % 6));
    body.insert("statecode".to_owned(), json!(next() % 2));
    body.insert("statecode@OData.Community.Display.V1.FormattedValue".to_owned(), json!("Active"));
    body.insert(
        "createdon".to_owned(),
        json!(format!("2025-{:02}-{:02}T10:00:00Z", 1 + next() % 12, 1 + next() % 28)),
    );
    body.insert("_parent_value".to_owned(), json!(Uuid::from_u64_pair(next() % 5000, 1)));
    body.insert(
        "_parent_value@OData.Community.Display.V1.FormattedValue".to_owned(),
        json!(format!("Company {}", next() % 5000)),
    );
    body.insert("_parent_value@Microsoft.Dynamics.CRM.lookuplogicalname".to_owned(), json!("account"));
    for n in 0..TEXTS {
        body.insert(
            format!("text{n}"),
            json!(format!("word{:x} of{} {}", next() % 100_000, next() % 100, next() % 10_000)),
        );
    }
    Record {
        entity: "contact".into(),
        id: RecordId::new(id),
        etag: None,
        raw: RawValue::from_string(serde_json::Value::Object(body).to_string()).expect("an object is JSON"),
    }
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let page: usize = arguments.next().map_or(Ok(5000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("syncline-pull-speed-{}", std::process::id()));
    let store = Store::open(&folder, &StoreKey::from_hex(&"5a".repeat(32))?)?;
    let (connection, now) = (Uuid::from_u128(1), "2026-03-04T12:00:00Z".parse()?);
    let schema = schema();
    for (what, version) in [("first pull", 0), ("nothing changed", 0), ("everything changed", 1)] {
        let records: Vec<Record> = (0..count).map(|n| record(n, version)).collect();
        let bytes: usize = records.iter().map(|record| record.raw.get().len()).sum();
        let begun = Instant::now();
        let start =
            PullStart { connection, schema: &schema, columns: &[], selection: "{}", kind: PullKind::Full };
        let pull = store.begin_pull(&start, now)?;
        for page in records.chunks(page) {
            store.write_page(pull.id, page, None, 0, now)?;
        }
        store.finish_pull(pull.id, PullEnd::Done, now)?;
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{what}: {count} records of {} bytes in {seconds:.2} s, {:.0} records/s; the store has {} MB",
            bytes as u64 / count,
            count as f64 / seconds,
            store.size() / 1_000_000
        );
    }
    let entity = "contact".into();
    let zoned = jiff::Zoned::new(now, jiff::tz::TimeZone::UTC);
    let first = GridQuery::new(zoned, 100);
    let by_name =
        GridQuery { order: vec![(ColumnName::new("fullname"), false)], offset: count / 2, ..first.clone() };
    let xml = "<filter><condition attribute='amount' operator='gt' value='50000'/><condition attribute='text3' operator='like' value='%fa%'/></filter>";
    let filtered = GridQuery { filter: Some(syncline_fetchxml::Filter::parse(xml)?), ..by_name.clone() };
    for (what, query) in
        [("first window", &first), ("ordered by name, middle", &by_name), ("filtered and ordered", &filtered)]
    {
        for _ in 0..2 {
            let begun = Instant::now();
            let found = store.page_records(connection, &entity, query)?;
            println!(
                "{what}: {} of {} in {:.1} ms",
                found.rows.len(),
                found.total,
                begun.elapsed().as_secs_f64() * 1e3
            );
        }
    }
    for text in ["given1f family2", "word1", "zzz"] {
        let begun = Instant::now();
        let hits = store.search(&SearchQuery { text, connections: None, entity: None, limit: 50 })?;
        println!("search {text:?}: {} in {:.1} ms", hits.hits.len(), begun.elapsed().as_secs_f64() * 1e3);
    }
    let begun = Instant::now();
    let statement = "SELECT statecode_label, sum(amount), count(*) FROM contact GROUP BY 1";
    let table = store.sql(connection, statement, 10, &SqlCancel::new())?;
    println!("sql: {} rows in {:.1} ms", table.rows.len(), begun.elapsed().as_secs_f64() * 1e3);
    let begun = Instant::now();
    store.content_hash(connection, &entity)?;
    println!("content hash in {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    let begun = Instant::now();
    let gone = store.forget(connection)?;
    println!(
        "forget: {} records in {:.1} ms, wiped {}, the store has {} KB",
        gone.records,
        begun.elapsed().as_secs_f64() * 1e3,
        gone.wiped,
        store.size() / 1000
    );
    drop(store);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
