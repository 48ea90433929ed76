//! Requests that are kept with a run.

use jiff::ToSpan;
use uuid::Uuid;

use super::work::{plan, run};
use crate::testing::{now, open};
use crate::{FAILED_KEPT, OTHERS_KEPT, RunRequest, RunStatus, Store};

fn request(n: u32, failed: bool) -> RunRequest {
    RunRequest { at: now(), failed, json: format!("{{\"n\":{n},\"body\":\"planted marker\"}}") }
}

fn begun(store: &Store) -> Uuid {
    let plan = plan(Uuid::new_v4(), Uuid::new_v4());
    store.save_plan(&plan).unwrap();
    let run = run(&plan);
    store.save_run(&run).unwrap();
    run.id
}

#[test]
fn the_latest_are_kept_and_more_of_those_that_failed() {
    let (_folder, store) = open();
    let (one, other) = (begun(&store), begun(&store));
    store.add_run_requests(other, &[request(7, false)]).unwrap();
    for hundred in 0..10 {
        let some: Vec<RunRequest> =
            (0..100).map(|n| hundred * 100 + n).map(|n| request(n, n % 3 == 0)).collect();
        store.add_run_requests(one, &some).unwrap();
    }
    let all = store.run_requests(one, false, 1000).unwrap();
    assert_eq!((all.seen, all.failed), (1000, 334));
    assert_eq!(all.requests.len() as u32, OTHERS_KEPT + FAILED_KEPT);
    assert!(all.requests[0].json.contains("\"n\":999,"), "the latest comes first");
    let failed = store.run_requests(one, true, 1000).unwrap().requests;
    assert_eq!(failed.len() as u32, FAILED_KEPT);
    assert!(failed.iter().all(|request| request.failed));
    assert_eq!(store.run_requests(one, false, 5).unwrap().requests.len(), 5);
    assert_eq!(store.run_requests(other, false, 10).unwrap().requests, [request(7, false)]);
}

#[test]
fn they_go_with_their_run() {
    let (_folder, store) = open();
    let source = Uuid::new_v4();
    let plan = plan(source, Uuid::new_v4());
    store.save_plan(&plan).unwrap();
    let mut old = run(&plan);
    (old.status, old.finished_at) = (RunStatus::Succeeded, Some(old.started_at));
    store.save_run(&old).unwrap();
    store.add_run_requests(old.id, &[request(1, true)]).unwrap();
    let left = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        store.read(|db| Ok(db.query_row(&sql, [], |row| row.get::<_, i64>(0))?)).unwrap()
    };
    assert_eq!((left("run_requests"), left("run_request_counts")), (1, 1));
    store.prune(old.started_at + 1.hour()).unwrap();
    assert_eq!((left("run_requests"), left("run_request_counts")), (0, 0), "retention takes them too");

    let again = crate::Plan { id: Uuid::new_v4(), ..plan };
    store.save_plan(&again).unwrap();
    let mut second = run(&again);
    second.status = RunStatus::Succeeded;
    store.save_run(&second).unwrap();
    store.add_run_requests(second.id, &[request(2, false)]).unwrap();
    store.forget(source).unwrap();
    assert_eq!((left("run_requests"), left("run_request_counts")), (0, 0), "and so does forgetting");
}
