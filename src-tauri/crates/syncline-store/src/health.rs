//! Is the store whole, and if not, what can still be read?

use crate::{Store, StoreError};

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Nothing is wrong.
    pub whole: bool,
    /// What SQLCipher and SQLite found, one problem an item; at most 100.
    pub problems: Vec<String>,
    /// Each table.
    pub tables: Vec<TableHealth>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableHealth {
    /// Name.
    pub name: String,
    /// Rows that could be read from its beginning.
    pub readable: u64,
    /// Why reading ended, where it did not end well.
    pub problem: Option<String>,
}

impl Store {
    /// Examines every page (its authentication code), the structure, and every row of every table. Reads only. What is readable can
    /// be exported before the file is moved aside.
    pub fn examine(&self) -> Result<Health, StoreError> {
        let mut problems = Vec::new();
        for pragma in ["PRAGMA cipher_integrity_check", "PRAGMA quick_check(100)"] {
            if !problems.is_empty() {
                // After a page that does not decrypt, the check of the structure would complain of every page.
                break;
            }
            // A connection that met a damaged page refuses all work from then on, so each question has its own.
            let db = self.reader()?;
            let found = db.prepare(pragma).and_then(|mut statement| {
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                rows.collect::<Result<Vec<_>, _>>()
            });
            match found {
                Ok(found) => problems.extend(found.into_iter().filter(|line| line != "ok")),
                Err(error) => problems.push(error.to_string()),
            }
        }
        problems.truncate(100);
        let names: Vec<String> = self
            .reader()?
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let tables = names.into_iter().map(|name| self.examine_table(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(Health {
            whole: problems.is_empty() && tables.iter().all(|table| table.problem.is_none()),
            problems,
            tables,
        })
    }

    fn examine_table(&self, name: String) -> Result<TableHealth, StoreError> {
        let db = self.reader()?;
        let mut table = TableHealth { name, readable: 0, problem: None };
        let sql = format!("SELECT * FROM \"{}\"", table.name.replace('"', "\"\""));
        let read = db.prepare(&sql).and_then(|mut statement| {
            let last = statement.column_count().saturating_sub(1);
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                // The last column lies on the last page of a row.
                row.get_ref(last)?;
                table.readable += 1;
            }
            Ok(())
        });
        table.problem = read.err().map(|error| error.to_string());
        Ok(table)
    }
}
