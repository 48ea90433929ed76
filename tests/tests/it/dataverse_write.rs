//! Writing through the Dataverse connector to the sample tenant: probe, request, write, read back; and with faults.

use syncline_connect::{
    Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, ProbedRow, RowRequest, Source,
    WriteOptions,
};
use syncline_dataverse::{DataverseConnector, RecordBody, RowKey};
use syncline_model::{
    Action, EntitySchema, ErrorCode, MappedRecord, Reference, SynclineError, Value, ValueMap,
};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use tokio_util::sync::CancellationToken;

use crate::dataverse::{Bench, bench, fault};

fn none() -> CancellationToken {
    CancellationToken::new()
}

type Values = ValueMap;

fn values<const N: usize>(pairs: [(&str, Value); N]) -> Values {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A destination table with what a test knows of it.
struct Target {
    bench: Bench,
    schema: EntitySchema,
}

impl Target {
    async fn new(entity: &str) -> Self {
        let bench = bench(200).await;
        let schema = Destination::schema(&bench.connector, &entity.into(), &none()).await.unwrap();
        Self { bench, schema }
    }
    fn connector(&self) -> &DataverseConnector {
        &self.bench.connector
    }
    async fn probe(&self, keys: &[Values], fields: &[&str]) -> Vec<Probe> {
        let keys: Vec<MatchKey> = keys.iter().cloned().map(MatchKey).collect();
        let fields: Vec<String> = fields.iter().map(|name| (*name).to_owned()).collect();
        self.connector().probe(&self.schema, &keys, &fields, &none()).await.unwrap()
    }
    async fn found(&self, key: Values, fields: &[&str]) -> ProbedRow {
        match self.probe(&[key], fields).await.remove(0) {
            Probe::Present(row) => row,
            other => panic!("{other:?}"),
        }
    }
    fn create(&self, identifiers: Values, attributes: Values) -> RowRequest {
        self.request(Action::Create, identifiers, attributes, None).unwrap()
    }
    fn update(&self, existing: &ProbedRow, attributes: Values) -> RowRequest {
        self.request(Action::Update, Values::new(), attributes, Some(existing)).unwrap()
    }
    fn request(
        &self,
        action: Action,
        identifiers: Values,
        attributes: Values,
        existing: Option<&ProbedRow>,
    ) -> Result<RowRequest, SynclineError> {
        let mapped = MappedRecord { identifiers, attributes, events: vec![] };
        let changed: Vec<&str> = mapped.attributes.keys().map(String::as_str).collect();
        self.connector()
            .request(&self.schema, &PlannedWrite { action, mapped: &mapped, existing, changed: &changed })
    }
    async fn write(&self, rows: &[RowRequest]) -> Vec<Outcome> {
        self.connector().write(&self.schema, rows, &WriteOptions::default(), &none()).await.unwrap()
    }
}

fn kinds(outcomes: &[Outcome]) -> Vec<OutcomeKind> {
    outcomes.iter().map(|outcome| outcome.kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn create_update_drift() {
    let target = Target::new("contact").await;
    let key = values([("emailaddress1", "zoë.o'neil+1@contoso.example".into())]);
    assert_eq!(target.probe(std::slice::from_ref(&key), &[]).await, [Probe::Absent]);
    let account = {
        let selection = syncline_connect::Selection {
            entity: Some("account".into()),
            page_size: 1,
            top: Some(1),
            ..Default::default()
        };
        target.connector().page(&selection, None, &none()).await.unwrap().records.remove(0).id
    };
    let account = Value::from(Reference { entity: "account".into(), id: account.to_string() });
    let money = Value::from_json_text("1234.5600").unwrap();
    let attributes = values([
        ("firstname", "Zoë".into()),
        ("lastname", "O'Neil \"quoted\" \\ back".into()),
        ("creditlimit", money.clone()),
        ("donotphone", true.into()),
        ("gendercode", 2.into()),
        ("birthdate", "1980-02-29".into()),
        ("parentcustomerid", account.clone()),
    ]);
    let names: Vec<&str> = attributes.keys().map(String::as_str).collect();
    let row = target.create(key.clone(), attributes.clone());
    let made = target.write(std::slice::from_ref(&row)).await;
    assert_eq!(kinds(&made), [OutcomeKind::Created], "{made:?}");

    let found = target.found(key.clone(), &names).await;
    assert_eq!(made[0].id.as_ref(), Some(&found.id));
    for (name, wanted) in &attributes {
        let held = found.values.get(name).unwrap_or(&Value::Null);
        assert!(held.means_the_same(wanted), "{name}: {held:?} for {wanted:?}");
    }
    let again = target.write(&[row]).await;
    assert_eq!(kinds(&again), [OutcomeKind::Drifted], "the same create makes no second row: {again:?}");

    let clear =
        values([("firstname", "Zoe".into()), ("parentcustomerid", Value::Null), ("birthdate", Value::Null)]);
    let row = target.update(&found, clear);
    assert_eq!(kinds(&target.write(std::slice::from_ref(&row)).await), [OutcomeKind::Updated]);
    let changed = target.found(key, &["firstname", "parentcustomerid", "birthdate", "lastname"]).await;
    assert_eq!(changed.values.get("firstname"), Some(&"Zoe".into()));
    assert_eq!(changed.values.get("parentcustomerid"), Some(&Value::Null));
    assert_eq!(changed.values.get("birthdate"), Some(&Value::Null));
    assert_eq!(changed.values.get("lastname"), attributes.get("lastname"));
    let stale = target.write(&[row]).await;
    assert_eq!(kinds(&stale), [OutcomeKind::Drifted], "{stale:?}");
    assert!(stale[0].request_id.is_some() || stale[0].code.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_alternate_key() {
    let target = Target::new("account").await;
    let keys: Vec<Values> =
        ["SYN-1", "SYN O'2", "SYN/3"].map(|text| values([("accountnumber", text.into())])).into();
    let rows: Vec<RowRequest> =
        keys.iter().map(|key| target.create(key.clone(), values([("name", "Fabrikam".into())]))).collect();
    assert!(rows[0].path.contains("accountnumber"));
    assert!(!rows[2].path.contains("accountnumber"), "a slash can't stand in a key");
    let made = target.write(&rows).await;
    assert_eq!(kinds(&made), [OutcomeKind::Created; 3], "{made:?}");
    assert!(made.iter().all(|outcome| outcome.id.is_some()), "{made:?}");
    let probes = target.probe(&keys, &["name", "accountnumber"]).await;
    for (probe, outcome) in probes.iter().zip(&made) {
        let Probe::Present(row) = probe else { panic!("{probe:?}") };
        assert_eq!(Some(&row.id), outcome.id.as_ref());
    }
    assert_eq!(kinds(&target.write(&rows).await), [OutcomeKind::Drifted; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_fails_alone() {
    let target = Target::new("contact").await;
    let key = |n: u32| values([("contactid", format!("00000000-0000-4000-8000-00000000000{n}").into())]);
    let good = |n| target.create(key(n), values([("lastname", "Good".into())]));
    let mut bad = good(2);
    bad.body = r#"{"lastname":"Bad","nosuchcolumn":1}"#.to_owned();
    let outcomes = target.write(&[good(1), bad, good(3)]).await;
    assert_eq!(kinds(&outcomes), [OutcomeKind::Created, OutcomeKind::Failed, OutcomeKind::Created]);
    assert!(outcomes[1].code.as_deref().is_some_and(|code| code.starts_with("0x")), "{outcomes:?}");
    assert!(outcomes[1].message.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_asked_for_and_not_repeated() {
    let target = Target::new("contact").await;
    let key = values([("contactid", "00000000-0000-4000-8000-0000000000aa".into())]);
    let row = target.create(key.clone(), values([("lastname", "Lost".into())]));
    for kind in [FaultKind::ResetBefore, FaultKind::Hang, FaultKind::HtmlPage { status: 502 }] {
        let name = format!("{kind:?}");
        target.bench.sandbox.faults().clear();
        target.bench.sandbox.clear_requests();
        target.bench.sandbox.faults().add([fault(kind, "/$batch")]);
        let outcomes = target.write(std::slice::from_ref(&row)).await;
        assert_eq!(kinds(&outcomes), [OutcomeKind::Unknown], "{name}: {outcomes:?}");
        let sent =
            target.bench.sandbox.requests().iter().filter(|request| request.path.contains("$batch")).count();
        // A request that hangs is logged only when it ends.
        assert!(sent <= 1, "{name}: sent {sent} times");
    }
    target.bench.sandbox.faults().clear();
    // The reset came after the service had acted: the probe finds the row, and the same create changes nothing.
    assert!(matches!(target.probe(&[key], &[]).await[0], Probe::Present(_)));
    assert_eq!(kinds(&target.write(&[row]).await), [OutcomeKind::Drifted]);
}

/// A new row and a changed one go together; the service does not guard the second by its version, and refuses to be asked for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_stays_told_where_the_rest_can_not_be_looked_at() {
    let target = Target::new("contact").await;
    let id =
        |last: u8| values([("contactid", format!("00000000-0000-4000-8000-0000000000{last:02x}").into())]);
    let lastname = |name: &str| values([("lastname", name.into())]);
    target.write(&[target.create(id(1), lastname("There"))]).await;
    let there = target.found(id(1), &["lastname"]).await;
    target.bench.sandbox.environment("contoso").unwrap().set_optimistic_concurrency("contact", false);
    target
        .bench
        .sandbox
        .faults()
        .add([fault(FaultKind::Status { status: 403, retry_after: None }, "CRM.In(")]);

    let rows = [target.create(id(2), lastname("New")), target.update(&there, lastname("Changed"))];
    let outcomes = target.write(&rows).await;
    assert_eq!(kinds(&outcomes), [OutcomeKind::Created, OutcomeKind::Failed], "{outcomes:?}");
    assert_eq!(target.found(id(1), &["lastname"]).await.values.get("lastname"), Some(&"There".into()));
    let outcomes = target.write(&rows[1..]).await;
    assert_eq!(kinds(&outcomes), [OutcomeKind::Updated], "once it can be looked at: {outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttled_or_signed_out_batches_go_on() {
    let target = Target::new("contact").await;
    for (n, kind) in [FaultKind::Status { status: 429, retry_after: Some(1) }, FaultKind::ExpireTokens]
        .into_iter()
        .enumerate()
    {
        target.bench.sandbox.faults().add([FaultRule { times: 1, ..fault(kind, "/$batch") }]);
        let key = values([("contactid", format!("00000000-0000-4000-8000-0000000000b{n}").into())]);
        let row = target.create(key, values([("lastname", "Later".into())]));
        assert_eq!(kinds(&target.write(&[row]).await), [OutcomeKind::Created]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_rows_at_once() {
    let target = Target::new("contact").await;
    let keys: Vec<Values> =
        (0..100).map(|n| values([("emailaddress1", format!("row{n}@bulk.example").into())])).collect();
    let rows: Vec<RowRequest> = keys
        .iter()
        .enumerate()
        .map(|(n, key)| target.create(key.clone(), values([("lastname", format!("Row {n}").into())])))
        .collect();
    let made = target.write(&rows).await;
    assert!(
        made.iter().all(|outcome| outcome.kind == OutcomeKind::Created),
        "{:?}",
        made.iter().find(|o| o.kind != OutcomeKind::Created)
    );
    let probes = target.probe(&keys, &["lastname"]).await;
    for (n, probe) in probes.iter().enumerate() {
        let Probe::Present(row) = probe else { panic!("{n}: {probe:?}") };
        assert_eq!(row.values.get("lastname"), Some(&Value::Text(format!("Row {n}"))));
        assert_eq!(Some(&row.id), made[n].id.as_ref());
    }
    let by_id: Vec<Values> = made
        .iter()
        .map(|outcome| values([("contactid", outcome.id.as_ref().unwrap().as_str().into())]))
        .collect();
    assert!(target.probe(&by_id, &["lastname"]).await.iter().all(|probe| matches!(probe, Probe::Present(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_are_updated_after_the_create() {
    let target = Target::new("contact").await;
    let key = values([("contactid", "00000000-0000-4000-8000-0000000000cc".into())]);
    let inactive =
        || values([("lastname", "Retired".into()), ("statecode", 1.into()), ("statuscode", 2.into())]);
    let row = target.create(key.clone(), inactive());
    assert_eq!(row.body, r#"{"lastname":"Retired"}"#);
    assert_eq!(kinds(&target.write(&[row]).await), [OutcomeKind::Created]);
    let found = target.found(key.clone(), &["statecode"]).await;
    assert_eq!(found.values.get("statecode"), Some(&Value::Integer(0)));
    let row = target.update(&found, inactive());
    let outcomes = target.write(&[row]).await;
    assert_eq!(kinds(&outcomes), [OutcomeKind::Updated], "{outcomes:?}");
    let found = target.found(key, &["statecode", "statuscode"]).await;
    assert_eq!(values([("statecode", 1.into()), ("statuscode", 2.into())]), found.values);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_records_by_hand() {
    let bench = bench(20).await;
    let (connector, entity) = (&bench.connector, "account".into());
    let body = |text: &str| RecordBody::parse(text).unwrap();
    let id = connector
        .create_record(&entity, &body(r#"{"name":"By hand","revenue":10.50}"#), &none())
        .await
        .unwrap();
    let key = RowKey::Id(id.clone());
    let columns = ["name".into(), "revenue".into()];
    let row = connector.read_record(&entity, &key, &columns, &none()).await.unwrap().unwrap();
    assert_eq!(row.fields().unwrap().value("name"), Some("By hand".into()));
    let etag = row.etag.clone().unwrap();
    connector.update_record(&entity, &key, &body(r#"{"name":"Again"}"#), Some(&etag), &none()).await.unwrap();
    let stale = connector
        .update_record(&entity, &key, &body(r#"{"name":"Third"}"#), Some(&etag), &none())
        .await
        .unwrap_err();
    assert_eq!(
        stale.service_code.as_deref().map(str::to_lowercase).as_deref(),
        Some("0x80060882"),
        "{stale:?}"
    );
    let alternate = RowKey::Alternate(vec![("accountnumber".into(), "HAND-1".into())]);
    assert!(
        connector.upsert_record(&entity, &alternate, &body(r#"{"name":"Made"}"#), &none()).await.unwrap()
    );
    assert!(
        !connector.upsert_record(&entity, &alternate, &body(r#"{"name":"Changed"}"#), &none()).await.unwrap()
    );
    let row = connector.read_record(&entity, &alternate, &columns, &none()).await.unwrap().unwrap();
    assert_eq!(row.fields().unwrap().value("name"), Some("Changed".into()));
    connector.delete_record(&entity, &key, None, &none()).await.unwrap();
    assert!(connector.read_record(&entity, &key, &columns, &none()).await.unwrap().is_none());
    assert_eq!(
        connector.delete_record(&entity, &key, None, &none()).await.unwrap_err().code,
        ErrorCode::NotFound
    );
}
