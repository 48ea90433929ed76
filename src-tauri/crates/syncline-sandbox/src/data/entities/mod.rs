//! The tables, one file a group, and what they share: constructors for columns and the system columns.
mod account;
mod contact;
mod orders;
mod people;
mod projects;
mod sales;
pub(crate) mod setup;
pub(crate) mod solutions;

use super::generator::Generator;
use super::schema::{Column, Entity, Key, Kind, LookupKind, OptionRow, Schema, Table, Target};
use super::value::Value;
use std::collections::HashMap;

/// The whole schema.
pub fn schema() -> Schema {
    let mut entities = vec![
        account::account(),
        contact::contact(),
        sales::lead(),
        sales::opportunity(),
        sales::product(),
        sales::list(),
        sales::list_member(),
        setup::system_user(),
        setup::role(),
        setup::system_user_roles(),
        setup::business_unit(),
        sales::task(),
        setup::currency(),
        setup::saved_query(),
        projects::project(),
        projects::member(),
        solutions::role_template(),
        solutions::solution(),
        solutions::component(),
        people::team(),
        people::team_membership(),
        people::user_settings(),
        people::organization(),
        setup::user_query(),
        orders::sales_order(),
    ];
    entities.sort_by_key(|e| e.table as u8);
    Schema::new(entities)
}

