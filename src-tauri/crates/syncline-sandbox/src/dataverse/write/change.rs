//! Applying values: defaults, computed columns, keys, required columns, deletion.
use super::payload::Values;
use crate::data::{Entity, Kind, Table, Value};
use crate::dataverse::error::{Outcome, ServiceError, code};
use crate::dataverse::query::{Relation, eval::related};
use crate::dataverse::store::{Row, Store};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Who writes, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) user: Uuid,
    pub(crate) unit: Uuid,
    pub(crate) now: i64,
}

/// Creates a row. The id comes from the values or is new.
pub(crate) fn create(store: &mut Store, table: Table, mut values: Values, stamp: Stamp) -> Outcome<Row> {
    let entity = store.schema.entity(table).clone();
    let id_column = entity.id_column() as u16;
    let id = values.remove(&id_column).and_then(|v| v.id()).unwrap_or_else(Uuid::new_v4);
    if store.find(table, id).is_some() {
        return Err(ServiceError::new(
            412,
            code::DUPLICATE_RECORD,
            "A record with matching key values already exists.",
        ));
    }
    let mut default = |name: &str, value: Value| {
        if let Some(column) = entity.column(name) {
            values.entry(column as u16).or_insert(value);
        }
    };
    default("statecode", Value::Int(0));
    if let Some(status) = entity.column("statuscode")
        && let Some(first) = entity.columns[status].options().iter().find(|o| o.2 == 0)
    {
        default("statuscode", Value::Int(first.0));
    }
    let me = Value::Ref(Table::SystemUser, stamp.user);
    default("ownerid", me.clone());
    default("createdby", me);
    default("owningbusinessunit", Value::Ref(Table::BusinessUnit, stamp.unit));
    let overridden = entity.column("overriddencreatedon").and_then(|c| values.get(&(c as u16)).cloned());
    let created = match overridden {
        Some(value @ Value::Time(_)) => value,
        _ => Value::Time(stamp.now),
    };
    let mut default = |name: &str, value: Value| {
        if let Some(column) = entity.column(name) {
            values.entry(column as u16).or_insert(value);
        }
    };
    default("createdon", created);
    default("transactioncurrencyid", Value::Ref(Table::Currency, store.generator.id(Table::Currency, 0)));
    for (at, column) in entity.columns.iter().enumerate() {
        if matches!(column.kind, Kind::Boolean { .. }) {
            values.entry(at as u16).or_insert(Value::Bool(false));
        }
        let missing = values.get(&(at as u16)).is_none_or(Value::is_null);
        if missing && column.required == "SystemRequired" && column.create && at as u16 != id_column {
            return Err(ServiceError::bad(
                code::REQUIRED_FIELD_MISSING,
                format!("Required field '{}' is missing on the {}.", column.logical, entity.logical),
            ));
        }
    }
    finish(store, &entity, None, &mut values, stamp)?;
    Ok(store.put(table, id, values, true))
}

/// Changes columns of a row.
pub(crate) fn update(store: &mut Store, row: Row, mut values: Values, stamp: Stamp) -> Outcome<Row> {
    let entity = store.schema.entity(row.0).clone();
    values.remove(&(entity.id_column() as u16));
    if row.0 == Table::SystemUser
        && store.named(row, "fullname").text().is_some_and(|n| n == "SYSTEM" || n == "INTEGRATION")
    {
        return Err(ServiceError::bad(
            code::CANNOT_MODIFY_SPECIAL_USER,
            "The user SYSTEM or INTEGRATION cannot be modified.",
        ));
    }
    let unit = entity.column("businessunitid").map(|c| c as u16);
    let moved = row.0 == Table::SystemUser
        && unit.is_some_and(|c| values.get(&c).is_some_and(|v| !v.same(&store.value(row, usize::from(c)))));
    finish(store, &entity, Some(row), &mut values, stamp)?;
    let id = store.id(row);
    if moved {
        // Moving a user to another business unit takes all security roles away.
        let column = store.schema.entity(Table::SystemUserRoles).column("systemuserid").unwrap_or_default();
        for link in store.find_by(Table::SystemUserRoles, column, &Value::Id(id)) {
            store.delete(link);
        }
    }
    Ok(store.put(row.0, id, values, false))
}

