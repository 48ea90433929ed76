//! Who may be written to: read-only until unlocked, production with the number of records, nobody but the pinned identity.

use std::sync::PoisonError;
use syncline_model::{Connection, ConnectionKind, ErrorCode, Identity};

use crate::app::App;
use crate::wire::ApiError;

impl App {
    /// Unlocked until then, in this process.
    pub(crate) fn unlocked_until(&self, connection: &Connection) -> Option<jiff::Timestamp> {
        let unlocked = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner);
        unlocked.get(&connection.id).copied().filter(|until| *until > jiff::Timestamp::now())
    }

    /// An error unless `records` may be written. `expect`: the number as the person gave it.
    pub(crate) fn guard_write(
        &self,
        connection: &Connection,
        records: u64,
        expect: Option<u64>,
    ) -> Result<(), ApiError> {
        if !connection.writable && self.unlocked_until(connection).is_none() {
            return Err(ApiError::new(ErrorCode::ReadOnly, format!("{} is read-only", connection.name))
                .hint(format!(
                    "unlock it in the connection bar, or: syncline connection set \"{}\" --writable",
                    connection.name
                )));
        }
        match (expect, connection.kind) {
            (Some(expected), _) if expected != records => Err(ApiError::new(
                ErrorCode::GuardRefused,
                format!("{records} records would be written, {expected} were expected"),
            )
            .hint("look at the preview again; the number must be the one that will be written")),
            (None, ConnectionKind::Production) => Err(ApiError::new(
                ErrorCode::ConfirmationNeeded,
                format!("{} is production: {records} records would be written", connection.name),
            )
            .hint(format!("give the number to confirm: --expect {records}"))),
            (Some(_), _) | (None, ConnectionKind::Sandbox | ConnectionKind::Development) => Ok(()),
        }
    }
}

/// An error when somebody else answers than the one who was verified.
pub(crate) fn guard_identity(connection: &Connection, seen: &Identity) -> Result<(), ApiError> {
    match &connection.identity {
        Some(pinned) if !pinned.agrees_with(seen) => Err(ApiError::new(
            ErrorCode::IdentityChanged,
            format!(
                "{} now leads to another organization or user than the one that was verified",
                connection.name
            ),
        )
        .hint(
            "find out who answers there; if it is right, enter the connection's address again and test it",
        )),
        _ => Ok(()),
    }
}
