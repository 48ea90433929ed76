//! CreateMultiple and its like, change sets and the switches of a write, request by request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use syncline_connect::{Destination, Outcome, OutcomeKind, RowRequest, WriteOptions};
use syncline_dataverse::DataverseConnector;
use syncline_http::FaultKind;
use syncline_model::{EntitySchema, ErrorCode, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::fake::Answer::{self, Batch, Fault, Json, Status};
use crate::fake::Fake;

const A: &str = "00000000-0000-4abc-8def-00000000000a";
const B: &str = "00000000-0000-4abc-8def-00000000000b";
const C: &str = "00000000-0000-4abc-8def-00000000000c";
const REFUSED: &str = r#"{"error":{"code":"0x80044331","message":"too long"}}"#;

struct Bench {
    fake: Arc<Fake>,
    connector: DataverseConnector,
    schema: EntitySchema,
}

impl Bench {
    async fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let (fake, connector) = Fake::connector(answers);
        fake.bulk.store(true, Ordering::Relaxed);
        let schema =
            Destination::schema(&connector, &"contact".into(), &CancellationToken::new()).await.unwrap();
        Self { fake, connector, schema }
    }

    async fn write(&self, rows: &[RowRequest], options: WriteOptions) -> Result<Vec<Outcome>, SynclineError> {
        self.connector.write(&self.schema, rows, &options, &CancellationToken::new()).await
    }

    async fn kinds(&self, rows: &[RowRequest]) -> Vec<OutcomeKind> {
        let outcomes = self.write(rows, WriteOptions::default()).await.unwrap();
        assert!(
            outcomes
                .iter()
                .zip(rows)
                .all(|(told, row)| told.id.as_ref().is_none_or(|id| row.path.contains(id.as_str())))
        );
        outcomes.into_iter().map(|outcome| outcome.kind).collect()
    }
}

fn row(id: &str, headers: &[(&str, &str)], body: &str) -> RowRequest {
    RowRequest {
        method: "PATCH".to_owned(),
        path: format!("/contacts({id})"),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        body: body.to_owned(),
    }
}

fn create(id: &str, body: &str) -> RowRequest {
    row(id, &[("If-None-Match", "*")], body)
}

