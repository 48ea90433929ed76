//! The Query place behind the window: checks, completion, runs, counts, views, saved queries, history, links, conversions.

use serde_json::{Value, json};
use syncline_model::ErrorCode;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::Bench;

const SIMPLE: &str = "<fetch><entity name=\"contact\"><attribute name=\"fullname\"/><attribute name=\"parentcustomerid\"/>\
    <order attribute=\"fullname\"/><filter><condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/></filter></entity></fetch>";

fn ask(text: &str, language: &str) -> Value {
    json!({ "connection": "crm", "language": language, "text": text, "run": "r1" })
}

async fn bench(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect("crm", "contoso").await;
    bench
}

async fn ids(bench: &Bench, text: &str, language: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut request = ask(text, language);
    loop {
        let page = bench.rpc("queries.run", request.clone()).await;
        let key = page["primary_id"].as_str().unwrap().to_owned();
        ids.extend(page["rows"].as_array().unwrap().iter().map(|row| row[&key].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => request["cursor"] = json!(next),
            None => return ids,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_checked_and_completed_from_the_environment() {
    let bench = bench(20).await;
    let text = "<fetch>\n  <entity name=\"contact\">\n    <!-- Zoë 🎉 --><attribute name=\"fulname\" />\n  </entity>\n</fetch>";
    let checked = bench.rpc("queries.check", ask(text, "fetchxml")).await;
    let finding = &checked["findings"][0];
    assert_eq!((finding["code"].as_str(), finding["line"].as_u64()), (Some("unknown_column"), Some(3)));
    let units: Vec<u16> = text.encode_utf16().collect();
    let at = |name: &str| usize::try_from(finding[name].as_u64().unwrap()).unwrap();
    assert_eq!(String::from_utf16(&units[at("from")..at("to")]).unwrap(), "fulname");
    assert_eq!(finding["fixes"][0]["text"], "fullname");
    let marked = text.replace("fulname", "em");
    let offset = u32::try_from(marked[..marked.find("em\"").unwrap() + 2].encode_utf16().count()).unwrap();
    let offers =
        bench.rpc("queries.complete", json!({ "connection": "crm", "text": marked, "offset": offset })).await;
    let labels: Vec<&str> =
        offers["items"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect();
    assert!(labels.contains(&"emailaddress1"), "{labels:?}");
    assert_eq!(bench.rpc("queries.check", ask(SIMPLE, "fetchxml")).await["findings"], json!([]));
    let odata = bench.rpc("queries.check", ask("contacts?$slect=fullname", "odata")).await;
    assert_eq!(odata["findings"][0]["code"], "odata_unreadable");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_languages_bring_the_same_rows_page_by_page() {
    let bench = bench(900).await;
    let cases = [
        SIMPLE.to_owned(),
        SIMPLE.replace("<filter>", "<filter type=\"or\"><condition attribute=\"lastname\" operator=\"like\" value=\"%o%\"/><condition attribute=\"createdon\" operator=\"last-x-years\" value=\"2\"/><condition attribute=\"parentcustomerid\" operator=\"null\"/>"),
        SIMPLE.replace("<filter>", "<filter><link-entity name=\"task\" from=\"regardingobjectid\" to=\"contactid\" link-type=\"any\"/>"),
        SIMPLE.replace("</filter>", "</filter><link-entity name=\"account\" from=\"accountid\" to=\"parentcustomerid\" alias=\"a\"><attribute name=\"name\"/></link-entity>"),
        SIMPLE.replace("operator=\"eq\" value=\"0\"/>", "operator=\"in\"><value>0</value><value>1</value></condition>"),
    ];
    let mut converted = 0;
    for text in cases {
        let code = bench.rpc("queries.code", ask(&text, "fetchxml")).await;
        let curl = code["curl"].as_str().unwrap();
        assert!(curl.contains("Bearer $TOKEN") && curl.contains("fetchXml="), "{curl}");
        let Some(odata) = code["odata"].as_str() else {
            assert_ne!(code["reasons"], json!([]), "{text}");
            continue;
        };
        converted += 1;
        let (mut first, mut second) =
            (ids(&bench, &text, "fetchxml").await, ids(&bench, odata, "odata").await);
        first.sort_unstable();
        second.sort_unstable();
        assert!(!first.is_empty(), "{text}");
        assert_eq!(first, second, "{odata}");
        let back = bench.rpc("queries.code", ask(odata, "odata")).await;
        if let Some(again) = back["fetchxml"].as_str() {
            let mut third = ids(&bench, again, "fetchxml").await;
            third.sort_unstable();
            assert_eq!(first, third, "{again}");
        }
    }
    assert!(converted >= 3, "{converted} of 5 were converted");
    let grouped = "<fetch aggregate=\"true\"><entity name=\"contact\"><attribute name=\"contactid\" aggregate=\"count\" alias=\"n\"/>\
        <attribute name=\"statecode\" groupby=\"true\" alias=\"s\"/></entity></fetch>";
    let page = bench.rpc("queries.run", ask(grouped, "fetchxml")).await;
    assert_eq!((page["rows"].as_array().unwrap().len(), &page["primary_id"]), (2, &Value::Null));
    assert_eq!(bench.rpc("queries.code", ask(grouped, "fetchxml")).await["odata"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_counted_beyond_the_limits() {
    let bench = bench(60_500).await;
    let all = "<fetch><entity name=\"contact\"/></fetch>";
    let counted = bench.rpc("queries.count", ask(all, "fetchxml")).await;
    assert_eq!(
        (&counted["value"], &counted["exact"], &counted["by"]),
        (&json!(60_500), &json!(true), &json!("stretches"))
    );
    let active = "<fetch><entity name=\"contact\"><filter><condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/></filter></entity></fetch>";
    let inactive = active.replace("value=\"0\"", "value=\"1\"");
    let first = bench.rpc("queries.count", ask(active, "fetchxml")).await["value"].as_u64().unwrap();
    let second = bench.rpc("queries.count", ask(&inactive, "fetchxml")).await;
    assert_eq!(second["by"], "aggregate");
    assert_eq!(first + second["value"].as_u64().unwrap(), 60_500);
    let odata = bench.rpc("queries.count", ask("contacts?$filter=statecode eq 1", "odata")).await;
    assert_eq!(odata["value"], second["value"]);
    let refused = bench
        .refused(
            "queries.count",
            ask("<fetch distinct=\"true\"><entity name=\"contact\"/></fetch>", "fetchxml"),
        )
        .await;
    assert_eq!(refused.code, ErrorCode::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn views_saved_queries_history_and_links() {
    let bench = bench(50).await;
    let views = bench.rpc("queries.views", json!({ "connection": "crm", "entity": "contact" })).await;
    let views = views.as_array().unwrap();
    assert!(
        views.iter().any(|view| view["personal"] == true)
            && views.iter().any(|view| view["personal"] == false)
    );
    assert_eq!(views[0]["columns"][0], json!({ "name": "fullname", "width": 300 }));
    for view in views {
        let page = bench.rpc("queries.run", ask(view["fetchxml"].as_str().unwrap(), "fetchxml")).await;
        assert_eq!(page["entity"], "contact");
    }
    let save = |id: Option<&str>, name: &str| json!({ "id": id, "connection": "crm", "name": name, "language": "fetchxml", "text": SIMPLE, "columns": [] });
    let saved = bench.rpc("queries.save", save(None, "Active")).await;
    let id = saved["id"].as_str().unwrap();
    assert_eq!(bench.refused("queries.save", save(None, "ACTIVE")).await.code, ErrorCode::Usage);
    bench.rpc("queries.save", save(Some(id), "Active ones")).await;
    bench.rpc("queries.delete", json!({ "connection": "crm", "id": id })).await;
    assert_eq!(bench.rpc("queries.saved", json!({ "connection": "crm" })).await, json!([]));
    // Taken back: the same query under the same id.
    bench.rpc("queries.save", save(Some(id), "Active ones")).await;
    assert_eq!(bench.rpc("queries.saved", json!({ "connection": "crm" })).await[0]["name"], "Active ones");

    bench
        .refused(
            "queries.run",
            ask("<fetch><entity name=\"contact\"><attribute name=\"nope\"/></entity></fetch>", "fetchxml"),
        )
        .await;
    let history = bench.rpc("queries.history", json!({ "connection": "crm" })).await;
    assert!(history[0]["error"].as_str().is_some_and(|error| !error.is_empty()), "{history}");
    assert_eq!(history.as_array().unwrap().len(), views.len() + 1);
    for _ in 0..110 {
        bench.rpc("queries.run", ask("contacts?$select=fullname&$top=1", "odata")).await;
    }
    let history = bench.rpc("queries.history", json!({ "connection": "crm" })).await;
    assert_eq!(history.as_array().unwrap().len(), 100);
    assert_eq!((&history[0]["rows"], &history[0]["whole"]), (&json!(1), &json!(true)));

    let link = bench
        .rpc(
            "queries.link",
            json!({ "connection": "crm", "language": "fetchxml", "text": SIMPLE, "name": "Zoë" }),
        )
        .await;
    let opened = bench.rpc("queries.open_link", link).await;
    assert_eq!(
        (&opened["text"], &opened["name"], &opened["connections"]),
        (&json!(SIMPLE), &json!("Zoë"), &json!(["crm"]))
    );
    bench.rpc("connections.forget", json!({ "connection": "crm" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_under_way_is_cancelled() {
    let bench = bench(50).await;
    bench.rpc("queries.run", ask(SIMPLE, "fetchxml")).await;
    bench.sandbox.faults().add([FaultRule::new(FaultKind::Hang).at("contoso").on("fetchXml")]);
    let app = bench.app.clone();
    let began = std::time::Instant::now();
    let under_way = tokio::spawn(async move { app.rpc("queries.run", ask(SIMPLE, "fetchxml")).await });
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    bench.rpc("queries.cancel", json!({ "run": "r1" })).await;
    let error = under_way.await.unwrap().unwrap_err();
    assert_eq!(error.code, ErrorCode::Cancelled, "{error:?}");
    assert!(began.elapsed().as_secs() < 10);
}

async fn offers(bench: &Bench, text: &str) -> Vec<String> {
    let offset = text.encode_utf16().count();
    let ask = json!({ "connection": "crm", "language": "odata", "text": text, "offset": offset });
    let offers = bench.rpc("queries.complete", ask).await;
    let items = offers["items"].as_array().unwrap();
    items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn odata_is_completed_from_the_environment() {
    let bench = bench(5).await;
    let has = |offers: &[String], label: &str| offers.iter().any(|known| known == label);
    assert!(has(&offers(&bench, "con").await, "contacts"));
    let options = offers(&bench, "contacts?$select=fullname&").await;
    assert!(has(&options, "$filter") && !has(&options, "$select"), "{options:?}");
    let columns = offers(&bench, "contacts?$select=fullname,").await;
    assert!(has(&columns, "_parentcustomerid_value") && !has(&columns, "fullname"), "{columns:?}");
    let states = offers(&bench, "contacts?$filter=statecode eq ").await;
    assert!(has(&states, "0") && has(&states, "1"), "{states:?}");
    let terms = offers(&bench, "contacts?$filter=").await;
    assert!(has(&terms, "Microsoft.Dynamics.CRM.LastXDays") && has(&terms, "emailaddress1"), "{terms:?}");
    let links = offers(&bench, "contacts?$expand=").await;
    assert!(has(&links, "parentcustomerid_account"), "{links:?}");
    let inside = offers(&bench, "contacts?$expand=parentcustomerid_account($select=").await;
    assert!(has(&inside, "accountnumber"), "{inside:?}");
    assert!(offers(&bench, "nothings?$select=").await.is_empty());
}

/// A lookup says which column it refers to: for an activity that is not the entity's name with "id".
#[tokio::test(flavor = "multi_thread")]
async fn relationships_name_the_column_at_both_ends() {
    let bench = bench(1).await;
    let described = bench.rpc("entities.describe", json!({ "connection": "crm", "entity": "contact" })).await;
    let all = described["schema"]["relationships"].as_array().unwrap();
    let lookups: Vec<&Value> = all.iter().filter(|one| one["kind"] != "many-to-many").collect();
    assert!(!lookups.is_empty() && lookups.iter().all(|one| one["referenced_column"].is_string()), "{all:?}");
    let parent = lookups.iter().find(|one| one["kind"] == "many-to-one" && one["other_entity"] == "account");
    assert_eq!(parent.unwrap()["referenced_column"], "accountid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_query_runs_over_the_cache_and_says_what_it_lacks() {
    let bench = bench(700).await;
    let linked = SIMPLE.replace(
        "</entity>",
        "<link-entity name=\"account\" from=\"accountid\" to=\"parentcustomerid\" alias=\"acc\" link-type=\"outer\"><attribute name=\"name\"/></link-entity></entity>",
    );
    let over_cache = |text: &str, language: &str| {
        let mut ask = ask(text, language);
        ask["cached"] = json!(true);
        ask
    };
    let nothing = bench.rpc("queries.coverage", ask(&linked, "fetchxml")).await;
    assert_eq!((&nothing["as_of"], &nothing["entities"][0]["records"]), (&Value::Null, &Value::Null));
    let refused = bench.refused("queries.run", over_cache(SIMPLE, "fetchxml")).await;
    assert_eq!(refused.code, ErrorCode::QueryInvalid);
    bench
        .done(
            "cache.pull",
            json!({ "connection": "crm", "entity": "contact", "columns": ["fullname", "statecode", "contactid"] }),
        )
        .await;
    let partly = bench.rpc("queries.coverage", ask(&linked, "fetchxml")).await;
    let entities = partly["entities"].as_array().unwrap();
    assert_eq!(
        (entities[0]["entity"].as_str(), entities[1]["entity"].as_str()),
        (Some("contact"), Some("account"))
    );
    assert_eq!(entities[0]["missing_columns"], json!(["parentcustomerid"]), "{partly}");
    assert_eq!((&entities[0]["records"], &entities[1]["records"]), (&json!(700), &Value::Null));
    let all = "<fetch><entity name=\"contact\"><all-attributes/></entity></fetch>";
    let all = bench.rpc("queries.coverage", ask(all, "fetchxml")).await;
    assert!(all["entities"][0]["left_out"].as_u64().unwrap() > 20, "{all}");

    for entity in ["contact", "account"] {
        bench.done("cache.pull", json!({ "connection": "crm", "entity": entity })).await;
    }
    let whole = bench.rpc("queries.coverage", ask(&linked, "fetchxml")).await;
    assert!(whole["as_of"].is_string() && whole["reason"].is_null(), "{whole}");
    assert_eq!(whole["entities"][0]["missing_columns"], json!([]));

    bench.sandbox.faults().add([FaultRule::new(FaultKind::ResetBefore).after(0, 1_000_000)]);
    let odata = "contacts?$select=fullname,_parentcustomerid_value&$filter=statecode eq 0&$orderby=fullname";
    let cached = cached_ids(&bench, over_cache(SIMPLE, "fetchxml")).await;
    assert_eq!(cached_ids(&bench, over_cache(odata, "odata")).await, cached);
    let count = bench.rpc("queries.count", over_cache(SIMPLE, "fetchxml")).await;
    assert_eq!((count["value"].as_u64(), count["by"].as_str()), (Some(cached.len() as u64), Some("cache")));
    bench.sandbox.faults().clear();
    assert_eq!(ids(&bench, SIMPLE, "fetchxml").await, cached);
    assert!(cached.len() > 500, "several pages");
}

async fn cached_ids(bench: &Bench, mut request: Value) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = bench.rpc("queries.run", request.clone()).await;
        assert!(page["as_of"].is_string(), "{page}");
        ids.extend(
            page["rows"].as_array().unwrap().iter().map(|row| row["contactid"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => request["cursor"] = json!(next),
            None => return ids,
        }
    }
}

/// A query over the cache that would take hours is stopped, and other readings are answered while it runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_query_over_the_cache_can_be_stopped_and_hinders_nobody() {
    let bench = bench(900).await;
    bench.done("cache.pull", json!({ "connection": "crm", "entity": "contact" })).await;
    let mut text = String::new();
    for depth in 0..5 {
        text += &format!(
            "<link-entity name=\"contact\" from=\"statecode\" to=\"statecode\" alias=\"c{depth}\"><attribute name=\"contactid\" aggregate=\"count\" alias=\"n{depth}\"/>"
        );
    }
    let text = format!(
        "<fetch aggregate=\"true\"><entity name=\"contact\"><attribute name=\"contactid\" aggregate=\"count\" alias=\"n\"/>{text}{}</entity></fetch>",
        "</link-entity>".repeat(5)
    );
    let mut long = ask(&text, "fetchxml");
    long["cached"] = json!(true);
    let app = std::sync::Arc::clone(&bench.app);
    let running = tokio::spawn(async move { app.rpc("queries.run", long).await });
    for _ in 0..5 {
        let cached = json!({ "connection": "crm", "entity": "contact", "mode": "cached", "limit": 10 });
        assert_eq!(bench.rpc("records.query", cached).await["rows"].as_array().unwrap().len(), 10);
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    }
    assert!(!running.is_finished(), "the query is long");
    bench.rpc("queries.cancel", json!({ "run": "r1" })).await;
    let ended = tokio::time::timeout(std::time::Duration::from_secs(50), running).await;
    let refused = ended.unwrap().unwrap().unwrap_err();
    assert_eq!(refused.code, ErrorCode::Cancelled, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_rows_of_a_query_are_exported_from_the_service_and_from_the_cache_alike() {
    let bench = bench(620).await;
    bench.done("cache.pull", json!({ "connection": "crm", "entity": "contact" })).await;
    // Several pages, so that the export has to go on behind the first.
    let text = SIMPLE.replace("<fetch>", "<fetch count=\"100\">").replace(
        "<order attribute=\"fullname\"/>",
        "<attribute name=\"statecode\"/><order attribute=\"fullname\"/><order attribute=\"contactid\"/>",
    );
    let rows = ids(&bench, &text, "fetchxml").await.len() as u64;
    let mut files = Vec::new();
    for (cached, format, formatted) in
        [(false, "csv", true), (true, "csv", true), (false, "jsonl", false), (true, "jsonl", false)]
    {
        let path = bench.home.path().join(format!("{cached}.{format}"));
        let export = json!({ "connection": "crm", "language": "fetchxml", "text": text, "cached": cached,
            "format": format, "path": path, "formatted": formatted });
        let report = bench.done("queries.export", export).await;
        assert_eq!(report["records"].as_u64(), Some(rows), "{report}");
        files.push(std::fs::read_to_string(path).unwrap());
    }
    assert_eq!(files[0], files[1], "the cache gives the service's file");
    let mut lines = files[0].lines();
    assert_eq!(
        lines.next().unwrap().trim_start_matches('\u{feff}'),
        "Full Name,Company Name,Status,contactid"
    );
    assert!(lines.all(|line| line.contains(",Active,")), "labels in place of codes");
    assert_eq!(files[2].lines().count() as u64, rows);
    let first: Value = serde_json::from_str(files[3].lines().next().unwrap()).unwrap();
    assert_eq!(first["statecode"], 0);
    let nowhere = json!({ "connection": "crm", "language": "fetchxml", "text": "<fetch", "format": "csv",
        "path": bench.home.path().join("x.csv") });
    assert_eq!(bench.failed("queries.export", nowhere).await.code, ErrorCode::QueryInvalid);
    assert!(!bench.home.path().join("x.csv").exists());
}
