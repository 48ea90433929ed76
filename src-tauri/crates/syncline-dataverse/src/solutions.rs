//! Solutions and the entities in them. Source: Dataverse, solution and solutioncomponent tables (component type 1 is an entity).

use serde::{Deserialize, Serialize};
use syncline_model::SynclineError;
use syncline_odata::{QueryOptions, guid};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::unreadable;

/// A solution that makers see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solution {
    /// Its id, lower case.
    pub id: String,
    /// Unique name; `Default` is the one that holds everything.
    pub unique_name: String,
    /// Friendly name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Came as a managed solution.
    pub managed: bool,
}

#[derive(Deserialize)]
struct WireSolution {
    solutionid: String,
    uniquename: String,
    friendlyname: Option<String>,
    version: Option<String>,
    ismanaged: Option<bool>,
}

#[derive(Deserialize)]
struct WireComponent {
    objectid: Option<String>,
}

impl DataverseConnector {
    /// Every visible solution, by friendly name.
    pub async fn solutions(&self, cancel: &CancellationToken) -> Result<Vec<Solution>, SynclineError> {
        let query = QueryOptions::new()
            .select(&["solutionid", "uniquename", "friendlyname", "version", "ismanaged"])
            .filter("isvisible eq true")
            .order_by("friendlyname,solutionid")
            .to_query();
        let path = format!("/solutions{query}");
        let wire: Vec<WireSolution> = self.every(&path, cancel).await?;
        Ok(wire
            .into_iter()
            .map(|one| Solution {
                id: one.solutionid.to_lowercase(),
                name: one
                    .friendlyname
                    .filter(|name| !name.is_empty())
                    .unwrap_or_else(|| one.uniquename.clone()),
                unique_name: one.uniquename,
                version: one.version.unwrap_or_default(),
                managed: one.ismanaged.unwrap_or(false),
            })
            .collect())
    }

    /// Metadata ids of the entities in a solution, lower case.
    pub async fn solution_entities(
        &self,
        solution: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<String>, SynclineError> {
        let id = guid(solution).ok_or_else(|| unreadable("solutions", "a solution's id is no id"))?;
        let query = QueryOptions::new()
            .select(&["objectid"])
            .filter(format!("_solutionid_value eq {id} and componenttype eq 1"))
            .to_query();
        let path = format!("/solutioncomponents{query}");
        let wire: Vec<WireComponent> = self.every(&path, cancel).await?;
        Ok(wire.into_iter().filter_map(|one| one.objectid).map(|id| id.to_lowercase()).collect())
    }

    /// All rows of a query, page after page.
    async fn every<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<T>, SynclineError> {
        let mut url = Some(self.api.url(path));
        let mut found = Vec::new();
        while let Some(link) = url {
            let prefer = ["odata.maxpagesize=5000".to_owned()];
            let (rows, next) =
                self.api
                    .page(&link, &prefer, cancel, |page, _| {
                        let mut rows = Vec::with_capacity(page.value.len());
                        for raw in &page.value {
                            rows.push(serde_json::from_str(raw.get()).map_err(|error| {
                                unreadable(path, &format!("a row lacks a column: {error}"))
                            })?);
                        }
                        Ok((rows, page.next_link.as_deref().map(str::to_owned)))
                    })
                    .await?;
            found.extend::<Vec<T>>(rows);
            if let Some(next) = &next {
                self.api.own_link(next)?;
            }
            url = next;
        }
        Ok(found)
    }
}
