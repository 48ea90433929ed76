//! What is read, and how far one has got.

use serde::{Deserialize, Serialize};
use syncline_model::{ColumnName, EntityName, Record, RecordId};

/// Which records, which columns, in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The entity; for a marketing list the entity of its members.
    pub entity: Option<EntityName>,
    /// A marketing list by id, in place of all records of the entity.
    pub list: Option<String>,
    /// Columns by logical name; empty: all readable ones.
    pub columns: Vec<ColumnName>,
    /// A checked FetchXML `<filter>` or `<condition>`.
    pub filter: Option<String>,
    /// Order; the source appends the primary key so that pages do not overlap.
    pub order: Vec<Order>,
    /// Records a page.
    pub page_size: u32,
    /// Stop after so many records.
    pub top: Option<u64>,
}

/// One term of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Column.
    pub column: ColumnName,
    /// Largest first.
    pub descending: bool,
}

/// Where the next page begins. Opaque, durable: it may be stored and used after a restart. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// One page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its records; may be empty while `next` is there.
    pub records: Vec<Record>,
    /// The next page; absent at the end.
    pub next: Option<Cursor>,
    /// Bytes of the body, after decompression.
    pub bytes: u64,
}

/// How many records a selection has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The number.
    pub value: u64,
    /// False: at least so many, or a snapshot that may be hours old.
    pub exact: bool,
}

/// One page of a tracked reading: what is there or changed, what is gone, and at the end where to go on later.
#[derive(Debug, Clone)]
pub struct ChangesPage {
    /// Records that are new or changed, whole. There is no saying which of the two.
    pub page: Page,
    /// Records that are gone. They may never have been seen.
    pub removed: Vec<RecordId>,
    /// On the last page: where later changes are read. As durable as a cursor.
    pub token: Option<Cursor>,
}
