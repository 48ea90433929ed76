//! What a service says of the person who asks and of the organization, kept so that queries mean the same without a network:
//! business unit, language, time zone, teams, the people below, the fiscal calendar.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use syncline_dataverse::DataverseConnector;
use syncline_fetchxml::{Fiscal, FiscalPeriods};
use syncline_model::Connection;
use syncline_store::AskerFacts;
use tokio_util::sync::CancellationToken;

use super::cached::facts_key;
use super::zones::iana;
use crate::app::App;
use crate::links::Link;

/// Teams, managers and settings change seldom.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// With more people below, operators that need them are left to the service.
const MOST_PEOPLE: usize = 400;

/// Requests that it takes, descriptions included.
const REQUESTS: u64 = 48;

/// Requests that the next pull takes for it: none when it was asked today.
pub(super) async fn requests(app: &App, connection: &Connection, link: &Link) -> u64 {
    match link {
        Link::Dataverse { .. } if due(app, connection).await => REQUESTS,
        Link::Dataverse { .. } | Link::Insider(_) | Link::Tables(_) | Link::Sql(_) => 0,
    }
}

fn learned_key(connection: &Connection) -> String {
    format!("asker learned/{}", connection.id)
}

async fn due(app: &App, connection: &Connection) -> bool {
    let key = learned_key(connection);
    let before = app.with_store(move |store| store.kept(&key)).await.ok().flatten();
    let before = before.as_ref().and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
    before.is_none_or(|before| Timestamp::now().duration_since(before) >= FRESH)
}

/// Asks once a day. What can't be read stays unknown: a pull that went well does not fail for it.
pub(super) async fn learn(app: &App, connection: &Connection, link: &Link) {
    let Link::Dataverse { connector, .. } = link else { return };
    if !due(app, connection).await {
        return;
    }
    let (facts_at, learned_at) = (facts_key(connection), learned_key(connection));
    let now = Timestamp::now();
    let facts = Box::pin(ask(connector)).await;
    let id = connection.id;
    let Ok(facts) = serde_json::to_value(facts) else { return };
    let kept = app
        .with_store(move |store| {
            store.keep(&facts_at, Some(id), &facts, now)?;
            store.keep(&learned_at, Some(id), &Value::String(now.to_string()), now)
        })
        .await;
    if let Err(error) = kept {
        tracing::warn!(%error, "what is known of the user could not be kept");
    }
}

async fn ask(connector: &DataverseConnector) -> AskerFacts {
    let mut facts = AskerFacts::default();
    let me = "<filter><condition attribute='systemuserid' operator='eq-userid'/></filter>";
    if let Some(user) = one(connector, "systemuser", &["systemuserid", "businessunitid"], me).await {
        facts.user_id = text(&user, "systemuserid");
        facts.business_unit_id = text(&user, "_businessunitid_value");
    }
    if let Some(settings) = one(connector, "usersettings", &["uilanguageid", "timezonecode"], me).await {
        facts.language = settings["uilanguageid"].as_i64();
        facts.time_zone = settings["timezonecode"].as_i64().and_then(iana).map(str::to_owned);
    }
    facts.teams = ids(connector, "team", "teamid", &members(me)).await;
    let below = "<filter><condition attribute='systemuserid' operator='eq-useroruserhierarchy'/></filter>";
    let people = ids(connector, "systemuser", "systemuserid", below).await;
    facts.subordinates = people.map(|people| {
        people.into_iter().filter(|person| Some(person) != facts.user_id.as_ref()).collect::<Vec<_>>()
    });
    facts.subordinate_teams = match facts.subordinates.as_deref() {
        Some([]) => Some(Vec::new()),
        Some(people) if people.len() <= MOST_PEOPLE => {
            let values: String = people.iter().map(|person| format!("<value>{person}</value>")).collect();
            let filter = format!(
                "<filter><condition attribute='systemuserid' operator='in'>{values}</condition></filter>"
            );
            ids(connector, "team", "teamid", &members(&filter)).await
        }
        Some(_) | None => None,
    };
    let columns = ["fiscalcalendarstart", "fiscalperiodtype", "fiscalyeardisplaycode"];
    facts.fiscal = one(connector, "organization", &columns, "").await.as_ref().and_then(fiscal);
    facts
}

/// The organization's settings: the first day of the fiscal year, how it is divided (2000 annual to 2004 four-weekly), and whether it
/// is named for the year in which it ends (2).
fn fiscal(organization: &Value) -> Option<Fiscal> {
    let start: jiff::civil::Date = organization["fiscalcalendarstart"].as_str()?.get(..10)?.parse().ok()?;
    Some(Fiscal {
        month: start.month(),
        day: start.day(),
        periods: FiscalPeriods::from_code(organization["fiscalperiodtype"].as_i64()?)?,
        named_by_end: organization["fiscalyeardisplaycode"].as_i64() == Some(2),
    })
}

/// The teams of the people that a filter finds.
fn members(filter: &str) -> String {
    format!(
        "<link-entity name='teammembership' from='teamid' to='teamid' intersect='true'>{filter}</link-entity>"
    )
}

fn text(row: &Value, name: &str) -> Option<String> {
    row[name].as_str().map(str::to_lowercase)
}

async fn one(connector: &DataverseConnector, entity: &str, columns: &[&str], filter: &str) -> Option<Value> {
    rows(connector, entity, columns, filter).await?.into_iter().next()
}

async fn ids(
    connector: &DataverseConnector,
    entity: &str,
    column: &str,
    filter: &str,
) -> Option<Vec<String>> {
    let lookup = format!("_{column}_value");
    let rows = rows(connector, entity, &[column], filter).await?;
    let mut found: Vec<String> =
        rows.iter().filter_map(|row| text(row, column).or_else(|| text(row, &lookup))).collect();
    found.sort();
    found.dedup();
    Some(found)
}

async fn rows(
    connector: &DataverseConnector,
    entity: &str,
    columns: &[&str],
    filter: &str,
) -> Option<Vec<Value>> {
    let attributes: String = columns.iter().map(|name| format!("<attribute name='{name}'/>")).collect();
    let document = format!("<fetch><entity name='{entity}'>{attributes}{filter}</entity></fetch>");
    let (rows, next) = connector.fetch_document(&document, None, &CancellationToken::new()).await.ok()?;
    // A list that is cut off would be a wrong one.
    next.is_none().then_some(())?;
    rows.iter().map(|row| serde_json::from_str(row.get()).ok()).collect()
}
