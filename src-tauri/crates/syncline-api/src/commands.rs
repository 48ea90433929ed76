//! The one command list: name, request, response, the tags a reading provides and a change makes stale.
//!
//! Shells register nothing of their own; the UI's types are made from this list.

use std::pin::Pin;
use std::sync::Arc;

use crate::app::App;
use crate::handlers::*;
use crate::wire::*;

/// Hands the whole list to a macro: `name(handler): Request => Response, provides [Tag…], stales [Tag…];`
macro_rules! with_commands {
    ($callback:ident) => {
        $callback! {
            "app.about"(session::about): Empty => About, provides [Settings, Connections], stales [];
            "settings.get"(session::settings): Empty => Settings, provides [Settings], stales [];
            "settings.set"(session::set_settings): Settings => Settings, provides [], stales [Settings];
            "state.get"(session::state_get): KeyRef => KeyedValue, provides [], stales [];
            "state.set"(session::state_set): KeyedValue => Empty, provides [], stales [];

            "connections.list"(connections::list): Empty => Vec<ConnectionView>, provides [Connections], stales [];
            "connections.get"(connections::get): ConnectionRef => ConnectionView, provides [Connections], stales [];
            "connections.understand"(connections::understand): AddressText => AddressUnderstood, provides [], stales [];
            "connections.save"(connections::save): ConnectionSave => ConnectionView, provides [], stales [Connections];
            "connections.test"(connections::test): ConnectionRef => ConnectionTest, provides [], stales [Connections];
            "connections.forget"(forgetting::forget): ConnectionRef => Forgotten, provides [], stales [Connections, Cache, Metadata, Plans, Runs];
            "connections.unlock"(connections::unlock): Unlock => ConnectionView, provides [], stales [Connections];
            "connections.lock"(connections::lock): ConnectionRef => ConnectionView, provides [], stales [Connections];
            "connections.environments"(environments::environments): ConnectionRef => Vec<EnvironmentView>, provides [], stales [];
            "connections.budget"(costs::budget): ConnectionRef => Budget, provides [], stales [];
            "sign_in.start"(sign_in::start): SignInStart => SignInStarted, provides [], stales [Jobs];
            "sign_in.out"(sign_in::sign_out): ConnectionRef => ConnectionView, provides [], stales [Connections];
            "sample.start"(sample::start): Empty => SampleTenant, provides [], stales [Connections, Definitions];

            "entities.list"(entities::list): EntitiesList => EntitiesView, provides [Metadata, Cache], stales [];
            "entities.describe"(entities::describe): EntityRef => EntityDescription, provides [Metadata], stales [];
            "entities.access"(access::access): EntityRef => AccessView, provides [Metadata], stales [];
            "solutions.list"(solutions::list): SolutionsList => Vec<SolutionView>, provides [Metadata], stales [];
            "statistics.start"(statistics::start): StatisticsStart => JobStarted, provides [], stales [Jobs];
            "statistics.kept"(statistics::kept): EntityRef => StatisticsKept, provides [Statistics], stales [];
            "filters.operators"(entities::operators): Empty => Vec<FilterOperator>, provides [], stales [];
            "filters.check"(entities::check_filter): FilterCheck => DefinitionCheck, provides [], stales [];
            "records.query"(records::query): RecordsQuery => RecordsPage, provides [Cache], stales [];
            "records.fetch"(records::fetch): FetchQuery => FetchPage, provides [], stales [];
            "records.get"(record_named::get): RecordGet => RecordView, provides [Cache], stales [];
            "records.prepare"(record_edit::prepare): RecordWrite => RecordPrepared, provides [], stales [];
            "records.write"(records::write): RecordWrite => RecordWritten, provides [], stales [Cache];
            "records.export"(records::export): ExportStart => JobStarted, provides [], stales [Jobs];
            "cache.pull"(pulls::pull): PullStart => JobStarted, provides [], stales [Jobs];
            "cache.cost"(costs::pull): PullStart => PullCost, provides [Cache], stales [];
            "cache.pull_many"(pulls::pull_many): PullManyStart => JobStarted, provides [], stales [Jobs];
            "pulls.list"(pull_changes::list): PullsQuery => Vec<PullView>, provides [Cache], stales [];
            "pulls.changes"(pull_changes::changes): ChangesQuery => ChangesPage, provides [Cache], stales [];
            "pulls.export"(pull_changes::export): ChangesExport => JobStarted, provides [], stales [Jobs];
            "marks.list"(marks::list): MarksQuery => Vec<MarkView>, provides [Cache, Runs], stales [];
            "marks.set_back"(marks::set_back): MarkSetBack => MarkView, provides [], stales [Cache];
            "marks.forget"(marks::forget): MarkRef => Empty, provides [], stales [Cache];
            "lists.list"(lists::list): ConnectionRef => Vec<ListView>, provides [], stales [];
            "lists.count"(lists::count): ListRef => ListCount, provides [], stales [];
            "cache.list"(cache::list): Empty => Vec<CachedEntity>, provides [Cache], stales [];
            "cache.hash"(cache::hash): CacheHash => CacheHashed, provides [Cache], stales [];
            "cache.search"(cache::search): CacheSearch => SearchHits, provides [Cache], stales [];
            "cache.fetch"(cached::fetch): CacheFetch => CacheFetched, provides [Cache], stales [];
            "cache.sql"(sql::run): CacheSql => SqlTable, provides [Cache], stales [];
            "cache.sql_stop"(sql::stop): CacheSqlStop => Empty, provides [], stales [];
            "cache.sql_tables"(sql::tables): ConnectionRef => Vec<SqlEntityView>, provides [Cache], stales [];
            "cache.sql_export"(sql::export): SqlExport => JobStarted, provides [], stales [Jobs];
            "cache.facets"(sql::facets): FacetsAsk => FacetsView, provides [Cache], stales [];

            "queries.check"(query_texts::check): QueryText => QueryChecked, provides [Metadata], stales [];
            "queries.complete"(query_complete::complete): QueryAt => QueryOffers, provides [Metadata], stales [];
            "queries.code"(query_texts::code): QueryText => QueryCode, provides [Metadata], stales [];
            "queries.coverage"(query_coverage::coverage): QueryText => QueryCoverage, provides [Cache, Metadata], stales [];
            "queries.run"(queries::run): QueryRunStart => QueryPage, provides [], stales [];
            "queries.count"(queries::count): QueryCountStart => QueryCount, provides [], stales [];
            "queries.cancel"(queries::cancel): QueryRunRef => Empty, provides [], stales [];
            "queries.export"(queries::export): QueryExport => JobStarted, provides [], stales [Jobs];
            "queries.views"(queries::views): EntityRef => Vec<EnvironmentQuery>, provides [Metadata], stales [];
            "queries.saved"(query_store::saved): ConnectionRef => Vec<SavedQueryView>, provides [Queries], stales [];
            "queries.save"(query_store::save): SavedQueryView => SavedQueryView, provides [], stales [Queries];
            "queries.delete"(query_store::delete): SavedQueryRef => Empty, provides [], stales [Queries];
            "queries.history"(query_store::history): ConnectionRef => Vec<QueryRunView>, provides [Queries], stales [];
            "queries.link"(query_links::make): QueryShare => QueryLink, provides [], stales [];
            "queries.open_link"(query_links::open): QueryLink => QueryOpened, provides [Connections], stales [];

            "definitions.list"(definitions::list): Empty => Vec<DefinitionView>, provides [Definitions, Runs], stales [];
            "definitions.get"(definitions::get): DefinitionRef => DefinitionView, provides [Definitions], stales [];
            "definitions.save"(definitions::save): DefinitionSave => DefinitionView, provides [], stales [Definitions];
            "definitions.delete"(definitions::delete): DefinitionRef => Empty, provides [], stales [Definitions];
            "definitions.check"(definitions::check): DefinitionText => DefinitionCheck, provides [Metadata, Connections, Definitions], stales [];
            "definitions.destination"(definitions::destination): EntityRef => DestinationDescription, provides [Metadata], stales [];
            "definitions.match"(definitions::match_by_name): DefinitionText => FieldSuggestions, provides [], stales [];
            "definitions.sample"(definitions::sample): MapSample => MappedSample, provides [Cache], stales [];

            "definitions.schema"(definition_help::schema): Empty => DefinitionSchema, provides [], stales [];
            "definitions.starters"(definition_help::known_starters): StartersQuery => Vec<StarterView>, provides [Connections, Metadata], stales [];
            "definitions.languages"(definition_help::languages): EntityRef => Vec<LabelLanguage>, provides [Connections, Metadata], stales [];
            "definitions.events"(definition_help::events): ConnectionRef => KnownEvents, provides [Connections], stales [];

            "plans.start"(plans::start): PreviewStart => JobStarted, provides [], stales [Jobs];
            "plans.get"(plans::get): PlanRef => PlanSummary, provides [Plans], stales [];
            "plans.list"(plans::list): Empty => Vec<PlanSummary>, provides [Plans], stales [];
            "plans.rows"(plans::rows): PlanRowsQuery => PlanRowsPage, provides [Plans], stales [];
            "plans.items"(plans::items): PlanRowsQuery => PlanItems, provides [Plans], stales [];
            "plans.row"(plans::row): PlanRowRef => PlanRowDetail, provides [Plans], stales [];
            "plans.sign_off"(sign_off::start): SignOffStart => JobStarted, provides [], stales [Jobs];
            "plans.send_one"(send_one::start): SendOne => JobStarted, provides [], stales [Jobs];
            "plans.exclude"(plans::exclude): PlanExclude => PlanSummary, provides [], stales [Plans];
            "runs.start"(runs::start): RunStart => JobStarted, provides [], stales [Jobs, Runs];
            "runs.list"(runs::list): Empty => Vec<RunView>, provides [Runs], stales [];
            "runs.get"(runs::get): RunRef => RunReport, provides [Runs], stales [];
            "runs.rows"(runs::rows): RunRowsQuery => RunRowsPage, provides [Runs], stales [];
            "runs.timeline"(runs::timeline): TimelineAsk => Timeline, provides [Runs], stales [];
            "runs.resume"(run_again::resume): RunRef => JobStarted, provides [], stales [Jobs, Runs];
            "runs.undo"(run_again::undo): RunRef => JobStarted, provides [], stales [Jobs];
            "runs.replay"(run_again::replay): ReplayStart => JobStarted, provides [], stales [Jobs];
            "conflicts.list"(two_way_queue::list): ConflictsQuery => ConflictsPage, provides [Runs, Plans], stales [];
            "conflicts.decide"(two_way_queue::decide): ConflictsDecide => ConflictsDecided, provides [], stales [Runs];
            "edits.list"(hand_edits::list): HandEditsQuery => HandEdits, provides [Cache, Runs], stales [];
            "links.list"(links::list): LinksQuery => LinksPage, provides [Runs], stales [];
            "links.forget"(links::forget): LinksForget => LinksForgotten, provides [], stales [Runs];
            "syncs.order"(sync_order::order): SyncOrderAsk => SyncOrder, provides [Metadata], stales [];
            "syncs.look_all"(run_all::look): RunAllAsk => JobStarted, provides [], stales [Jobs];
            "syncs.run_all"(run_all::start): RunAllStart => JobStarted, provides [], stales [Jobs, Runs];
            "syncs.all_state"(run_all::state): JobRef => RunAllView, provides [Jobs], stales [];
            "requests.list"(requests::list): RequestsQuery => Vec<RequestSeen>, provides [Jobs], stales [];
            "runs.requests"(run_requests::list): RunRequestsAsk => RunRequests, provides [Runs], stales [];
            "audit.rows"(audit::rows): AuditQuery => AuditView, provides [Runs], stales [];
            "audit.export"(export::start_audit): AuditExport => JobStarted, provides [], stales [Jobs];
            "audit.retention"(retention::retention): RetentionAsk => RetentionView, provides [Runs, Settings], stales [];
            "audit.retain"(retention::retain): RetentionAsk => RetentionView, provides [], stales [Runs, Plans, Settings];

            "compare.start"(compare::start): CompareStart => JobStarted, provides [], stales [Jobs];

            "schedules.list"(schedules::list): Empty => Vec<ScheduleView>, provides [Definitions, Runs], stales [];
            "schedules.times"(schedules::times): ScheduleText => ScheduleTimes, provides [], stales [];
            "schedules.set"(schedules::set): ScheduleSet => ScheduleView, provides [], stales [Definitions];
            "schedules.run"(schedules::run): DefinitionRef => JobStarted, provides [], stales [Jobs, Runs];
            "schedules.seen"(schedules::seen): DefinitionRef => Empty, provides [], stales [Definitions];
            "schedules.texts"(schedules::texts): ScheduleTextsAsk => Vec<ScheduleTexts>, provides [Definitions], stales [];

            "jobs.list"(jobs::list): Empty => Vec<JobView>, provides [Jobs], stales [];
            "jobs.get"(jobs::get): JobRef => JobView, provides [Jobs], stales [];
            "jobs.cancel"(jobs::cancel): JobRef => JobView, provides [], stales [Jobs];
        }
    };
}

