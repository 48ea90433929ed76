//! Schema versions: all pending ones in one transaction, in order, at most once however many processes open the store.

use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

use crate::{StoreError, tables};

/// One step of the schema's history. A step that was released is never edited; a change is a new step.
pub(crate) struct Migration {
    /// The version the store has afterwards.
    pub(crate) version: i64,
    /// What it makes.
    pub(crate) sql: &'static str,
}

/// All steps, oldest first. Several tables may have a step of the same version.
fn steps() -> Vec<&'static Migration> {
    let mut steps: Vec<&'static Migration> = tables::HISTORY.iter().flat_map(|table| table.iter()).collect();
    steps.sort_by_key(|step| step.version);
    steps
}

/// Brings the schema up to date.
pub(crate) fn run(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    run_steps(connection, path, &steps())
}

fn run_steps(connection: &mut Connection, path: &Path, steps: &[&Migration]) -> Result<(), StoreError> {
    if !steps.is_sorted_by_key(|step| step.version) || steps.first().is_some_and(|step| step.version < 1) {
        return Err(StoreError::internal("the schema's history is out of order"));
    }
    let known = steps.last().map_or(0, |step| step.version);
    let version = |connection: &Connection| -> Result<i64, StoreError> {
        let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > known {
            return Err(StoreError::Newer { path: path.to_owned(), found, known });
        }
        Ok(found)
    };
    if version(connection)? == known {
        return Ok(());
    }
    // The version is read again inside: another process may have been first.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    for step in steps.iter().filter(|step| step.version > found) {
        transaction.execute_batch(step.sql)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration { version: 1, sql: "CREATE TABLE a(x)" };
    const TWO: Migration = Migration { version: 2, sql: "CREATE TABLE b(x)" };
    const BROKEN: Migration = Migration { version: 3, sql: "CREATE TABLE c(x); CREATE TABLE a(x)" };

    fn tables(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn pending_steps_run_once_and_whole() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("test");
        run_steps(&mut connection, path, &[&ONE]).unwrap();
        run_steps(&mut connection, path, &[&ONE, &TWO]).unwrap();
        run_steps(&mut connection, path, &[&ONE, &TWO]).unwrap();
        assert_eq!(tables(&connection), 2);
        // A step that fails takes the whole upgrade back.
        assert!(run_steps(&mut connection, path, &[&ONE, &TWO, &BROKEN]).is_err());
        assert_eq!(tables(&connection), 2);
        run_steps(&mut connection, path, &[&ONE, &TWO]).unwrap();
        assert!(matches!(
            run_steps(&mut connection, path, &[&ONE]),
            Err(StoreError::Newer { found: 2, known: 1, .. })
        ));
        assert!(run_steps(&mut connection, path, &[&TWO, &ONE]).is_err());
    }
}
