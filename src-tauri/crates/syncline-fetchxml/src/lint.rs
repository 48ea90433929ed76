//! A whole document checked while it is typed: everything that is wrong at once, each with its place and the change that mends it.

use crate::ast::Fetch;
use crate::edit::{Finding, Metadata, Severity, escape};
use crate::read_parts::shorten;
use crate::scan::{Element, Scan, TextSpan, Written, scan};
use crate::vocabulary::{attributes_of, children_of, is_element, required_of, words_of};
use crate::{lint_columns, lint_shape};
use syncline_model::nearest;

/// Findings of a document, in the order of the text. What needs an entity that is not at hand is left to the service.
pub fn lint(text: &str, metadata: &dyn Metadata) -> Vec<Finding> {
    let found = scan(text);
    let mut findings = Vec::new();
    for (at, element) in found.elements.iter().enumerate() {
        check_references(text, element, &mut findings);
        check_element(text, &found, at, &mut findings);
        check_attributes(text, &found, at, &mut findings);
        lint_columns::check(text, &found, at, metadata, &mut findings);
    }
    lint_shape::check(&found, &mut findings);
    add_unread(text, &found, &mut findings);
    findings.sort_by_key(|finding| (finding.span.start, finding.span.end));
    findings
}

/// The entities a document names, to fetch their descriptions before [`lint`] and completion.
pub fn entities_named(text: &str) -> Vec<String> {
    scan(text).entity_names()
}

/// What the reader refuses though the checks above passed it: mostly XML that is not well formed.
fn add_unread(text: &str, found: &Scan, findings: &mut Vec<Finding>) {
    let Err(error) = Fetch::parse(text) else { return };
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return;
    }
    let at = offset_of(text, error.position);
    let span = found
        .elements
        .iter()
        .rfind(|element| element.tag.start <= at && at < element.tag.end.max(element.tag.start + 1))
        .map_or_else(|| TextSpan::new(at, next_char(text, at)), |element| element.tag);
    let mut finding = Finding::new(&error.code, span, error.message.clone());
    finding.hint.clone_from(&error.hint);
    let unclosed = found.elements.iter().find(|element| !element.closed && element.tag_closed);
    if let Some(element) = unclosed {
        finding = finding.insert(element.end, format!("</{}>", element.name));
    } else if let Some(element) = found.elements.iter().find(|element| !element.tag_closed) {
        finding = finding.insert(text[..element.tag.end].trim_end().len(), " />");
    }
    findings.push(finding);
}

fn next_char(text: &str, at: usize) -> usize {
    at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
}

fn offset_of(text: &str, position: crate::Position) -> usize {
    let mut at = 0;
    for (number, line) in (1u32..).zip(text.split_inclusive('\n')) {
        if number == position.line {
            let columns = position.column.saturating_sub(1) as usize;
            return at + line.char_indices().nth(columns).map_or(line.len(), |(offset, _)| offset);
        }
        at += line.len();
    }
    text.len()
}

/// `&` and `<` that were not written as references.
fn check_references(text: &str, element: &Element, findings: &mut Vec<Finding>) {
    let values = element.attributes.iter().filter_map(|attribute| attribute.value_span);
    for span in values.chain(element.texts.iter().copied()) {
        let raw = span.of(text);
        for (offset, _) in raw.match_indices(['&', '<']) {
            let at = span.start + offset;
            let rest = &raw[offset..];
            let whole = if rest.starts_with('<') {
                "&lt;"
            } else if reference(rest) {
                continue;
            } else {
                "&amp;"
            };
            let here = TextSpan::new(at, at + 1);
            let character = &rest[..1];
            findings.push(
                Finding::new("xml_unescaped", here, format!("a bare {character} can't stand in a value"))
                    .hint(format!("write {whole}"))
                    .replace(here, whole),
            );
        }
    }
}

fn reference(rest: &str) -> bool {
    let Some(end) = rest.find(';') else { return false };
    let name = &rest[1..end];
    matches!(name, "amp" | "lt" | "gt" | "quot" | "apos")
        || name.strip_prefix('#').is_some_and(|number| {
            number.parse::<u32>().is_ok()
                || number.strip_prefix('x').is_some_and(|hex| u32::from_str_radix(hex, 16).is_ok())
        })
}

fn check_element(text: &str, found: &Scan, at: usize, findings: &mut Vec<Finding>) {
    let element = &found.elements[at];
    let parent = element.parent.map(|index| found.elements[index].name.as_str());
    let allowed = children_of(parent);
    // Beneath an element that is unknown itself nothing can be said.
    if parent.is_some_and(|name| !is_element(name)) {
        return;
    }
    // A filter or a condition may stand alone: that is what filters of screens and definitions are.
    if parent.is_none() && matches!(element.name.as_str(), "fetch" | "filter" | "condition") {
        return;
    }
    if allowed.contains(&element.name.as_str()) {
        return;
    }
    let place = parent.map_or_else(|| "the document".to_owned(), |name| format!("<{name}>"));
    let finding = Finding::new(
        "unknown_element",
        element.name_span,
        format!("<{}> can't stand in {place}", shorten(&element.name)),
    );
    let near = nearest(&element.name, allowed.iter().copied()).filter(|name| *name != element.name);
    findings.push(match near {
        Some(name) => {
            let mut finding = finding.hint(format!("did you mean <{name}>?"));
            finding = finding.replace(element.name_span, name);
            if element.closed && !element.empty {
                let tail = text[..element.end].rfind(&element.name).unwrap_or(element.name_span.start);
                // The closing tag is renamed together with the opening one.
                if tail > element.tag.end
                    && let Some(fix) = finding.fixes.last_mut()
                {
                    let middle = &text[element.name_span.end..tail];
                    fix.text = format!("{name}{middle}{name}");
                    fix.span = TextSpan::new(element.name_span.start, tail + element.name.len());
                    fix.label = format!("Write {name}");
                }
            }
            finding
        }
        None if allowed.is_empty() => finding.hint("remove it"),
        None => finding.hint(format!("known here: {}", allowed.join(", "))),
    });
}