fn versioned(id: &str) -> RowRequest {
    row(id, &[("If-Match", "W/\"7\"")], r#"{"fullname":"V"}"#)
}

fn path(url: &str) -> &str {
    url.split_once("/v9.2").map_or(url, |(_, path)| path)
}

#[tokio::test]
async fn new_rows_go_in_one_call_and_versioned_ones_in_a_batch() {
    let bench = Bench::new([
        Json(r#"{"Ids":["00000000-0000-4abc-8def-00000000000a","00000000-0000-4ABC-8DEF-00000000000C"]}"#),
        Batch(vec![(204, String::new())], true),
    ])
    .await;
    let rows = [create(A, r#"{"creditlimit":20000.0000}"#), versioned(B), create(C, "{}")];
    assert_eq!(bench.kinds(&rows).await, [OutcomeKind::Created, OutcomeKind::Updated, OutcomeKind::Created]);
    let asked = bench.fake.asked();
    assert_eq!(path(&asked[0]), "/contacts/Microsoft.Dynamics.CRM.CreateMultiple");
    assert_eq!(
        bench.fake.body(0),
        format!(
            r#"{{"Targets":[{{"@odata.type":"Microsoft.Dynamics.CRM.contact","contactid":"{A}","creditlimit":20000.0000}},{{"@odata.type":"Microsoft.Dynamics.CRM.contact","contactid":"{C}"}}]}}"#
        )
    );
    assert_eq!(path(&asked[1]), "/$batch");
    let batch = bench.fake.body(1);
    assert!(batch.contains(B) && batch.contains("If-Match: W/\"7\"") && !batch.contains(A), "{batch}");
    assert_eq!(asked.len(), 2);
}

#[tokio::test]
async fn a_refused_call_is_taken_apart() {
    let bench = Bench::new([
        Status(400, REFUSED),
        Batch(vec![(204, String::new()), (400, REFUSED.to_owned()), (412, String::new())], true),
    ])
    .await;
    let rows = [create(A, "{}"), create(B, "{}"), create(C, "{}")];
    let outcomes = bench.write(&rows, WriteOptions::default()).await.unwrap();
    let kinds: Vec<_> = outcomes.iter().map(|outcome| outcome.kind).collect();
    assert_eq!(kinds, [OutcomeKind::Created, OutcomeKind::Failed, OutcomeKind::Drifted]);
    assert_eq!(outcomes[1].code.as_deref(), Some("0x80044331"));
    assert!(bench.fake.body(1).contains("If-None-Match: *"), "the guard holds in the batch too");
}

#[tokio::test]
async fn a_call_without_an_answer_is_not_repeated() {
    let page = "<html>bad gateway</html>";
    for answer in [Fault(FaultKind::Reset), Fault(FaultKind::Timeout), Status(502, page), Status(500, page)] {
        let bench = Bench::new([answer]).await;
        assert_eq!(bench.kinds(&[create(A, "{}"), create(B, "{}")]).await, [OutcomeKind::Unknown; 2]);
        assert_eq!(bench.fake.asked().len(), 1);
    }
    let bench = Bench::new([Json(r#"{"Ids":["00000000-0000-4abc-8def-00000000000a"]}"#)]).await;
    assert_eq!(bench.kinds(&[create(A, "{}"), create(B, "{}")]).await, [OutcomeKind::Unknown; 2]);
}

#[tokio::test]
async fn an_elastic_table_tells_of_each_row() {
    let body = r#"{"error":{"code":"0x80044331","message":"x","@Microsoft.PowerApps.CDS.ErrorDetails.Plugin.BulkApiErrorDetails":
        "[{\"RequestIndex\":0,\"Id\":\"00000000-0000-4abc-8def-00000000000a\",\"StatusCode\":201},{\"RequestIndex\":1,\"Id\":\"\",\"StatusCode\":400}]"}}"#;
    let bench = Bench::new([Status(400, body), Batch(vec![(400, REFUSED.to_owned())], true)]).await;
    let rows = [create(A, "{}"), create(B, "{}")];
    assert_eq!(bench.kinds(&rows).await, [OutcomeKind::Created, OutcomeKind::Failed]);
    assert!(!bench.fake.body(1).contains(A), "what was taken is not sent again");
}

#[tokio::test]
async fn rows_that_must_exist_and_rows_without_a_guard() {
    let bench = Bench::new([Status(204, ""), Status(204, "")]).await;
    let any = |id| row(id, &[("If-Match", "*")], r#"{"fullname":"U"}"#);
    let free = |id| row(id, &[], r#"{"fullname":"U"}"#);
    let rows = [free(A), any(B), free(B), any(C)];
    let kinds = bench.kinds(&rows).await;
    assert_eq!(
        kinds,
        [OutcomeKind::Upserted, OutcomeKind::Updated, OutcomeKind::Upserted, OutcomeKind::Updated]
    );
    let asked: Vec<String> = bench.fake.asked().iter().map(|url| path(url).to_owned()).collect();
    assert_eq!(
        asked,
        [
            "/contacts/Microsoft.Dynamics.CRM.UpdateMultiple",
            "/contacts/Microsoft.Dynamics.CRM.UpsertMultiple"
        ]
    );
}

#[tokio::test]
async fn a_table_without_messages_and_a_row_alone_go_by_batch() {
    let done = || Batch(vec![(204, String::new()), (204, String::new())], true);
    let bench = Bench::new([done()]).await;
    bench.fake.bulk.store(false, Ordering::Relaxed);
    bench.kinds(&[create(A, "{}"), create(B, "{}")]).await;
    assert_eq!(path(&bench.fake.asked()[0]), "/$batch");
    let bench = Bench::new([Batch(vec![(204, String::new())], true)]).await;
    bench.kinds(&[create(A, "{}")]).await;
    assert_eq!(path(&bench.fake.asked()[0]), "/$batch");
}

#[tokio::test]
async fn all_or_nothing_is_one_change_set() {
    let whole = WriteOptions { all_or_nothing: true, ..WriteOptions::default() };
    let rows = [create(A, "{}"), versioned(B)];
    let bench = Bench::new([Batch(vec![(400, REFUSED.to_owned())], true)]).await;
    let outcomes = bench.write(&rows, whole.clone()).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.kind == OutcomeKind::Failed), "{outcomes:?}");
    assert!(outcomes[1].message.as_deref().unwrap().contains("too long"));
    let body = bench.fake.body(0);
    assert!(body.contains("changeset_syncline_1") && body.contains("Content-ID: 2"), "{body}");
    let bench = Bench::new([Batch(vec![(429, String::new())], true)]).await;
    let error = bench.write(&rows, whole.clone()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Throttled);
    let bench = Bench::new([Fault(FaultKind::Reset)]).await;
    let lost = bench.write(&rows, whole).await.unwrap();
    assert!(lost.iter().all(|outcome| outcome.kind == OutcomeKind::Unknown));
}

#[tokio::test]
async fn switches_reach_every_row() {
    let all = WriteOptions {
        bypass_plugins: true,
        bypass_logic: true,
        suppress_flows: true,
        detect_duplicates: true,
        ..WriteOptions::default()
    };
    let ids = r#"{"Ids":["00000000-0000-4abc-8def-00000000000a","00000000-0000-4abc-8def-00000000000b"]}"#;
    let wanted = [
        ("mscrm.bypasscustompluginexecution", "true"),
        ("mscrm.bypassbusinesslogicexecution", "CustomSync,CustomAsync"),
        ("mscrm.suppresscallbackregistrationexpanderjob", "true"),
        ("mscrm.suppressduplicatedetection", "false"),
    ];
    for options in [all, WriteOptions::default()] {
        let on = options != WriteOptions::default();
        let bench = Bench::new([Json(ids), Batch(vec![(204, String::new())], true)]).await;
        bench.write(&[create(A, "{}"), create(B, "{}"), versioned(C)], options).await.unwrap();
        let seen = bench.fake.seen.lock().unwrap();
        let call = seen.iter().find(|request| request.url.path().contains("CreateMultiple")).unwrap();
        let batch = seen.iter().find(|request| request.url.path().contains("$batch")).unwrap();
        let batch = String::from_utf8(batch.body.to_vec()).unwrap().to_lowercase();
        for (name, value) in wanted {
            let sent = call.headers.get(name).and_then(|value| value.to_str().ok());
            assert_eq!(sent, on.then_some(value), "{name}");
            assert_eq!(batch.contains(&format!("{name}: {}", value.to_lowercase())), on, "{name}");
        }
    }
}
