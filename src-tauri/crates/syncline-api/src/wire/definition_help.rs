//! What helps to write a definition: its JSON Schema, the events a destination knows.

use serde::{Deserialize, Serialize};
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
