//! The rows that are written in the fault matrix, and what their outcomes mean.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use syncline_connect::{Outcome, OutcomeKind, RowRequest};
use syncline_dataverse::{RecordBody, RowKey};
use syncline_model::{ErrorCode, RecordId, SynclineError};
use uuid::Uuid;

use crate::fault_ask::Ask;

pub(crate) fn body(title: &str, cell: u32) -> RecordBody {
    RecordBody::parse(&json!({ "lastname": mark(cell), "jobtitle": title }).to_string()).unwrap()
}

pub(crate) fn key(cell: u32) -> RowKey {
    RowKey::Id(id(cell, 0))
}

pub(crate) fn mark(cell: u32) -> String {
    format!("Cell{cell:05}End")
}

/// The rows of a write.
pub(crate) fn contacts(ask: Ask, cell: u32) -> Vec<RowRequest> {
    let row = |number: u32, guard: Option<&str>, title: &str| RowRequest {
        method: "PATCH".to_owned(),
        path: format!("/contacts({})", id(cell, number)),
        headers: guard.map(|guard| (guard.to_owned(), "*".to_owned())).into_iter().collect(),
        body: json!({ "lastname": mark(cell), "jobtitle": title }).to_string(),
    };
    let (new, there) = (Some("If-None-Match"), Some("If-Match"));
    match ask {
        Ask::CreateMultiple => vec![row(0, new, "first"), row(1, new, "second")],
        Ask::UpdateMultiple => vec![row(0, there, "updated"), row(1, there, "updated")],
        Ask::UpsertMultiple => vec![row(0, None, "upserted"), row(1, None, "upserted")],
        // Two new rows and the one there is.
        _ => vec![row(1, new, "first"), row(2, new, "second"), row(0, there, "updated")],
    }
}

/// The id of a cell's row.
pub(crate) fn id(cell: u32, number: u32) -> RecordId {
    let cell = Uuid::from_u128(0xfa17_0000_0000_4000_8000_0000_0000_0000 | u128::from(cell)).as_u128();
    RecordId::new(Uuid::from_u128(cell + (u128::from(number) << 32)).to_string())
}

pub(crate) fn users(cell: u32, events: bool) -> Vec<RowRequest> {
    let user = |number: u32| {
        let mut user = json!({
            "identifiers": { "uuid": format!("{}-{number}", mark(cell)) },
            "attributes": { "name": format!("Name {number}") },
        });
        if events {
            user["events"] = json!([{ "event_name": "signed_up", "timestamp": "2026-01-02T03:04:05Z", "event_params": {} }]);
        }
        let mut headers = BTreeMap::new();
        if events {
            headers.insert("events".to_owned(), "1".to_owned());
        }
        RowRequest {
            method: "POST".to_owned(),
            path: "/api/user/v1/upsert".to_owned(),
            headers,
            body: user.to_string(),
        }
    };
    (0..3).map(user).collect()
}

/// All rows taken, or the first that was not as the error it is told with.
pub(crate) fn outcomes(outcomes: Vec<Outcome>) -> Result<Json, SynclineError> {
    let taken = |outcome: &&Outcome| {
        matches!(outcome.kind, OutcomeKind::Created | OutcomeKind::Updated | OutcomeKind::Upserted)
    };
    match outcomes.iter().find(|outcome| !taken(outcome)) {
        None => Ok(json!(outcomes.iter().map(|outcome| format!("{:?}", outcome.kind)).collect::<Vec<_>>())),
        Some(outcome) => {
            let kind = match outcome.kind {
                OutcomeKind::Unknown => ErrorCode::Unreachable,
                _ => ErrorCode::ServiceRefused,
            };
            let message = outcome.message.clone().unwrap_or_default();
            Err(SynclineError::new(kind, message).hint(format!("the row's outcome: {:?}", outcome.kind)))
        }
    }
}
