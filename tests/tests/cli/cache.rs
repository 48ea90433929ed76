//! The cache: pull, list, records, search, SQL.

use crate::program::{World, count};

#[test]
fn pull_then_everything_offline() {
    let Some(world) = World::new(700) else { return };
    world.add_crm(&[]).with(0);
    let home = &world.home;
    let pulled = home.json(&["cache", "pull", "crm", "contact"]).with(0).json();
    assert_eq!((count(&pulled, "read"), count(&pulled, "new")), (700, 700), "{pulled}");
    let again = home.json(&["cache", "pull", "crm", "contact"]).with(0).json();
    assert_eq!(
        (count(&again, "new"), count(&again, "changed"), count(&again, "deleted")),
        (0, 0, 0),
        "{again}"
    );
    assert_eq!(again["resumed"], false);

    let live = home.json(&["records", "crm", "contact", "--columns", "fullname"]).with(0).lines();
    world.sandbox.clear_requests();
    let cached = home.json(&["cache", "records", "crm", "contact", "--columns", "fullname"]).with(0).lines();
    let sorted = |records: &[serde_json::Value]| {
        let mut ids: Vec<String> = records
            .iter()
            .map(|record| format!("{} {}", record["contactid"].as_str().unwrap(), record["fullname"]))
            .collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(sorted(&cached), sorted(&live));
    let list = home.json(&["cache", "list"]).with(0).json();
    assert_eq!(count(&list[0], "records"), 700, "{list}");

    let word = live.iter().find_map(|record| {
        let name = record["fullname"].as_str()?;
        name.split(' ').find(|word| word.len() > 4 && word.bytes().all(|b| b.is_ascii_alphabetic()))
    });
    let word = word.expect("somebody has an ASCII name");
    let hits = home.json(&["cache", "search", word, "--connection", "crm"]).with(0).json();
    assert!(!hits.as_array().unwrap().is_empty(), "{word} is not found");
    assert_eq!(hits[0]["entity"], "contact");

    let table = home.json(&["cache", "sql", "crm", "SELECT count(*) AS n FROM contact"]).with(0).json();
    assert_eq!((&table["columns"][0], &table["rows"][0][0]), (&"n".into(), &700.into()), "{table}");
    for statement in ["DELETE FROM contact", "SELECT 1; SELECT 2", "ATTACH 'x' AS y", "SELEC 1"] {
        let refused = home.json(&["cache", "sql", "crm", statement]);
        assert_ne!(refused.code, 0, "{statement}: {refused:?}");
        assert!(refused.json()["error"]["message"].is_string());
    }
    let file = |name: &str| home.path(name).display().to_string();
    let document = file("gender.xml");
    std::fs::write(
        &document,
        "<fetch aggregate='true'><entity name='contact'><attribute name='contactid' alias='n' aggregate='count'/>
         <attribute name='gendercode' alias='g' groupby='true'/><order alias='g'/></entity></fetch>",
    )
    .unwrap();
    let groups = home.json(&["cache", "fetch", "crm", "--fetchxml", &document]).with(0).lines();
    assert_eq!(groups.iter().map(|group| count(group, "n")).sum::<u64>(), 700, "{groups:?}");
    for name in ["contacts.csv", "contacts.xlsx", "contacts.db", "contacts.json", "contacts.jsonl"] {
        let out = file(name);
        let report = home.json(&["cache", "export", "crm", "contact", "--out", &out]).with(0).json();
        assert_eq!(count(&report, "records"), 700, "{name}: {report}");
        assert_eq!(std::fs::metadata(&out).unwrap().len(), count(&report, "bytes"), "{name}");
    }
    let out = file("names.csv");
    let statement = "SELECT fullname, gendercode_label FROM contact ORDER BY 1";
    home.json(&["cache", "sql", "crm", statement, "--out", &out, "--delimiter", ";", "--no-bom"]).with(0);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.starts_with("fullname;gendercode_label\r\n"), "{}", &text[..40]);
    assert_ne!(home.json(&["cache", "export", "crm", "contact", "--out", "x.doc"]).code, 0);
    assert_eq!(home.json(&["cache", "list"]).json()[0]["records"], 700);
    assert!(world.sandbox.requests().is_empty(), "offline verbs asked the service");
}
