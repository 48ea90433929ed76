//! What pulls changed, and the watermarks they leave.

use serde_json::json;
use syncline_model::{Record, RecordId};

use crate::testing::{at, connection_id, contact, now, open, record, sample, schema};
use crate::{
    DifferenceKind, DifferenceQuery, MarkBack, MarkRule, PageNotes, Portion, Pull, PullEnd, PullKind,
    PullPlan, PullStart, Store,
};

fn begin(store: &Store, kind: PullKind, selection: &str, rule: MarkRule) -> Pull {
    let start =
        PullStart { connection: connection_id(), schema: &schema(), columns: &[], selection: "{}", kind };
    let plan = PullPlan { selection: selection.to_owned(), rule, ..PullPlan::default() };
    store.begin_planned_pull(&start, &plan, now()).unwrap()
}

fn whole(store: &Store, kind: PullKind, records: &[Record], notes: &PageNotes<'_>) -> Pull {
    let rule = if kind == PullKind::Full { MarkRule::Anew } else { MarkRule::On };
    let pull = begin(store, kind, "all", rule);
    store.write_noted_page(pull.id, &Portion::new(records.to_vec()), None, 1, notes, now()).unwrap();
    store.finish_pull(pull.id, PullEnd::Done, now()).unwrap()
}

fn person(id: &str, name: &str, mail: Option<&str>) -> Record {
    record(id, json!({ "contactid": id, "fullname": name, "emailaddress1": mail }))
}

fn query(pull: &Pull) -> DifferenceQuery {
    DifferenceQuery {
        pull: pull.id,
        since: None,
        kind: None,
        column: None,
        text: None,
        offset: 0,
        limit: 100,
    }
}

fn told(store: &Store, query: &DifferenceQuery) -> Vec<String> {
    let page = store.differences(query).unwrap();
    assert_eq!(page.total as usize, page.rows.len());
    page.rows
        .iter()
        .map(|row| {
            let fields: Vec<String> =
                row.fields.iter().map(|f| format!("{} {}>{}", f.column, f.old.get(), f.new.get())).collect();
            let last = row.last.as_ref().map_or("", |last| last.get());
            format!("{:?} {} {} {last}", row.kind, row.record_id, fields.join(",")).trim().to_owned()
        })
        .collect()
}

#[test]
fn changes_are_told_record_by_record_and_column_by_column() {
    let (_folder, store) = open();
    let none = PageNotes::default();
    let first = whole(
        &store,
        PullKind::Full,
        &[person("a", "Ann", None), person("b", "Bob", Some("b@x")), person("c", "Cy", None)],
        &none,
    );
    assert!(told(&store, &query(&first)).is_empty(), "the first pull has nothing to be compared with");
    let second = whole(
        &store,
        PullKind::Full,
        &[person("a", "Ann", Some("a@x")), person("b", "Bob", Some("b@x")), person("d", "Di", None)],
        &none,
    );
    assert_eq!(
        told(&store, &query(&second)),
        [
            "Added d",
            "Changed a emailaddress1 null>\"a@x\"",
            "Deleted c  {\"contactid\":\"c\",\"fullname\":\"Cy\",\"emailaddress1\":null}"
        ]
    );
    // A tombstone beside a change.
    let removed = [RecordId::new("d"), RecordId::new("nobody")];
    let third = whole(
        &store,
        PullKind::Changes,
        &[person("a", "Anna", Some("a@y"))],
        &PageNotes { removed: &removed, ..none },
    );
    assert_eq!(third.counts.deleted, 1);
    assert_eq!(told(&store, &query(&third)).len(), 2);
    // From after the first to the last: what it amounts to.
    let range = DifferenceQuery { since: Some(first.id), ..query(&third) };
    assert_eq!(
        told(&store, &range),
        [
            "Changed a emailaddress1 null>\"a@y\",fullname \"Ann\">\"Anna\"",
            "Deleted c  {\"contactid\":\"c\",\"fullname\":\"Cy\",\"emailaddress1\":null}"
        ],
        "who came and went in between is not told"
    );
    let page = store.differences(&range).unwrap();
    assert_eq!(page.counts, [0, 1, 1]);
    assert_eq!(page.columns, [("emailaddress1".to_owned(), 1), ("fullname".to_owned(), 1)]);
    let narrow = DifferenceQuery { column: Some("fullname".to_owned()), ..range.clone() };
    assert_eq!(told(&store, &narrow).len(), 1);
    let named = DifferenceQuery { text: Some("CY".to_owned()), ..range.clone() };
    assert_eq!(told(&store, &named).len(), 1);
    let gone = DifferenceQuery { kind: Some(DifferenceKind::Deleted), ..range };
    assert_eq!(told(&store, &gone).len(), 1);
    let back = DifferenceQuery { since: Some(third.id), ..query(&first) };
    assert!(store.differences(&back).is_err());
    let pulls = store.pull_details(connection_id(), &contact(), 10).unwrap();
    assert_eq!(
        pulls.iter().map(|pull| (pull.first, pull.counts)).collect::<Vec<_>>(),
        [(false, [0, 1, 1]), (false, [1, 1, 1]), (true, [0, 0, 0])]
    );
    store.forget(connection_id()).unwrap();
    assert!(store.differences(&query(&third)).is_err());
}