/// Deletes a row; refused while other rows restrict it.
pub(crate) fn delete(store: &mut Store, row: Row) -> Outcome<()> {
    let refused = |why: &'static str| Err(ServiceError::new(405, code::CANNOT_DELETE_ASSOCIATED, why));
    match row.0 {
        Table::SystemUser => {
            return Err(ServiceError::bad(
                code::MESSAGE_NOT_SUPPORTED,
                "The 'Delete' method does not support entities of type 'systemuser'. Disable the user instead.",
            ));
        }
        Table::BusinessUnit | Table::Currency => {
            return refused("The record cannot be deleted because it is associated with other records.");
        }
        Table::Project => {
            let members = store.schema.entity(Table::ProjectMember).column("new_project").unwrap_or_default();
            if !related(store, row, &Relation::Many { table: Table::ProjectMember, column: members })
                .is_empty()
            {
                return refused(
                    "The object you tried to delete is associated with another object and cannot be deleted.",
                );
            }
        }
        _ => {}
    }
    store.delete(row);
    Ok(())
}

/// Columns that follow from others, and the uniqueness of alternate keys.
fn finish(
    store: &Store,
    entity: &Entity,
    row: Option<Row>,
    values: &mut Values,
    stamp: Stamp,
) -> Outcome<()> {
    let read = |values: &Values, name: &str| {
        let column = entity.column(name)?;
        values.get(&(column as u16)).cloned().or_else(|| row.map(|r| store.value(r, column)))
    };
    let set = |values: &mut Values, name: &str, value: Value| {
        if let Some(column) = entity.column(name) {
            values.insert(column as u16, value);
        }
    };
    set(values, "modifiedon", Value::Time(stamp.now));
    set(values, "modifiedby", Value::Ref(Table::SystemUser, stamp.user));
    if entity.column("fullname").is_some() {
        let names =
            ["firstname", "lastname"].map(|n| read(values, n).and_then(|v| v.text().map(str::to_owned)));
        let full = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        set(values, "fullname", if full.is_empty() { Value::Null } else { full.into() });
    }
    if let Some(owner) = entity.column("ownerid").and_then(|c| values.get(&(c as u16)).cloned()) {
        for (column, kind) in [("owninguser", Table::SystemUser), ("owningteam", Table::Team)] {
            let is_one = matches!(owner, Value::Ref(table, _) if table == kind);
            set(values, column, if is_one { owner.clone() } else { Value::Null });
        }
    }
    if entity.table != Table::Currency
        && let Some(Value::Ref(table, id)) = read(values, "transactioncurrencyid")
        && let Some(currency) = store.find(table, id)
    {
        let rate = store.named(currency, "exchangerate");
        set(values, "exchangerate", rate.clone());
        for column in entity.columns.iter().filter(|c| matches!(c.kind, Kind::Money { .. })) {
            let base = format!("{}_base", column.logical);
            if entity.column(&base).is_none() {
                continue;
            }
            let in_base = match (read(values, column.logical), &rate) {
                (Some(Value::Decimal(amount)), Value::Decimal(rate)) if !rate.is_zero() => {
                    let mut amount: Decimal = (amount / rate).round_dp(4);
                    amount.rescale(4);
                    Value::Decimal(amount)
                }
                _ => Value::Null,
            };
            set(values, &base, in_base);
        }
    }
    for key in &entity.keys {
        let parts: Option<Vec<(usize, Value)>> = key
            .columns
            .iter()
            .map(|n| Some((entity.column(n)?, read(values, n).filter(|v| !v.is_null())?)))
            .collect();
        let Some(parts) = parts else { continue };
        if !parts.iter().any(|(c, _)| values.contains_key(&(*c as u16))) {
            continue;
        }
        let taken = store
            .find_by(entity.table, parts[0].0, &parts[0].1)
            .into_iter()
            .any(|other| Some(other) != row && parts.iter().all(|(c, v)| store.value(other, *c).same(v)));
        if taken {
            return Err(ServiceError::new(
                412,
                code::DUPLICATE_RECORD_ENTITY_KEY,
                format!(
                    "A record that has the attribute values {} already exists. The entity key {} requires that this set of attributes contains unique values. Select unique values and try again.",
                    key.columns.join(", "),
                    key.display
                ),
            ));
        }
    }
    Ok(())
}
