//! `connections.forget`, and what the window keeps under a connection's name: drafts, grid layouts, histories, the session.

use serde_json::{Map, Value};
use std::sync::{Arc, PoisonError};
use syncline_model::Connection;
use syncline_store::{KeptFate, Store, StoreError};

use crate::app::{App, run_blocking};
use crate::wire::{ApiError, ConnectionRef, Forgotten};

/// Under what the page's own values are kept: `state/<place>/<connection>/…`.
const STATE: &str = "state/";
/// Places whose values belong to a client, not to a connection.
const OF_CLIENTS: &[&str] = &["palette", "recent-searches"];

/// What is left of kept values when a connection goes.
struct Traces {
    id: String,
    /// In lower case.
    name: String,
    /// The client of the connection, when no other connection is that client's.
    client: Option<String>,
}

impl Traces {
    fn new(connection: &Connection, others: &[Connection]) -> Self {
        let client = |connection: &Connection| connection.client.clone().unwrap_or_default();
        let own = client(connection);
        let shared = others.iter().any(|other| other.id != connection.id && client(other) == own);
        Self {
            id: connection.id.to_string(),
            name: connection.name.as_str().to_lowercase(),
            client: (!shared).then_some(own),
        }
    }

    fn fate(&self, key: &str, value: &Value) -> KeptFate {
        if key.contains(&self.id) {
            return KeptFate::Goes;
        }
        let Some((place, rest)) = key.strip_prefix(STATE).map(|key| key.split_once('/').unwrap_or((key, "")))
        else {
            return KeptFate::Stays;
        };
        let goes = if OF_CLIENTS.contains(&place) {
            self.client.as_deref() == Some(rest)
        } else {
            behind(rest, &self.name).is_some()
        };
        if goes {
            return KeptFate::Goes;
        }
        let mut left = value.clone();
        if place == "session" && self.is_name(&value["connection"]) {
            left["connection"] = Value::Null;
            left["place"] = serde_json::json!({ "at": "home" });
        }
        self.strip(&mut left);
        if left == *value { KeptFate::Stays } else { KeptFate::Becomes(left) }
    }

    fn is_name(&self, value: &Value) -> bool {
        value.as_str().is_some_and(|text| text.to_lowercase() == self.name)
    }

    /// True for an item of a list that is of the connection: its name, `kind/name/…`, anything with its id, an object that names it.
    fn speaks_of(&self, item: &Value) -> bool {
        match item {
            Value::String(text) => {
                let text = text.to_lowercase();
                text == self.name
                    || text.contains(&self.id)
                    || text.split_once('/').is_some_and(|(_, rest)| behind(rest, &self.name).is_some())
            }
            Value::Object(members) => members.get("connection").is_some_and(|named| self.is_name(named)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
        }
    }

    fn strip(&self, value: &mut Value) {
        match value {
            Value::Array(items) => {
                items.retain(|item| !self.speaks_of(item));
                items.iter_mut().for_each(|item| self.strip(item));
            }
            Value::Object(members) => {
                let kept: Map<String, Value> = std::mem::take(members)
                    .into_iter()
                    .filter(|(key, _)| key.to_lowercase() != self.name && !key.contains(&self.id))
                    .collect();
                *members = kept;
                members.values_mut().for_each(|member| self.strip(member));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// What stands behind a connection's name (in lower case) at the beginning of the rest of a key. A name may hold a slash.
fn behind<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    let begins = rest.get(..name.len()).is_some_and(|begin| begin.to_lowercase() == name);
    let after = if begins { &rest[name.len()..] } else { return None };
    (after.is_empty() || after.starts_with('/')).then_some(after)
}

/// Moves what is kept under a connection's name to its new one.
pub(super) fn rename_kept(store: &Store, from: &str, to: &str) -> Result<(), StoreError> {
    let now = jiff::Timestamp::now();
    for (key, value) in store.kept_under(STATE)? {
        let Some((place, rest)) = key.strip_prefix(STATE).and_then(|key| key.split_once('/')) else {
            continue;
        };
        if OF_CLIENTS.contains(&place) {
            continue;
        }
        if let Some(after) = behind(rest, &from.to_lowercase()) {
            store.keep(&format!("{STATE}{place}/{to}{after}"), None, &value, now)?;
            if from != to {
                store.drop_kept(&key)?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn forget(app: &Arc<App>, request: ConnectionRef) -> Result<Forgotten, ApiError> {
    let connection = app.connection(&request.connection).await?;
    // Work under way would use what is to be forgotten.
    app.jobs().end_of(connection.name.as_str()).await;
    app.links.lock().await.remove(&connection.id);
    app.unlocked.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection.id);
    app.samples.forget(connection.id);
    let (vault, id) = (Arc::clone(&app.vault), connection.id);
    // Secrets first: if the store can't be wiped, at least nobody can sign in with them.
    let secrets = run_blocking(move || Ok(vault.forget(id)?)).await?;
    let url = connection.url.clone();
    let (counts, others) = app
        .with_store(move |store| {
            let traces = Traces::new(&connection, &store.connections()?);
            let counts = store.forget_with(id, &|key, value| traces.fate(key, value))?;
            Ok((counts, store.connections()?))
        })
        .await?;
    // What was exchanged with an authority can be anybody's, so only what is certainly another connection's stays.
    app.exchanges.retain(|exchange| {
        let goes_to = |url: &str| url.starts_with(&exchange.origin);
        !goes_to(&url) && others.iter().any(|other| goes_to(&other.url))
    });
    Ok(Forgotten {
        secrets,
        records: counts.records,
        entities: counts.entities,
        plans: counts.plans,
        runs: counts.runs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn traces() -> Traces {
        Traces { id: "1d0c".to_owned(), name: "contoso uat".to_owned(), client: Some("Contoso".to_owned()) }
    }

    #[test]
    fn what_is_kept_under_the_name_goes_and_what_only_resembles_it_stays() {
        for key in [
            "state/query/Contoso UAT/1",
            "state/favourites/contoso uat",
            "state/palette/Contoso",
            "learned/1d0c",
        ] {
            assert_eq!(traces().fate(key, &json!(1)), KeptFate::Goes, "{key}");
        }
        for key in
            ["state/query/contoso uat 2/1", "state/grid/other/contoso uat", "state/palette/x", "settings"]
        {
            assert_eq!(traces().fate(key, &json!({ "a": ["b"] })), KeptFate::Stays, "{key}");
        }
    }

    #[test]
    fn the_session_loses_its_tabs_and_the_palette_its_records() {
        let session = json!({ "connection": "Contoso UAT", "place": { "at": "query", "id": "1" },
            "tabs": { "Contoso UAT": [{ "at": "query", "id": "1" }], "other": [{ "at": "runs" }] } });
        let left =
            json!({ "connection": null, "place": { "at": "home" }, "tabs": { "other": [{ "at": "runs" }] } });
        assert_eq!(traces().fate("state/session", &session), KeptFate::Becomes(left));
        let recent = json!(["record/contoso uat/contact/7", "entity/1d0c/contact", "record/other/contact/7"]);
        assert_eq!(
            traces().fate("state/palette/x", &recent),
            KeptFate::Becomes(json!(["record/other/contact/7"]))
        );
    }
}
