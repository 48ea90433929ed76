//! Probe, request, write.

use std::collections::BTreeMap;
use syncline_connect::{
    Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, ProbedRow, RowRequest, WriteOptions,
};
use syncline_dataverse::{DataverseConnector, RecordBody, RowKey};
use syncline_http::FaultKind;
use syncline_model::{
    Action, EntitySchema, ErrorCode, MappedRecord, RecordId, Reference, SynclineError, Value, ValueMap,
};
use tokio_util::sync::CancellationToken;

use crate::fake::Answer::{self, Batch, Fault, Json, Status};
use crate::fake::Fake;

const ID: &str = "5b1c0f3e-0000-4abc-8def-001122334455";
const ACCOUNT: &str = "00000000-0000-4abc-8def-00000000000a";

fn none() -> CancellationToken {
    CancellationToken::new()
}

async fn ready(
    answers: impl IntoIterator<Item = Answer>,
) -> (std::sync::Arc<Fake>, DataverseConnector, EntitySchema) {
    let (fake, connector) = Fake::connector(answers);
    let schema = Destination::schema(&connector, &"contact".into(), &none()).await.unwrap();
    (fake, connector, schema)
}

fn values<const N: usize>(pairs: [(&str, Value); N]) -> ValueMap {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn create(
    connector: &DataverseConnector,
    schema: &EntitySchema,
    identifiers: ValueMap,
    attributes: ValueMap,
) -> Result<RowRequest, SynclineError> {
    let mapped = MappedRecord { identifiers, attributes, events: vec![] };
    let changed: Vec<&str> = mapped.attributes.keys().map(String::as_str).collect();
    let write = PlannedWrite { action: Action::Create, mapped: &mapped, existing: None, changed: &changed };
    connector.request(schema, &write)
}

fn update(
    connector: &DataverseConnector,
    schema: &EntitySchema,
    attributes: ValueMap,
    changed: &[&str],
) -> Result<RowRequest, SynclineError> {
    let mapped = MappedRecord { identifiers: ValueMap::new(), attributes, events: vec![] };
    let existing =
        ProbedRow { id: RecordId::new(ID), etag: Some("W/\"7\"".to_owned()), values: BTreeMap::new() };
    let write = PlannedWrite { action: Action::Update, mapped: &mapped, existing: Some(&existing), changed };
    connector.request(schema, &write)
}

#[tokio::test]
async fn an_update_sends_what_changed_under_the_seen_version() {
    let (_, connector, schema) = ready([]).await;
    let account = Value::from(Reference { entity: "account".into(), id: ACCOUNT.to_owned() });
    let all = values([
        ("creditlimit", Value::from_json_text("20000.0000").unwrap()),
        ("fullname", "Ann \"A\" Ito\n".into()),
        ("parentcustomerid", account),
        ("preferredid", ACCOUNT.into()),
        ("gendercode", Value::Integer(1)),
        ("emailaddress1", Value::Null),
    ]);
    let request = update(
        &connector,
        &schema,
        all,
        &["creditlimit", "emailaddress1", "fullname", "parentcustomerid", "preferredid"],
    )
    .unwrap();
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("PATCH", "/contacts(5b1c0f3e-0000-4abc-8def-001122334455)")
    );
    assert_eq!(request.headers, BTreeMap::from([("If-Match".to_owned(), "W/\"7\"".to_owned())]));
    assert_eq!(
        request.body,
        r#"{"creditlimit":20000.0000,"emailaddress1":null,"fullname":"Ann \"A\" Ito\n","parentcustomerid_account@odata.bind":"/accounts(00000000-0000-4abc-8def-00000000000a)","new_PreferredId@odata.bind":"/accounts(00000000-0000-4abc-8def-00000000000a)"}"#
    );
    let cleared =
        update(&connector, &schema, values([("parentcustomerid", Value::Null)]), &["parentcustomerid"])
            .unwrap();
    assert_eq!(cleared.body, r#"{"parentcustomerid_account@odata.bind":null}"#);
}

#[tokio::test]
async fn what_would_be_refused_is_an_error_of_the_row() {
    let (_, connector, schema) = ready([]).await;
    for (name, value, words) in [
        ("createonly", Value::from("x"), "only when a row is created"),
        ("parentcustomerid", Value::from(ACCOUNT), "account, contact"),
        (
            "parentcustomerid",
            Value::from(Reference { entity: "list".into(), id: ID.to_owned() }),
            "rows of another entity",
        ),
        ("preferredid", "not an id".into(), "the id of a row"),
        (
            "preferredid",
            Value::from(Reference { entity: "account".into(), id: "x) or (y".into() }),
            "the id of a row",
        ),
        ("emailaddress1", "a-long-address@contoso.example".into(), "20 characters"),
        ("gendercode", "male".into(), "a whole number"),
        ("donotphone", "perhaps".into(), "true or false"),
        ("nocolumn", "x".into(), "no such column"),
    ] {
        let error = update(&connector, &schema, values([(name, value)]), &[name]).unwrap_err();
        assert_eq!(error.code, ErrorCode::QueryInvalid);
        assert!(error.message.contains(words), "{name}: {error:?}");
    }
    let wrong = values([("statecode", Value::Integer(0)), ("statuscode", Value::Integer(2))]);
    assert!(
        update(&connector, &schema, wrong, &["statecode"]).unwrap_err().message.contains("status reason 2")
    );
}

#[tokio::test]
async fn a_create_is_never_a_blind_post() {
    let (_, connector, schema) = ready([]).await;
    let body = || {
        values([("fullname", "Ann".into()), ("statecode", Value::Integer(1)), ("creditlimit", Value::Null)])
    };
    let by_id = create(
        &connector,
        &schema,
        values([("contactid", format!("{{{}}}", ID.to_uppercase()).into())]),
        body(),
    )
    .unwrap();
    assert_eq!(by_id.path, format!("/contacts({ID})"));
    assert_eq!(by_id.body, r#"{"fullname":"Ann"}"#);
    assert_eq!(by_id.headers.get("If-None-Match").map(String::as_str), Some("*"));

    let by_key = create(&connector, &schema, values([("externalid", "O'A 1".into())]), body()).unwrap();
    assert_eq!(by_key.path, "/contacts(externalid=%27O%27%27A%201%27)?$select=contactid");
    assert_eq!(by_key.body, r#"{"fullname":"Ann"}"#, "key columns are left out");

    let made =
        create(&connector, &schema, values([("emailaddress1", "a@b.example".into())]), body()).unwrap();
    let again =
        create(&connector, &schema, values([("emailaddress1", "a@b.example".into())]), body()).unwrap();
    let other =
        create(&connector, &schema, values([("emailaddress1", "c@b.example".into())]), body()).unwrap();
    assert_eq!(made, again, "the same row has the same id");
    assert_ne!(made.path, other.path);
    assert_eq!(made.body, r#"{"emailaddress1":"a@b.example","fullname":"Ann"}"#);

    let slash = create(&connector, &schema, values([("externalid", "a/b".into())]), body()).unwrap();
    assert!(slash.body.contains(r#""externalid":"a/b""#) && !slash.path.contains("externalid"), "{slash:?}");
}

#[tokio::test]
async fn probes() {
    let row = r#"{"value":[
        {"@odata.etag":"W/\"1\"","contactid":"5b1c0f3e-0000-4abc-8def-001122334455","externalid":"ABC","fullname":null,
         "_parentcustomerid_value":"00000000-0000-4abc-8def-00000000000A","_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"account"},
        {"contactid":"2","externalid":"twice"},{"contactid":"3","externalid":"TWICE"}]}"#;
    let (fake, connector, schema) = ready([Json(row)]).await;
    let key = |text: &str| MatchKey(values([("externalid", text.into())]));
    let keys = [key("abc"), key("twice"), key("O'Neil"), MatchKey(values([("externalid", Value::Null)]))];
    let fields = ["fullname".to_owned(), "parentcustomerid".to_owned(), "nocolumn".to_owned()];
    let probes = connector.probe(&schema, &keys, &fields, &none()).await.unwrap();
    let Probe::Present(found) = &probes[0] else { panic!("{probes:?}") };
    assert_eq!(found.id.as_str(), ID);
    assert_eq!(found.values.get("fullname"), Some(&Value::Null));
    let account = Value::from(Reference { entity: "account".into(), id: ACCOUNT.to_owned() });
    assert_eq!(found.values.get("parentcustomerid"), Some(&account));
    assert!(!found.values.contains_key("nocolumn"));
    assert_eq!(probes[1..], [Probe::Ambiguous(2), Probe::Absent, Probe::Unknown]);
    assert!(fake.asked()[0].contains("%27O%27%27Neil%27"), "{}", fake.asked()[0]);
}

#[tokio::test]
async fn a_row_the_collation_finds_is_asked_for_alone() {
    let row = r#"{"value":[{"contactid":"5b1c0f3e-0000-4abc-8def-001122334455","externalid":"Søn"}]}"#;
    let (_, connector, schema) = ready([Json(row), Json(r#"{"value":[]}"#), Json(row)]).await;
    let keys = ["x", "Son"].map(|text| MatchKey(values([("externalid", text.into())])));
    let probes = connector.probe(&schema, &keys, &[], &none()).await.unwrap();
    assert_eq!(probes[0], Probe::Absent);
    assert!(matches!(probes[1], Probe::Present(_)));
}

fn rows(connector: &DataverseConnector, schema: &EntitySchema) -> Vec<RowRequest> {
    let update = update(connector, schema, values([("fullname", "A".into())]), &["fullname"]).unwrap();
    let create =
        create(connector, schema, values([("externalid", "n".into())]), values([("fullname", "B".into())]))
            .unwrap();
    vec![update.clone(), create, update]
}

async fn write(answers: Vec<Answer>) -> (std::sync::Arc<Fake>, Result<Vec<Outcome>, SynclineError>) {
    let (fake, connector, schema) = ready(answers).await;
    let rows = rows(&connector, &schema);
    let result = connector.write(&schema, &rows, &WriteOptions::default(), &none()).await;
    (fake, result)
}

fn kinds(result: &Result<Vec<Outcome>, SynclineError>) -> Vec<OutcomeKind> {
    result.as_ref().unwrap().iter().map(|outcome| outcome.kind).collect()
}

#[tokio::test]
async fn outcomes_are_mapped_by_position() {
    let created = format!(r#"{{"contactid":"{ID}"}}"#);
    let drifted =
        r#"{"error":{"code":"0x80060882","message":"The version of the existing record doesn't match."}}"#;
    let (fake, result) =
        write(vec![Batch(vec![(204, String::new()), (201, created), (412, drifted.to_owned())], true)]).await;
    assert_eq!(kinds(&result), [OutcomeKind::Updated, OutcomeKind::Created, OutcomeKind::Drifted]);
    let outcomes = result.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.id.as_ref().is_some_and(|id| id.as_str() == ID)));
    assert_eq!(outcomes[2].code.as_deref(), Some("0x80060882"));
    assert_eq!(outcomes[2].request_id.as_deref(), Some("req-9"));
    let body = fake.body(0);
    assert!(body.contains("PATCH /api/data/v9.2/contacts(5b1c0f3e-0000-4abc-8def-001122334455) HTTP/1.1\r\nIf-Match: W/\"7\"\r\n"), "{body}");
    assert!(!body.contains("changeset"), "each row for itself");
}

#[tokio::test]
async fn a_lost_answer_is_never_sent_again() {
    for answer in [Fault(FaultKind::Timeout), Fault(FaultKind::Reset), Status(502, "<html>"), Json("{}")] {
        let (fake, result) = write(vec![answer]).await;
        assert_eq!(kinds(&result), [OutcomeKind::Unknown; 3]);
        assert_eq!(fake.asked().len(), 1);
    }
    let (fake, result) = write(vec![Batch(vec![(204, String::new())], false)]).await;
    assert_eq!(kinds(&result), [OutcomeKind::Updated, OutcomeKind::Unknown, OutcomeKind::Unknown]);
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_is_an_error() {
    let (_, result) = write((0..4).map(|_| Fault(FaultKind::Refused)).collect()).await;
    assert_eq!(result.unwrap_err().code, ErrorCode::Unreachable);
    let (_, result) =
        write(vec![Status(401, r#"{"error":{"code":"0x8005F101","message":"expired"}}"#)]).await;
    assert_eq!(result.unwrap_err().code, ErrorCode::SignInNeeded);
}

#[tokio::test(start_paused = true)]
async fn rows_turned_away_unread_are_sent_again() {
    let throttled = r#"{"error":{"code":"0x80072322","message":"Number of requests exceeded the limit."}}"#;
    let (fake, result) = write(vec![
        Batch(vec![(204, String::new()), (429, throttled.to_owned()), (429, throttled.to_owned())], true),
        Batch(vec![(204, String::new()), (204, String::new())], true),
    ])
    .await;
    assert_eq!(kinds(&result), [OutcomeKind::Updated, OutcomeKind::Created, OutcomeKind::Updated]);
    assert_eq!(fake.body(1).matches("PATCH").count(), 2);
    // A service that stops at the first failure says nothing of the rows behind it.
    let refused = r#"{"error":{"code":"0x80040265","message":"A plug-in says no."}}"#.to_owned();
    let (fake, result) = write(vec![
        Batch(vec![(400, refused)], true),
        Batch(vec![(204, String::new()), (204, String::new())], true),
    ])
    .await;
    assert_eq!(kinds(&result), [OutcomeKind::Failed, OutcomeKind::Created, OutcomeKind::Updated]);
    assert_eq!(fake.asked().len(), 2);
}

#[tokio::test]
async fn single_records() {
    let who = Status(204, "");
    let (fake, connector, _) =
        ready([who, Status(404, r#"{"error":{"code":"0x80040217","message":"no"}}"#)]).await;
    let body = RecordBody::parse(r#"{"creditlimit": 1.50}"#).unwrap();
    let key = RowKey::Id(RecordId::new(ID));
    connector.update_record(&"contact".into(), &key, &body, None, &none()).await.unwrap();
    assert_eq!(fake.body(0), r#"{"creditlimit": 1.50}"#);
    assert_eq!(fake.seen.lock().unwrap().last().unwrap().headers["if-match"], "*");
    let error = connector.delete_record(&"contact".into(), &key, None, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    assert!(RecordBody::parse("[1]").is_err());
}
