//! Measures a whole preview from the store beside the reading of its records:
//! `cargo run --release -p syncline-sync --example preview_speed -- 100000 3` (records, rounds). With `again` behind it, all that was
//! planned is noted as sent before each round, so that rows are compared with what was last sent.
//!
//! It tells the time by the clock and by the processor, since a machine may be shared.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measuring tool prints and may stop")]

#[path = "../../../../tests/bench/wide.rs"]
#[allow(dead_code, reason = "the records are made page by page here")]
mod wide;

use std::sync::Arc;
use std::time::Instant;
use syncline_connect::{Selection, Source, WriteOptions};
use syncline_http::{HttpClient, HttpConfig, Tally};
use syncline_insider::{InsiderConnector, InsiderSettings};
use syncline_model::{ColumnName, Identity, Record, Secret, System};
use syncline_store::{EventKey, Plan, PlanRowFilter, PullEnd, PullKind, PullStart, Sent, Store, Stream};
use syncline_sync::{CachedSource, PlanRequest, Work, make_plan, read_extra};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const SOURCE: Uuid = Uuid::from_u128(1);
const DESTINATION: Uuid = Uuid::from_u128(2);
const NOW: &str = "2026-03-04T12:00:00Z";

/// Columns that no field maps, so that records have the usual width: reading leaves them out.
const OTHERS: usize = 20;

/// Seconds of the clock, and of the processor over all threads (Linux; in steps of 10 ms).
fn spent(begun: Instant) -> (f64, f64) {
    let told = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = told
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|text| text.parse().unwrap_or_default())
        .collect();
    let ticks = fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0);
    (begun.elapsed().as_secs_f64(), ticks / 100.0)
}

/// The most memory since it was asked last (Linux), MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    let peak: f64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default();
    // Where the system does not know this, the peak of the whole process is told.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    peak / 1024.0
}

/// The material with other texts in each record, and columns beside those that are mapped.
fn records(material: &mut wide::Wide, from: usize, count: usize) -> Vec<Record> {
    let page = wide::records(from, count);
    for n in 0..OTHERS {
        let name = format!("new_other{n:02}");
        if material.source.column(&name).is_none() {
            let mut column = material.source.columns[4].clone();
            column.logical_name = ColumnName::new(&name);
            material.source.columns.push(column);
        }
    }
    let widen = |(at, record): (usize, Record)| {
        let row = (from + at) as u64;
        let mut text = record.raw.get().trim_end_matches('}').to_owned();
        let mut state = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
        for n in 0..OTHERS {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let value = state % 100_000;
            text.push_str(&format!(
                ",\"new_other{n:02}\":\"word{value:x} of {}\",\"new_other{n:02}@OData.Community.Display.V1.FormattedValue\":\"Word {}\"",
                value % 977,
                value % 31
            ));
        }
        text = text.replacen("Some text", &format!("Text {:x}", state % 1_000_003), 2);
        text = text.replacen("20000.0000", &format!("{}.0000", state % 50_000), 2);
        text.push('}');
        Record {
            raw: serde_json::value::RawValue::from_string(text).expect("the record is JSON"),
            etag: Some(format!("W/\"{row}\"")),
            ..record
        }
    };
    page.into_iter().enumerate().map(widen).collect()
}

fn fill(store: &Store, material: &mut wide::Wide, count: usize) {
    let now = NOW.parse().expect("a time");
    records(material, 0, 1);
    let schema = material.source.clone();
    let start = PullStart {
        connection: SOURCE,
        schema: &schema,
        columns: &[],
        selection: "{}",
        kind: PullKind::Full,
    };
    let pull = store.begin_pull(&start, now).expect("a pull");
    for from in (0..count).step_by(1000) {
        let page = records(material, from, 1000.min(count - from));
        store.write_page(pull.id, &page, None, 0, now).expect("a page");
    }
    store.finish_pull(pull.id, PullEnd::Done, now).expect("the end");
}

/// Notes all of a plan as sent.
fn send(store: &Store, plan: &Plan) {
    let now = NOW.parse().expect("a time");
    let (stream, run) = (Stream::of(plan), Uuid::from_u128(9));
    let mut from = 0;
    loop {
        let rows = store.plan_rows_from(plan.id, &PlanRowFilter::default(), from, 1000).expect("rows");
        let Some(last) = rows.last() else { return };
        from = last.ordinal + 1;
        let sent: Vec<Sent> = rows
            .iter()
            .map(|row| Sent {
                record_id: row.source_id.clone(),
                hash: row.request_hash.clone().unwrap_or_default(),
                mapped: row.mapped.clone(),
                at: now,
            })
            .collect();
        store.save_sent(stream, &sent).expect("the ledger");
        let mut events = Vec::new();
        for row in &rows {
            for (event, timestamp) in read_extra(row).expect("what a row keeps").events {
                events.push((EventKey { record_id: row.source_id.clone(), event, timestamp }, false));
            }
        }
        store.claim_events(stream, run, &events, now).expect("the events");
    }
}

