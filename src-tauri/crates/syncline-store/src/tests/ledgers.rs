//! What was sent: by whom, events once, and what vanished.

use serde_json::json;
use syncline_model::{EntityName, MappedEvent, MappedRecord, ValueMap};
use uuid::Uuid;

use super::work::{plan, plan_row};
use crate::testing::{contact, now, open};
use crate::{BesideSent, EventKey, Sent, Stream};

#[test]
fn what_was_sent_is_known_by_destination_entity_and_source() {
    let (_folder, store) = open();
    let (destination, source) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let sent = |id: &str, hash: &str| Sent {
        record_id: id.to_owned(),
        hash: hash.to_owned(),
        mapped: plan_row(0, id).mapped,
        at: now(),
    };
    assert_eq!(store.sent(destination, &contact(), source, &["a"]).unwrap(), [None]);
    let entity = contact();
    let stream =
        Stream { definition: "D", source, source_entity: &entity, destination, destination_entity: &entity };
    store.save_sent(stream, &[sent("a", "1"), sent("b", "1")]).unwrap();
    store.save_sent(stream, &[sent("a", "2")]).unwrap();
    let found = store.sent(destination, &contact(), source, &["b", "x", "a"]).unwrap();
    assert_eq!(found, [Some(sent("b", "1")), None, Some(sent("a", "2"))]);
    assert_eq!(store.sent(source, &contact(), destination, &["a"]).unwrap(), [None]);
}

#[test]
fn what_would_be_sent_stands_beside_what_was() {
    let (_folder, store) = open();
    let (destination, source) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let entity = contact();
    let stream =
        Stream { definition: "D", source, source_entity: &entity, destination, destination_entity: &entity };
    let mut mapped = plan_row(0, "a").mapped;
    mapped.attributes.insert("name".to_owned(), "Zoë \"Z\"".into());
    let beside = |id: &str, mapped: &MappedRecord| {
        store.beside_sent(destination, &entity, source, &[("x", mapped), (id, mapped)]).unwrap()
    };
    assert_eq!(beside("a", &mapped), [BesideSent::Never, BesideSent::Never]);
    for events in [0, 1, 2] {
        mapped.events = vec![
            MappedEvent {
                name: "purchase".to_owned(),
                timestamp: String::new(),
                parameters: ValueMap::default()
            };
            events
        ];
        let sent = Sent { record_id: "a".to_owned(), hash: String::new(), mapped: mapped.clone(), at: now() };
        store.save_sent(stream, &[sent]).unwrap();
        // Events are not compared: they have a ledger of their own.
        for events in [Vec::new(), mapped.events.clone()] {
            let other = MappedRecord { events, ..mapped.clone() };
            assert_eq!(beside("a", &other), [BesideSent::Never, BesideSent::Same]);
        }
        for (field, value) in [("name", "Zoë"), ("events", "one more")] {
            let mut other = mapped.clone();
            other.attributes.insert(field.to_owned(), value.into());
            assert_eq!(beside("a", &other), [BesideSent::Never, BesideSent::Sent(mapped.clone())]);
        }
        let fewer = MappedRecord { attributes: ValueMap::default(), ..mapped.clone() };
        assert_eq!(beside("a", &fewer), [BesideSent::Never, BesideSent::Sent(mapped.clone())]);
    }
}

#[test]
fn an_event_is_one_runs_and_goes_with_the_definitions_name() {
    let (_folder, store) = open();
    let (destination, source) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let (first, second) = (Uuid::from_u128(3), Uuid::from_u128(4));
    let entity = contact();
    let stream =
        Stream { definition: "D", source, source_entity: &entity, destination, destination_entity: &entity };
    let event = |timestamp: &str| EventKey {
        record_id: "a".to_owned(),
        event: "purchase".to_owned(),
        timestamp: timestamp.to_owned(),
    };
    let claim = |run: Uuid, timestamp: &str, again: bool| {
        store.claim_events(stream, run, &[(event(timestamp), again)], now()).unwrap()[0]
    };
    let sent = |definition: &str, to: Uuid, timestamp: &str| {
        store.events_sent(definition, to, &[("a", "purchase", timestamp)]).unwrap()[0]
    };
    assert!(claim(first, "1", false));
    assert!(claim(first, "1", false), "a run that goes on");
    assert!(!claim(second, "1", false), "another run sent it");
    assert_eq!(sent("d", destination, "1"), Some(now()), "without regard to case");
    assert_eq!((sent("d", destination, "2"), sent("e", destination, "1")), (None, None));
    assert_eq!(sent("d", source, "1"), None, "another destination has not got it");
    store.drop_events(stream, second, &[event("1")]).unwrap();
    assert!(sent("d", destination, "1").is_some(), "only who noted it takes it back");
    assert!(claim(second, "1", true), "on purpose");
    store.drop_events(stream, second, &[event("1"), event("2")]).unwrap();
    assert_eq!(sent("d", destination, "1"), None);

    claim(first, "1", false);
    let (mark, state) = (|name: &str| format!("watermark/{name}/1/2/3"), "schedule/state/");
    store.save_definition(None, "D", "{}", "h", now()).unwrap();
    store.save_definition(None, "D/x", "{}", "h", now()).unwrap();
    for key in [mark("d"), mark("d/x"), format!("{state}d"), format!("{state}d/x"), "grid/d".to_owned()] {
        store.keep(&key, None, &json!(key), now()).unwrap();
    }
    store.save_definition(Some("D"), "Spring", "{}", "h", now()).unwrap();
    assert!(sent("spring", destination, "1").is_some() && sent("d", destination, "1").is_none());
    let keys = |under: &str| -> Vec<String> {
        store.kept_under(under).unwrap().into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys("watermark/"), [mark("d/x"), mark("spring")]);
    assert_eq!(keys(state), [format!("{state}d/x"), format!("{state}spring")]);
    assert_eq!(keys("grid/"), ["grid/d"]);
}

#[test]
fn only_what_this_definition_alone_sent_vanishes() {
    let (_folder, store) = open();
    let plan = plan(Uuid::from_u128(2), Uuid::from_u128(1));
    store.save_plan(&plan).unwrap();
    let here = plan_row(0, "here");
    store.add_plan_rows(plan.id, std::slice::from_ref(&here)).unwrap();
    let own = Stream::of(&plan);
    let sent = |id: &str| Sent {
        record_id: id.to_owned(),
        hash: String::new(),
        mapped: plan_row(0, id).mapped,
        at: now(),
    };
    store.save_sent(own, &[sent(&here.source_id), sent("gone"), sent("both")]).unwrap();
    let other = Stream { definition: "other", ..own };
    store.save_sent(other, &[sent("foreign"), sent("both")]).unwrap();
    let table = EntityName::new("lead");
    store.save_sent(Stream { source_entity: &table, ..own }, &[sent("of another table")]).unwrap();
    let vanished = store.sent_and_vanished(&plan, "", 10).unwrap();
    assert_eq!(vanished.into_iter().map(|sent| sent.record_id).collect::<Vec<_>>(), ["gone"]);
    store.drop_sent(own, &["gone"]).unwrap();
    assert!(store.sent_and_vanished(&plan, "", 10).unwrap().is_empty());
}
