//! Entities, columns, links and conditions of a document, checked against the environment's metadata.

use syncline_model::{Column, ColumnType, EntitySchema, RelationshipKind, nearest};

use crate::check::{check_condition, meant_column};
use crate::edit::{Finding, Metadata, escape};
use crate::lint::whole;
use crate::lint_values::check_values;
use crate::read::meant_operator;
use crate::scan::{Element, Scan, TextSpan, plain};
use crate::{Aggregate, Arity, Condition, Family, Operator};

/// Checks one element.
pub(crate) fn check(
    text: &str,
    found: &Scan,
    at: usize,
    metadata: &dyn Metadata,
    findings: &mut Vec<Finding>,
) {
    let element = &found.elements[at];
    match element.name.as_str() {
        "entity" => check_entity(element, metadata, findings),
        "link-entity" => {
            check_entity(element, metadata, findings);
            check_link(found, at, metadata, findings);
        }
        "attribute" => {
            let Some(schema) = found.entity_of(at).and_then(|name| metadata.schema(name)) else { return };
            if let Some(column) = known_column(element, "name", schema, findings) {
                check_aggregate(element, column, findings);
            }
        }
        "order" => {
            let schema = match element.value("entityname") {
                Some(alias) => match found.aliased(alias) {
                    Some(holder) => holder.value("name").and_then(|name| metadata.schema(name)),
                    None => {
                        unknown_alias(found, element, alias, findings);
                        return;
                    }
                },
                None => found.entity_of(at).and_then(|name| metadata.schema(name)),
            };
            if let Some(schema) = schema {
                known_column(element, "attribute", schema, findings);
            }
        }
        "condition" => check_one_condition(text, found, at, metadata, findings),
        _ => {}
    }
}

fn check_entity(element: &Element, metadata: &dyn Metadata, findings: &mut Vec<Finding>) {
    let Some(written) = element.get("name") else { return };
    let (Some(span), name) = (written.value_span, written.value.trim()) else { return };
    let all = metadata.entities();
    if name.is_empty() || all.is_empty() || all.iter().any(|(known, _)| known == name) {
        return;
    }
    let finding = Finding::new("unknown_entity", span, format!("the environment has no entity {name:?}"));
    let by_display = all.iter().find(|(_, display)| display.eq_ignore_ascii_case(name));
    let meant = by_display
        .map(|(known, _)| known.as_str())
        .or_else(|| nearest(name, all.iter().map(|(known, _)| known.as_str())));
    findings.push(match meant {
        Some(meant) => finding.hint(format!("did you mean {meant:?}?")).replace(span, meant),
        None => finding.hint("look it up among the entities"),
    });
}

/// The column an attribute of an element names, if it is known; what is not is reported.
fn known_column<'a>(
    element: &Element,
    attribute: &str,
    schema: &'a EntitySchema,
    findings: &mut Vec<Finding>,
) -> Option<&'a Column> {
    let written = element.get(attribute)?;
    let (span, name) = (written.value_span?, written.value.trim());
    if name.is_empty() {
        return None;
    }
    let column = schema.column(name);
    if column.is_none() && !schema.open {
        unknown_column(span, name, schema, findings);
    }
    column
}

fn unknown_column(span: TextSpan, name: &str, schema: &EntitySchema, findings: &mut Vec<Finding>) {
    let entity = &schema.summary.logical_name;
    let finding = Finding::new("unknown_column", span, format!("{entity} has no column {name:?}"));
    findings.push(match meant_column(name, schema) {
        Some(meant) => finding.hint(format!("did you mean {meant:?}?")).replace(span, meant),
        None => finding.hint("look the column up in the entity's description"),
    });
}

fn unknown_alias(found: &Scan, element: &Element, alias: &str, findings: &mut Vec<Finding>) {
    let Some(span) = element.get("entityname").and_then(|written| written.value_span) else { return };
    let aliases: Vec<&str> = found
        .elements
        .iter()
        .filter(|other| other.name == "link-entity")
        .filter_map(|other| other.value("alias").or_else(|| other.value("name")))
        .collect();
    let finding = Finding::new("unknown_alias", span, format!("no link-entity has the alias {alias:?}"));
    findings.push(match nearest(alias, aliases.iter().copied()) {
        Some(meant) => finding.hint(format!("did you mean {meant:?}?")).replace(span, meant),
        None if aliases.is_empty() => finding.hint("there is no link-entity in the document"),
        None => finding.hint(format!("known: {}", aliases.join(", "))),
    });
}

