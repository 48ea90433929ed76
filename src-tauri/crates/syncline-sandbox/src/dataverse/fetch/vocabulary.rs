//! Elements and attributes of FetchXML (its schema, and the reference of its elements): what is not of it is refused.
use super::parse::invalid;
use super::xml::Element;
use crate::dataverse::error::Outcome;

/// Elements with their attributes.
const ELEMENTS: [(&str, &[&str]); 8] = [
    (
        "fetch",
        &[
            "version",
            "count",
            "page",
            "paging-cookie",
            "utc-offset",
            "aggregate",
            "aggregatelimit",
            "distinct",
            "top",
            "mapping",
            "min-active-row-version",
            "output-format",
            "returntotalrecordcount",
            "no-lock",
            "latematerialize",
            "options",
            "datasource",
            "useraworderby",
        ],
    ),
    ("entity", &["name", "enableprefiltering", "prefilterparametername"]),
    (
        "link-entity",
        &[
            "name",
            "from",
            "to",
            "alias",
            "link-type",
            "visible",
            "intersect",
            "enableprefiltering",
            "prefilterparametername",
        ],
    ),
    (
        "attribute",
        &[
            "name",
            "alias",
            "aggregate",
            "groupby",
            "dategrouping",
            "usertimezone",
            "distinct",
            "rowaggregate",
            "build",
            "addedby",
        ],
    ),
    ("order", &["attribute", "alias", "descending", "entityname"]),
    (
        "filter",
        &[
            "type",
            "isquickfindfields",
            "hint",
            "overridequickfindrecordlimitenabled",
            "overridequickfindrecordlimitdisabled",
        ],
    ),
    (
        "condition",
        &[
            "attribute",
            "operator",
            "value",
            "valueof",
            "entityname",
            "column",
            "aggregate",
            "alias",
            "uiname",
            "uitype",
            "uihidden",
        ],
    ),
    ("value", &["uiname", "uitype"]),
];

/// Operators whose values are `<value>` elements.
const LISTS: [&str; 6] = ["in", "not-in", "between", "not-between", "contain-values", "not-contain-values"];

/// Refuses attributes that an element does not have, and values that stand in the wrong place.
pub(crate) fn check(element: &Element) -> Outcome<()> {
    // Elements in the wrong place are refused where their parent is read.
    if let Some((name, known)) = ELEMENTS.iter().find(|known| known.0 == element.name)
        && let Some((other, _)) = element.attributes.iter().find(|a| !known.contains(&a.0.as_str()))
    {
        return Err(invalid(format!("the attribute '{other}' is not declared on <{name}>.")));
    }
    match element.name.as_str() {
        "condition" => {
            if let Some(other) = element.children.iter().find(|child| child.name != "value") {
                return Err(invalid(format!("<{}> is not valid inside <condition>.", other.name)));
            }
            let operator = element.get("operator").unwrap_or_default();
            if LISTS.contains(&operator) && element.get("value").is_some() {
                return Err(invalid(format!(
                    "the operator '{operator}' takes its values as <value> elements."
                )));
            }
        }
        "order" if element.get("alias").is_some() && element.get("attribute").is_some() => {
            return Err(invalid("<order> has an attribute or an alias, not both."));
        }
        _ => {}
    }
    element.children.iter().try_for_each(check)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataverse::fetch::xml;

    #[test]
    fn only_what_the_schema_declares_is_taken() {
        let checked = |inner: &str| {
            let text = format!("<fetch><entity name='contact'>{inner}</entity></fetch>");
            check(&xml::parse(&text).unwrap())
        };
        for good in [
            "<attribute name='a' alias='b' aggregate='count' distinct='true'/><order alias='b' descending='true'/>",
            "<filter type='or' hint='union'><condition attribute='a' operator='in' uiname='x'><value uitype='contact'>1</value></condition></filter>",
            "<link-entity name='account' from='b' to='a' alias='c' link-type='inner' visible='false' intersect='true'/>",
        ] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in [
            "<attribute name='a' colour='red'/>",
            "<order attribute='a' direction='desc'/>",
            "<order attribute='a' alias='b'/>",
            "<filter kind='or'/>",
            "<filter><condition attribute='a' operator='in' value='1'/></filter>",
            "<filter><condition attribute='a' operator='not-between' value='1'><value>2</value></condition></filter>",
            "<filter><condition attribute='a' operator='in'><values>1</values></condition></filter>",
            "<filter><condition attribute='a' op='eq' operator='eq' value='1'/></filter>",
            "<link-entity name='account' join='outer'/>",
        ] {
            assert_eq!(checked(bad).unwrap_err().code, "0x80040303", "{bad}");
        }
        assert!(check(&xml::parse("<fetch limit='5'/>").unwrap()).is_err());
    }
}
