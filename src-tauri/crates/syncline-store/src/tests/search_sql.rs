//! Search and SQL over the cache.

use proptest::prelude::*;
use serde_json::json;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use uuid::Uuid;

use crate::cache::search_look::Looks;
use crate::testing::{begin, catch_up, connection_id, contact, now, open, pull, record, schema_of};
use crate::{PullEnd, PullKind, PullStart, SearchQuery, SqlCancel, Store, StoreError};

fn filled() -> (tempfile::TempDir, Store) {
    let (folder, store) = open();
    let rows = [
        json!({ "fullname": "Zoë Łukasik", "emailaddress1": "zoe.l@contoso.co.uk", "telephone1": "+1 (425) 555-0134" }),
        json!({ "fullname": "Ann Lee", "description": "Knows Zoe.\nWants 20% \"off\"", "gendercode": 2 }),
        json!({ "fullname": "Bob", "telephone1": "0044 20 7946 0000", "new_interests": "10,100",
            "_parentcustomerid_value": "A", "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue": "Adventure Works" }),
    ];
    let rows: Vec<_> = rows.into_iter().enumerate().map(|(n, body)| record(&n.to_string(), body)).collect();
    pull(&store, PullKind::Full, &rows);
    // The same entity of another connection.
    let schema = schema_of("contact");
    let start = PullStart {
        connection: Uuid::from_u128(99),
        schema: &schema,
        columns: &[],
        selection: "{}",
        kind: PullKind::Full,
    };
    let other = store.begin_pull(&start, now()).unwrap();
    let theirs = record("9", json!({ "fullname": "Zoe Theirs", "emailaddress1": "secret@other.example" }));
    store.write_page(other.id, &[theirs], None, 1, now()).unwrap();
    store.finish_pull(other.id, PullEnd::Done, now()).unwrap();
    catch_up(&store, Uuid::from_u128(99));
    (folder, store)
}

fn found(store: &Store, text: &str) -> Vec<String> {
    let only = [connection_id()];
    let query = SearchQuery { text, connections: Some(&only), entity: None, limit: 10 };
    store.search(&query).unwrap().hits.into_iter().map(|hit| hit.id.to_string()).collect()
}

#[test]
fn a_single_letter_finds_what_begins_with_it_names_first() {
    let (_folder, store) = open();
    let names = ["Bea", "Axel", "Ärger", "A", "A. Bo", "Å1", "Aß", "A電", "Bo Ada", "Aé", "Cy", "A_b", "Zu"];
    let mut rows: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(n, name)| record(&n.to_string(), json!({ "fullname": name, "description": "none" })))
        .collect();
    rows.push(record("elsewhere", json!({ "fullname": "Zed", "description": "an aside" })));
    pull(&store, PullKind::Full, &rows);
    let only = [connection_id()];
    let search = |limit| {
        let query = SearchQuery { text: "a", connections: Some(&only), entity: None, limit };
        let hits = store.search(&query).unwrap();
        (hits.hits.into_iter().map(|hit| hit.id.to_string()).collect::<Vec<_>>(), hits.more)
    };
    let (all, more) = search(50);
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(sorted, ["1", "11", "2", "3", "4", "5", "6", "7", "8", "9", "elsewhere"]);
    assert!(!more && all.last().is_some_and(|last| last == "elsewhere"), "{all:?}");
    assert!(
        all[..3].contains(&"3".to_owned()) && all[..3].contains(&"4".to_owned()),
        "whole words first: {all:?}"
    );
    let (few, more) = search(4);
    assert!(more && few == all[..4], "{few:?}");
}

