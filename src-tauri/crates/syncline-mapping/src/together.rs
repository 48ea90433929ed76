//! Definitions side by side: two that write the same records must recognise them by the same identifier, or the destination
//! gets each person twice.

use syncline_model::{IdentifierMapping, PhoneSection, Problem, SyncDefinition};

/// Warns of what keeps a definition and others from meeting in the same records at the destination.
///
/// Two definitions touch the same records if they read the same entity of the same connection (a marketing list may hold any)
/// and write the same entity of the same connection. They agree if at least one identifier has the same target and the same
/// source column in both, and nothing that has the same target is filled differently. Others of the same name are left out:
/// they are earlier versions of this one.
pub fn identifier_disagreements<'d>(
    definition: &SyncDefinition,
    others: impl IntoIterator<Item = &'d SyncDefinition>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for other in others {
        if other.name != definition.name && touch_the_same(definition, other) {
            compare(definition, other, &mut problems);
        }
    }
    problems
}

fn touch_the_same(one: &SyncDefinition, other: &SyncDefinition) -> bool {
    let (a, b) = (&one.source, &other.source);
    let same_records = match (&a.entity, &b.entity) {
        (Some(a), Some(b)) => a == b,
        // Two lists may share members.
        (None, None) => true,
        (Some(entity), None) | (None, Some(entity)) => holds_members(entity.as_str()),
    };
    same_records && a.connection == b.connection && one.destination == other.destination
}

/// Entities whose records a marketing list can hold (Dataverse, `list.createdfromcode`).
fn holds_members(entity: &str) -> bool {
    matches!(entity, "account" | "contact" | "lead")
}

fn compare(one: &SyncDefinition, other: &SyncDefinition, problems: &mut Vec<Problem>) {
    if one.identifiers.is_empty() || other.identifiers.is_empty() {
        return;
    }
    let shared = |mine: &IdentifierMapping| {
        other.identifiers.iter().any(|theirs| theirs.to == mine.to && theirs.from == mine.from)
    };
    if !one.identifiers.iter().any(shared) {
        problems.push(
            Problem::new(
                "identifiers",
                "identifiers_disagree",
                format!(
                    "{:?} writes the same records, but recognises them by {}, not by {}: they may become two at the destination",
                    other.name,
                    listed(&other.identifiers),
                    listed(&one.identifiers)
                ),
            )
            .hint(match other.identifiers.first() {
                Some(first) => format!("give both one identifier in common, such as {} from {}", first.to, first.from),
                None => "give both one identifier in common".to_owned(),
            }),
        );
        return;
    }
    for (index, mine) in one.identifiers.iter().enumerate() {
        let differs =
            other.identifiers.iter().find(|theirs| theirs.to == mine.to && theirs.from != mine.from);
        if let Some(theirs) = differs {
            problems.push(
                Problem::new(
                    format!("identifiers[{index}].from"),
                    "identifier_from_other_column",
                    format!(
                        "{} comes from {} here and from {} in {:?}, which writes the same records",
                        mine.to, mine.from, theirs.from, other.name
                    ),
                )
                .hint("take it from the same column in both"),
            );
        }
    }
    let phone_in_both = one.identifiers.iter().any(|mine| mine.to == "phone_number" && shared(mine));
    if phone_in_both && phone_form(one.phone.as_ref()) != phone_form(other.phone.as_ref()) {
        problems.push(
            Problem::new(
                "phone",
                "identifier_form_differs",
                format!(
                    "phone numbers are brought to another form in {:?}, which writes the same records",
                    other.name
                ),
            )
            .hint("give both the same \"phone\" section"),
        );
    }
}

/// What decides on a number's form: the dial code added, or none where numbers go as they are written.
fn phone_form(section: Option<&PhoneSection>) -> Option<&str> {
    let section = section.filter(|section| section.international)?;
    Some(
        section
            .country_code
            .as_deref()
            .map_or("", |code| code.trim().trim_start_matches('+').trim_start_matches("00")),
    )
}

fn listed(identifiers: &[IdentifierMapping]) -> String {
    let texts: Vec<String> =
        identifiers.iter().map(|identifier| format!("{} from {}", identifier.to, identifier.from)).collect();
    texts.join(", ")
}
