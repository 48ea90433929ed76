//! A two-way definition compiled: two mappings, one each way, out of the same fields, and what lies between them.
//!
//! The way back is the definition turned around: sources and targets change places, value tables are read from right to left. What can't be
//! turned around may go one way only.

use std::collections::BTreeMap;
use syncline_model::{
    Column, ColumnName, ColumnType, DeletedRule, Direction, EntityName, EntitySchema, FieldMapping,
    IdentifierCheck, LinkedRecord, Problem, SyncAction, SyncDefinition, System, Value,
};

use crate::compile::{Parts, compile_parts};
use crate::plan::Mapping;

/// One field of a two-way definition.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoWayField {
    /// Column at the source.
    pub left: String,
    /// Column at the destination.
    pub right: String,
    /// Which way its values go.
    pub direction: Direction,
    /// The value is a record, which becomes the one that it is paired with.
    pub linked: Option<LinkedRecord>,
    /// Codes of the state that count as active, where it is the column by which records are made inactive.
    pub state: bool,
}

/// By what records of both sides are the same at the first sync.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoWayKey {
    /// Column at the source.
    pub left: String,
    /// Column at the destination.
    pub right: String,
    /// What the values are.
    pub check: Option<IdentifierCheck>,
}

/// A two-way definition, compiled.
#[derive(Debug, Clone)]
pub struct TwoWay {
    /// Values of the source in the destination's form, by the destination's columns.
    pub forward: Mapping,
    /// Values of the destination in the source's form, by the source's columns.
    pub backward: Mapping,
    /// Fields in the definition's order.
    pub fields: Vec<TwoWayField>,
    /// What records are matched by.
    pub keys: Vec<TwoWayKey>,
    /// What a person should know, though it hinders nothing.
    pub warnings: Vec<Problem>,
}

/// A definition seen from the other side. It reads the columns that come back.
pub fn turned(definition: &SyncDefinition, source_entity: &EntityName) -> SyncDefinition {
    let mut back = definition.clone();
    std::mem::swap(&mut back.source.connection, &mut back.destination.connection);
    back.source.entity = Some(definition.destination.entity.clone());
    back.source.list = None;
    back.source.filter = None;
    back.destination.entity = source_entity.clone();
    back.identifiers = Vec::new();
    back.fixed = Vec::new();
    back.schedule = None;
    back.fields = definition.fields.iter().map(turned_field).collect();
    let mut columns: Vec<ColumnName> = definition
        .fields
        .iter()
        .map(|field| field.to.as_str())
        .chain(definition.identifiers.iter().map(|identifier| identifier.to.as_str()))
        .map(ColumnName::from)
        .collect();
    columns.sort();
    columns.dedup();
    back.source.columns = columns;
    back
}

fn turned_field(field: &FieldMapping) -> FieldMapping {
    let mut back = FieldMapping::new(field.from.as_str(), field.to.as_str());
    back.direction = Some(field.direction.unwrap_or(Direction::To).reversed());
    back.linked = field.linked.as_ref().map(|linked| LinkedRecord {
        source: linked.destination.clone(),
        destination: linked.source.clone(),
    });
    (back.invert, back.phone, back.trim, back.case, back.decimals) =
        (field.invert, field.phone, field.trim, field.case, field.decimals);
    (back.on_unmapped, back.empty) = (field.on_unmapped, field.empty);
    back.map = field.map.iter().map(|(from, to)| (to.display_text(), plain(from))).collect();
    back
}

/// The value that a key of a value table stands for.
fn plain(text: &str) -> Value {
    match Value::from_json_text(text) {
        Ok(value @ (Value::Integer(_) | Value::Decimal(_) | Value::Bool(_))) => value,
        Ok(_) | Err(_) => Value::from(text),
    }
}

/// Active and inactive as yes and no, where a state stands opposite a yes-or-no column and nothing else is said.
fn with_states(definition: &SyncDefinition, left: &EntitySchema, right: &EntitySchema) -> SyncDefinition {
    let mut complete = definition.clone();
    for field in &mut complete.fields {
        let kinds = (kind(left, field.from.as_str()), kind(right, &field.to));
        if !field.map.is_empty() || field.invert || field.label {
            continue;
        }
        field.map = match kinds {
            (Some(ColumnType::State), Some(ColumnType::Boolean)) => {
                BTreeMap::from([("0".to_owned(), true.into()), ("1".to_owned(), false.into())])
            }
            (Some(ColumnType::Boolean), Some(ColumnType::State)) => {
                BTreeMap::from([("true".to_owned(), 0.into()), ("false".to_owned(), 1.into())])
            }
            _ => BTreeMap::new(),
        };
    }
    complete
}

