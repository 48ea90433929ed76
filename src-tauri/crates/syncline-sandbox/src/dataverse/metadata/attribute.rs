//! Attribute metadata of every type, with the virtual companion columns.
use super::entity::{label, managed, metadata_of};
use crate::data::schema::{LookupKind, OptionRow};
use crate::data::{Entity, Kind};
use crate::dataverse::error::{Outcome, ServiceError};
use crate::dataverse::store::Store;
use serde_json::{Map, Value as Json, json};

/// The table that columns belong to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) logical: &'a str,
    pub(super) display: &'a str,
    pub(super) primary_id: &'a str,
    pub(super) primary_name: &'a str,
}

/// A column of any table.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    pub(super) logical: &'a str,
    pub(super) schema: &'a str,
    pub(super) display: &'a str,
    pub(super) kind: &'a Kind,
    /// Logical names that a lookup points at.
    pub(super) targets: Vec<&'a str>,
    pub(super) required: &'a str,
    pub(super) create: bool,
    pub(super) update: bool,
    pub(super) custom: bool,
}

/// All attributes, companions included, with everything their type has.
pub(super) fn all(store: &Store, entity: &Entity) -> Vec<Json> {
    let owner = Owner {
        logical: entity.logical,
        display: entity.display,
        primary_id: entity.primary_id,
        primary_name: entity.primary_name,
    };
    let fields = entity.columns.iter().map(|column| Field {
        logical: column.logical,
        schema: &column.schema,
        display: column.display,
        kind: &column.kind,
        targets: column.targets().iter().map(|t| store.schema.entity(t.table).logical).collect(),
        required: column.required,
        create: column.create,
        update: column.update,
        custom: column.logical.starts_with("new_"),
    });
    described(owner, fields)
}

/// The attributes of a table's columns, companions included.
pub(super) fn described<'a>(owner: Owner<'_>, fields: impl Iterator<Item = Field<'a>>) -> Vec<Json> {
    let mut out = Vec::new();
    for (number, field) in fields.enumerate() {
        out.push(attribute(owner, &field, number));
        let companion = matches!(
            field.kind,
            Kind::Boolean { .. }
                | Kind::Lookup { .. }
                | Kind::Choice { .. }
                | Kind::Choices { .. }
                | Kind::State { .. }
                | Kind::Status { .. }
        );
        if companion {
            out.push(virtual_column(owner, &field, "name", number));
        }
        if matches!(field.kind, Kind::Lookup { kind: LookupKind::Customer | LookupKind::Owner, .. }) {
            out.push(virtual_column(owner, &field, "type", number));
            out.push(virtual_column(owner, &field, "yominame", number));
        }
    }
    out
}

/// AttributeType, AttributeTypeName and the cast's name.
fn types(kind: &Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Text { .. } => ("String", "StringType", "String"),
        Kind::Memo { .. } => ("Memo", "MemoType", "Memo"),
        Kind::Integer { .. } => ("Integer", "IntegerType", "Integer"),
        Kind::BigInt => ("BigInt", "BigIntType", "BigInt"),
        Kind::Decimal { .. } => ("Decimal", "DecimalType", "Decimal"),
        Kind::Money { .. } => ("Money", "MoneyType", "Money"),
        Kind::Double { .. } => ("Double", "DoubleType", "Double"),
        Kind::Boolean { .. } => ("Boolean", "BooleanType", "Boolean"),
        Kind::DateTime { .. } => ("DateTime", "DateTimeType", "DateTime"),
        Kind::Choice { .. } => ("Picklist", "PicklistType", "Picklist"),
        Kind::Choices { .. } => ("Virtual", "MultiSelectPicklistType", "MultiSelectPicklist"),
        Kind::State { .. } => ("State", "StateType", "State"),
        Kind::Status { .. } => ("Status", "StatusType", "Status"),
        Kind::Lookup { kind: LookupKind::Lookup, .. } => ("Lookup", "LookupType", "Lookup"),
        Kind::Lookup { kind: LookupKind::Customer, .. } => ("Customer", "CustomerType", "Lookup"),
        Kind::Lookup { kind: LookupKind::Owner, .. } => ("Owner", "OwnerType", "Lookup"),
        Kind::Id => ("Uniqueidentifier", "UniqueidentifierType", "UniqueIdentifier"),
        Kind::EntityName => ("EntityName", "EntityNameType", "EntityName"),
    }
}

/// Edm type in CSDL.
pub(super) fn edm(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text { .. } | Kind::Memo { .. } | Kind::Choices { .. } | Kind::EntityName => "Edm.String",
        Kind::Integer { .. } | Kind::Choice { .. } | Kind::State { .. } | Kind::Status { .. } => "Edm.Int32",
        Kind::BigInt => "Edm.Int64",
        Kind::Decimal { .. } | Kind::Money { .. } => "Edm.Decimal",
        Kind::Double { .. } => "Edm.Double",
        Kind::Boolean { .. } => "Edm.Boolean",
        Kind::DateTime { behavior: "DateOnly", .. } => "Edm.Date",
        Kind::DateTime { .. } => "Edm.DateTimeOffset",
        Kind::Lookup { .. } | Kind::Id => "Edm.Guid",
    }
}

