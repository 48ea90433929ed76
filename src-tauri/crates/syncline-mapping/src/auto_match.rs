//! Proposals: fields that belong together by their names.

use syncline_model::{Column, ColumnType, EntitySchema, FieldMapping};

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
