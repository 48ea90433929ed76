//! What definitions, plans and runs share: reading a definition, finding its two sides.

use std::sync::Arc;
use syncline_connect::{Order, Selection, Source, WriteOptions};
use syncline_mapping::{Related, find_tables, related_tables, with_related};
use syncline_model::{
    ColumnName, Connection, EntityName, EntitySchema, ErrorCode, FetchSection, OnDuplicate, Problem,
    SyncDefinition,
};
use syncline_store::{Store, StoreError};
use syncline_sync::{CachedSource, fetch_filter, watermark_key};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::database_rights;
use crate::app::App;
use crate::wire::{ApiError, Tag};

/// Both sides of a definition.
pub(crate) struct Sides {
    pub(crate) source: Connection,
    pub(crate) destination: Connection,
    /// With the columns of other records that the definition names.
    pub(crate) source_schema: EntitySchema,
    pub(crate) destination_schema: EntitySchema,
    /// Columns of the records that lookups of the source point at.
    pub(crate) related: Vec<Related>,
    /// The destination's tables in which lookups are found by a column.
    pub(crate) find_tables: Vec<EntitySchema>,
}

/// The definition in a text, or an error with all problems in its detail.
pub(crate) fn read(text: &str) -> Result<SyncDefinition, ApiError> {
    SyncDefinition::from_json(text).map_err(|problems| {
        let list: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
        let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        let mut error =
            ApiError::new(ErrorCode::DefinitionInvalid, format!("the definition can't be read: {first}"))
                .hint("syncline sync check FILE tells every problem with its place");
        error.detail = Some(list.join("\n"));
        error
    })
}

/// The text of a saved definition.
pub(crate) async fn saved_text(app: &Arc<App>, name: &str) -> Result<String, ApiError> {
    let wanted = name.to_owned();
    let stored = app.with_store(move |store| store.definition(&wanted)).await?;
    stored.map(|stored| stored.json).ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, format!("there is no definition {name}"))
            .hint("save it first, or name a file")
    })
}

/// How sure work has to be that descriptions are still true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Descriptions {
    /// As they were kept, up to twelve hours old.
    Kept,
    /// The services are asked whether anything changed: one request a side.
    Checked,
}

impl Descriptions {
    /// The version that a service's schema has now, where it matters.
    async fn version(self, app: &App, connection: Option<&Connection>) -> Option<String> {
        match self {
            Self::Kept => None,
            Self::Checked => app.schema_version(connection?).await,
        }
    }
}

/// Why a definition has not both sides.
pub(crate) struct Unfit {
    pub(crate) problems: Vec<Problem>,
    /// What a service said that does not answer, or not to this user.
    unreached: Option<ApiError>,
}

impl Unfit {
    /// The error of what needs both sides. Where nothing is wrong but that a service can't be asked, it is the service's: nobody is to look for it
    /// in the definition.
    pub(crate) fn into_error(self, of: impl FnOnce(Vec<Problem>) -> ApiError) -> ApiError {
        match self.unreached {
            Some(error) if self.problems.iter().all(|problem| UNREACHED.contains(&problem.code.as_str())) => {
                error
            }
            Some(_) | None => of(self.problems),
        }
    }

    fn unreached(&mut self, path: &str, code: &str, error: ApiError) {
        self.problems.push(problem(path, code, &error));
        self.unreached.get_or_insert(error);
    }
}

/// Codes of problems that a service made which could not be asked.
const UNREACHED: [&str; 2] = ["entity_unavailable", "list_unavailable"];

