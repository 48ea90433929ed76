//! Rules about a document as a whole: aggregates, paging, aliases, links and limits (FetchXML reference).

use crate::edit::Finding;
use crate::scan::{Element, Scan};
use syncline_model::nearest;

/// Links in one query (error 0x8004430D).
const MOST_LINKS: usize = 15;
/// Conditions and links in one query (error 0x8004430C).
const MOST_CONDITIONS: usize = 500;

fn yes(element: &Element, name: &str) -> bool {
    element.value(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

/// Checks the document.
pub(crate) fn check(found: &Scan, findings: &mut Vec<Finding>) {
    let Some(fetch) = found.elements.iter().find(|element| element.name == "fetch") else { return };
    check_paging(fetch, findings);
    let aggregate = yes(fetch, "aggregate");
    for element in found.elements.iter().filter(|element| element.name == "attribute") {
        check_attribute(fetch, element, aggregate, findings);
    }
    if aggregate {
        for element in found.elements.iter().filter(|element| element.name == "all-attributes") {
            findings.push(
                Finding::new(
                    "wrong_value",
                    element.name_span,
                    "an aggregate query can't ask for all columns",
                )
                .hint("name each column with an aggregate or groupby"),
            );
        }
    }
    check_orders(found, aggregate, findings);
    check_aliases(found, findings);
    let links: Vec<&Element> =
        found.elements.iter().filter(|element| element.name == "link-entity").collect();
    if let Some(first) = links.get(MOST_LINKS) {
        findings.push(Finding::new(
            "too_many_links",
            first.name_span,
            format!("there are {} link-entities, the service takes {MOST_LINKS}", links.len()),
        ));
    }
    let mut counted =
        found.elements.iter().filter(|element| matches!(element.name.as_str(), "condition" | "link-entity"));
    if let Some(first) = counted.nth(MOST_CONDITIONS) {
        let all = MOST_CONDITIONS + 1 + counted.count();
        findings.push(Finding::new(
            "too_many_conditions",
            first.name_span,
            format!("there are {all} conditions and links, the service takes {MOST_CONDITIONS}"),
        ));
    }
}

fn check_paging(fetch: &Element, findings: &mut Vec<Finding>) {
    let Some(top) = fetch.get("top") else { return };
    let beside: Vec<&str> = ["page", "count", "returntotalrecordcount"]
        .into_iter()
        .filter(|name| fetch.get(name).is_some())
        .collect();
    if !beside.is_empty() {
        findings.push(
            Finding::new(
                "wrong_value",
                top.name_span,
                format!("top can't stand beside {}", beside.join(", ")),
            )
            .hint("use top alone, or page and count"),
        );
    }
}

fn check_attribute(fetch: &Element, element: &Element, aggregate: bool, findings: &mut Vec<Finding>) {
    let function = element.get("aggregate");
    let grouped = yes(element, "groupby");
    let name = element.value("name").unwrap_or_default();
    if !aggregate && (function.is_some() || grouped) {
        let span = function.map_or(element.name_span, |written| written.name_span);
        findings.push(
            Finding::new(
                "aggregate_missing",
                span,
                "aggregates and groups need aggregate=\"true\" on <fetch>",
            )
            .insert(fetch.name_span.end, " aggregate=\"true\""),
        );
    }
    if aggregate && function.is_none() && !grouped {
        findings.push(
            Finding::new(
                "aggregate_missing",
                element.name_span,
                format!("in an aggregate query {name:?} needs an aggregate or groupby"),
            )
            .hint("add groupby=\"true\" with an alias, or an aggregate")
            .insert(element.name_span.end, format!(" groupby=\"true\" alias=\"{name}\"")),
        );
    } else if (function.is_some() || grouped) && element.value("alias").is_none_or(str::is_empty) {
        let alias = match function {
            Some(written) => format!("{name}_{}", written.value.trim()),
            None => name.to_owned(),
        };
        let finding = Finding::new(
            "missing_attribute",
            element.name_span,
            format!("the aggregate or group of {name} has no alias"),
        )
        .hint("add alias=\"…\"");
        findings.push(if element.get("alias").is_none() {
            finding.insert(element.name_span.end, format!(" alias=\"{alias}\""))
        } else {
            finding
        });
    }
    if element.get("dategrouping").is_some() && !grouped {
        findings.push(
            Finding::new("aggregate_missing", element.name_span, "dategrouping needs groupby=\"true\"")
                .insert(element.name_span.end, " groupby=\"true\""),
        );
    }
}

fn check_orders(found: &Scan, aggregate: bool, findings: &mut Vec<Finding>) {
    let aliases: Vec<&str> = found
        .elements
        .iter()
        .filter(|element| element.name == "attribute")
        .filter_map(|element| element.value("alias"))
        .collect();
    for order in found.elements.iter().filter(|element| element.name == "order") {
        if let Some(written) = order.get("alias")
            && let Some(span) = written.value_span
            && !aliases.contains(&written.value.trim())
        {
            let finding = Finding::new(
                "unknown_alias",
                span,
                format!("no attribute has the alias {:?}", written.value.trim()),
            );
            findings.push(match nearest(written.value.trim(), aliases.iter().copied()) {
                Some(meant) => finding.hint(format!("did you mean {meant:?}?")).replace(span, meant),
                None => finding,
            });
        }
        if order.get("attribute").is_none() && order.get("alias").is_none() {
            findings.push(
                Finding::new(
                    "missing_attribute",
                    order.name_span,
                    "<order> names neither an attribute nor an alias",
                )
                .insert(order.name_span.end, " attribute=\"\""),
            );
        }
        if aggregate && let Some(written) = order.get("attribute") {
            let finding = Finding::new(
                "wrong_value",
                written.name_span,
                "an aggregate query is ordered by alias, not by attribute",
            );
            findings.push(finding.replace(written.name_span, "alias"));
        }
    }
}

fn check_aliases(found: &Scan, findings: &mut Vec<Finding>) {
    let mut seen: Vec<&str> = Vec::new();
    for element in found.elements.iter().filter(|element| element.name == "link-entity") {
        if let Some(written) = element.get("alias")
            && let Some(span) = written.value_span
        {
            let alias = written.value.trim();
            if seen.contains(&alias) {
                findings.push(Finding::new(
                    "repeated_alias",
                    span,
                    format!("two link-entities have the alias {alias:?}"),
                ));
            }
            seen.push(alias);
        }
    }
}
