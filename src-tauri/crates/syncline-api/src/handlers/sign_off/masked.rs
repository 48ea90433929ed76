//! The parts of a document as they may be shown: in clear, or with pseudonyms in the place of what is personal.

use syncline_model::{Action, FieldChange, MappedEvent, MappedRecord, RowIssue, SyncDefinition, Value};
use syncline_store::PlanRow;
use syncline_sync::{Masker, Personal, Private, read_extra, rule_of};

/// A row as it may be shown.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) ordinal: u32,
    pub(super) source_id: String,
    pub(super) title: String,
    pub(super) action: Action,
    pub(super) held_back: bool,
    pub(super) reason: String,
    pub(super) mapped: MappedRecord,
    pub(super) changes: Vec<FieldChange>,
    pub(super) issues: Vec<RowIssue>,
    /// The exact request; left out where something is masked, because it holds the values in clear.
    pub(super) request: Option<String>,
}

impl Shown {
    /// The events that go with it; a row that is left out sends none.
    pub(super) fn events(&self) -> &[MappedEvent] {
        match self.action {
            Action::Skip | Action::Invalid => &[],
            Action::Create | Action::Update | Action::Delete | Action::Unchanged => &self.mapped.events,
        }
    }
}

pub(super) fn shown(row: PlanRow, masker: Option<&Masker>, schema: &syncline_model::EntitySchema) -> Shown {
    let Some(masker) = masker else {
        return Shown {
            ordinal: row.ordinal,
            source_id: row.source_id,
            title: row.title,
            action: row.action,
            held_back: row.excluded,
            reason: row.reason,
            mapped: row.mapped,
            changes: row.changes,
            issues: row.issues,
            request: row.request.map(|request| request.get().to_owned()),
        };
    };
    let extra = read_extra(&row);
    let private = masker.private(extra.as_ref().map(|extra| extra.source.get()), &row.mapped);
    let rule = |issue: &RowIssue| rule_of(&issue.code, &issue.field, schema);
    let issues: Vec<RowIssue> =
        row.issues.iter().map(|issue| RowIssue { message: rule(issue), ..issue.clone() }).collect();
    // Why a row is left out is told with its values; the rule is told in their place.
    let reason = match (row.action.writes(), issues.first()) {
        (false, Some(issue)) if row.action != syncline_model::Action::Unchanged => issue.message.clone(),
        _ => private.hide(masker, &row.reason),
    };
    Shown {
        ordinal: row.ordinal,
        title: title(masker, &row.title, &row.source_id),
        source_id: id(masker, &row.source_id),
        action: row.action,
        held_back: row.excluded,
        reason,
        mapped: record(masker, &private, row.mapped),
        changes: row
            .changes
            .into_iter()
            .map(|change| FieldChange {
                from: masker.value(&change.field, &change.from, &private),
                to: masker.value(&change.field, &change.to, &private),
                field: change.field,
            })
            .collect(),
        issues,
        request: None,
    }
}

/// A GUID or a number tells nothing of a person; another key may be a name or an address.
pub(super) fn id(masker: &Masker, id: &str) -> String {
    if uuid::Uuid::parse_str(id).is_ok() || id.bytes().all(|byte| byte.is_ascii_digit()) {
        id.to_owned()
    } else if id.contains('@') {
        masker.pseudonym(Personal::Email, id)
    } else {
        masker.pseudonym(Personal::Name, id)
    }
}

/// What a row is known by is a name or an address, unless it is its id.
fn title(masker: &Masker, title: &str, source_id: &str) -> String {
    if title == source_id {
        id(masker, title)
    } else if title.contains('@') {
        masker.pseudonym(Personal::Email, title)
    } else {
        masker.pseudonym(Personal::Name, title)
    }
}

fn record(masker: &Masker, private: &Private, mapped: MappedRecord) -> MappedRecord {
    let values = |values: syncline_model::ValueMap| {
        values
            .into_iter()
            .map(|(name, value)| {
                let shown = masker.value(&name, &value, private);
                (name, shown)
            })
            .collect()
    };
    MappedRecord {
        identifiers: values(mapped.identifiers),
        attributes: values(mapped.attributes),
        events: mapped
            .events
            .into_iter()
            .map(|mut event| {
                event.parameters = values(event.parameters);
                event
            })
            .collect(),
    }
}

/// The definition without the values that a filter or a fixed value may hold of a person.
pub(super) fn definition(definition: &SyncDefinition, masker: Option<&Masker>) -> SyncDefinition {
    let mut shown = definition.clone();
    let Some(masker) = masker else { return shown };
    shown.source.filter = shown.source.filter.as_deref().map(filter);
    let personal: Vec<&str> = masker.targets().collect();
    for fixed in &mut shown.fixed {
        if personal.contains(&fixed.to.as_str()) {
            fixed.value = Value::Text("…".to_owned());
        }
    }
    for field in &mut shown.fields {
        if personal.contains(&field.to.as_str()) {
            // A value table may have names on both sides.
            field.map.clear();
            if field.default.is_some() {
                field.default = Some(Value::Text("…".to_owned()));
            }
        }
    }
    shown
}

/// A filter without its values: attributes named `value` and the contents of `<value>` elements.
pub(super) fn filter(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("value") {
        let (before, from) = rest.split_at(at + "value".len());
        out.push_str(before);
        rest = from;
        let trimmed = rest.trim_start();
        if let Some(assigned) = trimmed.strip_prefix('=').map(str::trim_start)
            && let Some(quote) = assigned.chars().next().filter(|c| matches!(c, '"' | '\''))
            && let Some(end) = assigned[1..].find(quote)
        {
            out.push_str(&format!("={quote}…{quote}"));
            rest = &assigned[end + 2..];
        } else if before.ends_with("<value")
            && let Some(open) = rest.find('>')
            && let Some(close) = rest.find("</value")
            && open < close
        {
            out.push_str(">…");
            rest = &rest[close..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{Shown, filter};
    use syncline_model::{Action, MappedEvent, MappedRecord};

    #[test]
    fn what_is_left_out_sends_no_event() {
        let event =
            MappedEvent { name: "seen".to_owned(), timestamp: String::new(), parameters: Default::default() };
        let row = |action| Shown {
            ordinal: 0,
            source_id: String::new(),
            title: String::new(),
            action,
            held_back: false,
            reason: String::new(),
            mapped: MappedRecord { events: vec![event.clone()], ..MappedRecord::default() },
            changes: Vec::new(),
            issues: Vec::new(),
            request: None,
        };
        let sent = |action| row(action).events().len();
        assert_eq!([Action::Create, Action::Update, Action::Unchanged].map(sent), [1, 1, 1]);
        assert_eq!([Action::Skip, Action::Invalid].map(sent), [0, 0]);
    }

    #[test]
    fn a_filter_keeps_its_shape_and_loses_its_values() {
        assert_eq!(
            filter("<condition attribute='lastname' operator='eq' value='Ito' />"),
            "<condition attribute='lastname' operator='eq' value='…' />"
        );
        assert_eq!(
            filter(
                r#"<condition attribute="a" operator="in"><value>Ann</value><value uiname="x">Bob</value></condition>"#
            ),
            r#"<condition attribute="a" operator="in"><value>…</value><value>…</value></condition>"#
        );
        assert_eq!(filter("value= 'x"), "value= 'x");
        assert_eq!(filter(""), "");
    }
}
