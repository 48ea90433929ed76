//! `schedules.*`: definitions that run by themselves.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use syncline_mapping::definition_hash;
use syncline_model::{ErrorCode, ScheduleSection, SyncDefinition};
use syncline_store::{RunStatus, Store};

use super::syncs;
use crate::app::App;
use crate::schedule::texts::{self, Command};
use crate::schedule::{self, Cron};
use crate::wire::{
    ApiError, DefinitionRef, Empty, JobStarted, ScheduleSet, ScheduleText, ScheduleTexts, ScheduleTextsAsk,
    ScheduleTimes, ScheduleView, ScheduledTime,
};

/// Times that are shown.
const SHOWN: usize = 5;

fn next(cron: &Cron) -> Vec<ScheduledTime> {
    let zone = TimeZone::system();
    cron.next(Timestamp::now(), SHOWN).into_iter().map(|at| schedule::shown(at, &zone)).collect()
}

async fn view(
    app: &Arc<App>,
    definition: &SyncDefinition,
    section: &ScheduleSection,
) -> Result<ScheduleView, ApiError> {
    let name = definition.name.clone();
    let (state, running) = app
        .with_store(move |store| {
            let runs = store.runs(Some(&name), 0, 5)?;
            let running = runs.iter().any(|run| run.status == RunStatus::Running);
            Ok((schedule::read_state(store, &name)?, running))
        })
        .await?;
    let cron = Cron::read(&section.cron);
    Ok(ScheduleView {
        definition: definition.name.clone(),
        source: definition.source.connection.to_string(),
        destination: definition.destination.connection.to_string(),
        cron: section.cron.clone(),
        paused: section.paused,
        at_most: section.at_most,
        words: match &cron {
            Ok(cron) => cron.words(),
            Err(error) => error.message.clone(),
        },
        next: cron.ok().filter(|_| !section.paused).map(|cron| next(&cron)).unwrap_or_default(),
        running: running || app.turns().contains(&definition.name.to_lowercase()),
        missed: state.missed,
        missed_at: state.missed_at.map(|at| at.to_string()),
        missed_why: Some(state.missed_why).filter(|why| !why.is_empty()),
        began: state.began.map(|at| at.to_string()),
        run_id: state.run,
        error: state.error,
    })
}

pub(crate) async fn list(app: &Arc<App>, _: Empty) -> Result<Vec<ScheduleView>, ApiError> {
    let mut views = Vec::new();
    for stored in app.with_store(Store::definitions).await? {
        let Ok(definition) = SyncDefinition::from_json(&stored.json) else { continue };
        if let Some(section) = &definition.schedule {
            views.push(view(app, &definition, section).await?);
        }
    }
    Ok(views)
}

pub(crate) async fn times(_: &Arc<App>, request: ScheduleText) -> Result<ScheduleTimes, ApiError> {
    Ok(match Cron::read(&request.cron) {
        Ok(cron) => {
            let next = next(&cron);
            let problem = next.is_empty().then(|| "no day of any year fits".to_owned());
            ScheduleTimes { words: Some(cron.words()), next, problem }
        }
        Err(error) => ScheduleTimes { words: None, next: Vec::new(), problem: Some(error.message) },
    })
}

pub(crate) async fn set(app: &Arc<App>, request: ScheduleSet) -> Result<ScheduleView, ApiError> {
    let text = syncs::saved_text(app, &request.name).await?;
    let mut definition = syncs::read(&text)?;
    let known = definition.schedule.clone();
    let cron = match (&request.cron, &known) {
        (Some(cron), _) => Cron::read(cron)?.text().to_owned(),
        (None, Some(known)) => known.cron.clone(),
        (None, None) => {
            return Err(ApiError::new(ErrorCode::Usage, format!("{} has no schedule", request.name))
                .hint("give five fields: minute hour day month weekday, in UTC"));
        }
    };
    let paused = request.paused.unwrap_or_else(|| known.as_ref().is_none_or(|known| known.paused));
    let at_most = match request.at_most {
        Some(0) => None,
        Some(most) => Some(most),
        None => known.as_ref().and_then(|known| known.at_most),
    };
    let section = ScheduleSection { cron, paused, at_most };
    let removed = request.remove.unwrap_or(false);
    definition.schedule = (!removed).then(|| section.clone());
    let (json, hash, name) = (definition.to_json(), definition_hash(&definition), definition.name.clone());
    app.with_store(move |store| {
        let now = Timestamp::now();
        store.save_definition(Some(&name), &name, &json, &hash, now)?;
        schedule::forget_missed(store, &name, now)
    })
    .await?;
    view(app, &definition, &section).await
}

pub(crate) async fn run(app: &Arc<App>, request: DefinitionRef) -> Result<JobStarted, ApiError> {
    let json = syncs::saved_text(app, &request.name).await?;
    let name = syncs::read(&json)?.name;
    Ok(JobStarted { job: schedule::begin(app, &name, &json, Timestamp::now())? })
}

pub(crate) async fn seen(app: &Arc<App>, request: DefinitionRef) -> Result<Empty, ApiError> {
    app.with_store(move |store| schedule::forget_missed(store, &request.name, Timestamp::now())).await?;
    Ok(Empty {})
}

pub(crate) async fn texts(app: &Arc<App>, request: ScheduleTextsAsk) -> Result<Vec<ScheduleTexts>, ApiError> {
    let text = match (&request.json, &request.name) {
        (Some(json), _) => json.clone(),
        (None, Some(name)) => syncs::saved_text(app, name).await?,
        (None, None) => {
            return Err(ApiError::new(ErrorCode::Usage, "neither a definition nor its name is given"));
        }
    };
    let definition = syncs::read(&text)?;
    let Some(section) = &definition.schedule else {
        return Err(ApiError::new(ErrorCode::Usage, format!("{} has no schedule", definition.name))
            .hint(r#"add to the definition: "schedule": { "cron": "0 * * * *" }"#));
    };
    let cron = Cron::read(&section.cron)?;
    let home = crate::home::default_home().ok().filter(|home| *home == app.home).is_none();
    let command = Command {
        program: request.program.unwrap_or_else(|| "syncline".to_owned()),
        home: home.then(|| app.home.display().to_string()),
        file: request.file,
        definition: definition.name.clone(),
        at_most: section.at_most,
    };
    Ok(texts::all(&cron, &command))
}
