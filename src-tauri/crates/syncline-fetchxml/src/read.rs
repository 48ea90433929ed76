//! Elements to a query. Every element and attribute that is not part of FetchXML is an error that names it.

use crate::ast::{
    Aggregate, Attribute, Condition, DateGrouping, Entity, Fetch, Filter, FilterKind, LinkEntity, LinkType,
    Order, Place, ValueLabel,
};
use crate::read_parts::{
    flag, known_attributes, legacy, missing, no_text, number, only_leaf, required, text, unknown_element,
    word, wrong_value,
};
use crate::vocabulary::{CONDITION_LEGACY, ENTITY_LEGACY, FETCH_LEGACY, FILTER_LEGACY};
use crate::xml::{self, Node};
use crate::{Arity, FetchXmlError, Operator};
use syncline_model::nearest;

/// Reads a `<filter>` or a lone `<condition>`.
pub(crate) fn filter(text: &str) -> Result<Filter, FetchXmlError> {
    let node = xml::read(text)?;
    match node.name.as_str() {
        "filter" => read_filter(&node),
        "condition" => Ok(Filter { conditions: vec![read_condition(&node)?], ..Filter::default() }),
        "fetch" | "entity" => Err(FetchXmlError::new(
            node.position,
            "unknown_element",
            format!("a <{}> stands where a <filter> or one <condition> is expected", node.name),
        )
        .hint("take only the part from <filter> to </filter>")),
        _ => Err(unknown_element(&node, "a filter", &["filter", "condition"])),
    }
}

/// Reads a `<fetch>`.
pub(crate) fn fetch(text: &str) -> Result<Fetch, FetchXmlError> {
    let node = xml::read(text)?;
    if node.name != "fetch" {
        return Err(unknown_element(&node, "a query", &["fetch"]));
    }
    read_fetch(&node)
}

fn read_fetch(node: &Node) -> Result<Fetch, FetchXmlError> {
    known_attributes(node)?;
    no_text(node)?;
    let entity = match node.children.as_slice() {
        [child] if child.name == "entity" => read_entity(child)?,
        [] => {
            return Err(FetchXmlError::new(node.position, "missing_element", "<fetch> has no <entity>")
                .hint("put <entity name='…'> inside"));
        }
        [first, rest @ ..] => {
            let odd = if first.name == "entity" { rest.first().unwrap_or(first) } else { first };
            return Err(unknown_element(odd, "<fetch>, which holds exactly one entity", &["entity"]));
        }
    };
    let fetch = Fetch {
        entity,
        top: number(node, "top")?,
        count: number(node, "count")?,
        page: number(node, "page")?,
        paging_cookie: text(node, "paging-cookie"),
        distinct: flag(node, "distinct")?.unwrap_or(false),
        aggregate: flag(node, "aggregate")?.unwrap_or(false),
        aggregate_limit: number(node, "aggregatelimit")?,
        return_total_record_count: flag(node, "returntotalrecordcount")?.unwrap_or(false),
        no_lock: flag(node, "no-lock")?.unwrap_or(false),
        late_materialize: flag(node, "latematerialize")?.unwrap_or(false),
        options: text(node, "options"),
        data_source: text(node, "datasource"),
        use_raw_order_by: flag(node, "useraworderby")?.unwrap_or(false),
        legacy: legacy(node, FETCH_LEGACY),
    };
    for name in ["count", "top"] {
        if let Some(attribute) = node.get(name)
            && !matches!(attribute.value.trim().parse::<u32>(), Ok(1..=5000))
        {
            return Err(wrong_value(attribute, "a number from 1 to 5000"));
        }
    }
    if fetch.top.is_some()
        && (fetch.page.is_some() || fetch.count.is_some() || fetch.return_total_record_count)
    {
        return Err(FetchXmlError::new(
            node.position,
            "wrong_value",
            "top can't stand beside page, count or returntotalrecordcount",
        )
        .hint("use top alone, or page and count"));
    }
    Ok(fetch)
}

fn read_entity(node: &Node) -> Result<Entity, FetchXmlError> {
    known_attributes(node)?;
    let parts = read_parts(node, "<entity>")?;
    Ok(Entity {
        name: required(node, "name")?,
        all_attributes: parts.all_attributes,
        attributes: parts.attributes,
        orders: parts.orders,
        filter: parts.filter,
        links: parts.links,
        legacy: legacy(node, ENTITY_LEGACY),
    })
}

