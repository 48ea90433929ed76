//! Errors of statements: where, what, and what was probably meant.

use syncline_model::nearest;

use super::views::SqlEntity;
use crate::StoreError;

/// A refusal by the authorizer or a fault of the text, with its place and the nearest names.
pub(super) fn explain(error: rusqlite::Error, text: &str, entities: &[SqlEntity]) -> StoreError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::AuthorizationForStatementDenied) {
        let what = match &error {
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            other => other.to_string(),
        };
        return StoreError::query(format!("only a SELECT over the pulled entities is allowed: {what}"))
            .with_hint(pulled(entities));
    }
    let (message, offset) = match error {
        rusqlite::Error::SqlInputError { msg, offset, .. } => (msg, usize::try_from(offset).ok()),
        rusqlite::Error::SqliteFailure(_, Some(ref message))
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown) =>
        {
            (message.clone(), None)
        }
        other => {
            return match StoreError::from(other) {
                StoreError::Internal { detail } => StoreError::query(detail),
                known => known,
            };
        }
    };
    if message.starts_with("cannot modify") {
        return StoreError::query(format!("only a SELECT over the pulled entities is allowed: {message}"));
    }
    let hint = hint(&message, entities);
    let found = StoreError::query(match offset.map(|offset| place(text, offset)) {
        Some((line, column)) => format!("line {line}, column {column}: {message}"),
        None => message,
    });
    match hint {
        Some(hint) => found.with_hint(hint),
        None => found,
    }
}

/// Line and column of a byte, both from 1, columns in characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn pulled(entities: &[SqlEntity]) -> String {
    if entities.is_empty() {
        return "no entity of this connection was pulled yet".to_owned();
    }
    let names: Vec<&str> = entities.iter().map(|entity| entity.name.as_str()).collect();
    format!("pulled entities are {}", names.join(", "))
}

fn hint(message: &str, entities: &[SqlEntity]) -> Option<String> {
    if let Some(name) = message.strip_prefix("no such table: ") {
        let name = name.strip_prefix("main.").unwrap_or(name);
        let near = nearest(name, entities.iter().map(|entity| entity.name.as_str()));
        return Some(match near {
            Some(near) => format!("did you mean {near}? {}", pulled(entities)),
            None => pulled(entities),
        });
    }
    if let Some(name) = message.strip_prefix("no such column: ") {
        let name = name.rsplit('.').next().unwrap_or(name);
        let columns = entities.iter().flat_map(|entity| &entity.columns).map(|column| column.name.as_str());
        return nearest(name, columns).map_or_else(
            || Some("columns have their logical names; what was not pulled is not here".to_owned()),
            |near| Some(format!("did you mean {near}?")),
        );
    }
    None
}
