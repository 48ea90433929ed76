//! Masking by metadata: which columns are personal is told from the descriptions of both sides; their values become pseudonyms.
//!
//! A pseudonym depends on the value alone (folded: small letters, no white space around), so the same person has the same one in every
//! column, row and file, and joins keep their counts. It is made with a key that stays in the store: nobody without it can try names.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use syncline_model::{Column, ColumnType, EntitySchema, MappedRecord, SyncDefinition, Value};

/// Hexadecimal digits of a pseudonym: 48 bits, so that a million values hardly meet.
const DIGITS: usize = 12;
/// Shorter texts are not looked for inside other texts: they are found everywhere.
const SHORTEST_INSIDE: usize = 3;

/// What a personal value is, which decides on the look of its pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Personal {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A name of a person or firm.
    Name,
    /// A part of a postal address.
    Address,
    /// A date of birth, a picture, an address on the web: anything else that points at a person.
    Other,
    /// Text of several lines: anything may stand in it.
    FreeText,
}

/// What a column holds of a person, from its description; `None`: nothing.
///
/// Formats are those of `StringFormatName` (Dataverse Web API, StringAttributeMetadata). Names of columns are Dynamics' own and those of
/// Insider One's default attributes; a custom column is known by the same words.
pub fn personal(column: &Column, schema: &EntitySchema) -> Option<Personal> {
    let name = column.logical_name.as_str().rsplit('.').next().unwrap_or_default().to_lowercase();
    if matches!(column.column_type, ColumnType::Memo) {
        return Some(Personal::FreeText);
    }
    if column.column_type == ColumnType::Image || name.contains("birthda") || name == "anniversary" {
        return Some(Personal::Other);
    }
    if column.column_type.is_lookup() || column.column_type == ColumnType::PartyList {
        let person = |target: &str| matches!(target, "contact" | "account" | "lead" | "systemuser");
        return column.targets.iter().any(|target| person(target.as_str())).then_some(Personal::Name);
    }
    // A column that is not described by a type of its own holds texts.
    if !column.column_type.is_text() {
        return None;
    }
    match column.format.as_deref() {
        Some("Email") => return Some(Personal::Email),
        Some("Phone") => return Some(Personal::Phone),
        Some("Url") => return Some(Personal::Other),
        Some(_) | None => {}
    }
    let primary = schema.summary.primary_name.as_ref().is_some_and(|primary| *primary == column.logical_name);
    by_name(&name).or(primary.then_some(Personal::Name))
}

/// What a name of a column says.
fn by_name(name: &str) -> Option<Personal> {
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if any(&["email", "e_mail"]) {
        Some(Personal::Email)
    } else if any(&["phone", "mobile", "fax", "pager"]) {
        Some(Personal::Phone)
    } else if any(&["address", "street", "postalcode", "zip"]) || matches!(name, "city" | "lo") {
        Some(Personal::Address)
    } else if any(&["surname", "salutation", "governmentid", "username"]) || name.ends_with("name") {
        Some(Personal::Name)
    } else if any(&["website", "skype", "ftpsite"]) {
        Some(Personal::Other)
    } else {
        None
    }
}

/// Which targets of a definition hold something personal, and what makes pseudonyms.
#[derive(Debug, Clone)]
pub struct Masker {
    key: Vec<u8>,
    targets: BTreeMap<String, Personal>,
    columns: BTreeMap<String, Personal>,
}

impl Masker {
    /// `key`: kept as long as pseudonyms are to join, and never told.
    pub fn new(
        key: &[u8],
        definition: &SyncDefinition,
        source: Option<&EntitySchema>,
        destination: &EntitySchema,
    ) -> Self {
        let of = |schema: &EntitySchema| {
            let found = |column: &Column| Some((column.logical_name.to_string(), personal(column, schema)?));
            schema.columns.iter().filter_map(found).collect::<BTreeMap<_, _>>()
        };
        let mut columns = source.map(of).unwrap_or_default();
        // A source that is described no more: its columns are known by their names alone.
        for column in &definition.source.columns {
            if source.is_none_or(|schema| schema.column(column.as_str()).is_none())
                && let Some(kind) = by_name(column.as_str())
            {
                columns.insert(column.to_string(), kind);
            }
        }
        let mut targets = of(destination);
        for (target, texts) in rules_of(definition) {
            let from = texts.iter().flat_map(|text| words(text)).filter_map(|word| columns.get(word)).min();
            let kind = targets.get(&target).copied().or(from.copied());
            if let Some(kind) = kind.or_else(|| by_name(target.rsplit('.').next().unwrap_or_default())) {
                targets.insert(target, kind);
            }
        }
        Self { key: key.to_vec(), targets, columns }
    }

