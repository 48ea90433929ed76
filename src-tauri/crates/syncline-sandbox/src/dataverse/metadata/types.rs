//! What metadata entity types have: the names and types of their properties, and what they may expand
//! (Web API metadata entity type reference).
use crate::dataverse::error::{Outcome, ServiceError};

/// An enumeration: its name, and its members.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Enumeration {
    pub(super) name: &'static str,
    pub(super) members: &'static [&'static str],
}

/// The type of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Id,
    Flag,
    Number,
    Enum(&'static Enumeration),
    /// A complex type; its `Value` is of another type.
    ValueOf(&'static Type),
    /// A text in several languages.
    Label,
    /// A collection or another complex type.
    Other,
}

type Properties = &'static [(&'static str, Type)];

/// An entity type of the metadata.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    own: Properties,
    more: Properties,
    /// Navigation properties.
    expands: &'static [&'static str],
}

const OWNERSHIP: Enumeration = Enumeration {
    name: "OwnershipTypes",
    members: &["None", "UserOwned", "TeamOwned", "BusinessOwned", "OrganizationOwned", "BusinessParented"],
};
const TYPE_CODE: Enumeration = Enumeration {
    name: "AttributeTypeCode",
    members: &[
        "Boolean",
        "Customer",
        "DateTime",
        "Decimal",
        "Double",
        "Integer",
        "Lookup",
        "Memo",
        "Money",
        "Owner",
        "PartyList",
        "Picklist",
        "State",
        "Status",
        "String",
        "Uniqueidentifier",
        "CalendarRules",
        "Virtual",
        "BigInt",
        "ManagedProperty",
        "EntityName",
    ],
};
const LEVEL: Enumeration = Enumeration {
    name: "AttributeRequiredLevel",
    members: &["None", "SystemRequired", "ApplicationRequired", "Recommended"],
};
const RELATIONSHIP: Enumeration = Enumeration {
    name: "RelationshipType",
    members: &["OneToManyRelationship", "Default", "ManyToManyRelationship"],
};
const INDEX: Enumeration =
    Enumeration { name: "EntityKeyIndexStatus", members: &["Pending", "InProgress", "Active", "Failed"] };
const STRING_FORMAT: Enumeration = Enumeration {
    name: "StringFormat",
    members: &["Email", "Text", "TextArea", "Url", "TickerSymbol", "PhoneticGuide", "VersionNumber", "Phone"],
};
const INTEGER_FORMAT: Enumeration =
    Enumeration { name: "IntegerFormat", members: &["None", "Duration", "TimeZone", "Language", "Locale"] };
const DATE_FORMAT: Enumeration =
    Enumeration { name: "DateTimeFormat", members: &["DateOnly", "DateAndTime"] };
const LOOKUP_FORMAT: Enumeration =
    Enumeration { name: "LookupFormat", members: &["None", "Connection", "Regarding", "Text"] };
const SET_KIND: Enumeration =
    Enumeration { name: "OptionSetType", members: &["Picklist", "State", "Status", "Boolean"] };

use Type::{Enum, Flag, Id, Label, Number, Other, Text, ValueOf};

const MANAGED: Type = ValueOf(&Flag);
const NAMED: Type = ValueOf(&Text);

const ENTITY: Properties = &[
    ("MetadataId", Id),
    ("LogicalName", Text),
    ("SchemaName", Text),
    ("EntitySetName", Text),
    ("LogicalCollectionName", Text),
    ("CollectionSchemaName", Text),
    ("ObjectTypeCode", Number),
    ("PrimaryIdAttribute", Text),
    ("PrimaryNameAttribute", Text),
    ("PrimaryImageAttribute", Text),
    ("DisplayName", Label),
    ("DisplayCollectionName", Label),
    ("Description", Label),
    ("OwnershipType", Enum(&OWNERSHIP)),
    ("TableType", Text),
    ("IsActivity", Flag),
    ("IsCustomEntity", Flag),
    ("IsManaged", Flag),
    ("IsIntersect", Flag),
    ("IsPrivate", Flag),
    ("IsLogicalEntity", Flag),
    ("IsValidForAdvancedFind", Flag),
    ("IsOptimisticConcurrencyEnabled", Flag),
    ("ChangeTrackingEnabled", Flag),
    ("CanChangeTrackingBeEnabled", MANAGED),
    ("CanCreateAttributes", MANAGED),
    ("IsCustomizable", MANAGED),
    ("IsAuditEnabled", MANAGED),
    ("IsDuplicateDetectionEnabled", MANAGED),
    ("HasActivities", Flag),
    ("HasNotes", Flag),
    ("DataProviderId", Id),
    ("ActivityTypeMask", Number),
    ("Privileges", Other),
    ("IntroducedVersion", Text),
];

