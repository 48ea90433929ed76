//! `statistics.*`: how the columns of an entity are filled, counted in the store or by the service.

use std::sync::Arc;
use syncline_connect::{Selection, Source};
use syncline_dataverse::{COLUMNS_A_REQUEST, SAMPLE, over_the_limit};
use syncline_model::{Column, ColumnStatistics, Connection, EntityName, EntitySchema, ErrorCode};

use crate::app::App;
use crate::jobs::JobHandle;
use crate::wire::{
    ApiError, DataMode, EntityRef, EntityStatistics, JobKind, JobStarted, StatisticsKept, StatisticsMode,
    StatisticsStart, Tag,
};

fn part(entity: &str) -> String {
    format!("statistics/{entity}")
}

/// The last count, as it was kept.
pub(crate) async fn kept(app: &Arc<App>, request: EntityRef) -> Result<StatisticsKept, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let name = part(&request.entity);
    let kept = app.with_store(move |store| store.metadata_part(connection.id, &name)).await?;
    Ok(StatisticsKept { statistics: kept.map(|(statistics, _)| statistics) })
}

pub(crate) async fn start(app: &Arc<App>, request: StatisticsStart) -> Result<JobStarted, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let entity = EntityName::new(request.entity.as_str());
    let schema = match request.mode {
        DataMode::Live => app.schema_of(&connection, &entity, false).await?.0,
        DataMode::Cached => app.schema_kept(&connection, &entity).await?,
    };
    let asked = asked(&schema, request.columns.as_deref())?;
    let root = Arc::clone(app);
    let title = format!("counting the columns of {}", request.entity);
    let name = request.connection.clone();
    let job =
        app.start_job(JobKind::Statistics, title, &name, vec![Tag::Statistics], move |handle| async move {
            let found = match request.mode {
                DataMode::Cached => cached(&root, &connection, &schema, &asked, &handle).await?,
                DataMode::Live => live(&root, &connection, &schema, &asked, &handle).await?,
            };
            let (id, name, saved) = (connection.id, part(&request.entity), found.clone());
            root.with_store(move |store| store.save_metadata_part(id, &name, &saved, jiff::Timestamp::now()))
                .await?;
            serde_json::to_value(found).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
        });
    Ok(JobStarted { job })
}

/// The columns that are counted: the asked ones, or all that can be read.
fn asked(schema: &EntitySchema, names: Option<&[String]>) -> Result<Vec<Column>, ApiError> {
    let Some(names) = names.filter(|names| !names.is_empty()) else {
        return Ok(schema.columns.iter().filter(|column| column.readable).cloned().collect());
    };
    names
        .iter()
        .map(|name| {
            schema.column(name.trim()).cloned().ok_or_else(|| {
                ApiError::new(
                    ErrorCode::QueryInvalid,
                    format!("{} has no column {}", schema.summary.logical_name, name.trim()),
                )
                .hint("use the logical names that the description of the entity lists")
            })
        })
        .collect()
}

async fn cached(
    app: &Arc<App>,
    connection: &Connection,
    schema: &EntitySchema,
    columns: &[Column],
    handle: &JobHandle,
) -> Result<EntityStatistics, ApiError> {
    let (id, entity) = (connection.id, schema.summary.logical_name.clone());
    let wanted = entity.clone();
    let pulled = app
        .with_store(move |store| store.cached(Some(id)))
        .await?
        .into_iter()
        .find(|one| one.entity == wanted)
        .ok_or_else(|| {
            ApiError::new(ErrorCode::NotFound, format!("{wanted} was not pulled"))
                .hint("pull it first, or count live")
        })?;
    let total = columns.len() as u64;
    let mut found = Vec::with_capacity(columns.len());
    for column in columns {
        if handle.cancel().is_cancelled() {
            break;
        }
        handle.progress("counting", found.len() as u64, Some(total));
        let (entity, name) = (entity.clone(), column.logical_name.clone());
        let counted = app.with_store(move |store| store.column_statistics(id, &entity, &name)).await?;
        let name = column.logical_name.clone();
        found.push(counted.unwrap_or_else(|| ColumnStatistics::uncounted(name, "the column was not pulled")));
    }
    handle.progress("counting", found.len() as u64, Some(total));
    Ok(EntityStatistics {
        entity: entity.to_string(),
        mode: StatisticsMode::Cached,
        as_of: pulled.pulled_at.unwrap_or_else(jiff::Timestamp::now).to_string(),
        records: pulled.records,
        sampled: false,
        stopped: found.len() < columns.len(),
        columns: found,
    })
}

async fn live(
    app: &Arc<App>,
    connection: &Connection,
    schema: &EntitySchema,
    columns: &[Column],
    handle: &JobHandle,
) -> Result<EntityStatistics, ApiError> {
    let link = app.link(connection).await?;
    let connector = link.dataverse(connection.name.as_str())?;
    let total = columns.len() as u64;
    let (mut found, mut sampled): (Vec<ColumnStatistics>, bool) = (Vec::new(), false);
    for chunk in columns.chunks(COLUMNS_A_REQUEST) {
        if handle.cancel().is_cancelled() {
            break;
        }
        handle.progress(if sampled { "sampling" } else { "counting" }, found.len() as u64, Some(total));
        let chunk: Vec<&Column> = chunk.iter().collect();
        let counted = match sampled {
            true => connector.sample_columns(schema, &chunk, handle.cancel()).await,
            false => match connector.count_columns(schema, &chunk, handle.cancel()).await {
                // Too many records to aggregate: a part of them is read in place of counting.
                Err(error) if over_the_limit(&error) => {
                    sampled = true;
                    connector.sample_columns(schema, &chunk, handle.cancel()).await
                }
                other => other,
            },
        };
        match counted {
            Ok(counted) => found.extend(counted),
            // What was counted until then is kept.
            Err(error) if error.code == ErrorCode::Cancelled && !found.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    handle.progress("counting", found.len() as u64, Some(total));
    let records = if sampled {
        let selection = Selection {
            entity: Some(schema.summary.logical_name.clone()),
            page_size: 1,
            ..Selection::default()
        };
        connector.count(&selection, handle.cancel()).await.map_or(SAMPLE, |count| count.value)
    } else {
        found.iter().map(|column| column.rows).max().unwrap_or(0)
    };
    Ok(EntityStatistics {
        entity: schema.summary.logical_name.to_string(),
        mode: StatisticsMode::Live,
        as_of: jiff::Timestamp::now().to_string(),
        records,
        sampled,
        stopped: found.len() < columns.len(),
        columns: found,
    })
}

impl App {
    /// A description for work without a network: the kept one, however old, else the service's.
    async fn schema_kept(
        self: &Arc<Self>,
        connection: &Connection,
        entity: &EntityName,
    ) -> Result<EntitySchema, ApiError> {
        let (id, name) = (connection.id, entity.clone());
        match self.with_store(move |store| store.schema(id, &name)).await? {
            Some((schema, _)) => Ok(schema),
            None => Ok(self.schema_of(connection, entity, false).await?.0),
        }
    }
}
