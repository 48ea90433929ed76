//! Definitions that run by themselves: with a clock that is handed in, so that no test waits for the time.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use syncline_api::{App, AppConfig};
use syncline_model::ErrorCode;
use syncline_sandbox::faults::{FaultKind, FaultRule};
use syncline_secrets::MemoryVault;

use crate::app_support::{Bench, contacts_to, count};

async fn scheduled(bench: &Bench, cron: &str) -> String {
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let definition = contacts_to("contoso", "marketing", "profile");
    bench.rpc("definitions.save", json!({ "json": definition.to_string() })).await;
    let name = definition["name"].as_str().unwrap().to_owned();
    bench.rpc("schedules.set", json!({ "name": name, "cron": cron, "paused": false })).await;
    name
}

async fn view(bench: &Bench) -> Value {
    bench.rpc("schedules.list", json!({})).await[0].clone()
}

/// The next full hour after now: every time of a test lies after the definition was saved.
fn hour() -> Timestamp {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now - now % 3600 + 3600).unwrap()
}

async fn tick(bench: &Bench, at: Timestamp) -> Vec<String> {
    bench.app.tick_schedules(at).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_runs_once_and_says_how_it_ended() {
    let bench = Bench::new(30).await;
    let name = scheduled(&bench, "0 * * * *").await;
    let hour = hour();
    assert!(
        tick(&bench, hour - SignedDuration::from_secs(20)).await.is_empty(),
        "the first look owes nothing"
    );
    assert!(tick(&bench, hour - SignedDuration::from_secs(10)).await.is_empty());
    let jobs = tick(&bench, hour + SignedDuration::from_secs(1)).await;
    assert_eq!(jobs.len(), 1);
    let report = bench.wait(&jobs[0]).await;
    assert_eq!(count(&report.result, "created"), 30, "{:?}", report.error);
    assert!(tick(&bench, hour + SignedDuration::from_secs(11)).await.is_empty(), "once");
    let view = view(&bench).await;
    assert_eq!((&view["definition"], &view["missed"]), (&json!(name), &json!(0)), "{view}");
    assert_eq!(view["run_id"], report.result["run_id"]);
    assert_eq!(view["next"].as_array().unwrap().len(), 5);
    assert!(view["next"][0]["utc"].as_str().unwrap().ends_with("UTC"), "{view}");

    // Run now: the same, at any time; the run after finds nothing to change.
    let again = bench.done("schedules.run", json!({ "name": name })).await;
    assert_eq!(count(&again, "unchanged"), 30, "{again}");
    // Paused: nothing is begun, nothing is missed.
    bench.rpc("schedules.set", json!({ "name": name, "paused": true })).await;
    assert!(tick(&bench, hour + SignedDuration::from_hours(5)).await.is_empty());
    let view = self::view(&bench).await;
    assert_eq!(
        (&view["paused"], &view["missed"], &view["next"]),
        (&json!(true), &json!(0), &json!([])),
        "{view}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_time_is_said_and_not_made_up_for() {
    let bench = Bench::new(10).await;
    let name = scheduled(&bench, "*/30 * * * *").await;
    let hour = hour();
    tick(&bench, hour + SignedDuration::from_secs(5)).await;
    // The machine slept for three hours and some minutes.
    let late = hour + SignedDuration::from_mins(190);
    assert!(tick(&bench, late).await.is_empty());
    let view = view(&bench).await;
    assert_eq!(count(&view, "missed"), 6, "{view}");
    assert_eq!(view["missed_at"], (hour + SignedDuration::from_mins(180)).to_string());
    assert!(view["missed_why"].as_str().unwrap().contains("closed"), "{view}");
    bench.rpc("schedules.seen", json!({ "name": name })).await;
    assert_eq!(count(&self::view(&bench).await, "missed"), 0);
    // Times were missed again, and one is due when the machine wakes: it is begun, and the last that was missed is the one before.
    let jobs = tick(&bench, hour + SignedDuration::from_mins(270)).await;
    assert_eq!(jobs.len(), 1);
    let view = self::view(&bench).await;
    assert_eq!(count(&view, "missed"), 2, "{view}");
    assert_eq!(view["missed_at"], (hour + SignedDuration::from_mins(240)).to_string());
    bench.wait(&jobs[0]).await;
    bench.rpc("schedules.seen", json!({ "name": name })).await;
    assert_eq!(tick(&bench, hour + SignedDuration::from_mins(300)).await.len(), 1, "the next one is begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn never_two_runs_of_one_definition_not_even_of_two_processes() {
    let vault = Arc::new(MemoryVault::new());
    let bench = Bench::with_vault(15, vault.clone()).await;
    let name = scheduled(&bench, "0 * * * *").await;
    let guest = App::open(AppConfig::with_vault(bench.home.path().to_owned(), vault)).await.unwrap();
    let definition = contacts_to("contoso", "marketing", "profile");
    let (one, two) = (bench.preview(&definition).await, bench.preview(&definition).await);
    // The command's run waits for a service that asks for patience.
    let patience = FaultKind::Status { status: 429, retry_after: Some(8) };
    bench.sandbox.faults().add([FaultRule::new(patience).at("insider").on("/upsert").after(2, 1)]);
    let begun = guest.rpc("runs.start", json!({ "plan": one["plan_id"] })).await.unwrap();
    while bench.sandbox.faults().rules()[0].hit == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = bench.failed("runs.start", json!({ "plan": two["plan_id"] })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");
    assert!(error.message.contains("under way"), "{error:?}");
    // Nor is one planned by itself: the turn is held by the other process from before its plan until it ends.
    let error = bench.refused("schedules.run", json!({ "name": name })).await;
    assert_eq!(error.code, ErrorCode::Busy, "{error:?}");
    assert!(error.message.contains("under way already in another window or command"), "{error:?}");
    assert_eq!(view(&bench).await["running"], true);
    let job = begun["job"].as_str().unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(60), guest.jobs().wait(job)).await.unwrap().unwrap();
    assert_eq!(count(&ended.result, "created"), 15, "{:?}", ended.error);
    let plans = bench.rpc("plans.get", json!({ "plan": two["plan_id"] })).await;
    assert_eq!(plans["status"], "ready", "the refused plan was kept: {plans}");
    assert!(bench.sandbox.profiles().iter().all(|profile| profile["upserts"] == 1));

    // In one process a second turn waits for none: it is refused at once.
    let first = bench.start("schedules.run", json!({ "name": name })).await;
    if let Err(error) = bench.app.rpc("schedules.run", json!({ "name": name })).await {
        assert_eq!(error.code, ErrorCode::Busy, "{error:?}");
    }
    bench.wait(&first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_schedule_for_other_schedulers() {
    let bench = Bench::new(1).await;
    let name = scheduled(&bench, "15 6 * * 1-5").await;
    let texts = bench.rpc("schedules.texts", json!({ "name": name })).await;
    let text = |form: &str| {
        let found = texts.as_array().unwrap().iter().find(|one| one["form"] == form).unwrap();
        assert_eq!(found["problem"], Value::Null, "{found}");
        found["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["text"].as_str().unwrap())
            .collect::<String>()
    };
    assert!(
        text("systemd").contains("OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 06:15:00 UTC"),
        "{}",
        text("systemd")
    );
    assert!(text("cron").contains("15 6 * * 1-5 syncline"), "{}", text("cron"));
    assert!(text("windows").contains("2026-01-01T06:15:00Z") && text("windows").contains("<Friday />"));
    assert!(text("ci").contains("15 6 * * 1-5") && text("ci").contains("--scheduled"));
    let times = bench.rpc("schedules.times", json!({ "cron": "0 0 30 2 *" })).await;
    assert_eq!((&times["next"], times["problem"].is_null()), (&json!([]), false), "{times}");
    let bad = bench.refused("schedules.set", json!({ "name": name, "cron": "every day" })).await;
    assert_eq!(bad.code, ErrorCode::DefinitionInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_itself_writes_no_more_than_its_schedule_allows() {
    let bench = Bench::new(12).await;
    let name = scheduled(&bench, "0 * * * *").await;
    bench.rpc("schedules.set", json!({ "name": name, "at_most": 5 })).await;
    let error = bench.failed("schedules.run", json!({ "name": name })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");
    assert!(error.message.contains("12 records would be written, the schedule allows 5"), "{error:?}");
    assert!(bench.sandbox.profiles().is_empty(), "nothing left");
    let shown = view(&bench).await;
    assert_eq!((&shown["at_most"], &shown["error"]["code"]), (&json!(5), &json!("guard_refused")), "{shown}");
    bench.rpc("schedules.set", json!({ "name": name, "at_most": 12 })).await;
    let report = bench.done("schedules.run", json!({ "name": name })).await;
    assert_eq!(count(&report, "created"), 12, "{report}");

    // A plan that is run for a scheduler of the machine has the same limit, and one of its own may be smaller.
    bench.rpc("schedules.set", json!({ "name": name, "at_most": 8 })).await;
    let saved = bench.rpc("definitions.get", json!({ "name": name })).await["definition"].clone();
    let mut changed = saved.clone();
    changed["fixed"] = json!([{ "to": "source", "value": "Other" }]);
    let plan = bench.preview(&changed).await["plan_id"].clone();
    for (limit, asked) in [
        (8, json!({ "scheduled": true })),
        (3, json!({ "scheduled": true, "at_most": 3 })),
        (5, json!({ "at_most": 5 })),
    ] {
        let mut request = json!({ "plan": plan });
        request.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        let error = bench.failed("runs.start", request).await;
        assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");
        assert!(error.message.contains(&format!("the schedule allows {limit} at most")), "{error:?}");
    }
    let texts = bench.rpc("schedules.texts", json!({ "name": name })).await;
    for one in texts.as_array().unwrap() {
        let text: String =
            one["files"].as_array().unwrap().iter().map(|file| file["text"].as_str().unwrap()).collect();
        assert!(text.contains("--scheduled --at-most 8"), "{text}");
    }
    bench.rpc("schedules.set", json!({ "name": name, "at_most": 12 })).await;

    // To production nothing goes without a limit, and the check of the definition says so beforehand.
    let url = bench.sandbox.details().insider.clone();
    bench
        .rpc(
            "connections.save",
            json!({
                "name": "production", "system": "insider", "url": url, "writable": true, "kind": "production",
                "options": { "partner": bench.sandbox.details().insider_partner },
                "secret": bench.sandbox.details().insider_token,
            }),
        )
        .await;
    let mut definition = contacts_to("contoso", "production", "profile");
    definition["schedule"] = json!({ "cron": "0 * * * *", "paused": false });
    let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
    let warned = |check: &serde_json::Value| check["warnings"].to_string().contains("limit_missing");
    assert!(warned(&check), "{check}");
    bench.rpc("definitions.save", json!({ "json": definition.to_string() })).await;
    let error = bench.failed("schedules.run", json!({ "name": definition["name"] })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");
    assert!(error.hint.unwrap().contains("\"at_most\": 12"));
    definition["schedule"]["at_most"] = json!(12);
    let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
    assert!(!warned(&check), "{check}");
    let again = json!({ "previous_name": definition["name"], "json": definition.to_string() });
    bench.rpc("definitions.save", again).await;
    let report = bench.done("schedules.run", json!({ "name": definition["name"] })).await;
    assert_eq!(count(&report, "created"), 12, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_by_themselves_with_nothing_to_write_are_one_line() {
    let bench = Bench::new(20).await;
    let name = scheduled(&bench, "*/5 * * * *").await;
    let hour = hour();
    tick(&bench, hour - SignedDuration::from_secs(20)).await;
    let at = |minutes: i64| hour + SignedDuration::from_secs(minutes * 60 + 1);
    let mut reports = Vec::new();
    for minutes in [0, 5, 10, 15] {
        let jobs = tick(&bench, at(minutes)).await;
        reports.push(bench.wait(&jobs[0]).await.result);
    }
    assert_eq!((count(&reports[0], "created"), count(&reports[0], "checks")), (20, 0));
    assert_eq!(reports[1..].iter().map(|one| count(one, "checks")).collect::<Vec<_>>(), [1, 2, 3]);
    let runs = bench.rpc("runs.list", json!({})).await;
    let ids: Vec<&Value> = runs.as_array().unwrap().iter().map(|run| &run["run_id"]).collect();
    assert_eq!(ids, [&reports[3]["run_id"], &reports[0]["run_id"]], "{runs}");
    // The store keeps milliseconds.
    let since = runs[0]["checks_since"].as_str().unwrap().trim_end_matches('Z');
    assert_eq!(count(&runs[0], "checks"), 3);
    assert!(reports[1]["started_at"].as_str().unwrap().starts_with(since), "{runs}");
    let gone = bench.refused("plans.get", json!({ "plan": reports[1]["plan_id"] })).await;
    assert_eq!(gone.code, ErrorCode::NotFound);
    bench.rpc("runs.get", json!({ "run": reports[3]["run_id"] })).await;
    // A person's run is no check, and ends the row of them.
    let by_hand = bench.preview(&contacts_to("contoso", "marketing", "profile")).await;
    let by_hand = bench.run(&by_hand).await;
    assert_eq!((count(&by_hand, "unchanged"), count(&by_hand, "checks")), (20, 0));
    let jobs = tick(&bench, at(20)).await;
    let again = bench.wait(&jobs[0]).await.result;
    assert_eq!(count(&again, "checks"), 1);
    assert_eq!(bench.rpc("runs.list", json!({})).await.as_array().unwrap().len(), 4);
    // What came to be since is written, and what comes after that is counted anew.
    bench.rpc("connections.unlock", json!({ "connection": "contoso", "minutes": 30 })).await;
    let new = json!({ "lastname": "Newcomer", "emailaddress1": "newcomer@example.com" });
    let data = json!({ "connection": "contoso", "entity": "contact", "operation": "create", "data": new });
    bench.rpc("records.write", data).await;
    for (minutes, checks, created) in [(25, 0, 1), (30, 1, 0), (35, 2, 0)] {
        let jobs = tick(&bench, at(minutes)).await;
        let report = bench.wait(&jobs[0]).await.result;
        assert_eq!((count(&report, "checks"), count(&report, "created")), (checks, created), "{report}");
    }
    assert_eq!(bench.rpc("runs.list", json!({})).await.as_array().unwrap().len(), 6);
    let view = view(&bench).await;
    assert_eq!(view["definition"], json!(name));
    assert_eq!(view["began"], at(35).to_string(), "that it ran last is told: {view}");
}