    /// For the way back of a two-way sync: from the definition's destination to its source.
    pub fn returning(
        key: &[u8],
        definition: &SyncDefinition,
        destination: &EntitySchema,
        source: &EntitySchema,
    ) -> Self {
        let Self { key, targets, mut columns } = Self::new(key, definition, Some(source), destination);
        // A column of the source is as personal as what it is paired with.
        for (target, texts) in rules_of(definition) {
            let Some(kind) = targets.get(&target) else { continue };
            for word in texts.iter().flat_map(|text| words(text)) {
                if source.column(word).is_some() {
                    columns.entry(word.to_owned()).or_insert(*kind);
                }
            }
        }
        Self { key, targets: columns, columns: targets }
    }

    /// For the records of one entity, without a definition.
    pub(crate) fn of_entity(key: &[u8], schema: &EntitySchema) -> Self {
        let found = |column: &Column| Some((column.logical_name.to_string(), personal(column, schema)?));
        let columns = schema.columns.iter().filter_map(found).collect();
        Self { key: key.to_vec(), targets: BTreeMap::new(), columns }
    }

    /// What a source column holds of a person.
    pub(crate) fn kind(&self, column: &str) -> Option<Personal> {
        self.columns.get(column).copied()
    }

    /// Source columns that are personal.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// Target attributes that are personal.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(String::as_str)
    }

    /// The pseudonym of a text.
    pub fn pseudonym(&self, kind: Personal, text: &str) -> String {
        let folded = text.trim().to_lowercase();
        if folded.is_empty() {
            return String::new();
        }
        let mut hash = Sha256::new();
        // The key's length goes first, so that no key and text run into one another.
        hash.update((self.key.len() as u64).to_be_bytes());
        hash.update(&self.key);
        hash.update(folded.as_bytes());
        hash.update(&self.key);
        let digits = &hex::encode(hash.finalize())[..DIGITS];
        match kind {
            Personal::Email => format!("{digits}@masked.invalid"),
            Personal::Phone => format!("tel-{digits}"),
            Personal::Name => format!("name-{digits}"),
            Personal::Address => format!("addr-{digits}"),
            Personal::Other => format!("x-{digits}"),
            Personal::FreeText => format!("text-{digits}"),
        }
    }

    /// A value of a target attribute as it may be shown; `private`: texts of the same row that must not be shown inside others.
    pub fn value(&self, target: &str, value: &Value, private: &Private) -> Value {
        match (self.targets.get(target), value) {
            (_, Value::Null | Value::Bool(_)) => value.clone(),
            (Some(kind), Value::List(items)) => Value::List(
                items.iter().map(|item| Value::Text(self.pseudonym(*kind, &item.display_text()))).collect(),
            ),
            (Some(kind), value) => Value::Text(self.pseudonym(*kind, &value.display_text())),
            (None, Value::Text(text)) => Value::Text(private.hide(self, text)),
            (None, Value::List(items)) => {
                Value::List(items.iter().map(|item| self.value(target, item, private)).collect())
            }
            (None, Value::Integer(_) | Value::Decimal(_) | Value::Double(_) | Value::Reference(_)) => {
                value.clone()
            }
        }
    }

    /// The personal texts of a row: of its source record (JSON in the Web API's shape) and of what it maps to.
    pub fn private(&self, source: Option<&str>, mapped: &MappedRecord) -> Private {
        let mut found: BTreeSet<(Personal, String)> = BTreeSet::new();
        let mut add = |kind: Personal, text: String| {
            if text.trim().chars().count() >= SHORTEST_INSIDE {
                found.insert((kind, text.trim().to_owned()));
            }
        };
        if let Some(members) = source
            .and_then(|raw| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(raw).ok())
        {
            for (name, value) in &members {
                let column = name.split('@').next().unwrap_or_default();
                let column =
                    column.strip_prefix('_').and_then(|name| name.strip_suffix("_value")).unwrap_or(column);
                if let (Some(kind), serde_json::Value::String(text)) = (self.columns.get(column), value)
                    && *kind != Personal::FreeText
                {
                    add(*kind, text.clone());
                }
            }
        }
        for (name, value) in mapped.identifiers.iter().chain(&mapped.attributes) {
            if let Some(kind) = self.targets.get(name).filter(|kind| **kind != Personal::FreeText) {
                add(*kind, value.display_text());
            }
        }
        let mut texts: Vec<(Personal, String)> = found.into_iter().collect();
        // The longest first: a whole name goes before its parts.
        texts.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.cmp(b)));
        Private(texts)
    }
}

/// Texts of one row that must not be shown.
#[derive(Debug, Clone, Default)]
pub struct Private(Vec<(Personal, String)>);

impl Private {
    /// The text with everything private in it replaced, whatever the case of its letters.
    pub fn hide(&self, masker: &Masker, text: &str) -> String {
        let mut text = text.to_owned();
        for (kind, secret) in &self.0 {
            text = replace_folded(&text, secret, &masker.pseudonym(*kind, secret));
        }
        text
    }
}