fn text(logical: &'static str, display: &'static str, max: usize) -> Column {
    Column::new(logical, display, Kind::Text { max, format: "Text" })
}
fn formatted(logical: &'static str, display: &'static str, max: usize, format: &'static str) -> Column {
    Column::new(logical, display, Kind::Text { max, format })
}
fn memo(logical: &'static str, display: &'static str, max: usize) -> Column {
    Column::new(logical, display, Kind::Memo { max })
}
fn integer(logical: &'static str, display: &'static str, min: i64, max: i64) -> Column {
    Column::new(logical, display, Kind::Integer { min, max })
}
fn double(logical: &'static str, display: &'static str, min: f64, max: f64) -> Column {
    Column::new(logical, display, Kind::Double { min, max })
}
fn money(logical: &'static str, display: &'static str) -> Column {
    Column::new(logical, display, Kind::Money { precision: 4 })
}
fn yes_no(logical: &'static str, display: &'static str, yes: &'static str, no: &'static str) -> Column {
    Column::new(logical, display, Kind::Boolean { yes, no }).make(|_, _| Value::Bool(false))
}
fn choice(logical: &'static str, display: &'static str, options: &[(i64, &'static str)]) -> Column {
    Column::new(logical, display, Kind::Choice { options: rows(options), global: None })
}
fn rows(options: &[(i64, &'static str)]) -> Vec<OptionRow> {
    options.iter().map(|(value, label)| (*value, *label, 0)).collect()
}
fn moment(logical: &'static str, display: &'static str) -> Column {
    Column::new(logical, display, Kind::DateTime { behavior: "UserLocal", format: "DateAndTime" })
}
fn day(logical: &'static str, display: &'static str) -> Column {
    Column::new(logical, display, Kind::DateTime { behavior: "DateOnly", format: "DateOnly" })
}
fn wall_clock(logical: &'static str, display: &'static str) -> Column {
    Column::new(logical, display, Kind::DateTime { behavior: "TimeZoneIndependent", format: "DateAndTime" })
}
/// A lookup; each target is (table, navigation property, relationship).
fn lookup(logical: &'static str, display: &'static str, targets: &[(Table, &str, &str)]) -> Column {
    let targets = targets
        .iter()
        .map(|(table, navigation, relationship)| Target {
            table: *table,
            navigation: (*navigation).to_owned(),
            relationship: (*relationship).to_owned(),
        })
        .collect();
    Column::new(logical, display, Kind::Lookup { kind: LookupKind::Lookup, targets })
}
fn of_kind(mut column: Column, wanted: LookupKind) -> Column {
    if let Kind::Lookup { kind, .. } = &mut column.kind {
        *kind = wanted;
    }
    column
}
fn states(active: &'static str, inactive: &'static str) -> [Column; 2] {
    state_columns(&[(0, active), (1, inactive)], vec![(1, active, 0), (2, inactive, 1)])
}
fn state_columns(states: &[(i64, &'static str)], statuses: Vec<OptionRow>) -> [Column; 2] {
    let mut state = Column::new("statecode", "Status", Kind::State { options: rows(states) }).update_only();
    state.schema = "StateCode".into();
    let mut status = Column::new("statuscode", "Status Reason", Kind::Status { options: statuses });
    status.schema = "StatusCode".into();
    [state.required("SystemRequired").make(|_, _| Value::Int(0)), status.make(|_, _| Value::Int(1))]
}
/// About one row in twelve is inactive.
fn state_mostly_active<const T: u8>(g: &Generator, i: u32) -> Value {
    Value::Int(i64::from(g.below(0xe0 + u64::from(T), i, 12) == 0))
}
fn status_mostly_active<const T: u8>(g: &Generator, i: u32) -> Value {
    Value::Int(1 + i64::from(g.below(0xe0 + u64::from(T), i, 12) == 0))
}
fn set_make(columns: &mut [Column], name: &str, make: super::schema::Make) {
    for column in columns.iter_mut().filter(|c| c.logical == name) {
        column.make = make;
    }
}

/// Primary key, creation, change, version.
fn system<const T: u8>(logical: &str, id: &'static str) -> Vec<Column> {
    fn table<const T: u8>() -> Table {
        Table::ALL[T as usize]
    }
    let by = |column: &'static str, display: &'static str| {
        let navigation = navigation(logical, column);
        lookup(column, display, &[(Table::SystemUser, &navigation, &format!("lk_{logical}_{column}"))])
            .read_only()
            .make(|g, i| Value::Ref(Table::SystemUser, g.id(Table::SystemUser, g.below(0x31, i, 3) as u32)))
    };
    vec![
        Column::new(id, "Unique Identifier", Kind::Id)
            .required("SystemRequired")
            .create_only()
            .make(|g, i| Value::Id(g.id(table::<T>(), i))),
        moment("createdon", "Created On").read_only().make(|g, i| Value::Time(g.created(table::<T>(), i))),
        moment("modifiedon", "Modified On").read_only().make(|g, i| Value::Time(g.modified(table::<T>(), i))),
        by("createdby", "Created By"),
        by("modifiedby", "Modified By"),
        moment("overriddencreatedon", "Record Created On").create_only(),
        integer("importsequencenumber", "Import Sequence Number", i64::from(i32::MIN), i64::from(i32::MAX))
            .create_only(),
        Column::new("versionnumber", "Version Number", Kind::BigInt)
            .read_only()
            .make(|g, i| Value::Int(g.version(table::<T>(), i))),
    ]
}

/// The navigation property of a system lookup. Activities have the table's name behind it, since all of them derive from one type
/// (table reference, Task: `ownerid_task`, `createdby_task`).
fn navigation(logical: &str, column: &str) -> String {
    if logical == "task" { format!("{column}_task") } else { column.to_owned() }
}

/// Owner columns of a user-owned table: users and teams own (table reference, Account).
fn owned(logical: &str) -> Vec<Column> {
    fn owner(g: &Generator, i: u32) -> Value {
        g.link(Table::SystemUser, 0x32, i)
    }
    let (navigation, relationship) = (navigation(logical, "ownerid"), format!("owner_{logical}s"));
    let owners = [Table::SystemUser, Table::Team].map(|table| (table, &*navigation, &*relationship));
    let own = |column: &'static str, display: &'static str, table: Table, relationship: &str| {
        let navigation = self::navigation(logical, column);
        lookup(column, display, &[(table, &navigation, relationship)]).read_only()
    };
    vec![
        of_kind(lookup("ownerid", "Owner", &owners), LookupKind::Owner)
            .required("SystemRequired")
            .make(owner),
        own("owninguser", "Owning User", Table::SystemUser, &format!("user_{logical}")).make(owner),
        own("owningteam", "Owning Team", Table::Team, &format!("team_{logical}s")),
        own(
            "owningbusinessunit",
            "Owning Business Unit",
            Table::BusinessUnit,
            &format!("business_unit_{logical}s"),
        )
        .make(|g, _| Value::Ref(Table::BusinessUnit, g.root_unit)),
    ]
}

/// Currency and its rate, for tables with money columns.
fn currency(logical: &str) -> Vec<Column> {
    vec![
        lookup(
            "transactioncurrencyid",
            "Currency",
            &[(Table::Currency, "transactioncurrencyid", &format!("transactioncurrency_{logical}"))],
        )
        .make(|g, i| g.link(Table::Currency, 0x33, i)),
        Column::new("exchangerate", "Exchange Rate", Kind::Decimal { min: 1e-12, max: 1e11, precision: 12 })
            .read_only()
            .make(|g, i| match g.link(Table::Currency, 0x33, i) {
                Value::Ref(table, id) => setup::rate(g.index(table, id).unwrap_or_default()),
                _ => Value::Null,
            }),
    ]
}

struct About {
    table: Table,
    logical: &'static str,
    schema: &'static str,
    set: &'static str,
    display: &'static str,
    plural: &'static str,
    code: i64,
    id: &'static str,
    name: &'static str,
}

fn entity(about: About, mut columns: Vec<Column>, keys: Vec<Key>) -> Entity {
    for column in &mut columns {
        if column.logical == about.name && column.required == "None" {
            column.required = "ApplicationRequired";
        }
    }
    let by_name = columns.iter().enumerate().map(|(at, c)| (c.logical, at)).collect::<HashMap<_, _>>();
    Entity {
        table: about.table,
        logical: about.logical,
        schema: about.schema,
        set: about.set,
        display: about.display,
        plural: about.plural,
        code: about.code,
        primary_id: about.id,
        primary_name: about.name,
        user_owned: by_name.contains_key("ownerid"),
        columns,
        keys,
        intersect: matches!(about.table, Table::ListMember | Table::SystemUserRoles | Table::TeamMembership),
        activity: about.table == Table::Task,
        by_name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_contact_is_wide() {
        let schema = schema();
        for (at, entity) in schema.entities.iter().enumerate() {
            assert_eq!(entity.table as usize, at, "{}", entity.logical);
            assert_eq!(entity.by_name.len(), entity.columns.len(), "{} repeats a column", entity.logical);
            assert!(entity.column(entity.primary_id).is_some());
            assert!(
                entity.primary_name.is_empty() || entity.column(entity.primary_name).is_some(),
                "{}",
                entity.logical
            );
        }
        assert!(schema.entity(Table::Contact).columns.len() >= 60);
    }
}
