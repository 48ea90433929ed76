//! Definitions to start from: contacts, accounts, leads, opportunities and orders, to the marketing platform and to another environment.

use std::collections::BTreeMap;
use syncline_model::{
    ColumnName, ConnectionName, DestinationSection, EntityName, EventName, EventSection, EventTimestamp,
    FetchMode, FetchSection, FieldMapping, FixedValue, IdentifierMapping, OnDuplicate, ParameterMapping,
    PhoneSection, SourceSection, SyncDefinition, Value,
};

/// The marketing platform's one entity.
const PROFILE: &str = "profile";
const ACTIVE: &str = "<condition attribute='statecode' operator='eq' value='0' />";
const NOT_CANCELLED: &str = "<condition attribute='statecode' operator='ne' value='2' />";

/// What tells starters apart; the rest is made of it.
struct Starter {
    title: &'static str,
    entity: &'static str,
    target: &'static str,
    filter: Option<&'static str>,
    identifiers: Vec<IdentifierMapping>,
    fields: Vec<FieldMapping>,
    events: Option<EventSection>,
}

/// Names of the starter definitions.
pub fn starters() -> &'static [&'static str] {
    &[
        "contact-to-insider",
        "account-to-insider",
        "lead-to-insider",
        "opportunity-to-insider",
        "order-to-insider",
        "contact-to-contact",
        "account-to-account",
        "lead-to-lead",
        "opportunity-to-opportunity",
        "order-to-order",
    ]
}

fn pair(to: &str, from: &str) -> FieldMapping {
    FieldMapping::new(to, from)
}

fn label(to: &str, from: &str) -> FieldMapping {
    FieldMapping { label: true, ..pair(to, from) }
}

fn opposite(to: &str, from: &str) -> FieldMapping {
    FieldMapping { invert: true, ..pair(to, from) }
}

fn identifier(to: &str, from: &str) -> IdentifierMapping {
    IdentifierMapping::new(to, from)
}

fn parameter(to: &str, from: &str) -> ParameterMapping {
    ParameterMapping { to: to.to_owned(), from: from.into(), label: false }
}

fn same(columns: &[&str]) -> Vec<FieldMapping> {
    columns.iter().map(|column| pair(column, column)).collect()
}

/// The customer of an opportunity or order, an account or a contact.
fn customer() -> Vec<IdentifierMapping> {
    vec![identifier("email", "customerid.emailaddress1"), identifier("uuid", "customerid")]
}

/// Rows of a table to the same table of another environment, recognised by their id.
fn copy(
    title: &'static str,
    entity: &'static str,
    id: &str,
    filter: Option<&'static str>,
    columns: &[&str],
) -> Starter {
    Starter {
        title,
        entity,
        target: entity,
        filter,
        identifiers: vec![identifier(id, id)],
        fields: same(columns),
        events: None,
    }
}

fn profiles(
    title: &'static str,
    entity: &'static str,
    identifiers: Vec<IdentifierMapping>,
    fields: Vec<FieldMapping>,
) -> Starter {
    Starter { title, entity, target: PROFILE, filter: Some(ACTIVE), identifiers, fields, events: None }
}

/// What an opportunity does, as an event of its customer: named by its state.
fn opportunity_event() -> EventSection {
    let names = [("0", "opportunity_open"), ("1", "opportunity_won"), ("2", "opportunity_lost")];
    EventSection {
        name: EventName {
            fixed: None,
            from: Some("statecode".into()),
            map: names.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect(),
        },
        timestamp: EventTimestamp::Column { from: "modifiedon".into() },
        parameters: vec![
            parameter("name", "name"),
            parameter("event_group_id", "opportunityid"),
            parameter("estimated_value", "estimatedvalue"),
            parameter("currency", "transactioncurrencyid.isocurrencycode"),
        ],
        fixed: Vec::new(),
    }
}

/// An order as a purchase of its customer (Insider One upsert, events: what a purchase needs).
fn purchase() -> EventSection {
    EventSection {
        name: EventName { fixed: Some("purchase".to_owned()), from: None, map: BTreeMap::new() },
        timestamp: EventTimestamp::Column { from: "createdon".into() },
        parameters: vec![
            parameter("event_group_id", "ordernumber"),
            parameter("name", "name"),
            parameter("unit_sale_price", "totalamount"),
            parameter("currency", "transactioncurrencyid.isocurrencycode"),
        ],
        fixed: vec![FixedValue { to: "quantity".to_owned(), value: Value::Integer(1) }],
    }
}

