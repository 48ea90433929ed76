//! What a person does with very many records: pull, search, sort, filter, preview, export; each with the time it takes and the most memory
//! it needs. `cargo xtask bench large` takes 1,000,000 contacts; `SYNCLINE_BENCH_RECORDS` names another number.

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use syncline_api::{App, AppConfig, VaultChoice};

use crate::process::{Sandbox, again, detail, median, peak_mib};

const RECORDS: u64 = 1_000_000;
/// Random windows and searches of which the median is told.
const TIMES: usize = 40;

/// Documents that are run on the cache.
const DOCUMENTS: [(&str, &str); 4] = [
    (
        "50 by name",
        "<fetch top='50'><entity name='contact'><attribute name='fullname'/><order attribute='fullname'/></entity></fetch>",
    ),
    (
        "50 of a city",
        "<fetch top='50'><entity name='contact'><attribute name='fullname'/><filter><condition attribute='address1_city' operator='like' value='%on%'/></filter></entity></fetch>",
    ),
    (
        "one by e-mail address",
        "<fetch top='1'><entity name='contact'><attribute name='fullname'/><filter><condition attribute='emailaddress1' operator='eq' value='nobody@example.com'/></filter></entity></fetch>",
    ),
    (
        "counted by gender",
        "<fetch aggregate='true'><entity name='contact'><attribute name='contactid' alias='n' aggregate='count'/><attribute name='gendercode' alias='gender' groupby='true'/></entity></fetch>",
    ),
];

/// What is typed letter by letter, each letter asking anew.
const TYPED: [&str; 4] = ["chloe hadley", "425 555 01", "maria@example", "director lond"];

/// Starts the sample tenant, and the application as a process of its own.
pub(crate) fn all() {
    let records =
        std::env::var("SYNCLINE_BENCH_RECORDS").ok().and_then(|text| text.parse().ok()).unwrap_or(RECORDS);
    let sandbox = Sandbox::start(records, "near");
    let status = again(&["large", &sandbox.details]).status().expect("the measurement starts");
    assert!(status.success(), "the measurement failed");
}

pub(crate) fn run(details: &str) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(measured(details));
}

/// Begins to count the most memory anew (Linux).
fn forget_peak() {
    // Where the system does not know this, the peak of the whole process is told.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn tell(what: &str, milliseconds: f64, more: &str) {
    println!("{what:<58} {milliseconds:>10.1} ms {:>8.0} MiB  {more}", peak_mib());
    forget_peak();
}

struct Asker {
    app: Arc<App>,
    chance: u64,
}

impl Asker {
    async fn ask(&self, name: &str, request: Value) -> (Value, f64) {
        let begun = Instant::now();
        let text = self.app.rpc_text(name, request).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
        (serde_json::from_str(&text).expect("an answer is JSON"), milliseconds)
    }

    async fn job(&self, name: &str, request: Value) -> (Value, f64) {
        let begun = Instant::now();
        let (started, _) = self.ask(name, request).await;
        let job = self.app.jobs().wait(started["job"].as_str().unwrap_or_default()).await.expect("a job");
        assert!(job.error.is_none(), "{name}: {:?}", job.error);
        (job.result, begun.elapsed().as_secs_f64() * 1e3)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % end.max(1)
    }

    /// Windows of the grid.
    async fn windows(&mut self, what: &str, more: Value) {
        let with = |offset: u64| {
            let mut query = json!({ "connection": "contoso", "entity": "contact", "mode": "cached", "limit": 100, "offset": offset,
                "columns": ["fullname", "emailaddress1", "modifiedon", "parentcustomerid"] });
            for (name, value) in more.as_object().into_iter().flatten() {
                query[name] = value.clone();
            }
            query
        };
        self.windows_of(what, "records.query", with).await;
    }

