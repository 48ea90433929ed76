//! The entity that the suites ask.

use syncline_model::{
    Choice, Column, ColumnType, DateTimeBehavior, EntitySchema, EntitySummary, RequiredLevel,
};

fn column(name: &str, column_type: ColumnType) -> Column {
    Column {
        logical_name: name.into(),
        display_name: name.to_owned(),
        column_type,
        required: RequiredLevel::None,
        readable: true,
        creatable: true,
        updatable: true,
        max_length: None,
        targets: Vec::new(),
        options: Vec::new(),
        behavior: None,
        format: None,
        given: None,
        custom: false,
    }
}

pub(crate) fn contact() -> EntitySchema {
    let mut gender = column("gendercode", ColumnType::Picklist);
    gender.options = [(1, "Male"), (2, "Female")]
        .into_iter()
        .map(|(value, label)| Choice { value, label: Some(label.to_owned()), ..Choice::default() })
        .collect();
    let mut birthdate = column("birthdate", ColumnType::DateTime);
    birthdate.behavior = Some(DateTimeBehavior::DateOnly);
    let mut createdon = column("createdon", ColumnType::DateTime);
    createdon.behavior = Some(DateTimeBehavior::UserLocal);
    EntitySchema {
        summary: EntitySummary {
            logical_name: "contact".into(),
            set_name: "contacts".to_owned(),
            display_name: "Contact".to_owned(),
            display_collection_name: "Contacts".to_owned(),
            primary_id: "contactid".into(),
            primary_name: Some("fullname".into()),
            custom: false,
            change_tracking: true,
        },
        columns: vec![
            column("contactid", ColumnType::UniqueIdentifier),
            column("fullname", ColumnType::String),
            column("lastname", ColumnType::String),
            column("creditlimit", ColumnType::Money),
            column("numberofchildren", ColumnType::Integer),
            column("donotemail", ColumnType::Boolean),
            column("statecode", ColumnType::State),
            column("new_interests", ColumnType::MultiSelectPicklist),
            column("parentcustomerid", ColumnType::Customer),
            column("ownerid", ColumnType::Owner),
            gender,
            birthdate,
            createdon,
        ],
        keys: Vec::new(),
        relationships: Vec::new(),
        open: false,
    }
}
