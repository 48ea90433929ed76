//! Which tables have CreateMultiple, UpdateMultiple and UpsertMultiple, and the set `sdkmessagefilters` that tells it ("Bulk operation
//! messages", availability). Elastic tables have DeleteMultiple too.
use super::environment::Environment;
use super::error::{Outcome, ServiceError};
use super::odata::options::Options;
use super::request::{ApiRequest, ApiResponse};
use super::store::Store;
use crate::data::Table;
use crate::data::ids::metadata_of;
use serde_json::{Map, Value as Json, json};
use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

/// The messages for rows in bulk.
pub(crate) const BULK: [&str; 3] = ["CreateMultiple", "UpdateMultiple", "UpsertMultiple"];

/// Tables that have them at the start.
const WITH: [Table; 8] = [
    Table::Account,
    Table::Contact,
    Table::Lead,
    Table::Opportunity,
    Table::Product,
    Table::Task,
    Table::Project,
    Table::ProjectMember,
];

/// Tables that differ from the start.
#[derive(Debug, Default)]
pub struct Messages {
    without: RwLock<HashSet<String>>,
    elastic: RwLock<HashSet<String>>,
}

impl Messages {
    /// These tables, by logical name, have no bulk messages from now on, beside those that never had.
    pub fn set_without(&self, tables: impl IntoIterator<Item = String>) {
        *self.without.write().unwrap_or_else(PoisonError::into_inner) = tables.into_iter().collect();
    }

    /// These tables, by logical name, are elastic from now on.
    pub fn set_elastic(&self, tables: impl IntoIterator<Item = String>) {
        *self.elastic.write().unwrap_or_else(PoisonError::into_inner) = tables.into_iter().collect();
    }

    pub(crate) fn elastic(&self, logical: &str) -> bool {
        self.elastic.read().unwrap_or_else(PoisonError::into_inner).contains(logical)
    }

    /// True when the table has the message.
    pub(crate) fn offers(&self, table: Table, logical: &str, message: &str) -> bool {
        let elastic = self.elastic(logical);
        match message {
            "DeleteMultiple" => elastic,
            other if BULK.contains(&other) => {
                (elastic || WITH.contains(&table))
                    && !self.without.read().unwrap_or_else(PoisonError::into_inner).contains(logical)
            }
            _ => false,
        }
    }
}

/// GET of `sdkmessagefilters`, with `$filter` over `primaryobjecttypecode` and `sdkmessageid/name`.
pub(crate) fn filters(
    environment: &Environment,
    store: &Store,
    request: &ApiRequest,
) -> Outcome<ApiResponse> {
    let options = Options::read(&request.query)?;
    let filter = options.filter.as_deref().unwrap_or_default();
    const COLUMNS: [&str; 3] = ["sdkmessagefilterid", "primaryobjecttypecode", "_sdkmessageid_value"];
    let selected = columns(&options, &COLUMNS, "sdkmessagefilter")?;
    let message_columns = message_columns(&options)?;
    Condition { text: filter }.checked()?;
    let mut rows = Vec::new();
    for entity in &store.schema.entities {
        for message in BULK.into_iter().chain(["DeleteMultiple"]) {
            let offered = environment.messages().offers(entity.table, entity.logical, message);
            let holds = filter.is_empty() || Condition { text: filter }.holds(entity.logical, message)?;
            if !offered || !holds {
                continue;
            }
            let mut row = Map::new();
            let id = metadata_of(&format!("{message}:{}", entity.logical));
            row.insert("sdkmessagefilterid".into(), json!(id));
            row.insert("primaryobjecttypecode".into(), json!(entity.logical));
            row.insert("_sdkmessageid_value".into(), json!(metadata_of(message)));
            row.retain(|name, _| {
                name == "sdkmessagefilterid" || selected.as_ref().is_none_or(|wanted| wanted.contains(name))
            });
            if let Some(wanted) = &message_columns {
                let mut of = Map::from_iter([
                    ("sdkmessageid".to_owned(), json!(metadata_of(message))),
                    ("name".to_owned(), json!(message)),
                ]);
                of.retain(|name, _| {
                    name == "sdkmessageid" || wanted.as_ref().is_none_or(|wanted| wanted.contains(name))
                });
                row.insert("sdkmessageid".into(), Json::Object(of));
            }
            rows.push(Json::Object(row));
        }
    }
    rows.truncate(options.top.unwrap_or(usize::MAX));
    let context = format!("{}/$metadata#sdkmessagefilters", request.service_root);
    Ok(ApiResponse::value(200, &json!({ "@odata.context": context, "value": rows })))
}