#[test]
fn words_are_beginnings_without_case_and_accents() {
    let (_folder, store) = filled();
    assert_eq!(found(&store, "ZOE"), ["0", "1"], "the name counts more than the description");
    assert_eq!(found(&store, "contoso"), ["0"]);
    assert_eq!(found(&store, "zoe.l@cont"), ["0"]);
    for phone in ["4255550134", "425 555", "+1 425 555 01", "14255550134", "555-0134"] {
        assert_eq!(found(&store, phone), ["0"], "{phone}");
    }
    assert_eq!(found(&store, "442079460000"), ["2"]);
    assert_eq!(found(&store, "00442079460000"), ["2"]);
    assert_eq!(found(&store, "207946"), ["2"], "without international prefix and country code");
    assert_eq!(found(&store, "adv wor"), ["2"]);
    assert_eq!(found(&store, "sailing"), ["2"]);
    assert_eq!(found(&store, "female"), ["1"]);
    assert_eq!(found(&store, "zoe bob"), Vec::<String>::new());
    for nothing in ["", " ", "\"", "*", "(", "\u{0}", "AND", "NEAR(zoe bob)", "fullname:zoe", "-zoe^"] {
        let _ = found(&store, nothing);
    }
    assert_eq!(found(&store, "title:zoe"), Vec::<String>::new(), "no column filter");

    let query = SearchQuery { text: "zoe", connections: None, entity: Some(&contact()), limit: 2 };
    let hits = store.search(&query).unwrap();
    assert!(hits.more && hits.hits.len() == 2);
    let only = [connection_id()];
    let query = SearchQuery { text: "20 off", connections: Some(&only), entity: None, limit: 2 };
    let hit = store.search(&query).unwrap().hits.remove(0);
    assert_eq!((hit.title.as_str(), hit.field.as_str(), hit.pulled_at), ("Ann Lee", "description", now()));
    assert_eq!(hit.snippet, "Knows Zoe. Wants ⟦20⟧% \"⟦off⟧\"");
    let account = "account".into();
    let query = SearchQuery { text: "zoe", connections: None, entity: Some(&account), limit: 2 };
    assert!(store.search(&query).unwrap().hits.is_empty());
}

/// Names of 400 records, and what else stands in them: words that nearly all have, that some have and that few have.
fn crowd() -> &'static Store {
    static CROWD: OnceLock<(tempfile::TempDir, Store)> = OnceLock::new();
    let make = || {
        let (folder, store) = open();
        let rows: Vec<_> = (0..400_u64)
            .map(|n| {
                let name = ["Ann Berg", "Bo Offer", "Chloé", "Demo", "4255550134"][(n % 5) as usize];
                let note = format!("{} renewal {}", if n % 3 > 0 { "offer" } else { "off" }, n / 7);
                let phone = format!("+1 (425) 555-{:04}", n * 7);
                record(
                    &format!("{n:04}"),
                    json!({ "fullname": name, "description": note, "telephone1": phone }),
                )
            })
            .collect();
        pull(&store, PullKind::Full, &rows);
        (folder, store)
    };
    &CROWD.get_or_init(make).1
}

fn by(looks: Looks, text: &str, limit: u32) -> crate::SearchHits {
    crowd().search_with(&SearchQuery { text, connections: None, entity: None, limit }, &looks).unwrap()
}

#[test]
fn looking_at_records_finds_what_the_index_finds() {
    let by_index = Looks { large: i64::MAX, ..Looks::default() };
    let texts = [
        "off ren",
        "off",
        "425 55",
        "425 555 00",
        "42555",
        "4255550",
        "+1 425 555-07",
        "ann ren",
        "zo",
        "55",
        "off 9",
        "demo off 425",
        "ren zz",
        "zz 425",
        "renewal 5",
        "1",
    ];
    for text in texts {
        for limit in [1, 3, 50, 500] {
            let expected = by(by_index, text, limit);
            for (first, candidates, rare) in
                [(0, 0, 20), (5, 2, 2), (40, 7, 20), (40, 1_000, 3), (1_000, 5, 20)]
            {
                for bytes in [2_000, usize::MAX] {
                    let looks = Looks { large: 0, first, candidates, bytes, rare };
                    assert_eq!(by(looks, text, limit), expected, "{text:?} {limit} {looks:?}");
                }
            }
        }
    }
    let count = |text| by(by_index, text, 500).hits.len();
    assert_eq!((count("off ren"), count("zz 425"), count("425 555 0134")), (400, 0, 80));
}

#[test]
fn what_has_changed_and_waits_for_the_index_is_not_found_by_looking_either() {
    let (_folder, store) = open();
    let rows = |word: &str, to: u64| -> Vec<_> {
        (0..to)
            .map(|n| record(&format!("{n:04}"), json!({ "fullname": "Ann", "description": word })))
            .collect()
    };
    pull(&store, PullKind::Full, &rows("offer", 500));
    let pull = begin(&store, PullKind::Full);
    store.write_page(pull.id, &rows("order", 300), Some("1"), 1, now()).unwrap();
    for looks in [Looks { large: i64::MAX, ..Looks::default() }, Looks { large: 0, ..Looks::default() }] {
        let find = |text| {
            let query = SearchQuery { text, connections: None, entity: None, limit: 1_000 };
            let hits = store.search_with(&query, &looks).unwrap();
            (hits.hits.len(), hits.not_indexed)
        };
        assert_eq!((find("off"), find("ord"), find("o a")), ((200, 300), (0, 300), (200, 300)), "{looks:?}");
    }
}

