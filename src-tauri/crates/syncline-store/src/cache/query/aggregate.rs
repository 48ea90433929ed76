//! Aggregates and groups.

use syncline_fetchxml::{Aggregate, Attribute, Fetch, Order};
use syncline_model::ColumnType;

use super::link::Join;
use super::order::direction;
use super::scope::{Col, Compiler};
use crate::StoreError;

/// A column of the result.
pub(super) struct Output {
    /// Name in the result.
    pub(super) name: String,
    /// It holds a number digit for digit, as text.
    pub(super) number: bool,
    /// Yes/no, kept as 1 and 0.
    pub(super) yes_no: bool,
    /// The next column of the statement is its label.
    pub(super) labelled: bool,
}

/// What is selected, grouped and ordered.
#[derive(Default)]
pub(super) struct Grouped {
    pub(super) select: Vec<String>,
    pub(super) group: Vec<String>,
    pub(super) order: Vec<String>,
    pub(super) outputs: Vec<Output>,
    by_alias: Vec<(String, String)>,
}

impl Compiler<'_> {
    pub(super) fn grouped(&mut self, fetch: &Fetch, joins: &[Join<'_>]) -> Result<Grouped, StoreError> {
        let mut grouped = Grouped::default();
        self.attributes(0, &fetch.entity.attributes, &mut grouped)?;
        for join in joins {
            self.attributes(join.source, &join.link.attributes, &mut grouped)?;
        }
        if grouped.select.is_empty() {
            return Err(StoreError::query("an aggregate query names no column")
                .with_hint("add <attribute … aggregate='count' alias='…'/>"));
        }
        for order in fetch.entity.orders.iter().chain(joins.iter().flat_map(|join| &join.link.orders)) {
            let key = alias_of(order)?;
            let (_, sql) =
                grouped.by_alias.iter().find(|(alias, _)| alias == key).ok_or_else(|| {
                    StoreError::query(format!("no column of the query has the alias {key}"))
                })?;
            grouped.order.push(format!("{sql}{}", direction(order)));
        }
        // Groups have no order of their own; a page needs one.
        grouped.order.extend(grouped.group.iter().cloned());
        Ok(grouped)
    }

    fn attributes(
        &mut self,
        source: usize,
        attributes: &[Attribute],
        grouped: &mut Grouped,
    ) -> Result<(), StoreError> {
        for attribute in attributes {
            let name = attribute.alias.clone().ok_or_else(|| {
                StoreError::query(format!("{} needs an alias in an aggregate query", attribute.name))
            })?;
            let column = self.column(source, &attribute.name)?;
            match attribute.aggregate {
                Some(aggregate) => calculated(grouped, name, &column, aggregate, attribute.distinct),
                None if attribute.group_by || attribute.date_grouping.is_some() => {
                    self.group(grouped, name, &column, attribute);
                }
                None => {
                    return Err(StoreError::query(format!(
                        "{} is neither aggregated nor grouped by",
                        attribute.name
                    ))
                    .with_hint("write aggregate='…' or groupby='true'"));
                }
            }
        }
        Ok(())
    }

    fn group(&mut self, grouped: &mut Grouped, name: String, column: &Col, attribute: &Attribute) {
        let mut output = Output { name: name.clone(), number: false, yes_no: false, labelled: false };
        let key = match attribute.date_grouping {
            Some(part) => {
                let sql = self.date_part(column, part, attribute.user_time_zone.unwrap_or(true));
                grouped.select.push(sql.clone());
                sql
            }
            None => {
                // Texts that differ by case or accents are one group; any of them stands for it.
                grouped.select.push(format!("min({})", column.sql));
                if let Some(label) = &column.label {
                    output.labelled = true;
                    grouped.select.push(format!("min({label})"));
                }
                output.yes_no = column.kind == ColumnType::Boolean;
                column.side()
            }
        };
        grouped.by_alias.push((name, key.clone()));
        grouped.group.push(key);
        grouped.outputs.push(output);
    }
}

fn calculated(grouped: &mut Grouped, name: String, column: &Col, aggregate: Aggregate, distinct: bool) {
    let value = &column.sql;
    let mut output = Output { name: name.clone(), number: false, yes_no: false, labelled: false };
    let is_double = column.kind == ColumnType::Double;
    let (sql, order) = match aggregate {
        Aggregate::Count => ("count(*)".to_owned(), None),
        Aggregate::CountColumn if distinct => (format!("count(DISTINCT {})", column.side()), None),
        Aggregate::CountColumn => (format!("count({value})"), None),
        Aggregate::Min => (format!("min({value})"), None),
        Aggregate::Max => (format!("max({value})"), None),
        Aggregate::Sum if is_double => (format!("sum({value})"), None),
        Aggregate::Avg if is_double => (format!("avg({value})"), None),
        Aggregate::Sum => (format!("exact_sum({value})"), Some(format!("CAST(exact_sum({value}) AS REAL)"))),
        Aggregate::Avg => (format!("exact_avg({value})"), Some(format!("CAST(exact_avg({value}) AS REAL)"))),
    };
    output.number = order.is_some();
    grouped.by_alias.push((name, order.unwrap_or_else(|| sql.clone())));
    grouped.select.push(sql);
    grouped.outputs.push(output);
}

fn alias_of(order: &Order) -> Result<&String, StoreError> {
    order.alias.as_ref().or(order.attribute.as_ref()).ok_or_else(|| {
        StoreError::query("an order of an aggregate query names no alias")
            .with_hint("write <order alias='…'/>")
    })
}
