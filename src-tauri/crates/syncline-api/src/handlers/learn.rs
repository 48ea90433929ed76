//! What a service says of the person who asks and of the organization, kept so that queries mean the same without a network:
//! business unit, language, time zone, teams, the people below, the fiscal calendar.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use syncline_dataverse::DataverseConnector;
use syncline_fetchxml::{Fiscal, FiscalPeriods};
use syncline_model::{Connection, EntityName};
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

/// The entities that it reads.
const ENTITIES: [&str; 4] = ["systemuser", "usersettings", "team", "organization"];

/// Requests that it takes: the names of the entities, five questions, and the teams of the people below.
const REQUESTS: u64 = 7;

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

/// Asks once a day, beside a pull's pages. What can't be read stays unknown: no pull fails for it.
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
    let entities = ENTITIES.map(EntityName::new);
    if let Err(error) = connector.learn_names(&entities, &CancellationToken::new()).await {
        // Each question asks for what it needs.
        tracing::debug!(%error, "the names of the entities about users are not known");
    }
    let me = "<filter><condition attribute='systemuserid' operator='eq-userid'/></filter>";
    let below = "<filter><condition attribute='systemuserid' operator='eq-useroruserhierarchy'/></filter>";
    let fiscal_columns = ["fiscalcalendarstart", "fiscalperiodtype", "fiscalyeardisplaycode"];
    let my_teams = members(me);
    let (user, settings, teams, people, organization) = tokio::join!(
        one(connector, "systemuser", &["systemuserid", "businessunitid"], me),
        one(connector, "usersettings", &["uilanguageid", "timezonecode"], me),
        ids(connector, "team", "teamid", &my_teams),
        ids(connector, "systemuser", "systemuserid", below),
        one(connector, "organization", &fiscal_columns, ""),
    );
    let user_id = user.as_ref().and_then(|user| text(user, "systemuserid"));
    let settings = settings.unwrap_or_default();
    let subordinates = people.map(|people| {
        people.into_iter().filter(|person| Some(person) != user_id.as_ref()).collect::<Vec<_>>()
    });
    let subordinate_teams = match subordinates.as_deref() {
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
    AskerFacts {
        user_id,
        business_unit_id: user.as_ref().and_then(|user| text(user, "_businessunitid_value")),
        language: settings["uilanguageid"].as_i64(),
        time_zone: settings["timezonecode"].as_i64().and_then(iana).map(str::to_owned),
        teams,
        subordinates,
        subordinate_teams,
        fiscal: organization.as_ref().and_then(fiscal),
    }
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
