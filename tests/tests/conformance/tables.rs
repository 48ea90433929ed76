//! Files as destinations.

use syncline_connect::conformance::{DestinationFixture, destination};
use syncline_model::{MappedRecord, Value, ValueMap};
use syncline_tables::{FileFormat, TablesConnector};

use crate::all;

fn row(number: usize) -> MappedRecord {
    MappedRecord {
        identifiers: ValueMap::from([
            ("id".to_owned(), Value::Integer(number as i64)),
            ("realm".to_owned(), "ä;\"ö\"".into()),
        ]),
        attributes: ValueMap::from([
            ("name".to_owned(), format!("Row {number}, \"quoted\"\nand broken").into()),
            ("amount".to_owned(), Value::from_json_text("12.5000").unwrap()),
            ("gone".to_owned(), Value::Null),
            ("on".to_owned(), true.into()),
        ]),
        events: Vec::new(),
    }
}

async fn check(file: &str, format: FileFormat) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    let connector = TablesConnector::new(&path, format);
    let fixture = DestinationFixture {
        entity: "rows".into(),
        row: &row,
        change: ("name".to_owned(), "Changed".into()),
        spoil: None,
        unknown_entity: None,
    };
    all(destination(&connector, &fixture).await, 8);
    std::fs::read_to_string(path).unwrap()
}

/// Rows that the suite leaves in a file: three read back, three written twice, one changed, one of two that was not deleted, one full batch.
const LEFT: usize = 3 + 3 + 1 + 1 + 20_000;

#[tokio::test]
async fn csv_with_either_delimiter() {
    for delimiter in [b',', b';'] {
        let text = check("rows.csv", FileFormat::Csv { delimiter }).await;
        // A header and two lines a row, since the name holds a line break; the changed name holds none.
        assert_eq!(text.lines().count(), 1 + 2 * LEFT - 1);
    }
}

#[tokio::test]
async fn json_lines() {
    assert_eq!(check("rows.jsonl", FileFormat::Jsonl).await.lines().count(), LEFT);
}