fn find(name: &str) -> Option<Starter> {
    Some(match name {
        "contact-to-insider" => profiles(
            "Contacts to marketing",
            "contact",
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
                opposite("email_optin", "donotbulkemail"),
            ],
        ),
        "account-to-insider" => profiles(
            "Accounts to marketing",
            "account",
            vec![identifier("email", "emailaddress1"), identifier("uuid", "accountid")],
            vec![
                pair("name", "name"),
                pair("city", "address1_city"),
                opposite("email_optin", "donotbulkemail"),
            ],
        ),
        "lead-to-insider" => profiles(
            "Leads to marketing",
            "lead",
            vec![
                identifier("email", "emailaddress1"),
                identifier("phone_number", "mobilephone"),
                identifier("uuid", "leadid"),
            ],
            vec![
                pair("name", "firstname"),
                pair("surname", "lastname"),
                pair("company", "companyname"),
                label("lead_source", "leadsourcecode"),
                label("lead_rating", "leadqualitycode"),
            ],
        ),
        "opportunity-to-insider" => Starter {
            title: "Opportunities to marketing, as events of their customers",
            entity: "opportunity",
            target: PROFILE,
            filter: None,
            identifiers: customer(),
            fields: Vec::new(),
            events: Some(opportunity_event()),
        },
        "order-to-insider" => Starter {
            title: "Orders to marketing, as purchases of their customers",
            entity: "salesorder",
            target: PROFILE,
            filter: Some(NOT_CANCELLED),
            identifiers: customer(),
            fields: Vec::new(),
            events: Some(purchase()),
        },
        "contact-to-contact" => copy(
            "Contacts to contacts",
            "contact",
            "contactid",
            Some(ACTIVE),
            &[
                "firstname",
                "lastname",
                "emailaddress1",
                "telephone1",
                "mobilephone",
                "birthdate",
                "donotbulkemail",
            ],
        ),
        "account-to-account" => copy(
            "Accounts to accounts",
            "account",
            "accountid",
            Some(ACTIVE),
            &["name", "accountnumber", "emailaddress1", "telephone1", "websiteurl", "address1_city"],
        ),
        "lead-to-lead" => copy(
            "Leads to leads",
            "lead",
            "leadid",
            Some(ACTIVE),
            &[
                "subject",
                "firstname",
                "lastname",
                "companyname",
                "emailaddress1",
                "mobilephone",
                "leadsourcecode",
            ],
        ),
        "opportunity-to-opportunity" => copy(
            "Opportunities to opportunities",
            "opportunity",
            "opportunityid",
            Some(ACTIVE),
            &["name", "customerid", "estimatedvalue", "estimatedclosedate", "description"],
        ),
        "order-to-order" => copy(
            "Orders to orders",
            "salesorder",
            "salesorderid",
            Some(NOT_CANCELLED),
            &["name", "ordernumber", "customerid", "requestdeliveryby", "description"],
        ),
        _ => return None,
    })
}

/// A definition to start from, by its name in [`starters`]; the connections are the caller's.
pub fn starter(name: &str, source: ConnectionName, destination: ConnectionName) -> Option<SyncDefinition> {
    let Starter { title, entity, target, filter, identifiers, fields, events } = find(name)?;
    let international = || PhoneSection { international: true, country_code: None };
    let phone = identifiers.iter().any(|one| one.to == "phone_number").then(international);
    let mut definition = SyncDefinition {
        version: 1,
        name: title.to_owned(),
        source: SourceSection {
            connection: source,
            entity: Some(EntityName::from(entity)),
            list: None,
            columns: Vec::new(),
            filter: filter.map(str::to_owned),
            fetch: FetchSection { mode: FetchMode::NewAndUpdated, days: 0 },
            page_size: 500,
            timeout_ms: 60_000,
            retries: 3,
        },
        destination: DestinationSection { connection: destination, entity: EntityName::from(target) },
        identifiers,
        on_invalid_identifier: Default::default(),
        // A customer has several opportunities and orders; each is an event.
        on_duplicate: if events.is_some() { OnDuplicate::All } else { OnDuplicate::default() },
        fields,
        on_unknown_code: Default::default(),
        label_language: None,
        fixed: Vec::new(),
        phone,
        events,
        options: Default::default(),
        schedule: None,
        conflict: None,
        two_way: None,
    };
    let mut columns: Vec<ColumnName> = Vec::new();
    for name in definition.named_columns() {
        let read = name.related().map_or_else(|| name.clone(), |(lookup, _)| ColumnName::from(lookup));
        if !columns.contains(&read) {
            columns.push(read);
        }
    }
    definition.source.columns = columns;
    Some(definition)
}
