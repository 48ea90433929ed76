//! Entities, records, the cache.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use syncline_model::{EntitySchema, EntitySummary, Value};
use ts_rs::TS;

use super::ApiError;

/// Entities of a connection.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct EntitiesList {
    /// Connection.
    pub connection: String,
    /// Ask the service even if a list is cached.
    pub refresh: Option<bool>,
    /// Only those whose display or logical name holds this text.
    pub search: Option<String>,
    /// Only those in this solution, by its unique name.
    pub solution: Option<String>,
    /// Wait for the service when the kept list is old, in place of answering it at once and asking in the background.
    pub wait: Option<bool>,
    /// Up to this age a list is not old; 12 hours when absent.
    pub max_age_minutes: Option<u32>,
}

/// The list and its age.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct EntitiesView {
    /// Entities with what is cached of them.
    pub entities: Vec<EntityView>,
    /// When the list was fetched, RFC 3339 UTC.
    pub fetched_at: String,
    /// It came from the store.
    pub cached: bool,
    /// The service is being asked in the background; `metadata` becomes stale when it has answered.
    pub refreshing: bool,
    /// Why the last refresh failed; the list is the one before.
    pub refresh_error: Option<ApiError>,
}

/// One entity.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct EntityView {
    /// Names.
    #[serde(flatten)]
    pub summary: EntitySummary,
    /// Cached records, where it was pulled.
    pub cached_records: Option<u64>,
    /// When it was pulled last, RFC 3339 UTC.
    pub pulled_at: Option<String>,
    /// The privilege that reading needs and the user's roles lack, such as `prvReadList`.
    pub missing_privilege: Option<String>,
}

/// One entity of a connection.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct EntityRef {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
    /// Ask the service even if it is cached.
    pub refresh: Option<bool>,
    /// Wait for the service when what is kept is old, in place of answering it at once and asking in the background.
    pub wait: Option<bool>,
    /// Up to this age it is not old; 12 hours when absent.
    pub max_age_minutes: Option<u32>,
}

/// An entity's description and its age.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct EntityDescription {
    /// Columns, keys, relationships.
    pub schema: EntitySchema,
    /// When fetched, RFC 3339 UTC.
    pub fetched_at: String,
    /// From the store.
    pub cached: bool,
    /// The service is being asked in the background; `metadata` becomes stale when it has answered.
    pub refreshing: bool,
    /// Why the last refresh failed; the description is the one before.
    pub refresh_error: Option<ApiError>,
}

/// Where records are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum DataMode {
    /// From the service.
    Live,
    /// From the store.
    Cached,
}

/// A term of an order.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OrderTerm {
    /// Column.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

/// A window of records.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct RecordsQuery {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
    /// Live or cached.
    pub mode: DataMode,
    /// Columns by logical name; empty or absent: all.
    pub columns: Option<Vec<String>>,
    /// FetchXML `<filter>` or `<condition>`.
    pub filter: Option<String>,
    /// Cached only: words that must be in the record.
    pub search: Option<String>,
    /// Order.
    pub order: Option<Vec<OrderTerm>>,
    /// Cached: first row, from 0.
    pub offset: Option<u64>,
    /// Rows, at most 5000.
    pub limit: Option<u32>,
    /// Live: `next` of the window before.
    pub cursor: Option<String>,
}

/// Rows of a grid.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RecordsPage {
    /// Rows.
    pub rows: Vec<RecordRow>,
    /// All rows of the selection: exact from the store; from the service where it said so.
    pub total: Option<u64>,
    /// `total` is exact; else at least so many.
    pub total_exact: bool,
    /// Live: where the next window begins; absent at the end.
    pub next: Option<String>,
    /// When the data was pulled (oldest in sight), RFC 3339 UTC; live: now.
    pub as_of: Option<String>,
    /// Columns that were pulled; cached only.
    pub pulled_columns: Option<Vec<String>>,
}

/// Runs a FetchXML document as it is.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct FetchQuery {
    /// Connection.
    pub connection: String,
    /// The document.
    pub fetchxml: String,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Rows of a FetchXML document.
#[derive(Debug, Clone, Serialize, TS)]
pub struct FetchPage {
    /// Rows as the service gave them.
    #[ts(type = "Record<string, unknown>[]")]
    pub rows: Vec<Box<RawValue>>,
    /// The next page; absent at the end.
    pub next: Option<String>,
}

/// One row in the Web API's JSON shape.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RecordRow {
    /// Id.
    pub id: String,
    /// Version.
    pub etag: Option<String>,
    /// When pulled, RFC 3339 UTC; absent when live.
    pub pulled_at: Option<String>,
    /// Columns under wire names with annotations.
    #[ts(type = "Record<string, unknown>")]
    pub raw: Box<RawValue>,
}