/// Replaces every occurrence, without regard to case.
fn replace_folded(text: &str, wanted: &str, with: &str) -> String {
    let wanted: Vec<char> = wanted.chars().flat_map(char::to_lowercase).collect();
    // Each small letter with the place of the letter that it comes from, and where that one ends.
    let folded: Vec<(char, usize, usize)> = text
        .char_indices()
        .flat_map(|(at, c)| c.to_lowercase().map(move |small| (small, at, at + c.len_utf8())))
        .collect();
    let (mut out, mut at, mut copied) = (String::with_capacity(text.len()), 0, 0);
    while at + wanted.len() <= folded.len() {
        let window = &folded[at..at + wanted.len()];
        let same = !wanted.is_empty() && window.iter().zip(&wanted).all(|(have, want)| have.0 == *want);
        match (same, window.first(), window.last()) {
            (true, Some(first), Some(last)) if first.1 >= copied => {
                out.push_str(&text[copied..first.1]);
                out.push_str(with);
                copied = last.2;
                at += wanted.len();
            }
            _ => at += 1,
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// The rules of a definition: a target, and the texts that make it. Every way in which a rule may name its columns, expressions included: by
/// its JSON.
fn rules_of(definition: &SyncDefinition) -> Vec<(String, Vec<String>)> {
    let mut rules = Vec::new();
    let sections = (&definition.identifiers, &definition.fields, &definition.events);
    if let Ok(json) = serde_json::to_value(sections) {
        collect_rules(&json, &mut rules);
    }
    rules
}

/// Every object with a `to`, and all texts inside it.
fn collect_rules(json: &serde_json::Value, rules: &mut Vec<(String, Vec<String>)>) {
    match json {
        serde_json::Value::Object(members) => {
            if let Some(target) = members.get("to").and_then(serde_json::Value::as_str) {
                let mut texts = Vec::new();
                members
                    .iter()
                    .filter(|(name, _)| *name != "to")
                    .for_each(|(_, value)| all_texts(value, &mut texts));
                rules.push((target.to_owned(), texts));
            } else {
                members.values().for_each(|value| collect_rules(value, rules));
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_rules(item, rules)),
        _ => {}
    }
}

fn all_texts(json: &serde_json::Value, texts: &mut Vec<String>) {
    match json {
        serde_json::Value::String(text) => texts.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| all_texts(item, texts)),
        serde_json::Value::Object(members) => members.values().for_each(|item| all_texts(item, texts)),
        _ => {}
    }
}

/// Runs of letters, digits and underscores: the names in an expression.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masker(key: &[u8]) -> Masker {
        Masker { key: key.to_vec(), targets: BTreeMap::new(), columns: BTreeMap::new() }
    }

    #[test]
    fn pseudonyms_are_stable_and_tell_nothing() {
        let masker = masker(b"k");
        let one = masker.pseudonym(Personal::Name, "Ann Ito");
        assert_eq!(one, masker.pseudonym(Personal::Name, " ann ito "));
        assert_ne!(one, masker.pseudonym(Personal::Name, "Ann Ita"));
        assert_ne!(one, self::masker(b"other").pseudonym(Personal::Name, "Ann Ito"));
        assert_eq!(masker.pseudonym(Personal::Name, "  "), "");
        let mail = masker.pseudonym(Personal::Email, "Ann Ito");
        assert_eq!(mail.split('@').next(), one.strip_prefix("name-"), "the same value joins across kinds");
    }

    #[test]
    fn private_texts_are_hidden_inside_others() {
        let masker = masker(b"k");
        let private = Private(vec![(Personal::Name, "Ann Ito".into()), (Personal::Name, "Ann".into())]);
        let hidden = private.hide(&masker, "Call ANN ITO, or Ann, or İnn");
        assert!(!hidden.to_lowercase().contains("ann"), "{hidden}");
        assert!(hidden.ends_with("or İnn"), "{hidden}");
    }

    #[test]
    fn column_names_tell_what_they_hold() {
        for (name, kind) in [
            ("emailaddress1", Some(Personal::Email)),
            ("address1_telephone1", Some(Personal::Phone)),
            ("address1_city", Some(Personal::Address)),
            ("yomifullname", Some(Personal::Name)),
            ("surname", Some(Personal::Name)),
            ("jobtitle", None),
            ("new_segment", None),
        ] {
            assert_eq!(by_name(name), kind, "{name}");
        }
    }

    proptest! {
        #[test]
        fn hiding_never_panics_and_hides(text in ".{0,40}", secret in "[a-zA-Zäßİ]{3,8}") {
            let masker = masker(b"k");
            let private = Private(vec![(Personal::Name, secret.clone())]);
            let hidden = private.hide(&masker, &format!("{text}{secret}"));
            prop_assert!(!hidden.contains(&secret) || masker.pseudonym(Personal::Name, &secret).contains(&secret));
        }
    }
}
