//! Each fault of the sample tenant at each kind of request, once and for ever: in the end the data is right, or an error says what
//! happened and what to do; never a gap, a second row or a panic.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use syncline_model::{ErrorCode, SynclineError};
use syncline_sandbox::faults::FaultKind;
use tokio::sync::Semaphore;

use crate::fault_ask::Ask;
use crate::fault_world::World;

/// Longest time for one answer where nothing hangs: never reached, also on a busy machine, or a try would be repeated for another
/// reason than the fault.
const PATIENT: Duration = Duration::from_secs(60);
/// Longest time for one answer where the fault is an answer that hangs.
const IMPATIENT: Duration = Duration::from_secs(4);
/// Longest time a cell may take: three tries that hang four seconds each, with room for a busy machine.
const LONGEST: Duration = Duration::from_secs(40);
/// Tenants at a time.
const AT_ONCE: usize = 8;

/// What is expected of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The data of a quiet day.
    Right,
    /// An error.
    Told,
    /// Where the fault falls between the two.
    Either,
}

/// A fault with its short name.
fn faults() -> Vec<(&'static str, FaultKind)> {
    let status = |status, retry_after| FaultKind::Status { status, retry_after };
    vec![
        ("429 seconds", status(429, Some(1))),
        ("429 date", FaultKind::StatusUntil { status: 429, seconds: 1 }),
        ("429 bare", status(429, None)),
        ("500", status(500, None)),
        ("502", status(502, None)),
        ("503 wait", status(503, Some(1))),
        ("504", status(504, None)),
        ("reset", FaultKind::ResetBefore),
        ("reset unheard", FaultKind::ResetUnheard),
        ("reset inside", FaultKind::ResetInside { after_bytes: 300 }),
        ("truncated", FaultKind::TruncatedJson),
        ("garbage", FaultKind::GarbageJson),
        ("page 200", FaultKind::HtmlPage { status: 200 }),
        ("page 502", FaultKind::HtmlPage { status: 502 }),
        ("slow", FaultKind::Slow { chunk_ms: 10 }),
        ("hang", FaultKind::Hang),
        ("token expires", FaultKind::ExpireTokens),
        ("no Prefer", FaultKind::PreferDropped),
        (
            "redirect",
            FaultKind::Redirect { status: 307, location: "http://127.0.0.2:9/api/data/v9.2/x".into() },
        ),
        ("foreign link", FaultKind::LinksTo { origin: "http://127.0.0.2:9".to_owned() }),
        ("relative link", FaultKind::LinksTo { origin: String::new() }),
        ("circle", FaultKind::LinkLoops),
        ("no change token", FaultKind::NoDeltaLink),
    ]
}

/// Services with access tokens of their own; at others the fault does nothing.
fn has_tokens(ask: Ask) -> bool {
    !matches!(
        ask,
        Ask::ClientToken | Ask::RefreshedToken | Ask::InsiderWho | Ask::InsiderUpsert | Ask::InsiderEvents
    )
}

fn expected(name: &str, ask: Ask, always: bool) -> Expected {
    use Expected::{Right, Told};
    // An upsert without events may be repeated; so may a sign-in, and who is asking.
    let repeatable = !ask.writes() || ask == Ask::InsiderUpsert;
    match name {
        "slow" | "relative link" | "no change token" => Right,
        // A short answer may have come whole before.
        "reset inside" if ask.writes() || always => Expected::Either,
        "429 seconds" | "429 date" | "429 bare" if always => Told,
        "429 seconds" | "429 date" | "429 bare" => Right,
        // Refused as a whole, so nothing was done: the rows go one by one in a batch.
        "500" | "redirect" if ask.in_bulk() => Right,
        "500" | "redirect" => Told,
        "token expires" if always && has_tokens(ask) => Told,
        "token expires" => Right,
        // What has no labels misses none: nothing is lost where the columns that are read are text.
        "no Prefer" if ask.wants_annotations() && ask != Ask::LongRead => Told,
        "no Prefer" => Right,
        "foreign link" | "circle" if ask.has_next_link() => Told,
        "foreign link" | "circle" => Right,
        // The status and the headers of an answer to a write tell all that is wanted.
        "truncated" | "garbage" if matches!(ask, Ask::Create | Ask::Update | Ask::Upsert | Ask::Delete) => {
            Right
        }
        "truncated" | "garbage" if matches!(ask, Ask::UpdateMultiple | Ask::UpsertMultiple) => Right,
        // Sign-ins and upserts with an answer that can't be read are not sent again.
        "truncated" | "garbage" | "page 200"
            if matches!(
                ask,
                Ask::ClientToken | Ask::RefreshedToken | Ask::InsiderWho | Ask::InsiderUpsert
            ) =>
        {
            Told
        }
        _ if always => Told,
        _ if repeatable => Right,
        _ => Told,
    }
}