/// Finds connections and schemas. Problems of naming come as problems with their path.
pub(crate) async fn sides(
    app: &Arc<App>,
    definition: &SyncDefinition,
    descriptions: Descriptions,
) -> Result<Sides, Unfit> {
    let mut unfit = Unfit { problems: Vec::new(), unreached: None };
    let problems = &mut unfit.problems;
    let source = found(app, definition.source.connection.as_str(), "source.connection", problems).await;
    let destination =
        found(app, definition.destination.connection.as_str(), "destination.connection", problems).await;
    let entity = match (&definition.source.entity, &definition.source.list, &source) {
        (Some(entity), _, _) => Some(entity.clone()),
        (None, Some(list), Some(source)) => match list_of(app, source, list).await {
            Ok((_, entity)) => Some(entity),
            Err(error) if error.code == ErrorCode::NotFound => {
                problems.push(problem("source.list", "list_unknown", &error));
                None
            }
            Err(error) => {
                unfit.unreached("source.list", "list_unavailable", error);
                None
            }
        },
        (None, _, _) => {
            if definition.source.list.is_none() {
                unfit.problems.push(
                    Problem::new(
                        "source.entity",
                        "source_missing",
                        "neither an entity nor a marketing list is named",
                    )
                    .hint("name the entity to read"),
                );
            }
            None
        }
    };
    let (read_at, written_at) = tokio::join!(
        descriptions.version(app, source.as_ref()),
        descriptions.version(app, destination.as_ref()),
    );
    let (read_at, written_at) = (read_at.as_deref(), written_at.as_deref());
    let source_schema = match (&source, &entity) {
        (Some(source), Some(entity)) => {
            schema(app, source, entity, "source.entity", read_at, &mut unfit).await
        }
        _ => None,
    };
    let destination_schema = match &destination {
        Some(destination) => {
            schema(
                app,
                destination,
                &definition.destination.entity,
                "destination.entity",
                written_at,
                &mut unfit,
            )
            .await
        }
        None => None,
    };
    let destination_schema = match (&destination, destination_schema) {
        (Some(destination), Some(schema)) => {
            Some(database_rights::opened(app, destination, definition, schema, &mut unfit.problems).await)
        }
        (_, schema) => schema,
    };
    match (source, destination, source_schema, destination_schema) {
        (Some(source), Some(destination), Some(source_schema), Some(destination_schema))
            if unfit.problems.is_empty() =>
        {
            let tables = tables_of(app, &source, related_tables(definition, &source_schema), read_at).await;
            let (source_schema, related) = with_related(definition, &source_schema, &tables);
            let find_tables = find_tables(definition, &destination_schema);
            let find_tables = tables_of(app, &destination, find_tables, written_at).await;
            Ok(Sides { source, destination, source_schema, destination_schema, related, find_tables })
        }
        (source, destination, source_schema, destination_schema) => {
            let source_schema = match (&source, source_schema) {
                (Some(source), Some(schema)) => {
                    let tables = tables_of(app, source, related_tables(definition, &schema), read_at).await;
                    Some(with_related(definition, &schema, &tables).0)
                }
                (_, schema) => schema,
            };
            let written = destination.as_ref().zip(destination_schema.as_ref());
            let written = written.map(|(connection, schema)| (connection.system, schema));
            unfit.problems.extend(super::one_end::problems(definition, source_schema.as_ref(), written));
            Err(unfit)
        }
    }
}

fn problem(path: &str, code: &str, error: &ApiError) -> Problem {
    let problem = Problem::new(path, code, error.message.clone());
    match &error.hint {
        Some(hint) => problem.hint(hint.clone()),
        None => problem,
    }
}

async fn found(app: &Arc<App>, name: &str, path: &str, problems: &mut Vec<Problem>) -> Option<Connection> {
    match app.connection(name).await {
        Ok(connection) => Some(connection),
        Err(error) => {
            problems.push(problem(path, "connection_unknown", &error));
            None
        }
    }
}

async fn schema(
    app: &Arc<App>,
    connection: &Connection,
    entity: &EntityName,
    path: &str,
    version: Option<&str>,
    unfit: &mut Unfit,
) -> Option<EntitySchema> {
    match app.schema_at(connection, entity, version).await {
        Ok(schema) => return Some(schema),
        Err(error) if error.code == ErrorCode::NotFound => {
            unfit.problems.push(problem(path, "entity_unknown", &error));
        }
        Err(error) => unfit.unreached(path, "entity_unavailable", error),
    }
    None
}

/// Descriptions of tables beside the definition's own. One that can't be described is left out: what names its columns is told as a problem.
pub(crate) async fn tables_of(
    app: &Arc<App>,
    connection: &Connection,
    names: Vec<EntityName>,
    version: Option<&str>,
) -> Vec<EntitySchema> {
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        if let Ok(schema) = app.schema_at(connection, &name, version).await {
            tables.push(schema);
        }
    }
    tables
}