/// One record.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct RecordGet {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
    /// Id; absent where an alternate key names the record.
    pub id: Option<String>,
    /// The columns of an alternate key with their values, in place of the id.
    #[ts(optional, type = "Record<string, unknown>")]
    pub key: Option<BTreeMap<String, Value>>,
    /// Live or cached.
    pub mode: DataMode,
}

/// One record with where it came from.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RecordView {
    /// The record.
    pub row: RecordRow,
    /// The request that brings it, without credentials.
    pub source: String,
    /// Address of the record in Dynamics.
    pub open_url: Option<String>,
}

/// Writes one record by hand. Refused on a read-only connection.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct RecordWrite {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
    /// What to do.
    pub operation: RecordOperation,
    /// Id; absent for create, and where an alternate key names the record.
    pub id: Option<String>,
    /// The columns of an alternate key with their values, in place of the id.
    #[ts(optional, type = "Record<string, unknown>")]
    pub key: Option<BTreeMap<String, Value>>,
    /// Columns in the Web API's JSON shape, or the text of that JSON, whose numbers keep every digit on their way.
    #[ts(optional, type = "Record<string, unknown> | string")]
    pub data: Option<Box<RawValue>>,
    /// Columns with their values, in place of `data`: lookups as `{"entity","id"}`, bound as the environment's metadata says.
    #[ts(optional, type = "Record<string, unknown>")]
    pub changes: Option<BTreeMap<String, Value>>,
    /// Only if the record still has this version.
    pub etag: Option<String>,
    /// Switches; all off when absent.
    pub switches: Option<super::WriteSwitches>,
    /// Update: the record is read first, only what differs is sent, and only if it is still the version that was read (or `etag`).
    pub only_changed: Option<bool>,
    /// Production asks for the number of records: 1.
    pub expect: Option<u64>,
}

/// Operations on one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum RecordOperation {
    /// Make.
    Create,
    /// Change; must exist.
    Update,
    /// Make or change.
    Upsert,
    /// Remove.
    Delete,
}

/// What became of it.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RecordWritten {
    /// Id, where known.
    pub id: Option<String>,
    /// The record afterwards, where it is still there.
    #[ts(type = "Record<string, unknown> | null")]
    pub record: Option<Box<RawValue>>,
    /// With `only_changed`: the columns that were sent; none: nothing differed, and nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sent: Option<Vec<String>>,
}

/// Names what is cached of an entity.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct CacheHash {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
}

/// A hash over what is cached of an entity: equal where the same records are cached, in whatever order they came.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CacheHashed {
    /// Logical name.
    pub entity: String,
    /// Records.
    pub records: u64,
    /// SHA-256 over ids and contents, hexadecimal digits.
    pub content_hash: String,
}

/// A job that was begun.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct JobStarted {
    /// Its id.
    pub job: String,
}

/// What is cached.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CachedEntity {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
    /// Display name.
    pub display_name: String,
    /// Records.
    pub records: u64,
    /// Records that can't be found by words yet, at most.
    pub not_indexed: u64,
    /// When pulled last, RFC 3339 UTC.
    pub pulled_at: Option<String>,
    /// `done`, `running`, `interrupted` or `cancelled`.
    pub status: String,
    /// Bytes on disk, about.
    pub bytes: u64,
}

/// Searches what is cached.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct CacheSearch {
    /// Words; each must be there, as a beginning.
    pub text: String,
    /// Only this connection. Without it: connections of `client`.
    pub connection: Option<String>,
    /// Only this client's connections; the window always names one. The empty text: connections without a client.
    pub client: Option<String>,
    /// Only this entity.
    pub entity: Option<String>,
    /// Hits, at most 500.
    pub limit: Option<u32>,
}

/// A hit.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SearchHit {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
    /// Id.
    pub id: String,
    /// Primary name, or the id.
    pub title: String,
    /// The text around the hit; hits between `⟦` and `⟧`.
    pub snippet: String,
    /// When pulled, RFC 3339 UTC.
    pub pulled_at: String,
}

/// Hits.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SearchHits {
    /// Best first.
    pub hits: Vec<SearchHit>,
    /// More were found than are given.
    pub more: bool,
    /// The index is still catching up with a pull.
    pub catching_up: bool,
    /// Records that can't be found yet, at most.
    pub not_indexed: u64,
}

/// An operator for the filter builder.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FilterOperator {
    /// As in FetchXML.
    pub name: String,
    /// In words: a sentence.
    pub label: String,
    /// 0, 1, 2, or 255 for one or more.
    pub arity: u8,
    /// Families of column types it fits: `text`, `number`, `date`, `choice`, `choices`, `id`, `owner`, `other`.
    pub types: Vec<String>,
}

/// Checks a filter.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct FilterCheck {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
    /// FetchXML `<filter>` or `<condition>`.
    pub filter: String,
}