const ATTRIBUTE: Properties = &[
    ("MetadataId", Id),
    ("HasChanged", Flag),
    ("AttributeOf", Text),
    ("AttributeType", Enum(&TYPE_CODE)),
    ("AttributeTypeName", NAMED),
    ("ColumnNumber", Number),
    ("DeprecatedVersion", Text),
    ("IntroducedVersion", Text),
    ("EntityLogicalName", Text),
    ("IsCustomAttribute", Flag),
    ("IsPrimaryId", Flag),
    ("IsPrimaryName", Flag),
    ("IsSecured", Flag),
    ("IsManaged", Flag),
    ("IsLogical", Flag),
    ("IsFilterable", Flag),
    ("IsSearchable", Flag),
    ("LogicalName", Text),
    ("SchemaName", Text),
    ("DisplayName", Label),
    ("Description", Label),
    ("IsValidForAdvancedFind", MANAGED),
    ("IsCustomizable", MANAGED),
    ("IsValidForCreate", Flag),
    ("IsValidForUpdate", Flag),
    ("IsValidForRead", Flag),
    ("IsValidODataAttribute", Flag),
    ("SourceType", Number),
    ("RequiredLevel", ValueOf(&Enum(&LEVEL))),
];

const KEY: Properties = &[
    ("MetadataId", Id),
    ("LogicalName", Text),
    ("SchemaName", Text),
    ("EntityLogicalName", Text),
    ("KeyAttributes", Other),
    ("EntityKeyIndexStatus", Enum(&INDEX)),
    ("DisplayName", Label),
    ("IsManaged", Flag),
];

const RELATION: Properties = &[
    ("MetadataId", Id),
    ("SchemaName", Text),
    ("RelationshipType", Enum(&RELATIONSHIP)),
    ("IsCustomRelationship", Flag),
];

const ONE_TO_MANY: Properties = &[
    ("IsHierarchical", Flag),
    ("ReferencedAttribute", Text),
    ("ReferencedEntity", Text),
    ("ReferencingAttribute", Text),
    ("ReferencingEntity", Text),
    ("ReferencedEntityNavigationPropertyName", Text),
    ("ReferencingEntityNavigationPropertyName", Text),
];

const MANY_TO_MANY: Properties = &[
    ("IntersectEntityName", Text),
    ("Entity1LogicalName", Text),
    ("Entity1IntersectAttribute", Text),
    ("Entity1NavigationPropertyName", Text),
    ("Entity2LogicalName", Text),
    ("Entity2IntersectAttribute", Text),
    ("Entity2NavigationPropertyName", Text),
];

const SET: Properties = &[
    ("MetadataId", Id),
    ("IsGlobal", Flag),
    ("IsCustomOptionSet", Flag),
    ("Name", Text),
    ("OptionSetType", Enum(&SET_KIND)),
    ("DisplayName", Label),
];

const NUMBERS: Properties = &[("MinValue", Number), ("MaxValue", Number), ("Precision", Number)];

