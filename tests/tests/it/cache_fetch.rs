//! FetchXML over the cache: a corpus of documents gives the same rows from the service and from what was pulled.

use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use syncline_fetchxml::{Aggregate, Attribute, DateGrouping, Fetch, Filter, LinkEntity, LinkType, Operator};

use syncline_api::ApiError;

use crate::app_support::Bench;

const RECORDS: u64 = 600;
const PULLED: [&str; 14] = [
    "contact",
    "account",
    "task",
    "systemuser",
    "businessunit",
    "usersettings",
    "team",
    "new_project",
    "new_projectmember",
    "list",
    "listmember",
    "opportunity",
    "transactioncurrency",
    "lead",
];

/// The documents: file and name, text.
fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/fetchxml");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut found: Vec<(String, String)> = Vec::new();
    for file in files {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        for line in std::fs::read_to_string(&file).unwrap().lines().filter(|line| !line.starts_with(';')) {
            match line.strip_prefix("# ") {
                Some(name) => found.push((format!("{stem}: {name}"), String::new())),
                None => found.last_mut().unwrap().1.push_str(line),
            }
        }
    }
    found
}

/// What a corpus covers.
#[derive(Default)]
struct Covered {
    operators: HashSet<Operator>,
    links: HashSet<LinkType>,
    aggregates: HashSet<Aggregate>,
    groupings: HashSet<DateGrouping>,
    row_aggregates: usize,
    value_of: usize,
    distinct: usize,
}

impl Covered {
    fn fetch(&mut self, fetch: &Fetch) {
        self.distinct += usize::from(fetch.distinct);
        self.attributes(&fetch.entity.attributes);
        fetch.entity.filter.iter().for_each(|filter| self.filter(filter));
        fetch.entity.links.iter().for_each(|link| self.link(link));
    }
    fn attributes(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            self.aggregates.extend(attribute.aggregate);
            self.groupings.extend(attribute.date_grouping);
            self.row_aggregates += usize::from(attribute.row_aggregate.is_some());
        }
    }
    fn filter(&mut self, filter: &Filter) {
        for condition in &filter.conditions {
            self.operators.insert(condition.operator);
            self.value_of += usize::from(condition.value_of.is_some());
        }
        filter.filters.iter().for_each(|inner| self.filter(inner));
        filter.links.iter().for_each(|link| self.link(link));
    }
    fn link(&mut self, link: &LinkEntity) {
        self.links.insert(link.link_type);
        self.attributes(&link.attributes);
        link.filter.iter().for_each(|filter| self.filter(filter));
        link.links.iter().for_each(|link| self.link(link));
    }
}

#[test]
fn the_corpus_covers_everything_on_offer() {
    let mut covered = Covered::default();
    let documents = corpus();
    for (name, text) in &documents {
        covered.fetch(&Fetch::parse(text).unwrap_or_else(|error| panic!("{name}: {error}")));
    }
    assert!(documents.len() >= 150, "{} documents", documents.len());
    let missing: Vec<_> = Operator::ALL.iter().filter(|one| !covered.operators.contains(one)).collect();
    assert!(missing.is_empty(), "operators without a document: {missing:?}");
    let missing: Vec<_> = LinkType::EVERY.iter().filter(|one| !covered.links.contains(one)).collect();
    assert!(missing.is_empty(), "link types without a document: {missing:?}");
    let missing: Vec<_> = Aggregate::EVERY.iter().filter(|one| !covered.aggregates.contains(one)).collect();
    assert!(missing.is_empty(), "aggregates without a document: {missing:?}");
    let missing: Vec<_> = DateGrouping::EVERY.iter().filter(|one| !covered.groupings.contains(one)).collect();
    assert!(missing.is_empty(), "date groupings without a document: {missing:?}");
    assert!(covered.row_aggregates > 0 && covered.value_of > 6 && covered.distinct > 3);
}

/// Contacts with dates around now, so that every relative operator has something to find.
async fn write_dates(bench: &Bench) {
    let now = jiff::Timestamp::now();
    let day = 24 * 60;
    let mut offsets = vec![7, 97, 130, 9 * 60, 29 * 60 + 13, 31 * 60];
    offsets.extend(
        [1, 2, 3, 4, 6, 7, 8, 10, 13, 14, 15, 20, 28, 33, 45, 58, 63, 75, 95, 130, 180, 250, 300, 350]
            .map(|n| n * day + 11),
    );
    offsets.extend([370, 500, 640, 720, 740, 800, 1100].map(|n| n * day + 11));
    for offset in offsets.into_iter().flat_map(|minutes: i64| [minutes, -minutes]) {
        let at = now.checked_add(jiff::SignedDuration::from_mins(offset)).unwrap();
        let text = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let data = json!({
            "lastname": format!("dated {offset}"), "firstname": "Dée", "lastonholdtime": text, "anniversary": &text[..10],
            "new_nextappointment": text,
        });
        let request =
            json!({ "connection": "contoso", "entity": "contact", "operation": "create", "data": data });
        bench.rpc("records.write", request).await;
    }
}

async fn first(bench: &Bench, sql: &str) -> String {
    let table = bench.rpc("cache.sql", json!({ "connection": "contoso", "statement": sql })).await;
    table["rows"][0][0].as_str().unwrap_or_else(|| panic!("{sql}: {table}")).to_owned()
}

