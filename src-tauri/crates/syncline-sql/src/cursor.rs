//! Where the next page begins: the sort values of the last row, so that rows written in between neither repeat nor hide others.

use serde::{Deserialize, Serialize};
use syncline_connect::Cursor;
use syncline_model::{EntityName, ErrorCode, SynclineError};

use crate::dialect::Cell;
use crate::engine::internal;

/// A place in a reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// The entity that is read.
    pub(crate) entity: EntityName,
    /// The last row's values of the order's terms.
    pub(crate) order: Vec<Cell>,
    /// The last row's key.
    pub(crate) key: Vec<Cell>,
    /// Rows read so far.
    pub(crate) read: u64,
}

impl Position {
    /// Reads a cursor; one of another reading is refused.
    pub(crate) fn read(
        cursor: &Cursor,
        entity: &EntityName,
        terms: usize,
        keys: usize,
    ) -> Result<Self, SynclineError> {
        let refused = |why: String| {
            SynclineError::new(ErrorCode::UnexpectedReply, format!("the cursor can't be used: {why}"))
                .hint("start reading again")
        };
        let position: Self = serde_json::from_str(&cursor.0).map_err(|error| refused(error.to_string()))?;
        if position.entity != *entity || position.order.len() != terms || position.key.len() != keys {
            return Err(refused("it belongs to another reading".to_owned()));
        }
        Ok(position)
    }

    /// The cursor.
    pub(crate) fn cursor(&self) -> Result<Cursor, SynclineError> {
        serde_json::to_string(self).map(Cursor).map_err(internal)
    }
}
