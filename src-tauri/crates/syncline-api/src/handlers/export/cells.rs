//! What goes into a file: columns with their kinds, and cells.

use syncline_model::{Column, ColumnType, DateTimeBehavior, Fields, Value};

/// What a column of a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Whole,
    Number,
    YesNo,
    Date,
    Moment,
}

impl Kind {
    fn of(column: &Column) -> Self {
        match column.column_type {
            ColumnType::Integer | ColumnType::BigInt => Self::Whole,
            ColumnType::Picklist | ColumnType::State | ColumnType::Status => Self::Whole,
            ColumnType::Decimal | ColumnType::Double | ColumnType::Money => Self::Number,
            ColumnType::Boolean => Self::YesNo,
            ColumnType::DateTime if column.behavior == Some(DateTimeBehavior::DateOnly) => Self::Date,
            ColumnType::DateTime => Self::Moment,
            ColumnType::String
            | ColumnType::Memo
            | ColumnType::MultiSelectPicklist
            | ColumnType::Lookup
            | ColumnType::Customer
            | ColumnType::Owner
            | ColumnType::PartyList
            | ColumnType::UniqueIdentifier
            | ColumnType::Image
            | ColumnType::File
            | ColumnType::Other => Self::Text,
        }
    }
    /// The type that SQLite calls it.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Text | Self::Date | Self::Moment => "TEXT",
            Self::Whole | Self::YesNo => "INTEGER",
            Self::Number => "REAL",
        }
    }
}

/// A column of a file.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// A cell. Numbers keep their digits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Number(String),
    YesNo(bool),
    /// A text that leads to a record.
    Link {
        text: String,
        url: String,
    },
}

impl Cell {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Number(text) | Self::Link { text, .. } => text.clone(),
            Self::YesNo(on) => on.to_string(),
        }
    }
}

impl From<&serde_json::Value> for Cell {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Empty,
            serde_json::Value::Bool(on) => Self::YesNo(*on),
            serde_json::Value::Number(number) => Self::Number(number.to_string()),
            serde_json::Value::String(text) => Self::Text(text.clone()),
            other => Self::Text(other.to_string()),
        }
    }
}

/// How the records of an entity stand in a file.
pub(super) struct RecordShape {
    columns: Vec<(Column, Role)>,
    /// Addresses of records begin so; the id follows.
    link: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The value.
    Value,
    /// The label in its place, where there is one.
    LabelElseValue,
    /// The label beside the value.
    Label,
}

fn is_labelled(column: &Column) -> bool {
    column.column_type.has_options() || column.column_type.is_lookup()
}

impl RecordShape {
    /// Values, or labels in their place.
    pub(super) fn flat(columns: Vec<Column>, formatted: bool) -> Self {
        let role = if formatted { Role::LabelElseValue } else { Role::Value };
        Self { columns: columns.into_iter().map(|column| (column, role)).collect(), link: None }
    }
    /// Labels in place of codes and names in place of ids, everything else as it is; the primary name leads to the record.
    pub(super) fn sheet(columns: Vec<Column>, link: Option<(String, String)>) -> Self {
        let role = |column: &Column| if is_labelled(column) { Role::LabelElseValue } else { Role::Value };
        Self { columns: columns.into_iter().map(|column| (column.clone(), role(&column))).collect(), link }
    }
    /// Labels and names beside codes and ids.
    pub(super) fn table(columns: Vec<Column>) -> Self {
        let mut all = Vec::new();
        for column in columns {
            let labelled = is_labelled(&column);
            all.push((column.clone(), Role::Value));
            if labelled {
                all.push((column, Role::Label));
            }
        }
        Self { columns: all, link: None }
    }

    pub(super) fn heads(&self, display_names: bool) -> Vec<Head> {
        let mut heads: Vec<Head> = Vec::with_capacity(self.columns.len());
        for (column, role) in &self.columns {
            let logical = column.logical_name.as_str();
            let name = match role {
                Role::Label if column.column_type.is_lookup() => format!("{logical}_name"),
                Role::Label => format!("{logical}_label"),
                Role::Value | Role::LabelElseValue if display_names => column.display_name.clone(),
                Role::Value | Role::LabelElseValue => logical.to_owned(),
            };
            let labelled = *role == Role::Label || (*role == Role::LabelElseValue && is_labelled(column));
            heads.push(Head { name, kind: if labelled { Kind::Text } else { Kind::of(column) } });
        }
        if self.own_link_column() {
            heads.push(Head { name: "Record".to_owned(), kind: Kind::Text });
        }
        heads
    }

    /// The link has a column of its own where the primary name is not among the columns.
    fn own_link_column(&self) -> bool {
        self.link.as_ref().is_some_and(|(_, name)| {
            !self.columns.iter().any(|(column, _)| column.logical_name.as_str() == name)
        })
    }

    pub(super) fn cells(&self, id: &str, fields: &Fields<'_>) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::with_capacity(self.columns.len() + 1);
        for (column, role) in &self.columns {
            let name = column.logical_name.as_str();
            let label = || fields.formatted(name);
            let value = || match fields.value(name).unwrap_or(Value::Null) {
                Value::Null => Cell::Empty,
                Value::Bool(on) => Cell::YesNo(on),
                number @ (Value::Integer(_) | Value::Decimal(_) | Value::Double(_)) => Cell::Number(
                    fields.raw(name).map_or_else(|| number.display_text(), |raw| raw.get().to_owned()),
                ),
                other => Cell::Text(other.display_text()),
            };
            let cell = match role {
                Role::Value => value(),
                Role::Label => label().map_or(Cell::Empty, Cell::Text),
                Role::LabelElseValue => label().map_or_else(value, Cell::Text),
            };
            cells.push(match &self.link {
                Some((url, primary)) if primary == name => {
                    let text = match cell.text() {
                        empty if empty.is_empty() => id.to_owned(),
                        text => text,
                    };
                    Cell::Link { text, url: url.replace("{id}", id) }
                }
                _ => cell,
            });
        }
        if let Some((url, _)) = self.link.as_ref().filter(|_| self.own_link_column()) {
            cells.push(Cell::Link { text: id.to_owned(), url: url.replace("{id}", id) });
        }
        cells
    }
}