/// A source entity as it was kept, with the columns of other records that a definition names.
pub(crate) fn kept_source_schema(
    store: &Store,
    connection: Uuid,
    entity: &EntityName,
    definition: &SyncDefinition,
) -> Result<Option<EntitySchema>, StoreError> {
    let Some((schema, _)) = store.schema(connection, entity)? else { return Ok(None) };
    let mut tables = Vec::new();
    for name in related_tables(definition, &schema) {
        tables.extend(store.schema(connection, &name)?.map(|(table, _)| table));
    }
    Ok(Some(with_related(definition, &schema, &tables).0))
}

/// Id and member entity of a marketing list.
async fn list_of(
    app: &Arc<App>,
    connection: &Connection,
    list: &str,
) -> Result<(String, EntityName), ApiError> {
    let link = app.link(connection).await?;
    let found =
        link.dataverse(connection.name.as_str())?.marketing_list(list, &CancellationToken::new()).await?;
    Ok((found.id, found.member_entity))
}

/// Asks a side who it is before it is used: its light and the time of last use are set, and somebody else than the one who was verified is an
/// error.
pub(crate) async fn answered(app: &Arc<App>, connection: &Connection) -> Result<(), ApiError> {
    let link = app.link(connection).await?;
    match super::connections::verify(app, connection.clone(), &link, false).await?.error {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// After a sign-in that ended during the work: both sides are asked again, so that the light of the right one turns red at once.
pub(crate) async fn signed_out(app: &Arc<App>, sides: [&Connection; 2]) {
    for connection in sides {
        // The error that is told is the one that the work met.
        let _ = answered(app, connection).await;
    }
    app.jobs().invalidate(vec![Tag::Connections]);
}

/// The switches that a definition asks for.
pub(crate) fn write_options(definition: &SyncDefinition) -> WriteOptions {
    let options = &definition.options;
    WriteOptions {
        skip_hook: options.skip_hook,
        bypass_plugins: options.bypass_plugins,
        bypass_logic: options.bypass_logic,
        suppress_flows: options.suppress_flows,
        detect_duplicates: options.detect_duplicates,
        all_or_nothing: options.all_or_nothing,
    }
}

/// The source: the service, or the store.
pub(crate) async fn source(
    app: &Arc<App>,
    definition: &SyncDefinition,
    connection: &Connection,
    cached: bool,
) -> Result<Arc<dyn Source>, ApiError> {
    if cached {
        let identity = connection.identity.clone().unwrap_or_default();
        return Ok(Arc::new(CachedSource::new(
            app.store.clone(),
            connection.id,
            identity,
            Arc::new(jiff::Timestamp::now),
        )));
    }
    app.link_with(connection, definition).await?.source(connection.name.as_str())
}

/// What a definition reads now. `marks`: with the column by which the watermark moves.
pub(crate) async fn selection(
    app: &Arc<App>,
    definition: &SyncDefinition,
    sides: &Sides,
    top: Option<u64>,
    marks: bool,
) -> Result<Selection, ApiError> {
    let key = watermark_key(definition, sides.source.id, sides.destination.id);
    let kept = app.with_store(move |store| store.kept(&key)).await?;
    let watermark = kept.and_then(|value| value.as_str().and_then(|text| text.parse().ok()));
    // Who is in a list can't be told from when the record changed: members are read whole each run.
    let whole = FetchSection::default();
    let fetch = if definition.source.list.is_some() { &whole } else { &definition.source.fetch };
    let filter = fetch_filter(definition.source.filter.as_deref(), fetch, watermark, jiff::Timestamp::now())?;
    let mut columns = definition.source.columns.clone();
    let modified = ColumnName::new("modifiedon");
    let told = sides.source_schema.column(modified.as_str()).is_some_and(|column| column.readable);
    if marks && told && !columns.is_empty() && !columns.contains(&modified) {
        columns.push(modified);
    }
    let list = match &definition.source.list {
        Some(list) => Some(list_of(app, &sides.source, list).await?.0),
        None => None,
    };
    Ok(Selection {
        entity: Some(sides.source_schema.summary.logical_name.clone()),
        list,
        columns,
        filter,
        // So that of several records with the same identifiers the first is the one that was changed last.
        order: match definition.on_duplicate {
            OnDuplicate::Latest => vec![Order { column: "modifiedon".into(), descending: true }],
            OnDuplicate::First | OnDuplicate::None | OnDuplicate::All => Vec::new(),
        },
        page_size: definition.source.page_size,
        top,
    })
}