fn check_attributes(text: &str, found: &Scan, at: usize, findings: &mut Vec<Finding>) {
    let element = &found.elements[at];
    let Some(known) = attributes_of(&element.name) else { return };
    let inside_filter = found
        .above(at, &["entity", "link-entity", "filter"])
        .is_some_and(|index| found.elements[index].name == "filter");
    for (number, attribute) in element.attributes.iter().enumerate() {
        if attribute.name.starts_with("xmlns") {
            continue;
        }
        if !known.contains(&attribute.name.as_str()) {
            let finding = Finding::new(
                "unknown_attribute",
                attribute.name_span,
                format!("<{}> has no attribute {:?}", element.name, shorten(&attribute.name)),
            );
            let free = known.iter().copied().filter(|name| element.get(name).is_none());
            findings.push(match nearest(&attribute.name, free) {
                Some(name) => {
                    finding.hint(format!("did you mean {name:?}?")).replace(attribute.name_span, name)
                }
                None => {
                    let finding = if known.is_empty() {
                        finding.hint("remove it")
                    } else {
                        finding.hint(format!("known: {}", known.join(", ")))
                    };
                    finding.replace(whole(text, attribute), "")
                }
            });
            continue;
        }
        if element.attributes[..number].iter().any(|earlier| earlier.name == attribute.name) {
            findings.push(
                Finding::new(
                    "xml_malformed",
                    attribute.name_span,
                    format!("{} stands twice in <{}>", attribute.name, element.name),
                )
                .hint("an attribute may stand once in an element")
                .replace(whole(text, attribute), ""),
            );
        }
        let Some(span) = attribute.value_span.filter(|_| attribute.closed) else {
            let finding = Finding::new(
                "xml_malformed",
                attribute.name_span,
                format!("the value of {} has no quotes around it", attribute.name),
            );
            findings.push(finding.hint("write it in quotes, \"…\" or '…'"));
            continue;
        };
        check_word(element, attribute, span, inside_filter, findings);
    }
    for name in required_of(&element.name) {
        if element.value(name).is_none_or(str::is_empty) {
            let finding = Finding::new(
                "missing_attribute",
                element.name_span,
                format!("<{}> lacks the attribute {name:?}", element.name),
            )
            .hint(format!("add {name}=\"…\""));
            let there = element.get(name).is_some();
            findings.push(if there {
                finding
            } else {
                finding.insert(element.name_span.end, format!(" {name}=\"\""))
            });
        }
    }
}

/// An attribute with the blank before it.
pub(crate) fn whole(text: &str, attribute: &Written) -> TextSpan {
    let end = attribute
        .value_span
        .map_or(attribute.name_span.end, |span| (span.end + usize::from(attribute.closed)).min(text.len()));
    let start = text[..attribute.name_span.start].trim_end().len();
    TextSpan::new(start, end)
}

fn check_word(
    element: &Element,
    attribute: &Written,
    span: TextSpan,
    inside_filter: bool,
    findings: &mut Vec<Finding>,
) {
    let value = attribute.value.trim();
    let words = words_of(&element.name, &attribute.name, inside_filter);
    let flag = words == ["true", "false"];
    let fits = words.is_empty() || words.contains(&value) || (flag && matches!(value, "0" | "1"));
    if !fits {
        // Free text that only happens to have usual words.
        if matches!((element.name.as_str(), attribute.name.as_str()), ("attribute", "rowaggregate")) {
            return;
        }
        if flag && (value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")) {
            return;
        }
        let mut finding = Finding::new(
            "wrong_value",
            span,
            format!("{} is {:?}", attribute.name, shorten(&attribute.value)),
        )
        .hint(format!("one of {} is expected", words.join(", ")));
        let near = nearest(value, words.iter().copied());
        if let Some(word) = near {
            finding = finding.replace(span, word);
        }
        for word in words.iter().filter(|word| Some(**word) != near).take(6) {
            finding = finding.replace(span, *word);
        }
        findings.push(finding);
        return;
    }
    let limit = match (element.name.as_str(), attribute.name.as_str()) {
        ("fetch", "top" | "count") => Some(5000),
        ("fetch", "page" | "aggregatelimit") => Some(u32::MAX),
        _ => None,
    };
    if let Some(limit) = limit
        && !value.parse::<u32>().is_ok_and(|number| (1..=limit).contains(&number))
    {
        let expected = if limit == 5000 {
            "a number from 1 to 5000".to_owned()
        } else {
            "a whole number from 1".to_owned()
        };
        let finding =
            Finding::new("wrong_value", span, format!("{} is {:?}", attribute.name, shorten(value)))
                .hint(format!("{expected} is expected"));
        let over = value.parse::<u64>().is_ok_and(|number| number > u64::from(limit));
        findings.push(if over { finding.replace(span, escape(&limit.to_string())) } else { finding });
    }
}
