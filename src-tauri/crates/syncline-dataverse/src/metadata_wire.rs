//! The shapes of metadata answers. Source: Dataverse Web API, query metadata.

use serde::Deserialize;
use syncline_model::{Choice, ColumnType, DateTimeBehavior, LanguageLabel, RequiredLevel};

/// `{"value":[…]}`; metadata has no pages.
#[derive(Deserialize)]
pub(crate) struct Many<T> {
    pub(crate) value: Vec<T>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Label {
    pub(crate) localized_labels: Option<Vec<LocalizedLabel>>,
    pub(crate) user_localized_label: Option<LocalizedLabel>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct LocalizedLabel {
    pub(crate) label: Option<String>,
    pub(crate) language_code: Option<u32>,
}

impl Label {
    /// In every language that has a text.
    pub(crate) fn all(&self) -> Vec<LanguageLabel> {
        let mut all: Vec<LanguageLabel> = Vec::new();
        for one in self.localized_labels.iter().flatten().chain(&self.user_localized_label) {
            if let (Some(language), Some(text)) = (one.language_code, &one.label)
                && !text.trim().is_empty()
                && !all.iter().any(|known| known.language == language)
            {
                all.push(LanguageLabel { language, text: text.clone() });
            }
        }
        all
    }
    /// In the user's language, else the first.
    pub(crate) fn text(&self) -> Option<String> {
        self.user_localized_label
            .iter()
            .chain(self.localized_labels.iter().flatten())
            .filter_map(|label| label.label.clone())
            .find(|text| !text.trim().is_empty())
    }
}

pub(crate) fn label_text(label: &Option<Label>) -> Option<String> {
    label.as_ref().and_then(Label::text)
}

/// A managed property or an enumeration wrapped in an object.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Wrapped {
    pub(crate) value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireEntity {
    pub(crate) logical_name: String,
    pub(crate) entity_set_name: Option<String>,
    pub(crate) primary_id_attribute: Option<String>,
    pub(crate) primary_name_attribute: Option<String>,
    pub(crate) display_name: Option<Label>,
    pub(crate) display_collection_name: Option<Label>,
    pub(crate) is_custom_entity: Option<bool>,
    pub(crate) change_tracking_enabled: Option<bool>,
    pub(crate) is_private: Option<bool>,
    pub(crate) metadata_id: Option<String>,
    pub(crate) privileges: Option<Vec<WirePrivilege>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WirePrivilege {
    pub(crate) name: Option<String>,
    pub(crate) privilege_id: Option<String>,
    pub(crate) privilege_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireAttribute {
    pub(crate) logical_name: String,
    pub(crate) attribute_type: Option<String>,
    pub(crate) attribute_type_name: Option<Wrapped>,
    pub(crate) attribute_of: Option<String>,
    pub(crate) display_name: Option<Label>,
    pub(crate) required_level: Option<Wrapped>,
    pub(crate) is_valid_for_create: Option<bool>,
    pub(crate) is_valid_for_update: Option<bool>,
    pub(crate) is_valid_for_read: Option<bool>,
    pub(crate) is_custom_attribute: Option<bool>,
}

impl WireAttribute {
    /// By `AttributeTypeName`, which tells choices apart from other virtual columns; else by `AttributeType`.
    pub(crate) fn column_type(&self) -> ColumnType {
        let name = self.attribute_type_name.as_ref().and_then(|wrapped| wrapped.value.as_deref());
        let name =
            name.map(|name| name.strip_suffix("Type").unwrap_or(name)).or(self.attribute_type.as_deref());
        match name.unwrap_or_default() {
            "String" => ColumnType::String,
            "Memo" => ColumnType::Memo,
            "Integer" => ColumnType::Integer,
            "BigInt" => ColumnType::BigInt,
            "Decimal" => ColumnType::Decimal,
            "Double" => ColumnType::Double,
            "Money" => ColumnType::Money,
            "Boolean" => ColumnType::Boolean,
            "Picklist" => ColumnType::Picklist,
            "MultiSelectPicklist" => ColumnType::MultiSelectPicklist,
            "State" => ColumnType::State,
            "Status" => ColumnType::Status,
            "Lookup" => ColumnType::Lookup,
            "Customer" => ColumnType::Customer,
            "Owner" => ColumnType::Owner,
            "PartyList" => ColumnType::PartyList,
            "Uniqueidentifier" | "UniqueIdentifier" => ColumnType::UniqueIdentifier,
            "DateTime" => ColumnType::DateTime,
            "Image" => ColumnType::Image,
            "File" => ColumnType::File,
            _ => ColumnType::Other,
        }
    }

    pub(crate) fn required(&self) -> RequiredLevel {
        match self.required_level.as_ref().and_then(|wrapped| wrapped.value.as_deref()) {
            Some("SystemRequired") => RequiredLevel::System,
            Some("ApplicationRequired") => RequiredLevel::Application,
            Some("Recommended") => RequiredLevel::Recommended,
            _ => RequiredLevel::None,
        }
    }
}

/// What only a cast tells; each cast fills its own part.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireCast {
    pub(crate) logical_name: String,
    pub(crate) max_length: Option<i64>,
    pub(crate) targets: Option<Vec<String>>,
    pub(crate) date_time_behavior: Option<Wrapped>,
    pub(crate) format_name: Option<Wrapped>,
    pub(crate) option_set: Option<WireOptionSet>,
    pub(crate) global_option_set: Option<WireOptionSet>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireOptionSet {
    pub(crate) options: Option<Vec<WireOption>>,
    pub(crate) true_option: Option<WireOption>,
    pub(crate) false_option: Option<WireOption>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireOption {
    pub(crate) value: Option<i64>,
    pub(crate) label: Option<Label>,
    pub(crate) state: Option<i64>,
}

impl WireCast {
    /// What a text is: `Email`, `Phone` and so on (`StringFormatName`).
    pub(crate) fn format(&self) -> Option<String> {
        self.format_name.as_ref()?.value.clone()
    }

    pub(crate) fn behavior(&self) -> Option<DateTimeBehavior> {
        match self.date_time_behavior.as_ref()?.value.as_deref()? {
            "UserLocal" => Some(DateTimeBehavior::UserLocal),
            "DateOnly" => Some(DateTimeBehavior::DateOnly),
            "TimeZoneIndependent" => Some(DateTimeBehavior::TimeZoneIndependent),
            _ => None,
        }
    }

    /// Its choices, the column's own or the global ones; a two-options column has 0 and 1.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let sets = || [&self.option_set, &self.global_option_set].into_iter().flatten();
        let choice = |option: &WireOption, otherwise: Option<i64>| {
            Some(Choice {
                value: option.value.or(otherwise)?,
                label: label_text(&option.label),
                labels: option.label.as_ref().map(Label::all).unwrap_or_default(),
                state: option.state,
            })
        };
        if let Some(set) = sets().find(|set| set.true_option.is_some() || set.false_option.is_some()) {
            let no = set.false_option.as_ref().and_then(|option| choice(option, Some(0)));
            let yes = set.true_option.as_ref().and_then(|option| choice(option, Some(1)));
            return no.into_iter().chain(yes).collect();
        }
        sets()
            .filter_map(|set| set.options.as_ref())
            .find(|options| !options.is_empty())
            .map(|options| options.iter().filter_map(|option| choice(option, None)).collect())
            .unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireKey {
    pub(crate) logical_name: Option<String>,
    pub(crate) schema_name: Option<String>,
    pub(crate) key_attributes: Option<Vec<String>>,
    pub(crate) entity_key_index_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireOneToMany {
    pub(crate) schema_name: String,
    pub(crate) referencing_entity: String,
    pub(crate) referencing_attribute: String,
    pub(crate) referenced_entity: String,
    pub(crate) referenced_attribute: Option<String>,
    pub(crate) referencing_entity_navigation_property_name: Option<String>,
    pub(crate) referenced_entity_navigation_property_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireManyToMany {
    pub(crate) schema_name: String,
    pub(crate) entity1_logical_name: String,
    pub(crate) entity2_logical_name: String,
    pub(crate) entity1_navigation_property_name: Option<String>,
    pub(crate) entity2_navigation_property_name: Option<String>,
    pub(crate) intersect_entity_name: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::made;
    use crate::metadata::{column, summary};
    use proptest::prelude::*;

    const ENTITIES: &str = r#"{"value":[{"LogicalName":"contact","EntitySetName":"contacts","PrimaryIdAttribute":"contactid",
        "DisplayName":{"LocalizedLabels":[{"Label":"Contact","LanguageCode":1033}],"UserLocalizedLabel":null},"IsCustomEntity":false,
        "MetadataId":"608861BC-50A4-4C5F-A02C-21FE1943E2CF","IsPrivate":false,
        "Privileges":[{"Name":"prvReadContact","PrivilegeId":"A1","PrivilegeType":"Read"},{"Name":null,"PrivilegeType":"Write"}]}]}"#;
    const ATTRIBUTES: &str = r#"{"value":[{"LogicalName":"gendercode","AttributeType":"Picklist","AttributeTypeName":{"Value":"PicklistType"},
        "AttributeOf":null,"RequiredLevel":{"Value":"None"},"IsValidForCreate":true,"MaxLength":-1,"Targets":["account"],
        "DateTimeBehavior":{"Value":"DateOnly"},"OptionSet":{"Options":[{"Value":1,"Label":{"UserLocalizedLabel":{"Label":"M"}},"State":0}],
        "TrueOption":null,"FalseOption":{"Value":0}},"GlobalOptionSet":null}]}"#;

    /// Everything that is made of a metadata answer.
    fn read(text: &str) -> usize {
        let mut made_of = 0;
        if let Ok(many) = serde_json::from_str::<Many<WireEntity>>(text) {
            made_of += made(many.value).entities.len();
        }
        if let Ok(one) = serde_json::from_str::<WireEntity>(text) {
            made_of += usize::from(summary(one).is_some());
        }
        let casts = serde_json::from_str::<Many<WireCast>>(text).map(|many| many.value).unwrap_or_default();
        if let Ok(many) = serde_json::from_str::<Many<WireAttribute>>(text) {
            for attribute in many.value {
                made_of += column(attribute, casts.first()).options.len() + 1;
            }
        }
        let _ = serde_json::from_str::<Many<WireKey>>(text);
        let _ = serde_json::from_str::<Many<WireOneToMany>>(text);
        let _ = serde_json::from_str::<Many<WireManyToMany>>(text);
        made_of
    }

    #[test]
    fn whole_answers_are_read() {
        assert!(read(ENTITIES) >= 1 && read(ATTRIBUTES) >= 2);
        let many = serde_json::from_str::<Many<WireEntity>>(ENTITIES).unwrap();
        let extra = made(many.value).extras.remove(0);
        assert_eq!(extra.read.unwrap().name, "prvReadContact");
        assert_eq!(extra.metadata_id.unwrap(), "608861bc-50a4-4c5f-a02c-21fe1943e2cf");
    }

    proptest! {
        /// Cut off, or with other bytes in it: an error or something shorter, never a panic.
        #[test]
        fn broken_answers_never_panic(
            which in any::<bool>(),
            cut in 0usize..2000,
            changes in prop::collection::vec((0usize..2000, "[\\[\\]{}\",:0-9a-zA-Zé\\\\-]"), 0..6),
        ) {
            let text = if which { ENTITIES } else { ATTRIBUTES };
            let mut chars: Vec<char> = text.chars().collect();
            for (at, with) in changes {
                let at = at % chars.len();
                chars.splice(at..=at, with.chars());
            }
            let mutated: String = chars.iter().collect();
            read(&mutated);
            let short: String = chars.iter().take(cut % (chars.len() + 1)).collect();
            read(&short);
        }
    }
}
