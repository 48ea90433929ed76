//! A batch in one transaction.
//!
//! First all rows go one behind the other without waiting for answers; if the server takes them all, that is it. If it refuses one, the
//! transaction is taken back and done again row by row, each behind a savepoint, so that a row that is refused fails alone. What is
//! deferred to the end of the transaction is then checked row by row, too.

use futures::future::join_all;
use syncline_connect::{Outcome, OutcomeKind};
use syncline_model::{ErrorCode, RecordId, SynclineError};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::errors;
use super::session::{Literal, Session, Sessions, cells};
use crate::keys::record_id;
use crate::statement::{Doing, Statement, any_left, failed, outcome, put_back};
use crate::table::Table;

/// Tries of a batch that the server took back for the sake of others (deadlock, serialization).
const TRIES: usize = 3;

/// How a try ended.
enum End {
    Done(Vec<Outcome>),
    /// A row was refused: go on row by row.
    Refused,
    /// Taken back; the same again may succeed.
    Again(SynclineError),
}

pub(super) async fn write(
    sessions: &Sessions,
    table: &Table,
    statements: &[Statement],
    all_or_nothing: bool,
) -> Result<Vec<Outcome>, SynclineError> {
    let mut error = None;
    for _ in 0..TRIES {
        let mut session = sessions.take().await?;
        let mut end = at_once(&mut session, table, statements, all_or_nothing).await;
        if let Ok(End::Refused) = end {
            end = one_by_one(&mut session, table, statements, all_or_nothing).await;
        }
        match end {
            Ok(End::Done(outcomes)) => {
                sessions.give(session);
                return Ok(outcomes);
            }
            Ok(End::Again(why)) => {
                session.forget();
                sessions.give(session);
                error = Some(why);
            }
            // The session ends with it, and what it had begun.
            Ok(End::Refused) => {}
            Err(why) => return Err(why),
        }
    }
    Err(error.unwrap_or_else(|| {
        SynclineError::new(ErrorCode::ServiceRefused, "the batch was refused and then not")
    }))
}

/// The server took the transaction back for the sake of another one.
fn taken_back(error: &Error) -> bool {
    error.code().is_some_and(|code| matches!(code.code(), "40001" | "40P01"))
}

async fn execute(session: &mut Session, sql: &str) -> Result<(), SynclineError> {
    session.client.batch_execute(sql).await.map_err(|error| errors::of(&error, None))
}

/// The answers of the rows that could be sent, by their place.
async fn send(
    session: &mut Session,
    statements: &[Statement],
) -> Result<Vec<Option<Result<Vec<Row>, Error>>>, (usize, Error)> {
    let mut prepared = Vec::with_capacity(statements.len());
    for (at, statement) in statements.iter().enumerate() {
        match statement {
            Statement::Ready { sql, parameters, .. } => {
                let found = session.prepare(sql).await.map_err(|error| (at, error))?;
                prepared.push(Some((found, parameters.iter().map(Literal::of).collect::<Vec<_>>())));
            }
            Statement::Broken { .. } => prepared.push(None),
        }
    }
    let client = &session.client;
    Ok(join_all(prepared.iter().map(|one| async move {
        let (statement, literals) = one.as_ref()?;
        let references: Vec<&(dyn ToSql + Sync)> =
            literals.iter().map(|literal| literal as &(dyn ToSql + Sync)).collect();
        Some(client.query(statement, &references).await)
    }))
    .await)
}

fn told(statement: &Statement, rows: &[Row]) -> Outcome {
    match statement {
        Statement::Ready { doing, id, .. } => {
            let found: Option<RecordId> =
                rows.first().and_then(|row| cells(row).ok()).map(|key| record_id(&key));
            outcome(*doing, id.as_ref(), found)
        }
        Statement::Broken { code, why } => failed(*code, why.clone()),
    }
}

fn doing_of(statement: &Statement) -> Doing {
    match statement {
        Statement::Ready { doing, .. } => *doing,
        Statement::Broken { .. } => Doing::Insert,
    }
}

