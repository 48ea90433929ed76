//! What helps to write a definition: its JSON Schema, the events a destination knows.

use serde::{Deserialize, Serialize};
use syncline_model::{ConnectionName, SyncDefinition};
use ts_rs::TS;

/// The published JSON Schema of a definition.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DefinitionSchema {
    /// The schema (draft 2020-12).
    #[ts(type = "Record<string, unknown>")]
    pub schema: serde_json::Value,
}

/// Events and parameters a destination knows by itself; others may be typed by hand.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct KnownEvents {
    /// Events.
    pub events: Vec<KnownEvent>,
    /// Parameters that are not custom.
    pub parameters: Vec<KnownParameter>,
}

/// One event.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct KnownEvent {
    /// Name as it is sent.
    pub name: String,
    /// Parameters without which it is refused.
    pub required: Vec<String>,
}

/// One parameter.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct KnownParameter {
    /// Name as it is sent.
    pub name: String,
    /// What it holds, in words.
    pub holds: String,
}

/// Asks which definitions there are to begin from.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct StartersQuery {
    /// Source connection.
    pub source: ConnectionName,
    /// Destination connection.
    pub destination: ConnectionName,
}

/// A definition to begin from.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct StarterView {
    /// Its stable name, such as `contact-to-insider`.
    pub starter: String,
    /// The definition, as far as this environment has what it maps.
    pub definition: SyncDefinition,
    /// Lines that were left out since the source has no such column, such as `city ← address1_city`.
    pub left_out: Vec<String>,
}

/// A language in which an entity's choices have labels.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct LabelLanguage {
    /// Its number (LCID), as a definition names it.
    pub language: u32,
    /// In words, such as `German (1031)`.
    pub name: String,
    /// Choices with a label in it.
    pub labels: u32,
    /// All choices of the entity.
    pub choices: u32,
}
