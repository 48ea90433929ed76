//! Tables and columns: what metadata says and how a generated row's values are made.
use super::generator::Generator;
use super::value::Value;
use std::collections::HashMap;

/// The tables of the sample environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    Account,
    Contact,
    Lead,
    Opportunity,
    Product,
    List,
    ListMember,
    SystemUser,
    Role,
    SystemUserRoles,
    BusinessUnit,
    Task,
    Currency,
    SavedQuery,
    Project,
    ProjectMember,
    RoleTemplate,
    Solution,
    SolutionComponent,
    Team,
    TeamMembership,
    UserSettings,
    Organization,
    UserQuery,
    SalesOrder,
}

impl Table {
    /// All tables, in the order of the schema.
    pub const ALL: [Table; 25] = [
        Table::Account,
        Table::Contact,
        Table::Lead,
        Table::Opportunity,
        Table::Product,
        Table::List,
        Table::ListMember,
        Table::SystemUser,
        Table::Role,
        Table::SystemUserRoles,
        Table::BusinessUnit,
        Table::Task,
        Table::Currency,
        Table::SavedQuery,
        Table::Project,
        Table::ProjectMember,
        Table::RoleTemplate,
        Table::Solution,
        Table::SolutionComponent,
        Table::Team,
        Table::TeamMembership,
        Table::UserSettings,
        Table::Organization,
        Table::UserQuery,
        Table::SalesOrder,
    ];
}

/// One target of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub table: Table,
    /// Navigation property on the row that holds the lookup; case-sensitive.
    pub navigation: String,
    /// Collection navigation property on the target, and the relationship's schema name.
    pub relationship: String,
}

/// What kind of lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupKind {
    Lookup,
    Customer,
    Owner,
}

/// A choice's value and label; an empty label is a choice without one. For status columns also the state.
pub type OptionRow = (i64, &'static str, i64);

/// Column types ("Web API types and properties").
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Text {
        max: usize,
        format: &'static str,
    },
    Memo {
        max: usize,
    },
    Integer {
        min: i64,
        max: i64,
    },
    BigInt,
    Decimal {
        min: f64,
        max: f64,
        precision: u32,
    },
    Money {
        precision: u32,
    },
    Double {
        min: f64,
        max: f64,
    },
    Boolean {
        yes: &'static str,
        no: &'static str,
    },
    /// Behavior: `UserLocal`, `DateOnly` or `TimeZoneIndependent`. Format: `DateOnly` or `DateAndTime`.
    DateTime {
        behavior: &'static str,
        format: &'static str,
    },
    Choice {
        options: Vec<OptionRow>,
        global: Option<&'static str>,
    },
    Choices {
        options: Vec<OptionRow>,
    },
    State {
        options: Vec<OptionRow>,
    },
    Status {
        options: Vec<OptionRow>,
    },
    Lookup {
        kind: LookupKind,
        targets: Vec<Target>,
    },
    Id,
    EntityName,
}

/// Makes a value for a row number.
pub type Make = fn(&Generator, u32) -> Value;

/// One column.
#[derive(Debug, Clone)]
pub struct Column {
    pub logical: &'static str,
    pub schema: String,
    pub display: &'static str,
    pub kind: Kind,
    /// `None`, `Recommended`, `ApplicationRequired`, `SystemRequired`.
    pub required: &'static str,
    pub create: bool,
    pub update: bool,
    pub make: Make,
}

impl Column {
    /// A writable column without generated values.
    pub fn new(logical: &'static str, display: &'static str, kind: Kind) -> Self {
        let joined: String = display.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let schema = if joined.to_ascii_lowercase() == logical {
            joined
        } else if let Some(rest) = logical.strip_prefix("new_") {
            let name = if joined.to_ascii_lowercase() == rest { joined } else { capital(rest) };
            format!("new_{name}")
        } else {
            capital(logical)
        };
        Self {
            logical,
            schema,
            display,
            kind,
            required: "None",
            create: true,
            update: true,
            make: |_, _| Value::Null,
        }
    }

    /// How generated rows fill it.
    pub fn make(mut self, make: Make) -> Self {
        self.make = make;
        self
    }

    /// Required level.
    pub fn required(mut self, level: &'static str) -> Self {
        self.required = level;
        self
    }

    /// Neither created nor updated by a client.
    pub fn read_only(mut self) -> Self {
        (self.create, self.update) = (false, false);
        self
    }

    /// Only set when a row is created.
    pub fn create_only(mut self) -> Self {
        self.update = false;
        self
    }

    /// Only set by updates.
    pub fn update_only(mut self) -> Self {
        self.create = false;
        self
    }