async fn at_once(
    session: &mut Session,
    table: &Table,
    statements: &[Statement],
    all_or_nothing: bool,
) -> Result<End, SynclineError> {
    execute(session, "BEGIN").await?;
    let answers = match send(session, statements).await {
        Ok(answers) => answers,
        Err((at, error)) => return refused(session, table, &statements[at], &error).await,
    };
    let mut outcomes = Vec::with_capacity(statements.len());
    let mut first: Option<(usize, Error)> = None;
    for (at, (statement, answer)) in statements.iter().zip(answers).enumerate() {
        match answer {
            None => outcomes.push(told(statement, &[])),
            Some(Ok(rows)) => outcomes.push(told(statement, &rows)),
            Some(Err(error)) => {
                first.get_or_insert((at, error));
            }
        }
    }
    if let Some((at, error)) = first {
        return refused(session, table, &statements[at], &error).await;
    }
    if all_or_nothing && any_left(&outcomes) {
        execute(session, "ROLLBACK").await?;
        put_back(&mut outcomes);
        return Ok(End::Done(outcomes));
    }
    match session.client.batch_execute("COMMIT").await {
        Ok(()) => Ok(End::Done(outcomes)),
        Err(error) if taken_back(&error) => Ok(End::Again(errors::of(&error, Some((table, Doing::Insert))))),
        // What was deferred to the end was refused, and all was taken back.
        Err(error) if error.as_db_error().is_some() => Ok(End::Refused),
        Err(error) => Ok(End::Done(lost(statements, &error))),
    }
}

/// A row was refused before the end: the transaction is taken back.
async fn refused(
    session: &mut Session,
    table: &Table,
    statement: &Statement,
    error: &Error,
) -> Result<End, SynclineError> {
    let why = errors::of(error, Some((table, doing_of(statement))));
    if error.as_db_error().is_none() {
        // The session is gone, and with it what it had begun.
        return Err(why);
    }
    execute(session, "ROLLBACK").await?;
    session.forget();
    if taken_back(error) {
        return Ok(End::Again(why));
    }
    // Every row would be refused for the same reason.
    if matches!(
        why.code,
        ErrorCode::PrivilegeMissing | ErrorCode::ReadOnly | ErrorCode::NotFound | ErrorCode::Unreachable
    ) {
        return Err(why);
    }
    Ok(End::Refused)
}

async fn one_by_one(
    session: &mut Session,
    table: &Table,
    statements: &[Statement],
    all_or_nothing: bool,
) -> Result<End, SynclineError> {
    execute(session, "BEGIN; SET CONSTRAINTS ALL IMMEDIATE").await?;
    let mut outcomes = Vec::with_capacity(statements.len());
    for statement in statements {
        if matches!(statement, Statement::Broken { .. }) {
            outcomes.push(told(statement, &[]));
            continue;
        }
        execute(session, "SAVEPOINT a_row").await?;
        let answer = match send(session, std::slice::from_ref(statement)).await {
            Ok(mut answers) => answers.pop().flatten().unwrap_or(Ok(Vec::new())),
            Err((_, error)) => Err(error),
        };
        match answer {
            Ok(rows) => {
                execute(session, "RELEASE SAVEPOINT a_row").await?;
                outcomes.push(told(statement, &rows));
            }
            Err(error) => {
                let Some(refusal) = error.as_db_error() else {
                    return Err(errors::of(&error, Some((table, doing_of(statement)))));
                };
                if taken_back(&error) {
                    execute(session, "ROLLBACK").await?;
                    return Ok(End::Again(errors::of(&error, Some((table, doing_of(statement))))));
                }
                execute(session, "ROLLBACK TO SAVEPOINT a_row; RELEASE SAVEPOINT a_row").await?;
                session.forget();
                outcomes.push(failed(refusal.code().code(), errors::sentence(refusal, Some(table))));
            }
        }
    }
    if all_or_nothing && any_left(&outcomes) {
        execute(session, "ROLLBACK").await?;
        put_back(&mut outcomes);
        return Ok(End::Done(outcomes));
    }
    match session.client.batch_execute("COMMIT").await {
        Ok(()) => Ok(End::Done(outcomes)),
        Err(error) if error.as_db_error().is_some() => {
            Ok(End::Again(errors::of(&error, Some((table, Doing::Insert)))))
        }
        Err(error) => Ok(End::Done(lost(statements, &error))),
    }
}

/// The session ended while the transaction was: nobody knows whether it was taken.
fn lost(statements: &[Statement], error: &Error) -> Vec<Outcome> {
    let text = format!("the session ended before the database confirmed the batch: {error}");
    statements
        .iter()
        .map(|statement| match statement {
            Statement::Broken { code, why } => failed(*code, why.clone()),
            Statement::Ready { id, .. } => Outcome {
                kind: OutcomeKind::Unknown,
                id: id.clone(),
                code: Some("no_answer".to_owned()),
                message: Some(text.clone()),
                request_id: None,
            },
        })
        .collect()
}
