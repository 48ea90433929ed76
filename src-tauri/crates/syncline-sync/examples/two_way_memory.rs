//! Measures the first look at two tables that are to be paired, with the memory that it takes:
//! `CARGO_PROFILE_RELEASE_LTO=off cargo run --release -p syncline-sync --example two_way_memory -- 20000` (rows on each side).
//! Half of the rows of each side have the key of a row of the other side; the others are in no pair and would be made there.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measuring tool prints and may stop")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use syncline_connect::{Selection, Source, WriteOptions};
use syncline_http::Tally;
use syncline_model::{SyncDefinition, System};
use syncline_sql::{SqlConnector, SqlOptions};
use syncline_store::{Store, StoreKey};
use syncline_sync::{Scope, SideAccess, TwoWayRequest, Work, make_two_way};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const NOW: &str = "2026-03-04T12:00:00Z";
const DEFINITION: &str = r#"{
    "version": 1, "name": "people",
    "source": { "connection": "left", "entity": "People", "columns": ["Id", "Email", "Name"], "page_size": 1000 },
    "destination": { "connection": "right", "entity": "People" },
    "identifiers": [{ "to": "Email", "from": "Email", "check": "email" }],
    "fields": [
        { "to": "Email", "from": "Email", "direction": "both" },
        { "to": "Name", "from": "Name", "direction": "both" }
    ],
    "conflict": "newest", "two_way": { "create": "both", "deleted": "ignore" }
}"#;

/// The most memory that the process had, MiB (Linux).
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    let peak: f64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default();
    peak / 1024.0
}

/// A file with people whose numbers begin at `from`.
fn people(folder: &Path, name: &str, side: u64, from: u64, count: u64) -> PathBuf {
    let path = folder.join(name);
    let mut file = rusqlite::Connection::open(&path).expect("a file");
    file.execute_batch(
        r#"PRAGMA synchronous = OFF; CREATE TABLE "People"("Id" uuid PRIMARY KEY, "Email" text NOT NULL, "Name" text)"#,
    )
    .expect("a table");
    let all = file.transaction().expect("a transaction");
    for n in from..from + count {
        let id = Uuid::from_u128(
            (u128::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64) | u128::from(side) | 4 << 76,
        );
        let (email, name) = (format!("person.{n}@example.com"), format!("Person {n}"));
        all.execute(r#"INSERT INTO "People" VALUES(?1, ?2, ?3)"#, (id.to_string(), email, name))
            .expect("a row");
    }
    all.commit().expect("the rows");
    path
}

async fn side(path: &Path, connection: u128) -> SideAccess {
    let clock = Arc::new(|| NOW.parse().expect("a time"));
    let connector = Arc::new(SqlConnector::sqlite(path, SqlOptions::default(), clock));
    let (table, cancel) = ("People".into(), CancellationToken::new());
    let schema = Source::schema(connector.as_ref(), &table, &cancel).await.expect("a table");
    SideAccess {
        connection: Uuid::from_u128(connection),
        system: System::Sqlite,
        schema,
        source: connector.clone(),
        destination: connector,
        related: Vec::new(),
    }
}

#[tokio::main]
async fn main() {
    let count: u64 = std::env::args().nth(1).map_or(20_000, |text| text.parse().expect("a number"));
    let folder = std::env::temp_dir().join(format!("syncline-two-way-memory-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let left = people(&folder, "left.db", 1, 0, count);
    let right = people(&folder, "right.db", 2, count / 2, count);
    let key = StoreKey::from_hex(&"5a".repeat(32)).expect("a key");
    let store = Store::open(&folder.join("store"), &key).expect("a store");
    let definition = SyncDefinition::from_json(DEFINITION).expect("a definition");
    let (left, right) = (side(&left, 1).await, side(&right, 2).await);
    let selection = Selection {
        entity: Some("People".into()),
        columns: definition.source.columns.clone(),
        page_size: 1000,
        ..Selection::default()
    };
    let request = TwoWayRequest {
        definition,
        left,
        right,
        selection,
        scope: Scope::Whole,
        options: WriteOptions::default(),
    };
    let work = Work {
        clock: Arc::new(|| NOW.parse().expect("a time")),
        progress: Arc::new(|_, _, _| {}),
        calls: Arc::new(|_, _| {}),
        tally: Tally::default(),
        cancel: CancellationToken::new(),
    };
    let before = peak();
    let begun = Instant::now();
    let kept = store.clone();
    let looking = async move { make_two_way(&kept, request, &work).await };
    let (to, from) = tokio::spawn(looking).await.expect("the work goes on").expect("two plans");
    println!(
        "{count} + {count} rows: {:.1} s, at most {:.0} MiB (before {before:.0} MiB); there {}, back {}",
        begun.elapsed().as_secs_f64(),
        peak(),
        to.detail["counts"],
        from.detail["counts"]
    );
    drop(store);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}
