//! A table or view as the connector works with it: the description that everybody sees, and beside it what statements need.

use syncline_model::{Column, ColumnName, EntityKey, EntitySchema, ErrorCode, RequiredLevel, SynclineError};

use crate::connector::SqlOptions;
use crate::ident::quoted;
use crate::kind::Kind;

/// How the version of a row is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// The transaction that wrote the row (`xmin`).
    Xmin,
    /// A hash over all readable columns.
    Hash,
}

/// What the user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) select: bool,
    pub(crate) insert: bool,
    pub(crate) update: bool,
    pub(crate) delete: bool,
}

impl Rights {
    pub(crate) const ALL: Self = Self { select: true, insert: true, update: true, delete: true };
}

/// A column beside its description.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SqlColumn {
    pub(crate) name: String,
    /// The column that is read: itself, or of an alias the one that it stands for.
    pub(crate) reads: String,
    pub(crate) kind: Kind,
    /// The type's name, as a cast needs it.
    pub(crate) native: String,
    pub(crate) nullable: bool,
    pub(crate) readable: bool,
    /// Labels of an enumeration.
    pub(crate) labels: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) schema: EntitySchema,
    /// Quoted, with its schema.
    pub(crate) place: String,
    /// In the table's own order.
    pub(crate) columns: Vec<SqlColumn>,
    /// Columns that tell rows apart: the primary key, else a unique key without nulls. Empty: there is none.
    pub(crate) key: Vec<usize>,
    pub(crate) version: Version,
    pub(crate) rights: Rights,
    /// Who is asking, for `GRANT`.
    pub(crate) user: Option<String>,
}

impl Table {
    pub(crate) fn name(&self) -> &str {
        self.schema.summary.logical_name.as_str()
    }

    /// The columns that are the table's own.
    pub(crate) fn own_columns(&self) -> impl Iterator<Item = &SqlColumn> {
        self.columns.iter().filter(|column| column.reads == column.name)
    }

    /// A column by name.
    pub(crate) fn column(&self, name: &str) -> Result<&SqlColumn, SynclineError> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| self.no_column(name))
    }

    pub(crate) fn no_column(&self, name: &str) -> SynclineError {
        let near = self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)).map_or_else(
            || "use a name from the table's description".to_owned(),
            |column| format!("names are exact here: did you mean {}?", column.name),
        );
        SynclineError::new(ErrorCode::QueryInvalid, format!("{} has no column {name}", self.name()))
            .hint(near)
    }

    /// The columns of the row's key.
    pub(crate) fn key_columns(&self) -> impl Iterator<Item = &SqlColumn> {
        self.key.iter().map(|at| &self.columns[*at])
    }

    /// The columns of the row's key, or an error where rows can't be told apart.
    pub(crate) fn whole_key(&self) -> Result<Vec<&SqlColumn>, SynclineError> {
        if self.key.is_empty() {
            return Err(SynclineError::new(
                ErrorCode::QueryInvalid,
                format!("{} has no primary key and no unique key without nulls, so that its rows can't be told apart", self.name()),
            )
            .hint(format!(
                "name the columns that tell them apart: --option key.{}=COLUMN,COLUMN",
                self.name()
            )));
        }
        Ok(self.key_columns().collect())
    }

    /// Readable columns; all of them for no names.
    pub(crate) fn wanted(&self, names: &[ColumnName]) -> Result<Vec<&SqlColumn>, SynclineError> {
        if names.is_empty() {
            return Ok(self.columns.iter().filter(|column| column.readable).collect());
        }
        names.iter().map(|name| self.column(name.as_str())).collect()
    }

    /// The key that has exactly these columns, in its own order.
    pub(crate) fn key_of<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Option<&EntityKey> {
        self.schema.keys.iter().find(|key| {
            key.columns.len() == names.clone().count()
                && names.clone().all(|name| key.columns.iter().any(|column| column.as_str() == name))
        })
    }

    /// Why no row of it is deleted.
    pub(crate) fn may_not_delete(&self) -> SynclineError {
        SynclineError::new(
            ErrorCode::PrivilegeMissing,
            format!(
                "the database's user may not DELETE on {}; its owner gives the right: {}",
                self.name(),
                self.grant("DELETE")
            ),
        )
    }

    /// The statement that gives the user a right on this table.
    pub(crate) fn grant(&self, rights: &str) -> String {
        let user = self.user.as_deref().map_or_else(|| "the user".to_owned(), quoted);
        format!("GRANT {rights} ON TABLE {} TO {user};", self.place)
    }
}

