//! Metadata of a big tenant through the application: the list, one entity, relationships, solutions, rights, counts of columns.

use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use syncline_api::wire::JobState;
use syncline_model::ErrorCode;
use syncline_sandbox::faults::FaultRule;

use crate::app_support::{Bench, count};

/// A bench on a tenant of 1,000 entities, connected as an application.
async fn big(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.sandbox.environment("contoso").unwrap().set_big(true);
    bench.connect("contoso", "contoso").await;
    bench
}

fn entities(list: &Value) -> &Vec<Value> {
    list["entities"].as_array().unwrap()
}

fn found<'a>(list: &'a Value, logical: &str) -> &'a Value {
    entities(list).iter().find(|entity| entity["logical_name"] == logical).unwrap()
}

/// The user that the bench connects as.
fn application(bench: &Bench) -> HashSet<uuid::Uuid> {
    let environment = bench.sandbox.environment("contoso").unwrap();
    environment.users.iter().filter(|user| user.application_id.is_some()).map(|user| user.user_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_entities_are_listed_from_the_cache_at_once() {
    let bench = big(20).await;
    let first = bench.rpc("entities.list", json!({ "connection": "contoso" })).await;
    assert_eq!(first["cached"], false);
    assert!(entities(&first).len() > 850, "intersect tables are not for people: {}", entities(&first).len());
    bench.sandbox.clear_requests();
    let begun = Instant::now();
    let second = bench.rpc("entities.list", json!({ "connection": "contoso" })).await;
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(2), "{taken:?}");
    assert_eq!((&second["cached"], &second["refreshing"]), (&json!(true), &json!(false)));
    assert_eq!(entities(&second).len(), entities(&first).len());
    assert!(bench.sandbox.requests().is_empty(), "nothing is asked for a fresh list");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entity_is_described_without_the_others() {
    let bench = big(20).await;
    bench.sandbox.clear_requests();
    let one = bench.rpc("entities.describe", json!({ "connection": "contoso", "entity": "account" })).await;
    let relationships = one["schema"]["relationships"].as_array().unwrap();
    let neighbours: HashSet<&str> =
        relationships.iter().map(|one| one["other_entity"].as_str().unwrap()).collect();
    assert!(neighbours.len() > 100, "{}", neighbours.len());
    for kind in ["many-to-one", "one-to-many", "many-to-many"] {
        assert!(relationships.iter().any(|one| one["kind"] == kind), "{kind}");
    }
    assert_eq!(one["schema"]["keys"][0]["columns"][0], "accountnumber", "{}", one["schema"]["keys"]);
    let asked: Vec<String> = bench
        .sandbox
        .requests()
        .into_iter()
        .filter(|request| request.service == "contoso")
        .map(|request| request.path)
        .collect();
    assert!(asked.len() <= 20, "{asked:#?}");
    for path in asked.iter().filter(|path| path.contains("EntityDefinitions")) {
        let whole = path.contains("EntityDefinitions?") && !path.contains("filter=");
        assert!(!whole && !path.contains("expand=Attributes"), "{path}");
        assert!(!path.contains("/Attributes") || path.contains("LogicalName"), "{path}");
    }
    // And again without any.
    bench.sandbox.clear_requests();
    let again = bench.rpc("entities.describe", json!({ "connection": "contoso", "entity": "account" })).await;
    assert_eq!((&again["cached"], &again["schema"]), (&json!(true), &one["schema"]));
    assert!(bench.sandbox.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_list_is_shown_at_once_and_replaced_in_the_background() {
    let bench = Bench::new(20).await;
    bench.connect("contoso", "contoso").await;
    let first = bench.rpc("entities.list", json!({ "connection": "contoso" })).await;
    // Meanwhile the tenant grows.
    bench.sandbox.environment("contoso").unwrap().set_big(true);
    let old = json!({ "connection": "contoso", "max_age_minutes": 0 });
    let mut events = bench.app.events();
    let shown = bench.rpc("entities.list", old.clone()).await;
    assert_eq!((&shown["cached"], &shown["refreshing"]), (&json!(true), &json!(true)));
    assert_eq!(entities(&shown).len(), entities(&first).len(), "what is kept comes at once");
    let stale = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let syncline_api::wire::Event::Invalidate { tags } = events.recv().await.unwrap()
                && tags.contains(&syncline_api::wire::Tag::Metadata)
            {
                return;
            }
        }
    });
    stale.await.expect("the screens are told");
    let fresh = bench.rpc("entities.list", json!({ "connection": "contoso" })).await;
    assert!(entities(&fresh).len() > 850, "{}", entities(&fresh).len());
    assert_ne!(fresh["fetched_at"], first["fetched_at"]);
    assert_eq!(fresh["refreshing"], false);
    // A failure says so and keeps what there was.
    let rule: FaultRule = serde_json::from_value(json!({
        "service": "contoso", "path": "EntityDefinitions", "kind": "status", "status": 403, "times": 1000
    }))
    .unwrap_or_else(|error| panic!("{error}"));
    bench.sandbox.faults().add(vec![rule]);
    bench.rpc("entities.list", old.clone()).await;
    let failed = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let view = bench.rpc("entities.list", old.clone()).await;
            if view["refreshing"] == false {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let failed = failed.await.unwrap();
    assert_eq!(entities(&failed).len(), entities(&fresh).len());
    assert!(failed["refresh_error"]["message"].is_string(), "{}", failed["refresh_error"]);
    assert_eq!(failed["fetched_at"], fresh["fetched_at"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn solutions_filter_the_list() {
    let bench = big(20).await;
    let solutions = bench.rpc("solutions.list", json!({ "connection": "contoso" })).await;
    let names: Vec<&str> =
        solutions.as_array().unwrap().iter().map(|one| one["unique_name"].as_str().unwrap()).collect();
    assert!(names.contains(&"Default") && names.contains(&"ContosoCore"), "{names:?}");
    assert!(!names.contains(&"System"), "hidden solutions are not offered");
    let all = bench.rpc("entities.list", json!({ "connection": "contoso" })).await;
    let of = async |solution: &str| {
        bench.rpc("entities.list", json!({ "connection": "contoso", "solution": solution })).await
    };
    assert_eq!(entities(&of("Default").await).len(), entities(&all).len());
    let core = of("ContosoCore").await;
    let logical: Vec<&str> =
        entities(&core).iter().map(|one| one["logical_name"].as_str().unwrap()).collect();
    assert!(logical.len() > 10 && logical.iter().all(|name| name.starts_with("ctso_")), "{logical:?}");
    let sample = of("SampleProjects").await;
    assert!(entities(&sample).iter().any(|one| one["logical_name"] == "contact"), "a system table too");
    // Kept: the same again without a request.
    bench.sandbox.clear_requests();
    assert_eq!(entities(&of("ContosoCore").await).len(), logical.len());
    assert!(bench.sandbox.requests().is_empty());
    let unknown = json!({ "connection": "contoso", "solution": "Nothing" });
    let error = bench.refused("entities.list", unknown).await;
    assert_eq!(error.code, ErrorCode::NotFound);
    assert!(error.hint.unwrap().contains("Default"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_says_which_privilege_is_missing_and_who_can_give_it() {
    let bench = big(20).await;
    let environment = bench.sandbox.environment("contoso").unwrap();
    let all = bench.rpc("entities.list", json!({ "connection": "contoso" })).await;
    assert!(
        entities(&all).iter().all(|one| one["missing_privilege"].is_null()),
        "an administrator reads all"
    );
    environment.rights().restrict(application(&bench));
    environment.rights().hide(["list".to_owned(), "lead".to_owned()]);
    let list = bench.rpc("entities.list", json!({ "connection": "contoso", "refresh": true })).await;
    assert_eq!(found(&list, "list")["missing_privilege"], "prvReadList");
    assert_eq!(found(&list, "lead")["missing_privilege"], "prvReadLead");
    assert!(found(&list, "contact")["missing_privilege"].is_null());
    let missing = entities(&list).iter().filter(|one| one["missing_privilege"].is_string()).count();
    assert!(missing > 50, "of the big tenant's own tables some are hidden too: {missing}");

    let access = bench.rpc("entities.access", json!({ "connection": "contoso", "entity": "list" })).await;
    assert_eq!((&access["held"], &access["privilege"]), (&json!(false), &json!("prvReadList")));
    assert!(access["sentence"].as_str().unwrap().contains("prvReadList"), "{access}");
    let hint = access["hint"].as_str().unwrap();
    assert!(hint.contains("Ada Administrator"), "who can give it: {hint}");
    let limited = bench.rpc("entities.access", json!({ "connection": "contoso", "entity": "contact" })).await;
    assert_eq!((&limited["held"], &limited["depth"]), (&json!(true), &json!("Local")));

    let query = json!({ "connection": "contoso", "entity": "list", "mode": "live", "limit": 10 });
    let error = bench.refused("records.query", query).await;
    assert_eq!(error.code, ErrorCode::PrivilegeMissing);
    assert!(
        error.message.contains("(list) can't be read") && error.message.contains("prvReadList"),
        "{error:?}"
    );
    assert_eq!(error.service_code.as_deref(), Some("0x80040220"));
    let hint = error.hint.unwrap();
    assert!(
        hint.contains("such as Ada Administrator") && hint.ends_with("the privilege prvReadList"),
        "{hint}"
    );
    assert!(error.detail.unwrap().contains("Principal user"), "the service's own words stay");
    // One record, and a pull, say the same; people who can give the role are asked for once.
    bench.sandbox.clear_requests();
    let id = "00000000-0000-4000-8000-000000000001";
    let get = json!({ "connection": "contoso", "entity": "lead", "id": id, "mode": "live" });
    let error = bench.refused("records.get", get).await;
    assert!(error.message.contains("prvReadLead") && error.hint.unwrap().contains("Ada"), "a lookup's row");
    let pull = json!({ "connection": "contoso", "entity": "lead" });
    let error = bench.failed("cache.pull", pull).await;
    assert!(error.message.contains("prvReadLead") && error.hint.unwrap().contains("Ada"), "a pull");
    let asked = bench.sandbox.requests();
    assert!(!asked.iter().any(|request| request.path.contains("systemuserroles_association")), "kept");
    let wide = entities(&list)
        .iter()
        .find(|one| {
            one["missing_privilege"].is_string() && one["logical_name"].as_str().unwrap().contains('_')
        })
        .unwrap();
    let query =
        json!({ "connection": "contoso", "entity": wide["logical_name"], "mode": "live", "limit": 10 });
    let error = bench.refused("records.query", query).await;
    assert!(error.message.contains(wide["missing_privilege"].as_str().unwrap()), "{error:?}");
}

fn column<'a>(statistics: &'a Value, name: &str) -> &'a Value {
    statistics["columns"].as_array().unwrap().iter().find(|one| one["column"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_counted_the_same_in_the_cache_and_by_the_service() {
    let bench = Bench::new(700).await;
    bench.connect("contoso", "contoso").await;
    let ask = |mode: &str| json!({ "connection": "contoso", "entity": "contact", "mode": mode });
    let nothing = bench.rpc("statistics.kept", json!({ "connection": "contoso", "entity": "contact" })).await;
    assert!(nothing["statistics"].is_null());
    let error = bench.failed("statistics.start", ask("cached")).await;
    assert_eq!(error.code, ErrorCode::NotFound, "{error:?}");
    let live = bench.done("statistics.start", ask("live")).await;
    bench.done("cache.pull", json!({ "connection": "contoso", "entity": "contact" })).await;
    let cached = bench.done("statistics.start", ask("cached")).await;
    assert_eq!((count(&live, "records"), count(&cached, "records")), (700, 700));
    assert_eq!((&live["sampled"], &live["stopped"]), (&json!(false), &json!(false)));
    let mut compared = 0;
    for one in live["columns"].as_array().unwrap() {
        let name = one["column"].as_str().unwrap();
        let other = column(&cached, name);
        assert_eq!(one["filled"], other["filled"], "{name}: {one} {other}");
        if let (Some(_), true) = (one["distinct"].as_u64(), one["note"].is_null()) {
            // The service does not mind case when it tells texts apart.
            let difference = one["distinct"].as_u64().unwrap().abs_diff(other["distinct"].as_u64().unwrap());
            assert!(difference <= 20, "{name}: {one} {other}");
            compared += 1;
        }
    }
    assert!(compared > 30, "{compared}");
    for statistics in [&live, &cached] {
        let gender = column(statistics, "gendercode");
        assert!(
            gender["filled"].as_u64().unwrap() < 700 && gender["filled"].as_u64().unwrap() > 100,
            "{gender}"
        );
        let top = gender["top"].as_array().unwrap();
        assert!(
            top[0]["label"].is_string() && top[0]["count"].as_u64() >= top[1]["count"].as_u64(),
            "{gender}"
        );
        assert!(column(statistics, "parentcustomerid")["top"][0]["label"].is_string());
        let year = column(statistics, "createdon")["top"][0]["value"].as_str().unwrap();
        assert_eq!(year.len(), 4, "dates by year: {year}");
        assert_eq!(column(statistics, "contactid")["distinct"], 700);
    }
    assert_eq!(column(&live, "gendercode")["top"], column(&cached, "gendercode")["top"]);
    let kept = bench.rpc("statistics.kept", json!({ "connection": "contoso", "entity": "contact" })).await;
    assert_eq!(kept["statistics"], cached);
    let unknown =
        json!({ "connection": "contoso", "entity": "contact", "mode": "live", "columns": ["nothing"] });
    assert_eq!(bench.refused("statistics.start", unknown).await.code, ErrorCode::QueryInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_aggregate_limit_a_sample_is_counted_and_says_so() {
    let bench = Bench::new(50_500).await;
    bench.connect("contoso", "contoso").await;
    let ask = json!({
        "connection": "contoso", "entity": "contact", "mode": "live",
        "columns": ["gendercode", "emailaddress1", "fullname"],
    });
    let found = bench.done("statistics.start", ask.clone()).await;
    assert_eq!(found["sampled"], true, "{found}");
    assert!(count(&found, "records") >= 50_000, "{found}");
    let gender = column(&found, "gendercode");
    assert_eq!((&gender["rows"], &gender["sampled"]), (&json!(5000), &json!(true)));
    assert!(gender["top"][0]["label"].is_string());
    // It can be stopped, and what was counted until then is kept.
    bench.sandbox.faults().add(vec![
        serde_json::from_value(
            json!({ "service": "contoso", "kind": "slow", "chunk_ms": 100, "times": 1000 }),
        )
        .unwrap_or_else(|error| panic!("{error}")),
    ]);
    let all = json!({ "connection": "contoso", "entity": "contact", "mode": "live" });
    let job = bench.start("statistics.start", all).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    bench.rpc("jobs.cancel", json!({ "job": job })).await;
    assert_eq!(bench.wait(&job).await.state, JobState::Cancelled);
}

/// Requests for descriptions that a service got.
fn described(bench: &Bench, service: &str) -> Vec<String> {
    let all = bench.sandbox.requests().into_iter();
    all.filter(|one| one.service == service && one.path.contains("EntityDefinitions"))
        .map(|one| one.path)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_described_already_is_not_described_again_until_the_schema_changes() {
    let bench = Bench::new(60).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let definition = {
        let mut definition = crate::app_support::contacts_to("contoso", "fabrikam", "contact");
        definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
        definition["fields"] = json!([{ "to": "lastname", "from": "lastname" }]);
        definition["fixed"] = json!([]);
        definition
    };
    let first = bench.preview(&definition).await;
    let asked = described(&bench, "contoso");
    assert!(
        asked.iter().filter(|path| path.contains("contact%27)")).count() > 5,
        "the first time: {asked:?}"
    );
    let relationships = |described: &Value| described["schema"]["relationships"].as_array().unwrap().len();
    let ask = json!({ "connection": "contoso", "entity": "contact" });
    let before = relationships(&bench.rpc("entities.describe", ask.clone()).await);

    // A preview, its run, and a pull: each asks only whether anything changed.
    bench.sandbox.clear_requests();
    let plan = bench.preview(&definition).await;
    bench.run(&plan).await;
    bench
        .done("cache.pull", json!({ "connection": "contoso", "entity": "contact", "columns": ["fullname"] }))
        .await;
    assert_eq!(plan["summary"]["read"], first["summary"]["read"]);
    for service in ["contoso", "fabrikam"] {
        let again = described(&bench, service).into_iter().filter(|path| path.contains("contact%27)"));
        assert_eq!(again.collect::<Vec<_>>(), Vec::<String>::new());
    }

    // Tables come with relationships to contacts: the next preview reads the description anew.
    bench.sandbox.environment("contoso").unwrap().set_big(true);
    bench.sandbox.clear_requests();
    bench.preview(&definition).await;
    assert!(described(&bench, "contoso").len() > 5, "the schema changed");
    let after = relationships(&bench.rpc("entities.describe", ask).await);
    assert!(after > before, "{before} relationships, then {after}");
}