fn read_link(node: &Node, inside_filter: bool) -> Result<LinkEntity, FetchXmlError> {
    known_attributes(node)?;
    let link_type = match node.get("link-type") {
        None => LinkType::Inner,
        Some(attribute) => word(attribute, LinkType::EVERY, LinkType::as_str)?,
    };
    if inside_filter != link_type.in_filter() {
        let message = if inside_filter {
            "inside a filter a link-entity needs link-type any, not any, all or not all".to_owned()
        } else {
            format!("link-type {} may stand only inside a <filter>", link_type.as_str())
        };
        return Err(FetchXmlError::new(node.position, "wrong_value", message));
    }
    let parts = read_parts(node, "<link-entity>")?;
    Ok(LinkEntity {
        name: required(node, "name")?,
        from: required(node, "from")?,
        to: required(node, "to")?,
        alias: text(node, "alias"),
        link_type,
        intersect: flag(node, "intersect")?.unwrap_or(false),
        visible: flag(node, "visible")?,
        all_attributes: parts.all_attributes,
        attributes: parts.attributes,
        orders: parts.orders,
        filter: parts.filter,
        links: parts.links,
        legacy: legacy(node, ENTITY_LEGACY),
    })
}

#[derive(Default)]
struct Parts {
    all_attributes: bool,
    attributes: Vec<Attribute>,
    orders: Vec<Order>,
    filter: Option<Filter>,
    links: Vec<LinkEntity>,
}

fn read_parts(node: &Node, place: &str) -> Result<Parts, FetchXmlError> {
    no_text(node)?;
    let mut parts = Parts::default();
    for child in &node.children {
        match child.name.as_str() {
            "all-attributes" => {
                known_attributes(child)?;
                parts.all_attributes = true;
            }
            "attribute" => parts.attributes.push(read_attribute(child)?),
            "order" => parts.orders.push(read_order(child)?),
            "filter" => {
                let filter = read_filter(child)?;
                // Several filters of one entity must all hold.
                parts.filter = Some(match parts.filter.take() {
                    None => filter,
                    Some(before) => before.and(filter),
                });
            }
            "link-entity" => parts.links.push(read_link(child, false)?),
            _ => {
                return Err(unknown_element(
                    child,
                    place,
                    &["attribute", "all-attributes", "order", "filter", "link-entity"],
                ));
            }
        }
    }
    Ok(parts)
}

fn read_attribute(node: &Node) -> Result<Attribute, FetchXmlError> {
    known_attributes(node)?;
    only_leaf(node)?;
    let aggregate = node
        .get("aggregate")
        .map(|attribute| word(attribute, Aggregate::EVERY, Aggregate::as_str))
        .transpose()?;
    let attribute = Attribute {
        name: required(node, "name")?,
        alias: text(node, "alias"),
        aggregate,
        group_by: flag(node, "groupby")?.unwrap_or(false),
        date_grouping: node
            .get("dategrouping")
            .map(|attribute| word(attribute, DateGrouping::EVERY, DateGrouping::as_str))
            .transpose()?,
        user_time_zone: flag(node, "usertimezone")?,
        distinct: flag(node, "distinct")?.unwrap_or(false),
        row_aggregate: text(node, "rowaggregate"),
    };
    if attribute.alias.is_none() && (attribute.aggregate.is_some() || attribute.group_by) {
        return Err(FetchXmlError::new(
            node.position,
            "missing_attribute",
            format!("the aggregate or group of {} has no alias", attribute.name),
        )
        .hint("add alias='…'"));
    }
    Ok(attribute)
}

fn read_order(node: &Node) -> Result<Order, FetchXmlError> {
    known_attributes(node)?;
    only_leaf(node)?;
    let order = Order {
        attribute: text(node, "attribute"),
        alias: text(node, "alias"),
        descending: flag(node, "descending")?.unwrap_or(false),
        entity_name: text(node, "entityname"),
    };
    if order.attribute.is_none() && order.alias.is_none() {
        return Err(FetchXmlError::new(
            node.position,
            "missing_attribute",
            "<order> names neither an attribute nor an alias",
        )
        .hint("add attribute='…'"));
    }
    Ok(order)
}

