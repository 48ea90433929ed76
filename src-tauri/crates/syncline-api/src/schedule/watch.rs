//! The watch: looks at the clock, begins what is due, and says what was missed. The clock is handed in, so nothing waits in a test.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Weak};
use std::time::Duration;
use syncline_model::{Connection, ConnectionKind, ErrorCode, SyncDefinition};
use syncline_store::{OnlyOne, Plan, Role, Store};
use uuid::Uuid;

use super::{Cron, state};
use crate::app::App;
use crate::handlers::views::run_view;
use crate::handlers::{plans, runs, syncs, two_way};
use crate::jobs::JobHandle;
use crate::wire::{ApiError, JobKind, PreviewStart, RunReport, Tag};

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_secs(10);
/// From the start to the first look: what the application itself starts, such as the sample tenant, is there by then.
const FIRST_LOOK: Duration = Duration::from_secs(3);
/// A time that is further back than this was missed: the app was closed, or the machine slept.
const GRACE: SignedDuration = SignedDuration::from_secs(90);
/// When the watch looked last.
const LOOKED: &str = "schedule/looked";

/// Looks at the clock until the application is gone.
pub(crate) fn watch(app: Weak<App>) {
    tokio::spawn(async move {
        let mut looks = tokio::time::interval_at(tokio::time::Instant::now() + FIRST_LOOK, LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let Some(app) = app.upgrade() else { return };
            if let Err(error) = app.tick_schedules(Timestamp::now()).await {
                tracing::warn!(code = error.code.as_str(), "schedules can't be looked at: {}", error.message);
            }
        }
    });
}

/// What a definition owes at a time.
struct Due {
    definition: String,
    json: String,
    /// The time at which it is to begin now.
    begins: Option<Timestamp>,
    missed: u64,
    /// The last time that was missed.
    last: Option<Timestamp>,
}

impl App {
    /// Begins what is due at this time and notes what was missed; the jobs that began. Only the process that owns the store does so.
    pub async fn tick_schedules(self: &Arc<Self>, now: Timestamp) -> Result<Vec<String>, ApiError> {
        let due = self.with_store(move |store| owed(store, now)).await?;
        let mut jobs = Vec::new();
        for one in due {
            let (mut missed, mut last) = (one.missed, one.last);
            let mut why = "Syncline was closed, or the machine slept";
            if let Some(due) = one.begins {
                match begin(self, &one.definition, &one.json, now) {
                    Ok(job) => jobs.push(job),
                    Err(_) => {
                        (missed, last, why) = (missed + 1, Some(due), "the run before was still under way");
                    }
                }
            }
            if missed > 0 {
                let name = one.definition.clone();
                self.with_store(move |store| {
                    state::change(store, &name, now, |state| {
                        state.missed += missed;
                        state.missed_at = last;
                        state.missed_why = why.to_owned();
                    })
                })
                .await?;
                self.jobs().invalidate(vec![Tag::Definitions]);
            }
        }
        Ok(jobs)
    }
}

fn owed(store: &Store, now: Timestamp) -> Result<Vec<Due>, syncline_store::StoreError> {
    if store.role() != Role::Owner {
        return Ok(Vec::new());
    }
    let looked: Option<Timestamp> =
        store.kept(LOOKED)?.and_then(|value| value.as_str().and_then(|text| text.parse().ok()));
    let mut scheduled = Vec::new();
    for stored in store.definitions()? {
        let Ok(definition) = SyncDefinition::from_json(&stored.json) else { continue };
        let Some(schedule) = definition.schedule.filter(|schedule| !schedule.paused) else { continue };
        let Ok(cron) = Cron::read(&schedule.cron) else { continue };
        scheduled.push((stored, cron));
    }
    if scheduled.is_empty() {
        return Ok(Vec::new());
    }
    store.keep(LOOKED, None, &serde_json::json!(now.to_string()), now)?;
    // At the very first look nothing can have been missed.
    let Some(looked) = looked.filter(|looked| *looked < now) else { return Ok(Vec::new()) };
    let mut due = Vec::new();
    for (stored, cron) in scheduled {
        // What was changed or switched on in between owes nothing for the time before.
        let from = looked.max(stored.changed_at);
        let (times, last) = cron.between(from, now);
        let Some(at) = last else { continue };
        let begins = (now.duration_since(at) <= GRACE).then_some(at);
        let (missed, last) = match begins {
            Some(at) => cron.between(from, at - SignedDuration::from_secs(1)),
            None => (times, last),
        };
        due.push(Due { definition: stored.name, json: stored.json, begins, missed, last });
    }
    Ok(due)
}

