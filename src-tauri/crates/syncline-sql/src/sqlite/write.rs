//! A batch in one transaction. SQLite takes a refused statement back by itself; the savepoint takes back what its triggers did, too.

use rusqlite::{Connection, TransactionBehavior};
use syncline_connect::Outcome;
use syncline_model::SynclineError;

use super::{errors, query};
use crate::keys::record_id;
use crate::statement::{Statement, any_left, failed, outcome, put_back};

/// `Err`: nothing was written.
pub(super) fn write(
    connection: &mut Connection,
    statements: &[Statement],
    all_or_nothing: bool,
) -> Result<Vec<Outcome>, SynclineError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| errors::of(&error))?;
    let mut outcomes = Vec::with_capacity(statements.len());
    for statement in statements {
        outcomes.push(row(&transaction, statement)?);
    }
    if all_or_nothing && any_left(&outcomes) {
        transaction.rollback().map_err(|error| errors::of(&error))?;
        put_back(&mut outcomes);
        return Ok(outcomes);
    }
    match transaction.commit() {
        Ok(()) => Ok(outcomes),
        // A rule that is looked at only at the end was broken; whose row it was SQLite does not say.
        Err(error) if errors::is_of_the_row(&error) && statements.len() > 1 && !all_or_nothing => {
            let mut outcomes: Vec<Outcome> = Vec::with_capacity(statements.len());
            for statement in statements {
                match write(connection, std::slice::from_ref(statement), false) {
                    Ok(outcome) => outcomes.extend(outcome),
                    Err(error) if outcomes.is_empty() => return Err(error),
                    // Rows before it are written for good, so each of the rest is told as not written.
                    Err(error) => outcomes.push(failed(error.code.as_str(), error.message)),
                }
            }
            Ok(outcomes)
        }
        Err(error) if errors::is_of_the_row(&error) => {
            let (code, told) = errors::sentence(&error);
            Ok(statements.iter().map(|_| failed(code.clone(), told.clone())).collect())
        }
        Err(error) => Err(errors::of(&error)),
    }
}

fn row(connection: &Connection, statement: &Statement) -> Result<Outcome, SynclineError> {
    let (doing, sql, parameters, id) = match statement {
        Statement::Ready { doing, sql, parameters, id } => (*doing, sql, parameters, id),
        Statement::Broken { code, why } => return Ok(failed(*code, why.clone())),
    };
    let savepoint = |sql: &str| connection.execute_batch(sql).map_err(|error| errors::of(&error));
    savepoint("SAVEPOINT a_row")?;
    match query(connection, sql, parameters) {
        Ok(rows) => {
            savepoint("RELEASE a_row")?;
            Ok(outcome(doing, id.as_ref(), rows.first().map(|key| record_id(key))))
        }
        Err(error) if errors::is_of_the_row(&error) => {
            savepoint("ROLLBACK TO a_row; RELEASE a_row")?;
            let (code, told) = errors::sentence(&error);
            Ok(failed(code, told))
        }
        Err(error) => Err(errors::of(&error)),
    }
}
