//! What a row looks like in an answer: `$select`, `$expand` and annotations, with keys written once and reused.
use super::filter::{Setting, filter, orderby};
use super::options::Options;
use super::relations::collection;
use crate::data::{Entity, Kind, Table, Value};
use crate::dataverse::error::{Outcome, ServiceError};
use crate::dataverse::json;
use crate::dataverse::query::eval::{holds, related};
use crate::dataverse::query::order::{Order, compare};
use crate::dataverse::query::{Expr, Relation};
use crate::dataverse::request::Annotations;
use crate::dataverse::store::{Row, Store};
use std::io::Write;

/// One column with its JSON keys.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) column: usize,
    key: Vec<u8>,
    formatted: Vec<u8>,
    lookup_name: Vec<u8>,
    navigation: Vec<u8>,
}

impl Shown {
    pub(crate) fn new(entity: &Entity, column: usize, name: &str) -> Self {
        let key = |suffix: &str| {
            let mut out = Vec::new();
            json::string(&mut out, &format!("{name}{suffix}"));
            out.push(b':');
            out
        };
        debug_assert!(column < entity.columns.len());
        Self {
            column,
            key: key(""),
            formatted: key("@OData.Community.Display.V1.FormattedValue"),
            lookup_name: key("@Microsoft.Dynamics.CRM.lookuplogicalname"),
            navigation: key("@Microsoft.Dynamics.CRM.associatednavigationproperty"),
        }
    }
}

/// An expanded navigation property.
#[derive(Debug, Clone)]
struct Expansion {
    name: String,
    by: Expanded,
    shape: Shape,
    filter: Option<Expr>,
    order: Vec<Order>,
    top: Option<usize>,
    count: bool,
}

#[derive(Debug, Clone)]
enum Expanded {
    One {
        column: usize,
        table: Table,
    },
    /// A user or a team, of whom the abstract type `principal` has the key only.
    Owner {
        column: usize,
    },
    Many(Relation),
}

/// The columns and expansions of a row.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    columns: Vec<Shown>,
    expansions: Vec<Expansion>,
    /// What stands in parentheses in the context URL; empty without `$select` and `$expand`.
    pub(crate) context: String,
    etag: bool,
}

impl Shape {
    /// Understands `$select` and `$expand`.
    pub(crate) fn new(setting: Setting<'_>, table: Table, options: &Options) -> Outcome<Self> {
        Self::nested(setting, table, options, 0)
    }

    fn nested(setting: Setting<'_>, table: Table, options: &Options, depth: usize) -> Outcome<Self> {
        let entity = setting.schema.entity(table);
        let mut wanted = Vec::new();
        let mut context = Vec::new();
        match options.select.as_deref().map(str::trim).filter(|s| !s.is_empty() && *s != "*") {
            None => wanted.extend(0..entity.columns.len()),
            Some(select) => {
                for name in select.split(',').map(str::trim).filter(|n| !n.is_empty()) {
                    let column = entity
                        .wire_column(name)
                        .ok_or_else(|| ServiceError::no_property(name, entity.logical))?;
                    context.push(name.to_owned());
                    wanted.push(column);
                }
                if wanted.iter().any(|c| matches!(entity.columns[*c].kind, Kind::Money { .. })) {
                    wanted.extend(entity.column("transactioncurrencyid"));
                }
                wanted.push(entity.id_column());
                let mut seen = std::collections::HashSet::new();
                wanted.retain(|c| seen.insert(*c));
            }
        }
        let mut expansions = Vec::new();
        for (name, inner) in options.expansions()? {
            if depth > 3 || expansions.len() >= 15 {
                return Err(ServiceError::odata(
                    "The request exceeds the maximum number of $expand options.",
                ));
            }
            let name = name.as_str();
            if let Some((column, _)) = entity.navigation(name).filter(|(c, _)| entity.columns[*c].is_owner())
            {
                expansions.push(Expansion::owner(name, column, &inner)?);
                context.push(format!("{name}({})", inner.select.as_deref().unwrap_or_default()));
                continue;
            }
            let (by, target) = match entity.navigation(name) {
                Some((column, target)) => (Expanded::One { column, table: target.table }, target.table),
                None => {
                    let relation = collection(setting.schema, table, name)
                        .ok_or_else(|| ServiceError::no_property(name, entity.logical))?;
                    let target = relation.target();
                    (Expanded::Many(relation), target)
                }
            };
            if setting.hidden >> (target as u8) & 1 == 1 {
                let hidden = setting.schema.entity(target);
                return Err(ServiceError::new(
                    403,
                    crate::dataverse::error::code::PRIVILEGE_DENIED,
                    format!(
                        "Principal user (Id={}, type=8) is missing prvRead{} privilege for entity '{}'.",
                        setting.user, hidden.schema, hidden.logical
                    ),
                ));
            }
            let shape = Self::nested(setting, target, &inner, depth + 1)?;
            context.push(format!("{name}({})", shape.context));
            expansions.push(Expansion {
                name: name.to_owned(),
                by,
                filter: inner.filter.as_deref().map(|f| filter(setting, target, f)).transpose()?,
                order: inner
                    .orderby
                    .as_deref()
                    .map(|o| orderby(setting, target, o))
                    .transpose()?
                    .unwrap_or_default(),
                top: inner.top,
                count: inner.count,
                shape,
            });
        }
        let columns =
            wanted.into_iter().map(|c| Shown::new(entity, c, &entity.columns[c].wire_name())).collect();
        Ok(Self { columns, expansions, context: context.join(","), etag: true })
    }

    /// A shape of given columns under given names, without ETag.
    pub(crate) fn of(columns: Vec<Shown>) -> Self {
        Self { columns, expansions: Vec::new(), context: String::new(), etag: false }
    }

