//! The attributes that Insider One knows by itself ("Upsert User Data": default attributes). Others are custom and must exist in the panel.

use syncline_model::{Column, ColumnType, EntitySchema, EntitySummary, RequiredLevel};

/// The one entity.
pub const PROFILE: &str = "profile";

/// Identifiers that need no setting in the panel.
pub const DEFAULT_IDENTIFIERS: &[&str] = &["email", "phone_number", "uuid"];

const DEFAULTS: &[(&str, &str, ColumnType)] = &[
    ("age", "Age", ColumnType::Double),
    ("birthday", "Birthday", ColumnType::DateTime),
    ("city", "City", ColumnType::String),
    ("country", "Country (ISO 3166-1 alpha-2)", ColumnType::String),
    ("email", "E-mail", ColumnType::String),
    ("email_optin", "E-mail opt-in", ColumnType::Boolean),
    ("gdpr_optin", "GDPR opt-in", ColumnType::Boolean),
    ("gender", "Gender", ColumnType::String),
    ("language", "Language", ColumnType::String),
    ("lo", "Locale", ColumnType::String),
    ("name", "First name", ColumnType::String),
    ("phone_number", "Phone number (E.164)", ColumnType::String),
    ("sms_optin", "SMS opt-in", ColumnType::Boolean),
    ("static_segment_id", "Static segments", ColumnType::MultiSelectPicklist),
    ("surname", "Last name", ColumnType::String),
    ("uuid", "UUID", ColumnType::String),
    ("whatsapp_optin", "WhatsApp opt-in", ColumnType::Boolean),
];

/// True for an attribute that stands beside the custom ones, not among them.
pub(crate) fn is_default(name: &str) -> bool {
    DEFAULTS.iter().any(|(default, _, _)| *default == name)
}

pub(crate) fn summary() -> EntitySummary {
    EntitySummary {
        logical_name: PROFILE.into(),
        set_name: PROFILE.to_owned(),
        display_name: "Profile".to_owned(),
        display_collection_name: "Profiles".to_owned(),
        primary_id: "uuid".into(),
        primary_name: Some("email".into()),
        custom: false,
        change_tracking: false,
    }
}

/// The default attributes; `open`, since custom ones are allowed beside them.
pub(crate) fn schema() -> EntitySchema {
    let columns = DEFAULTS
        .iter()
        .map(|(name, display, column_type)| Column {
            logical_name: (*name).into(),
            display_name: (*display).to_owned(),
            column_type: *column_type,
            required: RequiredLevel::None,
            readable: false,
            creatable: true,
            updatable: true,
            max_length: None,
            targets: Vec::new(),
            options: Vec::new(),
            behavior: None,
            format: None,
            given: None,
            custom: false,
        })
        .collect();
    EntitySchema { summary: summary(), columns, keys: Vec::new(), relationships: Vec::new(), open: true }
}
