//! Masked exports of records: no name, address, number or mail of the sample leaves in clear, in any form, and joins keep their counts.

use serde_json::{Value, json};
use std::collections::HashSet;

use crate::app_support::Bench;

const PERSONAL: [&str; 7] =
    ["fullname", "firstname", "lastname", "emailaddress1", "telephone1", "mobilephone", "address1_line1"];

#[tokio::test(flavor = "multi_thread")]
async fn masked_files_hold_nothing_personal_and_still_join() {
    let bench = Bench::new(80).await;
    bench.connect("contoso", "contoso").await;
    let ask = json!({ "connection": "contoso", "entity": "contact" });
    bench.done("cache.pull", ask.clone()).await;
    let folder = tempfile::tempdir().unwrap();
    let export = |format: &'static str, masked: bool| {
        let path = folder.path().join(format!("{masked}.{format}"));
        let mut query = ask.clone();
        query["mode"] = json!("cached");
        let bench = &bench;
        async move {
            let request = json!({
                "query": query, "format": format, "path": path, "formatted": true, "masked": masked,
            });
            let report = bench.done("records.export", request).await;
            assert_eq!(report["records"], 80);
            std::fs::read(&path).unwrap()
        }
    };
    let rows = |bytes: Vec<u8>| -> Vec<Value> {
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let clear = rows(export("jsonl", false).await);
    let masked = rows(export("jsonl", true).await);
    let secrets: HashSet<String> = clear
        .iter()
        .flat_map(|row| PERSONAL.iter().filter_map(|name| row[name].as_str()))
        // Short ones are found inside everything.
        .filter(|text| text.trim().chars().count() > 4)
        .map(str::to_lowercase)
        .collect();
    assert!(secrets.len() > 200, "{}", secrets.len());
    for format in ["jsonl", "csv", "sqlite"] {
        let bytes = export(format, true).await;
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let told: Vec<&String> = secrets.iter().filter(|secret| text.contains(secret.as_str())).collect();
        assert!(told.is_empty(), "{format} tells {told:?}");
    }
    for name in PERSONAL {
        let different = |rows: &[Value]| {
            let texts = rows.iter().filter_map(|row| row[name].as_str());
            texts.map(|text| text.trim().to_lowercase()).collect::<HashSet<_>>().len()
        };
        assert_eq!(different(&masked), different(&clear), "{name} joins as before");
    }
    for (masked, clear) in masked.iter().zip(&clear) {
        for kept in ["contactid", "_parentcustomerid_value", "gendercode", "creditlimit", "createdon"] {
            assert_eq!(masked[kept], clear[kept], "{kept}");
        }
    }
}