fn base(
    entity: Owner<'_>,
    logical: &str,
    schema: &str,
    display: &str,
    custom: bool,
    number: usize,
) -> Map<String, Json> {
    let mut map = Map::new();
    for (key, value) in [
        ("MetadataId", json!(metadata_of(&format!("{}.{logical}", entity.logical)))),
        ("HasChanged", Json::Null),
        ("AttributeOf", Json::Null),
        ("ColumnNumber", json!(number + 1)),
        ("DeprecatedVersion", Json::Null),
        ("IntroducedVersion", json!("5.0.0.0")),
        ("EntityLogicalName", json!(entity.logical)),
        ("IsCustomAttribute", json!(custom)),
        ("IsPrimaryId", json!(logical == entity.primary_id)),
        ("IsPrimaryName", json!(logical == entity.primary_name)),
        ("IsSecured", json!(false)),
        ("IsManaged", json!(!custom)),
        ("IsLogical", json!(false)),
        ("IsFilterable", json!(true)),
        ("IsSearchable", json!(true)),
        ("LogicalName", json!(logical)),
        ("SchemaName", json!(schema)),
        ("DisplayName", label(display)),
        ("Description", label(&format!("{display} of the {}.", entity.display.to_lowercase()))),
        ("IsValidForAdvancedFind", managed(true)),
        ("IsCustomizable", managed(true)),
    ] {
        map.insert(key.to_owned(), value);
    }
    map
}

fn attribute(entity: Owner<'_>, column: &Field<'_>, number: usize) -> Json {
    let mut map = base(entity, column.logical, column.schema, column.display, column.custom, number);
    let (kind, name, cast) = types(column.kind);
    let mut set = |key: &str, value: Json| {
        map.insert(key.to_owned(), value);
    };
    set("AttributeType", json!(kind));
    set("AttributeTypeName", json!({ "Value": name }));
    set("@odata.type", json!(format!("#Microsoft.Dynamics.CRM.{cast}AttributeMetadata")));
    set("IsValidForCreate", json!(column.create));
    set("IsValidForUpdate", json!(column.update));
    set("IsValidForRead", json!(true));
    set("IsValidODataAttribute", json!(true));
    set("SourceType", if column.logical.ends_with("_base") { json!(1) } else { json!(0) });
    set(
        "RequiredLevel",
        json!({ "Value": column.required, "CanBeChanged": column.required != "SystemRequired", "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings" }),
    );
    let typed: Vec<(&str, Json)> = match column.kind {
        Kind::Text { max, format } => vec![
            ("MaxLength", json!(max)),
            ("Format", json!(format)),
            ("FormatName", json!({ "Value": format })),
            ("DatabaseLength", json!(max * 2)),
        ],
        Kind::Memo { max } => vec![("MaxLength", json!(max)), ("Format", json!("TextArea"))],
        Kind::Integer { min, max } => {
            vec![("MinValue", json!(min)), ("MaxValue", json!(max)), ("Format", json!("None"))]
        }
        Kind::BigInt => vec![("MinValue", json!(i64::MIN)), ("MaxValue", json!(i64::MAX))],
        Kind::Decimal { min, max, precision } => {
            vec![("MinValue", json!(min)), ("MaxValue", json!(max)), ("Precision", json!(precision))]
        }
        Kind::Double { min, max } => {
            vec![("MinValue", json!(min)), ("MaxValue", json!(max)), ("Precision", json!(5))]
        }
        Kind::Money { precision } => vec![
            ("MinValue", json!(-922_337_203_685_477.0)),
            ("MaxValue", json!(922_337_203_685_477.0)),
            ("Precision", json!(precision)),
            ("PrecisionSource", json!(0)),
            ("IsBaseCurrency", json!(column.logical.ends_with("_base"))),
        ],
        Kind::Boolean { yes, no } => vec![
            ("DefaultValue", json!(false)),
            (
                "OptionSet",
                json!({
                    "MetadataId": metadata_of(&format!("{}.{}.options", entity.logical, column.logical)),
                    "IsGlobal": false,
                    "Name": format!("{}_{}", entity.logical, column.logical),
                    "OptionSetType": "Boolean",
                    "TrueOption": option(1, yes, None),
                    "FalseOption": option(0, no, None),
                }),
            ),
            ("GlobalOptionSet", Json::Null),
        ],
        Kind::DateTime { behavior, format } => {
            vec![("DateTimeBehavior", json!({ "Value": behavior })), ("Format", json!(format))]
        }
        Kind::Choice { options, global: Some(name) } => vec![
            ("DefaultFormValue", json!(-1)),
            ("OptionSet", Json::Null),
            ("GlobalOptionSet", option_set(column.logical, column.display, options, Some(name), false)),
        ],
        Kind::Choice { options, global: None } | Kind::Choices { options } => vec![
            ("DefaultFormValue", json!(-1)),
            ("OptionSet", named_set(entity, column, options, "Picklist")),
            ("GlobalOptionSet", Json::Null),
        ],
        Kind::State { options } => {
            vec![("OptionSet", named_set(entity, column, options, "State")), ("GlobalOptionSet", Json::Null)]
        }
        Kind::Status { options } => {
            vec![("OptionSet", named_set(entity, column, options, "Status")), ("GlobalOptionSet", Json::Null)]
        }
        Kind::Lookup { .. } => vec![("Targets", json!(column.targets)), ("Format", json!("None"))],
        Kind::Id | Kind::EntityName => vec![],
    };
    for (key, value) in typed {
        set(key, value);
    }
    Json::Object(map)
}