/// One cell: what was seen, or what is wrong with it.
struct Cell {
    ask: Ask,
    fault: &'static str,
    always: bool,
    seen: Result<String, String>,
}

fn clear(error: &SynclineError, took: Duration) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {error:?}"));
    if matches!(error.code, ErrorCode::Internal | ErrorCode::Cancelled | ErrorCode::Usage) {
        return wrong("a code that means something else");
    }
    if error.message.trim().is_empty() || error.message.contains('\n') {
        return wrong("no sentence that says what");
    }
    if error.hint.as_deref().unwrap_or_default().trim().is_empty() {
        return wrong("no hint");
    }
    if format!("{error:?}").contains("eyJ") {
        return wrong("a token in an error");
    }
    if took > LONGEST {
        return wrong(&format!("told after {took:?} only"));
    }
    Ok(())
}

/// What the request gives and leaves on a quiet day, and what is there when it does nothing.
struct Reference {
    value: Json,
    done: Json,
    undone: Json,
}

async fn reference(world: &World, ask: Ask) -> Reference {
    world.prepare(ask, 1).await;
    let value = world.act(ask, 1).await.unwrap_or_else(|error| panic!("{ask:?} without a fault: {error:?}"));
    world.prepare(ask, 2).await;
    let (done, undone) = match ask.writes() {
        true => (world.left(ask, 1).await, world.left(ask, 2).await),
        false => (Json::Null, Json::Null),
    };
    assert!(!ask.writes() || done != undone, "{ask:?} leaves a mark");
    Reference { value, done, undone }
}

async fn cell(
    world: &World,
    ask: Ask,
    kind: &FaultKind,
    always: bool,
    number: u32,
    quiet: &Reference,
) -> Result<String, String> {
    world.prepare(ask, number).await;
    world.sandbox.faults().add([ask.rule(kind.clone(), always)]);
    let begun = Instant::now();
    let result = tokio::time::timeout(LONGEST * 2, world.act(ask, number)).await;
    let took = begun.elapsed();
    let hit: u64 = world.sandbox.faults().rules().iter().map(|rule| rule.hit).sum();
    world.sandbox.faults().clear();
    let left = if ask.writes() { world.left(ask, number).await } else { Json::Null };
    if hit == 0 {
        return Err("the fault hit nothing".to_owned());
    }
    match result {
        Err(_) => Err("it never ended".to_owned()),
        Ok(Ok(value)) if value != quiet.value => {
            Err(format!("other data without an error: {}", difference(&value, &quiet.value)))
        }
        Ok(Ok(_)) if left != quiet.done => {
            Err(format!("told as done, but left {left} in place of {}", quiet.done))
        }
        Ok(Ok(_)) => Ok("=".to_owned()),
        Ok(Err(error)) => {
            clear(&error, took)?;
            // A batch may have been taken in part; nothing may be there twice.
            let twice = left
                .as_array()
                .zip(quiet.done.as_array())
                .is_some_and(|(left, done)| left.len() > done.len().max(1));
            if ask.writes() && (twice || (left != quiet.done && left != quiet.undone)) {
                return Err(format!("told as failed ({}), but left {left}", error.message));
            }
            let said = error.hint.as_deref().unwrap_or_default().contains("not known")
                || error.message.contains("may have been taken")
                || error.hint.as_deref().unwrap_or_default().ends_with("Unknown");
            if ask.writes() && left == quiet.done && !said {
                return Err(format!("done, yet told as if it were not: {error:?}"));
            }
            Ok(error.code.as_str().to_owned())
        }
    }
}

