//! Page size and annotations: asked for with each page, heeded by the service, and missed when a proxy takes the wish away.

use syncline_connect::{Selection, Source};
use syncline_model::ErrorCode;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::dataverse::{bench, fault, none, read_all, select};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_page_says_its_size_and_its_annotations() {
    let bench = bench(330).await;
    let plain = select("contact", &["fullname", "gendercode", "parentcustomerid"], 70);
    let filter = Some("<condition attribute='lastname' operator='not-null'/>".to_owned());
    for (selection, pages, by_fetch) in [(plain.clone(), 5, false), (Selection { filter, ..plain }, 5, true)]
    {
        read_all(&bench.connector, &select("contact", &["fullname"], 5000)).await.unwrap();
        bench.sandbox.clear_requests();
        let (mut cursor, mut sizes) = (None, Vec::new());
        loop {
            let page = bench.connector.page(&selection, cursor.as_ref(), &none()).await.unwrap();
            for record in &page.records {
                let fields = record.fields().unwrap();
                let labelled = fields.value("gendercode").is_some_and(|value| !value.is_null());
                assert_eq!(fields.formatted("gendercode").is_some(), labelled, "{}", record.raw);
                let linked = fields.value("parentcustomerid").is_some_and(|value| !value.is_null());
                assert_eq!(fields.lookup_entity("parentcustomerid").is_some(), linked, "{}", record.raw);
            }
            sizes.push(page.records.len());
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(sizes.iter().sum::<usize>(), 330);
        assert!(sizes[..pages - 1].iter().all(|size| *size == 70), "{sizes:?}");
        let requests = bench.sandbox.requests();
        assert_eq!(requests.len(), pages, "{requests:?}");
        for request in requests {
            let prefer = request.headers.get("prefer").unwrap_or_else(|| panic!("no wish: {request:?}"));
            assert_eq!(prefer.contains("odata.maxpagesize=70"), !by_fetch, "{prefer}");
            assert!(
                prefer.contains("odata.include-annotations=\"OData.Community.Display.V1.FormattedValue,"),
                "{prefer}"
            );
            assert!(prefer.contains("Microsoft.Dynamics.CRM.lookuplogicalname"), "{prefer}");
            assert_eq!(prefer.contains("Microsoft.Dynamics.CRM.morerecords"), by_fetch, "{prefer}");
            assert_eq!(prefer.contains("Microsoft.Dynamics.CRM.fetchxmlpagingcookie"), by_fetch, "{prefer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_takes_the_wish_away_is_noticed() {
    let bench = bench(120).await;
    let plain = select("contact", &["fullname", "gendercode"], 50);
    let filter = Some("<condition attribute='lastname' operator='not-null'/>".to_owned());
    read_all(&bench.connector, &plain).await.unwrap();
    bench
        .sandbox
        .faults()
        .add([FaultRule { every: Some(1), ..fault(FaultKind::PreferDropped, "/contacts") }]);
    for selection in [plain.clone(), Selection { filter, ..plain }] {
        // Without the mark that more follow, a FetchXML read would end after its first page and look whole.
        let error = read_all(&bench.connector, &selection).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::UnexpectedReply, "{error:?}");
        assert!(error.hint.as_deref().unwrap().contains("Prefer"), "{error:?}");
    }
    // Where no value could have a label, a full page shows that others may follow; none is missed.
    let all = Some("<condition attribute='contactid' operator='not-null'/>".to_owned());
    for filter in [None, all] {
        let words = Selection { filter, ..select("contact", &["fullname"], 40) };
        assert_eq!(read_all(&bench.connector, &words).await.unwrap().len(), 120);
    }
    let nobody = Some("<condition attribute='lastname' operator='eq' value='nobody has it'/>".to_owned());
    let none_found = Selection { filter: nobody, ..select("contact", &["fullname"], 50) };
    assert!(read_all(&bench.connector, &none_found).await.unwrap().is_empty());
}
