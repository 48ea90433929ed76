//! `queries.check` and `queries.code`: a query as a text, against the environment's metadata.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use syncline_dataverse::{ODataText, from_odata, to_odata};
use syncline_fetchxml::{Fetch, Finding, Metadata, Severity, TextSpan, entities_named, lint};
use syncline_model::{Connection, EntityName, EntitySchema, ErrorCode};

use super::cached::unreadable;
use super::metadata::Wanted;
use crate::app::App;
use crate::wire::{ApiError, QueryChecked, QueryCode, QueryFinding, QueryFix, QueryLanguage, QueryText};

/// Descriptions that a query needs at most; a longer list is a text gone wrong.
const MOST_ENTITIES: usize = 24;

/// What is known of an environment for one query.
pub(super) struct Known {
    pub(super) schemas: HashMap<String, EntitySchema>,
    entities: Vec<(String, String)>,
}

impl Metadata for Known {
    fn schema(&self, entity: &str) -> Option<&EntitySchema> {
        self.schemas.get(entity)
    }
    fn entities(&self) -> &[(String, String)] {
        &self.entities
    }
}

/// Descriptions of entities, as far as they are at hand or the service gives them; a name that is none is passed over.
pub(super) async fn known(app: &Arc<App>, connection: &Connection, names: &[String]) -> Known {
    let wanted = Wanted::new(None, None, None);
    let list = app.entities_of(connection, wanted).await;
    let entities: Vec<(String, String)> = match list {
        Ok(found) => found
            .value
            .into_iter()
            .map(|summary| (summary.logical_name.to_string(), summary.display_name))
            .collect(),
        Err(_) => vec![],
    };
    let mut schemas = HashMap::new();
    for name in names.iter().take(MOST_ENTITIES) {
        if entities.iter().any(|(known, _)| known == name)
            && let Ok(found) = app.description_of(connection, &EntityName::new(name.as_str()), wanted).await
        {
            schemas.insert(name.clone(), found.value);
        }
    }
    Known { schemas, entities }
}

/// The entity of an entity set, with the entities its query may lead to.
pub(super) async fn known_of_set(
    app: &Arc<App>,
    connection: &Connection,
    query: &ODataText,
) -> Result<(EntitySchema, Known), ApiError> {
    known_in_set(app, connection, &query.set, &query.to_text()).await
}

/// The same for a text that may not be finished.
pub(super) async fn known_in_set(
    app: &Arc<App>,
    connection: &Connection,
    set: &str,
    text: &str,
) -> Result<(EntitySchema, Known), ApiError> {
    let wanted = Wanted::new(None, None, None);
    let set = set.split(['(', '/']).next().unwrap_or_default();
    let list = app.entities_of(connection, wanted).await?;
    let summary = list.value.into_iter().find(|summary| summary.set_name == set).ok_or_else(|| {
        ApiError::new(ErrorCode::QueryInvalid, format!("the environment has no entity set {set:?}"))
            .hint("entity sets are plural and case-sensitive: contacts, opportunities")
    })?;
    let schema = app.description_of(connection, &summary.logical_name, wanted).await?.value;
    let mut names = vec![summary.logical_name.to_string()];
    for relationship in &schema.relationships {
        let navigation = relationship.navigation_property.as_deref().unwrap_or("\0");
        let other = relationship.other_entity.to_string();
        if text.contains(navigation) && !names.contains(&other) {
            names.push(other);
        }
    }
    let known = known(app, connection, &names).await;
    Ok((schema, known))
}

/// Turns byte offsets into UTF-16 units.
pub(super) struct Units<'a>(pub(super) &'a str);

impl Units<'_> {
    pub(super) fn of(&self, byte: usize) -> u32 {
        let units = self.0.get(..byte).map_or(0, |before| before.encode_utf16().count());
        u32::try_from(units).unwrap_or(u32::MAX)
    }
    pub(super) fn byte(&self, units: u32) -> usize {
        let mut left = units as usize;
        for (at, c) in self.0.char_indices() {
            if left == 0 {
                return at;
            }
            left = left.saturating_sub(c.len_utf16());
        }
        self.0.len()
    }
    fn place(&self, byte: usize) -> (u32, u32) {
        let before = self.0.get(..byte).unwrap_or_default();
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (count(before.matches('\n').count() + 1), count(column + 1))
    }
}

fn finding(units: &Units<'_>, found: Finding) -> QueryFinding {
    let TextSpan { start, end } = found.span;
    let (line, column) = units.place(start);
    QueryFinding {
        code: found.code,
        message: found.message,
        hint: found.hint,
        warning: found.severity == Severity::Warning,
        from: units.of(start),
        to: units.of(end),
        line,
        column,
        fixes: found
            .fixes
            .into_iter()
            .map(|fix| QueryFix {
                label: fix.label,
                from: units.of(fix.span.start),
                to: units.of(fix.span.end),
                text: fix.text,
            })
            .collect(),
    }
}