/// Names of the casts with what only they have, and whether they have option sets.
const CASTS: [(&str, Properties, bool); 18] = [
    (
        "StringAttributeMetadata",
        &[
            ("MaxLength", Number),
            ("Format", Enum(&STRING_FORMAT)),
            ("FormatName", NAMED),
            ("DatabaseLength", Number),
        ],
        false,
    ),
    ("MemoAttributeMetadata", &[("MaxLength", Number), ("Format", Enum(&STRING_FORMAT))], false),
    (
        "IntegerAttributeMetadata",
        &[("MinValue", Number), ("MaxValue", Number), ("Format", Enum(&INTEGER_FORMAT))],
        false,
    ),
    ("BigIntAttributeMetadata", &[("MinValue", Number), ("MaxValue", Number)], false),
    ("DecimalAttributeMetadata", NUMBERS, false),
    ("DoubleAttributeMetadata", NUMBERS, false),
    (
        "MoneyAttributeMetadata",
        &[
            ("MinValue", Number),
            ("MaxValue", Number),
            ("Precision", Number),
            ("PrecisionSource", Number),
            ("IsBaseCurrency", Flag),
        ],
        false,
    ),
    ("BooleanAttributeMetadata", &[("DefaultValue", Flag)], true),
    ("DateTimeAttributeMetadata", &[("DateTimeBehavior", NAMED), ("Format", Enum(&DATE_FORMAT))], false),
    ("LookupAttributeMetadata", &[("Targets", Other), ("Format", Enum(&LOOKUP_FORMAT))], false),
    ("PicklistAttributeMetadata", &[("DefaultFormValue", Number)], true),
    ("MultiSelectPicklistAttributeMetadata", &[("DefaultFormValue", Number)], true),
    ("StateAttributeMetadata", &[], true),
    ("StatusAttributeMetadata", &[], true),
    ("UniqueIdentifierAttributeMetadata", &[], false),
    ("EntityNameAttributeMetadata", &[], false),
    ("ImageAttributeMetadata", &[], false),
    ("FileAttributeMetadata", &[], false),
];

const SETS: &[&str] = &["OptionSet", "GlobalOptionSet"];

impl Kind {
    /// A table.
    pub(super) fn entity() -> Self {
        let expands = &[
            "Attributes",
            "Keys",
            "ManyToOneRelationships",
            "OneToManyRelationships",
            "ManyToManyRelationships",
        ];
        Self { name: "EntityMetadata", own: ENTITY, more: &[], expands }
    }

    /// A collection of a table; `cast` is the type that follows `Attributes`. `None` where there is no such collection or type.
    pub(super) fn collection(name: &str, cast: Option<&str>) -> Option<Self> {
        let plain = |name, own, more| Self { name, own, more, expands: &[] };
        Some(match (name, cast) {
            ("Attributes", None) => plain("AttributeMetadata", ATTRIBUTE, &[]),
            ("Attributes", Some(cast)) => {
                let cast = cast.strip_prefix("Microsoft.Dynamics.CRM.")?;
                let (name, more, sets) = CASTS.iter().find(|known| known.0 == cast)?;
                Self { name, own: ATTRIBUTE, more, expands: if *sets { SETS } else { &[] } }
            }
            (_, Some(_)) => return None,
            ("Keys", None) => plain("EntityKeyMetadata", KEY, &[]),
            ("ManyToOneRelationships" | "OneToManyRelationships", None) => {
                plain("OneToManyRelationshipMetadata", RELATION, ONE_TO_MANY)
            }
            ("ManyToManyRelationships", None) => {
                plain("ManyToManyRelationshipMetadata", RELATION, MANY_TO_MANY)
            }
            _ => return None,
        })
    }

    /// Global choices: all as their base type, which has no options, or one.
    pub(super) fn global(one: bool) -> Self {
        let (name, more): (_, Properties) =
            if one { ("OptionSetMetadata", &[("Options", Other)]) } else { ("OptionSetMetadataBase", &[]) };
        Self { name, own: SET, more, expands: &[] }
    }

    /// What `$expand` leads to.
    pub(super) fn expanded(&self, name: &str) -> Outcome<Self> {
        let known = self.expands.contains(&name).then(|| match name {
            "OptionSet" | "GlobalOptionSet" if self.name == "BooleanAttributeMetadata" => Some(Self {
                name: "BooleanOptionSetMetadata",
                own: SET,
                more: &[("TrueOption", Other), ("FalseOption", Other)],
                expands: &[],
            }),
            "OptionSet" | "GlobalOptionSet" => {
                Some(Self { name: "OptionSetMetadata", own: SET, more: &[("Options", Other)], expands: &[] })
            }
            other => Self::collection(other, None),
        });
        known.flatten().ok_or_else(|| ServiceError::no_property(name, self.name))
    }

    /// The type of a property.
    pub(super) fn property(&self, name: &str) -> Outcome<Type> {
        let found = self.own.iter().chain(self.more).find(|property| property.0 == name);
        found.map(|property| property.1).ok_or_else(|| ServiceError::no_property(name, self.name))
    }
}