fn check_link(found: &Scan, at: usize, metadata: &dyn Metadata, findings: &mut Vec<Finding>) {
    let element = &found.elements[at];
    let inner = element.value("name").and_then(|name| metadata.schema(name));
    let outer = found.entity_of(at).and_then(|name| metadata.schema(name));
    let from = inner.and_then(|schema| known_column(element, "from", schema, findings));
    let to = outer.and_then(|schema| known_column(element, "to", schema, findings));
    let (Some(from), Some(to), Some(inner), Some(outer)) = (from, to, inner, outer) else { return };
    let related = outer.relationships.iter().any(|relationship| {
        let other = relationship.other_entity == inner.summary.logical_name
            || relationship.intersect_entity.as_ref() == Some(&inner.summary.logical_name);
        other
            && match relationship.kind {
                RelationshipKind::ManyToOne => relationship.column.as_ref() == Some(&to.logical_name),
                RelationshipKind::OneToMany => relationship.column.as_ref() == Some(&from.logical_name),
                RelationshipKind::ManyToMany => true,
            }
    }) || inner.relationships.iter().any(|relationship| {
        relationship.other_entity == outer.summary.logical_name
            && relationship.column.as_ref() == Some(&from.logical_name)
    });
    if related || Family::of(from.column_type) == Family::of(to.column_type) {
        return;
    }
    let span = element.get("to").and_then(|written| written.value_span).unwrap_or(element.name_span);
    let finding = Finding::new(
        "odd_link",
        span,
        format!(
            "{} and {} are of different types, and no relationship joins them",
            from.logical_name, to.logical_name
        ),
    );
    findings.push(finding.warning());
}

fn check_aggregate(element: &Element, column: &Column, findings: &mut Vec<Finding>) {
    let family = Family::of(column.column_type);
    let name = &column.logical_name;
    if let Some(written) = element.get("aggregate")
        && let Some(span) = written.value_span
        && matches!(written.value.trim(), "sum" | "avg")
        && family != Family::Number
    {
        findings.push(
            Finding::new(
                "aggregate_does_not_fit",
                span,
                format!(
                    "{} works on numbers, and {name} is a {} column",
                    written.value.trim(),
                    family.words()
                ),
            )
            .hint("count, countcolumn, min and max work on other columns")
            .replace(span, Aggregate::CountColumn.as_str()),
        );
    }
    if let Some(written) = element.get("dategrouping")
        && column.column_type != ColumnType::DateTime
    {
        findings.push(
            Finding::new(
                "aggregate_does_not_fit",
                written.name_span,
                format!("dategrouping needs a date, and {name} is a {} column", family.words()),
            )
            .hint("remove dategrouping"),
        );
    }
}

fn check_one_condition(
    text: &str,
    found: &Scan,
    at: usize,
    metadata: &dyn Metadata,
    findings: &mut Vec<Finding>,
) {
    let element = &found.elements[at];
    let operator = check_operator(element, findings);
    let schema = match element.value("entityname") {
        Some(alias) => match found.aliased(alias) {
            Some(holder) => holder.value("name").and_then(|name| metadata.schema(name)),
            None => {
                unknown_alias(found, element, alias, findings);
                None
            }
        },
        None => found.entity_of(at).and_then(|name| metadata.schema(name)),
    };
    let column = schema.and_then(|schema| known_column(element, "attribute", schema, findings));
    let (Some(operator), Some(schema), Some(column)) = (operator, schema, column) else {
        if let Some(operator) = operator {
            check_arity(text, found, at, operator, findings);
        }
        return;
    };
    // The part that needs neither place nor values is the same as that of the filters of definitions.
    let mut condition = Condition::new(column.logical_name.as_str(), operator, Vec::<String>::new());
    let value_of = element.get("valueof").filter(|written| written.value_span.is_some());
    condition.value_of =
        value_of.map(|written| written.value.trim().to_owned()).filter(|other| !other.contains('.'));
    let mut problems = Vec::new();
    check_condition(&condition, schema, &mut problems);
    let operator_span =
        element.get("operator").and_then(|written| written.value_span).unwrap_or(element.name_span);
    for problem in problems {
        match problem.code.as_str() {
            "operator_does_not_fit" => {
                let mut finding = Finding::new(&problem.code, operator_span, problem.message);
                finding.hint = problem.hint;
                let family = Family::of(column.column_type);
                for other in alternatives(operator, family) {
                    finding = finding.replace(operator_span, other.as_str());
                }
                findings.push(finding);
                return;
            }
            "unknown_column" => {
                if let Some(span) = value_of.and_then(|written| written.value_span) {
                    unknown_column(span, condition.value_of.as_deref().unwrap_or_default(), schema, findings);
                }
            }
            // Values are checked below, one by one.
            _ => {}
        }
    }
    if value_of.is_some() {
        return;
    }
    if check_arity(text, found, at, operator, findings) {
        check_values(text, found, at, &condition, column, findings);
    }
}

