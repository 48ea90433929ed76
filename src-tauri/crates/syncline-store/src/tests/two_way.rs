//! Pairs of records and conflicts.

use std::collections::BTreeMap;
use syncline_model::Value;
use uuid::Uuid;

use crate::testing::{now, open};
use crate::{BaseValue, ConflictBody, ConflictSide, FoundConflict, LinkChange, LinkPair, LinkSide};

fn tables() -> LinkPair {
    LinkPair {
        source: Uuid::from_u128(1),
        source_entity: "contact".into(),
        destination: Uuid::from_u128(2),
        destination_entity: "Users".into(),
    }
}

fn save(left: &str, right: &str, field: &str, value: &str) -> LinkChange {
    let both = BaseValue { left: value.into(), right: value.into() };
    LinkChange::Save {
        left: left.to_owned(),
        right: right.to_owned(),
        gone: None,
        base: BTreeMap::from([(field.to_owned(), both)]),
    }
}

fn found(field: &str, left: &str, right: &str) -> FoundConflict {
    let side = |value: &str| ConflictSide {
        value: value.into(),
        deleted: false,
        changed_at: None,
        changed_by: None,
    };
    FoundConflict {
        left: "a".to_owned(),
        right: "1".to_owned(),
        field: field.to_owned(),
        body: ConflictBody {
            title: "A".to_owned(),
            left_field: field.to_lowercase(),
            base: None,
            left: side(left),
            right: side(right),
        },
    }
}

#[test]
fn a_record_is_in_one_pair_and_its_base_grows() {
    let (_folder, store) = open();
    let tables = tables();
    assert_eq!(store.links_of(&tables, LinkSide::Source, &["a"]).unwrap(), [None]);
    store.change_links(&tables, &[save("a", "1", "Name", "x"), save("b", "2", "Name", "y")], now()).unwrap();
    store.change_links(&tables, &[save("a", "1", "City", "z")], now()).unwrap();
    let link = store.links_of(&tables, LinkSide::Destination, &["1", "3"]).unwrap()[0].clone().unwrap();
    assert_eq!((link.left.as_str(), link.base.len()), ("a", 2));
    assert_eq!(link.base["Name"].left, Value::from("x"));
    // The record got another half: the older pairs of both end.
    store.change_links(&tables, &[save("a", "2", "Name", "w")], now()).unwrap();
    assert_eq!(store.link_count(&tables).unwrap(), 1);
    let link = store.links_after(&tables, 0, 9).unwrap().remove(0);
    assert_eq!((link.right.as_str(), link.base.len()), ("2", 1));
    let other = LinkPair { destination_entity: "Companies".into(), ..tables.clone() };
    assert_eq!(store.link_count(&other).unwrap(), 0);
    let gone = LinkChange::Drop { left: "a".to_owned(), right: "2".to_owned() };
    store.change_links(&tables, &[gone], now()).unwrap();
    assert_eq!(store.link_count(&tables).unwrap(), 0);
}

#[test]
fn a_decision_holds_for_what_was_decided_on() {
    let (_folder, store) = open();
    let tables = tables();
    let pair = [("a".to_owned(), "1".to_owned())];
    let note =
        |found: &[FoundConflict]| store.note_conflicts(&tables, "people", &pair, found, now()).unwrap();
    note(&[found("Name", "x", "y"), found("City", "p", "q")]);
    let (all, total) = store.conflicts(Some("people"), 0, 9).unwrap();
    assert_eq!((all.len(), total), (2, 2));
    assert_eq!(store.conflicts(Some("others"), 0, 9).unwrap().1, 0);
    let id = all.iter().find(|one| one.field == "Name").unwrap().id;
    assert!(store.decide_conflict(id, Some((LinkSide::Source, "Ann")), now()).unwrap());
    note(&[found("Name", "x", "y")]);
    let (all, _) = store.conflicts(None, 0, 9).unwrap();
    assert_eq!(all.len(), 1, "what is no conflict any more is gone");
    assert_eq!(all[0].decision.as_ref().map(|one| (one.0, one.1.as_str())), Some((LinkSide::Source, "Ann")));
    assert_eq!(store.conflict_tables(id).unwrap(), Some(tables.clone()));
    note(&[found("Name", "x", "changed since")]);
    assert_eq!(store.conflict(id).unwrap().unwrap().decision, None);
    // What both sides hold now waits for nobody.
    store.change_links(&tables, &[save("a", "1", "Name", "x")], now()).unwrap();
    assert!(store.conflict(id).unwrap().is_none());
    assert!(!store.decide_conflict(id, None, now()).unwrap());
    note(&[found("City", "p", "q")]);
    store.forget(tables.destination).unwrap();
    assert_eq!((store.conflicts(None, 0, 9).unwrap().1, store.link_count(&tables).unwrap()), (0, 0));
}
