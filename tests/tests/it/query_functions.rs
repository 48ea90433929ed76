//! Query functions as the converter writes them and as the completion offers them, a query for a single row, and words that live rows
//! are not searched for: all against a tenant that takes nothing but what the reference of the Web API has.

use serde_json::{Value, json};
use syncline_model::ErrorCode;

use crate::app_support::Bench;

async fn bench(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect("crm", "contoso").await;
    bench
}

fn ask(text: &str, language: &str) -> Value {
    json!({ "connection": "crm", "language": language, "text": text, "run": "r1" })
}

async fn ids(bench: &Bench, text: &str, language: &str) -> Vec<String> {
    let page = bench.rpc("queries.run", ask(text, language)).await;
    let key = page["primary_id"].as_str().unwrap();
    let rows = page["rows"].as_array().unwrap();
    let mut ids: Vec<String> = rows.iter().map(|row| row[key].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_of_a_converted_query_is_one_that_the_service_has() {
    let bench = bench(80).await;
    let me = bench.rpc("queries.run", ask("systemusers?$select=fullname&$top=1", "odata")).await;
    let me = me["rows"][0]["systemuserid"].as_str().unwrap().to_owned();
    let none = |operator: &str, column: &str| (column.to_owned(), operator.to_owned(), vec![]);
    let with = |operator: &str, column: &str, values: &[&str]| {
        (
            column.to_owned(),
            operator.to_owned(),
            values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>(),
        )
    };
    let mut all = vec![
        none("eq-businessid", "owningbusinessunit"),
        none("ne-businessid", "owningbusinessunit"),
        none("eq-userlanguage", "new_loyaltypoints"),
        with("in", "gendercode", &["1", "2"]),
        with("not-in", "lastname", &["O'BRIEN", "say \"hi\""]),
        with("between", "new_loyaltypoints", &["1", "900"]),
        with("not-between", "new_loyaltypoints", &["1", "900"]),
        with("contain-values", "new_interests", &["9"]),
        with("not-contain-values", "new_interests", &["9"]),
        with("on", "createdon", &["2020-01-01"]),
        with("on-or-before", "createdon", &["2020-01-01"]),
        with("on-or-after", "createdon", &["2020-01-01"]),
        with("in-fiscal-year", "createdon", &["2025"]),
        with("in-fiscal-period", "createdon", &["1"]),
        with("in-fiscal-period-and-year", "createdon", &["1", "2025"]),
        with("in-or-before-fiscal-period-and-year", "createdon", &["1", "2025"]),
        with("in-or-after-fiscal-period-and-year", "createdon", &["1", "2025"]),
    ];
    for operator in [
        "eq-userid",
        "ne-userid",
        "eq-userteams",
        "eq-useroruserteams",
        "eq-useroruserhierarchy",
        "eq-useroruserhierarchyandteams",
    ] {
        all.push(none(operator, "ownerid"));
    }
    for operator in [
        "yesterday",
        "today",
        "tomorrow",
        "last-seven-days",
        "next-seven-days",
        "last-week",
        "this-month",
        "next-year",
        "this-fiscal-year",
        "last-fiscal-period",
    ] {
        all.push(none(operator, "createdon"));
    }
    for operator in [
        "last-x-hours",
        "next-x-days",
        "last-x-weeks",
        "olderthan-x-minutes",
        "olderthan-x-hours",
        "olderthan-x-months",
        "last-x-fiscal-years",
        "next-x-fiscal-periods",
    ] {
        all.push(with(operator, "createdon", &["5"]));
    }
    for operator in ["under", "eq-or-under", "not-under", "above", "eq-or-above"] {
        all.push(with(operator, "systemuserid", &[&me]));
    }
    for (column, operator, values) in all {
        let entity = if column == "systemuserid" { "systemuser" } else { "contact" };
        let written: String =
            values.iter().map(|value| format!("<value>{}</value>", value.replace('"', "&quot;"))).collect();
        let condition = match values.as_slice() {
            [] => format!("<condition attribute='{column}' operator='{operator}'/>"),
            [value] if !operator.contains("-values") => {
                format!("<condition attribute='{column}' operator='{operator}' value='{value}'/>")
            }
            _ => format!("<condition attribute='{column}' operator='{operator}'>{written}</condition>"),
        };
        let fetch = format!(
            "<fetch><entity name='{entity}'><attribute name='{entity}id'/><filter>{condition}</filter></entity></fetch>"
        );
        let code = bench.rpc("queries.code", ask(&fetch, "fetchxml")).await;
        let odata = code["odata"].as_str().unwrap_or_else(|| panic!("{operator}: {code}"));
        assert!(odata.contains("Microsoft.Dynamics.CRM."), "{odata}");
        assert_eq!(ids(&bench, odata, "odata").await, ids(&bench, &fetch, "fetchxml").await, "{odata}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_offered_with_arguments_of_their_types() {
    let bench = bench(5).await;
    let text = "contacts?$filter=";
    let ask = json!({ "connection": "crm", "language": "odata", "text": text, "offset": text.len() });
    let offers = bench.rpc("queries.complete", ask).await;
    for (name, rest) in [
        ("LastXDays", "',PropertyValue=)"),
        ("InFiscalYear", "',PropertyValue=)"),
        ("OnOrAfter", "',PropertyValue='')"),
        ("InFiscalPeriodAndYear", "',PropertyValue1=,PropertyValue2=)"),
        ("Between", "',PropertyValues=[''])"),
        ("EqualUserId", "')"),
    ] {
        let label = format!("Microsoft.Dynamics.CRM.{name}");
        let offer = offers["items"].as_array().unwrap().iter().find(|item| item["label"] == label.as_str());
        let offer = offer.unwrap_or_else(|| panic!("{label}"));
        assert_eq!(offer["insert"], format!("{label}(PropertyName='{rest}"));
        assert_eq!(offer["back"], rest.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_for_one_row_shows_it_and_asks_once() {
    let bench = bench(20).await;
    let rows = bench.rpc("queries.run", ask("accounts?$select=name,accountnumber&$top=1", "odata")).await;
    let (number, id) = (rows["rows"][0]["accountnumber"].clone(), rows["rows"][0]["accountid"].clone());
    let text = |key: String| format!("accounts({key})?$select=name");
    for key in [format!("accountnumber='{}'", number.as_str().unwrap()), id.as_str().unwrap().to_owned()] {
        let before = asked(&bench).await;
        let page = bench.rpc("queries.run", ask(&text(key), "odata")).await;
        let found = page["rows"].as_array().unwrap();
        assert_eq!((found.len(), &found[0]["name"]), (1, &rows["rows"][0]["name"]), "{page}");
        assert_eq!(found[0]["accountid"], id);
        assert_eq!(page["next"], Value::Null);
        assert_eq!(asked(&bench).await, before + 1);
    }
    let missing =
        bench.refused("queries.run", ask("accounts(accountnumber='NONE')?$select=name", "odata")).await;
    assert_eq!(missing.code, ErrorCode::NotFound, "{missing:?}");
}

async fn asked(bench: &Bench) -> usize {
    let all = bench.rpc("requests.list", json!({ "connection": "crm" })).await;
    let of_rows = |one: &&Value| one["path"].as_str().unwrap().contains("/accounts(");
    all.as_array().unwrap().iter().filter(of_rows).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_not_left_out_of_a_search_in_live_rows() {
    let bench = bench(5).await;
    let mut ask = json!({ "connection": "crm", "entity": "contact", "mode": "live", "search": "smith" });
    let refused = bench.refused("records.query", ask.clone()).await;
    assert_eq!(refused.code, ErrorCode::Usage);
    assert!(refused.message.contains("pulled records"), "{refused:?}");
    ask["search"] = json!(" ");
    assert_eq!(bench.rpc("records.query", ask).await["rows"].as_array().unwrap().len(), 5);
}

/// What the service refuses is not turned into FetchXML that would run.
#[tokio::test(flavor = "multi_thread")]
async fn odata_that_the_service_refuses_is_not_converted() {
    let bench = bench(20).await;
    let function = "Microsoft.Dynamics.CRM.In(PropertyName='ownerid',PropertyValues=['00000000-0000-0000-0000-000000000001'])";
    for (filter, reason) in [
        (format!("not {function}"), "not before a query function"),
        (format!("not ({function})"), "not before a query function"),
        (function.replace("ownerid", "_ownerid_value"), "logical name"),
    ] {
        let text = format!("contacts?$select=fullname&$filter={filter}");
        let code = bench.rpc("queries.code", ask(&text, "odata")).await;
        assert_eq!(code["fetchxml"], Value::Null, "{code}");
        assert!(code["reasons"][0].as_str().unwrap().contains(reason), "{code}");
        bench.refused("queries.run", ask(&text, "odata")).await;
    }
    let code = bench.rpc("queries.code", ask(&format!("contacts?$filter={function}"), "odata")).await;
    assert!(code["fetchxml"].as_str().unwrap().contains("operator=\"in\""), "{code}");
    // Rows without a value belong to both.
    let not = "contacts?$select=contactid&$filter=not contains(emailaddress1,'a')";
    let code = bench.rpc("queries.code", ask(not, "odata")).await;
    let fetch = code["fetchxml"].as_str().unwrap();
    assert!(fetch.contains("operator=\"not-like\""), "{fetch}");
    assert_eq!(ids(&bench, not, "odata").await, ids(&bench, fetch, "fetchxml").await);
}

/// A day goes out as the column's type wants it.
#[tokio::test(flavor = "multi_thread")]
async fn days_become_moments_where_the_column_holds_moments() {
    let bench = bench(60).await;
    for (column, value, wanted) in [
        ("createdon", "2026-03-01", "createdon ge 2026-03-01T00:00:00Z"),
        ("createdon", "2026-03-01T08:30:00", "createdon ge 2026-03-01T08:30:00Z"),
        ("createdon", "2026-03-01T08:30:00+02:00", "createdon ge 2026-03-01T08:30:00+02:00"),
        ("birthdate", "1980-03-01", "birthdate ge 1980-03-01"),
        ("birthdate", "1980-03-01T00:00:00Z", "birthdate ge 1980-03-01"),
    ] {
        let fetch = format!(
            "<fetch><entity name=\"contact\"><attribute name=\"contactid\"/><filter><condition attribute=\"{column}\" operator=\"ge\" value=\"{value}\"/></filter></entity></fetch>"
        );
        let code = bench.rpc("queries.code", ask(&fetch, "fetchxml")).await;
        let odata = code["odata"].as_str().unwrap_or_else(|| panic!("{code}"));
        assert!(odata.contains(wanted), "{odata}");
        let rows = ids(&bench, odata, "odata").await;
        assert_eq!(rows, ids(&bench, &fetch, "fetchxml").await, "{value}");
    }
    let soon = "<fetch><entity name=\"contact\"><filter><condition attribute=\"birthdate\" operator=\"ge\" value=\"1980-03-01T08:00:00Z\"/></filter></entity></fetch>";
    let code = bench.rpc("queries.code", ask(soon, "fetchxml")).await;
    assert_eq!(code["odata"], Value::Null, "a time of day means nothing to a day: {code}");
}

/// Owners: FetchXML joins users and teams, OData shows neither.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_joined_in_fetchxml_and_not_expanded_in_odata() {
    let bench = bench(20).await;
    let described = bench.rpc("entities.describe", json!({ "connection": "crm", "entity": "task" })).await;
    let owners: Vec<(&str, &str, &str)> = described["schema"]["relationships"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["column"] == "ownerid")
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (text("other_entity"), text("referenced_column"), text("navigation_property"))
        })
        .collect();
    assert_eq!(owners, [("systemuser", "systemuserid", "ownerid_task"), ("team", "teamid", "ownerid_task")]);
    let fetch = |column: &str| {
        format!(
            "<fetch><entity name=\"contact\"><attribute name=\"contactid\"/><link-entity name=\"systemuser\" from=\"systemuserid\" to=\"{column}\" alias=\"o\" link-type=\"outer\"><attribute name=\"fullname\"/></link-entity></entity></fetch>"
        )
    };
    let checked = bench.rpc("queries.check", ask(&fetch("ownerid"), "fetchxml")).await;
    let odd = checked["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "odd_link");
    assert!(!odd, "a link to what owns is no odd one: {checked}");
    assert_eq!(ids(&bench, &fetch("ownerid"), "fetchxml").await.len(), 20);
    let code = bench.rpc("queries.code", ask(&fetch("ownerid"), "fetchxml")).await;
    assert!(code["reasons"][0].as_str().unwrap().contains("owninguser"), "{code}");
    let code = bench.rpc("queries.code", ask(&fetch("owninguser"), "fetchxml")).await;
    let odata = code["odata"].as_str().unwrap_or_else(|| panic!("{code}"));
    assert_eq!(ids(&bench, odata, "odata").await.len(), 20);
    let text = "contacts?$select=fullname&$expand=ownerid($select=fullname)";
    let code = bench.rpc("queries.code", ask(text, "odata")).await;
    assert!(code["reasons"][0].as_str().unwrap().contains("owninguser"), "{code}");
    let refused = bench.refused("queries.run", ask(text, "odata")).await;
    assert_eq!(refused.code, ErrorCode::QueryInvalid);
    let offset = "contacts?$expand=".len();
    let offers =
        json!({ "connection": "crm", "language": "odata", "text": "contacts?$expand=", "offset": offset });
    let offers = bench.rpc("queries.complete", offers).await;
    let labels: Vec<&str> =
        offers["items"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect();
    assert!(labels.contains(&"owninguser") && !labels.contains(&"ownerid"), "{labels:?}");
}