/// What `$select` names, all of it known; `None` without it.
fn columns(options: &Options, known: &[&str], table: &str) -> Outcome<Option<Vec<String>>> {
    let Some(list) = &options.select else { return Ok(None) };
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    let checked = names.map(|name| match known.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(ServiceError::no_property(name, table)),
    });
    checked.collect::<Outcome<Vec<_>>>().map(Some)
}

/// The columns of the message where it is expanded: outside `None` where it is not, inside `None` for all.
fn message_columns(options: &Options) -> Outcome<Option<Option<Vec<String>>>> {
    let mut out = None;
    for (name, inside) in options.expansions()? {
        if name != "sdkmessageid" {
            return Err(ServiceError::no_property(&name, "sdkmessagefilter"));
        }
        out = Some(columns(&inside, &["sdkmessageid", "name"], "sdkmessage")?);
    }
    Ok(out)
}

/// A condition of `eq`, `and`, `or` and parentheses; all that these rows are asked with.
struct Condition<'a> {
    text: &'a str,
}

impl<'a> Condition<'a> {
    /// Refuses what is no condition, whatever rows there are.
    fn checked(self) -> Outcome<()> {
        if self.text.is_empty() { Ok(()) } else { self.holds("", "").map(drop) }
    }

    fn holds(mut self, table: &str, message: &str) -> Outcome<bool> {
        let held = self.any(table, message)?;
        match self.text.trim() {
            "" => Ok(held),
            rest => Err(refused(rest)),
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let rest = self.text.trim_start().strip_prefix(word);
        let ends = rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()));
        if let (Some(rest), true) = (rest, ends || word == "(" || word == ")") {
            self.text = rest;
            return true;
        }
        false
    }

    fn any(&mut self, table: &str, message: &str) -> Outcome<bool> {
        let mut held = self.every(table, message)?;
        while self.word("or") {
            held |= self.every(table, message)?;
        }
        Ok(held)
    }

    fn every(&mut self, table: &str, message: &str) -> Outcome<bool> {
        let mut held = self.one(table, message)?;
        while self.word("and") {
            held &= self.one(table, message)?;
        }
        Ok(held)
    }

    fn one(&mut self, table: &str, message: &str) -> Outcome<bool> {
        if self.word("(") {
            let held = self.any(table, message)?;
            return if self.word(")") { Ok(held) } else { Err(refused(self.text)) };
        }
        let actual = if self.word("sdkmessageid/name") {
            message
        } else if self.word("primaryobjecttypecode") {
            table
        } else {
            return Err(refused(self.text));
        };
        if !self.word("eq") {
            return Err(refused(self.text));
        }
        let quoted = self.text.trim_start().strip_prefix('\'').and_then(|rest| rest.split_once('\''));
        let Some((wanted, rest)) = quoted else { return Err(refused(self.text)) };
        self.text = rest;
        Ok(wanted.eq_ignore_ascii_case(actual))
    }
}

fn refused(rest: &str) -> ServiceError {
    ServiceError::odata(format!("The filter of sdkmessagefilters is not understood at '{}'.", rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_or_not() {
        let text = "primaryobjecttypecode eq 'account' and (sdkmessageid/name eq 'CreateMultiple' or sdkmessageid/name eq 'X')";
        let holds = |table, message| Condition { text }.holds(table, message).unwrap();
        assert!(holds("account", "CreateMultiple"));
        assert!(!holds("account", "UpdateMultiple"));
        assert!(!holds("lead", "CreateMultiple"));
        for broken in
            ["x", "sdkmessageid/name eq", "(sdkmessageid/name eq 'a'", "sdkmessageid/name eq 'a' 'b'"]
        {
            assert!(Condition { text: broken }.holds("account", "a").is_err(), "{broken}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_filter_is_read_or_refused(text in "(sdkmessageid/name|primaryobjecttypecode| eq | and | or |\\(|\\)|'a'|\\PC){0,20}") {
            let _ = Condition { text: &text }.holds("account", "CreateMultiple");
        }
    }
}
