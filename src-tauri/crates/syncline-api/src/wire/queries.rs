//! Queries: text, findings, offers, pages, counts, saved ones and links.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use syncline_model::ColumnType;
use ts_rs::TS;

/// The languages of the Query place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum QueryLanguage {
    /// FetchXML.
    FetchXml,
    /// OData query options behind an entity set.
    OData,
}

/// A query on a connection.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct QueryText {
    /// Connection.
    pub connection: String,
    /// Language.
    pub language: QueryLanguage,
    /// The query.
    pub text: String,
}

/// What is found in a query while it is typed.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryChecked {
    /// Findings in the order of the text.
    pub findings: Vec<QueryFinding>,
    /// Logical name of the entity that is asked, where it can be read.
    pub entity: Option<String>,
}

/// One finding. Offsets are in UTF-16 units, as editors of the web count.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryFinding {
    /// Stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// It only warns.
    pub warning: bool,
    /// First unit.
    pub from: u32,
    /// Behind the last unit.
    pub to: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Changes that mend it, the likeliest first.
    pub fixes: Vec<QueryFix>,
}

/// A change of the text.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryFix {
    /// What it does.
    pub label: String,
    /// First unit that is replaced.
    pub from: u32,
    /// Behind the last unit.
    pub to: u32,
    /// What stands there afterwards.
    pub text: String,
}

/// A place in a query's text.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct QueryAt {
    /// Connection.
    pub connection: String,
    /// Language; absent: FetchXML.
    pub language: Option<QueryLanguage>,
    /// The text.
    pub text: String,
    /// The cursor, in UTF-16 units.
    pub offset: u32,
}

/// What may stand at a place.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryOffers {
    /// First unit an offer replaces.
    pub from: u32,
    /// Behind the last unit.
    pub to: u32,
    /// Offers, best first.
    pub items: Vec<QueryOffer>,
}

/// One offer.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryOffer {
    /// What it is found by.
    pub label: String,
    /// Beside it.
    pub detail: String,
    /// What is inserted.
    pub insert: String,
    /// Units from the end of the insertion back to the cursor.
    pub back: u32,
    /// `element`, `attribute`, `entity`, `column`, `operator`, `choice`, `alias`, `word` or `link`.
    pub kind: String,
}

/// A query in all its forms, without credentials.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryCode {
    /// As FetchXML; absent where it has no exact counterpart.
    pub fetchxml: Option<String>,
    /// As OData; absent where it has no exact counterpart.
    pub odata: Option<String>,
    /// Why it has no counterpart in the other language.
    pub reasons: Vec<String>,
    /// What differs though the rows are the same.
    pub notes: Vec<String>,
    /// The request, encoded.
    pub url: Option<String>,
    /// The request as a curl command; the token is read from the variable TOKEN.
    pub curl: Option<String>,
}

/// Runs a query, page by page.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct QueryRunStart {
    /// Connection.
    pub connection: String,
    /// Language.
    pub language: QueryLanguage,
    /// The query.
    pub text: String,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Rows a page, 1 to 5000, where the query does not say.
    pub page_size: Option<u32>,
    /// An id to cancel it by.
    pub run: String,
    /// Run over the cache in place of the service; absent: no.
    pub cached: Option<bool>,
}

/// A page of a query.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryPage {
    /// Rows as the service gave them.
    #[ts(type = "Record<string, unknown>[]")]
    pub rows: Vec<Box<RawValue>>,
    /// Columns in their order.
    pub columns: Vec<QueryColumn>,
    /// The query asks for all columns: only those with a value somewhere are worth showing.
    pub all_columns: bool,
    /// Logical name of the entity asked, where known.
    pub entity: Option<String>,
    /// Primary key of the rows; absent for aggregates.
    pub primary_id: Option<String>,
    /// The next page; absent at the end.
    pub next: Option<String>,
    /// Milliseconds until the page was here.
    pub millis: u32,
    /// Of the cache: when the oldest of what was read was pulled, RFC 3339 UTC.
    pub as_of: Option<String>,
}

/// A column of a result.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryColumn {
    /// Key in the rows.
    pub key: String,
    /// Display name.
    pub title: String,
    /// Entity and column, or what is aggregated.
    pub hint: String,
    /// Type, where it is a column's.
    #[serde(rename = "type")]
    pub column_type: Option<ColumnType>,
}

/// Counts the rows of a query.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct QueryCountStart {
    /// Connection.
    pub connection: String,
    /// Language.
    pub language: QueryLanguage,
    /// The query.
    pub text: String,
    /// An id to cancel it by.
    pub run: String,
    /// Count in the cache in place of the service; absent: no.
    pub cached: Option<bool>,
}

/// A count and what it is worth.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryCount {
    /// Rows.
    pub value: u64,
    /// True to the row when it was counted.
    pub exact: bool,
    /// `aggregate`, `stretches`, `snapshot`, `at_least` or `cache`.
    pub by: String,
    /// In words, for people.
    pub sentence: String,
    /// Requests it took.
    pub requests: u32,
}

/// A query under way.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct QueryRunRef {
    /// Its id.
    pub run: String,
}

/// A view of the environment.
#[derive(Debug, Clone, Serialize, TS)]
pub struct EnvironmentQuery {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// A user's own.
    pub personal: bool,
    /// The entity's default view.
    pub default: bool,
    /// Its query.
    pub fetchxml: String,
    /// Columns in order, with widths in pixels.
    pub columns: Vec<LayoutColumn>,
}

/// A column of a view's layout.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct LayoutColumn {
    /// Column, or `alias.column`.
    pub name: String,
    /// Width in pixels.
    pub width: u32,
}

/// A saved query. To save: without `id` a new one is made.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SavedQueryView {
    /// Id.
    pub id: Option<String>,
    /// Connection.
    pub connection: String,
    /// Name, unique in the connection.
    pub name: String,
    /// Language.
    pub language: QueryLanguage,
    /// The query.
    pub text: String,
    /// Columns in order, with widths; empty: the query's own.
    pub columns: Vec<LayoutColumn>,
    /// When saved, RFC 3339 UTC; not looked at when saving.
    pub changed_at: Option<String>,
}

/// A saved query of a connection.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct SavedQueryRef {
    /// Connection.
    pub connection: String,
    /// Id.
    pub id: String,
}

/// A query that was run.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryRunView {
    /// Number, rising.
    pub number: i64,
    /// Language.
    pub language: QueryLanguage,
    /// The query.
    pub text: String,
    /// When begun, RFC 3339 UTC.
    pub at: String,
    /// Rows of its first page.
    pub rows: u64,
    /// There were no more.
    pub whole: bool,
    /// Milliseconds.
    pub millis: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// A query to share.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct QueryShare {
    /// Connection.
    pub connection: String,
    /// Language.
    pub language: QueryLanguage,
    /// The query.
    pub text: String,
    /// Name.
    pub name: Option<String>,
}

/// A link that another Syncline opens.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct QueryLink {
    /// `syncline://query?…`.
    pub link: String,
}

/// What a link holds.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryOpened {
    /// Language.
    pub language: QueryLanguage,
    /// The query.
    pub text: String,
    /// Name.
    pub name: String,
    /// Address of the environment it was made for.
    pub url: String,
    /// Connections to that environment here.
    pub connections: Vec<String>,
}