fn difference(value: &Json, reference: &Json) -> String {
    match (value.as_array(), reference.as_array()) {
        (Some(value), Some(reference)) => {
            let at = value.iter().zip(reference).position(|(one, other)| one != other);
            format!("{} against {} members, first other one {at:?}", value.len(), reference.len())
        }
        _ => format!("{value} against {reference}").chars().take(300).collect(),
    }
}

async fn row(ask: Ask) -> Vec<Cell> {
    let patient = World::new(PATIENT).await;
    let of_patient = reference(&patient, ask).await;
    let impatient = World::new(IMPATIENT).await;
    let of_impatient = reference(&impatient, ask).await;
    let mut cells = Vec::new();
    let mut number = 10;
    for always in [false, true] {
        for (fault, kind) in faults() {
            number += 1;
            let (world, quiet) = match kind {
                FaultKind::Hang => (&impatient, &of_impatient),
                _ => (&patient, &of_patient),
            };
            let seen = cell(world, ask, &kind, always, number, quiet).await;
            let seen = seen.and_then(|seen| match (expected(fault, ask, always), seen.as_str()) {
                (Expected::Right, "=") => Ok(seen),
                (Expected::Told, other) if other != "=" => Ok(seen),
                (Expected::Either, _) => Ok(seen),
                (expected, _) => Err(format!("{expected:?} was expected, seen: {seen}")),
            });
            cells.push(Cell { ask, fault, always, seen });
        }
    }
    cells
}

fn print(cells: &[Cell]) {
    for always in [false, true] {
        eprintln!("\n{}", if always { "Each answer broken" } else { "One answer broken" });
        let mut rows: BTreeMap<usize, Vec<&Cell>> = BTreeMap::new();
        for cell in cells.iter().filter(|cell| cell.always == always) {
            let at = Ask::ALL.iter().position(|ask| *ask == cell.ask).unwrap();
            rows.entry(at).or_default().push(cell);
        }
        let names = faults();
        let head: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        eprintln!("{:16}{}", "", head.iter().map(|name| format!("{name:^15}")).collect::<String>());
        for row in rows.values() {
            let line: String =
                row.iter().map(|cell| format!("{:^15}", cell.seen.as_deref().unwrap_or("WRONG"))).collect();
            eprintln!("{:16}{line}", format!("{:?}", row[0].ask));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_fault_at_each_kind_of_request() {
    let only = std::env::var("SYNCLINE_FAULTS_ONLY").unwrap_or_default();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let rows: Vec<_> = Ask::ALL
        .into_iter()
        .filter(|ask| only.is_empty() || only == format!("{ask:?}"))
        .map(|ask| {
            let places = Arc::clone(&places);
            let row = async move {
                let _place = places.acquire().await;
                row(ask).await
            };
            (ask, tokio::spawn(row))
        })
        .collect();
    let mut cells = Vec::new();
    let mut wrong = Vec::new();
    for (ask, row) in rows {
        match row.await {
            Ok(row) => cells.extend(row),
            Err(error) => wrong.push(format!("{ask:?}: {error}")),
        }
    }
    print(&cells);
    for cell in &cells {
        if let Err(why) = &cell.seen {
            let often = if cell.always { "always" } else { "once" };
            wrong.push(format!("{:?} with {} ({often}): {why}", cell.ask, cell.fault));
        }
    }
    let right = cells.iter().filter(|cell| cell.seen.as_deref() == Ok("=")).count();
    eprintln!(
        "\n{} cells: {right} with the right data, {} told, {} wrong",
        cells.len(),
        cells.len() - right,
        wrong.len()
    );
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