fn kind(schema: &EntitySchema, name: &str) -> Option<ColumnType> {
    schema.column(name).map(|column| column.column_type)
}

/// Checks a two-way definition and compiles both of its ways. All problems come at once, with their paths in the definition.
pub fn compile_two_way(
    definition: &SyncDefinition,
    left: &EntitySchema,
    right: &EntitySchema,
    systems: (System, System),
) -> Result<TwoWay, Vec<Problem>> {
    let mut problems = shape(definition, left, right, systems);
    let whole = with_states(definition, left, right);
    // Paired records are looked up between the two mappings.
    let mut plain = whole.clone();
    for field in plain.fields.iter_mut().filter(|field| field.linked.is_some()) {
        field.direction = Some(Direction::From);
    }
    let mut back = turned(&whole, &left.summary.logical_name);
    for field in back.fields.iter_mut().filter(|field| field.linked.is_some()) {
        field.direction = Some(Direction::From);
    }
    let forward = compile_parts(&plain, left, right, systems.1, &[], Parts::Fields);
    let backward = compile_parts(&back, right, left, systems.0, &[], Parts::Fields);
    let mut warnings = Vec::new();
    let mut taken = |compiled: Result<crate::Compiled, Vec<Problem>>, returns: bool| match compiled {
        Ok(compiled) => {
            warnings
                .extend(compiled.warnings.into_iter().map(|one| if returns { path_back(one) } else { one }));
            Some(compiled.mapping)
        }
        Err(found) => {
            problems.extend(found.into_iter().map(|one| if returns { path_back(one) } else { one }));
            None
        }
    };
    let (forward, backward) = (taken(forward, false), taken(backward, true));
    let mut seen: Vec<(String, String, String)> = Vec::new();
    problems.retain(|one| {
        let key = (one.path.clone(), one.code.clone(), one.message.clone());
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
    let (Some(forward), Some(backward), true) = (forward, backward, problems.is_empty()) else {
        return Err(problems);
    };
    let fields = whole
        .fields
        .iter()
        .map(|field| TwoWayField {
            left: field.from.to_string(),
            right: field.to.clone(),
            direction: field.direction.unwrap_or(Direction::To),
            linked: field.linked.clone(),
            state: state_field(left, right, field),
        })
        .collect();
    let keys = definition
        .identifiers
        .iter()
        .map(|one| TwoWayKey { left: one.from.to_string(), right: one.to.clone(), check: one.check })
        .collect();
    Ok(TwoWay { forward, backward, fields, keys, warnings })
}

fn state_field(left: &EntitySchema, right: &EntitySchema, field: &FieldMapping) -> bool {
    let kinds = [kind(left, field.from.as_str()), kind(right, &field.to)];
    kinds.contains(&Some(ColumnType::State))
}

/// Where a problem of the way back stands in the definition.
fn path_back(mut problem: Problem) -> Problem {
    problem.path = if let Some(head) = problem.path.strip_suffix(".from") {
        format!("{head}.to")
    } else if let Some(head) = problem.path.strip_suffix(".to") {
        format!("{head}.from")
    } else if problem.path.starts_with("source.columns") {
        "fields".to_owned()
    } else if problem.path == "source.entity" {
        "destination.entity".to_owned()
    } else {
        problem.path
    };
    problem
}

/// What the shape of a two-way definition asks for.
fn shape(
    definition: &SyncDefinition,
    left: &EntitySchema,
    right: &EntitySchema,
    (left_system, right_system): (System, System),
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let keeps = |system: System| matches!(system, System::Dataverse) || system.is_database();
    for (system, path) in [(left_system, "source.connection"), (right_system, "destination.connection")] {
        if !keeps(system) {
            problems.push(
                Problem::new(path, "one_way_system", "changes can't be read back from this kind of system")
                    .hint("two-way definitions keep Dataverse and databases the same; remove \"conflict\" and the directions"),
            );
        }
    }
    if definition.source.list.is_some() {
        problems.push(
            Problem::new("source.list", "two_way_list", "members of a list can't be kept the same two-way")
                .hint("name an entity, and narrow it by a filter"),
        );
    }
    if definition.events.is_some() {
        problems.push(
            Problem::new("events", "two_way_events", "a two-way definition sends no events")
                .hint("remove it"),
        );
    }
    if !definition.fixed.is_empty() {
        problems.push(
            Problem::new("fixed", "two_way_fixed", "a two-way definition has no fixed values")
                .hint("remove them, or give the column a default in its table"),
        );
    }
    if definition.options.action != SyncAction::Write {
        problems.push(
            Problem::new(
                "options.action",
                "two_way_action",
                "a two-way definition neither deletes nor mirrors",
            )
            .hint("say in two_way.deleted what a deletion does on the other side"),
        );
    }
    if definition.identifiers.is_empty() {
        problems.push(
            Problem::new("identifiers", "identifiers_missing", "nothing tells which records are the same")
                .hint("name what both sides have, such as the e-mail address"),
        );
    }
    for (index, one) in definition.identifiers.iter().enumerate() {
        for (schema, name, end) in [(left, one.from.as_str(), "from"), (right, one.to.as_str(), "to")] {
            if schema.column(name).is_none_or(|column| !column.readable) {
                let path = format!("identifiers[{index}].{end}");
                let text = format!("{} has no column {name:?}", schema.summary.logical_name);
                problems.push(
                    Problem::new(path, "unknown_column", text).hint("look it up in the table's description"),
                );
            }
        }
    }
    for (index, field) in definition.fields.iter().enumerate() {
        let path = format!("fields[{index}]");
        problems.extend(reversible(&path, field));
        if field.find_by.is_some() && field.direction.unwrap_or(Direction::To) == Direction::To {
            problems.push(
                Problem::new(
                    format!("{path}.find_by"),
                    "two_way_find_by",
                    "a two-way definition finds no rows by a column",
                )
                .hint("use \"linked\" with the two tables whose records are paired"),
            );
        }
        if field.linked.is_some() {
            for (schema, name, end) in [(left, field.from.as_str(), "from"), (right, field.to.as_str(), "to")]
            {
                if schema.column(name).is_none() {
                    let text = format!("{} has no column {name:?}", schema.summary.logical_name);
                    problems.push(
                        Problem::new(format!("{path}.{end}"), "unknown_column", text)
                            .hint("look it up in the table's description"),
                    );
                }
            }
        }
    }
    let deactivates = definition.two_way.is_some_and(|rules| rules.deleted == DeletedRule::Deactivate);
    if deactivates && !definition.fields.iter().any(|field| state_field(left, right, field)) {
        problems.push(
            Problem::new("two_way.deleted", "no_state", "no field says whether a record is active")
                .hint("map the state, such as statecode to IsActive, or choose another rule"),
        );
    }
    problems
}

/// A field that goes both ways, or back, must be able to.
fn reversible(path: &str, field: &FieldMapping) -> Option<Problem> {
    if matches!(field.direction.unwrap_or(Direction::To), Direction::To) {
        return None;
    }
    let refuse = |key: &str| {
        Some(
            Problem::new(
                format!("{path}.{key}"),
                "not_reversible",
                format!("{key} can't be turned around, so this field goes to the destination only"),
            )
            .hint("remove it, or set \"direction\": \"to\""),
        )
    };
    if field.from.related().is_some() {
        return refuse("from");
    }
    let makers = [
        (field.label, "label"),
        (!field.first_of.is_empty(), "first_of"),
        (field.split.is_some(), "split"),
        (field.join.is_some(), "join"),
        (field.expression.is_some(), "expression"),
        (field.date.is_some(), "date"),
        (field.default.is_some(), "default"),
        (field.find_by.is_some(), "find_by"),
        (field.phone_country.is_some(), "phone_country"),
    ];
    if let Some((_, key)) = makers.into_iter().find(|(given, _)| *given) {
        return refuse(key);
    }
    let mut results: Vec<String> = field.map.values().map(Value::display_text).collect();
    results.sort();
    let all = results.len();
    results.dedup();
    if results.len() < all { refuse("map") } else { None }
}

/// The code of an active record, and the one of an inactive one, of a state or yes-or-no column.
pub fn active_codes(column: &Column) -> (Value, Value) {
    match column.column_type {
        ColumnType::Boolean => (true.into(), false.into()),
        _ => {
            let mut codes: Vec<i64> = column.options.iter().map(|option| option.value).collect();
            codes.sort_unstable();
            (codes.first().copied().unwrap_or(0).into(), codes.get(1).copied().unwrap_or(1).into())
        }
    }
}