    /// Name in OData payloads: `_x_value` for lookups.
    pub fn wire_name(&self) -> String {
        match self.kind {
            Kind::Lookup { .. } => format!("_{}_value", self.logical),
            _ => self.logical.to_owned(),
        }
    }

    /// True for an owner, whose navigation property leads to the abstract type `principal`.
    pub fn is_owner(&self) -> bool {
        matches!(self.kind, Kind::Lookup { kind: LookupKind::Owner, .. })
    }

    /// Targets of a lookup, else none.
    pub fn targets(&self) -> &[Target] {
        match &self.kind {
            Kind::Lookup { targets, .. } => targets,
            _ => &[],
        }
    }

    /// The targets that have a relationship each: an owner's two share one.
    pub fn related(&self) -> &[Target] {
        let all = self.targets();
        &all[..if self.is_owner() { all.len().min(1) } else { all.len() }]
    }

    /// Options of a choice of any kind.
    pub fn options(&self) -> &[OptionRow] {
        match &self.kind {
            Kind::Choice { options, .. }
            | Kind::Choices { options }
            | Kind::State { options }
            | Kind::Status { options } => options,
            _ => &[],
        }
    }
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

/// An alternate key.
#[derive(Debug, Clone)]
pub struct Key {
    pub logical: &'static str,
    pub display: &'static str,
    pub columns: &'static [&'static str],
}

/// One table.
#[derive(Debug, Clone)]
pub struct Entity {
    pub table: Table,
    pub logical: &'static str,
    pub schema: &'static str,
    pub set: &'static str,
    pub display: &'static str,
    pub plural: &'static str,
    /// Object type code.
    pub code: i64,
    pub primary_id: &'static str,
    pub primary_name: &'static str,
    pub columns: Vec<Column>,
    pub keys: Vec<Key>,
    pub intersect: bool,
    pub activity: bool,
    pub user_owned: bool,
    pub by_name: HashMap<&'static str, usize>,
}

impl Entity {
    /// Position of a column by logical name.
    pub fn column(&self, logical: &str) -> Option<usize> {
        self.by_name.get(logical).copied()
    }

    /// Position of a column by the name used in OData payloads (`_x_value` for lookups).
    pub fn wire_column(&self, name: &str) -> Option<usize> {
        match name.strip_prefix('_').and_then(|n| n.strip_suffix("_value")) {
            Some(logical) => self.column(logical).filter(|c| !self.columns[*c].targets().is_empty()),
            None => self.column(name).filter(|c| self.columns[*c].targets().is_empty()),
        }
    }

    /// Single-valued navigation property: column and target.
    pub fn navigation(&self, name: &str) -> Option<(usize, &Target)> {
        self.columns
            .iter()
            .enumerate()
            .find_map(|(at, c)| c.targets().iter().find(|t| t.navigation == name).map(|t| (at, t)))
    }

    /// True when a navigation property of this name leads to the table. An owner's leads to users and teams.
    pub fn leads(&self, name: &str, table: Table) -> bool {
        self.columns.iter().flat_map(Column::targets).any(|t| t.navigation == name && t.table == table)
    }

    /// Position of the primary key.
    pub fn id_column(&self) -> usize {
        self.column(self.primary_id).unwrap_or_default()
    }

    /// True for a table that a maker added.
    pub fn custom(&self) -> bool {
        self.logical.starts_with("new_")
    }
}

/// All tables.
#[derive(Debug)]
pub struct Schema {
    pub entities: Vec<Entity>,
    by_logical: HashMap<&'static str, Table>,
    by_set: HashMap<&'static str, Table>,
}

impl Schema {
    /// Builds the schema from the entities, in the order of [`Table::ALL`].
    pub fn new(entities: Vec<Entity>) -> Self {
        let by_logical = entities.iter().map(|e| (e.logical, e.table)).collect();
        let by_set = entities.iter().map(|e| (e.set, e.table)).collect();
        Self { entities, by_logical, by_set }
    }

    /// A table's description.
    pub fn entity(&self, table: Table) -> &Entity {
        &self.entities[table as usize]
    }

    /// By logical name.
    pub fn by_logical(&self, name: &str) -> Option<&Entity> {
        self.by_logical.get(name).map(|t| self.entity(*t))
    }

    /// By entity set name.
    pub fn by_set(&self, name: &str) -> Option<&Entity> {
        self.by_set.get(name).map(|t| self.entity(*t))
    }

    /// Lookups of other tables that point to `table`: (referencing table, column, target).
    pub fn referencing(&self, table: Table) -> impl Iterator<Item = (&Entity, usize, &Target)> {
        self.entities.iter().flat_map(move |e| {
            e.columns.iter().enumerate().flat_map(move |(at, c)| {
                c.targets().iter().filter(move |t| t.table == table).map(move |t| (e, at, t))
            })
        })
    }
}
