//! The Dataverse connector against the sample tenant, in good weather and with faults.

use serde::Deserialize;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use syncline_connect::{Order, Selection, Source};
use syncline_dataverse::{DataverseBuilder, DataverseConnector, DataverseSettings, environments};
use syncline_http::{
    AccessToken, Gate, HttpClient, HttpConfig, SystemClock, TokenCache, TokenFetch, TokenProvider,
};
use syncline_model::{ColumnType, ErrorCode, Secret, SynclineError, Value};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use syncline_sandbox::{Sandbox, SandboxConfig};
use tokio_util::sync::CancellationToken;

pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) connector: DataverseConnector,
    fetches: Arc<AtomicU32>,
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: String,
    expires_in: i64,
}

pub(crate) fn tokens(
    client: &HttpClient,
    sandbox: &Sandbox,
    fetches: &Arc<AtomicU32>,
) -> Arc<dyn TokenProvider> {
    let details = sandbox.details().clone();
    let (client, fetches) = (client.clone(), Arc::clone(fetches));
    let fetch: TokenFetch = Box::new(move || {
        fetches.fetch_add(1, Ordering::SeqCst);
        let (client, details) = (client.clone(), details.clone());
        Box::pin(async move {
            let scope = format!("{}/.default", details.dataverse);
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", details.confidential_client_id.as_str()),
                ("client_secret", details.client_secret.as_str()),
                ("scope", scope.as_str()),
            ];
            let url = format!("{}/{}/oauth2/v2.0/token", details.authority, details.tenant);
            let response = client.post(url).sensitive().form(form).send().await?.ensure_success()?;
            let reply: TokenReply = response.json()?;
            let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(reply.expires_in);
            Ok::<_, SynclineError>(AccessToken {
                secret: Secret::new(reply.access_token),
                expires_at: Some(end),
            })
        })
    });
    Arc::new(TokenCache::new(Arc::new(SystemClock), fetch))
}

pub(crate) async fn bench(records: u64) -> Bench {
    let sandbox = Sandbox::start(SandboxConfig { records, ..SandboxConfig::default() }).await.unwrap();
    let client = HttpClient::new(&HttpConfig::default()).unwrap();
    let fetches = Arc::new(AtomicU32::new(0));
    let tokens = tokens(&client, &sandbox, &fetches);
    let settings = DataverseSettings {
        url: sandbox.details().dataverse.clone(),
        timeout: Duration::from_secs(3),
        ..DataverseSettings::default()
    };
    let connector = DataverseBuilder::new(settings, client, Arc::new(Gate::new(8)), tokens).build().unwrap();
    Bench { sandbox, connector, fetches }
}

pub(crate) fn none() -> CancellationToken {
    CancellationToken::new()
}

pub(crate) fn select(entity: &str, columns: &[&str], page_size: u32) -> Selection {
    Selection {
        entity: Some(entity.into()),
        columns: columns.iter().map(|name| (*name).into()).collect(),
        page_size,
        ..Selection::default()
    }
}

/// Reads all pages and checks that no id comes twice.
pub(crate) async fn read_all(
    connector: &DataverseConnector,
    selection: &Selection,
) -> Result<Vec<syncline_model::Record>, SynclineError> {
    let mut records = Vec::new();
    let mut cursor = None;
    loop {
        let page = connector.page(selection, cursor.as_ref(), &none()).await?;
        records.extend(page.records);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let ids: HashSet<&str> = records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids.len(), records.len(), "no record twice");
    Ok(records)
}