fn whole(text: &str, code: &str, message: String, hint: Option<String>) -> QueryFinding {
    QueryFinding {
        code: code.to_owned(),
        message,
        hint,
        warning: code == "no_counterpart",
        from: 0,
        to: Units(text).of(text.len()),
        line: 1,
        column: 1,
        fixes: vec![],
    }
}

pub(crate) async fn check(app: &Arc<App>, request: QueryText) -> Result<QueryChecked, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let text = request.text.as_str();
    if request.language == QueryLanguage::OData {
        return Ok(check_odata(app, &connection, text).await);
    }
    let names = entities_named(text);
    let known = known(app, &connection, &names).await;
    let units = Units(text);
    let findings = lint(text, &known).into_iter().map(|found| finding(&units, found)).collect();
    Ok(QueryChecked { findings, entity: names.into_iter().next() })
}

async fn check_odata(app: &Arc<App>, connection: &Connection, text: &str) -> QueryChecked {
    let query = match ODataText::parse(text) {
        Ok(query) => query,
        Err(error) => {
            let findings = vec![whole(text, "odata_unreadable", error.message, error.hint)];
            return QueryChecked { findings, entity: None };
        }
    };
    match known_of_set(app, connection, &query).await {
        Err(error) => QueryChecked {
            findings: vec![whole(text, "odata_unreadable", error.message.clone(), error.hint.clone())],
            entity: None,
        },
        // What FetchXML can't say may still be sound OData; the service has the last word.
        Ok((schema, known)) => QueryChecked {
            findings: from_odata(&query, &schema, &known)
                .reasons
                .into_iter()
                .map(|reason| whole(text, "no_counterpart", reason, None))
                .collect(),
            entity: Some(schema.summary.logical_name.to_string()),
        },
    }
}

/// A URL in single quotes for a shell.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A request as a curl command, without the token.
pub(super) fn curl_of(method: &str, url: &str, headers: &BTreeMap<String, String>, body: &str) -> String {
    let mut lines = vec![
        format!("curl --request {method} {}", shell(url)),
        "--header \"Authorization: Bearer $TOKEN\"".to_owned(),
        "--header 'OData-Version: 4.0'".to_owned(),
        "--header 'OData-MaxVersion: 4.0'".to_owned(),
    ];
    lines.extend(
        headers.iter().map(|(name, value)| format!("--header {}", shell(&format!("{name}: {value}")))),
    );
    if !body.is_empty() {
        lines.push(format!("--data-raw {}", shell(body)));
    }
    lines.join(" \\\n  ")
}

fn curl(url: &str, page_size: Option<u32>) -> String {
    let size = page_size.map_or(String::new(), |size| format!("odata.maxpagesize={size},"));
    [
        format!("curl --request GET {}", shell(url)),
        "--header \"Authorization: Bearer $TOKEN\"".to_owned(),
        "--header 'Accept: application/json'".to_owned(),
        "--header 'OData-Version: 4.0'".to_owned(),
        "--header 'OData-MaxVersion: 4.0'".to_owned(),
        format!("--header 'Prefer: {size}odata.include-annotations=\"*\"'"),
    ]
    .join(" \\\n  ")
}

pub(crate) async fn code(app: &Arc<App>, request: QueryText) -> Result<QueryCode, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let link = app.link(&connection).await?;
    let connector = link.dataverse(&request.connection)?;
    match request.language {
        QueryLanguage::FetchXml => {
            let fetch = Fetch::parse(&request.text).map_err(|error| unreadable(&error))?;
            let known = known(app, &connection, &entities_named(&request.text)).await;
            let converted = to_odata(&fetch, &known);
            let url = known
                .schema(&fetch.entity.name)
                .map(|schema| connector.fetch_address(&schema.summary.set_name, &fetch.to_xml()));
            Ok(QueryCode {
                fetchxml: Some(request.text),
                odata: converted.query.map(|query| query.to_text()),
                reasons: converted.reasons,
                notes: converted.notes,
                curl: url.as_deref().map(|url| curl(url, None)),
                url,
            })
        }
        QueryLanguage::OData => {
            let query = ODataText::parse(&request.text)?;
            let (schema, known) = known_of_set(app, &connection, &query).await?;
            let converted = from_odata(&query, &schema, &known);
            let url = connector.odata_address(&query);
            Ok(QueryCode {
                fetchxml: converted.query.map(|fetch| fetch.to_pretty_xml()),
                odata: Some(request.text),
                reasons: converted.reasons,
                notes: converted.notes,
                curl: Some(curl(&url, None)),
                url: Some(url),
            })
        }
    }
}