fn virtual_column(entity: Owner<'_>, column: &Field<'_>, suffix: &str, number: usize) -> Json {
    let logical = format!("{}{suffix}", column.logical);
    let schema = format!("{}{suffix}", column.schema);
    let mut map = base(entity, &logical, &schema, "", column.custom, number);
    let type_column = suffix == "type";
    let (kind, name) =
        if type_column { ("EntityName", "EntityNameType") } else { ("Virtual", "VirtualType") };
    for (key, value) in [
        ("AttributeOf", json!(column.logical)),
        ("AttributeType", json!(kind)),
        ("AttributeTypeName", json!({ "Value": name })),
        ("@odata.type", json!("#Microsoft.Dynamics.CRM.AttributeMetadata")),
        ("IsLogical", json!(true)),
        ("IsValidForCreate", json!(false)),
        ("IsValidForUpdate", json!(false)),
        ("IsValidForRead", json!(true)),
        ("IsValidODataAttribute", json!(false)),
        ("SourceType", Json::Null),
        (
            "RequiredLevel",
            json!({ "Value": "None", "CanBeChanged": false, "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings" }),
        ),
    ] {
        map.insert(key.to_owned(), value);
    }
    Json::Object(map)
}

fn option(value: i64, text: &str, state: Option<i64>) -> Json {
    let mut out = json!({ "Value": value, "Color": null, "IsManaged": false, "ExternalValue": "", "Label": label(text), "Description": label("") });
    if let (Some(state), Json::Object(map)) = (state, &mut out) {
        map.insert("@odata.type".into(), "#Microsoft.Dynamics.CRM.StatusOptionMetadata".into());
        map.insert("State".into(), json!(state));
        map.insert("TransitionData".into(), Json::Null);
    }
    out
}

fn named_set(entity: Owner<'_>, column: &Field<'_>, options: &[OptionRow], kind: &str) -> Json {
    let mut set = option_set(column.logical, column.display, options, None, kind == "Status");
    set["Name"] = json!(format!("{}_{}", entity.logical, column.logical));
    set["OptionSetType"] = json!(kind);
    set["MetadataId"] = json!(metadata_of(&format!("{}.{}.options", entity.logical, column.logical)));
    set
}

/// An option set.
pub(super) fn option_set(
    logical: &str,
    display: &str,
    options: &[OptionRow],
    global: Option<&str>,
    status: bool,
) -> Json {
    let options: Vec<Json> = options.iter().map(|o| option(o.0, o.1, status.then_some(o.2))).collect();
    json!({
        "MetadataId": metadata_of(global.unwrap_or(logical)),
        "IsGlobal": global.is_some(),
        "IsCustomOptionSet": logical.starts_with("new_"),
        "Name": global.unwrap_or(logical),
        "OptionSetType": "Picklist",
        "DisplayName": label(display),
        "Options": options,
    })
}

/// Without a cast only what all types have in common (the type's own properties come with `@odata.type`).
pub(super) fn common(attribute: Json) -> Json {
    let Json::Object(mut map) = attribute else { return attribute };
    for key in ["OptionSet", "GlobalOptionSet"] {
        map.remove(key);
    }
    Json::Object(map)
}

/// Keeps the attributes of one type.
pub(super) fn cast(all: Vec<Json>, cast: &str) -> Outcome<Vec<Json>> {
    let name = cast.strip_prefix("Microsoft.Dynamics.CRM.").unwrap_or(cast);
    if super::types::Kind::collection("Attributes", Some(cast)).is_none() {
        return Err(no_cast(cast));
    }
    let wanted = format!("#Microsoft.Dynamics.CRM.{name}");
    Ok(all.into_iter().filter(|a| a["@odata.type"] == wanted.as_str()).collect())
}

/// 400 for what attributes can't be cast to.
pub(super) fn no_cast(cast: &str) -> ServiceError {
    ServiceError::odata(format!(
        "The type '{cast}' is not a type that attributes can be cast to; ask for one type at a time."
    ))
}
