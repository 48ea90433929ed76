//! FetchXML documents over the cache.

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use syncline_fetchxml::{Fetch, Fiscal, FiscalPeriods};
use syncline_model::{EntityName, Record, RecordId};

use crate::testing::{at, connection_id, now, open, pull, record, schema_of};
use crate::{
    Asker, AskerFacts, FetchAsk, FetchedRows, PullEnd, PullKind, PullStart, SqlCancel, Store, StoreError,
};

fn add(store: &Store, entity: &str, mut schema: Value, rows: &[(&str, Value)]) {
    schema["logical_name"] = json!(entity);
    let schema = serde_json::from_value(schema).unwrap();
    let start = PullStart {
        connection: connection_id(),
        schema: &schema,
        columns: &[],
        selection: "{}",
        kind: PullKind::Full,
    };
    let pull = store.begin_pull(&start, now()).unwrap();
    let rows: Vec<Record> = rows
        .iter()
        .map(|(id, body)| Record {
            entity: EntityName::new(entity),
            id: RecordId::new(*id),
            ..record(id, body.clone())
        })
        .collect();
    store.write_page(pull.id, &rows, None, 1, now()).unwrap();
    store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();
}

fn filled() -> (tempfile::TempDir, Store) {
    let (folder, store) = open();
    let label = "OData.Community.Display.V1.FormattedValue";
    let lookup = |id: &str, name: &str| json!({ "_parentcustomerid_value": id, format!("_parentcustomerid_value@{label}"): name });
    let with = |mut row: Value, more: Value| {
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let rows = [
        (
            "a",
            with(
                json!({ "fullname": "Zoë", "gendercode": 2, "creditlimit": 0.1, "numberofchildren": 2,
            "createdon": "2026-03-04T08:00:00Z", "birthdate": "2000-01-02", "description": "x" }),
                lookup("1", "Contoso"),
            ),
        ),
        (
            "b",
            with(
                json!({ "fullname": "Bob", "gendercode": 1, "creditlimit": 0.2, "numberofchildren": 1,
            "createdon": "2026-02-28T23:30:00Z", "birthdate": "2000-12-31" }),
                lookup("2", "Adventure"),
            ),
        ),
        (
            "c",
            with(
                json!({ "fullname": "ZOE", "gendercode": 1, "creditlimit": null, "numberofchildren": 2,
            "createdon": "2025-12-31T23:30:00Z" }),
                lookup("1", "Contoso"),
            ),
        ),
        ("d", json!({ "fullname": "Dan", "createdon": "2026-03-04T09:00:00Z" })),
    ];
    pull(&store, PullKind::Full, &rows.map(|(id, body)| record(id, body)));
    let mut account = serde_json::to_value(schema_of("account")).unwrap();
    account["primary_id"] = json!("accountid");
    account["columns"] = json!([
        { "logical_name": "accountid", "display_name": "Id", "type": "uniqueidentifier", "required": "none", "readable": true, "creatable": true, "updatable": false },
        { "logical_name": "name", "display_name": "Name", "type": "string", "required": "none", "readable": true, "creatable": true, "updatable": true },
        { "logical_name": "parentaccountid", "display_name": "Parent", "type": "lookup", "targets": ["account"], "required": "none", "readable": true, "creatable": true, "updatable": true },
    ]);
    let accounts = [
        ("1", json!({ "accountid": "1", "name": "Contoso" })),
        ("2", json!({ "accountid": "2", "name": "Adventure", "_parentaccountid_value": "1" })),
        ("3", json!({ "accountid": "3", "name": "Lonely", "_parentaccountid_value": "2" })),
    ];
    add(&store, "account", account, &accounts);
    (folder, store)
}

fn asker(zone: TimeZone) -> Asker {
    Asker { now: at("2026-03-04T12:00:00Z").to_zoned(zone), facts: AskerFacts::default() }
}

fn ask(store: &Store, asker: &Asker, xml: &str) -> Result<FetchedRows, StoreError> {
    let fetch = Fetch::parse(xml).unwrap();
    let ask = FetchAsk { fetch: &fetch, asker, page: None, count: true };
    store.fetch(connection_id(), &ask, &SqlCancel::new())
}

fn rows(store: &Store, xml: &str) -> Vec<Value> {
    let found = ask(store, &asker(TimeZone::UTC), xml).unwrap_or_else(|error| panic!("{xml}: {error}"));
    found.rows.iter().map(|row| serde_json::from_str(row.get()).unwrap()).collect()
}

fn texts(store: &Store, xml: &str, name: &str) -> String {
    rows(store, xml)
        .iter()
        .map(|row| row[name].as_str().unwrap_or("-").to_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

fn contacts(inside: &str) -> String {
    format!(
        "<fetch><entity name='contact'><attribute name='fullname'/><order attribute='createdon'/>{inside}</entity></fetch>"
    )
}

#[test]
fn links_join_and_ask() {
    let (_folder, store) = filled();
    let names = |inside: &str| texts(&store, &contacts(inside), "fullname");
    let link = |kind: &str, inside: &str| {
        format!(
            "<link-entity name='account' from='accountid' to='parentcustomerid' link-type='{kind}' alias='co'>{inside}</link-entity>"
        )
    };
    let contoso = "<filter><condition attribute='name' operator='eq' value='CONTOSO'/></filter>";
    assert_eq!(names(&link("inner", "")), "ZOE Bob Zoë");
    assert_eq!(names(&link("outer", contoso)), "ZOE Bob Zoë Dan");
    assert_eq!(names(&link("exists", contoso)), "ZOE Zoë");
    assert_eq!(names(&link("in", contoso)), "ZOE Zoë");
    assert_eq!(names(&link("matchfirstrowusingcrossapply", contoso)), "ZOE Zoë");
    let inside = |kind: &str| names(&format!("<filter>{}</filter>", link(kind, contoso)));
    assert_eq!(inside("any"), "ZOE Zoë");
    assert_eq!(inside("not any"), "Bob Dan");
    assert_eq!(inside("all"), "Bob");
    assert_eq!(inside("not all"), "ZOE Zoë");
    let outside = format!(
        "<filter><condition entityname='co' attribute='accountid' operator='null'/></filter>{}",
        link("outer", "")
    );
    assert_eq!(names(&outside), "Dan");
    let linked = rows(
        &store,
        &contacts(&link("inner", "<attribute name='name'/><attribute name='name' alias='again'/>")),
    );
    assert_eq!(linked[0]["co.name"], "Contoso");
    assert_eq!(linked[0]["again"], "Contoso");
    let children = "<fetch><entity name='account'><attribute name='name' alias='n'/><attribute name='accountid' alias='below' rowaggregate='CountChildren'/><order attribute='name'/></entity></fetch>";
    let found: Vec<_> =
        rows(&store, children).iter().map(|row| (row["n"].clone(), row["below"].clone())).collect();
    assert_eq!(
        found,
        [(json!("Adventure"), json!(1)), (json!("Contoso"), json!(1)), (json!("Lonely"), json!(0))]
    );
}

#[test]
fn hierarchies_lead_up_and_down() {
    let (_folder, store) = filled();
    let names = |operator: &str, value: &str| {
        let xml = format!(
            "<fetch><entity name='account'><attribute name='name'/><order attribute='accountid'/><filter><condition attribute='accountid' operator='{operator}' value='{value}'/></filter></entity></fetch>"
        );
        texts(&store, &xml, "name")
    };
    assert_eq!(names("under", "1"), "Adventure Lonely");
    assert_eq!(names("eq-or-under", "2"), "Adventure Lonely");
    assert_eq!(names("not-under", "1"), "Contoso");
    assert_eq!(names("above", "3"), "Contoso Adventure");
    assert_eq!(names("eq-or-above", "2"), "Contoso Adventure");
    let of_company = contacts(
        "<filter><condition attribute='parentcustomerid' operator='eq-or-under' value='2'/></filter>",
    );
    // The test's customer column does not say at what it points.
    assert!(matches!(ask(&store, &asker(TimeZone::UTC), &of_company), Err(StoreError::QueryInvalid { .. })));
}

#[test]
fn groups_and_aggregates() {
    let (_folder, store) = filled();
    let one = |inside: &str| {
        rows(&store, &format!("<fetch aggregate='true'><entity name='contact'>{inside}</entity></fetch>"))
    };
    let found = &one("<attribute name='creditlimit' alias='s' aggregate='sum'/><attribute name='contactid' alias='n' aggregate='count'/>
        <attribute name='creditlimit' alias='c' aggregate='countcolumn'/><attribute name='fullname' alias='d' aggregate='countcolumn' distinct='true'/>
        <attribute name='numberofchildren' alias='a' aggregate='avg'/><attribute name='creditlimit' alias='m' aggregate='max'/>
        <attribute name='createdon' alias='first' aggregate='min'/>")[0];
    assert_eq!(
        *found,
        json!({ "s": 0.3, "n": 4, "c": 2, "d": 3, "a": 1, "m": 0.2, "first": "2025-12-31T23:30:00Z" })
    );
    let months = |zone: TimeZone| {
        let xml = "<fetch aggregate='true'><entity name='contact'><attribute name='contactid' alias='n' aggregate='count'/>
            <attribute name='createdon' alias='m' groupby='true' dategrouping='month'/><order alias='n' descending='true'/><order alias='m'/></entity></fetch>";
        let found = ask(&store, &asker(zone), xml).unwrap();
        assert_eq!(found.total, Some(found.rows.len() as u64));
        found.rows.iter().map(|row| row.get().to_owned()).collect::<Vec<_>>().join("")
    };
    assert_eq!(months(TimeZone::UTC), r#"{"n":2,"m":3}{"n":1,"m":2}{"n":1,"m":12}"#);
    assert_eq!(months(TimeZone::get("Europe/Berlin").unwrap()), r#"{"n":3,"m":3}{"n":1,"m":1}"#);
    let by_gender = one(
        "<attribute name='contactid' alias='n' aggregate='count'/><attribute name='gendercode' alias='g' groupby='true'/><order alias='g'/>",
    );
    assert_eq!(by_gender[0], json!({ "n": 1 }), "no value is a group of its own");
    assert_eq!(by_gender[1]["g@OData.Community.Display.V1.FormattedValue"], "Male");
    let distinct = "<fetch distinct='true'><entity name='contact'><attribute name='fullname'/><order attribute='fullname'/></entity></fetch>";
    assert_eq!(texts(&store, distinct, "fullname"), "Bob Dan Zoë");
}

#[test]
fn orders_pages_and_fiscal_years() {
    let (_folder, store) = filled();
    let names = |order: &str| {
        texts(
            &store,
            &format!(
                "<fetch><entity name='contact'><attribute name='fullname' alias='f'/>{order}</entity></fetch>"
            ),
            "f",
        )
    };
    assert_eq!(
        names("<order attribute='gendercode'/><order attribute='createdon'/>"),
        "Dan Zoë ZOE Bob",
        "Female before Male"
    );
    assert_eq!(
        names("<order attribute='parentcustomerid'/><order attribute='createdon'/>"),
        "Dan Bob ZOE Zoë"
    );
    assert_eq!(names("<order alias='f'/><order attribute='createdon'/>"), "Bob Dan ZOE Zoë");
    let page = |page: u32| {
        texts(
            &store,
            &format!(
                "<fetch count='3' page='{page}'><entity name='contact'><attribute name='fullname'/><order attribute='createdon'/></entity></fetch>"
            ),
            "fullname",
        )
    };
    assert_eq!((page(1).as_str(), page(2).as_str()), ("ZOE Bob Zoë", "Dan"));
    let mut july = asker(TimeZone::UTC);
    july.facts.fiscal =
        Some(Fiscal { month: 3, day: 1, periods: FiscalPeriods::Monthly, named_by_end: false });
    let this_year =
        contacts("<filter><condition attribute='createdon' operator='this-fiscal-year'/></filter>");
    assert_eq!(ask(&store, &july, &this_year).unwrap().total, Some(2));
    assert_eq!(ask(&store, &asker(TimeZone::UTC), &this_year).unwrap().total, Some(3));
    let who = contacts("<filter><condition attribute='parentcustomerid' operator='eq-userid'/></filter>");
    assert!(ask(&store, &july, &who).unwrap_err().to_string().contains("needs the network"));
    let missing = "<fetch><entity name='lead'/></fetch>";
    assert!(ask(&store, &july, missing).unwrap_err().to_string().contains("lead was not pulled"));
}
