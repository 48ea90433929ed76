//! What the catalogue says of tables and views.

use std::collections::BTreeMap;
use syncline_model::{EntityName, ErrorCode, SynclineError};
use tokio_util::sync::CancellationToken;

use super::catalogue_sql::{COLUMNS, KEYS, OTHERS, REFERENCES, RELATIONS};
use super::session::Sessions;
use crate::dialect::Cell;
use crate::ident::{entity_name, quoted};

/// A row of texts.
pub(super) struct Texts(Vec<Option<String>>);

impl Texts {
    pub(super) fn text(&self, at: usize) -> &str {
        self.0.get(at).and_then(Option::as_deref).unwrap_or_default()
    }
    pub(super) fn maybe(&self, at: usize) -> Option<&str> {
        self.0.get(at).and_then(Option::as_deref)
    }
    pub(super) fn yes(&self, at: usize) -> bool {
        self.text(at) == "true"
    }
    /// A JSON array of texts.
    pub(super) fn list(&self, at: usize) -> Vec<String> {
        self.maybe(at).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

/// A table or view, as the catalogue's rows.
pub(super) struct Relation {
    pub(super) itself: Texts,
    pub(super) columns: Vec<Texts>,
    pub(super) keys: Vec<Texts>,
    /// Foreign keys that begin here.
    pub(super) outward: Vec<Texts>,
    /// Foreign keys that end here.
    pub(super) inward: Vec<Texts>,
}

impl Relation {
    pub(super) fn name(&self) -> EntityName {
        name(&self.itself)
    }
}

fn name(relation: &Texts) -> EntityName {
    EntityName::new(entity_name(relation.text(1), relation.text(2), relation.yes(4)))
}

async fn ask(
    sessions: &Sessions,
    sql: &str,
    choice: &str,
    oid: Option<&str>,
    cancel: &CancellationToken,
) -> Result<Vec<Texts>, SynclineError> {
    let parameters: Vec<Cell> = oid.map(|oid| Cell::Text(oid.to_owned())).into_iter().collect();
    let sql = sql.replace("{}", if oid.is_some() { choice } else { "" });
    let rows = sessions.rows(&sql, &parameters, cancel).await?;
    let text = |cell| match cell {
        Cell::Text(text) => Some(text),
        Cell::Null | Cell::Integer(_) | Cell::Real(_) | Cell::Blob(_) => None,
    };
    Ok(rows.into_iter().map(|row| Texts(row.into_iter().map(text).collect())).collect())
}

const ONE: &str = "AND c.oid = $1::oid";

/// The number of a table by its logical name.
pub(super) async fn number_of(
    sessions: &Sessions,
    entity: &EntityName,
    cancel: &CancellationToken,
) -> Result<Option<String>, SynclineError> {
    let relations = ask(sessions, RELATIONS, ONE, None, cancel).await?;
    Ok(relations.iter().find(|relation| name(relation) == *entity).map(|found| found.text(0).to_owned()))
}

/// One table, or all of them.
pub(super) async fn load(
    sessions: &Sessions,
    oid: Option<&str>,
    cancel: &CancellationToken,
) -> Result<Vec<Relation>, SynclineError> {
    let relations = ask(sessions, RELATIONS, ONE, oid, cancel).await?;
    let mut columns = by_first(ask(sessions, COLUMNS, ONE, oid, cancel).await?, 0);
    let mut keys = by_first(ask(sessions, KEYS, ONE, oid, cancel).await?, 0);
    // The list of all has no use for relationships.
    let (mut outward, mut inward) = (BTreeMap::new(), BTreeMap::new());
    if oid.is_some() {
        outward = by_first(ask(sessions, REFERENCES, "AND f.conrelid = $1::oid", oid, cancel).await?, 0);
        inward = by_first(ask(sessions, REFERENCES, "AND f.confrelid = $1::oid", oid, cancel).await?, 7);
    }
    Ok(relations
        .into_iter()
        .map(|itself| {
            let number = itself.text(0).to_owned();
            let take = |from: &mut BTreeMap<String, Vec<Texts>>| from.remove(&number).unwrap_or_default();
            Relation {
                columns: take(&mut columns),
                keys: take(&mut keys),
                outward: take(&mut outward),
                inward: take(&mut inward),
                itself,
            }
        })
        .collect())
}

/// Tables named in a message.
const NAMED: usize = 3;

/// An error where there are tables and the user has a right on none of them.
pub(super) async fn explain_none(
    sessions: &Sessions,
    cancel: &CancellationToken,
) -> Result<(), SynclineError> {
    let others = ask(sessions, OTHERS, ONE, None, cancel).await?;
    let Some(first) = others.first() else { return Ok(()) };
    let user = quoted(first.text(2));
    let place = |table: &Texts| format!("{}.{}", quoted(table.text(0)), quoted(table.text(1)));
    let mut places: Vec<String> = others.iter().take(NAMED).map(place).collect();
    if others.len() > NAMED {
        places.push("…".to_owned());
    }
    let text = match others.len() {
        1 => format!("{user} has no right on the only table of this database: {}", places.join(", ")),
        count => format!(
            "{user} has no right on any of the {count} tables of this database: {}",
            places.join(", ")
        ),
    };
    let schema = quoted(first.text(0));
    let usage =
        if first.yes(3) { String::new() } else { format!("GRANT USAGE ON SCHEMA {schema} TO {user}; ") };
    let hint = format!(
        "have the owner grant what is needed, such as: {usage}GRANT SELECT ON TABLE {} TO {user};",
        place(first)
    );
    Err(SynclineError::new(ErrorCode::PrivilegeMissing, text).hint(hint))
}

fn by_first(rows: Vec<Texts>, at: usize) -> BTreeMap<String, Vec<Texts>> {
    let mut groups: BTreeMap<String, Vec<Texts>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.text(at).to_owned()).or_default().push(row);
    }
    groups
}
