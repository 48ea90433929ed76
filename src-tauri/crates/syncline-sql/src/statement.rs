//! A stored request made ready to execute.

use syncline_connect::{Outcome, OutcomeKind, RowRequest};
use syncline_model::RecordId;

use crate::dialect::{Cell, Dialect};
use crate::encode::encode;
use crate::keys::key_of;
use crate::request::{IF_MATCH, KEY, Members};
use crate::table::Table;

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Insert,
    Update,
    Upsert,
    Delete,
}

impl Doing {
    /// The right that it needs.
    pub(crate) fn right(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Upsert => "INSERT, UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// One row of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Statement {
    /// To be executed.
    Ready { doing: Doing, sql: String, parameters: Vec<Cell>, id: Option<RecordId> },
    /// Can't be executed: code and why.
    Broken { code: &'static str, why: String },
}

impl Statement {
    /// Reads a request.
    pub(crate) fn of(dialect: Dialect, table: &Table, request: &RowRequest) -> Self {
        let broken = |code, why: String| Self::Broken { code, why };
        let doing = match request.method.as_str() {
            "INSERT" => Doing::Insert,
            "UPDATE" => Doing::Update,
            "UPSERT" => Doing::Upsert,
            "DELETE" => Doing::Delete,
            other => return broken("malformed_request", format!("{other} is nothing that a table can do")),
        };
        let members: Members = match serde_json::from_str(&request.body) {
            Ok(members) => members,
            Err(error) => return broken("malformed_request", format!("the values can't be read: {error}")),
        };
        let mut parameters = Vec::with_capacity(members.0.len() + 2);
        for (name, value) in &members.0 {
            let cell = table.column(name).and_then(|column| encode(dialect, column, value));
            match cell {
                Ok(cell) => parameters.push(cell),
                Err(error) => return broken("value_refused", error.message),
            }
        }
        let id = request.headers.get(KEY).map(RecordId::new);
        if let Some(id) = &id {
            match key_of(dialect, table, id.as_str()) {
                Some(key) => parameters.extend(key),
                None => {
                    return broken(
                        "key_changed",
                        format!("{id} is no key of {} any more; make a new preview", table.name()),
                    );
                }
            }
        }
        parameters.extend(request.headers.get(IF_MATCH).map(|version| Cell::Text(version.clone())));
        Self::Ready { doing, sql: request.path.clone(), parameters, id }
    }
}

/// What became of a row that the database took: the key of the row, or none where no row fitted the guard.
pub(crate) fn outcome(doing: Doing, asked: Option<&RecordId>, found: Option<RecordId>) -> Outcome {
    let kind = match (doing, &found) {
        (_, None) => OutcomeKind::Drifted,
        (Doing::Insert, Some(_)) => OutcomeKind::Created,
        (Doing::Update, Some(_)) => OutcomeKind::Updated,
        (Doing::Delete, Some(_)) => OutcomeKind::Deleted,
        (Doing::Upsert, Some(_)) => OutcomeKind::Upserted,
    };
    let drifted = kind == OutcomeKind::Drifted;
    let message = match doing {
        _ if !drifted => None,
        Doing::Insert | Doing::Upsert => Some("a row with this key is there already"),
        Doing::Update | Doing::Delete => Some("the row was changed or deleted since it was seen"),
    };
    Outcome {
        kind,
        id: found.or_else(|| asked.cloned()),
        code: drifted.then(|| "row_changed".to_owned()),
        message: message.map(str::to_owned),
        request_id: None,
    }
}

/// A row that was refused.
pub(crate) fn failed(code: impl Into<String>, message: impl Into<String>) -> Outcome {
    Outcome {
        kind: OutcomeKind::Failed,
        id: None,
        code: Some(code.into()),
        message: Some(message.into()),
        request_id: None,
    }
}

/// A batch that was to go whole did not go: the rows that were taken were put back.
pub(crate) fn put_back(outcomes: &mut [Outcome]) {
    for outcome in outcomes {
        if !matches!(outcome.kind, OutcomeKind::Failed | OutcomeKind::Drifted) {
            *outcome = failed("rolled_back", "taken back, because another row of its batch was not taken");
        }
    }
}

/// True when a row of the batch was not taken.
pub(crate) fn any_left(outcomes: &[Outcome]) -> bool {
    outcomes.iter().any(|outcome| matches!(outcome.kind, OutcomeKind::Failed | OutcomeKind::Drifted))
}
