//! Where the next page begins: everything needed to go on after a restart, and no secret.

use serde::{Deserialize, Serialize};
use syncline_connect::Cursor;
use syncline_model::{ErrorCode, SynclineError};

use crate::links::Trail;

/// The place, in one of the two ways of paging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub(crate) enum Position {
    /// The link the service gave, verbatim.
    Link {
        /// The link.
        link: String,
        /// Records read so far.
        read: u64,
        /// Links followed so far.
        #[serde(default)]
        trail: Trail,
    },
    /// A link of a tracked reading: its next page, or the changes since its end.
    Changes {
        /// The link.
        link: String,
        /// Links followed so far.
        #[serde(default)]
        trail: Trail,
    },
    /// The whole query of the next page, page number and cookie included.
    Fetch {
        /// The `<fetch>`.
        xml: String,
        /// Records read so far.
        read: u64,
        /// Cookies followed so far.
        #[serde(default)]
        trail: Trail,
    },
}

impl Position {
    pub(crate) fn to_cursor(&self) -> Result<Cursor, SynclineError> {
        serde_json::to_string(self).map(Cursor).map_err(|error| {
            SynclineError::new(ErrorCode::Internal, "a place in the pages can't be written")
                .detail(error.to_string())
        })
    }

    pub(crate) fn from_cursor(cursor: &Cursor) -> Result<Self, SynclineError> {
        serde_json::from_str(&cursor.0).map_err(|error| {
            SynclineError::new(ErrorCode::UnexpectedReply, "the place in the pages can't be read")
                .hint("start reading again")
                .detail(error.to_string())
        })
    }
}