fn sql(store: &Store, statement: &str) -> Result<crate::SqlResult, StoreError> {
    store.sql(connection_id(), statement, 100, &SqlCancel::new())
}

#[test]
fn sql_sees_the_entities_of_one_connection() {
    let (_folder, store) = filled();
    let table = sql(
        &store,
        "SELECT _id, fullname, gendercode, gendercode_label, parentcustomerid_name FROM contact ORDER BY 1;",
    )
    .unwrap();
    assert_eq!(table.columns[3], "gendercode_label");
    assert_eq!(table.rows[1], vec![json!("1"), json!("Ann Lee"), json!(2), json!("Female"), json!(null)]);
    assert_eq!(table.rows.len(), 3);
    assert_eq!(
        sql(&store, "WITH a AS (SELECT count(*) n FROM contact) SELECT n FROM a").unwrap().rows,
        [[json!(3)]]
    );
    assert_eq!(
        sql(&store, "SELECT 1.5, 'x', x'ff', NULL").unwrap().rows[0],
        vec![json!(1.5), json!("x"), json!("ff"), json!(null)]
    );
    assert_eq!(
        sql(&store, "SELECT count(*) FROM json_each('[1,2]') WHERE value > 1").unwrap().rows,
        [[json!(1)]]
    );
    let cut = store.sql(connection_id(), "SELECT 1 FROM contact", 2, &SqlCancel::new()).unwrap();
    assert!(cut.cut && cut.rows.len() == 2);
    for bad in [
        "",
        ";",
        "DELETE FROM contact",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE connections",
        "SELECT * FROM connections",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM sqlite_temp_master",
        "SELECT * FROM c_2",
        "SELECT * FROM r_1",
        "SELECT * FROM s_1",
        "WITH contact AS (SELECT * FROM c_2) SELECT * FROM contact",
        "SELECT * FROM main.connections",
        "SELECT * FROM pragma_table_info('connections')",
        "SELECT * FROM dbstat",
        "SELECT count(*) FROM dbstat",
        "SELECT count(*) FROM connections",
        "SELECT count(*) FROM c_2",
        "SELECT 1 FROM sqlite_master",
        "PRAGMA key",
        "PRAGMA cipher_version",
        "PRAGMA query_only = OFF",
        "ATTACH '/tmp/x' AS x",
        "VACUUM",
        "EXPLAIN SELECT 1 FROM connections",
        "CREATE TEMP TABLE t(x)",
        "BEGIN",
        "SELECT load_extension('x')",
        "SELECT ?1",
        "SELECT nope FROM contact",
        "SELEC",
    ] {
        let error = sql(&store, bad).unwrap_err();
        assert!(matches!(error, StoreError::QueryInvalid { .. }), "{bad}: {error:?}");
    }
    let refused = |text: &str| match sql(&store, text).unwrap_err() {
        StoreError::QueryInvalid { message, hint } => (message, hint.unwrap_or_default()),
        other => panic!("{text}: {other:?}"),
    };
    let (message, hint) = refused("SELECT _id,\n  fulname FROM contact");
    assert!(
        message.contains("line 2, column 3") && hint.contains("did you mean fullname?"),
        "{message} {hint}"
    );
    assert!(refused("SELECT 1 FROM contacts").1.contains("did you mean contact?"));
    assert!(refused("SELECT raw FROM r_1").0.contains("only a SELECT"));
    let StoreError::QueryInvalid { hint, .. } = sql(&store, "SELECT * FROM acount").unwrap_err() else {
        panic!("not a query error")
    };
    assert!(hint.unwrap().contains("contact"));
}

