//! The system in memory; and the suite itself: it must notice what is broken.

use async_trait::async_trait;
use std::collections::BTreeMap;
use syncline_connect::conformance::{DestinationFixture, SourceFixture, destination, source};
use syncline_connect::memory::MemorySystem;
use syncline_connect::{Capabilities, Count, Cursor, Page, Selection, Source};
use syncline_model::{
    Column, ColumnName, ColumnType, EntityName, EntitySchema, EntitySummary, Identity, MappedRecord, Record,
    RecordId, RequiredLevel, SynclineError, Value, ValueMap,
};
use tokio_util::sync::CancellationToken;

use crate::all;

fn schema() -> EntitySchema {
    let column = |name: &str, column_type, required| Column {
        logical_name: name.into(),
        display_name: name.to_owned(),
        column_type,
        required,
        readable: true,
        creatable: true,
        updatable: true,
        max_length: (column_type == ColumnType::String).then_some(20),
        targets: Vec::new(),
        options: Vec::new(),
        behavior: None,
        format: None,
        given: None,
        custom: false,
    };
    EntitySchema {
        summary: EntitySummary {
            logical_name: "thing".into(),
            set_name: "things".to_owned(),
            display_name: "Thing".to_owned(),
            display_collection_name: "Things".to_owned(),
            primary_id: "thingid".into(),
            primary_name: Some("name".into()),
            custom: true,
            change_tracking: false,
        },
        columns: vec![
            column("amount", ColumnType::Money, RequiredLevel::None),
            column("code", ColumnType::String, RequiredLevel::None),
            column("name", ColumnType::String, RequiredLevel::System),
            column("thingid", ColumnType::UniqueIdentifier, RequiredLevel::System),
        ],
        keys: Vec::new(),
        relationships: Vec::new(),
        open: false,
    }
}

fn filled(records: u64) -> MemorySystem {
    let system = MemorySystem::new([schema()]);
    for number in 0..records {
        let values = BTreeMap::from([
            ("name".to_owned(), format!("Thing {}", number % 7).into()),
            ("amount".to_owned(), Value::Integer((number * 37 % 101) as i64)),
        ]);
        system.put(&"thing".into(), &RecordId::new(format!("id-{number:04}")), values).unwrap();
    }
    system
}

fn fixture() -> SourceFixture {
    SourceFixture {
        entity: "thing".into(),
        columns: vec!["amount".into(), "name".into()],
        records: 101,
        page_size: 25,
        absent: RecordId::new("nobody"),
        unknown_entity: "nothing".into(),
    }
}

#[tokio::test]
async fn memory_as_a_source() {
    all(source(&filled(101), &fixture()).await, 9);
}

#[tokio::test]
async fn memory_as_a_destination() {
    let row = |number: usize| MappedRecord {
        identifiers: ValueMap::from([("code".to_owned(), format!("C-{number}").into())]),
        attributes: ValueMap::from([
            ("name".to_owned(), format!("Row {number}").into()),
            ("amount".to_owned(), Value::from_json_text("12.50").unwrap()),
        ]),
        events: Vec::new(),
    };
    let system = MemorySystem::new([schema()]);
    let fixture = DestinationFixture {
        entity: "thing".into(),
        row: &row,
        change: ("name".to_owned(), "Changed".into()),
        spoil: Some(|request| request.body = request.body.replace("Row", "A name that is much too long")),
        unknown_entity: Some("nothing".into()),
    };
    all(destination(&system, &fixture).await, 10);
    assert_eq!(system.len(&"thing".into()), 3 + 3 + 2 + 1 + 1 + 50);
}

/// What a source can get wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    RepeatsARow,
    LosesAbsentOnes,
    Miscounts,
    IgnoresCancel,
}

struct Broken(MemorySystem, Fault);

#[async_trait]
impl Source for Broken {
    fn capabilities(&self) -> Capabilities {
        Source::capabilities(&self.0)
    }
    async fn identity(&self) -> Result<Identity, SynclineError> {
        Source::identity(&self.0).await
    }
    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        Source::entities(&self.0, cancel).await
    }
    async fn schema(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError> {
        Source::schema(&self.0, entity, cancel).await
    }
    async fn count(&self, selection: &Selection, cancel: &CancellationToken) -> Result<Count, SynclineError> {
        let count = self.0.count(selection, cancel).await?;
        Ok(if matches!(self.1, Fault::Miscounts) { Count { value: count.value + 1, ..count } } else { count })
    }
    async fn page(
        &self,
        selection: &Selection,
        cursor: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<Page, SynclineError> {
        let fresh = CancellationToken::new();
        let cancel = if matches!(self.1, Fault::IgnoresCancel) { &fresh } else { cancel };
        let mut page = self.0.page(selection, cursor, cancel).await?;
        if matches!(self.1, Fault::RepeatsARow) && page.records.len() > 1 {
            page.records[1] = page.records[0].clone();
        }
        Ok(page)
    }
    async fn get(
        &self,
        entity: &EntityName,
        ids: &[RecordId],
        columns: &[ColumnName],
        cancel: &CancellationToken,
    ) -> Result<Vec<Option<Record>>, SynclineError> {
        let mut found = self.0.get(entity, ids, columns, cancel).await?;
        if matches!(self.1, Fault::LosesAbsentOnes) {
            found.retain(Option::is_some);
        }
        Ok(found)
    }
}

#[tokio::test]
async fn the_suite_notices_what_is_broken() {
    let cases = [
        (Fault::RepeatsARow, "pages add up and do not overlap"),
        (Fault::LosesAbsentOnes, "records by id come in the order asked, none where there is none"),
        (Fault::Miscounts, "the count agrees with the reading"),
        (Fault::IgnoresCancel, "a cancelled call ends as cancelled"),
    ];
    for (fault, rule) in cases {
        let breach = source(&Broken(filled(101), fault), &fixture()).await.unwrap_err();
        assert_eq!(breach.rule, rule, "{fault:?}: {breach}");
    }
}
