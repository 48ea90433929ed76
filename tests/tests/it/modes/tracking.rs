//! Change tracking: a baseline, then what changed, deletions included; tokens that expire.

use reqwest::Method;
use serde_json::json;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use super::{bench, cached, change, create, delete, first_ids, ids, live, notes, pull, send, told};
use crate::app_support::count;

#[tokio::test(flavor = "multi_thread")]
async fn after_the_baseline_only_changes_are_read_and_deleted_records_leave() {
    let bench = bench(6_000).await;
    let baseline = pull(&bench, "contact", "new-and-updated").await;
    assert_eq!((&baseline["way"], count(&baseline, "read")), (&json!("baseline"), 6_000), "{baseline}");
    assert_eq!(baseline["tracked"], true);
    assert!(notes(&baseline).contains("no watermark"), "{baseline}");
    let mut all = cached(&bench, "contact").await.into_iter();
    let (a, b) = (all.next().unwrap(), all.next().unwrap());
    change(&bench, "contacts", &a, json!({ "lastname": "Changed" })).await;
    let made = create(&bench, "contacts", json!({ "lastname": "New" })).await;
    delete(&bench, "contacts", &b).await;
    bench.sandbox.clear_requests();
    let changes = pull(&bench, "contact", "new-and-updated").await;
    assert_eq!(changes["way"], "changes", "{changes}");
    assert_eq!(
        [count(&changes, "read"), count(&changes, "deleted"), count(&changes, "pages")],
        [2, 1, 1],
        "{changes}"
    );
    let asked = bench.sandbox.requests();
    assert_eq!(asked.iter().filter(|request| request.path.contains("$deltatoken=")).count(), 1);
    let after = cached(&bench, "contact").await;
    assert!(after.contains(&made) && after.contains(&a) && !after.contains(&b));
    assert_eq!(after.len(), 6_000);
    let [added, changed, deleted] = told(&bench, json!({ "pull": changes["pull"] })).await;
    assert_eq!((added, changed, deleted), (ids([&made]), ids([&a]), ids([&b])));
    let nothing = pull(&bench, "contact", "new-and-updated").await;
    assert_eq!([count(&nothing, "read"), count(&nothing, "deleted")], [0, 0], "{nothing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_come_in_pages() {
    let bench = bench(5_400).await;
    let baseline = pull(&bench, "contact", "all").await;
    assert!(baseline["way"] == "baseline" && count(&baseline, "pages") > 1, "{baseline}");
    let all: Vec<String> = cached(&bench, "contact").await.into_iter().collect();
    let target = |id: &String| json!({ "@odata.type": "Microsoft.Dynamics.CRM.contact", "contactid": id, "lastname": "All" });
    for part in all.chunks(900) {
        let body = json!({ "Targets": part.iter().map(target).collect::<Vec<_>>() });
        send(&bench, Method::POST, "contacts/Microsoft.Dynamics.CRM.UpdateMultiple", Some(&body)).await;
    }
    let changes = pull(&bench, "contact", "new-and-updated").await;
    assert!(count(&changes, "pages") > 1, "{changes}");
    assert_eq!((&changes["way"], count(&changes, "changed")), (&json!("changes"), 5_400), "{changes}");
    let page = bench.rpc("pulls.changes", json!({ "pull": changes["pull"], "column": "lastname" })).await;
    assert!(count(&page, "total") >= 5_399, "{}", page["total"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_leads_to_a_new_baseline_without_loss() {
    for by_retention in [false, true] {
        let bench = bench(700).await;
        pull(&bench, "contact", "all").await;
        let [a, b, _] = first_ids(&bench, "contact").await;
        change(&bench, "contacts", &a, json!({ "lastname": "Changed" })).await;
        delete(&bench, "contacts", &b).await;
        let environment = bench.sandbox.environment("contoso").unwrap();
        if by_retention {
            environment.set_change_tracking_days(-1);
        } else {
            environment.expire_delta_tokens();
        }
        let anew = pull(&bench, "contact", "new-and-updated").await;
        assert_eq!((&anew["way"], count(&anew, "read")), (&json!("baseline"), 699), "{anew}");
        assert!(notes(&anew).contains("expired"), "{anew}");
        assert_eq!(cached(&bench, "contact").await, live(&bench, "contact", None).await);
        environment.set_change_tracking_days(7);
        let made = create(&bench, "contacts", json!({ "lastname": "Later" })).await;
        let next = pull(&bench, "contact", "new-and-updated").await;
        assert_eq!((&next["way"], count(&next, "read")), (&json!("changes"), 1), "{next}");
        assert!(cached(&bench, "contact").await.contains(&made));
        let list = bench.rpc("pulls.list", json!({ "connection": "crm", "entity": "contact" })).await;
        assert_eq!(list.as_array().unwrap().len(), 3, "the refused attempt left no trace: {list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_the_baseline_is_read_comes_with_the_next_changes() {
    let bench = bench(5_200).await;
    let cut = FaultRule::new(FaultKind::HtmlPage { status: 503 }).at("contoso").on("skiptoken").after(0, 20);
    bench.sandbox.faults().add([cut]);
    let ask = json!({ "connection": "crm", "entity": "contact", "mode": "new-and-updated" });
    bench.failed("cache.pull", ask.clone()).await;
    let marks = bench.rpc("marks.list", json!({ "connection": "crm" })).await;
    assert_eq!(marks, json!([]), "a pull that was not done leaves no watermark");
    bench.sandbox.faults().clear();
    // A record of the page that is stored already changes, another goes; the cache is told neither.
    let mut stored = cached(&bench, "contact").await.into_iter();
    let (a, b) = (stored.next().unwrap(), stored.next().unwrap());
    change(&bench, "contacts", &a, json!({ "lastname": "Meanwhile" })).await;
    delete(&bench, "contacts", &b).await;
    let rest = bench.done("cache.pull", ask.clone()).await;
    assert_eq!((&rest["resumed"], &rest["way"]), (&json!(true), &json!("baseline")), "{rest}");
    let changes = bench.done("cache.pull", ask).await;
    assert_eq!(
        [count(&changes, "read"), count(&changes, "changed"), count(&changes, "deleted")],
        [1, 1, 1],
        "{changes}"
    );
    let [_, changed, deleted] = told(&bench, json!({ "pull": changes["pull"] })).await;
    assert_eq!((changed, deleted), (ids([&a]), ids([&b])));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_change_tracking_the_modification_date_tells() {
    let bench = bench(3_000).await;
    let first = pull(&bench, "new_projectmember", "new-and-updated").await;
    assert_eq!((&first["way"], &first["tracked"]), (&json!("everything"), &json!(false)), "{first}");
    let all = count(&first, "read");
    let [a, b] = first_ids(&bench, "new_projectmember").await;
    change(&bench, "new_projectmembers", &a, json!({ "new_name": "Renamed" })).await;
    let made = create(&bench, "new_projectmembers", json!({ "new_name": "New" })).await;
    delete(&bench, "new_projectmembers", &b).await;
    let since = pull(&bench, "new_projectmember", "new-and-updated").await;
    assert_eq!(since["way"], "since", "{since}");
    assert!(count(&since, "read") < all, "{since}");
    assert!(notes(&since).contains("Deletions"), "{since}");
    let kept = cached(&bench, "new_projectmember").await;
    assert!(kept.contains(&made) && kept.contains(&a));
    let whole = pull(&bench, "new_projectmember", "all").await;
    assert_eq!(count(&whole, "read"), all, "{whole}");
    assert_eq!(cached(&bench, "new_projectmember").await, live(&bench, "new_projectmember", None).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_without_a_token_is_whole_and_later_pulls_go_by_date() {
    let bench = bench(700).await;
    let every = FaultRule { every: Some(1), ..FaultRule::new(FaultKind::NoDeltaLink).at("contoso") };
    bench.sandbox.faults().add([every]);
    let ask = json!({ "connection": "crm", "entity": "contact", "mode": "all", "page_size": 300 });
    let whole = bench.done("cache.pull", ask).await;
    assert_eq!((&whole["way"], count(&whole, "read")), (&json!("baseline"), 700), "{whole}");
    assert_eq!(whole["tracked"], false, "{whole}");
    assert!(notes(&whole).contains("no change token"), "{whole}");
    assert_eq!(cached(&bench, "contact").await, live(&bench, "contact", None).await);
    let [a, _, _] = first_ids(&bench, "contact").await;
    change(&bench, "contacts", &a, json!({ "lastname": "Changed" })).await;
    let next = pull(&bench, "contact", "new-and-updated").await;
    assert_eq!(next["way"], "since", "{next}");
    assert_eq!(
        count(&next, "changed"),
        1,
        "what the watermark overlaps comes in another order, and is the same: {next}"
    );
    assert!(count(&next, "unchanged") > 0, "{next}");
    // Changes that end without a token are whole too, and what comes after them goes by date.
    bench.sandbox.faults().clear();
    pull(&bench, "contact", "all").await;
    let every = FaultRule { every: Some(1), ..FaultRule::new(FaultKind::NoDeltaLink).at("contoso") };
    bench.sandbox.faults().add([every]);
    for (name, way) in [("Once", "changes"), ("Twice", "since")] {
        change(&bench, "contacts", &a, json!({ "lastname": name })).await;
        let next = pull(&bench, "contact", "new-and-updated").await;
        assert_eq!((&next["way"], count(&next, "changed")), (&json!(way), 1), "{next}");
        assert_eq!(notes(&next).contains("no change token"), way == "changes", "{next}");
    }
    // A deletion is found when everything is read.
    delete(&bench, "contacts", &a).await;
    assert_eq!(count(&pull(&bench, "contact", "all").await, "deleted"), 1);
    assert_eq!(cached(&bench, "contact").await, live(&bench, "contact", None).await);
}
