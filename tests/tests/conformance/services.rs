//! Dataverse and Insider One on the sample tenant.

use std::time::Duration;
use syncline_connect::conformance::{DestinationFixture, SourceFixture, destination, source};
use syncline_http::{HttpClient, HttpConfig};
use syncline_insider::{InsiderConnector, InsiderSettings};
use syncline_model::{MappedRecord, RecordId, Secret, Value, ValueMap};

use crate::all;
use crate::tenant::{dataverse, sandbox};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dataverse_as_a_source() {
    let sandbox = sandbox(620).await;
    let fixture = SourceFixture {
        entity: "contact".into(),
        columns: vec![
            "lastname".into(),
            "emailaddress1".into(),
            "parentcustomerid".into(),
            "gendercode".into(),
        ],
        records: 620,
        page_size: 150,
        absent: RecordId::new("00000000-0000-4000-8000-000000000000"),
        unknown_entity: "new_nothing".into(),
    };
    all(source(&dataverse(&sandbox), &fixture).await, 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dataverse_as_a_destination() {
    let by_id = |number: usize| MappedRecord {
        identifiers: ValueMap::from([(
            "contactid".to_owned(),
            format!("00000000-0000-4000-8000-00000000{number:04x}").into(),
        )]),
        attributes: attributes(number),
        events: Vec::new(),
    };
    let by_mail = |number: usize| MappedRecord {
        identifiers: ValueMap::from([(
            "emailaddress1".to_owned(),
            format!("o'row+{number}@conformance.example").into(),
        )]),
        attributes: attributes(number),
        events: Vec::new(),
    };
    let rows: [&(dyn Fn(usize) -> MappedRecord + Sync); 2] = [&by_id, &by_mail];
    let sandbox = sandbox(50).await;
    for row in rows {
        let fixture = DestinationFixture {
            entity: "contact".into(),
            row,
            change: ("lastname".to_owned(), "Changed".into()),
            spoil: Some(|request| request.body = request.body.replace("\"lastname\"", "\"nosuchcolumn\"")),
            unknown_entity: Some("new_nothing".into()),
        };
        all(destination(&dataverse(&sandbox), &fixture).await, 10);
    }
}

fn attributes(number: usize) -> ValueMap {
    ValueMap::from([
        ("lastname".to_owned(), format!("Row \"{number}\" \\ ü").into()),
        ("creditlimit".to_owned(), Value::from_json_text("1234.5600").unwrap()),
        ("donotphone".to_owned(), true.into()),
        ("gendercode".to_owned(), 2.into()),
        ("birthdate".to_owned(), "1980-02-29".into()),
        ("jobtitle".to_owned(), Value::Null),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn insider_as_a_destination() {
    let sandbox = sandbox(10).await;
    let details = sandbox.details();
    let settings = InsiderSettings {
        url: details.insider.clone(),
        partner: details.insider_partner.clone(),
        request_token: Secret::new(details.insider_token.clone()),
        timeout: Duration::from_secs(20),
    };
    let client = HttpClient::new(&HttpConfig::default()).unwrap();
    let connector = InsiderConnector::new(client, settings).unwrap();
    let row = |number: usize| MappedRecord {
        identifiers: ValueMap::from([(
            "email".to_owned(),
            format!("row{number}@conformance.example").into(),
        )]),
        attributes: ValueMap::from([
            ("name".to_owned(), format!("Row {number}").into()),
            ("email_optin".to_owned(), true.into()),
        ]),
        events: Vec::new(),
    };
    let fixture = DestinationFixture {
        entity: "profile".into(),
        row: &row,
        change: ("name".to_owned(), "Changed".into()),
        spoil: Some(|request| {
            request.body = request.body.replace("\"email_optin\":true", "\"email_optin\":7")
        }),
        unknown_entity: Some("people".into()),
    };
    all(destination(&connector, &fixture).await, 8);
    let mails: Vec<String> = sandbox
        .profiles()
        .iter()
        .map(|profile| profile["identifiers"]["email"].as_str().unwrap_or_default().to_owned())
        .collect();
    let mut distinct = mails.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((mails.len(), distinct.len()), (3 + 3 + 2 + 1000, mails.len()), "no profile twice");
}