async fn read(source: &CachedSource, selection: &Selection) -> usize {
    let (mut cursor, mut records) = (None, 0);
    let cancel = CancellationToken::new();
    loop {
        let page = source.page(selection, cursor.as_ref(), &cancel).await.expect("a page");
        records += page.records.len();
        cursor = page.next;
        if cursor.is_none() {
            return records;
        }
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number =
        |otherwise: usize| arguments.next().map_or(otherwise, |text| text.parse().expect("a number"));
    let (count, rounds) = (number(100_000), number(3));
    let again = arguments.next().is_some_and(|word| word == "again");
    let folder = std::env::temp_dir().join(format!("syncline-preview-speed-{}", std::process::id()));
    let key = syncline_store::StoreKey::from_hex(&"5a".repeat(32)).expect("a key");
    let store = Store::open(&folder, &key).expect("a store");
    let mut material = wide::material(1);
    fill(&store, &mut material, count);
    let clock: syncline_sync::Clock = Arc::new(|| NOW.parse().expect("a time"));
    let source = CachedSource::new(store.clone(), SOURCE, Identity::default(), Arc::clone(&clock));
    let settings = InsiderSettings {
        url: "http://localhost:9".to_owned(),
        partner: "bench".to_owned(),
        request_token: Secret::new("token".to_owned()),
        timeout: std::time::Duration::from_secs(5),
    };
    let http = HttpClient::new(&HttpConfig::default()).expect("a client");
    let destination = Arc::new(InsiderConnector::new(http, settings).expect("a destination"));
    let selection = Selection {
        entity: Some("contact".into()),
        list: None,
        columns: material.definition.source.columns.clone(),
        filter: None,
        order: Vec::new(),
        page_size: 1000,
        top: None,
    };
    for round in 1..=rounds {
        peak();
        let begun = Instant::now();
        let before = spent(begun);
        assert_eq!(read(&source, &selection).await, count);
        let reading = spent(begun);
        let read_peak = peak();
        let request = PlanRequest {
            definition: material.definition.clone(),
            source: SOURCE,
            destination: DESTINATION,
            system: System::Insider,
            source_schema: material.source.clone(),
            destination_schema: material.destination.clone(),
            related: Vec::new(),
            find_tables: Vec::new(),
            selection: selection.clone(),
            only: None,
            cached: true,
            replay_of: None,
            resend_events: false,
            options: WriteOptions::default(),
            writer: Some(Identity::default()),
        };
        let work = Work {
            clock: Arc::clone(&clock),
            progress: Arc::new(|_, _, _| {}),
            calls: Arc::new(|_, _| {}),
            tally: Tally::default(),
            cancel: CancellationToken::new(),
        };
        let (kept, from, to) = (store.clone(), Arc::new(source.clone()), destination.clone());
        let planning = async move { make_plan(&kept, from, to, request, &work).await };
        let plan = tokio::spawn(planning).await.expect("the work goes on").expect("a plan");
        let planned = spent(begun);
        println!(
            "round {round}: read in {:.2} s (processor {:.2}, {read_peak:.0} MiB), previewed in {:.2} s (processor {:.2}, {:.0} MiB), ratio {:.2}; store {} MB; content {} {}",
            reading.0,
            reading.1 - before.1,
            planned.0 - reading.0,
            planned.1 - reading.1,
            peak(),
            (planned.0 - reading.0) / reading.0,
            store.size() / 1_000_000,
            &digest(&store, &plan)[..16],
            plan.detail["counts"]
        );
        if again {
            send(&store, &plan);
        }
    }
    drop(store);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

/// A hash of all rows as they are read back, and of what was read: the same before and after a change that only makes things quicker.
fn digest(store: &Store, plan: &Plan) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(plan.source_hash.as_deref().unwrap_or_default());
    let mut from = 0;
    loop {
        let rows = store.plan_rows_from(plan.id, &PlanRowFilter::default(), from, 1000).expect("rows");
        let Some(last) = rows.last() else { return hex::encode(hash.finalize()) };
        from = last.ordinal + 1;
        rows.iter().for_each(|row| hash.update(format!("{row:?}")));
    }
}