    /// The row as a JSON object without braces; true when something was written.
    pub(crate) fn inside(
        &self,
        store: &Store,
        annotations: &Annotations,
        row: Row,
        nulls: bool,
        out: &mut Vec<u8>,
    ) -> bool {
        let start = out.len();
        if self.etag {
            let _ = write!(out, "\"@odata.etag\":\"W/\\\"{}\\\"\",", store.row_version(row));
        }
        for shown in &self.columns {
            let value = store.value(row, shown.column);
            if value.is_null() && !nulls {
                continue;
            }
            if annotations.any {
                annotate(store, annotations, row, shown, &value, out);
            }
            out.extend_from_slice(&shown.key);
            json::value(out, &value);
            out.push(b',');
        }
        for expansion in &self.expansions {
            expansion.write(store, annotations, row, out);
            out.push(b',');
        }
        if out.len() > start {
            out.pop();
            return true;
        }
        false
    }

    /// The row as a JSON object.
    pub(crate) fn write(&self, store: &Store, annotations: &Annotations, row: Row, out: &mut Vec<u8>) {
        out.push(b'{');
        self.inside(store, annotations, row, true, out);
        out.push(b'}');
    }
}

/// Formatted value of a column, lookups and money included.
pub(crate) fn formatted(store: &Store, row: Row, column: usize, value: &Value) -> Option<String> {
    let described = &store.schema.entity(row.0).columns[column];
    match value {
        Value::Ref(table, id) => store.name_of(*table, *id),
        Value::Decimal(_) if matches!(described.kind, Kind::Money { .. }) => {
            let symbol = match store.named(row, "transactioncurrencyid") {
                Value::Ref(table, id) => store
                    .find(table, id)
                    .and_then(|c| store.named(c, "currencysymbol").text().map(str::to_owned))
                    .unwrap_or_default(),
                _ => "$".to_owned(),
            };
            json::formatted(described, value).map(|n| format!("{symbol}{n}"))
        }
        other => json::formatted(described, other),
    }
}

fn annotate(store: &Store, wanted: &Annotations, row: Row, shown: &Shown, value: &Value, out: &mut Vec<u8>) {
    if wanted.formatted
        && let Some(text) = formatted(store, row, shown.column, value)
    {
        out.extend_from_slice(&shown.formatted);
        json::string(out, &text);
        out.push(b',');
    }
    let Value::Ref(table, _) = value else { return };
    if wanted.navigation {
        let column = &store.schema.entity(row.0).columns[shown.column];
        if let Some(target) = column.targets().iter().find(|t| t.table == *table) {
            out.extend_from_slice(&shown.navigation);
            json::string(out, &target.navigation);
            out.push(b',');
        }
    }
    if wanted.lookup_name {
        out.extend_from_slice(&shown.lookup_name);
        json::string(out, store.schema.entity(*table).logical);
        out.push(b',');
    }
}

impl Expansion {
    /// An owner ("principal EntityType"): nothing but its key can be selected.
    fn owner(name: &str, column: usize, inner: &Options) -> Outcome<Self> {
        let mut asked =
            inner.select.iter().flat_map(|s| s.split(',')).map(str::trim).filter(|n| !n.is_empty());
        if let Some(other) = asked.find(|n| *n != "ownerid" && *n != "*") {
            return Err(ServiceError::no_property(other, "principal"));
        }
        if let Some(other) = inner.expand.as_deref().or(inner.filter.as_deref()) {
            return Err(ServiceError::no_property(other, "principal"));
        }
        Ok(Self {
            name: name.to_owned(),
            by: Expanded::Owner { column },
            shape: Shape::of(Vec::new()),
            filter: None,
            order: Vec::new(),
            top: None,
            count: false,
        })
    }

    fn write(&self, store: &Store, annotations: &Annotations, row: Row, out: &mut Vec<u8>) {
        match &self.by {
            Expanded::One { column, table } => {
                json::string(out, &self.name);
                out.push(b':');
                match store.value(row, *column) {
                    Value::Ref(target, id) if target == *table => match store.find(target, id) {
                        Some(found) => self.shape.write(store, annotations, found, out),
                        None => out.extend_from_slice(b"null"),
                    },
                    _ => out.extend_from_slice(b"null"),
                }
            }
            Expanded::Owner { column } => {
                json::string(out, &self.name);
                out.push(b':');
                match store.value(row, *column) {
                    Value::Ref(table, id) => {
                        let owner = store.schema.entity(table).logical;
                        let _ = write!(
                            out,
                            "{{\"@odata.type\":\"#Microsoft.Dynamics.CRM.{owner}\",\"ownerid\":\"{id}\"}}"
                        );
                    }
                    _ => out.extend_from_slice(b"null"),
                }
            }
            Expanded::Many(relation) => {
                let mut rows: Vec<Row> = related(store, row, relation);
                if let Some(condition) = &self.filter {
                    rows.retain(|r| holds(store, &mut vec![Some(*r)], condition));
                }
                if !self.order.is_empty() {
                    rows.sort_by(|a, b| compare(store, &[Some(*a)], &[Some(*b)], &self.order));
                }
                if self.count {
                    json::string(out, &format!("{}@odata.count", self.name));
                    let _ = write!(out, ":{},", rows.len());
                }
                rows.truncate(self.top.unwrap_or(5000));
                json::string(out, &self.name);
                out.extend_from_slice(b":[");
                for (nth, related) in rows.into_iter().enumerate() {
                    if nth > 0 {
                        out.push(b',');
                    }
                    self.shape.write(store, annotations, related, out);
                }
                out.push(b']');
            }
        }
    }
}