/// One command as shells and the type generator see it.
#[derive(Debug, Clone)]
pub struct CommandInfo {
    /// Name on the wire.
    pub name: &'static str,
    /// TypeScript name of the request.
    pub request: String,
    /// TypeScript name of the response.
    pub response: String,
    /// Tags a reading provides.
    pub provides: Vec<Tag>,
    /// Tags a change makes stale.
    pub stales: Vec<Tag>,
}

macro_rules! infos {
    ($($name:literal($($handler:tt)*): $request:ty => $response:ty, provides [$($provides:ident),*], stales [$($stales:ident),*];)*) => {
        /// The list.
        pub fn all(config: &ts_rs::Config) -> Vec<CommandInfo> {
            use ts_rs::TS;
            vec![$(CommandInfo {
                name: $name,
                request: <$request>::name(config),
                response: <$response>::name(config),
                provides: vec![$(Tag::$provides),*],
                stales: vec![$(Tag::$stales),*],
            }),*]
        }

        /// Writes each type of the list and what it is made of.
        pub(crate) fn export_types(config: &ts_rs::Config) -> Result<(), ts_rs::ExportError> {
            use ts_rs::TS;
            Event::export_all(config)?;
            ApiError::export_all(config)?;
            PullReport::export_all(config)?;
            PullsReport::export_all(config)?;
            ExportReport::export_all(config)?;
            SignOffReport::export_all(config)?;
            CompareReport::export_all(config)?;
            $(export_one::<$request>(config)?; export_one::<$response>(config)?;)*
            Ok(())
        }
    };
}
with_commands!(infos);