pub(crate) fn fault(kind: FaultKind, path: &str) -> FaultRule {
    FaultRule { service: Some("contoso".to_owned()), path: Some(path.to_owned()), ..FaultRule::new(kind) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_entities_and_schema() {
    let bench = bench(100).await;
    let identity = Source::identity(&bench.connector).await.unwrap();
    let environment = &bench.sandbox.details().environments[0];
    assert_eq!(identity.organization_id.as_deref(), Some(environment.organization_id.as_str()));
    assert!(identity.user_name.is_some());
    let entities = Source::entities(&bench.connector, &none()).await.unwrap();
    let project = entities.iter().find(|entity| entity.logical_name.as_str() == "new_project").unwrap();
    assert!(project.custom);
    let schema = Source::schema(&bench.connector, &"contact".into(), &none()).await.unwrap();
    let column = |name: &str| schema.column(name).unwrap_or_else(|| panic!("{name} is missing"));
    assert_eq!(column("gendercode").label(1), Some("Male"));
    assert_eq!(
        column("statuscode").options.iter().filter(|option| option.state.is_some()).count(),
        column("statuscode").options.len()
    );
    assert_eq!(column("parentcustomerid").column_type, ColumnType::Customer);
    assert_eq!(column("parentcustomerid").targets.len(), 2);
    assert!(column("anniversary").behavior.is_some());
    assert_eq!(column("firstname").max_length, Some(50));
    assert!(!column("fullname").updatable);
    assert!(schema.columns.iter().all(|column| !column.logical_name.as_str().ends_with("yominame")));
    let navigation = schema.relationships.iter().filter(|relationship| {
        relationship.column.as_ref().is_some_and(|column| column.as_str() == "parentcustomerid")
    });
    assert!(navigation.count() >= 2);
    let project = Source::schema(&bench.connector, &"new_project".into(), &none()).await.unwrap();
    assert!(project.keys.iter().any(|key| key.active));
    assert!(project.columns.iter().any(|column| {
        column.column_type == ColumnType::MultiSelectPicklist && !column.options.is_empty()
    }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_comes_once_and_counts_agree() {
    let bench = bench(1234).await;
    let selection = select("contact", &["fullname", "parentcustomerid", "gendercode"], 500);
    let records = read_all(&bench.connector, &selection).await.unwrap();
    assert_eq!(records.len(), 1234);
    let count = bench.connector.count(&selection, &none()).await.unwrap();
    assert_eq!((count.value, count.exact), (1234, true));
    let linked = records.iter().find(|record| {
        record.fields().unwrap().value("parentcustomerid").is_some_and(|value| !value.is_null())
    });
    let fields = linked.unwrap().fields().unwrap();
    assert!(fields.lookup_entity("parentcustomerid").is_some());
    assert!(fields.formatted("parentcustomerid").is_some());
    let everything = select("contact", &[], 500);
    let all = bench.connector.page(&everything, None, &none()).await.unwrap();
    assert!(all.records[0].fields().unwrap().names().count() > 60);
    let top = read_all(&bench.connector, &Selection { top: Some(750), ..selection }).await.unwrap();
    assert_eq!(top.len(), 750);
    let state = bench.connector.budget();
    assert!(state.remaining_requests.is_some() && state.requests_sent > 5, "{state:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_by_id() {
    let bench = bench(300).await;
    let selection = select("contact", &["fullname"], 300);
    let records = read_all(&bench.connector, &selection).await.unwrap();
    let mut ids: Vec<_> = records.iter().rev().map(|record| record.id.clone()).take(250).collect();
    ids.push(syncline_model::RecordId::new("00000000-0000-4000-8000-000000000000"));
    let found = bench.connector.get(&"contact".into(), &ids, &["fullname".into()], &none()).await.unwrap();
    assert_eq!(found.len(), 251);
    assert!(found[250].is_none());
    for (id, record) in ids.iter().zip(&found).take(250) {
        assert_eq!(&record.as_ref().unwrap().id, id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_on_the_way_change_nothing() {
    let bench = bench(900).await;
    let selection = select("contact", &["fullname"], 100);
    let kinds = [
        FaultKind::Status { status: 429, retry_after: Some(1) },
        FaultKind::Status { status: 503, retry_after: None },
        FaultKind::ResetBefore,
        FaultKind::ResetInside { after_bytes: 700 },
        FaultKind::TruncatedJson,
        FaultKind::GarbageJson,
        FaultKind::HtmlPage { status: 502 },
        FaultKind::ExpireTokens,
    ];
    bench.connector.page(&selection, None, &none()).await.unwrap();
    for kind in kinds {
        let name = format!("{kind:?}");
        bench.sandbox.faults().clear();
        bench.sandbox.faults().add([FaultRule { skip: 3, ..fault(kind, "/contacts") }]);
        let records =
            read_all(&bench.connector, &selection).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(records.len(), 900, "{name}");
    }
    assert_eq!(bench.fetches.load(Ordering::SeqCst), 2, "one renewal after the tokens were refused");
    assert!(bench.connector.budget().pauses >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_stay_are_told() {
    let bench = bench(50).await;
    let selection = select("contact", &["fullname"], 10);
    bench.connector.page(&selection, None, &none()).await.unwrap();
    let always = |kind| FaultRule { every: Some(1), ..fault(kind, "/contacts") };
    bench.sandbox.faults().add([always(FaultKind::GarbageJson)]);
    let error = bench.connector.page(&selection, None, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::UnexpectedReply, "{error:?}");
    bench.sandbox.faults().clear();
    bench.sandbox.faults().add([always(FaultKind::Status { status: 429, retry_after: Some(7200) })]);
    let error = bench.connector.page(&selection, None, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Throttled, "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_can_be_cancelled() {
    let bench = bench(50).await;
    let selection = select("contact", &["fullname"], 10);
    bench.connector.page(&selection, None, &none()).await.unwrap();
    bench.sandbox.faults().add([fault(FaultKind::Hang, "/contacts")]);
    let cancel = CancellationToken::new();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(bench.connector.page(&selection, None, &cancel), stop);
    assert_eq!(result.unwrap_err().code, ErrorCode::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discovery_refuses_an_application() {
    let bench = bench(10).await;
    let client = HttpClient::new(&HttpConfig::default()).unwrap();
    let tokens = tokens(&client, &bench.sandbox, &Arc::default());
    let url = bench.sandbox.details().discovery.clone();
    let error = environments(&client, &url, tokens, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SignInNeeded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_orders_and_lists() {
    let bench = bench(1500).await;
    let all =
        read_all(&bench.connector, &select("contact", &["fullname", "gendercode"], 1000)).await.unwrap();
    let female = all
        .iter()
        .filter(|record| record.fields().unwrap().value("gendercode") == Some(Value::Integer(2)))
        .count();
    let filter = Some(r#"<condition attribute="gendercode" operator="eq" value="2"/>"#.to_owned());
    let filtered = Selection {
        filter,
        order: vec![Order { column: "lastname".into(), descending: true }],
        ..select("contact", &["lastname", "emailaddress1"], 100)
    };
    let found = read_all(&bench.connector, &filtered).await.unwrap();
    assert_eq!(found.len(), female);
    assert!(
        found.iter().all(|record| record.fields().unwrap().value("emailaddress1").is_some()),
        "null is there as null"
    );
    let count = bench.connector.count(&filtered, &none()).await.unwrap();
    assert_eq!((count.value, count.exact), (female as u64, true));
    let lists = bench.connector.marketing_lists(&none()).await.unwrap();
    for list in lists.iter().filter(|list| list.member_entity.as_str() == "contact") {
        let members = Selection { list: Some(list.id.clone()), ..select("contact", &["fullname"], 200) };
        let found = read_all(&bench.connector, &members)
            .await
            .unwrap_or_else(|error| panic!("{}: {error:?}", list.name));
        let count = bench.connector.count(&members, &none()).await.unwrap();
        assert_eq!(count.value, found.len() as u64, "{}", list.name);
    }
    assert!(lists.iter().any(|list| list.dynamic) && lists.iter().any(|list| !list.dynamic));
}