/// The words in braces of the documents.
async fn words(bench: &Bench) -> BTreeMap<&'static str, String> {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let top = "SELECT a._id FROM account a WHERE a._id IN (SELECT b.parentaccountid FROM account b JOIN account c ON c.parentaccountid = b._id) ORDER BY 1";
    let leaf = "SELECT c._id FROM account c JOIN account b ON c.parentaccountid = b._id WHERE b.parentaccountid IS NOT NULL ORDER BY 1";
    BTreeMap::from([
        ("{account}", first(bench, top).await),
        ("{leaf}", first(bench, leaf).await),
        ("{account2}", first(bench, "SELECT parentcustomerid FROM contact WHERE parentcustomerid IN (SELECT _id FROM account) ORDER BY 1 DESC").await),
        ("{contact}", first(bench, "SELECT _id FROM contact ORDER BY 1").await),
        ("{contact2}", first(bench, "SELECT _id FROM contact ORDER BY 1 DESC").await),
        ("{manager}", first(bench, "SELECT parentsystemuserid FROM systemuser WHERE parentsystemuserid IS NOT NULL ORDER BY 1").await),
        ("{unit}", first(bench, "SELECT _id FROM businessunit WHERE parentbusinessunitid IS NOT NULL ORDER BY 1").await),
        ("{created}", first(bench, "SELECT createdon FROM contact WHERE createdon < '2022' ORDER BY createdon DESC").await),
        ("{born}", first(bench, "SELECT birthdate FROM contact WHERE birthdate IS NOT NULL ORDER BY birthdate LIMIT 1 OFFSET 200").await),
        ("{year}", now.year().to_string()),
        ("{quarter}", ((now.month() - 1) / 3 + 1).to_string()),
        ("{day}", now.yesterday().unwrap().to_string()),
    ])
}

/// A row without what is said about its values, numbers at the precision of what is compared.
fn plain(row: &Value, fold: bool) -> BTreeMap<String, Value> {
    let known = row.as_object().unwrap().iter().filter(|(name, _)| !name.contains('@'));
    known
        .map(|(name, value)| {
            let value = match value {
                Value::Number(number) => {
                    let number: f64 = number.to_string().parse().unwrap();
                    json!(format!("{number:.6}"))
                }
                Value::String(text) if fold => json!(text.to_lowercase()),
                other => other.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}

async fn live(bench: &Bench, text: &str) -> Result<Vec<Value>, ApiError> {
    let windowed = text.contains(" count=");
    let (mut rows, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let request = json!({ "connection": "contoso", "fetchxml": text, "cursor": cursor });
        let page = bench.app.rpc("records.fetch", request).await?;
        rows.extend(page["rows"].as_array().unwrap().iter().cloned());
        cursor = page["next"].clone();
        if cursor.is_null() || windowed {
            return Ok(rows);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corpus_gives_the_same_rows_from_the_service_and_from_the_cache() {
    let bench = Bench::new(RECORDS).await;
    bench.connect_writable("contoso", "contoso").await;
    write_dates(&bench).await;
    for entity in PULLED {
        bench.done("cache.pull", json!({ "connection": "contoso", "entity": entity })).await;
    }
    let words = words(&bench).await;
    let mut different = Vec::new();
    let mut empty = Vec::new();
    let documents = corpus();
    for (name, text) in &documents {
        let mut text = text.clone();
        for (word, value) in &words {
            text = text.replace(word, value);
        }
        let expected = match live(&bench, &text).await {
            Ok(rows) => rows,
            Err(error) => {
                different.push(format!("{name}: the service says {} {:?}", error.message, error.detail));
                continue;
            }
        };
        let request = json!({ "connection": "contoso", "fetchxml": text });
        let found = match bench.app.rpc("cache.fetch", request).await {
            Ok(found) => found,
            Err(error) => {
                different.push(format!("{name}: {} {:?}", error.message, error.hint));
                continue;
            }
        };
        let groups = text.contains("aggregate='true'");
        let fold = groups || text.contains("distinct='true'");
        let mut expected: Vec<_> = expected.iter().map(|row| plain(row, fold)).collect();
        let mut found: Vec<_> =
            found["rows"].as_array().unwrap().iter().map(|row| plain(row, fold)).collect();
        if expected.is_empty() {
            empty.push(name.clone());
        }
        if !text.contains("<order") {
            expected.sort_by_cached_key(|row| format!("{row:?}"));
            found.sort_by_cached_key(|row| format!("{row:?}"));
        }
        if expected != found {
            let at = expected
                .iter()
                .zip(&found)
                .position(|(a, b)| a != b)
                .unwrap_or(expected.len().min(found.len()));
            different.push(format!(
                "{name}\n  {text}\n  {} rows from the service, {} from the cache; the first that differs is {at}:\n  {:?}\n  {:?}",
                expected.len(), found.len(), expected.get(at), found.get(at)
            ));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        documents.len(),
        different.join("\n")
    );
    // A document that finds nothing shows little.
    assert!(
        empty.len() * 20 < documents.len(),
        "{} of {} find nothing: {empty:?}",
        empty.len(),
        documents.len()
    );
}
