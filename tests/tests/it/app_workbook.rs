//! An Excel export, read back by another hand: labels in place of codes, numbers and dates as such, links back to the records.

use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::{Value, json};
use std::collections::HashMap;

use crate::app_support::{Bench, count};

const COLUMNS: [&str; 7] =
    ["contactid", "fullname", "gendercode", "parentcustomerid", "creditlimit", "donotemail", "createdon"];

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_holds_labels_numbers_dates_and_links_back() {
    let bench = Bench::new(150).await;
    bench.connect("contoso", "contoso").await;
    bench.done("cache.pull", json!({ "connection": "contoso", "entity": "contact" })).await;
    let path = bench.home.path().join("contacts.xlsx");
    let query = json!({ "connection": "contoso", "entity": "contact", "mode": "cached", "columns": COLUMNS, "limit": 500 });
    let ask = json!({ "query": query, "format": "xlsx", "path": path, "formatted": true });
    let report = bench.done("records.export", ask).await;
    assert_eq!(count(&report, "records"), 150, "{report}");
    let page = bench.rpc("records.query", query).await;
    let records: HashMap<&str, &Value> = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["id"].as_str().unwrap(), &row["raw"]))
        .collect();
    let connection = bench.rpc("connections.get", json!({ "connection": "contoso" })).await;
    let url = connection["url"].as_str().unwrap();

    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let sheet = book.sheet_names()[0].clone();
    let (cells, formulas) = (book.worksheet_range(&sheet).unwrap(), book.worksheet_formula(&sheet).unwrap());
    let heads: Vec<String> = cells.rows().next().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(cells.height(), 151);
    let described =
        bench.rpc("entities.describe", json!({ "connection": "contoso", "entity": "contact" })).await;
    let all = described["schema"]["columns"].as_array().unwrap();
    // People read display names.
    let at = |name: &str| {
        let column = all.iter().find(|column| column["logical_name"] == name).unwrap();
        let title = column["display_name"].as_str().unwrap();
        let found = heads.iter().position(|head| head == title);
        u32::try_from(found.unwrap_or_else(|| panic!("{title}: {heads:?}"))).unwrap()
    };
    let (mut labels, mut numbers, mut links) = (0, 0, 0);
    for row in 1..=150_u32 {
        let cell = |name: &str| cells.get_value((row, at(name))).unwrap_or(&Data::Empty);
        let formula = (0..heads.len())
            .filter_map(|column| formulas.get_value((row, u32::try_from(column).unwrap())))
            .find(|formula| formula.contains("HYPERLINK"))
            .unwrap_or_else(|| panic!("row {row} has no link"));
        let id = records
            .keys()
            .find(|id| {
                formula.contains(&format!("{url}/main.aspx?etn=contact&id={id}&pagetype=entityrecord"))
            })
            .unwrap_or_else(|| panic!("{formula}"));
        links += 1;
        let record = records[id];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if !record["fullname"].is_null() {
            assert_eq!(cell("fullname").to_string(), text(&record["fullname"]), "{record}");
        }
        let wires = [
            ("gendercode", "gendercode"),
            ("parentcustomerid", "_parentcustomerid_value"),
            ("donotemail", "donotemail"),
        ];
        for (name, wire) in wires {
            let label = text(&record[format!("{wire}@OData.Community.Display.V1.FormattedValue")]);
            if !label.is_empty() {
                assert_eq!(cell(name).to_string(), label, "a label in place of {}", record[wire]);
                labels += 1;
            }
        }
        if let Some(limit) = record["creditlimit"].as_f64() {
            assert_eq!(cell("creditlimit"), &Data::Float(limit));
            numbers += 1;
        }
        assert!(matches!(cell("createdon"), Data::DateTime(_)), "{:?}", cell("createdon"));
    }
    assert!(labels > 20 && numbers > 5 && links == 150, "{labels} labels, {numbers} numbers");
}
