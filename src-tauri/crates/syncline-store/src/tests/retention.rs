//! What goes with time, and what does not.

use jiff::ToSpan;
use serde_json::json;
use serde_json::value::RawValue;
use syncline_model::EntityName;
use uuid::Uuid;

use super::work::{plan, plan_row, run};
use crate::testing::{at, contact, now, open};
use crate::{HandEdit, HandEditBody, HandEditFilter, Older, Plan, PlanStatus, RunStatus, SignOff, Store};

fn ready(store: &Store, counts: serde_json::Value, age: i64) -> Plan {
    let mut made = plan(Uuid::from_u128(1), Uuid::from_u128(2));
    made.created_at = now() - (age * 24).hours();
    made.detail = json!({ "counts": counts });
    store.save_plan(&made).unwrap();
    store.add_plan_rows(made.id, &[plan_row(0, "zoe")]).unwrap();
    made.status = PlanStatus::Ready;
    store.save_plan(&made).unwrap();
    made
}

fn ended(store: &Store, plan: &Plan, status: RunStatus) -> crate::Run {
    let mut made = run(plan);
    (made.started_at, made.finished_at) = (plan.created_at, Some(plan.created_at));
    store.begin_run(&made).unwrap();
    made.status = status;
    store.save_run(&made).unwrap();
    made
}

fn sign(store: &Store, plan: &Plan) {
    let signed =
        SignOff { hash: "h".into(), by: "Ada".into(), at: now().to_string(), changed: false, pair: None };
    store.sign_plan(plan.id, &signed).unwrap();
}

#[test]
fn previews_go_by_themselves_and_nothing_that_counts_does() {
    let (_home, store) = open();
    let writes = json!({ "create": 1 });
    let idle = json!({ "unchanged": 5 });
    let (old, fresh) = (ready(&store, writes.clone(), 40), ready(&store, writes.clone(), 10));
    let (dull, dull_fresh) = (ready(&store, idle.clone(), 10), ready(&store, idle.clone(), 3));
    let bad = ready(&store, json!({ "invalid": 1 }), 10);
    let signed = ready(&store, idle.clone(), 400);
    sign(&store, &signed);
    let ran = ready(&store, writes, 400);
    ended(&store, &ran, RunStatus::Succeeded);
    // The other way of a sync that ran.
    let mut other = ready(&store, idle, 400);
    other.detail = json!({ "two_way": { "other": ran.id, "returns": true } });
    store.save_plan(&other).unwrap();
    let gone = store.prune_previews(Some(now() - (30 * 24).hours()), Some(now() - (7 * 24).hours())).unwrap();
    assert_eq!(gone, 2);
    let there = |plan: &Plan| store.plan(plan.id).unwrap().is_some();
    assert!(!there(&old) && !there(&dull));
    for plan in [&fresh, &dull_fresh, &bad, &signed, &ran, &other] {
        assert!(there(plan));
    }
    assert_eq!(store.prune_previews(None, None).unwrap(), 0);
}

#[test]
fn runs_with_open_failures_and_what_was_signed_go_only_on_request() {
    let (_home, store) = open();
    let made = |status| {
        let plan = ready(&store, json!({ "create": 1 }), 400);
        (ended(&store, &plan, status), plan)
    };
    let (well, _) = made(RunStatus::Succeeded);
    let (failed, _) = made(RunStatus::Failed);
    let (partial, _) = made(RunStatus::Partial);
    let (cut, _) = made(RunStatus::Interrupted);
    let (mut undone, _) = made(RunStatus::Partial);
    undone.detail = json!({ "undone_by": well.id });
    store.save_run(&undone).unwrap();
    let (signed, plan) = made(RunStatus::Succeeded);
    sign(&store, &plan);
    let careful = Older { before: now(), all: false };
    let told = store.prunable(careful).unwrap();
    assert_eq!((told.runs, told.kept), (2, 4));
    // What failed was sent again and went well.
    let (mut replay, _) = made(RunStatus::Succeeded);
    replay.detail = json!({ "replay_of": failed.id });
    store.save_run(&replay).unwrap();
    let told = store.prune(careful).unwrap();
    assert_eq!((told.runs, told.kept), (4, 3));
    let there = |run: &crate::Run| store.run(run.id).unwrap().is_some();
    assert!(!there(&well) && !there(&undone) && !there(&failed) && !there(&replay));
    assert!(there(&partial) && there(&cut) && there(&signed));
    assert_eq!(store.prune(now()).unwrap().runs, 3);
    assert!(!there(&partial) && !there(&cut) && !there(&signed));
}

#[test]
fn edits_by_hand_are_found_by_their_record_and_go_with_time() {
    let (_home, store) = open();
    let raw = |text: &str| Some(RawValue::from_string(text.to_owned()).unwrap());
    let edit = |id: &str, when: &str| HandEdit {
        number: 0,
        connection: Uuid::from_u128(1),
        entity: contact(),
        record: id.to_owned(),
        operation: "update".to_owned(),
        at: at(when),
        body: HandEditBody {
            by: Some("ann@contoso.example".to_owned()),
            before: raw(r#"{"lastname":"A"}"#),
            after: raw(r#"{"lastname":"B","creditlimit":20000.0000}"#),
        },
    };
    store.add_hand_edit(&edit("ID-1", "2026-01-01T00:00:00Z")).unwrap();
    store.add_hand_edit(&edit("id-1", "2026-02-01T00:00:00Z")).unwrap();
    store.add_hand_edit(&edit("id-2", "2026-02-01T00:00:00Z")).unwrap();
    let edits_of = |connection: u128, entity: EntityName, id: &str| {
        let filter = HandEditFilter {
            connection: Some(Uuid::from_u128(connection)),
            entity: Some(entity),
            record: Some(id.to_owned()),
            ..HandEditFilter::default()
        };
        store.hand_edits(&filter, 10).unwrap()
    };
    let of = |id: &str| edits_of(1, contact(), id);
    let found = of("Id-1");
    assert_eq!(
        found.iter().map(|one| one.at).collect::<Vec<_>>(),
        [at("2026-02-01T00:00:00Z"), at("2026-01-01T00:00:00Z")]
    );
    assert!(found[0].body.after.as_ref().unwrap().get().contains("20000.0000"), "every digit is kept");
    assert!(edits_of(2, contact(), "id-1").is_empty());
    assert!(edits_of(1, "account".into(), "id-1").is_empty());
    assert_eq!(store.prune(at("2026-01-15T00:00:00Z")).unwrap().edits, 1);
    assert_eq!((of("id-1").len(), of("id-2").len()), (1, 1));
}