#[test]
fn sql_tells_types_and_adds_up_in_decimal() {
    let (folder, store) = open();
    let rows = [0.1, 0.2, 1e15].map(|limit| {
        record(
            &limit.to_string(),
            json!({ "creditlimit": limit, "donotbulkemail": true, "_parentcustomerid_value": "A",
            "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account" }),
        )
    });
    pull(&store, PullKind::Full, &rows);
    let one = |text: &str| sql(&store, text).unwrap().rows[0][0].clone();
    assert_eq!(one("SELECT sum(creditlimit) FROM contact WHERE creditlimit < 1"), json!(0.3));
    assert_eq!(one("SELECT avg(creditlimit) FROM contact WHERE creditlimit < 1"), json!(0.15));
    assert_eq!(
        one("SELECT sum(creditlimit) OVER (ORDER BY creditlimit) FROM contact ORDER BY 1 LIMIT 1"),
        json!(0.1)
    );
    assert_eq!(one("SELECT typeof(creditlimit) || donotbulkemail FROM contact"), json!("real1"));
    assert_eq!(one("SELECT parentcustomerid_type FROM contact"), json!("account"));
    assert_eq!(one("SELECT _pulled_at FROM contact"), json!("2026-03-04T12:00:00Z"));
    let entities = store.sql_entities(connection_id()).unwrap();
    let column =
        |name: &str| entities[0].columns.iter().find(|column| column.name == name).map(|column| column.kind);
    assert_eq!(
        (column("creditlimit"), column("parentcustomerid_type"), column("nope")),
        (Some("number"), Some("entity"), None)
    );
    let ask = crate::SqlAsk {
        statement: "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
        longest: Some(Duration::from_millis(50)),
        asker: None,
    };
    let late = store.sql_rows(connection_id(), &ask, 1, &SqlCancel::new()).unwrap_err();
    assert!(late.to_string().contains("was stopped"), "{late}");
    drop(folder);
}

#[test]
fn facets_count_the_values_of_a_column() {
    let (_folder, store) = filled();
    let query = crate::GridQuery::new(now().to_zoned(jiff::tz::TimeZone::UTC), 1);
    let facets = store.facets(connection_id(), &crate::testing::contact(), "gendercode", &query, 10).unwrap();
    let found: Vec<_> = facets
        .values
        .iter()
        .map(|facet| (facet.value.clone(), facet.label.as_deref(), facet.count))
        .collect();
    assert_eq!(found, [(None, None, 2), (Some(json!(2)), Some("Female"), 1)]);
    assert_eq!((facets.different, facets.total), (2, 3));
    let searched = crate::GridQuery { search: Some("bob".to_owned()), ..query };
    assert_eq!(
        store.facets(connection_id(), &crate::testing::contact(), "fullname", &searched, 10).unwrap().total,
        1
    );
}

#[test]
fn sql_is_cancelled_while_it_runs_and_before() {
    let (_folder, store) = filled();
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    let cancel = SqlCancel::new();
    let other = cancel.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        other.cancel();
    });
    let begun = Instant::now();
    assert!(matches!(store.sql(connection_id(), endless, 1, &cancel), Err(StoreError::Cancelled)));
    assert!(begun.elapsed() < Duration::from_secs(5));
    thread.join().unwrap();
    assert!(matches!(store.sql(connection_id(), "SELECT 1", 1, &cancel), Err(StoreError::Cancelled)));
}

fn shared() -> &'static (tempfile::TempDir, Store) {
    static SHARED: OnceLock<(tempfile::TempDir, Store)> = OnceLock::new();
    SHARED.get_or_init(filled)
}

proptest! {
    #[test]
    fn any_text_can_be_searched(text in ".*") {
        let query = SearchQuery { text: &text, connections: None, entity: None, limit: 5 };
        prop_assert!(shared().1.search(&query).is_ok());
    }

    #[test]
    fn any_words_are_found_by_looking(
        text in "((off|ren|ann|42|555|z|b|[0-9]{1,3}|\\+1) ?){1,4}", limit in 1_u32..60, first in 0_i64..80, candidates in 0_i64..80, rare in 1_i64..30,
    ) {
        let expected = by(Looks { large: i64::MAX, ..Looks::default() }, &text, limit);
        prop_assert_eq!(by(Looks { large: 0, first, candidates, bytes: 50_000, rare }, &text, limit), expected);
    }

    #[test]
    fn any_text_near_a_record_can_be_searched(text in "[zZoOeEëN \"*():^\\-+.@0-9\u{300}-\u{310}अ-औा-ौ]{0,20}") {
        let query = SearchQuery { text: &text, connections: None, entity: None, limit: 5 };
        prop_assert!(shared().1.search(&query).is_ok());
    }

    #[test]
    fn any_sql_is_answered_or_refused(text in "(SELECT|select|WITH|;|,|\\*|FROM|contact|c_2|fullname|'|\"|\\(|\\)|1| |--|/\\*|\\?|\u{0}|é){0,12}") {
        if let Err(error) = sql(&shared().1, &text) {
            prop_assert!(matches!(error, StoreError::QueryInvalid { .. }), "{error:?}");
        }
    }
}