fn read_filter(node: &Node) -> Result<Filter, FetchXmlError> {
    known_attributes(node)?;
    no_text(node)?;
    let kind = match node.get("type") {
        None => FilterKind::And,
        Some(attribute) => word(attribute, &[FilterKind::And, FilterKind::Or], FilterKind::as_str)?,
    };
    let mut filter = Filter {
        kind,
        quick_find_fields: flag(node, "isquickfindfields")?.unwrap_or(false),
        hint: text(node, "hint"),
        legacy: legacy(node, FILTER_LEGACY),
        ..Filter::default()
    };
    for child in &node.children {
        match child.name.as_str() {
            "condition" => filter.conditions.push(read_condition(child)?),
            "filter" => filter.filters.push(read_filter(child)?),
            "link-entity" => filter.links.push(read_link(child, true)?),
            _ => return Err(unknown_element(child, "<filter>", &["condition", "filter", "link-entity"])),
        }
    }
    Ok(filter)
}

fn read_condition(node: &Node) -> Result<Condition, FetchXmlError> {
    known_attributes(node)?;
    no_text(node)?;
    let name = node.get("operator").ok_or_else(|| missing(node, "operator"))?;
    let operator = Operator::parse(name.value.trim()).ok_or_else(|| {
        let error = FetchXmlError::new(
            name.position,
            "unknown_operator",
            format!("{:?} is not an operator", name.value),
        );
        let written = name.value.trim();
        let meant = meant_operator(written);
        match meant {
            Some("like") if written.eq_ignore_ascii_case("contains") => {
                error.hint("use like with value='%…%'")
            }
            Some(meant) => error.hint(format!("did you mean {meant:?}?")),
            None => {
                error.hint("eq, ne, gt, ge, lt, le, like, in, not-in, null, not-null and others are known")
            }
        }
    })?;
    let mut values = Vec::new();
    let mut value_labels = Vec::new();
    if let Some(value) = node.get("value") {
        values.push(value.value.clone());
    }
    for child in &node.children {
        if child.name != "value" {
            return Err(unknown_element(child, "<condition>", &["value"]));
        }
        known_attributes(child)?;
        if let Some(inner) = child.children.first() {
            return Err(unknown_element(inner, "<value>, which holds text only", &[]));
        }
        if node.get("value").is_some() {
            return Err(FetchXmlError::new(
                child.position,
                "wrong_value",
                "a condition has both a value attribute and <value> elements",
            )
            .hint(match operator.arity() {
                Arity::Zero => "this operator takes no value: remove both",
                Arity::One => "keep value='…'",
                Arity::Two | Arity::Many => "keep the <value> elements",
            }));
        }
        if !child.attributes.is_empty() {
            value_labels.push(ValueLabel {
                value: values.len(),
                ui_name: text(child, "uiname"),
                ui_type: text(child, "uitype"),
            });
        }
        values.push(child.text.clone());
    }
    Ok(Condition {
        attribute: required(node, "attribute")?,
        operator,
        values,
        value_of: text(node, "valueof"),
        entity_name: text(node, "entityname"),
        ui_name: text(node, "uiname"),
        ui_type: text(node, "uitype"),
        value_labels,
        legacy: legacy(node, CONDITION_LEGACY),
        place: Place(Some(node.position)),
    })
}

/// The operator that a word most likely stands for.
pub(crate) fn meant_operator(word: &str) -> Option<&'static str> {
    let written = word.trim().to_lowercase().replace([' ', '_'], "-");
    match written.as_str() {
        "=" | "==" | "equals" | "equal" => Some("eq"),
        "!=" | "<>" | "not-equal" => Some("ne"),
        ">" => Some("gt"),
        ">=" => Some("ge"),
        "<" => Some("lt"),
        "<=" => Some("le"),
        "contains" => Some("like"),
        "notin" => Some("not-in"),
        "notnull" | "is-not-null" => Some("not-null"),
        "is-null" => Some("null"),
        other => nearest(other, Operator::ALL.iter().map(|operator| operator.as_str())),
    }
}
