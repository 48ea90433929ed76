//! Long work: each job has an id, a cancel token, progress with rate and time left, and ends with a result or an error.
//! Events of a job are numbered and coalesced to about ten a second.

mod rate;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use syncline_http::Tally;
use syncline_model::{Connection, ErrorCode};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::wire::{ApiError, Event, JobCalls, JobKind, JobState, JobView, Tag};
use rate::Rate;

/// Shortest time between two events of one job.
const EVENT_INTERVAL_MS: u128 = 100;
/// Ended jobs that are kept for the list.
const KEPT: usize = 200;

struct Job {
    view: JobView,
    cancel: CancellationToken,
    begun: Instant,
    told: Option<Instant>,
    rate: Rate,
    stale: Vec<Tag>,
    /// Names of connections that it works with, beside the one it is shown with.
    others: Vec<String>,
}

/// All jobs of the process.
pub struct Jobs {
    jobs: Mutex<BTreeMap<String, Job>>,
    events: broadcast::Sender<Event>,
}

/// What a job's own work holds: its cancel token and where it tells how far it is.
#[derive(Clone)]
pub struct JobHandle {
    id: String,
    cancel: CancellationToken,
    tally: Tally,
    jobs: Arc<Jobs>,
}

impl Jobs {
    /// No jobs yet; events go to `events`.
    pub fn new(events: broadcast::Sender<Event>) -> Arc<Self> {
        Arc::new(Self { jobs: Mutex::default(), events })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Job>> {
        // A panic while the lock was held leaves views that are still whole.
        self.jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Begins work in the background. `stale`: what changes when it ends, however it ends.
    pub fn start<F, W>(
        self: &Arc<Self>,
        kind: JobKind,
        title: String,
        connection: Option<String>,
        stale: Vec<Tag>,
        work: W,
    ) -> String
    where
        W: FnOnce(JobHandle) -> F,
        F: Future<Output = Result<serde_json::Value, ApiError>> + Send + 'static,
    {
        let id = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
        let cancel = CancellationToken::new();
        let view = JobView {
            id: id.clone(),
            kind,
            connection,
            title,
            state: JobState::Running,
            stage: String::new(),
            done: 0,
            total: None,
            rate: None,
            seconds_left: None,
            calls: None,
            seconds: 0.0,
            started_at: jiff::Timestamp::now().to_string(),
            finished_at: None,
            error: None,
            result: serde_json::Value::Null,
            number: 0,
        };
        {
            let mut jobs = self.lock();
            let job = Job {
                view,
                cancel: cancel.clone(),
                begun: Instant::now(),
                told: None,
                rate: Rate::default(),
                stale,
                others: Vec::new(),
            };
            jobs.insert(id.clone(), job);
            forget_oldest(&mut jobs);
            if let Some(job) = jobs.get_mut(&id) {
                self.tell(job);
            }
        }
        let tally = Tally::default();
        let handle = JobHandle { id: id.clone(), cancel, tally: tally.clone(), jobs: Arc::clone(self) };
        let (jobs, ended) = (Arc::clone(self), id.clone());
        let work = work(handle);
        let running = tokio::spawn(async move { tally.count(work).await });
        tokio::spawn(async move {
            let result = match running.await {
                Ok(result) => result,
                Err(error) => Err(ApiError::new(ErrorCode::Internal, format!("the work broke off: {error}"))
                    .hint("this is a fault in Syncline; what was stored before it is safe")),
            };
            jobs.end(&ended, result);
            // Nobody waits for it.
            drop(tokio::task::spawn_blocking(crate::memory::give_back));
        });
        id
    }

    fn end(&self, id: &str, result: Result<serde_json::Value, ApiError>) {
        let stale = {
            let mut jobs = self.lock();
            let Some(job) = jobs.get_mut(id) else { return };
            job.view.finished_at = Some(jiff::Timestamp::now().to_string());
            job.view.seconds_left = None;
            match result {
                Ok(value) => {
                    job.view.state =
                        if job.cancel.is_cancelled() { JobState::Cancelled } else { JobState::Done };
                    job.view.result = value;
                }
                Err(error) => {
                    let cancelled = matches!(error.code, ErrorCode::Cancelled | ErrorCode::SignInCancelled);
                    job.view.state = if cancelled { JobState::Cancelled } else { JobState::Failed };
                    job.view.error = Some(error);
                }
            }
            self.tell(job);
            job.stale.clone()
        };
        if !stale.is_empty() {
            self.invalidate(stale);
        }
    }

    /// Tells shells that data with these tags is stale.
    pub fn invalidate(&self, tags: Vec<Tag>) {
        // Nobody listening is no fault.
        let _ = self.events.send(Event::Invalidate { tags });
    }

    /// Sends the job as it stands.
    fn tell(&self, job: &mut Job) {
        job.told = Some(Instant::now());
        job.view.number += 1;
        job.view.seconds = job.begun.elapsed().as_secs_f64();
        let _ = self.events.send(Event::Job { job: Box::new(job.view.clone()) });
    }

    /// All, newest first.
    pub fn list(&self) -> Vec<JobView> {
        let mut views: Vec<JobView> = self.lock().values().map(view_now).collect();
        views.sort_by(|a, b| b.started_at.cmp(&a.started_at));
        views
    }

    /// One.
    pub fn get(&self, id: &str) -> Result<JobView, ApiError> {
        self.lock().get(id).map(view_now).ok_or_else(|| {
            ApiError::new(ErrorCode::NotFound, format!("there is no job {id}"))
                .hint("jobs end with the process that began them")
        })
    }

    /// Asks a job to stop. It ends at its next safe border.
    pub fn cancel(&self, id: &str) -> Result<JobView, ApiError> {
        {
            let mut jobs = self.lock();
            if let Some(job) = jobs.get_mut(id)
                && job.view.state == JobState::Running
            {
                job.cancel.cancel();
                job.view.state = JobState::Cancelling;
                self.tell(job);
            }
        }
        self.get(id)
    }

    /// Asks all to stop; used when the process ends.
    pub fn cancel_all(&self) {
        for job in self.lock().values() {
            job.cancel.cancel();
        }
    }

    /// Asks all jobs on a connection to stop and waits until they have.
    pub async fn end_of(&self, connection: &str) {
        let at_work: Vec<String> = {
            let jobs = self.lock();
            let of = |job: &&Job| {
                let works_with = job.view.connection.as_deref() == Some(connection)
                    || job.others.iter().any(|other| other == connection);
                job.view.finished_at.is_none() && works_with
            };
            jobs.values().filter(of).map(|job| job.view.id.clone()).collect()
        };
        for id in at_work {
            // A job that is gone from the list has ended.
            if self.cancel(&id).is_ok() {
                let _ = self.wait(&id).await;
            }
        }
    }

    /// True while one is at work.
    pub fn any_running(&self) -> bool {
        self.lock().values().any(|job| job.view.finished_at.is_none())
    }

    /// Waits for a job's end.
    pub async fn wait(&self, id: &str) -> Result<JobView, ApiError> {
        let mut events = self.events.subscribe();
        loop {
            let view = self.get(id)?;
            if view.finished_at.is_some() {
                return Ok(view);
            }
            // A lagging receiver only means that the job is looked at again.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(250), events.recv()).await;
        }
    }
}

fn view_now(job: &Job) -> JobView {
    let mut view = job.view.clone();
    if view.finished_at.is_none() {
        view.seconds = job.begun.elapsed().as_secs_f64();
    }
    view
}

fn forget_oldest(jobs: &mut BTreeMap<String, Job>) {
    while jobs.len() > KEPT {
        let oldest = jobs
            .values()
            .filter(|job| job.view.finished_at.is_some())
            .min_by(|a, b| a.view.started_at.cmp(&b.view.started_at))
            .map(|job| job.view.id.clone());
        match oldest {
            Some(id) => jobs.remove(&id),
            None => break,
        };
    }
}

impl JobHandle {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Cancelled when somebody asked the job to stop.
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Tells what a job of several parts has made so far; its end replaces it.
    pub fn so_far(&self, result: serde_json::Value) {
        let mut jobs = self.jobs.lock();
        let Some(job) = jobs.get_mut(&self.id) else { return };
        job.view.result = result;
        self.jobs.tell(job);
    }

    /// Gives the job another title in place of the one that it has, when more is known of what it does.
    pub fn titled(&self, before: &str, title: String) {
        let mut jobs = self.jobs.lock();
        if let Some(job) = jobs.get_mut(&self.id).filter(|job| job.view.title == before) {
            job.view.title = title;
        }
    }

    /// Tells the connections that the job works with: when one of them is forgotten, the job ends first.
    pub fn works_with(&self, connections: [&Connection; 2]) {
        if let Some(job) = self.jobs.lock().get_mut(&self.id) {
            job.others.extend(connections.map(|connection| connection.name.to_string()));
        }
    }

    /// Counts the requests that the job sends.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Tells how many requests the work sent, and how many it will have sent at its end, where that is known. The next progress carries it.
    pub fn calls(&self, spent: u64, expected: Option<u64>) {
        let mut jobs = self.jobs.lock();
        let Some(job) = jobs.get_mut(&self.id) else { return };
        job.view.calls = Some(JobCalls { spent, expected });
    }

    /// Tells how far the work is. Cheap: events are coalesced.
    pub fn progress(&self, stage: &str, done: u64, total: Option<u64>) {
        let mut jobs = self.jobs.lock();
        let Some(job) = jobs.get_mut(&self.id) else { return };
        let now = Instant::now();
        let stage_changed = job.view.stage != stage;
        if stage_changed {
            stage.clone_into(&mut job.view.stage);
            job.rate = Rate::default();
        }
        job.view.done = done;
        job.view.total = total;
        job.rate.add(now, done);
        job.view.rate = job.rate.per_second();
        job.view.seconds_left = job.rate.seconds_left(done, total);
        let due = job.told.is_none_or(|told| now.duration_since(told).as_millis() >= EVENT_INTERVAL_MS);
        if due || stage_changed {
            self.jobs.tell(job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_tells_progress_and_ends() {
        let (sender, mut receiver) = broadcast::channel(64);
        let jobs = Jobs::new(sender);
        let id = jobs.start(JobKind::Pull, "pulling".into(), None, vec![Tag::Cache], |handle| async move {
            handle.progress("reading", 5, Some(10));
            Ok(serde_json::json!({ "read": 10 }))
        });
        let view = jobs.wait(&id).await.unwrap();
        assert_eq!(view.state, JobState::Done);
        assert_eq!(view.result["read"], 10);
        let mut numbers = Vec::new();
        let mut invalidated = false;
        while let Ok(Ok(event)) =
            tokio::time::timeout(std::time::Duration::from_millis(200), receiver.recv()).await
        {
            match event {
                Event::Job { job } => numbers.push(job.number),
                Event::Invalidate { tags } => invalidated = tags == vec![Tag::Cache],
                Event::OpenUrl { .. } => {}
            }
        }
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "numbered in order: {numbers:?}");
        assert!(invalidated, "the end tells what is stale");
    }

    #[tokio::test]
    async fn a_cancelled_job_ends_cancelled_and_a_panic_is_an_error() {
        let (sender, _keep) = broadcast::channel(64);
        let jobs = Jobs::new(sender);
        let id = jobs.start(JobKind::Run, "running".into(), None, vec![], |handle| async move {
            handle.cancel().cancelled().await;
            Err(ApiError::new(ErrorCode::Cancelled, "stopped"))
        });
        jobs.cancel(&id).unwrap();
        assert_eq!(jobs.wait(&id).await.unwrap().state, JobState::Cancelled);
        let id =
            jobs.start(JobKind::Run, "broken".into(), None, vec![], |_| async move { panic!("on purpose") });
        let view = jobs.wait(&id).await.unwrap();
        assert_eq!(view.error.unwrap().code, ErrorCode::Internal);
    }
}