/// Previews and runs a definition without a person; the job. An error: it is under way already.
pub(crate) fn begin(app: &Arc<App>, name: &str, json: &str, now: Timestamp) -> Result<String, ApiError> {
    let turn = Turn::take(app, name)?;
    let definition = syncs::read(json)?;
    let root = Arc::clone(app);
    let stale = vec![Tag::Runs, Tag::Plans, Tag::Definitions];
    let destination = Some(definition.destination.connection.to_string());
    let title = format!("running {} by itself", definition.name);
    Ok(app.jobs().start(JobKind::Run, title, destination, stale, move |handle| async move {
        let _turn = turn;
        let name = definition.name.clone();
        let result = async {
            let plan = plans::make(&root, &definition, &PreviewStart::default(), &handle).await?;
            let plan = plans::find(&root, &plan.plan_id).await?;
            runs::tell_plans(&handle, &plan);
            if two_way::part(&plan).is_some() {
                let report = both_ways(&root, plan, &definition, &handle).await?;
                return counted(&root, report).await;
            }
            let ready = runs::prepare(&root, &plan).await?;
            let writes = ready.writes;
            // Nobody is there to give the number: the schedule says how many it may be.
            let at_most = definition.schedule.as_ref().and_then(|schedule| schedule.at_most);
            within(&ready.destination, writes, at_most)?;
            root.guard_write(&ready.destination, writes, Some(writes))?;
            let report =
                runs::execute(&root, plan, definition, ready, runs::Asked::default(), &handle).await?;
            counted(&root, report).await
        }
        .await;
        let (run, error) = match &result {
            Ok(report) => (Some(report.run.run_id.clone()), report.run.error.clone()),
            Err(error) => (None, Some(error.clone())),
        };
        root.with_store(move |store| {
            state::change(store, &name, now, |state| {
                (state.began, state.run, state.error) = (Some(now), run, error);
            })
        })
        .await?;
        let report = result?;
        serde_json::to_value(report).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
    }))
}

/// A run that began by itself and had nothing to write stands for those like it before.
pub(crate) async fn counted(root: &Arc<App>, mut report: RunReport) -> Result<RunReport, ApiError> {
    let more = report
        .two_way
        .as_ref()
        .is_some_and(|both| both.back.is_some() || !both.again.is_empty() || both.conflicts > 0);
    let Ok(id) = report.run.run_id.parse::<Uuid>() else { return Ok(report) };
    if more || report.run.due > 0 {
        return Ok(report);
    }
    let run = root
        .with_store(move |store| match syncline_sync::count_check(store, id) {
            Ok(_) => store.run(id),
            Err(error) => {
                // The run ended; only its place in the history is not found.
                tracing::warn!(error = %error.message, "a run with nothing to write could not be counted");
                store.run(id)
            }
        })
        .await?;
    if let Some(run) = run {
        let names = root.connection_names().await?;
        let view = run_view(&run, &names);
        (report.run.checks, report.run.checks_since) = (view.checks, view.checks_since);
    }
    Ok(report)
}

/// Both ways of a two-way sync, within what the schedule allows for both together.
async fn both_ways(
    root: &Arc<App>,
    plan: Plan,
    definition: &SyncDefinition,
    handle: &JobHandle,
) -> Result<RunReport, ApiError> {
    let at_most = definition.schedule.as_ref().and_then(|schedule| schedule.at_most);
    let writes = both_within(root, &plan, at_most).await?;
    two_way::guard(root, &plan, Some(writes)).await?;
    two_way::run(root, plan, two_way::How::default(), handle).await
}

/// Records that both ways of a two-way sync write; an error where a run by itself may not write so many.
pub(crate) async fn both_within(root: &Arc<App>, plan: &Plan, at_most: Option<u64>) -> Result<u64, ApiError> {
    let (to, from) = two_way::both(root, plan.clone()).await?;
    let (to, from) = (runs::prepare(root, &to).await?, runs::prepare(root, &from).await?);
    let writes = to.writes + from.writes;
    for ready in [&to, &from] {
        if ready.writes > 0 {
            within(&ready.destination, writes, at_most)?;
        }
    }
    Ok(writes)
}

/// An error where a run by itself would write more than its schedule allows.
pub(crate) fn within(destination: &Connection, writes: u64, at_most: Option<u64>) -> Result<(), ApiError> {
    let refuse =
        |message: String, hint: String| Err(ApiError::new(ErrorCode::GuardRefused, message).hint(hint));
    match (at_most, destination.kind) {
        (Some(most), _) if writes > most => refuse(
            format!(
                "{writes} records would be written, the schedule allows {most} at most; nothing was written"
            ),
            "look at the preview; run it by hand, or allow more in the schedule".to_owned(),
        ),
        (None, ConnectionKind::Production) if writes > 0 => refuse(
            format!(
                "{} is production and the schedule does not say how many records it may write; nothing was written",
                destination.name
            ),
            format!("say it in the schedule: \"at_most\": {}", writes.max(1)),
        ),
        (Some(_) | None, _) => Ok(()),
    }
}

/// A definition's turn, over all processes on this store; given back when the work ends, however it ends.
pub(crate) struct Turn {
    app: Arc<App>,
    name: String,
    _only: OnlyOne,
}

impl Turn {
    /// Takes it; an error while somebody else has it.
    pub(crate) fn take(app: &Arc<App>, name: &str) -> Result<Self, ApiError> {
        let busy = |place: &str| {
            Err(ApiError::new(ErrorCode::Busy, format!("{name} is under way already{place}"))
                .hint("wait until it ends, or stop it"))
        };
        let key = name.to_lowercase();
        if app.turns().contains(&key) {
            return busy("");
        }
        let Some(only) = app.store.take_turn(&format!("definition {key}"))? else {
            return busy(" in another window or command");
        };
        app.turns().insert(key.clone());
        Ok(Self { app: Arc::clone(app), name: key, _only: only })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.app.turns().remove(&self.name);
    }
}
