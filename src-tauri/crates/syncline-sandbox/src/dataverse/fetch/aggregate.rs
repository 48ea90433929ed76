//! Aggregates with groupby and dategrouping.
use super::join::joined;
use super::parse::{Attribute, Fetch};
use crate::data::Value;
use crate::data::fold::folded;
use crate::dataverse::error::{Outcome, ServiceError, code};
use crate::dataverse::json;
use crate::dataverse::query::eval::Slots;
use crate::dataverse::request::Annotations;
use crate::dataverse::store::Store;
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Rows an aggregate may run over.
const LIMIT: usize = 50_000;

#[derive(Debug, Clone, Default)]
struct Sum {
    rows: u64,
    values: u64,
    total: Decimal,
    rough: f64,
    exact: bool,
    /// The values are whole numbers.
    whole: bool,
    low: Option<Value>,
    high: Option<Value>,
    seen: std::collections::HashSet<String>,
}

/// Writes `"value":[…]`.
pub(super) fn write(
    store: &Store,
    fetch: &Fetch,
    annotations: &Annotations,
    out: &mut Vec<u8>,
) -> Outcome<()> {
    let columns: Vec<(usize, &Attribute)> = fetch
        .nodes
        .iter()
        .enumerate()
        .flat_map(|(slot, n)| n.attributes.iter().map(move |a| (slot, a)))
        .collect();
    for (_, attribute) in &columns {
        let invalid =
            |text: &str| Err(ServiceError::bad(code::INVALID_FETCH_XML, format!("Invalid FetchXML: {text}")));
        if attribute.alias.is_none() {
            return invalid("every attribute of an aggregate query needs an alias.");
        }
        match attribute.aggregate.as_deref() {
            None if attribute.group.is_none() => {
                return invalid("an attribute is neither aggregated nor grouped by.");
            }
            None | Some("count" | "countcolumn" | "sum" | "avg" | "min" | "max") => {}
            Some(other) => return invalid(&format!("'{other}' is not an aggregate.")),
        }
    }
    let mut groups: HashMap<String, (Vec<Value>, Vec<Sum>)> = HashMap::new();
    let (root, mut total, mut found) = (fetch.nodes[0].table, 0, Vec::new());
    for position in store.table(root).positions(0) {
        found.clear();
        joined(store, fetch, (root, position), &mut found);
        total += found.len();
        if total > LIMIT {
            return Err(ServiceError::bad(
                code::AGGREGATE_LIMIT,
                "The maximum record limit is exceeded. Reduce the number of records.",
            ));
        }
        for slots in &found {
            add(store, &columns, slots, &mut groups);
        }
    }
    if groups.is_empty() && columns.iter().all(|c| c.1.group.is_none()) {
        groups.insert(String::new(), (vec![], vec![Sum::default(); columns.len()]));
    }
    let mut rows: Vec<Vec<Value>> = groups
        .into_values()
        .map(|(keys, sums)| {
            let mut keys = keys.into_iter();
            columns
                .iter()
                .zip(&sums)
                .map(|((_, a), sum)| match &a.aggregate {
                    None => keys.next().unwrap_or(Value::Null),
                    Some(kind) => result(kind, a.distinct, sum),
                })
                .collect()
        })
        .collect();
    rows.sort_by(|a, b| {
        for (alias, descending) in &fetch.alias_order {
            let Some(at) = columns.iter().position(|c| c.1.alias.as_deref() == Some(alias)) else { continue };
            let order = a[at].compare(&b[at]).unwrap_or(Ordering::Equal);
            let order = if *descending { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        a.iter()
            .zip(b)
            .map(|(x, y)| x.compare(y).unwrap_or(Ordering::Equal))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    let limit = fetch.top.or(fetch.count).unwrap_or(5000).min(5000);
    out.extend_from_slice(b"\"value\":[");
    for (nth, row) in rows.iter().skip((fetch.page - 1).saturating_mul(limit)).take(limit).enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        object(store, fetch, &columns, row, annotations, out);
    }
    out.push(b']');
    Ok(())
}

fn object(
    store: &Store,
    fetch: &Fetch,
    columns: &[(usize, &Attribute)],
    row: &[Value],
    annotations: &Annotations,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    let start = out.len();
    for ((slot, attribute), value) in columns.iter().zip(row) {
        let alias = attribute.alias.as_deref().unwrap_or_default();
        if value.is_null() {
            continue;
        }
        if annotations.formatted {
            let column = &store.schema.entity(fetch.nodes[*slot].table).columns[attribute.column];
            let text = match value {
                Value::Ref(table, id) => store.name_of(*table, *id),
                Value::Int(n)
                    if attribute.aggregate.is_some() || attribute.group.as_deref() != Some("value") =>
                {
                    Some(json::thousands(&n.to_string()))
                }
                other => json::formatted(column, other),
            };
            if let Some(text) = text {
                json::string(out, &format!("{alias}@OData.Community.Display.V1.FormattedValue"));
                out.push(b':');
                json::string(out, &text);
                out.push(b',');
            }
        }
        json::string(out, alias);
        out.push(b':');
        json::value(out, value);
        out.push(b',');
    }
    if out.len() > start {
        out.pop();
    }
    out.push(b'}');
}

fn add(
    store: &Store,
    columns: &[(usize, &Attribute)],
    slots: &Slots,
    groups: &mut HashMap<String, (Vec<Value>, Vec<Sum>)>,
) {
    let values: Vec<Value> = columns
        .iter()
        .map(|(slot, a)| {
            let value = slots[*slot].map_or(Value::Null, |row| store.value(row, a.column));
            match a.group.as_deref() {
                Some(part) => grouped(value, part),
                None => value,
            }
        })
        .collect();
    let keys: Vec<Value> = columns
        .iter()
        .zip(&values)
        .filter(|(c, _)| c.1.aggregate.is_none())
        .map(|(_, v)| v.clone())
        .collect();
    let name: String = folded(&format!("{keys:?}")).collect();
    let (_, sums) = groups
        .entry(name)
        .or_insert_with(|| (keys, vec![Sum { exact: true, ..Sum::default() }; columns.len()]));
    for ((sum, value), (_, attribute)) in sums.iter_mut().zip(values).zip(columns) {
        sum.rows += 1;
        if value.is_null() || attribute.aggregate.is_none() {
            continue;
        }
        sum.values += 1;
        if attribute.distinct {
            sum.seen.insert(folded(&format!("{value:?}")).collect());
        }
        sum.whole = matches!(value, Value::Int(_));
        match &value {
            Value::Int(n) => sum.total += Decimal::from(*n),
            Value::Decimal(n) => sum.total += n,
            Value::Double(n) => (sum.rough, sum.exact) = (sum.rough + n, false),
            _ => {}
        }
        if sum.low.as_ref().is_none_or(|low| value.compare(low) == Some(Ordering::Less)) {
            sum.low = Some(value.clone());
        }
        if sum.high.as_ref().is_none_or(|high| value.compare(high) == Some(Ordering::Greater)) {
            sum.high = Some(value);
        }
    }
}

fn result(kind: &str, distinct: bool, sum: &Sum) -> Value {
    let total = || match sum.exact {
        true => Value::Decimal(sum.total),
        false => Value::Double(sum.rough),
    };
    match kind {
        "count" => Value::Int(sum.rows as i64),
        "countcolumn" if distinct => Value::Int(sum.seen.len() as i64),
        "countcolumn" => Value::Int(sum.values as i64),
        "min" => sum.low.clone().unwrap_or(Value::Null),
        "max" => sum.high.clone().unwrap_or(Value::Null),
        _ if sum.values == 0 => Value::Null,
        "sum" => total(),
        _ => match total() {
            // Whole numbers give a whole number, cut off as SQL Server does.
            Value::Decimal(n) if sum.whole => Value::Decimal((n / Decimal::from(sum.values)).trunc()),
            Value::Decimal(n) => Value::Decimal((n / Decimal::from(sum.values)).round_dp(10)),
            Value::Double(n) => Value::Double(n / sum.values as f64),
            other => other,
        },
    }
}

/// A part of a date.
fn grouped(value: Value, part: &str) -> Value {
    let day = match &value {
        Value::Date(day) => i64::from(*day),
        Value::Time(at) => at.div_euclid(86_400),
        _ => return value,
    };
    let (year, month, of_month) = json::civil(day);
    Value::Int(match part {
        "year" | "fiscal-year" => year,
        "quarter" | "fiscal-period" => i64::from((month - 1) / 3 + 1),
        "month" => i64::from(month),
        "week" => (day - json::days(year, 1, 1) + (json::days(year, 1, 1) + 4).rem_euclid(7)) / 7 + 1,
        "day" => i64::from(of_month),
        _ => return value,
    })
}