macro_rules! dispatch {
    ($($name:literal($($handler:tt)*): $request:ty => $response:ty, provides [$($provides:ident),*], stales [$($stales:ident),*];)*) => {
        /// Reads the request, runs the handler, tells what became stale, writes the answer as JSON text.
        pub(crate) async fn dispatch(app: &Arc<App>, name: &str, request: serde_json::Value) -> Result<String, ApiError> {
            match name {
                $($name => {
                    let stales = vec![$(Tag::$stales),*];
                    boxed::<$request, $response, _, _>(app, $name, request, stales, $($handler)*).await
                })*
                other => {
                    let names = [$($name),*];
                    let error = ApiError::new(syncline_model::ErrorCode::Usage, format!("there is no command {other}"));
                    Err(match syncline_model::nearest(other, names.into_iter()) {
                        Some(name) => error.hint(format!("did you mean {name}?")),
                        None => error,
                    })
                }
            }
        }
    };
}
with_commands!(dispatch);

/// One command on the heap, made in a frame of its own: the states of all commands side by side would overflow a thread's stack.
fn boxed<'a, Request, Response, Handler, Work>(
    app: &'a Arc<App>,
    name: &'a str,
    request: serde_json::Value,
    stales: Vec<Tag>,
    handler: Handler,
) -> Pin<Box<dyn Future<Output = Result<String, ApiError>> + Send + 'a>>
where
    Request: serde::de::DeserializeOwned + Send + 'a,
    Response: serde::Serialize + Send + 'a,
    Handler: FnOnce(&'a Arc<App>, Request) -> Work + Send + 'a,
    Work: Future<Output = Result<Response, ApiError>> + Send + 'a,
{
    Box::pin(async move {
        let connection = request.get("connection").and_then(serde_json::Value::as_str).map(str::to_owned);
        let request: Request = read_request(name, request)?;
        let response = match handler(app, request).await {
            Ok(response) => response,
            Err(error) => return Err(app.noticed(connection.as_deref(), error).await),
        };
        if !stales.is_empty() {
            app.jobs().invalidate(stales);
        }
        serde_json::to_string(&response)
            .map_err(|error| ApiError::new(syncline_model::ErrorCode::Internal, error.to_string()))
    })
}

/// Reads a request from its text form, so that raw JSON members keep their digits.
fn read_request<T: serde::de::DeserializeOwned>(
    name: &str,
    request: serde_json::Value,
) -> Result<T, ApiError> {
    let text = if request.is_null() { "{}".to_owned() } else { request.to_string() };
    serde_json::from_str(&text).map_err(|error| {
        ApiError::new(
            syncline_model::ErrorCode::Usage,
            format!("the request of {name} can't be read: {error}"),
        )
    })
}

fn export_one<T: ts_rs::TS + 'static>(config: &ts_rs::Config) -> Result<(), ts_rs::ExportError> {
    // A list has no declaration of its own, but what it is a list of has.
    match T::output_path() {
        Some(_) => T::export_all(config),
        None => {
            struct Dependencies<'a>(&'a ts_rs::Config, Result<(), ts_rs::ExportError>);
            impl ts_rs::TypeVisitor for Dependencies<'_> {
                fn visit<T: ts_rs::TS + 'static + ?Sized>(&mut self) {
                    if self.1.is_ok() && T::output_path().is_some() {
                        self.1 = T::export_all(self.0);
                    }
                }
            }
            let mut visitor = Dependencies(config, Ok(()));
            T::visit_generics(&mut visitor);
            visitor.1
        }
    }
}