    /// A question for the first time, and the median of windows at random offsets.
    async fn windows_of(&mut self, what: &str, command: &str, with: impl Fn(u64) -> Value) {
        let (first, milliseconds) = self.ask(command, with(0)).await;
        let total = first["total"].as_u64().unwrap_or_default();
        tell(&format!("{what}: first window"), milliseconds, &format!("of {total}"));
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let offset = self.below(total);
            times.push(self.ask(command, with(offset)).await.1);
        }
        let slowest = times.iter().copied().fold(0.0, f64::max);
        tell(
            &format!("{what}: any window, median"),
            median(times.into_iter()),
            &format!("slowest {slowest:.0} ms"),
        );
    }

    /// Search as you type: the median over all beginnings of what is typed.
    async fn typed(&mut self, what: &str, command: &str, with: impl Fn(&str) -> Value) {
        let mut times = Vec::new();
        for text in TYPED {
            for end in 1..=text.len() {
                times.push(self.ask(command, with(&text[..end])).await.1);
            }
        }
        let slowest = times.iter().copied().fold(0.0, f64::max);
        let slow = times.iter().filter(|time| **time > 50.0).count();
        tell(
            &format!("{what}, median"),
            median(times.iter().copied()),
            &format!("of {}, slowest {slowest:.0} ms, {slow} above 50 ms", times.len()),
        );
    }

    /// Filters that were never asked before, by columns that were: their median, and the first.
    async fn filters(&mut self, what: &str, condition: impl Fn(u64) -> String) {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..=TIMES / 2 {
            let chance = self.below(1_000_000);
            let query = json!({ "connection": "contoso", "entity": "contact", "mode": "cached", "limit": 100, "offset": 0,
                "columns": ["fullname", "emailaddress1"], "filter": format!("<filter><condition {}</filter>", condition(chance)) });
            let (answer, milliseconds) = self.ask("records.query", query).await;
            found += answer["total"].as_u64().unwrap_or_default();
            times.push(milliseconds);
        }
        let first = times.remove(0);
        tell(
            &format!("{what}: a new filter, median"),
            median(times.into_iter()),
            &format!("{} found each, the first time {first:.0} ms", found / (TIMES as u64 / 2 + 1)),
        );
    }
}

