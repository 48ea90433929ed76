//! The elements of FetchXML, what may stand in each, and the words their attributes take (FetchXML reference).

use crate::ast::{Aggregate, DateGrouping, LinkType};

/// Attributes of `<fetch>` that are kept as they are and have no effect here.
pub(crate) const FETCH_LEGACY: &[&str] =
    &["version", "output-format", "mapping", "utc-offset", "min-active-row-version"];
/// The same of `<entity>` and `<link-entity>`: report prefiltering.
pub(crate) const ENTITY_LEGACY: &[&str] = &["enableprefiltering", "prefilterparametername"];
/// The same of `<filter>`.
pub(crate) const FILTER_LEGACY: &[&str] =
    &["overridequickfindrecordlimitenabled", "overridequickfindrecordlimitdisabled"];
/// The same of `<condition>`.
pub(crate) const CONDITION_LEGACY: &[&str] = &["uihidden"];

/// The elements that may stand inside another; `None` is the document.
pub(crate) fn children_of(parent: Option<&str>) -> &'static [&'static str] {
    match parent {
        None => &["fetch"],
        Some("fetch") => &["entity"],
        Some("entity" | "link-entity") => &["attribute", "all-attributes", "order", "filter", "link-entity"],
        Some("filter") => &["condition", "filter", "link-entity"],
        Some("condition") => &["value"],
        Some(_) => &[],
    }
}

/// True for an element of FetchXML.
pub(crate) fn is_element(name: &str) -> bool {
    attributes_of(name).is_some()
}

/// The attributes an element may have, the ones used most first; `None` for what is no element of FetchXML.
pub(crate) fn attributes_of(element: &str) -> Option<&'static [&'static str]> {
    Some(match element {
        "fetch" => &[
            "top",
            "count",
            "page",
            "paging-cookie",
            "distinct",
            "aggregate",
            "aggregatelimit",
            "returntotalrecordcount",
            "no-lock",
            "latematerialize",
            "options",
            "datasource",
            "useraworderby",
            "version",
            "output-format",
            "mapping",
            "utc-offset",
            "min-active-row-version",
        ],
        "entity" => &["name", "enableprefiltering", "prefilterparametername"],
        "link-entity" => &[
            "name",
            "from",
            "to",
            "alias",
            "link-type",
            "intersect",
            "visible",
            "enableprefiltering",
            "prefilterparametername",
        ],
        "all-attributes" => &[],
        "attribute" => &[
            "name",
            "alias",
            "aggregate",
            "groupby",
            "dategrouping",
            "usertimezone",
            "distinct",
            "rowaggregate",
        ],
        "order" => &["attribute", "alias", "descending", "entityname"],
        "filter" => &[
            "type",
            "isquickfindfields",
            "hint",
            "overridequickfindrecordlimitenabled",
            "overridequickfindrecordlimitdisabled",
        ],
        "condition" => {
            &["attribute", "operator", "value", "valueof", "entityname", "uiname", "uitype", "uihidden"]
        }
        "value" => &["uiname", "uitype"],
        _ => return None,
    })
}

/// The attributes an element can't do without.
pub(crate) fn required_of(element: &str) -> &'static [&'static str] {
    match element {
        "entity" | "attribute" => &["name"],
        "link-entity" => &["name", "from", "to"],
        "condition" => &["attribute", "operator"],
        _ => &[],
    }
}

/// The words an attribute takes where they are few; empty where it takes anything, a number or a name.
pub(crate) fn words_of(element: &str, attribute: &str, inside_filter: bool) -> Vec<&'static str> {
    match (element, attribute) {
        (
            _,
            "distinct"
            | "aggregate"
            | "returntotalrecordcount"
            | "no-lock"
            | "latematerialize"
            | "useraworderby"
            | "groupby"
            | "usertimezone"
            | "descending"
            | "intersect"
            | "visible"
            | "isquickfindfields",
        ) if !(element == "attribute" && attribute == "aggregate") => vec!["true", "false"],
        ("fetch", "datasource") => vec!["retained"],
        ("filter", "type") => vec!["and", "or"],
        ("filter", "hint") => vec!["union"],
        ("link-entity", "link-type") => LinkType::EVERY
            .iter()
            .filter(|kind| kind.in_filter() == inside_filter)
            .map(|kind| kind.as_str())
            .collect(),
        ("attribute", "aggregate") => Aggregate::EVERY.iter().map(|function| function.as_str()).collect(),
        ("attribute", "dategrouping") => DateGrouping::EVERY.iter().map(|part| part.as_str()).collect(),
        ("attribute", "rowaggregate") => vec!["CountChildren"],
        _ => vec![],
    }
}

/// What an attribute is for, in a few words.
pub(crate) fn meaning(element: &str, attribute: &str) -> &'static str {
    match (element, attribute) {
        ("fetch", "top") => "at most so many rows, 1 to 5000; not with page and count",
        ("fetch", "count") => "rows a page, 1 to 5000",
        ("fetch", "page") => "page number, from 1",
        ("fetch", "paging-cookie") => "the cookie of the page before",
        ("fetch", "distinct") => "no row twice",
        ("fetch", "aggregate") => "the columns are aggregates and groups",
        ("fetch", "aggregatelimit") => "rows the aggregate may look at",
        ("fetch", "returntotalrecordcount") => "say how many rows there are, up to 5000",
        ("fetch", "no-lock") => "without effect today",
        ("fetch", "latematerialize") => "read the ids first, the columns after",
        ("fetch", "options") => "hints for SQL Server",
        ("fetch", "datasource") => "retained: long-term data",
        ("fetch", "useraworderby") => "order choices by code, not by label",
        (_, "alias") => "the name in the result",
        ("link-entity", "from") => "column of the linked entity",
        ("link-entity", "to") => "column of the entity it hangs on",
        ("link-entity", "link-type") => "how it joins; inner when absent",
        ("link-entity", "intersect") => "the linked entity is the table of a many-to-many relationship",
        ("attribute", "aggregate") => "function over all rows of a group",
        ("attribute", "groupby") => "rows with the same value form a group",
        ("attribute", "dategrouping") => "the part of the date that is grouped by",
        ("attribute", "distinct") => "count different values only",
        ("condition", "valueof") => "another column to compare with",
        (_, "entityname") => "alias of the linked entity the column belongs to",
        ("condition", "uiname") => "display name of the value; no effect",
        ("condition", "uitype") => "entity of the value; no effect",
        ("filter", "type") => "and: all must hold; or: at least one",
        ("order", "descending") => "largest first",
        _ => "",
    }
}