#[test]
fn a_record_stored_before_the_dictionary_was_made_is_read_back_right() {
    let (_folder, store) = open();
    let none = PageNotes::default();
    let few: Vec<Record> = (0..50).map(sample).collect();
    whole(&store, PullKind::Changes, &few, &none);
    let many: Vec<Record> = (50..700).map(sample).collect();
    whole(&store, PullKind::Changes, &many, &none);
    for record in &few {
        let kept = store.record(connection_id(), &contact(), &record.id).unwrap().unwrap();
        assert_eq!(kept.record.raw.get(), record.raw.get());
    }
}

#[test]
fn a_watermark_moves_with_the_end_of_a_pull_and_can_be_set_back() {
    let (_folder, store) = open();
    let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
    let mark = || store.mark(connection_id(), &contact(), "all").unwrap();
    let page = [person("a", "Ann", None)];
    let notes =
        PageNotes { modified: Some(early), version: Some(5), token: Some("one"), ..PageNotes::default() };
    let cut = begin(&store, PullKind::Full, "all", MarkRule::Anew);
    store.write_noted_page(cut.id, &Portion::new(page.to_vec()), None, 1, &notes, now()).unwrap();
    store.finish_pull(cut.id, PullEnd::Interrupted, now()).unwrap();
    assert_eq!(mark(), None, "a pull that was not done leaves none");
    let first = whole(&store, PullKind::Full, &page, &notes);
    let set = mark().unwrap();
    assert_eq!((set.place.modified, set.place.version, set.pull), (Some(early), Some(5), Some(first.id)));
    let second = whole(
        &store,
        PullKind::Changes,
        &page,
        &PageNotes { modified: Some(late), token: Some("two"), ..PageNotes::default() },
    );
    let moved = mark().unwrap();
    assert_eq!((moved.place.modified, moved.place.version), (Some(late), Some(5)));
    assert_eq!(moved.place.token.as_deref(), Some("two"));
    // Pulls of updated records only keep the older token and say since when new ones were left out.
    let without_new = begin(&store, PullKind::Changes, "all", MarkRule::OnWithoutNew);
    store.finish_pull(without_new.id, PullEnd::Done, now()).unwrap();
    let left = mark().unwrap().place;
    assert_eq!((left.left_out, left.token.as_deref()), (Some(late), Some("two")));
    // Back to a pull's end, then to a moment; never forward.
    let back = store.set_mark_back(&moved, MarkBack::Pull(first.id), now()).unwrap();
    assert_eq!((back.place.token.as_deref(), back.by_hand), (Some("one"), true));
    let moment = at("2025-12-24T00:00:00Z");
    let back = store.set_mark_back(&moved, MarkBack::Moment(moment), now()).unwrap();
    assert_eq!((back.place.modified, back.place.version, back.place.token), (Some(moment), None, None));
    assert!(store.set_mark_back(&moved, MarkBack::Moment(late), now()).is_err());
    assert!(store.set_mark_back(&moved, MarkBack::Pull(without_new.id), now()).is_ok());
    assert!(store.set_mark_back(&moved, MarkBack::Pull(cut.id), now()).is_err());
    let _ = second;
    // Another selection in full takes the place of what the mark speaks of.
    begin(&store, PullKind::Full, "other", MarkRule::Anew);
    assert_eq!(mark(), None);
}
