//! Queries whose address is longer than the service takes: they go through `$batch`, page by page; what is too long even there is told.

use std::collections::BTreeSet;
use syncline_connect::{Selection, Source};
use syncline_http::{HttpClient, HttpConfig};
use syncline_model::ErrorCode;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::dataverse::{bench, fault, none, read_all, select, tokens};

/// A filter on these ids.
fn by_ids<'a>(ids: impl Iterator<Item = &'a str>) -> Option<String> {
    let values: String = ids.map(|id| format!("<value>{id}</value>")).collect();
    Some(format!("<condition attribute='contactid' operator='in'>{values}</condition>"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_query_is_paged_and_counted_through_batches() {
    let bench = bench(900).await;
    let all = read_all(&bench.connector, &select("contact", &["fullname"], 900)).await.unwrap();
    let wanted: BTreeSet<&str> = all.iter().map(|record| record.id.as_str()).take(700).collect();
    let selection = Selection {
        filter: by_ids(wanted.iter().copied()),
        ..select("contact", &["fullname", "gendercode"], 200)
    };
    bench.sandbox.clear_requests();
    let found = read_all(&bench.connector, &selection).await.unwrap();
    let ids: BTreeSet<&str> = found.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, wanted);
    assert!(
        found.iter().any(|record| record.fields().unwrap().formatted("gendercode").is_some()),
        "with labels"
    );
    let count = bench.connector.count(&selection, &none()).await.unwrap();
    assert_eq!((count.value, count.exact), (700, true));
    let requests = bench.sandbox.requests();
    assert_eq!(requests.len(), 5, "four pages and a count: {requests:?}");
    for request in &requests {
        assert_eq!((request.method.as_str(), request.status), ("POST", 200), "{request:?}");
        assert!(request.path.ends_with("/$batch"), "{request:?}");
    }

    // With faults on the way.
    for kind in [
        FaultKind::TruncatedJson,
        FaultKind::ResetInside { after_bytes: 900 },
        FaultKind::HtmlPage { status: 200 },
    ] {
        bench.sandbox.faults().clear();
        bench.sandbox.faults().add([FaultRule { skip: 1, ..fault(kind, "/$batch") }]);
        assert_eq!(read_all(&bench.connector, &selection).await.unwrap().len(), 700);
    }

    // Too long even there: told before anything is sent.
    bench.sandbox.faults().clear();
    bench.sandbox.clear_requests();
    let too_long =
        Selection { filter: by_ids(all.iter().chain(&all).map(|record| record.id.as_str())), ..selection };
    let error = read_all(&bench.connector, &too_long).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::QueryInvalid, "{error:?}");
    assert!(error.message.contains("too long") && error.hint.is_some(), "{error:?}");
    let error = bench.connector.count(&too_long, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::QueryInvalid, "{error:?}");
    assert!(bench.sandbox.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_tenant_holds_to_the_documented_lengths() {
    let bench = bench(10).await;
    let client = HttpClient::new(&HttpConfig::default()).unwrap();
    let tokens = tokens(&client, &bench.sandbox, &std::sync::Arc::default());
    let root = format!("{}/api/data/v9.2", bench.sandbox.details().dataverse);
    let address = |length: usize| {
        let head = format!("{root}/contacts?$select=fullname&@p1=");
        format!("{head}{}", "x".repeat(length - head.len()))
    };
    for (length, status) in [(32_768, 200), (32_769, 414)] {
        let response = client.get(address(length)).bearer(tokens.clone()).send().await.unwrap();
        assert_eq!(response.status.as_u16(), status, "{length}");
    }
    for (length, status) in [(65_536, "HTTP/1.1 200"), (65_537, "HTTP/1.1 400")] {
        let path = address(length + bench.sandbox.details().dataverse.len());
        let path = path.strip_prefix(&bench.sandbox.details().dataverse).unwrap();
        let body = format!(
            "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET {path} HTTP/1.1\r\n\r\n\r\n--b--\r\n"
        );
        let request =
            client.post(format!("{root}/$batch")).header("Content-Type", "multipart/mixed; boundary=b");
        let response = request.body(body).bearer(tokens.clone()).send().await.unwrap();
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert!(text.contains(status), "{length}: {text}");
    }
}
