//! Proposals: fields that belong together by their names, and definitions to start from.

use syncline_model::{
    Column, ColumnType, ConnectionName, DestinationSection, EntityName, EntitySchema, FetchMode,
    FetchSection, FieldMapping, IdentifierMapping, PhoneSection, SourceSection, SyncDefinition,
};

/// Pairs readable source columns with writable target columns: by equal logical name, then by equal display name (case and
/// punctuation aside), then by well-known pairs such as `emailaddress1` and `email`. Each target is used once; types that can't
/// go together are not paired. Sorted by target.
pub fn auto_match(source: &EntitySchema, destination: &EntitySchema) -> Vec<FieldMapping> {
    let mut found: Vec<FieldMapping> = Vec::new();
    let free = |found: &[FieldMapping], target: &Column| {
        (target.creatable || target.updatable)
            && !found.iter().any(|field| field.to == target.logical_name.as_str())
    };
    type Belongs<'f> = &'f dyn Fn(&Column, &Column) -> bool;
    let passes: [Belongs<'_>; 3] = [
        &|from, to| from.logical_name == to.logical_name,
        &|from, to| {
            let (a, b) = (plain(&from.display_name), plain(&to.display_name));
            !a.is_empty() && a == b
        },
        &|from, to| well_known(from.logical_name.as_str()).contains(&to.logical_name.as_str()),
    ];
    for belongs in passes {
        for target in &destination.columns {
            if !free(&found, target) {
                continue;
            }
            let pair = source.columns.iter().find(|column| {
                column.readable
                    && belongs(column, target)
                    && compatible(column.column_type, target.column_type)
                    && column.logical_name != source.summary.primary_id
            });
            if let Some(column) = pair {
                found.push(FieldMapping {
                    label: column.column_type.has_options()
                        && column.column_type != ColumnType::Boolean
                        && target.column_type.is_text(),
                    invert: opposite(column.logical_name.as_str(), target.logical_name.as_str()),
                    ..FieldMapping::new(target.logical_name.as_str(), column.logical_name.clone())
                });
            }
        }
    }
    found.sort_by(|a, b| a.to.cmp(&b.to));
    found
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn compatible(from: ColumnType, to: ColumnType) -> bool {
    let odd =
        |t| matches!(t, ColumnType::PartyList | ColumnType::Image | ColumnType::File | ColumnType::Other);
    !odd(from)
        && !odd(to)
        && (from == to
            || to.is_text()
            || (from.is_number() && to.is_number())
            || (from.is_lookup() && to.is_lookup()))
}

/// A "do not" column and a permission are opposites.
fn opposite(from: &str, to: &str) -> bool {
    from.starts_with("donot") && to.ends_with("_optin")
}

fn well_known(column: &str) -> &'static [&'static str] {
    match column {
        "emailaddress1" => &["email"],
        "mobilephone" | "telephone1" => &["phone_number"],
        "firstname" => &["name"],
        "lastname" => &["surname"],
        "gendercode" => &["gender"],
        "birthdate" => &["birthday"],
        "address1_city" => &["city"],
        "address1_country" => &["country"],
        "donotbulkemail" => &["email_optin"],
        _ => &[],
    }
}

/// Names of the starter definitions.
pub fn starters() -> &'static [&'static str] {
    &["contact-to-insider", "account-to-insider", "contact-to-contact"]
}

/// A definition to start from, by its name in [`starters`]; the connections are the caller's.
pub fn starter(name: &str, source: ConnectionName, destination: ConnectionName) -> Option<SyncDefinition> {
    let pair = |to: &str, from: &str| FieldMapping::new(to, from);
    let label = |to: &str, from: &str| FieldMapping { label: true, ..pair(to, from) };
    let identifier = |to: &str, from: &str| IdentifierMapping::new(to, from);
    let international = || Some(PhoneSection { international: true, country_code: None });
    let (title, entity, target, identifiers, fields, phone) = match name {
        "contact-to-insider" => (
            "Contacts to marketing",
            "contact",
            "profile",
            vec![
                identifier("email", "emailaddress1"),
                identifier("phone_number", "mobilephone"),
                identifier("uuid", "contactid"),
            ],
            vec![
                pair("name", "firstname"),
                pair("surname", "lastname"),
                label("gender", "gendercode"),
                pair("birthday", "birthdate"),
                pair("city", "address1_city"),
                FieldMapping { invert: true, ..pair("email_optin", "donotbulkemail") },
            ],
            international(),
        ),
        "account-to-insider" => (
            "Accounts to marketing",
            "account",
            "profile",
            vec![identifier("email", "emailaddress1"), identifier("uuid", "accountid")],
            vec![
                pair("name", "name"),
                pair("city", "address1_city"),
                FieldMapping { invert: true, ..pair("email_optin", "donotbulkemail") },
            ],
            international(),
        ),
        "contact-to-contact" => (
            "Contacts to contacts",
            "contact",
            "contact",
            vec![identifier("contactid", "contactid")],
            [
                "firstname",
                "lastname",
                "emailaddress1",
                "telephone1",
                "mobilephone",
                "birthdate",
                "donotbulkemail",
            ]
            .iter()
            .map(|column| pair(column, column))
            .collect(),
            None,
        ),
        _ => return None,
    };
    let mut columns = Vec::new();
    for name in identifiers.iter().map(|i| &i.from).chain(fields.iter().map(|field| &field.from)) {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    Some(SyncDefinition {
        version: 1,
        name: title.to_owned(),
        source: SourceSection {
            connection: source,
            entity: Some(EntityName::from(entity)),
            list: None,
            columns,
            filter: Some("<condition attribute='statecode' operator='eq' value='0' />".to_owned()),
            fetch: FetchSection { mode: FetchMode::NewAndUpdated, days: 0 },
            page_size: 500,
            timeout_ms: 60_000,
            retries: 3,
        },
        destination: DestinationSection { connection: destination, entity: EntityName::from(target) },
        identifiers,
        on_invalid_identifier: Default::default(),
        on_duplicate: Default::default(),
        fields,
        on_unknown_code: Default::default(),
        label_language: None,
        fixed: Vec::new(),
        phone,
        events: None,
        options: Default::default(),
        schedule: None,
        conflict: None,
    })
}
