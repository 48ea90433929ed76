//! Plans, runs and ledgers.

use serde_json::json;
use serde_json::value::RawValue;
use syncline_model::{Action, FieldChange, MappedRecord, RowIssue, Value, ValueMap};
use uuid::Uuid;

use crate::testing::{at, contact, key, now, open};
use crate::{
    AuditFilter, Plan, PlanPacker, PlanRow, PlanRowFilter, PlanRowOrder, PlanStatus, RequestText, RowDraft,
    Run, RunOutcome, RunRowFilter, RunStatus, Store, StoreError,
};

pub(crate) fn plan(source: Uuid, destination: Uuid) -> Plan {
    Plan {
        id: Uuid::new_v4(),
        definition: "Contacts".to_owned(),
        definition_json: "{}".to_owned(),
        definition_hash: "hash".to_owned(),
        source,
        source_entity: contact(),
        destination,
        destination_entity: "profile".into(),
        source_hash: None,
        status: PlanStatus::Planning,
        created_at: now(),
        detail: json!({ "requests": 3 }),
        destination_schema: json!({ "columns": [] }),
        identity: json!({ "user_id": "u" }),
        signature: None,
    }
}

pub(crate) fn plan_row(ordinal: u32, name: &str) -> PlanRow {
    PlanRow {
        ordinal,
        source_id: format!("id-{ordinal}"),
        title: name.to_owned(),
        source_etag: Some("W/\"1\"".to_owned()),
        action: if ordinal.is_multiple_of(3) { Action::Create } else { Action::Unchanged },
        reason: "not there yet".to_owned(),
        mapped: MappedRecord {
            identifiers: ValueMap::from([("email".to_owned(), Value::from(format!("{name}@example.com")))]),
            attributes: ValueMap::from([("name".to_owned(), Value::from(name))]),
            events: Vec::new(),
        },
        existing: None,
        changes: vec![FieldChange { field: "name".to_owned(), from: Value::Null, to: Value::from(name) }],
        request: Some(RawValue::from_string("{\"body\": \"{\\\"n\\\":20000.0000}\"}".to_owned()).unwrap()),
        request_hash: Some("r".to_owned()),
        issues: Vec::new(),
        extra: None,
        excluded: false,
    }
}

pub(crate) fn run(plan: &Plan) -> Run {
    Run {
        id: Uuid::new_v4(),
        plan: plan.id,
        definition: plan.definition.clone(),
        definition_hash: plan.definition_hash.clone(),
        source: plan.source,
        destination: plan.destination,
        status: RunStatus::Running,
        started_at: now(),
        finished_at: None,
        detail: json!({ "created": 0 }),
    }
}

fn filled(store: &Store, rows: u32) -> Plan {
    let plan = plan(Uuid::from_u128(1), Uuid::from_u128(2));
    store.save_plan(&plan).unwrap();
    let rows: Vec<_> = (0..rows)
        .map(|n| {
            let mut row = plan_row(n, &format!("Zoë {n}"));
            if n.is_multiple_of(10) {
                row.action = Action::Invalid;
                let issue = |field: &str| RowIssue {
                    code: "email_malformed".to_owned(),
                    field: field.to_owned(),
                    message: format!("{field} of {n}"),
                };
                row.issues = vec![issue("email"), issue("name")];
            }
            row
        })
        .collect();
    for chunk in rows.chunks(64) {
        store.add_plan_rows(plan.id, chunk).unwrap();
    }
    plan
}

