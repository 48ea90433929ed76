//! No input makes the parsers panic.
use super::parse::parse;
use crate::data::Table;
use crate::data::entities::schema;
use crate::dataverse::odata::filter::Setting;
use crate::dataverse::odata::filter::filter;
use proptest::prelude::*;

proptest! {
    #[test]
    fn parsers_never_panic(text: String, piece in "[a-z'()/<>=\", :0-9\\[\\]_%.-]{0,60}") {
        let schema = schema();
        let setting = Setting { schema: &schema, now: 0, user: uuid::Uuid::nil(), unit: uuid::Uuid::nil(), hidden: 0, store: None };
        let _ = parse(setting, &text);
        let _ = parse(setting, &format!("<fetch><entity name='contact'>{piece}</entity></fetch>"));
        let _ = filter(setting, Table::Contact, &text);
        let _ = filter(setting, Table::Contact, &piece);
        let _ = filter(setting, Table::Contact, &format!("lastname eq {piece}"));
        let _ = filter(setting, Table::Contact, &format!("Microsoft.Dynamics.CRM.{piece}"));
        let _ = crate::dataverse::path::segments(&piece);
        let _ = crate::dataverse::odata::options::Options::read(&piece);
        let _ = crate::dataverse::read::read_cookie(&text);
    }

    #[test]
    fn any_operator_with_any_value_is_an_answer_or_an_error(
        operator in "(last|next|olderthan)-x-(days|months|years|fiscal-years)|on|in-fiscal-year|in-fiscal-period-and-year|like|between",
        value: i64,
    ) {
        let schema = schema();
        let setting = Setting { schema: &schema, now: 1_700_000_000, user: uuid::Uuid::nil(), unit: uuid::Uuid::nil(), hidden: 0, store: None };
        let text = format!("<fetch><entity name='contact'><filter><condition attribute='createdon' operator='{operator}'><value>{value}</value><value>{value}</value></condition></filter></entity></fetch>");
        let _ = parse(setting, &text);
    }
}
