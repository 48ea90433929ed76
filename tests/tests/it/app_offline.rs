//! With the network gone: what was pulled is read, searched, exported and previewed; what needs the network says so.

use serde_json::{Value, json};
use syncline_api::wire::JobState;
use syncline_model::ErrorCode;

use crate::app_support::{Bench, contacts_to, count};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pulled_is_all_there_without_a_network() {
    let bench = Bench::new(600).await;
    bench.connect("contoso", "contoso").await;
    bench.rpc("entities.list", json!({ "connection": "contoso" })).await;
    bench.done("cache.pull", json!({ "connection": "contoso", "entity": "contact" })).await;
    let csv = bench.file("out", "csv").await;
    let live = bench
        .rpc(
            "records.query",
            json!({
                "connection": "contoso", "entity": "contact", "mode": "live", "limit": 1000,
                "columns": ["fullname", "statecode"], "order": [{ "column": "fullname", "descending": true }],
                "filter": "<condition attribute='statecode' operator='eq' value='0' />",
            }),
        )
        .await;
    let Bench { app, sandbox, home } = bench;
    sandbox.stop().await;
    let rpc = async |name: &str, request: Value| {
        app.rpc(name, request).await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
    };

    // Filter, sort, search.
    let query = |extra: Value| {
        let mut query =
            json!({ "connection": "contoso", "entity": "contact", "mode": "cached", "limit": 1000 });
        query.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        query
    };
    let active = json!({ "filter": "<condition attribute='statecode' operator='eq' value='0' />",
        "order": [{ "column": "fullname", "descending": true }] });
    let cached = rpc("records.query", query(active)).await;
    let column = |page: &Value, name: &str| -> Vec<Value> {
        page["rows"].as_array().unwrap().iter().map(|row| row["raw"][name].clone()).collect()
    };
    assert_eq!(count(&cached, "total"), count(&live, "total"));
    assert!(column(&cached, "statecode").iter().all(|code| code == 0));
    let mut ids = [column(&cached, "contactid"), column(&live, "contactid")];
    ids.iter_mut().for_each(|ids| ids.sort_by_key(ToString::to_string));
    assert_eq!(ids[0], ids[1], "the same records as live");
    assert!(cached["as_of"].is_string());
    let ascending = rpc(
        "records.query",
        query(json!({ "order": [{ "column": "new_loyaltypoints", "descending": false }] })),
    )
    .await;
    let points: Vec<i64> = column(&ascending, "new_loyaltypoints").iter().filter_map(Value::as_i64).collect();
    assert!(points.len() == 600 && points.is_sorted(), "{points:?}");
    let none = rpc("records.query", query(json!({ "search": "nobodyiscalledthis" }))).await;
    assert_eq!(count(&none, "total"), 0);
    let name = cached["rows"][0]["raw"]["lastname"].as_str().unwrap().to_owned();
    let named = rpc("records.query", query(json!({ "search": name }))).await;
    assert!(count(&named, "total") >= 1 && count(&named, "total") < 600, "{name}: {}", named["total"]);

    // One record, whole-text search, SQL.
    let id = cached["rows"][0]["id"].clone();
    let one = rpc(
        "records.get",
        json!({ "connection": "contoso", "entity": "contact", "id": id, "mode": "cached" }),
    )
    .await;
    assert_eq!(one["row"]["raw"]["fullname"], cached["rows"][0]["raw"]["fullname"]);
    assert!(one["row"]["pulled_at"].is_string());
    let hits = rpc("cache.search", json!({ "text": name, "connection": "contoso" })).await;
    let hits = hits["hits"].as_array().unwrap();
    assert!(hits.iter().any(|hit| hit["id"] == id), "{name} finds {id}: {hits:?}");
    assert!(hits[0]["snippet"].as_str().unwrap().contains('⟦'), "{}", hits[0]);
    let table = rpc(
        "cache.sql",
        json!({ "connection": "contoso", "statement": "SELECT statecode, count(*) AS n FROM contact GROUP BY statecode ORDER BY statecode" }),
    )
    .await;
    let total: i64 = table["rows"].as_array().unwrap().iter().map(|row| row[1].as_i64().unwrap()).sum();
    assert_eq!(total, 600, "{table}");
    let write = json!({ "connection": "contoso", "statement": "DELETE FROM contact" });
    assert_eq!(app.rpc("cache.sql", write).await.unwrap_err().code, ErrorCode::QueryInvalid);

    // Exports.
    let wait = async |name: &str, request: Value| {
        let job = rpc(name, request).await["job"].as_str().unwrap().to_owned();
        app.jobs().wait(&job).await.unwrap()
    };
    for (format, lines) in [("csv", 0), ("jsonl", 600)] {
        let path = home.path().join(format!("export.{format}"));
        let ask = json!({ "query": query(json!({})), "format": format, "path": path, "formatted": false });
        let view = wait("records.export", ask).await;
        assert_eq!(view.state, JobState::Done, "{:?}", view.error);
        assert_eq!(count(&view.result, "records"), 600);
        let text = std::fs::read_to_string(&path).unwrap();
        match lines {
            // Memos have line ends of their own, so lines can't be counted.
            0 => {
                assert!(text.starts_with('\u{feff}') && text.contains("contactid"));
                assert!(ids[0].iter().all(|id| text.contains(id.as_str().unwrap())));
            }
            lines => {
                assert_eq!(text.lines().count(), lines);
                for line in text.lines() {
                    assert!(serde_json::from_str::<Value>(line).unwrap()["contactid"].is_string());
                }
            }
        }
    }

    // A preview from the cache to a file.
    let mut definition = contacts_to("contoso", "out", "rows");
    definition["fields"] =
        json!([{ "to": "name", "from": "fullname" }, { "to": "limit", "from": "creditlimit" }]);
    definition["source"]["columns"] = json!(["contactid", "fullname", "creditlimit", "statecode"]);
    definition["source"]["filter"] = json!("<condition attribute='statecode' operator='eq' value='0' />");
    let view = wait("plans.start", json!({ "json": definition.to_string(), "cached": true })).await;
    assert_eq!(view.state, JobState::Done, "{:?}", view.error);
    assert_eq!(view.result["cached"], true);
    assert_eq!(count(&view.result["summary"], "create"), count(&live, "total"));

    // What needs the network says that it is gone, and what to do; all at once, since each tries a few times.
    let query = app.rpc(
        "records.query",
        json!({ "connection": "contoso", "entity": "contact", "mode": "live", "limit": 1 }),
    );
    let get = app.rpc(
        "records.get",
        json!({ "connection": "contoso", "entity": "contact", "id": id, "mode": "live" }),
    );
    let pull = wait("cache.pull", json!({ "connection": "contoso", "entity": "contact" }));
    let run = wait("runs.start", json!({ "plan": view.result["plan_id"] }));
    let test = rpc("connections.test", json!({ "connection": "contoso" }));
    let entities = rpc("entities.list", json!({ "connection": "contoso", "refresh": true }));
    let (query, get, pull, run, test, entities) = tokio::join!(query, get, pull, run, test, entities);
    let errors = [query.unwrap_err(), get.unwrap_err(), pull.error.unwrap(), run.error.unwrap()];
    for error in errors {
        assert_eq!(error.code, ErrorCode::Unreachable, "{error:?}");
        assert!(error.hint.is_some(), "{error:?}");
    }
    assert!(!csv.exists(), "nothing was written");
    let plan = rpc("plans.get", json!({ "plan": view.result["plan_id"] })).await;
    assert_eq!(plan["status"], "ready", "the plan waits for the network");
    assert_eq!(
        (&test["status"], &test["error"]["code"]),
        (&json!("verified"), &json!("unreachable")),
        "a network that is gone says nothing of the connection"
    );
    assert_eq!(entities["cached"], true, "the kept list stands in, and says so");
    // The pull that came to nothing took nothing away.
    assert_eq!(
        count(
            &rpc("records.query", json!({ "connection": "contoso", "entity": "contact", "mode": "cached" }))
                .await,
            "total"
        ),
        600
    );
}
