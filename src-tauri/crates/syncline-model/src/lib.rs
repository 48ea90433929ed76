//! The words every floor shares: names and ids, values, records, schemas, connections, definitions, errors, secrets.
//!
//! No input or output, no async, no clock: values in, values out.

mod connection;
mod definition;
mod error;
mod identity;
mod language;
mod mapped;
mod members;
mod name;
mod near;
mod record;
mod schema;
mod secret;
mod statistics;
mod value;
mod value_map;

pub use connection::{
    AuthMethod, Connection, ConnectionKind, ConnectionName, ConnectionNameError, ConnectionStatus, System,
};
pub use definition::{
    ConflictRule, CreateWhere, DateRule, DefinitionOptions, DeletedRule, DestinationSection, Direction,
    EventName, EventSection, EventTimestamp, FetchMode, FetchSection, FieldMapping, FindBy, Fix, FixedValue,
    IdentifierCheck, IdentifierMapping, JoinRule, LinkedRecord, OnDuplicate, OnEmpty, OnInvalidIdentifier,
    OnUnknownCode, OnUnmapped, ParameterMapping, PhoneSection, Problem, ProcessingWord, RunLimits,
    ScheduleSection, SourceSection, SplitRule, SyncAction, SyncDefinition, TextCase, TwoWaySection,
    definition_json_schema,
};
pub use error::{ErrorCode, SynclineError};
pub use identity::Identity;
pub use language::{language_number, language_text};
pub use mapped::{Action, Explanation, FieldChange, MappedEvent, MappedRecord, RowIssue, Step};
pub use members::{Member, Members, NotAnObject, members, plain_text};
pub use name::{ColumnName, EntityName};
pub use near::{nearest, nearest_sure};
pub use record::{FORMATTED_VALUE, Fields, LOOKUP_LOGICAL_NAME, Record, RecordId};
pub use schema::{
    Choice, Column, ColumnType, DateTimeBehavior, EntityKey, EntitySchema, EntitySummary, LanguageLabel,
    Relationship, RelationshipKind, RequiredLevel,
};
pub use secret::Secret;
pub use statistics::{ColumnStatistics, ValueCount};
pub use value::{Reference, Value, push_json_text};
pub use value_map::{Iter as ValueIter, Names, ValueMap};