#[test]
fn a_finished_plan_is_gone_through_once_for_a_question() {
    let (_folder, store) = open();
    let plan = filled(&store, 300);
    let places = || store.inner.places.count();
    let by_title = PlanRowFilter {
        action: Some(Action::Create),
        order: PlanRowOrder::Title,
        descending: true,
        ..Default::default()
    };
    let window = |filter: &PlanRowFilter, offset: u64| {
        let page = store.plan_rows(plan.id, filter, offset, 20).unwrap();
        (page.total, page.rows.iter().map(|row| row.ordinal).collect::<Vec<_>>())
    };
    let making = [0, 40, 80, 100].map(|offset| window(&by_title, offset));
    assert_eq!(making[0].0, 90);
    assert_eq!((making[2].1.len(), making[3].1.len()), (10, 0));
    assert_eq!(places(), 0, "rows may be added yet");

    store.set_plan_status(plan.id, PlanStatus::Ready).unwrap();
    assert_eq!([0, 40, 80, 100].map(|offset| window(&by_title, offset)), making);
    assert_eq!(places(), 1);
    assert_eq!(store.plan_rows_count(plan.id, &PlanRowFilter::default()).unwrap(), 300);
    assert_eq!(window(&PlanRowFilter::default(), 297), (300, vec![297, 298, 299]));
    assert_eq!(places(), 2, "one for each question");
    let other = filled(&store, 7);
    store.set_plan_status(other.id, PlanStatus::Ready).unwrap();
    assert_eq!(store.plan_rows_count(other.id, &PlanRowFilter::default()).unwrap(), 7);

    // What is taken out by hand changes, and is in the rows of a list that was made before.
    let out = PlanRowFilter { excluded: Some(true), ..Default::default() };
    assert_eq!(store.plan_rows_count(plan.id, &out).unwrap(), 0);
    assert_eq!(store.exclude_plan_rows(plan.id, Some(&[298]), &out, true).unwrap(), 1);
    assert_eq!(window(&out, 0), (1, vec![298]));
    let page = store.plan_rows(plan.id, &PlanRowFilter::default(), 297, 20).unwrap();
    assert_eq!(page.rows.iter().map(|row| row.excluded).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn rows_are_paged_filtered_counted_and_streamed() {
    let (_folder, store) = open();
    filled(&store, 40);
    let plan = filled(&store, 300);
    let all = store.plan_rows(plan.id, &PlanRowFilter::default(), 10, 5).unwrap();
    assert_eq!((all.total, all.rows.len(), all.rows[0].ordinal), (300, 5, 10));
    assert_eq!(all.rows[0].issues.len(), 2);
    assert_eq!(
        all.rows[1].request.as_ref().unwrap().get(),
        plan_row(11, "x").request.unwrap().get(),
        "a request is kept to the letter"
    );
    let total = |filter: PlanRowFilter| store.plan_rows(plan.id, &filter, 0, 1).unwrap().total;
    assert_eq!(total(PlanRowFilter { action: Some(Action::Invalid), ..Default::default() }), 30);
    assert_eq!(total(PlanRowFilter { issue: Some("email_malformed".to_owned()), ..Default::default() }), 30);
    assert_eq!(total(PlanRowFilter { issue: Some("other".to_owned()), ..Default::default() }), 0);
    assert_eq!(total(PlanRowFilter { text: Some("ZOE 29".to_owned()), ..Default::default() }), 11);
    assert_eq!(total(PlanRowFilter { text: Some("100%".to_owned()), ..Default::default() }), 0);

    assert_eq!(store.plan_due_counts(plan.id).unwrap()[&Action::Create], 90);
    assert!(store.plan_excluded(plan.id).unwrap().is_empty());
    let causes = store.plan_issue_counts(plan.id).unwrap();
    assert_eq!(causes.len(), 2);
    assert_eq!((causes[0].field.as_str(), causes[0].rows), ("email", 30));

    let creates = PlanRowFilter { action: Some(Action::Create), ..Default::default() };
    assert_eq!(store.exclude_plan_rows(plan.id, Some(&[3, 6, 6]), &creates, true).unwrap(), 2);
    assert_eq!(total(PlanRowFilter { excluded: Some(true), ..Default::default() }), 2);
    // What is not sent anyway does not count.
    let invalid = PlanRowFilter { action: Some(Action::Invalid), ..Default::default() };
    assert_eq!(store.exclude_plan_rows(plan.id, None, &invalid, true).unwrap(), 30);
    assert_eq!(store.plan_excluded(plan.id).unwrap(), [(Action::Create, 2)].into());
    assert_eq!(store.plan_due_counts(plan.id).unwrap()[&Action::Create], 88);
    assert_eq!(store.plan_excluded_count(plan.id).unwrap(), 2);
    assert_eq!(store.exclude_plan_rows(plan.id, None, &invalid, false).unwrap(), 30);
    let begun = run(&plan);
    store.save_run(&begun).unwrap();
    let (mut seen, mut from) = (Vec::new(), 0);
    loop {
        let rows = store.plan_rows_to_write(plan.id, begun.id, 0, from, 7).unwrap();
        let Some(last) = rows.last() else { break };
        from = last.ordinal + 1;
        seen.extend(rows.iter().map(|row| row.ordinal));
    }
    assert_eq!((seen.len(), seen[0], seen[1]), (88, 9, 12));
    assert_eq!(store.exclude_plan_rows(plan.id, None, &creates, true).unwrap(), 88);
    assert!(store.plan_rows_to_write(plan.id, begun.id, 0, 0, 7).unwrap().is_empty());
    assert_eq!(store.exclude_plan_rows(plan.id, None, &PlanRowFilter::default(), false).unwrap(), 90);

    // A row that is planned again takes the place of the first, its issues too.
    store.add_plan_rows(plan.id, &[plan_row(10, "again")]).unwrap();
    assert_eq!(store.plan_issue_counts(plan.id).unwrap()[0].rows, 29);
    assert_eq!(store.plan_row(plan.id, 10).unwrap().unwrap().title, "again");

    assert!(!store.claim_plan(plan.id).unwrap(), "a plan in the making can't be run");
    store.set_plan_status(plan.id, PlanStatus::Ready).unwrap();
    assert!(store.claim_plan(plan.id).unwrap());
    assert!(!store.claim_plan(plan.id).unwrap(), "a plan is taken once");
    let kept = store.plan(plan.id).unwrap().unwrap();
    assert_eq!(kept, Plan { status: PlanStatus::Run, ..plan.clone() });
    assert!(matches!(store.exclude_plan_rows(plan.id, None, &creates, true), Err(StoreError::Busy { .. })));
    assert_eq!(store.plans(Some("CONTACTS"), 1).unwrap()[0].id, plan.id);
    assert!(matches!(store.plan_row(Uuid::nil(), 0), Err(StoreError::NotFound { .. })));
}

#[test]
fn rows_share_a_dictionary_and_come_back_to_the_letter() {
    let (_folder, store) = open();
    let plan = plan(Uuid::from_u128(1), Uuid::from_u128(2));
    store.save_plan(&plan).unwrap();
    let made = |n: u32| {
        let mut row = plan_row(n, &format!("Zoë {n}"));
        let money = Value::from_json_text("20000.5000").unwrap();
        row.mapped.attributes.insert("limit".to_owned(), money.clone());
        row.mapped.attributes.insert("cleared".to_owned(), Value::Null);
        let change = |from: Value, to: Value| FieldChange { field: "limit".to_owned(), from, to };
        match n % 3 {
            // All is new: the changes are those of the attributes.
            0 => row.changes.insert(0, change(Value::Null, money)),
            1 => row.changes.push(change(Value::Integer(1), money)),
            // Equal in value, written otherwise.
            _ => row.changes.insert(0, change(Value::Null, Value::from_json_text("20000.5").unwrap())),
        }
        row.extra = Some(RawValue::from_string(format!("{{\"source\":{{\"contactid\":\"{n}\"}}}}")).unwrap());
        row
    };
    let rows: Vec<PlanRow> = (0..500).map(made).collect();
    // The first is too small to learn from.
    for chunk in [&rows[..20], &rows[20..320], &rows[320..]] {
        store.add_plan_rows(plan.id, chunk).unwrap();
    }
    let written = |row: &PlanRow| {
        let texts = [&row.request, &row.extra].map(|raw| raw.as_ref().unwrap().get().to_owned());
        (row.title.clone(), serde_json::to_string(&(&row.mapped, &row.changes)).unwrap(), texts)
    };
    let read = store.plan_rows(plan.id, &PlanRowFilter::default(), 0, 1000).unwrap().rows;
    assert_eq!(read.len(), rows.len());
    for (read, row) in read.iter().zip(&rows) {
        assert_eq!(written(read), written(row));
    }
    assert_eq!(written(&store.plan_row(plan.id, 411).unwrap().unwrap()), written(&rows[411]));
    let sizes = |from: u32, until: u32| {
        store
            .read(|db| {
                let sql = "SELECT sum(length(body)) FROM plan_rows WHERE rid % 4294967296 BETWEEN ?1 AND ?2";
                Ok(db.query_row(sql, [from, until - 1], |row| row.get::<_, i64>(0))?
                    / i64::from(until - from))
            })
            .unwrap()
    };
    assert!(sizes(320, 500) * 3 < sizes(0, 20) * 2, "{} and {}", sizes(320, 500), sizes(0, 20));

    // The body of a request may stand behind the rest, as it is.
    let bodies = ["{\"n\":20000.0000,\"ë\":\"\\\"\"}", "12{", "", "}"];
    let mut packer = PlanPacker::new(&store, plan.id).unwrap();
    for (body, (row, json)) in
        bodies.iter().zip(rows.iter().zip(["{}", "{\"method\":\"POST\"}"].into_iter().cycle()))
    {
        let request = RequestText { json, body: Some(body) };
        packer.add(RowDraft { request: Some(request), ..row.into() }).unwrap();
    }
    store.add_packed_rows(plan.id, &packer.page().unwrap()).unwrap();
    for (body, row) in bodies.iter().zip(&rows) {
        let read = store.plan_row(plan.id, row.ordinal).unwrap().unwrap();
        let request: serde_json::Value = serde_json::from_str(read.request.as_ref().unwrap().get()).unwrap();
        let method = (row.ordinal % 2 == 1).then_some("POST");
        assert_eq!((request["body"].as_str(), request["method"].as_str()), (Some(*body), method));
        assert_eq!(written(&PlanRow { request: row.request.clone(), ..read }), written(row));
    }

    // A row that was compressed before there were dictionaries.
    let part = |value: &dyn Fn(&PlanRow) -> String| value(&rows[7]);
    let old = format!(
        r#"{{"reason":"r","mapped":{},"existing":null,"changes":{},"request":{},"issues":[],"extra":{}}}"#,
        part(&|row| serde_json::to_string(&row.mapped).unwrap()),
        part(&|row| serde_json::to_string(&row.changes).unwrap()),
        part(&|row| row.request.as_ref().unwrap().get().to_owned()),
        part(&|row| row.extra.as_ref().unwrap().get().to_owned()),
    );
    let old = RawValue::from_string(old).unwrap();
    let old = crate::tables::metadata::pack(&old).unwrap();
    store
        .write(|tx| Ok(tx.execute("UPDATE plan_rows SET body = ?1 WHERE rid % 4294967296 = 7", [old])?))
        .unwrap();
    assert_eq!(written(&store.plan_row(plan.id, 7).unwrap().unwrap()), written(&rows[7]));
}

#[test]
fn outcomes_are_kept_with_their_rows() {
    let (folder, store) = open();
    let plan = filled(&store, 30);
    let mut run = run(&plan);
    store.save_run(&run).unwrap();
    let outcome = |ordinal: u32, outcome: &str, code: Option<&str>| RunOutcome {
        ordinal,
        outcome: outcome.to_owned(),
        destination_id: Some(format!("d-{ordinal}")),
        code: code.map(str::to_owned),
        message: code.map(|code| format!("refused with {code}")),
        request_id: None,
        version: Some("W/\"2\"".to_owned()),
        events: 0,
        sent_at: Some(at("2026-03-04T12:00:00Z")),
        at: at("2026-03-04T12:00:01Z"),
    };
    let batch = [
        outcome(3, "unknown", None),
        outcome(6, "failed", Some("0x80040217")),
        outcome(9, "failed", Some("0x80040217")),
        outcome(12, "drifted", Some("0x80060882")),
    ];
    store.add_run_rows(run.id, &batch).unwrap();
    store.add_run_rows(run.id, &[outcome(3, "created", None)]).unwrap();
    let failed =
        RunRowFilter { outcomes: vec!["failed".to_owned(), "drifted".to_owned()], ..Default::default() };
    let page = store.run_rows(run.id, &failed, 1, 10).unwrap();
    assert_eq!((page.total, page.rows.len()), (3, 2));
    assert_eq!((page.rows[0].source_id.as_str(), page.rows[0].title.as_str()), ("id-9", "Zoë 9"));
    assert_eq!(page.rows[0].outcome, batch[2]);
    let text = |text: &str| RunRowFilter { text: Some(text.to_owned()), ..Default::default() };
    assert_eq!(store.run_rows(run.id, &text("80060882"), 0, 10).unwrap().total, 1);
    assert_eq!(store.run_rows(run.id, &text("zoe 3"), 0, 10).unwrap().total, 1);
    assert_eq!(store.run_outcome_counts(run.id).unwrap()["failed"], 2);
    let causes = store.run_failure_counts(run.id).unwrap();
    assert_eq!((causes[0].code.as_str(), causes[0].rows), ("0x80040217", 2));
    assert_eq!(store.run_outcomes(run.id, &[3, 4]).unwrap(), [Some("created".to_owned()), None]);
    assert!(matches!(store.delete_plan(plan.id), Err(StoreError::Busy { .. })));

    // The process dies: the run can be told from one that goes on.
    let other = Store::open(folder.path(), &key()).unwrap();
    assert_eq!(other.recover(now()).unwrap().runs, 0);
    drop(store);
    let recovered = other.recover(now()).unwrap();
    assert_eq!((recovered.runs, recovered.plans), (1, 1));
    let kept = other.run_of_plan(plan.id).unwrap().unwrap();
    assert_eq!((kept.status, kept.finished_at), (RunStatus::Interrupted, Some(now())));
    assert_eq!(other.plan(plan.id).unwrap().unwrap().status, PlanStatus::Incomplete);
    run.status = RunStatus::Succeeded;
    run.detail = json!({ "created": 1 });
    other.save_run(&run).unwrap();
    assert_eq!(other.runs(None, 0, 10).unwrap(), [run]);
    assert!(other.runs(Some("none"), 0, 10).unwrap().is_empty());
}

#[test]
fn the_audit_finds_a_record_and_goes_with_its_run() {
    let (_folder, store) = open();
    let mut runs = Vec::new();
    for (minute, kind) in ["created", "updated"].into_iter().enumerate() {
        let plan = filled(&store, 30);
        store.set_plan_status(plan.id, PlanStatus::Ready).unwrap();
        let mut run = run(&plan);
        run.started_at = at(&format!("2026-03-0{}T12:00:00Z", minute + 1));
        run.finished_at = Some(run.started_at);
        store.save_run(&run).unwrap();
        let told = RunOutcome {
            ordinal: 6,
            outcome: kind.to_owned(),
            destination_id: Some("D-6".to_owned()),
            code: None,
            message: None,
            request_id: None,
            version: None,
            events: 0,
            sent_at: None,
            at: run.started_at,
        };
        store.add_run_rows(run.id, &[told]).unwrap();
        run.status = RunStatus::Succeeded;
        store.save_run(&run).unwrap();
        store.index_run(run.id).unwrap();
        store.index_run(run.id).unwrap();
        runs.push(run);
    }
    let find = |filter: AuditFilter| store.audit(&filter, 0, 100).unwrap();
    for id in ["id-6", "ID-6", "d-6"] {
        let story = find(AuditFilter { record: Some(id.to_owned()), ..Default::default() });
        let told: Vec<(Uuid, &str)> = story.rows.iter().map(|row| (row.run, row.outcome.as_str())).collect();
        assert_eq!(told, [(runs[1].id, "updated"), (runs[0].id, "created")], "{id}");
        assert_eq!(story.total, 2);
    }
    let of = |filter: AuditFilter| find(AuditFilter { run: Some(runs[0].id), ..filter });
    assert_eq!(of(AuditFilter::default()).total, 30);
    assert_eq!(of(AuditFilter { outcomes: vec!["invalid".to_owned()], ..Default::default() }).total, 3);
    assert_eq!(of(AuditFilter { outcomes: vec!["not reached".to_owned()], ..Default::default() }).total, 8);
    assert_eq!(of(AuditFilter { sent: true, ..Default::default() }).total, 9);
    assert_eq!(of(AuditFilter { text: Some("zoe 29".to_owned()), ..Default::default() }).total, 1);
    assert_eq!(of(AuditFilter { entity: Some("none".into()), ..Default::default() }).total, 0);
    let rest = store.audit_from(runs[0].id, &AuditFilter::default(), 25, 100).unwrap();
    assert_eq!((rest.len(), rest[0].planned.ordinal), (5, 25));

    let before = at("2026-03-02T00:00:00Z");
    let told = store.prunable(before).unwrap();
    assert_eq!((told.runs, told.rows, told.oldest), (1, 30, Some(runs[0].started_at)));
    assert_eq!(store.prune(before).unwrap(), told);
    assert_eq!(store.prunable(before).unwrap().runs, 0);
    assert!(store.run(runs[0].id).unwrap().is_none() && store.plan(runs[0].plan).unwrap().is_none());
    let story = find(AuditFilter { record: Some("id-6".to_owned()), ..Default::default() });
    assert_eq!(story.total, 1);
    assert_eq!(store.resume_run(&runs[1]).unwrap(), crate::Resumed::NotOpen);
}