async fn measured(details: &str) {
    let home = tempfile::tempdir().expect("a folder");
    let app = App::open(AppConfig::new(Some(home.path().join("home")), VaultChoice::Memory))
        .await
        .expect("the store");
    let mut asker = Asker { app, chance: 0x5eed_1234_5678_9abc };
    let contoso = json!({
        "name": "contoso", "system": "dataverse", "url": detail(details, "dataverse"), "auth": "client-credentials",
        "authority": detail(details, "authority"), "tenant": detail(details, "tenant"),
        "client_id": detail(details, "confidential_client_id"), "secret": detail(details, "client_secret"),
    });
    asker.ask("connections.save", contoso).await;
    let file = home.path().join("out.jsonl");
    let target =
        json!({ "name": "file", "system": "jsonl", "url": file.display().to_string(), "writable": true });
    asker.ask("connections.save", target).await;
    let contact = json!({ "connection": "contoso", "entity": "contact" });
    asker.ask("entities.describe", contact.clone()).await;
    forget_peak();

    let (pulled, milliseconds) = asker.job("cache.pull", contact.clone()).await;
    let (read, seconds) =
        (pulled["read"].as_u64().unwrap_or_default(), pulled["seconds"].as_f64().unwrap_or_default());
    tell(
        "pull, with its search index",
        milliseconds,
        &format!("{read} records, stored in {seconds:.1} s: {:.0}/s", read as f64 / seconds),
    );
    let (again, milliseconds) = asker.job("cache.pull", contact).await;
    tell("pull again, nothing changed", milliseconds, &format!("{} unchanged", again["unchanged"]));
    let (_, milliseconds) = asker.ask("cache.list", json!({})).await;
    tell("list of what is cached", milliseconds, "");

    for text in ["a", "an", "ann", "chloe", "chloe had", "@example", "425 55", "zzzz"] {
        let mut times = Vec::new();
        let mut hits = 0;
        for _ in 0..5 {
            let (found, milliseconds) = asker.ask("cache.search", json!({ "text": text, "limit": 50 })).await;
            hits = found["hits"].as_array().map_or(0, Vec::len);
            times.push(milliseconds);
        }
        tell(&format!("search {text:?}"), median(times.into_iter()), &format!("{hits} hits"));
    }
    asker.windows("no order", json!({})).await;
    for column in ["fullname", "parentcustomerid", "modifiedon", "gendercode"] {
        asker
            .windows(&format!("by {column}"), json!({ "order": [{ "column": column, "descending": false }] }))
            .await;
    }
    asker
        .windows(
            "by fullname, largest first",
            json!({ "order": [{ "column": "fullname", "descending": true }] }),
        )
        .await;
    let filter = "<filter><condition attribute='statecode' operator='eq' value='0'/><condition attribute='address1_city' operator='like' value='%on%'/></filter>";
    asker.windows("filtered", json!({ "filter": filter })).await;
    asker
        .windows(
            "filtered, by fullname",
            json!({ "filter": filter, "order": [{ "column": "fullname", "descending": false }] }),
        )
        .await;
    let day = |chance: u64| format!("20{:02}-{:02}-{:02}", 24 + chance % 3, 1 + chance % 12, 1 + chance % 28);
    let letter = |chance: u64| ["ann", "bo", "chl", "d", "e", "li", "ma", "zo"][(chance % 8) as usize];
    asker
        .filters("e-mail address is", |n| {
            format!("attribute='emailaddress1' operator='eq' value='person{n}@example.com'/>")
        })
        .await;
    asker
        .filters("name begins with", |n| {
            format!("attribute='fullname' operator='begins-with' value='{} {}'/>", letter(n), letter(n / 8))
        })
        .await;
    asker
        .filters("modified on a day", |n| {
            format!("attribute='modifiedon' operator='on' value='{}'/>", day(n))
        })
        .await;
    asker
        .filters("credit limit from to", |n| {
            format!(
                "attribute='creditlimit' operator='between'><value>{}</value><value>{}</value></condition>",
                n / 50,
                n / 50 + 20
            )
        })
        .await;
    asker
        .filters("city has", |n| {
            format!("attribute='address1_city' operator='like' value='%{}{n}%'/>", letter(n))
        })
        .await;
    asker
        .filters("active, and name or e-mail address has", |n| {
            let text = format!("{}{}", letter(n), n % 100);
            format!(
                "attribute='statecode' operator='eq' value='0'/><filter type='or'><condition attribute='fullname' operator='like' value='%{text}%'/>\
                 <condition attribute='emailaddress1' operator='like' value='%{text}%'/></filter>"
            )
        })
        .await;
    for text in ["an", "chloe"] {
        asker.windows(&format!("search {text:?} in the grid"), json!({ "search": text })).await;
        asker
            .windows(
                &format!("search {text:?} in the grid, by modifiedon"),
                json!({ "search": text, "order": [{ "column": "modifiedon", "descending": true }] }),
            )
            .await;
    }

    asker.typed("search as you type", "cache.search", |text| json!({ "text": text, "limit": 50 })).await;
    asker
        .typed("search as you type in the grid", "records.query", |text| {
            json!({ "connection": "contoso", "entity": "contact", "mode": "cached", "limit": 100, "offset": 0,
                "columns": ["fullname", "emailaddress1", "modifiedon", "parentcustomerid"], "search": text })
        })
        .await;

    for (what, document) in DOCUMENTS {
        let mut times = Vec::new();
        let mut rows = 0;
        for _ in 0..5 {
            let request = json!({ "connection": "contoso", "fetchxml": document });
            let (found, milliseconds) = asker.ask("cache.fetch", request).await;
            rows = found["rows"].as_array().map_or(0, Vec::len);
            times.push(milliseconds);
        }
        let first = times[0];
        tell(
            &format!("FetchXML on the cache: {what}"),
            median(times.into_iter()),
            &format!("{rows} rows, the first time {first:.0} ms"),
        );
    }

    let definition = json!({ "version": 1, "name": "large", "source": { "connection": "contoso", "entity": "contact",
        "columns": ["contactid", "emailaddress1", "fullname", "gendercode"] },
        "destination": { "connection": "file", "entity": "contacts" },
        "identifiers": [{ "to": "id", "from": "contactid" }],
        "fields": [{ "to": "email", "from": "emailaddress1" }, { "to": "name", "from": "fullname" }, { "to": "gender", "from": "gendercode", "label": true }] });
    let (plan, milliseconds) =
        asker.job("plans.start", json!({ "json": definition.to_string(), "cached": true })).await;
    tell("preview of everything from the cache", milliseconds, &plan["summary"].to_string());
    for (what, more) in [
        ("the preview's rows", json!({})),
        ("the preview's rows, new ones", json!({ "action": "create" })),
        ("the preview's rows by title", json!({ "sort": "title", "descending": true })),
        ("the preview's rows that have \"berg\"", json!({ "search": "berg" })),
    ] {
        let ask = |offset: u64| {
            let mut request = json!({ "plan": plan["plan_id"], "offset": offset, "limit": 100 });
            for (name, value) in more.as_object().into_iter().flatten() {
                request[name] = value.clone();
            }
            request
        };
        asker.windows_of(what, "plans.rows", ask).await;
    }

    for format in ["csv", "jsonl", "xlsx", "sqlite"] {
        let file = home.path().join(format!("out.{format}"));
        let query = json!({ "connection": "contoso", "entity": "contact", "mode": "cached" });
        let request = json!({ "query": query, "format": format, "formatted": true, "path": file.display().to_string() });
        let (export, milliseconds) = asker.job("records.export", request).await;
        let megabytes = export["bytes"].as_u64().unwrap_or_default() / 1_000_000;
        tell(
            &format!("export of everything: {format}"),
            milliseconds,
            &format!("{} records, {megabytes} MB", export["records"]),
        );
        std::fs::remove_file(&file).expect("the export is there");
    }
    let (about, _) = asker.ask("app.about", json!({})).await;
    println!("the store has {} MB", about["store_bytes"].as_u64().unwrap_or_default() / 1_000_000);
}
