//! `solutions.list`, and the entities of a solution.

use std::collections::HashSet;
use std::sync::Arc;
use syncline_dataverse::Solution;
use syncline_model::{Connection, EntityName, ErrorCode};
use tokio_util::sync::CancellationToken;

use super::metadata::{FRESH, KeptExtras};
use crate::app::App;
use crate::wire::{ApiError, SolutionView, SolutionsList};

const SOLUTIONS: &str = "solutions";

pub(crate) async fn list(app: &Arc<App>, request: SolutionsList) -> Result<Vec<SolutionView>, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let found = app.solutions_of(&connection, request.refresh.unwrap_or(false)).await?;
    Ok(found
        .into_iter()
        .map(|one| SolutionView {
            unique_name: one.unique_name,
            name: one.name,
            version: one.version,
            managed: one.managed,
        })
        .collect())
}

impl App {
    /// A part of the metadata: kept while fresh, else from the service; the kept one again when the service can't be asked.
    pub(super) async fn part<T, F>(
        &self,
        connection: &Connection,
        part: &str,
        refresh: bool,
        live: impl FnOnce() -> F,
    ) -> Result<T, ApiError>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Clone + Send + 'static,
        F: Future<Output = Result<T, ApiError>>,
    {
        let (id, name) = (connection.id, part.to_owned());
        let kept: Option<(T, jiff::Timestamp)> =
            self.with_store(move |store| store.metadata_part(id, &name)).await?;
        if let Some((value, at)) = &kept
            && !refresh
            && jiff::Timestamp::now().duration_since(*at) < FRESH
        {
            return Ok(value.clone());
        }
        match (live().await, kept) {
            (Ok(value), _) => {
                let (now, name, saved) = (jiff::Timestamp::now(), part.to_owned(), value.clone());
                self.with_store(move |store| store.save_metadata_part(id, &name, &saved, now)).await?;
                Ok(value)
            }
            (Err(error), Some((value, _))) if !refresh || error.code == ErrorCode::Unreachable => {
                tracing::debug!(%error, part, "the kept metadata stands in");
                Ok(value)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn solutions_of(&self, connection: &Connection, refresh: bool) -> Result<Vec<Solution>, ApiError> {
        self.part(connection, SOLUTIONS, refresh, || async {
            let link = self.link(connection).await?;
            link.dataverse(connection.name.as_str())?.solutions(&CancellationToken::new()).await
        })
        .await
    }

    /// Logical names of the entities in a solution, given by its unique or friendly name.
    pub(crate) async fn solution_members(
        &self,
        connection: &Connection,
        solution: &str,
        extras: &KeptExtras,
    ) -> Result<HashSet<EntityName>, ApiError> {
        let all = self.solutions_of(connection, false).await?;
        let found = all
            .iter()
            .find(|one| one.unique_name.eq_ignore_ascii_case(solution))
            .or_else(|| all.iter().find(|one| one.name == solution))
            .ok_or_else(|| {
                let names: Vec<&str> = all.iter().map(|one| one.unique_name.as_str()).take(12).collect();
                ApiError::new(
                    ErrorCode::NotFound,
                    format!("the environment has no visible solution {solution}"),
                )
                .hint(format!("solutions are {}", names.join(", ")))
            })?;
        let part = format!("{SOLUTIONS}/{}", found.id);
        let ids: HashSet<String> = self
            .part(connection, &part, false, || async {
                let link = self.link(connection).await?;
                let connector = link.dataverse(connection.name.as_str())?;
                connector.solution_entities(&found.id, &CancellationToken::new()).await
            })
            .await?
            .into_iter()
            .collect();
        Ok(extras
            .iter()
            .filter(|(_, extra)| extra.id.as_ref().is_some_and(|id| ids.contains(id)))
            .map(|(name, _)| name.clone())
            .collect())
    }
}