/// Columns by which people know a row, the best first.
const NAMES: [&str; 8] =
    ["name", "fullname", "displayname", "title", "username", "email", "emailaddress", "subject"];

/// The primary name of a table: a text column that is called so, or the first text.
pub(crate) fn primary_name(columns: &[SqlColumn]) -> Option<ColumnName> {
    let texts = || columns.iter().filter(|column| column.readable && column.kind == Kind::Text);
    let folded = |name: &str| name.replace('_', "").to_lowercase();
    NAMES
        .iter()
        .find_map(|wanted| texts().find(|column| folded(&column.name) == *wanted))
        .or_else(|| texts().next())
        .map(|column| ColumnName::new(&column.name))
}

/// Chooses the columns that tell rows apart: what the connection's options say, the primary key, or a unique key without nulls.
pub(crate) fn choose_key<'a>(
    table: &mut Table,
    keys: impl Iterator<Item = (bool, &'a EntityKey)> + Clone,
    options: &SqlOptions,
) -> Result<(), SynclineError> {
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let places =
        |key: &EntityKey| key.columns.iter().map(|name| place(name.as_str())).collect::<Option<Vec<_>>>();
    if let Some(names) = options.keys.get(table.name()) {
        let chosen: Option<Vec<usize>> = names.iter().map(|name| place(name)).collect();
        table.key = chosen.filter(|chosen| !chosen.is_empty()).ok_or_else(|| {
            SynclineError::new(
                ErrorCode::Usage,
                format!(
                    "the option key.{} names a column that is not there: {}",
                    table.name(),
                    names.join(", ")
                ),
            )
            .hint("names are exact; see the table's description")
        })?;
    } else {
        let whole = |places: &Vec<usize>| places.iter().all(|at| !table.columns[*at].nullable);
        let primary = keys.clone().find(|(primary, _)| *primary).and_then(|(_, key)| places(key));
        let found = primary.or_else(|| keys.clone().filter_map(|(_, key)| places(key)).find(whole));
        table.key = found.unwrap_or_default();
    }
    if table.key.iter().any(|at| !table.columns[*at].readable) {
        table.key.clear();
    }
    let first = table.key_columns().next().map(|column| ColumnName::new(&column.name));
    if let Some(first) = first {
        table.schema.summary.primary_id = first;
    }
    name_modified(table, options)
}

/// The name under which the time of a row's last change is asked for everywhere (Dataverse, modifiedon).
const MODIFIED: &str = "modifiedon";

/// Tells the column that the connection's options name for it once more as `modifiedon`, so that pulls can go on from a watermark.
/// Nobody but the person knows whether an application keeps such a column on each change; so it is never guessed.
fn name_modified(table: &mut Table, options: &SqlOptions) -> Result<(), SynclineError> {
    let Some(name) = options.modified.get(table.name()).or_else(|| options.modified.get("")) else {
        return Ok(());
    };
    if table.schema.column(MODIFIED).is_some() {
        return Ok(());
    }
    let Some(found) = table.columns.iter().find(|column| column.name == *name).cloned() else {
        // The option for all tables fits those that have the column.
        if !options.modified.contains_key(table.name()) {
            return Ok(());
        }
        return Err(SynclineError::new(
            ErrorCode::Usage,
            format!("the option modified.{} names a column that is not there: {name}", table.name()),
        )
        .hint("names are exact; see the table's description"));
    };
    if !matches!(found.kind, Kind::Instant { .. } | Kind::Timestamp { .. }) {
        return Err(SynclineError::new(
            ErrorCode::Usage,
            format!("{name} of {} is {} and tells no time of a change", table.name(), found.native),
        )
        .hint("name a column with date and time that the application sets on each change"));
    }
    let told = table.schema.column(name).cloned();
    if let Some(told) = told {
        table.schema.columns.push(Column {
            logical_name: ColumnName::new(MODIFIED),
            display_name: format!("Modified on ({name})"),
            required: RequiredLevel::None,
            creatable: false,
            updatable: false,
            ..told
        });
        table.schema.columns.sort_by(|a, b| a.logical_name.cmp(&b.logical_name));
    }
    table.columns.push(SqlColumn { name: MODIFIED.to_owned(), ..found });
    Ok(())
}
