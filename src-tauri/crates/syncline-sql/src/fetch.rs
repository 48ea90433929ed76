//! Rows by their keys, in the order asked.

use syncline_connect::MatchKey;
use syncline_model::{ErrorCode, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::connector::SqlConnector;
use crate::dialect::Cell;
use crate::encode::encode;
use crate::select::Select;
use crate::table::{SqlColumn, Table};

/// Keys of one statement.
const KEYS: usize = 500;

impl SqlConnector {
    /// All rows under each key: version, key and columns. A key that no row can have (null, or no text of its type) has none.
    pub(crate) async fn under_keys(
        &self,
        table: &Table,
        names: &[&SqlColumn],
        keys: &[Option<Vec<Cell>>],
        columns: &[&SqlColumn],
        cancel: &CancellationToken,
    ) -> Result<Vec<Vec<Vec<Cell>>>, SynclineError> {
        let select = Select { dialect: self.dialect(), table, columns: columns.to_vec() };
        let mut found: Vec<Vec<Vec<Cell>>> = keys.iter().map(|_| Vec::new()).collect();
        let possible: Vec<(usize, Vec<Cell>)> = keys
            .iter()
            .enumerate()
            .filter_map(|(at, key)| Some((at, key.clone()?)))
            .filter(|(_, key)| !key.contains(&Cell::Null))
            .collect();
        let mut parts: Vec<&[(usize, Vec<Cell>)]> = possible.chunks(KEYS).collect();
        while let Some(part) = parts.pop() {
            let asked: Vec<Vec<Cell>> = part.iter().map(|(_, key)| key.clone()).collect();
            let query = select.under(names, &asked);
            let rows = match self.engine.rows(&query.sql, &query.parameters, cancel).await {
                Ok(rows) => rows,
                // One of the keys is no literal of its column's type: no row has it. It is found by halves.
                Err(error) if is_bad_literal(&error) => {
                    if part.len() > 1 {
                        let (first, second) = part.split_at(part.len() / 2);
                        parts.extend([first, second]);
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            for mut row in rows {
                let number = match row.first() {
                    Some(Cell::Text(text)) => text.parse::<usize>().ok(),
                    Some(Cell::Integer(number)) => usize::try_from(*number).ok(),
                    Some(Cell::Null | Cell::Real(_) | Cell::Blob(_)) | None => None,
                };
                let place = number.and_then(|number| part.get(number.checked_sub(1)?));
                let (at, _) = place.ok_or_else(|| {
                    SynclineError::new(
                        ErrorCode::UnexpectedReply,
                        "the database answered for a key that was not asked",
                    )
                })?;
                row.remove(0);
                found[*at].push(row);
            }
        }
        Ok(found)
    }

    /// The keys of rows that are recognised by some columns, as parameters.
    pub(crate) fn match_cells(&self, names: &[&SqlColumn], key: &MatchKey) -> Option<Vec<Cell>> {
        names
            .iter()
            .map(|column| {
                let value = key.0.get(&column.name)?;
                encode(self.dialect(), column, value).ok().filter(|cell| *cell != Cell::Null)
            })
            .collect()
    }
}

/// Class 22 of SQLSTATE, data exceptions.
fn is_bad_literal(error: &SynclineError) -> bool {
    error.service_code.as_deref().is_some_and(|code| code.len() == 5 && code.starts_with("22"))
}