/// Operators to offer in place of one that does not fit.
fn alternatives(operator: Operator, family: Family) -> Vec<Operator> {
    let meant = match (operator.as_str(), family) {
        ("like" | "begins-with" | "ends-with", _) => Operator::Eq,
        ("not-like" | "not-begin-with" | "not-end-with", _) => Operator::Ne,
        ("eq" | "in", Family::Choices) => Operator::ContainValues,
        ("gt" | "ge" | "on-or-after", Family::Date) => Operator::OnOrAfter,
        ("in" | "eq", Family::Date) => Operator::On,
        ("contain-values", _) => Operator::In,
        _ => Operator::Eq,
    };
    [meant, Operator::Eq, Operator::NotNull]
        .into_iter()
        .filter(|other| *other != operator && other.families().contains(&family))
        .fold(Vec::new(), |mut list, other| {
            if !list.contains(&other) {
                list.push(other);
            }
            list
        })
}

fn check_operator(element: &Element, findings: &mut Vec<Finding>) -> Option<Operator> {
    let written = element.get("operator")?;
    let (span, name) = (written.value_span?, written.value.trim());
    let found = Operator::parse(name);
    if found.is_none() && !name.is_empty() {
        let finding = Finding::new("unknown_operator", span, format!("{name:?} is not an operator"));
        findings.push(match meant_operator(name) {
            Some(meant) => finding.hint(format!("did you mean {meant:?}?")).replace(span, meant),
            None => {
                finding.hint("eq, ne, gt, ge, lt, le, like, in, not-in, null, not-null and others are known")
            }
        });
    }
    found
}

/// The `<value>` elements of a condition.
pub(crate) fn value_elements(found: &Scan, at: usize) -> Vec<usize> {
    (at + 1..found.elements.len())
        .take_while(|index| found.elements[*index].tag.start < found.elements[at].end)
        .filter(|index| found.elements[*index].parent == Some(at) && found.elements[*index].name == "value")
        .collect()
}

/// True when the number of values fits.
fn check_arity(text: &str, found: &Scan, at: usize, operator: Operator, findings: &mut Vec<Finding>) -> bool {
    let element = &found.elements[at];
    if element.get("valueof").is_some() {
        return false;
    }
    let inner = value_elements(found, at);
    let written = element.get("value").filter(|written| written.value_span.is_some());
    let count = inner.len() + usize::from(written.is_some());
    let arity = operator.arity();
    let blank = inner.is_empty() && written.is_some_and(|written| written.value.is_empty());
    if arity.fits(count) || (blank && arity.fits(0)) {
        return true;
    }
    let span = element.get("operator").and_then(|found| found.value_span).unwrap_or(element.name_span);
    let mut finding = Finding::new(
        "wrong_number_of_values",
        span,
        format!("{operator} takes {} and has {count}", arity.words()),
    );
    finding = match arity {
        Arity::Zero => {
            let finding = finding.hint("remove the value");
            match (written, inner.is_empty()) {
                (Some(written), true) => finding.replace(whole(text, written), ""),
                _ => finding,
            }
        }
        Arity::One => {
            let finding = finding.hint("write value=\"…\"");
            if count == 0 { finding.insert(span.end + 1, " value=\"\"") } else { finding }
        }
        Arity::Two | Arity::Many => {
            finding = finding.hint(if arity == Arity::Two {
                "write two <value>…</value> inside the condition"
            } else {
                "write <value>…</value> for each value inside the condition"
            });
            let given = written.map(|written| written.value.clone());
            if inner.is_empty() && element.closed && element.empty {
                let values: String = match given {
                    Some(value) if arity == Arity::Two => {
                        format!("<value>{}</value><value></value>", escape(&value))
                    }
                    Some(value) => format!("<value>{}</value>", escape(&value)),
                    None if arity == Arity::Two => "<value></value><value></value>".to_owned(),
                    None => "<value></value>".to_owned(),
                };
                let start = written.map_or(element.tag.end - 2, |written| whole(text, written).start);
                let kept = written.map_or("", |written| &text[whole(text, written).end..element.tag.end - 2]);
                let replacement = format!("{}>{values}</condition>", kept.trim_end());
                finding = finding.replace(TextSpan::new(start, element.tag.end), replacement);
                if let Some(fix) = finding.fixes.last_mut() {
                    fix.label = "Write <value> elements".to_owned();
                }
            }
            finding
        }
    };
    findings.push(finding);
    false
}

/// The text of an element without children, with its place.
pub(crate) fn element_text(text: &str, element: &Element) -> (TextSpan, String) {
    match (element.texts.first(), element.texts.last()) {
        (Some(first), Some(last)) => {
            let span = TextSpan::new(first.start, last.end);
            (span, plain(span.of(text)))
        }
        _ => (TextSpan::new(element.tag.end, element.tag.end), String::new()),
    }
}
